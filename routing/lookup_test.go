package routing

import (
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// longest is the slow twin of Lookup: every prefix is tried.
func longest(prefixes []netip.Prefix, addr netip.Addr) (netip.Prefix, bool) {
	addr = addr.WithZone("")
	var best netip.Prefix
	for _, p := range prefixes {
		if p = p.Masked(); p.Contains(addr) && p.Bits() > best.Bits() {
			best = p
		}
	}
	return best, best.IsValid()
}

// fib is a FIB of prefixes; the route of each is its place.
func fib(prefixes []netip.Prefix) *FIB {
	routes := make([]Route, len(prefixes))
	for i, p := range prefixes {
		routes[i].Destination = p
	}
	return Compile(routes, nil, nil)
}

// agrees fails unless the FIB finds for every address what its slow twin does.
func agrees(t require.TestingT, f *FIB, prefixes []netip.Prefix, addrs []netip.Addr) {
	routes := make([]int, len(addrs))
	f.LookupBatch(addrs, routes)
	for i, a := range addrs {
		want, held := longest(prefixes, a)
		e, ok := f.Lookup(a)
		require.Equal(t, held, ok, "%v in %v", a, prefixes)
		require.Equal(t, want, e.Destination, "%v in %v", a, prefixes)
		route, ok := f.LookupRoute(a)
		require.Equal(t, held, ok, "%v in %v", a, prefixes)
		require.Equal(t, route, routes[i], "%v in %v", a, prefixes)
		if !ok {
			require.Equal(t, NoRoute, route)
			continue
		}
		require.Equal(t, e.Route, route, "%v in %v", a, prefixes)
		require.Equal(t, want, prefixes[route].Masked(), "%v in %v", a, prefixes)
	}
}

// edges are the addresses where what a prefix holds begins and ends, and their neighbours.
func edges(p netip.Prefix) []netip.Addr {
	first := p.Masked().Addr()
	b := first.AsSlice()
	for i := p.Bits(); i < len(b)*8; i++ {
		b[i/8] |= 0x80 >> (i % 8)
	}
	last, _ := netip.AddrFromSlice(b)
	return []netip.Addr{first.Prev(), first, first.Next(), last.Prev(), last, last.Next()}
}

// universe draws addresses that share few or many leading bits: the bytes are of
// a small alphabet, so that prefixes nest, touch and repeat.
type universe struct {
	alphabet []byte
	v4, v6   bool
}

func drawUniverse(t *rapid.T) universe {
	families := rapid.SampledFrom([][2]bool{{true, false}, {false, true}, {true, true}}).Draw(t, "families")
	return universe{rapid.SliceOfN(rapid.Byte(), 1, 4).Draw(t, "alphabet"), families[0], families[1]}
}

func (u universe) addr(t *rapid.T) netip.Addr {
	n := 16
	if u.v4 && (!u.v6 || rapid.Bool().Draw(t, "v4")) {
		n = 4
	}
	b := rapid.SliceOfN(rapid.SampledFrom(u.alphabet), n, n).Draw(t, "bytes")
	if n == 16 && rapid.IntRange(0, 3).Draw(t, "mapped") == 0 {
		copy(b, netip.MustParseAddr("::ffff:0.0.0.0").AsSlice()[:12])
	}
	a, _ := netip.AddrFromSlice(b)
	return a
}

func (u universe) prefix(t *rapid.T) netip.Prefix {
	a := u.addr(t)
	bits := rapid.OneOf(rapid.IntRange(0, a.BitLen()), rapid.SampledFrom([]int{0, 16, 24, 32, a.BitLen() / 2, a.BitLen() - 1, a.BitLen()})).Draw(t, "bits")
	return netip.PrefixFrom(a, min(bits, a.BitLen()))
}

func TestLookupAgreesWithTryingEveryPrefix(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		u := drawUniverse(t)
		var prefixes []netip.Prefix
		var addrs []netip.Addr
		for range rapid.IntRange(0, 60).Draw(t, "prefixes") {
			p := u.prefix(t)
			prefixes = append(prefixes, p)
			addrs = append(addrs, edges(p)...)
		}
		for range 20 {
			a := u.addr(t)
			addrs = append(addrs, a, netip.AddrFrom16(a.As16()))
			if a.Is6() {
				addrs = append(addrs, a.WithZone("eth0"))
			}
		}
		agrees(t, fib(prefixes), prefixes, addrs)
	})
}

