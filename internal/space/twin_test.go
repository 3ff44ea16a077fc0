package space

import (
	"fmt"
	"math/bits"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// side is how many places each dimension of the small universe has.
const side = 5

// bitmap is a set of the small universe, packet by packet: the slow twin of [Set].
type bitmap [(side*side*side*side + 63) / 64]uint64

// points calls use with every packet of the small universe.
func points(use func(k int, p Point)) {
	for k := range side * side * side * side {
		n := func(k int) Num { return Num{Lo: uint64(k % side)} }
		use(k, Point{n(k), n(k / side), n(k / side / side), n(k / side / side / side)})
	}
}

// bitmapOf asks a set about every packet.
func bitmapOf(s Set) (m bitmap) {
	points(func(k int, p Point) {
		if s.Has(&p) {
			m[k/64] |= 1 << (k % 64)
		}
	})
	return m
}

func (m bitmap) with(o bitmap, op func(a, b uint64) uint64) bitmap {
	for i := range m {
		m[i] = op(m[i], o[i])
	}
	return m
}

func (m *bitmap) count() (n int) {
	for _, w := range m {
		n += bits.OnesCount64(w)
	}
	return n
}

func and(a, b uint64) uint64   { return a & b }
func or(a, b uint64) uint64    { return a | b }
func minus(a, b uint64) uint64 { return a &^ b }

func drawSpan(t *rapid.T) Span {
	a, b := rapid.Uint64Range(0, side-1).Draw(t, "a"), rapid.Uint64Range(0, side-1).Draw(t, "b")
	return Span{Num{Lo: min(a, b)}, Num{Lo: max(a, b)}}
}

func drawBox(t *rapid.T) (b Box) {
	for d := range b {
		b[d] = drawSpan(t)
	}
	return b
}

// drawSet draws some boxes, one after the other.
func drawSet(t *rapid.T) (s Set) {
	for range rapid.IntRange(0, 6).Draw(t, "boxes") {
		b := drawBox(t)
		s = s.With(&b)
	}
	return s
}

// apartBoxes fails if boxes of a set have a packet in common, or none.
func apartBoxes(t *rapid.T, s Set) {
	n := 0
	for i := range s {
		if s[i].Empty() {
			t.Fatalf("an empty box in %v", s)
		}
		one := bitmapOf(s[i : i+1])
		n += one.count()
	}
	if all := bitmapOf(s); all.count() != n {
		t.Fatalf("boxes of %v have packets in common", s)
	}
}

// TestAlgebra: what sets say of each other, their bitmaps say.
func TestAlgebra(t *testing.T) {
	all := Box{}
	for d := range all {
		all[d].Last = Num{Lo: side - 1}
	}
	rapid.Check(t, func(t *rapid.T) {
		a, b, box := drawSet(t), drawSet(t), drawBox(t)
		A, B, X := bitmapOf(a), bitmapOf(b), bitmapOf(Set{box})
		rest, cut := a.Cut(&box, nil, nil)
		for _, c := range []struct {
			name string
			set  Set
			want bitmap
		}{
			{"With", a.With(&box), A.with(X, or)}, {"Without", a.Without(&box), A.with(X, minus)},
			{"Minus", a.Minus(b), A.with(B, minus)}, {"And", a.And(b), A.with(B, and)}, {"Or", a.Or(b), A.with(B, or)},
			{"Cut rest", rest, A.with(X, minus)}, {"Cut", cut, A.with(X, and)},
			{"Joined", a.Joined(), A}, {"complement", Set{all}.Minus(a), bitmapOf(Set{all}).with(A, minus)},
			{"De Morgan", Set{all}.Minus(a.Or(b)), bitmapOf(Set{all}.Minus(a).And(Set{all}.Minus(b)))},
		} {
			apartBoxes(t, c.set)
			if bitmapOf(c.set) != c.want {
				t.Fatalf("%s of %v, %v and %v is %v", c.name, a, b, box, c.set)
			}
		}
		if a.Equal(b) != (A == B) {
			t.Fatalf("Equal of %v and %v is %v", a, b, a.Equal(b))
		}
	})
}

// TestProducts: products have the set's packets, each once; they are no more than the
// boxes, and the same whatever boxes the set is made of.
func TestProducts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := drawSet(t)
		products := a.Products()
		var boxes Set
		for _, p := range products {
			boxes = append(boxes, p.Boxes()...)
			for d := range p {
				if !slices.Equal(p[d], Union(p[d])) {
					t.Fatalf("%v are not in order and apart", p[d])
				}
			}
		}
		apartBoxes(t, boxes)
		if bitmapOf(boxes) != bitmapOf(a) {
			t.Fatalf("%v are not %v", products, a)
		}
		var again Set // packet by packet, backwards
		points(func(_ int, p Point) {
			if a.Has(&p) {
				again = append(Set{{One(p[0]), One(p[1]), One(p[2]), One(p[3])}}, again...)
			}
		})
		if other := again.Products(); fmt.Sprint(other) != fmt.Sprint(products) {
			t.Fatalf("%v are %v, and in other boxes %v", a, products, other)
		}
	})
}

