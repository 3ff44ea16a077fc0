package replay_test

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/emu/capture"
	"github.com/vpcemu/vpcemu/emu/replay"
	"github.com/vpcemu/vpcemu/packet"
	"github.com/vpcemu/vpcemu/routing"
	"github.com/vpcemu/vpcemu/vpc"
)

// office is what the tests replay to: a web server with a public address, an application
// behind a NAT gateway, and a database that only takes tcp/5432 from it.
//
//	internet ──▶ igw ──▶ web-1 (10.0.1.10, 198.51.100.10)        nat (10.0.1.5, 203.0.113.10)
//	                     app-1 (10.0.2.10) ──▶ nat                db-1 (10.0.3.10)
func office() *vpc.Network {
	var n vpc.Network
	v := n.AddVPC("prod", "10.0.0.0/16", "2001:db8:1::/56")
	v.AddInternetGateway("igw")
	v.AddRouteTable("public").AddRoute("0.0.0.0/0", "igw").AddRoute("::/0", "igw")
	v.AddRouteTable("private").AddRoute("0.0.0.0/0", "nat")
	v.AddSecurityGroup("web").AllowIn("tcp/443", "0.0.0.0/0").AllowIn("tcp/443", "::/0").AllowAllOut()
	v.AddSecurityGroup("app").AllowIn("icmp", "10.0.0.0/16").AllowIn("udp/7", "10.0.0.0/16").AllowAllOut()
	v.AddSecurityGroup("db").AllowIn("tcp/5432", "app").Origin = "net.yaml:9"
	v.AddSubnet("public", "10.0.1.0/24", "2001:db8:1::/64").UseRouteTable("public").
		AddInterface("web-1", "10.0.1.10", "web").AddPublicIP("198.51.100.10").AddAddress("2001:db8:1::10")
	v.AddSubnet("private", "10.0.2.0/24", "2001:db8:1:2::/64").UseRouteTable("private").AddInterface("app-1", "10.0.2.10", "app").AddAddress("2001:db8:1:2::10")
	v.AddSubnet("data", "10.0.3.0/24").AddInterface("db-1", "10.0.3.10", "db")
	v.AddNATGateway("nat", "public").Addresses = []vpc.Address{{IP: addr("10.0.1.5"), Public: addr("203.0.113.10")}}
	return &n
}

var addr = netip.MustParseAddr

// spec is a captured packet: a flow and, for TCP, flags.
func spec(flow string, flags packet.TCPFlags) packet.Spec {
	s := packet.Spec{Flow: packet.MustParseFlow(flow), Flags: flags}
	if s.Flow.Proto == packet.ICMP {
		return packet.Echo(s.Flow)
	}
	return s
}

func pong(flow string) packet.Spec {
	s := spec(flow, 0)
	s.ICMPType = packet.ICMPEchoReply
	return s
}

const (
	syn    = packet.SYN
	synack = packet.SYN | packet.ACK
	ack    = packet.ACK
)

// world replays packets, each a millisecond after the one before, and sees what arrives.
type world struct {
	*replay.Replay
	t       testing.TB
	n       int
	arrived []string
}

func newWorld(t testing.TB, n *vpc.Network, mapping ...string) *world {
	t.Helper()
	w := &world{t: t}
	var err error
	w.Replay, err = replay.New(n, replay.Options{Map: mapped(mapping...), Observer: emu.Observer{Port: func(p emu.Passage) {
		var pkt packet.Packet
		require.NoError(t, pkt.Parse(p.Bytes))
		assert.True(t, pkt.ChecksumOK(), "checksum of %v at %s", pkt.Flow, p.Port.ID())
		if p.Direction.String() == "ingress" && p.Gateway == "" {
			w.arrived = append(w.arrived, p.Port.ID()+" "+pkt.Flow.String())
		}
	}}})
	require.NoError(t, err)
	return w
}

// mapped reads ADDRESS=NAME.
func mapped(mapping ...string) map[netip.Addr]string {
	m := make(map[netip.Addr]string)
	for _, s := range mapping {
		a, name, _ := strings.Cut(s, "=")
		m[addr(a)] = name
	}
	return m
}

