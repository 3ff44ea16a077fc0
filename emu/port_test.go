package emu_test

import (
	"encoding/binary"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/packet"
	"github.com/vpcemu/vpcemu/vpc"
)

// TestForwardersThatLoop: two middleboxes that send everything to each other get
// rid of a packet when its TTL has run out, and its source is told.
//
//	s ──▶ fw-1 ◀──▶ fw-2       d, whom both tables miss
func TestForwardersThatLoop(t *testing.T) {
	for _, c := range []struct {
		name     string
		ttl      uint8
		forwards int
	}{
		{"arrives with 1", 1, 0},
		{"arrives with 2", 2, 1},
		{"an ordinary one", 64, 63},
		{"the longest", 255, 254},
	} {
		t.Run(c.name, func(t *testing.T) {
			var n vpc.Network
			v := open(n.AddVPC("v", "10.0.0.0/16"))
			v.AddRouteTable("to-1").AddRoute("10.0.9.0/24", "fw-1")
			v.AddRouteTable("to-2").AddRoute("10.0.9.0/24", "fw-2")
			v.AddSubnet("s", "10.0.1.0/24").UseRouteTable("to-1").AddInterface("s", "10.0.1.10", "open")
			v.AddSubnet("1", "10.0.2.0/24").UseRouteTable("to-2").AddInterface("fw-1", "10.0.2.10", "open").NoSourceDestCheck = true
			v.AddSubnet("2", "10.0.3.0/24").UseRouteTable("to-1").AddInterface("fw-2", "10.0.3.10", "open").NoSourceDestCheck = true
			v.AddSubnet("d", "10.0.9.0/24").AddInterface("d", "10.0.9.10", "open")
			sent := 0
			e := newEmulator(t, &n, emu.Options{Observer: emu.Observer{Packet: func(ev emu.Event) {
				if ev.Flow.Proto == packet.UDP {
					sent++
				}
			}}})
			portOf(t, e, "fw-1").Forward()
			portOf(t, e, "fw-2").Forward()
			in := arrived(t, portOf(t, e, "s"))
			portOf(t, e, "s").Send(packet.Spec{Flow: packet.MustParseFlow("udp 10.0.1.10:1000 > 10.0.9.10:2000"), TTL: c.ttl}.Bytes())
			assert.Equal(t, 1+c.forwards, sent)
			require.Len(t, *in, 1, "time exceeded")
			about, _ := (*in)[0].EmbeddedFlow()
			assert.Equal(t, "udp 10.0.1.10:1000 > 10.0.9.10:2000", about.String())
			assert.Equal(t, uint8(11), (*in)[0].ICMPType)
			assert.Equal(t, []string{"10.0.2.10", "10.0.3.10"}[c.forwards%2], (*in)[0].Flow.Src.String(), "who had it last")
		})
	}
}

// TestPortResolver: interfaces are told a resolver, who stands outside is not.
func TestPortResolver(t *testing.T) {
	var n vpc.Network
	n.AddVPC("v", "10.0.0.0/16").AddSubnet("s", "10.0.1.0/24").AddInterface("s", "10.0.1.10", "default")
	e := newEmulator(t, &n, emu.Options{})
	four, six := netip.MustParseAddr("10.0.1.10"), netip.MustParseAddr("2001:db8::10")
	port := portOf(t, e, "s")
	assert.Equal(t, "10.0.0.2", port.Resolver(four).String())
	assert.Equal(t, vpc.Resolver6, port.Resolver(six))
	assert.Zero(t, e.Internet().Resolver(four))
	require.NoError(t, e.RemoveInterface("s"))
	assert.Zero(t, port.Resolver(four))
}

// TestForwarderKeepsWhatIsItsOwn: a guest that routes does not send on what is for
// itself.
func TestForwarderKeepsWhatIsItsOwn(t *testing.T) {
	sent := 0
	e := newEmulator(t, behindFirewall(), emu.Options{Observer: emu.Observer{Packet: func(emu.Event) { sent++ }}})
	portOf(t, e, "fw").Forward()
	in := arrived(t, portOf(t, e, "v/s"))
	portOf(t, e, "v/s").Send(segment("tcp 10.0.1.10:40000 > 10.0.3.10:22", packet.SYN))
	assert.Equal(t, 1, sent)
	assert.Empty(t, *in)
	portOf(t, e, "v/s").Send(segment("tcp 10.0.1.10:40000 > 10.0.2.10:22", packet.SYN))
	assert.Equal(t, 3, sent, "there, and on")
}

