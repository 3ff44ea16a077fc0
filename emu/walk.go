package emu

import (
	"net/netip"

	"github.com/vpcemu/vpcemu/firewall"
	"github.com/vpcemu/vpcemu/internal/plan"
	"github.com/vpcemu/vpcemu/packet"
)

// maxHops ends loops of interfaces that forward to each other.
const maxHops = 32

// walk is one packet on its way through one plan. Stages share nothing else.
type walk struct {
	net *generation
	now int64 // nanoseconds on the emulator's clock
	pkt packet.Packet

	// flow and header are what filters see: as in the packet, but a later
	// fragment has the ports of its first one (SG-53).
	flow      packet.Flow
	header    firewall.Header
	portsLost bool // a later fragment whose first one nobody saw
	// quoted is what a later fragment of an ICMP error has from its first one: the
	// flow that it is about. A change makes another.
	quoted *packet.Flow

	stop // where it is now

	// identity is the interface whose address the source still is: what group
	// references go by. Gateways and forwarders lose it (SG-23).
	identity *plan.Interface
	// kept means that it has been through a gateway, such as a NAT gateway, whose
	// flows are tracked at both ends, whatever the rules (SG-34).
	kept  bool
	stray bool // an ICMP error from outside that quotes nobody's packet

	own, spare []byte // memory for the packet in the other IP version

	ends      ends     // for the short cut of packets like it
	answers   []answer // packets that gateways made on the way
	fragments bool     // to be cut to the gateway's MTU
	hops      int
	result    Result
	number    uint64 // of the packet, for observers of ports

	looked        // what the last stage looked at, for those who explain
	ended  *stage // the one that dropped the packet, or could not tell
	// explained means that somebody looks on, and may ask for all that; tracer is nil
	// unless it is for a trace.
	explained bool
	tracer    *tracer
	// alike, if not nil, is narrowed to the packets that fare like this one.
	alike *alike
}

// looked is what a stage looked at.
type looked struct {
	decision firewall.Decision
	acl      firewall.ACLDecision
	tracked  trackedBy
	note     note
}

// stop is one place on a packet's way: a subnet that it leaves, a gateway that it
// goes through, the border that it comes in over. [walk.moveTo] goes on to the next.
type stop struct {
	vpc    *plan.VPC
	from   *plan.Interface // who sent it into the fabric last, nil from outside
	to     *plan.Interface // who gets it, once ADDR or a route has said so
	via    *plan.Interface // next hop by MAC address, nil for the router (SUB-21)
	sender *plan.Interface // who sent the packet to the gateway that it is in

	next    hop  // where its route leads
	inside  bool // it stays inside one subnet
	inbound bool // it is coming in through an internet gateway
	// egressOnly means that it comes in where only answers are let in.
	egressOnly bool
	binding    plan.Binding // whose public address it is for

	natZone  string          // where a regional NAT gateway has it
	back     *plan.Interface // a load balancer's node, if it answers through one
	balanced bool            // the load balancer that it is in has placed it
	point    *plan.Gateway   // the gateway endpoint that it goes or comes through
	transit  crossing        // its place in a transit gateway
	outer    *plan.Gateway   // to on-premises, that it comes in or goes out through
	link     *plan.Link      // over which it goes out
}

// moveTo takes the packet to the next place on its way. What was found out about it
// at the last one holds no more, and is forgotten.
func (w *walk) moveTo(s stop) { w.stop, w.result = s, Result{} }

// moveInto takes the packet to a gateway or guest behind the interface that it was
// delivered to.
func (w *walk) moveInto(i *plan.Interface) { w.moveTo(stop{vpc: i.VPC, sender: w.from, from: i}) }

// note is a remark of a stage, put together only when somebody reads it.
type note struct {
	addr netip.Addr
	name string
	text string
}

func (w *walk) say(text string)                      { w.note = note{text: text} }
func (w *walk) sayAddr(addr netip.Addr, text string) { w.note = note{addr: addr, text: text} }
func (w *walk) sayName(name, text string)            { w.note = note{name: name, text: text} }

// hop is what a route table says about a packet. The zero hop has not been
// looked up.
type hop struct {
	looked  bool
	verdict verdict
	note    note
	found   bool // some route matched
	route   int  // its place in the table, or routing.LocalRoute
	target  plan.Target
}

// trackedBy says why a security group stage did not look at rules.
type trackedBy uint8

const (
	byRule    trackedBy = iota // it did look
	byFlow                     // a tracked flow (SG-26)
	byRelated                  // an ICMP error about one (SG-45)
)

// run takes the packet through the stages of a table and reports whether it
// passed them all.
func (w *walk) run(stages []stage) bool {
	for i := range stages {
		s := &stages[i]
		if w.explained {
			w.before()
		}
		v := s.check(w)
		if v.outcome == drop {
			w.refused(s.name, v.reason)
		}
		if w.tracer != nil {
			v = w.tracer.after(w, s, v)
		}
		switch v.outcome {
		case pass, skip:
		case done:
			return false
		case unknown:
			w.result, w.ended = Result{Fate: Unknown}, s
			return false
		default:
			w.result, w.ended = Result{Fate: Dropped, Reason: v.reason}, s
			return false
		}
	}
	return true
}

// before forgets what the stage before looked at, and notes the packet as the next
// one gets it.
func (w *walk) before() {
	w.note, w.tracked = note{}, byRule
	if w.tracer != nil {
		w.tracer.arrived = w.pkt.Flow
	}
}

