package vpc

import (
	"fmt"
	"strings"
	"testing"

	"github.com/vpcemu/vpcemu/routing"
)

// limitCase is one limit and what is at it and above it. The sample is within
// all of them.
type limitCase struct {
	name   string
	want   want
	limits Limits
	change func(v *VPC)
}

func runLimits(t *testing.T, cs []limitCase) {
	t.Helper()
	for _, c := range cs {
		t.Run(c.name, func(t *testing.T) {
			n := sample()
			c.change(n.VPCs[0])
			checkErrors(t, n.CheckLimits(c.limits), c.want)
		})
	}
}

func same(*VPC) {}

func TestLIM_Defaults(t *testing.T) {
	table := Limits{
		VPCs: 5, Subnets: 200, IPv4CIDRs: 5, IPv6CIDRs: 5, RouteTables: 200, Routes: 500, PrefixLists: 100, PrefixListEntries: 1000,
		SecurityGroups: 2500, GroupRules: 60, InterfaceGroups: 5, GroupProduct: 1000, NetworkACLs: 200, ACLEntries: 20,
		VPNGateways: 5, VPNConnections: 10, CustomerGateways: 50, VPNRoutes: 100,
		InternetGateways: 5, NATGateways: 5, NATElasticIPs: 2, EgressOnly: 5, ElasticIPs: 5, Interfaces: 5000, Peerings: 50, PeeringRequests: 25, GatewayEndpoints: 20, GWLBEndpoints: 50, BlockExclusions: 50,
		TransitGateways: 5, TransitGatewaysPerVPC: 5, TransitAttachments: 5000, TransitRouteTables: 20, TransitRoutes: 10000, TransitPeerings: 50,
	}
	if DefaultLimits() != table {
		t.Errorf("got %+v, want the LIM table's %+v", DefaultLimits(), table)
	}
	if err := sample().CheckLimits(DefaultLimits()); err != nil {
		t.Error(err)
	}
	if err := big(10_000).CheckLimits(Limits{}); err != nil {
		t.Errorf("zero means no limit: %v", err)
	}
	checkErrors(t, big(5_000).CheckLimits(DefaultLimits()), fine)
	checkErrors(t, big(5_001).CheckLimits(DefaultLimits()), bad(CodeInterfaceLimit, "LIM-28"))
}

// TestValidateKnowsNoQuotas: they are adjustable.
func TestValidateKnowsNoQuotas(t *testing.T) {
	cases{{"six ranges", fine, func(v *VPC) {
		for k := range 6 {
			v.CIDRs = append(v.CIDRs, cidr(fmt.Sprintf("10.%d.0.0/16", 20+k)))
		}
	}}}.run(t)
}

func addRanges(format string, count int) func(*VPC) {
	return func(v *VPC) {
		for k := range count {
			v.CIDRs = append(v.CIDRs, cidr(fmt.Sprintf(format, 20+k)))
		}
	}
}

func TestVPC14_CIDRsPerVPC(t *testing.T) {
	runLimits(t, []limitCase{
		{"5 of IPv4", fine, DefaultLimits(), addRanges("10.%d.0.0/16", 4)},
		{"6 of IPv4", bad(CodeCIDRLimit, "VPC-14"), DefaultLimits(), addRanges("10.%d.0.0/16", 5)},
		{"6 of IPv4, raised", fine, Limits{IPv4CIDRs: 50}, addRanges("10.%d.0.0/16", 5)},
		{"VPC-17 5 of IPv6", fine, DefaultLimits(), addRanges("2001:db8:%d::/56", 4)},
		{"VPC-17 6 of IPv6", bad(CodeCIDRLimit, "VPC-17"), DefaultLimits(), addRanges("2001:db8:%d::/56", 5)},
	})
}

func routes(format string, count int) func(*VPC) {
	return func(v *VPC) {
		for k := range count {
			v.rt().AddRoute(fmt.Sprintf(format, k), "igw")
		}
	}
}

