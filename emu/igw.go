package emu

import (
	"net/netip"

	"github.com/vpcemu/vpcemu/internal/plan"
	"github.com/vpcemu/vpcemu/packet"
	"github.com/vpcemu/vpcemu/routing"
)

// The internet gateway (IGW-1 to IGW-31, ORDER-12 to ORDER-16).

// IGW is the internet gateway.
const IGW Stage = "IGW"

// toInternet is the internet gateway on the way out (ORDER-12).
var toInternet = [...]stage{
	{MTU, internetMTU, atInternetGateway, final},
	{IGW, gatewayAttached, atInternetGateway, pastInternetGateway},
	{IGW, exitOpen, atInternetGateway, pastInternetGateway},
	{IGW, notRedirected, atInternetGateway, pastInternetGateway},
	{IGW, mailAllowed, atInternetGateway, pastInternetGateway},
	{IGW, sourceIsPublic, atInternetGateway, pastInternetGateway},
	{IGW, destinationIsPublic, atInternetGateway, pastInternetGateway},
	{IGW, translateSource, atInternetGateway, pastInternetGateway},
}

// fromInternet is the internet gateway on the way in (ORDER-12 r1, ORDER-13).
var fromInternet = [...]stage{
	{IGW, whichGateway, atInternetGateway, pastInternetGateway},
	{IGW, entryOpen, atInternetGateway, pastInternetGateway},
	{EIGW, egressOnlyEntryOpen, atEgressOnly, goOn},
	{EIGW, egressOnlyInbound, atEgressOnly, goOn},
	{IGW, sourceFromOutside, atInternetGateway, pastInternetGateway},
	{IGW, publicAddress, atInternetGateway, pastInternetGateway},
	{IGW, gatewayAttached, atInternetGateway, pastInternetGateway}, // of the interface that a trace means, if nobody has the address
	{IGW, ipv6Inbound, atInternetGateway, pastInternetGateway},
	{IGW, translateDestination, atInternetGateway, pastInternetGateway},
	{EdgeRT, edgeRoute, atEdge, pastEdge},
}

// InternetMTU is the largest IP packet that passes an internet gateway, in bytes (LIM-54),
// and so the largest that hosts beyond send (MTU-3).
const InternetMTU = 1500

// internetMTU drops what is too large and may not be fragmented, and tells the
// sender; what may be fragmented will be (IGW-22, MTU-5 to MTU-7).
func internetMTU(w *walk) verdict {
	switch {
	case w.fits(InternetMTU):
		return passed
	case w.pkt.DF():
		w.say("larger than 1500 bytes; the router tells the sender")
		w.net.tooBig(w, InternetMTU)
		return dropped(MTUExceeded)
	}
	w.say("fragmented to 1500 bytes")
	w.fragments = true
	return passed
}

// gatewayAttached: without an attached gateway nothing passes.
func gatewayAttached(w *walk) verdict {
	if w.egressOnly {
		return skipped
	}
	if w.vpc.Gateway == nil {
		if w.vpc.Desc.Partial {
			w.sayName(w.vpc.Desc.ID, "has no internet gateway in the description")
			return undetermined
		}
		return dropped(IGWNotAttached)
	}
	return passed
}

// notRedirected: a subnet whose inbound traffic an edge table sends to a
// middlebox cannot use its own direct route to the gateway (RT-48).
func notRedirected(w *walk) verdict {
	if w.vpc.Gateway == nil || w.vpc.Gateway.Edge == nil || !w.subnetHas(w.from.Subnet, w.flow.Src) {
		return passed
	}
	back := w.follow(w.vpc.Gateway.Edge, w.flow.Src)
	switch {
	case back.verdict.outcome == unknown:
		w.note = back.note
		return undetermined
	case !back.found, back.target.Kind == routing.Local, back.target.Interface == w.from && w.from != nil:
		return passed
	}
	w.sayName(back.target.ID, "gets the subnet's inbound traffic by the edge route table")
	return dropped(IGWIngressRedirect)
}

// mailAllowed: EC2 blocks TCP port 25 to the internet unless the account asked
// otherwise, which is a switch here (IGW-31).
func mailAllowed(w *walk) verdict {
	if w.net.em.opts.BlockPort25 && w.flow.Proto == packet.TCP && w.toPort(25) {
		w.say("EC2 blocks TCP port 25 to the internet")
		return dropped(SGEgress)
	}
	return passed
}

// sourceIsPublic: an IPv4 source needs a public address mapped to it, an IPv6
// source must be a global address of an attached interface (IGW-2, IGW-4, IGW-5,
// IGW-19).
func sourceIsPublic(w *walk) verdict {
	sender := w.owner(w.vpc, w.flow.Src)
	if !w.flow.Src.Is4() {
		if sender == nil || !sender.Attached || w.in(uniqueLocal6, w.flow.Src) || w.in(linkLocal6, w.flow.Src) {
			return dropped(SpoofedSrc)
		}
		return passed
	}
	if sender != nil && sender.Attached {
		if _, ok := sender.Public(w.flow.Src); ok {
			return passed
		}
	}
	w.sayAddr(w.flow.Src, "has no public IPv4 address")
	return dropped(IGWNoPublicIP)
}

// destinationIsPublic: private and bogus destinations do not leave (IGW-10,
// IGW-12).
func destinationIsPublic(w *walk) verdict {
	if w.isPrivate(w.flow.Dst) {
		w.sayAddr(w.flow.Dst, "is not a public address")
		return dropped(IGWPrivateDst)
	}
	return passed
}

