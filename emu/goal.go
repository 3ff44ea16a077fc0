package emu

import "fmt"

// Where a leg was meant to end, and what to say of one that ended elsewhere.

// checkAnswer lists a reply that arrives, but from elsewhere than the request was
// sent to: a NAT gateway has taken it for the first packet of a flow, which of UDP
// it lets pass, and so it belongs to no flow of who asked (NAT-24). Of packets that
// were forced on only what such a gateway has made counts.
func (t *tracer) checkAnswer(w *walk) {
	want := t.probe.flow.Reverse()
	arrives := w.result.Fate == Delivered || w.result.Fate == Exited
	if !arrives || t.leg.Verdict == Unknown || w.flow == want {
		return
	}
	at, translated := t.last(), false
	if s, ok := t.lastNAT(); ok {
		at, translated = s, w.flow.Src != want.Src
	}
	if forced := t.leg.Verdict == Dropped || !t.real(); forced && !translated {
		return
	}
	if t.alike == nil {
		at.Detail = fmt.Sprintf("the reply is %s, and so none to %s", w.flow, t.probe.flow)
	}
	t.block(NATUnsolicited, at)
}

// checkGoal lists a packet that ended, but not where it was meant to: at another
// host that has the same address, or outside (VPC-19, VPC-20).
func (t *tracer) checkGoal(w *walk) {
	r := NoRoute
	switch fabric := w.to == nil && w.result.Fate == Delivered; {
	case fabric && t.goal.iface == nil && t.goal.outer == nil && !t.goal.internet:
		return // who asks for a service of the fabric by its address
	case fabric: // it answers in place of whom the packet is to (SUB-23)
	case t.goal.iface != nil && w.result.Fate == Delivered && w.to == t.goal.iface:
		return
	case t.goal.service != nil && w.answering() == t.goal.service:
		return
	case t.goal.internet && w.result.Fate == Exited && (w.answering() == nil || t.goal.anyone):
		return
	case t.balancedTo(w):
		return
	case t.mayBeInside(w):
		return
	case w.left() != nil && (t.goal.outer == w.left() || t.goal.outer == nil && t.goal.iface == nil && t.goal.service == nil):
		return
	case t.goal.outer != nil && w.result.Fate == Exited: // not where it was meant to
	case t.goal.iface == nil && !t.goal.internet:
		r = NoSuchAddress
	}
	last := t.last()
	if w.answering() != nil {
		last.Stage = EP // whatever it looked at last
	}
	switch {
	case t.alike != nil:
	case w.result.Fate == Delivered && w.to == nil:
		last.Detail = "the fabric answers it in place of " + t.goal.name
	default:
		last.Detail = fmt.Sprintf("%s; no way leads to %s", t.endOf(w), t.goal.name)
	}
	t.block(r, last)
	t.strayed = true
}

// endOf says where a packet has strayed.
func (t *tracer) endOf(w *walk) string {
	if w.result.Fate == Delivered && (t.goal.iface != nil || t.goal.internet) {
		return "it ends at " + w.to.Key() + ", which has the same address"
	}
	if w.answering() != nil && t.goal.internet {
		return "it ends at the service behind " + w.result.At + ", which is no host of the internet"
	}
	return "it leaves through " + w.result.At
}

// mayBeInside notes that a packet has left for on-premises, and that its destination may
// have been meant as that of an interface of some VPC, which is not described.
func (t *tracer) mayBeInside(w *walk) bool {
	if w.left() == nil || t.goal.outer != nil || t.goal.iface != nil || !t.goal.asked {
		return false
	}
	for _, v := range w.net.plan.VPCs {
		if why := v.Unmodelled(t.goal.addr); w.vpcHas(v, t.goal.addr) && why != "" {
			b := t.blocker(t.last())
			if t.alike == nil {
				b.Detail = fmt.Sprintf("it leaves through %s, and %s may have the address: %s", w.result.At, v.Desc.ID, why)
			}
			t.out.Unknowns = append(t.out.Unknowns, b)
			return true
		}
	}
	return false
}

// farSide notes that a packet has left for where nothing is modelled: through a gateway
// that is only named (RT-41), or, if it was meant for the internet, for on-premises, which
// has it then (VPN-3) and may hand it on or not.
func (t *tracer) farSide(w *walk) bool {
	if w.result.Fate != Exited {
		return false
	}
	b := Blocker{Direction: t.direction, Hypothetical: t.hypothetical()}
	switch target, out := w.next.target, w.left(); {
	case out != nil && t.goal.internet:
		b.Stage, b.Kind, b.Component, b.Origin = ways[out.Desc.Kind].stage, out.Desc.Kind.String(), out.Desc.ID, out.Desc.Origin
		b.Detail = "it leaves for on-premises, and whether it gets to the internet from there is not modelled"
	case out != nil, ways[target.Kind].farSide:
		return false
	default:
		b.Stage, b.Kind, b.Component = RT, target.Kind.String(), target.ID
		b.Detail = "it leaves through it, and what is behind is not modelled"
	}
	t.out.Unknowns = append(t.out.Unknowns, b)
	return true
}
