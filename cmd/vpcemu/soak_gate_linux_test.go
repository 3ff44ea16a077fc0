package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// gate is lines of the network's file that come and go.
type gate struct {
	name    string
	to      string // a mirror behind it, at port 9001
	tracked bool   // flows outlive the lines (SG-27)
	cuts    bool   // nothing passes without them (ACL-19)
	// attempt is what a host runs that wants through, the k-th time, and refused how that
	// ends without the lines.
	host    string
	attempt func(open bool, k int) []string
	refused int

	passed, blocked atomic.Int64
	mu              sync.Mutex
	now             epoch
}

// epoch is a time without changes of a gate. It is over when ctx is done.
type epoch struct {
	open bool
	ctx  context.Context
	stop context.CancelFunc
}

func (e epoch) over() bool { return e.ctx.Err() != nil }

func soakGates() []*gate {
	// An attempt that a change has cut short leaves a flow, so the next one has another port,
	// or identifier. Ports that Linux takes by itself are above.
	const portsOfGate = 7000
	curl := func(firstPort int, to string) func(bool, int) []string {
		return func(open bool, k int) []string {
			return []string{"curl", "-sSm", limit(open), "--local-port", strconv.Itoa(firstPort + k%portsOfGate), "-o", "/dev/null", "http://" + to + "/small"}
		}
	}
	ping := func(open bool, k int) []string {
		return []string{"ping", "-c", "1", "-W", limit(open), "-e", strconv.Itoa(1 + k%65_000), "10.0.2.4"}
	}
	return []*gate{
		{name: "rule", to: "10.0.2.4", tracked: true, host: "web-1", attempt: curl(10_000, "10.0.2.4:9000"), refused: blocked},
		{name: "acl", to: "10.0.4.4", cuts: true, host: "web-1", attempt: curl(17_000, "10.0.4.4:9000"), refused: blocked},
		{name: "wide", to: "10.0.2.30", host: "web-1", attempt: curl(24_000, "10.0.2.30:9000"), refused: blocked}, // untracked (SG-31)
		{name: "ping", host: "web-1", attempt: ping, refused: 1},
		{name: "guest", host: "guest-1", attempt: curl(10_000, "10.0.2.4:8080"), refused: 2}, // there is no such host
	}
}

// limit is how long an attempt may take, in seconds.
func limit(open bool) string {
	if open {
		return "30"
	}
	return "1"
}

// end ends an epoch, and says what the next one is to be.
func (g *gate) end(open bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.now.stop()
	g.now.open = open
}

// begin begins one.
func (g *gate) begin(open bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.now.open = open
	g.now.ctx, g.now.stop = context.WithCancel(context.Background())
}

func (g *gate) epoch() epoch {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.now
}

// tries wants through a gate. What a change falls into is ended and decides nothing.
func (s *soak) tries(g *gate) func() error {
	k := 0
	return func() error {
		k++
		now := g.epoch()
		status, out := s.program(now.ctx, g.host, g.attempt(now.open, k)...)
		switch {
		case now.over():
			s.undecided.Add(1)
		case now.open && status == 0:
			g.passed.Add(1)
			s.connections.Add(1)
		case now.open:
			return fmt.Errorf("not through the open gate, %d: %s", status, out)
		case status != g.refused:
			return fmt.Errorf("through the closed gate, %d: %s", status, out)
		default:
			g.blocked.Add(1)
			s.blocked.Add(1)
		}
		return nil
	}
}

// level is what the process of the network holds while nothing happens.
type level struct {
	threads, files, namespaces int
	resident                   int64 // bytes
}

func (l level) String() string {
	return fmt.Sprintf("%d threads, %d files of which %d namespaces, %.1f MB resident", l.threads, l.files, l.namespaces, float64(l.resident)/1e6)
}

// near reports whether a level is that of before, give or take.
func (l level) near(before level) bool {
	return l.threads <= before.threads+20 && l.files <= before.files+2 && l.namespaces == before.namespaces &&
		l.resident <= before.resident*3/2+16<<20
}

// level opens all gates, waits until what was under way is through, and looks.
func (s *soak) level() (l level) {
	s.openAll()
	s.quiet.Lock()
	defer s.quiet.Unlock()
	proc := filepath.Join("/proc", strconv.Itoa(s.up.Process.Pid))
	look := func() (l level) {
		tasks, _ := os.ReadDir(filepath.Join(proc, "task"))
		files, _ := filepath.Glob(filepath.Join(proc, "fd", "*"))
		l.threads, l.files = len(tasks), len(files)
		for _, f := range files {
			if to, _ := os.Readlink(f); strings.HasPrefix(to, "net:[") {
				l.namespaces++
			}
		}
		b, _ := os.ReadFile(filepath.Join(proc, "statm"))
		if f := strings.Fields(string(b)); len(f) > 1 {
			pages, _ := strconv.ParseInt(f[1], 10, 64)
			l.resident = pages * int64(os.Getpagesize())
		}
		return l
	}
	for same, until := 0, time.Now().Add(patience); same < 3 && time.Now().Before(until); time.Sleep(100 * time.Millisecond) {
		now := look()
		if same++; now.files != l.files || now.threads != l.threads {
			same = 0
		}
		l = now
	}
	return l
}
