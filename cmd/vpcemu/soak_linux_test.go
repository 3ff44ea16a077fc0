package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vpcemu/vpcemu/internal/soak"
)

// TestSoakUp: programs that others wrote, on hosts of a network that is up and whose file
// changes every second in a long run. On the roads everything arrives as it was sent.
// Beside them are gates, lines of the file that come and go, of which whoever tries one
// knows what is right: if no change fell into the attempt, what its epoch says. At every
// report all is quiet for a moment, and what the process of the network holds must be level.
func TestSoakUp(t *testing.T) {
	needs(t, "curl", "dig", "iperf3", "nc", "nginx", "ping", "python3")
	length, pause := *soak.For, time.Second
	if length == 0 {
		length, pause = 4*time.Second, 250*time.Millisecond
	}
	before := machine(t)
	s := newSoak(t)
	s.Run(s, length, pause)
	assert.Contains(t, s.down(), "net is down")
	assert.Equal(t, 0, s.up.ProcessState.ExitCode(), "%s", s.out)
	s.wait("everything to be gone", func() bool { return machine(t) == before })
}

// soaked is the network, what runs in it, and what has been counted beside the traffic.
type soaked struct {
	soak.Soak
	*lab
	text  string // of the file, with all gates open
	files map[string][]byte
	gates []*gate
	first level
	past  time.Duration // of the latest report, when kept had been counted
	kept  int64
}

// Report logs what has been counted, and claims that the level is that of the beginning; of
// memory, that of the first report.
func (s *soaked) Report(past time.Duration) {
	now, kept := s.level(), s.Kept.Load()
	s.T.Logf("%v: %v; %v", past.Round(time.Second), s, now)
	if s.first.Memory == 0 {
		s.first.Memory = now.Memory
	}
	s.Expect(now.near(s.first), "level", "%v at first, %v now", s.first, now)
	s.Expect(kept > s.kept || past-s.past < time.Minute/2, "soak", "in a minute nothing has passed a closed gate that should")
	s.past, s.kept = past, kept
}

// SawAll reports whether every kind of thing has happened, or something has failed anyway.
func (s *soaked) SawAll() bool {
	all := []*atomic.Int64{&s.Connections, &s.Bytes, &s.Datagrams, &s.Kept}
	for _, g := range s.gates {
		all = append(all, &g.passed, &g.blocked)
	}
	return s.Saw(all...)
}

// Change turns one gate after the other.
func (s *soaked) Change(k int) {
	g := &s.gates[k%len(s.gates)].Gate
	s.Turn(g, !g.Epoch().Open)
}

// OpenAll opens all gates.
func (s *soaked) OpenAll() {
	for _, g := range s.gates {
		s.Turn(&g.Gate, true)
	}
}

// mirror is a server that sends back what it is sent.
const mirror = `python3 -c '
import socketserver
class H(socketserver.BaseRequestHandler):
    def handle(self):
        while b := self.request.recv(65536): self.request.sendall(b)
socketserver.ThreadingTCPServer(("", %PORT%), H).serve_forever()'`

func newSoak(t *testing.T) *soaked {
	s := &soaked{Soak: soak.Soak{T: t}, lab: bring(t, "testdata/up/soak.yaml"), gates: soakGates(), files: map[string][]byte{"small": make([]byte, 10_000), "large": make([]byte, 4_000_000)}}
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
		g.Set = s.rewrite
		g.Begin(true)
	}
	s.first = s.level()
	s.first.Memory = 0
	return s
}

// Workers are several on each road and at each gate, and who asks the network itself.
func (s *soaked) Workers() (all []soak.Worker) {
	add := func(pause time.Duration, name string, round func() error) {
		all = append(all, soak.Worker{Name: name, Pause: pause, Round: round})
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
		add(300*time.Millisecond, g.Name+": new", s.tries(g))
		if g.to != "" {
			add(100*time.Millisecond, g.Name+": long-lived", s.longLived("web-1", g.to, "9001", g))
		}
	}
	return all
}

