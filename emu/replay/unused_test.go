package replay_test

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vpcemu/vpcemu/emu/capture"
	"github.com/vpcemu/vpcemu/emu/replay"
	"github.com/vpcemu/vpcemu/packet"
)

// TestNotUsed: everything that is not sent has a reason, and matters if it might have been
// dropped.
func TestNotUsed(t *testing.T) {
	good := spec("tcp 192.168.1.10:40000 > 192.168.1.20:5432", syn).Bytes()
	ether := func(kind string) []byte { return append([]byte(strings.Repeat("m", 12)+kind), good...) }
	bad := append([]byte(nil), good...)
	bad[10]++
	for _, c := range []struct {
		name string
		p    capture.Packet
		want string
		hurt bool
	}{
		{"ARP", capture.Packet{Link: capture.Ethernet, Data: ether("\x08\x06")}, "not IP: ARP", false},
		{"unreadable link", capture.Packet{Link: 220, Data: good}, "a link type that is not read: 220", true},
		{"half a header", capture.Packet{Link: capture.Ethernet, Data: good[:9]}, "captured too short", true},
		{"cut short", capture.Packet{Link: capture.Raw, Data: good[:30], Length: len(good)}, "cut short when it was captured (snap length)", true},
		{"truncated", capture.Packet{Link: capture.Raw, Data: good[:30], Length: 30}, "malformed: packet: truncated", true},
		{"bad checksum", capture.Packet{Link: capture.Raw, Data: bad}, "malformed: packet: bad IPv4 header checksum", true},
		{"unmapped client", capture.Packet{Link: capture.Raw, Data: spec("udp 192.168.9.9:1 > 192.168.1.20:2", 0).Bytes()}, "192.168.9.9 is nobody in the network", true},
		{"unmapped server", capture.Packet{Link: capture.Raw, Data: spec("udp 192.168.1.10:1 > 192.168.9.9:2", 0).Bytes()}, "192.168.9.9 is nobody in the network", true},
		{"both", capture.Packet{Link: capture.Raw, Data: spec("udp 192.168.9.9:1 > 192.168.9.8:2", 0).Bytes()}, "neither 192.168.9.8 nor 192.168.9.9 is inside of the network", true},
		{"outside", capture.Packet{Link: capture.Raw, Data: spec("udp 8.8.8.8:1 > 9.9.9.9:2", 0).Bytes()}, "neither 8.8.8.8 nor 9.9.9.9 is inside of the network", true},
		{"to itself", capture.Packet{Link: capture.Raw, Data: spec("udp 192.168.1.10:1 > 192.168.1.10:2", 0).Bytes()}, "what app-1 sends to itself stays in the guest", false},
		{"nobody's own address", capture.Packet{Link: capture.Raw, Data: spec("udp 10.0.3.99:1 > 192.168.1.10:2", 0).Bytes()}, "nobody has the address 10.0.3.99, so nobody sends from it", true},
		{"no IP version in common", capture.Packet{Link: capture.Raw, Data: spec("udp [2001:db8:1::10]:1 > [2001:db8:7::7]:2", 0).Bytes()}, "2001:db8:1::10 and db-1 have no IP version in common", true},
		{"another IP version", capture.Packet{Link: capture.Raw, Data: spec("udp [2001:db8:7::8]:1 > [2001:db8:7::7]:2", 0).Bytes()}, "app-1 and db-1 do not talk over IPv6", true},
		{"answer", capture.Packet{Link: capture.Raw, Data: spec("tcp 192.168.1.20:5432 > 192.168.1.10:40000", synack).Bytes()}, "an answer without its request", true},
		{"reset", capture.Packet{Link: capture.Raw, Data: spec("tcp 192.168.1.20:5432 > 192.168.1.10:40000", packet.RST).Bytes()}, "an answer without its request", true},
		{"pong", capture.Packet{Link: capture.Raw, Data: pong("icmp 192.168.1.20 > 192.168.1.10 id 7").Bytes()}, "an answer without its request", true},
		{"broadcast", capture.Packet{Link: capture.Raw, Data: spec("udp 192.168.1.10:1 > 255.255.255.255:2", 0).Bytes()}, "between neighbours: broadcast, multicast or IPv6 link-local", false},
		{"DHCP", capture.Packet{Link: capture.Raw, Data: spec("udp 0.0.0.0:68 > 192.168.1.1:67", 0).Bytes()}, "between neighbours: broadcast, multicast or IPv6 link-local", false},
		{"multicast", capture.Packet{Link: capture.Raw, Data: spec("udp 192.168.1.10:1 > 224.0.0.251:5353", 0).Bytes()}, "between neighbours: broadcast, multicast or IPv6 link-local", false},
		{"link-local", capture.Packet{Link: capture.Raw, Data: spec("udp [fe80::1]:1 > [fe80::2]:2", 0).Bytes()}, "between neighbours: broadcast, multicast or IPv6 link-local", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, office(), "192.168.1.10=app-1", "192.168.1.20=db-1", "2001:db8:7::7=db-1", "2001:db8:7::8=app-1")
			w.n, c.p.Number = 1, 1
			c.p.Length = max(c.p.Length, len(c.p.Data))
			w.Send(&c.p)
			assert.Equal(t, []string{"1 from 1: " + c.want}, w.because())
			assert.Equal(t, c.hurt, w.Report().NotUsed[0].Matters)
			assert.Equal(t, "unknown: 0 passed, 0 dropped, 0 unknown, 0 withheld, 1 not used", w.sums(), "nothing was sent")

			w.send(spec("tcp 192.168.1.10:40001 > 192.168.1.20:5432", syn))
			want := map[bool]replay.Verdict{true: replay.Unknown, false: replay.Passed}[c.hurt]
			assert.Equal(t, want, w.Report().Verdict(), "beside what passes")
			w.send(spec("tcp 192.168.1.10:40001 > 192.168.1.20:22", syn))
			assert.Equal(t, replay.Dropped, w.Report().Verdict(), "beside what is dropped")
		})
	}
}

