package vpc

import (
	"net/netip"
	"slices"

	"github.com/vpcemu/vpcemu/routing"
)

// transitGateways checks the attachments and tables of transit gateways.
func (c *checker) transitGateways() {
	peers, own := make(map[[2]*Gateway]bool), make(map[*VPC]owners)
	for _, g := range c.n.Gateways {
		if g.Transit == nil {
			continue
		}
		t, used := g.Transit, make(map[*VPC]bool)
		c.add(gatewaySubject(g), notTransit(g), c.noTransitTable(t, t.Association), c.noTransitTable(t, t.Propagation))
		for _, a := range t.Attachments {
			s := subject{element: a, kind: "transit gateway attachment", name: a.ID, origin: a.Origin}
			if a.State == "" || !goneState(a.State) {
				c.add(s, sameAttachment(t, a), c.attaches(a, used), c.peers(g, a, peers), c.noTransitTable(t, a.Association),
					c.propagates(t, a), c.attachmentSubnets(a), c.attachmentAddresses(a, own))
			}
		}
		for _, table := range t.RouteTables {
			c.transitTable(t, table)
		}
	}
}

func goneState(state string) bool { return (&Gateway{State: state}).Gone() }

func notTransit(g *Gateway) *mistake {
	if g.Kind != routing.TransitGateway {
		return wrong(CodeInvalidCombination, "is a %s and has attachments of a transit gateway (ERR-6)", g.Kind)
	}
	return nil
}

func sameAttachment(t *Transit, a *TransitAttachment) *mistake {
	first := slices.IndexFunc(t.Attachments, func(b *TransitAttachment) bool { return a.ID == b.ID })
	switch {
	case a.ID == "":
		return wrong(CodeMissing, "has no ID (ERR-4)")
	case t.Attachments[first] != a || int(a.Kind) >= len(TransitKinds):
		return wrong(CodeInvalidValue, "there is another one with this ID, or its kind is not known (ERR-5)")
	}
	return nil
}

// attaches checks which VPC an attachment is for: one that exists, once (TGW-3).
func (c *checker) attaches(a *TransitAttachment, used map[*VPC]bool) *mistake {
	if a.Kind != VPCAttachment {
		return nil
	}
	v := c.ix.vpcs.get(a.VPC)
	switch {
	case v == nil && c.partial():
		return nil
	case v == nil:
		return wrong(CodeVPCNotFound, "attaches %s, and there is no such VPC (ERR-8)", a.VPC)
	case used[v]:
		return wrong(CodeDuplicateAttachment, "VPC %s has an attachment to the transit gateway already (TGW-3, ERR-47)", v.ID)
	}
	used[v] = true
	return nil
}

// partial reports whether the network is a listing that may lack things: some VPC
// is, or there is none that packets could be in.
func (c *checker) partial() bool {
	return len(c.n.VPCs) == 0 || slices.ContainsFunc(c.n.VPCs, func(v *VPC) bool { return v.Partial })
}

// peers checks a peering attachment: to another transit gateway, once (TGW-13,
// LIM-38).
func (c *checker) peers(g *Gateway, a *TransitAttachment, known map[[2]*Gateway]bool) *mistake {
	if a.Kind != PeeringAttachment {
		return nil
	}
	peer := c.n.transitGateway(a.Peer)
	switch {
	case peer == nil && (c.partial() || a.Unknown != ""):
		return nil
	case peer == nil:
		return wrong(CodeTransitGatewayNotFound, "its peer %s does not exist (ERR-47)", a.Peer)
	case known[[2]*Gateway{g, peer}] || peer == g:
		return wrong(CodeDuplicateAttachment, "%s and %s have a peering attachment already (LIM-38)", g.ID, peer.ID)
	}
	known[[2]*Gateway{g, peer}] = true
	return nil
}

// noTransitTable checks the name of a route table; "default" may be the one that
// AWS makes.
func (c *checker) noTransitTable(t *Transit, name string) *mistake {
	if name == "" || name == NoTable || name == defaultTable || t.Table(name) != nil || c.partial() {
		return nil
	}
	return wrong(CodeRouteTableNotFound, "there is no route table %s of the transit gateway (ERR-17)", name)
}

func (c *checker) propagates(t *Transit, a *TransitAttachment) *mistake {
	for _, name := range a.Propagation {
		if a.Kind == PeeringAttachment && name != NoTable {
			return wrong(CodeInvalidValue, "propagates, which peering attachments do not: their routes are static (TGW-13)")
		}
		if m := c.noTransitTable(t, name); m != nil {
			return m
		}
	}
	return nil
}

