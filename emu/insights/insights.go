package insights

import (
	"strings"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/internal/space"
	"github.com/vpcemu/vpcemu/vpc"
)

// Case is a trace and packets that pass, or meet, the same as its packet does.
type Case struct {
	Trace *emu.Trace
	// Alike are those packets, as package reach has them; headers then have all of them.
	// Nil is the packet alone.
	Alike *space.Product
}

// OfCases is [Of] for traces that stand for more packets than their own.
func OfCases(n *vpc.Network, cases ...Case) *Analyses {
	d := newDescription(n)
	all := &Analyses{NetworkInsightsAnalyses: []NetworkInsightsAnalysis{}}
	for _, c := range cases {
		all.NetworkInsightsAnalyses = append(all.NetworkInsightsAnalyses, d.analysis(c.Trace, c.Alike))
	}
	return all
}

// Of is the analyses that traces are, one for each. The traces are answers about the
// network, as [emu.Emulator.Network] gives it, and fresh: of one that was read from JSON
// rules, routes and headers are left out.
func Of(n *vpc.Network, traces ...*emu.Trace) *Analyses {
	cases := make([]Case, len(traces))
	for i, t := range traces {
		cases[i].Trace = t
	}
	return OfCases(n, cases...)
}

func (d *description) analysis(t *emu.Trace, alike *space.Product) NetworkInsightsAnalysis {
	a := NetworkInsightsAnalysis{Status: "succeeded", Tags: []Tag{}}
	warnings := t.Notes
	if t.Verdict == emu.Uncertain {
		a.Status = "failed"
		a.StatusMessage = sentence(t.Unknowns)
		a.WarningMessage = strings.Join(warnings, "; ")
		return a
	}
	found := t.Verdict == emu.Reachable
	a.NetworkPathFound = &found
	a.ForwardPathComponents = d.path(t, t.Request, alike)
	if t.Reply != nil && (t.Request.Verdict == emu.Delivered || t.Request.Verdict == emu.Exited) {
		a.ReturnPathComponents = d.path(t, t.Reply, alike)
	}
	for i := range t.Blockers {
		b := &t.Blockers[i]
		if b.Hypothetical {
			continue
		}
		e := d.explain(b, stepOf(t.Leg(b.Direction), b), t.Leg(b.Direction))
		a.Explanations = append(a.Explanations, e)
		if b.Code == "" {
			warnings = append(warnings[:len(warnings):len(warnings)], b.Reason+": "+where(b))
		}
		switch b.Direction {
		case "request":
			blame(a.ForwardPathComponents, e)
		case "reply":
			blame(a.ReturnPathComponents, e)
		}
	}
	if !found && len(a.Explanations) == 0 {
		a.Explanations = []Explanation{{ExplanationCode: noPath}}
	}
	a.WarningMessage = strings.Join(warnings, "; ")
	return a
}

// blame puts a reason to the end of a path that has none: nothing drops the packet
// there, but it is not where it was to go.
func blame(path []PathComponent, e Explanation) {
	for i := range path {
		if len(path[i].Explanations) > 0 {
			return
		}
	}
	if n := len(path); n > 0 {
		path[n-1].Explanations = []Explanation{e}
	}
}

// stepOf is the step that a blocker is about.
func stepOf(leg *emu.Leg, b *emu.Blocker) *emu.Step {
	best := new(emu.Step)
	if leg == nil {
		return best
	}
	for i := range leg.Steps {
		s := &leg.Steps[i]
		if same := s.Stage == b.Stage && s.Component == b.Component; same && (s.Verdict == emu.Drop || best.Verdict != emu.Drop) {
			best = s
		}
	}
	return best
}

// sentence is what is not known, as one text.
func sentence(unknowns []emu.Blocker) string {
	words := make([]string, len(unknowns))
	for i := range unknowns {
		words[i] = where(&unknowns[i])
	}
	if len(words) == 0 {
		return "what becomes of the packet is not known"
	}
	return "not known: " + strings.Join(words, "; ")
}

// where is a blocker with its place: "rtb main: no route matches".
func where(b *emu.Blocker) string {
	return b.Kind + " " + b.Component + ": " + b.Detail
}
