package tap

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/vpcemu/vpcemu/internal/netns"
)

// begun is a run of another process that has the lock and sits until it is told to end.
// What it says of itself the test writes.
func begun(t *testing.T) (*Run, *exec.Cmd) {
	t.Helper()
	privileged(t)
	t.Setenv("RUNTIME_DIRECTORY", filepath.Join(t.TempDir(), "run"))
	r := &Run{Name: "net", dir: filepath.Join(folder(), "net")}
	lock, err := r.claim(true)
	require.NoError(t, err)
	c := exec.Command("sleep", "1000")
	c.ExtraFiles = []*os.File{lock} // the lock is its too, and goes with the last who has it
	require.NoError(t, c.Start())
	require.NoError(t, lock.Close())
	t.Cleanup(func() {
		_ = c.Process.Kill()
		_ = c.Wait()
	})
	return r, c
}

// TestDownAsksNobodyElse: only who has the lock is asked to end, whatever state.json
// says.
func TestDownAsksNobodyElse(t *testing.T) {
	other := exec.Command("sleep", "1000")
	require.NoError(t, other.Start())
	defer func() {
		_ = other.Process.Kill()
		_ = other.Wait()
	}()
	for _, c := range []struct {
		name, state string
	}{
		{"nothing yet", ""},
		{"no process", `{}`},
		{"process 0", `{"pid": 0}`},
		{"all processes", `{"pid": -1}`},
		{"who has the number of a dead one", `{"pid": ` + strconv.Itoa(other.Process.Pid) + `}`},
		{"half a state", `{"pid": `},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, _ := begun(t)
			if c.state != "" {
				require.NoError(t, os.WriteFile(r.file("state.json"), []byte(c.state), 0o600))
			}
			_, err := r.Down(0)
			assert.ErrorContains(t, err, "does not say")
			assert.FileExists(t, r.file("lock"))
			assert.NoError(t, unix.Kill(other.Process.Pid, 0))
			assert.False(t, gone(other.Process.Pid))
		})
	}
}

// TestDownWaitsForState: a run is taken down that says only later which process it is.
func TestDownWaitsForState(t *testing.T) {
	r, c := begun(t)
	done := make(chan error, 1)
	go func() {
		_, err := r.Down(soon)
		done <- err
	}()
	next := &Run{Name: r.Name, dir: r.dir, state: state{PID: c.Process.Pid}}
	require.NoError(t, next.save())
	_ = c.Wait()
	require.NoError(t, comes(t, done))
	assert.NoDirExists(t, r.dir)
}

// TestBeginSaysWho: the process is known before there is a host.
func TestBeginSaysWho(t *testing.T) {
	privileged(t)
	t.Setenv("RUNTIME_DIRECTORY", filepath.Join(t.TempDir(), "run"))
	o, _, err := Begin("net", "net.yaml")
	require.NoError(t, err)
	r, err := FindRun("net")
	require.NoError(t, err)
	assert.Equal(t, os.Getpid(), r.PID())
	if p := r.holder(); assert.NotNil(t, p) {
		assert.Equal(t, os.Getpid(), p.Pid)
	}
	_, err = o.Close()
	require.NoError(t, err)
	assert.NoDirExists(t, r.dir)
}

