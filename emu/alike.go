package emu

import (
	"iter"
	"net/netip"
	"slices"

	"github.com/vpcemu/vpcemu/firewall"
	"github.com/vpcemu/vpcemu/internal/plan"
	"github.com/vpcemu/vpcemu/internal/space"
	"github.com/vpcemu/vpcemu/packet"
)

// alike are the packets that fare like the one that is walked. Stages decide about one
// packet; whatever of it they look at, they ask the walk for, which narrows alike to
// those packets that would have been answered the same:
//
//	w.in(linkLocal4, w.flow.Dst)   no: so all up to 169.253.255.255, or all from 169.255.0.0
//	w.follow(table, w.flow.Dst)    10.1.0.0/16: so all of it but what longer prefixes take
//	filter.Decide(…)               rule 3: so all of tcp/8000-8099 from 10.0.2.0/24
//
// At its end alike is a box of packets, around the one that was walked, that all have
// its answer; of all packets those outside of it are still to be asked about. Nothing
// is decided here, and whoever walks one packet for its own sake has none of it.
type alike struct {
	box space.Box
	v6  bool // the packets are IPv6 as they are sent

	origins                             // of the packet at hand
	before  map[*plan.Interface]origins // of a packet that a gateway has translated

	// maybe says on what else the answer may depend, "" for nothing. doubt means that
	// what the stage decides does, and doubtful is how many blockers do.
	maybe    string
	doubt    bool
	doubtful int
	// passed are the interfaces whose groups the packet of this leg has passed: on its way
	// out, and if it is ICMP on its way in too.
	passed []*plan.Interface

	// brief means that the first thing that is in the way for certain ends the walk: the
	// packet is blocked, whatever else there is.
	brief bool

	choices choices
	marks   *marks
	// internet says of which dimensions the packets have addresses of internet hosts
	// only: what the network itself has, or nobody may have, does not narrow them.
	internet [space.Dimensions]bool
}

// addrOrigin is where an address comes from: the dimension of the packet as sent, and
// how much larger it was there. The zero addrOrigin is an address that some gateway
// or host has put in.
type addrOrigin struct {
	dimension int // space.Sources or space.Destinations, else none
	larger    space.Num
}

// portOrigin is where a port comes from.
type portOrigin uint8

const (
	portFixed    portOrigin = iota // some gateway or the description
	portService                    // the port that the packet was sent to
	portSource                     // the port that it was sent from
	portAllotted                   // one of those that a gateway hands out
)

// origins is what the packet at hand has of the one that was sent.
type origins struct {
	src, dst     addrOrigin
	sport, dport portOrigin
	typed        bool // ICMP type and code are as sent
}

// depends notes that what a stage decides depends on more than the packet.
func (a *alike) depends(on string) { a.maybe, a.doubt = on, true }

// passes notes that the packet passes the groups of an interface. A packet that comes back
// to its sender is tracked as its own answer if its two ports are the same, and ICMP that
// passes a second time is tracked unless it is an error. So the verdict depends on that.
func (w *walk) passes(i *plan.Interface, dir firewall.Direction) {
	a := w.alike
	switch {
	case a == nil:
	case w.flow.Proto.IsICMP():
		if slices.Contains(a.passed, i) {
			w.isICMPError()
		}
		a.passed = append(a.passed, i)
	case !w.flow.Proto.HasPorts():
	case dir == firewall.Egress:
		a.passed = append(a.passed, i)
	default:
		w.returns(i)
	}
}

// returns notes that the verdict depends on what an interface's own packet has left behind, if
// this is that packet, come back: with two ports that are the same it is its own answer.
func (w *walk) returns(i *plan.Interface) {
	if a := w.alike; a != nil && w.flow.Proto.HasPorts() && slices.Contains(a.passed, i) {
		a.depends("whether its ports are the same")
	}
}

// begin begins a leg.
func (a *alike) begin(direction string) {
	a.passed = a.passed[:0]
	if direction == "reply" {
		a.answered()
	} else {
		a.sent()
	}
}

