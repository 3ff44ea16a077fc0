package yaml

import (
	goyaml "go.yaml.in/yaml/v4"

	"github.com/vpcemu/vpcemu/vpc"
)

// builtVPC is a VPC while its mapping is read.
type builtVPC struct {
	*vpc.VPC
	inline []inlineTable // the routes that subnets carry themselves
}

var vpcKeys = join(identity(func(v *builtVPC) (id, name *string) { return &v.ID, &v.Name }), keys[builtVPC]{
	{"account", text("an account number", func(v *builtVPC) *string { return &v.Account })},
	{"region", text("a region", func(v *builtVPC) *string { return &v.Region })},
	{"cidr", func(d *decoder, n *node, v *builtVPC) { v.CIDRs = d.prefixes(n) }},
	{"partial", flag(true, func(v *builtVPC) *bool { return &v.Partial })},
	{"unlisted", text("a reason", func(v *builtVPC) *string { return &v.Unlisted })},
	{"dns", flag(false, func(v *builtVPC) *bool { return &v.DisableDNS })},
	{"dns-hostnames", flag(true, func(v *builtVPC) *bool { return &v.DNSHostnames })},
	{"internet-gateway", func(d *decoder, n *node, v *builtVPC) { v.InternetGateway = d.internetGateway(n, v.VPC) }},
	{"main-route-table", reference(kindTable, func(v *builtVPC) *string { return &v.MainRouteTable })},
	{"default-network-acl", reference(kindACL, func(v *builtVPC) *string { return &v.DefaultNetworkACL })},
	{"default-security-group", reference(kindGroup, func(v *builtVPC) *string { return &v.DefaultSecurityGroup })},
	{"subnets", func(d *decoder, n *node, v *builtVPC) {
		d.pairs(n, "subnets", func(k, value *node) { d.subnet(k, value, v) })
	}},
	{"route-tables", func(d *decoder, n *node, v *builtVPC) { d.pairs(n, "route-tables", d.routeTable) }},
	{"nat-gateways", func(d *decoder, n *node, v *builtVPC) { d.natGateways(n) }},
	{"gateways", func(d *decoder, n *node, v *builtVPC) { d.gateways(n) }},
	{"load-balancers", func(d *decoder, n *node, v *builtVPC) { d.pairs(n, "load-balancers", d.loadBalancer) }},
	{"target-groups", func(d *decoder, n *node, v *builtVPC) { d.pairs(n, "target-groups", d.targetGroup) }},
	{"network-acls", func(d *decoder, n *node, v *builtVPC) { d.pairs(n, "network-acls", d.networkACL) }},
	{"security-groups", func(d *decoder, n *node, v *builtVPC) { d.pairs(n, "security-groups", d.securityGroup) }},
	{"instances", func(d *decoder, n *node, v *builtVPC) { d.pairs(n, "instances", d.instance) }},
	{"interfaces", func(d *decoder, n *node, v *builtVPC) {
		d.pairs(n, "interfaces", func(k, value *node) { d.looseInterface(k, value) })
	}},
	{"flow-logs", func(d *decoder, n *node, v *builtVPC) { d.pairs(n, "flow-logs", d.flowLog) }},
})

// readVPC reads one VPC. Routes that stand in its subnets become route tables
// after those that stand under route-tables.
func (d *decoder) readVPC(k, n *node) {
	v := &vpc.VPC{ID: k.Value, Name: nameFor(k.Value, k.Value), Origin: d.origin(k)}
	d.net.VPCs = append(d.net.VPCs, v)
	d.vpc, d.subnets = v, nil
	built := &builtVPC{VPC: v}
	read(d, n, what(kindVPC, k.Value), vpcKeys, built)
	d.addInline(built)
	d.vpc = nil
	d.label(kindVPC, k.Value, v.ID)
	d.report.Count("vpc")
}

