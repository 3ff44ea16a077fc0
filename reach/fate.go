package reach

import (
	"cmp"
	"slices"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/internal/space"
)

// fate is what becomes of the packets of one IP version between two classes.
//
// A host may have other addresses in the new network than in the old one. So the sets have
// numbers in place of a host's addresses: an old address and the new one that takes its
// place have the same number.
type fate struct {
	pair  *emu.Pair // nil if there are none
	all   space.Set
	sets  [3]space.Set // by answer
	seats [2][]seat    // of sources and destinations, nil for networks

	numbers [2]bool // sources and destinations stand for others, whose addresses are others
}

// seat is addresses of a host with their numbers. Ranges that fare alike in both networks
// share their numbers: real is the one that is asked about, and all are all of them.
type seat struct {
	real, number space.Span
	all          []space.Span
}

// addressDimensions are those that ranges are of, sources first.
var addressDimensions = [...]int{space.Sources, space.Destinations}

// numbered puts numbers in the place of hosts' addresses. Packets with addresses that have
// no number are left out.
func (f *fate) numbered(set space.Set) space.Set {
	for n, d := range addressDimensions {
		if f.seats[n] == nil {
			continue
		}
		all := make(space.Set, 0, len(set))
		for _, b := range set {
			for _, s := range f.seats[n] {
				if own := b[d].And(s.real); !own.Empty() {
					one := b
					one[d] = shifted(own, s.real, s.number)
					all = append(all, one)
				}
			}
		}
		set = all
	}
	return set
}

// addressed is the reverse of numbered, for a box with numbers of one seat. It is false if the
// network has no such address.
func (f *fate) addressed(b space.Box) (space.Box, bool) {
	for n, d := range addressDimensions {
		if f.seats[n] == nil {
			continue
		}
		k := slices.IndexFunc(f.seats[n], func(s seat) bool { return s.number.Has(b[d].First) })
		if k < 0 {
			return b, false
		}
		b[d] = shifted(b[d], f.seats[n][k].number, f.seats[n][k].real)
	}
	return b, f.pair != nil
}

// shifted is a part of a span as the same part of another.
func shifted(part, from, to space.Span) space.Span {
	return space.Span{First: part.First.Minus(from.First).Plus(to.First), Last: part.Last.Minus(from.First).Plus(to.First)}
}

// seatBoth numbers the addresses of the hosts of two fates. Old and new addresses that
// belong together, as matchRanges finds, get the same numbers.
func seatBoth(old, now *fate) {
	for n := range addressDimensions {
		was, is := old.ranges(n), now.ranges(n)
		if len(was) <= 1 && len(is) <= 1 { // as nearly always
			old.seats[n], now.seats[n] = only(was), only(is)
			continue
		}
		partner := matchRanges(was, is)
		var next space.Num
		numbers := make(map[[2]space.Span]space.Span) // by what stands for it in each network
		take := func(i, j int) {
			var key [2]space.Span
			var size space.Num
			if i >= 0 {
				key[0], size = was[i].For, was[i].Span.Last.Minus(was[i].Span.First)
			}
			if j >= 0 {
				key[1], size = is[j].For, is[j].Span.Last.Minus(is[j].Span.First)
			}
			s, ok := numbers[key]
			if !ok {
				s = space.Span{First: next, Last: next.Plus(size)}
				next, numbers[key] = s.Last.Next().Next(), s // so that no two touch
			}
			if i >= 0 {
				old.assign(n, was[i], s)
			}
			if j >= 0 {
				now.assign(n, is[j], s)
			}
		}
		for j := range is {
			take(partner[j], j)
		}
		for i := range was {
			if !slices.Contains(partner, i) {
				take(i, -1)
			}
		}
	}
}

// only is the seat of the one address of a host, if it has one.
func only(list []emu.Range) []seat {
	if len(list) == 0 {
		return nil
	}
	s := list[0].Span
	return []seat{{s, space.Span{Last: s.Last.Minus(s.First)}, []space.Span{s}}}
}

// assign gives addresses a number.
func (f *fate) assign(n int, r emu.Range, number space.Span) {
	k := slices.IndexFunc(f.seats[n], func(s seat) bool { return s.number == number })
	if k < 0 {
		k = len(f.seats[n])
		f.seats[n] = append(f.seats[n], seat{real: r.For, number: number})
	}
	f.seats[n][k].all = append(f.seats[n][k].all, r.Span)
}

// ranges are the addresses of the source or the destination, if it is a host.
func (f *fate) ranges(n int) []emu.Range {
	switch {
	case f.pair == nil || f.pair.Networks()[n]:
		return nil
	case n == 0:
		return f.pair.Sources()
	}
	return f.pair.Destinations()
}

