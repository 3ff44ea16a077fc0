package vpc

// Limits are the quotas of an account that a description can exceed. A zero
// field means no limit; [DefaultLimits] has AWS's defaults (the LIM rules). "Per
// Region" counts what has the same account and Region.
type Limits struct {
	VPCs                 int // per Region (LIM-1)
	Subnets              int // per VPC (LIM-2)
	IPv4CIDRs, IPv6CIDRs int // per VPC (LIM-3, LIM-4)

	RouteTables int // per VPC, with the main one (LIM-8)
	Routes      int // that are not propagated, per table and family (LIM-9)

	PrefixLists       int // in the network (LIM-11)
	PrefixListEntries int // per list (LIM-11)

	SecurityGroups  int // per Region (LIM-12)
	GroupRules      int // per group, direction and family, by weight (LIM-13, SG-56)
	InterfaceGroups int // per interface (LIM-14)
	// GroupProduct is the most that GroupRules times InterfaceGroups may be: who
	// raises one must lower the other (SG-57).
	GroupProduct int

	NetworkACLs int // per VPC (LIM-15)
	ACLEntries  int // per direction, with the final deny rule (LIM-16)

	InternetGateways int // per Region (LIM-18)
	NATGateways      int // per zone (LIM-21)
	ElasticIPs       int // per Region (LIM-27)
	Interfaces       int // per Region (LIM-28)
	Peerings         int // active ones, per VPC (LIM-30)
	GatewayEndpoints int // per Region (LIM-32)
	GWLBEndpoints    int // per VPC (LIM-33)
}

// DefaultLimits are the quotas of a new account.
func DefaultLimits() Limits {
	return Limits{
		VPCs: 5, Subnets: 200, IPv4CIDRs: 5, IPv6CIDRs: 5,
		RouteTables: 200, Routes: 500,
		PrefixLists: 100, PrefixListEntries: 1000,
		SecurityGroups: 2500, GroupRules: 60, InterfaceGroups: 5, GroupProduct: 1000,
		NetworkACLs: 200, ACLEntries: 20,
		InternetGateways: 5, NATGateways: 5, ElasticIPs: 5, Interfaces: 5000,
		Peerings: 50, GatewayEndpoints: 20, GWLBEndpoints: 50,
	}
}

// CheckLimits checks the network against quotas. What it returns holds an
// [Errors], or nil.
func (n *Network) CheckLimits(l Limits) error {
	c := &checker{n: n, ix: n.Index()}
	c.limitProduct(l)
	c.limitRegions(l)
	c.limitLists(l)
	for _, v := range n.VPCs {
		c.limitVPC(v, l)
		c.limitZones(v, l)
		for _, t := range v.RouteTables {
			c.limitRoutes(t, l)
		}
		for _, g := range v.SecurityGroups {
			c.limitRules(g, l)
		}
		for _, a := range v.NetworkACLs {
			c.limitEntries(a, l)
		}
		for _, s := range v.Subnets {
			for _, i := range s.Interfaces {
				c.add(interfaceSubject(i), over(len(i.Groups), l.InterfaceGroups, CodeInterfaceGroupLimit, "security groups", "SG-57"))
			}
		}
	}
	return c.errs.orNil()
}

// over compares a count with its limit.
func over(count, limit int, code, what, rule string) *mistake {
	if limit == 0 || count <= limit {
		return nil
	}
	return wrong(code, "has %d %s, more than %d (%s)", count, what, limit, rule)
}

// each adds every mistake, for counts that have nothing to do with each other.
func (c *checker) each(s subject, mistakes ...*mistake) {
	for _, m := range mistakes {
		c.add(s, m)
	}
}

func (c *checker) limitProduct(l Limits) {
	if l.GroupProduct > 0 && l.GroupRules*l.InterfaceGroups > l.GroupProduct {
		c.add(subject{element: c.n, kind: "limits"}, wrong(CodeInvalidValue, "%d rules per group times %d groups per interface is more than %d (SG-57)",
			l.GroupRules, l.InterfaceGroups, l.GroupProduct))
	}
}

// region is what regional quotas count by.
type region struct{ account, name string }

// usage is what one Region has.
type usage struct {
	first                                                 *VPC
	vpcs, groups, gateways, addresses, interfaces, points int
}

// limitRegions reports a Region by its first VPC.
func (c *checker) limitRegions(l Limits) {
	used := make(map[region]*usage)
	var order []*usage
	for _, v := range c.n.VPCs {
		key := region{v.Account, v.Region}
		if used[key] == nil {
			used[key] = &usage{first: v}
			order = append(order, used[key])
		}
		used[key].count(v)
	}
	for _, u := range order {
		c.each(subject{element: u.first, kind: "the Region of VPC", name: u.first.ID, origin: u.first.Origin},
			over(u.vpcs, l.VPCs, CodeVPCLimit, "VPCs", "LIM-1"),
			over(u.groups, l.SecurityGroups, CodeGroupLimit, "security groups", "LIM-12"),
			over(u.gateways, l.InternetGateways, CodeInternetGatewayLimit, "internet gateways", "LIM-18"),
			over(u.addresses, l.ElasticIPs, CodeAddressLimit, "Elastic IPs", "LIM-27"),
			over(u.interfaces, l.Interfaces, CodeInterfaceLimit, "interfaces", "LIM-28"),
			over(u.points, l.GatewayEndpoints, CodeEndpointLimit, "gateway endpoints", "LIM-32"))
	}
}
