package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vpcemu/vpcemu/emu/tap"
)

// soon is how long something may take that takes milliseconds on a quiet machine.
const soon = 20 * time.Second

// needs skips a test on a machine that cannot run it. CI fails if it does.
func needs(t *testing.T, tools ...string) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("NOT RUN: needs root")
	}
	if _, err := os.Stat("/dev/net/tun"); err != nil {
		t.Skip("NOT RUN: needs /dev/net/tun")
	}
	for _, tool := range append(tools, "ip") {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("NOT RUN: needs %s", tool)
		}
	}
}

// lab is a network that is up.
type lab struct {
	t    *testing.T
	dir  string // its runtime directory
	file string
	args []string // behind the file
	up   *exec.Cmd
	out  *log
}

// log is what a process has written so far.
type log struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *log) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(b)
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// take returns what has been written, and forgets it.
func (l *log) take() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	defer l.b.Reset()
	return l.b.String()
}

// bring brings a network file of testdata up.
func bring(t *testing.T, file string, args ...string) *lab {
	t.Helper()
	l := &lab{t: t, args: args, dir: filepath.Join(t.TempDir(), "run"), file: filepath.Join(t.TempDir(), "net.yaml")}
	t.Setenv("RUNTIME_DIRECTORY", l.dir)
	b, err := os.ReadFile(file)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(l.file, b, 0o600))
	t.Cleanup(func() { l.down() })
	l.start()
	return l
}

func (l *lab) start() {
	l.t.Helper()
	l.out = new(log)
	l.up = exec.Command("vpcemu", append([]string{"up", l.file}, l.args...)...)
	l.up.Stdout, l.up.Stderr = l.out, l.out
	require.NoError(l.t, l.up.Start())
	l.wait("the network to be up", func() bool { return strings.Contains(l.out.String(), "Up: net") })
}

// down takes the network down, if it is up.
func (l *lab) down() string {
	out, _ := exec.Command("vpcemu", "down").CombinedOutput()
	l.ended()
	return string(out)
}

// ended waits until the process of the network has ended. One that does not is killed.
func (l *lab) ended() {
	l.t.Helper()
	late := time.AfterFunc(soon, func() {
		l.t.Errorf("the network does not go down; up says:\n%s", l.out)
		_ = l.up.Process.Kill()
	})
	_ = l.up.Wait()
	late.Stop()
}

// wait waits until something holds.
func (l *lab) wait(what string, holds func() bool) {
	l.t.Helper()
	require.Eventually(l.t, holds, soon, 20*time.Millisecond, "%s; up says:\n%s", what, l.out)
}

// run runs a command on a host.
func (l *lab) run(host, command string) (status int, output string) {
	ctx, cancel := context.WithTimeout(l.t.Context(), soon)
	defer cancel()
	c := exec.CommandContext(ctx, "vpcemu", "exec", host, "--", "sh", "-c", command)
	out, err := c.CombinedOutput()
	if err != nil && c.ProcessState == nil {
		return -1, err.Error()
	}
	return c.ProcessState.ExitCode(), string(out)
}

// serve starts a server on a host and waits until it listens.
func (l *lab) serve(host, port, command string) {
	l.t.Helper()
	c := exec.Command("vpcemu", "exec", host, "--", "sh", "-c", "exec "+command)
	out := new(log)
	c.Stdout, c.Stderr = out, out
	require.NoError(l.t, c.Start())
	go func() { _ = c.Wait() }() // it ends with the network
	l.wait(command, func() bool {
		_, listening := l.run(host, "cat /proc/net/tcp /proc/net/tcp6")
		return regexp.MustCompile(`:` + port + ` 0+:0000 0A`).MatchString(listening)
	})
}

// whoServer answers HTTP requests with the client's address.
const whoServer = `python3 -c '
import http.server
class H(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        b = (self.client_address[0] + "\n").encode()
        self.send_response(200); self.send_header("Content-Length", str(len(b))); self.end_headers(); self.wfile.write(b)
    def log_message(self, *a): pass
http.server.ThreadingHTTPServer(("", %PORT%), H).serve_forever()'`

