package vpc

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/vpcemu/vpcemu/routing"
)

// Endpoint is what a VPC endpoint has beside what every gateway has. Which fields
// count depends on the kind of its [Gateway]: a gateway endpoint, an interface
// endpoint or a Gateway Load Balancer endpoint.
type Endpoint struct {
	// Service is its name: "com.amazonaws.us-east-1.s3", or "s3" for short.
	Service string
	// PrefixList has the addresses of a gateway endpoint's service, by ID or name;
	// empty for the list that is named after the service.
	PrefixList string
	// RouteTables are associated with a gateway endpoint, by ID or name: each gets a
	// route to it by itself (RT-24). If there are none, the routes that tables list
	// are the associations.
	RouteTables []string
	// DualStack says that a gateway endpoint takes IPv6 too (EP-12).
	DualStack bool
	// Subnets of an interface endpoint, by ID or name, one for a zone (EP-13). A
	// Gateway Load Balancer endpoint has [Gateway.Subnet].
	Subnets []string
	// Groups of an interface endpoint, and of the interfaces that are made for it; none
	// means the default group (EP-15).
	Groups []string
	// Interfaces are those of the endpoint, by ID or name. In each of its subnets in
	// which none of them stands, one is made when the network is compiled, with the
	// address of that subnet among [Gateway.Addresses] or a free one.
	Interfaces []string
	// UDP says whether the service behind an interface endpoint takes UDP (EP-18).
	UDP Support
	// Appliances stand behind a Gateway Load Balancer endpoint; with none, the fate of
	// packets is unknown unless somebody receives them at the endpoint's port.
	Appliances []Appliance
	// TCPIdle is after what time a Gateway Load Balancer forgets an idle TCP flow; zero
	// means 350 seconds (EP-27).
	TCPIdle time.Duration
}

// Support says whether something can be done. The zero Support is No.
type Support uint8

// The answers.
const (
	No Support = iota
	Yes
	Maybe // it is not known
)

// Appliance is what stands behind a Gateway Load Balancer, and what it does with
// all packets (EP-23).
type Appliance struct {
	Name    string
	Verdict Verdict
}

// Verdict is what an appliance does. The zero Verdict is unknown.
type Verdict uint8

// The verdicts.
const (
	Undecided Verdict = iota
	Pass
	Drop
)

// String is "unknown", "pass" or "drop".
func (v Verdict) String() string { return [...]string{"unknown", "pass", "drop"}[v] }

func (e *Endpoint) clone() *Endpoint {
	if e == nil {
		return nil
	}
	c := *e
	c.RouteTables, c.Subnets, c.Groups = slices.Clone(e.RouteTables), slices.Clone(e.Subnets), slices.Clone(e.Groups)
	c.Interfaces, c.Appliances = slices.Clone(e.Interfaces), slices.Clone(e.Appliances)
	return &c
}

// Is reports whether the service is the named one of AWS: "s3", "dynamodb".
func (e *Endpoint) Is(service string) bool {
	return e != nil && e.Service[strings.LastIndexByte(e.Service, '.')+1:] == service
}

// IsEndpoint reports whether the gateway is a VPC endpoint.
func (g *Gateway) IsEndpoint() bool {
	switch g.Kind {
	case routing.GatewayEndpoint, routing.InterfaceEndpoint, routing.GWLBEndpoint:
		return true
	}
	return false
}

// ServiceList is the prefix list of a gateway endpoint's service, nil if it is not
// known.
func (n *Network) ServiceList(g *Gateway) *PrefixList {
	if g.Endpoint == nil {
		return nil
	}
	return n.PrefixList(cmp.Or(g.Endpoint.PrefixList, g.Endpoint.Service))
}

// EndpointRoutes are the routes that a table has by being associated with gateway
// endpoints and does not list (RT-24). Of a service whose prefixes nothing tells
// the prefix list is the service's name.
func (v *VPC) EndpointRoutes(n *Network, t *RouteTable) []routing.Route {
	var routes []routing.Route
	for _, g := range v.Gateways {
		if g.Kind != routing.GatewayEndpoint || g.Gone() || !v.associated(g, t) || t.leadsTo(g) {
			continue
		}
		r := routing.Route{PrefixList: cmp.Or(g.Endpoint.PrefixList, g.Endpoint.Service, g.ID), Origin: g.Origin}
		if l := n.ServiceList(g); l != nil {
			r.PrefixList = l.ID
		}
		r.Target = routing.Target{Kind: routing.GatewayEndpoint, ID: g.ID}
		routes = append(routes, r)
	}
	return routes
}

