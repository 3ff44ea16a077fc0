package random

import (
	"errors"
	"fmt"
	"testing"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/emu/insights"
	"github.com/vpcemu/vpcemu/vpc"
)

// TestInsights: an analysis says what its trace says.
func TestInsights(t *testing.T) {
	verdicts := make(map[emu.Answer]int)
	property[emu.Query]{
		with: Everything, many: 12, networks: 300, ask: (*Maker).Query,
		about: func(n *vpc.Network) (func(emu.Query) error, error) {
			e, err := emulator(n)
			if err != nil {
				return nil, err
			}
			named := e.Network()
			return func(q emu.Query) error {
				trace, err := e.Trace(q)
				if err != nil {
					return nil
				}
				verdicts[trace.Verdict]++
				return agrees(trace, &insights.Of(named, trace).NetworkInsightsAnalyses[0])
			}, nil
		},
	}.try(t)
	t.Log(verdicts)
	if len(verdicts) < 3 {
		t.Error("not all verdicts came up")
	}
}

// agrees compares a trace with its analysis.
func agrees(t *emu.Trace, a *insights.NetworkInsightsAnalysis) error {
	if t.Verdict == emu.Uncertain {
		if a.Status != "failed" || a.NetworkPathFound != nil || a.StatusMessage == "" || len(a.Explanations) > 0 {
			return fmt.Errorf("unknown, and the analysis is %+v", a)
		}
		return nil
	}
	if a.Status != "succeeded" || a.NetworkPathFound == nil || *a.NetworkPathFound != (t.Verdict == emu.Reachable) {
		return fmt.Errorf("%s, and the analysis is %+v", t.Verdict, a)
	}
	if len(a.Explanations) == 0 != (t.Verdict == emu.Reachable) {
		return fmt.Errorf("%s for %d reasons", t.Verdict, len(a.Explanations))
	}
	for _, e := range a.Explanations {
		if e.ExplanationCode == "" {
			return errors.New("an explanation without a code")
		}
	}
	blamed := 0
	for _, way := range [][]insights.PathComponent{a.ForwardPathComponents, a.ReturnPathComponents} {
		for i, c := range way {
			switch {
			case c.SequenceNumber != i+1 || c.Component == nil || c.Component.Id == "":
				return fmt.Errorf("component %d is %+v", i+1, c)
			case len(c.Explanations) > 0 && i+1 < len(way):
				return fmt.Errorf("the path goes on behind %s, which blocks it", c.Component.Id)
			}
			blamed += len(c.Explanations)
		}
	}
	if t.Verdict == emu.Reachable && blamed > 0 {
		return errors.New("a path is blamed that is open")
	}
	if last := len(a.ForwardPathComponents) - 1; last > 0 && t.Request.Verdict == emu.Delivered && blamed == 0 {
		first, end := a.ForwardPathComponents[0], a.ForwardPathComponents[last]
		if first.OutboundHeader == nil && first.InboundHeader == nil || end.OutboundHeader == nil && end.InboundHeader == nil {
			return errors.New("an end of the path has no header")
		}
	}
	return nil
}
