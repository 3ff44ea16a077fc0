package emu_test

import (
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/firewall"
	"github.com/vpcemu/vpcemu/packet"
	"github.com/vpcemu/vpcemu/vpc"
)

// twoTier is a web server with a public address and a database behind it.
func twoTier() *vpc.Network {
	var n vpc.Network
	v := n.AddVPC("prod", "10.0.0.0/16", "2001:db8:1::/56")
	v.AddInternetGateway("igw-1")
	v.AddRouteTable("public").AddRoute("0.0.0.0/0", "igw").AddRoute("::/0", "igw")
	v.AddSubnet("web", "10.0.1.0/24", "2001:db8:1::/64").UseRouteTable("public").
		AddInterface("web-1", "10.0.1.10", "web").AddPublicIP("198.51.100.10").AddAddress("2001:db8:1::10")
	v.AddSubnet("db", "10.0.2.0/24").AddInterface("db-1", "10.0.2.20", "db")
	v.AddSecurityGroup("web").AllowIn("tcp/443", "0.0.0.0/0").AllowIn("tcp/443", "::/0").AllowOut("tcp", "0.0.0.0/0").AllowOut("tcp", "::/0").AllowOut("udp", "0.0.0.0/0")
	v.AddSecurityGroup("db").AllowIn("tcp/5432", "web")
	return &n
}

func newEmulator(t testing.TB, n *vpc.Network, opts emu.Options) *emu.Emulator {
	t.Helper()
	e, err := emu.New(n, opts)
	require.NoError(t, err)
	return e
}

func portOf(t testing.TB, e *emu.Emulator, name string) *emu.Port {
	t.Helper()
	p, err := e.Port(name)
	require.NoError(t, err)
	return p
}

func segment(flow string, flags packet.TCPFlags) []byte {
	return packet.Spec{Flow: packet.MustParseFlow(flow), Flags: flags}.Bytes()
}

// arrived collects what a port receives.
func arrived(t testing.TB, p *emu.Port) *[]packet.Packet {
	var got []packet.Packet
	p.Receive(func(b []byte) {
		var pkt packet.Packet
		assert.NoError(t, pkt.Parse(append([]byte(nil), b...)))
		assert.True(t, pkt.ChecksumOK(), "checksum of %v", pkt.Flow)
		got = append(got, pkt)
	})
	return &got
}

func TestPacketsKeepValidChecksumsThroughTheGateway(t *testing.T) {
	e := newEmulator(t, twoTier(), emu.Options{})
	web, internet := portOf(t, e, "web-1"), e.Internet()
	out, in := arrived(t, internet), arrived(t, web)

	r := web.Send(segment("tcp 10.0.1.10:40000 > 203.0.113.9:80", packet.SYN))
	assert.Equal(t, emu.Result{Fate: emu.Exited, At: "igw-1"}, r)
	r = internet.Send(segment("tcp 203.0.113.9:80 > 198.51.100.10:40000", packet.SYN|packet.ACK))
	assert.Equal(t, emu.Result{Fate: emu.Delivered, At: "web-1"}, r)
	require.Len(t, *out, 1)
	require.Len(t, *in, 1)
	assert.Equal(t, "tcp 198.51.100.10:40000 > 203.0.113.9:80", (*out)[0].Flow.String())
	assert.Equal(t, "tcp 203.0.113.9:80 > 10.0.1.10:40000", (*in)[0].Flow.String())
}

func TestTooBigForTheInternet(t *testing.T) {
	big := func(df bool) []byte {
		return packet.Spec{Flow: packet.MustParseFlow("udp 10.0.1.10:40000 > 203.0.113.9:53"), DF: df, Payload: make([]byte, 3000)}.Bytes()
	}
	t.Run("MTU-5 DF set: the router answers", func(t *testing.T) {
		e := newEmulator(t, twoTier(), emu.Options{})
		web := portOf(t, e, "web-1")
		in := arrived(t, web)
		assert.Equal(t, emu.Result{Fate: emu.Dropped, Reason: emu.MTUExceeded}, web.Send(big(true)))
		require.Len(t, *in, 1)
		assert.Equal(t, "10.0.1.1", (*in)[0].Flow.Src.String(), "the router of the sender's subnet")
		assert.Equal(t, uint8(3), (*in)[0].ICMPType)
		assert.Equal(t, uint8(4), (*in)[0].ICMPCode)
	})
	t.Run("MTU-6 DF clear: fragments", func(t *testing.T) {
		e := newEmulator(t, twoTier(), emu.Options{})
		out := arrived(t, e.Internet())
		assert.Equal(t, emu.Exited, portOf(t, e, "web-1").Send(big(false)).Fate)
		require.Len(t, *out, 3)
		for _, p := range *out {
			assert.LessOrEqual(t, p.Len(), 1500)
			assert.Equal(t, "198.51.100.10", p.Flow.Src.String())
		}
	})
	t.Run("MTU-5 just fits", func(t *testing.T) {
		e := newEmulator(t, twoTier(), emu.Options{})
		fits := packet.Spec{Flow: packet.MustParseFlow("udp 10.0.1.10:40000 > 203.0.113.9:53"), DF: true, Payload: make([]byte, 1500-28)}.Bytes()
		assert.Equal(t, emu.Exited, portOf(t, e, "web-1").Send(fits).Fate)
	})
}

