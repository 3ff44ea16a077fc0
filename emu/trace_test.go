package emu_test

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/firewall"
	"github.com/vpcemu/vpcemu/packet"
	"github.com/vpcemu/vpcemu/routing"
	"github.com/vpcemu/vpcemu/vpc"
)

// open adds a group that allows everything.
func open(v *vpc.VPC) *vpc.VPC {
	v.AddSecurityGroup("open").AllowIn("all", "0.0.0.0/0").AllowIn("all", "::/0").AllowAllOut()
	return v
}

// behindFirewall is two subnets whose traffic goes through fw, in a third one,
// and another VPC with the same addresses.
//
//	s (10.0.1.10) ──▶ fw (10.0.3.10) ──▶ d (10.0.2.10)         other: s, d
func behindFirewall() *vpc.Network {
	var n vpc.Network
	v := open(n.AddVPC("v", "10.0.0.0/16", "2001:db8:1::/56"))
	v.AddInternetGateway("igw-1")
	v.AddRouteTable("s").AddRoute("10.0.2.0/24", "fw").AddRoute("0.0.0.0/0", "igw")
	v.AddSubnet("s", "10.0.1.0/24", "2001:db8:1::/64").UseRouteTable("s").
		AddInterface("s", "10.0.1.10", "open").AddPublicIP("198.51.100.1").AddAddress("2001:db8:1::10")
	v.AddSubnet("d", "10.0.2.0/24").AddInterface("d", "10.0.2.10", "open")
	v.AddSubnet("fw", "10.0.3.0/24").AddInterface("fw", "10.0.3.10", "open").NoSourceDestCheck = true
	other := open(n.AddVPC("other", "10.0.0.0/16"))
	other.AddSubnet("s", "10.0.1.0/24").AddInterface("other-s", "10.0.1.10", "open")
	other.AddSubnet("d", "10.0.2.0/24").AddInterface("other-d", "10.0.2.10", "open")
	return &n
}

func ask(t testing.TB, n *vpc.Network, src, dst, service string) *emu.Trace {
	t.Helper()
	trace, err := newEmulator(t, n, emu.Options{}).Trace(emu.Query{Source: src, Destination: dst, Service: firewall.MustParseService(service)})
	require.NoError(t, err)
	return trace
}

// answer is a trace in a line: the verdict and what is in the way, or unknown.
func answer(t *emu.Trace) string {
	words := []string{t.Verdict.String()}
	for _, b := range t.Blockers {
		words = append(words, strings.TrimPrefix(b.Direction+":", "request:")+b.Reason)
	}
	for _, u := range t.Unknowns {
		words = append(words, u.Component)
	}
	return strings.Join(words, " ")
}

// natGateway is one that is not modelled.
func natGateway(subnet, private, public string) *vpc.Gateway {
	return &vpc.Gateway{Kind: routing.NATGateway, ID: "nat-1", Subnet: subnet, State: "available",
		Addresses: []vpc.Address{{IP: netip.MustParseAddr(private), Public: netip.MustParseAddr(public)}}}
}

