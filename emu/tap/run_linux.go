package tap

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Run is a network that is up, or was when its process died, as other processes see
// it: a folder of files.
//
//	/run/vpcemu/NAME/lock           locked for as long as the process lives
//	                 state.json     its process and hosts
//	                 log            what a process says that runs in the background
//	                 socket         whoever connects gets a Look
//	                 etc/HOST/…     what takes the place of files of /etc there
type Run struct {
	Name  string
	dir   string
	state state
}

// state is what state.json says.
type state struct {
	Network string      `json:"network"`
	PID     int         `json:"pid"`
	Hosts   []hostState `json:"hosts"` // null while it comes up
}

type hostState struct {
	Name      string   `json:"name"`
	Names     []string `json:"names,omitempty"`
	Hostname  string   `json:"hostname"`
	Namespace string   `json:"namespace"` // a file to enter it by, while the process lives
	Inode     uint64   `json:"inode"`
	Cookie    uint64   `json:"cookie"`
}

// ErrNotUp is that no network of a name is up.
var ErrNotUp = errors.New("not up")

// folder is where runs are: $RUNTIME_DIRECTORY, as systemd sets it for a service, or
// /run/vpcemu.
func folder() string {
	if dir := os.Getenv("RUNTIME_DIRECTORY"); dir != "" {
		return dir
	}
	return "/run/vpcemu"
}

// Runs are the networks that are up, and those that died without being taken down, by
// name.
func Runs() ([]*Run, error) {
	entries, err := os.ReadDir(folder())
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	var runs []*Run
	for _, e := range entries {
		if r, err := openRun(e.Name()); err == nil {
			runs = append(runs, r)
		}
	}
	return runs, nil
}

// FindRun finds a run by name. If the name is empty it is the only one that is up, or if
// none is the only one that died.
func FindRun(name string) (*Run, error) {
	if name != "" {
		r, err := openRun(name)
		if errors.Is(err, os.ErrNotExist) {
			err = fmt.Errorf("%s is %w", name, ErrNotUp)
		}
		return r, err
	}
	runs, err := Runs()
	if err != nil {
		return nil, err
	}
	are := "are up"
	if alive := slices.DeleteFunc(slices.Clone(runs), func(r *Run) bool { return !r.Alive() }); len(alive) > 0 {
		runs = alive
	} else {
		are = "have died"
	}
	switch len(runs) {
	case 0:
		return nil, fmt.Errorf("networks are %w here: bring one up with \"vpcemu up NETWORK\"", ErrNotUp)
	case 1:
		return runs[0], nil
	}
	var names []string
	for _, r := range runs {
		names = append(names, r.Name)
	}
	return nil, fmt.Errorf("%s %s: say which", strings.Join(names, " and "), are)
}

// newRun is the run of a name, which there may be or not. A name leads nowhere else than
// to a folder of its own.
func newRun(name string) (*Run, error) {
	if name == "" || name == "." || name == ".." || strings.ContainsRune(name, '/') {
		return nil, fmt.Errorf("%q is no name of a network that is up", name)
	}
	return &Run{Name: name, dir: filepath.Join(folder(), name)}, nil
}

func openRun(name string) (*Run, error) {
	r, err := newRun(name)
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(r.file("lock")); err != nil {
		return nil, err
	}
	b, err := os.ReadFile(r.file("state.json"))
	if errors.Is(err, os.ErrNotExist) {
		return r, nil // died early, or has just begun
	}
	if err == nil {
		err = json.Unmarshal(b, &r.state)
	}
	return r, err
}

func (r *Run) file(name string) string { return filepath.Join(r.dir, name) }

// Alive reports whether the process of the run lives.
func (r *Run) Alive() bool {
	f, err := os.OpenFile(r.file("lock"), os.O_RDWR, 0)
	if err != nil {
		return false
	}
	defer f.Close()
	lock := unix.Flock_t{Type: unix.F_WRLCK}
	return unix.FcntlFlock(f.Fd(), unix.F_OFD_GETLK, &lock) == nil && lock.Type != unix.F_UNLCK
}

// PID is the process of the run.
func (r *Run) PID() int { return r.state.PID }

// Network is what was brought up, as it was named there.
func (r *Run) Network() string { return r.state.Network }

