package emu

import (
	"time"

	"github.com/vpcemu/vpcemu/firewall"
	"github.com/vpcemu/vpcemu/internal/plan"
	"github.com/vpcemu/vpcemu/packet"
)

// What gateways and load balancers remember stands in the flow table, beside the tracked flows.

// How long flows without packets are remembered by NAT gateways (NAT-13, NAT-14), and by others (EIGW-5, ELB-22).
const (
	natIdle   = 350 * time.Second
	idleTCP   = 350 * time.Second
	idleOther = 120 * time.Second
)

// outbound is the memory of what lets in only what answers: flows that went out.
type outbound struct{ *firewall.Memory }

func newOutbound(flows *firewall.FlowTable, realm uint32) outbound {
	return outbound{flows.NewMemory(realm, idleTCP, idleOther)}
}

// realm is what has its addresses to itself.
func realm(v *plan.VPC) uint32 { return uint32(v.Number) }

// enter remembers a flow. It is false if the table is full.
func (o outbound) enter(f packet.Flow, now int64) bool { return o.Enter(f, 0, now) }

// knows reports whether a flow went out, and keeps it alive.
func (o outbound) knows(f packet.Flow, now int64) bool {
	_, ok := o.Find(f, now)
	return ok
}

// remembered enters the flow of a packet that goes out, unless it is an ICMP error,
// which is of no flow (ORDER-5). It is false if the table is full.
func (w *walk) remembered(o outbound) bool { return w.isICMPError() || o.enter(w.flow, w.now) }

// tableFull drops a packet whose flow finds no room where it must be remembered
// (SG-48).
func (w *walk) tableFull() verdict {
	w.say("the table of flows is full")
	return dropped(ConntrackFull)
}

// special is what only few interfaces remember.
type special struct {
	balancer *firewall.Mappings // of a load balancer's node: which client's flow goes to which target
	internet outbound           // what went out of a subnet that only answers come in to (IGW-30)
	nat      *firewall.Mappings // of a NAT gateway's interface: which inside flow has which address and port
	service  outbound           // what came to the service behind an interface endpoint (EP-17)
	sticky   sticky             // of a Gateway Load Balancer endpoint's interface
}

func newSpecial(flows *firewall.FlowTable, realm uint32) *special {
	return &special{
		balancer: flows.NewMappings(realm, idleTCP, idleOther),
		internet: newOutbound(flows, realm),
		nat:      flows.NewMappings(realm, natIdle, natIdle),
		service:  newOutbound(flows, realm),
		sticky:   sticky{flows: flows, realm: realm},
	}
}

func (s *special) close() {
	s.balancer.Close()
	s.internet.Close()
	s.nat.Close()
	s.service.Close()
	s.sticky.close()
}

// rare is the special memory of an interface, made when it is first asked for.
func (s *state) rare() *special {
	if s.special.Load() == nil {
		s.special.CompareAndSwap(nil, newSpecial(s.flows.Table(), s.flows.Realm()))
	}
	return s.special.Load()
}

// close forgets every flow, and remembers none of packets that are still under way.
func (s *state) close() {
	s.flows.Close()
	if r := s.special.Load(); r != nil {
		r.close()
	}
}
