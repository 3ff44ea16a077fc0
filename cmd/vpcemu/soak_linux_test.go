package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var soakFor = flag.Duration("soak", 0, "how long TestSoakUp runs; 0 for a few seconds")

// TestSoakUp: programs that others wrote, on hosts of a network that is up and whose file
// changes every second in a long run. On the roads everything arrives as it was sent.
// Beside them are gates, lines of the file that come and go, of which whoever tries one
// knows what is right: if no change fell into the attempt, what its epoch says. At every
// report all is quiet for a moment, and what the process of the network holds must be level.
func TestSoakUp(t *testing.T) {
	needs(t, "curl", "dig", "iperf3", "nc", "nginx", "ping", "python3")
	length, pause := *soakFor, time.Second
	if length == 0 {
		length, pause = 4*time.Second, 250*time.Millisecond
	}
	before := machine(t)
	s := newSoak(t)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var workers sync.WaitGroup
	for _, w := range s.workers() {
		workers.Go(func() { s.repeat(ctx, w) })
	}
	start, report, kept := time.Now(), time.Minute, int64(0)
	for k := 0; time.Since(start) < length || !s.sawAll() && time.Since(start) < length+stalled; k++ {
		g := s.gates[k%len(s.gates)]
		s.turn(g, !g.epoch().open)
		if past := time.Since(start); past >= report {
			report += time.Minute
			s.report(past)
			now := s.kept.Load()
			s.expect(now > kept, "soak", "in a minute nothing has passed a closed gate that should")
			kept = now
		}
		time.Sleep(pause)
	}
	s.openAll()
	stop()
	workers.Wait()
	s.report(time.Since(start))
	s.expect(s.sawAll(), "soak", "not everything has happened")
	assert.Contains(t, s.down(), "net is down")
	assert.Equal(t, 0, s.up.ProcessState.ExitCode(), "%s", s.out)
	s.wait("everything to be gone", func() bool { return machine(t) == before })
	require.Zero(t, s.failures.Load())
}

// soak is the network, what runs in it, and what has been counted.
type soak struct {
	*lab
	text  string // of the file, with all gates open
	files map[string][]byte
	gates []*gate
	quiet sync.RWMutex // held to read in every round
	first level

	connections, bytes, datagrams, changes, blocked, kept, undecided, failures atomic.Int64
}

func (s *soak) String() string {
	return fmt.Sprintf("%d connections, %d MB, %d datagrams, %d changes, %d blocked as expected, %d through a closed gate as expected, %d undecided, %d failures",
		s.connections.Load(), s.bytes.Load()/1e6, s.datagrams.Load(), s.changes.Load(), s.blocked.Load(), s.kept.Load(), s.undecided.Load(), s.failures.Load())
}

// expect claims something; only the first few failures are told in full.
func (s *soak) expect(ok bool, who, format string, args ...any) {
	if !ok && s.failures.Add(1) <= 20 {
		s.t.Errorf("%s: %s", who, fmt.Sprintf(format, args...))
	}
}

// report logs what has been counted, and claims that the level is that of the beginning; of
// memory, that of the first report.
func (s *soak) report(past time.Duration) {
	now := s.level()
	s.t.Logf("%v: %v; %v", past.Round(time.Second), s, now)
	if s.first.resident == 0 {
		s.first.resident = now.resident
	}
	s.expect(now.near(s.first), "level", "%v at first, %v now", s.first, now)
}

// sawAll reports whether every kind of thing has happened.
func (s *soak) sawAll() bool {
	all := []*atomic.Int64{&s.connections, &s.bytes, &s.datagrams, &s.kept}
	for _, g := range s.gates {
		all = append(all, &g.passed, &g.blocked)
	}
	return !slices.ContainsFunc(all, func(n *atomic.Int64) bool { return n.Load() == 0 })
}

// mirror is a server that sends back what it is sent.
const mirror = `python3 -c '
import socketserver
class H(socketserver.BaseRequestHandler):
    def handle(self):
        while b := self.request.recv(65536): self.request.sendall(b)
socketserver.ThreadingTCPServer(("", %PORT%), H).serve_forever()'`

