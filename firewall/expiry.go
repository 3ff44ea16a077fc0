package firewall

// idledOut reports whether a record's time is over: the idle time is the first moment at which it is no longer there. What belongs to a
// tracker that has gone is over too. The shard is locked.
func (t *FlowTable) idledOut(s *shard, n uint32, now int64) bool {
	k := s.keyOf(n)
	tracker := t.trackerOf(k.tracker())
	if tracker == nil {
		return true
	}
	if m := tracker.memory; m != nil && m.mappings != nil && m == &m.mappings.outside {
		return m.mappings.over(s, n, now)
	}
	return now-t.lastOf(s.ref(n)) >= tracker.timeout(k.proto(), unpackConn(s.tail(n).state()).state)
}

// forget takes a flow out of the table. The shard is locked.
func (t *FlowTable) forget(s *shard, n uint32) {
	t.part(s.ref(n))
	number := uint32(s.record(n).b.Load()) & maxTracker
	if tracker := t.trackerOf(number); tracker != nil {
		tracker.budget.give(tracker, number, entries(s.tail(n).state()))
		tracker.memory.forgets(s, n)
	}
	s.remove(n)
}

// lookedAt is how many records every new flow looks at. More than one, so that what idles out in a burst makes room for the next.
const lookedAt = 4

// expire looks at the next few records, and forgets those that have idled out. The shard is locked.
func (t *FlowTable) expire(s *shard, now int64) {
	for range min(lookedAt, s.top) {
		n := s.next()
		r := s.record(n)
		if r.b.Load() != 0 && now-r.last.Load() >= FastIdle && t.idledOut(s, n, now) { // no idle time is less
			t.forget(s, n)
		}
	}
}

// next moves the hand to the next record, free or not.
func (s *shard) next() uint32 {
	if s.hand++; s.hand > s.top {
		s.hand = 1
	}
	return s.hand
}

// evictable is how many records a new flow looks at for one whose place it may take.
const evictable = 64

// evict forgets a flow that is not established, and reports whether there was one near. The shard is locked.
func (t *FlowTable) evict(s *shard) bool {
	for range min(evictable, s.top) {
		n := s.next()
		if s.record(n).b.Load() != 0 && unpackConn(s.tail(n).state()).state == Opening {
			t.forget(s, n)
			return true
		}
	}
	return false
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
