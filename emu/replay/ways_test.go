package replay_test

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vpcemu/vpcemu/packet"
	"github.com/vpcemu/vpcemu/routing"
	"github.com/vpcemu/vpcemu/vpc"
)

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

// TestAnswerByAnotherWay: whether an answer to the internet gets there that leaves for
// on-premises is not known, as in a trace.
func TestAnswerByAnotherWay(t *testing.T) {
	n := office()
	v := n.VPCs[0]
	v.Gateways = append(v.Gateways, &vpc.Gateway{Kind: routing.VPNGateway, ID: "vgw", VPN: &vpc.VPN{
		Connections: []*vpc.Link{{ID: "vpn", Prefixes: []vpc.Announcement{{Prefix: netip.MustParsePrefix("0.0.0.0/0")}}}}}})
	v.RouteTables[0].Routes = nil
	v.RouteTables[0].AddRoute("0.0.0.0/0", "vgw")
	w := newWorld(t, n, "192.168.1.20=web-1", "203.0.113.77=internet")
	w.send(
		spec("tcp 203.0.113.77:40000 > 192.168.1.20:443", syn),
		spec("tcp 192.168.1.20:443 > 203.0.113.77:40000", synack))
	assert.Equal(t, "unknown: 1 passed, 0 dropped, 1 unknown, 0 withheld, 0 not used", w.sums(), "%v", w.lost())
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
