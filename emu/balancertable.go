package emu

import (
	"container/list"
	"sync"
	"time"

	"github.com/vpcemu/vpcemu/packet"
)

// How long a load balancer remembers an idle flow (ELB-22).
const (
	balancerTCP = int64(350 * time.Second)
	balancerUDP = int64(120 * time.Second)
)

// balancerTable is the memory of one node of a load balancer: which client's flow
// goes to which target. The zero balancerTable is empty.
//
//	in                              out
//	C:40000 > node:443  ◀──▶  C:40000 > target:8443       client's address preserved
//	C:40000 > node:443  ◀──▶  node:q  > target:8443       or not
type balancerTable struct {
	mu    sync.Mutex
	in    map[packet.Flow]*balanced
	out   map[packet.Flow]*balanced
	count map[packet.Flow]int // flows by the node's address and the target (ELB-31)
	idle  list.List           // of *balanced, longest idle first
}

type balanced struct {
	in, out packet.Flow
	last    int64
	place   *list.Element
}

func (b *balanced) destination() packet.Flow {
	d := b.out
	d.SrcPort = 0
	return d
}

func balancerIdle(p packet.Proto) int64 {
	if p == packet.TCP {
		return balancerTCP
	}
	return balancerUDP
}

// find is what becomes of a client's flow, and keeps it alive.
func (t *balancerTable) find(in packet.Flow, now int64) (out packet.Flow, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	b := t.in[in]
	if !t.alive(b, now) {
		return packet.Flow{}, false
	}
	return b.out, true
}

// answer is the client's flow that a packet of a target answers, the way back.
func (t *balancerTable) answer(arrived packet.Flow, now int64) (back packet.Flow, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	b := t.out[arrived.Reverse()]
	if !t.alive(b, now) {
		return packet.Flow{}, false
	}
	return b.in.Reverse(), true
}

func (t *balancerTable) alive(b *balanced, now int64) bool {
	if b == nil {
		return false
	}
	if now-b.last >= balancerIdle(b.in.Proto) {
		t.remove(b)
		return false
	}
	b.last = max(b.last, now)
	t.idle.MoveToBack(b.place)
	return true
}

func (t *balancerTable) remove(b *balanced) {
	delete(t.in, b.in)
	delete(t.out, b.out)
	d := b.destination()
	if t.count[d]--; t.count[d] == 0 {
		delete(t.count, d)
	}
	t.idle.Remove(b.place)
}

// forget drops a client's flow.
func (t *balancerTable) forget(in packet.Flow) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if b := t.in[in]; b != nil {
		t.remove(b)
	}
}

// enter remembers a new flow. A node's own source port is the first free one
// from a place that depends on the flow alone; a client's stays. It is false if
// there is none left.
func (t *balancerTable) enter(in, out packet.Flow, own bool, now int64) (packet.Flow, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for e := t.idle.Front(); e != nil && now-e.Value.(*balanced).last >= balancerTCP; e = t.idle.Front() {
		t.remove(e.Value.(*balanced))
	}
	if t.in == nil {
		t.in, t.out, t.count = make(map[packet.Flow]*balanced), make(map[packet.Flow]*balanced), make(map[packet.Flow]int)
	}
	b := &balanced{in: in, out: out, last: now}
	if own {
		if t.count[b.destination()] >= natConnections {
			return packet.Flow{}, false
		}
		b.out.SrcPort = t.port(b.out, scatter(in))
	}
	if t.out[b.out] != nil || t.in[in] != nil {
		return packet.Flow{}, false
	}
	t.in[in], t.out[b.out] = b, b
	t.count[b.destination()]++
	b.place = t.idle.PushBack(b)
	return b.out, true
}

// port is a free port of the node's. There is one: the caller has counted.
func (t *balancerTable) port(f packet.Flow, from uint32) uint16 {
	for at := int(from % natPorts); ; at = (at + 1) % natPorts {
		f.SrcPort = uint16(natFirstPort + at)
		if t.out[f] == nil {
			return f.SrcPort
		}
	}
}