// Hosts are the names of those who have a namespace.
func (r *Run) Hosts() []string {
	var names []string
	for _, h := range r.state.Hosts {
		names = append(names, h.Name)
	}
	return names
}

// errComing is that a run has begun and has no hosts yet.
var errComing = errors.New("still coming up")

// host finds a host by a name that only it has.
func (r *Run) host(name string) (*hostState, error) {
	switch {
	case r.state.Hosts == nil:
		return nil, fmt.Errorf("%s is %w", r.Name, errComing)
	case len(r.state.Hosts) == 0:
		return nil, fmt.Errorf("%s has no hosts", r.Name)
	}
	var found []*hostState
	for k := range r.state.Hosts {
		h := &r.state.Hosts[k]
		if h.Name == name {
			return h, nil
		}
		if slices.Contains(h.Names, name) {
			found = append(found, h)
		}
	}
	if len(found) == 1 {
		return found[0], nil
	}
	return nil, fmt.Errorf("%s has no namespace %q: want %s", r.Name, name, strings.Join(r.Hosts(), ", "))
}

// Look asks the run what has passed.
func (r *Run) Look() (Look, error) {
	var l Look
	c, err := net.DialTimeout("unix", r.file("socket"), time.Second)
	if err != nil {
		return l, fmt.Errorf("%s is %w", r.Name, ErrNotUp)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(5 * time.Second))
	err = json.NewDecoder(c).Decode(&l)
	return l, err
}

// save writes state.json.
func (r *Run) save() error {
	b, err := json.MarshalIndent(&r.state, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(r.file("state.new"), b, 0o600); err != nil {
		return err
	}
	return os.Rename(r.file("state.new"), r.file("state.json"))
}

// etc is the folder with what takes the place of files of /etc on a host.
func (r *Run) etc(host string) string { return filepath.Join(r.dir, "etc", fileName(host)) }

func (r *Run) writeEtc(h *Host) error {
	dir := r.etc(h.Name)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	text := "# No resolver here.\n"
	if h.Resolver != (netip.Addr{}) {
		text = fmt.Sprintf("search %s\nnameserver %s\n", h.Search, h.Resolver)
	}
	return rewrite(filepath.Join(dir, "resolv.conf"), text)
}

// rewrite makes a file of a host what it should be. It stays the same file, which is
// mounted where programs run, and is never empty for those that read it just now.
func rewrite(path, text string) (err error) {
	if b, err := os.ReadFile(path); err == nil && string(b) == text {
		return nil
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE, 0o644)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if _, err := f.WriteString(text); err != nil {
		return err
	}
	return f.Truncate(int64(len(text)))
}

// fileName is a host's name without what file names have not. No two have the same.
func fileName(host string) string {
	if host == "." || host == ".." {
		return strings.ReplaceAll(host, ".", "%2e")
	}
	return strings.NewReplacer("%", "%25", "/", "%2f").Replace(host)
}

// Down takes a run down: it asks its process to end and waits until it has, also if it
// has just begun. Of one that has died it takes away what is left. It returns what ran on
// the hosts, and has been ended.
func (r *Run) Down(wait time.Duration) (ended []string, err error) {
	if os.Geteuid() != 0 {
		return nil, ErrNotRoot
	}
	asked := 0
	for until := time.Now().Add(wait); ; time.Sleep(10 * time.Millisecond) {
		lock, err := r.claim(false)
		switch {
		case err == nil: // its process has died
			if left, err := openRun(r.Name); err == nil {
				if now := left.endProcesses(); asked == 0 {
					ended = now
				}
			}
			return ended, errors.Join(r.remove(), lock.Close())
		case errors.Is(err, os.ErrNotExist):
			return ended, nil
		case !errors.Is(err, errHeld):
			return nil, err
		}
		if p := r.holder(); p != nil && asked == 0 {
			if now, err := openRun(r.Name); err == nil {
				ended = programs(now.processes()) // which its process ends
			}
			if err := p.Signal(unix.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
				return nil, fmt.Errorf("asking process %d to end: %w", p.Pid, err)
			}
			asked = p.Pid
		} else if p != nil && p.Pid != asked {
			return ended, nil // the next one is there already
		}
		if time.Now().After(until) && asked == 0 {
			return nil, errors.New("its process does not say which it is")
		}
		if time.Now().After(until) {
			return nil, fmt.Errorf("process %d does not end", asked)
		}
	}
}
