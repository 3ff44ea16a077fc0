package emu

import (
	"sync"
	"sync/atomic"

	"github.com/vpcemu/vpcemu/firewall"
	"github.com/vpcemu/vpcemu/packet"
	"github.com/vpcemu/vpcemu/routing"
)

// The short cut. A packet in the middle of a flow, in a network that has not
// changed, meets the same verdicts as the one before it. Once a packet has gone
// all its way and no tracked flow changed on it, its way is written down as a
// number with the sender's tracked flow, and packets like it go straight to its end.
//
//	Send ─▶ plain? ─▶ tracked, with a way of this epoch? ─▶ rewrite ─▶ deliver
//	           └──────────────────┴── no: the stages, which may write the way down
//
// Dropping any of it at any time changes no verdict.

// way is what happens to the packets of a flow from here on.
type way struct {
	to    *Port  // where they are delivered
	at    string // as in Result.At
	limit int    // bytes; larger packets take the stages
}

// ways are the ways that are known in a generation. Their numbers are places in
// the list.
type ways struct {
	mu    sync.Mutex
	list  atomic.Pointer[[]way]
	known map[way]uint32
}

// number is that of a way.
func (s *ways) number(w way) uint32 {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n, ok := s.known[w]; ok {
		return n
	}
	var list []way
	if p := s.list.Load(); p != nil {
		list = *p
	}
	n := uint32(len(list))
	list = append(list, w)
	s.list.Store(&list)
	if s.known == nil {
		s.known = make(map[way]uint32)
	}
	s.known[w] = n
	return n
}

// ends are the tracked flows of a packet at the interfaces that it left and
// reached.
type ends struct {
	out, in firewall.Tracked
	no      bool // the next packet like it may fare differently
}

// shorten takes a packet along the short cut of its flow, if there is one.
func (g *generation) shorten(p *Port, b []byte, now int64) (Result, bool) {
	if p.slot < 0 || p.slot >= len(g.ports) || g.ports[p.slot] != p {
		return Result{}, false
	}
	plain, ok := packet.ParsePlain(b)
	if !ok {
		return Result{}, false
	}
	idle := firewall.FastIdle
	if plain.Proto == packet.TCP {
		idle = firewall.FastIdleTCP
	}
	n, ok := g.state[p.slot].flows.Fast(plain.Addresses, plain.Ports, uint8(plain.Proto), uint32(g.plan.Epoch), now, idle)
	if !ok {
		return Result{}, false
	}
	way := &(*g.ways.list.Load())[n]
	if plain.Len > way.limit {
		return Result{}, false
	}
	way.to.deliver(b[:plain.Len:plain.Len])
	return Result{Fate: Delivered, At: way.at}, true
}

// learn writes down the way of a packet that was delivered.
func (w *walk) learn() {
	if w.ends.no || w.result.Fate != Delivered || w.tracer != nil {
		return
	}
	to := w.net.ports[w.to.Slot]
	limit := maxPacket
	if w.next.target.Kind == routing.PeeringConnection {
		limit = mtuInternet // which every way takes
	}
	n := w.net.ways.number(way{to, w.result.At, limit})
	w.net.em.flows.Join(w.ends.out, w.ends.in, uint32(w.net.plan.Epoch), n)
}

// keep notes what an interface's security groups found of the packet's flow.
func (e *ends) keep(dir firewall.Direction, found firewall.Hit) {
	switch {
	case found.Entry == (firewall.Tracked{}):
		e.no = true
	case dir == firewall.Egress:
		e.out = found.Entry
	default:
		e.in = found.Entry
	}
}

// shortenable reports whether only tracked flows remember packets that take a
// route of a kind.
func shortenable(kind routing.TargetKind) bool {
	switch kind {
	case routing.Local, routing.Interface, routing.Instance, routing.PeeringConnection:
		return true
	}
	return false
}
