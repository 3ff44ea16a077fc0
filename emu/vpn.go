package emu

import (
	"github.com/vpcemu/vpcemu/internal/plan"
	"github.com/vpcemu/vpcemu/routing"
)

// The virtual private gateway, behind which on-premises networks lie over VPN
// connections and private virtual interfaces (VPN-1 to VPN-11, DX-1 to DX-5,
// ORDER-34):
//
//	S ─▶ egress ─▶ RT = vgw ─▶ toOnPremises ──────────▶ onprem
//	D ◀─ ingress ◀─ EDGE-RT ◀─ fromOnPremises ◀──────── onprem

// VGW is the virtual private gateway.
const VGW Stage = "VGW"

// toOnPremises is what a packet to the outside meets.
var toOnPremises = [...]stage{
	{VGW, vpnSource, atVPN, final},
	{VGW, vpnPrefix, atVPN, pastPrefix},
	{MTU, vpnMTU, atLink, final},
}

// fromOnPremises is what a packet from the outside meets. Behind it there is plain
// local delivery, or what the gateway's edge table names (RT-50).
var fromOnPremises = [...]stage{
	{VGW, vpnAnnounced, atVPN, final},
	{VGW, vpnDestination, atVPN, final},
	{EdgeRT, vpnEdge, atEdge, pastEdge},
}

func atVPN(w *walk, s *Step) {
	s.looksAt("vgw", w.outer.Desc.ID, w.outer.Desc.Origin, nil, w.vpc)
}

func atLink(w *walk, s *Step) {
	s.looksAt(w.link.Kind, w.link.ID, w.link.Origin, nil, w.vpc)
}

// pastPrefix goes on to a gateway that a trace is about.
func pastPrefix(t *tracer, w *walk, v verdict) verdict {
	if v.reason == VGWNoRoute && t.goal.outer == w.outer {
		return passed
	}
	return v
}

// throughVPN carries a packet out.
func (w *walk) throughVPN() {
	w.outer, w.link = w.next.target.Gateway, nil
	if w.run(toOnPremises[:]) {
		w.leaveOnPremises(w.outer)
	}
}

// fromVPN is the way of a packet that comes in.
func (w *walk) fromVPN() {
	w.vpc = w.outer.VPCs[0]
	if w.run(fromOnPremises[:]) {
		w.arrive()
	}
}

// vpnSource: the VPC's own attached interfaces use the gateway, and nobody through
// them (VPN-5).
func vpnSource(w *walk) verdict {
	if i := w.owner(w.vpc, w.flow.Src); i != nil && i.Attached {
		return passed
	}
	w.sayAddr(w.flow.Src, "is no address of an attached interface of the VPC")
	return dropped(VGWAddress)
}

// vpnPrefix: the gateway forwards to prefixes that it knows (VPN-3, VPN-4), and
// IPv6 not over VPN connections (VPN-7, DX-4).
func vpnPrefix(w *walk) verdict {
	outside := w.outer.Outside
	link, ok := w.outside(outside, w.flow.Dst)
	switch {
	case ok:
		w.link = link
		w.sayName(link.ID, "leads there")
		return passed
	case outside.Gap != "":
		w.say(outside.Gap)
		return undetermined
	case !w.flow.Dst.Is4() && !outside.CarriesIPv6():
		w.say("a VPN connection carries no IPv6")
		return dropped(NoRoute)
	}
	w.sayAddr(w.flow.Dst, "is in no prefix that the gateway knows")
	return dropped(VGWNoRoute)
}

// vpnMTU: what is too large is dropped in silence, whether it may be fragmented or
// not (VPN-9, DX-5, MTU-11).
func vpnMTU(w *walk) verdict {
	size := w.pkt.Len()
	switch {
	case w.link == nil:
		return skipped // a trace has gone past what is not known
	case w.fits(plan.MTUVPN):
		return passed
	case size <= plan.MTUJumbo && (w.link.MTU == 0 || w.outer.Outside.Gap != ""):
		w.say("the size that passes is not known: which link leads there is not")
		return undetermined
	case size > w.link.MTU:
		w.sayName(w.link.ID, "carries no packet as large as that")
		return dropped(MTUExceeded)
	}
	return passed
}

// vpnAnnounced: on-premises sends what some link has told it the way to (DX-3).
func vpnAnnounced(w *walk) verdict {
	if !w.outer.Desc.Works() {
		w.sayName(w.outer.Desc.ID, "is in state "+w.outer.Desc.State)
		return dropped(VGWNotAvailable)
	}
	if !w.announced(w.outer.Outside, w.flow.Dst) {
		if w.outer.Outside.More != "" {
			w.say(w.outer.Outside.More)
			return undetermined
		}
		w.sayAddr(w.flow.Dst, "is announced over no link")
		return dropped(NoRoute)
	}
	return passed
}

// vpnDestination: packets end at private addresses of attached interfaces, or go
// to where the edge table sends them; there is no way through to another gateway,
// to the resolver or to link-local services (VPN-6, VPN-11, LNK-10).
func vpnDestination(w *walk) verdict {
	dst := w.flow.Dst
	owner := w.owner(w.vpc, dst)
	switch {
	case w.fabricOwn(dst):
		return dropped(ReservedRange)
	case w.is(dst, w.vpc.Resolver):
		w.say("the resolver answers the VPC alone")
		return dropped(NoSuchAddress)
	case owner != nil && owner.Attached, w.edgeTakes():
		return passed
	case owner == nil && w.vpc.Unmodelled(dst) != "":
		return passed // ADDR says so
	}
	w.sayAddr(dst, "is no address of an attached interface of the VPC")
	return dropped(VGWAddress)
}

// edgeTakes reports whether the edge table sends the packet to an interface, or may:
// the next stage says so.
func (w *walk) edgeTakes() bool {
	edge := w.outer.Outside.Edge
	if edge == nil {
		return false
	}
	h := w.follow(edge, w.flow.Dst)
	return h.target.Interface != nil || h.verdict.outcome == unknown || len(edge.FIB.Uncertain()) > 0
}

// vpnEdge is the route table associated with the gateway (RT-42, RT-45, RT-47,
// RT-49). Unlike at an internet gateway a middlebox needs no public address.
func vpnEdge(w *walk) verdict {
	edge := w.outer.Outside.Edge
	if edge == nil {
		return skipped // plain local delivery (RT-50)
	}
	w.next = w.follow(edge, w.flow.Dst)
	w.note = w.next.note
	middlebox := w.next.target.Interface
	switch {
	case len(edge.FIB.Uncertain()) > 0:
		w.say(mayTake)
		return undetermined
	case w.next.verdict.reason == NoRoute, w.next.target.Kind == routing.Local:
		return passed
	case w.next.target.Kind == routing.GWLBEndpoint:
		w.say("no way from a VPN gateway to a Gateway Load Balancer endpoint")
		return dropped(NoRoute)
	case w.next.verdict.outcome != pass:
		return w.next.verdict
	case middlebox == nil:
		return undetermined
	case w.owns(middlebox, w.flow.Dst):
		return passed // RT-49
	}
	w.to = middlebox
	return passed
}

// edgeTable is that of the gateway that the packet comes in through.
func (w *walk) edgeTable() *plan.Table {
	if w.outer != nil {
		return w.outer.Outside.Edge
	}
	return w.vpc.Gateway.Edge
}
