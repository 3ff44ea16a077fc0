package packet

import (
	"encoding/binary"
	"net/netip"
)

// NAT64 says what addresses become where IPv6 hosts talk to IPv4 hosts (RFC 6052, RFC 6146):
//
//	IPv6 side                              IPv4 side
//	Inside               ──▶ 64:ff9b::P    Outside ──▶ P
//
// One IPv6 host is known on the IPv4 side by Outside; every other IPv4 address is written into the last 32 bits of Prefix.
type NAT64 struct {
	Prefix  netip.Prefix // of 96 bits
	Inside  netip.Addr
	Outside netip.Addr
}

// Embed writes an IPv4 address into the last 32 bits of a prefix (RFC 6052 section 2.2).
func Embed(prefix netip.Prefix, a netip.Addr) netip.Addr {
	six, four := prefix.Addr().As16(), a.As4()
	copy(six[12:], four[:])
	return netip.AddrFrom16(six)
}

// Embedded is the IPv4 address in the last 32 bits of an IPv6 address. It is false for an address outside the prefix.
func Embedded(prefix netip.Prefix, a netip.Addr) (netip.Addr, bool) {
	if !prefix.Contains(a) {
		return netip.Addr{}, false
	}
	six := a.As16()
	return netip.AddrFrom4([4]byte(six[12:])), true
}

// other is what an address of one side is on the other one.
func (n NAT64) other(a netip.Addr) netip.Addr {
	if a.Is4() {
		if a == n.Outside {
			return n.Inside
		}
		return Embed(n.Prefix, a)
	}
	if four, ok := Embedded(n.Prefix, a); ok {
		return four
	}
	return n.Outside // also for a router on the way to the host
}

// Append appends to b what p is on the other side (RFC 7915): the packet in the other IP version, its ports unchanged. An ICMP error becomes
// one of the other version and quotes the packet as that side knows it. It is false for what has no counterpart there, such as all
// protocols but TCP, UDP and ICMP.
// The packets of b and p must not overlap.
func (n NAT64) Append(b []byte, p *Packet) ([]byte, bool) { return n.append(b, p, false) }

func (n NAT64) append(b []byte, p *Packet, quoted bool) ([]byte, bool) {
	s := Spec{
		Flow:          Flow{Src: n.other(p.Flow.Src), Dst: n.other(p.Flow.Dst), Proto: otherProto(p.Flow.Proto, p.Version)},
		TTL:           p.TTL(),
		TOS:           p.TOS(),
		ID:            p.FragID,
		MoreFragments: p.MoreFragments,
		FragOffset:    p.FragOffset,
	}
	start, promised := len(b), p.promised()
	if p.Version == 6 {
		s.DF = !p.IsFragment() && promised+header4 > 1260 // RFC 7915 section 5.1
		b = s.append4(b)
	} else {
		b = s.append6(b)
	}
	l4 := len(b)
	b, ok := n.appendBody(b, p, &s, quoted)
	if !quoted {
		promised = len(b) - l4
	}
	s.setLength(b[start:], l4-start, promised)
	return b, ok
}

// promised returns how many bytes there are behind the IP header by what that says. A quoted packet may be cut off.
func (p *Packet) promised() int {
	if p.Version == 4 {
		return max(0, int(binary.BigEndian.Uint16(p.b[2:]))-p.l4)
	}
	return max(0, int(binary.BigEndian.Uint16(p.b[4:]))+header6-p.l4)
}

// setLength fills in the length of a packet, and the checksum of its IP header.
func (s *Spec) setLength(b []byte, l4, size int) {
	if s.Flow.Src.Is4() {
		binary.BigEndian.PutUint16(b[2:], uint16(l4+size))
		binary.BigEndian.PutUint16(b[checksum4:], ^fold(sumBytes(0, b[:l4])))
		return
	}
	binary.BigEndian.PutUint16(b[4:], uint16(l4-header6+size))
}

// appendBody appends what follows the IP header, which ends b already.
func (n NAT64) appendBody(b []byte, p *Packet, s *Spec, quoted bool) ([]byte, bool) {
	t := p.b[p.l4:]
	switch {
	case !p.Flow.Proto.HasPorts() && p.Flow.Proto != icmpOf(p.Version):
		return b, false
	case p.l4sum == 0: // a later fragment, or a quote that ends before the checksum
		return append(b, t...), true
	case !p.Flow.Proto.IsICMP():
		return s.appendPortsOf(b, p, quoted)
	case p.IsICMPError():
		if quoted {
			return b, false // errors about errors do not exist
		}
		return n.appendICMPError(b, p, s)
	}
	return s.appendEcho(b, p)
}

