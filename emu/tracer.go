package emu

import (
	"fmt"
	"net/netip"
	"slices"

	"github.com/vpcemu/vpcemu/firewall"
	"github.com/vpcemu/vpcemu/internal/plan"
	"github.com/vpcemu/vpcemu/packet"
)

// tracer sends the packets of one query through the stages and writes down what
// they do. Where a packet is dropped it notes the blocker and forces the packet
// on, so that everything in the way is found at once.
type tracer struct {
	net   *generation
	query Query
	src   queryEnd
	dst   queryEnd
	probe probe

	flows  firewall.FlowTable
	memory map[*plan.Interface]*state // fresh flow state, apart from the emulator's
	went   map[*plan.VPC]outbound
	out    *Trace

	leg       *Leg
	direction string
	speaker   *plan.Gateway        // the endpoint whose service sends the leg, if any
	goal      queryEnd             // where the leg is meant to end
	outer     *plan.Gateway        // on-premises behind which the leg begins, nil for the internet
	target    *plan.Interface      // the goal's interface, nil outside
	strayed   bool                 // a leg ended elsewhere
	beyond    bool                 // the leg ended where nothing is modelled
	arrived   packet.Flow          // the packet as the stage got it
	quiet     map[Reason]bool      // drops that only repeat another blocker
	down      map[string]bool      // middleboxes whose routes are blackholes, by ID
	only      netip.AddrPort       // the target that load balancers are to choose, if any
	standIn   netip.Addr           // the public address that a source was lent, if any
	lentTo    netip.Addr           // the address of that source
	balancers []*plan.LoadBalancer // that the leg went through
	// alike, if not nil, are the packets that fare like those of the query. Then nothing
	// is put into words, and what it takes is done in the scratch.
	alike   *alike
	scratch *scratch
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
	if err := askable(src, dst); err != nil {
		return nil, err
	}
	return newTracerBetween(g, q, src, dst)
}

// newTracerBetween is newTracer for ends that have been found.
func newTracerBetween(g *generation, q Query, src, dst queryEnd) (t *tracer, err error) {
	t = &tracer{net: g, query: q, src: src, dst: dst, memory: make(map[*plan.Interface]*state), went: make(map[*plan.VPC]outbound), quiet: make(map[Reason]bool), down: make(map[string]bool)}
	if t.probe, err = newProbe(g, q, src, dst); err != nil {
		return nil, err
	}
	return t, nil
}

// trace walks the request, the reply and, for TCP, the third packet.
func (t *tracer) trace() *Trace {
	if t.alike != nil {
		t.out = t.scratch.begin()
	} else {
		t.out = &Trace{
			Source: t.query.Source, Destination: t.query.Destination, Service: t.query.Service.String(),
			Blockers: []Blocker{}, Unknowns: []Blocker{}, sent: t.probe.flow,
		}
	}
	if t.src.iface != nil && t.src.iface.Owns(t.probe.flow.Dst) {
		return t.insideGuest()
	}
	t.speaker = t.src.service
	t.outer = t.src.outer
	w := t.walk("request", t.src.iface, t.dst, t.probe.request())
	t.out.Request = t.leg
	t.out.request = t.verdict()
	t.quiet[IGWUnknownDst] = t.blockedBy(IGWNoPublicIP)
	t.quiet[IGWNoPublicIP] = t.blockedBy(IGWUnknownDst)
	t.quiet[EPProtocol] = t.blockedBy(EPProtocol)
	if t.canReply(w) {
		t.reply(w)
	}
	t.out.Verdict = t.verdict()
	return t.out
}

// insideGuest is the answer to what an interface sends to itself: the fabric never
// sees it (ENI-23). It does not get to another VPC's interface with the same address.
func (t *tracer) insideGuest() *Trace {
	t.arrived = t.probe.flow
	i := t.src.iface
	w := &walk{net: t.net, tracer: t, alike: t.alike, stop: stop{vpc: i.VPC, from: i, to: i}, flow: t.probe.flow}
	_ = w.pkt.Parse(t.probe.request().Bytes())
	w.say("an interface's packets to itself stay in the guest")
	t.begin("request", t.dst)
	t.leg = &Leg{Verdict: Delivered, At: i.Desc.ID}
	t.note(w, &stage{name: Deliver, at: atReceiver}, passed)
	w.result = Result{Fate: Delivered, At: i.Desc.ID}
	t.out.Request = t.leg
	t.checkGoal(w)
	t.out.Verdict = t.verdict()
	t.out.request = t.out.Verdict
	return t.out
}

