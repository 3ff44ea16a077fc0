package vpc

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/vpcemu/vpcemu/routing"
)

// vpc checks one VPC, its ranges, instances and gateways.
func (c *checker) vpc(v *VPC) {
	s := vpcSubject(v)
	spoilt := c.kept(s, v.problems)
	c.add(s, c.ix.vpcs.check(v.ID, v))
	if !spoilt && !v.Partial {
		c.add(s, noIPv4(v))
	}
	for k, cidr := range v.CIDRs {
		c.add(s, malformedRange(cidr, k), restrictedRange(v.CIDRs, k))
	}
	for _, pair := range overlapping(cidrsOf(v)) {
		c.add(s, wrong(CodeVPCRange, "%s overlaps %s of the same VPC (VPC-6)", pair[1].prefix, pair[0].prefix))
	}
	c.defaults(v, s)
	c.internetGateway(v)
	c.instances(v)
	c.vpcGateways(v)
}

func vpcSubject(v *VPC) subject {
	return subject{element: v, kind: "VPC", name: v.ID, origin: v.Origin}
}

func gatewaySubject(g *Gateway) subject {
	return subject{element: g, kind: "gateway", name: g.ID, origin: g.Origin}
}

func noIPv4(v *VPC) *mistake {
	if slices.ContainsFunc(v.CIDRs, is4) {
		return nil
	}
	return wrong(CodeMissing, "has no IPv4 range; every VPC has one (VPC-1, VPC-18)")
}

func is4(p netip.Prefix) bool { return p.Addr().Is4() }

// unusable are IPv4 ranges that no VPC may have a part of.
var unusable = []struct {
	prefix netip.Prefix
	rule   string
}{
	{netip.MustParsePrefix("169.254.0.0/16"), "VPC-4"},
	{netip.MustParsePrefix("0.0.0.0/8"), "VPC-5"},
	{netip.MustParsePrefix("127.0.0.0/8"), "VPC-5"},
	{netip.MustParsePrefix("224.0.0.0/4"), "VPC-5"},
	{netip.MustParsePrefix("240.0.0.0/4"), "VPC-5"},
}

// malformedRange checks the size and the place of the k-th range of a VPC.
func malformedRange(p netip.Prefix, k int) *mistake {
	switch {
	case !p.IsValid():
		return wrong(CodeInvalidValue, "range %d is not a CIDR block (ERR-5)", k+1)
	case is4(p) && !ipv4Size(p):
		return wrong(CodeVPCRange, "%s is not between /16 and /28 (%s)", p, [...]string{"VPC-1", "VPC-6"}[min(k, 1)])
	case !is4(p) && !ipv6Size(p, 60):
		return wrong(CodeVPCRange, "%s is not a /44, /48, /52, /56 or /60 (VPC-17)", p)
	}
	for _, u := range unusable {
		if u.prefix.Overlaps(p) {
			return wrong(CodeVPCRange, "%s lies in %s, which no VPC may use (%s)", p, u.prefix, u.rule)
		}
	}
	return nil
}

// ipv4Size is LIM-5.
func ipv4Size(p netip.Prefix) bool { return 16 <= p.Bits() && p.Bits() <= 28 }

// ipv6Size is LIM-6: /44 to a smallest size in steps of 4.
func ipv6Size(p netip.Prefix, smallest int) bool {
	return 44 <= p.Bits() && p.Bits() <= smallest && p.Bits()%4 == 0
}

// defaults checks what the VPC names for subnets and interfaces that name none.
func (c *checker) defaults(v *VPC, s subject) {
	if v.Partial {
		return
	}
	scope := c.ix.scopes[v]
	if v.MainRouteTable != "" && scope.tables.get(v.MainRouteTable) == nil {
		c.add(s, wrong(CodeRouteTableNotFound, "the main route table %s does not exist (ERR-17)", v.MainRouteTable))
	}
	if v.DefaultNetworkACL != "" && scope.acls.get(v.DefaultNetworkACL) == nil {
		c.add(s, wrong(CodeNetworkACLNotFound, "the default network ACL %s does not exist (ERR-36)", v.DefaultNetworkACL))
	}
	if v.DefaultSecurityGroup != "" && scope.groups.get(v.DefaultSecurityGroup) == nil {
		c.add(s, wrong(CodeGroupNotFound, "the default security group %s does not exist (ERR-31)", v.DefaultSecurityGroup))
	}
}

