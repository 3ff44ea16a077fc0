package emu

import (
	"strings"

	"github.com/vpcemu/vpcemu/firewall"
	"github.com/vpcemu/vpcemu/packet"
)

// The NAT gateway (NAT-1 to NAT-44, ORDER-17 to ORDER-24). A packet reaches it
// like an interface of its subnet, through the subnet's network ACL, is rewritten,
// and leaves through the ACL and the route table of the same subnet, both ways:
//
//	S ─▶ egress ─▶ NACL-IN(K) ─▶ toNAT ─▶ outward ─▶ NACL-OUT(K) ─▶ RT(K) ─▶ igw
//	S ◀─ ingress ◀─ RT(K) ◀─ NACL-OUT(K) ◀─ inward ◀─ backToNAT ◀─ NACL-IN(K) ◀─ igw

// NAT is the NAT gateway.
const NAT Stage = "NAT"

// toNAT is what a packet from the inside meets.
var toNAT = [...]stage{
	{NAT, natAvailable, atNAT, pastNAT},
	{NAT, natSource, atNAT, final},
	{NAT, natProtocol, atNAT, final},
	{NAT, natFragment, atNAT, final},
	{NAT, natHop, atNAT, final},
	{MTU, natMTU, atNAT, final},
}

// backToNAT is what a packet to one of the gateway's own addresses meets.
var backToNAT = [...]stage{
	{NAT, natAvailable, atNAT, pastNAT},
	{NAT, natFragment, atNAT, final},
	{MTU, natMTUBack, atNAT, final},
}

// The translation itself, of each piece of a packet that was too large.
var (
	outward = [...]stage{{NAT, natMap, atNAT, final}}
	inward  = [...]stage{{NAT, natUnmap, atNAT, final}}
)

func atNAT(w *walk, s *Step) {
	g := w.from.Gateway.Desc
	s.looksAt("nat", g.ID, g.Origin, w.from.Subnet, w.from.VPC)
}

// pastNAT imagines the gateway to work, unless it has got no address to work with.
func pastNAT(_ *tracer, w *walk, v verdict) verdict {
	if w.from.Desc.Addresses[0].IP.IsValid() {
		return passed
	}
	return v
}

// mtuNAT is the largest IP packet that passes a NAT gateway, in bytes (NAT-31).
const mtuNAT = 8500

// throughNAT carries a packet through the gateway that it has been delivered to.
func (w *walk) throughNAT() {
	check, translate := toNAT[:], outward[:]
	if w.owns(w.to, w.flow.Dst) {
		check, translate = backToNAT[:], inward[:]
	}
	w.moveInto(w.to)
	w.natZone = w.regionalZone()
	w.identity, w.kept = nil, true
	switch {
	case !w.run(check):
	case w.pkt.Len() <= w.natRoom():
		w.translate(translate)
	default: // natMTU has let it pass
		w.inPieces(w.natRoom(), func(piece *walk) { piece.translate(translate) })
	}
}

// translate runs the stages of the translation and takes the packet out of the
// gateway.
func (w *walk) translate(stages []stage) {
	if w.run(stages) {
		w.depart(wayOut(w.from))
	}
}

// natAvailable: only a gateway in state available forwards (NAT-29).
func natAvailable(w *walk) verdict {
	if g := w.from.Gateway.Desc; !g.Works() {
		w.sayName(g.ID, strings.TrimSpace("is in state "+g.State+" "+g.Failure))
		return dropped(NATNotAvailable)
	}
	return passed
}

// natSource: packets come from interfaces of the VPC, and not from a peering
// connection or a VPN gateway (NAT-25). Translated from IPv6 they do not go back
// into the subnet that they came from (NAT-38).
func natSource(w *walk) verdict {
	if w.sender == nil || w.sender.VPC != w.from.VPC {
		return dropped(NATSource)
	}
	if w.flow.Dst.Is4() || !w.in(nat64, w.flow.Dst) {
		return passed
	}
	target, _ := packet.Embedded(nat64, w.flow.Dst)
	if host := w.owner(w.vpc, w.flow.Src); host != nil && w.embeddedIn(host.Subnet, target) {
		w.sayAddr(target, "is in the sender's own subnet, where NAT64 does not lead")
		return dropped(NATSource)
	}
	return passed
}