// canReply reports whether the request got anywhere an answer could come from.
func (t *tracer) canReply(w *walk) bool {
	ended := w.result.Fate == Delivered || w.result.Fate == Exited
	return !t.query.OneWay && ended && !t.strayed && t.answers()
}

// answers reports whether the request has an answer; ICMP other than an echo request has
// none.
func (t *tracer) answers() bool {
	p := &t.probe
	if !p.flow.Proto.IsICMP() {
		return true
	}
	if t.alike != nil {
		t.alike.types(p.flow.Proto, p.kind, echoRequest)
	}
	return p.isEcho()
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
	if t.beyond {
		t.out.Reply = &Leg{Verdict: Unknown, Steps: []Step{}}
		return
	}
	t.speaker = w.answering()
	t.outer = w.left()
	back := t.walk("reply", from, t.src, t.probe.reply(w.pkt.Flow))
	t.out.Reply = t.leg
	if t.probe.flow.Proto == packet.TCP && len(t.out.Blockers) == 0 && back.result.Fate != Dropped {
		t.speaker = t.src.service
		t.outer = t.src.outer
		t.walk("ack", t.src.iface, t.dst, t.probe.ack(t.probe.flow))
		if t.leg.Verdict == Dropped {
			t.out.Ack = t.leg
		}
	}
}

// verdict puts the legs together: a certain drop anywhere means blocked, a gap
// in the description unknown.
func (t *tracer) verdict() Answer {
	switch {
	case t.alike != nil && t.alike.maybe != "" && len(t.out.Blockers) <= t.alike.doubtful:
		return Uncertain
	case len(t.out.Blockers) > 0 || t.out.Request.Verdict == Dropped:
		return Blocked
	case len(t.out.Unknowns) > 0 || t.out.Request.Verdict == Unknown:
		return Uncertain
	case t.out.Reply != nil && t.out.Reply.Verdict != Delivered && t.out.Reply.Verdict != Exited:
		return Blocked
	}
	return Reachable
}

// begin begins a leg: nothing is known of it but where it is meant to end.
func (t *tracer) begin(direction string, to queryEnd) {
	t.direction, t.goal, t.target = direction, to, to.iface
	t.balancers = t.balancers[:0]
}

// walk takes one packet from an interface, or from the internet, to its end.
func (t *tracer) walk(direction string, from *plan.Interface, to queryEnd, p packet.Spec) *walk {
	t.begin(direction, to)
	leg, w, memory := t.scratch.next()
	*leg = Leg{Verdict: Delivered, Steps: []Step{}}
	*w = walk{net: t.net, now: 1, tracer: t, explained: true, alike: t.alike, stop: stop{from: from}}
	t.leg = leg
	if t.alike != nil {
		t.alike.begin(direction)
	}
	*memory = p.Append((*memory)[:0])
	_ = w.pkt.Parse(*memory) // newProbe has tried
	w.flow, w.header = w.pkt.Flow, firewall.HeaderOf(&w.pkt, w.pkt.Flow)
	t.leg.Sent = t.passage(w, firewall.Egress, from, t.speaker, t.outer)
	if t.speaker != nil {
		w.fromEndpoint(t.speaker)
	} else if from == nil {
		w.enterFrom(t.outer)
	} else {
		w.send()
	}
	for w.forwards() {
		w.moveInto(w.to)
		w.identity = nil
		w.leave()
	}
	t.finish(w)
	return w
}

// record keeps what flow logs have of the packet, while it has really come so far
// and not been forced past something.
func (t *tracer) record(r Record) {
	if t.leg.Verdict == Delivered && t.real() {
		t.out.Records = append(t.out.Records, r)
	}
}

// real reports whether the legs before this one ended well, so that this one is
// more than a guess.
func (t *tracer) real() bool {
	before := t.out.Request
	if t.direction == "ack" {
		before = t.out.Reply
	}
	return t.direction == "request" || before.Verdict == Delivered || before.Verdict == Exited
}