// appendPortsOf appends TCP or UDP: only the pseudo header has changed.
func (s *Spec) appendPortsOf(b []byte, p *Packet, quoted bool) ([]byte, bool) {
	sum := len(b) + p.l4sum - p.l4
	b = append(b, p.b[p.l4:]...)
	if s.Flow.Proto == UDP && p.Version == 4 && binary.BigEndian.Uint16(b[sum:]) == 0 && !quoted {
		if p.IsFragment() {
			return b, false // IPv6 needs a checksum, and that of the whole is not known (RFC 7915 section 4.5)
		}
		s.setChecksum(b[sum-checksumUDP:], checksumUDP)
		return b, true
	}
	fixTransport(b, sum, s.Flow.Proto, s.addrSum()+uint64(^fold(sumBytes(0, p.addrs()))))
	return b, true
}

// addrSum is the sum of the addresses in the pseudo header.
func (s *Spec) addrSum() uint64 {
	if s.Flow.Src.Is4() {
		src, dst := s.Flow.Src.As4(), s.Flow.Dst.As4()
		return sumBytes(sumBytes(0, src[:]), dst[:])
	}
	src, dst := s.Flow.Src.As16(), s.Flow.Dst.As16()
	return sumBytes(sumBytes(0, src[:]), dst[:])
}

// setChecksum computes the checksum of a transport header anew.
func (s *Spec) setChecksum(t []byte, at int) {
	binary.BigEndian.PutUint16(t[at:], 0)
	sum := uint64(0)
	if s.Flow.Proto != ICMP {
		sum = s.addrSum() + uint64(s.Flow.Proto) + uint64(len(t))
	}
	check := ^fold(sumBytes(sum, t))
	if check == 0 && s.Flow.Proto == UDP {
		check = 0xffff
	}
	binary.BigEndian.PutUint16(t[at:], check)
}

// appendEcho appends a ping or its answer. Only that of IPv6 has a pseudo header.
func (s *Spec) appendEcho(b []byte, p *Packet) ([]byte, bool) {
	kind, ok := otherEcho[p.Flow.Proto][p.ICMPType]
	if !ok {
		return b, false
	}
	l4 := len(b)
	b = append(b, p.b[p.l4:]...)
	delta := put16(b, l4, uint16(kind)<<8|uint16(p.ICMPCode))
	if p.Version == 6 {
		delta += uint64(^fold(pseudoSum(p.addrs(), ICMPv6, p.promised())))
	} else {
		delta += s.addrSum() + uint64(ICMPv6) + uint64(p.promised())
	}
	fixChecksum(b, l4+checksumICMP, delta)
	if s.Flow.Proto == ICMP {
		(&Packet{b: b, l4: l4, l4sum: l4 + checksumICMP}).fixZeroEcho()
	}
	return b, true
}

// appendICMPError appends an ICMP error and the packet that it quotes.
func (n NAT64) appendICMPError(b []byte, p *Packet, s *Spec) ([]byte, bool) {
	quoted, ok := p.quotedPacket()
	if !ok {
		return b, false // perhaps not even a whole ICMP header
	}
	e, ok := p.otherError()
	if !ok {
		return b, false
	}
	l4 := len(b)
	b = append(b, e.kind, e.code, 0, 0)
	b = binary.BigEndian.AppendUint32(b, e.rest)
	b, ok = n.append(b, &quoted, true)
	s.setChecksum(b[l4:], checksumICMP)
	return b, ok
}

// quotedPacket is the packet that an ICMP error quotes, as far as it does.
func (p *Packet) quotedPacket() (Packet, bool) {
	q, ok := p.quoted()
	if !ok {
		return Packet{}, false
	}
	inner := Packet{Flow: q.flow, Version: p.Version, b: p.b[q.ip:], l4: q.l4 - q.ip}
	inner.payload = inner.l4
	if q.l4sum != 0 {
		inner.l4sum = q.l4sum - q.ip
	}
	if q.flow.Proto == icmpOf(p.Version) {
		inner.ICMPType, inner.ICMPCode = p.b[q.l4], p.b[q.l4+1]
	}
	return inner, true
}
