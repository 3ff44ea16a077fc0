package awsjson

import (
	"cmp"
	"net/netip"
	"slices"

	"github.com/vpcemu/vpcemu/firewall"
	"github.com/vpcemu/vpcemu/routing"
	"github.com/vpcemu/vpcemu/vpc"
)

// explicit is the network as AWS would list it, and as [Load] will find it:
// addresses are assigned, what every VPC has by itself is there, references are
// IDs of AWS's shape, and what the listings cannot hold is gone.
func explicit(n *vpc.Network) *vpc.Network {
	c := n.Clone()
	hoistTransit(c)
	_ = c.Assign() // what has no address then stays without one
	c.Expect = nil
	for _, v := range c.VPCs {
		propagate(v)
		implied(v)
		impliedEndpoints(c, v)
		placeRegion(v)
	}
	slices.SortStableFunc(c.VPCs, func(a, b *vpc.VPC) int { return cmp.Compare(a.Region, b.Region) })
	homeGateways(c)
	nameLinks(c)
	explicitTransit(c)
	x := &rewriter{c, c.Index(), renameAll(c)}
	x.network()
	propagatedSources(c)
	for _, v := range c.VPCs {
		giveUnlisted(v)
	}
	return c
}

// implied writes down what a VPC has by itself. What a partial listing lacks is
// unknown, and stays so.
func implied(v *vpc.VPC) {
	if !v.Partial {
		if v.MainRouteTable == "" {
			t := v.AddRouteTable(free(v.ID+"-main", func(id string) bool { return v.RouteTable(id) != nil }))
			v.MainRouteTable = t.ID
		}
		if v.DefaultNetworkACL == "" {
			a := v.AddNetworkACL(free(v.ID+"-default", func(id string) bool { return v.NetworkACL(id) != nil }))
			a.Ingress, a.Egress = defaultEntries(v), defaultEntries(v)
			v.DefaultNetworkACL = a.ID
		}
		if v.DefaultSecurityGroup == "" {
			g := vpc.DefaultGroup()
			g.ID = free(v.ID+"-default", func(id string) bool { return v.SecurityGroup(id) != nil })
			g.Ingress[0].Peer.Group, g.Description = g.ID, "default VPC security group"
			v.SecurityGroups = append(v.SecurityGroups, g)
			v.DefaultSecurityGroup = g.ID
		}
	}
	impliedBalancers(v)
	for _, s := range v.Subnets {
		s.NetworkACL = cmp.Or(s.NetworkACL, v.DefaultNetworkACL)
		for _, i := range s.Interfaces {
			impliedInterface(v, i)
		}
	}
	if g := v.SecurityGroup(v.DefaultSecurityGroup); g != nil {
		g.Name = cmp.Or(g.Name, "default")
	}
}

// defaultEntries are those of AWS, which writes entries for IPv6 only where the
// VPC has IPv6 (ACL-8).
func defaultEntries(v *vpc.VPC) []firewall.Entry {
	without6 := !slices.ContainsFunc(v.CIDRs, is6)
	return slices.DeleteFunc(vpc.DefaultACLEntries(), func(e firewall.Entry) bool { return without6 && is6(e.CIDR) })
}

// free is an ID that is not taken.
func free(id string, taken func(string) bool) string {
	for taken(id) {
		id += "-aws"
	}
	return id
}

func is6(p netip.Prefix) bool { return p.Addr().Is6() }

// impliedInterface does for one interface what the loader will do.
func impliedInterface(v *vpc.VPC, i *vpc.Interface) {
	switch {
	case i.Detached:
		i.Instance, i.DeviceIndex, i.Metadata = "", 0, vpc.Metadata{}
	case i.Instance == "":
		i.Metadata = vpc.Metadata{} // which describe-instances tells
	case v.Instance(i.Instance) == nil:
		v.Instances = append(v.Instances, &vpc.Instance{ID: i.Instance, Origin: i.Origin})
		join(&i.Unknown, "its instance is not described")
	}
	if len(i.Groups) == 0 && i.Kind == "" && i.Unknown == "" {
		if v.DefaultSecurityGroup != "" {
			i.Groups = []string{v.DefaultSecurityGroup}
		} else {
			i.Unknown = "has no security group"
		}
	}
	addresses := slices.DeleteFunc(i.Addresses, func(a vpc.Address) bool { return !a.IP.IsValid() })
	slices.SortStableFunc(addresses, func(a, b vpc.Address) int { return a.IP.BitLen() - b.IP.BitLen() })
	for k := range addresses {
		a := &addresses[k]
		a.AutoPublic, a.Elastic = false, a.Elastic && a.Public.IsValid()
	}
	i.Addresses = addresses
	slices.SortStableFunc(i.Prefixes, func(a, b netip.Prefix) int { return a.Addr().BitLen() - b.Addr().BitLen() })
	if i.Kind == "interface" {
		i.Kind = ""
	}
	if len(addresses) == 0 && i.Unknown == "" {
		i.Unknown = "has no address"
	}
	if i.Metadata.HopLimit == 1 {
		i.Metadata.HopLimit = 0
	}
}

