package packet

import (
	"encoding/binary"
	"errors"
)

// Why [Packet.Parse] refused a packet.
var (
	ErrTruncated    = errors.New("packet: truncated") // a length promises more bytes than there are
	ErrVersion      = errors.New("packet: neither IPv4 nor IPv6")
	ErrHeaderLength = errors.New("packet: malformed IP header or options") // a header length or an option that cannot be
	ErrTotalLength  = errors.New("packet: total length is less than the header")
	ErrChecksum     = errors.New("packet: bad IPv4 header checksum") // RFC 1812 section 4.2.2.5
	ErrSourceRoute  = errors.New("packet: source routed")            // LSRR, SSRR, IPv6 routing header (RFC 5095)
	ErrExtensions   = errors.New("packet: extension headers misplaced or too many")
	ErrJumbogram    = errors.New("packet: IPv6 jumbogram")                            // RFC 2675
	ErrFragment     = errors.New("packet: fragment of impossible length or position") // RFC 8200 section 4.5
	ErrTinyFragment = errors.New("packet: fragment would overwrite the TCP header")   // RFC 1858
)

// Packet is a view of one IP packet in the caller's bytes. Its zero value is ready for [Packet.Parse], as often as you like.
//
// Read the exported fields; change a packet with its setters, which keep bytes, checksums and fields in step.
type Packet struct {
	Flow               Flow     // as in the bytes; no ports in a later fragment
	Version            uint8    // 4 or 6
	Flags              TCPFlags // TCP only
	ICMPType, ICMPCode uint8    // ICMP and ICMPv6 only
	MoreFragments      bool     // more fragments follow this one
	FragOffset         uint16   // where this fragment belongs, in bytes
	FragID             uint32   // IPv4 Identification, or that of the IPv6 fragment header

	b       []byte // exactly the packet
	l4      int    // where the transport header starts
	payload int    // where its payload starts
	l4sum   int    // where its checksum is; 0: it has none
}

// Parse points p at the packet that starts b. Bytes after the packet's own length, such as Ethernet padding, are left out.
// The packet stays in b: whoever changes one changes the other. After an error p is the zero Packet.
//
// A transport header is read, and must be whole, unless the packet is a later fragment. Transport checksums are not verified.
func (p *Packet) Parse(b []byte) error {
	err := ErrTruncated
	if len(b) > 0 {
		switch b[0] >> 4 {
		case 4:
			err = p.parse4(b)
		case 6:
			err = p.parse6(b)
		default:
			err = ErrVersion
		}
	}
	if err != nil {
		*p = Packet{}
	}
	return err
}

// parseTransport reads the header after the IP header and its extensions. It starts at off, and p.b and the fragment fields are set.
func (p *Packet) parseTransport(off int) error {
	p.Flow.SrcPort, p.Flow.DstPort = 0, 0
	p.Flags, p.ICMPType, p.ICMPCode = 0, 0, 0
	p.l4, p.payload, p.l4sum = off, off, 0

	if p.IsFragment() {
		if err := p.checkFragment(); err != nil || p.FragOffset != 0 {
			return err
		}
	}
	switch p.Flow.Proto {
	case TCP:
		return p.parseTCP(p.b[off:])
	case UDP:
		return p.parseUDP(p.b[off:])
	case ICMP, ICMPv6:
		if p.Flow.Proto == icmpOf(p.Version) {
			return p.parseICMP(p.b[off:])
		}
	}
	return nil
}

// parseUDP reads the header t starts with (RFC 768).
//
//	 0      7 8     15 16    23 24    31
//	+--------+--------+--------+--------+
//	|   source port   | destination port|  0
//	+--------+--------+--------+--------+
//	|     length      |    checksum     |  4
//	+--------+--------+--------+--------+
func (p *Packet) parseUDP(t []byte) error {
	if len(t) < 8 {
		return ErrTruncated
	}
	p.Flow.SrcPort = binary.BigEndian.Uint16(t)
	p.Flow.DstPort = binary.BigEndian.Uint16(t[2:])
	p.l4sum = p.l4 + 6
	p.payload = p.l4 + 8
	return nil
}

// Bytes returns the packet, from its IP header to its last byte.
func (p *Packet) Bytes() []byte { return p.b }

// Len returns the length of the packet in bytes, IP header included.
func (p *Packet) Len() int { return len(p.b) }

// Payload returns what follows the transport header, or the IP header in a later fragment and in protocols this package does not read.
func (p *Packet) Payload() []byte { return p.b[p.payload:] }

// TTL returns the Time to Live or, in IPv6, the Hop Limit.
func (p *Packet) TTL() uint8 {
	if p.Version == 4 {
		return p.b[8]
	}
	return p.b[7]
}

// TOS returns the Type of Service byte or, in IPv6, the Traffic Class: DSCP and ECN.
func (p *Packet) TOS() uint8 {
	if p.Version == 4 {
		return p.b[1]
	}
	return p.b[0]<<4 | p.b[1]>>4
}

// DF reports whether routers must not fragment the packet: the Don't Fragment bit in IPv4, always in IPv6.
func (p *Packet) DF() bool { return p.Version != 4 || p.b[6]&0x40 != 0 }

// IsFragment reports whether the packet is a piece of a larger one. An IPv6 atomic fragment (RFC 6946) is not.
func (p *Packet) IsFragment() bool { return p.MoreFragments || p.FragOffset != 0 }

// IsFirstFragment reports whether the packet is the first of several pieces, the one with the ports.
func (p *Packet) IsFirstFragment() bool { return p.MoreFragments && p.FragOffset == 0 }

// IsLaterFragment reports whether the packet is a piece without transport header.
func (p *Packet) IsLaterFragment() bool { return p.FragOffset != 0 }

// ChecksumOK computes every checksum of the packet anew and reports whether all agree. Of a fragment it can only check the IP header.
// It is for tests; Parse has checked the IP header.
func (p *Packet) ChecksumOK() bool {
	if p.Version == 4 && fold(sumBytes(0, p.b[:p.l4])) != 0xffff {
		return false
	}
	if p.IsFragment() || p.l4sum == 0 {
		return true
	}
	t := p.b[p.l4:]
	sum := uint64(0)
	switch p.Flow.Proto {
	case UDP:
		if binary.BigEndian.Uint16(t[6:]) == 0 {
			return p.Version == 4 // IPv4 may go without (RFC 768), IPv6 may not (RFC 8200 section 8.1)
		}
		length := int(binary.BigEndian.Uint16(t[4:]))
		if length < 8 || length > len(t) {
			return false
		}
		t = t[:length]
		fallthrough
	case TCP, ICMPv6:
		sum = pseudoSum(p.addrs(), p.Flow.Proto, len(t))
	}
	return fold(sumBytes(sum, t)) == 0xffff
}
