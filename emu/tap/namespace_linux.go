package tap

import (
	"errors"
	"fmt"
	"os"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/vpcemu/vpcemu/internal/netns"
)

// namespace is a network namespace that nothing but this process and those in it
// hold: it has no name.
type namespace struct {
	*netns.Namespace
	// inode and cookie tell it from all others, the cookie also from those that come
	// after it.
	inode, cookie uint64
}

// newNamespace makes a namespace in which only lo is up.
func newNamespace() (*namespace, error) {
	made, err := netns.New()
	if err != nil {
		return nil, err
	}
	n := &namespace{Namespace: made}
	err = n.Do(func() (err error) {
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
		n.inode, err = inodeOf(n.path())
	}
	if err != nil {
		return nil, errors.Join(err, n.Close())
	}
	return n, nil
}

// path is where every process finds the namespace's file.
func (n *namespace) path() string { return fmt.Sprintf("/proc/%d/fd/%d", os.Getpid(), n.FD()) }

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
