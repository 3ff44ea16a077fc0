package emu_test

import (
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/firewall"
	"github.com/vpcemu/vpcemu/packet"
	"github.com/vpcemu/vpcemu/vpc"
)

// listening gives the load balancer one listener.
func listening(protocol string, port uint16) change {
	return func(_ *vpc.VPC, lb *vpc.LoadBalancer, _ *vpc.TargetGroup) {
		lb.Listeners[0].Protocol, lb.Listeners[0].Port = protocol, port
	}
}

// opened lets everything through the groups.
func opened(v *vpc.VPC, lb *vpc.LoadBalancer, _ *vpc.TargetGroup) {
	lb.Groups = []string{"open"}
	for _, name := range []string{"c", "d"} {
		v.Subnet(name).Interfaces[0].Groups = []string{"open"}
	}
}

// behind puts an Application Load Balancer in front of the targets, as the target of
// the Network Load Balancer.
func behind(v *vpc.VPC, lb *vpc.LoadBalancer, g *vpc.TargetGroup) {
	v.AddSecurityGroup("web").AllowIn("tcp/80", "0.0.0.0/0").AllowOut("tcp/8443", "app")
	v.SecurityGroup("app").AllowIn("tcp/8443", "web")
	v.SecurityGroup("lb").AllowOut("tcp/80", "web")
	v.LoadBalancers = append(v.LoadBalancers, &vpc.LoadBalancer{
		ID: "alb", Kind: vpc.ApplicationLoadBalancer, Internal: true, Groups: []string{"web"},
		Nodes:     []vpc.LoadBalancerNode{{Subnet: "c", Addresses: []vpc.Address{{IP: netip.MustParseAddr("10.0.3.9")}}}},
		Listeners: []vpc.Listener{{Protocol: "HTTP", Port: 80, Forward: []vpc.Forward{{TargetGroup: "apps"}}}},
	})
	v.TargetGroups = append(v.TargetGroups, &vpc.TargetGroup{ID: "front", Protocol: "TCP", Port: 80, Type: vpc.BalancerTargets, Targets: []vpc.LoadBalancerTarget{{ID: "alb"}}})
	lb.CrossZone = vpc.CrossZoneOn
	lb.Listeners[0].Forward[0].TargetGroup = "front"
}

// both gives everything IPv6 addresses too.
func both(v *vpc.VPC, lb *vpc.LoadBalancer, g *vpc.TargetGroup) {
	v.CIDRs = append(v.CIDRs, netip.MustParsePrefix("2001:db8::/56"))
	v.RouteTable("public").AddRoute("::/0", "igw")
	v.SecurityGroup("lb").AllowIn("tcp/443", "::/0")
	for k, name := range []string{"a", "b", "c", "d"} {
		s := v.Subnet(name)
		base := netip.MustParseAddr("2001:db8::").As16()
		base[7] = byte(k)
		s.CIDRs = append(s.CIDRs, netip.PrefixFrom(netip.AddrFrom16(base), 64))
		base[15] = 9
		if k < 2 {
			lb.Nodes[k].Addresses = append(lb.Nodes[k].Addresses, vpc.Address{IP: netip.AddrFrom16(base)})
			continue
		}
		s.Interfaces[0].AddAddress(netip.AddrFrom16(base).String())
	}
}

func sixTargets(_ *vpc.VPC, _ *vpc.LoadBalancer, g *vpc.TargetGroup) {
	g.Targets = []vpc.LoadBalancerTarget{{ID: "2001:db8:0:2::9"}, {ID: "2001:db8:0:3::9"}}
}

func groupCross(c vpc.CrossZone) change {
	return func(_ *vpc.VPC, _ *vpc.LoadBalancer, g *vpc.TargetGroup) { g.CrossZone = c }
}

func targetType(kind vpc.TargetType, targets ...string) change {
	return func(_ *vpc.VPC, _ *vpc.LoadBalancer, g *vpc.TargetGroup) {
		g.Type, g.Targets = kind, nil
		for _, name := range targets {
			g.Targets = append(g.Targets, vpc.LoadBalancerTarget{ID: name})
		}
	}
}

