package packet

import (
	"encoding/binary"
	"net/netip"
)

// The Internet checksum (RFC 1071) is the complement of a ones'-complement sum of 16-bit words. That sum is arithmetic modulo 65535,
// which allows three shortcuts:
//
//   - 32-bit words may be added in a uint64, and the carries folded in at the end, since 2^16 and 2^32 are 1 modulo 65535;
//   - a change of the data is a number, a delta: the new words plus the complements of the old ones;
//   - the checksum after the change is ~(~checksum + delta), equation 3 of RFC 1624. Equation 4 of RFC 1141, which this one
//     replaced, can turn a valid checksum into 0xffff where 0 belongs.
//
// A sum and a delta are therefore both a uint64 still to be folded.

// fold brings a sum to 16 bits. Four steps are needed at most: the carry of the first fold may itself carry.
func fold(sum uint64) uint16 {
	sum = sum>>32 + sum&0xffffffff
	sum = sum>>16 + sum&0xffff
	sum = sum>>16 + sum&0xffff
	sum = sum>>16 + sum&0xffff
	return uint16(sum)
}

// sumBytes adds the words of b to sum; an odd last byte is padded with a zero.
func sumBytes(sum uint64, b []byte) uint64 {
	for ; len(b) >= 4; b = b[4:] {
		sum += uint64(binary.BigEndian.Uint32(b))
	}
	if len(b) >= 2 {
		sum += uint64(binary.BigEndian.Uint16(b))
		b = b[2:]
	}
	if len(b) == 1 {
		sum += uint64(b[0]) << 8
	}
	return sum
}

// sumHeader20 is sumBytes of an IPv4 header without options, in a straight line: every IPv4 packet pays for it.
func sumHeader20(b []byte) uint64 {
	_ = b[19]
	return uint64(binary.BigEndian.Uint32(b)) +
		uint64(binary.BigEndian.Uint32(b[4:])) +
		uint64(binary.BigEndian.Uint32(b[8:])) +
		uint64(binary.BigEndian.Uint32(b[12:])) +
		uint64(binary.BigEndian.Uint32(b[16:]))
}

// pseudoSum is the sum of the pseudo header that TCP, UDP and ICMPv6 checksums cover (RFC 9293 section 3.1, RFC 8200 section 8.1):
// both addresses, the protocol and the length of what follows. addrs is source and destination side by side, as both headers have them.
func pseudoSum(addrs []byte, proto Proto, length int) uint64 {
	return sumBytes(uint64(proto)+uint64(length), addrs)
}

// put16 writes v at b[at:] and returns the delta.
func put16(b []byte, at int, v uint16) (delta uint64) {
	old := binary.BigEndian.Uint16(b[at:])
	binary.BigEndian.PutUint16(b[at:], v)
	return uint64(^old) + uint64(v)
}

// putAddr writes a, 4 or 16 bytes by its version, at b[at:] and returns the delta.
func putAddr(b []byte, at int, a netip.Addr) (delta uint64) {
	if a.Is4() {
		raw := a.As4()
		old, v := binary.BigEndian.Uint32(b[at:]), binary.BigEndian.Uint32(raw[:])
		binary.BigEndian.PutUint32(b[at:], v)
		return uint64(^old) + uint64(v)
	}
	raw := a.As16()
	field := b[at : at+16]
	for i := 0; i < 16; i += 4 {
		old, v := binary.BigEndian.Uint32(field[i:]), binary.BigEndian.Uint32(raw[i:])
		binary.BigEndian.PutUint32(field[i:], v)
		delta += uint64(^old) + uint64(v)
	}
	return delta
}

// fixChecksum applies delta to the checksum at b[at:] and returns the delta of the checksum field itself, which an outer checksum needs.
func fixChecksum(b []byte, at int, delta uint64) uint64 {
	old := binary.BigEndian.Uint16(b[at:])
	return put16(b, at, ^fold(uint64(^old)+delta))
}

// fixUDPChecksum is fixChecksum for UDP, where 0 means "none" and a computed 0 is sent as 0xffff (RFC 768).
func fixUDPChecksum(b []byte, at int, delta uint64) uint64 {
	old := binary.BigEndian.Uint16(b[at:])
	if old == 0 {
		return 0
	}
	sum := ^fold(uint64(^old) + delta)
	if sum == 0 {
		sum = 0xffff
	}
	return put16(b, at, sum)
}

// fixTransport is fixChecksum or fixUDPChecksum, as proto asks. An at of 0 says that there is no checksum.
func fixTransport(b []byte, at int, proto Proto, delta uint64) uint64 {
	switch {
	case at == 0:
		return 0
	case proto == UDP:
		return fixUDPChecksum(b, at, delta)
	}
	return fixChecksum(b, at, delta)
}
