package packet

import "encoding/binary"

// otherProto is the protocol number in the other IP version.
func otherProto(p Proto, version uint8) Proto {
	switch {
	case version == 4 && p == ICMP:
		return ICMPv6
	case version == 6 && p == ICMPv6:
		return ICMP
	}
	return p
}

var otherEcho = map[Proto]map[uint8]uint8{
	ICMP:   {ICMPEchoRequest: ICMPv6EchoRequest, ICMPEchoReply: ICMPv6EchoReply},
	ICMPv6: {ICMPv6EchoRequest: ICMPEchoRequest, ICMPv6EchoReply: ICMPEchoReply},
}

// icmpError is the start of an ICMP error: rest is its second word.
type icmpError struct {
	kind, code uint8
	rest       uint32
}

// otherError is what an ICMP error is in the other IP version (RFC 7915 sections 4.2 and 5.2). Some have no counterpart.
func (p *Packet) otherError() (icmpError, bool) {
	if p.Version == 4 {
		return p.errorTo6()
	}
	return p.errorTo4()
}

// How much longer an IPv6 header is than an IPv4 header, and the smallest MTU of IPv6.
const (
	longer6 = header6 - header4
	minMTU6 = 1280
)

// Codes of ICMP errors that have a meaning of their own in the other version.
const (
	unreachHost, unreachProtocol, unreachPort, unreachPrecedence = 1, 2, 3, 14 // ICMP type 3
	unreachHostProhibited                                        = 10
	noRoute6, prohibited6, noPort6                               = 0, 1, 4 // ICMPv6 type 1
	badField, badNextHeader                                      = 0, 1    // ICMPv6 type 4
	badLength                                                    = 2       // ICMP type 12
)

func (p *Packet) errorTo6() (icmpError, bool) {
	switch p.ICMPType {
	case ICMPTimeExceeded:
		return icmpError{ICMPv6TimeExceeded, p.ICMPCode, 0}, true
	case ICMPParamProblem:
		pointer, ok := pointerTo6(p.b[p.l4+4])
		return icmpError{ICMPv6ParamProblem, badField, uint32(pointer)}, ok && (p.ICMPCode == badField || p.ICMPCode == badLength)
	}
	switch p.ICMPCode {
	case unreachProtocol:
		return icmpError{ICMPv6ParamProblem, badNextHeader, 6}, true // where the next header is
	case unreachPort:
		return icmpError{ICMPv6Unreachable, noPort6, 0}, true
	case ICMPCodeFragNeeded:
		mtu, _ := p.TooBigMTU()
		return icmpError{ICMPv6TooBig, 0, uint32(max(minMTU6, mtu+longer6))}, true
	case 9, unreachHostProhibited, 13, 15: // administratively prohibited, precedence cutoff
		return icmpError{ICMPv6Unreachable, prohibited6, 0}, true
	case unreachPrecedence:
		return icmpError{}, false
	}
	return icmpError{ICMPv6Unreachable, noRoute6, 0}, p.ICMPCode <= 12
}

func (p *Packet) errorTo4() (icmpError, bool) {
	switch p.ICMPType {
	case ICMPv6TooBig:
		mtu, _ := p.TooBigMTU()
		return icmpError{ICMPUnreachable, ICMPCodeFragNeeded, uint32(min(max(MinMTU4, mtu-longer6), 0xffff))}, true
	case ICMPv6TimeExceeded:
		return icmpError{ICMPTimeExceeded, p.ICMPCode, 0}, true
	case ICMPv6ParamProblem:
		if p.ICMPCode == badNextHeader {
			return icmpError{ICMPUnreachable, unreachProtocol, 0}, true
		}
		pointer, ok := pointerTo4(binary.BigEndian.Uint32(p.b[p.l4+4:]))
		return icmpError{ICMPParamProblem, badField, uint32(pointer) << 24}, ok && p.ICMPCode == badField
	}
	switch p.ICMPCode {
	case prohibited6:
		return icmpError{ICMPUnreachable, unreachHostProhibited, 0}, true
	case noPort6:
		return icmpError{ICMPUnreachable, unreachPort, 0}, true
	}
	return icmpError{ICMPUnreachable, unreachHost, 0}, p.ICMPCode <= 3
}

// pointerTo6 is where the field of an IPv4 header is in an IPv6 header, by its offset.
func pointerTo6(at uint8) (uint8, bool) {
	switch {
	case at <= 1: // version, traffic class
		return at, true
	case at <= 3: // length
		return 4, true
	case at == 8: // TTL
		return 7, true
	case at == 9: // protocol
		return 6, true
	case at >= src4 && at < dst4:
		return src6, true
	case at >= dst4 && at < header4:
		return dst6, true
	}
	return 0, false
}

// pointerTo4 is the inverse of pointerTo6.
func pointerTo4(at uint32) (uint8, bool) {
	switch {
	case at <= 1:
		return uint8(at), true
	case at == 4, at == 5:
		return 2, true
	case at == 6:
		return 9, true
	case at == 7:
		return 8, true
	case at >= src6 && at < dst6:
		return src4, true
	case at >= dst6 && at < header6:
		return dst4, true
	}
	return 0, false
}