func TestRT54_RoutesPerTable(t *testing.T) {
	three := Limits{Routes: 3}
	runLimits(t, []limitCase{
		{"3", fine, three, routes("10.1.%d.0/24", 3)},
		{"4", bad(CodeRouteLimit, "RT-54"), three, routes("10.1.%d.0/24", 4)},
		{"3 and 3 of IPv6", fine, three, both(routes("10.1.%d.0/24", 3), routes("2001:db8:%d::/48", 3))},
		{"4 of IPv6", bad(CodeRouteLimit, "RT-54"), three, routes("2001:db8:%d::/48", 4)},
		{"the default", fine, DefaultLimits(), routes("2001:db8:%d::/48", 500)},
		{"more than the default", bad(CodeRouteLimit, "RT-54"), DefaultLimits(), routes("2001:db8:%d::/48", 501)},
		{"local ones do not count", fine, three, both(routes("10.1.%d.0/24", 3), routeTo("10.0.0.0/16", "local"))},
		{"propagated ones do not count", fine, three, both(routes("10.1.%d.0/24", 3),
			route(routing.Route{Destination: cidr("10.9.0.0/16"), Source: routing.VPNDynamic}))},
		{"a list of one", fine, three, both(routes("10.1.%d.0/24", 2), routeTo("pl-s3", "vpce-s3"))},
		{"a list of one too many", bad(CodeRouteLimit, "RT-54"), three, both(routes("10.1.%d.0/24", 3), routeTo("pl-s3", "vpce-s3"))},
	})
	n := sample()
	n.PrefixLists[0].MaxEntries = 4
	routeTo("pl-s3", "vpce-s3")(n.VPCs[0])
	checkErrors(t, n.CheckLimits(three), bad(CodeRouteLimit, "RT-54"))
}

func TestRT56_RouteTablesPerVPC(t *testing.T) {
	runLimits(t, []limitCase{
		{"with the main one", fine, Limits{RouteTables: 2}, same},
		{"one more", bad(CodeRouteTableLimit, "RT-56"), Limits{RouteTables: 2}, func(v *VPC) { v.AddRouteTable("two") }},
		{"one more, and the main one is among them", fine, Limits{RouteTables: 2}, func(v *VPC) { v.AddRouteTable("two"); v.MainRouteTable = "rt" }},
	})
}

// rules adds inbound rules to web, which has one of IPv4.
func rules(format string, count int) func(*VPC) {
	return func(v *VPC) {
		for k := range count {
			v.web().AllowIn("all", fmt.Sprintf(format, k))
		}
	}
}

func TestSG55_RulesPerGroup(t *testing.T) {
	runLimits(t, []limitCase{
		{"60", fine, DefaultLimits(), rules("10.1.%d.0/24", 59)},
		{"61", bad(CodeRuleLimit, "SG-55"), DefaultLimits(), rules("10.1.%d.0/24", 60)},
		{"60 of each family", fine, DefaultLimits(), both(rules("10.1.%d.0/24", 59), rules("2001:db8:%d::/48", 60))},
		{"61 of IPv6", bad(CodeRuleLimit, "SG-55"), DefaultLimits(), rules("2001:db8:%d::/48", 61)},
		{"61 outbound", bad(CodeRuleLimit, "SG-55"), DefaultLimits(), func(v *VPC) {
			for k := range 60 {
				v.web().AllowOut(fmt.Sprint("tcp/", k), "10.0.0.0/8")
			}
		}},
	})
}

func TestSG56_RuleWeights(t *testing.T) {
	list := func(max int, entries ...string) func(n *Network) {
		return func(n *Network) {
			n.AddPrefixList("pl-x", entries...).MaxEntries = max
			n.VPCs[0].web().AllowIn("all", "pl-x")
		}
	}
	two := Limits{GroupRules: 2}
	for _, c := range []struct {
		name   string
		want   want
		limits Limits
		change func(*Network)
	}{
		{"a group counts in IPv4", fine, two, func(n *Network) { in("all", "web")(n.VPCs[0]) }},
		{"two groups are too many beside a CIDR", bad(CodeRuleLimit, "IPv4"), two, func(n *Network) { both(in("all", "web"), in("tcp", "web"))(n.VPCs[0]) }},
		{"a group counts in IPv6", bad(CodeRuleLimit, "IPv6"), two, func(n *Network) {
			n.VPCs[0].web().RemoveIn("tcp/443", "0.0.0.0/0")
			both(in("all", "web"), rules("2001:db8:%d::/48", 2))(n.VPCs[0])
		}},
		{"a list by its maximum", bad(CodeRuleLimit, "IPv4"), two, list(2, "10.0.0.0/8")},
		{"a list of its maximum", fine, two, list(1, "10.0.0.0/8")},
		{"a list by its entries", bad(CodeRuleLimit, "IPv4"), two, list(0, "10.0.0.0/8", "11.0.0.0/8")},
		{"a list of IPv6", fine, two, list(2, "2001:db8::/32")},
		{"a list that is not described", fine, two, func(n *Network) { in("all", "pl-gone")(n.VPCs[0]) }},
		{"two of them", bad(CodeRuleLimit, "IPv4"), two, func(n *Network) { both(in("all", "pl-gone"), in("tcp", "pl-gone"))(n.VPCs[0]) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			n := sample()
			c.change(n)
			checkErrors(t, n.CheckLimits(c.limits), c.want)
		})
	}
}

