package emu

import (
	"net/netip"

	"github.com/vpcemu/vpcemu/internal/plan"
)

// atInternetGateway names the VPC's gateway, or the internet where none is known.
func atInternetGateway(w *walk, s *Step) {
	switch {
	case w.vpc == nil:
		s.looksAt("internet", "internet", "", nil, nil)
	case w.vpc.Gateway == nil:
		s.looksAt("vpc", w.vpc.Desc.ID, w.vpc.Desc.Origin, nil, w.vpc)
	default:
		s.looksAt("igw", w.vpc.Gateway.Desc.ID, w.vpc.Gateway.Desc.Origin, nil, w.vpc)
	}
}

// pastInternetGateway goes on behind an internet gateway's refusal.
func pastInternetGateway(t *tracer, w *walk, v verdict) verdict {
	switch {
	case v.outcome == unknown && w.inbound && w.binding.Interface == nil:
		return v // it ends at a gateway that is not modelled
	case v.reason == IGWPrivateDst, v.reason == IGWNoPublicIP && w.from.Gateway != nil:
		return v
	case v.reason == IGWNoPublicIP:
		t.standIn = t.net.someHost(false, 1)
		if w.is(w.flow.Dst, t.standIn) { // which is no answer's, but the one that was asked about
			t.standIn = t.net.someHost(false, 2)
		}
		t.lentTo = w.flow.Src
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

// standsIn reports whether the destination is an address that was lent to a source
// that has no public one, so that the reply comes back in.
func (t *tracer) standsIn(w *walk) bool {
	return t != nil && t.standIn.IsValid() && w.is(w.flow.Dst, t.standIn)
}

// privateOf is the address of an interface that a packet from outside is meant
// for.
func (t *tracer) privateOf(i *plan.Interface, dst netip.Addr) netip.Addr {
	if i.Owns(dst) {
		return dst
	}
	for _, a := range i.Desc.Addresses {
		if dst == t.standIn && a.IP == t.lentTo {
			return a.IP
		}
	}
	for _, a := range i.Desc.Addresses {
		if a.Public == dst || a.IP.Is4() == dst.Is4() {
			return a.IP
		}
	}
	return dst
}
