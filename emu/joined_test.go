package emu_test

import (
	"net/netip"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/firewall"
	"github.com/vpcemu/vpcemu/routing"
	"github.com/vpcemu/vpcemu/vpc"
)

// joined is two VPCs that a peering connection and a transit gateway join, with a
// virtual private gateway each, and one on-premises range behind both.
//
//	s (10.1.1.10) ─── pcx-1, tgw-1 ─── d (10.2.1.10)
//	   vgw-v                              vgw-w          both: 192.168.0.0/16
func joined(target string) *vpc.Network {
	var n vpc.Network
	for _, x := range []struct{ name, net, host, far string }{{"v", "10.1", "s", "10.2.0.0/16"}, {"w", "10.2", "d", "10.1.0.0/16"}} {
		v := open(n.AddVPC(x.name, x.net+".0.0/16"))
		v.Gateways = append(v.Gateways, &vpc.Gateway{Kind: routing.VPNGateway, ID: "vgw-" + x.name, VPN: &vpc.VPN{
			Connections: []*vpc.Link{{ID: "vpn-1", Static: true, Prefixes: []vpc.Announcement{{Prefix: netip.MustParsePrefix("192.168.0.0/16")}}}}}})
		v.AddRouteTable("main").AddRoute(x.far, target).AddRoute("192.168.0.0/16", "vgw-"+x.name)
		v.MainRouteTable = "main"
		v.AddSubnet("a", x.net+".1.0/24").InZone("a").AddInterface(x.host, x.net+".1.10", "open")
	}
	n.Gateways = []*vpc.Gateway{
		{Kind: routing.PeeringConnection, ID: "pcx-1", VPCs: []string{"v", "w"}},
		{Kind: routing.TransitGateway, ID: "tgw-1", Transit: &vpc.Transit{
			Attachments: []*vpc.TransitAttachment{{ID: "at-v", VPC: "v"}, {ID: "at-w", VPC: "w"}}, RouteTables: []*vpc.TransitTable{{ID: "main"}}}},
	}
	return &n
}

// transitOf is the transit gateway of such a network.
func transitOf(n *vpc.Network) *vpc.Transit { return n.Gateways[1].Transit }

func TestPeeringStates(t *testing.T) {
	for state, want := range map[string]string{
		"": "reachable", "active": "reachable",
		"initiating-request": "blocked BLACKHOLE reply:BLACKHOLE", "pending-acceptance": "blocked BLACKHOLE reply:BLACKHOLE",
		"provisioning": "blocked BLACKHOLE reply:BLACKHOLE", "failed": "blocked BLACKHOLE reply:BLACKHOLE",
		"rejected": "blocked BLACKHOLE reply:BLACKHOLE", "expired": "blocked BLACKHOLE reply:BLACKHOLE",
		"deleting": "blocked BLACKHOLE reply:BLACKHOLE", "deleted": "blocked BLACKHOLE reply:BLACKHOLE", "odd": "blocked BLACKHOLE reply:BLACKHOLE",
	} {
		n := joined("pcx-1")
		n.Gateways[0].State = state
		assert.Equal(t, want, answer(ask(t, n, "s", "d", "tcp/443")), state)
	}
}

