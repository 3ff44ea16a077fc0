package reach

import (
	"slices"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/internal/space"
	"github.com/vpcemu/vpcemu/vpc"
)

// thin leaves one of an interface's addresses that nothing tells apart. So an interface
// with thirty costs no more than one with two.
func (c *classifier) thin(p *emu.Pair) {
	if thinner(p) {
		p.Thin(c.likes)
	}
}

// thinner reports whether it may have something to leave out.
func thinner(p *emu.Pair) bool { return len(p.Sources()) > 2 || len(p.Destinations()) > 2 }

// likes says for each of an end's ranges which of them is asked about in its place. These
// stand for themselves: the first one, which queries by name mean; prefixes; addresses of
// load balancers; public addresses, and private ones that have one. Of the others, one of
// each cell is asked about.
func (c *classifier) likes(list []emu.Range) []int {
	first := make([]int, len(list))
	known := make(map[int]int)
	for k := range list {
		first[k] = k
		r := &list[k]
		v, i := r.Owner()
		if i == nil || k == 0 || !r.Span.Single() || r.Node != "" {
			continue
		}
		at := slices.IndexFunc(i.Addresses, func(a vpc.Address) bool { return a.IP.IsValid() && space.Address(a.IP) == r.Span.First })
		if at < 0 || i.Addresses[at].Public.IsValid() || c.owners[owned{c.realms[v], i.Addresses[at].IP}] > 1 {
			continue
		}
		ip := i.Addresses[at].IP
		cell := c.cells[version(ip.Is6())].of(ip)
		if one, ok := known[cell]; ok {
			first[k] = one
		} else {
			known[cell] = k
		}
	}
	return first
}

// expand adds to spans of a pair's packets those that they stand for.
func expand(list []emu.Range, spans []space.Span) []space.Span {
	if !slices.ContainsFunc(list, func(r emu.Range) bool { return r.For != r.Span }) {
		return spans
	}
	var all []space.Span
	for _, r := range list {
		if r.For != r.Span && space.Meets(spans, r.For) {
			all = append(all, r.Span)
		}
	}
	return space.Union(append(all, spans...))
}

// expanded is a set of a pair's packets with those that they stand for.
func expanded(p *emu.Pair, set space.Set) space.Set {
	if !thinner(p) {
		return set
	}
	var all space.Set
	for _, b := range set {
		for _, from := range expand(p.Sources(), []space.Span{b[space.Sources]}) {
			for _, to := range expand(p.Destinations(), []space.Span{b[space.Destinations]}) {
				one := b
				one[space.Sources], one[space.Destinations] = from, to
				all = append(all, one)
			}
		}
	}
	return all
}
