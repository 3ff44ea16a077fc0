package vpc

import "github.com/vpcemu/vpcemu/routing"

// pending reports whether a peering connection waits for the other side.
func (ix *Index) pending(g *Gateway) bool {
	if g.Kind != routing.PeeringConnection {
		return false
	}
	switch ix.peeringState(g) {
	case "initiating-request", "pending-acceptance", "provisioning":
		return true
	}
	return false
}

// requestsOf is how many peering connections a VPC, their requester, has that wait
// to be accepted (LIM-31, ERR-44).
func (c *checker) requestsOf(v *VPC) int {
	count := 0
	for _, g := range c.n.Gateways {
		if c.ix.pending(g) && len(g.VPCs) > 0 && c.ix.vpcs.get(g.VPCs[0]) == v {
			count++
		}
	}
	return count
}

// limitPending counts the connections that wait in each account which has an end of
// them (ERR-44).
func (c *checker) limitPending(l Limits) {
	first, count := make(map[string]*VPC), make(map[string]int)
	for _, g := range c.n.Gateways {
		if !c.ix.pending(g) {
			continue
		}
		counted := make(map[string]bool)
		for _, name := range g.VPCs {
			if v := c.ix.vpcs.get(name); v != nil && !counted[v.Account] {
				counted[v.Account] = true
				count[v.Account]++
			}
		}
	}
	for _, v := range c.n.VPCs {
		if first[v.Account] == nil {
			first[v.Account] = v
			c.add(subject{element: v, kind: "the account of VPC", name: v.ID, origin: v.Origin},
				over(count[v.Account], l.PendingPeerings, CodePeeringPending, "peering connections that wait to be accepted", "ERR-44"))
		}
	}
}

// peerDNS: names of a VPC resolve to private addresses from the other side only if
// the VPC has DNS hostnames (ERR-45).
func (c *checker) peerDNS(g *Gateway) *mistake {
	for _, name := range g.PeerDNS {
		switch v := c.ix.vpcs.get(name); {
		case v == nil && c.partial():
		case g.Kind != routing.PeeringConnection || v == nil || !c.ix.joins(g, v):
			return wrong(CodeInvalidValue, "%s is no VPC at an end of a peering connection (ERR-5)", name)
		case !v.DNSHostnames && !v.Partial:
			return wrong(CodePeeringDNS, "VPC %s has no DNS hostnames (ERR-45)", v.ID)
		}
	}
	return nil
}
