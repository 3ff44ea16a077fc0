//go:build !unix

package bench

import "time"

// CPUTime is not known here: it is the time that passes.
func CPUTime() time.Duration { return time.Since(started) }