// forwards reports whether the packet has reached an interface that is not its
// end: a middlebox, whose guest is taken to send it on.
func (w *walk) forwards() bool {
	return w.result.Fate == Delivered && w.to != nil && !w.owns(w.to, w.flow.Dst)
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
	t.beyond = false
	switch {
	case t.leg.Verdict == Unknown: // where it went from there may be a guess
	case w.result.Fate == Delivered || w.result.Fate == Exited: // also if it was forced on
		if t.beyond = t.farSide(w); !t.beyond {
			t.checkGoal(w)
		}
	}
	if t.direction == "reply" && !t.strayed && !t.beyond {
		t.checkAnswer(w)
	}
	switch {
	case t.leg.Verdict == Exited:
		t.leg.Arrived = t.passage(w, firewall.Ingress, nil, w.answering(), w.left())
	case t.leg.Verdict == Delivered && w.to != nil:
		t.leg.Arrived = t.passage(w, firewall.Ingress, w.to, nil, nil)
	}
}

// passage is the packet at the port of an interface, of the service of an endpoint, of
// on-premises, or of the internet; nil if it is not sure that it gets there at all.
func (t *tracer) passage(w *walk, dir firewall.Direction, i *plan.Interface, service, outer *plan.Gateway) *Passage {
	if t.alike != nil || !t.real() {
		return nil
	}
	p := &Passage{Time: t.net.em.now(), Port: &t.net.em.internet, Place: placeIn(i), Direction: dir, Bytes: slices.Clone(w.pkt.Bytes())}
	switch {
	case service != nil:
		p.Port = t.net.services[serviceKey(service)].port
	case outer != nil:
		p.Port = t.net.outer[outer.Slot]
	case i != nil:
		p.Port = t.net.slots.at(i.Slot).port
	}
	return p
}

// lost is the packet at the interface whose stage has ended it, nil if it is none's.
func (t *tracer) lost(w *walk, at *stage) *Passage {
	i := w.endedBy(at)
	if i == nil {
		return nil
	}
	return t.passage(w, firewall.Ingress, i, nil, nil)
}

// state is the tracer's own memory of an interface.
func (t *tracer) state(i *plan.Interface) *state {
	s := t.memory[i]
	if s == nil {
		s = newState(&t.flows, i, nil)
		t.memory[i] = s
	}
	return s
}

// memoryOf is the tracer's own memory of a VPC's egress-only gateway.
func (t *tracer) memoryOf(v *plan.VPC) outbound {
	o, ok := t.went[v]
	if !ok {
		o = newOutbound(&t.flows, realm(v))
		t.went[v] = o
	}
	return o
}

// after writes down what a stage decided, and forces the packet past it if it
// can.
func (t *tracer) after(w *walk, at *stage, v verdict) verdict {
	if v.outcome == skip {
		return v
	}
	step := t.note(w, at, v)
	switch v.outcome {
	case drop:
		if t.leg.Verdict != Dropped {
			t.leg.Verdict, t.leg.At, t.leg.Lost = Dropped, step.Component, t.lost(w, at)
		}
		t.block(v.reason, *step)
		if a := t.alike; a != nil && a.brief && len(t.out.Blockers) > a.doubtful {
			return v
		}
		return at.past(t, w, v)
	case unknown:
		if t.leg.Verdict == Delivered {
			t.leg.Verdict, t.leg.At, t.leg.Lost = Unknown, step.Component, t.lost(w, at)
		}
		t.out.Unknowns = append(t.out.Unknowns, t.blocker(*step))
		return at.past(t, w, v)
	}
	return v
}

// note writes down a step.
func (t *tracer) note(w *walk, at *stage, v verdict) *Step {
	a := t.alike
	if a == nil {
		s := t.step(w, at, v)
		t.append(s)
		return &s
	}
	if a.doubt && v.outcome == drop {
		a.doubtful++
	}
	a.doubt = false
	return t.scratch.note(w, at, v)
}

// last is the last step of the leg.
func (t *tracer) last() Step {
	if t.alike != nil {
		return t.scratch.last
	}
	return t.leg.Steps[len(t.leg.Steps)-1]
}

// lastNAT is the last step of the leg in which a NAT gateway let the packet pass.
func (t *tracer) lastNAT() (Step, bool) {
	if t.alike != nil {
		return t.scratch.nat, t.scratch.nat.Stage == NAT
	}
	for _, s := range slices.Backward(t.leg.Steps) {
		if s.Stage == NAT && s.Verdict == Pass {
			return s, true
		}
	}
	return Step{}, false
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
