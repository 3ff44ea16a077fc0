package packet

import "encoding/binary"

// Plain is what most packets are: IPv4 without options, whole, and of UDP, or of TCP in the middle of a connection, without SYN, FIN and RST.
// It holds numbers as they stand in the header, so that it costs little to read and to look up.
type Plain struct {
	Addresses uint64 // source above destination
	Ports     uint32 // source above destination
	Proto     Proto
	Len       int // bytes, IP header included; the rest is padding
}

// ParsePlain reads a plain packet. It is false for every other one, and for what [Packet.Parse] refuses.
func ParsePlain(b []byte) (p Plain, ok bool) {
	if len(b) < header4+8 || b[0] != 0x45 {
		return p, false
	}
	p.Len = int(binary.BigEndian.Uint16(b[2:]))
	if p.Len > len(b) || binary.BigEndian.Uint16(b[6:])&(flagMF|maskOffset) != 0 || fold(sumHeader20(b)) != 0xffff {
		return p, false
	}
	p.Proto = Proto(b[9])
	switch p.Proto {
	case TCP:
		if p.Len < header4+headerTCP || TCPFlags(b[33])&(SYN|FIN|RST) != 0 {
			return p, false
		}
		if size := int(b[32]>>4) * dataOffsetUnit; size < headerTCP || size > p.Len-header4 {
			return p, false
		}
	case UDP:
		if p.Len < header4+8 {
			return p, false
		}
	default:
		return p, false
	}
	p.Addresses = binary.BigEndian.Uint64(b[src4:])
	p.Ports = binary.BigEndian.Uint32(b[header4:])
	return p, true
}