// Tables as a tree and as an index, whichever their size would be.
func TestLookupAgreesInBigTables(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for _, v4 := range []bool{true, false} {
		for _, n := range []int{500, 2500, 10_000} {
			dense, sparse, groups := make([]netip.Prefix, n), make([]netip.Prefix, n), make([]netip.Prefix, n)
			for i := range n {
				dense[i], sparse[i], groups[i] = randomPrefix(r, v4, 20), randomPrefix(r, v4, 3), inGroup(r, v4)
			}
			for _, prefixes := range [][]netip.Prefix{dense, sparse, groups, slices.Concat(dense[:n/3], sparse[:n/3], groups[:n/3])} {
				f := fib(prefixes)
				addrs := []netip.Addr{netip.IPv6Unspecified(), netip.IPv4Unspecified()}
				for range 50 {
					p := prefixes[r.IntN(len(prefixes))]
					addrs = append(addrs, edges(p)...)
					addrs = append(addrs, randomPrefix(r, v4, 0).Addr())
				}
				agrees(t, f, prefixes, addrs)
				upper, _ := f.spans6()
				f.v4, f.v6, f.big4, f.big6 = newTree(f.spans4()), newTree(upper), nil, nil
				agrees(t, f, prefixes, addrs)
				for fine := range 2 {
					f.big4, f.big6 = newIndex(f.spans4(), fine), newIndex(upper, fine)
					agrees(t, f, prefixes, addrs)
				}
			}
		}
	}
}

// inGroup is a prefix in one of some narrow networks, of which some are crowded.
func inGroup(r *rand.Rand, v4 bool) netip.Prefix {
	group := rand.New(rand.NewPCG(5, uint64(r.ExpFloat64()*50)))
	network := netip.PrefixFrom(randomPrefix(group, v4, 3).Addr(), 40)
	if v4 {
		network = netip.PrefixFrom(network.Addr(), 24)
	}
	return netip.PrefixFrom(addrWithin(r, network.Masked()), network.Bits()+1+r.IntN(8))
}

// randomPrefix has at least the given number of leading bits in common with all
// others of its family.
func randomPrefix(r *rand.Rand, v4 bool, common int) netip.Prefix {
	b := netip.MustParseAddr("2001:db8::").AsSlice()
	if v4 {
		b = b[:4]
	}
	for i := common; i < len(b)*8; i++ {
		b[i/8] ^= byte(r.IntN(2)) << (7 - i%8)
	}
	a, _ := netip.AddrFromSlice(b)
	return netip.PrefixFrom(a, common+r.IntN(len(b)*8-common+1))
}

func TestLookupOddAddresses(t *testing.T) {
	f := fib([]netip.Prefix{
		netip.MustParsePrefix("0.0.0.0/0"),
		netip.MustParsePrefix("fe80::/10"),
		netip.MustParsePrefix("::ffff:10.0.0.0/104"),
	})
	tests := []struct{ name, addr, want string }{
		{"zones do not count", "fe80::1%eth0", "fe80::/10"},
		{"an IPv4-mapped address is IPv6", "::ffff:10.1.2.3", "::ffff:10.0.0.0/104"},
		{"even with an IPv4 default", "::ffff:11.1.2.3", ""},
		{"an IPv4 address is not mapped", "10.1.2.3", "0.0.0.0/0"},
		{"the first", "0.0.0.0", "0.0.0.0/0"},
		{"the last", "255.255.255.255", "0.0.0.0/0"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e, ok := f.Lookup(netip.MustParseAddr(tt.addr))
			assert.Equal(t, tt.want != "", ok)
			if ok {
				assert.Equal(t, netip.MustParsePrefix(tt.want), e.Destination)
			}
		})
	}
	_, ok := f.Lookup(netip.Addr{})
	assert.False(t, ok, "no address")
	_, ok = new(FIB).Lookup(netip.MustParseAddr("10.0.0.1"))
	assert.False(t, ok, "the zero FIB has no route")
}

func TestLookupDoesNotAllocate(t *testing.T) {
	for _, n := range []int{5, 20_000} {
		r := rand.New(rand.NewPCG(1, 1))
		prefixes := make([]netip.Prefix, n)
		for i := range prefixes {
			prefixes[i] = randomPrefix(r, i%2 == 0, 2)
		}
		f := fib(prefixes)
		require.Equal(t, n > indexed, f.big4 != nil && f.big6 != nil, "big tables have indexes")
		a4, a6 := netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("2001:db8::1")
		addrs, routes := [...]netip.Addr{a4, a4}, [2]int{}
		assert.Zero(t, testing.AllocsPerRun(10, func() {
			f.Lookup(a4)
			f.Lookup(a6)
			f.LookupRoute(a4)
			f.LookupRoute(a6)
			f.LookupBatch(addrs[:], routes[:])
		}))
	}
}

func TestTooManyRoutesPanic(t *testing.T) {
	assert.NotPanics(t, func() { checkSize(MaxRoutes) })
	assert.Panics(t, func() { checkSize(MaxRoutes + 1) })
	last := Entry{netip.MustParsePrefix("::/128"), MaxRoutes - 1}
	assert.Equal(t, MaxRoutes-1, newLeaf(last).route())
	assert.Zero(t, slot(newLeaf(last))&isLeaf, "the last route leaves room for the mark of a slot")
}
