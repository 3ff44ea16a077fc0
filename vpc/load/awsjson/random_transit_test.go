package awsjson

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/vpcemu/vpcemu/routing"
	"github.com/vpcemu/vpcemu/vpc"
)

// TestRandomTransitRoundTrip is TestRandomRoundTrip for networks with transit
// gateways, virtual private gateways and peering connections.
func TestRandomTransitRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := randomNetwork(t)
		for _, v := range n.VPCs {
			if rapid.Bool().Draw(t, "vpn") {
				randomVPN(t, v)
			}
		}
		for k := range rapid.IntRange(1, 2).Draw(t, "transit gateways") {
			randomTransit(t, n, fmt.Sprintf("hub%d", k))
		}
		if len(n.VPCs) > 1 {
			n.VPCs[0].DNSHostnames = true
			g := &vpc.Gateway{Kind: routing.PeeringConnection, ID: "peer", VPCs: []string{"v1", "v0"}, State: rapid.SampledFrom([]string{"failed", "deleted", "pending-acceptance"}).Draw(t, "peer state")}
			g.PeerDNS = rapid.SampledFrom([][]string{nil, {"v0"}}).Draw(t, "peer dns")
			n.Gateways = append(n.Gateways, g)
		}
		same(t, n)
	})
}

func randomTransit(t *rapid.T, n *vpc.Network, id string) {
	g := &vpc.Gateway{Kind: routing.TransitGateway, ID: id, State: rapid.SampledFrom([]string{"", "available", "deleting"}).Draw(t, "state")}
	n.Gateways = append(n.Gateways, g)
	if rapid.IntRange(0, 3).Draw(t, "plain") == 0 {
		g.VPCs = []string{"v0"}
		return
	}
	tables := []string{"", vpc.NoTable, "main", "tgw-rtb-2"}
	g.Transit = &vpc.Transit{
		GroupReferences: rapid.Bool().Draw(t, "references"),
		Association:     rapid.SampledFrom(tables).Draw(t, "association"), Propagation: rapid.SampledFrom(tables).Draw(t, "propagation"),
		RouteTables: []*vpc.TransitTable{{ID: "main", Name: rapid.SampledFrom([]string{"", "x"}).Draw(t, "name")}, {ID: "tgw-rtb-2"}},
	}
	g.Transit.RouteTables[0].Unknown = rapid.SampledFrom([]string{"", "", "odd"}).Draw(t, "unknown table")
	for k := range rapid.IntRange(0, 5).Draw(t, "attachments") {
		a := &vpc.TransitAttachment{ID: fmt.Sprintf("a%d", k), Kind: vpc.TransitKind(rapid.IntRange(0, 4).Draw(t, "kind"))}
		randomAttachment(t, n, g, a)
		if a.Kind != vpc.VPCAttachment || a.VPC != "" {
			g.Transit.Attachments = append(g.Transit.Attachments, a)
		}
	}
	for _, table := range g.Transit.RouteTables {
		randomTransitRoutes(t, g.Transit, table)
	}
}

func randomAttachment(t *rapid.T, n *vpc.Network, g *vpc.Gateway, a *vpc.TransitAttachment) {
	tables := []string{"", vpc.NoTable, "main", "tgw-rtb-2"}
	a.State = rapid.SampledFrom([]string{"", "available", "pendingAcceptance", "deleted"}).Draw(t, "state")
	a.Association = rapid.SampledFrom(tables).Draw(t, "association")
	a.Unknown = rapid.SampledFrom([]string{"", "", "", "odd"}).Draw(t, "unknown")
	switch a.Kind {
	case vpc.VPCAttachment:
		v := n.VPCs[rapid.IntRange(0, len(n.VPCs)-1).Draw(t, "vpc")]
		if slices.ContainsFunc(g.Transit.Attachments, func(b *vpc.TransitAttachment) bool { return b.VPC == v.ID }) {
			return
		}
		a.VPC = v.ID
		a.Appliance, a.IPv6, a.NoGroupReferences = rapid.Bool().Draw(t, "appliance"), rapid.Bool().Draw(t, "six"), rapid.Bool().Draw(t, "no groups")
		if rapid.Bool().Draw(t, "subnet") {
			a.Subnets = []string{"s0"}
			a.Addresses = rapid.SampledFrom([][]netip.Addr{nil, {netip.MustParseAddr(map[string]string{"hub0": "10.0.0.98", "hub1": "10.0.0.99"}[g.ID])}}).Draw(t, "address")
		}
	case vpc.PeeringAttachment:
		if a.Unknown == "" || slices.ContainsFunc(g.Transit.Attachments, func(b *vpc.TransitAttachment) bool { return b.Kind == a.Kind }) {
			a.Kind = vpc.VPNAttachment
			return
		}
		a.Peer = map[string]string{"hub0": "hub1", "hub1": "hub0"}[g.ID]
		return
	default:
		a.Prefixes = rapid.SampledFrom([][]netip.Prefix{nil, {netip.MustParsePrefix("192.168.0.0/16")}, {netip.MustParsePrefix("192.168.0.0/16"), netip.MustParsePrefix("fd00::/8")}}).Draw(t, "prefixes")
	}
	a.Propagation = rapid.SampledFrom([][]string{nil, {vpc.NoTable}, {"main"}, {"tgw-rtb-2", "main"}}).Draw(t, "propagation")
}

