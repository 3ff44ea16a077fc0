package lint

import (
	"net/netip"
	"slices"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/internal/plan"
	"github.com/vpcemu/vpcemu/internal/space"
	"github.com/vpcemu/vpcemu/vpc"
)

// party is one side of a pair: an interface, or all hosts of the internet or on-premises.
type party struct {
	*plan.Interface                // nil outside
	name            string         // as traces call it
	office          *plan.Gateway  // before on-premises, else nil
	addrs           [2][]space.Num // of an interface, by IP version
	end             *emu.End       // nil if nobody asked yet
}

// outside reports whether it is hosts outside of the network.
func (a *party) outside() bool { return a.Interface == nil }

// inside is the party that an interface is.
func inside(i *plan.Interface) *party {
	a := &party{Interface: i, name: askName(i)}
	for version := range a.addrs {
		for _, addr := range versions(i, version) {
			a.addrs[version] = append(a.addrs[version], space.Address(addr))
		}
	}
	return a
}

// ends are what parties are to the explorer.
func (p *pass) ends(from, to *party) (src, dst *emu.End, err error) {
	if p.found.ends == nil {
		p.found.ends = make(map[*vpc.Interface]*emu.End)
		list := p.explorer.Ends()
		for k := range list {
			if i := list[k].Interface; i != nil {
				p.found.ends[i] = &list[k]
			}
		}
	}
	for _, a := range [...]*party{from, to} {
		if a.end == nil && !a.outside() {
			a.end = p.found.ends[a.Desc]
		}
		if a.end == nil { // a node of a load balancer, or outside
			end, err := p.explorer.End(a.name)
			if err != nil {
				return nil, nil, err
			}
			a.end = &end
		}
	}
	return from.end, to.end, nil
}

// byFilters are the rules of one direction, by who has them.
type byFilters struct {
	*pass
	groups map[*vpc.SecurityGroup][]*rule
	known  map[*plan.Filters][]*rule
}

func (p *pass) byFilters(egress bool) *byFilters {
	all := &byFilters{p, make(map[*vpc.SecurityGroup][]*rule), make(map[*plan.Filters][]*rule)}
	for _, r := range p.rules() {
		if r.egress == egress {
			all.groups[r.group] = append(all.groups[r.group], r)
		}
	}
	return all
}

// of are the rules of an interface, none for the internet.
func (b *byFilters) of(i *plan.Interface) []*rule {
	if i == nil {
		return nil
	}
	f := b.plan.Filters(i)
	rules, known := b.known[f]
	if !known {
		for _, g := range f.Groups {
			rules = append(rules, b.groups[g.Desc]...)
		}
		b.known[f] = rules
	}
	return rules
}

// ruled reports whether the rules that are described say all that groups of an interface let
// through: it has groups, and nothing is missing of them.
func (p *pass) ruled(i *plan.Interface) bool {
	return len(p.plan.Filters(i).Groups) > 0 && len(i.UnknownGroups) == 0
}

// mayTalk reports whether some rule of the sender and some rule of the receiver may be for
// one packet. Where one of them has no groups, or groups that nothing describes, it may.
func (p *pass) mayTalk(from, to *party, sent, let []*rule, version int) bool {
	if !from.outside() && len(from.addrs[version]) == 0 || !to.outside() && len(to.addrs[version]) == 0 {
		return false
	}
	any := func(a *party) bool {
		i := a.Interface
		return i == nil || !p.ruled(i) || i.Balancer != nil || i.Endpoint != nil
	}
	switch {
	case any(from) && any(to):
		return true
	case any(from):
		return slices.ContainsFunc(let, func(r *rule) bool { return r.admits(from, version) })
	case any(to):
		return slices.ContainsFunc(sent, func(r *rule) bool { return r.admits(to, version) })
	}
	for _, e := range sent {
		if !e.admits(to, version) {
			continue
		}
		for _, r := range let {
			if r.admits(from, version) && r.meets(e, version) {
				return true
			}
		}
	}
	return false
}

// versions are the addresses of an interface of one IP version.
func versions(i *plan.Interface, version int) (all []netip.Addr) {
	for _, a := range i.Desc.Addresses {
		if a.IP.Is6() == (version == 1) {
			all = append(all, a.IP)
		}
	}
	return all
}

