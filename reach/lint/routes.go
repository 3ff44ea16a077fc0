package lint

import (
	"fmt"
	"net/netip"
	"slices"

	"github.com/vpcemu/vpcemu/internal/plan"
	"github.com/vpcemu/vpcemu/routing"
	"github.com/vpcemu/vpcemu/vpc"
)

func ofTable(v *vpc.VPC, t *vpc.RouteTable) subject {
	return subject{kind: "route table", id: t.ID, name: t.Name, vpc: v, origin: t.Origin, thing: t}
}

func ofRoute(v *vpc.VPC, t *vpc.RouteTable, r *routing.Route) subject {
	s := ofTable(v, t)
	s.part, s.origin = "route "+r.String(), r.Origin
	s.thing, s.within = routeKey{v, t.ID, destination(r)}, []any{t}
	return s
}

// routeKey is a route, to compare.
type routeKey struct {
	vpc                *vpc.VPC
	table, destination string
}

// blackholes: routes whose target is gone.
func blackholes(p *pass) {
	for _, v := range p.plan.VPCs {
		for _, desc := range v.Desc.RouteTables {
			t := v.Table(desc.ID)
			if t.Unknown != "" {
				p.unsure(ofTable(v.Desc, desc), "%s", t.Unknown)
			}
			for k := range t.Routes {
				r, target := &t.Routes[k], &t.Targets[k]
				switch {
				case target.Unknown != "" && works(v.Desc, target): // whatever becomes of packets there
				case target.Unknown != "":
					p.unsure(ofRoute(v.Desc, desc, r), "%s", target.Unknown)
				case target.Blackhole:
					s := ofRoute(v.Desc, desc, r)
					if target.Gateway != nil {
						s.within = append(s.within, target.Gateway.Desc)
					}
					p.find(s, nil, "remove the route, or point it at a target that works", "packets to %s are dropped: %s", destination(r), gone(target))
				}
			}
		}
	}
}

// works reports whether a route leads to a gateway that is there and works.
func works(v *vpc.VPC, t *plan.Target) bool {
	g := v.Gateway(t.ID)
	return g != nil && g.Works()
}

// destination is a route's, as it was written.
func destination(r *routing.Route) string {
	if r.PrefixList != "" {
		return r.PrefixList
	}
	return r.Destination.String()
}

// gone says why the route that drops replies is a blackhole, if it is one.
func (p *pass) gone(l *lost) string {
	if t := l.vpc.Table(l.blocker.Component); t != nil {
		k := slices.IndexFunc(t.Routes, func(r routing.Route) bool { return destination(&r) == l.route })
		if k >= 0 && t.Targets[k].Blackhole {
			return gone(&t.Targets[k])
		}
	}
	return l.reason
}

// gone says why a target is a blackhole.
func gone(t *plan.Target) string {
	switch {
	case t.Gateway != nil && t.Gateway.Desc.Works():
		return "the route is a blackhole, as if " + t.Gateway.Desc.ID + " did not have the VPC any more"
	case t.Gateway != nil:
		return fmt.Sprintf("%s is in state %s", t.Gateway.Desc.ID, t.Gateway.Desc.State)
	case t.Interface != nil:
		return fmt.Sprintf("the interface %s is not attached to a running instance", t.Interface.Desc.ID)
	case t.Kind == routing.InternetGateway:
		return "the VPC has no such internet gateway"
	case t.ID == "":
		return "the route has no target any more"
	}
	return t.ID + " is gone"
}

// unusedTables: route tables that nothing uses.
func unusedTables(p *pass) {
	for _, v := range p.plan.VPCs {
		used := make(map[*vpc.RouteTable]bool)
		use := func(name string) {
			if name != "" {
				used[v.Desc.RouteTable(name)] = true
			}
		}
		use(v.Desc.MainRouteTable)
		for _, s := range v.Desc.Subnets {
			use(s.RouteTable)
		}
		if g := v.Desc.InternetGateway; g != nil {
			use(g.RouteTable)
		}
		for _, g := range v.Desc.Gateways {
			use(g.RouteTable)
		}
		for _, t := range v.Desc.RouteTables {
			switch {
			case used[t]:
			case v.Desc.Unlisted != "":
				p.unsure(ofTable(v.Desc, t), "no subnet or gateway that is described has it, and %s", v.Desc.Unlisted)
			default:
				p.find(ofTable(v.Desc, t), nil, "associate it with the subnets that it is for, or remove it", "no subnet or gateway has it: its routes do nothing")
			}
		}
	}
}

