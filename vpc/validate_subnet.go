package vpc

import (
	"net/netip"
	"slices"
)

// subnets checks the subnets of one VPC, each by itself and with the others.
func (c *checker) subnets(v *VPC, sc *scope) {
	var spans []span
	for _, s := range v.Subnets {
		about := subnetSubject(s)
		missing := noRange(s)
		if c.kept(about, s.problems) {
			missing = nil
		}
		c.add(about, sc.subnets.check(s.ID, s), missing, twoRanges(s), sizes(s), unknownTable(v, sc, s), unknownACL(v, sc, s), outside(v, s))
		for _, p := range s.CIDRs {
			spans = append(spans, span{p, s})
		}
	}
	for _, pair := range overlapping(spans) {
		c.overlap(pair[0], pair[1])
	}
}

func subnetSubject(s *Subnet) subject {
	return subject{element: s, kind: "subnet", name: s.ID, origin: s.Origin}
}

func (c *checker) overlap(first, second span) {
	a, b := first.owner.(*Subnet), second.owner.(*Subnet)
	c.add(subnetSubject(b), wrong(CodeSubnetConflict, "%s overlaps %s of subnet %s (SUB-2)", second.prefix, first.prefix, a.ID))
}

func noRange(s *Subnet) *mistake {
	if len(s.CIDRs) == 0 {
		return wrong(CodeMissing, "has no CIDR block (ERR-4)")
	}
	return nil
}

func twoRanges(s *Subnet) *mistake {
	var four []netip.Prefix
	for _, p := range s.CIDRs {
		if is4(p) {
			four = append(four, p)
		}
	}
	if len(four) > 1 {
		return wrong(CodeInvalidCombination, "has the IPv4 ranges %s and %s; a subnet has at most one (ERR-6)", four[0], four[1])
	}
	return nil
}

func sizes(s *Subnet) *mistake {
	for _, p := range s.CIDRs {
		switch {
		case !p.IsValid():
			return wrong(CodeInvalidValue, "has a range that is not a CIDR block (ERR-5)")
		case is4(p) && !ipv4Size(p):
			return wrong(CodeSubnetRange, "%s is not between /16 and /28 (SUB-1)", p)
		case !is4(p) && !ipv6Size(p, 64):
			return wrong(CodeSubnetRange, "%s is not between /44 and /64 in steps of 4 (SUB-8)", p)
		}
	}
	return nil
}

// outside checks that each range lies in one CIDR of the VPC. A listing that has
// no CIDR of a family does not tell.
func outside(v *VPC, s *Subnet) *mistake {
	for _, p := range s.CIDRs {
		family := func(q netip.Prefix) bool { return is4(q) == is4(p) }
		if v.Partial && !slices.ContainsFunc(v.CIDRs, family) {
			continue
		}
		if !slices.ContainsFunc(v.CIDRs, func(q netip.Prefix) bool { return within(p, q) }) {
			return wrong(CodeSubnetRange, "%s is outside the VPC's %v (SUB-1)", p, v.CIDRs)
		}
	}
	return nil
}

// within reports whether p is part of q, or all of it.
func within(p, q netip.Prefix) bool { return q.Bits() <= p.Bits() && q.Contains(p.Addr()) }

func unknownTable(v *VPC, sc *scope, s *Subnet) *mistake {
	if s.RouteTable == "" || v.Partial || sc.tables.get(s.RouteTable) != nil {
		return nil
	}
	return wrong(CodeRouteTableNotFound, "its route table %s does not exist (ERR-17)", s.RouteTable)
}

func unknownACL(v *VPC, sc *scope, s *Subnet) *mistake {
	if s.NetworkACL == "" || v.Partial || sc.acls.get(s.NetworkACL) != nil {
		return nil
	}
	return wrong(CodeNetworkACLNotFound, "its network ACL %s does not exist (ERR-36)", s.NetworkACL)
}

// reserved says what a reserved address of a subnet's range is for, "" for an
// address that may be assigned (SUB-5, SUB-9).
func reserved(cidr netip.Prefix, ip netip.Addr) string {
	base := cidr.Masked().Addr()
	for _, use := range [firstAssignable]string{"the base address", "the router (SUB-12)", "DNS", "future use"} {
		if ip == base {
			return use
		}
		base = base.Next()
	}
	if ip == lastAddr(cidr) {
		return "broadcast"
	}
	return ""
}