// attachmentSubnets checks that there is one in each zone, with IPv4 (TGW-1, TGW-3,
// TGW-32).
func (c *checker) attachmentSubnets(a *TransitAttachment) *mistake {
	v, zones := c.ix.vpcs.get(a.VPC), make(map[string]string)
	if v == nil {
		return nil
	}
	for _, name := range a.Subnets {
		s := c.ix.scopes[v].subnets.get(name)
		switch {
		case s == nil && v.Partial:
			continue
		case s == nil:
			return wrong(CodeSubnetNotFound, "its subnet %s does not exist in VPC %s (ERR-9)", name, v.ID)
		case zones[s.Zone] != "" && (s.Zone != "" || !v.Partial):
			return wrong(CodeDuplicateSubnets, "its subnets %s and %s are in the same zone (TGW-3, ERR-47)", zones[s.Zone], s.ID)
		case !mayAttach(s):
			return wrong(CodeInvalidValue, "its subnet %s is IPv6-only or in a Local Zone (TGW-32)", s.ID)
		}
		zones[s.Zone] = s.ID
	}
	return nil
}

// attachmentAddresses checks that they are addresses of the subnets, and nobody
// else's: at most that of the interface which is described as the attachment's.
func (c *checker) attachmentAddresses(a *TransitAttachment, own map[*VPC]owners) *mistake {
	v := c.ix.vpcs.get(a.VPC)
	if v == nil {
		return nil
	}
	if own[v] == nil {
		own[v] = make(owners)
	}
	for k, ip := range a.Addresses {
		if k >= len(a.Subnets) {
			return wrong(CodeInvalidCombination, "has more addresses than subnets (ERR-6)")
		}
		s := c.ix.scopes[v].subnets.get(a.Subnets[k])
		if s == nil || !ip.IsValid() {
			continue
		}
		if m := malformedPrivate(s, ip); m != nil {
			return m
		}
		for _, i := range s.Interfaces {
			if i.Kind != transitKind && slices.ContainsFunc(i.Addresses, func(o Address) bool { return o.IP == ip }) {
				return wrong(CodeAddressInUse, "%s is in use by interface %s (ENI-12)", ip, i.ID)
			}
		}
		if m := own[v].take(ip, owner{"transit gateway attachment", a.ID}); m != nil {
			return m
		}
	}
	return nil
}

// transitTable checks the static routes of a table.
func (c *checker) transitTable(t *Transit, table *TransitTable) {
	s := subject{element: table, kind: "transit gateway route table", name: table.ID, origin: table.Origin}
	if table.ID == "" {
		c.add(s, wrong(CodeMissing, "has no ID (ERR-4)"))
	}
	seen, lists := make(map[netip.Prefix]bool), make(map[string]bool)
	for k := range table.Routes {
		r := &table.Routes[k]
		if r.Unknown != "" {
			continue
		}
		m := c.transitRoute(t, r)
		if m == nil && (seen[r.Destination.Masked()] && r.PrefixList == "" || lists[r.PrefixList]) {
			m = wrong(CodeRouteExists, "has a route to %s already (ERR-18)", to(r))
		}
		c.add(s.part(r, r.Origin), m)
		if r.PrefixList == "" {
			seen[r.Destination.Masked()] = true
		} else {
			lists[r.PrefixList] = true
		}
	}
}

// transitRoute checks one static route: from somewhere to an attachment of the
// gateway, which may be one that its VPCs have by themselves.
func (c *checker) transitRoute(t *Transit, r *routing.Route) *mistake {
	switch {
	case !r.Destination.IsValid() && r.PrefixList == "":
		return wrong(CodeMissing, "a route has no destination (ERR-4)")
	case r.Target.ID == "" && !r.Blackhole:
		return wrong(CodeMissing, "the route to %s names no attachment (ERR-4)", to(r))
	case r.Blackhole || c.partial() || t.Attachment(r.Target.ID) != nil:
		return nil
	}
	for _, g := range c.n.Gateways {
		if g.Transit != t {
			continue
		}
		whole := Transit{Attachments: c.n.TransitAttachments(g)}
		if whole.Attachment(r.Target.ID) != nil {
			return nil
		}
	}
	return wrong(CodeTransitAttachmentNotFound, "the attachment %s of the route to %s does not exist (ERR-47)", r.Target.ID, to(r))
}

// attached checks that a VPC whose route names a transit gateway is attached to
// it (RT-35).
func (c *checker) attached(v *VPC, r *routing.Route, target routing.Target) *mistake {
	g := c.ix.gateways.get(target.ID)
	if target.Kind != routing.TransitGateway || g == nil || v.Partial || r.Blackhole || c.ix.joins(g, v) {
		return nil
	}
	return wrong(CodeTransitGatewayNotFound, "the VPC is not attached to the target %s of the route to %s (RT-35)", target.ID, to(r))
}

// refersOver reports whether inbound rules of one VPC may name groups of the other
// over a transit gateway (SG-22).
func (n *Network) refersOver(g *Gateway, v, w *VPC) bool {
	if g.Transit == nil || !g.Transit.GroupReferences {
		return false
	}
	willing := 0
	for _, a := range n.TransitAttachments(g) {
		if u := n.VPC(a.VPC); (u == v || u == w) && a.Works() && !a.NoGroupReferences {
			willing++
		}
	}
	return willing == 2
}