func TestSG57_GroupsPerInterface(t *testing.T) {
	groups := func(count int) func(*VPC) {
		return func(v *VPC) { v.app().Groups = make([]string, count) }
	}
	runLimits(t, []limitCase{
		{"5", fine, DefaultLimits(), groups(5)},
		{"6", bad(CodeInterfaceGroupLimit, "SG-57"), DefaultLimits(), groups(6)},
		{"16, raised", fine, Limits{GroupRules: 62, InterfaceGroups: 16, GroupProduct: 1000}, groups(16)},
	})
	n := new(Network)
	es, _ := n.CheckLimits(Limits{GroupRules: 63, InterfaceGroups: 16, GroupProduct: 1000}).(Errors)
	if len(es) != 1 || es[0].Code != CodeInvalidValue {
		t.Errorf("63 rules times 16 groups: got %v", es)
	}
}

func TestACL18_EntriesPerACL(t *testing.T) {
	entries := func(in, out int) func(*VPC) {
		return func(v *VPC) {
			a := v.AddNetworkACL("many")
			for k := range in {
				a.AllowIn(k+1, "all", "0.0.0.0/0")
			}
			for k := range out {
				a.AllowOut(k+1, "all", "0.0.0.0/0")
			}
		}
	}
	runLimits(t, []limitCase{
		{"19 and the final one", fine, DefaultLimits(), entries(19, 19)},
		{"20 and the final one", bad(CodeEntryLimit, "ACL-18"), DefaultLimits(), entries(20, 0)},
		{"20 outbound and the final one", bad(CodeEntryLimit, "ACL-18"), DefaultLimits(), entries(0, 20)},
		{"39, raised", fine, Limits{ACLEntries: 40}, entries(39, 39)},
	})
}

// TestLIM1_LIM2_…_Counts: every other limit, at what the sample has and one below.
func TestLIM1_LIM2_LIM11_LIM12_LIM15_LIM18_LIM21_LIM27_LIM28_LIM32_LIM33_Counts(t *testing.T) {
	all := func(v *VPC) {
		v.Gateways[0].Subnet = "app"
		v.app().Addresses[0].Public, v.app().Addresses[0].Elastic = ip("203.0.113.1"), true
		v.Gateways[0].Addresses = []Address{{Public: ip("203.0.113.2"), Elastic: true}}
		gateway(v, routing.NATGateway, "nat-2").Subnet = "app"
		gateway(v, routing.NATGateway, "nat-3").Subnet = "db"
	}
	for _, c := range []struct {
		name     string
		at, over Limits
		want     want
	}{
		{"LIM-1 VPCs", Limits{VPCs: 3}, Limits{VPCs: 2}, bad(CodeVPCLimit, "LIM-1")},
		{"LIM-2 subnets", Limits{Subnets: 2}, Limits{Subnets: 1}, bad(CodeSubnetLimit, "LIM-2")},
		{"LIM-11 prefix list entries", Limits{PrefixListEntries: 3}, Limits{PrefixListEntries: 2}, bad(CodePrefixListEntries, "LIM-11")},
		{"LIM-12 security groups", Limits{SecurityGroups: 3}, Limits{SecurityGroups: 2}, bad(CodeGroupLimit, "LIM-12")},
		{"LIM-15 network ACLs", Limits{NetworkACLs: 2}, Limits{NetworkACLs: 1}, bad(CodeNetworkACLLimit, "LIM-15")},
		{"LIM-18 internet gateways", Limits{InternetGateways: 2}, Limits{InternetGateways: 1}, bad(CodeInternetGatewayLimit, "LIM-18")},
		{"LIM-21 NAT gateways of a zone", Limits{NATGateways: 2}, Limits{NATGateways: 1}, bad(CodeNATGatewayLimit, "LIM-21")},
		{"LIM-27 Elastic IPs", Limits{ElasticIPs: 2}, Limits{ElasticIPs: 1}, bad(CodeAddressLimit, "LIM-27")},
		{"LIM-28 interfaces", Limits{Interfaces: 3}, Limits{Interfaces: 2}, bad(CodeInterfaceLimit, "LIM-28")},
		{"LIM-32 gateway endpoints", Limits{GatewayEndpoints: 2}, Limits{GatewayEndpoints: 1}, bad(CodeEndpointLimit, "LIM-32")},
		{"LIM-33 Gateway Load Balancer endpoints", Limits{GWLBEndpoints: 2}, Limits{GWLBEndpoints: 1}, bad(CodeEndpointLimit, "LIM-33")},
	} {
		t.Run(c.name, func(t *testing.T) {
			n := sample()
			all(n.VPCs[0])
			n.PrefixLists[0].MaxEntries = 3
			n.VPCs[0].AddNetworkACL("two")
			gateway(n.VPCs[0], routing.GatewayEndpoint, "vpce-2")
			gateway(n.VPCs[0], routing.GWLBEndpoint, "vpce-3")
			checkErrors(t, n.CheckLimits(c.at), fine)
			checkErrors(t, n.CheckLimits(c.over), c.want)
		})
	}
	n := sample()
	n.VPCs[1].Region = "eu-west-1"
	checkErrors(t, n.CheckLimits(Limits{VPCs: 2}), fine) // per Region
}

