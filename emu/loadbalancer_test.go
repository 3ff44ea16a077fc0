package emu_test

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/firewall"
	"github.com/vpcemu/vpcemu/packet"
	"github.com/vpcemu/vpcemu/vpc"
)

// balancedNetwork is a load balancer "lb" in public subnets a and b, and the
// targets app-1 and app-2, in private subnets of the same zones.
//
//	internet ─▶ lb (10.0.1.9, 10.0.2.9) :443 ─▶ app-1 10.0.3.10:8443, app-2 10.0.4.10:8443
func balancedNetwork(change func(v *vpc.VPC, lb *vpc.LoadBalancer, g *vpc.TargetGroup)) *vpc.Network {
	n := new(vpc.Network)
	v := n.AddVPC("prod", "10.0.0.0/16")
	v.AddInternetGateway("igw")
	v.AddRouteTable("public").AddRoute("0.0.0.0/0", "igw")
	v.AddSecurityGroup("lb").AllowIn("tcp/443", "0.0.0.0/0").AllowOut("tcp/8443", "app")
	v.AddSecurityGroup("app").AllowIn("tcp/8443", "lb")
	v.AddSecurityGroup("open").AllowIn("all", "0.0.0.0/0").AllowAllOut()
	v.AddSubnet("a", "10.0.1.0/24").InZone("z1").UseRouteTable("public")
	v.AddSubnet("b", "10.0.2.0/24").InZone("z2").UseRouteTable("public").AddInterface("client", "10.0.2.20", "open")
	v.AddSubnet("c", "10.0.3.0/24").InZone("z1").AddInterface("app-1", "10.0.3.10", "app")
	v.AddSubnet("d", "10.0.4.0/24").InZone("z2").AddInterface("app-2", "10.0.4.10", "app")
	address := func(ip, public string) []vpc.Address {
		return []vpc.Address{{IP: netip.MustParseAddr(ip), Public: netip.MustParseAddr(public)}}
	}
	lb := &vpc.LoadBalancer{
		ID: "lb", Name: "web-lb", Groups: []string{"lb"},
		Nodes:     []vpc.LoadBalancerNode{{Subnet: "a", Addresses: address("10.0.1.9", "198.51.100.1")}, {Subnet: "b", Addresses: address("10.0.2.9", "198.51.100.2")}},
		Listeners: []vpc.Listener{{Protocol: "TCP", Port: 443, Forward: []vpc.Forward{{TargetGroup: "apps"}}}},
	}
	g := &vpc.TargetGroup{ID: "apps", Protocol: "TCP", Port: 8443, Targets: []vpc.LoadBalancerTarget{{ID: "10.0.3.10"}, {ID: "10.0.4.10"}}}
	v.LoadBalancers, v.TargetGroups = []*vpc.LoadBalancer{lb}, []*vpc.TargetGroup{g}
	if change != nil {
		change(v, lb, g)
	}
	return n
}

func preserving(_ *vpc.VPC, _ *vpc.LoadBalancer, g *vpc.TargetGroup) { g.Preserve = vpc.PreserveOn }

func application(_ *vpc.VPC, lb *vpc.LoadBalancer, _ *vpc.TargetGroup) {
	lb.Kind, lb.Listeners[0].Protocol = vpc.ApplicationLoadBalancer, "HTTPS"
}

type change = func(*vpc.VPC, *vpc.LoadBalancer, *vpc.TargetGroup)

// all makes several changes one.
func all(changes ...change) change {
	return func(v *vpc.VPC, lb *vpc.LoadBalancer, g *vpc.TargetGroup) {
		for _, c := range changes {
			c(v, lb, g)
		}
	}
}

func health(states ...string) change {
	return func(_ *vpc.VPC, _ *vpc.LoadBalancer, g *vpc.TargetGroup) {
		for k, s := range states {
			g.Targets[k].Health = s
		}
	}
}

