package reach

import (
	"slices"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/internal/space"
)

// verdicts are what becomes of the packets of one IP version between two classes.
//
// A host may have other addresses in the new network than in the old one. So the sets have
// numbers in place of a host's addresses: an old address and the new one that takes its
// place have the same number.
type verdicts struct {
	pair    *emu.Pair // nil if there are none
	all     space.Set
	sets    [3]space.Set       // by answer
	numbers [2][]addressNumber // of sources and destinations, nil for networks

	several [2]bool // see Part

	public []public // numbers of public addresses, with those of the private ones
}

// answers are the sets by answer of all packets of both networks: what is only in the
// other one is blocked here.
func (v *verdicts) answers(other *verdicts) [3]space.Set {
	all := v.sets
	all[emu.Blocked] = append(slices.Clone(all[emu.Blocked]), other.all.Minus(v.all)...)
	return all
}

// common is a packet of a box that both networks have. Boxes and packet have numbers in
// place of hosts' addresses. A network in which the host has no such address has no say.
func common(b space.Box, old, now *verdicts) (at space.Point, ok bool) {
	for moved := true; moved; { // past the one's holes, and maybe into the other's
		moved = false
		for _, v := range [...]*verdicts{old, now} {
			full, there := v.addressed(b)
			if !there {
				continue
			}
			if at, ok = v.pair.Some(full); !ok {
				return at, false
			}
			for _, d := range addressDimensions {
				if step := at[d].Minus(full[d].First); step != (space.Num{}) {
					b[d].First, moved = b[d].First.Plus(step), true
				}
			}
		}
	}
	return b.First(), true
}

// real is a packet as it is sent; false if the network has no such addresses.
func (v *verdicts) real(at space.Point) (space.Point, bool) {
	full, ok := v.addressed(at.Box())
	return full.First(), ok
}

// has reports whether the pair has a packet, or the network no such address.
func (v *verdicts) has(at space.Point) bool {
	real, ok := v.real(at)
	if !ok {
		return true
	}
	some, ok := v.pair.Some(real.Box())
	return ok && some == real
}

// trace is that of a packet with numbers of hosts; nil if there is no such packet in the
// network.
func (v *verdicts) trace(at space.Point) *emu.Trace {
	real, ok := v.real(at)
	if !ok || !v.pair.Has(&real) {
		return nil
	}
	t, err := v.pair.Trace(real)
	if err != nil {
		return nil
	}
	return t
}

// traffic is a set in words, in the network's addresses.
func (v *verdicts) traffic(set space.Set) (list []Traffic) {
	all := placesOf(v.pair, v.several)
	for _, p := range set.Products() {
		for n, d := range addressDimensions {
			if v.numbers[n] == nil {
				continue
			}
			var real []space.Span
			for _, s := range v.numbers[n] {
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
	slices.SortStableFunc(list, Traffic.compare)
	return list
}

// usual is an ordinary packet of a set, with numbers of hosts.
func (v *verdicts) usual(set space.Set) (space.Point, bool) {
	var real space.Set
	for _, b := range set {
		if full, there := v.addressed(b); there {
			real = append(real, full)
		}
	}
	at, ok := v.pair.Usual(real)
	if !ok {
		return at, false
	}
	for _, b := range v.numbered(space.Set{at.Box()}) {
		if at = b.First(); set.Has(&at) {
			return at, true
		}
	}
	return at, false
}