// TestDownLeavesNextAlone: what is left of a dead run is removed, and nothing of one
// that has taken its name since.
func TestDownLeavesNextAlone(t *testing.T) {
	dead, c := begun(t)
	require.NoError(t, (&Run{Name: dead.Name, dir: dead.dir, state: state{PID: c.Process.Pid}}).save())
	old, err := os.OpenFile(dead.file("lock"), os.O_RDWR, 0)
	require.NoError(t, err)
	defer old.Close()
	_ = c.Process.Kill()
	_ = c.Wait()
	_, err = dead.Down(soon)
	require.NoError(t, err)
	assert.NoDirExists(t, dead.dir)

	o, _, err := Begin("net", "net.yaml") // although the old lock is open
	require.NoError(t, err)
	assert.True(t, o.run.isLock(dead.file("lock"), o.lock))
	assert.False(t, o.run.isLock(dead.file("lock"), old))
	_, err = dead.claim(false)
	assert.ErrorIs(t, err, errHeld)
	assert.FileExists(t, dead.file("state.json"))
	require.NoError(t, os.Remove(dead.file("lock")))
	again, err := dead.claim(true)
	require.NoError(t, err, "the lock of a file that is gone holds nobody")
	assert.NoError(t, again.Close())
	_, err = o.Close()
	require.NoError(t, err)
	_, err = dead.Down(time.Second)
	assert.NoError(t, err, "and there is nothing")
}

// TestReach: nobody gets to another host than the one that was named, also while
// state.json is old.
func TestReach(t *testing.T) {
	up := bring(t, "three-tier")
	t.Setenv("RUNTIME_DIRECTORY", filepath.Join(t.TempDir(), "run"))
	o, _, err := Begin("net", "net.yaml")
	require.NoError(t, err)
	defer o.Close()
	_, err = o.Publish(up)
	require.NoError(t, err)
	null, err := os.Open("/dev/null")
	require.NoError(t, err)
	defer null.Close()
	r, err := FindRun("net")
	require.NoError(t, err)
	app, err := r.host("app-1")
	require.NoError(t, err)
	reach := func(wait time.Duration) (cookie uint64, err error) {
		err = netns.OnThread(func() error {
			if _, err := r.reach("web-1", wait); err != nil {
				return err
			}
			cookie, err = netCookie()
			return err
		})
		return cookie, err
	}
	for _, c := range []struct{ name, namespace string }{
		{"another host's", app.Namespace},
		{"another file", "/proc/self/fd/" + strconv.Itoa(int(null.Fd()))},
		{"no file", "/proc/self/fd/999999"},
	} {
		t.Run(c.name, func(t *testing.T) {
			old, err := openRun("net")
			require.NoError(t, err)
			web, err := old.host("web-1")
			require.NoError(t, err)
			web.Namespace = c.namespace
			require.NoError(t, old.save())
			_, err = reach(0)
			assert.ErrorContains(t, err, "entering web-1")
			var cookie uint64
			done := make(chan error)
			go func() {
				var err error
				cookie, err = reach(soon)
				done <- err
			}()
			_, err = o.Publish(up)
			require.NoError(t, err)
			require.NoError(t, comes(t, done))
			assert.Equal(t, web.Cookie, cookie)
		})
	}
	_, err = (&Run{Name: "other"}).reach("web-1", 0)
	assert.ErrorIs(t, err, ErrNotUp)
}

// TestHost_Coming: who asks for a host while a network comes up waits for it.
func TestHost_Coming(t *testing.T) {
	r, _ := begun(t)
	require.NoError(t, r.save())
	_, err := r.reach("web-1", 0)
	assert.EqualError(t, err, "net is still coming up")
	done := make(chan error)
	go func() {
		_, err := r.reach("web-1", soon)
		done <- err
	}()
	r.state.Hosts = []hostState{{Name: "app-1"}, {Name: "db-1"}}
	require.NoError(t, r.save())
	assert.EqualError(t, comes(t, done), `net has no namespace "web-1": want app-1, db-1`)
	_, err = (&Owner{run: r}).Publish(new(Net))
	require.NoError(t, err)
	_, err = r.reach("web-1", soon)
	assert.EqualError(t, err, "net has no hosts")
}

