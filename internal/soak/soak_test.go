package soak

import (
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// told is a testing.TB that is told what fails.
type told struct {
	testing.TB
	errors []string
}

func (t *told) Errorf(format string, args ...any) {
	t.errors = append(t.errors, fmt.Sprintf(format, args...))
}

// rounds is a test of workers that are always in a round.
type rounds struct {
	*Soak
	gate    Gate
	in      atomic.Int64
	reports int
}

func (r *rounds) Workers() (all []Worker) {
	for range 4 {
		all = append(all, Worker{Name: "worker", Round: func() error {
			r.in.Add(1)
			defer r.in.Add(-1)
			time.Sleep(time.Millisecond)
			r.Connections.Add(1)
			return nil
		}})
	}
	return all
}

func (r *rounds) Change(int)           { r.Turn(&r.gate, !r.gate.Epoch().Open) }
func (r *rounds) OpenAll()             { r.Turn(&r.gate, true) }
func (r *rounds) Report(time.Duration) { r.reports++ }
func (r *rounds) SawAll() bool         { return r.Saw(&r.Connections, &r.Changes) }

// TestRun: everything has happened, the gate is open at the end and nobody works any more.
func TestRun(t *testing.T) {
	r := &rounds{Soak: &Soak{T: t}}
	r.gate.Set = func(bool) error { return nil }
	r.gate.Begin(true)
	r.Run(r, 0, time.Millisecond)
	assert.True(t, r.SawAll())
	assert.True(t, r.gate.Epoch().Open)
	assert.Equal(t, 1, r.reports)
	assert.Zero(t, r.in.Load())
}

// TestQuiet: while all is quiet nobody is in a round, and then they go on.
func TestQuiet(t *testing.T) {
	r := &rounds{Soak: &Soak{T: t}}
	for _, w := range r.Workers() {
		go r.repeat(t.Context(), w)
	}
	reach := func(n int64) {
		assert.Eventually(t, func() bool { return r.Connections.Load() >= n }, Patience, time.Millisecond)
	}
	reach(10)
	resume := r.Quiet(func() bool { return assert.Zero(t, r.in.Load()) })
	before := r.Connections.Load()
	resume()
	reach(before + 10)
}

// TestTurn: an epoch is over before the change begins, and another one begins after it.
func TestTurn(t *testing.T) {
	s := &Soak{T: t}
	var g Gate
	g.Begin(true)
	first := g.Epoch()
	g.Set = func(open bool) error {
		assert.False(t, open)
		assert.True(t, first.Over())
		assert.True(t, g.Epoch().Over(), "an attempt in the middle of a change decides nothing")
		return nil
	}
	s.Turn(&g, true)
	assert.False(t, first.Over(), "open already")
	s.Turn(&g, false)
	assert.False(t, g.Epoch().Over())
	assert.False(t, g.Epoch().Open)
	assert.EqualValues(t, 1, s.Changes.Load())
}

// TestExpect: what fails is told, and then nothing is waited for.
func TestExpect(t *testing.T) {
	tb := &told{TB: t}
	s := &Soak{T: tb}
	g := Gate{Name: "gate", Set: func(bool) error { return errors.New("stuck") }}
	g.Begin(true)
	assert.False(t, s.Saw(&s.Kept))
	s.Turn(&g, false)
	assert.True(t, s.Saw(&s.Kept))
	for range 30 {
		s.Expect(false, "who", "what")
	}
	assert.Len(t, tb.errors, 20)
	assert.Equal(t, "gate: stuck", tb.errors[0])
}

// mirror sends back what it is sent, behind what it has already.
type mirror struct{ b []byte }

func (m *mirror) Write(b []byte) (int, error) { m.b = append(m.b, b...); return len(b), nil }
func (m *mirror) Read(b []byte) (int, error)  { n := copy(b, m.b); m.b = m.b[n:]; return n, nil }

func TestExchange(t *testing.T) {
	s, m := &Soak{T: t}, &mirror{}
	assert.NoError(t, s.Exchange(m, 100))
	assert.EqualValues(t, 200, s.Bytes.Load())
	m.b = make([]byte, 100)
	assert.EqualError(t, s.Exchange(m, 100), "other bytes came back")
}

func TestNear(t *testing.T) {
	first := Level{Tasks: 10, Files: 5, Memory: 64 << 20}
	for _, c := range []struct {
		name string
		now  Level
		near bool
	}{
		{"as it was", first, true},
		{"less", Level{}, true},
		{"a little more of everything", Level{30, 7, 112 << 20}, true},
		{"tasks", Level{31, 5, 64 << 20}, false},
		{"files", Level{10, 8, 64 << 20}, false},
		{"memory", Level{10, 5, 112<<20 + 1}, false},
	} {
		t.Run(c.name, func(t *testing.T) { assert.Equal(t, c.near, c.now.Near(first)) })
	}
}
