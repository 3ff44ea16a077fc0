package space

import "slices"

// Set is packets as disjoint boxes. The zero Set has none.
type Set []Box

// Has reports whether a packet is in the set.
func (s Set) Has(p *Point) bool {
	return slices.ContainsFunc(s, func(b Box) bool { return b.Has(p) })
}

// Without is the packets of s that are not in a box.
func (s Set) Without(b *Box) Set {
	rest := make(Set, 0, len(s))
	for i := range s {
		rest = s[i].Minus(b, rest)
	}
	return rest
}

// With is the packets of s and those of a box.
func (s Set) With(b *Box) Set {
	return append(s.Without(b), *b)
}

// Minus is the packets of s that are not in t.
func (s Set) Minus(t Set) Set {
	for i := range t {
		s = s.Without(&t[i])
	}
	return s
}

// And is the packets that are in both.
func (s Set) And(t Set) Set {
	var both Set
	for i := range s {
		for k := range t {
			if b := s[i].And(&t[k]); !b.Empty() {
				both = append(both, b)
			}
		}
	}
	return both
}

// Or is the packets that are in one or both.
func (s Set) Or(t Set) Set { return append(slices.Clone(s), t.Minus(s)...) }

// Equal reports whether both have the same packets.
func (s Set) Equal(t Set) bool { return len(s.Minus(t)) == 0 && len(t.Minus(s)) == 0 }

// Cut takes a box out of the set: what is left of the set, appended to rest, and what the
// box has of it, appended to cut.
func (s Set) Cut(b *Box, rest, cut Set) (Set, Set) {
	for i := range s {
		if both := s[i].And(b); both.Empty() {
			rest = append(rest, s[i])
		} else {
			cut = append(cut, both)
			rest = s[i].Minus(&both, rest)
		}
	}
	return rest, cut
}

// Joined is the same packets in few boxes, always the same ones.
func (s Set) Joined() Set {
	var all Set
	for _, p := range s.Products() {
		all = append(all, p.Boxes()...)
	}
	return all
}
