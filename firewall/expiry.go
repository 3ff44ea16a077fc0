package firewall

// idledOut reports whether a record's time is over: the idle time is the first moment at which it is no longer there. What belongs to a
// tracker that has gone is over too. The shard is locked.
func (t *FlowTable) idledOut(s *shard, n uint32, now int64) bool {
	r, rest := s.record(n), s.tail(n)
	b := r.b.Load()
	tracker := t.trackerOf(trackerNumber(b))
	if tracker == nil {
		return true
	}
	if m := tracker.memory; m != nil && m.mappings != nil && m == &m.mappings.outside {
		return m.mappings.over(s, n, now)
	}
	last := r.last.Load()
	if rest.next() != 0 {
		last = t.lastOf(s.ref(n))
	}
	return now-last >= tracker.timeout(protoOf(b), unpackConn(rest.state()).state)
}

// forget takes a flow out of the table. The shard is locked.
func (t *FlowTable) forget(s *shard, n uint32) {
	r, rest := s.record(n), s.tail(n)
	if rest.next() != 0 || r.fast.Load() != 0 {
		t.part(s.ref(n))
	}
	number := trackerNumber(r.b.Load())
	if tracker := t.trackerOf(number); tracker != nil {
		tracker.budget.give(tracker, number, entries(rest.state()))
		tracker.memory.forgets(s, n)
	}
	s.remove(t, n)
}

// lookedAt is how many records a new flow may look at if none is free. Those that did not need to leave it to the ones after them, up to so
// many: else a table would grow whenever a few records in a row are in use, and so without end.
const (
	lookedAt   = 4
	lookedMost = 128
)

// expire sees to it that a record is free, if one of the next few has idled out. The shard is locked.
func (t *FlowTable) expire(s *shard, now int64) {
	s.looks = min(s.looks+lookedAt, lookedMost)
	if s.free != 0 || s.top == 0 {
		return
	}
	for looked := 0; s.looks > 0 && (looked < lookedAt || s.free == 0); looked++ {
		s.looks--
		s.hand = s.after(s.hand)
		if n := s.hand; s.rested(n, now) && t.idledOut(s, n, now) {
			t.forget(s, n)
		}
	}
	t.fetchAhead(s, now)
}

// fetchAhead fetches what expire will look at the next time, so that it need not wait: the places in the index of records that are here
// already, and the records after those.
func (t *FlowTable) fetchAhead(s *shard, now int64) {
	n := s.hand
	for range lookedAt {
		if n = s.after(n); s.rested(n, now) {
			s.index.Load().fetch(t.hashOf(s.record(n)))
		}
	}
	for range lookedAt {
		n = s.after(n)
		s.fetch(n)
	}
}

// rested reports whether a record may have idled out: no idle time is less.
func (s *shard) rested(n uint32, now int64) bool {
	r := s.record(n)
	return r.b.Load() != 0 && now-r.last.Load() >= FastIdle
}

// after is the next record, free or not.
func (s *shard) after(n uint32) uint32 {
	if n >= s.top {
		return 1
	}
	return n + 1
}

// evictable is how many records a new flow looks at for one whose place it may take.
const evictable = 64

// evict forgets a flow that is not established, and reports whether there was one near. The shard is locked.
func (t *FlowTable) evict(s *shard) bool {
	for range min(evictable, s.top) {
		s.hand = s.after(s.hand)
		if n := s.hand; s.record(n).b.Load() != 0 && unpackConn(s.tail(n).state()).state == Opening {
			t.forget(s, n)
			return true
		}
	}
	return false
}

// Clear forgets all flows. Trackers and memories stay.
func (t *FlowTable) Clear() {
	for i := range t.shards {
		s := &t.shards[i]
		s.mu.Lock()
		for n := uint32(1); n <= s.top && s.used > 0; n++ {
			if s.record(n).b.Load() != 0 {
				t.forget(s, n)
			}
		}
		s.mu.Unlock()
	}
}

// sweep visits every record and forgets those that have idled out. It is for people, and for an instance that tracks as many flows as it may.
func (t *FlowTable) sweep(now int64, visit func(*shard, uint32, *flowKey)) {
	for i := range t.shards {
		s := &t.shards[i]
		s.mu.Lock()
		for n := uint32(1); n <= s.top; n++ {
			switch {
			case s.record(n).b.Load() == 0:
			case t.idledOut(s, n, now):
				t.forget(s, n)
			default:
				k := s.keyOf(n)
				visit(s, n, &k)
			}
		}
		s.mu.Unlock()
	}
}
