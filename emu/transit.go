package emu

import (
	"net/netip"

	"github.com/vpcemu/vpcemu/internal/plan"
	"github.com/vpcemu/vpcemu/packet"
	"github.com/vpcemu/vpcemu/routing"
	"github.com/vpcemu/vpcemu/vpc"
)

// The transit gateway (TGW-1 to TGW-36, ORDER-26 to ORDER-28). It has an interface
// in one subnet of each zone of a VPC. Tv is the one of the sender's zone, Tw the
// one that it chooses in the other VPC:
//
//	S ─▶ egress ─▶ RT(A) ─▶ zone, NACL-IN(Tv) ─▶ table of V's attachment ─┐
//	D ◀─ ingress ◀─ RT(Tw) ◀───────────── NACL-OUT(Tw) ◀──────────────────┘

// TGW is the transit gateway.
const TGW Stage = "TGW"

// toTransit is the way from a VPC to its gateway's interface (ORDER-26 steps 2, 3).
var toTransit = [...]stage{
	{TGW, transitZone, atTransitRoute, pastTransit},
	{NACLIn, aclIn, atACLIn, goOn},
	{FlowIn, flowIn, atReceiver, final},
}

// crossTransit is the gateway itself (ORDER-26 steps 4 to 6).
var crossTransit = [...]stage{
	{MTU, transitMTU, atTransitGateway, final},
	{TGW, transitHop, atTransitRoute, final},
	{TGW, transitAssociated, atTransitRoute, pastTransit},
	{TGW, transitRoute, atTransitRoute, pastTransit},
	{MTU, transitVPN, atTransitGateway, final},
	{TGW, transitInterface, atTransitRoute, final},
}

// fromTransit is the way from the gateway's interface into a VPC, whose route table
// there decides (TGW-16, ORDER-26 steps 7, 8).
var fromTransit = [...]stage{
	{NACLOut, transitACLOut, atACLOut, goOn},
	{FlowOut, flowOut, atSender, final},
	{RT, transitLeave, atRoutes, reroute},
}

// notAHost is the end of packets to the gateway's own addresses (ORDER-40).
var notAHost = [...]stage{{TGW, noHost, atTransitRoute, final}}

func noHost(*walk) verdict { return dropped(NoSuchAddress) }

// atTransit is where a packet ends that was delivered to the gateway's interface.
func (w *walk) atTransit() { w.run(notAHost[:]) }

// The largest IP packets that pass a transit gateway, in bytes (TGW-29).
const (
	mtuTransit    = 8500
	mtuTransitVPN = 1500
)

// crossing is a packet's place in a transit gateway.
type crossing struct {
	in, out *plan.Attachment
	entry   *plan.Interface // through which it left its VPC
	hop     hop             // what the gateway's table says
	first   bool            // of several gateways
	exit    *plan.Interface // through which it gets into the other VPC
}

// throughTransit carries a packet from a VPC through its transit gateway, and
// through others that are peers, to where their tables lead.
func (w *walk) throughTransit() {
	w.transit = crossing{in: w.next.target.Attachment, first: true}
	w.inside = false
	if w.run(toTransit[:]) {
		w.crossTransits()
	}
}

// fromBehindTransit is the way of a packet that comes in from on-premises through an
// attachment (DX-2).
func (w *walk) fromBehindTransit() {
	w.transit = crossing{in: w.outer.Attachment, first: true}
	w.crossTransits()
}

// crossTransits carries a packet from gateway to gateway until it leaves the last.
func (w *walk) crossTransits() {
	for w.run(crossTransit[:]) {
		at := w.transit
		switch at.out.Desc.Kind {
		case vpc.VPCAttachment:
			if !at.first || !at.in.Gateway.References(at.in, at.out) {
				w.identity = nil // SG-22, TGW-34
			}
			w.emerge(at.exit)
			return
		case vpc.PeeringAttachment:
			w.transit = crossing{in: at.out.Peer, entry: at.entry}
		default:
			w.leaveOnPremises(at.out.Behind)
			return
		}
	}
}

// emerge takes the packet out of the gateway's interface in a VPC.
func (w *walk) emerge(i *plan.Interface) {
	w.moveTo(stop{vpc: i.VPC, from: i})
	if w.hops++; w.hops > maxHops {
		w.result = Result{Fate: Dropped, Reason: RoutingLoop}
		return
	}
	if w.run(fromTransit[:]) {
		w.forward()
	}
}

// transitZone finds the gateway's interface in the sender's zone; without one the
// sender cannot use it (TGW-1, TGW-2).
func transitZone(w *walk) verdict {
	zone := w.zone()
	if w.to = w.transit.in.InZone(zone); w.to != nil {
		w.transit.entry = w.to
		return passed
	}
	if w.transit.in.Partial || zone == "" && w.vpc.Desc.Partial {
		w.say("which zones the attachment serves is not known")
		return undetermined
	}
	w.sayName(w.transit.in.Desc.ID, "has no subnet in zone "+zone)
	return dropped(TGWZone)
}