func TestUpdate(t *testing.T) {
	var epochs []uint64
	e := newEmulator(t, twoTier(), emu.Options{Observer: emu.Observer{Update: func(epoch uint64) { epochs = append(epochs, epoch) }}})
	web := portOf(t, e, "web-1")
	ssh := func() emu.Fate { return web.Send(segment("tcp 10.0.1.10:40000 > 10.0.2.20:22", packet.SYN)).Fate }
	require.Equal(t, emu.Dropped, ssh())

	boom := errors.New("boom")
	err := e.Update(func(n *vpc.Network) error { n.SecurityGroup("db").AllowIn("tcp/22", "web"); return boom })
	assert.ErrorIs(t, err, boom)
	assert.Equal(t, emu.Dropped, ssh(), "a failed edit changes nothing")

	err = e.Update(func(n *vpc.Network) error {
		n.SecurityGroup("db").AllowIn("tcp/22", "web").AllowIn("tcp/99999", "web")
		return nil
	})
	var refused *vpc.Error
	require.ErrorAs(t, err, &refused)
	assert.Equal(t, "InvalidParameterValue", refused.Code)
	assert.Equal(t, emu.Dropped, ssh(), "a refused network changes nothing")

	require.NoError(t, e.Update(func(n *vpc.Network) error { n.SecurityGroup("db").AllowIn("tcp/22", "web"); return nil }))
	assert.Equal(t, emu.Delivered, ssh())
	assert.Equal(t, []uint64{1, 2}, epochs)
}

// TestFlowRecords: a flow has one at each interface that has admitted it.
func TestFlowRecords(t *testing.T) {
	e := newEmulator(t, twoTier(), emu.Options{})
	send := func(flow string) int {
		portOf(t, e, "web-1").Send(segment(flow, packet.SYN))
		return e.FlowRecords()
	}
	assert.Zero(t, e.FlowRecords())
	assert.Equal(t, 2, send("tcp 10.0.1.10:40000 > 10.0.2.20:5432"))
	assert.Equal(t, 2, send("tcp 10.0.1.10:40000 > 10.0.2.20:5432"), "the same")
	assert.Equal(t, 3, send("tcp 10.0.1.10:40000 > 10.0.2.20:22"), "dropped by the receiver's group")
}

func TestPortOfAnInterfaceThatIsGone(t *testing.T) {
	e := newEmulator(t, twoTier(), emu.Options{})
	db := portOf(t, e, "db-1")
	require.NoError(t, e.Update(func(n *vpc.Network) error { n.Subnet("db").Interfaces = nil; return nil }))
	r := db.Send(segment("tcp 10.0.2.20:5432 > 10.0.1.10:40000", packet.ACK))
	assert.Equal(t, emu.Result{Fate: emu.Dropped, Reason: emu.ENINotAttached}, r)
}

func TestObserver(t *testing.T) {
	var events []string
	var records []string
	e := newEmulator(t, twoTier(), emu.Options{Observer: emu.Observer{
		Packet: func(ev emu.Event) {
			events = append(events, fmt.Sprint(ev.From, " ", ev.Result.Fate, " ", ev.Result.Reason))
		},
		Flow: func(r emu.Record) {
			records = append(records, fmt.Sprint(r.Interface, " ", r.Direction, " ", r.Accept))
		},
	}})
	portOf(t, e, "web-1").Send(segment("tcp 10.0.1.10:40000 > 10.0.2.20:22", packet.SYN))
	portOf(t, e, "web-1").Send(segment("tcp 10.0.1.10:40000 > 10.0.2.20:5432", packet.SYN))
	assert.Equal(t, []string{"web-1 dropped SG_INGRESS", "web-1 delivered "}, events)
	assert.Equal(t, []string{
		"web-1 egress true", "db-1 ingress false",
		"web-1 egress true", "db-1 ingress true",
	}, records)
}