func who(port string) string { return strings.ReplaceAll(whoServer, "%PORT%", port) }

// blocked is what curl says when nothing comes back.
const blocked = 28

// TestUp runs real programs on the hosts of a network: each gets through, or times
// out, as the network says.
func TestUp(t *testing.T) {
	needs(t, "curl", "ping", "dig", "traceroute", "iperf3", "nginx", "python3")
	l := bring(t, "testdata/up/net.yaml")
	folder := t.TempDir()
	nginx := filepath.Join(folder, "nginx.conf")
	require.NoError(t, os.WriteFile(nginx, []byte("daemon off; pid "+folder+"/pid; error_log stderr; events {}\n"+
		"http { access_log off; server { listen 443; location / { return 200 \"front $remote_addr\\n\"; } } }\n"), 0o644))
	l.serve("web-1", "01BB", "nginx -c "+nginx)
	l.serve("app-1", "1F90", who("8080"))
	l.serve("app-1", "1451", "iperf3 -s")
	l.serve("internet", "0050", who("80"))
	l.serve("db-2", "1538", who("5432"))
	l.serve("onprem", "0050", who("80"))

	for _, c := range []struct {
		name, host, command string
		status              int
		output              string // a regular expression
	}{
		{"in the VPC, allowed", "web-1", "curl -sm 15 http://10.0.2.4:8080", 0, `^10\.0\.1\.4$`},
		{"in the VPC, no rule of the group", "web-1", "curl -sm 1 http://10.0.2.4:8081", blocked, ``},
		{"in the VPC, of another group", "db-1", "curl -sm 1 http://10.0.2.4:8080", blocked, ``},
		{"to nginx, from the internet", "internet", "curl -sm 15 http://198.51.100.1:443", 0, `^front 203\.0\.113\.7$`},
		{"to another port, from the internet", "internet", "curl -sm 1 http://198.51.100.1:80", blocked, ``},
		{"to the internet, through the NAT gateway", "app-1", "curl -sm 15 http://203.0.113.7", 0, `^203\.0\.113\.10$`},
		{"to another address of the internet", "app-1", "curl -sm 15 http://192.0.2.77", 0, `^203\.0\.113\.10$`},
		{"to the internet, by a public address", "web-1", "curl -sm 15 http://203.0.113.7", 0, `^198\.51\.100\.1$`},
		{"to the internet, without a route", "db-1", "curl -sm 1 http://203.0.113.7", blocked, ``},
		{"through peering, allowed", "app-1", "curl -sm 15 http://10.1.1.4:5432", 0, `^10\.0\.2\.4$`},
		{"through peering, without a route", "db-1", "curl -sm 1 http://10.1.1.4:5432", blocked, ``},
		{"to the office", "app-1", "curl -sm 15 http://192.168.0.1", 0, `^10\.0\.2\.4$`},
		{"from the office", "onprem", "curl -sm 15 http://10.0.2.4:8080", 0, `^192\.168\.0\.1$`},
		{"from the office, no rule", "onprem", "curl -sm 1 http://10.0.2.4:5201", blocked, ``},
		{"iperf3", "web-1", "iperf3 -c 10.0.2.4 -n 20M", 0, `receiver`},
		{"iperf3, UDP", "web-1", "iperf3 -u -c 10.0.2.4 -b 20M -n 2M", 0, `receiver`},
		{"ping, allowed", "web-1", "ping -c 2 -i 0.2 -W 15 10.0.2.4", 0, `2 received`},
		{"ping, blocked", "app-1", "ping -c 1 -W 1 10.0.1.4", 1, `0 received`},
		{"ping, too large for the internet", "web-1", "ping -c 1 -W 15 -M do -s 2000 203.0.113.7", 1, `From 10\.0\.1\.1 .*Frag needed.*mtu = 1500`},
		{"ping, jumbo frames in the VPC", "web-1", "ping -c 1 -W 15 -M do -s 8900 10.0.2.4", 0, `1 received`},
		{"traceroute in the VPC has one hop", "web-1", "traceroute -nI -q 1 -w 15 10.0.2.4", 0, `\n 1  10\.0\.2\.4 [^\n]*$`},
		{"traceroute through the NAT gateway", "app-1", "traceroute -nI -q 1 -w 15 203.0.113.7", 0, `\n 1  10\.0\.1\.5 [^\n]*\n 2  203\.0\.113\.7 [^\n]*$`},
		{"the router has a MAC address", "web-1", "ping -c 1 -W 15 10.0.2.4 >/dev/null; ip neigh show 10.0.1.1", 0, `lladdr 0a:`},
		{"nobody has an address", "web-1", "ping -c 1 -W 10 10.0.1.99", 1, `Unreachable`},
		{"the default route", "web-1", "ip route show default", 0, `^default via 10\.0\.1\.1 dev eth0`},
		{"the MTU", "web-1", "cat /sys/class/net/eth0/mtu", 0, `^9001$`},
		{"the host name", "web-1", "hostname", 0, `^ip-10-0-1-4$`},
		{"the resolver", "web-1", "dig +short +time=15 +tries=1 ip-10-0-2-4.ec2.internal", 0, `^10\.0\.2\.4$`},
		{"the resolver, its other address, TCP", "web-1", "dig +short +tcp +time=15 +tries=1 @169.254.169.253 -x 10.0.2.4", 0, `^ip-10-0-2-4\.ec2\.internal\.$`},
		{"a private name of the other VPC", "db-2", "dig +time=15 +tries=1 ip-10-0-2-4.ec2.internal", 0, `status: NXDOMAIN`},
		{"a public name", "web-1", "dig +time=15 +tries=1 example.com", 0, `status: SERVFAIL`},
		{"no resolver without DNS support", "db-2", "dig +time=1 +tries=1 @10.1.0.3 ip-10-1-1-4.ec2.internal", 9, `timed out|no servers`},
		{"no resolver on the internet", "internet", "cat /etc/resolv.conf", 0, `No resolver`},
		{"metadata", "web-1", metadataOf("local-ipv4"), 0, `^10\.0\.1\.4$`},
		{"metadata, of who has the same address elsewhere", "db-2", metadataOf("instance-id"), 0, `^db-2$`},
		{"metadata, public", "web-1", metadataOf("public-ipv4"), 0, `^198\.51\.100\.1$`},
		{"metadata without a token", "web-1", "curl -sm 15 -o /dev/null -w '%{http_code}' http://169.254.169.254/latest/meta-data/", 0, `^401$`},
		{"metadata, switched off", "db-1", "curl -sm 1 http://169.254.169.254/", blocked, ``},
		{"an ID", "prod/app-1", "hostname", 0, `^ip-10-0-2-4$`},
		{"nobody", "app-9", "true", 2, `no namespace "app-9": want app-1, db-1`},
		{"the program's status", "web-1", "exit 7", 7, ``},
	} {
		t.Run(c.name, func(t *testing.T) {
			status, out := l.run(c.host, c.command)
			assert.Equal(t, c.status, status, "%s", out)
			assert.Regexp(t, c.output, strings.TrimSpace(out))
		})
	}
	t.Run("what exec mounts stays with the program", func(t *testing.T) {
		out, err := exec.Command("unshare", "-m", "--propagation", "shared", "sh", "-c",
			"cat /proc/self/mounts >"+folder+"/before; vpcemu exec web-1 -- grep -c nameserver /etc/resolv.conf && cmp /proc/self/mounts "+folder+"/before").CombinedOutput()
		assert.NoError(t, err, "%s", out)
		assert.Equal(t, "1\n", string(out))
	})
	t.Run("top", func(t *testing.T) { l.top() })
	t.Run("down", func(t *testing.T) {
		out := l.down()
		assert.Regexp(t, `^net is down; ended .*nginx \(\d+\) on web-1`, out)
		assert.Regexp(t, `ended .*nginx \(\d+\) on web-1`, l.out.String())
		assert.NoDirExists(t, l.dir)
	})
}

