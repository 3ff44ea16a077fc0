package bench

import (
	"math/rand/v2"
	"net/netip"

	"github.com/vpcemu/vpcemu/routing"
)

// Table is a route table of n routes as VPCs and transit gateways have them: a
// default, and others that are often near one another. Family is 4 or 6.
func Table(family, n int, seed uint64) []netip.Prefix {
	r := rand.New(rand.NewPCG(seed, uint64(n)))
	all := netip.MustParsePrefix(map[int]string{4: "0.0.0.0/0", 6: "::/0"}[family])
	lengths := map[int][]int{4: {12, 16, 16, 16, 20, 22, 24, 24, 24, 24, 28, 32}, 6: {32, 44, 48, 56, 56, 56, 64, 64, 64}}[family]
	within := netip.MustParsePrefix(map[int]string{4: "10.0.0.0/8", 6: "2001:db8::/28"}[family])
	return draw(r, []netip.Prefix{all}, n, within, func() int { return lengths[r.IntN(len(lengths))] })
}

// shares are how many routes in a thousand of the internet have each length.
var shares = map[int]map[int]int{
	4: {12: 1, 13: 1, 14: 1, 15: 2, 16: 14, 17: 8, 18: 14, 19: 25, 20: 45, 21: 50, 22: 110, 23: 100, 24: 629},
	6: {28: 2, 29: 20, 32: 110, 33: 15, 34: 12, 36: 40, 38: 10, 40: 100, 42: 20, 44: 120, 45: 15, 46: 25, 47: 20, 48: 491},
}

// Internet is a table of the size and the prefix lengths of the internet's, made up:
// three routes of four are near another one.
func Internet(family int, seed uint64) []netip.Prefix {
	r := rand.New(rand.NewPCG(seed, uint64(family)))
	var lengths []int
	for bits := range 129 {
		for range shares[family][bits] {
			lengths = append(lengths, bits)
		}
	}
	all, near, n := netip.MustParsePrefix("0.0.0.0/0"), 16, 900_000
	if family == 6 {
		all, near, n = netip.MustParsePrefix("2000::/3"), 32, 200_000
	}
	length := func() int { return lengths[r.IntN(len(lengths))] }
	table := draw(r, nil, n/4, all, length)
	seen := setOf(table)
	for len(table) < n {
		in, _ := table[r.IntN(len(table))].Addr().Prefix(near)
		if p := inside(r, in, length()); !seen[p] {
			seen[p] = true
			table = append(table, p)
		}
	}
	return table
}

// draw adds prefixes inside another until there are n.
func draw(r *rand.Rand, table []netip.Prefix, n int, within netip.Prefix, length func() int) []netip.Prefix {
	seen := setOf(table)
	for len(table) < n {
		if p := inside(r, within, length()); !seen[p] {
			seen[p] = true
			table = append(table, p)
		}
	}
	return table
}

func setOf(table []netip.Prefix) map[netip.Prefix]bool {
	set := make(map[netip.Prefix]bool)
	for _, p := range table {
		set[p] = true
	}
	return set
}

// inside is a random prefix of a length with its address in p.
func inside(r *rand.Rand, p netip.Prefix, length int) netip.Prefix {
	in, _ := address(r, p).Prefix(length)
	return in
}

// address is a random one in a prefix.
func address(r *rand.Rand, p netip.Prefix) netip.Addr {
	b := p.Addr().AsSlice()
	for bit := p.Bits(); bit < p.Addr().BitLen(); bit++ {
		b[bit/8] ^= byte(r.Uint32()&1) << (7 - bit%8)
	}
	a, _ := netip.AddrFromSlice(b)
	return a
}

// Lookups is a compiled table and addresses to look up, each a random one of a
// random route: too many for the processor to learn by heart.
type Lookups struct {
	FIB   *routing.FIB
	Addrs []netip.Addr // a power of two of them
	at    int
}

// NewLookups compiles a table.
func NewLookups(table []netip.Prefix) *Lookups {
	routes := make([]routing.Route, len(table))
	for i, p := range table {
		routes[i] = routing.Route{Destination: p}
	}
	r := rand.New(rand.NewPCG(2, uint64(len(table))))
	l := &Lookups{FIB: routing.Compile(routes, nil, nil), Addrs: make([]netip.Addr, 1<<14)}
	if len(table) > len(l.Addrs) {
		l.Addrs = make([]netip.Addr, 1<<20)
	}
	for i := range l.Addrs {
		l.Addrs[i] = address(r, table[r.IntN(len(table))])
	}
	return l
}

// Run looks n addresses up, one after the other.
func (l *Lookups) Run(n int) {
	mask := len(l.Addrs) - 1
	for range n {
		route, _ := l.FIB.LookupRoute(l.Addrs[l.at&mask])
		Sink += route
		l.at++
	}
}

// RunBatch looks n addresses up, 32 at once; the last may be some more.
func (l *Lookups) RunBatch(n int) {
	var routes [batch]int
	for ; n > 0; n -= batch {
		from := l.at & (len(l.Addrs) - 1) &^ (batch - 1)
		l.FIB.LookupBatch(l.Addrs[from:from+batch], routes[:])
		Sink += routes[0]
		l.at += batch
	}
}

// Sink takes results, so that they are computed.
var Sink int
