package conformance

import (
	"fmt"
	"net/netip"
)

// aaaa claims what the resolver answers hosts of a subnet that ask for the IPv6 addresses of a name:
// "aaaa SUBNET ADDRESS…: ADDRESS…", first all addresses that the name has.
func (s *script) aaaa(args, want []string) error {
	var name []netip.Addr
	for _, a := range args[1:] {
		addr, err := netip.ParseAddr(a)
		if err != nil {
			return err
		}
		name = append(name, addr)
	}
	for _, v := range s.em.Network().VPCs {
		if subnet := v.Subnet(args[0]); subnet != nil {
			var got []string
			for _, a := range subnet.AAAA(name) {
				got = append(got, a.String())
			}
			return same(got, want)
		}
	}
	return fmt.Errorf("no subnet is called %q", args[0])
}
