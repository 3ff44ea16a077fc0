package replay_test

import (
	"encoding/binary"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/emu/capture"
	"github.com/vpcemu/vpcemu/emu/replay"
	"github.com/vpcemu/vpcemu/packet"
)

// withMSS announces a maximum segment size, and data puts so many bytes into a packet.
func withMSS(s packet.Spec, mss uint16) packet.Spec {
	s.TCPOptions = binary.BigEndian.AppendUint16([]byte{2, 4}, mss)
	return s
}

func data(s packet.Spec, size int) packet.Spec {
	s.Payload = make([]byte, size)
	return s
}

// stamped has the options that take 12 bytes of each segment.
func stamped(s packet.Spec) packet.Spec {
	s.TCPOptions = append([]byte{1, 1, 8, 10}, make([]byte, 8)...)
	return s
}

// TestSegments: what was captured above the network card is sent as the card sends it, and
// counts once.
func TestSegments(t *testing.T) {
	const ask, answer = "tcp 192.168.1.10:40000 > 192.168.1.1:443", "tcp 192.168.1.1:443 > 192.168.1.10:40000"
	shake := func(client, server uint16) []packet.Spec {
		return []packet.Spec{withMSS(spec(ask, syn), client), withMSS(spec(answer, synack), server)}
	}
	for _, c := range []struct {
		name      string
		packets   []packet.Spec
		sizes     string // of the IP packets with data, as they are sent
		offloaded int
		sums      string
	}{
		{"as much as the server takes", append(shake(8961, 1460), data(spec(ask, ack), 1460)), "1500", 0, "passed: 3 passed, 0 dropped, 0 unknown, 0 withheld, 0 not used"},
		{"a byte more", append(shake(8961, 1460), data(spec(ask, ack), 1461)), "1500 41", 1, "passed: 3 passed, 0 dropped, 0 unknown, 0 withheld, 0 not used"},
		{"64 KiB less headers", append(shake(8961, 1460), data(spec(ask, ack), 4*1460)), "1500 1500 1500 1500", 1, "passed: 3 passed, 0 dropped, 0 unknown, 0 withheld, 0 not used"},
		{"options take room", append(shake(8961, 1460), stamped(data(spec(ask, ack), 2*1448))), "1500 1500", 1, "passed: 3 passed, 0 dropped, 0 unknown, 0 withheld, 0 not used"},
		{"what the client takes", append(shake(1460, 8961), data(spec(answer, ack), 2000)), "1500 580", 1, "passed: 3 passed, 0 dropped, 0 unknown, 0 withheld, 0 not used"},
		{"the other way both take more than the way", append(shake(8961, 8961), data(spec(ask, ack), 3000)), "3040", 0, "dropped: 2 passed, 1 dropped, 0 unknown, 0 withheld, 0 not used"},
		{"larger than any interface sends, by a size that is known", append(shake(8961, 8961), data(spec(ask, ack), 9000)), "9001 79", 1, "dropped: 2 passed, 1 dropped, 0 unknown, 0 withheld, 0 not used"},
		{"both segments are lost alike", append(shake(8961, 8961), data(spec(ask, ack), 2*8961)), "9001 9001", 1, "dropped: 2 passed, 1 dropped, 0 unknown, 0 withheld, 0 not used"},
		{"no handshake, as large as an interface sends", []packet.Spec{data(spec(ask, ack), 9001-40)}, "9001", 0, "dropped: 0 passed, 1 dropped, 0 unknown, 0 withheld, 0 not used"},
		{"no handshake, larger", []packet.Spec{data(spec("tcp 192.168.1.10:40000 > 192.168.1.20:5432", ack), 9001-39)}, strings.Repeat("1500 ", 6) + "242", 1, "passed: 1 passed, 0 dropped, 0 unknown, 0 withheld, 0 not used"},
		{"a datagram is no segment", []packet.Spec{data(spec("udp 192.168.1.10:1 > 192.168.1.1:2", 0), 9001-27)}, "9002", 0, "dropped: 0 passed, 1 dropped, 0 unknown, 0 withheld, 0 not used"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var sizes []string
			bytes := 0
			w := newWorld(t, office(), "192.168.1.10=app-1", "192.168.1.1=internet:9.9.9.9")
			w.Replay = nil
			var err error
			w.Replay, err = replay.New(office(), replay.Options{Map: mapped("192.168.1.10=app-1", "192.168.1.20=db-1", "192.168.1.1=internet:9.9.9.9"), Observer: emu.Observer{Port: func(p emu.Passage) {
				var b packet.Packet
				if p.Direction.String() == "egress" && p.Gateway == "" {
					bytes += len(p.Bytes)
				}
				if b.Parse(p.Bytes) == nil && p.Direction.String() == "egress" && p.Gateway == "" && len(b.Payload()) > 0 && !b.IsICMPError() {
					assert.True(t, b.ChecksumOK())
					sizes = append(sizes, fmt.Sprint(b.Len()))
				}
			}}})
			require.NoError(t, err)
			for k := range c.packets {
				c.packets[k].DF = true
			}
			w.send(c.packets...)
			assert.Equal(t, c.sums, w.sums())
			assert.Equal(t, c.sizes, strings.Join(sizes, " "))
			assert.Equal(t, bytes, w.Report().Bytes)
			assert.Equal(t, c.offloaded, w.Report().Flows[0].Offloaded)
			for _, l := range w.Report().Flows[0].Lost {
				assert.Equal(t, 1, l.Packets)
			}
		})
	}
}

