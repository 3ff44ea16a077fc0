package reach

import (
	"slices"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/internal/space"
)

// addressNumber is the number of addresses of a host, as many as it has. Ranges that fare
// alike in both networks share their number: real is the one that is asked about, and all are
// all of them.
type addressNumber struct {
	real, number space.Span
	all          []space.Span
}

// addressDimensions are those that ranges are of, sources first.
var addressDimensions = [...]int{space.Sources, space.Destinations}

// numbered puts numbers in the place of hosts' addresses. Packets with addresses that have
// no number are left out.
func (v *verdicts) numbered(set space.Set) space.Set {
	for n, d := range addressDimensions {
		if v.numbers[n] == nil {
			continue
		}
		all := make(space.Set, 0, len(set))
		for _, b := range set {
			for _, s := range v.numbers[n] {
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

// addressed is the reverse of numbered, for a box with numbers of one range. It is false if the
// network has no such address.
func (v *verdicts) addressed(b space.Box) (space.Box, bool) {
	for n, d := range addressDimensions {
		if v.numbers[n] == nil {
			continue
		}
		k := slices.IndexFunc(v.numbers[n], func(s addressNumber) bool { return s.number.Has(b[d].First) })
		if k < 0 {
			return b, false
		}
		b[d] = shifted(b[d], v.numbers[n][k].number, v.numbers[n][k].real)
	}
	return b, v.pair != nil
}

// shifted is a part of a span as the same part of another.
func shifted(part, from, to space.Span) space.Span {
	return space.Span{First: part.First.Minus(from.First).Plus(to.First), Last: part.Last.Minus(from.First).Plus(to.First)}
}

// numberBoth numbers the addresses of the hosts of two fates. Old and new addresses that
// belong together, as matchRanges finds, get the same numbers.
func numberBoth(old, now *verdicts) {
	for n := range addressDimensions {
		was, is := old.ranges(n), now.ranges(n)
		if len(was) <= 1 && len(is) <= 1 { // as nearly always
			old.numbers[n], now.numbers[n] = only(was), only(is)
			continue
		}
		partner := matchRanges(was, is)
		var next space.Num
		numbers := make(map[[2]space.Span]space.Span) // by what stands for it in each network
		take := func(i, j int) {
			var key [2]space.Span
			var size space.Num
			if i >= 0 {
				key[0], size = was[i].Asked, was[i].Span.Last.Minus(was[i].Span.First)
			}
			if j >= 0 {
				key[1], size = is[j].Asked, is[j].Span.Last.Minus(is[j].Span.First)
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
	old.notePublic()
	now.notePublic()
}

// notePublic notes which numbers are those of public addresses.
func (v *verdicts) notePublic() {
	number := func(of space.Span) space.Span {
		k := slices.IndexFunc(v.numbers[1], func(s addressNumber) bool { return slices.Contains(s.all, of) })
		return v.numbers[1][k].number
	}
	for _, a := range publicOf(v.ranges(1)) {
		v.public = append(v.public, public{number(a.public), number(a.private)})
	}
}

// publicOfBoth are the public addresses of both networks, with the private ones of the new network
// if they are there.
func publicOfBoth(old, now *verdicts) []public {
	all := now.public
	for _, a := range old.public {
		if !slices.ContainsFunc(now.public, func(b public) bool { return a.public == b.public }) {
			all = append(all, a)
		}
	}
	return all
}

// only is the number of the one address of a host, if it has one.
func only(list []emu.Range) []addressNumber {
	if len(list) == 0 {
		return nil
	}
	s := list[0].Span
	return []addressNumber{{s, space.Span{Last: s.Last.Minus(s.First)}, []space.Span{s}}}
}

// assign gives addresses a number.
func (v *verdicts) assign(n int, r emu.Range, number space.Span) {
	k := slices.IndexFunc(v.numbers[n], func(s addressNumber) bool { return s.number == number })
	if k < 0 {
		k = len(v.numbers[n])
		v.numbers[n] = append(v.numbers[n], addressNumber{real: r.Asked, number: number})
	}
	v.numbers[n][k].all = append(v.numbers[n][k].all, r.Span)
}

// ranges are the addresses of the source or the destination, if it is a host.
func (v *verdicts) ranges(n int) []emu.Range {
	switch {
	case v.pair == nil || v.pair.Networks()[n]:
		return nil
	case n == 0:
		return v.pair.Sources()
	}
	return v.pair.Destinations()
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
				if partner[j] < 0 && !taken[i] && was[i].Public() == is[j].Public() && size(&was[i]) == size(&is[j]) && same(&was[i], &is[j]) {
					partner[j], taken[i] = i, true
				}
			}
		}
	}
	return partner
}

// whole puts the span of all numbers in the place of a host's own, where it has all of
// these that are no public addresses. So the sets of hosts with more addresses and with fewer
// compare equal.
func (v *verdicts) whole(set space.Set) (all space.Set) {
	for _, p := range set.Products() {
		for n, d := range addressDimensions {
			var own []space.Span
			for _, s := range v.numbers[n] {
				own = append(own, s.number)
			}
			if own = space.Union(own); n == 1 {
				own = withoutPublic(own, v.public)
			}
			if v.numbers[n] != nil && len(space.Except(own, p[d])) == 0 {
				p[d] = []space.Span{everything}
			}
		}
		all = append(all, p.Boxes()...)
	}
	return all.Joined()
}