// TestHostilePackets sends thousands of broken packets: each has a defined end,
// and none leaves the network with a broken checksum.
func TestHostilePackets(t *testing.T) {
	e := newEmulator(t, twoTier(), emu.Options{})
	web := portOf(t, e, "web-1")
	var arrivedOK func(b []byte) // set by each round
	portOf(t, e, "db-1").Receive(func(b []byte) { arrivedOK(b) })
	e.Internet().Receive(func(b []byte) { arrivedOK(b) })
	seeds := [][]byte{
		segment("tcp 10.0.1.10:40000 > 10.0.2.20:5432", packet.SYN),
		segment("tcp 10.0.1.10:40000 > 203.0.113.9:80", packet.SYN),
		segment("tcp [2001:db8:1::10]:40000 > [2001:db8:ffff::1]:443", packet.SYN),
		packet.Echo(packet.MustParseFlow("icmp 10.0.1.10 > 10.0.2.20 id 7")).Bytes(),
		packet.Spec{Flow: packet.MustParseFlow("udp 10.0.1.10:40000 > 203.0.113.9:53"), MoreFragments: true, ID: 9, Payload: make([]byte, 800)}.Bytes(),
	}
	rapid.Check(t, func(t *rapid.T) {
		b := append([]byte(nil), rapid.SampledFrom(seeds).Draw(t, "packet")...)
		for range rapid.IntRange(0, 4).Draw(t, "flips") {
			b[rapid.IntRange(0, len(b)-1).Draw(t, "byte")] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
		}
		b = b[:rapid.IntRange(0, len(b)).Draw(t, "length")]
		var p packet.Packet
		valid := p.Parse(append([]byte(nil), b...)) == nil && p.ChecksumOK()
		arrivedOK = func(b []byte) {
			var p packet.Packet
			require.NoError(t, p.Parse(append([]byte(nil), b...)))
			require.True(t, !valid || p.ChecksumOK(), "the network broke a checksum: %v", p.Flow)
		}
		r := web.Send(b)
		if r.Fate == emu.Dropped {
			require.NotEqual(t, emu.None, r.Reason)
		}
	})
}

// TestTraceAgreesWithPackets builds random networks and asks both ways: a trace
// of the request must end as the packet itself does.
func TestTraceAgreesWithPackets(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := randomNetwork(t)
		e, err := emu.New(n, emu.Options{})
		require.NoError(t, err)
		ends := []string{"a-0", "a-1", "b-0", "b-1", "internet"}
		src := rapid.SampledFrom(ends).Draw(t, "src")
		dst := rapid.SampledFrom(ends).Draw(t, "dst")
		if src == dst {
			return // stays in the guest, or on the internet
		}
		svc := firewall.MustParseService(rapid.SampledFrom([]string{"tcp/80", "tcp/443", "udp/53", "icmp", "ip/50"}).Draw(t, "service"))
		trace, err := e.Trace(emu.Query{Source: src, Destination: dst, Service: svc})
		require.NoError(t, err)

		request := probeOf(trace)
		p, err := e.Port(src)
		require.NoError(t, err)
		got := p.Send(request)
		if forwarded(trace.Request) {
			return // a real middlebox would have to send it on
		}
		require.Equal(t, trace.Request.Verdict, got.Fate, "%s", trace)
		if got.Fate == emu.Dropped {
			require.Equal(t, trace.Blockers[0].Reason, got.Reason.String(), "%s", trace)
		}
	})
}

// probeOf is the packet that a trace sent, from its first step.
func probeOf(trace *emu.Trace) []byte {
	f := trace.Sent()
	s := packet.Spec{Flow: f}
	switch f.Proto {
	case packet.TCP:
		s.Flags = packet.SYN
	case packet.ICMP:
		s = packet.Echo(f)
	}
	return s.Bytes()
}

// forwarded reports whether a middlebox has to send the packet on before anything
// drops it.
func forwarded(l *emu.Leg) bool {
	for i, s := range l.Steps {
		if s.Stage == emu.Deliver || s.Verdict == emu.Drop {
			return s.Stage == emu.Deliver && i < len(l.Steps)-1
		}
	}
	return false
}