// natProtocol: TCP, UDP, and of ICMP echo and errors; over IPv6 only to addresses
// that stand for IPv4 ones (NAT-6, NAT-36, NAT-39).
func natProtocol(w *walk) verdict {
	if !w.flow.Dst.Is4() && !w.in(nat64, w.flow.Dst) {
		w.say("IPv6 to a destination that stands for no IPv4 address")
		return dropped(NATProtocol)
	}
	switch {
	case w.flow.Proto.HasPorts(), w.isEchoRequest(), w.isEchoReply(), w.isICMPError(), w.flow.Proto.IsICMP() && w.pkt.IsFragment():
		return passed
	case w.flow.Proto.IsICMP():
		w.say("ICMP that is neither echo nor an error")
	}
	return dropped(NATProtocol)
}

// natFragment: fragments of UDP follow the first one, others are dropped
// (NAT-21).
func natFragment(w *walk) verdict {
	if w.pkt.IsFragment() && w.flow.Proto != packet.UDP {
		return dropped(NATFragment)
	}
	return passed
}

// natHop counts the TTL down, and tells the sender when it has run out (NAT-33).
func natHop(w *walk) verdict {
	if w.pkt.TTL() <= 1 {
		w.answer(packet.AppendTimeExceeded(nil, w.natAddress(), &w.pkt))
		return dropped(TTLExpired)
	}
	w.pkt.SetTTL(w.pkt.TTL() - 1)
	return passed
}

// natMTU: larger packets are cut up if they may be, else the sender is told; and
// the size of TCP segments is kept down from the start (NAT-31, MTU-9, MTU-12).
func natMTU(w *walk) verdict {
	w.clampMSS(mtuNAT)
	switch {
	case w.fits(w.natRoom()):
		return passed
	case w.pkt.DF() || w.flow.Proto != packet.UDP:
		w.say("too large for the gateway, which tells the sender")
		w.answer(packet.AppendTooBig(nil, w.natAddress(), &w.pkt, w.natRoom()))
		return dropped(MTUExceeded)
	}
	w.say("too large in one piece, and cut up")
	return passed
}

// natMTUBack is natMTU for what comes back, where a packet is rarely too large:
// one that fits leaves no step in a trace.
func natMTUBack(w *walk) verdict {
	if v := natMTU(w); v.outcome != pass || w.pkt.Len() > w.natRoom() {
		return v
	}
	return skipped
}

// natMap rewrites the source to one of the gateway's private addresses and a port
// of its own (NAT-2, NAT-5, NAT-7), and makes IPv4 of IPv6 (NAT-36).
func natMap(w *walk) verdict {
	table := w.natOf(w.from)
	if w.isICMPError() {
		about, ok := w.pkt.EmbeddedFlow()
		if !ok {
			w.say("is an ICMP error that quotes no packet")
			return dropped(NATUnsolicited)
		}
		return natMapError(w, table, about)
	}
	mapping, ok := table.Find(w.flow, w.now)
	if ok && w.natCut(mapping.Flow.Src) {
		table.Forget(w.flow)
		ok = false
	}
	if !ok {
		switch {
		case w.flow.Proto == packet.TCP && w.pkt.Flags&(packet.SYN|packet.ACK|packet.RST) != packet.SYN:
			return natReset(w)
		case w.isEchoReply():
			w.say("answers nothing that came through the gateway")
			return dropped(NATUnsolicited)
		}
		if mapping, ok = w.natAllot(table); !ok {
			return dropped(NATPortExhausted)
		}
	}
	if w.shortens() {
		w.ends.meet(mapping.Entry)
	}
	outside, before := mapping.Flow, w.origins()
	if !w.toIPv4(w.flow.Src, outside.Src) {
		return dropped(NATProtocol)
	}
	w.setSrc(outside.Src)
	w.setSrcPort(outside.SrcPort)
	w.noteTranslation(before, true)
	return passed
}