// TestPublish_Fails: what runs on a host that is gone is ended also if that cannot be written down.
func TestPublish_Fails(t *testing.T) {
	privileged(t)
	t.Setenv("RUNTIME_DIRECTORY", filepath.Join(t.TempDir(), "run"))
	o, _, err := Begin("net", "net.yaml")
	require.NoError(t, err)
	defer o.Close()
	ns, err := newNamespace()
	require.NoError(t, err)
	defer ns.Close()
	_, err = o.Publish(&Net{hosts: []*running{{Host: &Host{Name: "web-1"}, ns: ns}}})
	require.NoError(t, err)
	sleeper := exec.Command("sleep", "1000")
	require.NoError(t, ns.Do(sleeper.Start))
	go func() { _ = sleeper.Wait() }()
	defer func() { _ = sleeper.Process.Kill() }()
	require.NoError(t, os.Mkdir(o.run.file("state.new"), 0o700))
	ended, err := o.Publish(new(Net))
	assert.ErrorContains(t, err, "state.new: is a directory")
	assert.Equal(t, []string{"sleep (" + strconv.Itoa(sleeper.Process.Pid) + ") on web-1"}, ended)
}

// TestFindRun: a run that died is none of those that are up, and there to be taken down if
// it is the only one. No name leads out of the folder of runs.
func TestFindRun(t *testing.T) {
	alive, _ := begun(t)
	died := func(name string) *Run {
		r, err := newRun(name)
		require.NoError(t, err)
		lock, err := r.claim(true)
		require.NoError(t, err)
		require.NoError(t, lock.Close())
		return r
	}
	find := func(name, want string) {
		t.Helper()
		r, err := FindRun(name)
		if err != nil {
			assert.EqualError(t, err, want)
			return
		}
		assert.Equal(t, want, r.Name)
	}
	old := died("old")
	find("", "net")
	find("old", "old")
	find("none", "none is not up")
	for _, name := range []string{"..", ".", "../run/net", "/run", "net/"} {
		find(name, strconv.Quote(name)+" is no name of a network that is up")
	}
	lock, err := old.claim(false)
	require.NoError(t, err)
	find("", "net and old are up: say which")
	require.NoError(t, lock.Close())
	_, _, err = Begin("../x", "net.yaml")
	assert.EqualError(t, err, `"../x" is no name of a network that is up`)

	require.NoError(t, os.RemoveAll(alive.dir))
	find("", "old")
	died("older")
	find("", "old and older have died: say which")
	require.NoError(t, os.RemoveAll(folder()))
	find("", `networks are not up here: bring one up with "vpcemu up NETWORK"`)
}

// TestRewrite: a file that programs have mounted and read at any time stays the same
// file, and nothing is written to it that it says already.
func TestRewrite(t *testing.T) {
	path := filepath.Join(t.TempDir(), "resolv.conf")
	require.NoError(t, rewrite(path, "one and two\n"))
	first, err := os.Stat(path)
	require.NoError(t, err)
	long := time.Unix(1000, 0)
	require.NoError(t, os.Chtimes(path, long, long))
	require.NoError(t, rewrite(path, "one and two\n"))
	now, err := os.Stat(path)
	require.NoError(t, err)
	assert.True(t, long.Equal(now.ModTime()), "not written")
	for _, text := range []string{"three\n", "one and two and three\n"} {
		require.NoError(t, rewrite(path, text))
		b, err := os.ReadFile(path)
		require.NoError(t, err)
		assert.Equal(t, text, string(b))
		now, err = os.Stat(path)
		require.NoError(t, err)
		assert.True(t, os.SameFile(first, now))
	}
}

// flaky is a listener that cannot accept once.
type flaky struct {
	net.Listener
	failed bool
}

func (f *flaky) Accept() (net.Conn, error) {
	if !f.failed {
		f.failed = true
		return nil, unix.EMFILE
	}
	return f.Listener.Accept()
}

// TestServe_GoesOn: who looks gets an answer, also after somebody could not be let in.
func TestServe_GoesOn(t *testing.T) {
	r := &Run{Name: "net", dir: t.TempDir()}
	o := &Owner{run: r}
	require.NoError(t, o.Listen())
	o.socket = &flaky{Listener: o.socket}
	o.Serve(new(Net))
	l, err := r.Look()
	assert.NoError(t, err)
	assert.NotZero(t, l.Time)
	require.NoError(t, o.socket.Close())
	o.wait.Wait()
}

