package vpc

import (
	"testing"

	"github.com/vpcemu/vpcemu/routing"
)

// both makes two changes.
func both(a, b func(*VPC)) func(*VPC) {
	return func(v *VPC) { a(v); b(v) }
}

// third adds a subnet 10.0.3.0/24.
func third(v *VPC) { v.AddSubnet("third", "10.0.3.0/24") }

func TestRT7_LocalRoutes(t *testing.T) {
	cases{
		{"listed", fine, routeTo("10.0.0.0/16", "local")},
		{"IPv6 listed", fine, routeTo("2001:db8:0:1200::/56", "local")},
		{"not a range of the VPC", bad(CodeInvalidValue, "RT-7"), routeTo("10.5.0.0/16", "local")},
		{"in a partial listing", fine, partial(routeTo("10.5.0.0/16", "local"))},
	}.run(t)
}

func TestRT8_LocalRouteTwice(t *testing.T) {
	cases{
		{"local and another", bad(CodeRouteExists, "RT-8"), both(routeTo("10.0.0.0/16", "local"), routeTo("10.0.0.0/16", "app-1"))},
		{"replaced", fine, routeTo("10.0.0.0/16", "app-1")},
	}.run(t)
}

func TestRT9_ReplacedLocalRoute(t *testing.T) {
	cases{
		{"NAT gateway", fine, routeTo("10.0.0.0/16", "nat-1")},
		{"interface", fine, routeTo("10.0.0.0/16", "app-1")},
		{"instance", fine, routeTo("10.0.0.0/16", "app")},
		{"Gateway Load Balancer endpoint", fine, routeTo("10.0.0.0/16", "vpce-fw")},
		{"restored", fine, routeTo("10.0.0.0/16", "local")},
		{"internet gateway", bad(CodeInvalidValue, "RT-9"), routeTo("10.0.0.0/16", "igw")},
		{"peering connection", bad(CodeInvalidValue, "RT-9"), routeTo("10.0.0.0/16", "pcx-1")},
		{"IPv6 to the egress-only gateway", bad(CodeInvalidValue, "RT-9"), routeTo("2001:db8:0:1200::/56", "eigw-1")},
		{"a middlebox that is gone", fine, routeTo("10.0.0.0/16", "blackhole")},
		{"a peering connection that is gone", bad(CodeInvalidValue, "RT-9"),
			route(routing.Route{Destination: cidr("10.0.0.0/16"), Target: routing.Target{Kind: routing.PeeringConnection, ID: "pcx-9"}, Blackhole: true})},
	}.run(t)
}

func TestRT10_MoreSpecificThanLocal(t *testing.T) {
	cases{
		{"a whole subnet to an interface", fine, routeTo("10.0.2.0/24", "app-1")},
		{"a whole subnet to a NAT gateway", fine, routeTo("10.0.2.0/24", "nat-1")},
		{"a whole subnet to an endpoint", fine, routeTo("10.0.2.0/24", "vpce-fw")},
		{"a whole IPv6 subnet", fine, routeTo("2001:db8:0:1201::/64", "app-1")},
		{"half a subnet", bad(CodeInvalidValue, "RT-10"), routeTo("10.0.2.0/25", "app-1")},
		{"two subnets", bad(CodeInvalidValue, "RT-10"), both(third, routeTo("10.0.2.0/23", "app-1"))},
		{"where no subnet is", bad(CodeInvalidValue, "RT-10"), routeTo("10.0.7.0/24", "app-1")},
		{"a whole subnet to the internet gateway", bad(CodeInvalidValue, "RT-10"), routeTo("10.0.2.0/24", "igw")},
		{"a whole subnet to a peer", bad(CodeInvalidValue, "RT-10"), routeTo("10.0.2.0/24", "pcx-1")},
		{"a whole subnet to local", bad(CodeInvalidValue, "RT-10"), routeTo("10.0.2.0/24", "local")},
		{"around the VPC", fine, routeTo("10.0.0.0/15", "pcx-1")},
		{"beside the VPC", fine, routeTo("10.1.0.0/16", "pcx-1")},
		{"a subnet that a partial listing lacks", fine, partial(routeTo("10.0.7.0/24", "app-1"))},
		{"to a peer in a partial listing", bad(CodeInvalidValue, "RT-10"), partial(routeTo("10.0.7.0/24", "pcx-1"))},
		{"an endpoint that a partial listing lacks", fine, partial(routeTo("10.0.2.0/24", "vpce-gone"))},
	}.run(t)
}