func (w *world) send(packets ...packet.Spec) {
	for _, s := range packets {
		w.raw(s.Bytes())
	}
}

func (w *world) raw(b []byte) {
	w.n++
	w.Send(&capture.Packet{Number: w.n, Time: time.Unix(1000, int64(w.n)*1e6), Link: capture.Raw, Data: b, Length: len(b)})
}

// sums are the counts of a replay, and each packet counted once.
func (w *world) sums() string {
	w.t.Helper()
	r := w.Report()
	unused := 0
	for _, u := range r.NotUsed {
		unused += u.Packets
	}
	assert.Equal(w.t, w.n, r.Read)
	assert.Equal(w.t, r.Unused, unused)
	assert.Equal(w.t, r.Read, r.Packets()+r.Unused, "every packet is counted once")
	var flows replay.Tally
	for _, f := range r.Flows {
		for _, t := range []replay.Tally{f.Request, f.Reply} {
			flows.Passed += t.Passed
			flows.Dropped += t.Dropped
			flows.Unknown += t.Unknown
			flows.Withheld += t.Withheld
			flows.Bytes += t.Bytes
		}
	}
	assert.Equal(w.t, r.Tally, flows)
	return fmt.Sprintf("%s: %d passed, %d dropped, %d unknown, %d withheld, %d not used", r.Verdict(), r.Passed, r.Dropped, r.Unknown, r.Withheld, r.Unused)
}

// lost are the ways in which packets of all flows were lost.
func (w *world) lost() []string {
	var all []string
	for _, f := range w.Report().Flows {
		for _, l := range f.Lost {
			why := l.Step.String()
			if l.Step.Origin != "" {
				why += " (" + l.Step.Origin + ")"
			}
			all = append(all, fmt.Sprintf("%s %s %d from %d: %s%s", l.Direction, l.Verdict, l.Packets, l.First, why, l.Astray))
		}
	}
	return all
}

// because are the reasons not to use packets.
func (w *world) because() []string {
	var all []string
	for _, u := range w.Report().NotUsed {
		all = append(all, fmt.Sprintf("%d from %d: %s", u.Packets, u.First, u.Because))
	}
	return all
}

func TestInsideTheVPC(t *testing.T) {
	w := newWorld(t, office(), "192.168.1.10=app-1", "192.168.1.20=db-1")
	w.send(
		spec("tcp 192.168.1.10:40000 > 192.168.1.20:5432", syn),
		spec("tcp 192.168.1.20:5432 > 192.168.1.10:40000", synack),
		spec("tcp 192.168.1.10:40000 > 192.168.1.20:5432", ack))
	assert.Equal(t, "passed: 3 passed, 0 dropped, 0 unknown, 0 withheld, 0 not used", w.sums())
	assert.Equal(t, []string{
		"db-1 tcp 10.0.2.10:40000 > 10.0.3.10:5432",
		"app-1 tcp 10.0.3.10:5432 > 10.0.2.10:40000",
		"db-1 tcp 10.0.2.10:40000 > 10.0.3.10:5432",
	}, w.arrived)
	f := w.Report().Flows[0]
	assert.Equal(t, []string{"app-1", "db-1", "tcp 192.168.1.10:40000 > 192.168.1.20:5432", "tcp 10.0.2.10:40000 > 10.0.3.10:5432", "tcp 10.0.2.10:40000 > 10.0.3.10:5432"},
		[]string{f.Client, f.Server, f.Captured, f.Sent, f.Arrived})
	assert.Equal(t, time.Unix(1000, 3e6), w.Now())
}

// The nearest that does not pass: the request is refused, and so its answers are not sent.
func TestRefused(t *testing.T) {
	w := newWorld(t, office(), "192.168.1.10=app-1", "192.168.1.20=db-1")
	w.send(
		spec("tcp 192.168.1.10:40000 > 192.168.1.20:5433", syn),
		spec("tcp 192.168.1.20:5433 > 192.168.1.10:40000", synack),
		spec("tcp 192.168.1.10:40000 > 192.168.1.20:5433", ack))
	assert.Equal(t, "dropped: 0 passed, 2 dropped, 0 unknown, 1 withheld, 0 not used", w.sums())
	assert.Equal(t, []string{"request dropped 2 from 1: eni db-1, sg ingress: no rule of db matches tcp/5433 from 10.0.2.10 (net.yaml:9)"}, w.lost())
	assert.Empty(t, w.arrived)
}

