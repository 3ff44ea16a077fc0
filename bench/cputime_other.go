//go:build !unix

package bench

import "time"

// cpuTime is not known here: it is the time that passes.
func cpuTime() time.Duration { return time.Since(started) }
