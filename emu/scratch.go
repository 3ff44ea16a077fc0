package emu

// scratch is the memory of a tracer that walks one packet after another, to find out what
// fares alike. Nobody reads the steps of these, so it keeps none but the last ones. The nil
// scratch gives new memory, which is the caller's.
type scratch struct {
	trace Trace
	legs  [3]struct {
		Leg
		walk
		packet []byte
	}
	leg int // how many have begun

	last Step // of the leg
	nat  Step // the last one in which a NAT gateway let the packet pass; zero if none did
}

// begin begins a trace.
func (s *scratch) begin() *Trace {
	s.trace = Trace{Blockers: s.trace.Blockers[:0], Unknowns: s.trace.Unknowns[:0]}
	s.leg = 0
	return &s.trace
}

// next is memory for the next leg, its walk and its packet.
func (s *scratch) next() (*Leg, *walk, *[]byte) {
	if s == nil {
		return new(Leg), new(walk), new([]byte)
	}
	l := &s.legs[s.leg]
	s.leg++
	s.last, s.nat = Step{}, Step{}
	return &l.Leg, &l.walk, &l.packet
}

// note writes down only what decided how.
func (s *scratch) note(w *walk, at *stage, v verdict) *Step {
	s.last = Step{Stage: at.name, Verdict: outcomes[v.outcome]}
	if v.outcome == drop {
		s.last.Reason, s.last.Code = v.reason.String(), v.reason.Code()
	}
	at.at(w, &s.last)
	if at.name == NAT && v.outcome != drop && v.outcome != unknown {
		s.nat = s.last
	}
	return &s.last
}