// randomNetwork is one VPC with two subnets and everything in it left to chance.
func randomNetwork(t *rapid.T) *vpc.Network {
	var n vpc.Network
	v := n.AddVPC("v", "10.0.0.0/16")
	if rapid.Bool().Draw(t, "igw") {
		v.AddInternetGateway("igw-1")
	}
	cidr := rapid.SampledFrom([]string{"0.0.0.0/0", "10.0.0.0/24", "10.0.1.0/24", "10.0.0.0/16", "203.0.113.0/24"})
	service := rapid.SampledFrom([]string{"all", "tcp", "tcp/80", "tcp/80-443", "udp", "icmp", "ip/50"})
	for i, name := range []string{"a", "b"} {
		acl := v.AddNetworkACL(name)
		for k := range rapid.IntRange(0, 3).Draw(t, "entries") {
			if rapid.Bool().Draw(t, "allow") {
				acl.AllowIn(k+1, service.Draw(t, "service"), cidr.Draw(t, "cidr")).AllowOut(k+1, service.Draw(t, "service"), cidr.Draw(t, "cidr"))
			} else {
				acl.DenyIn(k+1, service.Draw(t, "service"), cidr.Draw(t, "cidr")).DenyOut(k+1, service.Draw(t, "service"), cidr.Draw(t, "cidr"))
			}
		}
		table := v.AddRouteTable(name)
		for _, dst := range []string{"0.0.0.0/0", "203.0.113.0/24"} {
			if rapid.Bool().Draw(t, "route") {
				table.AddRoute(dst, rapid.SampledFrom([]string{"igw", "blackhole", "a-1", "b-1"}).Draw(t, "target"))
			}
		}
		g := v.AddSecurityGroup(name)
		for range rapid.IntRange(0, 2).Draw(t, "rules") {
			s, p := service.Draw(t, "service"), rapid.OneOf(cidr, rapid.SampledFrom([]string{"a", "b"})).Draw(t, "peer")
			if g.Ingress == nil {
				g.AllowIn(s, p).AllowOut(s, p)
			}
		}
		s := v.AddSubnet(name, fmt.Sprintf("10.0.%d.0/24", i)).UseRouteTable(name)
		if rapid.Bool().Draw(t, "acl") {
			s.UseNetworkACL(name)
		}
		for k := range 2 {
			eni := s.AddInterface(fmt.Sprintf("%s-%d", name, k), "", name)
			if rapid.Bool().Draw(t, "public") {
				eni.AddPublicIP("")
			}
			eni.NoSourceDestCheck = rapid.Bool().Draw(t, "no check")
			eni.Detached = rapid.IntRange(0, 9).Draw(t, "detached") == 0
		}
	}
	return &n
}

// TestConcurrentSendsAndUpdates is for the race detector: packets, traces and
// updates at once.
func TestConcurrentSendsAndUpdates(t *testing.T) {
	var now atomic.Int64
	e := newEmulator(t, twoTier(), emu.Options{Now: func() time.Time { return time.Unix(0, now.Add(1)) }})
	web, db := portOf(t, e, "web-1"), portOf(t, e, "db-1")
	db.Receive(func(b []byte) {
		var p packet.Packet
		if p.Parse(b) == nil {
			db.Send(packet.Spec{Flow: p.Flow.Reverse(), Flags: packet.SYN | packet.ACK}.Bytes())
		}
	})
	var replies atomic.Int64
	web.Receive(func([]byte) { replies.Add(1) })
	var wg sync.WaitGroup
	for worker := range 4 {
		wg.Go(func() {
			for i := range 200 {
				f := packet.Flow{Src: netip.MustParseAddr("10.0.1.10"), Dst: netip.MustParseAddr("10.0.2.20"), SrcPort: uint16(1000*worker + i + 1024), DstPort: 5432, Proto: packet.TCP}
				assert.Equal(t, emu.Delivered, web.Send(packet.Spec{Flow: f, Flags: packet.SYN}.Bytes()).Fate)
			}
		})
	}
	wg.Go(func() {
		for i := range 20 {
			assert.NoError(t, e.Update(func(n *vpc.Network) error {
				n.SecurityGroup("db").AllowIn(fmt.Sprintf("tcp/%d", 7000+i), "web")
				return nil
			}))
			_, err := e.Trace(emu.Query{Source: "web-1", Destination: "db-1", Service: firewall.MustParseService("tcp/22")})
			assert.NoError(t, err)
		}
	})
	wg.Wait()
	assert.EqualValues(t, 800, replies.Load())
}