func TestTrace(t *testing.T) {
	for _, c := range []struct {
		name          string
		change        func(n *vpc.Network)
		src, dst, svc string
		want          string
	}{
		{"through a middlebox", nil, "s", "d", "tcp/80", "reachable"},
		{"its check is on: named once, and on it goes", func(n *vpc.Network) {
			n.Interface("fw").NoSourceDestCheck = false
			n.SecurityGroup("v/open").Ingress = nil
		},
			"s", "d", "tcp/80", "blocked SRC_DST_CHECK SG_INGRESS SG_INGRESS"},
		{"it is stopped: a blackhole, and on it goes", func(n *vpc.Network) {
			n.Interface("fw").Detached = true
			n.Interface("fw").Groups = []string{"default"}
		},
			"s", "d", "tcp/80", "blocked BLACKHOLE SG_INGRESS"},
		{"tracked flows are limited", func(n *vpc.Network) { limitFlows(n, "s", 100) }, "s", "d", "tcp/80", "reachable"},
		{"a NAT gateway's public address", func(n *vpc.Network) {
			n.VPCs[0].Gateways = append(n.VPCs[0].Gateways, natGateway("d", "10.0.2.50", "198.51.100.99"))
		},
			"s", "198.51.100.99", "tcp/80", "blocked NAT_UNSOLICITED"},
		{"its private address", func(n *vpc.Network) {
			n.VPCs[0].Gateways = append(n.VPCs[0].Gateways, natGateway("s", "10.0.1.50", "198.51.100.99"))
		},
			"s", "10.0.1.50", "tcp/80", "blocked NAT_UNSOLICITED"},
		{"the next address is nobody's", func(n *vpc.Network) {
			n.VPCs[0].Gateways = append(n.VPCs[0].Gateways, natGateway("d", "10.0.2.50", "198.51.100.99"))
		},
			"s", "198.51.100.98", "tcp/80", "reachable"},
		{"VPC-19 the same address elsewhere", nil, "s", "other-d", "tcp/80", "blocked NO_ROUTE"},
		{"VPC-19 and back", nil, "other-s", "v/d", "tcp/80", "blocked NO_ROUTE"},
		{"VPC-20 an address of nobody in the VPC's range", nil, "s", "10.0.9.9", "tcp/80", "blocked NO_SUCH_ADDRESS"},
		{"ENI-23 to itself, whatever the rules", func(n *vpc.Network) { n.Interface("s").Groups = []string{n.VPCs[0].AddSecurityGroup("shut").ID} },
			"s", "s", "tcp/80", "reachable"},
		{"ENI-23 to its neighbour, the rules", func(n *vpc.Network) { n.Interface("v/d").Groups = []string{"default"} }, "s", "d", "tcp/80", "blocked SG_INGRESS"},
		{"internet is nobody's address", func(n *vpc.Network) { n.Subnet("v/d").AddInterface("x", "", "default").AddPublicIP("203.0.113.7") }, "s", "internet", "tcp/80", "reachable"},
		{"but somebody's if asked for", func(n *vpc.Network) { n.Subnet("v/d").AddInterface("x", "", "default").AddPublicIP("203.0.113.7") },
			"s", "203.0.113.7", "tcp/80", "blocked SG_INGRESS reply:NO_ROUTE"},
		{"IGW-6 source by its public address", nil, "198.51.100.1", "internet", "tcp/80", "reachable"},
		{"an Elastic IP on a secondary address", func(n *vpc.Network) { moveElastic(n.Interface("s")) }, "internet", "s", "tcp/80", "reachable"},
		{"it sends from there", func(n *vpc.Network) { moveElastic(n.Interface("s")) }, "s", "internet", "tcp/80", "reachable"},
		{"not described instance", func(n *vpc.Network) { n.VPCs[0].Partial, n.Interface("s").Instance = true, "i-missing" }, "internet", "s", "tcp/80", "unknown s"},
		{"described instance", func(n *vpc.Network) { n.VPCs[0].AddInstance("i-1"); n.Interface("s").Instance = "i-1" }, "internet", "s", "tcp/80", "reachable"},
		{"SG-15 group by vpc/name", func(n *vpc.Network) {
			n.SecurityGroup("v/open").Ingress = nil
			n.SecurityGroup("v/open").AllowIn("tcp/80", "v/open")
		},
			"s", "10.0.1.20", "tcp/80", "reachable"},
	} {
		t.Run(c.name, func(t *testing.T) {
			n := behindFirewall()
			n.Subnet("v/s").AddInterface("s2", "10.0.1.20", "open")
			if c.change != nil {
				c.change(n)
			}
			trace := ask(t, n, c.src, c.dst, c.svc)
			assert.Equal(t, c.want, answer(trace), "%s", trace)
		})
	}
}

func limitFlows(n *vpc.Network, iface string, most int) {
	i := n.VPCs[0].AddInstance("i-limited")
	i.TrackedFlows = most
	n.Interface(iface).Instance = i.ID
}

// moveElastic moves the public address from the primary to a secondary address.
func moveElastic(i *vpc.Interface) {
	i.AddAddress("10.0.1.11")
	last := len(i.Addresses) - 1
	i.Addresses[last].Public, i.Addresses[last].Elastic = i.Addresses[0].Public, true
	i.Addresses[0].Public = netip.Addr{}
}

