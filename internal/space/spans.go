package space

import "slices"

// Union is the places of some spans, in order and apart: none touches the next.
func Union(list []Span) []Span { return union(slices.Clone(list)) }

// union is Union in the list's own memory.
func union(list []Span) []Span {
	slices.SortFunc(list, func(a, b Span) int { return a.First.Compare(b.First) })
	all := list[:0]
	for _, s := range list {
		all = appendSpan(all, s)
	}
	return all
}

// appendSpan adds a span that begins no earlier than the last one.
func appendSpan(list []Span, s Span) []Span {
	n := len(list)
	if n == 0 || list[n-1].Last.Less(s.First) && list[n-1].Last.Next() != s.First {
		return append(list, s)
	}
	if list[n-1].Last.Less(s.Last) {
		list[n-1].Last = s.Last
	}
	return list
}

// Common is the places that both of two lists have, which are in order and apart.
func Common(a, b []Span) (both []Span) {
	for len(a) > 0 && len(b) > 0 {
		if s := a[0].And(b[0]); !s.Empty() {
			both = append(both, s)
		}
		if a[0].Last.Less(b[0].Last) {
			a = a[1:]
		} else {
			b = b[1:]
		}
	}
	return both
}

// Except is the places of a that b has not, both in order and apart.
func Except(a, b []Span) (rest []Span) {
	for _, s := range a {
		for len(b) > 0 && b[0].Last.Less(s.First) {
			b = b[1:]
		}
		for k := 0; k < len(b) && !s.Empty() && !s.Last.Less(b[k].First); k++ {
			if s.First.Less(b[k].First) {
				rest = append(rest, Span{s.First, b[k].First.Prev()})
			}
			if !b[k].Last.Less(s.Last) {
				s = Span{Num{Lo: 1}, Num{}} // nothing is left
				break
			}
			s.First = b[k].Last.Next()
		}
		if !s.Empty() {
			rest = append(rest, s)
		}
	}
	return rest
}

// Meets reports whether a list, in order and apart, has a place of a span.
func Meets(list []Span, s Span) bool {
	k, _ := slices.BinarySearchFunc(list, s.First, func(t Span, n Num) int { return t.Last.Compare(n) })
	return k < len(list) && !s.Last.Less(list[k].First)
}
