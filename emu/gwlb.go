package emu

import (
	"container/list"
	"sync"
	"time"

	"github.com/vpcemu/vpcemu/packet"
	"github.com/vpcemu/vpcemu/routing"
	"github.com/vpcemu/vpcemu/vpc"
)

// The Gateway Load Balancer endpoint (EP-22 to EP-27, ORDER-15, ORDER-31). A packet
// reaches it like an interface of its subnet E, through the subnet's network ACL, is
// shown to an appliance, and leaves through ACL and route table of E:
//
//	S ─▶ egress ─▶ NACL-IN(E) ─▶ throughAppliance ─▶ NACL-OUT(E) ─▶ RT(E) ─▶ …

// GWLB is the Gateway Load Balancer endpoint.
const GWLB Stage = "GWLB"

// throughAppliance is what a packet meets behind the endpoint.
var throughAppliance = [...]stage{
	{GWLB, gwlbForwards, atGWLB, final},
	{MTU, gwlbMTU, atGWLB, final},
	{GWLB, appliance, atGWLB, goOn}, // addresses stay, so it is clear how it would go on
}

func atGWLB(w *walk, s *Step) {
	g := w.from.Gateway.Desc
	s.looksAt(g.Kind.String(), g.ID, g.Origin, w.from.Subnet, w.from.VPC)
}

// throughGWLB carries a packet through the endpoint that it has been delivered to.
// Its addresses stay, its group identity is lost (EP-23, SG-23).
func (w *walk) throughGWLB() {
	w.moveInto(w.to)
	w.identity = nil
	if w.run(throughAppliance[:]) {
		w.depart(departure[:])
	}
}

// fromAppliance is the way of a packet that the appliance gives back: it follows the
// route table of the endpoint's subnet (EP-24).
func (w *walk) fromAppliance() {
	w.vpc = w.from.VPC
	w.depart(departure[:])
}

// gwlbForwards: the endpoint is no host, so nothing ends at its own address
// (ORDER-40).
func gwlbForwards(w *walk) verdict {
	if w.from.Owns(w.flow.Dst) {
		w.sayAddr(w.flow.Dst, "is the endpoint's own, and no host's")
		return dropped(NoSuchAddress)
	}
	return passed
}

// gwlbMTU: see serviceMTU (EP-21).
func gwlbMTU(w *walk) verdict { return serviceMTU(w) }

// appliance is what becomes of the packet there: as described, else whoever receives
// at the endpoint's port has it and may send it back, else it is not known.
func appliance(w *walk) verdict {
	e := w.from.Gateway.Desc.Endpoint
	a := w.state(w.from).rare().sticky.choose(w.flow, e, w.now)
	if a.Name != "" {
		w.sayName(a.Name, "is the appliance of the flow")
	}
	switch {
	case a.Verdict == vpc.Pass:
		return passed
	case a.Verdict == vpc.Drop:
		return dropped(GWLBAppliance)
	case w.tracer == nil && w.net.slots.at(w.from.Slot).port.listening():
		w.result = Result{Fate: Delivered, At: w.from.Gateway.Desc.ID}
		w.net.slots.at(w.from.Slot).port.hand(w.pkt.Bytes()) // observers have seen it arrive
		return ended
	}
	w.say("nothing says what the appliance does")
	return undetermined
}

// Idle times of the flows of a Gateway Load Balancer (EP-27, LIM-51).
const (
	gwlbTCP   = 350 * time.Second
	gwlbOther = 120 * time.Second
)

// sticky is the memory of a Gateway Load Balancer: which appliance has a flow. The
// zero sticky is empty.
type sticky struct {
	mu    sync.Mutex
	flows map[packet.Flow]*list.Element
	order list.List // of *assigned, longest idle first
}

type assigned struct {
	flow packet.Flow
	name string
	last int64
	idle int64
}

// stickyKey is the same for both directions of a flow: five values for TCP and UDP,
// three for all else (EP-27).
func stickyKey(f packet.Flow) packet.Flow {
	if f.Proto != packet.TCP && f.Proto != packet.UDP {
		f.SrcPort, f.DstPort = 0, 0
	}
	if c := f.Src.Compare(f.Dst); c > 0 || c == 0 && f.SrcPort > f.DstPort {
		return f.Reverse()
	}
	return f
}

// choose is the appliance of a flow: the one that it has, else one that the flow's
// addresses and ports decide. A lone appliance without a name needs no memory.
func (s *sticky) choose(f packet.Flow, e *vpc.Endpoint, now int64) vpc.Appliance {
	switch {
	case len(e.Appliances) == 0:
		return vpc.Appliance{}
	case len(e.Appliances) == 1 && e.Appliances[0].Name == "":
		return e.Appliances[0]
	}
	key := stickyKey(f)
	s.mu.Lock()
	defer s.mu.Unlock()
	if at := s.flows[key]; at != nil {
		have := at.Value.(*assigned)
		if a, ok := applianceNamed(e, have.name); ok && now-have.last < have.idle {
			have.last = max(have.last, now)
			s.order.MoveToBack(at)
			return a
		}
		s.forget(at)
	}
	a := e.Appliances[scatter(key)%uint32(len(e.Appliances))]
	s.assign(&assigned{key, a.Name, now, stickyIdle(f.Proto, e)})
	return a
}

func stickyIdle(p packet.Proto, e *vpc.Endpoint) int64 {
	switch {
	case p != packet.TCP:
		return int64(gwlbOther)
	case e.TCPIdle > 0:
		return int64(e.TCPIdle)
	}
	return int64(gwlbTCP)
}

func applianceNamed(e *vpc.Endpoint, name string) (vpc.Appliance, bool) {
	for _, a := range e.Appliances {
		if a.Name == name {
			return a, true
		}
	}
	return vpc.Appliance{}, false
}

func (s *sticky) assign(a *assigned) {
	for at := s.order.Front(); at != nil && a.last-at.Value.(*assigned).last >= at.Value.(*assigned).idle; at = s.order.Front() {
		s.forget(at)
	}
	if s.flows == nil {
		s.flows = make(map[packet.Flow]*list.Element)
	}
	s.flows[a.flow] = s.order.PushBack(a)
}

func (s *sticky) forget(at *list.Element) {
	delete(s.flows, at.Value.(*assigned).flow)
	s.order.Remove(at)
}

// fromGWLB reports whether the interface that sends the packet is a Gateway Load
// Balancer endpoint's.
func (w *walk) fromGWLB() bool {
	return w.from != nil && w.from.GatewayOf(routing.GWLBEndpoint) != nil
}
