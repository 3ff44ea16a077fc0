package reach

import (
	"slices"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/internal/classes"
	"github.com/vpcemu/vpcemu/internal/space"
)

// expand adds to spans of a pair's packets those that they stand for.
func expand(list []emu.Range, spans []space.Span) []space.Span {
	if !slices.ContainsFunc(list, func(r emu.Range) bool { return r.Asked != r.Span }) {
		return spans
	}
	var all []space.Span
	for _, r := range list {
		if r.Asked != r.Span && space.Meets(spans, r.Asked) {
			all = append(all, r.Span)
		}
	}
	return space.Union(append(all, spans...))
}

// expanded is a set of a pair's packets with those that they stand for.
func expanded(p *emu.Pair, set space.Set) space.Set {
	if !classes.Many(p) {
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
