package firewall

import (
	"net/netip"

	"github.com/vpcemu/vpcemu/packet"
)

// Direction says which way a packet crosses an interface or the border of a subnet.
type Direction uint8

// The two directions, seen from the interface or the subnet.
const (
	Ingress Direction = iota // it arrives; the remote side is its source
	Egress                   // it leaves; the remote side is its destination
)

// String is "ingress" or "egress".
func (d Direction) String() string {
	if d == Egress {
		return "egress"
	}
	return "ingress"
}

// Verdict is what a filter says of a packet. The zero Verdict denies.
type Verdict uint8

// The three verdicts.
const (
	Denied  Verdict = iota
	Allowed         //
	Unknown         // what would decide is not known, so neither is the answer
)

// String is "denied", "allowed" or "unknown".
func (v Verdict) String() string {
	switch v {
	case Allowed:
		return "allowed"
	case Unknown:
		return "unknown"
	}
	return "denied"
}

// Header is what filters look at, apart from the remote address. Source ports are never matched (SG-8, ACL-11).
type Header struct {
	Proto              uint8  // IP protocol number
	Port               uint16 // destination port; TCP and UDP only
	ICMPType, ICMPCode uint8  // ICMP and ICMPv6 only
}

// HeaderOf is the header of p with the ports of f, which NAT may have changed. Later fragments have no ports of their own: ask
// [Fragments.Ports] for them.
func HeaderOf(p *packet.Packet, f packet.Flow) Header {
	return Header{Proto: uint8(f.Proto), Port: f.DstPort, ICMPType: p.ICMPType, ICMPCode: p.ICMPCode}
}

// mismatch is the first reason why a packet is none of a service's. The zero mismatch is none.
type mismatch uint8

const (
	matches mismatch = iota
	protocolDiffers
	familyDiffers
	portDiffers
	typeDiffers
	addressDiffers
)

var mismatchText = [...]string{
	matches:         "",
	protocolDiffers: "protocol differs",
	familyDiffers:   "address family differs",
	portDiffers:     "port differs",
	typeDiffers:     "ICMP type differs",
	addressDiffers:  "address differs",
}

// compare tells why a packet with remote as its far side is not one of s's, addresses apart.
func (s Service) compare(h Header, remote netip.Addr) mismatch {
	c, key := h.classify(remote)
	first, last, ok := s.span(c)
	switch {
	case ok && first <= int(key) && int(key) <= last:
		return matches
	case s.Protocol != int(h.Proto):
		return protocolDiffers
	case !ok:
		return familyDiffers
	case c == classTCP || c == classUDP:
		return portDiffers
	}
	return typeDiffers
}

// comparePrefix tells why remote is not in p; a prefix is of one address family (SG-13, ACL-13).
func comparePrefix(p netip.Prefix, remote netip.Addr) mismatch {
	switch {
	case p.Contains(remote):
		return matches
	case p.IsValid() && p.Addr().BitLen() != remote.BitLen():
		return familyDiffers
	}
	return addressDiffers
}
