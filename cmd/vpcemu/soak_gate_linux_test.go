package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/vpcemu/vpcemu/internal/soak"
)

// gate is lines of the network's file that come and go.
type gate struct {
	soak.Gate
	to      string // a mirror behind it, at port 9001
	tracked bool   // flows outlive the lines (SG-27)
	cuts    bool   // nothing passes without them (ACL-19)
	// attempt is what a host runs that wants through, the k-th time, and refused how that
	// ends without the lines.
	host    string
	attempt func(open bool, k int) []string
	refused int

	passed, blocked atomic.Int64
}

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
		{Gate: soak.Gate{Name: "rule"}, to: "10.0.2.4", tracked: true, host: "web-1", attempt: curl(10_000, "10.0.2.4:9000"), refused: blocked},
		{Gate: soak.Gate{Name: "acl"}, to: "10.0.4.4", cuts: true, host: "web-1", attempt: curl(17_000, "10.0.4.4:9000"), refused: blocked},
		{Gate: soak.Gate{Name: "wide"}, to: "10.0.2.30", host: "web-1", attempt: curl(24_000, "10.0.2.30:9000"), refused: blocked}, // untracked (SG-31)
		{Gate: soak.Gate{Name: "ping"}, host: "web-1", attempt: ping, refused: 1},
		{Gate: soak.Gate{Name: "guest"}, host: "guest-1", attempt: curl(10_000, "10.0.2.4:8080"), refused: 2}, // there is no such host
	}
}

// limit is how long an attempt may take, in seconds.
func limit(open bool) string {
	if open {
		return "30"
	}
	return "1"
}

// tries wants through a gate. What a change falls into is ended and decides nothing.
func (s *soaked) tries(g *gate) func() error {
	k := 0
	return func() error {
		k++
		now := g.Epoch()
		status, out := s.program(now, g.host, g.attempt(now.Open, k)...)
		switch {
		case now.Over():
			s.Undecided.Add(1)
		case now.Open && status == 0:
			g.passed.Add(1)
			s.Connections.Add(1)
		case now.Open:
			return fmt.Errorf("not through the open gate, %d: %s", status, out)
		case status != g.refused:
			return fmt.Errorf("through the closed gate, %d: %s", status, out)
		default:
			g.blocked.Add(1)
			s.Blocked.Add(1)
		}
		return nil
	}
}

// level is what the process of the network holds while nothing happens. Its tasks are threads.
type level struct {
	soak.Level
	namespaces int
}

func (l level) String() string {
	return fmt.Sprintf("%d threads, %d files of which %d namespaces, %.1f MB resident", l.Tasks, l.Files, l.namespaces, float64(l.Memory)/1e6)
}

// near reports whether a level is that of before, give or take.
func (l level) near(before level) bool {
	return l.Near(before.Level) && l.namespaces == before.namespaces
}

// level opens all gates, waits until what was under way is through, and looks.
func (s *soaked) level() (l level) {
	s.OpenAll()
	resume := s.Quiet(func() bool {
		before := l
		l = levelOf(s.up.Process.Pid)
		return l.Files == before.Files && l.Tasks == before.Tasks
	})
	defer resume()
	return l
}

func levelOf(process int) (l level) {
	proc := filepath.Join("/proc", strconv.Itoa(process))
	tasks, _ := os.ReadDir(filepath.Join(proc, "task"))
	files, _ := filepath.Glob(filepath.Join(proc, "fd", "*"))
	l.Tasks, l.Files = len(tasks), len(files)
	for _, f := range files {
		if to, _ := os.Readlink(f); strings.HasPrefix(to, "net:[") {
			l.namespaces++
		}
	}
	b, _ := os.ReadFile(filepath.Join(proc, "statm"))
	if f := strings.Fields(string(b)); len(f) > 1 {
		pages, _ := strconv.ParseInt(f[1], 10, 64)
		l.Memory = pages * int64(os.Getpagesize())
	}
	return l
}
