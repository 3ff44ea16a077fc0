package firewall

import "time"

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

// Join gives the flow of sender a short cut: [FlowTable.Fast] finds action for its packets, which belong to receiver's flow at the other
// end; the zero receiver means that nobody tracks them there. It counts in this epoch only: whoever changes the network, or flushes a
// tracker, begins another.
func (t *FlowTable) Join(sender, receiver Tracked, epoch, action uint32) {
	if sender == (Tracked{}) || sender == receiver {
		return
	}
	unlock := t.lockBoth(sender.at, receiver.at)
	defer unlock()
	r := t.at(sender)
	if r == nil {
		return
	}
	if p := t.at(receiver); p != nil {
		if r.peer() != receiver.at || p.peer() != sender.at {
			t.part(r)
			t.part(p)
			r.setPeer(receiver.at)
			p.setPeer(sender.at)
		}
	} else if receiver != (Tracked{}) {
		return
	}
	r.fast.Store(uint64(epoch)<<32 | uint64(action))
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

// at is the record of an entry, nil if it is another's by now.
func (t *FlowTable) at(e Tracked) *record {
	if e == (Tracked{}) {
		return nil
	}
	if r := t.record(e.at); r.a.Load() == e.a && r.b.Load() == e.b {
		return r
	}
	return nil
}

// peerOf is the record whose short cut stands for packets of r too, nil for none.
func (t *FlowTable) peerOf(r *record) *record {
	at := r.peer()
	if at == 0 {
		return nil
	}
	return t.record(at)
}

// lastOf is when the last packet of a record's flow passed.
func (t *FlowTable) lastOf(r *record) int64 {
	last := r.last.Load()
	if p := t.peerOf(r); p != nil && p.fast.Load() != 0 {
		last = max(last, p.last.Load())
	}
	return last
}

// settle ends a record's short cut, after the packets that took it have been counted for its peer.
func (t *FlowTable) settle(r *record) {
	if r.fast.Load() == 0 {
		return
	}
	r.fast.Store(0)
	if p := t.peerOf(r); p != nil {
		touch(p, r.last.Load())
	}
}

// touch notes that a packet passed.
func touch(r *record, now int64) {
	for {
		last := r.last.Load()
		if last >= now || r.last.CompareAndSwap(last, now) {
			return
		}
	}
}

// part lets a record and its peer go their own ways.
func (t *FlowTable) part(r *record) {
	t.settle(r)
	if p := t.peerOf(r); p != nil {
		t.settle(p)
		p.setPeer(0)
		r.setPeer(0)
	}
}

// Fast finds the short cut of an IPv4 packet that leaves an interface: its action, if it has one in this epoch and has not rested too long.
// The packet then counts as passed. It takes no lock, and may miss a short cut that is being moved.
//
// The packet must be like the one for which [FlowTable.Join] was called: whole, of TCP without SYN, FIN and RST, or of UDP.
func (t *Tracker) Fast(addresses uint64, ports uint32, proto uint8, epoch uint32, now, idle int64) (action uint32, ok bool) {
	if t.table == nil {
		return 0, false
	}
	k := flowKey{a: addresses, b: uint64(ports)<<32 | uint64(proto)<<24 | uint64(t.number.Load())}
	h := k.hash()
	s := t.table.shardOf(h)
	n := s.find(&k, h)
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
