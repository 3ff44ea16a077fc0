package emu

import (
	"container/list"
	"sync"
	"time"

	"github.com/vpcemu/vpcemu/packet"
	"github.com/vpcemu/vpcemu/routing"
)

// toEgressOnly is an egress-only internet gateway on the way out (ORDER-33).
var toEgressOnly = [...]stage{
	{MTU, internetMTU},
	{EIGW, egressOnlyFamily},
	{EIGW, egressOnlyExitOpen},
	{EIGW, sourceIsPublic},
	{EIGW, destinationIsPublic},
	{EIGW, egressOnlyEnter},
}

// throughEgressOnly carries an IPv6 packet out, and remembers its flow (EIGW-2).
func (w *walk) throughEgressOnly() {
	if !w.run(toEgressOnly[:]) {
		return
	}
	if w.net.plan.IsPublic(w.flow.Dst) {
		w.identity = nil
		w.enter()
		return
	}
	w.result = Result{Fate: Exited, At: w.next.target.ID}
	w.net.emit(w)
}

// egressOnlyFamily: IPv6 only (EIGW-1).
func egressOnlyFamily(w *walk) verdict {
	if w.flow.Dst.Is4() {
		return dropped(EIGWIPv4)
	}
	return passed
}

// egressOnlyEnter remembers the flow, so that its replies are let in.
func egressOnlyEnter(w *walk) verdict {
	w.memory(w.vpc).enter(w.flow, w.now)
	return passed
}

// egressOnlyInbound lets in what answers a flow that went out, and ICMPv6 errors
// about one; nothing else (EIGW-3, EIGW-5, IGW-20).
func egressOnlyInbound(w *walk) verdict {
	if !w.egressOnly {
		return skipped
	}
	about, ok := w.pkt.EmbeddedFlow()
	if !ok || !w.pkt.IsICMPError() {
		about = w.flow.Reverse()
	}
	if !w.memory(w.vpc).knows(about, w.now) {
		w.say("it answers nothing that went out")
		return dropped(EIGWUnsolicited)
	}
	return passed
}

// behindEgressOnly reports whether the interface's subnet sends the packet's
// source, the far end, through the egress-only gateway.
func (w *walk) behindEgressOnly() bool {
	i := w.binding.Interface
	if i == nil || w.flow.Dst.Is4() || i.VPC.EgressOnly == nil {
		return false
	}
	back := follow(i.Subnet.Routes, w.flow.Src)
	return back.verdict.outcome == pass && back.target.Kind == routing.EgressOnlyGateway
}

// Idle times of an egress-only gateway's flows (EIGW-5).
const (
	egressOnlyTCP   = int64(350 * time.Second)
	egressOnlyOther = int64(120 * time.Second)
)

// outbound is the memory of an egress-only gateway: flows that went out. The zero
// outbound is empty.
type outbound struct {
	mu    sync.Mutex
	flows map[packet.Flow]*list.Element
	order list.List // of *went, longest idle first
}

type went struct {
	flow packet.Flow
	last int64
}

func egressOnlyIdle(p packet.Proto) int64 {
	if p == packet.TCP {
		return egressOnlyTCP
	}
	return egressOnlyOther
}

func (o *outbound) enter(f packet.Flow, now int64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for e := o.order.Front(); e != nil && now-e.Value.(*went).last >= egressOnlyTCP; e = o.order.Front() {
		delete(o.flows, e.Value.(*went).flow)
		o.order.Remove(e)
	}
	if e := o.flows[f]; e != nil {
		e.Value.(*went).last = max(e.Value.(*went).last, now)
		o.order.MoveToBack(e)
		return
	}
	if o.flows == nil {
		o.flows = make(map[packet.Flow]*list.Element)
	}
	o.flows[f] = o.order.PushBack(&went{f, now})
}

// knows reports whether a flow went out, and keeps it alive.
func (o *outbound) knows(f packet.Flow, now int64) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	e := o.flows[f]
	if e == nil || now-e.Value.(*went).last >= egressOnlyIdle(f.Proto) {
		return false
	}
	e.Value.(*went).last = max(e.Value.(*went).last, now)
	o.order.MoveToBack(e)
	return true
}
