package firewall

import (
	"time"
	"unsafe"

	"github.com/vpcemu/vpcemu/packet"
)

// A packet of a flow on which nothing changes need not be judged again. Once one has gone all its way, from an interface that tracks it to
// another that does, or out, the sender's record gets a short cut: a number that tells the emulator what to do with packets like it, for as
// long as the network stays the same.
//
// The record of the receiver is then the sender's peer, and is not touched any more: it counts as used whenever its peer was, through the
// peer's short cut. Whatever else happens to one of the two first settles this account. So an established packet costs one record.

// FastIdle is how long a flow may rest and still use its short cut. It is no longer than any idle time that tracked flows can have in the
// states in which they get one, so that neither end has forgotten the flow.
const (
	FastIdleTCP = int64(60 * time.Second)
	FastIdle    = int64(30 * time.Second)
)

// Join gives the flow of sender a short cut: [Look.Fast] finds action for its packets, which belong to receiver's flow at the other
// end; the zero receiver means that nobody tracks them there. It counts in this epoch only: whoever changes the network, or flushes a
// tracker, begins another.
func (t *FlowTable) Join(sender, receiver Tracked, epoch, action uint32) {
	if sender == (Tracked{}) || sender == receiver {
		return
	}
	unlock := t.lockBoth(sender.at, receiver.at)
	defer unlock()
	if !t.has(sender) || receiver != (Tracked{}) && !t.has(receiver) {
		return
	}
	if receiver != (Tracked{}) && (t.tail(sender.at).peer() != receiver.at || t.tail(receiver.at).peer() != sender.at) {
		t.part(sender.at)
		t.part(receiver.at)
		t.tail(sender.at).setPeer(receiver.at)
		t.tail(receiver.at).setPeer(sender.at)
	}
	t.record(sender.at).fast.Store(uint64(epoch)<<32 | uint64(action))
}

func (t *FlowTable) lockBoth(a, b ref) (unlock func()) {
	x, y := a%shards, b%shards
	if x > y {
		x, y = y, x
	}
	t.shards[x].mu.Lock()
	if x == y {
		return t.shards[x].mu.Unlock
	}
	t.shards[y].mu.Lock()
	return func() {
		t.shards[y].mu.Unlock()
		t.shards[x].mu.Unlock()
	}
}

// has reports whether a record is still that of an entry.
func (t *FlowTable) has(e Tracked) bool {
	r := t.record(e.at)
	return r.a.Load() == e.a && r.b.Load() == e.b
}

// lastOf is when the last packet of a record's flow passed.
func (t *FlowTable) lastOf(r ref) int64 {
	last := t.record(r).last.Load()
	if peer := t.tail(r).peer(); peer != 0 {
		if p := t.record(peer); p.fast.Load() != 0 {
			last = max(last, p.last.Load())
		}
	}
	return last
}

// settle ends a record's short cut, after the packets that took it have been counted for its peer.
func (t *FlowTable) settle(r ref) {
	own := t.record(r)
	if own.fast.Load() == 0 {
		return
	}
	own.fast.Store(0)
	if peer := t.tail(r).peer(); peer != 0 {
		t.record(peer).touch(own.last.Load())
	}
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

// part lets a record and its peer go their own ways.
func (t *FlowTable) part(r ref) {
	t.settle(r)
	if peer := t.tail(r).peer(); peer != 0 {
		t.settle(peer)
		t.tail(peer).setPeer(0)
		t.tail(r).setPeer(0)
	}
}

// Look is a look for a short cut, in three steps: for many packets, taking each step for all of them before the next lets the waits for
// memory overlap. A single packet takes the last step alone.
type Look struct {
	tracker *Tracker
	a, b    uint64
	hash    uint64
	bucket  *bucket
}

// Begin looks for a packet that leaves the interface of t, by what [packet.Plain] has of it.
func (l *Look) Begin(t *Tracker, p *packet.Plain) {
	l.tracker = t
	l.a, l.b = p.Addresses, uint64(p.Ports)<<32|uint64(p.Proto)<<24|uint64(t.number.Load())
	l.hash = hash(l.a, l.b)
}

// Index fetches the packet's place in the index.
func (l *Look) Index() {
	if x := l.tracker.table.shardOf(l.hash).index.Load(); x != nil {
		l.bucket = &x.buckets[x.home(l.hash)]
		prefetch(unsafe.Pointer(l.bucket))
	}
}

// Record fetches the record that the index names.
func (l *Look) Record() {
	if l.bucket == nil {
		return
	}
	for i := range l.bucket {
		place := l.bucket[i].Load()
		if place == 0 {
			return
		}
		if place>>32 == tagOf(l.hash) && uint32(place) != 0 {
			prefetch(unsafe.Pointer(l.tracker.table.shardOf(l.hash).record(uint32(place))))
			return
		}
	}
}

// Fast finds the short cut: its action, if it has one in this epoch and has not rested for the idle time. The packet then counts as passed.
// It takes no lock, and may miss a short cut that is being moved.
func (l *Look) Fast(epoch uint32, now, idle int64) (action uint32, ok bool) {
	k := flowKey{a: l.a, b: l.b}
	s := l.tracker.table.shardOf(l.hash)
	n := s.find(&k, l.hash)
	if n == 0 {
		return 0, false
	}
	r := s.record(n)
	fast, last := r.fast.Load(), r.last.Load()
	if uint32(fast>>32) != epoch || now-last >= idle || r.b.Load() != k.b || r.a.Load() != k.a {
		return 0, false
	}
	if now > last {
		r.last.Store(now)
	}
	return uint32(fast), true
}