// translateSource is the gateway's 1:1 NAT on the way out (IGW-3). What an ICMP
// error quotes had come in to a private address, and is translated back.
func translateSource(w *walk) verdict {
	if public, ok := w.publicOf(w.flow.Src); ok {
		w.setSrc(public)
	}
	if about, ok := w.about(); ok {
		if public, ok := w.publicOf(about.Dst); ok {
			w.setQuotedDst(public)
		}
	}
	return passed
}

// publicOf is the public IPv4 address of a private one of the VPC.
func (w *walk) publicOf(private netip.Addr) (netip.Addr, bool) {
	if owner := w.owner(w.vpc, private); owner != nil {
		return owner.Public(private)
	}
	return netip.Addr{}, false
}

// whichGateway finds out whose public address the destination is, and with that
// which VPC's gateway the packet meets.
func whichGateway(w *walk) verdict {
	dst := w.flow.Dst
	w.binding = plan.Binding{}
	if b, ok := w.public(dst); ok {
		w.binding, w.vpc = b, b.Interface.VPC
	} else if i := w.net.plan.Global(dst); i != nil && !w.isPrivate(dst) {
		w.binding, w.vpc = plan.Binding{Interface: i, Private: dst}, i.VPC
	}
	if w.egressOnly = w.behindEgressOnly(); w.egressOnly {
		return skipped
	}
	if w.binding.Interface == nil {
		return passed
	}
	return gatewayAttached(w)
}

// publicAddress refuses destinations that nobody here has (IGW-9).
func publicAddress(w *walk) verdict {
	if w.egressOnly {
		return skipped
	}
	dst := w.flow.Dst
	if i := w.binding.Interface; i != nil {
		if !i.Attached {
			w.sayName(i.Desc.ID, "is not attached")
			return dropped(IGWUnknownDst)
		}
		return passed
	}
	if why := w.net.plan.Unmodelled(dst); why != "" {
		w.say(why)
		return undetermined
	}
	w.sayAddr(dst, "is no public address of an attached interface")
	return dropped(IGWUnknownDst)
}

// sourceFromOutside: private and bogus sources do not come in (IGW-11, IGW-12).
func sourceFromOutside(w *walk) verdict {
	if w.egressOnly {
		return skipped
	}
	if w.isPrivate(w.flow.Src) {
		w.sayAddr(w.flow.Src, "is not a public address")
		return dropped(IGWPrivateSrc)
	}
	return passed
}

// ipv6Inbound: IPv6 comes in only where the subnet routes the source back to the
// internet gateway (IGW-20), and not to interfaces that deny it (IGW-21).
func ipv6Inbound(w *walk) verdict {
	if w.flow.Dst.Is4() || w.egressOnly {
		return skipped
	}
	i := w.binding.Interface
	if i.Desc.DenyInternetGateway {
		w.sayName(i.Desc.ID, "denies traffic of internet gateways")
		return dropped(IGWUnknownDst)
	}
	back := w.follow(i.Subnet.Routes, w.flow.Src)
	switch {
	case back.verdict.outcome == unknown:
		w.note = back.note
		return undetermined
	case back.verdict.outcome == pass && back.target.Kind == routing.InternetGateway:
		return passed
	}
	w.sayName(i.Subnet.Routes.ID, "does not route the source to the internet gateway")
	return dropped(EIGWUnsolicited)
}

// translateDestination is the gateway's 1:1 NAT on the way in (IGW-3). What an
// ICMP error quotes had left with the public address; one that quotes another,
// such as the private address, is about no packet that went out here, and so is
// related to no flow (SG-45).
func translateDestination(w *walk) verdict {
	if w.egressOnly {
		return skipped
	}
	public, private := w.flow.Dst, w.binding.Private
	if public == private {
		return passed
	}
	w.setDst(private)
	if about, ok := w.about(); ok {
		if w.stray = about.Src != public; !w.stray {
			w.setQuotedSrc(private)
		}
	}
	return passed
}

// mayTake is said of a route of an edge table whose destination is not known. Here
// even a local route is not safe from it: the others are inside the VPC.
const mayTake = "a route of the edge table may take it: its destination is not known"

// edgeRoute is the route table associated with the gateway, which may send what
// comes in to a middlebox first (RT-42 to RT-49, ORDER-14).
func edgeRoute(w *walk) verdict {
	if w.egressOnly {
		return skipped // plain local delivery (RT-50)
	}
	if w.vpc.Gateway == nil || w.vpc.Gateway.Edge == nil {
		return skipped // plain local delivery (RT-50)
	}
	w.next = w.follow(w.vpc.Gateway.Edge, w.flow.Dst)
	w.note = w.next.note
	middlebox := w.next.target.Interface
	switch {
	case len(w.vpc.Gateway.Edge.FIB.Uncertain()) > 0:
		w.say(mayTake)
		return undetermined
	case w.next.verdict.reason == NoRoute, w.next.target.Kind == routing.Local:
		return passed
	case w.next.verdict.outcome != pass:
		return w.next.verdict
	case middlebox == nil:
		return undetermined
	case w.owns(middlebox, w.flow.Dst):
		return passed // RT-49
	case middlebox.GatewayOf(routing.GWLBEndpoint) != nil: // it needs none (ORDER-15)
	case !middlebox.HasPublic():
		w.sayName(middlebox.Desc.ID, "has no public IPv4 address")
		return dropped(IGWMiddleboxNoPublicIP)
	}
	w.to = middlebox
	return passed
}
