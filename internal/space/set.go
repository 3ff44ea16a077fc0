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

// Joined is the same packets in fewer boxes: those that touch in one dimension and are
// the same in the others are made one, until there are none. Dimensions are tried in
// order, so that services are whole where they can be.
func (s Set) Joined() Set {
	s = slices.Clone(s)
	for again := true; again; {
		again = false
		for d := range Dimensions {
			was := len(s)
			s = s.joined(d)
			again = again || len(s) < was
		}
	}
	return s
}

// joined joins boxes that touch in one dimension.
func (s Set) joined(d int) Set {
	slices.SortFunc(s, func(a, b Box) int { return compare(&a, &b, d) })
	kept := s[:0]
	for i := range s {
		if n := len(kept); n > 0 && touch(&kept[n-1], &s[i], d) {
			kept[n-1][d].Last = s[i][d].Last
			continue
		}
		kept = append(kept, s[i])
	}
	return kept
}

// compare sorts boxes by all dimensions but one, and then by that.
func compare(a, b *Box, last int) int {
	for k := 1; k <= Dimensions; k++ {
		d := (last + k) % Dimensions
		for _, p := range [...][2]Num{{a[d].First, b[d].First}, {a[d].Last, b[d].Last}} {
			if p[0].Less(p[1]) {
				return -1
			}
			if p[1].Less(p[0]) {
				return 1
			}
		}
	}
	return 0
}

// touch reports whether b goes on where a ends in one dimension, and is the same in the
// others.
func touch(a, b *Box, d int) bool {
	for k := range a {
		if k != d && a[k] != b[k] {
			return false
		}
	}
	return a[d].Last.Less(b[d].First) && a[d].Last.Next() == b[d].First
}
