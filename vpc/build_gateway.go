package vpc

import "github.com/vpcemu/vpcemu/routing"

// AddNATGateway adds a public NAT gateway in a subnet, with addresses of its own.
// Subnets use it through a route to its name.
func (v *VPC) AddNATGateway(name, subnet string) *Gateway {
	g := &Gateway{Kind: routing.NATGateway, ID: name, Name: name, Subnet: subnet, Origin: caller()}
	v.Gateways = append(v.Gateways, g)
	return g
}

// AddRegionalNATGateway adds a NAT gateway that serves all zones of the VPC, with
// public addresses of its own in each and a route to the internet gateway. Subnets
// use it through a route to its name.
func (v *VPC) AddRegionalNATGateway(name string) *Gateway {
	g := &Gateway{Kind: routing.NATGateway, ID: name, Name: name, Regional: true, Origin: caller()}
	v.Gateways = append(v.Gateways, g)
	return g
}

// AddEgressOnlyGateway attaches an egress-only internet gateway. Subnets use it
// through a route to its name.
func (v *VPC) AddEgressOnlyGateway(name string) *Gateway {
	g := &Gateway{Kind: routing.EgressOnlyGateway, ID: name, Name: name, Origin: caller()}
	v.Gateways = append(v.Gateways, g)
	return g
}

// AddPeering adds an active peering connection between two VPCs. Both sides use
// it through routes to its name.
func (n *Network) AddPeering(name, requester, accepter string) *Gateway {
	g := &Gateway{Kind: routing.PeeringConnection, ID: name, Name: name, VPCs: []string{requester, accepter}, Origin: caller()}
	n.Gateways = append(n.Gateways, g)
	return g
}
