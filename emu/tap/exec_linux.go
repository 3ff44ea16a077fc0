package tap

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"

	"golang.org/x/sys/unix"
)

// Exec replaces this process by a program that runs on a host: in its network
// namespace, with its resolver, host name and view of /sys, as "ip netns exec" does.
// The files of this machine are the program's. It only returns with an error.
func (r *Run) Exec(host string, argv []string) error {
	if os.Geteuid() != 0 {
		return ErrNotRoot
	}
	h, err := r.host(host)
	if err != nil {
		return err
	}
	if !r.Alive() {
		return fmt.Errorf("%s is %w", r.Name, ErrNotUp)
	}
	path, err := exec.LookPath(argv[0])
	if err != nil {
		return err
	}
	runtime.LockOSThread() // execve takes this thread's namespaces over
	if err := r.enter(h); err != nil {
		return fmt.Errorf("entering %s: %w", h.Name, err)
	}
	return &os.PathError{Op: "exec", Path: path, Err: unix.Exec(path, argv, os.Environ())}
}

// enter takes this thread to a host.
func (r *Run) enter(h *hostState) error {
	ns, err := unix.Open(h.Namespace, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(ns)
	if err := unix.Setns(ns, unix.CLONE_NEWNET); err != nil {
		return err
	}
	if err := unix.Unshare(unix.CLONE_NEWNS | unix.CLONE_NEWUTS); err != nil {
		return err
	}
	if err := unix.Sethostname([]byte(h.Hostname)); err != nil {
		return err
	}
	// What is mounted from here on is seen in this process only.
	if err := unix.Mount("", "/", "", unix.MS_SLAVE|unix.MS_REC, ""); err != nil {
		return err
	}
	resolv := filepath.Join(r.etc(fileName(h.Name)), "resolv.conf")
	if err := unix.Mount(resolv, "/etc/resolv.conf", "", unix.MS_BIND, ""); err != nil && !errors.Is(err, unix.ENOENT) {
		return fmt.Errorf("/etc/resolv.conf: %w", err)
	}
	if unix.Unmount("/sys", unix.MNT_DETACH) == nil {
		_ = unix.Mount("sysfs", "/sys", "sysfs", 0, "") // shows the devices of the namespace
	}
	return nil
}
