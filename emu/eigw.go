package emu

import "github.com/vpcemu/vpcemu/routing"

// EIGW is the egress-only internet gateway.
const EIGW Stage = "EIGW"

// toEgressOnly is an egress-only internet gateway on the way out (ORDER-33).
var toEgressOnly = [...]stage{
	{MTU, internetMTU, atEgressOnly, final},
	{EIGW, egressOnlyFamily, atEgressOnly, final},
	{EIGW, egressOnlyExitOpen, atEgressOnly, goOn},
	{EIGW, sourceIsPublic, atEgressOnly, final},
	{EIGW, destinationIsPublic, atEgressOnly, final},
	{EIGW, egressOnlyEnter, atEgressOnly, final},
}

func atEgressOnly(w *walk, s *Step) {
	s.looksAt("eigw", w.vpc.EgressOnly.Desc.ID, w.vpc.EgressOnly.Desc.Origin, nil, w.vpc)
}

// throughEgressOnly carries an IPv6 packet out, and remembers its flow (EIGW-2).
func (w *walk) throughEgressOnly() {
	if !w.run(toEgressOnly[:]) {
		return
	}
	if w.isPublic(w.flow.Dst) {
		w.ends.no = true
		w.identity, w.kept = nil, true
		w.enter()
		return
	}
	w.result = Result{Fate: Exited, At: w.next.target.ID}
	w.net.emit(w)
}

// egressOnlyFamily: IPv6 only (EIGW-1).
func egressOnlyFamily(w *walk) verdict {
	if w.flow.Dst.Is4() {
		return dropped(EIGWIPv4)
	}
	return passed
}

// egressOnlyEnter remembers the flow, so that its replies are let in.
func egressOnlyEnter(w *walk) verdict {
	memory := w.memory(w.vpc)
	if !w.remembered(memory) {
		return w.tableFull()
	}
	if w.shortens() {
		w.ends.meet(memory.Entry(w.flow, w.now))
	}
	return passed
}

// egressOnlyInbound lets in what answers a flow that went out, and ICMPv6 errors
// about one; nothing else (EIGW-3, EIGW-5, IGW-20).
func egressOnlyInbound(w *walk) verdict {
	if !w.egressOnly {
		return skipped
	}
	memory := w.memory(w.vpc)
	asked, ok := w.asked()
	if !ok || !memory.knows(asked, w.now) {
		w.say("it answers nothing that went out")
		return dropped(EIGWUnsolicited)
	}
	if w.shortens() {
		w.ends.meet(memory.Entry(asked, w.now))
	}
	return passed
}

// behindEgressOnly reports whether the interface's subnet sends the packet's
// source, the far end, through the egress-only gateway.
func (w *walk) behindEgressOnly() bool {
	i := w.binding.Interface
	if i == nil || w.flow.Dst.Is4() || i.VPC.EgressOnly == nil {
		return false
	}
	back := w.follow(i.Subnet.Routes, w.flow.Src)
	return back.verdict.outcome == pass && back.target.Kind == routing.EgressOnlyGateway
}
