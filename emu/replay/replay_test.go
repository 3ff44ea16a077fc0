package replay_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
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
	m := make(map[netip.Addr]string)
	for _, s := range mapping {
		a, name, _ := strings.Cut(s, "=")
		m[addr(a)] = name
	}
	var err error
	w.Replay, err = replay.New(n, replay.Options{Map: m, Observer: emu.Observer{Port: func(p emu.Passage) {
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

// TestThroughNAT: the server sees the NAT gateway, and answers it; another captured host
// on the internet is another one here.
func TestThroughNAT(t *testing.T) {
	w := newWorld(t, office(), "192.168.1.10=app-1", "192.168.1.1=internet", "192.168.1.2=internet")
	for _, server := range []string{"192.168.1.1", "192.168.1.2"} {
		w.send(
			spec("tcp 192.168.1.10:40000 > "+server+":443", syn),
			spec("tcp "+server+":443 > 192.168.1.10:40000", synack))
	}
	w.send(spec("icmp 192.168.1.10 > 192.168.1.1 id 7", 0), pong("icmp 192.168.1.1 > 192.168.1.10 id 7"))
	require.Equal(t, "passed: 6 passed, 0 dropped, 0 unknown, 0 withheld, 0 not used", w.sums(), "%v %v", w.lost(), w.because())
	for i, want := range []string{"internet tcp 203.0.113.10", "app-1 tcp 203.0.113.7:443 > 10.0.2.10:40000", "internet tcp 203.0.113.10", "app-1 tcp 203.0.113.8:443 > 10.0.2.10:40000"} {
		assert.True(t, strings.HasPrefix(w.arrived[i], want), "%q, not %q", w.arrived[i], want)
	}
	assert.Equal(t, "app-1 icmp 203.0.113.7 > 10.0.2.10 id 7", w.arrived[5])
}

// TestFromTheInternet: a host there addresses the public address, and public addresses
// stay what they are.
func TestFromTheInternet(t *testing.T) {
	w := newWorld(t, office(), "192.168.1.20=web-1", "203.0.113.77=internet")
	w.send(
		spec("tcp 203.0.113.77:40000 > 192.168.1.20:443", syn),
		spec("tcp 192.168.1.20:443 > 203.0.113.77:40000", synack))
	assert.Equal(t, "passed: 2 passed, 0 dropped, 0 unknown, 0 withheld, 0 not used", w.sums())
	assert.Equal(t, []string{"web-1 tcp 203.0.113.77:40000 > 10.0.1.10:443", "internet tcp 198.51.100.10:443 > 203.0.113.77:40000"}, w.arrived)
}

// TestWithoutMap: a capture from the network itself needs no map.
func TestWithoutMap(t *testing.T) {
	w := newWorld(t, office())
	w.send(
		spec("tcp 10.0.2.10:40000 > 10.0.3.10:5432", syn),
		spec("tcp 203.0.113.77:40000 > 198.51.100.10:443", syn),
		spec("tcp [2001:db8:9::9]:40000 > [2001:db8:1::10]:443", syn),
		spec("tcp [2001:db8:1::10]:443 > [2001:db8:9::9]:40000", synack))
	assert.Equal(t, "passed: 4 passed, 0 dropped, 0 unknown, 0 withheld, 0 not used", w.sums())
	assert.Equal(t, []string{
		"db-1 tcp 10.0.2.10:40000 > 10.0.3.10:5432", "web-1 tcp 203.0.113.77:40000 > 10.0.1.10:443",
		"web-1 tcp [2001:db8:9::9]:40000 > [2001:db8:1::10]:443", "internet tcp [2001:db8:1::10]:443 > [2001:db8:9::9]:40000",
	}, w.arrived)
}

// TestFragments: pieces follow their first one, there and back, through NAT.
func TestFragments(t *testing.T) {
	w := newWorld(t, office(), "192.168.1.10=app-1", "192.168.1.1=internet", "192.168.1.20=web-1")
	pieces := func(flow string) {
		var p packet.Packet
		b := packet.Spec{Flow: packet.MustParseFlow(flow), ID: 77, Payload: make([]byte, 3000)}.Bytes()
		require.NoError(t, p.Parse(b))
		packet.Fragment(&p, 1200, func(b []byte) { w.raw(append([]byte(nil), b...)) })
	}
	pieces("udp 192.168.1.10:5000 > 192.168.1.1:6000")
	pieces("udp 192.168.1.1:6000 > 192.168.1.10:5000")
	assert.Equal(t, "passed: 6 passed, 0 dropped, 0 unknown, 0 withheld, 0 not used", w.sums(), "%v", w.lost())
	assert.Len(t, w.Report().Flows, 1)
	for _, a := range w.arrived[3:] {
		assert.Contains(t, a, "app-1 udp 203.0.113.7:")
	}
}

// TestLoneFragment: a piece without the first one belongs to no flow.
func TestLoneFragment(t *testing.T) {
	w := newWorld(t, office(), "192.168.1.10=app-1", "192.168.1.20=db-1")
	w.send(packet.Spec{Flow: packet.MustParseFlow("udp 192.168.1.10:5000 > 192.168.1.20:6000"), FragOffset: 80, ID: 5, Payload: make([]byte, 64)})
	assert.Equal(t, "unknown: 0 passed, 0 dropped, 0 unknown, 0 withheld, 1 not used", w.sums())
	assert.Equal(t, []string{"1 from 1: a fragment without its first one"}, w.because())
}

// unreachable is "port unreachable" about a captured packet, from its destination.
func unreachable(about string) packet.Spec {
	f := packet.MustParseFlow(about)
	return packet.Spec{Flow: packet.Flow{Src: f.Dst, Dst: f.Src, Proto: packet.ICMP}, ICMPType: 3, ICMPCode: 3, Payload: packet.Spec{Flow: f}.Bytes()}
}

// TestMessages: an ICMP error quotes what its sender has seen, so that NAT and tracked
// flows know what it is about.
func TestMessages(t *testing.T) {
	w := newWorld(t, office(), "192.168.1.10=app-1", "192.168.1.1=internet")
	w.send(
		spec("udp 192.168.1.10:5000 > 192.168.1.1:6000", 0),
		unreachable("udp 192.168.1.10:5000 > 192.168.1.1:6000"), // of the server
		spec("udp 192.168.1.1:6000 > 192.168.1.10:5000", 0),
		unreachable("udp 192.168.1.1:6000 > 192.168.1.10:5000")) // of the client
	assert.Equal(t, "passed: 4 passed, 0 dropped, 0 unknown, 0 withheld, 0 not used", w.sums(), "%v", w.lost())
	assert.Equal(t, "app-1 icmp 203.0.113.7 > 10.0.2.10", w.arrived[1])
	assert.Equal(t, "internet icmp 203.0.113.10 > 203.0.113.7", w.arrived[3])
}

func TestMessagesThatAreNot(t *testing.T) {
	w := newWorld(t, office(), "192.168.1.10=app-1", "192.168.1.20=db-1")
	router := unreachable("tcp 192.168.1.10:40000 > 192.168.1.20:5433")
	router.Flow.Src = addr("192.168.1.1")
	w.send(
		unreachable("udp 192.168.1.10:1 > 192.168.1.20:2"),
		spec("tcp 192.168.1.10:40000 > 192.168.1.20:5433", syn), // refused
		unreachable("tcp 192.168.1.10:40000 > 192.168.1.20:5433"),
		router)
	assert.Equal(t, "dropped: 0 passed, 1 dropped, 0 unknown, 1 withheld, 2 not used", w.sums())
	assert.Equal(t, []string{"1 from 1: an ICMP error about no flow of the capture", "1 from 4: an ICMP error of a router, of which the network has its own"}, w.because())
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

// TestServices: what the fabric answers for by itself is not answered twice.
func TestServices(t *testing.T) {
	w := newWorld(t, office(), "192.168.1.10=app-1", "192.168.1.1=10.0.0.2")
	w.send(
		spec("udp 192.168.1.10:5000 > 192.168.1.1:53", 0),
		spec("udp 192.168.1.1:53 > 192.168.1.10:5000", 0),
		spec("tcp 192.168.1.10:5000 > 169.254.169.254:80", syn),
		spec("tcp 169.254.169.254:80 > 192.168.1.10:5000", synack))
	assert.Equal(t, "passed: 2 passed, 0 dropped, 0 unknown, 0 withheld, 2 not used", w.sums(), "%v", w.lost())
	assert.Equal(t, []string{"2 from 2: the answer of a service that the network answers for by itself"}, w.because())
}

// TestLargePacket: the internet gateway cuts it up, and its first piece says who asks.
func TestLargePacket(t *testing.T) {
	w := newWorld(t, office(), "192.168.1.20=web-1", "192.168.1.1=internet")
	large := spec("udp 192.168.1.20:5000 > 192.168.1.1:6000", 0)
	large.Payload = make([]byte, 3000)
	w.send(large, spec("udp 192.168.1.1:6000 > 192.168.1.20:5000", 0))
	assert.Equal(t, "passed: 2 passed, 0 dropped, 0 unknown, 0 withheld, 0 not used", w.sums(), "%v", w.lost())
	assert.Len(t, w.arrived, 4, "three pieces and the answer")
	assert.Equal(t, "udp 198.51.100.10:5000 > 203.0.113.7:6000", w.Report().Flows[0].Arrived)
}

// filtered is the office with a firewall between app-1 and db-1.
func filtered() *vpc.Network {
	n := office()
	v := n.VPC("prod")
	v.AddSubnet("fw", "10.0.4.0/24").AddInterface("fw", "10.0.4.10", "web").NoSourceDestCheck = true
	v.SecurityGroup("web").AllowIn("all", "10.0.0.0/16")
	v.RouteTable("private").AddRoute("10.0.3.0/24", "fw")
	v.SecurityGroup("db").AllowIn("tcp/5432", "10.0.2.0/24")
	v.AddRouteTable("data").AddRoute("10.0.2.0/24", "fw")
	v.Subnet("data").UseRouteTable("data")
	return n
}

// TestMiddleboxExpires: a packet whose TTL has run out ends at the middlebox, whatever
// that says about it.
func TestMiddleboxExpires(t *testing.T) {
	w := newWorld(t, filtered(), "192.168.1.10=app-1", "192.168.1.20=db-1")
	s := spec("tcp 192.168.1.10:40000 > 192.168.1.20:5432", syn)
	s.TTL = 1
	p := spec("icmp 192.168.1.10 > 192.168.1.20 id 7", 0)
	p.TTL = 1
	w.send(s, p)
	assert.Equal(t, []string{"request dropped 1 from 1: it ends at fw", "request dropped 1 from 2: it ends at fw"}, w.lost())
	assert.Equal(t, "dropped: 0 passed, 2 dropped, 0 unknown, 0 withheld, 0 not used", w.sums())

	n := filtered()
	n.VPC("prod").AddNetworkACL("mute").AllowIn(100, "all", "0.0.0.0/0").AllowOut(100, "tcp", "0.0.0.0/0")
	n.VPC("prod").Subnet("fw").NetworkACL = "mute"
	w = newWorld(t, n, "192.168.1.10=app-1", "192.168.1.20=db-1")
	w.send(s)
	assert.Equal(t, []string{"request dropped 1 from 1: it ends at fw"}, w.lost(), "and not as what it says about it")
}

// TestMiddlebox: a guest without source/destination check sends on, there and back.
func TestMiddlebox(t *testing.T) {
	w := newWorld(t, filtered(), "192.168.1.10=app-1", "192.168.1.20=db-1")
	w.send(
		spec("tcp 192.168.1.10:40000 > 192.168.1.20:5432", syn),
		spec("tcp 192.168.1.20:5432 > 192.168.1.10:40000", synack),
		spec("tcp 192.168.1.10:40000 > 192.168.1.20:22", syn))
	assert.Equal(t, "dropped: 2 passed, 1 dropped, 0 unknown, 0 withheld, 0 not used", w.sums(), "%v", w.lost())
	assert.Equal(t, []string{"request dropped 1 from 3: eni db-1, sg ingress: no rule of db matches tcp/22 from 10.0.2.10 (net.yaml:9)"}, w.lost())
}

// TestLoadBalancer: the target answers what the load balancer has made of the request.
func TestLoadBalancer(t *testing.T) {
	n := office()
	v := n.VPC("prod")
	v.SecurityGroup("app").AllowIn("tcp/8080", "10.0.0.0/16")
	v.LoadBalancers = []*vpc.LoadBalancer{{
		ID: "front", Internal: true, CrossZone: vpc.CrossZoneOn,
		Nodes:     []vpc.LoadBalancerNode{{Subnet: "public", Addresses: []vpc.Address{{IP: addr("10.0.1.50")}}}},
		Listeners: []vpc.Listener{{Protocol: "TCP", Port: 80, Forward: []vpc.Forward{{TargetGroup: "apps"}}}},
	}}
	v.TargetGroups = []*vpc.TargetGroup{{ID: "apps", Protocol: "TCP", Port: 8080, Targets: []vpc.LoadBalancerTarget{{ID: "10.0.2.10"}}}}
	w := newWorld(t, n, "192.168.1.10=web-1", "192.168.1.20=front")
	w.send(
		spec("tcp 192.168.1.10:40000 > 192.168.1.20:80", syn),
		spec("tcp 192.168.1.20:80 > 192.168.1.10:40000", synack),
		spec("tcp 192.168.1.10:40000 > 192.168.1.20:81", syn),
		spec("tcp 192.168.1.20:50000 > 192.168.1.10:443", syn))
	assert.Equal(t, "dropped: 2 passed, 1 dropped, 0 unknown, 0 withheld, 1 not used", w.sums(), "%v", w.lost())
	assert.Contains(t, w.arrived[1], ":8080")
	assert.Contains(t, w.arrived, "web-1 tcp 10.0.1.50:80 > 10.0.1.10:40000")
	assert.Equal(t, []string{"1 from 4: source: front is a load balancer, which only passes on what clients ask: ask from a client"}, w.because())
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

// BenchmarkReplay is one packet of long connections, read from a capture and sent, with
// and without a capture of what happens.
func BenchmarkReplay(b *testing.B) {
	for _, c := range []struct{ name, server, port string }{{"inside", "192.168.1.20", "5432"}, {"nat", "192.168.1.1", "443"}} {
		for _, pcap := range []bool{false, true} {
			b.Run(fmt.Sprintf("way=%s/pcap=%v", c.name, pcap), func(b *testing.B) {
				file := longCapture(b, c.server, c.port)
				var r *replay.Replay
				var in *capture.Reader
				again := func() {
					var o replay.Options
					o.Map = map[netip.Addr]string{addr("192.168.1.10"): "app-1", addr("192.168.1.20"): "db-1", addr("192.168.1.1"): "internet"}
					if pcap {
						o.Observer = capture.NewWriter(io.Discard, capture.Filter{}).Observer()
					}
					var err error
					r, err = replay.New(office(), o)
					require.NoError(b, err)
					in, err = capture.NewReader(bytes.NewReader(file))
					require.NoError(b, err)
				}
				again()
				b.SetBytes(600)
				b.ReportAllocs()
				for b.Loop() {
					p, err := in.Next()
					if err != nil {
						again()
						continue
					}
					r.Send(&p)
				}
				require.Zero(b, r.Report().Dropped)
			})
		}
	}
}

// longCapture is a pcap file of 100 connections with 2,000 packets each, of 600 bytes.
func longCapture(t testing.TB, server, port string) []byte {
	t.Helper()
	words := func(b []byte, words ...uint32) []byte {
		for _, w := range words {
			b = binary.LittleEndian.AppendUint32(b, w)
		}
		return b
	}
	out := words(nil, 0xa1b2c3d4, 4<<16|2, 0, 0, 65535, uint32(capture.Raw))
	for n := range uint32(2000) {
		for k := range 100 {
			s := spec(fmt.Sprintf("tcp 192.168.1.10:%d > %s:%s", 40000+k, server, port), ack)
			if n == 0 {
				s.Flags = syn
			}
			if n%2 == 1 {
				s.Flow = s.Flow.Reverse()
			}
			s.Payload = make([]byte, 560)
			out = append(words(out, 1000+n/1000, n%1000*1000+uint32(k), 600, 600), s.Bytes()...)
		}
	}
	return out
}