func TestRT19_PropagatedInsideTheVPC(t *testing.T) {
	propagated := func(s routing.Source) func(*VPC) {
		return both(func(v *VPC) { gateway(v, routing.VPNGateway, "vgw-1") },
			route(routing.Route{Destination: cidr("10.0.1.0/25"), Target: routing.Target{Kind: routing.VPNGateway, ID: "vgw-1"}, Source: s}))
	}
	cases{
		{"propagated", fine, propagated(routing.VPNStatic)},
		{"by hand", bad(CodeInvalidValue, "RT-10"), propagated(routing.Static)},
		{"no such source", bad(CodeInvalidValue, "ERR-5"), propagated(routing.VPNDynamic + 1)},
	}.run(t)
}

func TestRT26_OneDestinationAndOneTarget(t *testing.T) {
	target := routing.Target{Kind: routing.InternetGateway}
	cases{
		{"one of each", fine, route(routing.Route{Destination: cidr("0.0.0.0/0"), Target: target})},
		{"no destination", bad(CodeMissing, "RT-26"), route(routing.Route{Target: target})},
		{"two destinations", bad(CodeInvalidCombination, "RT-26"), route(routing.Route{Destination: cidr("0.0.0.0/0"), PrefixList: "pl-s3", Target: target})},
		{"no target", bad(CodeMissing, "RT-26"), route(routing.Route{Destination: cidr("0.0.0.0/0")})},
		{"no name", bad(CodeMissing, "RT-26"), routeTo("0.0.0.0/0", "")},
		{"a kind without an ID", bad(CodeMissing, "RT-26"), route(routing.Route{Destination: cidr("0.0.0.0/0"), Target: routing.Target{Kind: routing.NATGateway}})},
		{"no such kind", bad(CodeInvalidValue, "ERR-5"), route(routing.Route{Destination: cidr("0.0.0.0/0"), Target: routing.Target{Kind: routing.UnknownTarget + 1}})},
		{"a target that is gone", fine, routeTo("0.0.0.0/0", "blackhole")},
		{"a target that is not understood", fine, route(routing.Route{Destination: cidr("0.0.0.0/0"), Unknown: "a kind of 2031"})},
	}.run(t)
}

func TestRT27_DuplicateDestination(t *testing.T) {
	cases{
		{"same", bad(CodeRouteExists, "RT-27"), both(routeTo("0.0.0.0/0", "igw"), routeTo("0.0.0.0/0", "nat-1"))},
		{"same but for host bits", bad(CodeRouteExists, "RT-27"), both(routeTo("192.0.2.0/24", "igw"),
			route(routing.Route{Destination: cidr("192.0.2.9/24"), Target: routing.Target{Kind: routing.NATGateway, ID: "nat-1"}}))},
		{"one bit longer", fine, both(routeTo("0.0.0.0/0", "igw"), routeTo("0.0.0.0/1", "nat-1"))},
		{"another family", fine, both(routeTo("0.0.0.0/0", "igw"), routeTo("::/0", "igw"))},
		{"another table", fine, both(routeTo("0.0.0.0/0", "igw"), func(v *VPC) { v.AddRouteTable("two").AddRoute("0.0.0.0/0", "igw") })},
		{"propagated beside static", fine, both(routeTo("192.0.2.0/24", "igw"),
			route(routing.Route{Destination: cidr("192.0.2.0/24"), Target: routing.Target{Kind: routing.InternetGateway}, Source: routing.VPNDynamic}))},
		{"same list", bad(CodeRouteExists, "RT-27"), both(routeTo("pl-s3", "vpce-s3"), routeTo("pl-s3", "igw"))},
		{"a list and its entry", fine, both(routeTo("pl-s3", "vpce-s3"), routeTo("52.216.0.0/15", "igw"))},
	}.run(t)
	netCases{{"same list by name", bad(CodeRouteExists, "RT-27"), func(n *Network) {
		n.PrefixLists[0].Name = "pl-by-name"
		both(routeTo("pl-s3", "vpce-s3"), routeTo("pl-by-name", "igw"))(n.VPCs[0])
	}}}.run(t)
}

