package main

import (
	"fmt"
	"strings"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/internal/findings"
)

// The rules that findings of check have.
var checkRules = []findings.Rule{
	{
		ID: "unexpected-reachable", Name: "UnexpectedlyReachable", Short: "Traffic gets through that is expected to be blocked.",
		Help: "An expectation of the network says that this traffic is blocked, and it gets through, both ways. The place is the rule that lets it in. " +
			"Narrow the rule, or change the expectation if the traffic is wanted. `vpcemu trace` shows the whole path of the packet.",
	},
	{
		ID: "unexpected-blocked", Name: "UnexpectedlyBlocked", Short: "Traffic is blocked that is expected to get through.",
		Help: "An expectation of the network says that this traffic gets through, and it, or its answer, is dropped. The place is the first thing in the way " +
			"that was written down. `vpcemu trace` shows everything in the way.",
	},
	{
		ID: "unexpected-unknown", Name: "UnexpectedlyUnknown", Short: "What becomes of the traffic is not known.",
		Help: "The traffic meets something that the description does not contain or that is not modelled, so that the expectation is not proven. " +
			"Describe what is missing (`vpcemu show --only report` lists it), or expect `unknown`.",
	},
	{
		ID: "cannot-ask", Name: "CannotBeAsked", Short: "The expectation makes no sense for this network.",
		Help: "A name or a pattern of the expectation means nothing in the network, or the ends do not talk over an IP version that has the service.",
	},
}

// report is what does not hold, and all that was asked.
func (a *account) report(network string, places *findings.Places) *findings.Report {
	r := &findings.Report{Command: "check", Version: vpcemuVersion(), Subject: network, Rules: checkRules, Cases: []findings.Case{}}
	for k := range a.Results {
		one := &a.Results[k]
		r.Cases = append(r.Cases, one.asCase(places))
		if !one.Holds {
			r.Findings = append(r.Findings, one.findings(places)...)
		}
	}
	return r
}

func (r *result) asCase(places *findings.Places) findings.Case {
	file, line, _ := places.At(r.Origin)
	c := findings.Case{Name: strings.TrimRight(r.Expectation+": "+r.Want, " "), Group: file, File: file, Line: line}
	switch {
	case r.Holds:
		return c
	case r.Got == emu.Uncertain.String():
		c.Error = r.line()
	default:
		c.Failure = r.line()
	}
	c.Detail = r.detail(false, plain)
	return c
}

// findings are what does not hold, at the lines that made it so.
func (r *result) findings(places *findings.Places) []findings.Finding {
	if r.Error != "" {
		f := findings.Finding{ID: "cannot-ask", Message: r.Expectation + " cannot be asked: " + r.Error}
		f.File, f.Line, f.Column = places.At(r.Origin)
		return []findings.Finding{f}
	}
	list := r.Wrong
	if len(list) == 0 {
		list = []wrong{tracedWrong(r)}
	}
	var all []findings.Finding
	for k := range list {
		w := &list[k]
		var text strings.Builder
		w.write(&text, false, false, plain)
		f := findings.Finding{ID: "unexpected-" + w.Got, Component: w.component, Detail: text.String()}
		f.Message = fmt.Sprintf("%s: %s is %s, and expected to be %s (%s: %s)", w.ends(), strings.Join(w.Traffic, "; "), w.Got, w.Want, r.Expectation, r.Want)
		if r.Origin != "" {
			f.Fix = "Expected at " + r.Origin
		}
		if f.File, f.Line, f.Column = places.At(w.Origin); f.File == "" {
			f.File, f.Line, f.Column = places.At(r.Origin)
		}
		all = append(all, f)
	}
	return all
}