func TestFileName(t *testing.T) {
	for _, c := range []struct{ host, want string }{
		{"web-1", "web-1"},
		{"prod/web-1", "prod%2fweb-1"},
		{"prod%2fweb-1", "prod%252fweb-1"},
		{".", "%2e"},
		{"..", "%2e%2e"},
		{"../..", "..%2f.."},
		{"%2e", "%252e"},
		{"...", "..."},
	} {
		assert.Equal(t, c.want, fileName(c.host), c.host)
		assert.True(t, filepath.IsLocal(fileName(c.host)) && filepath.Clean(fileName(c.host)) != ".", c.host)
	}
}

// TestKernelName: the kernel takes every host name, as much of it as fits.
func TestKernelName(t *testing.T) {
	privileged(t)
	for _, c := range []struct{ name, hostname, want string }{
		{"short", "ip-10-0-1-4", "ip-10-0-1-4"},
		{"64 bytes", strings.Repeat("n", 64), strings.Repeat("n", 64)},
		{"65 bytes", strings.Repeat("n", 65), strings.Repeat("n", 64)},
		{"not within a character", strings.Repeat("n", 63) + "é", strings.Repeat("n", 63)},
	} {
		t.Run(c.name, func(t *testing.T) {
			require.NoError(t, netns.OnThread(func() error {
				if err := unix.Unshare(unix.CLONE_NEWUTS); err != nil {
					return err
				}
				return unix.Sethostname([]byte(kernelName(c.hostname)))
			}))
			assert.Equal(t, c.want, kernelName(c.hostname))
		})
	}
}

// TestClaimIsAlone: only one has the lock of a run, however often it is removed and
// taken again.
func TestClaimIsAlone(t *testing.T) {
	t.Setenv("RUNTIME_DIRECTORY", filepath.Join(t.TempDir(), "run"))
	r := &Run{Name: "net", dir: filepath.Join(folder(), "net")}
	var have atomic.Int32
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			for range 300 {
				lock, err := r.claim(true)
				if err != nil {
					assert.ErrorIs(t, err, errHeld)
					continue
				}
				assert.Equal(t, int32(1), have.Add(1), "who have the lock")
				assert.NoError(t, r.save())
				assert.FileExists(t, r.file("state.json"))
				have.Add(-1)
				assert.NoError(t, r.remove())
				assert.NoError(t, lock.Close())
			}
		})
	}
	wait.Wait()
	assert.NoDirExists(t, folder())
}

// TestRun_HostNames: what only one host is called finds it.
func TestRun_HostNames(t *testing.T) {
	const two = `
vpcs:
  prod:
    cidr: 10.0.0.0/16
    subnets: {s: {cidr: 10.0.1.0/24}}
    instances:
      app-1: {subnet: s}
      gone: {subnet: s, state: stopped}
      db-1: {subnet: s}
  test:
    cidr: 10.0.0.0/16
    subnets: {s: {cidr: 10.0.1.0/24}}
    instances:
      app-1: {subnet: s}
`
	r := &Run{Name: "two"}
	for _, h := range hostsOf(emulator(t, two)) {
		r.state.Hosts = append(r.state.Hosts, hostState{Name: h.Name, Names: h.Names})
	}
	for _, c := range []struct{ name, want string }{
		{"prod/app-1", "prod/app-1"},
		{"test/app-1", "test/app-1"},
		{"app-1", ""}, // which?
		{"db-1", "db-1"},
		{"prod/db-1", "db-1"},
		{"test/db-1", ""},
		{"gone", ""},
		{"internet", "internet"},
	} {
		h, err := r.host(c.name)
		if c.want == "" {
			assert.ErrorContains(t, err, "two has no namespace "+strconv.Quote(c.name))
			continue
		}
		if assert.NoError(t, err) {
			assert.Equal(t, c.want, h.Name)
		}
	}
}