// admits reports whether a rule may be for a party.
func (r *rule) admits(a *party, version int) bool {
	switch {
	case r.unknown != "":
		return true
	case r.byGroup:
		return !a.outside() && slices.Contains(a.GroupIDs, r.peer)
	case a.outside():
		return len(r.sets[version]) > 0
	}
	for _, at := range a.addrs[version] {
		if slices.ContainsFunc(r.sets[version], func(b space.Box) bool { return b[space.Sources].Has(at) }) {
			return true
		}
	}
	return false
}

// meets reports whether two rules may be for one service.
func (r *rule) meets(o *rule, version int) bool {
	if r.unknown != "" || o.unknown != "" {
		return true
	}
	for _, b := range r.sets[version] {
		for _, c := range o.sets[version] {
			if !b[space.Services].And(c[space.Services]).Empty() {
				return true
			}
		}
	}
	return false
}

// pairs calls a function with the pairs to look at, until it is false.
func (p *pass) pairs(x *replies, f func(from, to *party) bool) {
	in := make(map[*plan.Subnet][]*party)
	for _, a := range p.classes() {
		in[a.Subnet] = append(in[a.Subnet], a)
	}
	known := p.newSettled()
	_ = p.withInternet(known, in, f) && p.withOffices(in, f) && p.among(x, known, in, f)
}

// withInternet calls a function with the pairs of which one party is the internet. It is
// false if the function was, and so are the two below.
func (p *pass) withInternet(known *settled, in map[*plan.Subnet][]*party, f func(from, to *party) bool) bool {
	world := &party{name: "internet"}
	for _, v := range p.plan.VPCs {
		for _, s := range v.Subnets {
			for _, a := range in[s] {
				if open(v) && (a.HasPublic() || hasGlobal(a.Interface)) && !known.internet(a.Interface, false) && !shut(s) && !f(world, a) {
					return false
				}
				if a.Balancer == nil && p.region(v).internet && !known.internet(a.Interface, true) && !f(a, world) {
					return false
				}
			}
		}
	}
	return true
}

// withOffices calls a function with the pairs of which one party is on-premises.
func (p *pass) withOffices(in map[*plan.Subnet][]*party, f func(from, to *party) bool) bool {
	for _, g := range p.plan.Gateways {
		if g.Outside == nil || g.Desc.Gone() {
			continue
		}
		office := &party{name: officeName(g), office: g}
		for _, v := range before(g) {
			for _, s := range v.Subnets {
				for _, a := range in[s] {
					if !f(office, a) || a.Balancer == nil && !f(a, office) {
						return false
					}
				}
			}
		}
	}
	return true
}

// among calls a function with the pairs of two interfaces.
func (p *pass) among(x *replies, known *settled, in map[*plan.Subnet][]*party, f func(from, to *party) bool) bool {
	for _, v := range p.plan.VPCs {
		for _, w := range p.joined(v) {
			for _, s := range v.Subnets {
				for _, t := range w.Subnets {
					if !p.between(x, known, in[s], in[t], f) {
						return false
					}
				}
			}
		}
	}
	return true
}

// officeName is what traces call all hosts behind a gateway.
func officeName(g *plan.Gateway) string {
	switch {
	case g.Attachment != nil:
		return "onprem:" + g.Attachment.Gateway.Desc.ID + "/" + g.Desc.ID
	case len(g.VPCs) == 1:
		return "onprem:" + g.VPCs[0].Desc.ID + "/" + g.Desc.ID
	}
	return "onprem:" + g.Desc.ID
}

// before are the VPCs that a gateway to on-premises may be for.
func before(g *plan.Gateway) []*plan.VPC {
	if g.Attachment == nil {
		return g.VPCs
	}
	var all []*plan.VPC
	for _, a := range g.Attachment.Gateway.Attachments {
		if a.VPC != nil && !slices.Contains(all, a.VPC) {
			all = append(all, a.VPC)
		}
	}
	return all
}

// shut reports whether a subnet has no way to the internet, as strandedAddresses finds.
func shut(s *plan.Subnet) bool {
	open, unknown := way(s.VPC, s.Routes)
	return !open && unknown == ""
}

// between calls a function with the pairs to look at of two subnets.
func (p *pass) between(x *replies, known *settled, from, to []*party, f func(from, to *party) bool) bool {
	for _, a := range from {
		for _, b := range to {
			if a.Balancer == nil && a != b && !known.between(a.Interface, b.Interface) && !known.said(x, a.Interface, b.Interface) && !f(a, b) {
				return false
			}
		}
	}
	return true
}