func groups(names ...string) change {
	return func(_ *vpc.VPC, lb *vpc.LoadBalancer, _ *vpc.TargetGroup) { lb.Groups = names }
}

// rule gives the targets' group another rule than that from the load balancer's.
func rule(peer string) change {
	return func(v *vpc.VPC, _ *vpc.LoadBalancer, _ *vpc.TargetGroup) {
		v.SecurityGroup("app").Ingress = nil
		v.SecurityGroup("app").AllowIn("tcp/8443", peer)
	}
}

func TestLoadBalancerReachability(t *testing.T) {
	for _, c := range []struct {
		name     string
		change   change
		from, to string
		service  string
		want     string // "" for reachable, else the first blocker, or "unknown"
	}{
		{"NLB, by name", nil, "internet", "web-lb", "tcp/443", ""},
		{"NLB, by ID and VPC", nil, "internet", "prod/lb", "tcp/443", ""},
		{"NLB, by its public address", nil, "internet", "198.51.100.2", "tcp/443", ""},
		{"NLB, from inside", nil, "client", "web-lb", "tcp/443", ""},
		{"NLB that preserves the client's address", preserving, "internet", "web-lb", "tcp/443", ""},
		{"NLB that preserves, from inside", preserving, "client", "web-lb", "tcp/443", ""},
		{"ALB", application, "internet", "web-lb", "tcp/443", ""},
		{"no listener at the port", all(func(v *vpc.VPC, _ *vpc.LoadBalancer, _ *vpc.TargetGroup) {
			v.SecurityGroup("lb").AllowIn("tcp/80", "0.0.0.0/0")
		}), "internet", "web-lb", "tcp/80", "LB_NO_LISTENER"},
		{"the NLB's group does not let the client in", nil, "internet", "web-lb", "tcp/80", "SG_INGRESS"},
		{"the NLB's group does not let it out", func(v *vpc.VPC, _ *vpc.LoadBalancer, _ *vpc.TargetGroup) {
			v.SecurityGroup("lb").Egress = nil
		}, "internet", "web-lb", "tcp/443", "SG_EGRESS"},
		{"the ALB's group does not let it out", all(application, func(v *vpc.VPC, _ *vpc.LoadBalancer, _ *vpc.TargetGroup) {
			v.SecurityGroup("lb").Egress = nil
		}), "internet", "web-lb", "tcp/443", "SG_EGRESS"},
		{"NLB without groups: the target must let its address in", all(groups(), rule("10.0.1.0/24")), "internet", "web-lb", "tcp/443", ""},
		{"and does not by a reference", groups(), "internet", "web-lb", "tcp/443", "SG_INGRESS"},
		{"NLB that preserves, without groups: the target must let the client in", all(preserving, groups(), rule("203.0.113.0/24")), "internet", "web-lb", "tcp/443", ""},
		{"and not only the node", all(preserving, groups(), rule("10.0.1.0/24")), "internet", "web-lb", "tcp/443", "SG_INGRESS"},
		{"one target unhealthy", health("unhealthy", ""), "internet", "198.51.100.2", "tcp/443", ""},
		{"all unhealthy: the NLB fails open", health("unhealthy", "unhealthy"), "internet", "web-lb", "tcp/443", ""},
		{"all draining", health("draining", "draining"), "internet", "web-lb", "tcp/443", "LB_NO_TARGET"},
		{"no healthy target in the node's zone", health("draining", ""), "internet", "198.51.100.1", "tcp/443", "LB_NO_TARGET"},
		{"the name stands for a node that has one", health("draining", ""), "internet", "web-lb", "tcp/443", ""},
		{"with cross-zone the other zone's target serves", all(health("draining", ""), func(_ *vpc.VPC, lb *vpc.LoadBalancer, _ *vpc.TargetGroup) {
			lb.CrossZone = vpc.CrossZoneOn
		}), "internet", "198.51.100.1", "tcp/443", ""},
		{"an ALB crosses zones by itself", all(application, health("draining", "")), "internet", "198.51.100.1", "tcp/443", ""},
		{"an internal NLB is not on the internet", func(_ *vpc.VPC, lb *vpc.LoadBalancer, _ *vpc.TargetGroup) {
			lb.Internal = true
			lb.Nodes[0].Addresses[0].Public, lb.Nodes[1].Addresses[0].Public = netip.Addr{}, netip.Addr{}
		}, "internet", "web-lb", "tcp/443", "IGW_UNKNOWN_DST"},
		{"a listener that is not understood", func(_ *vpc.VPC, lb *vpc.LoadBalancer, _ *vpc.TargetGroup) {
			lb.Listeners[0].Unknown = "odd"
		}, "internet", "web-lb", "tcp/443", "unknown"},
		{"a listener that answers by itself", all(application, func(_ *vpc.VPC, lb *vpc.LoadBalancer, _ *vpc.TargetGroup) {
			lb.Listeners[0].Forward = nil
		}), "internet", "web-lb", "tcp/443", ""},
		{"a failed load balancer", func(_ *vpc.VPC, lb *vpc.LoadBalancer, _ *vpc.TargetGroup) { lb.State = "failed" }, "internet", "web-lb", "tcp/443", "unknown"},
	} {
		t.Run(c.name, func(t *testing.T) {
			e, err := emu.New(balancedNetwork(c.change), emu.Options{})
			require.NoError(t, err)
			tr, err := e.Trace(emu.Query{Source: c.from, Destination: c.to, Service: firewall.MustParseService(c.service)})
			require.NoError(t, err)
			assert.Equal(t, c.want, obstacle(tr), "%s", tr)
		})
	}
}

