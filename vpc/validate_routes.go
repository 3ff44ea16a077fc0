package vpc

import (
	"errors"
	"net/netip"
	"slices"

	"github.com/vpcemu/vpcemu/routing"
)

// routeTables checks the route tables of one VPC.
func (c *checker) routeTables(v *VPC, sc *scope) {
	here := &place{v: v, scope: sc, subnets: make(map[netip.Prefix]bool)}
	for _, s := range v.Subnets {
		for _, p := range s.CIDRs {
			here.subnets[p.Masked()] = true
		}
	}
	here.findEdges()
	for _, t := range v.RouteTables {
		s := tableSubject(t)
		spoilt := c.kept(s, here.removals(c.n, t))
		c.add(s, sc.tables.check(t.ID, t), here.edgeTable(t))
		c.routes(here, t, s, spoilt)
	}
}

// removals are the problems of a table, in which a local route that somebody
// wanted to remove is not one that is not there (ERR-20).
func (p *place) removals(n *Network, t *RouteTable) problems {
	found := problems{slices.Clone(t.errs)}
	for k, err := range found.errs {
		var e *Error
		if !errors.As(err, &e) || e.Code != CodeRouteNotFound {
			continue
		}
		known := *e
		removed, _ := e.Element.(netip.Prefix)
		if local := func(q netip.Prefix) bool { return q.Masked() == removed.Masked() }; slices.ContainsFunc(p.v.CIDRs, local) {
			known.Code, known.Message = CodeInvalidValue, "cannot remove its local route (ERR-20)"
		}
		if p.removedEndpoint(n, t, e.Message) {
			known.Code, known.Message = CodeInvalidValue, "cannot remove the route of an endpoint that it is associated with (RT-24)"
		}
		known.Element = nil // the table
		found.errs[k] = &known
	}
	return found
}

func tableSubject(t *RouteTable) subject {
	return subject{element: t, kind: "route table", name: t.ID, origin: t.Origin}
}

// place is where a route is checked.
type place struct {
	v       *VPC
	scope   *scope
	subnets map[netip.Prefix]bool  // the ranges of the VPC's subnets
	edges   map[*RouteTable]string // tables of gateways, with whose they are
}

// routes checks the routes of one table. A spoilt table has routes that could
// not be read.
func (c *checker) routes(here *place, t *RouteTable, s subject, spoilt bool) {
	seen := make(map[routeKey]bool, len(t.Routes))
	for k := range t.Routes {
		r := &t.Routes[k]
		if r.Unknown != "" || spoilt && nowhereTo(r) != nil {
			continue
		}
		about := s.part(r, r.Origin)
		if c.add(about, nowhereTo(r), noTarget(r), malformedRoute(r), c.unknownList(here.v, r)) {
			continue
		}
		target, lost := c.target(here, r)
		if c.add(about, lost, c.attached(here.v, r, target), unsuited(r, target), here.endpointRoute(t, r, target),
			here.local(r, target), here.edgeRoute(t, r, target)) || r.Source.Propagated() {
			continue
		}
		key := c.routeKey(r)
		if seen[key] {
			c.add(about, wrong(CodeRouteExists, "there is another route to %s in the table (RT-27, RT-8)", to(r)))
		}
		seen[key] = true
	}
}

// nowhereTo checks that a route has exactly one destination.
func nowhereTo(r *routing.Route) *mistake {
	switch {
	case !r.Destination.IsValid() && r.PrefixList == "":
		return wrong(CodeMissing, "a route to %s has no destination (RT-26)", r.Target)
	case r.Destination.IsValid() && r.PrefixList != "":
		return wrong(CodeInvalidCombination, "a route has two destinations, %s and %s (RT-26)", r.Destination, r.PrefixList)
	}
	return nil
}

func noTarget(r *routing.Route) *mistake {
	switch {
	case r.Blackhole:
		return nil
	case r.Target.Kind == routing.Nowhere:
		return wrong(CodeMissing, "the route to %s has no target (RT-26)", to(r))
	case r.Target.Kind > routing.UnknownTarget:
		return wrong(CodeInvalidValue, "the route to %s has a target of the unknown kind %d (ERR-5)", to(r), r.Target.Kind)
	case r.Target.ID == "" && r.Target.Kind != routing.Local && r.Target.Kind != routing.InternetGateway:
		return wrong(CodeMissing, "the route to %s has no target (RT-26)", to(r))
	}
	return nil
}

// to is the destination of a route, for messages.
func to(r *routing.Route) string {
	if r.PrefixList != "" {
		return r.PrefixList
	}
	return r.Destination.String()
}

// reservedRanges are never routed (RT-29).
var reservedRanges = [...]netip.Prefix{netip.MustParsePrefix("169.254.168.0/22"), Services6}

