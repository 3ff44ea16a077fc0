//go:build !race

// The race detector finds rudd's finalizers at odds with its tables.

package space

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"testing"

	"github.com/dalzilio/rudd"
	"github.com/stretchr/testify/require"
)

// diagrams are sets of IPv4 packets as binary decision diagrams: a second opinion of the
// whole universe, from a library that knows nothing of boxes.
type diagrams struct{ *rudd.BDD }

var widths = [Dimensions]int{24, 16, 32, 32} // bits of each dimension

func newDiagrams(t testing.TB) diagrams {
	b, err := rudd.New(24+16+32+32, rudd.Nodesize(1<<16), rudd.Cachesize(1<<14))
	require.NoError(t, err)
	return diagrams{b}
}

// box is the diagram of a box.
func (d diagrams) box(b *Box) rudd.Node {
	all, first := d.True(), 0
	for k, s := range b {
		all = d.And(all, d.from(first, widths[k], s.First.Lo), d.Not(d.above(first, widths[k], s.Last.Lo)))
		first += widths[k]
	}
	return all
}

// from is the numbers of so many bits, the first of which is a variable, that are n or more.
func (d diagrams) from(variable, width int, n uint64) rudd.Node {
	at := d.True()
	for k := range width { // from the last bit on
		v := variable + width - 1 - k
		if n>>k&1 != 0 {
			at = d.And(d.Ithvar(v), at)
		} else {
			at = d.Or(d.Ithvar(v), at)
		}
	}
	return at
}

// above is those that are more than n.
func (d diagrams) above(variable, width int, n uint64) rudd.Node {
	if n == 1<<width-1 {
		return d.False()
	}
	return d.from(variable, width, n+1)
}

func (d diagrams) set(s Set) rudd.Node {
	all := d.False()
	for i := range s {
		all = d.Or(all, d.box(&s[i]))
	}
	return all
}

// rules are boxes as rules of groups are: a range of ports from a prefix.
func rules(r *rand.Rand, n int) (list []Box) {
	for range n {
		first := uint16(r.IntN(1000))
		b := Box{{Service(6, first), Service(6, first+uint16(r.IntN(50)))}, Ports(1, 65535), {}, Addresses(false)}
		b[Sources] = Prefix(netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(r.IntN(4)), byte(r.IntN(256))}), 14+r.IntN(12)))
		list = append(list, b)
	}
	return list
}

func setOf(list []Box) (s Set) {
	for i := range list {
		s = s.With(&list[i])
	}
	return s
}

// TestDiagrams: boxes and diagrams are the same sets.
func TestDiagrams(t *testing.T) {
	d, r := newDiagrams(t), rand.New(rand.NewPCG(1, 1))
	for range 60 {
		a, b := setOf(rules(r, 1+r.IntN(12))), setOf(rules(r, 1+r.IntN(12)))
		A, B := d.set(a), d.set(b)
		require.True(t, d.Equal(d.set(a.Joined()), A), "Joined")
		require.True(t, d.Equal(d.set(a.Minus(b)), d.And(A, d.Not(B))), "Minus")
		require.True(t, d.Equal(d.set(a.And(b)), d.And(A, B)), "And")
		require.True(t, d.Equal(d.set(a.Or(b)), d.Or(A, B)), "Or")
		require.Equal(t, d.Equal(A, B), a.Equal(b), "Equal")
	}
}

// BenchmarkUnion is all packets that some of n rules match, and what is left of all: as
// boxes, and as diagrams.
func BenchmarkUnion(b *testing.B) {
	for _, n := range []int{10, 60, 200} {
		list := rules(rand.New(rand.NewPCG(1, 2)), n)
		all := Box{{Service(0, 0), Service(255, 65535)}, Ports(1, 65535), Addresses(false), Addresses(false)}
		b.Run(fmt.Sprintf("boxes/%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				left := Set{all}
				for i := range list {
					left = left.Without(&list[i])
				}
			}
		})
		b.Run(fmt.Sprintf("joined/%d", n), func(b *testing.B) {
			b.ReportAllocs()
			s := setOf(list)
			for b.Loop() {
				s.Joined()
			}
			b.ReportMetric(float64(len(s)), "boxes")
			b.ReportMetric(float64(len(s.Products())), "products")
		})
		b.Run(fmt.Sprintf("diagrams/%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				d := newDiagrams(b)
				left := d.box(&all)
				for i := range list {
					left = d.And(left, d.Not(d.box(&list[i])))
				}
			}
		})
	}
}