// obstacle is the first reason why a trace does not get there, or its verdict; "" if it does.
func obstacle(t *emu.Trace) string {
	switch {
	case len(t.Blockers) > 0:
		return t.Blockers[0].Reason
	case t.Verdict != emu.Reachable:
		return t.Verdict.String()
	}
	return ""
}

// syn is a packet of a client to the load balancer.
func syn(from, to string, flags packet.TCPFlags) []byte {
	a, b := netip.MustParseAddrPort(from), netip.MustParseAddrPort(to)
	return packet.Spec{Flow: packet.Flow{Src: a.Addr(), SrcPort: a.Port(), Dst: b.Addr(), DstPort: b.Port(), Proto: packet.TCP}, Flags: flags}.Bytes()
}

// TestLoadBalancerPackets: what the target and the client see.
func TestLoadBalancerPackets(t *testing.T) {
	for _, c := range []struct {
		name    string
		changes []change
		source  string // the client as the target sees it, "" for the node
	}{
		{"NLB", nil, ""}, {"NLB that preserves", []change{preserving}, "203.0.113.9:40000"}, {"ALB", []change{application}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			e, err := emu.New(balancedNetwork(all(append([]change{health("", "draining")}, c.changes...)...)), emu.Options{})
			require.NoError(t, err)
			var seen, back packet.Packet
			portOf(t, e, "app-1").Receive(func(b []byte) {
				require.NoError(t, seen.Parse(append([]byte(nil), b...)))
				r := packet.Spec{Flow: seen.Flow.Reverse(), Flags: packet.SYN | packet.ACK}.Bytes()
				portOf(t, e, "app-1").Send(r)
			})
			e.Internet().Receive(func(b []byte) { require.NoError(t, back.Parse(append([]byte(nil), b...))) })
			r := e.Internet().Send(syn("203.0.113.9:40000", "198.51.100.1:443", packet.SYN))
			assert.Equal(t, emu.Result{Fate: emu.Delivered, At: "app-1"}, r)
			assert.Equal(t, "10.0.3.10:8443", netip.AddrPortFrom(seen.Flow.Dst, seen.Flow.DstPort).String())
			source := netip.AddrPortFrom(seen.Flow.Src, seen.Flow.SrcPort).String()
			if c.source != "" {
				assert.Equal(t, c.source, source)
			} else {
				assert.Equal(t, "10.0.1.9", seen.Flow.Src.String())
			}
			assert.Equal(t, "tcp 198.51.100.1:443 > 203.0.113.9:40000", back.Flow.String())
		})
	}
}