// sent begins a leg with the packet as the source sends it.
func (a *alike) sent() {
	a.src, a.dst = addrOrigin{dimension: space.Sources}, addrOrigin{dimension: space.Destinations}
	a.sport, a.dport, a.typed = portSource, portService, true
}

// answered begins a leg with the answer to the packet that has arrived.
func (a *alike) answered() {
	a.src, a.dst = a.dst, a.src
	a.sport, a.dport, a.typed = a.dport, a.sport, false
}

// beside narrows an address of the packet to those that are on the same side of a span: in
// it, before it or behind it. The source is narrowed if it is this address, and so is the
// destination.
func (w *walk) beside(s space.Span, addr netip.Addr) {
	for from, now := range w.varying(addr) {
		if a := w.alike; !(a.outer(from) && a.marks.holds(addr.Is6(), s)) {
			a.narrow(from, beside(now, s, space.Address(addr)))
		}
	}
}

// varying is where an address of the packet comes from, and which others there may be in its
// place; nothing if it can be no other. It comes from two places if the packet has it twice.
func (w *walk) varying(addr netip.Addr) iter.Seq2[addrOrigin, space.Span] {
	return func(yield func(addrOrigin, space.Span) bool) {
		if w.alike == nil {
			return
		}
		if now := w.alike.span(w.alike.src, addr); addr == w.flow.Src && !now.Single() && !yield(w.alike.src, now) {
			return
		}
		if now := w.alike.span(w.alike.dst, addr); addr == w.flow.Dst && !now.Single() {
			yield(w.alike.dst, now)
		}
	}
}

// narrow narrows an address to some that it may be now.
func (a *alike) narrow(from addrOrigin, now space.Span) {
	a.box[from.dimension] = space.Span{First: now.First.Plus(from.larger), Last: now.Last.Plus(from.larger)}
}

// span is which addresses the packet at hand could have in place of its own.
func (a *alike) span(from addrOrigin, addr netip.Addr) space.Span {
	if from.dimension == 0 {
		return space.One(space.Address(addr))
	}
	s := a.box[from.dimension]
	return space.Span{First: s.First.Minus(from.larger), Last: s.Last.Minus(from.larger)}
}

// beside is what of a span is on the same side of another as one of its places: in it,
// before it or behind it.
func beside(now, other space.Span, at space.Num) space.Span {
	if other.Has(at) {
		return now.And(other)
	}
	return now.Beside(other, at)
}

// outer reports whether an address is an internet host's, as it was sent. It is not if
// NAT64 has taken an IPv4 address out of an IPv6 one, for that may be any.
func (a *alike) outer(from addrOrigin) bool {
	return a.internet[from.dimension] && from.larger == space.Num{}
}

// noteTranslation remembers the origins that the packet had before the gateway that it is
// in translated it: the answer gets them back. Allotted says that the gateway has chosen
// the source port.
func (w *walk) noteTranslation(before origins, allotted bool) {
	a := w.alike
	if a == nil {
		return
	}
	a.before[w.from] = before
	if allotted {
		a.sport = portAllotted
	}
}

// origins is what the packet has of the one that was sent.
func (w *walk) origins() origins {
	if w.alike == nil {
		return origins{}
	}
	return w.alike.origins
}

// noteAnswer notes that the packet has got back what the gateway that it is in took from
// the one that it answers.
func (w *walk) noteAnswer() {
	if w.alike == nil {
		return
	}
	if o, ok := w.alike.before[w.from]; ok {
		w.alike.src, w.alike.dst, w.alike.sport, w.alike.dport = o.dst, o.src, o.dport, o.sport
	}
}

// crosses notes that the packet goes over to the other IP version: IPv4 addresses are
// the last bits of those that stand for them.
func (w *walk) crosses(n packet.NAT64) {
	a := w.alike
	if a == nil {
		return
	}
	base := space.Address(n.Prefix.Masked().Addr())
	if w.flow.Dst.Is6() { // the answer gets back what the gateway remembers
		a.src, a.dst.larger = addrOrigin{}, a.dst.larger.Plus(base)
	}
	a.typed = false
}
