package plan

import (
	"iter"
	"net/netip"
)

// Landmarks are the addresses that something in the network has, or may have, and the
// prefixes that are delegated to interfaces: an address that is none of them nobody has.
func (p *Plan) Landmarks() iter.Seq[netip.Prefix] {
	return func(yield func(netip.Prefix) bool) {
		going := true
		one := func(a netip.Addr) {
			going = going && (!a.IsValid() || yield(netip.PrefixFrom(a, a.BitLen())))
		}
		each(p.public, one)
		each(p.released, one)
		for a := range p.unmodelled {
			one(a)
		}
		for n, m := range p.members {
			each(m.owners, one)
			for a := range p.VPCs[n].unmodelled {
				one(a)
			}
			for _, d := range m.prefixes {
				going = going && yield(d.prefix)
			}
		}
		for i := range p.Interfaces() {
			for _, a := range i.Desc.Addresses {
				one(a.IP)
				one(a.Public)
			}
		}
	}
}

// each calls a function with every address of a dict.
func each[V any](d dict[netip.Addr, V], f func(netip.Addr)) {
	for _, shard := range d.shards {
		for a := range shard {
			f(a)
		}
	}
}