func TestRT25_TwoEndpointsForOneService(t *testing.T) {
	cases{
		{"in one table", bad(CodeRouteExists, "RT-27"), func(v *VPC) {
			gateway(v, routing.GatewayEndpoint, "vpce-2")
			v.rt().AddRoute("pl-s3", "vpce-s3").AddRoute("pl-s3", "vpce-2")
		}},
		{"in two tables", fine, func(v *VPC) {
			gateway(v, routing.GatewayEndpoint, "vpce-2")
			v.rt().AddRoute("pl-s3", "vpce-s3")
			v.AddRouteTable("two").AddRoute("pl-s3", "vpce-2")
		}},
	}.run(t)
}

func TestRT29_ReservedDestinations(t *testing.T) {
	cases{
		{"equal", bad(CodeInvalidValue, "RT-29"), routeTo("169.254.168.0/22", "igw")},
		{"inside", bad(CodeInvalidValue, "RT-29"), routeTo("169.254.169.254/32", "igw")},
		{"around (RT-30)", fine, routeTo("169.254.0.0/16", "igw")},
		{"beside", fine, routeTo("169.254.172.0/22", "igw")},
		{"IPv6 equal", bad(CodeInvalidValue, "RT-29"), routeTo("fd00:ec2::/32", "igw")},
		{"IPv6 inside", bad(CodeInvalidValue, "RT-29"), routeTo("fd00:ec2::254/128", "igw")},
		{"IPv6 around (RT-30)", fine, routeTo("fd00::/8", "igw")},
	}.run(t)
}

func TestRT31_InternetGatewayOfTheVPC(t *testing.T) {
	cases{
		{"by kind", fine, routeTo("0.0.0.0/0", "igw")},
		{"by ID", fine, routeTo("0.0.0.0/0", "igw-main")},
		{"of another VPC", bad(CodeInvalidValue, "RT-31"), routeTo("0.0.0.0/0", "igw-peer")},
		{"unknown", bad(CodeGatewayNotFound, "RT-31"), routeTo("0.0.0.0/0", "igw-gone")},
		{"unknown in a partial listing", fine, partial(routeTo("0.0.0.0/0", "igw-gone"))},
	}.run(t)
}

func TestRT32_DetachedGatewayLeavesRoutes(t *testing.T) {
	cases{{"no gateway", fine, func(v *VPC) {
		v.InternetGateway = nil
		v.rt().AddRoute("0.0.0.0/0", "igw")
	}}}.run(t)
}

func TestRT33_BlackholeMayHaveLostItsTarget(t *testing.T) {
	gone := routing.Target{Kind: routing.NATGateway, ID: "nat-gone"}
	cases{
		{"blackhole", fine, route(routing.Route{Destination: cidr("0.0.0.0/0"), Target: gone, Blackhole: true})},
		{"active", bad(CodeNATGatewayNotFound, "ERR-27"), route(routing.Route{Destination: cidr("0.0.0.0/0"), Target: gone})},
	}.run(t)
}

func TestRT36_InstanceWithOneInterface(t *testing.T) {
	second := func(v *VPC) { v.Subnets[0].AddInterface("app-2", "").AttachTo("app") }
	cases{
		{"one", fine, routeTo("0.0.0.0/0", "app")},
		{"two", bad(CodeInstanceID, "RT-36"), both(second, routeTo("0.0.0.0/0", "app"))},
		{"two, one detached", fine, func(v *VPC) {
			second(v)
			v.Subnets[0].Interfaces[1].Detached = true
			v.rt().AddRoute("0.0.0.0/0", "app")
		}},
		{"none", bad(CodeInstanceID, "RT-36"), func(v *VPC) { v.AddInstance("bare"); v.rt().AddRoute("0.0.0.0/0", "bare") }},
		{"none in a partial listing", fine, partial(func(v *VPC) { v.AddInstance("bare"); v.rt().AddRoute("0.0.0.0/0", "bare") })},
		{"unknown", bad(CodeInstanceNotFound, "ERR-40"), routeTo("0.0.0.0/0", "i-gone")},
		{"of another VPC", bad(CodeInvalidValue, "RT-37"), routeTo("0.0.0.0/0", "i-peer")},
	}.run(t)
}

