package conformance

import (
	"net/netip"
	"slices"

	"github.com/vpcemu/vpcemu/routing"
	"github.com/vpcemu/vpcemu/vpc"
)

// oneSubnet leaves attachments one subnet, or one in each zone, without appliance
// mode: among several a hash chooses, which the twin does not know (TGW-18).
func oneSubnet(n *vpc.Network) *vpc.Network {
	for _, g := range n.Gateways {
		if g.Transit == nil {
			continue
		}
		for _, a := range g.Transit.Attachments {
			a.Appliance, a.Subnets = false, a.Subnets[:min(1, len(a.Subnets))]
		}
	}
	return n
}

// transitHosts are the interfaces of transit gateways (TGW-1).
func (t *twin) transitHosts(g *vpc.Gateway) (all []*host) {
	if g.Transit == nil {
		return nil
	}
	for _, a := range g.Transit.Attachments {
		for k, name := range a.Subnets {
			v := t.n.VPC(a.VPC)
			i := &vpc.Interface{ID: "gateway " + a.ID + name, Addresses: []vpc.Address{{IP: a.Addresses[k]}}, NoSourceDestCheck: true}
			all = append(all, &host{v: v, s: v.Subnet(name), i: i, transit: g})
		}
	}
	return all
}

// inZone is the gateway's interface in a VPC for a zone.
func (t *twin) inZone(g *vpc.Gateway, v *vpc.VPC, zone string) *host {
	return t.find(func(h *host) bool { return h.transit == g && h.v == v && h.s.Zone == zone })
}

func attachment(g *vpc.Gateway, v *vpc.VPC) *vpc.TransitAttachment {
	for _, a := range g.Transit.Attachments {
		if a.Kind == vpc.VPCAttachment && a.VPC == v.ID {
			return a
		}
	}
	return nil
}

// intoTransit is ORDER-26 steps 2 and 3: from a VPC to its gateway.
func (t *twin) intoTransit(from *host, g *vpc.Gateway, u *unit, sender []string) string {
	entry := t.inZone(g, from.v, from.s.Zone)
	switch {
	case entry == nil: // TGW-2
		return "TGW_AZ"
	case !t.acl(entry, true, u):
		return "NACL_INGRESS"
	}
	in := attachment(g, from.v)
	if u.size > 8500 { // TGW-29, ORDER-36
		bare := u.bare()
		if own, ok := entry.address(u.Src.Is4()); ok {
			t.complain(own, &bare, 3, 2, func(answer unit) { t.emerge(entry, &answer, nil) })
		}
		return "MTU_EXCEEDED"
	}
	for first := true; ; first = false {
		if u.ttl <= 1 { // TGW-30
			return "TTL_EXPIRED"
		}
		u.ttl--
		out, fate := t.transitRoute(g, in, u.Dst)
		if fate != "" {
			return fate
		}
		if out.Kind == vpc.PeeringAttachment {
			far := t.gateway(from.v, out.Peer)
			in = far.Transit.Attachments[slices.IndexFunc(far.Transit.Attachments, func(a *vpc.TransitAttachment) bool { return a.Peer == g.ID })]
			g = far
			continue
		}
		if !first || out == in || !g.Transit.GroupReferences || in.NoGroupReferences || out.NoGroupReferences { // SG-22, TGW-34
			sender = nil
		}
		exit := t.inZone(g, t.n.VPC(out.VPC), entry.s.Zone) // TGW-17
		if exit == nil {
			exit = t.find(func(h *host) bool { return h.transit == g && h.v.ID == out.VPC })
		}
		return t.emerge(exit, u, sender)
	}
}

// address is what the gateway has in a subnet; for IPv6 the router's.
func (h *host) address(v4 bool) (netip.Addr, bool) {
	if v4 {
		return h.i.Addresses[0].IP, true
	}
	for _, p := range h.s.CIDRs {
		if !p.Addr().Is4() {
			return p.Addr().Next(), true
		}
	}
	return netip.Addr{}, false
}

// transitRoute asks the table that an attachment is associated with (TGW-5, TGW-10
// to TGW-12).
func (t *twin) transitRoute(g *vpc.Gateway, in *vpc.TransitAttachment, dst netip.Addr) (out *vpc.TransitAttachment, fate string) {
	if in.Association == vpc.NoTable {
		return nil, "TGW_NO_ASSOCIATION"
	}
	bits := -1
	fate = "TGW_NO_ROUTE"
	for k, a := range g.Transit.Attachments {
		for _, p := range t.announced(g, k, in.Association) {
			if p.Contains(dst) && p.Bits() > bits {
				bits, out, fate = p.Bits(), a, ""
			}
		}
	}
	table := g.Transit.Table(in.Association)
	for _, r := range table.Routes { // TGW-11
		if !r.Destination.Contains(dst) || r.Destination.Bits() < bits {
			continue
		}
		bits, out, fate = r.Destination.Bits(), nil, "TGW_BLACKHOLE"
		if a := g.Transit.Attachment(r.Target.ID); !r.Blackhole && a != nil && a.Works() { // TGW-4
			out, fate = a, ""
		}
	}
	return out, fate
}

// announced is what an attachment propagates into a table (TGW-6, TGW-7, TGW-9).
func (t *twin) announced(g *vpc.Gateway, k int, table string) (all []netip.Prefix) {
	a := g.Transit.Attachments[k]
	if a.Kind != vpc.VPCAttachment || !a.Works() || !slices.Contains(a.Propagation, table) {
		return nil
	}
	for _, p := range t.n.VPC(a.VPC).CIDRs {
		known := slices.ContainsFunc(g.Transit.Attachments[:k], func(b *vpc.TransitAttachment) bool {
			return b.Kind == vpc.VPCAttachment && b.Works() && slices.ContainsFunc(t.n.VPC(b.VPC).CIDRs, p.Overlaps)
		})
		if !known && (p.Addr().Is4() || a.IPv6) {
			all = append(all, p)
		}
	}
	return all
}

// emerge is ORDER-26 steps 7 to 9, and ORDER-27 in the attachment's own subnet: the
// subnet's table decides (TGW-16).
func (t *twin) emerge(at *host, u *unit, sender []string) string {
	w := t.route(at.v, at.s.RouteTable, u.Dst)
	here := w.kind == "local" && within(u.Dst, at.s.CIDRs)
	inside := here || w.next != nil && w.next.s == at.s
	switch {
	case !inside && !t.acl(at, false, u):
		return "NACL_EGRESS"
	case w.kind == "tgw" && w.via == at.transit:
		return "ROUTING_LOOP"
	case w.kind == "local":
		return t.ingress(at.v, t.owner(at.v, u.Dst), u, sender, here)
	case w.kind == "eni" || w.kind == "nat":
		return t.ingress(at.v, w.next, u, sender, inside)
	}
	return t.follow(at, w, u, sender)
}

// transitWay is where a VPC's route to a transit gateway leads (TGW-4, RT-35).
func transitWay(g *vpc.Gateway, v *vpc.VPC) way {
	if a := attachment(g, v); a == nil || !a.Works() || g.Kind != routing.TransitGateway {
		return way{kind: "BLACKHOLE", via: g}
	}
	return way{kind: "tgw", via: g}
}
