package reach

import (
	"cmp"
	"slices"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/internal/space"
)

// fate is what becomes of the packets of one IP version between two classes. Addresses of
// hosts are numbers in its sets, by which those of both networks are matched.
type fate struct {
	pair  *emu.Pair // nil if there are none
	all   space.Set
	sets  [3]space.Set // by answer
	seats [2][]seat    // of sources and destinations, nil for networks

	numbers [2]bool // sources and destinations stand for others, whose addresses are others
}

// seat is addresses of a host, the numbers that stand for them, and whatever else has these:
// all that fares alike in both networks.
type seat struct {
	real, number space.Span
	all          []space.Span
}

// hosts are the dimensions that seats are of.
var hosts = [...]int{space.Sources, space.Destinations}

// strip puts numbers in the place of addresses, and leaves out those without.
func (f *fate) strip(set space.Set) space.Set {
	for n, d := range hosts {
		if f.seats[n] == nil {
			continue
		}
		all := make(space.Set, 0, len(set))
		for _, b := range set {
			for _, s := range f.seats[n] {
				if own := b[d].And(s.real); !own.Empty() {
					one := b
					one[d] = moved(own, s.real, s.number)
					all = append(all, one)
				}
			}
		}
		set = all
	}
	return set
}

// dress is the reverse of strip, for a box with numbers of one seat. It is false if the
// network has no such address.
func (f *fate) dress(b space.Box) (space.Box, bool) {
	for n, d := range hosts {
		if f.seats[n] == nil {
			continue
		}
		k := slices.IndexFunc(f.seats[n], func(s seat) bool { return s.number.Has(b[d].First) })
		if k < 0 {
			return b, false
		}
		b[d] = moved(b[d], f.seats[n][k].number, f.seats[n][k].real)
	}
	return b, f.pair != nil
}

// moved is a part of a span as the same part of another.
func moved(part, from, to space.Span) space.Span {
	return space.Span{First: part.First.Minus(from.First).Plus(to.First), Last: part.Last.Minus(from.First).Plus(to.First)}
}

// seatBoth gives the hosts of two fates their seats: addresses whose nodes are the same in
// both networks, or which are themselves, or else stand in the same place, have one number.
func seatBoth(old, now *fate) {
	for n := range hosts {
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
				old.sit(n, was[i], s)
			}
			if j >= 0 {
				now.sit(n, is[j], s)
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

// sit gives addresses a number.
func (f *fate) sit(n int, r emu.Range, number space.Span) {
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

// common is a packet of a box that both networks have, with numbers of hosts. Where a
// network has no such addresses any packet will do.
func common(b space.Box, old, now *fate) (at space.Point, ok bool) {
	const most = 1000 // holes that take turns
	for range most {
		for _, f := range [...]*fate{old, now} {
			full, there := f.dress(b)
			if !there {
				continue
			}
			if at, ok = f.pair.Some(full); !ok {
				return at, false
			}
			for n, d := range hosts {
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
	full, ok := f.dress(at.Box())
	return full.First(), ok
}

// has reports whether a packet may be, for all that its pair says of holes.
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
		for n, d := range hosts {
			if f.seats[n] == nil {
				continue
			}
			var real []space.Span
			for _, s := range f.seats[n] {
				for _, own := range space.Common([]space.Span{s.number}, p[d]) {
					if own == s.number {
						real = append(real, s.all...)
					} else {
						real = append(real, moved(own, s.number, s.real))
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

// whole is a set with every number in the place of all that a host has, so that it is the
// same for hosts with more addresses and with fewer.
func (f *fate) whole(set space.Set) (all space.Set) {
	for _, p := range set.Products() {
		for n, d := range hosts {
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
		if full, there := f.dress(b); there {
			real = append(real, full)
		}
	}
	at, ok := f.pair.Usual(real)
	if !ok {
		return at, false
	}
	for _, b := range f.strip(space.Set{at.Box()}) {
		if at = b.First(); set.Has(&at) {
			return at, true
		}
	}
	return at, false
}
