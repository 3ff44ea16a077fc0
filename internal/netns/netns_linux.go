package netns

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"

	"golang.org/x/sys/unix"
)

// Namespace is one that this process holds open. It must be closed.
type Namespace struct{ file *os.File }

// New makes a namespace in which there is only lo, which is down. It needs root.
func New() (*Namespace, error) {
	n := new(Namespace)
	err := OnThread(func() (err error) {
		if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
			return fmt.Errorf("making a network namespace: %w", os.NewSyscallError("unshare", err))
		}
		n.file, err = os.Open("/proc/thread-self/ns/net")
		return err
	})
	if err != nil {
		return nil, err
	}
	return n, nil
}

// FD is the number of the namespace's file in this process.
func (n *Namespace) FD() int { return int(n.file.Fd()) }

// Close lets go of the namespace.
func (n *Namespace) Close() error { return n.file.Close() }

// Do runs f in the namespace, on a thread of its own. Sockets and devices that it opens stay there.
func (n *Namespace) Do(f func() error) error {
	return OnThread(func() error {
		if err := enter(n.FD()); err != nil {
			return err
		}
		return f()
	})
}

// OnThread runs f on a thread of its own, which ends with it: nothing that f does to the thread outlasts it. If f ends its goroutine,
// as a test that fails does, that is an error.
func OnThread(f func() error) error {
	done := make(chan error)
	go func() {
		err := errors.New("what ran on a thread of its own has ended its goroutine")
		defer func() { done <- err }()
		runtime.LockOSThread() // and never unlock
		if unix.Gettid() == unix.Getpid() {
			defer runtime.UnlockOSThread() // but the main thread, which would stay as it is
			err = OnThread(f)
			return
		}
		err = f()
	}()
	return <-done
}

// Enter takes this thread to the namespace of a file. The caller has locked the thread.
func Enter(path string) error {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if err != nil {
		return &os.PathError{Op: "open", Path: path, Err: err}
	}
	defer unix.Close(fd)
	return enter(fd)
}

func enter(fd int) error {
	if err := unix.Setns(fd, unix.CLONE_NEWNET); err != nil {
		return fmt.Errorf("entering a network namespace: %w", os.NewSyscallError("setns", err))
	}
	return nil
}

// Sysctl writes settings of this thread's namespace, by their names below /proc/sys/net. Those that this kernel lacks do not matter.
func Sysctl(values map[string]string) error {
	for name, value := range values {
		if err := os.WriteFile(filepath.Join("/proc/sys/net", name), []byte(value), 0); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return nil
}
