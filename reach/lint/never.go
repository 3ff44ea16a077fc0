package lint

import (
	"net/netip"
	"slices"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/internal/plan"
	"github.com/vpcemu/vpcemu/routing"
	"github.com/vpcemu/vpcemu/vpc"
)

// region is a VPC and all that is joined to it: where packets of it may come from or go
// to.
type region struct {
	ranges   []netip.Prefix
	internet bool
	// anything says why addresses may be met that are in none of the ranges, "" if not.
	anything string
	// gap says what is not described, "" for nothing.
	gap string
}

// region is that of a VPC. It may be larger than what packets reach: everything that is
// joined to the VPC is in it, whatever the routes.
func (p *pass) region(v *plan.VPC) *region {
	if p.found.regions == nil {
		p.found.regions = make(map[*plan.VPC]*region)
	}
	if r := p.found.regions[v]; r != nil {
		return r
	}
	r := &region{}
	p.found.regions[v] = r
	joined := p.joined(v)
	for _, w := range joined {
		p.found.regions[w] = r
		r.add(p, w)
	}
	return r
}

// joined are a VPC and all that gateways join to it, one over the other.
func (p *pass) joined(v *plan.VPC) []*plan.VPC {
	joins := p.joins()
	all, seen, over := []*plan.VPC{v}, map[*plan.VPC]bool{v: true}, make(map[*plan.Gateway]bool)
	for k := 0; k < len(all); k++ {
		for _, g := range joins[all[k]] {
			if over[g] {
				continue
			}
			over[g] = true
			for _, w := range ends(g) {
				if !seen[w] {
					seen[w] = true
					all = append(all, w)
				}
			}
		}
	}
	return all
}

// joins are the gateways that join a VPC to others.
func (p *pass) joins() map[*plan.VPC][]*plan.Gateway {
	if p.found.joins != nil {
		return p.found.joins
	}
	p.found.joins = make(map[*plan.VPC][]*plan.Gateway)
	for _, g := range p.plan.Gateways {
		if all := ends(g); len(all) > 1 {
			for _, v := range all {
				p.found.joins[v] = append(p.found.joins[v], g)
			}
		}
	}
	return p.found.joins
}

// ends are the VPCs that a gateway is for, or has attachments of, each once.
func ends(g *plan.Gateway) (all []*plan.VPC) {
	seen := map[*plan.VPC]bool{nil: true} // what is not described
	add := func(v *plan.VPC) {
		if !seen[v] {
			seen[v] = true
			all = append(all, v)
		}
	}
	for _, v := range g.VPCs {
		add(v)
	}
	for _, a := range g.Attachments {
		add(a.VPC)
	}
	return all
}

// add adds a VPC and what it has beside its peers.
func (r *region) add(p *pass, v *plan.VPC) {
	d := v.Desc
	r.ranges = append(r.ranges, d.CIDRs...)
	r.internet = r.internet || d.InternetGateway != nil || v.EgressOnly != nil
	switch {
	case d.Unlisted != "":
		r.gap = d.Unlisted
	case d.Partial:
		r.gap = "VPC " + d.ID + " may have gateways that are not described"
	}
	for _, g := range slices.Concat(d.Gateways, p.net.Gateways) {
		switch {
		case !slices.Contains(d.Gateways, g) && !p.isFor(g, d):
		case g.Kind == routing.GatewayEndpoint:
			if l := p.net.ServiceList(g); l != nil && l.Unknown == "" {
				r.ranges = append(r.ranges, l.Entries...)
			} else {
				r.anything = "the addresses behind the endpoint " + g.ID + " are not known"
			}
		case g.Kind == routing.NATGateway:
			r.ranges = append(r.ranges, vpc.NAT64)
		case g.Kind == routing.PeeringConnection && len(g.VPCs) == 2 && p.index.VPC(g.VPCs[0]) != nil && p.index.VPC(g.VPCs[1]) != nil:
		case g.Kind == routing.TransitGateway && p.onlyVPCs(g), g.Kind == routing.EgressOnlyGateway, g.Kind == routing.InterfaceEndpoint, g.Kind == routing.GWLBEndpoint:
		default:
			r.anything = g.Kind.String() + " " + g.ID + " leads to what is not described"
		}
	}
	for _, s := range d.Subnets {
		for _, i := range s.Interfaces {
			if i.NoSourceDestCheck && i.Kind == "" {
				r.anything = "interface " + i.ID + " may forward for others"
			}
		}
	}
	for _, t := range d.RouteTables {
		for _, route := range t.Routes {
			target, _ := p.index.Target(d, route.Target)
			switch target.Kind {
			case routing.CarrierGateway, routing.LocalGateway, routing.CoreNetwork, routing.ODBNetwork, routing.UnknownTarget:
				r.anything = "route table " + t.ID + " has a route to " + target.String()
			}
		}
	}
}

