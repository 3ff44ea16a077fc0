package emu

import (
	"net/netip"
	"time"

	"github.com/vpcemu/vpcemu/firewall"
	"github.com/vpcemu/vpcemu/packet"
)

// Observer sees what happens inside an emulator. Its functions are called on the
// sender's goroutine and must not keep the bytes they are shown.
type Observer struct {
	Packet func(Event)        // a packet has ended
	Port   func(Passage)      // a packet passes a port; there are no short cuts then
	Flow   func(Record)       // a filter has accepted or rejected a packet at an interface
	Update func(epoch uint64) // a new network is in force
}

// And is both observers, o first.
func (o Observer) And(other Observer) Observer {
	return Observer{
		Packet: both(o.Packet, other.Packet), Port: both(o.Port, other.Port),
		Flow: both(o.Flow, other.Flow), Update: both(o.Update, other.Update),
	}
}

// both calls two functions, of which each may be nil.
func both[T any](a, b func(T)) func(T) {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	}
	return func(t T) { a(t); b(t) }
}

// Event is the end of one packet.
type Event struct {
	Time   time.Time
	From   string // interface that sent it, by ID, or "internet"
	Flow   packet.Flow
	Bytes  []byte // as it was when it ended; a receiver may have changed it since
	Result Result
	// ShortCut means that it took the short cut of its flow, past the stages. Nothing
	// but time depends on it.
	ShortCut bool
	// Number is that of its [Passage], 0 if nobody observes ports.
	Number uint64
	// Stage is what dropped it or could not tell, At the interface where it did;
	// both are empty otherwise, At also where no interface is.
	Stage Stage
	At    Place

	walk *walk // nil if it took a short cut
}

// Step says why the packet was dropped, or what was unknown, as the step of a trace
// does: the rule or route that decided, what did not match, where it is written. Call
// it only while the observer's function runs.
func (e *Event) Step() Step {
	w := e.walk
	switch {
	case w == nil || e.Result.Fate == Delivered || e.Result.Fate == Exited:
		return Step{Verdict: Pass, Component: e.Result.At}
	case w.ended == nil && e.Result.Fate == Unknown:
		return Step{Verdict: Undecided, Component: e.From, Detail: "what comes next is not modelled"}
	case w.ended == nil:
		r := e.Result.Reason
		return Step{Verdict: Drop, Component: e.From, Reason: r.String(), Code: r.Code(), Detail: r.Text()}
	}
	v := undetermined
	if e.Result.Fate == Dropped {
		v = dropped(e.Result.Reason)
	}
	return (&tracer{arrived: w.pkt.Flow}).step(w, w.ended, v)
}

// Passage is a packet at a port, as somebody who captures there sees it. The ports of
// interfaces that belong to gateways have passages too.
type Passage struct {
	Time time.Time
	Port *Port
	Place
	// Direction is Egress for a packet that the port sends into the network, and
	// Ingress for one that arrives.
	Direction firewall.Direction
	// Number tells which packet it is on the way out: that of the [Event] which follows
	// once it has ended. It is 0 on the way in, and for what routers and gateways say.
	Number uint64
	Bytes  []byte
}

// Record is what flow logs are made of: one packet at one interface (FLOW-10,
// FLOW-11). Package emu/flowlog makes lines of records.
type Record struct {
	Place                        // where it was taken
	Time      time.Time          // the zero Time in a trace, which has no clock
	Direction firewall.Direction // as seen from the interface (FLOW-35)
	Accept    bool
	Flow      packet.Flow // with the addresses in the packet (FLOW-8)
	Length    int         // bytes, IP header included
	// Source and Destination are those of Flow, but for the interface's own side,
	// which is its primary private IPv4 address (FLOW-7).
	Source, Destination netip.Addr
	Flags               packet.TCPFlags // of TCP
	// Path is AWS's number for the way that an accepted packet leaves by, 0 for none
	// (FLOW-36).
	Path uint8
	// Cause is AWS's reject-reason, "" for none (FLOW-34).
	Cause string
}

// Place is an interface and where it is, by ID.
type Place struct {
	Interface, VPC, Subnet string
	// Instance is empty for an interface that belongs to a gateway or a service
	// (FLOW-33).
	Instance string
	// Gateway is the gateway or endpoint that the interface belongs to, if any.
	Gateway string
	// Account owns the VPC (FLOW-44). Region and Zone are as they are described.
	Account, Region, Zone string
}