// TestLoadBalancerWays: each way through a load balancer beside the nearest one that
// does not work.
func TestLoadBalancerWays(t *testing.T) {
	crossing := func(_ *vpc.VPC, lb *vpc.LoadBalancer, _ *vpc.TargetGroup) { lb.CrossZone = vpc.CrossZoneOn }
	for _, c := range []struct {
		name     string
		change   change
		from, to string
		service  string
		want     string
	}{
		{"UDP", all(opened, listening("UDP", 53)), "internet", "web-lb", "udp/53", ""},
		{"TCP to a UDP listener", all(opened, listening("UDP", 53)), "internet", "web-lb", "tcp/53", "LB_NO_LISTENER"},
		{"TCP_UDP, UDP", all(opened, listening("TCP_UDP", 53)), "internet", "web-lb", "udp/53", ""},
		{"TCP_UDP, TCP", all(opened, listening("TCP_UDP", 53)), "internet", "web-lb", "tcp/53", ""},
		{"TLS", listening("TLS", 443), "internet", "web-lb", "tcp/443", ""},
		{"UDP to a TLS listener", all(opened, listening("TLS", 443)), "internet", "web-lb", "udp/443", "LB_NO_LISTENER"},
		{"ping to an NLB", opened, "internet", "web-lb", "icmp/8/0", "LB_NO_LISTENER"},
		{"ping to an ALB", all(opened, application), "internet", "web-lb", "icmp/8/0", "unknown"},

		{"the target is the client, address preserved", all(opened, preserving, health("", "draining"), crossing), "app-1", "web-lb", "tcp/443", "ROUTING_LOOP"},
		{"the target is the client, address not preserved", all(opened, health("", "draining"), crossing), "app-1", "web-lb", "tcp/443", ""},

		{"an ALB's group that stays in the zone", all(application, health("draining", ""), groupCross(vpc.CrossZoneOff)), "internet", "198.51.100.1", "tcp/443", "LB_NO_TARGET"},
		{"an NLB's group that crosses zones", all(health("draining", ""), groupCross(vpc.CrossZoneOn)), "internet", "198.51.100.1", "tcp/443", ""},

		{"a target in a zone that the load balancer is not in", all(opened, crossing, health("draining", ""), func(v *vpc.VPC, _ *vpc.LoadBalancer, _ *vpc.TargetGroup) {
			v.Subnet("d").Zone = "z3"
		}), "internet", "web-lb", "tcp/443", "LB_NO_TARGET"},
		{"a target in the other zone that it is in", all(opened, crossing, health("draining", "")), "internet", "web-lb", "tcp/443", ""},

		{"instances as targets", all(opened, targetType(vpc.InstanceTargets, "app-1", "app-2")), "internet", "web-lb", "tcp/443", ""},
		{"no targets", targetType(vpc.AddressTargets), "internet", "web-lb", "tcp/443", "LB_NO_TARGET"},
		{"targets that are not known", func(_ *vpc.VPC, _ *vpc.LoadBalancer, g *vpc.TargetGroup) { g.Unknown = "odd" }, "internet", "web-lb", "tcp/443", "unknown"},
		{"functions", all(application, targetType(vpc.FunctionTargets, "f")), "internet", "web-lb", "tcp/443", ""},
		{"a group that nothing describes", func(v *vpc.VPC, _ *vpc.LoadBalancer, _ *vpc.TargetGroup) { v.TargetGroups, v.Partial = nil, true }, "internet", "web-lb", "tcp/443", "unknown"},

		{"an ALB behind an NLB", behind, "internet", "web-lb", "tcp/443", ""},
		{"an ALB behind an NLB, whose group does not let the client in", all(behind, func(v *vpc.VPC, _ *vpc.LoadBalancer, _ *vpc.TargetGroup) {
			v.SecurityGroup("web").Ingress = nil
		}), "internet", "web-lb", "tcp/443", "SG_INGRESS"},
		{"an ALB behind an NLB, which may send to nobody", all(behind, func(v *vpc.VPC, _ *vpc.LoadBalancer, _ *vpc.TargetGroup) {
			v.SecurityGroup("web").Egress = nil
		}), "internet", "web-lb", "tcp/443", "SG_EGRESS"},

		{"IPv6", all(both, sixTargets), "internet", "2001:db8::9", "tcp/443", ""},
		{"IPv6, without a healthy target", all(both, sixTargets, health("draining", "draining")), "internet", "2001:db8::9", "tcp/443", "LB_NO_TARGET"},
		{"IPv6 to IPv4 targets", both, "internet", "2001:db8::9", "tcp/443", "unknown"},
		{"IPv4 to IPv6 targets", all(both, sixTargets), "internet", "198.51.100.1", "tcp/443", "unknown"},
	} {
		t.Run(c.name, func(t *testing.T) {
			n := balancedNetwork(c.change)
			e, err := emu.New(n, emu.Options{})
			require.NoError(t, err)
			q := emu.Query{Source: c.from, Destination: c.to, Service: firewall.MustParseService(c.service)}
			tr, err := e.Trace(q)
			require.NoError(t, err)
			assert.Equal(t, c.want, obstacle(tr), "%s", tr)
			if q.AllTargets = true; c.want == "" {
				tr, err = e.Trace(q)
				require.NoError(t, err)
				assert.Equal(t, emu.Reachable, tr.Verdict, "%s", tr)
			}
		})
	}
}