// leads calls a function with all routes of VPCs that are understood, and the gateway
// that they lead to.
func (p *pass) leads(f func(v *plan.VPC, t *plan.Target)) {
	for _, v := range p.plan.VPCs {
		for _, desc := range v.Desc.RouteTables {
			t := v.Table(desc.ID)
			for k := range t.Targets {
				f(v, &t.Targets[k])
			}
		}
	}
	for _, g := range p.plan.Gateways {
		if g.Place != nil && g.Desc.Regional && g.Place.Routes != nil {
			for k := range g.Place.Routes.Targets {
				f(g.VPCs[0], &g.Place.Routes.Targets[k])
			}
		}
	}
}

// gatewayWords are kinds of gateways in words.
var gatewayWords = map[string]string{
	"igw": "internet gateway", "nat": "NAT gateway", "pcx": "peering connection", "tgw": "transit gateway", "vgw": "virtual private gateway",
	"eigw": "egress-only internet gateway", "vpce": "gateway endpoint", "vpce-gwlb": "Gateway Load Balancer endpoint", "vpce-interface": "interface endpoint",
	"cagw": "carrier gateway", "lgw": "local gateway", "core-network": "core network", "odb-network": "ODB network", "unknown": "gateway", "nowhere": "gateway",
}

// unusedGateways: gateways that no route leads to.
func unusedGateways(p *pass) {
	used := make(map[*vpc.Gateway]bool)
	internet := make(map[*plan.VPC]bool)
	p.leads(func(v *plan.VPC, t *plan.Target) {
		if t.Gateway != nil {
			used[t.Gateway.Desc] = true
		}
		internet[v] = internet[v] || t.Kind == routing.InternetGateway
	})
	for _, v := range p.plan.VPCs {
		if g := v.Desc.InternetGateway; g != nil && !internet[v] {
			p.unused(v.Desc, p.ofInternetGateway(v, g))
		}
	}
	for _, g := range p.plan.Gateways {
		desc := g.Desc
		if g.Attachment != nil || used[desc] || desc.Gone() || len(g.VPCs) == 0 {
			continue
		}
		switch desc.Kind {
		case routing.NATGateway, routing.EgressOnlyGateway, routing.GatewayEndpoint, routing.GWLBEndpoint, routing.VPNGateway:
			p.unused(g.VPCs[0].Desc, ofGateway(g.VPCs[0].Desc, desc))
		case routing.PeeringConnection:
			p.unused(g.VPCs[0].Desc, ofGateway(nil, desc))
		}
	}
}

// ofInternetGateway is an internet gateway, which subnets that are called public miss, and
// interfaces with public addresses.
func (p *pass) ofInternetGateway(v *plan.VPC, g *vpc.InternetGateway) subject {
	s := subject{kind: "internet gateway", id: g.ID, name: g.Name, vpc: v.Desc, origin: g.Origin, thing: g}
	for _, n := range v.Desc.Subnets {
		s.within = append(s.within, n)
	}
	for i := range p.plan.Interfaces() {
		if i.VPC == v && i.HasPublic() {
			s.within = append(s.within, i)
		}
	}
	return s
}

// unused reports a gateway without routes, if the routes are known.
func (p *pass) unused(v *vpc.VPC, s subject) {
	switch {
	case v.Unlisted != "" || v.Partial && len(v.RouteTables) == 0:
		p.unsure(s, "no route that is described leads to it, and maybe not all route tables are")
	case slices.ContainsFunc(v.RouteTables, func(t *vpc.RouteTable) bool { return t.Unknown != "" }):
		p.unsure(s, "no route that is described leads to it, and not all routes are known")
	default:
		p.find(s, nil, "add the routes that it is for, or remove it", "no route leads to it: packets never get there")
	}
}

