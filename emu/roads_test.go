package emu_test

import (
	"net/netip"

	"github.com/vpcemu/vpcemu/routing"
	"github.com/vpcemu/vpcemu/vpc"
)

// crossroads is a network in which app reaches something over every kind of path.
func crossroads() *vpc.Network {
	var n vpc.Network
	n.AddPrefixList("pl-s3", "203.0.113.0/24")
	v := open(n.AddVPC("v", "10.0.0.0/16", "2001:db8:1::/56"))
	v.AddInternetGateway("igw-v")
	v.AddEgressOnlyGateway("eigw-1")
	v.AddNATGateway("nat-1", "k")
	v.Gateways = append(v.Gateways,
		&vpc.Gateway{Kind: routing.GatewayEndpoint, ID: "vpce-s3", Endpoint: &vpc.Endpoint{Service: "s3", PrefixList: "pl-s3", RouteTables: []string{"a"}}},
		&vpc.Gateway{Kind: routing.InterfaceEndpoint, ID: "vpce-sqs", Addresses: []vpc.Address{{IP: netip.MustParseAddr("10.0.5.10")}},
			Endpoint: &vpc.Endpoint{Service: "sqs", Subnets: []string{"b"}, Groups: []string{"open"}}},
		&vpc.Gateway{Kind: routing.GWLBEndpoint, ID: "vpce-fw", Subnet: "e",
			Endpoint: &vpc.Endpoint{Appliances: []vpc.Appliance{{Name: "one", Verdict: vpc.Pass}, {Name: "two", Verdict: vpc.Pass}}}},
		&vpc.Gateway{Kind: routing.VPNGateway, ID: "vgw-1", VPN: &vpc.VPN{Connections: []*vpc.Link{
			{ID: "vpn-1", Static: true, Prefixes: []vpc.Announcement{{Prefix: netip.MustParsePrefix("10.4.0.0/16")}}}}}})
	v.AddRouteTable("a").AddRoute("0.0.0.0/0", "igw").AddRoute("::/0", "eigw-1").AddRoute("192.0.2.0/24", "nat-1").AddRoute("64:ff9b::/96", "nat-1").
		AddRoute("10.0.8.0/24", "vpce-fw").AddRoute("10.0.9.0/24", "fw").
		AddRoute("10.1.0.0/16", "pcx-1").AddRoute("10.3.0.0/16", "tgw-1").AddRoute("10.4.0.0/16", "vgw-1").
		AddRoute("2001:db8:a::/48", "igw").AddRoute("2001:db8:2::/56", "pcx-1").AddRoute("2001:db8:3::/56", "tgw-1").
		AddRoute("10.5.0.0/16", "tgw-1").AddRoute("10.6.0.0/16", "tgw-1").AddRoute("10.0.11.0/24", "nat-1").
		AddRoute("10.7.0.0/16", "pcx-2").AddRoute("10.8.0.0/16", "lgw-1")
	v.AddRouteTable("public").AddRoute("0.0.0.0/0", "igw").AddRoute("10.3.0.0/16", "tgw-1")
	v.AddRouteTable("transit").AddRoute("192.0.2.0/24", "nat-1")
	v.AddRouteTable("through-fw").AddRoute("10.0.1.0/24", "fw")
	v.AddRouteTable("through-gwlb").AddRoute("10.0.1.0/24", "vpce-fw")
	a := v.AddSubnet("a", "10.0.1.0/24", "2001:db8:1:1::/64").UseRouteTable("a")
	a.AddInterface("app", "10.0.1.10", "open").AddPublicIP("198.51.100.1").AddAddress("2001:db8:1:1::10")
	a.AddInterface("peer", "10.0.1.11", "open")
	v.AddSubnet("k", "10.0.2.0/24").UseRouteTable("public")
	v.AddSubnet("t", "10.0.3.0/28").UseRouteTable("transit")
	v.AddSubnet("e", "10.0.4.0/24")
	v.AddSubnet("b", "10.0.5.0/24", "2001:db8:1:5::/64").AddInterface("db", "10.0.5.20", "open").AddAddress("2001:db8:1:5::20")
	v.AddSubnet("x", "10.0.6.0/24").AddInterface("fw", "10.0.6.10", "open").NoSourceDestCheck = true
	v.AddSubnet("g", "10.0.8.0/24").UseRouteTable("through-gwlb").AddInterface("behind-gwlb", "10.0.8.20", "open")
	v.AddSubnet("m", "10.0.9.0/24").UseRouteTable("through-fw").AddInterface("behind-fw", "10.0.9.20", "open")
	v.AddSubnet("l", "10.0.10.0/24")
	v.AddSubnet("n", "10.0.11.0/24").AddInterface("behind-nat", "10.0.11.20", "open")
	v.LoadBalancers = []*vpc.LoadBalancer{{ID: "nlb", Nodes: []vpc.LoadBalancerNode{{Subnet: "l", Addresses: []vpc.Address{{IP: netip.MustParseAddr("10.0.10.9")}}}},
		Internal: true, CrossZone: vpc.CrossZoneOn, Listeners: []vpc.Listener{{Protocol: "TCP", Port: 443, Forward: []vpc.Forward{{TargetGroup: "dbs"}}}}}}
	v.TargetGroups = []*vpc.TargetGroup{{ID: "dbs", Protocol: "TCP", Port: 8443, Targets: []vpc.LoadBalancerTarget{{ID: "10.0.5.20"}}}}
	for _, o := range []struct{ name, back, four, six string }{
		{"near", "pcx-1", "10.1", "2001:db8:2"}, {"w", "tgw-1", "10.3", "2001:db8:3"}, {"overseas", "pcx-2", "10.7", "2001:db8:4"}} {
		v := open(n.AddVPC(o.name, o.four+".0.0/16", o.six+"::/56"))
		v.AddRouteTable("r").AddRoute("10.0.0.0/16", o.back).AddRoute("2001:db8:1::/56", o.back)
		v.AddSubnet("s", o.four+".1.0/24", o.six+":1::/64").UseRouteTable("r").
			AddInterface(o.name, o.four+".1.20", "open").AddAddress(o.six + ":1::20")
	}
	n.VPC("w").RouteTable("r").AddRoute("192.0.2.0/24", "tgw-1")
	n.VPC("overseas").Region = "ap-southeast-2"
	n.AddPeering("pcx-1", "v", "near")
	n.AddPeering("pcx-2", "v", "overseas")
	static := func(to, attachment string) routing.Route {
		return routing.Route{Destination: netip.MustParsePrefix(to), Target: routing.Target{Kind: routing.TransitGateway, ID: attachment}}
	}
	n.Gateways = append(n.Gateways, &vpc.Gateway{Kind: routing.TransitGateway, ID: "tgw-1", Transit: &vpc.Transit{
		Association: "all", Propagation: "all", RouteTables: []*vpc.TransitTable{{ID: "all", Routes: []routing.Route{static("192.0.2.0/24", "of-v")}}},
		Attachments: []*vpc.TransitAttachment{
			{ID: "of-v", VPC: "v", Subnets: []string{"t"}, IPv6: true}, {ID: "of-w", VPC: "w", Subnets: []string{"s"}, IPv6: true, Appliance: true},
			{ID: "of-vpn", Kind: vpc.VPNAttachment, Prefixes: []netip.Prefix{netip.MustParsePrefix("10.5.0.0/16")}},
			{ID: "of-dx", Kind: vpc.DirectConnectAttachment, Prefixes: []netip.Prefix{netip.MustParsePrefix("10.6.0.0/16")}}}}})
	return &n
}

