package emu

import (
	"net/netip"

	"github.com/vpcemu/vpcemu/firewall"
	"github.com/vpcemu/vpcemu/internal/plan"
	"github.com/vpcemu/vpcemu/packet"
	"github.com/vpcemu/vpcemu/routing"
)

// tooBig is the router telling the source of a packet that it was too large: ICMP
// from the router's address in the subnet that the packet left, past every filter
// (MTU-5, MTU-7, MTU-8, ORDER-36).
func (g *generation) tooBig(w *walk, mtu int) {
	source := w.net.plan.Owner(w.vpc, w.flow.Src)
	subnet := w.from.Subnet
	if w.from.Regional() && w.sender != nil {
		subnet = w.sender.Subnet // it has none of its own
	}
	router, ok := routerAddress(subnet, w.flow.Src.Is4())
	if w.tracer != nil || !ok || source == nil || !source.Attached {
		return
	}
	answer := packet.AppendTooBig(nil, router, &w.pkt, mtu)
	switch {
	case answer == nil:
	case source.GatewayOf(routing.NATGateway) != nil:
		g.tooBigInside(w, source, answer)
	default:
		g.slots.at(source.Slot).port.deliver(answer)
	}
}

// tooBigInside hands the router's message to the host whose packet the NAT gateway
// had sent on: straight to it if it is in the VPC, else by the gateway's routes
// (ORDER-36).
func (g *generation) tooBigInside(w *walk, nat *plan.Interface, message []byte) {
	m := &walk{net: g, now: w.now, tracer: w.tracer, stop: stop{from: nat}}
	if m.pkt.Parse(message) != nil {
		return
	}
	m.flow = m.pkt.Flow
	inside, ok := m.natInside()
	if !ok || !m.goInside(inside.Flow) {
		return
	}
	if host := g.plan.Owner(nat.VPC, inside.Flow.Dst); host != nil {
		if host.Attached {
			g.slots.at(host.Slot).port.deliver(m.pkt.Bytes())
		}
		return
	}
	w.answers = append(w.answers, answer{nat, m.pkt.Bytes()})
}

// answer is a packet that a gateway has made itself.
type answer struct {
	from *plan.Interface
	b    []byte
}

// answer notes a packet that the gateway the walk is in makes: RST, time exceeded,
// too big. It is sent when the walk is over.
func (w *walk) answer(b []byte) { w.answerFrom(w.from, b) }

// answerFrom is answer for what another interface makes.
func (w *walk) answerFrom(i *plan.Interface, b []byte) {
	if w.tracer == nil && b != nil {
		w.answers = append(w.answers, answer{i, b})
	}
}

// inject sends a gateway's own packet from its interface: it meets what every
// packet leaving the gateway meets (ORDER-36).
func (g *generation) inject(a answer, now int64) {
	w := &walk{net: g, now: now, stop: stop{vpc: a.from.VPC, from: a.from}, kept: true, explained: g.em.opts.Observer.Port != nil}
	if w.pkt.Parse(a.b) != nil {
		return
	}
	w.flow, w.header = w.pkt.Flow, firewall.HeaderOf(&w.pkt, w.pkt.Flow)
	if a.from.GatewayOf(routing.TransitGateway) != nil {
		w.emerge(a.from)
		return
	}
	w.depart(wayOut(a.from))
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