// metadataOf asks for a token, and with it for something.
func metadataOf(path string) string {
	const at = "http://169.254.169.254/latest/"
	return `T=$(curl -sfm 15 -X PUT ` + at + `api/token -H "X-aws-ec2-metadata-token-ttl-seconds: 60") && ` +
		`curl -sfm 15 -H "X-aws-ec2-metadata-token: $T" ` + at + `meta-data/` + path
}

// top looks at what has passed.
func (l *lab) top() {
	out, err := exec.Command("vpcemu", "top").CombinedOutput()
	require.NoError(l.t, err, "%s", out)
	assert.Regexp(l.t, `(?m)^Flows \(\d+\)$`, string(out))
	assert.Regexp(l.t, `(?m)^  web-1 10\.0\.1\.4:\d+ +app-1 10\.0\.2\.4:8080 +tcp/8080 +\d+ +\d+ B +.*closed$`, string(out))
	assert.Regexp(l.t, `(?m)^  web-1 10\.0\.1\.4 +10\.0\.2\.4:8081 +tcp/8081 +\d+ +SG_INGRESS +\S*net\.yaml:\d+ +app-1: no rule of app matches tcp/8081 from 10\.0\.1\.4$`, string(out))
	var look tap.Look
	out, err = exec.Command("vpcemu", "top", "-o", "json").Output()
	require.NoError(l.t, err)
	require.NoError(l.t, json.Unmarshal(out, &look))
	assert.NotEmpty(l.t, look.Flows)
}

