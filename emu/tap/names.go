package tap

import (
	"cmp"
	"net/netip"
	"strings"

	"github.com/vpcemu/vpcemu/vpc"
)

// Where the resolver and the metadata service answer (LNK-1, LNK-2).
var (
	resolver6 = netip.MustParseAddr("fd00:ec2::253")
	metadata4 = netip.MustParseAddr("169.254.169.254")
	metadata6 = netip.MustParseAddr("fd00:ec2::254")
)

// baseResolver is the resolver's address in a VPC: base+2 of its primary range.
func baseResolver(v *vpc.VPC) netip.Addr {
	for _, c := range v.CIDRs {
		if c.Addr().Is4() {
			return c.Masked().Addr().Next().Next()
		}
	}
	return resolver6
}

// region is the VPC's, or the one that AWS's documentation uses.
func region(v *vpc.VPC) string { return cmp.Or(v.Region, "us-east-1") }

// privateDomain is what private names end in.
func privateDomain(v *vpc.VPC) string {
	if region(v) == "us-east-1" {
		return "ec2.internal"
	}
	return region(v) + ".compute.internal"
}

// publicDomain is what public names end in.
func publicDomain(v *vpc.VPC) string {
	if region(v) == "us-east-1" {
		return "compute-1.amazonaws.com"
	}
	return region(v) + ".compute.amazonaws.com"
}

// privateName is the host name of an address, "ip-10-0-1-4".
func privateName(a netip.Addr) string { return "ip-" + strings.ReplaceAll(a.String(), ".", "-") }

// publicName is that of a public address, "ec2-203-0-113-10".
func publicName(a netip.Addr) string { return "ec2-" + strings.ReplaceAll(a.String(), ".", "-") }

// zone is a subnet's Availability Zone, with the Region that a short one leaves out.
func zone(v *vpc.VPC, s *vpc.Subnet) string {
	if len(s.Zone) == 1 {
		return region(v) + s.Zone
	}
	return s.Zone
}
