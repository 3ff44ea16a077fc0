package plan

import (
	"net/netip"
	"slices"

	"github.com/vpcemu/vpcemu/routing"
	"github.com/vpcemu/vpcemu/vpc"
)

// Attachment is a compiled attachment of a transit gateway.
type Attachment struct {
	Desc    *vpc.TransitAttachment
	Gateway *Gateway
	// VPC is nil if it attaches something else.
	VPC *VPC
	// Interfaces of the gateway in the VPC, one for each zone (TGW-1).
	Interfaces []*Interface
	// Partial says that it has subnets that nothing describes.
	Partial bool
	// Table routes what comes in through it, nil for none (TGW-5).
	Table *Table
	// Peer is the other end of a peering attachment, nil if nothing describes it.
	Peer *Attachment
}

// InZone is the gateway's interface in a zone of the VPC, nil if it has none.
func (a *Attachment) InZone(zone string) *Interface {
	for _, i := range a.Interfaces {
		if i.Subnet.Desc.Zone == zone {
			return i
		}
	}
	return nil
}

// AttachmentOf is a VPC's attachment, nil if it has none; one that works if there
// are several.
func (g *Gateway) AttachmentOf(v *VPC) *Attachment {
	var found *Attachment
	for _, a := range g.Attachments {
		if a.VPC == v && v != nil && (found == nil || a.Desc.Works()) {
			found = a
		}
	}
	return found
}

// transitGateway begins a transit gateway: who is attached to it.
func (c *compiler) transitGateway(desc *vpc.Gateway) {
	g := c.addGateway(desc)
	if desc.Transit == nil {
		return // not assigned: no attachments
	}
	for _, d := range desc.Transit.Attachments {
		a := &Attachment{Desc: d, Gateway: g}
		if v := c.plan.Network.VPC(d.VPC); v != nil && d.Kind == vpc.VPCAttachment {
			a.VPC = c.compiled(v)
		}
		g.Attachments = append(g.Attachments, a)
	}
}

func (c *compiler) compiled(desc *vpc.VPC) *VPC {
	for _, v := range c.plan.VPCs {
		if v.Desc == desc {
			return v
		}
	}
	return nil
}

// transits compiles the interfaces and the route tables of transit gateways. All
// interfaces of VPCs are there.
func (c *compiler) transits() {
	for _, g := range c.plan.Gateways {
		for _, a := range g.Attachments {
			c.transitInterfaces(a)
			a.Peer = c.peer(a)
		}
	}
	for _, g := range c.plan.Gateways {
		tables := make(map[*vpc.TransitTable]*Table)
		for _, a := range g.Attachments {
			a.Table = c.associated(a, tables)
		}
	}
}

// transitInterfaces are the gateway's interfaces in a VPC: those that are
// described, or made-up ones. They have no groups and check nothing (TGW-23).
func (c *compiler) transitInterfaces(a *Attachment) {
	for k, name := range a.Desc.Subnets {
		s := a.VPC.subnetOf(name)
		if s == nil || k >= len(a.Desc.Addresses) {
			a.Partial = true
			continue
		}
		addr := a.Desc.Addresses[k]
		i := a.VPC.Owner(addr)
		if i == nil || i.Gateway != nil {
			i = &Interface{VPC: a.VPC, Subnet: s, Desc: &vpc.Interface{ID: transitID(a.Desc, s.Desc), Kind: "transit_gateway",
				Addresses: []vpc.Address{{IP: addr}}, Origin: a.Desc.Origin}}
			i.Slot = c.slot(i.Key())
			c.plan.Interfaces = append(c.plan.Interfaces, i)
			a.VPC.owners[addr] = i
		}
		d := *i.Desc
		d.NoSourceDestCheck = true
		i.Desc, i.Gateway, i.Attached, i.Unknown = &d, a.Gateway, true, ""
		a.Interfaces = append(a.Interfaces, i)
	}
}

// transitID names an interface that nobody described.
func transitID(a *vpc.TransitAttachment, s *vpc.Subnet) string { return a.ID + "-" + s.ID }

// subnetOf finds a subnet by ID or name, nil if there is none or no VPC.
func (v *VPC) subnetOf(name string) *Subnet {
	if v == nil {
		return nil
	}
	desc := v.Desc.Subnet(name)
	for _, s := range v.Subnets {
		if s.Desc == desc {
			return s
		}
	}
	return nil
}

// peer is the other end of a peering attachment.
func (c *compiler) peer(a *Attachment) *Attachment {
	if a.Desc.Kind != vpc.PeeringAttachment {
		return nil
	}
	for _, g := range c.plan.Gateways {
		if g.Desc.ID != a.Desc.Peer && g.Desc.Name != a.Desc.Peer {
			continue
		}
		for _, b := range g.Attachments {
			back := b.Desc.Peer == a.Gateway.Desc.ID || b.Desc.Peer == a.Gateway.Desc.Name
			if b.Desc.Kind == vpc.PeeringAttachment && back {
				return b
			}
		}
	}
	return nil
}

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
	target := g.target(r)
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

// target is where a static route leads; an attachment that is gone, or does not
// work, leaves a blackhole (TGW-4, TGW-12).
func (g *Gateway) target(r routing.Route) Target {
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

// transitTarget is a route's transit gateway as seen from a VPC: a blackhole
// unless the VPC's attachment works (TGW-4, RT-35).
func (v *VPC) transitTarget(t *Target) {
	t.Attachment = t.Gateway.AttachmentOf(v)
	switch {
	case t.Attachment == nil && v.Desc.Partial:
		t.Unknown = "nothing describes an attachment of " + v.Desc.ID + " to " + t.ID
	case t.Attachment == nil, !t.Attachment.Desc.Works(), !t.Gateway.Desc.Works():
		t.Blackhole = true
	default:
		t.Unknown = t.Attachment.Desc.Unknown
	}
}

// refers reports whether inbound rules of one VPC may refer to groups of the
// other over the gateway (SG-22).
func (g *Gateway) refers(v, w *VPC) bool {
	a, b := g.AttachmentOf(v), g.AttachmentOf(w)
	return a != nil && b != nil && a != b && g.References(a, b)
}

// References reports whether group references hold from one attachment to
// another (SG-22, TGW-34).
func (g *Gateway) References(a, b *Attachment) bool {
	return g.Desc.Transit.GroupReferences && a.Gateway == g && b.Gateway == g && a.VPC != nil && b.VPC != nil &&
		a.Desc.Works() && b.Desc.Works() && !a.Desc.NoGroupReferences && !b.Desc.NoGroupReferences
}

// transitSlots are the keys of interfaces that transit gateways have.
func transitSlots(n *vpc.Network) []string {
	var keys []string
	for _, g := range n.Gateways {
		if g.Transit == nil {
			continue
		}
		for _, a := range g.Transit.Attachments {
			v := n.VPC(a.VPC)
			for _, name := range a.Subnets {
				if v != nil && v.Subnet(name) != nil {
					keys = append(keys, v.ID+"/"+transitID(a, v.Subnet(name)))
				}
			}
		}
	}
	return keys
}
