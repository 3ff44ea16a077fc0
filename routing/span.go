package routing

import (
	"encoding/binary"
	"net/netip"
)

// A table of prefixes cuts the addresses into spans: runs of neighbours that
// have the same longest prefix. n prefixes make at most 2n+1 spans.
//
//	10.0.0.0/8      ├──────────────────────┤
//	10.1.0.0/16          ├────┤
//	spans       │ none │  /8  │ /16│  /8  │ none │
//
// To look an address up is then to find the first span that does not end before it,
// whatever the lengths of the prefixes are. There are two ways to find it: [tree]
// and, in big tables, [index]. Both count spans that end before the address,
// mostly without a branch that depends on which they are: on random addresses the
// processor guesses half of those wrong, which costs more than all the rest.

// key is an IPv4 address, or one half of an IPv6 address.
type key interface{ uint32 | uint64 }

type span[K key] struct {
	last K // its last address: the next span starts behind it
	leaf leaf
}

// leaf is what a lookup finds: the length of the prefix in the low 8 bits and the
// route in the 23 above them. The zero leaf is no route.
//
// It holds all that an [Entry] says beyond the address, so that no lookup reads
// the entries: in a full BGP table they are 36 MB, and that read was two thirds
// of the time.
type leaf uint32

const (
	none leaf = 0
	// halved, in place of a prefix's length, says that the lower half of the IPv6
	// address decides, and that above it is the number of its tree.
	halved = 0xff
	// MaxRoutes is how many routes and destinations a table may have; AWS's quota
	// is 1,000, and the internet has a million.
	MaxRoutes = 1<<23 - 3
)

// newLeaf counts from NoRoute, so that the zero leaf has it.
func newLeaf(e Entry) leaf {
	return leaf(e.Route-NoRoute)<<8 | leaf(e.Destination.Bits())
}

func (l leaf) route() int { return int(l>>8) + NoRoute }
func (l leaf) bits() int  { return int(l & 0xff) }

// prefix is a prefix as the addresses from first to last.
type prefix[K key] struct {
	first, last K
	leaf        leaf
}

// cutter makes spans of prefixes, which come sorted by address and then by length.
type cutter[K key] struct {
	spans []span[K]
	start K           // of the last span, which has no end yet
	open  []prefix[K] // those around the address it has come to, the longest last
}

// newCutter has room for the spans of n prefixes. What no prefix holds has leaf l.
func newCutter[K key](n int, l leaf) *cutter[K] {
	c := &cutter[K]{spans: make([]span[K], 1, 2*n+1)}
	c.spans[0] = span[K]{^K(0), l}
	c.open = append(c.open, prefix[K]{0, ^K(0), l})
	return c
}

func (c *cutter[K]) add(p prefix[K]) {
	c.around(p.first)
	c.begin(p.first, p.leaf)
	c.open = append(c.open, p)
}

// around closes the prefixes that end before an address, and is the leaf of the
// longest that does not.
func (c *cutter[K]) around(x K) leaf {
	for c.longest().last < x {
		c.close()
	}
	return c.longest().leaf
}

// finish closes all prefixes.
func (c *cutter[K]) finish() []span[K] {
	c.around(^K(0))
	return c.spans
}

func (c *cutter[K]) longest() prefix[K] { return c.open[len(c.open)-1] }

// close ends the longest open prefix: the one around it goes on behind.
func (c *cutter[K]) close() {
	behind := c.longest().last + 1
	c.open = c.open[:len(c.open)-1]
	c.begin(behind, c.longest().leaf)
}

// begin starts a span, if the leaf changes there.
func (c *cutter[K]) begin(start K, l leaf) {
	last := &c.spans[len(c.spans)-1]
	switch {
	case c.start == start:
		last.leaf = l
	case last.leaf != l:
		last.last, c.start = start-1, start
		c.spans = append(c.spans, span[K]{^K(0), l})
	}
}

// number is an IPv4 address as a number.
func number(a netip.Addr) uint32 {
	b := a.As4()
	return binary.BigEndian.Uint32(b[:])
}

// halves are an IPv6 address as two numbers.
func halves(a netip.Addr) (upper, lower uint64) {
	b := a.As16()
	return binary.BigEndian.Uint64(b[:8]), binary.BigEndian.Uint64(b[8:])
}