// TestNobodyHearsOfAnICMPErrorThatIsTooBig: not its sender, and nobody is handed
// a packet of no bytes.
func TestNobodyHearsOfAnICMPErrorThatIsTooBig(t *testing.T) {
	n := twoTier()
	n.SecurityGroup("web").AllowOut("icmp", "0.0.0.0/0")
	e := newEmulator(t, n, emu.Options{})
	for _, name := range []string{"web-1", "db-1", "internet"} {
		portOf(t, e, name).Receive(func(b []byte) { t.Errorf("%s got % x", name, b) })
	}
	r := portOf(t, e, "web-1").Send(packet.Spec{Flow: packet.MustParseFlow("icmp 10.0.1.10 > 203.0.113.1"), ICMPType: 3, DF: true, Payload: make([]byte, 1600)}.Bytes())
	assert.Equal(t, emu.Result{Fate: emu.Dropped, Reason: emu.MTUExceeded}, r)
}

// TestFragmentsWithOptionsBehindTheFragmentHeader: the first piece names the
// options as what follows, and so may a later one, or the protocol itself; both
// belong to the same packet (RFC 8200 section 4.5, SG-53).
func TestFragmentsWithOptionsBehindTheFragmentHeader(t *testing.T) {
	const options, udp = 60, 17
	for _, c := range []struct {
		name string
		next uint8 // in the later piece's fragment header
		id   uint32
		want emu.Fate
	}{
		{"both say options", options, 9, emu.Exited},
		{"the later one says UDP", udp, 9, emu.Exited},
		{"of another packet", options, 8, emu.Dropped},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := newEmulator(t, behindFirewall(), emu.Options{})
			whole := packet.Spec{Flow: packet.MustParseFlow("udp [2001:db8:1::10]:1000 > [2001:db8:9::9]:80"), Payload: make([]byte, 16)}.Bytes()
			header, body := whole[:40], append([]byte{udp, 0, 1, 4, 0, 0, 0, 0}, whole[40:]...)
			require.NoError(t, e.Update(func(n *vpc.Network) error { n.RouteTable("s").AddRoute("::/0", "igw"); return nil }))
			require.Equal(t, emu.Exited, portOf(t, e, "v/s").Send(fragment6(header, options, 9, 0, true, body[:24])).Fate)
			assert.Equal(t, c.want, portOf(t, e, "v/s").Send(fragment6(header, c.next, c.id, 24, false, body[24:])).Fate)
		})
	}
}

// fragment6 is one piece of an IPv6 packet.
func fragment6(header []byte, next uint8, id uint32, offset uint16, more bool, piece []byte) []byte {
	b := append(append([]byte(nil), header...), next, 0, 0, 0, 0, 0, 0, 0)
	if more {
		offset |= 1
	}
	binary.BigEndian.PutUint16(b[42:], offset)
	binary.BigEndian.PutUint32(b[44:], id)
	b = append(b, piece...)
	b[6] = 44 // a fragment header follows
	binary.BigEndian.PutUint16(b[4:], uint16(len(b)-40))
	return b
}

// TestViaAPortOfAnotherEmulator: it is nobody's neighbour here.
func TestViaAPortOfAnotherEmulator(t *testing.T) {
	e, other := newEmulator(t, twoTier(), emu.Options{}), newEmulator(t, twoTier(), emu.Options{})
	b := segment("tcp 10.0.1.10:40000 > 10.0.2.20:5432", packet.SYN)
	r := portOf(t, e, "web-1").SendVia(portOf(t, other, "web-1"), b)
	assert.Equal(t, emu.Result{Fate: emu.Dropped, Reason: emu.L2Unsupported}, r)
}

// TestPortInterface: a port tells what its interface is, in a copy, for as long as it is there.
func TestPortInterface(t *testing.T) {
	e := newEmulator(t, twoTier(), emu.Options{})
	web := portOf(t, e, "web-1")
	i := web.Interface()
	require.NotNil(t, i)
	assert.Equal(t, "10.0.1.10", i.Addresses[0].IP.String())
	i.Addresses[0] = vpc.Address{}
	assert.Equal(t, "10.0.1.10", web.Interface().Addresses[0].IP.String())
	assert.Nil(t, e.Internet().Interface())
	require.NoError(t, e.Update(func(n *vpc.Network) error {
		n.VPC("prod").Subnet("web").Interfaces = nil
		return nil
	}))
	assert.Nil(t, web.Interface())
}
