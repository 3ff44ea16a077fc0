package space

import (
	"cmp"
	"slices"
)

// Product is all packets that in each dimension are in one of some spans, which are in
// order and do not touch: tcp/22 and tcp/443, from 10.0.0.0/8 and 192.0.2.0/24.
type Product [Dimensions][]Span

// Boxes are the packets as boxes.
func (p *Product) Boxes() Set {
	set := Set{{}}
	for d := range p {
		var more Set
		for _, b := range set {
			for _, s := range p[d] {
				b[d] = s
				more = append(more, b)
			}
		}
		set = more
	}
	return set
}

// spans is how many spans there are to read.
func (p *Product) spans() (n int) {
	for d := range p {
		n += len(p[d])
	}
	return n
}

// Products are the same packets as few products, which have no packet in common. They do
// not depend on which boxes the set is made of.
//
// All orders of the dimensions in which the boxes differ are tried: the places of the
// first one that have the same packets in the others go together, and so on with those.
//
//	sources first:   10.0.0.0/8: tcp/22, tcp/443    elsewhere: tcp/443
//	services first:  tcp/22: 10.0.0.0/8             tcp/443: anywhere
func (s Set) Products() []Product {
	if len(s) == 0 {
		return nil
	}
	var best []Product
	orders(s.differing(), func(order []int) {
		if now := s.products(order); best == nil || cheaper(now, best) {
			best = now
		}
	})
	return best
}

// cheaper reports whether one way to say it is shorter than another.
func cheaper(a, b []Product) bool {
	cost := func(list []Product) (n int) {
		for i := range list {
			n += list[i].spans()
		}
		return n
	}
	return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(cost(a), cost(b))) < 0
}

// differing are the dimensions in which not all boxes are the same.
func (s Set) differing() (list []int) {
	for d := range Dimensions {
		if slices.ContainsFunc(s, func(b Box) bool { return b[d] != s[0][d] }) {
			list = append(list, d)
		}
	}
	return list
}

// orders calls use with every order of a list, which is ascending, as a dictionary has them.
// So the first of several that are as good stays the first if there are more dimensions, in
// which boxes are cut for nothing.
func orders(list []int, use func([]int)) {
	var from func(int)
	from = func(k int) {
		if k >= len(list)-1 {
			use(list)
			return
		}
		for i := k; i < len(list); i++ {
			next := list[i]
			copy(list[k+1:i+1], list[k:i])
			list[k] = next
			from(k + 1)
			copy(list[k:i], list[k+1:i+1])
			list[i] = next
		}
	}
	from(0)
}

// products are those of one order of the dimensions in which the boxes may differ.
func (s Set) products(order []int) []Product {
	if len(order) <= 1 {
		var p Product
		b := s[0]
		for d := range p {
			p[d] = b[d : d+1 : d+1]
		}
		for _, d := range order {
			p[d] = s.spans(d)
		}
		return []Product{p}
	}
	d := order[0]
	type group struct {
		spans []Span
		rest  []Product
	}
	var groups []group
	s.slices(d, func(at Span, in Set) {
		rest := in.products(order[1:])
		k := slices.IndexFunc(groups, func(g group) bool {
			return slices.EqualFunc(g.rest, rest, func(a, b Product) bool { return a.equal(&b, order[1:]) })
		})
		if k < 0 {
			k = len(groups)
			groups = append(groups, group{rest: rest})
		}
		groups[k].spans = appendSpan(groups[k].spans, at)
	})
	var all []Product
	for _, g := range groups {
		for _, p := range g.rest {
			p[d] = g.spans
			all = append(all, p)
		}
	}
	return all
}

// equal reports whether two products are the same in some dimensions.
func (p *Product) equal(q *Product, in []int) bool {
	return !slices.ContainsFunc(in, func(d int) bool { return !slices.Equal(p[d], q[d]) })
}

// spans are the places of one dimension, in order and apart.
func (s Set) spans(d int) []Span {
	list := make([]Span, len(s))
	for i := range s {
		list[i] = s[i][d]
	}
	return union(list)
}

// slices cuts a dimension where boxes begin or end, and calls use with each of the spans in
// order and the boxes that have it, if any do.
func (s Set) slices(d int, use func(Span, Set)) {
	sorted := slices.Clone(s)
	slices.SortFunc(sorted, func(a, b Box) int { return a[d].First.Compare(b[d].First) })
	var in Set // that have the place at
	for at, next := sorted[0][d].First, 0; ; {
		for next < len(sorted) && sorted[next][d].First == at {
			in = append(in, sorted[next])
			next++
		}
		last := in[0][d].Last
		for i := range in {
			if in[i][d].Last.Less(last) {
				last = in[i][d].Last
			}
		}
		if next < len(sorted) && !last.Less(sorted[next][d].First) {
			last = sorted[next][d].First.Prev()
		}
		use(Span{at, last}, in)
		in = slices.DeleteFunc(in, func(b Box) bool { return b[d].Last == last })
		switch {
		case len(in) > 0:
			at = last.Next()
		case next < len(sorted):
			at = sorted[next][d].First
		default:
			return
		}
	}
}