func newSoak(t *testing.T) *soak {
	s := &soak{lab: bring(t, "testdata/up/soak.yaml"), gates: soakGates(), files: map[string][]byte{"small": make([]byte, 10_000), "large": make([]byte, 4_000_000)}}
	b, err := os.ReadFile(s.file)
	require.NoError(t, err)
	s.text = string(b)
	folder := t.TempDir()
	random := rand.NewChaCha8([32]byte{})
	for name, b := range s.files {
		random.Read(b)
		require.NoError(t, os.WriteFile(filepath.Join(folder, name), b, 0o644))
	}
	nginx := func(host, hex, listen string) {
		conf := filepath.Join(folder, host+".conf")
		require.NoError(t, os.WriteFile(conf, []byte("daemon off; user root; pid "+conf+".pid; error_log stderr; events {}\n"+
			"http { access_log off; server { root "+folder+"; "+listen+" } }\n"), 0o600))
		s.serve(host, hex, "nginx -c "+conf)
	}
	nginx("web-1", "01BB", "listen 443;")
	nginx("app-1", "2328", "listen 8080; listen 9000;")
	files := func(host, hex, port string) {
		s.serve(host, hex, "python3 -m http.server "+port+" -d "+folder+" 2>/dev/null")
	}
	files("internet", "0050", "80")
	files("db-1", "1538", "5432")
	files("db-2", "1538", "5432")
	files("wide-1", "2328", "9000")
	files("narrow-1", "2328", "9000")
	for _, host := range []string{"app-1", "db-2", "internet"} {
		s.serve(host, "0007", strings.ReplaceAll(mirror, "%PORT%", "7"))
	}
	for _, host := range []string{"app-1", "wide-1", "narrow-1"} {
		s.serve(host, "2329", strings.ReplaceAll(mirror, "%PORT%", "9001"))
	}
	s.serve("app-1", "1451", "iperf3 -s >/dev/null")
	for _, g := range s.gates {
		g.begin(true)
	}
	s.first = s.level()
	s.first.resident = 0
	return s
}

// worker does a round after another, with a pause between them.
type worker struct {
	name  string
	pause time.Duration
	round func() error
}

func (s *soak) repeat(ctx context.Context, w worker) {
	for ctx.Err() == nil {
		s.quiet.RLock()
		err := w.round()
		s.quiet.RUnlock()
		s.expect(err == nil, w.name, "%v", err)
		select {
		case <-time.After(w.pause):
		case <-ctx.Done():
		}
	}
}

// patience is how long anything may take that takes milliseconds on a quiet machine, and
// stalled how long what a gate holds up: behind a closed one TCP asks ever more rarely, and
// some of that falls into later times that it is closed.
const (
	patience = 30 * time.Second
	stalled  = 2 * time.Minute
)

func (s *soak) workers() (all []worker) {
	add := func(pause time.Duration, name string, round func() error) {
		all = append(all, worker{name, pause, round})
	}
	for _, r := range []struct{ name, from, to string }{
		{"inside", "web-1", "10.0.2.4:8080"},
		{"to the database", "app-1", "10.0.3.10:5432"},
		{"peering", "app-1", "10.1.1.4:5432"},
		{"NAT gateway", "app-1", "203.0.113.7"},
		{"internet gateway", "internet", "198.51.100.1:443"},
	} {
		add(time.Second, r.name+": curl", s.download(r.from, r.to, "small"))
		add(3*time.Second, r.name+": bulk", s.download(r.from, r.to, "large"))
		add(time.Second, r.name+": slow", s.download(r.from, r.to, "large", "--limit-rate", "1M"))
	}
	for _, r := range []struct{ name, from, to string }{
		{"inside", "web-1", "10.0.2.4"},
		{"peering", "app-1", "10.1.1.4"},
		{"NAT gateway", "app-1", "203.0.113.7"},
	} {
		add(200*time.Millisecond, r.name+": long-lived", s.longLived(r.from, r.to, "7", nil))
	}
	add(time.Second, "dig", s.asks("web-1", "10.0.2.4", "dig", "+short", "+time=10", "+tries=1", "ip-10-0-2-4.ec2.internal"))
	add(time.Second, "ping", s.asks("app-1", "1 received", "ping", "-c", "1", "-W", "10", "10.1.1.4"))
	add(2*time.Second, "metadata", s.asks("web-1", "10.0.1.4", "sh", "-c", metadataOf("local-ipv4")))
	add(3*time.Second, "iperf3", s.asks("web-1", "iperf Done", "iperf3", "-c", "10.0.2.4", "-n", "16M"))
	add(3*time.Second, "top", func() error {
		out, err := exec.Command("vpcemu", "top", "--once").CombinedOutput()
		if err != nil {
			return fmt.Errorf("%w: %s", err, out)
		}
		return nil
	})
	for _, g := range s.gates {
		add(300*time.Millisecond, g.name+": new", s.tries(g))
		if g.to != "" {
			add(100*time.Millisecond, g.name+": long-lived", s.longLived("web-1", g.to, "9001", g))
		}
	}
	return all
}

// program runs a program on a host, and ends it with ctx.
func (s *soak) program(ctx context.Context, host string, argv ...string) (status int, out []byte) {
	c := exec.CommandContext(ctx, "vpcemu", append([]string{"exec", host, "--"}, argv...)...)
	c.WaitDelay = patience
	var mistakes strings.Builder
	c.Stderr = &mistakes
	out, err := c.Output()
	if c.ProcessState == nil {
		return -1, []byte(err.Error())
	}
	if err != nil {
		out = append(out, mistakes.String()...)
	}
	return c.ProcessState.ExitCode(), out
}

