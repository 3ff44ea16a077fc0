package vpc

import (
	"slices"

	"github.com/vpcemu/vpcemu/routing"
)

// limitTransit counts what transit gateways have (LIM-35 to LIM-38, TGW-36).
func (c *checker) limitTransit(l Limits) {
	gateways := 0
	for _, g := range c.n.Gateways {
		if g.Kind != routing.TransitGateway {
			continue
		}
		gateways++
		attachments := c.n.TransitAttachments(g)
		tables, routes, peerings := 1, 0, 0
		if g.Transit != nil {
			tables = max(1, len(g.Transit.RouteTables))
			for _, t := range g.Transit.RouteTables {
				routes += len(t.Routes)
			}
		}
		for _, a := range attachments {
			if a.Kind == PeeringAttachment {
				peerings++
			}
			routes += c.propagatedCount(a)
		}
		c.each(gatewaySubject(g),
			over(len(attachments), l.TransitAttachments, CodeTransitAttachmentLimit, "attachments", "LIM-36"),
			over(tables, l.TransitRouteTables, CodeTransitTableLimit, "route tables", "LIM-37"),
			over(routes, l.TransitRoutes, CodeTransitRouteLimit, "routes", "LIM-37"),
			over(peerings, l.TransitPeerings, CodeTransitAttachmentLimit, "peering attachments", "LIM-38"))
	}
	c.add(subject{element: c.n, kind: "network"}, over(gateways, l.TransitGateways, CodeTransitGatewayLimit, "transit gateways", "LIM-35"))
}

// propagatedCount is how many routes an attachment makes in the tables that it
// propagates into.
func (c *checker) propagatedCount(a *TransitAttachment) int {
	tables := max(1, len(a.Propagation))
	if slices.Contains(a.Propagation, NoTable) {
		tables--
	}
	count := len(a.Prefixes)
	if v := c.ix.vpcs.get(a.VPC); v != nil && a.Kind == VPCAttachment {
		for _, p := range v.CIDRs {
			if is4(p) || a.IPv6 {
				count++
			}
		}
	}
	return count * tables
}

// transitOf is how many transit gateways a VPC is attached to.
func (c *checker) transitOf(v *VPC) int {
	count := 0
	for _, g := range c.n.Gateways {
		if g.Kind == routing.TransitGateway && c.ix.joins(g, v) {
			count++
		}
	}
	return count
}