// edit changes the file.
func (l *lab) edit(old, new string) {
	l.t.Helper()
	b, err := os.ReadFile(l.file)
	require.NoError(l.t, err)
	require.Contains(l.t, string(b), old)
	require.NoError(l.t, os.WriteFile(l.file, []byte(strings.Replace(string(b), old, new, 1)), 0o600))
}

// TestUpFollowsFile: a change of the file takes effect while the network is up.
func TestUpFollowsFile(t *testing.T) {
	needs(t, "curl", "python3")
	l := bring(t, "testdata/up/net.yaml")
	l.serve("db-1", "0016", who("22"))
	const ask = "curl -sm 15 http://10.0.3.10:22"
	status, out := l.run("app-1", "curl -sm 1 http://10.0.3.10:22")
	require.Equal(t, blocked, status, "%s", out)

	const shut, open = "db:  {ingress: [tcp/5432 from app]}", "db:  {ingress: [tcp/5432 from app, tcp/22 from app]}"
	l.edit(shut, open)
	l.wait("the rule to be in force", func() bool { return strings.Contains(l.out.String(), "in force") })
	l.wait("the change to be told", func() bool { return strings.Contains(l.out.String(), "opened  app-1 → db-1 tcp/22") })
	l.wait("a broken promise to be told", func() bool {
		return strings.Contains(l.out.String(), "fails   app-1 -> db-1 tcp/22: expected blocked, is reachable")
	})
	assert.Contains(t, l.out.String(), "~ security group db: + ingress tcp/22 from app")
	status, out = l.run("app-1", ask)
	assert.Equal(t, 0, status, "%s", out)

	l.edit(open, "db: {ingress: [tcp/99999 from app]}")
	l.wait("the mistake to be told", func() bool { return strings.Contains(l.out.String(), "stays as it was") })
	status, out = l.run("app-1", ask)
	assert.Equal(t, 0, status, "%s", out)

	l.edit("db: {ingress: [tcp/99999 from app]}", shut+"\n      new: {egress: [all to 0.0.0.0/0]}")
	l.edit("instances:\n", "instances:\n      app-0: {subnet: app, groups: [new], public-ip: true}\n")
	l.wait("the new host", func() bool { return strings.Contains(l.out.String(), "+ interface app-0") })
	l.wait("what it closes to be told", func() bool { return strings.Contains(l.out.String(), "closed  app-1 → db-1 tcp/22") })
	l.wait("its namespace", func() bool {
		status, out = l.run("app-0", "ip -o -4 address show eth0")
		return status == 0
	})
	assert.Contains(t, out, "10.0.2.6/24", "10.0.2.5 is the transit gateway's")
	l.serve("app-0", "1F90", who("8080"))
	_, namespace := l.run("app-0", "readlink /proc/self/ns/net")
	_, out = l.run("app-1", "ip -o -4 address show eth0")
	assert.Contains(t, out, "10.0.2.4/24", "who runs keeps its address")

	l.edit("    nat-gateways:\n", "    route-tables: {spare: {propagating: [vgw-9]}}\n    nat-gateways:\n")
	l.wait("what is missing to be told", func() bool { return strings.Contains(l.out.String(), "note: 1 thing is missing") })
	l.edit("      app-0: {subnet: app, groups: [new], public-ip: true}\n", "")
	l.edit("public-ip: true", "public-ip: false")
	l.wait("the host to go", func() bool { return strings.Contains(l.out.String(), "- interface app-0") })
	l.wait("its namespace to go", func() bool {
		status, _ = l.run("app-0", "true")
		return status == 2
	})
	assert.Contains(t, l.out.String(), "~ interface web-1: - 10.0.1.4 198.51.100.1")
	l.wait("what ran there to be ended", func() bool { return regexp.MustCompile(`ended python3 \(\d+\) on app-0`).MatchString(l.out.String()) })
	assert.Empty(t, inNamespace(t, strings.TrimSpace(namespace)))
}

