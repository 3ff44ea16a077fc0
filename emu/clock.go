package emu

import (
	"sync/atomic"
	"time"
)

// Clock is a clock that only moves when told to, for tests of what idles out.
// The zero Clock stands at the Unix epoch. Use its Now as [Options.Now].
type Clock struct{ ns atomic.Int64 }

// Now is the time on the clock.
func (c *Clock) Now() time.Time { return time.Unix(0, c.ns.Load()) }

// Advance moves the clock forward.
func (c *Clock) Advance(d time.Duration) { c.ns.Add(int64(d)) }
