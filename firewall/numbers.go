package firewall

import (
	"sync"
	"sync/atomic"
)

// numbers gives the trackers of a table the numbers by which keys name them; 0 is nobody's. Reading takes no lock.
type numbers struct {
	list atomic.Pointer[[]*numbered]

	mu   sync.Mutex
	free []uint32
	gone []uint32 // given back, but maybe still in records
}

// numbered is who has a number. The realm stays when the tracker has gone, until there are no records of it.
type numbered struct {
	tracker atomic.Pointer[Tracker]
	realm   atomic.Uint32
}

// mostGone is how many numbers may be gone before the records are searched for them, so that they can be given again.
const mostGone = 1 << 20

// give gives a tracker a number, unless it has one.
func (t *FlowTable) give(tracker *Tracker) {
	x := &t.trackers
	x.mu.Lock()
	defer x.mu.Unlock()
	if tracker.number.Load() != 0 || tracker.closed.Load() {
		return
	}
	if len(x.free) == 0 && len(x.gone) >= mostGone {
		t.forgetGone()
		x.free, x.gone = x.gone, nil
	}
	list := []*numbered{new(numbered)}
	if p := x.list.Load(); p != nil {
		list = *p
	} else {
		for i := range t.shards {
			t.shards[i].id = uint32(i)
		}
	}
	var n uint32
	if last := len(x.free) - 1; last >= 0 {
		n, x.free = x.free[last], x.free[:last]
	} else {
		if n = uint32(len(list)); n > maxTracker {
			panic("firewall: more than 8,388,607 trackers in one table")
		}
		list = append(list, new(numbered))
		x.list.Store(&list)
	}
	list[n].realm.Store(tracker.realm)
	list[n].tracker.Store(tracker)
	tracker.number.Store(n)
}

// close sees to it that a tracker that loses its number gets no other.
func (t *FlowTable) close(tracker *Tracker) {
	t.trackers.mu.Lock()
	defer t.trackers.mu.Unlock()
	tracker.closed.Store(true)
}

// takeBack takes a number from a tracker that has given it up.
func (t *FlowTable) takeBack(n uint32) {
	x := &t.trackers
	x.mu.Lock()
	defer x.mu.Unlock()
	(*x.list.Load())[n].tracker.Store(nil)
	x.gone = append(x.gone, n)
}

// trackerOf is the tracker that has a number, nil if none has it any more.
func (t *FlowTable) trackerOf(n uint32) *Tracker {
	if tracker := (*t.trackers.list.Load())[n].tracker.Load(); tracker != nil && tracker.number.Load() == n {
		return tracker
	}
	return nil
}

// hashOf is the hash of the key that a record has.
func (t *FlowTable) hashOf(r *record) uint64 {
	b := r.b.Load()
	return hash(r.a.Load(), b, (*t.trackers.list.Load())[trackerNumber(b)].realm.Load())
}

// forgetGone forgets all flows of trackers that are gone.
func (t *FlowTable) forgetGone() {
	for i := range t.shards {
		s := &t.shards[i]
		s.mu.Lock()
		for n := uint32(1); n <= s.top; n++ {
			if b := s.record(n).b.Load(); b != 0 && t.trackerOf(trackerNumber(b)) == nil {
				t.forget(s, n)
			}
		}
		s.mu.Unlock()
	}
}