// TestUpDies: nothing of a network outlasts its process, and down removes its files.
func TestUpDies(t *testing.T) {
	needs(t, "python3")
	before := machine(t)
	l := bring(t, "testdata/up/net.yaml")
	l.serve("app-1", "1F90", who("8080"))
	require.NoError(t, l.up.Process.Signal(syscall.SIGKILL))
	l.ended()
	out, err := exec.Command("vpcemu", "exec", "app-1", "true").CombinedOutput()
	assert.Error(t, err)
	assert.Contains(t, string(out), "net is not up")
	out, err = exec.Command("vpcemu", "down").CombinedOutput()
	require.NoError(t, err, "%s", out)
	assert.Regexp(t, `^net is down; ended python3 \(\d+\) on app-1\n$`, string(out))
	assert.NoDirExists(t, l.dir)
	l.wait("everything to be gone", func() bool { return machine(t) == before })

	l.start() // and the next one begins on what a dead one has left
	l.serve("app-1", "1F90", who("8080"))
	_, was := l.run("app-1", "readlink /proc/self/ns/net")
	require.NoError(t, l.up.Process.Signal(syscall.SIGKILL))
	l.ended()
	l.start()
	assert.Empty(t, inNamespace(t, strings.TrimSpace(was)), "what ran on a host that died")
	assert.Regexp(t, `(?m)^net had died; ended python3 \(\d+\) on app-1$`, l.out.String())
	out, err = exec.Command("vpcemu", "up", l.file).CombinedOutput()
	assert.Error(t, err)
	assert.Contains(t, string(out), "net is up already")
	require.NoError(t, l.up.Process.Signal(syscall.SIGINT)) // Ctrl-C
	l.ended()
	assert.Equal(t, 0, l.up.ProcessState.ExitCode(), "%s", l.out)
	assert.NoDirExists(t, l.dir)
	l.wait("everything to be gone", func() bool { return machine(t) == before })
}

// TestUpPipe: a network goes down, with what runs in it, when nobody reads what it says, and not
// when somebody who looks hangs up before the answer.
func TestUpPipe(t *testing.T) {
	needs(t, "python3")
	before := machine(t)
	l := bring(t, "testdata/up/net.yaml")
	l.down()
	said, says, err := os.Pipe()
	require.NoError(t, err)
	l.up = exec.Command("vpcemu", "up", l.file)
	l.up.Stdout, l.up.Stderr = says, l.out
	require.NoError(t, l.up.Start())
	require.NoError(t, says.Close())
	l.wait("the network", func() bool {
		status, _ := l.run("app-1", "true")
		return status == 0
	})
	l.serve("app-1", "1F90", who("8080"))
	_, namespace := l.run("app-1", "readlink /proc/self/ns/net")
	for range 20 {
		c, err := net.Dial("unix", filepath.Join(l.dir, "net", "socket"))
		require.NoError(t, err)
		require.NoError(t, c.Close())
	}
	out, err := exec.Command("vpcemu", "top").CombinedOutput() // answered after them
	require.NoError(t, err, "%s", out)
	status, _ := l.run("app-1", "true")
	require.Equal(t, 0, status, "it is still up")
	require.NoError(t, said.Close())
	l.edit("tcp/5432 from app", "tcp/5433 from app")
	l.ended()
	assert.Empty(t, inNamespace(t, strings.TrimSpace(namespace)))
	assert.NoDirExists(t, l.dir)
	l.wait("everything to be gone", func() bool { return machine(t) == before })
}

