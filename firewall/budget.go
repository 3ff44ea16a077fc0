package firewall

import "sync"

// Budget limits the tracked flows of an instance over all its interfaces (SG-48). The zero Budget and a nil one limit nothing.
// Create one per instance and give it to each of the instance's trackers.
type Budget struct {
	// Limit is how many flows may be tracked at once; 0 means any number. Set it before use.
	Limit int

	mu    sync.Mutex
	used  int
	table *FlowTable
	// None of the flows will have idled out before quiet, as seen at looked; 0 if that is not known.
	looked, quiet int64
}

// Used is how many flows are tracked, with those that have idled out but are not yet forgotten.
func (b *Budget) Used() int {
	if b == nil {
		return 0
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.used
}

// take grants t one more flow of n entries, or refuses. A tracker that has another number by now has been flushed: the flow will be nobody's.
func (b *Budget) take(t *Tracker, number uint32, n int) bool {
	if b == nil {
		return true
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case t.number.Load() != number:
		return true
	case b.Limit > 0 && b.used+n > b.Limit:
		return false
	}
	b.used += n
	t.held += n
	return true
}

// give takes back the n entries of a flow that t has forgotten.
func (b *Budget) give(t *Tracker, number uint32, n int) {
	if b == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if t.number.Load() == number {
		b.used -= n
		t.held -= n
	}
}

// giveAll takes back all that t had, and its number.
func (b *Budget) giveAll(t *Tracker) (number uint32) {
	if b == nil {
		return t.number.Swap(0)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.used -= t.held
	t.held = 0
	return t.number.Swap(0)
}

// ownTable is a table for trackers that have no other.
func (b *Budget) ownTable() *FlowTable {
	if b == nil {
		return new(FlowTable)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.table == nil {
		b.table = new(FlowTable)
	}
	return b.table
}

// hasten says that flows may idle out sooner than it was thought.
func (b *Budget) hasten() {
	if b == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.quiet = 0
}

// reclaim forgets what has idled out on any of the interfaces, and reports whether something may have. Having looked at all flows it does
// not look again before one of them can have idled out.
func (b *Budget) reclaim(table *FlowTable, now int64) bool {
	if b == nil {
		return false // the table itself is full
	}
	b.mu.Lock()
	looked, quiet := b.looked, b.quiet
	b.mu.Unlock()
	if looked <= now && now < quiet { // a clock may go back
		return false
	}
	quiet = now + int64(tcpHandshakeTimeout)/2 // no flow of later idles out before
	table.sweep(now, func(s *shard, n uint32, k *flowKey) {
		if t := table.trackerOf(k.tracker()); t != nil && t.budget == b {
			quiet = min(quiet, table.lastOf(s.ref(n))+t.timeout(k.proto(), unpackConn(s.tail(n).state()).state))
		}
	})
	b.mu.Lock()
	defer b.mu.Unlock()
	b.looked, b.quiet = now, quiet
	return true
}