// TestLIM21_ZonesOfARegion: the VPCs of one account and Region share its zones;
// others have zones of their own, and so has every zone.
func TestLIM21_ZonesOfARegion(t *testing.T) {
	network := func(change func(w *VPC)) *Network {
		n := new(Network)
		for _, id := range []string{"v", "w"} {
			v := n.AddVPC(id, "10.0.0.0/16")
			v.AddSubnet("s", "10.0.1.0/24").Zone = "a"
			for _, nat := range []string{"nat-1", "nat-2"} {
				gateway(v, routing.NATGateway, nat).Subnet = "s"
			}
		}
		change(n.VPCs[1])
		return n
	}
	for _, c := range []struct {
		name   string
		want   want
		change func(w *VPC)
	}{
		{"one zone", bad(CodeNATGatewayLimit, "has 4 NAT gateways, more than 3 (LIM-21)"), func(*VPC) {}},
		{"two zones", fine, func(w *VPC) { w.Subnets[0].Zone = "b" }},
		{"two Regions", fine, func(w *VPC) { w.Region = "eu-west-1" }},
		{"two accounts", fine, func(w *VPC) { w.Account = "111122223333" }},
	} {
		t.Run(c.name, func(t *testing.T) {
			checkErrors(t, network(c.change).CheckLimits(Limits{NATGateways: 3}), c.want)
		})
	}
	for _, u := range network(func(*VPC) {}).Usage(Limits{NATGateways: 3}) {
		if u.Rule == "LIM-21" && (u.Used != 4 || u.Resource != "zone a of the Region of VPC v" || !u.Over()) {
			t.Errorf("got %+v", u)
		}
	}
}

func TestLIM30_PeeringsPerVPC(t *testing.T) {
	n := sample()
	n.Gateways = append(n.Gateways, &Gateway{ID: "pcx-2", Kind: routing.PeeringConnection, VPCs: []string{"main", "lone"}})
	checkErrors(t, n.CheckLimits(Limits{Peerings: 2}), fine)
	checkErrors(t, n.CheckLimits(Limits{Peerings: 1}), bad(CodePeeringLimit, "LIM-30"))
	n.Gateways[1].State = "deleted"
	checkErrors(t, n.CheckLimits(Limits{Peerings: 1}), fine)
}

func TestLIM11_PrefixLists(t *testing.T) {
	n := sample()
	n.AddPrefixList("pl-two", "10.0.0.0/8", "11.0.0.0/8")
	if err := n.CheckLimits(Limits{PrefixLists: 2}); err != nil {
		t.Error(err)
	}
	if es, _ := n.CheckLimits(Limits{PrefixLists: 1}).(Errors); len(es) != 1 || es[0].Code != CodePrefixListLimit {
		t.Errorf("two lists of one: got %v", es)
	}
	declares := func(max int, unknown string) func(*Network) {
		return func(n *Network) {
			n.AddPrefixList("pl-x", "10.0.0.0/8", "11.0.0.0/8")
			n.PrefixLists[1].MaxEntries, n.PrefixLists[1].Unknown = max, unknown
		}
	}
	netCases{
		{"declares its size", fine, declares(2, "")},
		{"declares less", bad(CodePrefixListEntries, "LIM-11"), declares(1, "")},
		{"declares none", fine, declares(0, "")},
		{"is not understood", fine, declares(1, "odd")},
	}.run(t)
}

// TestRegionalQuotas: they count by account and Region, and are said of the first VPC there.
func TestRegionalQuotas(t *testing.T) {
	for _, c := range []struct{ name, account, region, want string }{
		{"in one", "1", "eu-west-1", "the Region of VPC first"},
		{"in two Regions", "1", "eu-west-2", ""},
		{"of two accounts", "2", "eu-west-1", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			var n Network
			for k, v := range []*VPC{n.AddVPC("first", "10.0.0.0/16"), n.AddVPC("second", "10.1.0.0/16")} {
				v.Account, v.Region = "1", "eu-west-1"
				if k == 1 {
					v.Account, v.Region = c.account, c.region
				}
				v.AddInternetGateway("igw")
				v.Gateways = append(v.Gateways, &Gateway{ID: "vgw", Kind: routing.VPNGateway})
			}
			for _, l := range []Limits{{VPCs: 1}, {VPNGateways: 1}} {
				err := n.CheckLimits(l)
				if got := fmt.Sprint(err); (err != nil) != (c.want != "") || !strings.Contains(got, c.want) {
					t.Errorf("got %s, want %q", got, c.want)
				}
			}
		})
	}
}
