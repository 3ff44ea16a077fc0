package emu

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/vpcemu/vpcemu/packet"
)

// The NAT gateway (NAT-1 to NAT-39, ORDER-17 to ORDER-22). A packet reaches it
// like an interface of its subnet, through the subnet's network ACL, is rewritten,
// and leaves through the ACL and the route table of the same subnet, both ways:
//
//	S ─▶ egress ─▶ NACL-IN(K) ─▶ translateOut ─▶ NACL-OUT(K) ─▶ RT(K) ─▶ igw
//	S ◀─ ingress ◀─ RT(K) ◀─ NACL-OUT(K) ◀─ translateBack ◀─ NACL-IN(K) ◀─ igw

// translateOut is what a packet from the inside meets.
var translateOut = [...]stage{
	{NAT, natAvailable},
	{NAT, natSource},
	{NAT, natProtocol},
	{NAT, natFragment},
	{NAT, natHop},
	{MTU, natMTU},
	{NAT, natMap},
}

// translateBack is what a packet to one of the gateway's own addresses meets.
var translateBack = [...]stage{
	{NAT, natAvailable},
	{NAT, natFragment},
	{MTU, natMTUBack},
	{NAT, natUnmap},
}

// departure is the way out of a gateway's subnet.
var departure = [...]stage{
	{NACLOut, aclOut},
	{FlowOut, flowOut},
	{RT, route},
}

// mtuNAT is the largest IP packet that passes a NAT gateway, in bytes (NAT-31).
const mtuNAT = 8500

// throughNAT carries a packet through the gateway that it has been delivered to.
func (w *walk) throughNAT() {
	stages := translateOut[:]
	if w.to.Owns(w.flow.Dst) {
		stages = translateBack[:]
	}
	w.sender, w.from, w.to = w.from, w.to, nil
	w.vpc, w.identity, w.via, w.translated, w.next = w.from.VPC, nil, nil, true, hop{}
	if !w.run(stages) {
		return
	}
	if w.pkt.Len() <= mtuNAT {
		w.depart(departure[:])
		return
	}
	w.inPieces(mtuNAT, func(piece *walk) { piece.depart(departure[:]) }) // natMTU has let it pass
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
// connection or a VPN gateway (NAT-25).
func natSource(w *walk) verdict {
	if w.sender == nil || w.sender.VPC != w.from.VPC {
		return dropped(NATSource)
	}
	return passed
}

// natProtocol: TCP, UDP, and of ICMP echo and errors, over IPv4 (NAT-6, NAT-39).
func natProtocol(w *walk) verdict {
	switch {
	case nat64.Contains(w.flow.Dst):
		w.say("NAT64 is not modelled")
		return undetermined
	case !w.flow.Dst.Is4():
		return dropped(NATProtocol)
	}
	switch {
	case w.flow.Proto == packet.TCP, w.flow.Proto == packet.UDP:
		return passed
	case w.flow.Proto != packet.ICMP:
		return dropped(NATProtocol)
	case w.pkt.IsLaterFragment(), w.pkt.ICMPType == echoRequest, w.pkt.ICMPType == echoReply, w.pkt.IsICMPError():
		return passed
	}
	w.say("ICMP that is neither echo nor an error")
	return dropped(NATProtocol)
}

// The ICMP types of ping.
const (
	echoReply   = 0
	echoRequest = 8
)

// nat64 is the prefix of IPv4 addresses written as IPv6 (NAT-36).
var nat64 = netip.MustParsePrefix("64:ff9b::/96")

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
		w.answer(packet.AppendTimeExceeded(nil, w.from.Desc.Addresses[0].IP, &w.pkt))
		return dropped(TTLExpired)
	}
	w.pkt.SetTTL(w.pkt.TTL() - 1)
	return passed
}