// isFor reports whether a gateway outside joins a VPC to something.
func (p *pass) isFor(g *vpc.Gateway, v *vpc.VPC) bool {
	names := slices.Clone(g.VPCs)
	if g.Transit != nil {
		for _, a := range g.Transit.Attachments {
			names = append(names, a.VPC)
		}
	}
	return slices.ContainsFunc(names, func(name string) bool { return p.index.VPC(name) == v })
}

// onlyVPCs reports whether a transit gateway joins nothing but described VPCs.
func (p *pass) onlyVPCs(g *vpc.Gateway) bool {
	return g.Transit != nil && !slices.ContainsFunc(g.Transit.Attachments, func(a *vpc.TransitAttachment) bool {
		return a.Kind != vpc.VPCAttachment || p.index.VPC(a.VPC) == nil || a.Unknown != ""
	})
}

// Of the ranges that do not exist on the internet, VPCs and offices have addresses of those
// that are private; of the special ones nobody has, but for the fabric's own services.
var private, special = func() (private, special []netip.Prefix) {
	for _, p := range emu.NotInternet() {
		if p.Addr().IsPrivate() || p == shared {
			private = append(private, p)
		} else {
			special = append(special, p)
		}
	}
	return private, append(special, vpc.Services6)
}()

// meets reports whether something in the region may have an address of a prefix.
func (r *region) meets(p netip.Prefix) bool {
	overlaps := func(q netip.Prefix) bool { return q.Overlaps(p) }
	inside := func(q netip.Prefix) bool { return q.Bits() <= p.Bits() && q.Contains(p.Addr()) }
	return slices.ContainsFunc(special, overlaps) || slices.ContainsFunc(r.ranges, overlaps) ||
		r.internet && !slices.ContainsFunc(private, inside)
}

// far reports whether all prefixes are outside of the region.
func (r *region) far(prefixes []netip.Prefix) bool {
	return r.anything == "" && !slices.ContainsFunc(prefixes, r.meets)
}

// neverMatching: rules of security groups for packets that there cannot be.
func neverMatching(p *pass) {
	for _, r := range p.rules() {
		if r.unknown != "" {
			p.unsure(r.subject(), "%s", r.unknown)
			continue
		}
		if r.byGroup {
			continue // see stalePeers and emptyPeers
		}
		prefixes := []netip.Prefix{r.desc.Peer.Prefix}
		if r.desc.Peer.PrefixList != "" {
			prefixes, _ = r.vpc.Names().PrefixList(r.desc.Peer.PrefixList)
		}
		switch at := p.region(r.vpc); {
		case len(prefixes) == 0:
			p.find(r.subject(), nil, "remove the rule, or add entries to the list", "the prefix list %s is empty", r.desc.Peer.PrefixList)
		case r.empty() && !speaks(r.vpc, r.desc.Peer.Prefix): // consoles write both IP versions for "anywhere"
		case r.empty():
			p.find(r.subject(), nil, "use the protocol of the other IP version (icmp for IPv4, icmpv6 for IPv6)",
				"no packet with an address of %s is of the protocol %s", r.desc.Peer, r.desc.Service)
		case !at.far(prefixes):
		case at.gap != "":
			p.unsure(r.subject(), "nothing that is described has an address in %s, and %s", r.desc.Peer, at.gap)
		default:
			p.find(r.subject(), nil, "remove the rule, or correct the range",
				"neither the VPC nor anything that is joined to it has an address in %s%s", r.desc.Peer, at.offline())
		}
	}
}