// oneWayPeerings: peering connections with routes on one side only.
func oneWayPeerings(p *pass) {
	from := make(map[*plan.Gateway][]*plan.VPC)
	p.leads(func(v *plan.VPC, t *plan.Target) {
		if g := t.Gateway; g != nil && g.Desc.Kind == routing.PeeringConnection && !slices.Contains(from[g], v) {
			from[g] = append(from[g], v)
		}
	})
	for _, g := range p.plan.Gateways {
		if g.Desc.Kind != routing.PeeringConnection || !g.Desc.Works() || len(g.VPCs) != 2 || len(from[g]) != 1 {
			continue
		}
		here, there := from[g][0], g.Other(from[g][0])
		switch {
		case there.Desc.Unlisted != "" || there.Desc.Partial && len(there.Desc.RouteTables) == 0,
			slices.ContainsFunc(there.Desc.RouteTables, func(t *vpc.RouteTable) bool { return t.Unknown != "" }):
			p.unsure(ofGateway(nil, g.Desc), "VPC %s has routes to it, and of those of %s not all are described", here.Desc.ID, there.Desc.ID)
		default:
			p.find(ofGateway(nil, g.Desc), p.astray(g.Desc), "add a route to the ranges of "+here.Desc.ID+" to the route tables of "+there.Desc.ID,
				"VPC %s has routes to it and VPC %s has none: what %s sends arrives, and no reply comes back", here.Desc.ID, there.Desc.ID, here.Desc.ID)
		}
	}
}

// astray is a request over a peering connection whose reply finds no route back, nil for
// none.
func (p *pass) astray(g *vpc.Gateway) *Witness {
	for _, l := range p.replies().lost {
		if slices.Contains(p.reasons(l), any(g)) {
			return l.witness
		}
	}
	return nil
}

// overlaps: VPCs of equal ranges that something joins: a transit gateway, if the one that is
// attached later propagates (TGW-9).
func overlaps(p *pass) {
	for _, g := range p.net.Gateways {
		var all []string
		ends := p.overlapping(g)
		for k, v := range ends {
			if g.Transit != nil && !propagates(g.Transit, v) {
				continue
			}
			for _, w := range ends[:k] {
				if both := overlap(g, v, w); both != [2]netip.Prefix{} {
					all = append(all, fmt.Sprintf("%s of VPC %s overlaps %s of VPC %s", both[1], w.ID, both[0], v.ID))
				}
			}
		}
		if len(all) > 0 {
			p.find(ofGateway(nil, g), nil, "give one of the VPCs another range, or reach what is needed through PrivateLink", "%s: %s", words(all, few), overlapWords(g))
		}
	}
}

// overlapping are the VPCs that a peering connection or a transit gateway joins.
func (p *pass) overlapping(g *vpc.Gateway) (ends []*vpc.VPC) {
	switch {
	case g.Kind == routing.PeeringConnection && (!g.Gone() || g.State == "failed"):
		for _, name := range g.VPCs {
			ends = append(ends, p.index.VPC(name))
		}
	case g.Kind == routing.TransitGateway && g.Transit != nil:
		for _, a := range g.Transit.Attachments {
			if v := p.index.VPC(a.VPC); a.Kind == vpc.VPCAttachment && v != nil && a.Works() && !slices.Contains(ends, v) {
				ends = append(ends, v)
			}
		}
	}
	return ends
}

func overlapWords(g *vpc.Gateway) string {
	if g.Kind == routing.PeeringConnection {
		return "such a peering connection fails, and carries nothing"
	}
	return "the transit gateway does not propagate such a range of the VPC that was attached later, and what is for it goes astray"
}

// shared are addresses that VPCs use again and again for what stays inside of them, such as
// Kubernetes' pods: transit gateways do not carry them (RFC 6598).
var shared = netip.MustParsePrefix("100.64.0.0/10")

// overlap are ranges of two VPCs that overlap and matter to what joins them, zero for none.
func overlap(g *vpc.Gateway, v, w *vpc.VPC) [2]netip.Prefix {
	transit := g.Kind == routing.TransitGateway
	if v == nil || w == nil || v == w {
		return [2]netip.Prefix{}
	}
	for _, p := range v.CIDRs {
		for _, q := range w.CIDRs {
			if p.Overlaps(q) && !(transit && shared.Overlaps(p) && shared.Overlaps(q)) {
				return [2]netip.Prefix{p, q}
			}
		}
	}
	return [2]netip.Prefix{}
}

// propagates reports whether a VPC propagates its ranges into any route table.
func propagates(t *vpc.Transit, v *vpc.VPC) bool {
	return slices.ContainsFunc(t.Attachments, func(a *vpc.TransitAttachment) bool {
		return a.Kind == vpc.VPCAttachment && (a.VPC == v.ID || a.VPC == v.Name) && slices.ContainsFunc(a.Propagation, func(name string) bool { return name != vpc.NoTable })
	})
}