// TestLoadBalancerFlowsStay: a flow keeps its target when others come, and a node
// resets what it does not know.
func TestLoadBalancerFlowsStay(t *testing.T) {
	cross := func(_ *vpc.VPC, lb *vpc.LoadBalancer, _ *vpc.TargetGroup) { lb.CrossZone = vpc.CrossZoneOn }
	e, err := emu.New(balancedNetwork(cross), emu.Options{})
	require.NoError(t, err)
	send := func(p string, flags packet.TCPFlags) emu.Result {
		return e.Internet().Send(syn("203.0.113.9:"+p, "198.51.100.1:443", flags))
	}
	hit := make(map[string]int)
	for _, p := range []string{"40000", "40001", "40002", "40003", "40004", "40005", "40006", "40007"} {
		hit[send(p, packet.SYN).At]++
	}
	assert.Len(t, hit, 2, "both targets get connections: %v", hit)
	was := send("40000", packet.ACK)
	require.Equal(t, emu.Delivered, was.Fate)
	require.NoError(t, e.Update(func(n *vpc.Network) error {
		g := n.VPCs[0].TargetGroups[0]
		for k := range g.Targets {
			if isFirst := g.Targets[k].ID == "10.0.3.10"; isFirst == (was.At == "app-1") {
				g.Targets[k].Health = "draining"
			}
		}
		return nil
	}))
	assert.Equal(t, was, send("40000", packet.ACK), "a draining target keeps its flows")
	var reset packet.Packet
	e.Internet().Receive(func(b []byte) { require.NoError(t, reset.Parse(append([]byte(nil), b...))) })
	assert.Equal(t, emu.Dropped, send("50000", packet.ACK).Fate)
	assert.True(t, reset.Flags.Has(packet.RST), "unknown flows are reset")
	assert.Equal(t, "tcp 198.51.100.1:443 > 203.0.113.9:50000", reset.Flow.String())
}

func TestTraceAllTargets(t *testing.T) {
	q := emu.Query{Source: "internet", Destination: "web-lb", Service: firewall.MustParseService("tcp/443"), AllTargets: true}
	e, err := emu.New(balancedNetwork(nil), emu.Options{})
	require.NoError(t, err)
	tr, err := e.Trace(q)
	require.NoError(t, err)
	require.Len(t, tr.Targets, 2)
	assert.Equal(t, "10.0.3.10:8443", tr.Targets[0].Target)
	assert.Equal(t, emu.Reachable, tr.Verdict)

	// One target whose group lets nobody in.
	e, err = emu.New(balancedNetwork(func(v *vpc.VPC, lb *vpc.LoadBalancer, _ *vpc.TargetGroup) {
		lb.CrossZone = vpc.CrossZoneOn
		v.AddSecurityGroup("shut")
		v.Subnet("d").Interface("app-2").Groups = []string{"shut"}
	}), emu.Options{})
	require.NoError(t, err)
	tr, err = e.Trace(q)
	require.NoError(t, err)
	require.Len(t, tr.Targets, 4, "two targets through two nodes")
	assert.Equal(t, emu.Blocked, tr.Verdict)
	assert.Equal(t, []emu.Answer{emu.Reachable, emu.Blocked}, []emu.Answer{tr.Targets[0].Trace.Verdict, tr.Targets[1].Trace.Verdict})

	_, err = e.Trace(emu.Query{Source: "internet", Destination: "app-1", Service: q.Service, AllTargets: true})
	assert.ErrorContains(t, err, "no load balancer")
}
