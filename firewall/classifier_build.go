package firewall

import (
	"cmp"
	"math/bits"
	"net/netip"
	"slices"
)

// part is an entry, a rule, or what of a rule is of one grade.
type part struct {
	rule    int32 // index of the rule or entry
	service Service
	peer    peer
}

// peer is a [Peer] whose names are resolved.
type peer struct {
	kind     peerKind
	group    GroupID
	prefixes []netip.Prefix // valid ones
}

type peerKind uint8

const (
	somePrefixes peerKind = iota
	oneGroup
	anybody
)

// newClassifier returns a classifier that numbers the parts as they come.
func newClassifier(parts []part) classifier {
	var few []box
	for i := range parts {
		if few = parts[i].boxes(few, i); len(few) > maxFew {
			return classifier{many: newLines(parts)}
		}
	}
	return classifier{few: slices.Clone(few)}
}

// boxes appends the boxes that a part consists of.
func (p *part) boxes(boxes []box, i int) []box {
	first, last, ok := p.service.places()
	if !ok {
		return boxes
	}
	b := box{first: first, last: last, kind: p.peer.kind, part: i, group: p.peer.group}
	if b.kind != somePrefixes {
		return append(boxes, b)
	}
	for _, prefix := range p.peer.prefixes {
		b.family, b.from, b.to = bounds(prefix)
		boxes = append(boxes, b)
	}
	return boxes
}

func newLines(parts []part) *lines {
	n := min(len(parts), maxParts)
	b := newBuilder(n)
	for i := range parts[:n] {
		b.add(uint16(i), &parts[i])
	}
	l := b.lines()
	if n < len(parts) {
		l.next = newLines(parts[n:])
	}
	return l
}

// builder collects the ends of parts, then goes along each line and keeps the set of parts that cover the place it has come to.
type builder struct {
	services, v4, v6, groups []end
	anywhere                 []uint16

	depth []int32  // how often each part covers the place: the entries of a prefix list may overlap
	here  []uint64 // the parts that do, 64 to a word
	words []uint64
	known map[uint64]set // the sets in words, by their hash; nil if there are no more than 64 parts
}

// end is where a part begins to cover a line, or ceases to.
type end struct {
	at    addr6
	part  uint16
	delta int8 // 1 or -1
}

func newBuilder(parts int) *builder {
	b := &builder{
		services: make([]end, 0, 2*parts), v4: make([]end, 0, 2*parts),
		depth: make([]int32, parts), here: make([]uint64, max(1, (parts+63)/64)),
	}
	if parts > 64 {
		b.known = make(map[uint64]set, parts)
		b.words = []uint64{}
	}
	return b
}

func (b *builder) add(i uint16, p *part) {
	if first, last, ok := p.service.places(); ok {
		b.services = cover(b.services, i, addr6{0, uint64(first)}, addr6{0, uint64(last)})
	}
	switch p.peer.kind {
	case somePrefixes:
		b.cover(i, p.peer.prefixes)
	case oneGroup:
		number := addr6{0, uint64(p.peer.group)}
		b.groups = cover(b.groups, i, number, number)
	case anybody:
		b.cover(i, everything)
		b.anywhere = append(b.anywhere, i)
	}
}

var everything = []netip.Prefix{netip.PrefixFrom(netip.IPv4Unspecified(), 0), netip.PrefixFrom(netip.IPv6Unspecified(), 0)}

func (b *builder) cover(i uint16, prefixes []netip.Prefix) {
	for _, p := range prefixes {
		if family, first, last := bounds(p); family == ipv4 {
			b.v4 = cover(b.v4, i, first, last)
		} else {
			b.v6 = cover(b.v6, i, first, last)
		}
	}
}

// bounds returns the first and the last address of a prefix.
func bounds(p netip.Prefix) (f family, first, last addr6) {
	f, first = numberOf(p.Addr())
	free := p.Addr().BitLen() - p.Bits() // how many low bits differ between addresses
	mask := addr6{1<<max(free-64, 0) - 1, 1<<min(free, 64) - 1}
	return f, addr6{first.hi &^ mask.hi, first.lo &^ mask.lo}, addr6{first.hi | mask.hi, first.lo | mask.lo}
}

