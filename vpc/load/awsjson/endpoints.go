package awsjson

import (
	"reflect"
	"strings"

	"github.com/vpcemu/vpcemu/routing"
	"github.com/vpcemu/vpcemu/vpc"
)

// endpointJSON is one element of describe-vpc-endpoints.
type endpointJSON struct {
	VpcEndpointID, VpcID, VpcEndpointType, ServiceName, State, IPAddressType string
	SubnetIds, NetworkInterfaceIds, RouteTableIds                            []string
	Groups                                                                   []struct{ GroupID, GroupName string }
	Tags                                                                     nameTag
}

// endpointKinds are the values of VpcEndpointType; older listings have none.
var endpointKinds = map[string]routing.TargetKind{
	"": routing.GatewayEndpoint, "Gateway": routing.GatewayEndpoint, "GatewayLoadBalancer": routing.GWLBEndpoint, "Interface": routing.InterfaceEndpoint,
}

// describe tells a gateway what the listing has of it as an endpoint.
func (j *endpointJSON) describe(g *vpc.Gateway) {
	e := vpc.Endpoint{Service: j.ServiceName, RouteTables: j.RouteTableIds, Interfaces: j.NetworkInterfaceIds}
	e.DualStack = j.IPAddressType == "dualstack"
	for _, group := range j.Groups {
		e.Groups = appendNew(e.Groups, group.GroupID)
	}
	if g.Kind == routing.InterfaceEndpoint {
		e.Subnets = j.SubnetIds
	} else if len(j.SubnetIds) == 1 {
		g.Subnet = j.SubnetIds[0]
	}
	g.Endpoint = &e
	listEndpoint(g)
}

// listEndpoint leaves of an endpoint what its listing can hold.
func listEndpoint(g *vpc.Gateway) {
	if !g.IsEndpoint() || g.Endpoint == nil {
		g.Endpoint = nil
		return
	}
	e := *g.Endpoint
	kept := vpc.Endpoint{
		Service: e.Service, RouteTables: some(e.RouteTables), DualStack: e.DualStack,
		Subnets: some(e.Subnets), Groups: some(e.Groups), Interfaces: some(e.Interfaces),
	}
	if g.Kind != routing.InterfaceEndpoint {
		kept.Subnets = nil
	}
	if reflect.ValueOf(kept).IsZero() && g.Kind != routing.InterfaceEndpoint {
		g.Endpoint = nil
		return
	}
	if g.Kind == routing.InterfaceEndpoint {
		kept.UDP = takesUDP(e.Service)
	}
	g.Endpoint = &kept
}

// takesUDP: AWS's own services speak TCP; what others offer is not listed (EP-18).
func takesUDP(service string) vpc.Support {
	if strings.HasPrefix(service, "com.amazonaws.") && !strings.Contains(service, ".vpce-svc-") {
		return vpc.No
	}
	return vpc.Maybe
}

// some is a list, nil if it is empty.
func some(list []string) []string {
	if len(list) == 0 {
		return nil
	}
	return list
}

// impliedEndpoints writes down the routes that endpoints bring, which AWS lists.
func impliedEndpoints(n *vpc.Network, v *vpc.VPC) {
	for _, t := range v.RouteTables {
		t.Routes = append(t.Routes, v.EndpointRoutes(n, t)...)
	}
}

// endpoint rewrites what an endpoint names.
func (x *rewriter) endpoint(v *vpc.VPC, g *vpc.Gateway) {
	listEndpoint(g)
	if g.Endpoint == nil {
		return
	}
	e := g.Endpoint
	for k, name := range e.RouteTables {
		e.RouteTables[k] = id(x.renamer, v.RouteTable(name), name)
	}
	for k, name := range e.Subnets {
		e.Subnets[k] = id(x.renamer, v.Subnet(name), name)
	}
	for k, name := range e.Groups {
		e.Groups[k] = id(x.renamer, v.SecurityGroup(name), name)
	}
	for k, name := range e.Interfaces {
		for _, s := range v.Subnets {
			if i := s.Interface(name); i != nil {
				e.Interfaces[k] = x.ids[i]
			}
		}
	}
}

// endpointObject adds to the listing of an endpoint what more is known of it.
func endpointObject(o object, g *vpc.Gateway) object {
	subnets := []string{}
	if g.Subnet != "" {
		subnets = append(subnets, g.Subnet)
	}
	e := g.Endpoint
	if e == nil {
		e = new(vpc.Endpoint)
	}
	if subnets = append(subnets, e.Subnets...); len(subnets) > 0 {
		o["SubnetIds"] = subnets
	}
	if len(e.RouteTables) > 0 {
		o["RouteTableIds"] = e.RouteTables
	}
	if len(e.Interfaces) > 0 {
		o["NetworkInterfaceIds"] = e.Interfaces
	}
	groups := []object{}
	for _, id := range e.Groups {
		groups = append(groups, object{"GroupId": id})
	}
	if len(groups) > 0 {
		o["Groups"] = groups
	}
	if e.DualStack {
		o["IpAddressType"] = "dualstack"
	}
	return o.set("ServiceName", e.Service).set("VpcEndpointId", g.ID)
}
