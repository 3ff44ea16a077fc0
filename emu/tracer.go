package emu

import (
	"fmt"
	"net/netip"
	"slices"

	"github.com/vpcemu/vpcemu/firewall"
	"github.com/vpcemu/vpcemu/internal/plan"
	"github.com/vpcemu/vpcemu/packet"
	"github.com/vpcemu/vpcemu/routing"
)

// tracer sends the packets of one query through the stages and writes down what
// they do. Where a packet is dropped it notes the blocker and forces the packet
// on, so that everything in the way is found at once.
type tracer struct {
	net   *generation
	query Query
	src   endpoint
	dst   endpoint
	probe probe

	memory map[*plan.Interface]*state // fresh flow state, apart from the emulator's
	out    *Trace

	leg       *Leg
	direction string
	target    *plan.Interface // where the leg is meant to end, nil outside
	arrived   packet.Flow     // the packet as the stage got it
	quiet     map[Reason]bool // drops that only repeat another blocker
}

func newTracer(g *generation, q Query) (*tracer, error) {
	src, err := g.resolve(q.Source)
	if err != nil {
		return nil, fmt.Errorf("source: %w", err)
	}
	dst, err := g.resolve(q.Destination)
	if err != nil {
		return nil, fmt.Errorf("destination: %w", err)
	}
	if src.iface == nil && !src.internet {
		return nil, fmt.Errorf("source: no interface has the address %s", src.addr)
	}
	t := &tracer{net: g, query: q, src: src, dst: dst, memory: make(map[*plan.Interface]*state), quiet: make(map[Reason]bool)}
	if t.probe, err = newProbe(g, q, src, dst); err != nil {
		return nil, err
	}
	return t, nil
}

// trace walks the request, the reply and, for TCP, the third packet.
func (t *tracer) trace() *Trace {
	t.out = &Trace{
		Source: t.query.Source, Destination: t.query.Destination, Service: t.query.Service.String(),
		Blockers: []Blocker{}, Unknowns: []Blocker{}, sent: t.probe.flow,
	}
	w := t.walk("request", t.src.iface, t.dst.iface, t.probe.request())
	t.out.Request = t.leg
	t.quiet[IGWUnknownDst] = t.blockedBy(IGWNoPublicIP)
	t.quiet[IGWNoPublicIP] = t.blockedBy(IGWUnknownDst)
	if t.canReply(w) {
		t.reply(w)
	}
	t.out.Verdict = t.verdict()
	return t.out
}

// canReply reports whether the request got anywhere an answer could come from.
func (t *tracer) canReply(w *walk) bool {
	return !t.query.OneWay && t.probe.answers() && (w.result.Fate == Delivered || w.result.Fate == Exited)
}

// reply walks the answer from where the request ended.
func (t *tracer) reply(w *walk) {
	from := w.to
	if w.result.Fate == Exited {
		from = nil
	}
	if w.result.Fate == Delivered && from == nil {
		t.out.Reply = &Leg{Verdict: Delivered, At: t.src.name, Steps: []Step{}} // a service of the fabric (ORDER-35)
		return
	}
	if w.result.Fate == Exited && w.target.Kind != routing.InternetGateway {
		t.direction = "reply"
		t.leg = &Leg{Verdict: Unknown, Steps: []Step{}}
		t.out.Reply = t.leg
		t.out.Unknowns = append(t.out.Unknowns, Blocker{Stage: RT, Kind: w.target.Kind.String(), Component: w.target.ID,
			Direction: "reply", Detail: "what answers behind it is not modelled"})
		return
	}
	back := t.walk("reply", from, t.src.iface, t.probe.reply(w.pkt.Flow))
	t.out.Reply = t.leg
	if t.probe.flow.Proto == packet.TCP && len(t.out.Blockers) == 0 && back.result.Fate != Dropped {
		t.walk("ack", t.src.iface, t.dst.iface, t.probe.ack(t.probe.flow))
		if t.leg.Verdict == Dropped {
			t.out.Ack = t.leg
		}
	}
}

// verdict puts the legs together: a certain drop anywhere means blocked, a gap
// in the description unknown.
func (t *tracer) verdict() Answer {
	switch {
	case len(t.out.Blockers) > 0 || t.out.Request.Verdict == Dropped:
		return Blocked
	case len(t.out.Unknowns) > 0 || t.out.Request.Verdict == Unknown:
		return Uncertain
	case t.out.Reply != nil && t.out.Reply.Verdict != Delivered && t.out.Reply.Verdict != Exited:
		return Blocked
	}
	return Reachable
}

func (t *tracer) blockedBy(r Reason) bool {
	return slices.ContainsFunc(t.out.Blockers, func(b Blocker) bool { return b.Reason == r.String() })
}

// walk takes one packet from an interface, or from the internet, to its end.
func (t *tracer) walk(direction string, from, to *plan.Interface, b []byte) *walk {
	t.direction, t.target, t.leg = direction, to, &Leg{Verdict: Delivered, Steps: []Step{}}
	w := &walk{net: t.net, now: 1, tracer: t, from: from}
	if err := w.pkt.Parse(b); err != nil {
		panic("emu: probe does not parse: " + err.Error())
	}
	w.flow, w.header = w.pkt.Flow, firewall.HeaderOf(&w.pkt, w.pkt.Flow)
	if from == nil {
		w.enter()
	} else {
		w.send()
	}
	for w.forwards() {
		w.from, w.identity, w.via = w.to, nil, nil
		w.result = Result{}
		w.leave()
	}
	t.finish(w)
	return w
}

