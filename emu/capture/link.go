package capture

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// LinkType says what stands before a packet of a capture (draft-ietf-opsawg-pcaplinktype).
type LinkType uint16

// The link types below which [Packet.IP] finds packets.
const (
	Null     LinkType = 0   // BSD loopback
	Ethernet LinkType = 1   // with or without VLAN tags
	RawBSD   LinkType = 12  // no header
	RawOBSD  LinkType = 14  // the same on OpenBSD
	Raw      LinkType = 101 // no header
	Loop     LinkType = 108 // OpenBSD loopback
	SLL      LinkType = 113 // Linux cooked
	IPv4     LinkType = 228 // no header
	IPv6     LinkType = 229 // no header
	SLL2     LinkType = 276 // Linux cooked, version 2
)

// Why there is no IP packet to be found.
var (
	ErrLink  = errors.New("a link type that is not read")
	ErrNotIP = errors.New("not IP")
	ErrShort = errors.New("captured too short")
)

// IP is the IP packet in a captured one, in its bytes, and what may stand behind it.
func (p *Packet) IP() ([]byte, error) {
	at, proto := 0, -1 // where EtherTypes begin, and the field before
	switch p.Link {
	case Raw, RawBSD, RawOBSD, IPv4, IPv6:
		return ipVersion(p.Data)
	case Null, Loop:
		return family(p.Data)
	case Ethernet:
		at, proto = 14, 12
	case SLL:
		at, proto = 16, 14
	case SLL2:
		at, proto = 20, 0
	default:
		return nil, fmt.Errorf("%w: %d", ErrLink, p.Link)
	}
	if len(p.Data) < at {
		return nil, ErrShort
	}
	return payload(p.Data[at:], binary.BigEndian.Uint16(p.Data[proto:]))
}

// What may follow a link header.
const (
	etherIPv4 = 0x0800
	etherIPv6 = 0x86dd
	etherARP  = 0x0806
)

// payload is what follows an EtherType, behind VLAN tags.
func payload(b []byte, ether uint16) ([]byte, error) {
	for ether == 0x8100 || ether == 0x88a8 || ether == 0x9100 {
		if len(b) < 4 {
			return nil, ErrShort
		}
		ether, b = binary.BigEndian.Uint16(b[2:]), b[4:]
	}
	switch {
	case ether == etherIPv4 || ether == etherIPv6:
		return ipVersion(b)
	case ether == etherARP:
		return nil, fmt.Errorf("%w: ARP", ErrNotIP)
	case ether < 0x600:
		return nil, fmt.Errorf("%w: IEEE 802.3 frame", ErrNotIP)
	}
	return nil, fmt.Errorf("%w: EtherType %#04x", ErrNotIP, ether)
}

// family is what follows the address family of a loopback, which is in the byte order of
// the machine that captured; IPv6 has another number on each system.
func family(b []byte) ([]byte, error) {
	if len(b) < 4 {
		return nil, ErrShort
	}
	f := binary.LittleEndian.Uint32(b)
	if f > 0xffff {
		f = binary.BigEndian.Uint32(b)
	}
	switch f {
	case 2, 10, 24, 28, 30:
		return ipVersion(b[4:])
	}
	return nil, fmt.Errorf("%w: address family %d", ErrNotIP, f)
}

// ipVersion takes what begins like an IP packet.
func ipVersion(b []byte) ([]byte, error) {
	switch {
	case len(b) == 0:
		return nil, ErrShort
	case b[0]>>4 == 4 || b[0]>>4 == 6:
		return b, nil
	}
	return nil, fmt.Errorf("%w: version %d", ErrNotIP, b[0]>>4)
}