func TestRT37_InterfaceOfTheVPC(t *testing.T) {
	cases{
		{"by ID", fine, routeTo("0.0.0.0/0", "db-1")},
		{"of another VPC", bad(CodeInvalidValue, "RT-37"), routeTo("0.0.0.0/0", "eni-peer")},
		{"unknown", bad(CodeInterfaceNotFound, "ERR-38"), routeTo("0.0.0.0/0", "eni-gone")},
		{"detached", fine, func(v *VPC) { v.app().Detached = true; v.rt().AddRoute("0.0.0.0/0", "app-1") }},
		{"in a partial listing", fine, partial(routeTo("0.0.0.0/0", "eni-gone"))},
	}.run(t)
}

func TestRT38_EndpointsByHand(t *testing.T) {
	cases{
		{"Gateway Load Balancer endpoint", fine, routeTo("0.0.0.0/0", "vpce-fw")},
		{"gateway endpoint", bad(CodeRouteNotSupported, "RT-38"), routeTo("0.0.0.0/0", "vpce-s3")},
		{"gateway endpoint for its list", fine, routeTo("pl-s3", "vpce-s3")},
		{"unknown", bad(CodeEndpointNotFound, "ERR-48"), routeTo("0.0.0.0/0", "vpce-gone")},
	}.run(t)
}

func TestRT39_EgressOnlyIsIPv6(t *testing.T) {
	cases{
		{"IPv6", fine, routeTo("::/0", "eigw-1")},
		{"IPv4", bad(CodeInvalidValue, "RT-39"), routeTo("0.0.0.0/0", "eigw-1")},
		{"unknown", bad(CodeGatewayNotFound, "ERR-23"), routeTo("::/0", "eigw-gone")},
	}.run(t)
}

func TestRT40_NATGatewayAndIPv6(t *testing.T) {
	cases{
		{"IPv4", fine, routeTo("0.0.0.0/0", "nat-1")},
		{"NAT64", fine, routeTo("64:ff9b::/96", "nat-1")},
		{"around NAT64", fine, routeTo("::/0", "nat-1")},
		{"inside NAT64", bad(CodeInvalidValue, "RT-40"), routeTo("64:ff9b::/97", "nat-1")},
		{"other IPv6", bad(CodeInvalidValue, "RT-40"), routeTo("2000::/3", "nat-1")},
		{"of another VPC", bad(CodeInvalidValue, "RT-37"), routeTo("0.0.0.0/0", "nat-peer")},
	}.run(t)
}

func TestRT41_FarSidesNeedNoDescription(t *testing.T) {
	cases{
		{"carrier gateway", fine, routeTo("0.0.0.0/0", "cagw-1")},
		{"local gateway", fine, routeTo("0.0.0.0/0", "lgw-1")},
		{"core network", fine, route(routing.Route{Destination: cidr("0.0.0.0/0"), Target: routing.Target{Kind: routing.CoreNetwork, ID: "arn:x"}})},
		{"transit gateway", bad(CodeTransitGatewayNotFound, "ERR-47"), routeTo("0.0.0.0/0", "tgw-gone")},
		{"peering connection", bad(CodePeeringNotFound, "ERR-43"), routeTo("0.0.0.0/0", "pcx-gone")},
		{"VPN gateway", bad(CodeGatewayNotFound, "ERR-23"), routeTo("0.0.0.0/0", "vgw-gone")},
	}.run(t)
}