// TestUpDetached: up may return once the network is up.
func TestUpDetached(t *testing.T) {
	needs(t)
	dir := filepath.Join(t.TempDir(), "run")
	t.Setenv("RUNTIME_DIRECTORY", dir)
	vpcemu := func(args ...string) (string, int) { // waits until nobody has its output any more
		c := exec.Command("vpcemu", args...)
		out, _ := c.CombinedOutput()
		return string(out), c.ProcessState.ExitCode()
	}
	out, status := vpcemu("up", "-d", "testdata/up/net.yaml")
	require.Equal(t, 0, status, out)
	assert.Equal(t, "net is up; \"vpcemu down net\" takes it down\n", out)
	b, err := os.ReadFile(filepath.Join(dir, "net/log"))
	require.NoError(t, err)
	assert.Contains(t, string(b), "Up: net")
	out, status = vpcemu("exec", "web-1", "hostname")
	assert.Equal(t, 0, status)
	assert.Equal(t, "ip-10-0-1-4\n", out)
	out, status = vpcemu("up", "-d", "testdata/up/net.yaml")
	assert.Equal(t, 2, status)
	assert.Contains(t, out, "net is up already")
	out, status = vpcemu("up", "-d", "missing.yaml")
	assert.Equal(t, 2, status)
	assert.Contains(t, out, "missing.yaml")
	out, status = vpcemu("down")
	assert.Equal(t, 0, status)
	assert.Equal(t, "net is down\n", out)
	assert.NoDirExists(t, dir)
}

// TestUpDetached_TooLong: a network that does not come up is told to end.
func TestUpDetached_TooLong(t *testing.T) {
	t.Setenv("RUNTIME_DIRECTORY", filepath.Join(t.TempDir(), "run"))
	c := exec.Command("sleep", "1000")
	require.NoError(t, c.Start())
	then := make(chan time.Time, 1)
	then <- time.Now()
	err := new(app).await(c, "net", then, nil)
	assert.EqualError(t, err, fmt.Sprintf("net does not come up: process %d has been told to end", c.Process.Pid))
	require.Eventually(t, func() bool { return c.Process.Signal(syscall.Signal(0)) != nil }, soon, 10*time.Millisecond)
}

// TestUpDetached_Interrupted: after Ctrl-C no network comes up behind it.
func TestUpDetached_Interrupted(t *testing.T) {
	needs(t)
	dir := filepath.Join(t.TempDir(), "run")
	t.Setenv("RUNTIME_DIRECTORY", dir)
	for _, file := range []string{"", "net/lock", "net/state.json", "net/etc"} { // that is there when it happens
		c := exec.Command("vpcemu", "up", "-d", "testdata/up/net.yaml")
		out := new(log)
		c.Stdout, c.Stderr = out, out
		require.NoError(t, c.Start())
		if file != "" {
			assert.Eventually(t, func() bool { _, err := os.Stat(filepath.Join(dir, file)); return err == nil }, soon, time.Millisecond, file)
		}
		require.NoError(t, c.Process.Signal(syscall.SIGINT))
		_ = c.Wait()                        // nobody has its output any more
		if c.ProcessState.ExitCode() == 0 { // it was up already
			b, err := exec.Command("vpcemu", "down").CombinedOutput()
			require.NoError(t, err, "%s", b)
		}
		assert.NoDirExists(t, dir, "%s", out)
	}
}