// forwards reports whether the packet has reached an interface that is not its
// end: a middlebox, whose guest is taken to send it on.
func (w *walk) forwards() bool {
	return w.result.Fate == Delivered && w.to != nil && !w.to.Owns(w.flow.Dst) && w.to.Desc.NoSourceDestCheck
}

// finish writes down how the leg ended, which is not how the forced walk ended
// if something dropped the packet or was unknown.
func (t *tracer) finish(w *walk) {
	if t.leg.Verdict == Delivered {
		t.leg.Verdict, t.leg.At = w.result.Fate, w.result.At
	}
	if w.result.Reason == RoutingLoop && w.hops > maxHops {
		t.leg.Verdict = Dropped
		t.block(RoutingLoop, Step{Stage: RT, Kind: "eni", Component: w.from.Desc.ID, Detail: "interfaces forward to each other"})
	}
}

// state is the tracer's own memory of an interface.
func (t *tracer) state(i *plan.Interface) *state {
	s := t.memory[i]
	if s == nil {
		s = newState(i, nil)
		t.memory[i] = s
	}
	return s
}

// before notes the packet as a stage gets it.
func (t *tracer) before(w *walk) {
	t.arrived = w.pkt.Flow
	w.note, w.tracked = note{}, byRule
}

// after writes down what a stage decided, and forces the packet past it if it
// can.
func (t *tracer) after(w *walk, stage Stage, v verdict) verdict {
	if v.outcome == skip {
		return v
	}
	step := t.step(w, stage, v)
	t.append(step)
	switch v.outcome {
	case drop:
		if t.leg.Verdict != Dropped {
			t.leg.Verdict, t.leg.At = Dropped, step.Component
		}
		t.block(v.reason, step)
		return t.force(w, stage, v)
	case unknown:
		if t.leg.Verdict == Delivered {
			t.leg.Verdict, t.leg.At = Unknown, step.Component
		}
		t.out.Unknowns = append(t.out.Unknowns, t.blocker(step))
		return t.force(w, stage, v)
	}
	return v
}

// append adds a step; a stage that passed in several checks is one step.
func (t *tracer) append(s Step) {
	if n := len(t.leg.Steps); n > 0 {
		last := &t.leg.Steps[n-1]
		if last.Stage == s.Stage && last.Component == s.Component && last.Verdict == Pass && s.Verdict == Pass {
			if s.Detail == "" {
				s.Detail = last.Detail
			}
			*last = s
			return
		}
	}
	t.leg.Steps = append(t.leg.Steps, s)
}

func (t *tracer) blocker(s Step) Blocker {
	return Blocker{Reason: s.Reason, Code: s.Code, Stage: s.Stage, Kind: s.Kind, Component: s.Component,
		Direction: t.direction, Detail: s.Detail, Origin: s.Origin}
}

// block lists a blocker, unless it is one already listed in other words.
func (t *tracer) block(r Reason, s Step) {
	if t.quiet[r] {
		return
	}
	b := t.blocker(s)
	b.Reason, b.Code = r.String(), r.Code()
	same := func(o Blocker) bool {
		o.Direction = b.Direction
		o.Detail = b.Detail
		return o == b && r == IGWNotAttached
	}
	if !slices.ContainsFunc(t.out.Blockers, same) {
		t.out.Blockers = append(t.out.Blockers, b)
	}
}

// force lets the packet pass what dropped it, where it is clear what would come
// next if it had not.
func (t *tracer) force(w *walk, stage Stage, v verdict) verdict {
	switch stage {
	case ATT, SRC, DST, NACLOut, NACLIn:
		if w.from != nil && stage == ATT && w.from.Unknown != "" {
			return v
		}
		return passed
	case SGOut:
		t.state(w.from).flows.Add(firewall.Egress, &w.pkt, w.flow, w.now)
		return passed
	case SGIn:
		t.state(w.to).flows.Add(firewall.Ingress, &w.pkt, w.flow, w.now)
		return passed
	case RT:
		return t.reroute(w, v)
	case IGW:
		return t.forceGateway(w, v)
	case ADDR:
		if w.to != nil && w.to.Unknown == "" {
			return passed
		}
	}
	return v
}

// reroute guesses where a route would have led, had there been one: straight to
// the interface that is meant, or to the internet gateway.
func (t *tracer) reroute(w *walk, v verdict) verdict {
	if v.outcome == unknown {
		return v
	}
	switch {
	case t.target != nil && t.target.Owns(w.flow.Dst):
		w.vpc = t.target.VPC
		w.target = plan.Target{Kind: routing.Local, ID: "local"}
	case !isPrivate(w.flow.Dst):
		w.target = plan.Target{Kind: routing.InternetGateway}
	default:
		return v
	}
	w.inside = false // as it would be on the way to a middlebox of the subnet
	return passed
}

// forceGateway goes on behind an internet gateway's refusal.
func (t *tracer) forceGateway(w *walk, v verdict) verdict {
	if v.outcome == unknown && w.vpc == nil {
		return v // it ends at a gateway that is not modelled
	}
	switch v.reason {
	case IGWUnknownDst:
		if w.binding.Interface == nil {
			if t.target == nil {
				return v
			}
			w.binding = plan.Binding{Interface: t.target, Private: t.privateOf(t.target, w.flow.Dst)}
			w.vpc = t.target.VPC
		}
	case IGWPrivateDst:
		return v
	}
	return passed
}

// privateOf is the address of an interface that a packet from outside is meant
// for.
func (t *tracer) privateOf(i *plan.Interface, dst netip.Addr) netip.Addr {
	if i.Owns(dst) {
		return dst
	}
	for _, a := range i.Desc.Addresses {
		if a.Public == dst || a.IP.Is4() == dst.Is4() {
			return a.IP
		}
	}
	return dst
}
