package tap

import (
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"golang.org/x/sys/unix"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/examples"
	"github.com/vpcemu/vpcemu/vpc"
	"github.com/vpcemu/vpcemu/vpc/load/yaml"
)

// soon is how long something may take that takes milliseconds on a quiet machine.
const soon = 20 * time.Second

// comes is what comes next over a channel, in time.
func comes[T any](t testing.TB, c <-chan T) (v T) {
	t.Helper()
	select {
	case v = <-c:
	case <-time.After(soon + reachWait):
		t.Fatal("nothing comes")
	}
	return v
}

// privileged skips a test on a machine that cannot run it. CI fails if it does.
func privileged(t testing.TB) {
	t.Helper()
	if err := able(); err != nil {
		t.Skip("NOT RUN:", err)
	}
}

// bring brings an example up. When the test ends it goes down, and nothing is left.
func bring(t testing.TB, example string) *Net {
	t.Helper()
	return bringObserved(t, example, emu.Observer{})
}

// bringObserved is the same for one that is observed.
func bringObserved(t testing.TB, example string, o emu.Observer) *Net {
	t.Helper()
	privileged(t)
	b, err := examples.FS.ReadFile(example + ".yaml")
	require.NoError(t, err)
	n, _, err := yaml.Parse("net.yaml", b)
	require.NoError(t, err)
	before, running := files(t), goleak.IgnoreCurrent()
	up, err := Up(n, emu.Options{Observer: o})
	require.NoError(t, err)
	t.Cleanup(func() {
		up.Close()
		goleak.VerifyNone(t, running)
		assert.Equal(t, before, files(t), "open files")
	})
	return up
}

// files is how many files of devices, namespaces and sockets this process has open.
func files(t testing.TB) int {
	entries, err := os.ReadDir("/proc/self/fd")
	require.NoError(t, err)
	count := 0
	for _, e := range entries {
		to, _ := os.Readlink("/proc/self/fd/" + e.Name())
		if strings.HasPrefix(to, "net:") || strings.HasPrefix(to, "socket:") || to == "/dev/net/tun" {
			count++
		}
	}
	return count
}

// on runs f in a host's namespace.
func (t *Net) on(host string, f func() error) error {
	for _, r := range t.hosts {
		if r.Name == host {
			return r.ns.Do(f)
		}
	}
	return fmt.Errorf("no host %q", host)
}

// shell runs a command on a host.
func shell(t *testing.T, n *Net, host, command string) string {
	t.Helper()
	var out []byte
	err := n.on(host, func() (err error) {
		out, err = exec.Command("sh", "-c", command).CombinedOutput()
		return err
	})
	require.NoError(t, err, "%s", out)
	return string(out)
}

// greet makes a host greet whoever connects to a port, until the test ends.
func greet(t *testing.T, n *Net, host string, port int) {
	t.Helper()
	var wait sync.WaitGroup
	var l net.Listener
	require.NoError(t, n.on(host, func() (err error) {
		l, err = net.Listen("tcp", ":"+strconv.Itoa(port))
		return err
	}))
	wait.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			fmt.Fprintf(c, "%s here, %s", host, c.RemoteAddr().(*net.TCPAddr).IP)
			c.Close()
		}
	})
	t.Cleanup(func() {
		l.Close()
		wait.Wait()
	})
}

// ask connects from a host and returns the greeting.
func ask(n *Net, host, addr string, timeout time.Duration) (greeting string, err error) {
	err = n.on(host, func() error {
		c, err := net.DialTimeout("tcp", addr, timeout)
		if err != nil {
			return err
		}
		defer c.Close()
		_ = c.SetDeadline(time.Now().Add(timeout))
		b, err := io.ReadAll(c)
		greeting = string(b)
		return err
	})
	return greeting, err
}

