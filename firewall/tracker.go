package firewall

import (
	"iter"
	"sync"
	"sync/atomic"
	"time"

	"github.com/vpcemu/vpcemu/packet"
)

// Tracker remembers the flows of one interface (SG-26, SG-47). The zero Tracker has AWS's timeouts, no limit and a table of its own.
// It must not be copied. All methods are safe for concurrent use; now is in nanoseconds on the caller's clock.
//
// Packets come with their flow, which has the ports the interface sees: NAT or [Fragments] may know them better than the packet.
// The key of a flow is the protocol, both addresses, and for TCP and UDP both ports. For ICMP it is the addresses and the identifier,
// so that a request and its reply are one flow; ICMP messages without identifier have identifier 0. Other protocols have neither (SG-36).
type Tracker struct {
	once     sync.Once
	table    *FlowTable
	number   atomic.Uint32 // in the table; 0 after a flush, and then another, so that the records of before are nobody's
	passive  bool
	closed   atomic.Bool // it gets no number any more
	realm    uint32
	timeouts atomic.Pointer[Timeouts]
	memory   *Memory // that it is the tracker of, nil for an interface's
	budget   *Budget
	held     int // flows that count against the budget; the budget is locked
}

// NewTracker returns a tracker whose flows count against the budget of its instance; nil means no limit.
func NewTracker(timeouts Timeouts, budget *Budget) *Tracker {
	return budget.ownTable().NewTracker(timeouts, budget)
}

// NewTracker is the package's NewTracker with flows in this table, which interfaces that send to each other share.
func (t *FlowTable) NewTracker(timeouts Timeouts, budget *Budget) *Tracker {
	return t.NewTrackerIn(0, timeouts, budget)
}

// NewTrackerIn is [FlowTable.NewTracker] for an interface of a realm: a number for what has its addresses to itself, as a VPC has. The two
// ends of a flow inside one realm are found faster. Nothing else depends on it: realms may have the same number.
func (t *FlowTable) NewTrackerIn(realm uint32, timeouts Timeouts, budget *Budget) *Tracker {
	tracker := &Tracker{table: t, budget: budget, realm: realm}
	tracker.SetTimeouts(timeouts)
	tracker.ready()
	return tracker
}

// Table is the one that the tracker's flows stand in.
func (t *Tracker) Table() *FlowTable { return t.table }

// Realm is what was given to [FlowTable.NewTrackerIn].
func (t *Tracker) Realm() uint32 { return t.realm }

// ready gives the tracker a number in its table: at first, and after a flush.
func (t *Tracker) ready() {
	if t.number.Load() != 0 {
		return
	}
	t.once.Do(func() {
		if t.table == nil { // the zero Tracker
			t.table = new(FlowTable)
			t.SetTimeouts(Timeouts{})
		}
	})
	t.table.give(t)
}

// Hit is what [Query.Find] says of a packet's flow.
type Hit struct {
	State State // after the packet; Untracked if there is no entry
	// Entry names the flow if the packet changed nothing but its time, and one like it will not either: see [FlowTable.Join].
	Entry Tracked
}

// Tracked names a tracked flow at one interface; the zero Tracked none.
type Tracked struct {
	at   ref
	a, b uint64 // the key that it had
	fast uint64 // the short cut that its own packets had, for a packet that arrives
}

// Query is a packet that crosses an interface, and what a tracker needs of it to find its flow.
type Query struct {
	t   *Tracker
	p   *packet.Packet
	dir Direction
	key flowKey
	at  uint64 // hash of the key
	// How many flows the shard had been given when Find found none; 0 if it has not looked. As long as there are no more, Add need not look.
	none    uint64
	failure bool // an ICMP error, or a later fragment of one
}

// Query asks about a packet of flow f.
func (t *Tracker) Query(dir Direction, p *packet.Packet, f packet.Flow) (q Query) {
	t.ready()
	q.t, q.p, q.dir = t, p, dir
	q.key.set(t, dir, &f, f.Proto.IsICMP() && isEcho(p, f))
	q.at = q.key.hash(t.realm)
	q.failure = p.IsICMPError()
	return q
}

// First tells of a later fragment of flow f what only the header of the first one says: whether it is an ICMP echo, or an error (SG-53).
func (q *Query) First(f packet.Flow, h Header) {
	if !f.Proto.IsICMP() {
		return
	}
	echo, _, failure := packet.ICMPKind(f.Proto, h.ICMPType)
	q.key = q.t.keyOf(q.dir, f, echo)
	q.at = q.key.hash(q.t.realm)
	q.failure = failure
}

