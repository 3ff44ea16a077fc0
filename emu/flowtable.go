package emu

import (
	"container/list"
	"net/netip"
	"sync"
	"time"

	"github.com/vpcemu/vpcemu/firewall"
	"github.com/vpcemu/vpcemu/packet"
)

// flowTable is what gateways and load balancers remember: flows as they come in, and what they are on the other side. The zero
// flowTable is empty.
//
//	in                             out
//	10.0.1.5:40000 > P:443  ◀──▶   10.0.0.220:q > P:443      a NAT gateway
//	C:40000 > node:443      ◀──▶   node:q > target:8443      a load balancer
//
// A pair is for one destination, so the same port may serve many, and only the exact remote address and port may answer.
type flowTable struct {
	mu    sync.Mutex
	in    map[packet.Flow]*pair
	out   map[packet.Flow]*pair
	count map[packet.Flow]int // pairs by source address and destination on the other side
	order list.List           // of *pair, longest idle first
	// passing notes flows that may take short cuts past the table; nil: none do.
	passing *firewall.Tracker
}

type pair struct {
	in, out    packet.Flow
	last, idle int64 // when it was used last, and after how long without use it is forgotten
	place      *list.Element
	passed     firewall.Tracked // in passing
}

// destination is what the limit of connections is counted by.
func (p *pair) destination() packet.Flow {
	d := p.out
	d.SrcPort = 0
	return d
}

// Ports that gateways allot, and how many connections one address has towards one destination (NAT-7, NAT-8, ELB-31).
const (
	firstPort       = 1024
	ownPorts        = 65536 - firstPort
	mostConnections = 55_000
)

// find is what a flow is on the other side. It keeps the pair alive.
func (t *flowTable) find(in packet.Flow, now int64) (packet.Flow, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	p := t.in[in]
	if !t.touch(p, now) {
		return packet.Flow{}, false
	}
	return p.out, true
}

// answer is what a packet that arrives at the other side is on this one, the way back. It keeps the pair alive.
func (t *flowTable) answer(arrived packet.Flow, now int64) (packet.Flow, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	p := t.out[arrived.Reverse()]
	if !t.touch(p, now) {
		return packet.Flow{}, false
	}
	return p.in.Reverse(), true
}

// forget drops a flow.
func (t *flowTable) forget(in packet.Flow) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if p := t.in[in]; p != nil {
		t.remove(p)
	}
}

// join remembers a new flow, or keeps it alive. It is false if either side is taken.
func (t *flowTable) join(in, out packet.Flow, idle, now int64) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.forgetIdle(now)
	if p := t.in[in]; t.touch(p, now) {
		return p.out == out
	}
	if t.live(t.out[out], now) {
		return false
	}
	t.add(&pair{in: in, out: out, last: now, idle: idle})
	return true
}

// allot remembers a new flow with a source port of its own on the other side. It is false if there is none left towards that destination
// (NAT-11).
func (t *flowTable) allot(in, out packet.Flow, idle, now int64) (packet.Flow, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.forgetIdle(now)
	p := &pair{in: in, out: out, last: now, idle: idle}
	if p := t.in[in]; t.touch(p, now) {
		return p.out, true
	}
	if t.count[p.destination()] >= mostConnections {
		return packet.Flow{}, false
	}
	p.out.SrcPort = t.port(p.out, scatter(in), now)
	t.add(p)
	return p.out, true
}

// port walks pseudo-randomly over the ports, from a place that depends on the flow alone, to a free one (NAT-12). There is one: the caller
// has counted.
func (t *flowTable) port(f packet.Flow, from uint32, now int64) uint16 {
	// ownPorts is 2^10 · 3^2 · 7, so a step with other factors meets every port.
	const step = 25 * 11 * 13
	for at := int(from % ownPorts); ; at = (at + step) % ownPorts {
		f.SrcPort = uint16(firstPort + at)
		if !t.live(t.out[f], now) {
			return f.SrcPort
		}
	}
}

func (t *flowTable) add(p *pair) {
	if t.in == nil {
		t.in, t.out, t.count = make(map[packet.Flow]*pair), make(map[packet.Flow]*pair), make(map[packet.Flow]int)
	}
	t.in[p.in], t.out[p.out] = p, p
	t.count[p.destination()]++
	p.place = t.order.PushBack(p)
}

