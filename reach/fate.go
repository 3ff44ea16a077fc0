package reach

import (
	"slices"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/internal/space"
)

// fate is what becomes of the packets of one IP version between two classes. Addresses
// of single ends are left out of its sets: they are 0.
type fate struct {
	pair *emu.Pair // nil if there are none
	all  space.Set
	sets [3]space.Set // by answer
	bare [2]bool      // whether sources and destinations are left out
}

// single reports whether such an end has one address, which is left out.
func single(k emu.EndKind) bool { return k != emu.InternetEnd && k != emu.OnPremisesEnd }

// strip leaves the addresses of single ends out.
func (f *fate) strip(set space.Set) space.Set {
	all := slices.Clone(set)
	for k := range all {
		for n, d := range [...]int{space.Sources, space.Destinations} {
			if f.bare[n] {
				all[k][d] = space.Span{}
			}
		}
	}
	return all
}

// dress is the reverse of strip.
func (f *fate) dress(b space.Box) space.Box {
	for n, d := range [...]int{space.Sources, space.Destinations} {
		if f.bare[n] {
			b[d] = f.pair.All[0][d]
		}
	}
	return b
}

// answers are the sets by answer of all packets of both networks: what is only in the
// other one is blocked here.
func (f *fate) answers(other *fate) [3]space.Set {
	all := f.sets
	all[emu.Blocked] = append(slices.Clone(all[emu.Blocked]), other.all.Minus(f.all)...)
	return all
}

// common is a packet of a box that both networks have, the addresses of single ends left
// out. Where a network has no such pair any packet will do.
func common(b space.Box, old, now *fate) (at space.Point, ok bool) {
	const most = 1000 // holes that take turns
	for range most {
		for _, f := range [...]*fate{old, now} {
			if f.pair == nil {
				continue
			}
			full := f.dress(b)
			at, ok = f.pair.Some(full)
			if !ok {
				return at, false
			}
			for n, d := range [...]int{space.Sources, space.Destinations} {
				if !f.bare[n] {
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

// has reports whether a packet may be, for all that its pair says of holes.
func (f *fate) has(at space.Point) bool {
	if f.pair == nil {
		return true
	}
	b := space.Box{}
	for d := range b {
		b[d] = space.One(at[d])
	}
	some, ok := f.pair.Some(f.dress(b))
	want := f.dress(b)
	return ok && some == want.First()
}

// trace is that of a packet with the addresses of single ends left out; nil if there is no
// such packet in the network.
func (f *fate) trace(at space.Point) *emu.Trace {
	if f.pair == nil {
		return nil
	}
	b := space.Box{}
	for d := range b {
		b[d] = space.One(at[d])
	}
	full := f.dress(b)
	first := full.First()
	if !f.pair.Has(&first) {
		return nil
	}
	t, err := f.pair.Trace(first)
	if err != nil {
		return nil
	}
	return t
}