// Lookup looks for the flow of a packet that crosses the interface. If it is tracked, the packet may pass (SG-26) and keeps the flow
// alive (ORDER-5): Lookup returns the flow's state after the packet. Otherwise it returns Untracked and the rules decide.
//
// An ICMP error is never part of a flow; see [Tracker.Related].
func (t *Tracker) Lookup(dir Direction, p *packet.Packet, f packet.Flow, now int64) State {
	return t.Find(dir, p, f, now).State
}

// Find is Lookup for those who want to know more.
func (t *Tracker) Find(dir Direction, p *packet.Packet, f packet.Flow, now int64) Hit {
	q := t.Query(dir, p, f)
	return q.Find(now)
}

// Find is [Tracker.Find] of the packet asked about.
func (q *Query) Find(now int64) Hit {
	if q.failure {
		return Hit{}
	}
	s, n := q.t.lock(&q.key, q.at, now)
	defer s.mu.Unlock()
	if n == 0 {
		q.none = s.count + 1
		return Hit{}
	}
	return q.t.hit(s, n, q.dir, q.p, now)
}

// isEcho reports whether a packet of flow f is an ICMP echo. A later fragment does not say so itself, but has the identifier, unless
// that is 0: see [Query.First].
func isEcho(p *packet.Packet, f packet.Flow) bool {
	_, _, echo := p.ICMPEcho()
	return echo || p.IsLaterFragment() && f.SrcPort != 0
}