// associated reports whether a gateway endpoint names the table as one of its own.
func (v *VPC) associated(g *Gateway, t *RouteTable) bool {
	return g.Endpoint != nil && slices.ContainsFunc(g.Endpoint.RouteTables, func(name string) bool { return v.RouteTable(name) == t })
}

// leadsTo reports whether the table lists a route to the endpoint.
func (t *RouteTable) leadsTo(g *Gateway) bool {
	return slices.ContainsFunc(t.Routes, func(r routing.Route) bool {
		return r.PrefixList != "" && (r.Target.ID == g.ID || r.Target.ID == g.Name && g.Name != "")
	})
}

// endpointInterfaces makes the interfaces of endpoints that are not described. A
// partial listing may only lack them, so there none is made.
func (v *VPC) endpointInterfaces() {
	if v.Partial {
		return
	}
	v.dropEndpointInterfaces()
	for _, g := range v.Gateways {
		for _, name := range g.endpointSubnets() {
			v.endpointInterface(g, name, endpointKinds[g.Kind])
		}
	}
}

// endpointKinds are the kinds of the interfaces of endpoints.
var endpointKinds = map[Kind]string{routing.GWLBEndpoint: "gateway_load_balancer_endpoint", routing.InterfaceEndpoint: "vpc_endpoint"}

// endpointSubnets are the subnets in which an endpoint has interfaces.
func (g *Gateway) endpointSubnets() []string {
	switch {
	case g.Gone():
	case g.Kind == routing.GWLBEndpoint:
		return []string{g.Subnet}
	case g.Kind == routing.InterfaceEndpoint && g.Endpoint != nil:
		return g.Endpoint.Subnets
	}
	return nil
}

// dropEndpointInterfaces takes out the interfaces that were made for endpoints and
// subnets of endpoints that are gone.
func (v *VPC) dropEndpointInterfaces() {
	wanted := make(map[string]bool)
	for _, g := range v.Gateways {
		for _, name := range g.endpointSubnets() {
			if s := v.Subnet(name); s != nil {
				wanted[g.ID+"-"+s.ID] = true
			}
		}
	}
	dropped := make(map[string]bool)
	for _, s := range v.Subnets {
		s.Interfaces = slices.DeleteFunc(s.Interfaces, func(i *Interface) bool {
			drop := i.madeForEndpoint(s) && !wanted[i.ID]
			dropped[i.ID] = dropped[i.ID] || drop
			return drop
		})
	}
	for _, g := range v.Gateways {
		if g.Endpoint != nil {
			g.Endpoint.Interfaces = slices.DeleteFunc(g.Endpoint.Interfaces, func(name string) bool { return dropped[name] })
		}
	}
}

// madeForEndpoint reports whether endpointInterface has made the interface.
func (i *Interface) madeForEndpoint(s *Subnet) bool {
	return (i.Kind == endpointKinds[routing.GWLBEndpoint] || i.Kind == endpointKinds[routing.InterfaceEndpoint]) &&
		i.Name == i.ID && strings.HasSuffix(i.ID, "-"+s.ID)
}

// endpointInterface makes an endpoint's interface in a subnet, unless it is there. One
// that was made has the endpoint's groups.
func (v *VPC) endpointInterface(g *Gateway, subnet, kind string) {
	s := v.Subnet(subnet)
	if s == nil {
		return
	}
	if g.Endpoint == nil {
		g.Endpoint = new(Endpoint)
	}
	id := g.ID + "-" + s.ID
	for _, i := range s.Interfaces {
		switch {
		case slices.Contains(g.Endpoint.Interfaces, i.ID) || slices.Contains(g.Endpoint.Interfaces, i.Name):
			if i.madeForEndpoint(s) {
				i.Groups = slices.Clone(g.Endpoint.Groups)
			}
			return
		case i.ID == id && i.Kind == kind: // made earlier
			g.Endpoint.Interfaces = append(g.Endpoint.Interfaces, id)
			return
		}
	}
	for v.hasInterface(id) {
		id += "-"
	}
	i := &Interface{ID: id, Kind: kind, Groups: slices.Clone(g.Endpoint.Groups), Origin: g.Origin}
	i.Name = i.ID
	i.NoSourceDestCheck = kind != "vpc_endpoint"
	g.Addresses = slices.DeleteFunc(g.Addresses, func(a Address) bool {
		mine := a.IP.IsValid() && slices.ContainsFunc(s.CIDRs, func(p netip.Prefix) bool { return p.Contains(a.IP) })
		if mine {
			i.Addresses = append(i.Addresses, a)
		}
		return mine
	})
	s.Interfaces = append(s.Interfaces, i)
	g.Endpoint.Interfaces = append(g.Endpoint.Interfaces, i.ID)
}