// TestProducts_Cut: the products are the same if the boxes are cut in a dimension in which the
// set is all the same.
func TestProducts_Cut(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 5_000 {
		same := r.IntN(Dimensions)
		var whole, cut Set
		for range 2 + r.IntN(5) {
			var b Box
			for d := range b {
				first, last := uint64(r.IntN(3)), uint64(r.IntN(3))
				b[d] = Span{Num{Lo: min(first, last)}, Num{Lo: max(first, last)}}
			}
			b[same] = Span{Num{}, Num{Lo: 4}}
			whole = whole.With(&b)
		}
		for _, b := range whole {
			low, high := b, b
			low[same].Last, high[same].First = Num{Lo: 1}, Num{Lo: 2}
			cut = append(cut, low, high)
		}
		require.Equal(t, whole.Products(), cut.Products(), "%v", whole)
	}
}

// TestSpans: lists of spans against their places one by one.
func TestSpans(t *testing.T) {
	const places = 12
	draw := func(t *rapid.T) (list []Span) {
		for range rapid.IntRange(0, 4).Draw(t, "spans") {
			a, b := rapid.Uint64Range(0, places-1).Draw(t, "a"), rapid.Uint64Range(0, places-1).Draw(t, "b")
			list = append(list, Span{Num{Lo: min(a, b)}, Num{Lo: max(a, b)}})
		}
		return list
	}
	has := func(list []Span, n uint64) bool {
		return slices.ContainsFunc(list, func(s Span) bool { return s.Has(Num{Lo: n}) })
	}
	rapid.Check(t, func(t *rapid.T) {
		rawA, rawB := draw(t), draw(t)
		a, b := Union(rawA), Union(rawB)
		both, rest := Common(a, b), Except(a, b)
		s := drawSpan(t)
		met := false
		for n := range uint64(places) {
			A, B := has(rawA, n), has(rawB, n)
			if has(a, n) != A || has(both, n) != (A && B) || has(rest, n) != (A && !B) {
				t.Fatalf("%v and %v: %v, %v, %v at %d", rawA, rawB, a, both, rest, n)
			}
			met = met || A && s.Has(Num{Lo: n})
		}
		for _, list := range [][]Span{a, both, rest} {
			if !slices.Equal(list, Union(list)) {
				t.Fatalf("%v is not in order and apart", list)
			}
		}
		if Meets(a, s) != met {
			t.Fatalf("%v meets %v: %v", a, s, !met)
		}
	})
}

// TestEdges: the last place of a dimension has none after it.
func TestEdges(t *testing.T) {
	for _, v6 := range []bool{false, true} {
		all := Addresses(v6)
		upper := Span{Num{all.Last.Hi, all.Last.Lo - 3}, all.Last}
		require.Equal(t, []Span{{all.First, upper.First.Prev()}}, Except([]Span{all}, []Span{upper}))
		require.Equal(t, []Span{upper}, Common([]Span{all}, []Span{upper}))
		require.Equal(t, []Span{all}, Union([]Span{upper, {all.First, upper.First.Prev()}}))
		require.Equal(t, []Span{all}, Union([]Span{all, upper}))
		require.Empty(t, Except([]Span{all}, []Span{all}))
		whole := Box{{}, {}, all, all}
		half := whole
		half[Sources] = upper
		require.Len(t, Set{whole}.Without(&half), 1)
		require.Equal(t, Set{whole}, Set{whole}.Without(&half).With(&half).Joined())
	}
}