// TestLoadBalancerICMP: errors about a flow reach its other end, quoting what that end
// has sent; only "unreachable" passes a Network Load Balancer (ELB-23).
func TestLoadBalancerICMP(t *testing.T) {
	const client, node, target = "203.0.113.9", "198.51.100.1", "10.0.3.10"
	for name, c := range map[string]struct {
		change change
		ends   bool // at the load balancer
	}{"NLB": {nil, false}, "NLB that preserves": {preserving, false}, "ALB": {application, true}} {
		t.Run(name, func(t *testing.T) {
			changes := []change{opened, health("", "draining")}
			if c.change != nil {
				changes = append(changes, c.change)
			}
			e, err := emu.New(balancedNetwork(all(changes...)), emu.Options{})
			require.NoError(t, err)
			var in, out packet.Packet
			keep := func(p *packet.Packet) func([]byte) {
				return func(b []byte) { require.NoError(t, p.Parse(append([]byte(nil), b...))) }
			}
			portOf(t, e, "app-1").Receive(keep(&in))
			e.Internet().Receive(keep(&out))
			require.Equal(t, emu.Delivered, e.Internet().Send(syn(client+":40000", node+":443", packet.SYN)).Fate)
			atTarget := in.Flow
			require.Equal(t, emu.Exited, portOf(t, e, "app-1").Send(packet.Spec{Flow: atTarget.Reverse(), Flags: packet.SYN | packet.ACK}.Bytes()).Fate)
			atClient := out.Flow
			in, out = packet.Packet{}, packet.Packet{}

			icmp := func(from netip.Addr, about packet.Flow, kind uint8) []byte {
				quoted := packet.Spec{Flow: about, Flags: packet.ACK}.Bytes()
				return packet.Spec{Flow: packet.Flow{Src: from, Dst: about.Src, Proto: packet.ICMP}, ICMPType: kind, ICMPCode: 1, Payload: quoted}.Bytes()
			}
			fromClient := e.Internet().Send(icmp(atClient.Dst, atClient, 3))
			fromTarget := portOf(t, e, "app-1").Send(icmp(atTarget.Dst, atTarget, 3))
			if c.ends {
				assert.Equal(t, "lb-a", fromClient.At)
				assert.Equal(t, "lb-a", fromTarget.At)
				return
			}
			require.Equal(t, emu.Result{Fate: emu.Delivered, At: "app-1"}, fromClient)
			about, ok := in.EmbeddedFlow()
			require.True(t, ok)
			assert.Equal(t, atTarget.Reverse(), about, "it quotes what the target has sent")
			assert.Equal(t, atTarget.Src, in.Flow.Src, "it comes from who the target talks to")
			assert.True(t, in.ChecksumOK())
			require.Equal(t, emu.Exited, fromTarget.Fate, fromTarget)
			about, ok = out.EmbeddedFlow()
			require.True(t, ok)
			assert.Equal(t, atClient.Reverse(), about, "it quotes what the client has sent")
			assert.Equal(t, node, out.Flow.Src.String())
			assert.True(t, out.ChecksumOK())
			assert.Equal(t, emu.Dropped, e.Internet().Send(icmp(atClient.Dst, atClient, 11)).Fate, "time exceeded does not pass")
			atClient.DstPort++
			assert.Equal(t, emu.Dropped, e.Internet().Send(icmp(atClient.Dst, atClient, 3)).Fate, "it is about no flow")
		})
	}
}

// TestLoadBalancerPieces: what is not modelled of fragments has an unknown fate.
func TestLoadBalancerPieces(t *testing.T) {
	e, err := emu.New(balancedNetwork(all(opened, listening("UDP", 53))), emu.Options{})
	require.NoError(t, err)
	f := packet.Flow{Src: netip.MustParseAddr("203.0.113.9"), SrcPort: 40000, Dst: netip.MustParseAddr("198.51.100.1"), DstPort: 53, Proto: packet.UDP}
	assert.Equal(t, emu.Delivered, e.Internet().Send(packet.Spec{Flow: f}.Bytes()).Fate)
	assert.Equal(t, emu.Unknown, e.Internet().Send(packet.Spec{Flow: f, MoreFragments: true, Payload: make([]byte, 64)}.Bytes()).Fate)
}