// Related reports whether an ICMP error that crosses the interface is about a tracked flow and may pass (SG-45). Embedded is the flow
// of the packet it quotes, as [packet.Packet.EmbeddedFlow] returns it. The error does not keep the flow alive (ORDER-5).
func (t *Tracker) Related(dir Direction, embedded packet.Flow, now int64) bool {
	t.ready()
	// What an arriving error quotes had left, and the other way round.
	for _, echo := range []bool{true, false} {
		k := t.keyOf(1-dir, embedded, echo)
		s, n := t.lock(&k, k.hash(t.realm), now)
		s.mu.Unlock()
		if n != 0 {
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
	q := t.Query(dir, p, f)
	return q.Add(now)
}

// AddTwo is Add for a flow that takes two entries of what the instance may have, as one through a gateway endpoint to DynamoDB does
// (SG-35).
func (t *Tracker) AddTwo(dir Direction, p *packet.Packet, f packet.Flow, now int64) bool {
	q := t.Query(dir, p, f)
	return q.AddTwo(now)
}

// Add is [Tracker.Add] of the packet asked about.
func (q *Query) Add(now int64) bool { return q.track(now, 0) }

// AddTwo is [Tracker.AddTwo] of the packet asked about.
func (q *Query) AddTwo(now int64) bool { return q.track(now, costsTwo) }

func (q *Query) track(now int64, cost uint32) bool {
	if q.failure || q.key.proto() == packet.TCP && q.p.Flags.Has(packet.RST) {
		return true
	}
	return q.add(now, cost) || q.t.budget.reclaim(q.t.table, now) && q.add(now, cost)
}

func (q *Query) add(now int64, cost uint32) bool {
	t, k := q.t, &q.key
	s := t.table.shardOf(q.at)
	s.mu.Lock()
	defer s.mu.Unlock()
	if q.none != s.count+1 {
		if n := t.live(s, k, q.at, now); n != 0 { // another packet of the flow was faster
			t.hit(s, n, q.dir, q.p, now)
			return true
		}
	}
	if t.flushed(k) {
		return true // the flow is nobody's
	}
	t.table.expire(s, now)
	if !t.budget.take(t, k.tracker(), entries(cost)) {
		return false
	}
	c := openConn(q.dir, q.p, k.proto())
	state := c.pack() | packOpener(q.dir) | cost
	n := t.table.admit(s, k, q.at, now, state)
	if n == 0 {
		t.budget.give(t, k.tracker(), entries(cost))
		return false
	}
	s.remember(n, &c)
	return true
}

// lock locks the shard of a key and finds its record, 0 if there is none or it has idled out.
func (t *Tracker) lock(k *flowKey, h uint64, now int64) (*shard, uint32) {
	s := t.table.shardOf(h)
	s.mu.Lock()
	return s, t.live(s, k, h, now)
}

// live finds the record of a key in its shard, which is locked.
func (t *Tracker) live(s *shard, k *flowKey, h uint64, now int64) uint32 {
	n := s.find(k, h)
	if n != 0 && t.table.idledOut(s, n, now) {
		t.table.forget(s, n)
		return 0
	}
	return n
}

// Len is how many flows are tracked. It forgets those that have idled out.
func (t *Tracker) Len(now int64) int {
	t.ready()
	n := 0
	number := t.number.Load()
	t.table.sweep(now, func(_ *shard, _ uint32, k *flowKey) {
		if k.tracker() == number {
			n++
		}
	})
	return n
}

// flushed reports whether a key is one of before a flush, or of a tracker that is closed.
func (t *Tracker) flushed(k *flowKey) bool {
	return k.tracker() == 0 || k.tracker() != t.number.Load()
}

// Close forgets every flow and tracks no other: the interface is there no more. A packet that is still under way, in the network as it was,
// passes untracked.
func (t *Tracker) Close() {
	t.ready()
	t.table.close(t)
	t.Flush()
}

// Flush forgets every flow: the interface was detached or its instance stopped (SG-50).
func (t *Tracker) Flush() {
	t.ready()
	if n := t.budget.giveAll(t); n != 0 {
		t.table.takeBack(n)
	}
}

// Expire forgets the flows that have idled out, which longer idle times would bring back otherwise (SG-37 to SG-41).
func (t *Tracker) Expire(now int64) { t.Len(now) }

// Timeouts are the idle times in force.
func (t *Tracker) Timeouts() Timeouts { return *t.timeouts.Load() }

// SetTimeouts changes the idle times, also of the flows tracked now.
func (t *Tracker) SetTimeouts(timeouts Timeouts) {
	timeouts = timeouts.OrDefault()
	t.timeouts.Store(&timeouts)
	t.budget.hasten()
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
	t.ready()
	var list []TrackedFlow
	number := t.number.Load()
	t.table.sweep(now, func(s *shard, n uint32, k *flowKey) {
		if k.tracker() != number {
			return
		}
		state := s.tail(n).state()
		c, opener, last := unpackConn(state), unpackOpener(state), t.table.lastOf(s.ref(n))
		list = append(list, TrackedFlow{
			Flow: k.flow(opener), Opener: opener, State: c.state,
			Idle: time.Duration(now - last), Left: time.Duration(last + t.timeout(k.proto(), c.state) - now),
		})
	})
	return list
}

// hit lets a packet of a tracked flow pass.
func (t *Tracker) hit(s *shard, n uint32, dir Direction, p *packet.Packet, now int64) Hit {
	r := s.record(n)
	fast := t.table.settle(s.ref(n))
	if dir == Egress {
		fast = 0
	}
	r.last.Store(max(r.last.Load(), now))
	k := s.keyOf(n)
	before := s.tail(n).state()
	c := unpackConn(before)
	if c.fin != 0 {
		c.finEnd = s.fins[n]
	}
	was := c.state
	c.advance(dir, p, k.proto())
	if c.state == Closed {
		t.table.forget(s, n)
		return Hit{State: Closed}
	}
	after := before&^connMask | c.pack()
	if c.state == Opening && was != Opening { // the ports are being used anew
		after = after&^openerMask | packOpener(dir)
	}
	if after == before && (k.proto() != packet.TCP || c.state == Established) {
		return Hit{c.state, Tracked{s.ref(n), k.a, k.b, fast}}
	}
	t.table.part(s.ref(n)) // packets of the other side may mean something else now
	s.tail(n).setState(after)
	s.remember(n, &c)
	return Hit{State: c.state}
}

// timeout is the idle time of a flow in a state.
func (t *Tracker) timeout(proto packet.Proto, state State) int64 {
	if t.memory != nil {
		return t.memory.idle(proto)
	}
	limits := t.timeouts.Load()
	switch {
	case proto == packet.TCP && state == Opening:
		return int64(tcpHandshakeTimeout)
	case proto == packet.TCP:
		return int64(limits.TCPEstablished)
	case state == Stream:
		return int64(limits.UDPStream)
	case proto == packet.UDP:
		return int64(limits.UDP)
	case proto.IsICMP():
		return int64(icmpTimeout)
	}
	return int64(otherTimeout)
}
