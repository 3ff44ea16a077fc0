package emu

import (
	"container/list"
	"net/netip"
	"sync"
	"time"

	"github.com/vpcemu/vpcemu/packet"
)

// What a NAT gateway allots (NAT-7, NAT-8, NAT-13, NAT-14).
const (
	natFirstPort   = 1024
	natPorts       = 65536 - natFirstPort
	natConnections = 55_000 // for each address and destination
	natIdle        = int64(350 * time.Second)
)

// natTable is the memory of a NAT gateway: which inside flow has which address
// and port towards its destination. The zero natTable is empty.
//
//	inside                         outside
//	10.0.1.5:40000 > P:443  ◀──▶   10.0.0.220:q > P:443
//
// A mapping is for one destination, so the same port may serve many, and only the
// exact remote address and port may answer (NAT-8, NAT-20).
type natTable struct {
	mu      sync.Mutex
	inside  map[packet.Flow]*mapping // by the flow as the inside sends it
	outside map[packet.Flow]*mapping // by the flow as the gateway sends it
	count   map[packet.Flow]int      // mappings by gateway address and destination
	idle    list.List                // of *mapping, longest idle first
}

type mapping struct {
	inside, outside packet.Flow
	last            int64
	place           *list.Element
}

// destination is what the limit of connections is counted by.
func (m *mapping) destination() packet.Flow {
	d := m.outside
	d.SrcPort = 0
	return d
}

// find is the mapping of an inside flow, and keeps it alive.
func (t *natTable) find(inside packet.Flow, now int64) (packet.Flow, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	m := t.inside[inside]
	if !t.alive(m, now) {
		return packet.Flow{}, false
	}
	return m.outside, true
}

// answer is the inside flow that a packet from outside answers, seen from the
// inside: its destination is the inside host. It keeps the mapping alive.
func (t *natTable) answer(arrived packet.Flow, now int64) (packet.Flow, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	m := t.outside[arrived.Reverse()]
	if !t.alive(m, now) {
		return packet.Flow{}, false
	}
	return m.inside.Reverse(), true
}

func (t *natTable) alive(m *mapping, now int64) bool {
	if m == nil {
		return false
	}
	if now-m.last >= natIdle {
		t.remove(m)
		return false
	}
	m.last = max(m.last, now)
	t.idle.MoveToBack(m.place)
	return true
}

func (t *natTable) remove(m *mapping) {
	delete(t.inside, m.inside)
	delete(t.outside, m.outside)
	d := m.destination()
	if t.count[d]--; t.count[d] == 0 {
		delete(t.count, d)
	}
	t.idle.Remove(m.place)
}

// allot maps a new inside flow to the first of the gateway's addresses that has a
// port left towards its destination (NAT-10 to NAT-12). It is false if none has.
func (t *natTable) allot(inside packet.Flow, addresses []netip.Addr, now int64) (packet.Flow, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.forget(now)
	if t.inside == nil {
		t.inside, t.outside, t.count = make(map[packet.Flow]*mapping), make(map[packet.Flow]*mapping), make(map[packet.Flow]int)
	}
	for _, a := range addresses {
		m := &mapping{inside: inside, outside: inside, last: now}
		m.outside.Src = a
		if t.count[m.destination()] >= natConnections {
			continue
		}
		m.outside.SrcPort = t.port(m.outside)
		t.inside[m.inside], t.outside[m.outside] = m, m
		t.count[m.destination()]++
		m.place = t.idle.PushBack(m)
		return m.outside, true
	}
	return packet.Flow{}, false
}

// forget drops mappings that have been idle too long, the oldest first.
func (t *natTable) forget(now int64) {
	for e := t.idle.Front(); e != nil && now-e.Value.(*mapping).last >= natIdle; e = t.idle.Front() {
		t.remove(e.Value.(*mapping))
	}
}

// port walks pseudo-randomly over the ports, from a place that depends on the
// flow alone, to a free one (NAT-12). There is one: the caller has counted.
func (t *natTable) port(f packet.Flow) uint16 {
	// natPorts is 2^10 · 3^2 · 7, so a step with other factors meets every port.
	const step = 25 * 11 * 13
	for at := int(scatter(f) % natPorts); ; at = (at + step) % natPorts {
		f.SrcPort = uint16(natFirstPort + at)
		if t.outside[f] == nil {
			return f.SrcPort
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
