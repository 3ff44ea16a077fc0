package plan

import (
	"net/netip"
	"slices"

	"github.com/vpcemu/vpcemu/routing"
	"github.com/vpcemu/vpcemu/vpc"
)

// endpoint adds a VPC endpoint: a gateway endpoint as it is, another one if it has
// interfaces that are described, or is gone. It is false if the endpoint is not
// modelled.
func (c *compiler) endpoint(v *VPC, g *vpc.Gateway) bool {
	if !g.IsEndpoint() || g.Kind != routing.GatewayEndpoint && !g.Gone() && len(endpointInterfaces(v, g)) == 0 {
		return false
	}
	c.addGateway(g, v)
	return true
}

// endpointInterfaces are the described interfaces of an endpoint.
func endpointInterfaces(v *VPC, g *vpc.Gateway) []*vpc.Interface {
	var found []*vpc.Interface
	if g.Endpoint == nil {
		return nil
	}
	for _, name := range g.Endpoint.Interfaces {
		for _, s := range v.Desc.Subnets {
			if i := s.Interface(name); i != nil {
				found = append(found, i)
			}
		}
	}
	return found
}

// joinEndpoints tells the interfaces of endpoints whose they are. The one of a
// Gateway Load Balancer endpoint is a gateway (EP-22), that of an interface endpoint
// an ordinary interface with the service behind it (EP-13).
func (c *compiler) joinEndpoints(v *VPC) {
	for _, g := range c.plan.Gateways {
		if !g.Desc.IsEndpoint() || g.VPCs[0] != v {
			continue
		}
		for _, desc := range endpointInterfaces(v, g.Desc) {
			i := c.plan.named(v, desc.ID)
			i.Endpoint = g
			if g.Desc.Kind == routing.GWLBEndpoint && g.Interface == nil {
				i.Gateway, g.Interface = g, i
				i.Unknown = ""
			}
			switch {
			case g.Desc.Gone():
				i.Attached = false
			case !g.Desc.Works() && i.Unknown == "":
				i.Unknown = "endpoint " + g.Desc.ID + " is in state " + g.Desc.State
			}
		}
	}
}

// unlistedEndpoints: the interface of an endpoint that a partial listing does not have
// tells neither the endpoint's state nor its service.
func (v *VPC) unlistedEndpoints() {
	for _, s := range v.Subnets {
		for _, i := range s.interfaces {
			if v.Desc.Partial && i.Desc.Kind == "vpc_endpoint" && i.Endpoint == nil && i.Unknown == "" {
				i.Unknown = "nothing describes its endpoint"
			}
		}
	}
}

// Service reports whether the service of an interface endpoint is behind the
// interface, and no guest.
func (i *Interface) Service() bool { return i.Desc.Kind == "vpc_endpoint" && i.Gateway == nil }

// endpointTarget is a route's VPC endpoint, if it is modelled.
func (c *compiler) endpointTarget(v *VPC, t *Target) bool {
	if !c.gatewayTarget(v, t) {
		return false
	}
	if d := t.Gateway.Desc; !t.Blackhole && !d.Works() {
		t.Unknown = "endpoint " + d.ID + " is in state " + d.State
	}
	return true
}

// routesOf are the routes of a table, with those that endpoints bring (RT-24)
// and gateways propagate (VPN-2).
func (c *compiler) routesOf(v *VPC, t *vpc.RouteTable) []routing.Route {
	more := slices.Concat(v.Desc.EndpointRoutes(c.plan.Network, t), v.Desc.Propagated(t))
	if len(more) == 0 {
		return t.Routes
	}
	return slices.Concat(t.Routes, more)
}

// lists gives the prefix lists of a table's routes their meaning: the route to a
// gateway endpoint is for IPv4, unless the endpoint is dual-stack (EP-12).
func (c *compiler) lists(v *VPC, routes []routing.Route) func(string) (string, []netip.Prefix, bool) {
	return func(name string) (string, []netip.Prefix, bool) {
		id, entries, known := c.prefixList(name)
		if c.onlyIPv4(v, routes, name) {
			entries = slices.DeleteFunc(slices.Clone(entries), func(p netip.Prefix) bool { return p.Addr().Is6() })
		}
		return id, entries, known
	}
}

func (c *compiler) onlyIPv4(v *VPC, routes []routing.Route, list string) bool {
	return slices.ContainsFunc(routes, func(r routing.Route) bool {
		if r.PrefixList != list {
			return false
		}
		g := v.Desc.Gateway(r.Target.ID)
		return g != nil && g.Kind == routing.GatewayEndpoint && (g.Endpoint == nil || !g.Endpoint.DualStack)
	})
}
