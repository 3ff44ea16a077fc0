package reach

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/internal/space"
)

// Explanation says why a part fares as it does.
type Explanation struct {
	// Witness is the trace of one packet, an ordinary one if the part has one.
	Witness *emu.Trace `json:"-"`
	// Passed are the rules, entries and routes that packets pass by, in the order in which
	// they meet them. Past what drops a packet, they are those that would let it pass.
	Passed []Reason `json:"passed"`
	// Blockers are everything in the way, and Unknowns what is not known.
	Blockers []Reason `json:"blockers"`
	Unknowns []Reason `json:"unknowns"`

	traces int // so far
}

// Reason is a rule, an entry or a route that lets packets pass, or what drops them.
type Reason struct {
	// Direction is "request", "reply" or "ack".
	Direction string    `json:"direction"`
	Stage     emu.Stage `json:"stage"`
	// Kind and Component are what the stage looked at, as in an [emu.Step].
	Kind      string `json:"kind"`
	Component string `json:"component"`
	// Rule or Route is what decided, "" if nothing did: no rule is to blame for what a
	// security group denies.
	Rule  string `json:"rule,omitempty"`
	Route string `json:"route,omitempty"`
	// Reason, Code and Detail are those of an [emu.Blocker], "" for what lets pass; the
	// Detail is about one of the packets.
	Reason string `json:"reason,omitempty"`
	Code   string `json:"code,omitempty"`
	Detail string `json:"detail,omitempty"`
	// Origin is where the rule, the route or the component was written.
	Origin string `json:"origin,omitempty"`
	// Traffic is of which packets of the part that is so, nil for all.
	Traffic []Traffic `json:"traffic,omitempty"`

	set  space.Set
	met  int // by how many traces
	last int // which it was by
}

// String is "SG-IN db-1: db rule 1: tcp/5432 from app", or what is in the way, with the
// packets for which it is so in brackets if they are not all.
func (r Reason) String() string {
	s := fmt.Sprintf("%s %s: %s", r.Stage, r.Component, cmp.Or(r.Detail, r.Rule, r.Route))
	if r.Direction != "request" {
		s = r.Direction + ": " + s
	}
	if len(r.Traffic) == 0 {
		return s
	}
	var words []string
	for _, t := range r.Traffic {
		words = append(words, t.String())
	}
	return s + " (" + strings.Join(words, "; ") + ")"
}

// Explain finds out which rules and routes make the part what it is, and for which of its
// packets each of them does. Where gateways choose by a hash, it goes by the way that they
// choose for the packets that it traces.
func (p *Part) Explain() (*Explanation, error) {
	all := p.places()
	x := &Explanation{Passed: []Reason{}, Blockers: []Reason{}, Unknowns: []Reason{}}
	left, rest := p.pieces(p.set.Joined(), nil), []piece(nil)
	for len(left) > 0 {
		usual := slices.MaxFunc(left, func(a, b piece) int { return cmp.Compare(a.score, b.score) })
		t, err := p.pair.Trace(usual.at)
		if err != nil {
			return nil, err
		}
		if x.Witness == nil {
			x.Witness = t
		}
		box := p.pair.Ask(usual.at).Box
		var cut space.Set
		rest = rest[:0]
		for _, one := range left {
			if both := one.box.And(&box); both.Empty() {
				rest = append(rest, one)
			} else {
				cut = append(cut, both)
				rest = p.pieces(one.box.Minus(&both, nil), rest)
			}
		}
		left, rest = rest, left
		x.traces++
		x.add(t, cut)
	}
	if x.Witness == nil {
		return nil, errors.New("a part without packets")
	}
	for _, list := range [...][]Reason{x.Passed, x.Blockers, x.Unknowns} {
		for i := range list {
			if r := &list[i]; r.met < x.traces {
				r.Traffic = all.of(r.set)
			}
		}
	}
	return x, nil
}

// piece is a box of packets to explain, its most ordinary one, and how ordinary that is.
type piece struct {
	box   space.Box
	at    space.Point
	score int
}

// pieces appends those of a set that have packets.
func (p *Part) pieces(set space.Set, all []piece) []piece {
	for _, b := range set {
		if at, score := p.pair.Nearest(b); score >= 0 {
			all = append(all, piece{b, at, score})
		}
	}
	return all
}

// add adds what a trace says, which some packets have in common.
func (x *Explanation) add(t *emu.Trace, set space.Set) {
	for _, direction := range [...]string{"request", "reply", "ack"} {
		leg := t.Leg(direction)
		if leg == nil {
			continue
		}
		for _, s := range leg.Steps {
			if s.Verdict == emu.Pass && (s.Rule != "" || s.Route != "") {
				x.Passed = x.with(x.Passed, Reason{Direction: direction, Stage: s.Stage, Kind: s.Kind, Component: s.Component, Rule: s.Rule, Route: s.Route, Origin: s.Origin}, set)
			}
		}
	}
	for _, b := range t.Blockers {
		x.Blockers = x.with(x.Blockers, reasonOf(t, b), set)
	}
	for _, b := range t.Unknowns {
		x.Unknowns = x.with(x.Unknowns, reasonOf(t, b), set)
	}
}

// reasonOf is a blocker with the entry or route that it is due to.
func reasonOf(t *emu.Trace, b emu.Blocker) Reason {
	r := Reason{Direction: b.Direction, Stage: b.Stage, Kind: b.Kind, Component: b.Component, Reason: b.Reason, Code: b.Code, Detail: b.Detail, Origin: b.Origin}
	leg := t.Leg(b.Direction)
	if leg == nil {
		return r
	}
	for _, s := range leg.Steps {
		if s.Verdict != emu.Pass && s.Stage == b.Stage && s.Component == b.Component && s.Reason == b.Reason {
			r.Rule, r.Route = s.Rule, s.Route
		}
	}
	return r
}

// with adds packets to a reason, which the list may have already.
func (x *Explanation) with(list []Reason, r Reason, set space.Set) []Reason {
	k := slices.IndexFunc(list, func(o Reason) bool {
		return o.Direction == r.Direction && o.Stage == r.Stage && o.Component == r.Component && o.Rule == r.Rule && o.Route == r.Route && o.Reason == r.Reason
	})
	if k < 0 {
		k = len(list)
		list = append(list, r)
	}
	if o := &list[k]; o.last < x.traces { // else the packet has met it before
		o.set, o.last, o.met = append(o.set, set...), x.traces, o.met+1
	}
	return list
}
