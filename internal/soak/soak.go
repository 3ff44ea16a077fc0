// Package soak is what soak tests share: for minutes or hours many workers send traffic while gates in its way open and close, and at
// every report all is quiet for a moment and what the process holds must be level. What the traffic is and what a gate is, and so what
// is right, is the test's. Start with [Soak.Run].
package soak

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// For is how long a soak runs, 0 for as long as its test finds short.
var For = flag.Duration("soak", 0, "how long the soak test runs; 0 for a few seconds")

const (
	// Patience is how long anything may take that takes milliseconds on a quiet machine.
	Patience = 30 * time.Second

	// Stalled is how long a connection through a gate may stand still. Behind a closed gate TCP asks ever more
	// rarely, and some of that falls into later times that the gate is closed.
	Stalled = 2 * time.Minute
)

// Soak is what has been counted. T is to be set.
type Soak struct {
	T testing.TB

	// Connections, Bytes (there and back) and Datagrams are traffic, Changes those of the network. Blocked is what a closed gate
	// stopped and should, Kept what passed one and should. What a change fell into is Undecided.
	Connections, Bytes, Datagrams, Changes, Blocked, Kept, Undecided atomic.Int64

	failures atomic.Int64
	quiet    sync.RWMutex // held to read in every round
}

func (s *Soak) String() string {
	return fmt.Sprintf("%d connections, %d MB, %d datagrams, %d changes, %d blocked as expected, %d through a closed gate as expected, %d undecided, %d failures",
		s.Connections.Load(), s.Bytes.Load()/1e6, s.Datagrams.Load(), s.Changes.Load(), s.Blocked.Load(), s.Kept.Load(), s.Undecided.Load(), s.failures.Load())
}

// Expect claims something; only the first few failures are told in full.
func (s *Soak) Expect(ok bool, who, format string, args ...any) {
	if !ok && s.failures.Add(1) <= 20 {
		s.T.Errorf("%s: %s", who, fmt.Sprintf(format, args...))
	}
}

// Saw reports whether none of the counters is zero, or something has failed anyway.
func (s *Soak) Saw(counters ...*atomic.Int64) bool {
	return s.failures.Load() != 0 || !slices.ContainsFunc(counters, func(n *atomic.Int64) bool { return n.Load() == 0 })
}

// Worker does a round after another, with a pause between them.
type Worker struct {
	Name  string
	Pause time.Duration
	Round func() error
}

// Test is a network and the traffic on it.
type Test interface {
	Workers() []Worker
	Change(k int)              // makes the k-th change
	OpenAll()                  // opens all gates
	Report(past time.Duration) // says and checks how it stands, every minute and at the end
	SawAll() bool              // whether every kind of thing has happened
}

// Run has the workers of a test work and makes a change after each pause, until the time is over and everything has happened.
func (s *Soak) Run(t Test, length, pause time.Duration) {
	ctx, stop := context.WithCancel(s.T.Context())
	defer stop()
	var workers sync.WaitGroup
	for _, w := range t.Workers() {
		workers.Go(func() { s.repeat(ctx, w) })
	}
	start, report := time.Now(), time.Minute
	for k := 0; time.Since(start) < length || !t.SawAll() && time.Since(start) < length+Stalled; k++ {
		t.Change(k)
		if past := time.Since(start); past >= report {
			report += time.Minute
			t.Report(past)
		}
		time.Sleep(pause)
	}
	t.OpenAll()
	stop()
	workers.Wait()
	t.Report(time.Since(start))
	s.Expect(t.SawAll(), "soak", "not everything has happened")
}

func (s *Soak) repeat(ctx context.Context, w Worker) {
	for ctx.Err() == nil {
		s.quiet.RLock()
		err := w.Round()
		s.quiet.RUnlock()
		s.Expect(err == nil, w.Name, "%v", err)
		select {
		case <-time.After(w.Pause):
		case <-ctx.Done():
		}
	}
}

// Quiet waits until no worker is in a round, and then until still has been true three times in a row, if that comes. Rounds go on
// with resume.
func (s *Soak) Quiet(still func() bool) (resume func()) {
	s.quiet.Lock()
	for end, times := time.Now().Add(Patience), 0; times < 3 && time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		if times++; !still() {
			times = 0
		}
	}
	return s.quiet.Unlock
}

// Exchange sends random bytes and claims that they come back.
func (s *Soak) Exchange(with io.ReadWriter, size int) error {
	sent, got := make([]byte, size), make([]byte, size)
	for k := range sent {
		sent[k] = byte(rand.Uint32())
	}
	if _, err := with.Write(sent); err != nil {
		return err
	}
	if _, err := io.ReadFull(with, got); err != nil {
		return err
	}
	s.Bytes.Add(int64(2 * size))
	if !bytes.Equal(sent, got) {
		return errors.New("other bytes came back")
	}
	return nil
}

// Level is what a process holds while nothing happens.
type Level struct {
	Tasks, Files int   // goroutines or threads, open files
	Memory       int64 // bytes
}

// Near reports whether a level is that of before, give or take.
func (l Level) Near(before Level) bool {
	return l.Tasks <= before.Tasks+20 && l.Files <= before.Files+2 && l.Memory <= before.Memory*3/2+16<<20
}