// road is a way from app, or from another interface, and a connection on it.
type road struct {
	name, from, to, flow string
	// short means that its packets take short cuts, and there and back how many hops
	// they make and how large they may be; 0: there is no limit but an interface's.
	short       bool
	hops        uint8
	there, back int
}

const anySize = 20_000

var roads = []road{
	{"same subnet", "app", "peer", "tcp 10.0.1.10:40000 > 10.0.1.11:443", true, 0, 9001, 9001},
	{"cross-subnet", "app", "db", "tcp 10.0.1.10:40000 > 10.0.5.20:443", true, 0, 9001, 9001},
	{"cross-subnet, IPv6", "app", "db", "tcp [2001:db8:1:1::10]:40000 > [2001:db8:1:5::20]:443", true, 0, 9001, 9001},
	{"internet gateway", "app", "internet", "tcp 10.0.1.10:40000 > 198.18.0.9:443", true, 0, 1500, anySize},
	{"internet gateway, IPv6", "app", "internet", "tcp [2001:db8:1:1::10]:40000 > [2001:db8:a::9]:443", true, 0, 1500, anySize},
	{"egress-only gateway", "app", "internet", "tcp [2001:db8:1:1::10]:40000 > [2001:db8:9::9]:443", true, 0, 1500, anySize},
	{"NAT gateway", "app", "internet", "tcp 10.0.1.10:40000 > 192.0.2.9:443", true, 1, 1500, 8500},
	{"NAT gateway inside the VPC", "app", "behind-nat", "tcp 10.0.1.10:40000 > 10.0.11.20:443", true, 1, 8500, 8500},
	{"NAT64", "app", "internet", "tcp [2001:db8:1:1::10]:40000 > [64:ff9b::c000:209]:443", false, 1, 0, 0},
	{"peering", "app", "near/near", "tcp 10.0.1.10:40000 > 10.1.1.20:443", true, 0, 9001, 9001},
	{"peering, IPv6", "app", "near/near", "tcp [2001:db8:1:1::10]:40000 > [2001:db8:2:1::20]:443", true, 0, 9001, 9001},
	{"peering between Regions", "app", "overseas/overseas", "tcp 10.0.1.10:40000 > 10.7.1.20:443", true, 0, 8500, 8500},
	{"transit gateway", "app", "w/w", "tcp 10.0.1.10:40000 > 10.3.1.20:443", true, 1, 8500, 8500},
	{"transit gateway, IPv6", "app", "w/w", "tcp [2001:db8:1:1::10]:40000 > [2001:db8:3:1::20]:443", true, 1, 8500, 8500},
	{"transit gateway to a NAT gateway", "w/w", "internet", "tcp 10.3.1.20:40000 > 192.0.2.9:443", true, 2, 1500, 8500},
	{"transit gateway to a VPN", "app", "onprem:tgw-1/of-vpn", "tcp 10.0.1.10:40000 > 10.5.0.9:443", true, 1, 1500, 8500},
	{"transit gateway to Direct Connect", "app", "onprem:tgw-1/of-dx", "tcp 10.0.1.10:40000 > 10.6.0.9:443", true, 1, 8500, 8500},
	{"VPN", "app", "onprem:vgw-1", "tcp 10.0.1.10:40000 > 10.4.0.9:443", true, 0, 1446, anySize},
	{"gateway endpoint", "app", "vpce-s3", "tcp 10.0.1.10:40000 > 203.0.113.9:443", true, 0, 8500, 8500},
	{"interface endpoint", "app", "vpce-sqs-b", "tcp 10.0.1.10:40000 > 10.0.5.10:443", false, 0, 0, 0},
	{"network load balancer", "app", "db", "tcp 10.0.1.10:40000 > 10.0.10.9:443", false, 0, 0, 0},
	{"Gateway Load Balancer endpoint", "app", "behind-gwlb", "tcp 10.0.1.10:40000 > 10.0.8.20:443", false, 0, 0, 0},
	{"middlebox", "app", "behind-fw", "tcp 10.0.1.10:40000 > 10.0.9.20:443", true, 0, 9001, 9001},
}
