//go:build unix

package bench

import (
	"time"

	"golang.org/x/sys/unix"
)

// CPUTime is what all threads of the process have spent, in the system too. On a machine that others use
// too, a second of the wall holds much that is not ours.
func CPUTime() time.Duration {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_PROCESS_CPUTIME_ID, &t); err != nil {
		return time.Since(started)
	}
	return time.Duration(t.Nano())
}