// download claims that a file comes as it is.
func (s *soak) download(host, from, file string, option ...string) func() error {
	return func() error {
		status, got := s.program(s.t.Context(), host, append([]string{"curl", "-sSm", "60", "http://" + from + "/" + file}, option...)...)
		if status != 0 {
			return fmt.Errorf("curl says %d after %d bytes: …%q", status, len(got), got[max(0, len(got)-120):])
		}
		s.connections.Add(1)
		s.bytes.Add(int64(len(got)))
		if !bytes.Equal(got, s.files[file]) {
			return fmt.Errorf("%d other bytes came", len(got))
		}
		return nil
	}
}

// asks claims that a program says something.
func (s *soak) asks(host, want string, argv ...string) func() error {
	return func() error {
		status, out := s.program(s.t.Context(), host, argv...)
		if status != 0 || !strings.Contains(string(out), want) {
			return fmt.Errorf("%s says %d: %s", argv[0], status, out)
		}
		s.datagrams.Add(1)
		return nil
	}
}

// longLived is one connection that must never break, of nc to a mirror. The next round of one
// that has begins another: what was said to the old one may still come back. What is said through
// a closed gate must pass if flows outlive the rule, and must not if no memory can.
func (s *soak) longLived(host, to, port string, g *gate) func() error {
	var nc *talk
	s.t.Cleanup(func() { nc.end() })
	limit := patience
	if g != nil {
		limit = stalled
	}
	return func() (err error) {
		if nc == nil {
			if nc, err = begin(exec.Command("vpcemu", "exec", host, "--", "nc", to, port)); err != nil {
				return err
			}
			s.connections.Add(1)
		}
		var now epoch
		if g != nil {
			now = g.epoch()
		}
		if err = s.exchange(nc, limit); err != nil {
			nc.end()
			nc = nil
			return err
		}
		if g == nil || now.open || now.over() {
			return nil
		}
		if g.cuts {
			return errors.New("a flow from before through the closed gate")
		}
		if g.tracked {
			s.kept.Add(1)
		}
		return nil
	}
}

// talk is a program that is said things to, and answers.
type talk struct {
	*exec.Cmd
	io.WriteCloser
	io.Reader
}

func begin(c *exec.Cmd) (*talk, error) {
	in, err := c.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := c.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := c.Start(); err != nil {
		return nil, err
	}
	return &talk{c, in, out}, nil
}

// end ends it, and who still waits for an answer.
func (t *talk) end() {
	if t != nil {
		_ = t.Process.Kill()
		_ = t.Wait()
	}
}

// exchange sends random bytes and claims that they come back.
func (s *soak) exchange(with io.ReadWriter, limit time.Duration) error {
	sent, got := make([]byte, 2000), make([]byte, 2000)
	for k := range sent {
		sent[k] = byte(rand.Uint32())
	}
	done := make(chan error, 1)
	go func() {
		if _, err := with.Write(sent); err != nil {
			done <- err
			return
		}
		_, err := io.ReadFull(with, got)
		done <- err
	}()
	select {
	case err := <-done:
		if err == nil && !bytes.Equal(sent, got) {
			err = errors.New("other bytes came back")
		}
		s.bytes.Add(2 * int64(len(sent)))
		return err
	case <-time.After(limit):
		return errors.New("stands still")
	}
}

// trouble is what up says when something did not work.
var trouble = regexp.MustCompile(`(?m)^.*(not taken over|some hosts are not|watching|vpcemu:|panic|WARNING).*$`)

// turn opens or closes a gate, and begins an epoch once the change is in force.
func (s *soak) turn(g *gate, open bool) {
	if g.epoch().open == open {
		return
	}
	g.end(open)
	var text strings.Builder
	for line := range strings.Lines(s.text) {
		if _, name, ok := strings.Cut(line, "# gate: "); !ok || s.gate(strings.TrimSpace(name)).epoch().open {
			text.WriteString(line)
		}
	}
	require.NoError(s.t, os.WriteFile(s.file+"~", []byte(text.String()), 0o600))
	require.NoError(s.t, os.Rename(s.file+"~", s.file)) // as editors do
	said := ""
	s.wait("the change to be in force", func() bool {
		said += s.out.take()
		return strings.Contains(said, " in force")
	})
	g.begin(open)
	s.changes.Add(1)
	if bad := trouble.FindString(said); bad != "" {
		s.expect(false, "up", "says %s", bad)
	}
}

func (s *soak) gate(name string) *gate {
	for _, g := range s.gates {
		if g.name == name {
			return g
		}
	}
	panic(name)
}

// openAll opens all gates.
func (s *soak) openAll() {
	for _, g := range s.gates {
		s.turn(g, true)
	}
}
