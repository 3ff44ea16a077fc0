package emu

import (
	"net/netip"
	"slices"
	"sort"

	"github.com/vpcemu/vpcemu/firewall"
	"github.com/vpcemu/vpcemu/internal/plan"
	"github.com/vpcemu/vpcemu/internal/space"
	"github.com/vpcemu/vpcemu/routing"
)

// marks are the addresses and ports of a plan at which a verdict may change: where an
// interface's address, a rule's range or a route's destination begins or ends. Those of
// rules and routes are found when they are first needed.
type marks struct {
	plan   *plan.Plan
	starts [2][]space.Num  // of IPv4 and IPv6: where something begins or ends that has an address
	inside [2][]space.Span // of IPv4 and IPv6: what is not the internet, in order and apart
	rules  map[ruleKey][]firewall.Area
	lists  map[listKey][][]firewall.Area
	routes map[routeKey][]space.Span
}

// addresses are a kind of them: of an IP version, all or those of internet hosts.
type addresses struct{ v6, internet bool }

type ruleKey struct {
	of  any // a group, or a network ACL
	dir firewall.Direction
	addresses
}

type listKey struct {
	of  *plan.Filters
	dir firewall.Direction
	addresses
}

type routeKey struct {
	of *routing.FIB
	addresses
}

func newMarks(p *plan.Plan) *marks {
	m := (&marks{plan: p}).fork()
	inside := func(p netip.Prefix) {
		k := space.Version(p.Addr().Is6())
		m.inside[k] = append(m.inside[k], space.Prefix(p))
	}
	for a := range p.Landmarks() {
		s, k := space.Prefix(a), space.Version(a.Addr().Is6())
		m.starts[k] = append(m.starts[k], s.First, s.Last.Next())
		inside(a)
	}
	for _, p := range notInternet {
		inside(p)
	}
	for _, v := range p.VPCs {
		for _, p := range v.Desc.CIDRs {
			inside(p)
		}
	}
	for k := range m.inside {
		m.inside[k] = space.Union(m.inside[k])
	}
	for k := range m.starts {
		slices.SortFunc(m.starts[k], space.Num.Compare)
		m.starts[k] = slices.Compact(m.starts[k])
	}
	return m
}

// fork is the same places for another goroutine, which finds the rest itself.
func (m *marks) fork() *marks {
	return &marks{plan: m.plan, starts: m.starts, inside: m.inside,
		rules: make(map[ruleKey][]firewall.Area), lists: make(map[listKey][][]firewall.Area), routes: make(map[routeKey][]space.Span)}
}

// around is the addresses that the same thing has as one of them, or nothing.
func (m *marks) around(v6 bool, at space.Num) space.Span {
	s := space.Addresses(v6)
	starts := m.starts[space.Version(v6)]
	k := sort.Search(len(starts), func(k int) bool { return at.Less(starts[k]) })
	if k > 0 {
		s.First = starts[k-1]
	}
	if k < len(starts) {
		s.Last = starts[k].Prev()
	}
	return s
}

// holds reports whether no internet host has an address of a span.
func (m *marks) holds(v6 bool, s space.Span) bool {
	k, ok := m.inner(v6, s.First)
	return ok && !k.Last.Less(s.Last)
}

// inner is the span of addresses around one that no internet host has.
func (m *marks) inner(v6 bool, at space.Num) (space.Span, bool) {
	list := m.inside[space.Version(v6)]
	k := sort.Search(len(list), func(k int) bool { return !list[k].Last.Less(at) })
	if k == len(list) || at.Less(list[k].First) {
		return space.Span{}, false
	}
	return list[k], true
}

// groups are what the rules of an interface's groups match, of one direction.
func (m *marks) groups(f *plan.Filters, dir firewall.Direction, v *plan.VPC, of addresses) [][]firewall.Area {
	key := listKey{f, dir, of}
	lists, ok := m.lists[key]
	if !ok {
		for _, g := range f.Groups {
			lists = append(lists, m.rulesOf(ruleKey{g, dir, of}, func() []firewall.Area { return firewall.RuleAreas(rulesOf(g, dir), v.Names(), of.v6) }))
		}
		m.lists[key] = lists
	}
	return lists
}

// acl is what the entries of a network ACL match, of one direction.
func (m *marks) acl(a *plan.ACL, dir firewall.Direction, of addresses) []firewall.Area {
	entries := a.Desc.Ingress
	if dir == firewall.Egress {
		entries = a.Desc.Egress
	}
	return m.rulesOf(ruleKey{a, dir, of}, func() []firewall.Area { return firewall.EntryAreas(entries, of.v6) })
}

// rulesOf are areas that have been found before, or are found now: those in which there
// are addresses of the kind.
func (m *marks) rulesOf(key ruleKey, find func() []firewall.Area) []firewall.Area {
	areas, ok := m.rules[key]
	if !ok {
		areas = find()
		if key.internet {
			areas = slices.DeleteFunc(areas, func(a firewall.Area) bool { return m.holds(key.v6, a.Addresses) })
		}
		m.rules[key] = areas
	}
	return areas
}

// destinations are those of a route table in which there are addresses of the kind.
func (m *marks) destinations(f *routing.FIB, of addresses) []space.Span {
	key := routeKey{f, of}
	list, ok := m.routes[key]
	if !ok {
		for _, e := range f.Entries() {
			if s := space.Prefix(e.Destination); e.Destination.Addr().Is6() == of.v6 && !(of.internet && m.holds(of.v6, s)) {
				list = append(list, s)
			}
		}
		m.routes[key] = list
	}
	return list
}

// prefixed narrows an address to those that have the same longest prefix.
func (w *walk) prefixed(f *routing.FIB, addr netip.Addr) {
	if !w.varies(addr) {
		return // which spares to look for its routes
	}
	for _, s := range w.alike.marks.destinations(f, addresses{v6: addr.Is6()}) {
		w.beside(s, addr)
	}
}

// varies reports whether packets may have another address in place of this one.
func (w *walk) varies(addr netip.Addr) bool {
	for range w.varying(addr) {
		return true
	}
	return false
}