var subnetKeys = join(identity(func(s *builtSubnet) (id, name *string) { return &s.ID, &s.Name }), keys[builtSubnet]{
	{"cidr", func(d *decoder, n *node, s *builtSubnet) { s.CIDRs = d.prefixes(n) }},
	{"az", text("an Availability Zone", func(s *builtSubnet) *string { return &s.Zone })},
	{"route-table", reference(kindTable, func(s *builtSubnet) *string { return &s.RouteTable })},
	{"routes", func(d *decoder, n *node, s *builtSubnet) { s.routes = n }},
	{"acl", reference(kindACL, func(s *builtSubnet) *string { return &s.NetworkACL })},
	{"dns64", flag(true, func(s *builtSubnet) *bool { return &s.DNS64 })},
	{"map-public-ip", flag(true, func(s *builtSubnet) *bool { return &s.MapPublicIP })},
})

// builtSubnet is a subnet while its mapping is read.
type builtSubnet struct {
	*vpc.Subnet
	routes *node // its own, if it carries them
}

// inlineTable is a route table that stands in its only subnet.
type inlineTable struct {
	subnet *vpc.Subnet
	key    *node // of the subnet
	routes *node
}

func (d *decoder) subnet(k, n *node, v *builtVPC) {
	s := &vpc.Subnet{ID: k.Value, Name: nameFor(k.Value, k.Value), Origin: d.origin(k)}
	built := &builtSubnet{Subnet: s}
	read(d, n, what(kindSubnet, k.Value), subnetKeys, built)
	v.Subnets = append(v.Subnets, s)
	if built.routes != nil {
		if s.RouteTable != "" {
			d.errorf(built.routes, "subnet %q has routes and a route-table: want one of them", k.Value)
		}
		v.inline = append(v.inline, inlineTable{s, k, built.routes})
	}
	d.label(kindSubnet, k.Value, s.ID)
	d.report.Count("subnet")
}

// addInline makes the route tables that stand in subnets. Such a table is called
// like the key of its subnet, or "routes-" and the key if that name is taken.
func (d *decoder) addInline(v *builtVPC) {
	taken := make(map[string]bool)
	for _, t := range v.RouteTables {
		taken[t.ID], taken[t.Name] = true, true
	}
	for _, in := range v.inline {
		id := inlineName(in.key.Value, taken)
		t := &vpc.RouteTable{ID: id, Name: nameFor(id, id), Origin: d.origin(in.key)}
		taken[t.ID] = true
		t.Routes = d.routes(in.routes)
		v.RouteTables = append(v.RouteTables, t)
		in.subnet.RouteTable = id
		d.report.Count("route-table")
	}
}

func inlineName(key string, taken map[string]bool) string {
	for taken[key] {
		key = "routes-" + key
	}
	return key
}

// A VPC's internet gateway is written as true, as its name, or as a mapping.
var internetGatewayKeys = join(identity(func(g *vpc.InternetGateway) (id, name *string) { return &g.ID, &g.Name }), keys[vpc.InternetGateway]{
	{"routes", reference(kindTable, func(g *vpc.InternetGateway) *string { return &g.RouteTable })},
})

func (d *decoder) internetGateway(n *node, v *vpc.VPC) *vpc.InternetGateway {
	n = follow(n)
	id := defaultIGW(v)
	switch {
	case n.Kind == goyaml.MappingNode:
	case n.Value == "false" && n.Style == 0:
		return nil
	case n.Value == "true" && n.Style == 0:
	default:
		s, ok := d.text(n, "true, a name or a mapping")
		if !ok {
			return nil
		}
		id = s
	}
	g := &vpc.InternetGateway{ID: id, Name: nameFor(id, id), Origin: d.origin(n)}
	if n.Kind == goyaml.MappingNode {
		read(d, n, "internet-gateway", internetGatewayKeys, g)
	}
	d.report.Count("internet-gateway")
	return g
}

// defaultIGW is the ID of an internet gateway without a name: no two VPCs share it.
func defaultIGW(v *vpc.VPC) string { return "igw-" + v.ID }
