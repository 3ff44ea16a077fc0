package routing

import (
	"fmt"
	"net/netip"
	"runtime"
	"testing"

	"github.com/gaissmai/bart"
	"github.com/stretchr/testify/require"
)

// shape is a table to measure: a VPC's, or the internet's.
type shape struct {
	family int
	routes string
	table  func() []netip.Prefix
}

func shapes() []shape {
	var all []shape
	for _, family := range []int{4, 6} {
		for _, n := range []int{5, 50, 1000, 10_000} {
			all = append(all, shape{family, fmt.Sprint(n), func() []netip.Prefix { return vpcPrefixes(family, n) }})
		}
		all = append(all, shape{family, "bgp", func() []netip.Prefix { return bgpPrefixes()[family] }})
	}
	return all
}

// bed is a table in all its forms, and addresses that it holds.
type bed struct {
	ours    *FIB
	table   *bart.Table[int32]
	fast    *bart.Fast[int32]
	entries []Entry // by route
	addrs   []netip.Addr
	at      int // where the last run left off
}

// rest are the next n addresses, going round, and where they begin.
func (t *bed) rest(n int) (at, mask int) {
	at = t.at
	t.at += n
	return at, len(t.addrs) - 1
}

// beds are kept from one benchmark to the next: a full BGP table takes seconds.
var beds = map[string]*bed{}

func (s shape) bed(b *testing.B) *bed {
	name := fmt.Sprint(s.family, s.routes)
	if beds[name] == nil {
		prefixes := s.table()
		ours := fib(prefixes)
		entries := make([]Entry, len(prefixes))
		for _, e := range ours.entries {
			entries[e.Route] = e
		}
		beds[name] = &bed{ours, bartTable(ours.entries), bartFast(ours.entries), entries, hits(prefixes), 0}
		for _, a := range beds[name].addrs[:1000] {
			want, held := beds[name].table.Lookup(a)
			got, ok := ours.LookupRoute(a)
			require.True(b, held == ok && int(want) == got, "%v: ours %d, bart.Table %d", a, got, want)
		}
	}
	return beds[name]
}

func bartTable(entries []Entry) *bart.Table[int32] {
	t := new(bart.Table[int32])
	for _, e := range entries {
		t.Insert(e.Destination, int32(e.Route))
	}
	return t
}

func bartFast(entries []Entry) *bart.Fast[int32] {
	t := new(bart.Fast[int32])
	for _, e := range entries {
		t.Insert(e.Destination, int32(e.Route))
	}
	return t
}

func structure(entries []Entry) *FIB {
	f := &FIB{entries: entries}
	f.compile4()
	f.compile6()
	return f
}

// BenchmarkLookup looks up random addresses, all of which are held. want=route is
// the route alone, want=entry the prefix too, which bart's users keep beside it, and
// want=batch the routes of 32 addresses at once.
func BenchmarkLookup(b *testing.B) {
	for _, s := range shapes() {
		run := func(want, impl string, loop func(b *testing.B, t *bed, at, mask int)) {
			b.Run(fmt.Sprintf("want=%s/impl=%s/family=%d/routes=%s", want, impl, s.family, s.routes), func(b *testing.B) {
				t := s.bed(b)
				at, mask := t.rest(b.N)
				b.ReportAllocs()
				b.ResetTimer()
				loop(b, t, at, mask)
			})
		}
		run("route", "ours", func(b *testing.B, t *bed, at, mask int) {
			for i := range b.N {
				r, _ := t.ours.LookupRoute(t.addrs[(at+i)&mask])
				sink += r
			}
		})
		run("batch", "ours", func(b *testing.B, t *bed, at, mask int) {
			var routes [32]int
			for i := 0; i < b.N; i += 32 {
				from := (at + i) & mask &^ 31
				t.ours.LookupBatch(t.addrs[from:from+32], routes[:])
				sink += routes[0]
			}
		})
		run("route", "bart.Table", func(b *testing.B, t *bed, at, mask int) {
			for i := range b.N {
				r, _ := t.table.Lookup(t.addrs[(at+i)&mask])
				sink += int(r)
			}
		})
		run("route", "bart.Fast", func(b *testing.B, t *bed, at, mask int) {
			for i := range b.N {
				r, _ := t.fast.Lookup(t.addrs[(at+i)&mask])
				sink += int(r)
			}
		})
		run("entry", "ours", func(b *testing.B, t *bed, at, mask int) {
			for i := range b.N {
				e, _ := t.ours.Lookup(t.addrs[(at+i)&mask])
				sink += e.Route + e.Destination.Bits()
			}
		})
		run("entry", "bart.Table", func(b *testing.B, t *bed, at, mask int) {
			for i := range b.N {
				e, _ := t.bartEntry(t.addrs[(at+i)&mask])
				sink += e.Route + e.Destination.Bits()
			}
		})
	}
}

var sink int

// bartEntry is Lookup on a bart.Table.
//
//go:noinline
func (t *bed) bartEntry(a netip.Addr) (Entry, bool) {
	i, ok := t.table.Lookup(a)
	if !ok {
		return Entry{}, false
	}
	return t.entries[i], true
}

// BenchmarkCompile builds the structure of entries that are already sorted.
func BenchmarkCompile(b *testing.B) {
	for _, s := range shapes() {
		run := func(impl string, build func([]Entry) any) {
			b.Run(fmt.Sprintf("impl=%s/family=%d/routes=%s", impl, s.family, s.routes), func(b *testing.B) {
				entries := s.bed(b).ours.entries
				b.ReportAllocs()
				b.ResetTimer()
				for range b.N {
					built = build(entries)
				}
				b.StopTimer()
				b.ReportMetric(size(func() any { return build(entries) })/float64(len(entries)), "B/route")
			})
		}
		run("ours", func(entries []Entry) any { return structure(entries) })
		run("bart.Table", func(entries []Entry) any { return bartTable(entries) })
		run("bart.Fast", func(entries []Entry) any { return bartFast(entries) })
	}
}

var built any

// size is what stays on the heap.
func size(build func() any) float64 {
	heap := func() uint64 {
		runtime.GC()
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	built = nil
	before := heap()
	const copies = 4
	var keep [copies]any
	for i := range keep {
		keep[i] = build()
	}
	after := heap()
	runtime.KeepAlive(keep)
	return float64(after-before) / copies
}
