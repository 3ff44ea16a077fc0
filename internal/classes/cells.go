package classes

import (
	"net/netip"
	"slices"
	"sort"

	"github.com/vpcemu/vpcemu/internal/space"
	"github.com/vpcemu/vpcemu/packet"
	"github.com/vpcemu/vpcemu/vpc"
)

// cells cut the addresses of an IP version into spans that no prefix tells apart: they are
// where some prefix begins, or where the next address behind one is.
type cells []space.Num

// cellsOf are those of IPv4 and of IPv6.
func cellsOf(prefixes map[netip.Prefix]bool) (all [2]cells) {
	for p := range prefixes {
		k := space.Version(p.Addr().Is6())
		if p.Addr().Is6() {
			if four, ok := packet.Embedded(vpc.NAT64, p.Addr()); ok && p.Bits() >= vpc.NAT64.Bits() {
				all[0] = all[0].with(netip.PrefixFrom(four, p.Bits()-vpc.NAT64.Bits()))
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
