package space

import (
	"encoding/binary"
	"math/bits"
	"net/netip"
)

// Num is a place in a dimension: a service, a port, or an address. IPv4 addresses are
// numbers of 32 bits.
type Num struct{ Hi, Lo uint64 }

// Less reports whether n comes before m.
func (n Num) Less(m Num) bool { return n.Hi < m.Hi || n.Hi == m.Hi && n.Lo < m.Lo }

// Compare is -1, 0 or 1 if n comes before m, is m, or comes after it.
func (n Num) Compare(m Num) int {
	switch {
	case n.Less(m):
		return -1
	case m.Less(n):
		return 1
	}
	return 0
}

// Next is the place after n. There must be one.
func (n Num) Next() Num { return n.Plus(Num{Lo: 1}) }

// Prev is the place before n. There must be one.
func (n Num) Prev() Num { return n.Minus(Num{Lo: 1}) }

// Plus is the sum, modulo 2^128.
func (n Num) Plus(m Num) Num {
	lo, carry := bits.Add64(n.Lo, m.Lo, 0)
	hi, _ := bits.Add64(n.Hi, m.Hi, carry)
	return Num{hi, lo}
}

// Minus is the difference, modulo 2^128.
func (n Num) Minus(m Num) Num {
	lo, borrow := bits.Sub64(n.Lo, m.Lo, 0)
	hi, _ := bits.Sub64(n.Hi, m.Hi, borrow)
	return Num{hi, lo}
}

// Address is the place of an address among those of its IP version.
func Address(a netip.Addr) Num {
	if a.Is4() {
		b := a.As4()
		return Num{Lo: uint64(binary.BigEndian.Uint32(b[:]))}
	}
	b := a.As16()
	return Num{binary.BigEndian.Uint64(b[:8]), binary.BigEndian.Uint64(b[8:])}
}

// Version is the index of an IP version, of what there is of both: 0 for IPv4 and 1 for IPv6.
func Version(v6 bool) int {
	if v6 {
		return 1
	}
	return 0
}

// Addr is the address at a place, of IPv6 if v6.
func (n Num) Addr(v6 bool) netip.Addr {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], n.Hi)
	binary.BigEndian.PutUint64(b[8:], n.Lo)
	if v6 {
		return netip.AddrFrom16(b)
	}
	return netip.AddrFrom4([4]byte(b[12:]))
}

// Span is the places from First to Last, both included.
type Span struct{ First, Last Num }

// One is the span of one place.
func One(n Num) Span { return Span{n, n} }

// Ports is the span of some ports.
func Ports(first, last uint16) Span { return Span{Num{Lo: uint64(first)}, Num{Lo: uint64(last)}} }

// Prefix is the span of a prefix's addresses.
func Prefix(p netip.Prefix) Span {
	first := Address(p.Masked().Addr())
	free := p.Addr().BitLen() - p.Bits()
	return Span{first, Num{first.Hi | (1<<max(free-64, 0) - 1), first.Lo | (1<<min(free, 64) - 1)}}
}

// Halves are the two prefixes that make up one, which has more than one address.
func Halves(p netip.Prefix) (low, high netip.Prefix) {
	low = netip.PrefixFrom(p.Addr(), p.Bits()+1)
	return low, netip.PrefixFrom(Prefix(low).Last.Next().Addr(p.Addr().Is6()), p.Bits()+1)
}

// Addresses is the span of all addresses of an IP version.
func Addresses(v6 bool) Span {
	if v6 {
		return Span{Num{}, Num{^uint64(0), ^uint64(0)}}
	}
	return Span{Num{}, Num{Lo: 1<<32 - 1}}
}

// Has reports whether a place is in the span.
func (s Span) Has(n Num) bool { return !n.Less(s.First) && !s.Last.Less(n) }

// Nearest is the place of the span that is nearest to another. There must be one.
func (s Span) Nearest(n Num) Num {
	switch {
	case n.Less(s.First):
		return s.First
	case s.Last.Less(n):
		return s.Last
	}
	return n
}

// Single reports whether it is one place.
func (s Span) Single() bool { return s.First == s.Last }

// Empty reports whether it is none.
func (s Span) Empty() bool { return s.Last.Less(s.First) }

// And is what both have.
func (s Span) And(t Span) Span {
	if s.First.Less(t.First) {
		s.First = t.First
	}
	if t.Last.Less(s.Last) {
		s.Last = t.Last
	}
	return s
}

// Beside is the part of s that has n and nothing of t, which does not have n.
func (s Span) Beside(t Span, n Num) Span {
	if n.Less(t.First) {
		return s.And(Span{Num{}, t.First.Prev()})
	}
	return s.And(Span{t.Last.Next(), s.Last})
}

// The dimensions of a [Box].
const (
	Services     = iota // see Service
	SourcePorts         // of TCP and UDP
	Sources             // addresses
	Destinations        // addresses
	Dimensions          // how many there are
)

// Point is one packet.
type Point [Dimensions]Num

// Box is the box of the one packet.
func (p *Point) Box() (b Box) {
	for d := range p {
		b[d] = One(p[d])
	}
	return b
}

// Box is the packets that are in its span in every dimension.
type Box [Dimensions]Span

// Has reports whether a packet is in the box.
func (b *Box) Has(p *Point) bool {
	for d := range b {
		if !b[d].Has(p[d]) {
			return false
		}
	}
	return true
}

// Empty reports whether it has no packet.
func (b *Box) Empty() bool {
	for d := range b {
		if b[d].Empty() {
			return true
		}
	}
	return false
}

// First is a packet of the box.
func (b *Box) First() (p Point) {
	for d := range b {
		p[d] = b[d].First
	}
	return p
}

// And is what both boxes have, maybe nothing.
func (b *Box) And(c *Box) (both Box) {
	for d := range b {
		both[d] = b[d].And(c[d])
	}
	return both
}

// Minus appends what b has and c has not, as disjoint boxes.
func (b *Box) Minus(c *Box, rest []Box) []Box {
	both := b.And(c)
	if both.Empty() {
		return append(rest, *b)
	}
	left := *b
	for d := range left {
		if left[d].First.Less(both[d].First) {
			part := left
			part[d].Last = both[d].First.Prev()
			rest = append(rest, part)
		}
		if both[d].Last.Less(left[d].Last) {
			part := left
			part[d].First = both[d].Last.Next()
			rest = append(rest, part)
		}
		left[d] = both[d]
	}
	return rest
}
