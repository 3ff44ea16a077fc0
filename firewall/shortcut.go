package firewall

import (
	"iter"
	"math/bits"
	"slices"
	"time"
	"unsafe"

	"github.com/vpcemu/vpcemu/packet"
)

// A packet of a flow on which nothing changes need not be judged again. Once one has gone all its way and every record that it met is in a
// state in which the next packet like it will change nothing either, the sender's record gets a short cut: a number that tells the emulator
// what to do with packets like it, for as long as the network stays the same.
//
//	  ┌────────▶ app-1's record ─────▶ db-1's record ───┐      the records of one connection are a ring
//	  │          fast: to db-1         fast: to app-1   │
//	  └─────────────────────────────────────────────────┘
//
// The other records are not touched any more: they count as used whenever one of the ring was, through its short cut. Whatever else happens
// to one of them first settles this account. So an established packet costs one record.

// FastIdle is how long a flow may rest and still use its short cut. It is no longer than any idle time that tracked flows can have in the
// states in which they get one, so that neither end has forgotten the flow.
const (
	FastIdleTCP = int64(60 * time.Second)
	FastIdle    = int64(30 * time.Second)
)

// Join gives the flow of sender a short cut: [Look.Fast] finds action for its packets, which belong to the flows of others at the places
// that they come by. It counts in this epoch only: whoever changes the network, or flushes a tracker, begins another.
func (t *FlowTable) Join(sender Tracked, others []Tracked, epoch, action uint32) {
	unlock := t.lockAll(sender, others)
	defer unlock()
	t.rings.Lock()
	defer t.rings.Unlock()
	if !t.has(sender) {
		return
	}
	for _, o := range others {
		if !t.has(o) || o.at == sender.at {
			return
		}
	}
	if t.joined(sender, others) {
		// The packet came from the ring, so that the others' accounts stand as they did.
		for _, o := range others {
			if uint32(o.fast>>32) == epoch {
				t.record(o.at).fast.CompareAndSwap(0, o.fast)
			}
		}
	} else {
		t.cut(sender.at)
		for _, o := range others {
			t.cut(o.at)
		}
		last := sender.at
		for _, o := range others {
			t.tail(last).setNext(o.at)
			last = o.at
		}
		if last != sender.at {
			t.tail(last).setNext(sender.at)
		}
	}
	t.record(sender.at).fast.Store(uint64(epoch)<<32 | uint64(action))
}

// joined reports whether the records are a ring already. Others in it that are passive do not matter.
func (t *FlowTable) joined(sender Tracked, others []Tracked) bool {
	found := 0
	for r := range t.ring(sender.at) {
		switch {
		case slices.ContainsFunc(others, func(o Tracked) bool { return o.at == r }):
			found++
		case !t.passive(r):
			return false
		}
	}
	return found == len(others)
}

func (t *FlowTable) passive(r ref) bool {
	tracker := t.trackerOf(trackerNumber(t.record(r).b.Load()))
	return tracker != nil && tracker.passive
}

// maxRing is how many records a ring has at the most.
const maxRing = 4

// ring visits the other records of a ring. The rings are locked.
func (t *FlowTable) ring(r ref) iter.Seq[ref] {
	return func(yield func(ref) bool) {
		at := t.tail(r).next()
		for i := 1; at != 0 && at != r && i < maxRing; i++ {
			next := t.tail(at).next()
			if !yield(at) {
				return
			}
			at = next
		}
	}
}

// lockAll locks the shards of records, always in the same order.
func (t *FlowTable) lockAll(sender Tracked, others []Tracked) (unlock func()) {
	set := uint64(1) << (sender.at % shards)
	for _, o := range others {
		set |= 1 << (o.at % shards)
	}
	for left := set; left != 0; left &= left - 1 {
		t.shards[bits.TrailingZeros64(left)].mu.Lock()
	}
	return func() {
		for left := set; left != 0; left &= left - 1 {
			t.shards[bits.TrailingZeros64(left)].mu.Unlock()
		}
	}
}

// has reports whether a record is still that of an entry.
func (t *FlowTable) has(e Tracked) bool {
	if e == (Tracked{}) {
		return false
	}
	r := t.record(e.at)
	return r.a.Load() == e.a && r.b.Load() == e.b
}

// lastOf is when the last packet of a record's flow passed.
func (t *FlowTable) lastOf(r ref) int64 {
	t.rings.Lock()
	defer t.rings.Unlock()
	last := t.record(r).last.Load()
	for other := range t.ring(r) {
		if o := t.record(other); o.fast.Load() != 0 {
			last = max(last, o.last.Load())
		}
	}
	return last
}

// settle ends a record's short cut, after the packets that took it have been counted for the others, and returns what it was.
func (t *FlowTable) settle(r ref) (fast uint64) {
	own := t.record(r)
	if own.fast.Load() == 0 { // as that of a flow with few packets; Swap takes ten times as long
		return 0
	}
	t.rings.Lock()
	defer t.rings.Unlock()
	return t.account(r)
}

// account is settle with the rings locked.
func (t *FlowTable) account(r ref) (fast uint64) {
	own := t.record(r)
	if fast = own.fast.Swap(0); fast == 0 {
		return 0
	}
	for other := range t.ring(r) {
		t.record(other).touch(own.last.Load())
	}
	return fast
}