// program runs a program on a host, and ends it with ctx.
func (s *soaked) program(ctx context.Context, host string, argv ...string) (status int, out []byte) {
	c := exec.CommandContext(ctx, "vpcemu", append([]string{"exec", host, "--"}, argv...)...)
	c.WaitDelay = soak.Patience
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
func (s *soaked) download(host, from, file string, option ...string) func() error {
	return func() error {
		status, got := s.program(s.T.Context(), host, append([]string{"curl", "-sSm", "60", "http://" + from + "/" + file}, option...)...)
		if status != 0 {
			return fmt.Errorf("curl says %d after %d bytes: …%q", status, len(got), got[max(0, len(got)-120):])
		}
		s.Connections.Add(1)
		s.Bytes.Add(int64(len(got)))
		if !bytes.Equal(got, s.files[file]) {
			return fmt.Errorf("%d other bytes came", len(got))
		}
		return nil
	}
}

// asks claims that a program says something.
func (s *soaked) asks(host, want string, argv ...string) func() error {
	return func() error {
		status, out := s.program(s.T.Context(), host, argv...)
		if status != 0 || !strings.Contains(string(out), want) {
			return fmt.Errorf("%s says %d: %s", argv[0], status, out)
		}
		s.Datagrams.Add(1)
		return nil
	}
}

// longLived is one connection that must never break, of nc to a mirror. The next round of one
// that has begins another: what was said to the old one may still come back. What is said through
// a closed gate must pass if flows outlive the rule, and must not if no memory can.
func (s *soaked) longLived(host, to, port string, g *gate) func() error {
	var nc *talk
	s.T.Cleanup(func() { nc.end() })
	limit := soak.Patience
	if g != nil {
		limit = soak.Stalled
	}
	return func() (err error) {
		if nc == nil {
			if nc, err = begin(exec.Command("vpcemu", "exec", host, "--", "nc", to, port)); err != nil {
				return err
			}
			s.Connections.Add(1)
		}
		var now soak.Epoch
		if g != nil {
			now = g.Epoch()
		}
		if err = s.exchange(nc, limit); err != nil {
			nc.end()
			nc = nil
			return err
		}
		if g == nil || now.Open || now.Over() {
			return nil
		}
		if g.cuts {
			return errors.New("a flow from before through the closed gate")
		}
		if g.tracked {
			s.Kept.Add(1)
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

// exchange sends random bytes and claims that they come back in time.
func (s *soaked) exchange(with io.ReadWriter, limit time.Duration) error {
	done := make(chan error, 1)
	go func() { done <- s.Exchange(with, 2000) }()
	select {
	case err := <-done:
		return err
	case <-time.After(limit):
		return errors.New("stands still")
	}
}

// trouble is what up says when something did not work.
var trouble = regexp.MustCompile(`(?m)^.*(not taken over|some hosts are not|watching|vpcemu:|panic|WARNING).*$`)

// rewrite writes the file with the lines of the gates that are to be open, and waits until the
// change is in force.
func (s *soaked) rewrite(bool) error {
	var text strings.Builder
	for line := range strings.Lines(s.text) {
		if _, name, ok := strings.Cut(line, "# gate: "); !ok || s.gate(strings.TrimSpace(name)).Epoch().Open {
			text.WriteString(line)
		}
	}
	if err := os.WriteFile(s.file+"~", []byte(text.String()), 0o600); err != nil {
		return err
	}
	if err := os.Rename(s.file+"~", s.file); err != nil { // as editors do
		return err
	}
	said := ""
	s.wait("the change to be in force", func() bool {
		said += s.out.take()
		return strings.Contains(said, " in force")
	})
	if bad := trouble.FindString(said); bad != "" {
		return fmt.Errorf("up says %s", bad)
	}
	return nil
}

func (s *soaked) gate(name string) *gate {
	for _, g := range s.gates {
		if g.Name == name {
			return g
		}
	}
	panic(name)
}