// speaks reports whether a VPC has addresses of a prefix's IP version.
func speaks(v *plan.VPC, p netip.Prefix) bool {
	return !p.IsValid() || slices.ContainsFunc(v.Desc.CIDRs, func(q netip.Prefix) bool { return q.Addr().Is6() == p.Addr().Is6() })
}

func (r *region) offline() string {
	if r.internet {
		return ", and no internet host has one"
	}
	return ", and no internet gateway is there"
}

// stalePeers: rules that name groups which nobody can have.
func stalePeers(p *pass) {
	for _, r := range p.rules() {
		switch {
		case !r.byGroup || r.unknown != "":
		case p.owners()[r.peer] == nil:
			p.find(r.subject(), nil, "remove the rule, or name a group that is there",
				"the group %s is gone, or lies behind a peering connection that has been deleted: the rule matches nobody", r.desc.Peer.Group)
		}
	}
}

// emptyPeers: rules that name groups which no interface has now.
func emptyPeers(p *pass) {
	used := p.members()
	for _, r := range p.rules() {
		owner := p.owners()[r.peer]
		if !r.byGroup || r.unknown != "" || owner == nil {
			continue
		}
		g, _ := p.index.Group(r.vpc.Desc, r.desc.Peer.Group)
		switch {
		case g == nil || len(used[g]) > 0 || g == r.group: // that it is unused is said once
		case owner.Desc.Unlisted != "":
			p.unsure(r.subject(), "no interface that is described has the group %s, and %s", g.ID, owner.Desc.Unlisted)
		default:
			s := r.subject()
			s.within = append(s.within, g)
			p.find(s, nil, "remove the rule, or give the group to the interfaces that it is for",
				"no interface has the group %s now, so the rule matches nobody", g.ID)
		}
	}
}

// unusedGroups: security groups that no interface has.
func unusedGroups(p *pass) {
	used := p.members()
	for _, v := range p.plan.VPCs {
		for _, g := range v.Desc.SecurityGroups {
			switch {
			case len(used[g]) > 0 || g.ID == v.Desc.DefaultSecurityGroup || g.Name == "default" || g.ID == "default":
			case v.Desc.Unlisted != "":
				p.unsure(ofGroup(v.Desc, g), "no interface that is described has it, and %s", v.Desc.Unlisted)
			default:
				p.find(ofGroup(v.Desc, g), nil, "remove the group, or give it to the interfaces that it is for", "no interface has it: its rules do nothing%s", p.ofUnused(g))
			}
		}
	}
}

// ofUnused says what rules of a group that no interface has would open to the internet, and
// which rules of others name it.
func (p *pass) ofUnused(g *vpc.SecurityGroup) string {
	var opens, names []string
	for _, r := range p.rules() {
		if r.group == g {
			for _, port := range r.wide() {
				if !slices.Contains(opens, port) {
					opens = append(opens, port)
				}
			}
			continue
		}
		if !r.byGroup || r.unknown != "" {
			continue
		}
		if peer, _ := p.index.Group(r.vpc.Desc, r.desc.Peer.Group); peer == g {
			names = append(names, r.name(g))
		}
	}
	text := ""
	if len(opens) > 0 {
		text += "; to who gets it they would open " + words(opens, few) + " to the internet"
	}
	if len(names) > 0 {
		text += "; nobody is matched by " + words(names, few)
	}
	return text
}
