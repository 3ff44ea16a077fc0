package vpc

import "github.com/vpcemu/vpcemu/routing"

// target resolves the target of a route, and says what is wrong if that fails.
// A blackhole's target may be gone, a partial listing may lack it.
func (c *checker) target(here *place, r *routing.Route) (routing.Target, *mistake) {
	target, ok := c.ix.Target(here.v, r.Target)
	if !ok && here.v.Partial && target.Kind == routing.GatewayEndpoint {
		target.Kind = routing.UnknownTarget // it may be of either kind
	}
	if ok || r.Blackhole || target.Kind == routing.Instance && here.v.Partial {
		return target, nil
	}
	if target.Kind == routing.Instance && here.scope.hasInstance(target.ID) {
		return target, wrong(CodeInstanceID, "the target %s of the route to %s has %d interfaces, and not exactly one (RT-36)",
			target, to(r), here.scope.attached[target.ID].count)
	}
	if here.v.Partial {
		return target, nil
	}
	if owner := c.elsewhere(here.v, r.Target); owner != nil {
		return target, wrong(CodeInvalidValue, "the target %s of the route to %s is of VPC %s (%s)", r.Target, to(r), owner.ID, elsewhereRule(r.Target.Kind))
	}
	return target, wrong(notFound(r.Target.Kind), "the target %s of the route to %s does not exist (%s)", r.Target, to(r), notFoundRule(r.Target.Kind))
}

func (s *scope) hasInstance(name string) bool {
	return s.instances.get(name) != nil || s.attached[name].count > 0
}

// elsewhere is the other VPC that the target of a route is part of, if its kind
// is known. A bare name is not looked up in other VPCs, which may use it for
// something else (VPC-19).
func (c *checker) elsewhere(v *VPC, t routing.Target) *VPC {
	for _, w := range c.n.VPCs {
		if w == v {
			continue
		}
		s := c.ix.scopes[w]
		switch t.Kind {
		case routing.InternetGateway:
			if w.InternetGateway != nil && w.InternetGateway.ID == t.ID {
				return w
			}
		case routing.Interface:
			if s.interfaces.ids[t.ID] != nil {
				return w
			}
		case routing.Instance:
			if s.instances.ids[t.ID] != nil {
				return w
			}
		case routing.NATGateway, routing.VPNGateway, routing.EgressOnlyGateway, routing.GatewayEndpoint, routing.GWLBEndpoint:
			if s.gateways.ids[t.ID] != nil {
				return w
			}
		}
	}
	return nil
}

func elsewhereRule(k routing.TargetKind) string {
	if k == routing.InternetGateway {
		return "RT-31"
	}
	return "RT-37"
}

// notFound is the code for an unknown target in a call about routes.
func notFound(k routing.TargetKind) string {
	switch k {
	case routing.NATGateway:
		return CodeNATGatewayNotFound
	case routing.Interface:
		return CodeInterfaceNotFound
	case routing.Instance:
		return CodeInstanceNotFound
	case routing.PeeringConnection:
		return CodePeeringNotFound
	case routing.TransitGateway:
		return CodeTransitGatewayNotFound
	case routing.GatewayEndpoint, routing.GWLBEndpoint:
		return CodeEndpointNotFound
	}
	return CodeGatewayNotFound
}

func notFoundRule(k routing.TargetKind) string {
	switch k {
	case routing.InternetGateway:
		return "RT-31"
	case routing.NATGateway:
		return "ERR-27"
	case routing.Interface:
		return "ERR-38"
	case routing.Instance:
		return "ERR-40"
	case routing.PeeringConnection:
		return "ERR-43"
	case routing.TransitGateway:
		return "ERR-47"
	case routing.GatewayEndpoint, routing.GWLBEndpoint:
		return "ERR-48"
	}
	return "ERR-23"
}

// edgeTable checks what a gateway's table may be (RT-44).
func (p *place) edgeTable(t *RouteTable) *mistake {
	of := p.edges[t]
	switch {
	case of == "" || t.Unknown != "":
		return nil
	case len(t.Propagating) > 0:
		return wrong(CodeInvalidValue, "routes are propagated into it, but it is the table of the gateway %s (RT-44)", of)
	case p.v.MainRouteTable != "" && p.scope.tables.get(p.v.MainRouteTable) == t:
		return wrong(CodeInvalidValue, "is the VPC's main table and that of the gateway %s (RT-44)", of)
	}
	return nil
}

// edgeRoute checks what a route of a gateway's table may be: the whole VPC or a
// whole subnet, to an interface or a Gateway Load Balancer endpoint (RT-43).
func (p *place) edgeRoute(t *RouteTable, r *routing.Route, target routing.Target) *mistake {
	if p.edges[t] == "" || target.Kind == routing.Local {
		return nil
	}
	switch {
	case r.PrefixList != "":
		return wrong(CodeInvalidValue, "a route goes to the prefix list %s, which a gateway's table may not (RT-44)", r.PrefixList)
	case r.Source.Propagated():
		return wrong(CodeInvalidValue, "the route %s is propagated, which a gateway's table may not have (RT-44)", r)
	case !p.whole(r):
		return wrong(CodeInvalidValue, "the destination %s is not a range of the VPC or of a subnet, as in a gateway's table (RT-44)", r.Destination)
	}
	switch target.Kind {
	case routing.Interface, routing.Instance, routing.GWLBEndpoint:
		return nil
	case routing.Nowhere, routing.UnknownTarget:
		if r.Blackhole || p.v.Partial {
			return nil
		}
	}
	return wrong(CodeInvalidValue, "the target %s is not an interface or a Gateway Load Balancer endpoint, as in a gateway's table (RT-43)", target)
}

// whole reports whether a destination is a range of the VPC or of a subnet. In
// a partial listing the subnet may be missing.
func (p *place) whole(r *routing.Route) bool {
	if p.v.Partial || p.subnets[r.Destination.Masked()] {
		return true
	}
	for _, q := range p.v.CIDRs {
		if q.Masked() == r.Destination.Masked() {
			return true
		}
	}
	return false
}
