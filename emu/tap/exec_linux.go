package tap

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/vpcemu/vpcemu/internal/netns"
)

// Exec replaces this process by a program that runs on a host: in its network
// namespace, with its resolver, host name and view of /sys, as "ip netns exec" does.
// The files of this machine are the program's. It only returns with an error.
func (r *Run) Exec(host string, argv []string) error {
	if os.Geteuid() != 0 {
		return ErrNotRoot
	}
	path, err := exec.LookPath(argv[0])
	if err != nil {
		return err
	}
	runtime.LockOSThread() // execve takes this thread's namespaces over
	h, err := r.reach(host, reachWait)
	if err != nil {
		return err
	}
	if err := r.dress(h); err != nil {
		return fmt.Errorf("entering %s: %w", h.Name, err)
	}
	return &os.PathError{Op: "exec", Path: path, Err: unix.Exec(path, argv, os.Environ())}
}

// reachWait is how long the process of a run has to say where a host is now.
const reachWait = 10 * time.Second

// reach takes this thread to a host's network namespace. While the network comes up there
// are no hosts, and while a change is taken over state.json may name a file that is another
// namespace's by now, or none: it is read again until it is right.
func (r *Run) reach(host string, wait time.Duration) (*hostState, error) {
	for until := time.Now().Add(wait); ; time.Sleep(10 * time.Millisecond) {
		now, err := openRun(r.Name)
		if err != nil || !now.Alive() {
			return nil, fmt.Errorf("%s is %w", r.Name, ErrNotUp)
		}
		h, err := now.host(host)
		if err != nil && !errors.Is(err, errComing) {
			return nil, err
		}
		if err == nil {
			if err = h.enter(); err == nil {
				return h, nil
			}
			err = fmt.Errorf("entering %s: %w", h.Name, err)
		}
		if time.Now().After(until) {
			return nil, err
		}
	}
}

// errElsewhere is that a file is not, or no longer, the namespace of a host.
var errElsewhere = errors.New("its namespace is not where it was: a change is being taken over")

// enter takes this thread to a host's network namespace, or with an error to any.
func (h *hostState) enter() error {
	if err := netns.Enter(h.Namespace); err != nil {
		return err
	}
	cookie, err := netCookie()
	if err == nil && cookie != h.Cookie {
		err = errElsewhere
	}
	return err
}

// kernelName is as much of a host name as the kernel takes, 64 bytes.
func kernelName(hostname string) string {
	return strings.ToValidUTF8(hostname[:min(len(hostname), 64)], "")
}

// dress gives this thread what a host has besides its network.
func (r *Run) dress(h *hostState) error {
	if err := unix.Unshare(unix.CLONE_NEWNS | unix.CLONE_NEWUTS); err != nil {
		return err
	}
	if err := unix.Sethostname([]byte(kernelName(h.Hostname))); err != nil {
		return err
	}
	// What is mounted from here on is seen in this process only.
	if err := unix.Mount("", "/", "", unix.MS_SLAVE|unix.MS_REC, ""); err != nil {
		return err
	}
	resolv := filepath.Join(r.etc(h.Name), "resolv.conf")
	if err := unix.Mount(resolv, "/etc/resolv.conf", "", unix.MS_BIND, ""); err != nil && !errors.Is(err, unix.ENOENT) {
		return fmt.Errorf("/etc/resolv.conf: %w", err)
	}
	if unix.Unmount("/sys", unix.MNT_DETACH) == nil {
		_ = unix.Mount("sysfs", "/sys", "sysfs", 0, "") // shows the devices of the namespace
	}
	return nil
}