// internetGateway checks that a gateway is attached once. Only real IDs are
// compared: two VPCs may each have a gateway that is called "igw" (VPC-19).
func (c *checker) internetGateway(v *VPC) {
	g := v.InternetGateway
	if g == nil {
		return
	}
	s := subject{element: g, kind: "internet gateway", name: g.ID, origin: g.Origin}
	if first := c.igwOwner(g.ID); first != v && strings.HasPrefix(g.ID, "igw-") {
		c.add(s, wrong(CodeAlreadyAssociated, "is attached to VPC %s already (IGW-1)", first.ID))
	}
	if g.RouteTable != "" && !v.Partial && c.ix.scopes[v].tables.get(g.RouteTable) == nil {
		c.add(s, wrong(CodeRouteTableNotFound, "its route table %s does not exist (ERR-17)", g.RouteTable))
	}
}

// igwOwner is the first VPC that an internet gateway is attached to, nil for an
// unknown one.
func (c *checker) igwOwner(id string) *VPC {
	if c.igws == nil {
		c.igws = make(map[string]*VPC)
		for _, v := range slices.Backward(c.n.VPCs) {
			if v.InternetGateway != nil {
				c.igws[v.InternetGateway.ID] = v
			}
		}
	}
	return c.igws[id]
}

func (c *checker) instances(v *VPC) {
	for _, i := range v.Instances {
		c.add(subject{element: i, kind: "instance", name: i.ID, origin: i.Origin}, c.ix.scopes[v].instances.check(i.ID, i), malformedInstance(i))
	}
}

func malformedInstance(i *Instance) *mistake {
	switch {
	case i.State > Terminated:
		return wrong(CodeInvalidValue, "is in state %d: want Running, Stopped or Terminated (ERR-5)", i.State)
	case i.TrackedFlows < 0:
		return wrong(CodeInvalidValue, "may have %d tracked flows, which is negative (SG-48)", i.TrackedFlows)
	}
	return nil
}

func (c *checker) vpcGateways(v *VPC) {
	sc := c.ix.scopes[v]
	for _, g := range v.Gateways {
		var lost *mistake
		if g.Subnet != "" && !v.Partial && sc.subnets.get(g.Subnet) == nil {
			lost = wrong(CodeSubnetNotFound, "its subnet %s does not exist (ERR-9)", g.Subnet)
		}
		c.add(gatewaySubject(g), sc.gateways.check(g.ID, g), gatewayKind(g), malformedNAT(g), lost,
			c.secondEgressOnly(v, g), c.vpnGateway(v, g), tooManyNATAddresses(g), c.regionalTable(v, g), c.endpoint(v, sc, g))
		c.vpnLinks(g)
	}
}

func gatewayKind(g *Gateway) *mistake {
	switch {
	case g.Kind == routing.Nowhere:
		return wrong(CodeMissing, "has no kind (ERR-4)")
	case g.Kind > routing.UnknownTarget:
		return wrong(CodeInvalidValue, "is of the unknown kind %d (ERR-5)", g.Kind)
	}
	return nil
}

// gatewayPairs checks that two VPCs have one peering connection.
func (c *checker) gatewayPairs() {
	type pair struct{ a, b *VPC }
	peered := make(map[pair]string)
	for _, g := range c.n.Gateways {
		if g.Kind != routing.PeeringConnection || len(g.VPCs) != 2 || !live(g.State) {
			continue
		}
		a, b := c.ix.vpcs.get(g.VPCs[0]), c.ix.vpcs.get(g.VPCs[1])
		if a == nil || b == nil {
			continue
		}
		if other := peered[pair{a, b}]; other != "" {
			c.add(gatewaySubject(g),
				wrong(CodePeeringExists, "%s and %s have the peering connection %s already (PCX-3)", a.ID, b.ID, other))
		}
		peered[pair{a, b}], peered[pair{b, a}] = g.ID, g.ID
	}
}

// live reports whether a peering connection works, or may come to: it is not
// failed, rejected, expired or deleted (PCX-15).
func live(state string) bool {
	switch state {
	case "", "active", "pending-acceptance", "provisioning", "initiating-request":
		return true
	}
	return false
}