// TestTwoAreOne: two captured hosts that one interface stands for may not use the same
// ports.
func TestTwoAreOne(t *testing.T) {
	w := newWorld(t, office(), "192.168.1.10=app-1", "192.168.1.11=app-1", "192.168.1.20=db-1")
	w.send(
		spec("tcp 192.168.1.10:40000 > 192.168.1.20:5432", syn),
		spec("tcp 192.168.1.11:40001 > 192.168.1.20:5432", syn),
		spec("tcp 192.168.1.11:40000 > 192.168.1.20:5432", syn))
	assert.Equal(t, "unknown: 2 passed, 0 dropped, 0 unknown, 0 withheld, 1 not used", w.sums())
	assert.Equal(t, []string{"1 from 3: two hosts that are app-1 use the same ports"}, w.because())
}

// TestOffload: a host whose network card computes checksums captures none.
func TestOffload(t *testing.T) {
	w := newWorld(t, office(), "192.168.1.10=app-1", "192.168.1.20=db-1")
	b := packet.Spec{Flow: packet.MustParseFlow("tcp 192.168.1.10:40000 > 192.168.1.20:5432"), Flags: syn, Options: []byte{1, 1, 1, 0}}.Bytes()
	b[10], b[11] = 0, 0
	w.raw(b)
	assert.Equal(t, "passed: 1 passed, 0 dropped, 0 unknown, 0 withheld, 0 not used", w.sums(), "%v", w.because())
}

// TestTime: the clock is the capture's, does not go back, and idle flows are forgotten.
func TestTime(t *testing.T) {
	var paced []time.Time
	r, err := replay.New(office(), replay.Options{
		Map:  map[netip.Addr]string{addr("192.168.1.10"): "app-1", addr("192.168.1.20"): "web-1"},
		Pace: func(at time.Time) { paced = append(paced, at) },
	})
	require.NoError(t, err)
	send := func(at time.Time, s packet.Spec) {
		b := s.Bytes()
		r.Send(&capture.Packet{Number: 1, Time: at, Link: capture.Raw, Data: b, Length: len(b)})
	}
	request, answer := spec("udp 192.168.1.20:1000 > 192.168.1.10:7", 0), spec("udp 192.168.1.10:7 > 192.168.1.20:1000", 0)
	one := time.Unix(1_700_000_000, 1)
	send(one, request)
	send(one.Add(20*time.Second), answer)
	assert.Equal(t, 2, r.Report().Passed)
	send(one.Add(10*time.Second), answer)
	assert.Equal(t, one.Add(20*time.Second), r.Now())
	send(time.Time{}, answer)
	assert.Equal(t, one.Add(20*time.Second), r.Now())
	assert.Equal(t, 4, r.Report().Passed)
	send(one.Add(time.Hour), answer)
	assert.Equal(t, 1, r.Report().Dropped, "the client tracks it no more")
	assert.Equal(t, []time.Time{one, one.Add(20 * time.Second), one.Add(10 * time.Second), one.Add(time.Hour)}, paced)
}

func TestNewErrors(t *testing.T) {
	_, err := replay.New(office(), replay.Options{Map: map[netip.Addr]string{addr("192.168.1.10"): "app-2"}})
	assert.ErrorContains(t, err, `192.168.1.10=app-2: nothing is called "app-2"`)
	bad := office()
	bad.VPC("prod").Subnet("data").Interfaces[0].Groups = []string{"none"}
	_, err = replay.New(bad, replay.Options{})
	assert.Error(t, err)
}

// TestManyReasons: the list of reasons has an end, the count does not.
func TestManyReasons(t *testing.T) {
	w := newWorld(t, office(), "192.168.1.10=app-1")
	f := packet.MustParseFlow("udp 192.168.1.10:1 > 172.16.0.0:2")
	for range 1500 {
		f.Dst = f.Dst.Next()
		w.send(packet.Spec{Flow: f})
	}
	assert.Equal(t, "unknown: 0 passed, 0 dropped, 0 unknown, 0 withheld, 1500 not used", w.sums())
	assert.Len(t, w.Report().NotUsed, 1001)
	assert.Equal(t, "500 from 1001: other reasons", w.because()[0])
}