func randomTransitRoutes(t *rapid.T, transit *vpc.Transit, table *vpc.TransitTable) {
	for k := range rapid.IntRange(0, 4).Draw(t, "routes") {
		r := routing.Route{Destination: netip.PrefixFrom(netip.AddrFrom4([4]byte{172, 16, byte(k), 0}), 24)}
		if k == 2 {
			r = routing.Route{PrefixList: "pl-1"}
		}
		if len(transit.Attachments) > 0 && rapid.Bool().Draw(t, "to") {
			a := transit.Attachments[rapid.IntRange(0, len(transit.Attachments)-1).Draw(t, "attachment")]
			r.Target = routing.Target{Kind: routing.TransitGateway, ID: a.ID}
		}
		r.Blackhole = r.Target.ID == "" || rapid.IntRange(0, 3).Draw(t, "blackhole") == 0
		r.Unknown = rapid.SampledFrom([]string{"", "", "", "odd"}).Draw(t, "unknown")
		table.Routes = append(table.Routes, r)
	}
	if rapid.IntRange(0, 3).Draw(t, "odd route") == 0 {
		table.Routes = append(table.Routes, routing.Route{Unknown: "odd"})
	}
}

func randomVPN(t *rapid.T, v *vpc.VPC) {
	g := &vpc.Gateway{Kind: routing.VPNGateway, ID: "vgw", VPN: &vpc.VPN{Unknown: rapid.SampledFrom([]string{"", "", "odd"}).Draw(t, "unknown")}}
	v.Gateways = append(v.Gateways, g)
	for k := range rapid.IntRange(0, 2).Draw(t, "connections") {
		g.VPN.Connections = append(g.VPN.Connections, randomLink(t, fmt.Sprintf("c%d", k), rapid.Bool().Draw(t, "static")))
	}
	for k := range rapid.IntRange(0, 2).Draw(t, "interfaces") {
		l := randomLink(t, fmt.Sprintf("i%d", k), false)
		l.MTU = rapid.SampledFrom([]int{0, 8500}).Draw(t, "mtu")
		l.DirectConnectGateway = rapid.SampledFrom([]string{"", "dx-" + v.ID}).Draw(t, "gateway")
		if l.DirectConnectGateway != "" && rapid.Bool().Draw(t, "some") {
			l.Allowed = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/17")}
		}
		g.VPN.Interfaces = append(g.VPN.Interfaces, l)
	}
	if rapid.Bool().Draw(t, "propagates") {
		v.RouteTable("table").Propagating = []string{"vgw"}
	}
	if rapid.Bool().Draw(t, "edge") {
		v.AddRouteTable("edge")
		g.VPN.RouteTable = "edge"
	}
}

func randomLink(t *rapid.T, id string, static bool) *vpc.Link {
	l := &vpc.Link{ID: id, Static: static, State: rapid.SampledFrom([]string{"", "available", "down"}).Draw(t, "state")}
	if rapid.Bool().Draw(t, "prefix") {
		l.Prefixes = []vpc.Announcement{{Prefix: netip.MustParsePrefix("192.168.0.0/16"), MED: 7}}
	}
	l.Unknown = rapid.SampledFrom([]string{"", "", "odd"}).Draw(t, "link unknown")
	return l
}
