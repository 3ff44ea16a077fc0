package packet

import (
	"encoding/binary"
	"net/netip"
)

// Plain is what most packets are: IPv4 without options or IPv6 without extension headers, whole, and of UDP, of TCP in the middle of a
// connection, without SYN, FIN and RST, or an ICMP echo. It holds numbers as they stand in the header, so that it costs little to read and to look up: the
// compiler keeps four in registers and no more. What else one needs stays in the packet.
type Plain struct {
	Addresses uint64 // of IPv4: source above destination; 0 for IPv6, see [Wide]
	Ports     uint32 // source above destination; of an echo the identifier above 0
	Proto     Proto
	Len       int // bytes, IP header included; the rest is padding
}

// ParsePlain reads a plain packet. It is false for every other one, and for what [Packet.Parse] refuses. What it returns then is the zero Plain,
// unless SYN, FIN or RST is all that keeps a segment from being plain.
func ParsePlain(b []byte) (p Plain, ok bool) {
	if len(b) < header4+8 {
		return Plain{}, false
	}
	if b[0] != 0x45 {
		return parsePlain6(b)
	}
	p.Len = int(binary.BigEndian.Uint16(b[2:]))
	if p.Len > len(b) || binary.BigEndian.Uint16(b[6:])&(flagMF|maskOffset) != 0 || fold(sumHeader20(b)) != 0xffff {
		return Plain{}, false
	}
	p.Proto = Proto(b[9])
	whole, ok := plainTransport(b, p.Proto, header4, p.Len)
	if !whole {
		return Plain{}, false
	}
	p.Addresses = binary.BigEndian.Uint64(b[src4:])
	if p.Ports = binary.BigEndian.Uint32(b[header4:]); p.Proto == ICMP {
		p.Ports = binary.BigEndian.Uint32(b[header4+echoIDOffset:]) &^ 0xffff
	}
	return p, ok
}

func parsePlain6(b []byte) (p Plain, ok bool) {
	if b[0]>>4 != 6 || len(b) < header6+8 {
		return Plain{}, false
	}
	p.Proto, p.Len = Proto(b[6]), header6+int(binary.BigEndian.Uint16(b[4:]))
	if p.Len > len(b) {
		return Plain{}, false
	}
	whole, ok := plainTransport(b, p.Proto, header6, p.Len)
	if !whole {
		return Plain{}, false
	}
	if p.Ports = binary.BigEndian.Uint32(b[header6:]); p.Proto == ICMPv6 {
		p.Ports = binary.BigEndian.Uint32(b[header6+echoIDOffset:]) &^ 0xffff
	}
	return p, ok
}

// IsWide reports whether a plain packet is IPv6.
func IsWide(b []byte) bool { return b[0]>>4 == 6 }

// TTL is the TTL or hop limit of a plain packet.
func TTL(b []byte) uint8 {
	if IsWide(b) {
		return b[7]
	}
	return b[8]
}

// Wide is the addresses of an IPv6 packet: source, then destination.
func Wide(b []byte) (w [4]uint64) {
	for i := range w {
		w[i] = binary.BigEndian.Uint64(b[src6+8*i:])
	}
	return w
}

// plainTransport reports whether the transport header at l4 is whole, in a packet of a length, and whether it is plain.
func plainTransport(b []byte, proto Proto, l4, length int) (whole, plain bool) {
	switch proto {
	case TCP:
		if length < l4+headerTCP {
			return false, false
		}
		size := int(b[l4+12]>>4) * dataOffsetUnit
		return size >= headerTCP && size <= length-l4, TCPFlags(b[l4+13])&(SYN|FIN|RST) == 0
	case UDP:
		return length >= l4+8, true
	case ICMP:
		echo := l4 == header4 && length >= l4+headerICMP && b[l4]&^ICMPEchoRequest == 0 && b[l4+1] == 0
		return echo, echo
	case ICMPv6:
		echo := l4 == header6 && length >= l4+headerICMP && b[l4]&^1 == ICMPv6EchoRequest && b[l4+1] == 0
		return echo, echo
	}
	return false, false
}

// EchoType is the ICMP type of a plain echo.
func EchoType(b []byte) uint8 {
	if IsWide(b) {
		return b[header6]
	}
	return b[header4]
}

// Rewrite gives an IPv4 packet other addresses and ports and takes from its TTL, and corrects its checksums. An echo keeps its identifier, and
// with that its own checksum. The bytes are those that p was
// read from, and p is kept in step.
func (p *Plain) Rewrite(b []byte, addresses uint64, ports uint32, hops uint8) {
	delta := sum64(^p.Addresses) + sum64(addresses)
	binary.BigEndian.PutUint64(b[src4:], addresses)
	header := delta
	if hops != 0 {
		header += put16(b, 8, uint16(b[8]-hops)<<8|uint16(b[9]))
	}
	fixChecksum(b, checksum4, header)
	if ports != p.Ports {
		binary.BigEndian.PutUint32(b[header4:], ports)
		delta += uint64(^p.Ports) + uint64(ports)
	}
	switch p.Proto {
	case TCP:
		fixChecksum(b, header4+checksumTCP, delta)
	case UDP:
		fixUDPChecksum(b, header4+checksumUDP, delta)
	}
	p.Addresses, p.Ports = addresses, ports
}

// TakeHops takes from the hop limit of a plain IPv6 packet, which no checksum covers.
func TakeHops(b []byte, hops uint8) { b[7] -= hops }

// sum64 is the sum of the two halves of a word.
func sum64(w uint64) uint64 { return w>>32 + w&(1<<32-1) }

// Flow is the packet's flow. The bytes are those that p was read from.
func (p *Plain) Flow(b []byte) Flow {
	f := Flow{SrcPort: uint16(p.Ports >> 16), DstPort: uint16(p.Ports), Proto: p.Proto}
	if IsWide(b) {
		f.Src, f.Dst = netip.AddrFrom16([16]byte(b[src6:])), netip.AddrFrom16([16]byte(b[dst6:]))
	} else {
		f.Src, f.Dst = netip.AddrFrom4([4]byte(b[src4:])), netip.AddrFrom4([4]byte(b[dst4:]))
	}
	return f
}
