package routing

import "sort"

const (
	// indexed is how many spans make an index faster than a tree in batches. One
	// at a time it takes some 50,000.
	indexed = 1 << 13
	// uncached is how many spans no cache holds: the reads that twice the slots
	// spare are then worth their memory. It saved a third of a lookup in a full
	// BGP table.
	uncached = 1 << 19
)

// build makes what finds spans fastest.
func build[K key](spans []span[K]) (tree[K], *index[K]) {
	switch n := len(spans); {
	case n <= indexed:
		return newTree(spans), nil
	case n < uncached:
		return tree[K]{}, newIndex(spans, 0)
	default:
		return tree[K]{}, newIndex(spans, 1)
	}
}

// family are the entries of a family. All are sorted: IPv4 comes before IPv6, and
// prefixes that are not valid come first.
func (f *FIB) family(v4 bool) []Entry {
	from := func(bits int) int {
		return sort.Search(len(f.entries), func(i int) bool { return f.entries[i].Destination.Addr().BitLen() >= bits })
	}
	if v4 {
		return f.entries[from(32):from(128)]
	}
	return f.entries[from(128):]
}

func (f *FIB) compile4() { f.v4, f.big4 = build(f.spans4()) }

func (f *FIB) spans4() []span[uint32] {
	entries := f.family(true)
	c := newCutter[uint32](len(entries), none)
	for _, e := range entries {
		first := number(e.Destination.Addr())
		c.add(prefix[uint32]{first, first | ^uint32(0)>>e.Destination.Bits(), newLeaf(e)})
	}
	return c.finish()
}

func (f *FIB) compile6() {
	upper, lower := f.spans6()
	f.v6, f.big6 = build(upper)
	f.lower = lower
}

// spans6 cuts the upper halves of IPv6 addresses into spans. An upper half with
// prefixes longer than /64 inside has a tree of its own for the lower half.
func (f *FIB) spans6() (upper []span[uint64], trees []tree[uint64]) {
	entries := f.family(false)
	c := newCutter[uint64](len(entries), none)
	var lower []*cutter[uint64]
	var half uint64 // that of the last of lower
	for _, e := range entries {
		u, l := halves(e.Destination.Addr())
		bits := e.Destination.Bits()
		if bits <= 64 {
			c.add(prefix[uint64]{u, u | ^uint64(0)>>bits, newLeaf(e)})
			continue
		}
		if len(lower) == 0 || half != u {
			half = u
			around := c.around(u)
			c.add(prefix[uint64]{u, u, leaf(len(lower))<<8 | halved})
			lower = append(lower, newCutter[uint64](1, around))
		}
		lower[len(lower)-1].add(prefix[uint64]{l, l | ^uint64(0)>>(bits-64), newLeaf(e)})
	}
	for _, c := range lower {
		trees = append(trees, newTree(c.finish()))
	}
	return c.finish(), trees
}
