package emu

import "slices"

// Same reports whether two blockers are one setting, met by two packets in one direction.
func (b *Blocker) Same(o *Blocker) bool {
	return b.Reason == o.Reason && b.Stage == o.Stage && b.Kind == o.Kind && b.Component == o.Component && b.Direction == o.Direction && b.Origin == o.Origin
}

func (t *tracer) blockedBy(r Reason) bool {
	return slices.ContainsFunc(t.out.Blockers, func(b Blocker) bool { return b.Reason == r.String() })
}

func (t *tracer) blocker(s Step) Blocker {
	return Blocker{Reason: s.Reason, Code: s.Code, Stage: s.Stage, Kind: s.Kind, Component: s.Component,
		Direction: t.direction, Detail: s.Detail, Origin: s.Origin, Hypothetical: t.hypothetical()}
}

// hypothetical reports whether the leg is one that there would be if nothing dropped
// the request.
func (t *tracer) hypothetical() bool {
	return t.direction != "request" && t.out.Request.Verdict == Dropped
}

// block lists a blocker, unless it is one already listed in other words.
func (t *tracer) block(r Reason, s Step) {
	if t.quiet[r] {
		return
	}
	b := t.blocker(s)
	b.Reason, b.Code = r.String(), r.Code()
	// What is wrong with a component as such is one thing to mend, however often
	// packets meet it.
	asSuch := r == IGWNotAttached || r == BPA || r == ENINotAttached || r == SrcDstCheck || r == NATNotAvailable || r == PCXNotActive || r == EPNotAvailable || r == VGWNotAvailable
	if r == ENINotAttached && t.down[b.Component] {
		return // that is why the route is a blackhole
	}
	if asSuch && slices.ContainsFunc(t.out.Blockers, func(o Blocker) bool { return o.Reason == b.Reason && o.Component == b.Component }) {
		return
	}
	t.out.Blockers = append(t.out.Blockers, b)
}