// inNamespace lists the processes in a network namespace.
func inNamespace(t *testing.T, link string) (pids []string) {
	t.Helper()
	require.Regexp(t, `^net:\[\d+\]$`, link)
	all, err := filepath.Glob("/proc/[0-9]*/ns/net")
	require.NoError(t, err)
	for _, ns := range all {
		if to, _ := os.Readlink(ns); to == link {
			pids = append(pids, ns)
		}
	}
	return pids
}

// TestUpRefuses: what cannot work is refused in one line, and leaves nothing.
func TestUpRefuses(t *testing.T) {
	needs(t, "unshare")
	dir := t.TempDir()
	require.NoError(t, os.Chmod(filepath.Dir(dir), 0o755)) // for nobody
	t.Setenv("RUNTIME_DIRECTORY", filepath.Join(dir, "run"))
	self, err := exec.LookPath("vpcemu")
	require.NoError(t, err)
	b, err := os.ReadFile(self)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "vpcemu"), b, 0o755))
	nobody := &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	for _, c := range []struct {
		name string
		as   *syscall.SysProcAttr
		args []string
		want string
	}{
		{"up without root", nobody, []string{"./vpcemu", "up", "example:three-tier"}, "needs root: run it with sudo"},
		{"exec without root", nobody, []string{"./vpcemu", "exec", "web-1", "true"}, "needs root"},
		{"down without root", nobody, []string{"./vpcemu", "down"}, "needs root"},
		{"top without root", nobody, []string{"./vpcemu", "top"}, "needs root"},
		{"up without TUN", nil, []string{"unshare", "-m", "sh", "-c", "mount -t tmpfs none /dev/net && ./vpcemu up example:three-tier"}, "needs /dev/net/tun"},
		{"up with a long name", nil, []string{"./vpcemu", "up", "example:three-tier", "--name", strings.Repeat("n", 108)}, "give the network a shorter name"},
		{"up -d with a long name", nil, []string{"./vpcemu", "up", "-d", "example:three-tier", "--name", strings.Repeat("n", 108)}, "give the network a shorter name"},
		{"up with a folder for a name", nil, []string{"./vpcemu", "up", "example:three-tier", "--name", "a/b"}, `--name: "a/b" is no name`},
		{"up with a name of two lines", nil, []string{"./vpcemu", "up", "example:three-tier", "--name", "a\nb"}, `--name: "a\nb" is no name`},
		{"up with a hidden name", nil, []string{"./vpcemu", "up", "example:three-tier", "--name", "..", "-d"}, `--name: ".." is no name`},
		{"exec with a way out for a name", nil, []string{"./vpcemu", "exec", "--name", "../run/net", "web-1", "true"}, `"../run/net" is no name of a network`},
		{"down with a way out for a name", nil, []string{"./vpcemu", "down", "../x"}, `"../x" is no name of a network`},
		{"down with the folder for a name", nil, []string{"./vpcemu", "down", "."}, `"." is no name of a network`},
		{"nothing to enter", nil, []string{"./vpcemu", "exec", "web-1", "true"}, "networks are not up"},
		{"nothing to take down", nil, []string{"./vpcemu", "down", "net"}, "net is not up"},
		{"nothing to look at", nil, []string{"./vpcemu", "top"}, "networks are not up"},
	} {
		t.Run(c.name, func(t *testing.T) {
			cmd := exec.Command(c.args[0], c.args[1:]...)
			cmd.Dir, cmd.SysProcAttr = dir, c.as
			out, _ := cmd.CombinedOutput()
			assert.Equal(t, 2, cmd.ProcessState.ExitCode())
			assert.Contains(t, string(out), c.want)
			assert.Equal(t, 1, strings.Count(string(out), "\n"), "%s", out)
		})
	}
	assert.NoDirExists(t, filepath.Join(dir, "run"))
}

// machine is what this machine has that a network must leave alone.
func machine(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("sh", "-c", "ip netns; ip -o link; ip -o address; ip route show table all; ip -6 route show table all; ip rule; "+
		"ls /run/netns /etc/netns /run/vpcemu 2>&1; sysctl net.ipv4.ip_forward net.ipv4.conf.all.rp_filter; grep -c . /proc/self/mounts; hostname").CombinedOutput()
	require.NoError(t, err, "%s", out)
	return string(out)
}