// touch notes that a packet passed.
func (r *record) touch(now int64) {
	for {
		last := r.last.Load()
		if last >= now || r.last.CompareAndSwap(last, now) {
			return
		}
	}
}

// part lets the records of a ring go their own ways.
func (t *FlowTable) part(r ref) {
	t.rings.Lock()
	defer t.rings.Unlock()
	t.cut(r)
}

// cut is part with the rings locked. Nobody leaves the table without it, so that what a ring leads to is of the ring.
func (t *FlowTable) cut(r ref) {
	t.account(r)
	for other := range t.ring(r) {
		t.account(other)
	}
	for other := range t.ring(r) {
		t.tail(other).setNext(0)
	}
	t.tail(r).setNext(0)
}

// Passive makes a tracker one that filters nothing: it only notes what passes (see [Tracker.Pass]), for as long as short cuts may rest.
func (t *FlowTable) Passive() *Tracker {
	m := t.NewMemory(0, time.Duration(FastIdleTCP), time.Duration(FastIdleTCP))
	m.tracker.passive = true
	m.tracker.ready()
	return &m.tracker
}

// Pass notes a packet of a flow where nothing tracks it but a short cut may begin: at the end of the network.
func (t *Tracker) Pass(f packet.Flow, now int64) Tracked {
	k := t.keyOf(Egress, f, f.Proto.IsICMP())
	h := k.hash(t.realm)
	s, n := t.lock(&k, h, now)
	defer s.mu.Unlock()
	if n == 0 {
		t.table.expire(s, now)
		if t.flushed(&k) {
			return Tracked{}
		}
		if n = s.insert(t.table, &k, h, now, packValue(0)); n == 0 {
			return Tracked{}
		}
	}
	t.table.settle(s.ref(n)) // it may have gone another way than those before
	s.record(n).touch(now)
	return Tracked{at: s.ref(n), a: k.a, b: k.b}
}

// Look is a look for a short cut, in three steps: for many packets, taking each step for all of them before the next lets the waits for
// memory overlap. A single packet takes the last step alone.
type Look struct {
	tracker    *Tracker
	key        flowKey
	hash       uint64
	index, old *index
	number     uint32 // of the record that may be the one
	found      *record
}

// Begin looks for a packet that leaves the interface of t, and that p was read from.
func (l *Look) Begin(t *Tracker, p *packet.Plain, b []byte) {
	l.tracker, l.index, l.number = t, nil, 0
	l.key.a, l.key.b = p.Addresses, uint64(p.Ports)<<32|uint64(p.Proto)<<24|uint64(t.number.Load())
	if p.Proto.IsICMP() {
		l.key.b |= echoPort << 32
	}
	if packet.IsWide(b) {
		l.key.widen(packet.Wide(b))
	}
	l.hash = l.key.hash(t.realm)
}

// Index fetches the packet's place in the index.
func (l *Look) Index() {
	s := l.tracker.table.shardOf(l.hash)
	l.index, l.old = s.index.Load(), s.old.Load()
	for _, x := range [...]*index{l.index, l.old} {
		x.fetch(l.hash)
	}
}

// Record fetches the record that the index names.
func (l *Look) Record() {
	if l.number = l.index.guess(l.hash); l.number == 0 {
		l.number = l.old.guess(l.hash)
	}
	if l.number == 0 {
		return
	}
	s := l.tracker.table.shardOf(l.hash)
	prefetch(unsafe.Pointer(s.record(l.number)))
	if l.key.v6() {
		s.prefetchWide(l.number)
	}
}

// guess is the first number in a hash's bucket that has its tag, 0 for none.
func (x *index) guess(h uint64) uint32 {
	if x == nil {
		return 0
	}
	b := &x.buckets[x.home(h)]
	for i := range b {
		place := b[i].Load()
		if n := numberIn(place); place == placeOf(h, n) && n != 0 || place == 0 {
			return n
		}
	}
	return 0
}

// Fast finds the short cut: its action, if it has one in this epoch and has not rested for the idle time. Whoever lets the packet take it
// says so by Pass. It takes no lock, and may miss a short cut that is being moved.
func (l *Look) Fast(epoch uint32, now, idle int64) (action uint32, ok bool) {
	s := l.tracker.table.shardOf(l.hash)
	n, r := l.number, (*record)(nil)
	if n != 0 {
		r = s.record(n)
	}
	if r == nil || r.b.Load() != l.key.b || r.a.Load() != l.key.a {
		if n = s.find(&l.key, l.hash); n == 0 {
			return 0, false
		}
		r = s.record(n)
	}
	if l.key.v6() && !s.holdsWide(n, &l.key) {
		return 0, false
	}
	fast, last := r.fast.Load(), r.last.Load()
	if uint32(fast>>32) != epoch || now-last >= idle || !s.holds(n, &l.key) {
		return 0, false
	}
	l.found = r
	return uint32(fast), true
}

// Pass counts the packet as passed, after Fast has found its short cut.
func (l *Look) Pass(now int64) {
	if now > l.found.last.Load() {
		l.found.last.Store(now)
	}
}