func TestERR23_BareNames(t *testing.T) {
	cases{
		{"interface", fine, routeTo("0.0.0.0/0", "app-1")},
		{"instance", fine, routeTo("0.0.0.0/0", "app")},
		{"gateway by name", fine, func(v *VPC) { v.Gateways[0].Name = "out"; v.rt().AddRoute("0.0.0.0/0", "out") }},
		{"gateway of the network by name", fine, func(v *VPC) { v.rt().AddRoute("0.0.0.0/0", "pcx-1") }},
		{"internet gateway by name", fine, func(v *VPC) { v.InternetGateway.Name = "door"; v.rt().AddRoute("0.0.0.0/0", "door") }},
		{"unknown", bad(CodeGatewayNotFound, "ERR-23"), routeTo("0.0.0.0/0", "gone")},
		{"unknown in a partial listing", fine, partial(routeTo("0.0.0.0/0", "gone"))},
	}.run(t)
}

func TestERR48_UnknownPrefixList(t *testing.T) {
	cases{
		{"route", bad(CodePrefixListNotFound, "ERR-48"), routeTo("pl-gone", "igw")},
		{"known", fine, routeTo("pl-s3", "igw")},
		{"in a partial listing", fine, partial(routeTo("pl-gone", "igw"))},
		{"rule", bad(CodePrefixListNotFound, "ERR-48"), func(v *VPC) { v.web().AllowIn("all", "pl-gone") }},
		{"rule, known", fine, func(v *VPC) { v.web().AllowIn("all", "pl-s3") }},
		{"rule in a partial listing", fine, partial(func(v *VPC) { v.web().AllowIn("all", "pl-gone") })},
	}.run(t)
}

// edge makes a table of the gateway's own with one route.
func edge(destination, target string) func(*VPC) {
	return func(v *VPC) {
		v.AddRouteTable("edge").AddRoute(destination, target)
		v.InternetGateway.RouteTable = "edge"
	}
}

func TestRT43_EdgeTableTargets(t *testing.T) {
	cases{
		{"a subnet to an interface", fine, edge("10.0.1.0/24", "db-1")},
		{"a subnet to an instance", fine, edge("10.0.2.0/24", "app")},
		{"a subnet to a Gateway Load Balancer endpoint", fine, edge("10.0.1.0/24", "vpce-fw")},
		{"the VPC to an interface", fine, edge("10.0.0.0/16", "db-1")},
		{"the VPC to local", fine, edge("10.0.0.0/16", "local")},
		{"a subnet to a NAT gateway", bad(CodeInvalidValue, "RT-43"), edge("10.0.1.0/24", "nat-1")},
		{"the same in another table", fine, routeTo("10.0.1.0/24", "nat-1")},
		{"an interface that is gone", fine, edge("10.0.1.0/24", "blackhole")},
		{"something that a partial listing lacks", fine, partial(edge("10.0.1.0/24", "gone"))},
	}.run(t)
}

func TestRT44_EdgeTables(t *testing.T) {
	cases{
		{"outside the VPC", bad(CodeInvalidValue, "RT-44"), edge("192.0.2.0/24", "db-1")},
		{"everything", bad(CodeInvalidValue, "RT-44"), edge("0.0.0.0/0", "igw")},
		{"a prefix list", bad(CodeInvalidValue, "RT-44"), edge("pl-s3", "db-1")},
		{"propagation", bad(CodeInvalidValue, "RT-44"), func(v *VPC) { edge("10.0.1.0/24", "db-1")(v); v.RouteTables[1].Propagating = []string{"vgw-1"} }},
		{"a propagated route", bad(CodeInvalidValue, "RT-44"), func(v *VPC) { edge("10.0.1.0/24", "db-1")(v); v.RouteTables[1].Routes[0].Source = routing.VPNStatic }},
		{"the main table", bad(CodeInvalidValue, "RT-44"), func(v *VPC) { edge("10.0.1.0/24", "db-1")(v); v.MainRouteTable = "edge" }},
		{"another main table", fine, func(v *VPC) { edge("10.0.1.0/24", "db-1")(v); v.MainRouteTable = "rt" }},
		{"propagation into another table", fine, func(v *VPC) { edge("10.0.1.0/24", "db-1")(v); v.rt().Propagating = []string{"vgw-1"} }},
	}.run(t)
}