// natAllot maps a new flow to the first of the gateway's addresses that has a port
// left towards its destination (NAT-10 to NAT-12).
func (w *walk) natAllot(table *firewall.Mappings) (firewall.Mapping, bool) {
	outside, zone := outsideOf(w.flow), w.servingZone()
	for _, a := range w.from.Desc.Addresses {
		if outside.Src = a.IP; !w.serves(a, zone) {
			continue
		}
		if mapping, ok := table.Allot(w.flow, outside, w.now); ok {
			return mapping, true
		}
	}
	return firewall.Mapping{}, false
}

// natReset answers a TCP segment of an unknown connection that does not begin one,
// unless it is a reset itself (NAT-15, NAT-16, NAT-24).
func natReset(w *walk) verdict {
	if w.pkt.Flags.Has(packet.RST) {
		w.say("no mapping")
		return dropped(NATUnsolicited)
	}
	w.say("no mapping, and no plain SYN: answered with RST")
	w.answer(packet.AppendReset(nil, &w.pkt))
	return dropped(NATUnsolicited)
}

// natMapError translates an ICMP error of an inside host about a packet that came
// to it through the gateway.
func natMapError(w *walk, table *firewall.Mappings, about packet.Flow) verdict {
	mapping, ok := table.Find(about.Reverse(), w.now)
	outside := mapping.Flow
	if !ok || w.natCut(outside.Src) {
		w.say("is about no flow of the gateway")
		return dropped(NATUnsolicited)
	}
	if !w.toIPv4(about.Dst, outside.Src) {
		w.say("is an ICMP error that IPv4 does not have")
		return dropped(NATProtocol)
	}
	w.setSrc(outside.Src)
	w.pkt.SetEmbeddedDst(outside.Src)
	if about.Proto.IsICMP() {
		w.pkt.SetEmbeddedSrcPort(outside.SrcPort) // the echo identifier
	} else {
		w.pkt.SetEmbeddedDstPort(outside.SrcPort)
	}
	return passed
}

// natUnmap rewrites the destination back to the inside host, if the packet answers
// one of its flows or is an ICMP error about one (NAT-17, NAT-18, NAT-20, NAT-32).
func natUnmap(w *walk) verdict {
	mapping, ok := w.natInside()
	if !ok || w.isEchoRequest() || w.natCut(w.flow.Dst) {
		return dropped(NATUnsolicited)
	}
	if v := natHop(w); v.outcome != pass {
		return v
	}
	if w.shortens() {
		w.ends.meet(mapping.Entry)
	}
	if !w.goInside(mapping.Flow) {
		w.say("has no counterpart in IPv6")
		return dropped(NATProtocol)
	}
	w.noteAnswer()
	return passed
}

// natInside is the flow that a packet from outside belongs to, as the way back to
// the inside host: it answers it, or is an ICMP error about it.
func (w *walk) natInside() (firewall.Mapping, bool) {
	arrived := w.flow
	if w.isICMPError() {
		about, ok := w.pkt.EmbeddedFlow()
		if !ok || w.stray {
			return firewall.Mapping{}, false
		}
		arrived = about.Reverse()
	}
	return w.natOf(w.from).Answer(arrived, w.now)
}

// goInside gives the packet, or the one that it quotes, the addresses and the port
// that the inside knows. It is false for what IPv6 does not have.
func (w *walk) goInside(inside packet.Flow) bool {
	if !w.toIPv6(inside.Dst, w.flow.Dst) {
		return false
	}
	w.setDst(inside.Dst)
	port := inside.DstPort
	if inside.Proto.IsICMP() {
		port = inside.SrcPort // the echo identifier
	}
	switch {
	case w.pkt.IsICMPError():
		w.pkt.SetEmbeddedSrc(inside.Dst)
		w.pkt.SetEmbeddedSrcPort(port)
	case inside.Proto.IsICMP():
		w.setSrcPort(port)
	default:
		w.setDstPort(port)
	}
	return true
}
