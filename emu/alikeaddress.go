package emu

import (
	"net/netip"

	"github.com/vpcemu/vpcemu/internal/plan"
	"github.com/vpcemu/vpcemu/internal/space"
	"github.com/vpcemu/vpcemu/packet"
)

// in reports whether a prefix contains an address of the packet.
func (w *walk) in(p netip.Prefix, addr netip.Addr) bool {
	in := p.Contains(addr)
	if w.alike != nil && p.IsValid() && p.Addr().BitLen() == addr.BitLen() {
		w.beside(space.Prefix(p), addr)
	}
	return in
}

// inAny reports whether one of some prefixes contains an address of the packet.
func (w *walk) inAny(list []netip.Prefix, addr netip.Addr) bool {
	for _, p := range list {
		if w.in(p, addr) {
			return true
		}
	}
	return false
}

// is reports whether an address of the packet is a certain one.
func (w *walk) is(addr, that netip.Addr) bool {
	if w.alike != nil {
		w.asIs(addr, that)
	}
	return addr == that
}

func (w *walk) asIs(addr, that netip.Addr) {
	if that.IsValid() && that.BitLen() == addr.BitLen() {
		w.beside(space.One(space.Address(that)), addr)
	}
}

// vpcHas reports whether an address lies in the VPC's ranges.
func (w *walk) vpcHas(v *plan.VPC, addr netip.Addr) bool {
	if w.alike == nil {
		return v.Contains(addr)
	}
	return w.inAny(v.Desc.CIDRs, addr)
}

// subnetHas reports whether an address lies in the subnet's ranges.
func (w *walk) subnetHas(s *plan.Subnet, addr netip.Addr) bool {
	if w.alike == nil {
		return s.Contains(addr)
	}
	return w.inAny(s.Desc.CIDRs, addr)
}

// owns reports whether the interface has an address.
func (w *walk) owns(i *plan.Interface, addr netip.Addr) bool {
	if w.alike != nil {
		w.among(addr)
	}
	return i.Owns(addr)
}

// owner is the interface that has an address in a VPC.
func (w *walk) owner(v *plan.VPC, addr netip.Addr) *plan.Interface {
	if w.alike != nil {
		w.among(addr)
	}
	return w.net.plan.Owner(v, addr)
}

// public is the interface that has a public address.
func (w *walk) public(addr netip.Addr) (plan.Binding, bool) {
	if w.alike != nil {
		w.among(addr)
	}
	return w.net.plan.Public(addr)
}

// isPublic reports whether an address belongs to this network as seen from the
// internet.
func (w *walk) isPublic(addr netip.Addr) bool {
	if w.alike != nil {
		w.asPublic(addr)
	}
	return w.net.plan.IsPublic(addr)
}

func (w *walk) asPublic(addr netip.Addr) {
	if addr.Is4() {
		w.among(addr)
		return
	}
	for _, v := range w.net.plan.VPCs { // none of which is private in part
		w.vpcHas(v, addr)
	}
}

// isPrivate reports whether an address cannot be that of an internet host.
func (w *walk) isPrivate(addr netip.Addr) bool {
	if w.alike != nil {
		w.inAny(notInternet[:], addr)
	}
	return isPrivate(addr)
}

// among narrows an address to itself if anything in the network has it, else to those
// between the two nearest that something has.
func (w *walk) among(addr netip.Addr) {
	for from, now := range w.varying(addr) {
		if a := w.alike; !a.outer(from) {
			a.narrow(from, now.And(a.marks.around(addr.Is6(), space.Address(addr))))
		}
	}
}

// follow is where a route table sends an address of the packet.
func (w *walk) follow(t *plan.Table, addr netip.Addr) hop {
	w.followed(t, addr)
	return follow(t, addr)
}

// followed narrows an address to those that a route table sends the same way.
func (w *walk) followed(t *plan.Table, addr netip.Addr) {
	if w.alike != nil && t != nil {
		w.prefixed(t.FIB, addr)
	}
}

// embeddedIn reports whether an address, for which the destination stands, lies in the
// subnet.
func (w *walk) embeddedIn(s *plan.Subnet, four netip.Addr) bool {
	if w.alike != nil {
		for _, p := range s.Desc.CIDRs {
			if p.Addr().Is4() {
				w.in(netip.PrefixFrom(packet.Embed(nat64, p.Addr()), nat64.Bits()+p.Bits()), w.flow.Dst)
			}
		}
	}
	return s.Contains(four)
}

// outside is the link over which a gateway sends packets to an address.
func (w *walk) outside(o *plan.Outside, addr netip.Addr) (*plan.Link, bool) {
	if w.alike != nil {
		for _, p := range o.Prefixes() { // all of them: the longest decides
			w.in(p, addr)
		}
	}
	return o.Lookup(addr)
}

// announced reports whether on-premises knows the way to an address.
func (w *walk) announced(o *plan.Outside, addr netip.Addr) bool {
	if w.alike != nil {
		for p := range o.Allowed() {
			w.in(p, addr)
		}
	}
	return o.Announced(addr)
}

// isMulticast reports whether an address is that of a multicast group.
func (w *walk) isMulticast(addr netip.Addr) bool {
	if w.alike != nil {
		w.inAny([]netip.Prefix{multicast4, multicast6}, addr)
	}
	return multicast4.Contains(addr) || multicast6.Contains(addr) // no IPv6 address that has one of IPv4 in it is one
}

var (
	multicast4   = netip.MustParsePrefix("224.0.0.0/4")
	multicast6   = netip.MustParsePrefix("ff00::/8")
	uniqueLocal6 = netip.MustParsePrefix("fc00::/7")
)

// lastOf is the last address of a prefix.
func lastOf(p netip.Prefix) netip.Addr {
	return space.Prefix(p).Last.Addr(p.Addr().Is6())
}
