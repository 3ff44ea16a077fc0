package firewall

import (
	"slices"
	"sync"
)

// Budget limits the tracked flows of an instance over all its interfaces (SG-48). The zero Budget and a nil one limit nothing.
// Create one per instance and give it to each of the instance's trackers.
type Budget struct {
	// Limit is how many flows may be tracked at once; 0 means any number. Set it before use.
	Limit int

	mu       sync.Mutex
	used     int
	trackers []*Tracker // those that hold flows
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

// take grants t one more flow that takes n entries, or refuses. t is locked; a Budget never locks a tracker while it is locked itself.
func (b *Budget) take(t *Tracker, n int) bool {
	if b == nil {
		return true
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.Limit > 0 && b.used+n > b.Limit {
		return false
	}
	b.used += n
	if t.flows.len() == 0 {
		b.trackers = append(b.trackers, t)
	}
	return true
}

// give takes back n entries; t is locked and has forgotten them.
func (b *Budget) give(t *Tracker, n int) {
	if b == nil || n == 0 {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.used -= n
	if t.flows.len() == 0 {
		b.trackers = slices.DeleteFunc(b.trackers, func(other *Tracker) bool { return other == t })
	}
}

// reclaim forgets what has idled out on any of the interfaces. No tracker is locked.
func (b *Budget) reclaim(now int64) {
	b.mu.Lock()
	trackers := slices.Clone(b.trackers)
	b.mu.Unlock()
	for _, t := range trackers {
		t.Len(now)
	}
}