// TestLoadBalancerIsNoRouter: what a route sends to a node, and is not for it, ends there.
func TestLoadBalancerIsNoRouter(t *testing.T) {
	e, err := emu.New(balancedNetwork(all(opened, func(v *vpc.VPC, lb *vpc.LoadBalancer, _ *vpc.TargetGroup) {
		s := v.Subnet("b")
		v.Subnet("a").AddInterface("eni-node", "10.0.1.9", "open")
		s.RouteTable = "odd"
		v.AddRouteTable("odd").AddRoute("0.0.0.0/0", "eni-node")
	})), emu.Options{})
	require.NoError(t, err)
	assert.Equal(t, emu.Result{Fate: emu.Dropped, Reason: emu.NoSuchAddress}, portOf(t, e, "client").Send(syn("10.0.2.20:40000", "203.0.113.9:443", packet.SYN)))
	assert.Equal(t, emu.Delivered, portOf(t, e, "client").Send(syn("10.0.2.20:40000", "10.0.1.9:443", packet.SYN)).Fate)
}

// TestNoLoadBalancerGroups: a node without security groups lets everything out, and
// one with groups what these allow (ELB-32).
func TestNoLoadBalancerGroups(t *testing.T) {
	sent := func(change change) emu.Result {
		e, err := emu.New(balancedNetwork(all(opened, change)), emu.Options{})
		require.NoError(t, err)
		return portOf(t, e, "10.0.1.9").Send(syn("10.0.1.9:40000", "10.0.3.10:9", packet.SYN))
	}
	groups := func(names ...string) change {
		return func(v *vpc.VPC, lb *vpc.LoadBalancer, _ *vpc.TargetGroup) {
			lb.Groups = names
			v.Subnet("c").Interface("app-1").Groups = []string{"open"}
		}
	}
	assert.Equal(t, emu.Delivered, sent(groups()).Fate)
	assert.Equal(t, emu.Result{Fate: emu.Dropped, Reason: emu.SGEgress}, sent(groups("lb")))
}

// TestLoadBalancerGaps: no combination of gaps makes a trace stumble, and none of the
// load balancers that cannot forward is said to reach its targets.
func TestLoadBalancerGaps(t *testing.T) {
	bare := map[string]change{
		"no nodes":     func(_ *vpc.VPC, lb *vpc.LoadBalancer, _ *vpc.TargetGroup) { lb.Nodes = nil },
		"no listeners": func(_ *vpc.VPC, lb *vpc.LoadBalancer, _ *vpc.TargetGroup) { lb.Listeners = nil },
		"no targets":   func(_ *vpc.VPC, _ *vpc.LoadBalancer, g *vpc.TargetGroup) { g.Targets = nil },
		"no weights": func(_ *vpc.VPC, lb *vpc.LoadBalancer, _ *vpc.TargetGroup) {
			lb.Listeners[0].Forward = append(lb.Listeners[0].Forward, lb.Listeners[0].Forward[0])
		},
		"strangers": func(_ *vpc.VPC, _ *vpc.LoadBalancer, g *vpc.TargetGroup) {
			g.Targets = []vpc.LoadBalancerTarget{{ID: "10.0.77.1"}}
		},
		"unused": health("unused", "draining"),
		"instances": func(v *vpc.VPC, _ *vpc.LoadBalancer, g *vpc.TargetGroup) {
			v.Partial, g.Type, g.Targets = true, vpc.InstanceTargets, []vpc.LoadBalancerTarget{{ID: "gone"}}
		},
		"failed": func(_ *vpc.VPC, lb *vpc.LoadBalancer, _ *vpc.TargetGroup) { lb.State = "failed" },
		"ALB missing": func(v *vpc.VPC, _ *vpc.LoadBalancer, g *vpc.TargetGroup) {
			v.Partial, g.Type, g.Targets = true, vpc.BalancerTargets, []vpc.LoadBalancerTarget{{ID: "gone"}}
		},
	}
	for name, gap := range bare {
		for kind, more := range map[string]change{"NLB": nil, "ALB": func(_ *vpc.VPC, lb *vpc.LoadBalancer, _ *vpc.TargetGroup) { lb.Kind = vpc.ApplicationLoadBalancer }, "preserving": preserving} {
			t.Run(name+", "+kind, func(t *testing.T) {
				changes := []change{opened, gap}
				if more != nil {
					changes = append(changes, more)
				}
				e, err := emu.New(balancedNetwork(all(changes...)), emu.Options{})
				require.NoError(t, err)
				for _, from := range []string{"internet", "client", "app-1"} {
					for _, service := range []string{"tcp/443", "udp/443", "icmp/8/0", "ip/50"} {
						for _, every := range []bool{false, true} {
							tr, err := e.Trace(emu.Query{Source: from, Destination: "prod/lb", Service: firewall.MustParseService(service), AllTargets: every})
							if name == "no nodes" {
								require.ErrorContains(t, err, "load balancer lb has no interface")
								continue
							}
							require.NoError(t, err)
							assert.NotEqual(t, emu.Reachable, tr.Verdict, "%s", tr)
						}
					}
				}
			})
		}
	}
}