// TestExamplesUp: what the examples expect is what real connections meet.
func TestExamplesUp(t *testing.T) {
	type greeter struct {
		host string
		port int
	}
	for _, c := range []struct {
		example string
		greeter []greeter
		asks    []struct{ from, to, want string } // no want: it times out
	}{
		{"three-tier", []greeter{{"web-1", 443}, {"app-1", 8080}, {"db-1", 5432}, {"db-1", 22}, {"internet", 443}}, []struct{ from, to, want string }{
			{"internet", "198.51.100.1:443", "web-1 here, 203.0.113.7"},
			{"web-1", "10.0.2.4:8080", "app-1 here, 10.0.1.4"},
			{"app-1", "10.0.3.10:5432", "db-1 here, 10.0.2.4"},
			{"app-1", "10.0.3.10:22", ""},
			{"web-1", "10.0.3.10:5432", ""},
			{"app-1", "203.0.113.7:443", "internet here, 203.0.113.10"},
			{"db-1", "203.0.113.7:443", ""},
		}},
		{"dual-stack", []greeter{{"web-1", 443}, {"web-2", 443}, {"web-1", 23}, {"internet", 443}}, []struct{ from, to, want string }{
			{"back-1", "[2001:db8:30:1::10]:443", "web-1 here, 2001:db8:30:2::10"},
			{"back-1", "[2001:db8:30:1::20]:443", ""}, // the group opens IPv4 only
			{"back-1", "10.30.1.20:443", "web-2 here, 10.30.2.10"},
			{"internet", "[2001:db8:30:1::10]:443", "web-1 here, 2001:db8:ffff:ffff::7"},
			{"internet", "198.51.100.1:443", "web-1 here, 203.0.113.7"},
			{"internet", "198.51.100.1:23", ""},
			{"web-1", "[2001:db8:ffff:ffff::7]:443", "internet here, 2001:db8:30:1::10"},
			{"back-1", "[2001:db8:ffff:ffff::7]:443", ""},
		}},
		{"two-interfaces", []greeter{{"server-1", 80}, {"server-1", 22}}, []struct{ from, to, want string }{
			{"client-1", "10.20.2.10:80", "server-1 here, 10.20.1.10"}, // through fw-1
			{"client-1", "10.20.2.10:22", ""},
			{"client-2", "10.20.2.10:80", "server-1 here, 10.20.3.20"},
		}},
		{"hybrid", []greeter{{"app-1", 8443}, {"app-2", 8443}, {"db-1", 5432}, {"s3", 443}, {"secrets", 443}, {"app-1", 22}}, []struct{ from, to, want string }{
			{"internet", "198.51.100.1:443", "app-"},
			{"internet", "198.51.100.1:80", ""},
			{"app-1", "10.1.1.4:5432", "db-1 here, 10.0.11.4"},
			{"onprem", "10.0.11.4:22", ""}, // asks as 192.168.0.1, and the group allows another part
			{"app-1", "52.218.3.4:443", "s3 here, 10.0.11.4"},
			{"db-1", "52.218.3.4:443", ""},
			{"app-1", "10.0.11.5:443", "secrets here, 10.0.11.4"},
		}},
	} {
		t.Run(c.example, func(t *testing.T) {
			n := bring(t, c.example)
			for _, g := range c.greeter {
				greet(t, n, g.host, g.port)
			}
			for _, a := range c.asks {
				if a.want != "" {
					got, err := ask(n, a.from, a.to, soon)
					if assert.NoError(t, err, "%s to %s", a.from, a.to) {
						assert.Contains(t, got, a.want, "%s to %s", a.from, a.to)
					}
					continue
				}
				_, err := ask(n, a.from, a.to, time.Second/2)
				var timeout net.Error
				require.ErrorAs(t, err, &timeout, "%s to %s", a.from, a.to)
				assert.True(t, timeout.Timeout(), "%s to %s: %v", a.from, a.to, err)
			}
			shell(t, n, "internet", "true")
		})
	}
}

// TestPastTheRouter: a guest may send to another in its subnet what that is to send on
// (SUB-21).
func TestPastTheRouter(t *testing.T) {
	n := bring(t, "two-interfaces")
	greet(t, n, "server-1", 80)
	forwarded := func() int {
		lines := strings.Split(shell(t, n, "fw-1", "grep Ip: /proc/net/snmp"), "\n")
		for k, field := range strings.Fields(lines[0]) {
			if field == "ForwDatagrams" {
				count, err := strconv.Atoi(strings.Fields(lines[1])[k])
				require.NoError(t, err)
				return count
			}
		}
		return -1
	}
	before := forwarded()
	_, err := ask(n, "client-2", "10.20.2.10:80", soon)
	require.NoError(t, err)
	require.Equal(t, before, forwarded(), "past it")
	shell(t, n, "client-2", "ip route add 10.20.2.0/24 via 10.20.3.10")
	_, err = ask(n, "client-2", "10.20.2.10:80", soon)
	require.NoError(t, err)
	assert.Greater(t, forwarded(), before, "through it")

	// An interface that was taken away and put back has the same MAC address.
	was := n.Emulator().Network()
	require.NoError(t, n.Update(func(n *vpc.Network) error {
		for _, s := range n.VPCs[0].Subnets {
			s.Interfaces = slices.DeleteFunc(s.Interfaces, func(i *vpc.Interface) bool { return i.Instance == "fw-1" })
		}
		for _, r := range n.VPCs[0].RouteTables {
			r.Routes = nil
		}
		return nil
	}))
	require.NoError(t, n.Update(func(n *vpc.Network) error {
		*n = *was
		return nil
	}))
	before = forwarded()
	_, err = ask(n, "client-2", "10.20.2.10:80", soon)
	require.NoError(t, err)
	assert.Greater(t, forwarded(), before, "through it again")

	// Nobody has another.
	shell(t, n, "client-2", "ip route replace 10.20.2.0/24 via 10.20.3.99; ip neigh replace 10.20.3.99 lladdr 0a:00:00:00:00:99 dev eth0")
	_, err = ask(n, "client-2", "10.20.2.10:80", time.Second/2)
	require.Error(t, err)
	drops := n.Look().Drops
	require.NotEmpty(t, drops)
	assert.Equal(t, "L2_UNSUPPORTED", drops[0].Reason)
}