// TestPeeringDeleted: the rule by a peer's group, and the connection that goes at run
// time and comes back.
func TestPeeringDeleted(t *testing.T) {
	n := joined("pcx-1")
	w := n.VPC("w")
	w.AddSecurityGroup("by-group").AllowIn("tcp/443", "v/open")
	n.Interface("w/d").Groups = []string{"by-group"}
	e := newEmulator(t, n, emu.Options{})
	trace := func() string {
		tr, err := e.Trace(emu.Query{Source: "s", Destination: "d", Service: firewall.MustParseService("tcp/443")})
		require.NoError(t, err)
		return answer(tr)
	}
	assert.Equal(t, "reachable", trace())
	require.NoError(t, e.Update(func(n *vpc.Network) error { n.Gateways[0].State = "deleted"; return nil }))
	assert.Equal(t, "blocked BLACKHOLE SG_INGRESS reply:BLACKHOLE", trace())
	require.NoError(t, e.Update(func(n *vpc.Network) error {
		n.Gateways = append(n.Gateways, &vpc.Gateway{Kind: routing.PeeringConnection, ID: "pcx-2", VPCs: []string{"v", "w"}})
		for _, v := range n.VPCs {
			v.RouteTables[0].Routes[0].Target.ID = "pcx-2"
		}
		return nil
	}))
	assert.Equal(t, "reachable", trace())
	require.NoError(t, e.Update(func(n *vpc.Network) error {
		n.Gateways = slices.Delete(n.Gateways, 2, 3)
		n.Gateways = slices.Delete(n.Gateways, 0, 1)
		for _, v := range n.VPCs {
			v.RouteTables[0].Routes[0].Blackhole = true
		}
		return nil
	}), "the description no longer has the connection, and the rule is stale")
	assert.True(t, e.Network().SecurityGroup("w/by-group").Ingress[0].Stale)
	assert.Equal(t, "blocked BLACKHOLE SG_INGRESS reply:BLACKHOLE", trace())
}

func TestTransitStates(t *testing.T) {
	far := func(change func(*vpc.Transit)) func(*vpc.Network) {
		return func(n *vpc.Network) { change(transitOf(n)) }
	}
	static := func(r routing.Route) func(*vpc.Network) {
		return far(func(t *vpc.Transit) { t.RouteTables[0].Routes = []routing.Route{r} })
	}
	to := netip.MustParsePrefix("10.2.0.0/16")
	for _, c := range []struct {
		name   string
		change func(*vpc.Network)
		want   string
	}{
		{"all open", func(*vpc.Network) {}, "reachable"},
		{"its own attachment waits", far(func(t *vpc.Transit) { t.Attachments[0].State = "pendingAcceptance" }), "blocked BLACKHOLE reply:TGW_NO_ROUTE"},
		{"its own attachment is deleted", far(func(t *vpc.Transit) { t.Attachments[0].State = "deleted" }), "blocked BLACKHOLE reply:TGW_NO_ROUTE"},
		{"the other attachment is deleted", far(func(t *vpc.Transit) { t.Attachments[1].State = "deleted" }), "blocked TGW_NO_ROUTE reply:BLACKHOLE"},
		{"the other attachment fails", far(func(t *vpc.Transit) { t.Attachments[1].State = "failed" }), "blocked TGW_NO_ROUTE reply:BLACKHOLE"},
		{"its own attachment is not understood", far(func(t *vpc.Transit) { t.Attachments[0].Unknown = "odd" }), "unknown main"},
		{"the other attachment is not understood", far(func(t *vpc.Transit) { t.Attachments[1].Unknown = "odd" }), "unknown tgw-1"},
		{"no association", far(func(t *vpc.Transit) { t.Attachments[0].Association = vpc.NoTable }), "blocked TGW_NO_ASSOCIATION"},
		{"a table that is not known", far(func(t *vpc.Transit) { t.RouteTables[0].Unknown = "odd" }), "unknown tgw-1"},
		{"a route that is not understood", static(routing.Route{Destination: to, Unknown: "odd"}), "unknown tgw-1"},
		{"a blackhole", static(routing.Route{Destination: to, Blackhole: true}), "blocked TGW_BLACKHOLE"},
		{"a blackhole whose attachment works", static(routing.Route{Destination: to, Blackhole: true, Target: routing.Target{Kind: routing.TransitGateway, ID: "at-w"}}), "blocked TGW_BLACKHOLE"},
		{"back to itself", static(routing.Route{Destination: to, Target: routing.Target{Kind: routing.TransitGateway, ID: "at-v"}}), "blocked ROUTING_LOOP"},
		{"the gateway is deleted", func(n *vpc.Network) { n.Gateways[1].State = "deleted" }, "blocked BLACKHOLE reply:BLACKHOLE"},
		{"another zone", func(n *vpc.Network) {
			n.VPC("v").AddSubnet("b", "10.1.2.0/24").InZone("b")
			transitOf(n).Attachments[0].Subnets = []string{"b"}
		}, "blocked TGW_AZ"},
	} {
		t.Run(c.name, func(t *testing.T) {
			n := joined("tgw-1")
			c.change(n)
			assert.Equal(t, c.want, answer(ask(t, n, "s", "d", "tcp/443")))
		})
	}
}

