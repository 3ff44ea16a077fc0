package soak

import (
	"context"
	"sync"
)

// Gate is something in the way of traffic that opens and closes.
type Gate struct {
	Name string
	Set  func(open bool) error // makes the change; it is in force when Set returns

	mu  sync.Mutex
	now Epoch
}

// Epoch is a time without changes of a gate. It is over when the context is done.
type Epoch struct {
	Open bool
	context.Context
	end context.CancelFunc
}

// Over reports whether the epoch is over. What was begun in it and has ended before that is of this epoch alone.
func (e Epoch) Over() bool { return e.Err() != nil }

// Epoch is the one that is now. While the gate changes it is one that is over.
func (g *Gate) Epoch() Epoch {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.now
}

// Begin begins an epoch: the gate is open, or closed.
func (g *Gate) Begin(open bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.now.Open = open
	g.now.Context, g.now.end = context.WithCancel(context.Background())
}

// end ends an epoch, and says what the next one is to be.
func (g *Gate) end(open bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.now.end()
	g.now.Open = open
}

// Turn opens or closes a gate, of which an epoch has begun. One at a time may turn gates.
func (s *Soak) Turn(g *Gate, open bool) {
	if g.Epoch().Open == open {
		return
	}
	g.end(open)
	err := g.Set(open)
	g.Begin(open)
	s.Changes.Add(1)
	s.Expect(err == nil, g.Name, "%v", err)
}
