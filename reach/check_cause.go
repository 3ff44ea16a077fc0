package reach

import (
	"cmp"
	"slices"
	"strings"

	"github.com/vpcemu/vpcemu/emu"
)

// Cause is the setting that opens or blocks.
type Cause struct {
	// Component is what has it: "sg db-1", "acl db-only", "rtb main".
	Component string
	// Rule is the rule or the route, or the reason of what has none.
	Rule string
	// Text is the setting in words, with the component and, if it blocks, the packet.
	Text string
	// Origin is where it was written, as file:line; empty if nothing was.
	Origin string
}

// Cause is what made the packets fare as they did: of those that get through the rule that
// lets them in, of others the first thing in the way. The zero Cause is that of packets
// without a trace.
func (w *Wrong) Cause() Cause { return CauseOf(w.Trace) }

// Words are the packets in words, each only once.
func (w *Wrong) Words() []string {
	return wordsOf(w.Traffic)
}

func wordsOf(list []Traffic) []string {
	words := []string{}
	for _, t := range list {
		s := strings.ReplaceAll(strings.ReplaceAll(t.String(), " from anywhere", ""), " to anywhere", "")
		if strings.Contains(t.String(), "anywhere but") {
			s = t.String()
		}
		if !slices.Contains(words, s) {
			words = append(words, s)
		}
	}
	return words
}

// CauseOf is the setting that decided the verdict of a trace.
func CauseOf(t *emu.Trace) Cause {
	switch {
	case t == nil:
		return Cause{}
	case t.Verdict == emu.Reachable:
		return opening(t)
	case len(t.Blockers) > 0:
		return blocking(t.Blockers)
	}
	return blocking(t.Unknowns)
}

// openers are the stages whose rules let something in or out, from what says most about
// one flow to what says least.
var openers = [...]emu.Stage{emu.SGIn, emu.NACLIn, emu.SGOut, emu.NACLOut, emu.EdgeRT, emu.RT}

// opening is the rule that lets a request through: that of the receiver's groups, or else
// of what filters at all. Rules that somebody wrote come before the defaults.
func opening(t *emu.Trace) Cause {
	for _, written := range [...]bool{true, false} {
		for _, stage := range openers {
			for _, s := range slices.Backward(t.Request.Steps) {
				if s.Stage == stage && s.Verdict == emu.Pass && s.Rule+s.Route != "" && (s.Origin != "" || !written) {
					return stepCause(&s)
				}
			}
		}
	}
	return Cause{}
}

// stepCause is what a step looked at.
func stepCause(s *emu.Step) Cause {
	return Cause{Component: s.Kind + " " + s.Component, Rule: cmp.Or(s.Rule, s.Route, s.Reason), Text: s.String(), Origin: s.Origin}
}

// blocking is the first thing in the way, or the first that was written down.
func blocking(list []emu.Blocker) Cause {
	if len(list) == 0 {
		return Cause{}
	}
	b := list[0]
	if k := slices.IndexFunc(list, func(b emu.Blocker) bool { return b.Origin != "" }); k >= 0 {
		b = list[k]
	}
	return stepCause(&emu.Step{Stage: b.Stage, Kind: b.Kind, Component: b.Component, Detail: b.Detail, Reason: b.Reason, Verdict: emu.Drop, Origin: b.Origin})
}