// TestTransitPartial: what a listing lacks of a transit gateway is unknown, and never
// a way or a blackhole.
func TestTransitPartial(t *testing.T) {
	for name, change := range map[string]func(*vpc.Transit){
		"no attachments": func(t *vpc.Transit) { t.Attachments = nil },
		"not the other attachment": func(t *vpc.Transit) {
			t.Attachments = t.Attachments[:1]
			t.RouteTables[0].Routes = []routing.Route{{Destination: netip.MustParsePrefix("10.2.0.0/16"), Target: routing.Target{Kind: routing.TransitGateway, ID: "at-w"}}}
		},
		"a table that nothing describes":  func(t *vpc.Transit) { t.Attachments[0].Association = "tgw-rtb-9" },
		"a subnet that nothing describes": func(t *vpc.Transit) { t.Attachments[0].Subnets = []string{"subnet-9"} },
	} {
		n := joined("tgw-1")
		for _, v := range n.VPCs {
			v.Partial = true
		}
		change(transitOf(n))
		assert.Equal(t, emu.Uncertain, ask(t, n, "s", "d", "tcp/443").Verdict, name)
	}
}

// TestTransitLoop: two gateways that send a packet back and forth until its TTL runs
// out, and one that is its own peer.
func TestTransitLoop(t *testing.T) {
	n := joined("tgw-1")
	n.VPC("v").RouteTables[0].AddRoute("10.9.0.0/16", "tgw-1")
	there := routing.Route{Destination: netip.MustParsePrefix("10.9.0.0/16"), Target: routing.Target{Kind: routing.TransitGateway, ID: "peer"}}
	transitOf(n).Attachments = append(transitOf(n).Attachments, &vpc.TransitAttachment{ID: "peer", Kind: vpc.PeeringAttachment, Peer: "tgw-2"})
	transitOf(n).RouteTables[0].Routes = []routing.Route{there}
	n.Gateways = append(n.Gateways, &vpc.Gateway{Kind: routing.TransitGateway, ID: "tgw-2", Transit: &vpc.Transit{
		Attachments: []*vpc.TransitAttachment{{ID: "peer", Kind: vpc.PeeringAttachment, Peer: "tgw-1"}}, RouteTables: []*vpc.TransitTable{{ID: "main", Routes: []routing.Route{there}}}}})
	assert.Equal(t, "blocked TTL_EXPIRED", answer(ask(t, n, "s", "10.9.0.1", "tcp/443")))
	n.Gateways[2].Transit.Attachments[0].State = "pendingAcceptance"
	assert.Equal(t, emu.Uncertain, ask(t, n, "s", "10.9.0.1", "tcp/443").Verdict, "the other end does not work")
}

func TestOnPremisesByNames(t *testing.T) {
	n := joined("pcx-1")
	n.VPCs[0].Name, n.VPCs[0].Gateways[0].Name = "prod", "edge"
	for _, name := range []string{"edge", "v/vgw-v", "v/edge", "prod/edge"} {
		assert.Equal(t, "reachable", answer(ask(t, n, "s", "onprem:"+name+":192.168.0.5", "tcp/443")), name)
	}
	_, err := newEmulator(t, n, emu.Options{}).Trace(emu.Query{Source: "s", Destination: "onprem:w/edge", Service: firewall.MustParseService("tcp/443")})
	assert.ErrorContains(t, err, "no gateway leads to")
}