// TestTraceToAService: the service of a gateway endpoint is reached through the endpoint, and by
// no other way, wherever that has its addresses (EP-2).
func TestTraceToAService(t *testing.T) {
	for _, c := range []struct{ route, want string }{
		{"s3", "reachable"}, {"igw", "blocked NO_SUCH_ADDRESS"}, {"vgw", "blocked NO_SUCH_ADDRESS"},
	} {
		t.Run(c.route, func(t *testing.T) {
			var n vpc.Network
			n.AddPrefixList("pl-s3", "192.0.2.0/24").Name = "com.amazonaws.us-east-1.s3"
			v := open(n.AddVPC("v", "10.0.0.0/16"))
			v.AddInternetGateway("igw")
			v.Gateways = append(v.Gateways,
				&vpc.Gateway{Kind: routing.GatewayEndpoint, ID: "s3", Endpoint: &vpc.Endpoint{Service: "s3", PrefixList: "pl-s3"}},
				&vpc.Gateway{Kind: routing.VPNGateway, ID: "vgw", VPN: &vpc.VPN{Connections: []*vpc.Link{
					{ID: "vpn", Prefixes: []vpc.Announcement{{Prefix: netip.MustParsePrefix("192.0.0.0/3")}}}}}})
			v.AddSubnet("s", "10.0.1.0/24").UseRouteTable("t").AddInterface("app", "10.0.1.10", "open").AddPublicIP("198.51.100.1")
			if r := v.AddRouteTable("t"); c.route == "s3" {
				v.Gateway("s3").Endpoint.RouteTables = []string{"t"}
			} else {
				r.AddRoute("0.0.0.0/0", c.route)
			}
			assert.Equal(t, c.want, answer(ask(t, &n, "app", "s3", "tcp/443")))
		})
	}
}

// TestTraceNamesTheStoppedInterface: the public address that its stop released
// still says whom the question means (IGW-27).
func TestTraceNamesTheStoppedInterface(t *testing.T) {
	n := behindFirewall()
	n.VPCs[0].AddInstance("i-1").State = vpc.Stopped
	n.Interface("s").Instance = "i-1"
	trace := ask(t, n, "internet", "198.51.100.1", "tcp/80")
	require.Equal(t, "blocked IGW_UNKNOWN_DST ENI_NOT_ATTACHED", answer(trace), "%s", trace)
	assert.Equal(t, "s", trace.Blockers[1].Component)
}

// TestTraceLendsAPublicAddress: what is not in the way is not said to be. Past the gateway that
// finds no public address of the source, the answer comes back to the address that asked, whichever
// of the interface's that is.
func TestTraceLendsAPublicAddress(t *testing.T) {
	for _, source := range []string{"10.0.1.10", "10.0.1.11"} {
		for _, destination := range []string{"198.51.100.2", "internet"} {
			t.Run(source+" to "+destination, func(t *testing.T) {
				var n vpc.Network
				v := open(n.AddVPC("v", "10.0.0.0/16"))
				v.AddSecurityGroup("out").AllowAllOut()
				v.AddInternetGateway("igw")
				v.AddRouteTable("t").AddRoute("0.0.0.0/0", "igw")
				s := v.AddSubnet("s", "10.0.1.0/24").UseRouteTable("t")
				s.AddInterface("app", "10.0.1.10", "out").AddAddress("10.0.1.11")
				s.AddInterface("db", "10.0.1.20", "open").AddPublicIP("198.51.100.2")
				trace := ask(t, &n, source, destination, "tcp/80")
				assert.Equal(t, "blocked IGW_NO_PUBLIC_IP", answer(trace), "%s", trace)
			})
		}
	}
}

// TestTraceWithFlowsUsedUp: a trace has no flows under way, and leaves none.
func TestTraceWithFlowsUsedUp(t *testing.T) {
	n := behindFirewall()
	n.SecurityGroup("v/open").Egress = nil
	n.SecurityGroup("v/open").AllowOut("tcp", "10.0.0.0/8")
	limitFlows(n, "s", 1)
	e := newEmulator(t, n, emu.Options{})
	q := emu.Query{Source: "s", Destination: "d", Service: firewall.MustParseService("tcp/80")}
	for _, want := range []emu.Reason{emu.None, emu.ConntrackFull} {
		trace, err := e.Trace(q)
		require.NoError(t, err)
		assert.Equal(t, emu.Reachable, trace.Verdict, "%s", trace)
		port := 40000 + int(want)
		r := portOf(t, e, "v/s").Send(segment(fmt.Sprintf("tcp 10.0.1.10:%d > 10.0.2.10:80", port), packet.SYN))
		assert.Equal(t, want, r.Reason)
	}
}

