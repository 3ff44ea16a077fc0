package random

import (
	"fmt"
	"testing"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/vpc"
)

// TestTracesEnd: whatever is asked has an answer, and none is a panic.
func TestTracesEnd(t *testing.T) {
	property[emu.Query]{
		with: Everything, many: 60,
		ask: (*Maker).Query,
		about: func(n *vpc.Network) (func(emu.Query) error, error) {
			e, err := emulator(n)
			return func(q emu.Query) error { return answered(e, q) }, err
		},
	}.try(t)
}

// answered reports a panic, and a trace that contradicts itself.
func answered(e *emu.Emulator, q emu.Query) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v", r)
		}
	}()
	trace, err := e.Trace(q)
	if err != nil {
		return nil // no such end
	}
	for _, target := range trace.Targets {
		if err := consistent(target.Trace); err != nil {
			return fmt.Errorf("%s: %w", target.Target, err)
		}
	}
	return consistent(trace)
}

// consistent reports a verdict without what leads to it.
func consistent(trace *emu.Trace) error {
	switch {
	case trace.Verdict == emu.Reachable && len(trace.Blockers)+len(trace.Unknowns) > 0:
		return fmt.Errorf("reachable, with %v and %v", trace.Blockers, trace.Unknowns)
	case trace.Verdict == emu.Blocked && len(trace.Blockers) == 0:
		return fmt.Errorf("blocked by nothing")
	case trace.Verdict == emu.Uncertain && len(trace.Unknowns) == 0:
		return fmt.Errorf("unknown, and nothing says why")
	}
	return nil
}