func TestOnPremises(t *testing.T) {
	n := joined("pcx-1")
	e := newEmulator(t, n, emu.Options{})
	_, err := e.Trace(emu.Query{Source: "s", Destination: "onprem:192.168.0.5", Service: firewall.MustParseService("tcp/443")})
	assert.ErrorContains(t, err, "may be behind v/vgw-v or w/vgw-w")
	assert.Equal(t, "reachable", answer(ask(t, n, "s", "onprem:vgw-v:192.168.0.5", "tcp/443")))
	assert.Equal(t, "reachable", answer(ask(t, n, "onprem:vgw-w:192.168.0.5", "d", "tcp/443")))
	assert.Equal(t, "blocked VGW_ADDRESS", answer(ask(t, n, "onprem:vgw-w:192.168.0.5", "10.1.1.10", "tcp/443")), "of the other VPC")
	for name, c := range map[string]struct {
		change func(*vpc.Gateway)
		want   string
	}{
		"no links":                {func(g *vpc.Gateway) { g.VPN.Connections = nil }, "blocked VGW_NO_ROUTE"},
		"nothing of the far side": {func(g *vpc.Gateway) { g.VPN = nil }, "blocked VGW_NO_ROUTE"},
		"down":                    {func(g *vpc.Gateway) { g.VPN.Connections[0].State = "down" }, "blocked VGW_NO_ROUTE"},
		"detached":                {func(g *vpc.Gateway) { g.State = "detached" }, "blocked BLACKHOLE"},
		"not known":               {func(g *vpc.Gateway) { g.VPN.Connections[0] = &vpc.Link{ID: "vpn-1", Unknown: "odd"} }, "unknown vgw-v"},
	} {
		n := joined("pcx-1")
		c.change(n.VPC("v").Gateways[0])
		tr, err := newEmulator(t, n, emu.Options{}).Trace(emu.Query{Source: "s", Destination: "onprem:vgw-v:192.168.0.5", Service: firewall.MustParseService("tcp/443")})
		if name == "detached" {
			assert.Error(t, err, name)
			continue
		}
		require.NoError(t, err, name)
		assert.Contains(t, answer(tr), c.want, name)
	}
}

// TestPeeringPartial: a connection to a VPC that nothing describes, or that is not one
// of the packet's VPC.
func TestPeeringPartial(t *testing.T) {
	for name, c := range map[string]struct {
		vpcs  []string
		state string
		want  emu.Answer
	}{
		"to nowhere":                 {[]string{"v", "vpc-9"}, "", emu.Uncertain},
		"to nowhere, and not active": {[]string{"v", "vpc-9"}, "pending-acceptance", emu.Blocked},
		"one end":                    {[]string{"v"}, "", emu.Uncertain},
		"no end":                     {nil, "", emu.Uncertain},
		"between others":             {[]string{"vpc-8", "vpc-9"}, "", emu.Uncertain},
	} {
		n := joined("pcx-1")
		for _, v := range n.VPCs {
			v.Partial = true
		}
		n.Gateways[0].VPCs, n.Gateways[0].State = c.vpcs, c.state
		e, err := emu.New(n, emu.Options{})
		if err != nil {
			t.Logf("%s: %v", name, err)
			continue
		}
		for _, dst := range []string{"d", "10.2.1.10", "198.51.100.7"} {
			tr, err := e.Trace(emu.Query{Source: "s", Destination: dst, Service: firewall.MustParseService("tcp/443")})
			require.NoError(t, err)
			if dst != "198.51.100.7" {
				assert.Equal(t, c.want, tr.Verdict, name+" "+dst)
			}
		}
	}
}

// TestPeeringOfOthers: a route to a connection between two other VPCs.
func TestPeeringOfOthers(t *testing.T) {
	for _, partial := range []bool{false, true} {
		n := joined("pcx-1")
		x := open(n.AddVPC("x", "10.3.0.0/16"))
		x.AddRouteTable("main").AddRoute("10.0.0.0/8", "pcx-1").AddRoute("0.0.0.0/0", "pcx-1")
		x.MainRouteTable, x.Partial = "main", partial
		x.AddSubnet("a", "10.3.1.0/24").InZone("a").AddInterface("o", "10.3.1.10", "open")
		e, err := emu.New(n, emu.Options{})
		if err != nil {
			assert.ErrorContains(t, err, "pcx-1")
			continue
		}
		for _, dst := range []string{"d", "10.2.1.10", "10.9.9.9", "198.51.100.7"} {
			tr, err := e.Trace(emu.Query{Source: "o", Destination: dst, Service: firewall.MustParseService("tcp/443")})
			require.NoError(t, err)
			assert.Equal(t, "blocked PCX_NOT_ACTIVE", answer(tr)[:len("blocked PCX_NOT_ACTIVE")], dst)
		}
	}
}
