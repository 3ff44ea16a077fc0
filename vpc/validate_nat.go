package vpc

import (
	"fmt"
	"net/netip"
	"slices"

	"github.com/vpcemu/vpcemu/routing"
)

// mostNATAddresses is how many IPv4 addresses a NAT gateway has at most, with the
// primary one (NAT-10, LIM-22).
const mostNATAddresses = 8

// mostZoneAddresses is how many addresses a regional NAT gateway has at most for
// one zone (NAT-42, LIM-23).
const mostZoneAddresses = 32

// malformedNAT checks the addresses of a NAT gateway.
func malformedNAT(g *Gateway) *mistake {
	switch {
	case g.Kind != routing.NATGateway:
		if g.Private || g.Regional || g.RouteTable != "" || len(g.Draining) > 0 {
			return wrong(CodeInvalidCombination, "is no NAT gateway, and so neither private nor regional nor draining addresses, nor has it a route table (ERR-6)")
		}
		return nil
	case g.Regional:
		return malformedRegional(g)
	case g.RouteTable != "":
		return wrong(CodeInvalidCombination, "is no regional NAT gateway, and uses the route table of its subnet (NAT-22)")
	}
	for _, a := range g.Addresses {
		switch {
		case g.Private && (a.Public.IsValid() || a.AutoPublic || a.Elastic):
			return wrong(CodeInvalidCombination, "is private and cannot have a public address (NAT-1)")
		case a.IP.Is6():
			return wrong(CodeInvalidValue, "its address %s is not IPv4 (NAT-10)", a.IP)
		case a.Zone != "":
			return wrong(CodeInvalidCombination, "is no regional NAT gateway, and its addresses are all for zone %q and the others (NAT-43)", a.Zone)
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

// malformedRegional checks a regional NAT gateway.
func malformedRegional(g *Gateway) *mistake {
	switch {
	case g.Private:
		return wrong(CodeInvalidValue, "is regional and cannot be private (NAT-42)")
	case g.Subnet != "":
		return wrong(CodeInvalidCombination, "is regional and stands in no subnet (NAT-41)")
	}
	for _, a := range g.Addresses {
		switch {
		case a.IP.IsValid():
			return wrong(CodeInvalidCombination, "is regional and has public addresses only, not %s (NAT-42)", a.IP)
		case !a.Public.IsValid() && !a.AutoPublic:
			return wrong(CodeInvalidValue, "is regional and its address for zone %q is not public (NAT-42)", a.Zone)
		}
	}
	for _, d := range g.Draining {
		if !slices.ContainsFunc(g.Addresses, func(a Address) bool { return a.Public == d }) {
			return wrong(CodeInvalidValue, "%s is draining and none of its addresses (NAT-35)", d)
		}
	}
	return nil
}

// regionalTable: the route table that a regional NAT gateway names exists.
func (c *checker) regionalTable(v *VPC, g *Gateway) *mistake {
	if g.Kind != routing.NATGateway || g.RouteTable == "" || v.Partial || c.ix.scopes[v].tables.get(g.RouteTable) != nil {
		return nil
	}
	return wrong(CodeRouteTableNotFound, "its route table %s does not exist (ERR-17)", g.RouteTable)
}

func tooManyNATAddresses(g *Gateway) *mistake {
	if g.Kind != routing.NATGateway {
		return nil
	}
	if g.Regional {
		zones := make(map[string]int)
		for _, a := range g.Addresses {
			if zones[a.Zone]++; zones[a.Zone] > mostZoneAddresses {
				return over(zones[a.Zone], mostZoneAddresses, CodeAddressLimit, fmt.Sprintf("addresses for zone %q", a.Zone), "LIM-23")
			}
		}
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
		if g.Regional {
			break // it has a limit of its own (LIM-23)
		}
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