func TestTraceOfServicesThatAreNoPacket(t *testing.T) {
	n := behindFirewall()
	n.Subnet("v/s").AddInterface("six", "10.0.1.20", "open").AddAddress("2001:db8:1::20")
	e := newEmulator(t, n, emu.Options{})
	for _, c := range []struct {
		name string
		svc  firewall.Service
		ipv6 bool
		err  string
	}{
		{"ESP over IPv6", firewall.MustParseService("ip/50"), true, ""},
		{"no next header", firewall.MustParseService("ip/59"), true, ""},
		{"hop-by-hop options over IPv6", firewall.MustParseService("ip/0"), true, "not a protocol of its own"},
		{"routing header over IPv6", firewall.MustParseService("ip/43"), true, "not a protocol of its own"},
		{"fragment header over IPv6", firewall.MustParseService("ip/44"), true, "not a protocol of its own"},
		{"destination options over IPv6", firewall.MustParseService("ip/60"), true, "not a protocol of its own"},
		{"the same number over IPv4", firewall.MustParseService("ip/60"), false, ""},
		{"ICMP over IPv6", firewall.MustParseService("icmp"), true, ""}, // asks over IPv4
		{"one port", firewall.MustParseService("tcp/80"), false, ""},
		{"several ports", firewall.MustParseService("tcp/80-443"), false, "tcp/80"},
		{"all ports", firewall.MustParseService("udp"), false, "range of ports"},
		{"all protocols", firewall.MustParseService("all"), false, "one packet has one protocol"},
		{"protocol 300", firewall.Service{Protocol: 300}, false, "no such protocol"},
		{"protocol 262, which is 6 in a byte", firewall.Service{Protocol: 262, From: 80, To: 80}, false, "no such protocol"},
		{"protocol -7", firewall.Service{Protocol: -7}, false, "no such protocol"},
		{"port 65616, which is 80 in two bytes", firewall.Service{Protocol: 6, From: 65616, To: 65616}, false, "port"},
	} {
		t.Run(c.name, func(t *testing.T) {
			trace, err := e.Trace(emu.Query{Source: "s", Destination: "six", Service: c.svc, IPv6: c.ipv6})
			if c.err != "" {
				require.ErrorContains(t, err, c.err)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, emu.Reachable, trace.Verdict, "%s", trace)
		})
	}
}

// TestInterfaceThatIsNotUnderstood: what is not understood may be anything, also a
// public address of the other IP version.
func TestInterfaceThatIsNotUnderstood(t *testing.T) {
	for _, c := range []struct{ name, private, public, flow string }{
		{"IPv6 public for IPv4", "10.0.1.20", "2001:db8:5::1", "tcp [2001:db8:9::1]:1000 > [2001:db8:5::1]:80"},
		{"IPv4 public for IPv6", "2001:db8:1::20", "198.51.100.3", "tcp 203.0.113.1:1000 > 198.51.100.3:80"},
		{"IPv4 for IPv4", "10.0.1.20", "198.51.100.3", "tcp 203.0.113.1:1000 > 198.51.100.3:80"},
	} {
		t.Run(c.name, func(t *testing.T) {
			n := behindFirewall()
			i := n.Subnet("v/s").AddInterface("odd", "", "open")
			i.Addresses = []vpc.Address{{IP: netip.MustParseAddr(c.private), Public: netip.MustParseAddr(c.public)}}
			i.Unknown = "odd"
			r := newEmulator(t, n, emu.Options{}).Internet().Send(segment(c.flow, packet.SYN))
			assert.NotEqual(t, emu.Delivered, r.Fate)
			assert.NotEqual(t, emu.Exited, r.Fate)
			assert.NotEqual(t, emu.Reachable, ask(t, n, "s", c.private, "tcp/80").Verdict)
		})
	}
}

func TestTraceSurvivesJSON(t *testing.T) {
	for _, q := range []string{"s d tcp/80", "s other-d tcp/80", "s 198.51.100.99 tcp/80", "internet s icmp", "s s udp/53"} {
		t.Run(q, func(t *testing.T) {
			n := behindFirewall()
			n.VPCs[0].Gateways = append(n.VPCs[0].Gateways, natGateway("d", "10.0.2.50", "198.51.100.99"))
			w := strings.Fields(q)
			trace := ask(t, n, w[0], w[1], w[2])
			first, err := json.Marshal(trace)
			require.NoError(t, err)
			var back emu.Trace
			require.NoError(t, json.Unmarshal(first, &back))
			second, err := json.Marshal(&back)
			require.NoError(t, err)
			assert.JSONEq(t, string(first), string(second))
			assert.Equal(t, trace.Verdict, back.Verdict)
			for _, l := range []*emu.Leg{trace.Request, trace.Reply} {
				if l != nil {
					l.Sent, l.Arrived, l.Lost = nil, nil, nil // bytes are for captures
					for i := range l.Steps {
						l.Steps[i].Decided = emu.Decided{}
					}
				}
			}
			assert.Equal(t, trace.Request, back.Request)
			assert.Equal(t, trace.Reply, back.Reply)
		})
	}
	var a emu.Answer
	var f emu.Fate
	assert.ErrorContains(t, a.UnmarshalText([]byte("perhaps")), `"perhaps"`)
	assert.ErrorContains(t, f.UnmarshalText([]byte("")), `""`)
}
