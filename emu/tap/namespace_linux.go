package tap

import (
	"fmt"
	"os"
	"runtime"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"
)

// namespace is a network namespace that nothing but this process and those in it
// hold: it has no name.
type namespace struct {
	handle netns.NsHandle
	// inode and cookie tell it from all others, the cookie also from those that come
	// after it.
	inode, cookie uint64
}

// newNamespace makes a namespace in which only lo is up.
func newNamespace() (*namespace, error) {
	n := new(namespace)
	err := onThread(func() (err error) {
		if n.handle, err = netns.New(); err != nil {
			return fmt.Errorf("making a network namespace: %w", err)
		}
		if n.cookie, err = netCookie(); err != nil {
			return err
		}
		lo, err := netlink.LinkByName("lo")
		if err != nil {
			return err
		}
		return netlink.LinkSetUp(lo)
	})
	if err == nil {
		n.inode, err = inodeOf(fmt.Sprintf("/proc/self/fd/%d", n.handle))
	}
	if err != nil {
		n.close()
		return nil, err
	}
	return n, nil
}

// do runs f in the namespace. Sockets that it opens stay there.
func (n *namespace) do(f func() error) error {
	return onThread(func() error {
		if err := netns.Set(n.handle); err != nil {
			return fmt.Errorf("entering a network namespace: %w", err)
		}
		return f()
	})
}

func (n *namespace) close() { n.handle.Close() }

// onThread runs f on a thread of its own, which ends with it: nothing that f does to
// the thread outlasts it.
func onThread(f func() error) error {
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlock
		if unix.Gettid() == unix.Getpid() {
			defer runtime.UnlockOSThread() // but the main thread, which would stay as it is
			done <- onThread(f)
			return
		}
		done <- f()
	}()
	return <-done
}

// netCookie is the number of this thread's namespace, which no other ever has.
func netCookie() (uint64, error) {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return 0, err
	}
	defer unix.Close(fd)
	cookie, err := unix.GetsockoptUint64(fd, unix.SOL_SOCKET, unix.SO_NETNS_COOKIE)
	if err != nil {
		return 0, fmt.Errorf("asking for the cookie of a network namespace: %w", err)
	}
	return cookie, nil
}

func inodeOf(path string) (uint64, error) {
	var s unix.Stat_t
	if err := unix.Stat(path, &s); err != nil {
		return 0, &os.PathError{Op: "stat", Path: path, Err: err}
	}
	return s.Ino, nil
}

// sysctl sets a kernel setting of this thread's namespace.
func sysctl(name, value string) error {
	return os.WriteFile("/proc/sys/net/"+name, []byte(value), 0)
}
