package reach

import (
	"cmp"

	"github.com/vpcemu/vpcemu/emu"
)

// cohort is ends of an expectation that fare alike, of which one is asked about.
type cohort []*asked

// encounter is what there is to ask from one cohort to another: the first pair of ends that
// are not the same one, and how many such pairs there are.
type encounter struct {
	from, to cohort
	src, dst *asked
	pairs    int
}

// cohorts sorts ends by their classes. Those that are not the network's stand alone.
func (c *Checker) cohorts(list []asked) []cohort {
	var all []cohort
	known := make(map[int]int)
	for k := range list {
		a := &list[k]
		if a.end == nil {
			all = append(all, cohort{a})
			continue
		}
		class := c.class[a.end]
		at, ok := known[class]
		if !ok {
			at = len(all)
			known[class] = at
			all = append(all, nil)
		}
		all[at] = append(all[at], a)
	}
	return all
}

// encounters pairs the cohorts of the sources with those of the destinations, without pairs
// of an end with itself and of the internet with the internet. It costs time with the
// number of ends and of pairs of cohorts, not of pairs of ends.
func (c *Checker) encounters(sources, destinations []asked) []encounter {
	from, to := c.cohorts(sources), c.cohorts(destinations)
	if len(sources) == 1 && len(destinations) == 1 {
		return []encounter{{from[0], to[0], from[0][0], to[0][0], 1}}
	}
	where := make(map[any][]int) // in which cohorts an end is: in several if several texts mean it
	for k, t := range to {
		for _, a := range t {
			where[a.self()] = append(where[a.self()], k)
		}
	}
	var all []encounter
	for _, f := range from {
		both := make(map[int]int) // ends that are in f too, by cohort
		for _, a := range f {
			for _, k := range where[a.self()] {
				both[k]++
			}
		}
		for k, t := range to {
			e := encounter{from: f, to: t, pairs: len(f)*len(t) - both[k]}
			switch {
			case e.pairs == 0 || !c.meet(f[0], t[0]):
			case f[0].shares() && t[0].shares():
				e.src, e.dst = e.first()
				all = append(all, e)
			default:
				all = e.single(all)
			}
		}
	}
	return all
}

// shares reports whether the class of an end speaks for it. An end that is given by an
// address has no class.
func (a *asked) shares() bool { return a.end != nil || a.text == "internet" }

// single adds all pairs one by one.
func (e *encounter) single(all []encounter) []encounter {
	for k, src := range e.from {
		for l, dst := range e.to {
			if src.self() != dst.self() {
				all = append(all, encounter{e.from[k : k+1], e.to[l : l+1], src, dst, 1})
			}
		}
	}
	return all
}

// first is the first pair of ends that are not the same one. There must be one.
func (e *encounter) first() (src, dst *asked) {
	for _, src := range e.from {
		for _, dst := range e.to {
			if src.self() != dst.self() {
				return src, dst
			}
		}
	}
	panic("reach: no two ends to ask about")
}

// self is the end that is asked about, or else the text that names it.
func (a *asked) self() any {
	if e := cmp.Or(a.end, a.own); e != nil {
		return e
	}
	return a.text
}

// outside reports whether the internet is asked about.
func (c *Checker) outside(a *asked) bool {
	for _, e := range c.meant(*a) {
		if e.Kind == emu.InternetEnd {
			return true
		}
	}
	return false
}

// names are those of the ends of a cohort.
func (list cohort) names() []string {
	names := make([]string, len(list))
	for k, a := range list {
		names[k] = a.name()
	}
	return names
}
