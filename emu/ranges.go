package emu

import (
	"cmp"
	"net/netip"
	"slices"

	"github.com/vpcemu/vpcemu/internal/plan"
	"github.com/vpcemu/vpcemu/internal/space"
	"github.com/vpcemu/vpcemu/vpc"
)

// Range is addresses that an end of a [Pair] has: one of an interface's, a prefix that is
// delegated to one, or a range of what is out there.
//
// An interface sends from any of its private addresses. The internet reaches it at its public
// ones, and everybody else at either: what is sent to a public address from inside goes out
// to the internet gateway, and comes in again from a public address (ORDER-16, ORDER-18). A load
// balancer is reached at the addresses of all its nodes: its name leads to any of them.
type Range struct {
	Span space.Span
	// Asked is what is asked about in its place: the range itself, unless [Pair.Represent]
	// has found another that fares as it does.
	Asked space.Span
	// Node is the ID of the interface that has the addresses, if it is a load balancer's,
	// and Subnet what the subnet of that is called.
	Node, Subnet string
	// Named means that the load balancer's name leads there: the addresses of nodes whose
	// listeners all have healthy targets, or of all nodes if there are none (ELB-10).
	Named bool
	// Private is, of a public address that has a private one beside it in the pair's packets,
	// that: the one that internet gateways make of it. It is zero for all others.
	Private space.Span

	iface *plan.Interface
}

// Sources are the ranges that the pair's packets come from, in the order of the description.
func (p *Pair) Sources() []Range { return p.ranges[0] }

// Destinations are the ranges that the pair's packets are sent to.
func (p *Pair) Destinations() []Range { return p.ranges[1] }

// Owner is the interface that has the addresses, and its VPC; nil if none has.
func (r *Range) Owner() (*vpc.VPC, *vpc.Interface) {
	if r.iface == nil {
		return nil, nil
	}
	return r.iface.VPC.Desc, r.iface.Desc
}

// Represent leaves ranges out of the pair's packets that fare as others do. The caller knows
// which: for the ranges of the source or of the destination, by returns of each the index
// of the one that is asked about in its place.
func (p *Pair) Represent(by func([]Range) []int) {
	var kept [2]map[space.Span]bool
	for n := range p.ranges {
		kept[n] = make(map[space.Span]bool)
		for k, first := range by(p.ranges[n]) {
			p.ranges[n][k].Asked = p.ranges[n][first].Span
			kept[n][p.ranges[n][first].Span] = true
		}
	}
	p.All = slices.DeleteFunc(p.All, func(b space.Box) bool { return !kept[0][b[space.Sources]] || !kept[1][b[space.Destinations]] })
}

// Networks says of source and destination whether they are networks, else hosts.
func (p *Pair) Networks() [2]bool {
	network := func(e *queryEnd) bool { return !e.asked && (e.internet || e.outer != nil) }
	return [2]bool{network(&p.src), network(&p.dst)}
}

// Public reports whether it is a public address that has its private one beside it.
func (r *Range) Public() bool { return r.Private != space.Span{} }

// rangesOf are those of an end, one of whose addresses has been chosen. Of interfaces they are
// the private addresses, the public ones, or both.
func rangesOf(e *queryEnd, chosen netip.Addr, private, public bool) (all []Range) {
	switch {
	case e.asked || e.iface == nil && e.outer == nil && !e.internet:
	case e.internet:
		all = []Range{{Span: space.Addresses(chosen.Is6())}}
	case e.outer != nil:
		for _, s := range behind(e.outer, chosen) {
			all = append(all, Range{Span: s})
		}
	default:
		interfaces := []*plan.Interface{e.iface}
		if e.balancer != nil {
			interfaces = e.balancer.Nodes
		}
		for _, i := range interfaces {
			if private {
				all = withPrivate(all, i, chosen.Is6())
			}
		}
		for _, i := range interfaces {
			if public && chosen.Is4() {
				all = withPublic(all, i, private)
			}
		}
		if e.balancer != nil {
			nameNodes(all, nodesInService(e.balancer))
		}
	}
	if len(all) == 0 {
		all = []Range{{Span: space.One(space.Address(chosen)), iface: e.iface}}
	}
	for k := range all {
		all[k].Asked = all[k].Span
	}
	return all
}

// withPrivate adds the private addresses of an interface of one IP version.
func withPrivate(all []Range, i *plan.Interface, v6 bool) []Range {
	add := func(p netip.Prefix) {
		if p.IsValid() && p.Addr().Is6() == v6 {
			all = withRange(all, Range{Span: space.Prefix(p), iface: i})
		}
	}
	for _, a := range i.Desc.Addresses {
		add(netip.PrefixFrom(a.IP, a.IP.BitLen()))
	}
	for _, p := range i.Desc.Prefixes {
		add(p)
	}
	return all
}

// withPublic adds the public addresses of an interface, beside the private ones or alone.
func withPublic(all []Range, i *plan.Interface, beside bool) []Range {
	for _, a := range i.Desc.Addresses {
		if at, ok := i.Public(a.IP); ok {
			r := Range{Span: space.One(space.Address(at)), iface: i}
			if beside {
				r.Private = space.One(space.Address(a.IP))
			}
			all = withRange(all, r)
		}
	}
	return all
}

// withRange adds what of a range is in none so far.
func withRange(all []Range, r Range) []Range {
	left := []space.Span{r.Span}
	for k := range all {
		left = space.Except(left, []space.Span{all[k].Span})
	}
	for _, r.Span = range left {
		all = append(all, r)
	}
	return all
}

// nameNodes says which node has which of a load balancer's addresses, and to which its name
// leads: public ones only if it has no others there.
func nameNodes(all []Range, named []*plan.Interface) {
	for k := range all {
		r := &all[k]
		r.Node, r.Subnet = r.iface.Desc.ID, cmp.Or(r.iface.Subnet.Desc.Name, r.iface.Subnet.Desc.ID)
		r.Named = !r.Public() && slices.Contains(named, r.iface)
	}
}

// at narrows the end to one address, and to the interface that has it.
func (e *queryEnd) at(ranges []Range, addr space.Num, v6 bool) {
	e.asked, e.addr = true, addr.Addr(v6)
	for k := range ranges {
		if p := &ranges[k]; p.iface != nil && p.Span.Has(addr) {
			e.iface = p.iface
		}
	}
}

// spans are the addresses of prefixes, or the chosen one if there are none.
func spans(list []netip.Prefix, chosen netip.Addr) []space.Span {
	var all []space.Span
	for _, p := range list {
		if p.Addr().BitLen() == chosen.BitLen() {
			all = append(all, space.Prefix(p))
		}
	}
	if len(all) == 0 {
		return []space.Span{space.One(space.Address(chosen))}
	}
	return space.Union(all)
}