// send is the way of a packet that interface w.from sends.
func (w *walk) send() {
	if w.fromGWLB() {
		w.fromAppliance()
		return
	}
	if w.from.Service() && !w.run(fromService[:]) {
		return
	}
	w.vpc = w.from.VPC
	w.identity = nil
	if w.owns(w.from, w.flow.Src) {
		w.identity = w.from
	}
	w.leave()
}

// leave takes the packet out of w.from and on to where its route leads.
func (w *walk) leave() { w.depart(egress[:]) }

// depart runs the stages of leaving and hands the packet to its next node.
func (w *walk) depart(stages []stage) {
	w.back = w.answersThrough()
	if w.hops++; w.hops > maxHops {
		w.result = Result{Fate: Dropped, Reason: RoutingLoop}
		return
	}
	if !w.run(stages) {
		return
	}
	switch {
	case w.via != nil:
		w.to, w.inside = w.via, true
		w.arrive()
	case w.direct():
		w.arrive()
	default:
		w.forward()
	}
}

// forward carries the packet to the node that its route names.
func (w *walk) forward() {
	way := &ways[w.next.target.Kind]
	w.ends.no = w.ends.no || !way.short
	if way.carry != nil {
		way.carry(w)
		return
	}
	if !way.opaque {
		w.result = Result{Fate: Unknown}
		return
	}
	w.result = Result{Fate: Exited, At: w.next.target.ID}
	w.net.emit(w)
}

// throughInterface is the way to an interface that a route names: a middlebox, or
// the one that a gateway has in a subnet.
func (w *walk) throughInterface() {
	w.to = w.next.target.Interface
	w.arrive()
}

// arrive is the way of a packet to the interface with its destination address, or
// to the one that a route has named.
func (w *walk) arrive() {
	if !w.run(ingress[:]) { // only what is delivered to a gateway goes on
		return
	}
	w.ends.no = w.ends.no || w.to.Gateway == nil || !ways[w.to.Gateway.Desc.Kind].short
	switch {
	case w.to.Service():
		w.run(toService[:])
	case w.to.Balancer != nil:
		w.throughBalancer()
	default:
		w.goBehind(w.to.Gateway)
	}
}

// goBehind takes the packet on from the interface of a gateway.
func (w *walk) goBehind(g *plan.Gateway) {
	if behind := ways[g.Desc.Kind].behind; behind != nil {
		behind(w)
		return
	}
	w.result = Result{Fate: Unknown}
}

// exit is the way through the internet gateway, and back in if the destination
// is a public address of this network (ORDER-12, ORDER-16).
func (w *walk) exit() {
	if !w.run(toInternet[:]) {
		return
	}
	if w.isPublic(w.flow.Dst) || w.tracer.standsIn(w) {
		w.ends.no = true
		w.identity = nil
		w.hairpin()
		return
	}
	w.result = Result{Fate: Exited, At: w.vpc.GatewayID()}
	w.net.emit(w)
}

// hairpin brings a packet back in from the internet gateway, in fragments if it
// was too large for it.
func (w *walk) hairpin() {
	if !w.fragments {
		w.enter()
		return
	}
	w.inPieces(InternetMTU, (*walk).enter)
}

// inPieces cuts the packet up and sends every piece on by itself. All have the
// ports of the first, and are about what it quotes. One lost piece loses the packet.
func (w *walk) inPieces(mtu int, on func(*walk)) {
	var result Result
	lost := *w // the piece whose loss it is
	about, quotes := w.about()
	packet.Fragment(&w.pkt, mtu, func(b []byte) {
		piece := *w
		piece.fragments, piece.own, piece.spare = false, nil, nil
		if quotes {
			piece.quote(about)
		}
		if piece.pkt.Parse(b) == nil {
			on(&piece)
		}
		w.answers = piece.answers
		if result == (Result{}) || piece.result.Fate == Dropped {
			result = piece.result
			lost = piece
		}
	})
	w.result = result
	w.stop, w.looked, w.ended = lost.stop, lost.looked, lost.ended
}

// enter is the way of a packet that comes from the internet.
func (w *walk) enter() {
	w.moveTo(stop{vpc: w.vpc, from: w.from, inbound: true})
	if w.run(fromInternet[:]) {
		w.arrive()
	}
}

// memory is that of a VPC's egress-only gateway; a trace has one of its own.
func (w *walk) memory(v *plan.VPC) outbound {
	if w.tracer != nil {
		return w.tracer.memoryOf(v)
	}
	return w.net.memories[v.Desc.ID+"/"+v.EgressOnly.Desc.ID]
}

// state is what an interface remembers; a trace has a memory of its own. Whoever
// looks at more than its tracked flows decides by what no short cut knows.
func (w *walk) state(i *plan.Interface) *state {
	w.ends.no = true
	return w.stateOf(i)
}

// flowsOf are the tracked flows of an interface.
func (w *walk) flowsOf(i *plan.Interface) *firewall.Tracker { return w.stateOf(i).flows }

// shortens reports whether the packet may get a short cut. Then what a gateway
// remembers of its flow is noted.
func (w *walk) shortens() bool { return w.ends.plain && !w.ends.no }

// natOf is the memory of a NAT gateway's interface.
func (w *walk) natOf(i *plan.Interface) *firewall.Mappings { return w.stateOf(i).rare().nat }

func (w *walk) stateOf(i *plan.Interface) *state {
	if w.tracer != nil {
		return w.tracer.state(i)
	}
	return w.net.slots.at(i.Slot).state
}
