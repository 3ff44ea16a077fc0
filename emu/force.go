package emu

import (
	"net/netip"
	"slices"

	"github.com/vpcemu/vpcemu/firewall"
	"github.com/vpcemu/vpcemu/internal/plan"
	"github.com/vpcemu/vpcemu/routing"
)

// force lets the packet pass what dropped it, where it is clear what would come
// next if it had not.
func (t *tracer) force(w *walk, stage Stage, v verdict) verdict {
	switch stage {
	case ATT, SRC, DST, NACLOut, NACLIn:
		if w.from != nil && stage == ATT && w.from.Unknown != "" {
			return v
		}
		return passed
	case SGOut:
		t.state(w.from).flows.Add(firewall.Egress, &w.pkt, w.flow, w.now)
		return passed
	case SGIn:
		t.state(w.to).flows.Add(firewall.Ingress, &w.pkt, w.flow, w.now)
		return passed
	case RT:
		return t.reroute(w, v)
	case IGW:
		return t.forceGateway(w, v)
	case VGW:
		if v.reason == VGWNoRoute && t.goal.outer == w.outer {
			return passed
		}
	case NAT, EIGW, PCX:
		switch v.reason {
		case BPA, EIGWUnsolicited:
			return passed
		case PCXNotActive: // one that joins other VPCs leads nowhere
			if w.next.target.Gateway.Other(w.vpc) != nil {
				return passed
			}
		case NATNotAvailable: // one that got no address cannot be imagined to work
			if w.from.Desc.Addresses[0].IP.IsValid() {
				return passed
			}
		}
	case TGW:
		return t.forceTransit(w, v)
	case GWLB: // addresses stay, so it is clear how it would go on
		if v.reason != NoSuchAddress {
			return passed
		}
	case EP:
		if v.outcome == drop {
			return passed
		}
	case EdgeRT:
		if v.outcome == drop {
			w.to = w.next.target.Interface // nil: straight to the destination
			return passed
		}
	case ADDR:
		if w.to != nil && w.to.Unknown == "" {
			return passed
		}
	}
	return v
}

// reroute guesses where a route would have led, had there been one: to the
// middlebox that is down, straight to the interface that is meant, or to the
// internet gateway.
func (t *tracer) reroute(w *walk, v verdict) verdict {
	switch {
	case v.outcome == unknown, nat64.Contains(w.flow.Dst): // which gateway would make IPv4 of it, nobody says
		return v
	case v.reason == Blackhole && w.next.target.Interface != nil && w.next.target.Interface != w.from:
		t.down[w.next.target.Interface.Desc.ID] = true
	case t.target != nil && t.target.Owns(w.flow.Dst):
		w.vpc, w.inside = t.target.VPC, false
		w.next.target = plan.Target{Kind: routing.Local, ID: "local"}
	case t.goal.outer != nil && slices.Contains(t.goal.outer.VPCs, w.vpc) && t.goal.outer.Desc.Kind == routing.VPNGateway:
		w.inside = false
		w.next.target = plan.Target{Kind: routing.VPNGateway, ID: t.goal.outer.Desc.ID, Gateway: t.goal.outer}
	case !isPrivate(w.flow.Dst):
		w.inside = false
		w.next.target = plan.Target{Kind: routing.InternetGateway}
	default:
		return v
	}
	return passed
}

// forceGateway goes on behind an internet gateway's refusal.
func (t *tracer) forceGateway(w *walk, v verdict) verdict {
	switch {
	case v.outcome == unknown && w.inbound && w.binding.Interface == nil:
		return v // it ends at a gateway that is not modelled
	case v.reason == IGWPrivateDst, v.reason == IGWNoPublicIP && w.from.Gateway != nil:
		return v
	case v.reason == IGWNoPublicIP:
		t.standIn = t.net.someHost(false, 1)
		w.setSrc(t.standIn)
	case v.reason == IGWUnknownDst && w.binding.Interface == nil:
		if t.target == nil {
			return v
		}
		w.binding = plan.Binding{Interface: t.target, Private: t.privateOf(t.target, w.flow.Dst)}
		w.vpc = t.target.VPC
	}
	return passed
}

// standsIn reports whether an address was lent to a source that has no public
// one, so that the reply comes back in.
func (t *tracer) standsIn(a netip.Addr) bool { return t != nil && a == t.standIn }

// privateOf is the address of an interface that a packet from outside is meant
// for.
func (t *tracer) privateOf(i *plan.Interface, dst netip.Addr) netip.Addr {
	if i.Owns(dst) {
		return dst
	}
	for _, a := range i.Desc.Addresses {
		if a.Public == dst || a.IP.Is4() == dst.Is4() {
			return a.IP
		}
	}
	return dst
}
