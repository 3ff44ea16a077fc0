package emu

import (
	"sync"
	"sync/atomic"
	"time"

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
// A short cut is what was done to the packet, read off the packet: no rule stands here.
// Dropping any of it at any time changes no verdict.

// shortcut is what happens to the packets of a flow from here on.
type shortcut struct {
	to     *Port // where they are delivered
	result Result
	// What is put in the place of addresses and ports, by a mask, and taken from
	// the TTL. Most ways change nothing.
	addressMask, address uint64
	portMask             uint32
	hops                 uint8
	limit                int // bytes; larger packets take the stages
}

// shortcuts are those that are known in a generation. Their numbers are places in
// the list. Many flows have the same one.
type shortcuts struct {
	mu    sync.Mutex
	list  atomic.Pointer[[]shortcut]
	known map[shortcut]uint32
}

// maxShortcuts is how many there can be; flows that would need more take the stages.
const maxShortcuts = 1 << 16

// number is that of a short cut, false if there is none left.
func (s *shortcuts) number(c shortcut) (uint32, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n, ok := s.known[c]; ok {
		return n, true
	}
	var list []shortcut
	if p := s.list.Load(); p != nil {
		list = *p
	}
	n := uint32(len(list))
	if n == maxShortcuts {
		return 0, false
	}
	list = append(list, c)
	s.list.Store(&list)
	if s.known == nil {
		s.known = make(map[shortcut]uint32)
	}
	s.known[c] = n
	return n, true
}

// ends is what a packet met that remembers flows.
type ends struct {
	// The packet as it was sent, and as it was handed over at its end.
	sent, end       packet.Plain
	sentTTL, endTTL uint8
	plain           bool // it is a packet that can have a short cut
	to              *Port
	out             firewall.Tracked // where it was sent from
	others          [2]firewall.Tracked
	met             int  // how many of them there are
	small           bool // there is a limit of size on its way
	no              bool // the next packet like it may fare differently
}

// begin notes a packet that is sent.
func (e *ends) begin(b []byte) {
	if e.sent, e.plain = packet.ParsePlain(b); e.plain {
		e.sentTTL = b[8]
	}
}

// arrive notes the packet before it is handed over: then it is the receiver's.
func (e *ends) arrive(to *Port, b []byte) {
	if e.plain && !e.no {
		e.to = to
		e.end, e.plain = packet.ParsePlain(b)
		e.endTTL = b[8]
	}
}

func (e *ends) meet(t firewall.Tracked) {
	if e.met == len(e.others) || t == (firewall.Tracked{}) {
		e.no = true
		return
	}
	e.others[e.met] = t
	e.met++
}

// attempt is one packet that may have a short cut.
type attempt struct {
	packet packet.Plain
	ok     bool // it is plain, and its port is in the network
	look   firewall.Look
}

func (a *attempt) begin(g *generation, p *Port, b []byte) {
	if a.packet, a.ok = packet.ParsePlain(b); a.ok {
		a.look.Begin(g.tracker(p), &a.packet)
	}
}

// shorten takes the packet along the short cut of its flow, if there is one. With d
// it may be delivered later, with others.
func (a *attempt) shorten(g *generation, p *Port, b []byte, now int64, d *delivery) (Result, bool) {
	if !a.ok {
		return Result{}, false
	}
	idle := firewall.FastIdle
	if a.packet.Proto == packet.TCP {
		idle = firewall.FastIdleTCP
	}
	action, ok := a.look.Fast(uint32(g.plan.Epoch), now, idle)
	if !ok {
		return Result{}, false
	}
	cut := &(*g.cuts.list.Load())[action&(maxShortcuts-1)]
	if a.packet.Len > cut.limit || cut.hops != 0 && b[8] <= cut.hops {
		return Result{}, false
	}
	a.look.Pass(now)
	if cut.addressMask != 0 || cut.hops != 0 {
		a.packet.Rewrite(b, a.packet.Addresses&^cut.addressMask|cut.address, cut.ports(a.packet.Ports, action>>16), cut.hops)
	}
	if whole := b[:a.packet.Len:a.packet.Len]; d != nil {
		d.add(cut.to, whole)
	} else {
		cut.to.hand(whole)
	}
	if observe := g.em.opts.Observer.Packet; observe != nil {
		observe(Event{Time: time.Unix(0, now), From: p.id, Flow: a.packet.Flow(), Bytes: b, Result: cut.result})
	}
	return cut.result, true
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
	d := p.em.delivery()
	for len(packets) > 0 {
		g, now := p.em.current.Load(), p.em.now().UnixNano()
		some := packets[:min(batch, len(packets))]
		short := p.em.shortCuts && g.tracker(p) != nil
		if short {
			g.prepare(attempts[:len(some)], p, some)
		}
		for i, b := range some {
			r, ok := Result{}, false
			if short && p.em.current.Load() == g {
				r, ok = attempts[i].shorten(g, p, b, now, d)
			}
			if !ok {
				d.flush() // in order
				r = p.em.walk(p, nil, b, now)
			}
			if results != nil {
				results[0], results = r, results[1:]
			}
		}
		d.flush()
		packets = packets[len(some):]
	}
	p.em.deliveries.Put(d)
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

// tracker is what knows the short cuts of packets that a port sends, nil if they
// have none.
func (g *generation) tracker(p *Port) *firewall.Tracker {
	if p == &g.em.internet {
		return g.em.passing
	}
	if s := g.slots.of(p); s != nil {
		return s.state.flows
	}
	return nil
}

// learn writes down the way of a packet that was sent from a port and has reached
// its end.
func (w *walk) learn(p *Port) {
	e := &w.ends
	if e.no || !e.plain || e.to == nil {
		return
	}
	cut := shortcut{to: e.to, result: w.result, limit: maxPacket, hops: e.sentTTL - e.endTTL}
	if p == &w.net.em.internet {
		e.out = w.net.em.passing.Pass(e.sent.Flow(), w.now)
	}
	if p == &w.net.em.internet || e.small {
		cut.limit = mtuInternet // which every way takes
	}
	port := cut.rewrites(&e.sent, &e.end)
	if n, ok := w.net.cuts.number(cut); ok && cut.ports(e.sent.Ports, port) == e.end.Ports {
		w.net.em.flows.Join(e.out, e.others[:e.met], uint32(w.net.plan.Epoch), port<<16|n)
	}
}

// A short cut changes one port at the most. Which one stands in it; what it becomes
// stands with the flow, above the number of the short cut, so that the many flows
// through a NAT gateway share a few.
const (
	sourcePort      uint32 = 0xffff << 16
	destinationPort uint32 = 0xffff
)

// ports are a packet's after a short cut with a port of its flow.
func (c *shortcut) ports(before, port uint32) uint32 {
	if c.portMask == sourcePort {
		port <<= 16
	}
	return before&^c.portMask | port&c.portMask
}

// rewrites finds what has become of the packet's addresses and ports, and returns
// the new port, if there is one.
func (c *shortcut) rewrites(sent, now *packet.Plain) (port uint32) {
	for _, half := range [...]uint64{0xffffffff << 32, 0xffffffff} {
		if (now.Addresses^sent.Addresses)&half != 0 {
			c.addressMask |= half
		}
	}
	c.address = now.Addresses & c.addressMask
	switch changed := now.Ports ^ sent.Ports; {
	case changed>>16 != 0:
		c.portMask, port = sourcePort, now.Ports>>16
	case changed != 0:
		c.portMask, port = destinationPort, now.Ports&destinationPort
	}
	return port
}

// keep notes what an interface's security groups found of the packet's flow.
func (e *ends) keep(dir firewall.Direction, found firewall.Hit) {
	switch {
	case dir == firewall.Egress && e.out == (firewall.Tracked{}) && e.met == 0:
		e.out = found.Entry
		e.no = e.no || found.Entry == (firewall.Tracked{})
	default:
		e.meet(found.Entry)
	}
}

// follow notes the route that the packet takes.
func (e *ends) follow(kind routing.TargetKind) {
	switch kind {
	case routing.Local, routing.Interface, routing.Instance:
	case routing.NATGateway, routing.InternetGateway, routing.PeeringConnection:
		e.small = true
	default:
		e.no = true
	}
}
