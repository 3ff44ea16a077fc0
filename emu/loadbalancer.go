package emu

import (
	"fmt"
	"net/netip"
	"slices"

	"github.com/vpcemu/vpcemu/internal/plan"
	"github.com/vpcemu/vpcemu/packet"
	"github.com/vpcemu/vpcemu/routing"
	"github.com/vpcemu/vpcemu/vpc"
)

// Load balancers (ELB-1 to ELB-66, SIM-50 to SIM-53 of the ECS rule book, as far as
// packets show them). A packet reaches a node like any interface, is given the
// address of a target, and leaves the node:
//
//	C ─▶ … NACL-IN(K) SG-IN(K) ─▶ LB ─▶ SG-OUT(K) NACL-OUT(K) RT(K) ─▶ … ─▶ T
//	C ◀─ … RT(K) NACL-OUT(K) SG-OUT(K) ◀─ LB ◀─ SG-IN(K) NACL-IN(K) ◀─ … ◀─ T
//
// A Network Load Balancer may leave the client's address as it is; the answer
// comes back through the node all the same (ELB-29). Of an Application Load
// Balancer these are two connections, client to node and node to target; each
// packet of the one is carried over into the other, and what depends on HTTP (the
// rules of a listener, retries, errors) is not modelled.
var balance = [...]stage{
	{LB, balancerAnswer},
	{LB, balancerListens},
	{LB, balancerKnown},
	{LB, balancerChoose},
}

// balancerDeparture is the way out of a node. A node has no source check.
var balancerDeparture = [...]stage{
	{SGOut, balancerGroupsOut},
	{NACLOut, aclOut},
	{FlowOut, flowOut},
	{RT, route},
}

// throughBalancer carries a packet through the node that it has been delivered to.
func (w *walk) throughBalancer() {
	w.sender, w.from, w.to = w.from, w.to, nil
	w.vpc, w.via, w.identity, w.translated = w.from.VPC, nil, nil, true
	if len(w.from.GroupIDs)+len(w.from.UnknownGroups) > 0 {
		w.identity = w.from // rules may refer to the balancer's group (ELB-32)
	}
	w.balanced = false
	if w.run(balance[:]) {
		w.depart(balancerDeparture[:])
	}
}

// balancerAnswer takes what a target answers back to the client.
func balancerAnswer(w *walk) verdict {
	if w.pkt.IsFragment() {
		w.say("fragments at a load balancer are not modelled")
		return undetermined
	}
	back, ok := w.state(w.from).balancer.answer(w.flow, w.now)
	if !ok {
		return skipped
	}
	w.rewrite(back)
	return passed
}

// rewrite gives the packet the addresses and ports of another flow; the stages
// after that have nothing to do.
func (w *walk) rewrite(f packet.Flow) {
	w.setSrc(f.Src)
	w.setSrcPort(f.SrcPort)
	w.setDst(f.Dst)
	w.setDstPort(f.DstPort)
	w.balanced = true
}

// balancerListens: traffic to a port without a listener is dropped (ELB-23). The
// rule book has no reason of its own for that: nobody has the address and port.
func balancerListens(w *walk) verdict {
	b := w.from.Balancer
	if w.balanced {
		return skipped
	}
	l := w.listener()
	switch {
	case w.flow.Proto.IsICMP() && w.pkt.IsICMPError():
		w.say("ICMP errors at a load balancer are not modelled")
		return undetermined
	case l == nil && len(b.Listeners) == 0 && w.vpc.Desc.Partial:
		w.sayName(b.Desc.ID, "has no listener in the description")
		return undetermined
	case l == nil:
		w.sayName(b.Desc.ID, fmt.Sprintf("has no listener for %s/%d", w.flow.Proto, w.flow.DstPort))
		return dropped(NoSuchAddress)
	case l.Desc.Unknown != "":
		w.say(l.Desc.Unknown)
		return undetermined
	case len(l.Groups) == 0:
		w.to = w.from
		w.result = Result{Fate: Delivered, At: w.from.Desc.ID}
		w.say("the listener answers by itself")
		return ended
	}
	return passed
}

func (w *walk) listener() *plan.Listener {
	return w.from.Balancer.Listener(uint8(w.flow.Proto), w.flow.DstPort)
}

// balancerKnown sends a known flow where it went before (ELB-20). A Network Load
// Balancer resets what is neither known nor new, and what goes to a target that
// has become unhealthy (ELB-23, ELB-24).
func balancerKnown(w *walk) verdict {
	table := &w.state(w.from).balancer
	if w.balanced {
		return skipped
	}
	opens := w.flow.Proto != packet.TCP || w.pkt.Flags.Has(packet.SYN) && !w.pkt.Flags.Has(packet.ACK)
	out, known := table.find(w.flow, w.now)
	failed := known && w.from.Balancer.Desc.Kind == vpc.NetworkLoadBalancer && w.targetFailed(out)
	switch {
	case known && !failed:
		w.rewrite(out)
		return passed
	case opens:
		table.forget(w.flow) // a new flow, even on an old one's ports (SIM-51)
		return skipped
	case failed:
		table.forget(w.flow)
		w.say("its target is unhealthy: answered with RST")
	default:
		w.say("belongs to no flow: answered with RST")
	}
	if !w.pkt.Flags.Has(packet.RST) {
		w.answer(packet.AppendReset(nil, &w.pkt))
	}
	return dropped(NATUnsolicited)
}