// TestOwnMAC: what a guest sends under another MAC address is discarded (SUB-18).
func TestOwnMAC(t *testing.T) {
	n := bring(t, "three-tier")
	greet(t, n, "app-1", 8080)
	own := n.hosts[slices.IndexFunc(n.hosts, func(r *running) bool { return r.Name == "web-1" })].devices[0].mac.String()
	const gateway = "ip neigh replace 10.0.1.1 lladdr %s dev eth0 nud permanent"
	shell(t, n, "web-1", fmt.Sprintf(gateway, macOf("prod", "web", "router")))
	shell(t, n, "web-1", "ip link set eth0 address 0a:00:00:00:00:01")
	_, err := ask(n, "web-1", "10.0.2.4:8080", time.Second/2)
	require.Error(t, err)
	assert.Empty(t, n.Look().Flows)
	shell(t, n, "web-1", "ip link set eth0 address "+own)
	_, err = ask(n, "web-1", "10.0.2.4:8080", soon)
	require.NoError(t, err)
}

// TestNetFollows: hosts appear and vanish, and get other addresses, while others talk.
func TestNetFollows(t *testing.T) {
	n := bring(t, "three-tier")
	greet(t, n, "app-1", 8080)
	_, err := ask(n, "web-1", "10.0.2.4:8080", soon)
	require.NoError(t, err)
	require.NoError(t, n.Update(func(n *vpc.Network) error {
		v := n.VPCs[0]
		v.Subnet("web").AddInterface("web-2", "10.0.1.77", "web")
		v.Subnet("web").Interface("web-1").Addresses[0].IP = ip("10.0.1.66")
		v.Subnet("db").Interfaces = nil
		return nil
	}))
	var names []string
	for _, h := range n.Hosts() {
		names = append(names, h.Name)
	}
	assert.Equal(t, []string{"app-1", "internet", "web-1", "web-2"}, names)
	for from, as := range map[string]string{"web-1": "10.0.1.66", "web-2": "10.0.1.77"} {
		got, err := ask(n, from, "10.0.2.4:8080", soon)
		require.NoError(t, err)
		assert.Equal(t, "app-1 here, "+as, got)
	}
	assert.NotContains(t, shell(t, n, "web-1", "ip -4 address"), "10.0.1.4/")

	err = n.Update(func(n *vpc.Network) error {
		n.VPCs[0].Subnet("web").AddInterface("web-3", "10.9.9.9")
		return nil
	})
	require.Error(t, err)
	assert.NotErrorIs(t, err, ErrBehind)
	assert.Len(t, n.Hosts(), 4)
}

// TestNetFollows_WithoutDevice: a guest that takes one of its devices away does not keep changes
// from the others.
func TestNetFollows_WithoutDevice(t *testing.T) {
	n := bring(t, "two-interfaces")
	shell(t, n, "fw-1", "ip link delete eth0")
	for _, a := range []string{"10.20.4.11", "10.20.4.12"} {
		err := n.Update(func(n *vpc.Network) error {
			n.Interface("fw-out").Addresses[0].IP = ip(a)
			return nil
		})
		require.ErrorIs(t, err, ErrBehind)
		require.ErrorContains(t, err, "fw-1: eth0: ")
		assert.Regexp(t, `^inet `+a+`/24 [^\n]*\n$`, shell(t, n, "fw-1", "ip -4 address show eth1 | grep -o 'inet .*'"))
	}
}

// TestLook: who talked to whom, and what was dropped by which rule.
func TestLook(t *testing.T) {
	n := bring(t, "three-tier")
	greet(t, n, "app-1", 8080)
	_, err := ask(n, "web-1", "10.0.2.4:8080", soon)
	require.NoError(t, err)
	_, err = ask(n, "web-1", "10.0.3.10:5432", time.Second/2)
	require.Error(t, err)
	require.Eventually(t, func() bool {
		l := n.Look()
		return len(l.Flows) == 2 && len(l.Drops) == 1
	}, soon, 10*time.Millisecond)
	l := n.Look()
	flows := map[string]Flow{l.Flows[0].Service: l.Flows[0], l.Flows[1].Service: l.Flows[1]}
	f := flows["tcp/8080"]
	assert.Equal(t, []string{"web-1", "app-1", "10.0.2.4:8080"}, []string{f.Host, f.Peer, f.Destination})
	assert.Contains(t, []string{"closing", "closed"}, f.State)
	assert.Greater(t, f.Packets, uint64(5))
	assert.Equal(t, "dropped", flows["tcp/5432"].State)
	d := l.Drops[0]
	assert.Equal(t, []string{"web-1", "10.0.1.4", "10.0.3.10:5432", "NACL_INGRESS", "net.yaml:30"}, []string{d.Host, d.Source, d.Destination, d.Reason, d.Origin})
	assert.Equal(t, "db-only: rule * denies all", d.Detail)
}

