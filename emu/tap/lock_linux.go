package tap

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/sys/unix"
)

// errHeld is that another process has the lock of a run.
var errHeld = errors.New("the lock is held")

// claim takes the lock of a run, whose files are the caller's until it closes it. If
// create is false the lock must be there.
func (r *Run) claim(create bool) (*os.File, error) {
	flags := os.O_RDWR
	if create {
		flags |= os.O_CREATE
	}
	for tries := 1; ; tries++ {
		var err error
		if create {
			err = os.MkdirAll(r.dir, 0o700)
		}
		var lock *os.File
		if err == nil {
			lock, err = os.OpenFile(r.file("lock"), flags, 0o600)
		}
		if create && tries < 100 && (errors.Is(err, os.ErrNotExist) || errors.Is(err, os.ErrExist)) {
			continue // who had the lock has removed the folder just now
		}
		if err != nil {
			return nil, err
		}
		if unix.FcntlFlock(lock.Fd(), unix.F_OFD_SETLK, &unix.Flock_t{Type: unix.F_WRLCK}) != nil {
			lock.Close()
			return nil, errHeld
		}
		if r.isLock(r.file("lock"), lock) {
			return lock, nil
		}
		lock.Close() // who had it has removed it, and there may be another
	}
}

// isLock reports whether a path leads to an open lock.
func (r *Run) isLock(path string, lock *os.File) bool {
	there, err := os.Stat(path)
	if err != nil {
		return false
	}
	open, err := lock.Stat()
	return err == nil && os.SameFile(there, open)
}

// holder is the process that has the lock of a run, nil while it has not said so. What
// a dead one has said does not count, even if another process has its number now.
func (r *Run) holder() *os.Process {
	now, err := openRun(r.Name)
	if err != nil || now.state.PID <= 0 {
		return nil
	}
	p, err := os.FindProcess(now.state.PID)
	if err != nil {
		return nil
	}
	lock, err := os.Open(r.file("lock"))
	if err != nil {
		return nil
	}
	defer lock.Close()
	files, _ := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", p.Pid))
	if !slices.ContainsFunc(files, func(path string) bool { return r.isLock(path, lock) }) {
		return nil
	}
	return p
}

// clear removes the files of a run but its lock.
func (r *Run) clear() error {
	entries, err := os.ReadDir(r.dir)
	for _, e := range entries {
		if e.Name() != "lock" {
			err = errors.Join(err, os.RemoveAll(r.file(e.Name())))
		}
	}
	return err
}

// remove removes everything of a run, whose lock the caller has.
func (r *Run) remove() error {
	err := errors.Join(r.clear(), os.Remove(r.file("lock")))
	_ = os.Remove(r.dir)    // unless the next one is there already
	_ = os.Remove(folder()) // if it was the last one
	return err
}