// transitMTU drops what is too large, also with DF clear, and tells a sender that
// sits in a VPC; it keeps the size of TCP segments down (TGW-29, MTU-10, MTU-12).
func transitMTU(w *walk) verdict {
	w.clampMSS(mtuTransit)
	if w.fits(mtuTransit) {
		return passed
	}
	w.say("larger than 8500 bytes")
	if own, ok := w.transitAddress(); ok && w.tracer == nil && w.transit.first {
		w.say("larger than 8500 bytes; the gateway tells the sender")
		if b := packet.AppendTooBig(nil, own, &w.pkt, mtuTransit); b != nil {
			w.answers = append(w.answers, answer{w.transit.entry, b})
		}
	}
	return dropped(MTUExceeded)
}

// transitAddress is the gateway's own address in the sender's zone. Its interface
// has no IPv6 one unless it is described: there the router's stands for it.
func (w *walk) transitAddress() (netip.Addr, bool) {
	if w.transit.entry == nil {
		return netip.Addr{}, false // it comes from on-premises (MTU-10)
	}
	for _, a := range w.transit.entry.Desc.Addresses {
		if a.IP.Is4() == (w.pkt.Version == 4) {
			return a.IP, true
		}
	}
	return routerAddress(w.transit.entry.Subnet, w.pkt.Version == 4)
}

// transitHop counts the TTL down, once for each gateway; it tells nobody when it
// has run out (TGW-30, LNK-19).
func transitHop(w *walk) verdict {
	if w.pkt.TTL() <= 1 {
		return dropped(TTLExpired)
	}
	w.pkt.SetTTL(w.pkt.TTL() - 1)
	return passed
}

// transitAssociated: an attachment without a route table leads nowhere (TGW-5).
func transitAssociated(w *walk) verdict {
	switch in := w.transit.in; {
	case in.Table != nil:
		return passed
	case in.Desc.Unknown != "":
		w.say(in.Desc.Unknown)
		return undetermined
	}
	w.sayName(w.transit.in.Desc.ID, "is associated with no route table")
	return dropped(TGWNoAssociation)
}

// transitRoute asks the table of the attachment that the packet came in through
// (TGW-5, TGW-10 to TGW-12). It may lead back to where it came from (TGW-25).
func transitRoute(w *walk) verdict {
	at := &w.transit
	if at.out != nil {
		return skipped // a trace has been told where it goes
	}
	at.hop = w.follow(at.in.Table, w.flow.Dst)
	w.note = at.hop.note
	switch v := at.hop.verdict; {
	case v.reason == NoRoute:
		return dropped(TGWNoRoute)
	case v.reason == Blackhole:
		return dropped(TGWBlackhole)
	case v.outcome != pass:
		return v
	}
	if at.out = w.equalCost(at.hop.target); at.out.Desc.Kind == vpc.PeeringAttachment && (at.out.Peer == nil || !at.out.Peer.Desc.Works()) {
		w.sayName(at.out.Desc.ID, "has no other end that is described")
		return undetermined
	}
	return passed
}

// transitVPN: what leaves through a VPN is smaller, and nobody is told (TGW-29,
// MTU-11).
func transitVPN(w *walk) verdict {
	switch {
	case w.transit.out.Desc.Kind != vpc.VPNAttachment:
		return skipped
	case !w.fits(mtuTransitVPN):
		w.say("larger than 1500 bytes")
		return dropped(MTUExceeded)
	}
	return passed
}

// transitInterface chooses through which of its interfaces the gateway enters a VPC
// (TGW-17 to TGW-21).
func transitInterface(w *walk) verdict {
	at := &w.transit
	switch {
	case at.out.Desc.Kind != vpc.VPCAttachment:
		return skipped
	case at.out.VPC == nil:
		w.sayName(at.out.Desc.VPC, "is the VPC of the attachment, and not described")
		return undetermined
	}
	zone := ""
	if at.entry != nil {
		zone = at.entry.Subnet.Desc.Zone
	}
	if at.exit = at.out.InZone(zone); at.exit != nil && !at.out.Desc.Appliance {
		w.sayName(at.exit.Subnet.Desc.ID, "is where it enters the VPC")
		return passed
	}
	if at.out.Partial || len(at.out.Interfaces) == 0 {
		w.say("the attachment's subnets are not all known")
		return undetermined
	}
	at.exit = w.byFlow(at.out.Interfaces)
	w.sayName(at.exit.Subnet.Desc.ID, "is where it enters the VPC, chosen by flow")
	return passed
}

// transitACLOut is the network ACL of the subnet that the gateway enters through;
// what stays there meets none (ACL-22, ACL-23, TGW-22).
func transitACLOut(w *walk) verdict {
	subnet := w.from.Subnet
	w.lookUp(subnet.Routes)
	stays := w.next.target.Kind == routing.Local && w.subnetHas(subnet, w.flow.Dst)
	if stays || w.next.target.Subnet == subnet {
		w.inside = true
		return skipped
	}
	return w.leaveSubnet(subnet)
}

// transitLeave is the route table of that subnet (TGW-16). A route back to the
// gateway would go round for ever.
func transitLeave(w *walk) verdict {
	w.lookUp(w.from.Subnet.Routes)
	w.note = w.next.note
	if w.next.verdict.outcome == pass && w.next.target.Gateway == w.from.Gateway {
		return dropped(RoutingLoop)
	}
	return w.next.verdict
}
