package emu

import (
	"slices"
	"sync"
	"time"

	"github.com/vpcemu/vpcemu/firewall"
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
	if w.owns(w.from, w.flow.Dst) {
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
	a, ok := w.chosenAppliance(e)
	if a.Name != "" {
		w.sayName(a.Name, "is the appliance of the flow")
	}
	switch {
	case !ok:
		return w.tableFull()
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

// chosenAppliance is the appliance of the packet's flow.
func (w *walk) chosenAppliance(e *vpc.Endpoint) (vpc.Appliance, bool) {
	if w.alike != nil && len(e.Appliances) > 0 {
		return e.Appliances[w.alike.choices.choose(w.from, w.flow, len(e.Appliances))], true
	}
	return w.state(w.from).rare().sticky.choose(w.flow, e, w.now)
}

// Idle times of the flows of a Gateway Load Balancer (EP-27, LIM-51).
const (
	gwlbTCP   = 350 * time.Second
	gwlbOther = 120 * time.Second
)

// sticky is the memory of a Gateway Load Balancer: which appliance has a flow.
type sticky struct {
	flows *firewall.FlowTable
	realm uint32

	mu    sync.Mutex
	names []string // of appliances; a flow has a place in the list
	// memories are one for each idle time that the endpoint has had: flows keep
	// that of their first packet.
	memories []stickyMemory
}

type stickyMemory struct {
	tcp time.Duration
	*firewall.Memory
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
// addresses and ports decide. A lone appliance without a name needs no memory. It is
// false if there is no room for the flow.
func (s *sticky) choose(f packet.Flow, e *vpc.Endpoint, now int64) (vpc.Appliance, bool) {
	switch {
	case len(e.Appliances) == 0:
		return vpc.Appliance{}, true
	case len(e.Appliances) == 1 && e.Appliances[0].Name == "":
		return e.Appliances[0], true
	}
	key := stickyKey(f)
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range s.memories {
		if k, ok := m.Find(key, now); ok {
			if a, ok := applianceNamed(e, s.names[k]); ok {
				return a, true
			}
			m.Forget(key)
		}
	}
	a := e.Appliances[key.Hash()%uint32(len(e.Appliances))]
	return a, s.memory(e).Enter(key, s.number(a.Name), now)
}

// memory is that of the flows which begin now.
func (s *sticky) memory(e *vpc.Endpoint) *firewall.Memory {
	tcp := gwlbTCP
	if e.TCPIdle > 0 {
		tcp = e.TCPIdle
	}
	for _, m := range s.memories {
		if m.tcp == tcp {
			return m.Memory
		}
	}
	m := s.flows.NewMemory(s.realm, tcp, gwlbOther)
	s.memories = append(s.memories, stickyMemory{tcp, m})
	return m
}

// number is the place of an appliance in the list.
func (s *sticky) number(name string) uint32 {
	k := slices.Index(s.names, name)
	if k < 0 {
		k, s.names = len(s.names), append(s.names, name)
	}
	return uint32(k)
}

func applianceNamed(e *vpc.Endpoint, name string) (vpc.Appliance, bool) {
	for _, a := range e.Appliances {
		if a.Name == name {
			return a, true
		}
	}
	return vpc.Appliance{}, false
}

func (s *sticky) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range s.memories {
		m.Close()
	}
}

// fromGWLB reports whether the interface that sends the packet is a Gateway Load
// Balancer endpoint's.
func (w *walk) fromGWLB() bool {
	return w.from != nil && w.from.GatewayOf(routing.GWLBEndpoint) != nil
}
