package emu

import (
	"net/netip"

	"github.com/vpcemu/vpcemu/internal/plan"
	"github.com/vpcemu/vpcemu/packet"
)

// tooBig is the router telling the source of a packet that it was too large: ICMP
// from the router's address in the subnet that the packet left, past every filter
// (MTU-5, MTU-7, MTU-8, ORDER-36).
func (g *generation) tooBig(w *walk, mtu int) {
	source := w.vpc.Owner(w.flow.Src)
	router, ok := routerAddress(w.from.Subnet, w.flow.Src.Is4())
	if w.tracer != nil || !ok || source == nil || !source.Attached {
		return
	}
	if answer := packet.AppendTooBig(nil, router, &w.pkt, mtu); answer != nil {
		g.ports[source.Slot].deliver(answer)
	}
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
