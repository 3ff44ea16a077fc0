package reach

import (
	"net/netip"
	"slices"
	"sort"

	"github.com/vpcemu/vpcemu/internal/space"
	"github.com/vpcemu/vpcemu/packet"
)

// cells cut the addresses of an IP version into spans that no prefix tells apart: they are
// where some prefix begins, or where the next address behind one is.
type cells []space.Num

// wellKnown is the prefix of IPv6 addresses that stand for IPv4 ones (NAT-36).
var wellKnown = netip.MustParsePrefix("64:ff9b::/96")

// cellsOf are those of IPv4 and of IPv6.
func cellsOf(prefixes map[netip.Prefix]bool) (all [2]cells) {
	for p := range prefixes {
		k := 0
		if p.Addr().Is6() {
			k = 1
			if four, ok := packet.Embedded(wellKnown, p.Addr()); ok && p.Bits() >= wellKnown.Bits() {
				all[0] = all[0].with(netip.PrefixFrom(four, p.Bits()-wellKnown.Bits()))
			}
		}
		all[k] = all[k].with(p)
	}
	for k := range all {
		slices.SortFunc(all[k], space.Num.Compare)
		all[k] = slices.Compact(all[k])
	}
	return all
}

func (c cells) with(p netip.Prefix) cells {
	s := space.Prefix(p)
	return append(c, s.First, s.Last.Next())
}

// of is the number of the cell that an address is in.
func (c cells) of(a netip.Addr) int {
	at := space.Address(a)
	return sort.Search(len(c), func(k int) bool { return at.Less(c[k]) })
}
