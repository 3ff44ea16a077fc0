package reach

import (
	"slices"
	"strings"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/internal/space"
)

// causes are what made the packet of a change fare as it does, and what was there before.
// What blocks it in one network is looked for in the other, where it lets it pass.
func (d *differ) causes(c *Change) (by, before []Cause) {
	switch {
	case c.New == nil && c.Old == nil:
	case c.Is == emu.Reachable && c.Old == nil:
		by = []Cause{opening(c.New)}
	case c.Was == emu.Reachable && c.New == nil:
		before = []Cause{opening(c.Old)}
	case c.Is == emu.Reachable:
		by = passes(c.New, inTheWay(c.Old))
		if len(by) == 0 {
			by = newRoutes(c.New, c.Old)
		}
		if len(by) == 0 {
			by = []Cause{opening(c.New)}
		}
		for _, b := range inTheWay(c.Old) {
			before = append(before, blockerCause(b))
		}
	case c.New != nil:
		for _, b := range inTheWay(c.New) {
			by = append(by, blockerCause(b))
		}
		if c.Old == nil {
			break
		}
		if before = passes(c.Old, inTheWay(c.New)); len(before) == 0 && c.Was == emu.Reachable {
			before = newRoutes(c.Old, c.New)
		}
		if c.Was != emu.Reachable {
			for _, b := range inTheWay(c.Old) {
				before = append(before, blockerCause(b))
			}
		}
	}
	return distinctCauses(by), distinctCauses(before)
}

// inTheWay are what blocks, but for what a reply would meet if the request got through,
// unless there is nothing else.
func inTheWay(t *emu.Trace) []emu.Blocker {
	all := slices.Concat(t.Blockers, t.Unknowns)
	real := slices.DeleteFunc(slices.Clone(all), func(b emu.Blocker) bool { return b.Hypothetical })
	if len(real) > 0 {
		return real
	}
	return all
}

// passes are the steps of a trace that let pass what blockers of another one drop.
func passes(t *emu.Trace, blockers []emu.Blocker) []Cause {
	var all []Cause
	for _, b := range blockers {
		leg := t.Leg(b.Direction)
		if leg == nil {
			continue
		}
		for _, same := range [...]bool{true, false} { // the component may have another ID there
			k := slices.IndexFunc(leg.Steps, func(s emu.Step) bool {
				return s.Verdict == emu.Pass && s.Stage == b.Stage && s.Kind == b.Kind && (!same || s.Component == b.Component)
			})
			if k >= 0 {
				all = append(all, stepCause(&leg.Steps[k]))
				break
			}
		}
	}
	return all
}

// newRoutes are the routes that a packet takes in one trace and not in the other.
func newRoutes(t, other *emu.Trace) []Cause {
	var all []Cause
	for _, s := range routes(t) {
		if !slices.ContainsFunc(routes(other), func(o emu.Step) bool { return o.Route == s.Route }) {
			all = append(all, stepCause(&s))
		}
	}
	return all
}

// routes are the steps of a request and its reply that looked up a route.
func routes(t *emu.Trace) []emu.Step {
	return slices.DeleteFunc(steps(t), func(s emu.Step) bool { return s.Route == "" })
}

// steps are those of a request and its reply.
func steps(t *emu.Trace) (all []emu.Step) {
	for _, l := range [...]*emu.Leg{t.Request, t.Reply} {
		if l != nil {
			all = append(all, l.Steps...)
		}
	}
	return all
}

func blockerCause(b emu.Blocker) Cause { return blocking([]emu.Blocker{b}) }

func distinctCauses(list []Cause) []Cause {
	var all []Cause
	for _, c := range list {
		if c.Text != "" && !slices.ContainsFunc(all, func(o Cause) bool { return o == c }) {
			all = append(all, c)
		}
	}
	return all
}

// causeKeys are causes without the words about one packet.
func causeKeys(list []Cause) []string {
	all := make([]string, len(list))
	for k, c := range list {
		all[k] = c.Origin + " " + c.Component + " " + c.Rule
	}
	return all
}

// rerouted are packets that are reachable in both networks, through other gateways.
func (d *differ) rerouted(old, now *verdicts, v6 bool) []Change {
	var all []Change
	left := old.sets[emu.Reachable].And(now.sets[emu.Reachable])
	for _, b := range left {
		for _, one := range d.alike(b, old, now) {
			at, ok := common(one, old, now)
			if !ok {
				continue
			}
			c := Change{v6: v6, Kind: Rerouted, Was: emu.Reachable, Is: emu.Reachable, Old: old.trace(at), New: now.trace(at)}
			if c.Old == nil || c.New == nil || !d.otherWay(&c, now.several) {
				continue
			}
			all = withChange(all, c, one)
		}
	}
	return d.inWords(all, old, now)
}

// otherWay reports whether a packet takes another way, or has another public address, and
// says why.
func (d *differ) otherWay(c *Change, several [2]bool) bool {
	if d.samePath(c.Old, c.New) {
		return d.readdressed(c, several)
	}
	c.By, c.Before = newRoutes(c.New, c.Old), newRoutes(c.Old, c.New)
	if len(c.By) == 0 {
		c.By = []Cause{{Text: "by " + strings.Join(path(c.New), ", ")}}
		c.Before = []Cause{{Text: "by " + strings.Join(path(c.Old), ", ")}}
	}
	return true
}

// alike cuts a box into boxes of packets that fare alike in both networks.
func (d *differ) alike(b space.Box, old, now *verdicts) []space.Box {
	left, done := space.Set{b}, space.Set(nil)
	for len(left) > 0 {
		at, ok := common(left[len(left)-1], old, now)
		if !ok {
			left = left[:len(left)-1]
			continue
		}
		all := left[len(left)-1]
		for _, f := range [...]*verdicts{old, now} {
			real, _ := f.real(at) // which both networks have
			boxes := f.numbered(space.Set{f.pair.Decide(real).Box})
			box := boxes[slices.IndexFunc(boxes, func(b space.Box) bool { return b.Has(&at) })]
			all = all.And(&box)
		}
		if all.Empty() {
			left = left[:len(left)-1]
			continue
		}
		done = append(done, all)
		left = left.Without(&all)
	}
	return done
}

// notGateways are the kinds of components that are no part of a path.
var notGateways = []string{"eni", "acl", "rtb", "vpc", "internet", "service"}

// path is the gateways that a request and its reply pass.
func path(t *emu.Trace) []string {
	var all []string
	for _, s := range steps(t) {
		if name := s.Kind + " " + s.Component; !slices.Contains(notGateways, s.Kind) && (len(all) == 0 || all[len(all)-1] != name) {
			all = append(all, name)
		}
	}
	return all
}

// samePath reports whether both traces pass the same gateways.
func (d *differ) samePath(old, now *emu.Trace) bool {
	return slices.EqualFunc(path(old), path(now), func(x, y string) bool {
		kind, id, _ := strings.Cut(x, " ")
		other, its, _ := strings.Cut(y, " ")
		return x == y || kind == other && d.same.component(id, its)
	})
}
