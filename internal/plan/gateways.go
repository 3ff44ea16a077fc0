package plan

import (
	"slices"

	"github.com/vpcemu/vpcemu/routing"
	"github.com/vpcemu/vpcemu/vpc"
)

// gateways compiles the gateways that packets are carried through, and notes the
// addresses of the others.
func (c *compiler) gateways() {
	c.plan.gateways = make(map[*vpc.Gateway]*Gateway)
	for _, v := range c.plan.VPCs {
		for _, g := range v.Desc.Gateways {
			switch {
			case g.Kind == routing.NATGateway && g.Regional:
				v.nowhere = append(v.nowhere, &Subnet{Desc: &vpc.Subnet{}, VPC: v, acl: c.members(v).add(&ACL{In: allowAll, Out: allowAll})})
				c.addGateway(g, v).Place = v.nowhere[len(v.nowhere)-1]
			case g.Kind == routing.NATGateway && v.subnetOfGateway(g.ID) != nil:
				c.addGateway(g, v).Place = v.subnetOfGateway(g.ID)
			case g.Kind == routing.EgressOnlyGateway:
				if compiled := c.addGateway(g, v); !g.Gone() {
					v.EgressOnly = compiled
				}
			case c.endpoint(v, g):
			case g.Kind == routing.VPNGateway:
				c.vpnGateway(g, v)
				c.unmodelled(g, nil) // the outer ends of its tunnels
			default:
				c.unmodelled(g, v.unmodelled)
			}
		}
	}
	for _, g := range c.plan.Network.Gateways {
		if g.Kind == routing.TransitGateway {
			c.transitGateway(g)
			continue
		}
		if ends := c.ends(g); g.Kind == routing.PeeringConnection && (len(ends) == 2 || !g.Works()) {
			c.addGateway(g, ends...)
			continue
		}
		c.unmodelled(g, nil)
	}
}

func (c *compiler) addGateway(desc *vpc.Gateway, vpcs ...*VPC) *Gateway {
	g := &Gateway{Desc: desc, VPCs: vpcs, Slot: len(c.plan.Gateways)}
	c.plan.Gateways = append(c.plan.Gateways, g)
	c.plan.gateways[desc] = g
	return g
}

// ends are the described VPCs that a gateway joins.
func (c *compiler) ends(g *vpc.Gateway) []*VPC {
	var ends []*VPC
	for _, name := range g.VPCs {
		desc := c.plan.Network.VPC(name)
		for _, v := range c.plan.VPCs {
			if v.Desc == desc {
				ends = append(ends, v)
			}
		}
	}
	return ends
}

// natInterfaces gives the NAT gateways of a VPC their interfaces: the one that is
// described, or one that is made up (NAT-34). A deleted gateway has none; one that
// has failed has no public addresses.
func (c *compiler) natInterfaces(v *VPC) {
	for _, g := range c.plan.Gateways {
		if g.Desc.Kind != routing.NATGateway || g.VPCs[0] != v || g.Desc.State == "deleted" {
			continue
		}
		i := c.ownerOfAny(v, g.Desc.Addresses)
		if i == nil {
			i = c.madeUp(v, g)
		}
		d := *i.Desc
		d.Addresses, d.NoSourceDestCheck = elastic(ownAddresses(g.Desc)), true
		i.Desc, i.Gateway, i.Attached, i.Unknown = &d, g, true, ""
		g.Interface = i
		for _, a := range d.Addresses {
			if a.IP.IsValid() {
				c.members(v).owners.put(a.IP, i)
			}
			if a.Public.Is4() && g.Desc.State != "failed" {
				c.plan.public.put(a.Public, Binding{i, a.IP})
			}
		}
	}
}

// madeUp is the interface of a NAT gateway that nothing describes.
func (c *compiler) madeUp(v *VPC, gateway *Gateway) *Interface {
	g := gateway.Desc
	i := &Interface{VPC: v, Subnet: gateway.Place, madeUp: true, Membership: c.members(v).membership(v, nil, false), Desc: &vpc.Interface{ID: g.ID, Name: g.Name, Kind: "nat_gateway", Origin: g.Origin}}
	i.Slot = c.slot(i.slotKey())
	c.plan.interfaces.add(i)
	return i
}

// ownerOfAny is the described interface of a NAT gateway, nil if there is none.
func (c *compiler) ownerOfAny(v *VPC, addresses []vpc.Address) *Interface {
	for _, a := range addresses {
		if i := c.plan.Owner(v, a.IP); i != nil && i.Desc.Kind == "nat_gateway" {
			return i
		}
	}
	return nil
}

// ownAddresses are those that a NAT gateway translates to. A regional one has no
// private addresses, and translates to the public ones itself (NAT-42).
func ownAddresses(g *vpc.Gateway) []vpc.Address {
	out := slices.Clone(g.Addresses)
	for k := range out {
		if g.Regional {
			out[k].IP = out[k].Public
		}
	}
	return out
}

// elastic marks the public addresses as those of the gateway, whatever becomes of
// instances.
func elastic(addresses []vpc.Address) []vpc.Address {
	out := make([]vpc.Address, len(addresses))
	for k, a := range addresses {
		a.Elastic = true
		out[k] = a
	}
	return out
}

// gatewayTarget is a route's gateway, if packets are carried through it. One that
// has been deleted leaves a blackhole (RT-33, RT-34).
func (c *compiler) gatewayTarget(v *VPC, t *Target) bool {
	desc := v.Desc.Gateway(t.ID)
	for _, g := range c.plan.Network.Gateways {
		if desc == nil && (g.ID == t.ID || g.Name == t.ID) {
			desc = g
		}
	}
	g := c.plan.gateways[desc]
	if g == nil {
		return false
	}
	t.ID, t.Gateway, t.Interface = desc.ID, g, g.Interface
	t.Blackhole = blackhole(desc)
	if t.Interface != nil {
		t.Subnet = t.Interface.Subnet
	}
	if desc.Kind == routing.TransitGateway {
		v.transitTarget(t)
	}
	return true
}

// blackhole reports whether routes to a gateway are blackholes: to a NAT gateway
// that has been deleted, to a peering connection that is not active (RT-33,
// RT-34, EIGW-8). One that is being deleted, or has failed, refuses the packets
// itself (NAT-29).
func blackhole(g *vpc.Gateway) bool {
	switch g.Kind {
	case routing.NATGateway:
		return g.State == "deleted"
	case routing.PeeringConnection:
		return !g.Works()
	}
	return g.Gone()
}
