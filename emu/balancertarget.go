package emu

import (
	"net/netip"
	"slices"

	"github.com/vpcemu/vpcemu/internal/plan"
	"github.com/vpcemu/vpcemu/packet"
	"github.com/vpcemu/vpcemu/vpc"
)

// targetOf finds the target that a flow goes to among those of its listener, nil for
// none.
func (w *walk) targetOf(out packet.Flow) (*plan.TargetGroup, *plan.BalancerTarget) {
	l := w.listener()
	if l == nil {
		return nil, nil
	}
	for _, g := range l.Groups {
		if g == nil {
			continue
		}
		for k := range g.Targets {
			if t := &g.Targets[k]; t.Addr == out.Dst && t.Port == out.DstPort {
				return g, t
			}
		}
	}
	return nil, nil
}

// targetEligible reports whether the target of a flow gets new ones.
func (w *walk) targetEligible(out packet.Flow) bool {
	g, t := w.targetOf(out)
	if t == nil {
		return false
	}
	eligible, _ := g.Eligible(w.from)
	return slices.Contains(eligible, t)
}

// targetFailed reports whether a flow's target is unhealthy and another one is not.
func (w *walk) targetFailed(out packet.Flow) bool {
	g, t := w.targetOf(out)
	return t != nil && t.Desc.Health == "unhealthy" && !g.FailsOpen(w.from.Balancer)
}

// fromTarget reports whether the packet comes from a target of the load balancer.
func (w *walk) fromTarget() bool {
	for _, l := range w.from.Balancer.Listeners {
		for _, g := range l.Groups {
			if g != nil && slices.ContainsFunc(g.Targets, func(t plan.BalancerTarget) bool { return w.is(w.flow.Src, t.Addr) && w.fromPort(t.Port) }) {
				return true
			}
		}
	}
	return false
}

// balancerChoose gives a new flow its target, by a hash of its addresses and ports
// (ELB-15, SIM-50). Without any target it is dropped.
func balancerChoose(w *walk) verdict {
	if w.balanced {
		return skipped
	}
	g := w.pick(w.listener())
	if g == nil {
		w.say("the listener's target group is not described, or has no weight")
		return undetermined
	}
	if g.Desc.Unknown != "" {
		w.sayName(g.Desc.ID, "is not known: "+g.Desc.Unknown)
		return undetermined
	}
	targets, open := g.Eligible(w.from)
	if open && len(targets) > 0 {
		w.sayName(g.Desc.ID, "has no healthy target, so all get connections")
	}
	t := w.chosen(targets)
	if t == nil {
		w.sayName(g.Desc.ID, "has no target that this node sends to")
		return dropped(LBNoTarget)
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
	if w.alike != nil && len(l.Groups) > 1 {
		weighty := l.Weighty()
		if len(weighty) == 0 {
			return nil
		}
		return weighty[w.alike.choices.choose(l, w.flow, len(weighty))]
	}
	return l.Pick(w.flow.Hash())
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
	if w.alike != nil {
		return targets[w.alike.choices.choose(w.from, w.flow, len(targets))]
	}
	return targets[w.flow.Reverse().Hash()%uint32(len(targets))]
}

// sendTo rewrites a new flow and remembers it (ELB-28).
func (w *walk) sendTo(g *plan.TargetGroup, t *plan.BalancerTarget) verdict {
	out := w.flow
	out.Dst, out.DstPort = t.Addr, t.Port
	own := w.from.Balancer.Desc.Kind == vpc.ApplicationLoadBalancer || !g.Desc.PreservesClient()
	switch {
	case out.Src.Is4() != out.Dst.Is4():
		w.sayAddr(t.Addr, "is a target of the other IP version, to which carrying over is not modelled")
		return undetermined
	case own:
		out.Src = w.flow.Dst
	case w.is(out.Src, out.Dst):
		w.say("the target is the client, and would get a packet from its own address") // ELB-30
		return dropped(RoutingLoop)
	}
	if !w.remember(&out, own) {
		return dropped(NATPortExhausted) // ELB-31
	}
	before := w.origins()
	w.rewrite(out)
	w.noteTranslation(before, own)
	return passed
}

// remember makes a mapping of a new flow. A node's own source port is allotted, a
// client's stays. It is false if there is none left.
func (w *walk) remember(out *packet.Flow, own bool) bool {
	table := w.state(w.from).rare().balancer
	if !own {
		return table.Join(w.flow, *out, w.now)
	}
	mapping, ok := table.Allot(w.flow, *out, w.now)
	*out = mapping.Flow
	return ok
}