// matchRanges says of each new range which old one it was, -1 for none.
func matchRanges(was, is []emu.Range) []int {
	partner := make([]int, len(is))
	for j := range partner {
		partner[j] = -1
	}
	taken := make([]bool, len(was))
	size := func(r *emu.Range) space.Num { return r.Span.Last.Minus(r.Span.First) }
	for _, same := range [...]func(a, b *emu.Range) bool{
		func(a, b *emu.Range) bool { return a.Span == b.Span && a.Node == b.Node },
		func(a, b *emu.Range) bool { return a.Node == b.Node && a.Node != "" },
		func(a, b *emu.Range) bool { return a.Subnet == b.Subnet && a.Subnet != "" },
		func(a, b *emu.Range) bool { return a.Span == b.Span },
		func(a, b *emu.Range) bool { return true },
	} {
		for j := range is {
			for i := range was {
				if partner[j] < 0 && !taken[i] && size(&was[i]) == size(&is[j]) && same(&was[i], &is[j]) {
					partner[j], taken[i] = i, true
				}
			}
		}
	}
	return partner
}

// answers are the sets by answer of all packets of both networks: what is only in the
// other one is blocked here.
func (f *fate) answers(other *fate) [3]space.Set {
	all := f.sets
	all[emu.Blocked] = append(slices.Clone(all[emu.Blocked]), other.all.Minus(f.all)...)
	return all
}

// common is a packet of a box that both networks have. Boxes and packet have numbers in
// place of hosts' addresses. A network in which the host has no such address has no say.
func common(b space.Box, old, now *fate) (at space.Point, ok bool) {
	const most = 1000 // holes that take turns
	for range most {
		for _, f := range [...]*fate{old, now} {
			full, there := f.addressed(b)
			if !there {
				continue
			}
			if at, ok = f.pair.Some(full); !ok {
				return at, false
			}
			for n, d := range addressDimensions {
				if f.seats[n] == nil {
					b[d].First = at[d]
				}
			}
		}
		at = b.First()
		if old.has(at) && now.has(at) {
			return at, true
		}
	}
	return at, false
}

// real is a packet as it is sent; false if the network has no such addresses.
func (f *fate) real(at space.Point) (space.Point, bool) {
	full, ok := f.addressed(at.Box())
	return full.First(), ok
}

// has reports whether the pair has a packet, or the network no such address.
func (f *fate) has(at space.Point) bool {
	real, ok := f.real(at)
	if !ok {
		return true
	}
	some, ok := f.pair.Some(real.Box())
	return ok && some == real
}

// trace is that of a packet with numbers of hosts; nil if there is no such packet in the
// network.
func (f *fate) trace(at space.Point) *emu.Trace {
	real, ok := f.real(at)
	if !ok || !f.pair.Has(&real) {
		return nil
	}
	t, err := f.pair.Trace(real)
	if err != nil {
		return nil
	}
	return t
}

// traffic is a set in words, in the network's addresses.
func (f *fate) traffic(set space.Set) (list []Traffic) {
	all := placesOf(f.pair, f.numbers)
	for _, p := range set.Products() {
		for n, d := range addressDimensions {
			if f.seats[n] == nil {
				continue
			}
			var real []space.Span
			for _, s := range f.seats[n] {
				for _, own := range space.Common([]space.Span{s.number}, p[d]) {
					if own == s.number {
						real = append(real, s.all...)
					} else {
						real = append(real, shifted(own, s.number, s.real))
					}
				}
			}
			p[d] = space.Union(real)
		}
		if t := all.exactly(p); !t.empty() {
			list = append(list, t)
		}
	}
	slices.SortStableFunc(list, func(a, b Traffic) int { return cmp.Compare(a.first(), b.first()) })
	return list
}

// whole puts the span of all numbers in the place of a host's own, where it has all of
// these. So the sets of hosts with more addresses and with fewer compare equal.
func (f *fate) whole(set space.Set) (all space.Set) {
	for _, p := range set.Products() {
		for n, d := range addressDimensions {
			if f.seats[n] != nil && !slices.ContainsFunc(f.seats[n], func(s seat) bool { return len(space.Except([]space.Span{s.number}, p[d])) > 0 }) {
				p[d] = []space.Span{{Last: space.Num{Hi: ^uint64(0), Lo: ^uint64(0)}}}
			}
		}
		all = append(all, p.Boxes()...)
	}
	return all.Joined()
}

// usual is an ordinary packet of a set, with numbers of hosts.
func (f *fate) usual(set space.Set) (space.Point, bool) {
	var real space.Set
	for _, b := range set {
		if full, there := f.addressed(b); there {
			real = append(real, full)
		}
	}
	at, ok := f.pair.Usual(real)
	if !ok {
		return at, false
	}
	for _, b := range f.numbered(space.Set{at.Box()}) {
		if at = b.First(); set.Has(&at) {
			return at, true
		}
	}
	return at, false
}
