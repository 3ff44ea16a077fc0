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

// attempt is one packet that may have a short cut.
type attempt struct {
	packet packet.Plain
	ok     bool // it is plain, and its port is in the network
	look   firewall.Look
}

func (a *attempt) begin(g *generation, p *Port, b []byte) {
	if a.packet, a.ok = packet.ParsePlain(b); a.ok {
		a.look.Begin(g.state[p.slot].flows, &a.packet)
	}
}

// shorten takes the packet along the short cut of its flow, if there is one.
func (a *attempt) shorten(g *generation, b []byte, now int64) (Result, bool) {
	if !a.ok {
		return Result{}, false
	}
	idle := firewall.FastIdle
	if a.packet.Proto == packet.TCP {
		idle = firewall.FastIdleTCP
	}
	n, ok := a.look.Fast(uint32(g.plan.Epoch), now, idle)
	if !ok {
		return Result{}, false
	}
	way := &(*g.ways.list.Load())[n]
	if a.packet.Len > way.limit {
		return Result{}, false
	}
	way.to.deliver(b[:a.packet.Len:a.packet.Len])
	return Result{Fate: Delivered, At: way.at}, true
}

// batch is how many packets wait for memory together. More than the processor
// can wait for at once gain nothing.
const batch = 32

// SendBatch is [Port.Send] for many packets, in order, at one moment of the
// clock. The results go to as many places of results, which may be nil. It costs
// less than as many calls of Send if many flows are under way: the waits for memory
// overlap.
func (p *Port) SendBatch(packets [][]byte, results []Result) {
	var attempts [batch]attempt
	for len(packets) > 0 {
		g, now := p.em.current.Load(), p.em.now().UnixNano()
		some := packets[:min(batch, len(packets))]
		short := p.em.shortCuts && g.at(p) != nil
		if short {
			g.prepare(attempts[:len(some)], p, some)
		}
		for i, b := range some {
			r, ok := Result{}, false
			if short && p.em.current.Load() == g {
				r, ok = attempts[i].shorten(g, b, now)
			}
			if !ok {
				r = p.em.walk(p, nil, b, now)
			}
			if results != nil {
				results[0], results = r, results[1:]
			}
		}
		packets = packets[len(some):]
	}
}

// prepare looks for the short cuts of many packets.
func (g *generation) prepare(attempts []attempt, p *Port, packets [][]byte) {
	for i, b := range packets {
		attempts[i].begin(g, p, b)
	}
	for i := range attempts {
		if attempts[i].ok {
			attempts[i].look.Index()
		}
	}
	for i := range attempts {
		if attempts[i].ok {
			attempts[i].look.Record()
		}
	}
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
