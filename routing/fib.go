package routing

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"net/netip"
	"slices"
)

// MaxPropagated is how many propagated routes a table installs; AWS ignores
// those beyond it (RT-55).
const MaxPropagated = 100

// PrefixLists gives prefix lists their meaning while a table is compiled: the
// list's ID and entries, and whether the entries are known.
type PrefixLists func(name string) (id string, entries []netip.Prefix, known bool)

// FIB is a route table compiled for lookup. It is immutable. A nil FIB has no
// route at all.
type FIB struct {
	v4    tree[uint32]
	v6    tree[uint64]   // of the upper halves of addresses
	lower []tree[uint64] // of their lower halves, where that matters

	// Instead of v4 and v6 in big tables.
	big4 *index[uint32]
	big6 *index[uint64]

	entries   []Entry
	uncertain []int
}

// Entry is one destination of a FIB.
type Entry struct {
	Destination netip.Prefix
	// Route is the index of the route it came from in the table that was
	// compiled, or LocalRoute.
	Route int
}

// LocalRoute is the [Entry.Route] of the routes that every table has for its
// VPC's own CIDRs (RT-7).
const LocalRoute = -1

// candidate is one destination before the best of equal prefixes is chosen.
type candidate struct {
	Entry
	rank int    // lower wins
	list string // the prefix list it came from, by ID
}

// Compile installs the best route for each destination: a local route for every
// one of the VPC's CIDRs, unless the table itself names that destination, and
// the routes of the table by the priorities of RT-16, RT-17 and RT-22. More than
// [MaxRoutes] panic.
func Compile(routes []Route, local []netip.Prefix, lists PrefixLists) *FIB {
	f := &FIB{}
	cs := candidates(f, routes, local, lists)
	slices.SortStableFunc(cs, func(a, b candidate) int {
		return cmp.Or(
			a.Destination.Addr().Compare(b.Destination.Addr()),
			cmp.Compare(a.Destination.Bits(), b.Destination.Bits()),
			cmp.Compare(a.rank, b.rank),
			cmp.Compare(a.list, b.list),
		)
	})
	cs = slices.CompactFunc(cs, func(a, b candidate) bool { return a.Destination == b.Destination })
	for _, c := range cs {
		f.entries = append(f.entries, c.Entry)
	}
	checkSize(max(len(routes), len(f.entries)))
	f.compile4()
	f.compile6()
	return f
}

// checkSize panics if a table has more routes or destinations than [MaxRoutes].
func checkSize(n int) {
	if n > MaxRoutes {
		panic(fmt.Sprintf("routing: a table of %d routes, more than %d", n, MaxRoutes))
	}
}

// Ranks of routes with equal prefix, best first (RT-16). A listed route with the
// destination of a local one has replaced it (RT-9).
const (
	rankReplacedLocal = iota
	rankLocal
	rankStatic
	rankPrefixList
	rankPropagated // plus the route's Source
)

func candidates(f *FIB, routes []Route, local []netip.Prefix, lists PrefixLists) []candidate {
	var cs []candidate
	for _, p := range local {
		cs = append(cs, candidate{Entry: Entry{p.Masked(), LocalRoute}, rank: rankLocal})
	}
	propagated := 0
	for i, r := range routes {
		switch {
		case r.PrefixList != "":
			id, entries, known := lists(r.PrefixList)
			if !known {
				f.uncertain = append(f.uncertain, i)
			}
			for _, p := range entries {
				cs = append(cs, candidate{Entry{p.Masked(), i}, rankPrefixList, id})
			}
		case !r.Destination.IsValid():
			f.uncertain = append(f.uncertain, i)
		case r.Source.Propagated():
			// A propagated route never beats a local one, even when more
			// specific (RT-19).
			if propagated++; propagated > MaxPropagated || within(r.Destination, local) {
				continue
			}
			cs = append(cs, candidate{Entry: Entry{r.Destination.Masked(), i}, rank: rankPropagated + int(r.Source)})
		case slices.Contains(local, r.Destination.Masked()):
			cs = append(cs, candidate{Entry: Entry{r.Destination.Masked(), i}, rank: rankReplacedLocal})
		default:
			cs = append(cs, candidate{Entry: Entry{r.Destination.Masked(), i}, rank: rankStatic})
		}
	}
	return cs
}

// within reports whether p lies inside one of the ranges.
func within(p netip.Prefix, ranges []netip.Prefix) bool {
	return slices.ContainsFunc(ranges, func(r netip.Prefix) bool {
		return r.Bits() <= p.Bits() && r.Contains(p.Addr())
	})
}

// Lookup finds the entry with the longest prefix that holds the address
// (RT-13). It does not allocate.
func (f *FIB) Lookup(addr netip.Addr) (Entry, bool) {
	l := f.find(addr)
	if l == none {
		return Entry{}, false
	}
	p, _ := addr.Prefix(l.bits())
	return Entry{p, l.route()}, true
}

// LookupRoute is Lookup for those who need only [Entry.Route], or [NoRoute]. It saves
// the 8 ns that the five words of an Entry cost, as Go does not keep so many in
// registers.
func (f *FIB) LookupRoute(addr netip.Addr) (route int, ok bool) {
	l := f.find(addr)
	return l.route(), l != none
}

// find is what the table has for an address. An IPv4-mapped IPv6 address is an
// IPv6 address, and zones do not count.
func (f *FIB) find(addr netip.Addr) leaf {
	if f == nil {
		return none
	}
	if addr.Is4() {
		x := number(addr)
		if f.big4 != nil {
			return f.big4.find(x)
		}
		return f.v4.find(x)
	}
	// The slice stays on the stack. As16 would cost four times as much, because a
	// copy of its array has to wait for the two writes that made it (As4 has none:
	// the number stays in a register).
	b := addr.AsSlice()
	if len(b) != 16 {
		return none
	}
	l := f.findUpper(binary.BigEndian.Uint64(b))
	if l.bits() == halved {
		return f.lower[l>>8].find(binary.BigEndian.Uint64(b[8:]))
	}
	return l
}

func (f *FIB) findUpper(x uint64) leaf {
	if f.big6 != nil {
		return f.big6.find(x)
	}
	return f.v6.find(x)
}

// Entries are the installed destinations in address order, for people.
func (f *FIB) Entries() []Entry {
	if f == nil {
		return nil
	}
	return slices.Clone(f.entries)
}

// Uncertain are the indexes of routes whose destinations are not known (a
// prefix list that nothing describes). They may take any packet that no local
// route takes.
func (f *FIB) Uncertain() []int {
	if f == nil {
		return nil
	}
	return f.uncertain
}