// TestSnapped: what was cut short when it was captured is sent with zeros for the rest, if its
// headers are there.
func TestSnapped(t *testing.T) {
	tcp := data(spec("tcp 192.168.1.10:40000 > 192.168.1.20:5432", syn), 1000).Bytes()
	udp6 := data(spec("udp [2001:db8:7::8]:1 > [2001:db8:7::7]:2", 0), 1000).Bytes()
	ping := data(spec("icmp 192.168.1.10 > 192.168.1.20 id 7", 0), 56).Bytes()
	for _, c := range []struct {
		name string
		b    []byte
		kept int
		used bool
	}{
		{"all headers", tcp, 40, true},
		{"not all", tcp, 39, false},
		{"only those of IP", tcp, 20, false},
		{"less", tcp, 19, false},
		{"IPv6", udp6, 48, true},
		{"IPv6, not all", udp6, 47, false},
		{"a ping", ping, 28, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := &world{t: t}
			var err error
			w.Replay, err = replay.New(office(), replay.Options{Map: mapped("192.168.1.10=app-1", "192.168.1.20=db-1", "2001:db8:7::8=app-1", "2001:db8:7::7=web-1")})
			require.NoError(t, err)
			w.n++
			w.Send(&capture.Packet{Number: 1, Time: time.Unix(1000, 0), Link: capture.Raw, Data: c.b[:c.kept], Length: len(c.b)})
			r := w.Report()
			if !c.used {
				require.Len(t, r.NotUsed, 1)
				assert.Equal(t, "cut short when it was captured (snap length)", r.NotUsed[0].Because)
				return
			}
			require.Len(t, r.Flows, 1)
			assert.Equal(t, []int{1, len(c.b)}, []int{r.Flows[0].Snapped, r.Bytes})
			w.sums()
		})
	}
	t.Run("an ICMP error, of which nobody knows what it is about", func(t *testing.T) {
		w := newWorld(t, office(), "192.168.1.10=app-1", "192.168.1.20=db-1")
		w.send(spec("tcp 192.168.1.10:40000 > 192.168.1.20:5432", syn))
		var p packet.Packet
		require.NoError(t, p.Parse(tcp))
		b := packet.AppendTooBig(nil, addr("192.168.1.20"), &p, 1000)
		w.n++
		w.Send(&capture.Packet{Number: 2, Time: time.Unix(1001, 0), Link: capture.Raw, Data: b[:30], Length: len(b)})
		assert.Equal(t, "unknown: 1 passed, 0 dropped, 0 unknown, 0 withheld, 1 not used", w.sums())
	})
}

// inVXLAN puts a packet into one as Traffic Mirroring sends it.
func inVXLAN(inner []byte) []byte {
	s := spec("udp 10.0.1.10:65000 > 10.0.3.10:4789", 0)
	s.Payload = append([]byte("\x08\x00\x00\x00\x00\x00\x07\x00mmmmmmmmmmmm\x08\x00"), inner...)
	return s.Bytes()
}

// TestVXLAN: what Traffic Mirroring has sent to its target is taken for what it has seen.
func TestVXLAN(t *testing.T) {
	request := spec("tcp 10.0.2.10:40000 > 10.0.3.10:5432", syn).Bytes()
	arp := inVXLAN(request)
	arp[len(arp)-len(request)-1] = 6
	six := spec("udp [2001:db8:1::10]:65000 > [2001:db8:1:2::10]:4789", 0)
	six.Payload = inVXLAN(request)[28:]
	piece := spec("udp 10.0.1.10:65000 > 10.0.3.10:4789", 0)
	piece.Payload, piece.MoreFragments = append(inVXLAN(request)[28:], 0, 0), true
	elsewhere := spec("udp 10.0.1.10:65000 > 10.0.3.10:4790", 0)
	elsewhere.Payload = six.Payload
	other := spec("udp 10.0.1.10:65000 > 10.0.3.10:4789", 0)
	other.Payload = []byte("not VXLAN at all, but long enough")
	for _, c := range []struct {
		name      string
		b         []byte
		keep      bool
		unwrapped int
		want      string
		because   []string
	}{
		{"a packet", inVXLAN(request), false, 1, "tcp 10.0.2.10:40000 > 10.0.3.10:5432", nil},
		{"the one around it", inVXLAN(request), true, 0, "udp 10.0.1.10:65000 > 10.0.3.10:4789", nil},
		{"in IPv6", six.Bytes(), false, 1, "tcp 10.0.2.10:40000 > 10.0.3.10:5432", nil},
		{"in pieces", piece.Bytes(), false, 0, "udp 10.0.1.10:65000 > 10.0.3.10:4789", nil},
		{"to another port", elsewhere.Bytes(), false, 0, "udp 10.0.1.10:65000 > 10.0.3.10:4790", nil},
		{"something else to that port", other.Bytes(), false, 0, "udp 10.0.1.10:65000 > 10.0.3.10:4789", nil},
		{"cut short by the mirror", inVXLAN(data(spec("tcp 10.0.2.10:40000 > 10.0.3.10:5432", syn), 100).Bytes()[:40]), false, 1, "tcp 10.0.2.10:40000 > 10.0.3.10:5432", nil},
		{"ARP", arp, false, 1, "", []string{"1 from 1: in VXLAN: not IP: ARP"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := &world{t: t}
			var err error
			w.Replay, err = replay.New(office(), replay.Options{KeepVXLAN: c.keep})
			require.NoError(t, err)
			w.raw(c.b)
			w.sums()
			assert.Equal(t, c.unwrapped, w.Report().Unwrapped)
			assert.Equal(t, c.because, w.because())
			if c.want != "" {
				require.Len(t, w.Report().Flows, 1)
				assert.Equal(t, c.want, w.Report().Flows[0].Captured)
			}
		})
	}
}