// natMTU: larger packets are cut up if they may be, else the sender is told; and
// the size of TCP segments is kept down from the start (NAT-31, MTU-9, MTU-12).
func natMTU(w *walk) verdict {
	w.pkt.ClampMSS(mtuNAT - 40)
	switch {
	case w.pkt.Len() <= mtuNAT:
		return passed
	case w.pkt.DF() || w.flow.Proto != packet.UDP:
		w.say("larger than 8500 bytes; the gateway tells the sender")
		w.answer(packet.AppendTooBig(nil, w.from.Desc.Addresses[0].IP, &w.pkt, mtuNAT))
		return dropped(MTUExceeded)
	}
	w.say("fragmented to 8500 bytes")
	return passed
}

// natMTUBack is natMTU for what comes back, where a packet is rarely too large:
// one that fits leaves no step in a trace.
func natMTUBack(w *walk) verdict {
	if v := natMTU(w); v.outcome != pass || w.pkt.Len() > mtuNAT {
		return v
	}
	return skipped
}

// natMap rewrites the source to one of the gateway's private addresses and a port
// of its own (NAT-2, NAT-5, NAT-7).
func natMap(w *walk) verdict {
	table := &w.state(w.from).nat
	if about, ok := w.pkt.EmbeddedFlow(); ok && w.pkt.IsICMPError() {
		return natMapError(w, table, about)
	}
	outside, ok := table.find(w.flow, w.now)
	if !ok {
		if w.flow.Proto == packet.TCP && w.pkt.Flags&(packet.SYN|packet.ACK|packet.RST) != packet.SYN {
			return natReset(w)
		}
		if w.flow.Proto == packet.ICMP && w.pkt.ICMPType != echoRequest {
			w.say("answers a ping that did not come through the gateway")
			return dropped(NATUnsolicited)
		}
		if outside, ok = table.allot(w.flow, natAddresses(w), w.now); !ok {
			return dropped(NATPortExhausted)
		}
	}
	w.setSrc(outside.Src)
	w.setSrcPort(outside.SrcPort)
	return passed
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
func natMapError(w *walk, table *natTable, about packet.Flow) verdict {
	outside, ok := table.find(about.Reverse(), w.now)
	if !ok {
		return dropped(NATUnsolicited)
	}
	w.setSrc(outside.Src)
	w.pkt.SetEmbeddedDst(outside.Src)
	w.pkt.SetEmbeddedDstPort(outside.SrcPort)
	return passed
}

// natUnmap rewrites the destination back to the inside host, if the packet answers
// one of its flows or is an ICMP error about one (NAT-17, NAT-18, NAT-20, NAT-32).
func natUnmap(w *walk) verdict {
	table := &w.state(w.from).nat
	if about, ok := w.pkt.EmbeddedFlow(); ok && w.pkt.IsICMPError() {
		inside, ok := table.answer(about.Reverse(), w.now)
		if !ok {
			return dropped(NATUnsolicited)
		}
		if v := natHop(w); v.outcome != pass {
			return v
		}
		w.setDst(inside.Dst)
		w.pkt.SetEmbeddedSrc(inside.Dst)
		w.pkt.SetEmbeddedSrcPort(inside.DstPort)
		return passed
	}
	inside, ok := table.answer(w.flow, w.now)
	if !ok || w.flow.Proto == packet.ICMP && w.pkt.ICMPType != echoReply {
		return dropped(NATUnsolicited)
	}
	if v := natHop(w); v.outcome != pass {
		return v
	}
	w.setDst(inside.Dst)
	if w.flow.Proto.IsICMP() {
		w.setSrcPort(inside.SrcPort) // the echo identifier
		return passed
	}
	w.setDstPort(inside.DstPort)
	return passed
}

// natAddresses are the gateway's private IPv4 addresses, the primary one first, but
// for those that are being removed (NAT-10, NAT-35).
func natAddresses(w *walk) []netip.Addr {
	var list []netip.Addr
	for _, a := range w.from.Desc.Addresses {
		if !slices.Contains(w.from.Gateway.Desc.Draining, a.IP) {
			list = append(list, a.IP)
		}
	}
	return list
}
