package vpc

import (
	"net/netip"

	"github.com/vpcemu/vpcemu/routing"
)

// assignStates fills in the states of NAT gateways and peering connections that
// name none. What the API accepts and then cannot build is not refused: it ends in
// state failed (NAT-30, PCX-2, ERR-29, ERR-46).
func (n *Network) assignStates() {
	used := n.publicInterfaces()
	for _, v := range n.VPCs {
		for _, g := range v.Gateways {
			if g.Kind == routing.NATGateway && (g.Subnet != "" || g.Regional) && g.State == "" {
				g.settle(v.natFailure(g, used))
			}
		}
	}
	ix := n.Index()
	for _, g := range n.Gateways {
		if g.Kind == routing.PeeringConnection {
			g.State = ix.peeringState(g)
		}
	}
}

// settle puts a NAT gateway into the state in which its building ends.
func (g *Gateway) settle(failure string) {
	g.State, g.Failure = "available", failure
	if failure != "" {
		g.State = "failed"
	}
}

// natFailure is why a public NAT gateway cannot be built, as AWS's FailureCode,
// empty if it can. used are public addresses of others.
func (v *VPC) natFailure(g *Gateway, used map[netip.Addr]bool) string {
	if !g.Private && v.InternetGateway == nil && !v.Partial {
		return CodeGatewayNotAttached
	}
	for _, a := range g.Addresses {
		if a.Public.IsValid() && used[a.Public] {
			return CodeAlreadyAssociated
		}
	}
	for _, a := range g.Addresses {
		if a.Public.IsValid() {
			used[a.Public] = true
		}
	}
	return ""
}

// publicInterfaces are the public addresses that interfaces have. The interface of
// a NAT gateway has those of the gateway.
func (n *Network) publicInterfaces() map[netip.Addr]bool {
	used := make(map[netip.Addr]bool)
	for _, v := range n.VPCs {
		for _, s := range v.Subnets {
			for _, i := range s.Interfaces {
				for _, a := range i.Addresses {
					if a.Public.IsValid() && i.Kind != natKind {
						used[a.Public] = true
					}
				}
			}
		}
		for _, g := range v.Gateways { // those that are there already come first
			for _, a := range g.Addresses {
				if a.Public.IsValid() && g.State != "" && g.State != "failed" && !g.Gone() {
					used[a.Public] = true
				}
			}
		}
	}
	return used
}

// natKind is the InterfaceType of the interface of a NAT gateway.
const natKind = "nat_gateway"

// peeringState is the state of a peering connection: the one it names, else failed
// if the VPCs overlap and active if they do not (PCX-2).
func (ix *Index) peeringState(g *Gateway) string {
	switch {
	case g.State != "":
		return g.State
	case len(ix.overlap(g)) > 0:
		return "failed"
	}
	return "active"
}

// overlap are two ranges of the VPCs at the ends of a peering connection that
// overlap, nil if none do.
func (ix *Index) overlap(g *Gateway) []netip.Prefix {
	if len(g.VPCs) != 2 {
		return nil
	}
	a, b := ix.vpcs.get(g.VPCs[0]), ix.vpcs.get(g.VPCs[1])
	if a == nil || b == nil || a == b {
		return nil
	}
	for _, p := range a.CIDRs {
		for _, q := range b.CIDRs {
			if p.Overlaps(q) {
				return []netip.Prefix{p, q}
			}
		}
	}
	return nil
}

// activeOverlap: VPCs with an active peering connection do not overlap, and
// cannot come to (VPC-21).
func (c *checker) activeOverlap(g *Gateway) *mistake {
	pair := c.ix.overlap(g)
	if g.Kind != routing.PeeringConnection || g.State != "active" || len(pair) == 0 {
		return nil
	}
	for _, name := range g.VPCs {
		if c.ix.vpcs.get(name).Partial {
			return nil
		}
	}
	return wrong(CodeVPCRange, "is active, and %s overlaps %s (VPC-21)", pair[0], pair[1])
}