func (t *flowTable) remove(p *pair) {
	delete(t.in, p.in)
	delete(t.out, p.out)
	d := p.destination()
	if t.count[d]--; t.count[d] == 0 {
		delete(t.count, d)
	}
	t.order.Remove(p.place)
}

// live reports whether a pair is there and has not been idle for too long; one that has is removed.
func (t *flowTable) live(p *pair, now int64) bool {
	if p != nil && t.passing != nil {
		p.last = max(p.last, t.passing.LastPass(p.passed))
	}
	if p != nil && now-p.last >= p.idle {
		t.remove(p)
		return false
	}
	return p != nil
}

// touch is live, and keeps the pair alive.
func (t *flowTable) touch(p *pair, now int64) bool {
	if !t.live(p, now) {
		return false
	}
	p.last = max(p.last, now)
	t.order.MoveToBack(p.place)
	return true
}

// pass notes a packet of a flow that is remembered, for its short cut. It is zero if there can be none.
func (t *flowTable) pass(in packet.Flow, now int64) firewall.Tracked {
	t.mu.Lock()
	defer t.mu.Unlock()
	p := t.in[in]
	if t.passing == nil || p == nil {
		return firewall.Tracked{}
	}
	p.passed = t.passing.Pass(in, now)
	return p.passed
}

// forgetIdle drops pairs that have been idle for too long, as far as they come first in order. Others wait until somebody asks for them.
func (t *flowTable) forgetIdle(now int64) {
	for range 4 {
		e := t.order.Front()
		if e == nil {
			return
		}
		p := e.Value.(*pair)
		switch before := p.last; {
		case !t.live(p, now):
		case p.last != before: // by a short cut
			t.order.MoveToBack(e)
		default:
			return
		}
	}
}

// scatter is the same for the same flow in every run: FNV-1a over its bytes.
func scatter(f packet.Flow) uint32 {
	h := uint32(2166136261)
	add := func(b byte) { h = (h ^ uint32(b)) * 16777619 }
	for _, a := range []netip.Addr{f.Src, f.Dst} {
		for _, b := range a.As16() {
			add(b)
		}
	}
	for _, p := range []uint16{f.SrcPort, f.DstPort, uint16(f.Proto)} {
		add(byte(p >> 8))
		add(byte(p))
	}
	return h
}

// How long flows without packets are remembered by what is not a NAT gateway (EIGW-5, ELB-22).
const (
	idleTCP   = int64(350 * time.Second)
	idleOther = int64(120 * time.Second)
)

func idleOf(p packet.Proto) int64 {
	if p == packet.TCP {
		return idleTCP
	}
	return idleOther
}

// outbound is the memory of what lets in only what answers: flows that went out.
type outbound struct{ flowTable }

func (o *outbound) enter(f packet.Flow, now int64) { o.join(f, f, idleOf(f.Proto), now) }

// knows reports whether a flow went out, and keeps it alive.
func (o *outbound) knows(f packet.Flow, now int64) bool {
	_, ok := o.find(f, now)
	return ok
}

// balancerTable is the memory of one node of a load balancer: which client's flow goes to which target.
type balancerTable struct{ flowTable }

// enter remembers a new flow. A node's own source port is allotted, a client's stays. It is false if there is none left.
func (t *balancerTable) enter(in, out packet.Flow, own bool, now int64) (packet.Flow, bool) {
	if own {
		return t.allot(in, out, idleOf(in.Proto), now)
	}
	return out, t.join(in, out, idleOf(in.Proto), now)
}

// natIdle is how long a NAT gateway remembers a flow without packets (NAT-13, NAT-14).
const natIdle = int64(350 * time.Second)

// natTable is the memory of a NAT gateway: which inside flow has which address and port towards its destination.
type natTable struct{ flowTable }

// allotFrom maps a new flow to the first of the gateway's addresses that has a port left towards its destination (NAT-10 to NAT-12).
func (t *natTable) allotFrom(addresses []netip.Addr, inside, outside packet.Flow, now int64) (packet.Flow, bool) {
	for _, outside.Src = range addresses {
		if f, ok := t.allot(inside, outside, natIdle, now); ok {
			return f, true
		}
	}
	return packet.Flow{}, false
}
