package awsjson

import (
	"net/netip"
	"slices"

	"github.com/vpcemu/vpcemu/routing"
	"github.com/vpcemu/vpcemu/vpc"
	"github.com/vpcemu/vpcemu/vpc/load/report"
)

// place is the account and the region of a file, as far as its folders tell.
type place struct{ account, region string }

// lists reports whether the snapshot has a listing of a kind, be it empty, that is about
// the account and the region of a file: it stands in the same folder, or, if the file is
// in that of no region, in the folder of the region that is told.
func (l *loader) lists(key, region string, told *document) bool {
	return slices.ContainsFunc(l.listedAt[key], func(p place) bool {
		return (p.account == "" || told.account == "" || p.account == told.account) &&
			(p.region == told.region || told.region == "" && p.region == region)
	})
}

// settleListings marks what listings leave open that are not there at all: with an
// empty one nothing of the kind exists, without one nobody knows.
func (l *loader) settleListings() {
	noted := make(map[string]bool)
	note := func(key, origin, what string) {
		if !noted[key] {
			noted[key] = true
			l.report.Note(report.Missing, origin, key, "are not in the snapshot: %s", what)
		}
	}
	for _, n := range l.net.VPCs {
		for _, key := range []string{"Subnets", "NetworkInterfaces"} {
			if !l.lists(key, n.Region, l.told[n]) {
				join(&n.Unlisted, "no %s are in the snapshot", key)
				if len(n.Subnets) > 0 {
					note(key, n.Origin, "whether anything has an address that nothing described has is unknown")
				}
			}
		}
		if l.stubs[n] && len(n.Subnets) == 0 && n.Unlisted == "" {
			n.Unlisted = "nothing describes " + n.ID
		}
		for _, g := range n.Gateways {
			if g.Kind != routing.VPNGateway || len(g.VPN.Links()) == 0 {
				continue
			}
			for _, key := range []string{"VpnConnections", "VirtualInterfaces", "DirectConnectGatewayAssociations"} {
				if !l.lists(key, n.Region, l.told[n]) {
					join(&g.VPN.Unknown, "no %s are in the snapshot", key)
					note(key, g.Origin, "whether "+g.ID+" has more links to on-premises is unknown")
				}
			}
		}
	}
}

// unownedAddress remembers a public address that nothing described has.
func (l *loader) unownedAddress(a netip.Addr) {
	if a.Is4() && !slices.Contains(l.net.Unowned, a) {
		l.net.Unowned = append(l.net.Unowned, a)
	}
}

// ofGateway reports whether a NAT gateway has the public address.
func (l *loader) ofGateway(a netip.Addr) bool {
	for _, g := range l.gateways {
		if g.Kind == routing.NATGateway && slices.ContainsFunc(g.Addresses, func(o vpc.Address) bool { return o.Public == a }) {
			return true
		}
	}
	return false
}

// listings writes empty listings of the kinds of which a region has none, where a
// listing that is not there would mean that nobody knows.
func (l listing) listings(n *vpc.Network) {
	for _, v := range n.VPCs {
		if v.Unlisted == "" {
			l.atLeast(v.Region, "Subnets", "NetworkInterfaces")
		}
		for _, g := range v.Gateways {
			if len(g.VPN.Links()) > 0 {
				l.atLeast(v.Region, "VpnConnections", "VirtualInterfaces", "DirectConnectGatewayAssociations")
			}
		}
	}
}

// atLeast makes sure that there are listings.
func (l listing) atLeast(region string, keys ...string) {
	if l[region] == nil {
		l[region] = make(map[string][]object)
	}
	for _, key := range keys {
		if l[region][key] == nil {
			l[region][key] = []object{}
		}
	}
}

// address lists the Elastic IP of an interface.
func (l listing) address(region string, public, private netip.Addr, owner string) {
	o := object{"PublicIp": public.String(), "AllocationId": allocation(public), "NetworkInterfaceId": owner, "Domain": "vpc"}
	if private.IsValid() {
		o["PrivateIpAddress"] = private.String()
	}
	l.add(region, "Addresses", o)
}

// addresses lists the Elastic IPs of a VPC: of its interfaces, and of NAT gateways, whose
// interfaces nothing may describe.
func (l listing) addresses(v *vpc.VPC) {
	for _, s := range v.Subnets {
		for _, i := range s.Interfaces {
			for _, a := range i.Addresses {
				if a.Elastic && a.Public.Is4() && i.Kind != "nat_gateway" {
					l.address(v.Region, a.Public, a.IP, i.ID)
				}
			}
		}
	}
	for _, g := range v.Gateways {
		for _, a := range g.Addresses {
			if g.Kind == routing.NATGateway && a.Public.Is4() {
				l.address(v.Region, a.Public, a.IP, "eni-"+g.ID)
			}
		}
	}
}
