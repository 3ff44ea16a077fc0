package vpc

import (
	"net/netip"
	"slices"

	"github.com/vpcemu/vpcemu/routing"
)

// mostNATAddresses is how many IPv4 addresses a NAT gateway has at most, with the
// primary one (NAT-10, LIM-22).
const mostNATAddresses = 8

// malformedNAT checks the addresses of a NAT gateway.
func malformedNAT(g *Gateway) *mistake {
	if g.Kind != routing.NATGateway {
		if g.Private || len(g.Draining) > 0 {
			return wrong(CodeInvalidCombination, "is no NAT gateway, and so neither private nor draining addresses (ERR-6)")
		}
		return nil
	}
	for _, a := range g.Addresses {
		switch {
		case g.Private && (a.Public.IsValid() || a.AutoPublic || a.Elastic):
			return wrong(CodeInvalidCombination, "is private and cannot have a public address (NAT-1)")
		case a.IP.Is6():
			return wrong(CodeInvalidValue, "its address %s is not IPv4 (NAT-10)", a.IP)
		}
	}
	for _, d := range g.Draining {
		if !slices.ContainsFunc(g.Addresses, func(a Address) bool { return a.IP == d }) {
			return wrong(CodeInvalidValue, "%s is draining and none of its addresses (NAT-35)", d)
		}
		if g.Addresses[0].IP == d {
			return wrong(CodeInvalidValue, "%s is draining and is its primary address, which stays (NAT-35)", d)
		}
	}
	return nil
}

func tooManyNATAddresses(g *Gateway) *mistake {
	if g.Kind != routing.NATGateway {
		return nil
	}
	return over(len(g.Addresses), mostNATAddresses, CodePrivateAddressLimit, "addresses", "NAT-10")
}

// natInterface checks what may be said of the interface of a NAT gateway: AWS
// manages it (NAT-23, NAT-34).
func natInterface(i *Interface) *mistake {
	switch {
	case i.Kind != natKind:
		return nil
	case len(i.Groups) > 0:
		return wrong(CodeInvalidValue, "belongs to a NAT gateway, which has no security groups (NAT-23)")
	case i.Instance != "":
		return wrong(CodeNotPermitted, "belongs to a NAT gateway and cannot be attached to %s (NAT-34)", i.Instance)
	case i.Detached:
		return wrong(CodeNotPermitted, "belongs to a NAT gateway and cannot be detached (NAT-34)")
	}
	return nil
}

// natAddresses are the addresses of the interfaces of NAT gateways that are
// described: their gateways have them too.
func natAddresses(v *VPC) map[netip.Addr]bool {
	var managed map[netip.Addr]bool
	for _, s := range v.Subnets {
		for _, i := range s.Interfaces {
			for _, a := range i.Addresses {
				if i.Kind == natKind && a.IP.IsValid() {
					if managed == nil {
						managed = make(map[netip.Addr]bool)
					}
					managed[a.IP] = true
				}
			}
		}
	}
	return managed
}

// limitNAT checks how many Elastic IPs a public NAT gateway has.
func (c *checker) limitNAT(g *Gateway, l Limits) {
	public := 0
	for _, a := range g.Addresses {
		if a.Public.IsValid() || a.AutoPublic {
			public++
		}
	}
	if g.Kind == routing.NATGateway {
		c.add(gatewaySubject(g), over(public, l.NATElasticIPs, CodeAddressLimit, "Elastic IPs", "LIM-22"))
	}
}

// secondEgressOnly: a VPC has one egress-only internet gateway (EIGW-7).
func (c *checker) secondEgressOnly(v *VPC, g *Gateway) *mistake {
	if g.Kind != routing.EgressOnlyGateway || g.Gone() {
		return nil
	}
	for _, other := range v.Gateways {
		switch {
		case other == g:
			return nil
		case other.Kind == g.Kind && !other.Gone():
			return wrong(CodeInvalidValue, "the VPC has the egress-only internet gateway %s already (EIGW-7)", other.ID)
		}
	}
	return nil
}
