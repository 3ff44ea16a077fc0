package tap

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/vpcemu/vpcemu/internal/netns"
)

// grace is how long a process has to end after SIGTERM.
const grace = 2 * time.Second

// endProcesses ends what runs in the namespaces of a run: SIGTERM, and SIGKILL for
// what is still there after a while. It returns their names.
func (r *Run) endProcesses() []string {
	list := r.processes()
	for _, p := range list {
		_ = unix.Kill(p.pid, unix.SIGTERM)
	}
	ended := programs(list)
	for until := time.Now().Add(grace); ; time.Sleep(10 * time.Millisecond) {
		left := r.processes()
		if len(left) == 0 {
			return ended
		}
		if time.Now().After(until) {
			for _, p := range left {
				_ = unix.Kill(p.pid, unix.SIGKILL)
			}
		}
		if time.Now().After(until.Add(grace)) {
			return ended // in the kernel's hands
		}
	}
}

// process is one that runs on a host.
type process struct {
	pid  int
	name string
	host string
}

// String is "nginx (4711) on web-1".
func (p process) String() string { return fmt.Sprintf("%s (%d) on %s", p.name, p.pid, p.host) }

// programs are processes as people are told of them.
func programs(list []process) []string {
	var names []string
	for _, p := range list {
		names = append(names, p.String())
	}
	return names
}

// processes are those in the namespaces of a run. The number of a namespace that is
// gone may be another's by now, its cookie never.
func (r *Run) processes() []process {
	hosts := make(map[uint64]*hostState)
	for k := range r.state.Hosts {
		hosts[r.state.Hosts[k].Inode] = &r.state.Hosts[k]
	}
	if len(hosts) == 0 {
		return nil
	}
	var list []process
	entries, _ := os.ReadDir("/proc")
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil || pid == os.Getpid() {
			continue
		}
		ns := filepath.Join("/proc", e.Name(), "ns/net")
		inode, err := inodeOf(ns)
		if h := hosts[inode]; err == nil && h != nil && cookieOf(ns) == h.Cookie && !gone(pid) {
			list = append(list, process{pid, nameOf(pid), h.Name})
		}
	}
	return list
}

// cookieOf is the cookie of a namespace, 0 if it cannot be entered.
func cookieOf(path string) (cookie uint64) {
	_ = netns.OnThread(func() (err error) {
		if err := netns.Enter(path); err != nil {
			return err
		}
		cookie, err = netCookie()
		return err
	})
	return cookie
}

func nameOf(pid int) string {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pid))
	if err != nil {
		return "process"
	}
	return strings.TrimSpace(string(b))
}

// gone reports whether a process has ended, although its parent may not know yet.
func gone(pid int) bool {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return errors.Is(err, os.ErrNotExist)
	}
	state := string(b[bytes.LastIndexByte(b, ')')+1:]) // behind the name, which may have anything in it
	return strings.HasPrefix(state, " Z") || strings.HasPrefix(state, " X")
}
