package firewall

import (
	"sync"
	"sync/atomic"
)

// numbers gives the trackers of a table the numbers by which keys name them; 0 is nobody's. Reading takes no lock.
type numbers struct {
	list atomic.Pointer[[]*atomic.Pointer[Tracker]]

	mu   sync.Mutex
	free []uint32
	gone []uint32 // given back, but maybe still in records
}

// mostGone is how many numbers may be gone before the records are searched for them, so that they can be given again.
const mostGone = 1 << 20

// give gives a tracker a number, unless it has one.
func (t *FlowTable) give(tracker *Tracker) {
	x := &t.trackers
	x.mu.Lock()
	defer x.mu.Unlock()
	if tracker.number.Load() != 0 {
		return
	}
	if len(x.free) == 0 && len(x.gone) >= mostGone {
		t.forgetGone()
		x.free, x.gone = x.gone, nil
	}
	list := []*atomic.Pointer[Tracker]{new(atomic.Pointer[Tracker])}
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
		n = uint32(len(list))
		list = append(list, new(atomic.Pointer[Tracker]))
		x.list.Store(&list)
	}
	list[n].Store(tracker)
	tracker.number.Store(n)
}

// takeBack takes a number from a tracker that has given it up.
func (t *FlowTable) takeBack(n uint32) {
	x := &t.trackers
	x.mu.Lock()
	defer x.mu.Unlock()
	(*x.list.Load())[n].Store(nil)
	x.gone = append(x.gone, n)
}

// trackerOf is the tracker that has a number, nil if none has it any more.
func (t *FlowTable) trackerOf(n uint32) *Tracker {
	if tracker := (*t.trackers.list.Load())[n].Load(); tracker != nil && tracker.number.Load() == n {
		return tracker
	}
	return nil
}

// forgetGone forgets all flows of trackers that are gone.
func (t *FlowTable) forgetGone() {
	for i := range t.shards {
		s := &t.shards[i]
		s.mu.Lock()
		for n := uint32(1); n <= s.top; n++ {
			if b := s.record(n).b.Load(); b != 0 && t.trackerOf(uint32(b)&maxTracker) == nil {
				t.forget(s, n)
			}
		}
		s.mu.Unlock()
	}
}