func malformedRoute(r *routing.Route) *mistake {
	if r.Source > routing.VPNDynamic {
		return wrong(CodeInvalidValue, "the route to %s has the unknown source %d (ERR-5)", to(r), r.Source)
	}
	for _, reserved := range reservedRanges {
		if r.Destination.IsValid() && within(r.Destination, reserved) {
			return wrong(CodeInvalidValue, "the destination %s lies in %s, which is reserved (RT-29)", r.Destination, reserved)
		}
	}
	return nil
}

func (c *checker) unknownList(v *VPC, r *routing.Route) *mistake {
	if r.PrefixList == "" || v.Partial || c.ix.prefixLists.get(r.PrefixList) != nil {
		return nil
	}
	return wrong(CodePrefixListNotFound, "a route goes to %s, and there is no such prefix list (ERR-48)", r.PrefixList)
}

// unsuited checks whether a kind of target takes the destination's packets.
func unsuited(r *routing.Route, target routing.Target) *mistake {
	six := r.Destination.Addr().Is6()
	switch {
	case target.Kind == routing.EgressOnlyGateway && r.Destination.Addr().Is4():
		return wrong(CodeInvalidValue, "the destination %s is IPv4, and %s takes only IPv6 (RT-39)", r.Destination, target)
	case target.Kind == routing.NATGateway && six && !within(NAT64, r.Destination):
		return wrong(CodeInvalidValue, "the destination %s does not cover %s, all that the NAT gateway %s takes of IPv6 (RT-40)", r.Destination, NAT64, target)
	case target.Kind == routing.InterfaceEndpoint && !r.Blackhole:
		return wrong(CodeRouteNotSupported, "the route to %s names the interface endpoint %s, which no route can name (RT-38)", to(r), target)
	case target.Kind == routing.GatewayEndpoint && r.PrefixList == "" && !r.Blackhole:
		return wrong(CodeRouteNotSupported, "the route to %s names the endpoint %s; a CIDR can only go to a Gateway Load Balancer endpoint (RT-38)", to(r), target)
	}
	return nil
}

// middlebox reports whether routes may send the VPC's own traffic to a kind of
// target (RT-9, RT-10).
func middlebox(k routing.TargetKind) bool {
	switch k {
	case routing.NATGateway, routing.Interface, routing.Instance, routing.GWLBEndpoint:
		return true
	}
	return false
}

// local checks the routes for the VPC's own addresses:
//
//	10.0.0.0/16 → local          what is always there (RT-7)
//	10.0.0.0/16 → middlebox      replaces it (RT-9)
//	10.0.1.0/24 → middlebox      a whole subnet: goes before it (RT-10)
//	10.0.1.0/25 → anything       refused
//
// Propagated routes never beat the local one, and may be anything (RT-19).
func (p *place) local(r *routing.Route, target routing.Target) *mistake {
	if r.PrefixList != "" || r.Source.Propagated() {
		return nil
	}
	k := slices.IndexFunc(p.v.CIDRs, func(q netip.Prefix) bool { return within(r.Destination, q) })
	suited := middlebox(target.Kind) || r.Blackhole && target.Kind == routing.Nowhere || target.Kind == routing.UnknownTarget
	switch {
	case k < 0 && target.Kind == routing.Local && !p.v.Partial:
		return wrong(CodeInvalidValue, "the destination %s of a local route is not a range of the VPC (RT-7)", r.Destination)
	case k < 0:
		return nil
	case r.Destination.Masked() == p.v.CIDRs[k].Masked():
		if suited || target.Kind == routing.Local {
			return nil
		}
		return p.claimed(k, r, "RT-9")
	case !suited:
		return p.claimed(k, r, "RT-10")
	case !p.subnets[r.Destination.Masked()] && !p.v.Partial:
		return wrong(CodeInvalidValue, "the destination %s is inside the VPC's %s, but not the whole range of a subnet (RT-10)", r.Destination, p.v.CIDRs[k])
	}
	return nil
}

// claimed is about a route for the VPC's own addresses to something that is not
// a middlebox. If the range is a secondary one, the route was there first and
// keeps the VPC from adding the range (VPC-13).
func (p *place) claimed(k int, r *routing.Route, rule string) *mistake {
	cidr := p.v.CIDRs[k]
	if primary := slices.IndexFunc(p.v.CIDRs, func(q netip.Prefix) bool { return is4(q) == is4(cidr) }); k != primary && r.Target.Kind != routing.Local {
		return wrong(CodeVPCRange, "the range %s of the VPC contains the destination of the route %s (VPC-13)", cidr, r)
	}
	return wrong(CodeInvalidValue, "the route %s is for the VPC's own %s: want a NAT gateway, an interface or a Gateway Load Balancer endpoint (%s)", r, cidr, rule)
}

// routeKey is what a table may have only one route for.
type routeKey struct {
	prefix netip.Prefix
	list   string
}

func (c *checker) routeKey(r *routing.Route) routeKey {
	key := routeKey{list: r.PrefixList}
	if r.PrefixList == "" {
		key.prefix = r.Destination.Masked()
	} else if l := c.ix.prefixLists.get(r.PrefixList); l != nil {
		key.list = l.ID
	}
	return key
}
