package vpc

import (
	"net/netip"

	"github.com/vpcemu/vpcemu/firewall"
	"github.com/vpcemu/vpcemu/routing"
)

// count adds what a VPC has to the usage of its Region.
func (u *usage) count(v *VPC) {
	u.vpcs++
	u.groups += len(v.SecurityGroups)
	if v.InternetGateway != nil {
		u.gateways++
	}
	for _, s := range v.Subnets {
		u.interfaces += len(s.Interfaces)
		for _, i := range s.Interfaces {
			u.addresses += elastic(i.Addresses)
		}
	}
	for _, g := range v.Gateways {
		u.addresses += elastic(g.Addresses)
		switch g.Kind {
		case routing.GatewayEndpoint:
			u.points++
		case routing.EgressOnlyGateway:
			u.egressOnly++
		}
	}
}

func elastic(addresses []Address) int {
	count := 0
	for _, a := range addresses {
		if a.Elastic && a.Public.IsValid() {
			count++
		}
	}
	return count
}

func (c *checker) limitLists(l Limits) {
	c.add(subject{element: c.n, kind: "network"}, over(len(c.n.PrefixLists), l.PrefixLists, CodePrefixListLimit, "prefix lists", "LIM-11"))
	for _, p := range c.n.PrefixLists {
		c.add(listSubject(p), over(listWeight(p), l.PrefixListEntries, CodePrefixListEntries, "entries", "LIM-11"))
	}
}

func (c *checker) limitVPC(v *VPC, l Limits) {
	four, points, peerings := 0, 0, 0
	for _, p := range v.CIDRs {
		if is4(p) {
			four++
		}
	}
	for _, g := range v.Gateways {
		if g.Kind == routing.GWLBEndpoint || g.Kind == routing.InterfaceEndpoint {
			points++
		}
	}
	for _, g := range c.n.Gateways {
		if g.Kind == routing.PeeringConnection && (g.State == "" || g.State == "active") && c.ix.joins(g, v) {
			peerings++
		}
	}
	tables := len(v.RouteTables)
	if v.MainRouteTable == "" && !v.Partial {
		tables++ // the one that AWS makes
	}
	c.each(vpcSubject(v),
		over(len(v.Subnets), l.Subnets, CodeSubnetLimit, "subnets", "LIM-2"),
		over(four, l.IPv4CIDRs, CodeCIDRLimit, "IPv4 CIDRs", "VPC-14"),
		over(len(v.CIDRs)-four, l.IPv6CIDRs, CodeCIDRLimit, "IPv6 CIDRs", "VPC-17"),
		over(tables, l.RouteTables, CodeRouteTableLimit, "route tables", "RT-56"),
		over(len(v.NetworkACLs), l.NetworkACLs, CodeNetworkACLLimit, "network ACLs", "LIM-15"),
		over(peerings, l.Peerings, CodePeeringLimit, "active peering connections", "LIM-30"),
		over(c.requestsOf(v), l.PeeringRequests, CodePeeringRequests, "peering connections that wait to be accepted", "LIM-31"),
		over(c.transitOf(v), l.TransitGatewaysPerVPC, CodeTransitAttachmentLimit, "transit gateways", "LIM-35"),
		over(points, l.GWLBEndpoints, CodeEndpointLimit, "interface and Gateway Load Balancer endpoints", "LIM-33"))
}

// count adds the NAT gateways of a VPC to the zones of their subnets (LIM-21). A zone
// without a name is one.
func (z *zoneUsage) count(v *VPC, ix *Index) {
	for _, g := range v.Gateways {
		s := ix.scopes[v].subnets.get(g.Subnet)
		if g.Kind != routing.NATGateway || s == nil {
			continue
		}
		if z.gateways[s.Zone] == 0 {
			z.order = append(z.order, s.Zone)
		}
		z.gateways[s.Zone]++
	}
}

// limitZones reports the zones of one Region.
func (c *checker) limitZones(u *usage, l Limits) {
	for _, zone := range u.zones.order {
		c.add(subject{element: u.first, kind: "zone " + zone + " of the Region of VPC", name: u.first.ID, origin: u.first.Origin},
			over(u.zones.gateways[zone], l.NATGateways, CodeNATGatewayLimit, "NAT gateways", "LIM-21"))
	}
}

// families counts something by address family.
type families struct{ four, six int }

// add counts n for the family of the prefix, for both if it has none.
func (f *families) add(p netip.Prefix, n int) {
	if !p.IsValid() || is4(p) {
		f.four += n
	}
	if !p.IsValid() || !is4(p) {
		f.six += n
	}
}

// addList counts a prefix list as its maximum size, in the family of its entries.
func (f *families) addList(l *PrefixList) {
	if l == nil {
		f.add(netip.Prefix{}, 1)
		return
	}
	var family netip.Prefix
	if len(l.Entries) > 0 {
		family = l.Entries[0]
	}
	f.add(family, listWeight(l))
}

func listWeight(l *PrefixList) int { return max(l.MaxEntries, len(l.Entries)) }

func (c *checker) limitRoutes(t *RouteTable, l Limits) {
	var count families
	for _, r := range t.Routes {
		switch {
		case r.Source.Propagated() || r.Target.Kind == routing.Local:
		case r.PrefixList != "":
			count.addList(c.ix.prefixLists.get(r.PrefixList))
		default:
			count.add(r.Destination, 1)
		}
	}
	c.each(tableSubject(t),
		over(count.four, l.Routes, CodeRouteLimit, "IPv4 routes", "RT-54"),
		over(count.six, l.Routes, CodeRouteLimit, "IPv6 routes", "RT-54"))
}

func (c *checker) limitRules(g *SecurityGroup, l Limits) {
	s := groupSubject(g)
	for _, d := range [...]struct {
		name  string
		rules []firewall.Rule
	}{{"inbound", g.Ingress}, {"outbound", g.Egress}} {
		weight := c.weight(d.rules)
		c.each(s,
			over(weight.four, l.GroupRules, CodeRuleLimit, d.name+" IPv4 rules", "SG-55"),
			over(weight.six, l.GroupRules, CodeRuleLimit, d.name+" IPv6 rules", "SG-55"))
	}
}

// weight is SG-56: a CIDR is one rule of its family, a group one in both, a
// prefix list as many as it may have entries.
func (c *checker) weight(rules []firewall.Rule) families {
	var w families
	for _, r := range rules {
		if r.Peer.PrefixList != "" {
			w.addList(c.ix.prefixLists.get(r.Peer.PrefixList))
			continue
		}
		w.add(r.Peer.Prefix, 1)
	}
	return w
}

// limitEntries counts the final deny rule too (ACL-18).
func (c *checker) limitEntries(a *NetworkACL, l Limits) {
	c.each(aclSubject(a),
		over(len(a.Ingress)+1, l.ACLEntries, CodeEntryLimit, "inbound entries with the final one", "ACL-18"),
		over(len(a.Egress)+1, l.ACLEntries, CodeEntryLimit, "outbound entries with the final one", "ACL-18"))
}