// TestUpFails: a network that AWS would refuse leaves nothing.
func TestUpFails(t *testing.T) {
	privileged(t)
	before := files(t)
	n := new(vpc.Network)
	n.AddVPC("v", "10.0.0.0/16").AddSubnet("s", "10.9.0.0/24")
	_, err := Up(n, emu.Options{})
	require.Error(t, err)
	assert.Equal(t, before, files(t))
}

// TestMetadataHopLimit: the answer to who asks for a token has the hop limit of the
// instance as its TTL, others the ordinary one (LNK-12, LNK-13).
func TestMetadataHopLimit(t *testing.T) {
	n := bring(t, "three-tier")
	const token, page = "PUT /latest/api/token HTTP/1.1\r\nHost: x\r\n" + ttlHeader + ": 60\r\n\r\n", "GET / HTTP/1.1\r\nHost: x\r\n\r\n"
	for _, c := range []struct {
		name     string
		hopLimit int
		minimum  int // that the guest takes: 2 is what one behind another hop needs
		request  string
		answer   string
	}{
		{"a token, by default", 0, 2, token, ""},
		{"a token, for the instance itself", 0, 1, token, "200 OK"},
		{"a token, hop limit 2", 2, 2, token, "200 OK"},
		{"a token, too far", 2, 3, token, ""},
		{"anything else", 0, 64, page, "401 Unauthorized"},
	} {
		t.Run(c.name, func(t *testing.T) {
			require.NoError(t, n.Update(func(n *vpc.Network) error {
				n.Interface("web-1").Metadata.HopLimit = c.hopLimit
				return nil
			}))
			wait := soon
			if c.answer == "" {
				wait = time.Second / 2
			}
			var conn net.Conn
			require.NoError(t, n.on("web-1", func() (err error) {
				conn, err = net.DialTimeout("tcp", "169.254.169.254:80", soon)
				return err
			}))
			defer conn.Close()
			raw, err := conn.(*net.TCPConn).SyscallConn()
			require.NoError(t, err)
			require.NoError(t, raw.Control(func(fd uintptr) {
				assert.NoError(t, unix.SetsockoptInt(int(fd), unix.IPPROTO_IP, unix.IP_MINTTL, c.minimum))
			}))
			_, err = conn.Write([]byte(c.request))
			require.NoError(t, err)
			_ = conn.SetReadDeadline(time.Now().Add(wait))
			b := make([]byte, 100)
			got, err := conn.Read(b)
			if c.answer == "" {
				assert.ErrorIs(t, err, os.ErrDeadlineExceeded)
				return
			}
			require.NoError(t, err)
			assert.Contains(t, string(b[:got]), c.answer)
		})
	}
}

// TestProcesses: a run knows what runs in its namespaces, and takes nobody else's for
// its own, even in a namespace that has got the number of one that is gone.
func TestProcesses(t *testing.T) {
	privileged(t)
	ns, err := newNamespace()
	require.NoError(t, err)
	defer ns.Close()
	sleeper := exec.Command("sleep", "1000")
	require.NoError(t, ns.Do(sleeper.Start))
	ended := make(chan error, 1)
	go func() { ended <- sleeper.Wait() }()
	run := func(inode, cookie uint64) *Run {
		return &Run{state: state{Hosts: []hostState{{Name: "web-1", Inode: inode, Cookie: cookie}}}}
	}
	assert.Empty(t, run(ns.inode, ns.cookie+1).processes(), "a later namespace")
	assert.Empty(t, run(ns.inode+1, ns.cookie).processes(), "another one")
	assert.Empty(t, run(ns.inode, ns.cookie+1).endProcesses())
	mine := run(ns.inode, ns.cookie)
	want := process{sleeper.Process.Pid, "sleep", "web-1"}
	require.Eventually(t, func() bool { return slices.Equal(mine.processes(), []process{want}) }, soon, time.Millisecond)
	assert.Equal(t, []string{fmt.Sprintf("sleep (%d) on web-1", sleeper.Process.Pid)}, mine.endProcesses())
	assert.Error(t, comes(t, ended), "a signal")
	assert.Empty(t, mine.processes())
}
