package emu

import (
	"slices"

	"github.com/vpcemu/vpcemu/internal/plan"
	"github.com/vpcemu/vpcemu/packet"
	"github.com/vpcemu/vpcemu/routing"
)

// VPC Block Public Access (IGW-28 to IGW-30). It looks at the subnet that is next
// to the gateway: of a packet that a NAT gateway sends, that is the NAT gateway's.

// exitOpen is Block Public Access on the way out through an internet gateway.
func exitOpen(w *walk) verdict {
	switch w.from.Subnet.Exposure {
	case plan.Exposed:
		w.assumeOpen(w.from.Subnet)
	case plan.UnknownExposure:
		return w.maybeBlocked(w.from.Subnet)
	case plan.OutboundOnly:
		if !w.remembered(w.state(w.from).rare().internet) {
			return w.tableFull()
		}
	case plan.GatewaysOnly:
		if w.from.GatewayOf(routing.NATGateway) == nil {
			return w.blocked(w.from.Subnet)
		}
	default:
		return w.blocked(w.from.Subnet)
	}
	return passed
}

// entryOpen is Block Public Access on the way in through an internet gateway. Where
// only what goes out is allowed, it lets in what answers that, and ICMP errors
// about it.
func entryOpen(w *walk) verdict {
	i := w.binding.Interface
	if w.egressOnly || i == nil {
		return skipped
	}
	nat := i.GatewayOf(routing.NATGateway) != nil
	switch i.Subnet.Exposure {
	case plan.Exposed:
		w.assumeOpen(i.Subnet)
		return passed
	case plan.UnknownExposure:
		return w.maybeBlocked(i.Subnet)
	case plan.GatewaysOnly:
		if nat {
			return passed
		}
	case plan.OutboundOnly:
		w.returns(i)
		asked, ok := w.askedBy()
		if nat || ok && w.state(i).rare().internet.knows(asked, w.now) {
			return passed
		}
	}
	return w.blocked(i.Subnet)
}

// egressOnlyExitOpen is Block Public Access on the way out through an egress-only
// gateway, which only the bidirectional mode blocks.
func egressOnlyExitOpen(w *walk) verdict {
	return w.egressOnlyOpen(w.from.Subnet)
}

// egressOnlyEntryOpen is the same on the way in.
func egressOnlyEntryOpen(w *walk) verdict {
	if !w.egressOnly {
		return skipped
	}
	return w.egressOnlyOpen(w.binding.Interface.Subnet)
}

func (w *walk) egressOnlyOpen(s *plan.Subnet) verdict {
	switch s.Exposure {
	case plan.Blocked:
		return w.blocked(s)
	case plan.UnknownExposure:
		return w.maybeBlocked(s)
	}
	w.assumeOpen(s)
	return passed
}

// assumeOpen says so where nothing describes Block Public Access.
func (w *walk) assumeOpen(s *plan.Subnet) {
	if s.ExposureAssumed && w.tracer != nil && w.alike == nil {
		w.tracer.assume("nothing describes Block Public Access of " + s.VPC.Desc.ID + ": taken as off, AWS's default")
	}
}

// assume notes what the answer takes for granted.
func (t *tracer) assume(text string) {
	if !slices.Contains(t.out.Notes, text) {
		t.out.Notes = append(t.out.Notes, text)
	}
}

// maybeBlocked ends a packet where exclusions are described, and not from what.
func (w *walk) maybeBlocked(s *plan.Subnet) verdict {
	w.sayName(s.Desc.ID, "may be behind Block Public Access, whose mode is not known")
	return undetermined
}

// blocked drops a packet and says which subnet's access is blocked.
func (w *walk) blocked(s *plan.Subnet) verdict {
	w.sayName(s.Desc.ID, "is behind Block Public Access")
	return dropped(BPA)
}

// askedBy is the flow that went out, if what comes in answers one: with the
// private address, since this is before the translation. An ICMP error that quotes
// another's packet is about none of its.
func (w *walk) askedBy() (f packet.Flow, ok bool) {
	f, ok = w.asked()
	ok = ok && f.Src == w.flow.Dst
	f.Src = w.binding.Private
	return f, ok
}
