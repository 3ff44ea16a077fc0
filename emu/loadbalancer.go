package emu

import (
	"fmt"

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

// LB is the load balancer.
const LB Stage = "LB"

// balance is what a packet meets in a node.
var balance = [...]stage{
	{LB, balancerAnswer, atBalancer, final},
	{LB, balancerListens, atBalancer, final},
	{LB, balancerKnown, atBalancer, final},
	{LB, balancerChoose, atBalancer, final},
}

// balancerDeparture is the way out of a node. A node has no source check.
var balancerDeparture = [...]stage{
	{SGOut, groupsOut, atSender, pastGroupsOut},
	{NACLOut, aclOut, atACLOut, goOn},
	{FlowOut, flowOut, atSender, final},
	{RT, route, atRoutes, reroute},
}

func atBalancer(w *walk, s *Step) {
	b := w.from.Balancer.Desc
	s.looksAt("lb", b.ID, b.Origin, w.from.Subnet, w.from.VPC)
}

// throughBalancer carries a packet through the node that it has been delivered to.
func (w *walk) throughBalancer() {
	w.moveInto(w.to)
	w.identity, w.kept = nil, w.kept || isNetworkBalancer(w.from)
	if len(w.from.GroupIDs)+len(w.from.UnknownGroups) > 0 {
		w.identity = w.from // rules may refer to the balancer's group (ELB-32)
	}
	w.tracer.balances(w.from.Balancer)
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
	if w.isICMPError() {
		return balancerError(w)
	}
	back, ok := w.state(w.from).rare().balancer.Answer(w.flow, w.now)
	if !ok {
		return skipped
	}
	w.rewrite(back.Flow)
	w.noteAnswer()
	return passed
}

// balancerError carries an ICMP error about a flow to the flow's other end, with
// the packet that it quotes as that end has sent it. Of a Network Load Balancer only
// "unreachable" passes (ELB-23); an Application Load Balancer's connections are its
// own, and so is what is said about them.
func balancerError(w *walk) verdict {
	table := w.state(w.from).rare().balancer
	about, ok := w.pkt.EmbeddedFlow()
	if !ok {
		return dropped(NoFlow)
	}
	client, fromTarget := table.Answer(about.Reverse(), w.now)
	target, fromClient := table.Find(about.Reverse(), w.now)
	in, out := client.Flow, target.Flow
	switch {
	case !fromTarget && !fromClient:
		w.say("is about no flow of the load balancer")
		return dropped(NoFlow)
	case w.from.Balancer.Desc.Kind == vpc.ApplicationLoadBalancer:
		return w.endsAtBalancer("is about a connection of the load balancer's own")
	case !w.unreachable():
		w.say("is ICMP other than unreachable")
		return dropped(LBProtocol)
	case fromTarget:
		w.setSrc(in.Src)
		w.setDst(in.Dst)
		w.pkt.SetEmbeddedFlow(in.Reverse())
	default:
		if out.Src != about.Dst { // the target does not see the client
			w.setSrc(out.Src)
		}
		w.setDst(out.Dst)
		w.pkt.SetEmbeddedFlow(out.Reverse())
	}
	w.balanced = true
	return passed
}

// unreachable reports whether an ICMP error is one that a Network Load Balancer
// passes: type 3, of which IPv6 makes two.
func (w *walk) unreachable() bool {
	if w.flow.Proto == packet.ICMP {
		return w.pkt.ICMPType == 3
	}
	return w.pkt.ICMPType == 1 || w.pkt.ICMPType == 2
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

// balancerListens: traffic to a port without a listener is dropped (ELB-23).
func balancerListens(w *walk) verdict {
	b := w.from.Balancer
	if w.balanced {
		return skipped
	}
	l := w.listener()
	switch {
	case !w.owns(w.from, w.flow.Dst):
		w.sayAddr(w.flow.Dst, "is not the load balancer's, which is no router")
		return dropped(NoSuchAddress)
	case w.flow.Proto.IsICMP() && b.Desc.Kind == vpc.ApplicationLoadBalancer:
		w.say("whether an Application Load Balancer answers it is not modelled")
		return undetermined
	case l == nil && !w.opens() && w.fromTarget():
		w.say("answers no flow: answered with RST") // ELB-22
		return w.reset()
	case l == nil && len(b.Listeners) == 0 && w.vpc.Desc.Partial:
		w.sayName(b.Desc.ID, "has no listener in the description")
		return undetermined
	case l == nil:
		w.sayName(b.Desc.ID, fmt.Sprintf("has no listener for %s/%d", w.flow.Proto, w.flow.DstPort))
		return dropped(LBNoListener)
	case l.Desc.Unknown != "":
		w.say(l.Desc.Unknown)
		return undetermined
	case len(l.Groups) == 0:
		return w.endsAtBalancer("the listener answers by itself")
	}
	if g := w.pick(l); g != nil && g.Desc.Type == vpc.FunctionTargets && g.Desc.Unknown == "" {
		return w.endsAtBalancer("the load balancer calls a function, which gets no packets")
	}
	return passed
}

// endsAtBalancer ends the packet at the node that it is in.
func (w *walk) endsAtBalancer(why string) verdict {
	w.to = w.from
	w.result = Result{Fate: Delivered, At: w.from.Desc.ID}
	w.say(why)
	return ended
}

func (w *walk) listener() *plan.Listener {
	if w.alike != nil {
		for _, l := range w.from.Balancer.Listeners {
			if l.Desc.Takes(uint8(w.flow.Proto)) && w.toPort(l.Desc.Port) {
				break
			}
		}
	}
	return w.from.Balancer.Listener(uint8(w.flow.Proto), w.flow.DstPort)
}

// balancerKnown sends a known flow where it went before (ELB-20), unless it begins
// anew and its target gets no new ones any more (SIM-51). A Network Load Balancer
// resets what is neither known nor new, and what goes to a target that has become
// unhealthy (ELB-23, ELB-24).
func balancerKnown(w *walk) verdict {
	table := w.state(w.from).rare().balancer
	if w.balanced {
		return skipped
	}
	mapping, known := table.Find(w.flow, w.now)
	out := mapping.Flow
	failed := known && w.from.Balancer.Desc.Kind == vpc.NetworkLoadBalancer && w.targetFailed(out)
	again := known && w.opens() && w.flow.Proto == packet.TCP && !w.targetEligible(out)
	switch {
	case known && !failed && !again:
		w.rewrite(out)
		return passed
	case w.opens():
		table.Forget(w.flow)
		return skipped
	case failed:
		table.Forget(w.flow)
		w.say("its target is unhealthy: answered with RST")
	default:
		w.say("belongs to no flow: answered with RST")
	}
	return w.reset()
}

// reset drops a TCP segment and answers it with RST, unless it is a reset itself.
func (w *walk) reset() verdict {
	if !w.pkt.Flags.Has(packet.RST) {
		w.answer(packet.AppendReset(nil, &w.pkt))
	}
	return dropped(NoFlow)
}

// answersThrough is the node that a target's packet goes back through although it
// has the client's address, nil for none (ELB-29).
func (w *walk) answersThrough() *plan.Interface {
	if len(w.from.Behind) == 0 {
		return nil
	}
	asked, ok := w.asked()
	if !ok {
		return nil
	}
	for _, node := range w.from.Behind {
		if _, ok := w.state(node).rare().balancer.Answer(asked.Reverse(), w.now); ok {
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
