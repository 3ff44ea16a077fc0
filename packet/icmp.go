package packet

import "encoding/binary"

// ICMP message types (RFC 792).
const (
	ICMPEchoReply       = 0
	ICMPUnreachable     = 3
	ICMPSourceQuench    = 4 // deprecated by RFC 6633
	ICMPRedirect        = 5
	ICMPEchoRequest     = 8
	ICMPTimeExceeded    = 11
	ICMPParamProblem    = 12
	ICMPCodeFragNeeded  = 4 // of ICMPUnreachable
	ICMPCodeHopExceeded = 0 // of ICMPTimeExceeded, also in ICMPv6
)

// ICMPv6 message types (RFC 4443, RFC 4861). Those below 128 are errors.
const (
	ICMPv6Unreachable  = 1
	ICMPv6TooBig       = 2
	ICMPv6TimeExceeded = 3
	ICMPv6ParamProblem = 4
	ICMPv6EchoRequest  = 128
	ICMPv6EchoReply    = 129
	ICMPv6Redirect     = 137
)

const (
	headerICMP       = 8
	checksumICMP     = 2
	firstInfoICMPv6  = 128
	echoIDOffset     = 4
	minICMPNotAnEcho = 4
)

// icmpOf returns the ICMP that belongs to an IP version; the other one is just a protocol without meaning.
func icmpOf(version uint8) Proto {
	if version == 4 {
		return ICMP
	}
	return ICMPv6
}

// isEcho reports whether messages of this type carry an identifier, and whether it is the request.
func isEcho(proto Proto, kind uint8) (echo, request bool) {
	if proto == ICMP {
		return kind == ICMPEchoRequest || kind == ICMPEchoReply, kind == ICMPEchoRequest
	}
	return kind == ICMPv6EchoRequest || kind == ICMPv6EchoReply, kind == ICMPv6EchoRequest
}

// parseICMP reads the header t starts with (RFC 792, RFC 4443). Both versions have the same layout.
//
//	 0       7 8     15 16            31
//	+---------+--------+-----------------+
//	|  type   |  code  |    checksum     |  0
//	+---------+--------+-----------------+
//	| echo: identifier | sequence number |  4
//	| too big: 0 or MTU|       MTU       |
//	+------------------+-----------------+
func (p *Packet) parseICMP(t []byte) error {
	if len(t) < minICMPNotAnEcho {
		return ErrTruncated
	}
	p.ICMPType, p.ICMPCode = t[0], t[1]
	if echo, _ := isEcho(p.Flow.Proto, t[0]); echo {
		if len(t) < headerICMP {
			return ErrTruncated
		}
		p.Flow.SrcPort = binary.BigEndian.Uint16(t[echoIDOffset:])
	}
	p.l4sum = p.l4 + checksumICMP
	p.payload = p.l4 + min(headerICMP, len(t))
	return nil
}

// hasICMP reports whether the packet has an ICMP header of its IP version.
func (p *Packet) hasICMP() bool { return p.l4sum != 0 && p.Flow.Proto.IsICMP() }

// ICMPEcho returns the identifier of an echo request or reply, and which of the two it is.
func (p *Packet) ICMPEcho() (id uint16, request, ok bool) {
	if !p.hasICMP() {
		return 0, false, false
	}
	ok, request = isEcho(p.Flow.Proto, p.ICMPType)
	return p.Flow.SrcPort, request, ok
}

// IsICMPError reports whether the packet is an ICMP error that a security group may relate to a flow: unreachable, time exceeded,
// parameter problem, and in ICMPv6 packet too big. Source quench and redirect are not among them.
func (p *Packet) IsICMPError() bool {
	if !p.hasICMP() {
		return false
	}
	_, _, failure := ICMPKind(p.Flow.Proto, p.ICMPType)
	return failure
}

// ICMPKind reports whether ICMP or ICMPv6 messages of a type are echoes, requests of them, and errors as of [Packet.IsICMPError]. It is
// for later fragments, whose type stands in the first one, and for who asks about many types.
func ICMPKind(proto Proto, kind uint8) (echo, request, failure bool) {
	echo, request = isEcho(proto, kind)
	if proto == ICMP {
		return echo, request, kind == ICMPUnreachable || kind == ICMPTimeExceeded || kind == ICMPParamProblem
	}
	return echo, request, kind >= ICMPv6Unreachable && kind <= ICMPv6ParamProblem
}

// TooBigMTU returns the MTU that an ICMP fragmentation needed (RFC 1191) or ICMPv6 packet too big message announces.
func (p *Packet) TooBigMTU() (mtu int, ok bool) {
	if !p.hasICMP() || p.payload-p.l4 < headerICMP {
		return 0, false
	}
	rest := p.b[p.l4+4:]
	switch {
	case p.Version == 4 && p.ICMPType == ICMPUnreachable && p.ICMPCode == ICMPCodeFragNeeded:
		return int(binary.BigEndian.Uint16(rest[2:])), true
	case p.Version == 6 && p.ICMPType == ICMPv6TooBig:
		return int(binary.BigEndian.Uint32(rest)), true
	}
	return 0, false
}