// TestLoadBalancerForgets: what is left of a flow after the idle time is reset, from
// either side (ELB-22); a repeated SYN stays with its target while that gets new
// flows (SIM-51).
func TestLoadBalancerForgets(t *testing.T) {
	now := time.Unix(0, 0)
	e, err := emu.New(balancedNetwork(all(opened, health("", "draining"))), emu.Options{Now: func() time.Time { return now }})
	require.NoError(t, err)
	var in, back packet.Packet
	portOf(t, e, "app-1").Receive(func(b []byte) { require.NoError(t, in.Parse(append([]byte(nil), b...))) })
	e.Internet().Receive(func(b []byte) { require.NoError(t, back.Parse(append([]byte(nil), b...))) })
	send := func(flags packet.TCPFlags) emu.Result {
		return e.Internet().Send(syn("203.0.113.9:40000", "198.51.100.1:443", flags))
	}
	require.Equal(t, emu.Delivered, send(packet.SYN).Fate)
	answer := packet.Spec{Flow: in.Flow.Reverse(), Flags: packet.ACK}
	now = now.Add(349 * time.Second)
	assert.Equal(t, emu.Exited, portOf(t, e, "app-1").Send(answer.Bytes()).Fate)
	now = now.Add(350 * time.Second)
	in = packet.Packet{}
	assert.Equal(t, emu.Result{Fate: emu.Dropped, Reason: emu.NoFlow}, portOf(t, e, "app-1").Send(answer.Bytes()))
	assert.True(t, in.Flags.Has(packet.RST))
	assert.Equal(t, emu.Result{Fate: emu.Dropped, Reason: emu.NoFlow}, send(packet.ACK))
	assert.True(t, back.Flags.Has(packet.RST))

	first := send(packet.SYN)
	assert.Equal(t, first, send(packet.SYN), "a repeated SYN")
	require.NoError(t, e.Update(func(n *vpc.Network) error {
		g := n.VPCs[0].TargetGroups[0]
		g.Targets[0].Health, g.Targets[1].Health = "draining", ""
		n.VPCs[0].LoadBalancers[0].CrossZone = vpc.CrossZoneOn
		return nil
	}))
	assert.Equal(t, first, send(packet.ACK), "a draining target keeps its flows")
	assert.Equal(t, "app-2", send(packet.SYN).At, "and gets no new ones")
}

// TestLoadBalancerThatNobodyDescribes: what its interfaces take is not known, whether
// their type tells what they are or only AWS's description of them.
func TestLoadBalancerThatNobodyDescribes(t *testing.T) {
	for _, c := range []struct {
		kind, description string
		want              emu.Fate
	}{
		{"network_load_balancer", "", emu.Unknown},
		{"", "ELB app/web/0123456789abcdef", emu.Unknown},
		{"", "a proxy", emu.Delivered},
	} {
		var n vpc.Network
		v := open(n.AddVPC("v", "10.0.0.0/16"))
		s := v.AddSubnet("s", "10.0.1.0/24")
		s.AddInterface("client", "10.0.1.10", "open")
		i := s.AddInterface("node", "10.0.1.20", "open")
		i.Kind, i.Description = c.kind, c.description
		e := newEmulator(t, &n, emu.Options{})
		client, err := e.Port("client")
		require.NoError(t, err)
		r := client.Send(segment("tcp 10.0.1.10:40000 > 10.0.1.20:443", packet.SYN))
		assert.Equal(t, c.want, r.Fate, "%s %s", c.kind, c.description)
	}
}