// placeRegion settles the region of a VPC as the loader will: by the folder,
// which can only have the name of a region, else by the zone of a subnet.
func placeRegion(v *vpc.VPC) {
	if regionName.FindString(v.Region) == v.Region && v.Region != "" {
		return
	}
	v.Region = ""
	for _, s := range v.Subnets {
		if v.Region = regionName.FindString(s.Zone); v.Region != "" {
			return
		}
	}
}

// gatewayOrder is the order in which the loader takes in kinds of gateways.
var gatewayOrder = []routing.TargetKind{
	routing.EgressOnlyGateway, routing.NATGateway, routing.VPNGateway, routing.GatewayEndpoint, routing.GWLBEndpoint, routing.InterfaceEndpoint,
	routing.UnknownTarget, routing.CarrierGateway, routing.LocalGateway, routing.PeeringConnection, routing.TransitGateway,
}

// outside reports whether gateways of a kind are listed beside the VPCs, and not
// as part of one.
func outside(k routing.TargetKind) bool {
	return k == routing.LocalGateway || k == routing.PeeringConnection || k == routing.TransitGateway
}

// homeGateways puts gateways where their listing puts them, leaves out those
// that no listing has, and makes up the VPCs that only gateways name.
func homeGateways(n *vpc.Network) {
	all := n.Gateways
	n.Gateways = nil
	for _, v := range n.VPCs {
		var inside []*vpc.Gateway
		for _, g := range v.Gateways {
			if outside(g.Kind) {
				g.VPCs = appendNew(g.VPCs, v.ID)
				all = append(all, g)
			} else if slices.Contains(gatewayOrder, g.Kind) {
				inside = append(inside, g)
			}
		}
		v.Gateways = inside
	}
	for _, g := range all {
		switch {
		case outside(g.Kind):
			n.Gateways = append(n.Gateways, g)
		case len(g.VPCs) == 1 && n.VPC(g.VPCs[0]) != nil && slices.Contains(gatewayOrder, g.Kind):
			v := n.VPC(g.VPCs[0])
			v.Gateways = append(v.Gateways, g)
		}
	}
	for _, v := range n.VPCs {
		sortGateways(v.Gateways)
	}
	sortGateways(n.Gateways)
	for _, g := range n.Gateways {
		if g.Kind == routing.LocalGateway {
			g.VPCs = nil
		}
		for _, name := range g.VPCs {
			if n.VPC(name) == nil {
				n.VPCs = append(n.VPCs, &vpc.VPC{ID: name, Partial: true})
			}
		}
	}
}

func sortGateways(list []*vpc.Gateway) {
	slices.SortStableFunc(list, func(a, b *vpc.Gateway) int {
		return slices.Index(gatewayOrder, a.Kind) - slices.Index(gatewayOrder, b.Kind)
	})
	for _, g := range list {
		g.State = cmp.Or(g.State, usualState(g.Kind))
		listedVPN(g)
		for k := range g.Addresses {
			g.Addresses[k].AutoPublic, g.Addresses[k].Elastic = false, g.Addresses[k].Public.IsValid()
		}
		if g.Kind != routing.NATGateway {
			g.Addresses = nil
		}
	}
}

// usualState is the state of a gateway of which nothing else is said.
func usualState(k routing.TargetKind) string {
	switch k {
	case routing.EgressOnlyGateway:
		return "" // it has none, but its attachment
	case routing.PeeringConnection:
		return "active"
	}
	return "available"
}
