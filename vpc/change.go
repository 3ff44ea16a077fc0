package vpc

import (
	"slices"

	"github.com/vpcemu/vpcemu/firewall"
	"github.com/vpcemu/vpcemu/routing"
)

// ValidateChange checks what the EC2 API would refuse of a change from one network
// to another and accept of the result by itself. Like [Network.Validate] it
// returns an [Errors], or nil.
func (n *Network) ValidateChange(from *Network) error {
	c := &checker{n: n, ix: n.Index()}
	before := from.Index()
	for _, g := range n.Gateways {
		was := before.gateways.ids[g.ID]
		if was == nil || was.Kind != routing.PeeringConnection || g.Kind != was.Kind {
			continue
		}
		state := before.peeringState(was)
		c.add(gatewaySubject(g), c.revived(state, g), c.addedRange(state, g, before))
	}
	return c.errs.orNil()
}

// revived: a connection that has failed, or was rejected, expired or deleted, is
// never accepted again (PCX-15).
func (c *checker) revived(was string, g *Gateway) *mistake {
	if now := c.ix.peeringState(g); !live(was) && live(now) {
		return wrong(CodeStateTransition, "was in state %s and cannot become %s (PCX-15)", was, now)
	}
	return nil
}

// addedRange: the requester of a connection that waits to be accepted gets no new
// ranges, and the two ends of an active one none that overlaps the other's
// (VPC-21).
func (c *checker) addedRange(state string, g *Gateway, before *Index) *mistake {
	for k, name := range g.VPCs {
		now, was := c.ix.vpcs.get(name), before.vpcs.get(name)
		if now == nil || was == nil {
			continue
		}
		for _, p := range now.CIDRs {
			if slices.Contains(was.CIDRs, p) {
				continue
			}
			if k == 0 && state == "pending-acceptance" {
				return wrong(CodeVPCRange, "%s is added to %s while it waits to be accepted (VPC-21)", p, now.ID)
			}
			if pair := c.ix.overlap(g); state == "active" && slices.Contains(pair, p) {
				return wrong(CodeVPCRange, "%s is added to %s, and %s overlaps %s (VPC-21)", p, now.ID, pair[0], pair[1])
			}
		}
	}
	return nil
}

// KeepStale marks the rules that a change has left without the group that they
// refer to in a peer VPC: AWS keeps them, stale, when that group or the connection
// is deleted (SG-21). The rules must have been there before the change. It reports
// whether there are any.
func (n *Network) KeepStale(from *Network) bool {
	marked := false
	c, was := &checker{n: n, ix: n.Index()}, &checker{n: from, ix: from.Index()}
	for _, v := range n.VPCs {
		old := was.ix.vpcs.ids[v.ID]
		if old == nil {
			continue
		}
		for _, g := range v.SecurityGroups {
			if before := was.ix.scopes[old].groups.ids[g.ID]; before != nil {
				in := c.keepStale(was, v, old, "ingress", g.Ingress, before.Ingress)
				out := c.keepStale(was, v, old, "egress", g.Egress, before.Egress)
				marked = marked || in || out
			}
		}
	}
	return marked
}

func (c *checker) keepStale(was *checker, v, old *VPC, direction string, rules, before []firewall.Rule) (marked bool) {
	for k := range rules {
		r := &rules[k]
		same := func(o firewall.Rule) bool { return o.Service == r.Service && o.Peer == r.Peer }
		if r.Peer.Group == "" || r.Unknown != "" || c.unknownPeer(v, direction, r) == nil || !slices.ContainsFunc(before, same) {
			continue
		}
		if _, w := was.ix.Group(old, r.Peer.Group); w != nil && w != old {
			r.Stale = was.unknownPeer(old, direction, r) == nil
			marked = marked || r.Stale
		}
	}
	return marked
}
