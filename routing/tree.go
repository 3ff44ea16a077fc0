package routing

import "math/bits"

// tree finds spans by binary search. The last addresses of all spans but the last
// are a full binary tree, its root at 1 and the children of i at 2i and 2i+1;
// padding makes every path equally long.
//
//	      4           lasts[1]         going down, a right turn appends a 1 to i and
//	  2       6       lasts[2:4]       a left turn a 0; past the last level, i less
//	1   3   5   7     lasts[4:8]       the tree's size is the number of the span
//
// A step is a load, a subtraction, an addition with the carry that it leaves, and
// the loop. A comparison, which would have to be made a number, takes half as long
// again. Nodes of 3, 4 or 8 addresses were no faster, nor was an index for fewer
// spans than [indexed].
type tree[K key] struct {
	lasts  []K
	leaves []leaf
}

func newTree[K key](spans []span[K]) tree[K] {
	t := tree[K]{lasts: make([]K, 1<<bits.Len(uint(len(spans)-1))), leaves: make([]leaf, len(spans))}
	for i, s := range spans {
		t.leaves[i] = s.leaf
	}
	t.place(1, spans[:len(spans)-1])
	return t
}

// place puts the last addresses of spans below node i in order and returns the
// rest. No address is behind the padding.
func (t *tree[K]) place(i int, spans []span[K]) []span[K] {
	if i >= len(t.lasts) {
		return spans
	}
	spans = t.place(2*i, spans)
	t.lasts[i] = ^K(0)
	if len(spans) > 0 {
		t.lasts[i], spans = spans[0].last, spans[1:]
	}
	return t.place(2*i+1, spans)
}

func (t *tree[K]) find(x K) leaf {
	lasts, key := t.lasts, uint64(x)
	i := uint64(1)
	for i < uint64(len(lasts)) {
		_, right := bits.Sub64(uint64(lasts[i]), key, 0)
		i, _ = bits.Add64(i, i, right)
	}
	if i -= uint64(len(lasts)); i < uint64(len(t.leaves)) {
		return t.leaves[i]
	}
	return none
}
