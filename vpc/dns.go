package vpc

import (
	"cmp"
	"net/netip"
	"strings"
)

// Where services of AWS answer instances of every VPC: the resolver, besides [VPC.Resolver]
// (LNK-2), and the metadata service (LNK-1).
var (
	Resolver4 = netip.MustParseAddr("169.254.169.253")
	Resolver6 = netip.MustParseAddr("fd00:ec2::253")
	Metadata4 = netip.MustParseAddr("169.254.169.254")
	Metadata6 = netip.MustParseAddr("fd00:ec2::254")
)

// Services6 is the range of the IPv6 addresses of such services, which no route leads
// to (RT-29, LNK-11).
var Services6 = netip.MustParsePrefix("fd00:ec2::/32")

// Resolver is where the VPC's resolver answers, besides [Resolver4] and [Resolver6]: base+2
// of the primary CIDR, also if DNS is off (LNK-2, LNK-5). It is the zero Addr if the VPC has
// no IPv4 range.
func (v *VPC) Resolver() netip.Addr {
	for _, p := range v.CIDRs {
		if p.Addr().Is4() {
			return p.Masked().Addr().Next().Next()
		}
	}
	return netip.Addr{}
}

// ResolverFor is which address of the resolver AWS's DHCP tells a host that has the
// address a: [VPC.Resolver] in IPv4, [Resolver6] in IPv6 (LNK-2).
func (v *VPC) ResolverFor(a netip.Addr) netip.Addr {
	if r := v.Resolver(); a.Is4() && r.IsValid() {
		return r
	}
	return Resolver6
}

const usEast1 = "us-east-1"

// RegionName is the VPC's Region. One that is described without is taken to be in
// us-east-1.
func (v *VPC) RegionName() string { return cmp.Or(v.Region, usEast1) }

// PrivateDomain is what the private names of the VPC's hosts end in: "ec2.internal" or
// "eu-west-1.compute.internal".
func (v *VPC) PrivateDomain() string {
	if v.RegionName() == usEast1 {
		return "ec2.internal"
	}
	return v.RegionName() + ".compute.internal"
}

// publicDomain is what their public names end in.
func (v *VPC) publicDomain() string {
	if v.RegionName() == usEast1 {
		return "compute-1.amazonaws.com"
	}
	return v.RegionName() + ".compute.amazonaws.com"
}

// PrivateName is the private name of a private IPv4 address: "ip-10-0-1-4.ec2.internal".
func (v *VPC) PrivateName(a netip.Addr) string { return "ip-" + dashed(a) + "." + v.PrivateDomain() }

// PublicName is the public name of a public IPv4 address:
// "ec2-203-0-113-25.compute-1.amazonaws.com".
func (v *VPC) PublicName(a netip.Addr) string { return "ec2-" + dashed(a) + "." + v.publicDomain() }

func dashed(a netip.Addr) string { return strings.ReplaceAll(a.String(), ".", "-") }

// AddrInName is the IPv4 address that a name is made of if [VPC.PrivateName] or
// [VPC.PublicName] has made it, which only making it again tells; false for names that
// neither has.
func AddrInName(name string) (netip.Addr, bool) {
	label, _, _ := strings.Cut(name, ".")
	_, dashed, _ := strings.Cut(label, "-")
	a, err := netip.ParseAddr(strings.ReplaceAll(dashed, "-", "."))
	return a, err == nil && a.Is4()
}