// cover adds the ends of a span that a part covers.
func cover(ends []end, part uint16, first, last addr6) []end {
	ends = append(ends, end{first, part, 1})
	if last.lo++; last.lo == 0 {
		if last.hi++; last.hi == 0 {
			return ends // it covers all the rest of the line
		}
	}
	return append(ends, end{last, part, -1})
}

// lines builds the lines.
func (b *builder) lines() *lines {
	l := &lines{services: b.line(b.services), v4: b.line(b.v4), groups: b.line(b.groups)}
	l.v6 = buildLine(b, b.v6, func(at addr6) (addr6, bool) { return at, true })
	for _, i := range b.anywhere {
		b.change(i, 1)
	}
	l.anywhere = b.set()
	l.noteGroups()
	l.words = slices.Clone(b.words)
	return l
}

func (l *lines) noteGroups() {
	if len(l.groups.starts) == 0 {
		return
	}
	l.groupBits = make([]uint64, 1<<bits.Len(uint(len(l.groups.starts)/8))) // of which about a tenth is set
	for i, g := range l.groups.starts {
		if head := l.groups.heads[i]; head != 0 {
			l.groupHead |= head
			l.groupBits[int(g/64)&(len(l.groupBits)-1)] |= 1 << (g % 64)
		}
	}
}

// line builds a line of 32 bits.
func (b *builder) line(ends []end) line[uint32] {
	return buildLine(b, ends, func(at addr6) (uint32, bool) { return uint32(at.lo), at.lo < 1<<32 })
}

// buildLine builds a line of the places that key knows.
func buildLine[K comparable](b *builder, ends []end, key func(addr6) (K, bool)) line[K] {
	l := line[K]{starts: make([]K, 0, len(ends)+1), heads: make([]uint64, 0, len(ends)+1)}
	b.sweep(ends, func(at addr6, s set) {
		k, ok := key(at)
		if !ok {
			return // the end of the line
		}
		l.starts, l.heads = append(l.starts, k), append(l.heads, s.head)
		if b.known != nil {
			l.ats = append(l.ats, s.at)
		}
	})
	return line[K]{slices.Clone(l.starts), slices.Clone(l.heads), slices.Clone(l.ats)}
}

// sweep goes along a line and yields the steps, none if there are no ends.
func (b *builder) sweep(ends []end, yield func(addr6, set)) {
	slices.SortFunc(ends, func(a, b end) int {
		return cmp.Or(cmp.Compare(a.at.hi, b.at.hi), cmp.Compare(a.at.lo, b.at.lo))
	})
	if len(ends) > 0 && ends[0].at != (addr6{}) {
		yield(addr6{}, set{})
	}
	before := set{}
	for i, e := range ends {
		b.change(e.part, e.delta)
		if i+1 < len(ends) && ends[i+1].at == e.at {
			continue
		}
		if s := b.set(); s != before {
			yield(e.at, s)
			before = s
		}
	}
	clear(b.depth)
	clear(b.here)
}

// change lets a part begin or cease to cover the place.
func (b *builder) change(part uint16, delta int8) {
	b.depth[part] += int32(delta)
	b.here[part/64] &^= 1 << (part % 64)
	if b.depth[part] > 0 {
		b.here[part/64] |= 1 << (part % 64)
	}
}

// set returns the set of the parts that cover the place. Equal sets are stored once.
func (b *builder) set() set {
	if b.known == nil {
		return set{head: b.here[0]}
	}
	s, hash := set{at: uint32(len(b.words))}, uint64(0)
	for i, w := range b.here {
		if w != 0 {
			s.head |= 1 << i
			b.words = append(b.words, w)
			hash = (hash ^ w ^ uint64(i)) * 0x9e3779b97f4a7c15 // spreads the bits
			hash ^= hash >> 32
		}
	}
	words := b.words[s.at:]
	if len(words) == 0 {
		return set{}
	}
	if k, ok := b.known[hash]; ok && k.head == s.head && slices.Equal(b.words[k.at:int(k.at)+len(words)], words) {
		b.words = b.words[:s.at]
		return k
	}
	b.known[hash] = s
	return s
}
