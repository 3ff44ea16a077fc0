package emu

import (
	"net/netip"

	"github.com/vpcemu/vpcemu/internal/plan"
	"github.com/vpcemu/vpcemu/packet"
)

// tooBig is the router telling a sender that its packet was too large: ICMP from
// the router's address in the sender's subnet, past every filter (MTU-5, MTU-7,
// MTU-8, ORDER-36).
func (g *generation) tooBig(w *walk, mtu int) {
	if w.tracer != nil {
		return
	}
	router, ok := routerAddress(w.from.Subnet, w.flow.Src.Is4())
	if !ok || !w.from.Owns(w.flow.Src) {
		return
	}
	g.ports[w.from.Slot].deliver(packet.AppendTooBig(nil, router, &w.pkt, mtu))
}

// routerAddress is base+1 of the subnet (SUB-5, SUB-9).
func routerAddress(s *plan.Subnet, v4 bool) (netip.Addr, bool) {
	for _, p := range s.Desc.CIDRs {
		if p.Addr().Is4() == v4 {
			return p.Addr().Next(), true
		}
	}
	return netip.Addr{}, false
}
