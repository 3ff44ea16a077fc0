package vpc

import (
	"net/netip"
	"slices"

	"github.com/vpcemu/vpcemu/routing"
)

// assignZones gives regional NAT gateways whose addresses AWS chooses one for each
// zone that has none: they expand to new zones at once (NAT-43).
func (v *VPC) assignZones() {
	for _, g := range v.Gateways {
		if g.Kind != routing.NATGateway || !g.Regional || slices.ContainsFunc(g.Addresses, func(a Address) bool { return !a.AutoPublic }) {
			continue
		}
		for _, s := range v.Subnets {
			if !slices.ContainsFunc(g.Addresses, func(a Address) bool { return a.Zone == s.Zone }) {
				g.Addresses = append(g.Addresses, Address{AutoPublic: true, Elastic: true, Zone: s.Zone})
			}
		}
	}
}

// NAT64 is the prefix of IPv4 addresses written as IPv6, which NAT gateways
// translate (NAT-36).
var NAT64 = netip.MustParsePrefix("64:ff9b::/96")

// AAAA is what the VPC's resolver answers hosts of the subnet that ask for the IPv6
// addresses of a name with these addresses: those, or, with DNS64 and if there are
// none, its IPv4 addresses as NAT64 reaches them (NAT-40).
func (s *Subnet) AAAA(name []netip.Addr) []netip.Addr {
	var six, made []netip.Addr
	for _, a := range name {
		if a.Is4() {
			with, last := NAT64.Addr().As16(), a.As4()
			copy(with[12:], last[:])
			made = append(made, netip.AddrFrom16(with))
		} else {
			six = append(six, a)
		}
	}
	if len(six) == 0 && s.DNS64 {
		return made
	}
	return six
}
