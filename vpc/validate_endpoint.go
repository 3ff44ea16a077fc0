package vpc

import (
	"slices"
	"strings"
	"time"

	"github.com/vpcemu/vpcemu/routing"
)

// endpoint checks a VPC endpoint, in the order of ERR-2.
func (c *checker) endpoint(v *VPC, sc *scope, g *Gateway) *mistake {
	e := g.Endpoint
	if e == nil || !g.IsEndpoint() {
		return nil
	}
	if m := malformedEndpoint(g); m != nil {
		return m
	}
	if v.Partial {
		return nil
	}
	if m := c.endpointNames(sc, g); m != nil {
		return m
	}
	zones := make(map[string]string)
	for _, name := range e.Subnets {
		s := sc.subnets.get(name)
		if other, taken := zones[s.Zone]; taken && s.Zone != "" {
			return wrong(CodeSameZone, "its subnets %s and %s are in one zone (EP-14)", other, s.ID)
		}
		zones[s.Zone] = s.ID
	}
	return c.secondEndpoint(v, g)
}

// gatewayServices have gateway endpoints (EP-1).
var gatewayServices = []string{"s3", "dynamodb", "s3express"}

func malformedEndpoint(g *Gateway) *mistake {
	e := g.Endpoint
	service := e.Service[strings.LastIndexByte(e.Service, '.')+1:]
	switch {
	case g.Kind == routing.GatewayEndpoint && e.Service != "" && !slices.Contains(gatewayServices, service):
		return wrong(CodeServiceName, "there is no gateway endpoint for the service %s (ERR-48)", e.Service)
	case e.UDP > Maybe:
		return wrong(CodeInvalidValue, "whether its service takes UDP is the unknown %d (ERR-5)", e.UDP)
	case e.TCPIdle != 0 && (e.TCPIdle < 60*time.Second || e.TCPIdle > 6000*time.Second):
		return wrong(CodeInvalidValue, "its TCP idle time %v is not 60 to 6,000 seconds (EP-27)", e.TCPIdle)
	case slices.ContainsFunc(e.Appliances, func(a Appliance) bool { return a.Verdict > Drop }):
		return wrong(CodeInvalidValue, "the verdict of an appliance is neither pass nor drop (ERR-5)")
	}
	return nil
}

// endpointNames checks that what an endpoint names is there.
func (c *checker) endpointNames(sc *scope, g *Gateway) *mistake {
	e := g.Endpoint
	for _, name := range e.Subnets {
		if sc.subnets.get(name) == nil {
			return wrong(CodeSubnetNotFound, "its subnet %s does not exist (ERR-9)", name)
		}
	}
	for _, name := range e.Groups {
		if sc.groups.get(name) == nil {
			return wrong(CodeGroupNotFound, "its security group %s does not exist (ERR-31)", name)
		}
	}
	for _, name := range e.RouteTables {
		if sc.tables.get(name) == nil {
			return wrong(CodeRouteTableNotFound, "its route table %s does not exist (ERR-17)", name)
		}
	}
	for _, name := range e.Interfaces {
		if sc.interfaces.get(name) == nil {
			return wrong(CodeInterfaceNotFound, "its interface %s does not exist (ERR-38)", name)
		}
	}
	if e.PrefixList != "" && c.ix.prefixLists.get(e.PrefixList) == nil {
		return wrong(CodePrefixListNotFound, "its prefix list %s does not exist (ERR-48)", e.PrefixList)
	}
	if g.Kind == routing.GatewayEndpoint && len(e.RouteTables) > 0 && c.n.ServiceList(g) == nil {
		return wrong(CodePrefixListNotFound, "no prefix list has the addresses of its service %s (ERR-48)", e.Service)
	}
	return nil
}

// secondEndpoint: a table is associated with one gateway endpoint of a service
// (RT-25).
func (c *checker) secondEndpoint(v *VPC, g *Gateway) *mistake {
	for _, t := range v.RouteTables {
		if g.Kind != routing.GatewayEndpoint || g.Gone() || !v.associated(g, t) {
			continue
		}
		list := c.n.ServiceList(g)
		for _, r := range t.Routes {
			if r.PrefixList != "" && c.ix.prefixLists.get(r.PrefixList) == list && r.Target.ID != g.ID && r.Target.ID != g.Name {
				return wrong(CodeRouteExists, "the route table %s has a route to the service's %s already (RT-25)", t.ID, list.ID)
			}
		}
		for _, other := range v.Gateways {
			if other == g {
				break // each pair once
			}
			if other.Kind == routing.GatewayEndpoint && !other.Gone() && v.associated(other, t) && c.n.ServiceList(other) == list {
				return wrong(CodeRouteExists, "the route table %s is associated with %s, of the same service, already (RT-25)", t.ID, other.ID)
			}
		}
	}
	return nil
}

// endpointRoute checks a listed route to a gateway endpoint that says which tables it
// is associated with: only the association makes such a route (RT-24).
func (p *place) endpointRoute(t *RouteTable, r *routing.Route, target routing.Target) *mistake {
	g := p.scope.gateways.get(target.ID)
	switch {
	case g == nil || target.Kind != routing.GatewayEndpoint || p.v.Partial || r.Blackhole:
	case g.Endpoint == nil || len(g.Endpoint.RouteTables) == 0 || p.v.associated(g, t):
	default:
		return wrong(CodeInvalidValue, "the route to %s comes by associating the table with %s, and not by itself (RT-24)", to(r), g.ID)
	}
	return nil
}

// removedEndpoint says what is wrong with the removal of a route that a gateway
// endpoint brings (RT-24).
func (p *place) removedEndpoint(n *Network, t *RouteTable, message string) bool {
	return slices.ContainsFunc(p.v.EndpointRoutes(n, t), func(r routing.Route) bool {
		return strings.Contains(message, "has no route to "+r.PrefixList+" ")
	})
}
