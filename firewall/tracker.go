package firewall

import (
	"iter"
	"sync"
	"time"

	"github.com/vpcemu/vpcemu/packet"
)

// Tracker remembers the flows of one interface (SG-26, SG-47). The zero Tracker has AWS's timeouts and no limit.
// It must not be copied. All methods are safe for concurrent use; now is in nanoseconds on the caller's clock.
//
// Packets come with their flow, which has the ports the interface sees: NAT or [Fragments] may know them better than the packet.
// The key of a flow is the protocol, both addresses, and for TCP and UDP both ports. For ICMP it is the addresses and the identifier,
// so that a request and its reply are one flow; ICMP messages without identifier have identifier 0. Other protocols have neither (SG-36).
type Tracker struct {
	mu       sync.Mutex
	flows    flowTable
	timeouts Timeouts
	budget   *Budget
}

// NewTracker returns a tracker whose flows count against the budget of its instance; nil means no limit.
func NewTracker(timeouts Timeouts, budget *Budget) *Tracker {
	return &Tracker{timeouts: timeouts.OrDefault(), budget: budget}
}

// Lookup looks for the flow of a packet that crosses the interface. If it is tracked, the packet may pass (SG-26) and keeps the flow
// alive (ORDER-5): Lookup returns the flow's state after the packet. Otherwise it returns Untracked and the rules decide.
//
// An ICMP error is never part of a flow; see [Tracker.Related].
func (t *Tracker) Lookup(dir Direction, p *packet.Packet, f packet.Flow, now int64) State {
	if p.IsICMPError() {
		return Untracked
	}
	k := keyOf(dir, f, isEcho(p, f))
	t.mu.Lock()
	defer t.mu.Unlock()
	e := t.find(k, now)
	if e == nil {
		return Untracked
	}
	return t.hit(e, dir, p, now)
}

// isEcho reports whether a packet of flow f is an ICMP echo. A later fragment does not say so itself, but has the identifier.
func isEcho(p *packet.Packet, f packet.Flow) bool {
	_, _, echo := p.ICMPEcho()
	return echo || p.IsLaterFragment() && f.SrcPort != 0
}

// Related reports whether an ICMP error that crosses the interface is about a tracked flow and may pass (SG-45). Embedded is the flow
// of the packet it quotes, as [packet.Packet.EmbeddedFlow] returns it. The error does not keep the flow alive (ORDER-5).
func (t *Tracker) Related(dir Direction, embedded packet.Flow, now int64) bool {
	// What an arriving error quotes had left, and the other way round.
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, echo := range []bool{true, false} {
		if t.find(keyOf(1-dir, embedded, echo), now) != nil {
			return true
		}
	}
	return false
}

// Add tracks the flow of a packet that a rule allowed and that is not untracked (SG-28). It returns false if the instance tracks as
// many flows as it may (SG-48), in which case the packet is to be dropped.
//
// A TCP flow may begin with any segment (SG-42). A packet that ends a flow or belongs to none, an RST or an ICMP error, leaves nothing
// behind.
func (t *Tracker) Add(dir Direction, p *packet.Packet, f packet.Flow, now int64) bool {
	return t.track(dir, p, f, now, 1)
}

// AddTwo is Add for a flow that takes two entries of what the instance may have, as one through a gateway endpoint to DynamoDB does
// (SG-35).
func (t *Tracker) AddTwo(dir Direction, p *packet.Packet, f packet.Flow, now int64) bool {
	return t.track(dir, p, f, now, 2)
}

func (t *Tracker) track(dir Direction, p *packet.Packet, f packet.Flow, now int64, cost uint8) bool {
	if p.IsICMPError() || f.Proto == packet.TCP && p.Flags.Has(packet.RST) {
		return true
	}
	if t.add(dir, p, f, now, cost) {
		return true
	}
	t.budget.reclaim(now)
	return t.add(dir, p, f, now, cost)
}

func (t *Tracker) add(dir Direction, p *packet.Packet, f packet.Flow, now int64, cost uint8) bool {
	k := keyOf(dir, f, isEcho(p, f))
	t.mu.Lock()
	defer t.mu.Unlock()
	t.forget(now, sweepPerAdd)
	if e := t.find(k, now); e != nil { // another packet of the flow was faster
		t.hit(e, dir, p, now)
		return true
	}
	if !t.budget.take(t, int(cost)) {
		return false
	}
	e := entry{key: k, last: now, opener: dir, cost: cost, conn: openConn(dir, p, f.Proto)}
	e.due = now + t.timeout(&e)
	t.flows.insert(e)
	return true
}

