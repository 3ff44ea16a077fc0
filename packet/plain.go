package packet

import (
	"encoding/binary"
	"net/netip"
)

// Plain is what most packets are: IPv4 without options, whole, and of UDP, or of TCP in the middle of a connection, without SYN, FIN and RST.
// It holds numbers as they stand in the header, so that it costs little to read and to look up.
type Plain struct {
	Addresses uint64 // source above destination
	Ports     uint32 // source above destination
	Proto     Proto
	Len       int // bytes, IP header included; the rest is padding
}

// ParsePlain reads a plain packet. It is false for every other one, and for what [Packet.Parse] refuses. What it returns then is the zero Plain,
// unless SYN, FIN or RST is all that keeps a segment from being plain.
func ParsePlain(b []byte) (p Plain, ok bool) {
	if len(b) < header4+8 || b[0] != 0x45 {
		return Plain{}, false
	}
	p.Len = int(binary.BigEndian.Uint16(b[2:]))
	if p.Len > len(b) || binary.BigEndian.Uint16(b[6:])&(flagMF|maskOffset) != 0 || fold(sumHeader20(b)) != 0xffff {
		return Plain{}, false
	}
	p.Proto = Proto(b[9])
	p.Addresses = binary.BigEndian.Uint64(b[src4:])
	p.Ports = binary.BigEndian.Uint32(b[header4:])
	switch p.Proto {
	case TCP:
		if p.Len < header4+headerTCP {
			return Plain{}, false
		}
		if size := int(b[32]>>4) * dataOffsetUnit; size < headerTCP || size > p.Len-header4 {
			return Plain{}, false
		}
		return p, TCPFlags(b[33])&(SYN|FIN|RST) == 0
	case UDP:
		if p.Len < header4+8 {
			return Plain{}, false
		}
		return p, true
	}
	return Plain{}, false
}

// Rewrite gives the packet other addresses and ports and takes from its TTL, and corrects its checksums. The bytes are those that p was read
// from, and p is kept in step.
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
	if p.Proto == TCP {
		fixChecksum(b, header4+checksumTCP, delta)
	} else {
		fixUDPChecksum(b, header4+checksumUDP, delta)
	}
	p.Addresses, p.Ports = addresses, ports
}

// sum64 is the sum of the two halves of a word.
func sum64(w uint64) uint64 { return w>>32 + w&(1<<32-1) }

// Flow is the packet's flow.
func (p *Plain) Flow() Flow {
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], p.Addresses)
	return Flow{
		Src: netip.AddrFrom4([4]byte(b[:4])), Dst: netip.AddrFrom4([4]byte(b[4:])),
		SrcPort: uint16(p.Ports >> 16), DstPort: uint16(p.Ports), Proto: p.Proto,
	}
}
