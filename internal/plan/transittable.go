package plan

import (
	"net/netip"
	"slices"

	"github.com/vpcemu/vpcemu/routing"
	"github.com/vpcemu/vpcemu/vpc"
)

// associated is the compiled table of an attachment (TGW-5).
func (c *compiler) associated(a *Attachment, done map[*vpc.TransitTable]*Table) *Table {
	if a.Desc.Association == vpc.NoTable {
		return nil
	}
	desc := a.Gateway.Desc.Transit.Table(a.Desc.Association)
	if desc == nil {
		return &Table{ID: a.Desc.Association, Unknown: "nothing describes the route table " + a.Desc.Association}
	}
	if done[desc] == nil {
		done[desc] = c.transitTable(a.Gateway, desc)
	}
	return done[desc]
}

// transitRoute is a route of a transit gateway's table before the best of equal
// prefixes is chosen; lower ranks win (TGW-10).
type transitRoute struct {
	routing.Route
	target Target
	rank   int
}

// Ranks of routes with equal prefix, best first; a static one hides a propagated
// one (TGW-11).
const (
	rankStatic = iota
	rankPrefixList
	rankPropagated // plus the attachment's kind
)

// transitTable compiles a table: its static routes, and what attachments
// propagate into it.
func (c *compiler) transitTable(g *Gateway, desc *vpc.TransitTable) *Table {
	t := &Table{ID: desc.ID, Unknown: desc.Unknown}
	var all []transitRoute
	for _, r := range desc.Routes {
		all = append(all, c.staticRoutes(g, r)...)
	}
	for k := range g.Attachments {
		all = append(all, c.propagated(g, k, desc)...)
	}
	slices.SortStableFunc(all, func(a, b transitRoute) int { return a.rank - b.rank })
	for k := range all {
		t.Routes, t.Targets = append(t.Routes, all[k].Route), append(t.Targets, all[k].target)
		equalCost(all[:k], &all[k], t.Targets)
	}
	t.FIB = routing.Compile(t.Routes, nil, func(name string) (string, []netip.Prefix, bool) { return name, nil, false })
	return t
}

// equalCost makes a propagated route another way of an earlier one of the same
// prefix and kind, for the kinds that have that (TGW-31).
func equalCost(before []transitRoute, r *transitRoute, targets []Target) {
	if r.rank < rankPropagated+int(vpc.DirectConnectAttachment) || r.rank > rankPropagated+int(vpc.VPNAttachment) {
		return
	}
	for k := range before {
		if before[k].rank == r.rank && before[k].Destination == r.Destination {
			targets[k].Equal = append(targets[k].Equal, r.target.Attachment)
			return
		}
	}
}

// staticRoutes are those of one line: a prefix list stands for one for each of
// its entries, and one that may be anywhere if they are not all known.
func (c *compiler) staticRoutes(g *Gateway, r routing.Route) []transitRoute {
	target := c.staticTarget(g, r)
	if r.PrefixList == "" {
		return []transitRoute{{r, target, rankStatic}}
	}
	_, entries, known := c.prefixList(r.PrefixList)
	var all []transitRoute
	for _, p := range entries {
		one := r
		one.Destination, one.PrefixList = p.Masked(), ""
		all = append(all, transitRoute{one, target, rankPrefixList})
	}
	if !known {
		all = append(all, transitRoute{r, target, rankPrefixList})
	}
	return all
}

// staticTarget is where a static route leads; an attachment that is gone, or does not
// work, leaves a blackhole (TGW-4, TGW-12). A listing may lack one.
func (c *compiler) staticTarget(g *Gateway, r routing.Route) Target {
	t := Target{Kind: routing.TransitGateway, ID: r.Target.ID, Blackhole: r.Blackhole, Unknown: r.Unknown, Gateway: g}
	if t.Blackhole || t.Unknown != "" {
		return t
	}
	desc := g.Desc.Transit.Attachment(r.Target.ID)
	for _, a := range g.Attachments {
		if a.Desc == desc && desc != nil {
			t.ID, t.Attachment, t.Unknown = desc.ID, a, desc.Unknown
		}
	}
	partial := slices.ContainsFunc(c.plan.Network.VPCs, func(v *vpc.VPC) bool { return v.Partial })
	if t.Attachment == nil && partial {
		t.Unknown = "nothing describes the attachment " + t.ID
		return t
	}
	t.Blackhole = t.Attachment == nil || !t.Attachment.Desc.Works()
	return t
}

// propagated are the routes that the k-th attachment of a gateway propagates into
// a table (TGW-6, TGW-7).
func (c *compiler) propagated(g *Gateway, k int, into *vpc.TransitTable) []transitRoute {
	a := g.Attachments[k]
	if !a.Desc.Works() || !slices.ContainsFunc(a.Desc.Propagation, func(name string) bool {
		return name != vpc.NoTable && g.Desc.Transit.Table(name) == into
	}) {
		return nil
	}
	target := Target{Kind: routing.TransitGateway, ID: a.Desc.ID, Gateway: g, Attachment: a, Unknown: a.Desc.Unknown}
	var all []transitRoute
	for _, p := range g.announced(k) {
		r := routing.Route{Destination: p, Target: routing.Target{Kind: routing.TransitGateway, ID: a.Desc.ID}, Origin: a.Desc.Origin}
		all = append(all, transitRoute{r, target, rankPropagated + int(a.Desc.Kind)})
	}
	return all
}

// announced are the prefixes of the k-th attachment: of a VPC its CIDRs, without
// IPv6 unless that is on (TGW-7), and without those that overlap a VPC which was
// attached before (TGW-9).
func (g *Gateway) announced(k int) []netip.Prefix {
	a := g.Attachments[k]
	if a.VPC == nil {
		return a.Desc.Prefixes
	}
	var own []netip.Prefix
	for _, p := range a.VPC.Desc.CIDRs {
		taken := slices.ContainsFunc(g.Attachments[:k], func(b *Attachment) bool {
			return b.VPC != nil && b.VPC != a.VPC && b.Desc.Works() && slices.ContainsFunc(b.VPC.Desc.CIDRs, p.Overlaps)
		})
		if !taken && (p.Addr().Is4() || a.Desc.IPv6) {
			own = append(own, p.Masked())
		}
	}
	return own
}