// targetFailed reports whether a flow's target is unhealthy and another one is not.
func (w *walk) targetFailed(out packet.Flow) bool {
	l := w.listener()
	if l == nil {
		return false
	}
	for _, g := range l.Groups {
		if g == nil {
			continue
		}
		_, open := g.Eligible(w.from)
		for _, t := range g.Targets {
			if t.Addr == out.Dst && t.Port == out.DstPort {
				return !open && t.Desc.Health == "unhealthy"
			}
		}
	}
	return false
}

// balancerChoose gives a new flow its target, by a hash of its addresses and ports
// (ELB-15, SIM-50). Without any target it is dropped; the rule book has no reason
// of its own for that: there is no destination.
func balancerChoose(w *walk) verdict {
	if w.balanced {
		return skipped
	}
	g := w.pick(w.listener())
	if g == nil {
		w.say("the listener's target group is not described, or has no weight")
		return undetermined
	}
	targets, open := g.Eligible(w.from)
	if open && len(targets) > 0 {
		w.sayName(g.Desc.ID, "has no healthy target, so all get connections")
	}
	t := w.chosen(targets)
	if t == nil {
		w.sayName(g.Desc.ID, "has no target that this node sends to")
		return dropped(NoSuchAddress)
	}
	if t.Interface == nil && !w.vpc.Contains(t.Addr) && w.vpc.Desc.Partial {
		w.sayAddr(t.Addr, "is not described")
	}
	return w.sendTo(g, t)
}

// pick is the target group of a new flow: the one with the target that a trace
// asks about, or one by weight.
func (w *walk) pick(l *plan.Listener) *plan.TargetGroup {
	if w.tracer != nil && w.tracer.only.IsValid() {
		for _, g := range l.Groups {
			if g != nil && slices.ContainsFunc(g.Targets, func(t plan.BalancerTarget) bool { return netip.AddrPortFrom(t.Addr, t.Port) == w.tracer.only }) {
				return g
			}
		}
	}
	return l.Pick(scatter(w.flow))
}

// chosen is one of the targets, or the one that a trace asks about.
func (w *walk) chosen(targets []*plan.BalancerTarget) *plan.BalancerTarget {
	if w.tracer != nil && w.tracer.only.IsValid() {
		for _, t := range targets {
			if netip.AddrPortFrom(t.Addr, t.Port) == w.tracer.only {
				return t
			}
		}
	}
	if len(targets) == 0 {
		return nil
	}
	return targets[scatter(w.flow.Reverse())%uint32(len(targets))]
}

// sendTo rewrites a new flow and remembers it (ELB-28).
func (w *walk) sendTo(g *plan.TargetGroup, t *plan.BalancerTarget) verdict {
	out := w.flow
	out.Dst, out.DstPort = t.Addr, t.Port
	own := w.from.Balancer.Desc.Kind == vpc.ApplicationLoadBalancer || !g.Desc.PreservesClient()
	if own {
		out.Src = w.from.Desc.Addresses[0].IP
	} else if out.Src == out.Dst {
		w.say("the target gets a packet from its own address") // ELB-30
		return dropped(SrcDstCheck)
	}
	out, ok := w.state(w.from).balancer.enter(w.flow, out, own, w.now)
	if !ok {
		return dropped(NATPortExhausted) // ELB-31
	}
	w.rewrite(out)
	return passed
}

// balancerGroupsOut is the balancer's own security groups, if it has any.
func balancerGroupsOut(w *walk) verdict {
	if w.identity == nil {
		return skipped
	}
	return groupsOut(w)
}

// answersThrough is the node that a target's packet goes back through although it
// has the client's address, nil for none (ELB-29).
func (w *walk) answersThrough() *plan.Interface {
	for _, node := range w.from.Behind {
		if _, ok := w.state(node).balancer.answer(w.flow, w.now); ok {
			return node
		}
	}
	return nil
}

// backTo is the hop to the node that a target answers through.
func backTo(node *plan.Interface) hop {
	return hop{
		looked: true, verdict: passed,
		target: plan.Target{Kind: routing.Interface, ID: node.Desc.ID, Interface: node, Subnet: node.Subnet},
		note:   note{name: node.Balancer.Desc.ID, text: "gets what answers a flow of it, before any route"},
	}
}

// direct reports whether the packet stays in the sender's subnet, past the router.
func (w *walk) direct() bool {
	return w.via != nil || w.back == nil && w.from.Subnet.Contains(w.flow.Dst)
}