// Len is how many flows are tracked. It forgets those that have idled out.
func (t *Tracker) Len(now int64) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.forget(now, t.flows.len())
	return t.flows.len()
}

// Flush forgets every flow: the interface was detached or its instance stopped (SG-50).
func (t *Tracker) Flush() {
	t.mu.Lock()
	defer t.mu.Unlock()
	n := 0
	for _, slot := range t.flows.heap {
		n += int(t.flows.slots[slot].cost)
	}
	t.flows = flowTable{}
	t.budget.give(t, n)
}

// Expire forgets the flows that have idled out, which longer idle times would bring back otherwise (SG-37 to SG-41).
func (t *Tracker) Expire(now int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.forget(now, t.flows.len())
}

// SetTimeouts changes the idle times, also of the flows tracked now.
func (t *Tracker) SetTimeouts(timeouts Timeouts) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.timeouts = timeouts.OrDefault()
	for i := range t.flows.heap {
		e := &t.flows.slots[t.flows.heap[i]]
		e.due = e.last + t.timeout(e)
		t.flows.up(i)
	}
}

// TrackedFlow is a line of a tracker's table, for people to read.
type TrackedFlow struct {
	Flow   packet.Flow // as its first packet had it
	Opener Direction   // of the first packet
	State  State
	Idle   time.Duration // since the latest packet
	Left   time.Duration // until it is forgotten if no other comes
}

// Flows lists the tracked flows as they are when the iteration starts, in no particular order.
func (t *Tracker) Flows(now int64) iter.Seq[TrackedFlow] {
	return func(yield func(TrackedFlow) bool) {
		for _, f := range t.list(now) {
			if !yield(f) {
				return
			}
		}
	}
}

func (t *Tracker) list(now int64) []TrackedFlow {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.forget(now, t.flows.len())
	list := make([]TrackedFlow, 0, t.flows.len())
	for _, slot := range t.flows.heap {
		e := &t.flows.slots[slot]
		list = append(list, TrackedFlow{
			Flow: e.key.flow(e.opener), Opener: e.opener, State: e.conn.state,
			Idle: time.Duration(now - e.last), Left: time.Duration(e.last + t.timeout(e) - now),
		})
	}
	return list
}

// find returns the entry of k unless it has idled out.
func (t *Tracker) find(k flowKey, now int64) *entry {
	e := t.flows.find(k)
	if e != nil && t.idledOut(e, now) {
		t.remove(e)
		return nil
	}
	return e
}

// hit lets a packet of a tracked flow pass.
func (t *Tracker) hit(e *entry, dir Direction, p *packet.Packet, now int64) State {
	e.last = max(e.last, now)
	before := e.conn.state
	e.conn.advance(dir, p, e.key.proto)
	switch state := e.conn.state; {
	case state == Closed:
		t.remove(e)
		return Closed
	case state == Opening && before != Opening: // the ports are being used anew
		e.opener = dir
		t.flows.hasten(e, e.last+t.timeout(e))
	}
	return e.conn.state
}

func (t *Tracker) remove(e *entry) {
	cost := int(e.cost)
	t.flows.remove(e)
	t.budget.give(t, cost)
}

// sweepPerAdd is how many due entries are looked at when one is added. More than one, so that the table shrinks after a burst.
const sweepPerAdd = 4

// forget removes entries that have idled out, but looks at no more than most due ones.
func (t *Tracker) forget(now int64, most int) {
	for range most {
		e := t.flows.earliest()
		switch {
		case e == nil || e.due > now:
			return
		case t.idledOut(e, now):
			t.remove(e)
		default:
			t.flows.postpone(e, e.last+t.timeout(e))
		}
	}
}

// idledOut reports whether an entry's time is over: the idle time is the first moment at which it is no longer there.
func (t *Tracker) idledOut(e *entry, now int64) bool { return now-e.last >= t.timeout(e) }

// timeout is the idle time of an entry in its present state.
func (t *Tracker) timeout(e *entry) int64 {
	limits := &t.timeouts
	if limits.UDP == 0 { // the zero Tracker
		*limits = limits.OrDefault()
	}
	switch {
	case e.key.proto == packet.TCP && e.conn.state == Opening:
		return int64(tcpHandshakeTimeout)
	case e.key.proto == packet.TCP:
		return int64(limits.TCPEstablished)
	case e.conn.state == Stream:
		return int64(limits.UDPStream)
	case e.key.proto == packet.UDP:
		return int64(limits.UDP)
	case e.key.proto.IsICMP():
		return int64(icmpTimeout)
	}
	return int64(otherTimeout)
}