// TestReplyRefused: a network ACL remembers nothing, so the answer needs a rule.
func TestReplyRefused(t *testing.T) {
	n := office()
	v := n.VPC("prod")
	a := v.AddNetworkACL("strict")
	a.Origin = "net.yaml:20"
	a.AllowIn(100, "all", "0.0.0.0/0")
	v.Subnet("data").NetworkACL = "strict"
	w := newWorld(t, n, "192.168.1.10=app-1", "192.168.1.20=db-1")
	w.send(
		spec("tcp 192.168.1.10:40000 > 192.168.1.20:5432", syn),
		spec("tcp 192.168.1.20:5432 > 192.168.1.10:40000", synack))
	assert.Equal(t, "dropped: 1 passed, 1 dropped, 0 unknown, 0 withheld, 0 not used", w.sums())
	assert.Equal(t, []string{"reply dropped 1 from 2: acl strict, nacl egress: rule * denies all (net.yaml:20)"}, w.lost())
}

// TestPortsUsedAgain: a SYN the other way round begins another flow; one the same way
// belongs to the same.
func TestPortsUsedAgain(t *testing.T) {
	w := newWorld(t, office(), "192.168.1.10=app-1", "192.168.1.20=db-1")
	w.send(
		spec("tcp 192.168.1.10:40000 > 192.168.1.20:5432", syn),
		spec("tcp 192.168.1.10:40000 > 192.168.1.20:5432", syn),
		spec("tcp 192.168.1.20:5432 > 192.168.1.10:40000", syn),
		spec("tcp 192.168.1.10:40000 > 192.168.1.20:5432", synack))
	assert.Equal(t, "passed: 4 passed, 0 dropped, 0 unknown, 0 withheld, 0 not used", w.sums(), "the third is tracked by then")
	require.Len(t, w.Report().Flows, 2)
	assert.Equal(t, 1, w.Report().Flows[1].Reply.Passed)
	assert.Equal(t, 2, w.Report().Flows[0].Request.Passed)
	assert.Equal(t, "db-1", w.Report().Flows[1].Client)
}

// TestAstray: a packet may arrive, and not where it was meant to.
func TestAstray(t *testing.T) {
	n := office()
	other := n.AddVPC("other", "10.0.0.0/16")
	other.AddSecurityGroup("all").AllowIn("all", "0.0.0.0/0").AllowAllOut()
	other.AddSubnet("s", "10.0.2.0/24").AddInterface("twin", "10.0.2.10", "all")
	n.VPC("prod").SecurityGroup("app").AllowIn("tcp/80", "0.0.0.0/0")
	w := newWorld(t, n, "192.168.1.10=web-1", "192.168.1.20=twin")
	w.send(spec("tcp 192.168.1.10:40000 > 192.168.1.20:80", syn))
	assert.Equal(t, "dropped: 0 passed, 1 dropped, 0 unknown, 0 withheld, 0 not used", w.sums())
	assert.Equal(t, []string{"request dropped 1 from 1: it ends at app-1"}, w.lost())
}

// TestUnknown: what is behind a local gateway is not modelled.
func TestUnknown(t *testing.T) {
	n := office()
	n.VPC("prod").RouteTables[0].Routes = append(n.VPC("prod").RouteTables[0].Routes,
		routing.Route{Destination: netip.MustParsePrefix("203.0.113.0/28"), Target: routing.Target{Kind: routing.LocalGateway, ID: "lgw-1"}})
	w := newWorld(t, n, "192.168.1.10=web-1", "192.168.1.1=internet")
	w.send(
		spec("tcp 192.168.1.10:40000 > 192.168.1.1:443", syn),
		spec("tcp 192.168.1.1:443 > 192.168.1.10:40000", synack))
	assert.Equal(t, "unknown: 0 passed, 0 dropped, 1 unknown, 1 withheld, 0 not used", w.sums())
	assert.Equal(t, []string{"request unknown 1 from 1: lgw-1: what is behind is not modelled"}, w.lost())
}
