package vpc

import "fmt"

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
	NATGateways      int // per zone of a Region (LIM-21)
	NATElasticIPs    int // per public NAT gateway (LIM-22)
	EgressOnly       int // egress-only internet gateways per Region (LIM-19)
	ElasticIPs       int // per Region (LIM-27)
	Interfaces       int // per Region (LIM-28)
	VPNGateways      int // per Region (LIM-40)
	VPNConnections   int // per VPN gateway (LIM-41)
	CustomerGateways int // per Region (LIM-41)
	VPNRoutes        int // learned by BGP, per VPN connection (LIM-42)
	Peerings         int // active ones, per VPC (LIM-30)
	PeeringRequests  int // that wait to be accepted, per VPC that makes them (LIM-31)
	PendingPeerings  int // that wait, per account; AWS does not say how many (ERR-44)
	GatewayEndpoints int // per Region (LIM-32)
	FlowLogs         int // per resource; AWS does not say how many (ERR-50)
	GWLBEndpoints    int // and interface endpoints, per VPC (LIM-33)

	TransitGateways       int // in the network (LIM-35)
	TransitGatewaysPerVPC int // that a VPC is attached to (LIM-35)
	TransitAttachments    int // per transit gateway (LIM-36)
	TransitRouteTables    int // per transit gateway (LIM-37)
	TransitRoutes         int // over all tables of a transit gateway (LIM-37)
	TransitPeerings       int // per transit gateway (LIM-38)
	BlockExclusions       int // per Region (LIM-58)
}

// DefaultLimits are the quotas of a new account.
func DefaultLimits() Limits {
	return Limits{
		VPCs: 5, Subnets: 200, IPv4CIDRs: 5, IPv6CIDRs: 5,
		RouteTables: 200, Routes: 500,
		PrefixLists: 100, PrefixListEntries: 1000,
		SecurityGroups: 2500, GroupRules: 60, InterfaceGroups: 5, GroupProduct: 1000,
		NetworkACLs: 200, ACLEntries: 20,
		InternetGateways: 5, NATGateways: 5, NATElasticIPs: 2, EgressOnly: 5, ElasticIPs: 5, Interfaces: 5000,
		VPNGateways: 5, VPNConnections: 10, CustomerGateways: 50, VPNRoutes: 100,
		Peerings: 50, PeeringRequests: 25, GatewayEndpoints: 20, GWLBEndpoints: 50, BlockExclusions: 50,
		TransitGateways: 5, TransitGatewaysPerVPC: 5, TransitAttachments: 5000, TransitRouteTables: 20, TransitRoutes: 10000, TransitPeerings: 50,
	}
}

// CheckLimits checks the network against quotas. What it returns holds an
// [Errors], or nil.
func (n *Network) CheckLimits(l Limits) error {
	c := &checker{n: n, ix: n.Index()}
	c.limits(l)
	return c.errs.orNil()
}

func (c *checker) limits(l Limits) {
	n := c.n
	c.limitProduct(l)
	c.limitRegions(l)
	c.limitLists(l)
	c.limitTransit(l)
	c.limitVPN(l)
	c.limitPending(l)
	c.limitExclusions(l)
	for _, v := range n.VPCs {
		c.limitVPC(v, l)
		c.limitFlowLogs(v, l)
		for _, g := range v.Gateways {
			c.limitNAT(g, l)
		}
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
}

// over compares a count with its limit. What it answers is a mistake only if the
// limit is exceeded, which is for checker.add to see.
func over(n, limit int, code, what, rule string) *mistake {
	if limit == 0 {
		return nil
	}
	m := &mistake{code: code, count: &count{what: what, rule: rule, n: n, limit: limit}}
	if n > limit {
		m.message = fmt.Sprintf("has %d %s, more than %d (%s)", n, what, limit, rule)
	}
	return m
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

// regions are the VPCs by account and Region, which regional quotas count by, in the order
// of their mention.
func (n *Network) regions() (list [][]*VPC) {
	type region struct{ account, name string }
	at := make(map[region]int)
	for _, v := range n.VPCs {
		key := region{v.Account, v.Region}
		k, ok := at[key]
		if !ok {
			k = len(list)
			at[key], list = k, append(list, nil)
		}
		list[k] = append(list[k], v)
	}
	return list
}

// usage is what one Region has.
type usage struct {
	first                                                             *VPC
	vpcs, groups, gateways, egressOnly, addresses, interfaces, points int
	zones                                                             zoneUsage
}

// zoneUsage is what the zones of one Region have, in the order of their mention.
type zoneUsage struct {
	gateways map[string]int
	order    []string
}

// limitRegions reports a Region by its first VPC.
func (c *checker) limitRegions(l Limits) {
	for _, vpcs := range c.n.regions() {
		u := &usage{first: vpcs[0], zones: zoneUsage{gateways: make(map[string]int)}}
		for _, v := range vpcs {
			u.count(v)
			u.zones.count(v, c.ix)
		}
		c.each(subject{element: u.first, kind: "the Region of VPC", name: u.first.ID, origin: u.first.Origin},
			over(u.vpcs, l.VPCs, CodeVPCLimit, "VPCs", "LIM-1"),
			over(u.groups, l.SecurityGroups, CodeGroupLimit, "security groups", "LIM-12"),
			over(u.gateways, l.InternetGateways, CodeInternetGatewayLimit, "internet gateways", "LIM-18"),
			over(u.egressOnly, l.EgressOnly, CodeInternetGatewayLimit, "egress-only internet gateways", "LIM-19"),
			over(u.addresses, l.ElasticIPs, CodeAddressLimit, "Elastic IPs", "LIM-27"),
			over(u.interfaces, l.Interfaces, CodeInterfaceLimit, "interfaces", "LIM-28"),
			over(u.points, l.GatewayEndpoints, CodeEndpointLimit, "gateway endpoints", "LIM-32"))
		c.limitZones(u, l)
	}
}
