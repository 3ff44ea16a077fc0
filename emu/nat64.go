package emu

import (
	"net/netip"
	"slices"

	"github.com/vpcemu/vpcemu/firewall"
	"github.com/vpcemu/vpcemu/packet"
	"github.com/vpcemu/vpcemu/vpc"
)

// NAT64 (NAT-36 to NAT-40, ORDER-24): what comes to a NAT gateway as IPv6 for an
// address of nat64 goes on as IPv4, and its answers come back as IPv6.
//
//	2001:db8::5 > 64:ff9b::P      ◀──▶   10.0.0.220 > P
//	RT(A), NACL-IN(K)                    NACL-OUT(K), RT(K)
//	NACL-OUT(K), RT(K), NACL-IN(A)       NACL-IN(K)              the way back

// nat64 is the prefix of IPv4 addresses written as IPv6 (NAT-36).
var nat64 = vpc.NAT64

// The largest packets that become IPv6 ones of no more than 8500 bytes: its header
// has 20 bytes more, and 8 in a fragment.
const (
	mtuNAT64         = mtuNAT - 20
	mtuNAT64Fragment = mtuNAT64 - 8
)

// natRoom is the largest packet that the gateway takes (NAT-31).
func (w *walk) natRoom() int {
	if w.pkt.Len() > mtuNAT64Fragment && w.owns(w.from, w.flow.Dst) {
		if inside, ok := w.natInside(); ok && !inside.Flow.Dst.Is4() {
			if w.pkt.DF() || w.flow.Proto != packet.UDP {
				return mtuNAT64
			}
			return mtuNAT64Fragment
		}
	}
	return mtuNAT
}

// natAddress is where the gateway's own messages come from: its primary private
// address, or what stands for that in IPv6 (NAT-33, MTU-9).
func (w *walk) natAddress() netip.Addr {
	a := w.from.Desc.Addresses[0].IP
	switch {
	case !w.from.Regional():
	case w.owns(w.from, w.flow.Dst):
		a = w.flow.Dst
	default:
		zone := w.servingZone()
		if i := slices.IndexFunc(w.from.Desc.Addresses, func(a vpc.Address) bool { return w.serves(a, zone) }); i >= 0 {
			a = w.from.Desc.Addresses[i].IP
		}
	}
	if w.flow.Src.Is4() {
		return a
	}
	return packet.Embed(nat64, a)
}

// outsideOf is an inside flow as its destination sees it, but for the source.
func outsideOf(f packet.Flow) packet.Flow {
	if to, ok := packet.Embedded(nat64, f.Dst); ok {
		f.Dst = to
	}
	if f.Proto == packet.ICMPv6 {
		f.Proto = packet.ICMP
	}
	return f
}

// toIPv4 makes IPv4 of an IPv6 packet, in which outside stands for inside.
func (w *walk) toIPv4(inside, outside netip.Addr) bool {
	return w.pkt.Version == 4 || w.cross(packet.NAT64{Prefix: nat64, Inside: inside, Outside: outside})
}

// toIPv6 makes IPv6 of a packet for an IPv6 host, for which outside has stood.
func (w *walk) toIPv6(inside, outside netip.Addr) bool {
	if inside.Is4() {
		return true
	}
	ok := w.cross(packet.NAT64{Prefix: nat64, Inside: inside, Outside: outside})
	w.clampMSS(mtuNAT)
	return ok
}

// cross makes a packet of the other IP version, in the walk's own memory: it is
// longer or shorter by 20 bytes. The memory that it leaves is used the next time.
func (w *walk) cross(n packet.NAT64) bool {
	var p packet.Packet
	b, ok := n.Append(w.spare[:0], &w.pkt)
	if !ok || p.Parse(b) != nil {
		return false
	}
	w.spare, w.own = w.own, b
	ports := w.flow
	w.crosses(n)
	w.pkt, w.flow = p, p.Flow
	w.flow.SrcPort, w.flow.DstPort = ports.SrcPort, ports.DstPort // a later fragment has none itself
	w.header = firewall.HeaderOf(&w.pkt, w.flow)
	return true
}
