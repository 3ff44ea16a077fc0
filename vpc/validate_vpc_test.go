package vpc

import (
	"net/netip"
	"testing"

	"github.com/vpcemu/vpcemu/routing"
)

var vpcRange = CodeVPCRange

// ranges replaces the ranges of lone, which has no subnets.
func ranges(cidrs ...string) func(*Network) {
	return func(n *Network) {
		lone := n.VPCs[2]
		lone.CIDRs = lone.parsePrefixes("VPC lone", cidrs, lone.Origin)
	}
}

func TestVPC1_PrimaryRangeIs16To28(t *testing.T) {
	netCases{
		{"/16", fine, ranges("10.8.0.0/16")},
		{"/28", fine, ranges("10.8.0.0/28")},
		{"/15", bad(vpcRange, "VPC-1"), ranges("10.8.0.0/15")},
		{"/29", bad(vpcRange, "VPC-1"), ranges("10.8.0.0/29")},
		{"none", bad(CodeMissing, "VPC-1"), ranges()},
		{"none in a partial listing", fine, func(n *Network) { ranges()(n); n.VPCs[2].Partial = true }},
		{"not a range", bad(CodeInvalidValue, "ERR-5"), func(n *Network) { ranges("10.8.0.0/16")(n); n.VPCs[2].CIDRs = append(n.VPCs[2].CIDRs, netip.Prefix{}) }},
	}.run(t)
}

func TestVPC2_HostBitsAreCleared(t *testing.T) {
	n := new(Network)
	v := n.AddVPC("v", "100.68.0.18/18")
	s := v.AddSubnet("s", "100.68.1.9/24")
	r := v.AddRouteTable("t").AddRoute("192.0.2.7/24", "blackhole").Routes[0]
	e := v.AddNetworkACL("a").AllowIn(1, "all", "192.0.2.7/24").Ingress[0]
	for _, p := range []struct{ got, want string }{
		{v.CIDRs[0].String(), "100.68.0.0/18"}, {s.CIDRs[0].String(), "100.68.1.0/24"},
		{r.Destination.String(), "192.0.2.0/24"}, {e.CIDR.String(), "192.0.2.0/24"},
	} {
		if p.got != p.want {
			t.Errorf("got %s, want %s", p.got, p.want)
		}
	}
	if err := n.Validate(); err != nil {
		t.Error(err)
	}
}

func TestVPC3_PublicRangesAreAccepted(t *testing.T) {
	netCases{
		{"RFC 6598", fine, ranges("100.64.0.0/16")},
		{"public", fine, ranges("8.8.0.0/16")},
	}.run(t)
}

func TestVPC4_NoLinkLocalRange(t *testing.T) {
	netCases{
		{"all of it", bad(vpcRange, "VPC-4"), ranges("169.254.0.0/16")},
		{"a part", bad(vpcRange, "VPC-4"), ranges("169.254.9.0/24")},
		{"before it", fine, ranges("169.253.0.0/16")},
		{"after it", fine, ranges("169.255.0.0/16")},
	}.run(t)
}

func TestVPC5_NoRangeWithoutUnicastUse(t *testing.T) {
	netCases{
		{"0/8", bad(vpcRange, "VPC-5"), ranges("0.255.0.0/16")},
		{"1/8", fine, ranges("1.0.0.0/16")},
		{"loopback", bad(vpcRange, "VPC-5"), ranges("127.0.0.0/16")},
		{"before loopback", fine, ranges("126.255.0.0/16")},
		{"multicast", bad(vpcRange, "VPC-5"), ranges("224.0.0.0/16")},
		{"before multicast", fine, ranges("223.255.0.0/16")},
		{"class E", bad(vpcRange, "VPC-5"), ranges("255.0.0.0/16")},
	}.run(t)
}

func TestVPC6_SecondaryRanges(t *testing.T) {
	netCases{
		{"/15", bad(vpcRange, "VPC-6"), ranges("10.8.0.0/16", "10.10.0.0/15")},
		{"/29", bad(vpcRange, "VPC-6"), ranges("10.8.0.0/16", "10.10.0.0/29")},
		{"next to the primary", fine, ranges("10.8.0.0/16", "10.9.0.0/16")},
		{"inside the primary", bad(vpcRange, "VPC-6"), ranges("10.8.0.0/16", "10.8.3.0/24")},
		{"around the primary", bad(vpcRange, "VPC-6"), ranges("10.8.3.0/24", "10.8.0.0/16")},
		{"equal", bad(vpcRange, "VPC-6"), ranges("10.8.0.0/16", "10.8.0.0/16")},
		{"IPv6 equal", bad(vpcRange, "VPC-6"), ranges("10.8.0.0/16", "2001:db8::/56", "2001:db8::/56")},
		{"third inside the first", bad(vpcRange, "VPC-6"), ranges("10.8.0.0/16", "10.7.0.0/16", "10.8.9.0/24")},
	}.run(t)
}

func TestVPC7_Ten(t *testing.T) {
	netCases{
		{"172.16/12", bad(vpcRange, "VPC-7"), ranges("10.8.0.0/16", "172.16.0.0/16")},
		{"after 172.16/12", fine, ranges("10.8.0.0/16", "172.32.0.0/16")},
		{"192.168/16", bad(vpcRange, "VPC-7"), ranges("10.8.0.0/16", "192.168.1.0/24")},
		{"198.19/16", bad(vpcRange, "VPC-7"), ranges("10.8.0.0/16", "198.19.0.0/16")},
		{"198.18/16", fine, ranges("10.8.0.0/16", "198.18.0.0/16")},
	}.run(t)
}

func TestVPC8_OneSevenTwo(t *testing.T) {
	netCases{
		{"10/8", bad(vpcRange, "VPC-8"), ranges("172.16.0.0/16", "10.1.0.0/16")},
		{"192.168/16", bad(vpcRange, "VPC-8"), ranges("172.16.0.0/16", "192.168.0.0/16")},
		{"172.31/16", bad(vpcRange, "VPC-8"), ranges("172.16.0.0/16", "172.31.0.0/24")},
		{"172.30/16", fine, ranges("172.16.0.0/16", "172.30.0.0/24")},
		{"198.19/16", bad(vpcRange, "VPC-8"), ranges("172.16.0.0/16", "198.19.0.0/16")},
		{"a default VPC adds 172.30/16", fine, ranges("172.31.0.0/16", "172.30.0.0/16")},
	}.run(t)
}

func TestVPC9_OneNineTwo(t *testing.T) {
	netCases{
		{"10/8", bad(vpcRange, "VPC-9"), ranges("192.168.0.0/20", "10.1.0.0/16")},
		{"172.16/12", bad(vpcRange, "VPC-9"), ranges("192.168.0.0/20", "172.20.0.0/16")},
		{"198.19/16", bad(vpcRange, "VPC-9"), ranges("192.168.0.0/20", "198.19.0.0/16")},
		{"more of its own", fine, ranges("192.168.0.0/20", "192.168.16.0/20")},
	}.run(t)
}

func TestVPC10_PublicAnd198_19(t *testing.T) {
	netCases{
		{"198.19 adds 10/8", bad(vpcRange, "VPC-10"), ranges("198.19.0.0/20", "10.1.0.0/16")},
		{"198.19 adds 172.16/12", bad(vpcRange, "VPC-10"), ranges("198.19.0.0/20", "172.16.0.0/16")},
		{"198.19 adds 192.168/16", bad(vpcRange, "VPC-10"), ranges("198.19.0.0/20", "192.168.0.0/16")},
		{"198.19 adds 100.64/10", fine, ranges("198.19.0.0/20", "100.64.0.0/16")},
		{"public adds 10/8", bad(vpcRange, "VPC-10"), ranges("8.8.0.0/16", "10.1.0.0/16")},
		{"public adds 198.19", bad(vpcRange, "VPC-10"), ranges("8.8.0.0/16", "198.19.0.0/20")},
		{"public adds public", fine, ranges("8.8.0.0/16", "9.9.0.0/16")},
		{"100.64 adds 192.168/16", bad(vpcRange, "VPC-10"), ranges("100.64.0.0/16", "192.168.0.0/16")},
		{"100.64 adds 172.16/12", bad(vpcRange, "VPC-10"), ranges("100.64.0.0/16", "172.16.0.0/16")},
		{"100.64 adds public", fine, ranges("100.64.0.0/16", "8.8.0.0/16")},
	}.run(t)
}

func TestVPC11_AnyMayAddPublicAnd100_64(t *testing.T) {
	netCases{
		{"10/8", fine, ranges("10.8.0.0/16", "100.64.0.0/16", "8.8.0.0/16")},
		{"and then more of its own", fine, ranges("10.8.0.0/16", "100.64.0.0/16", "10.9.0.0/16")},
		{"172.16/12", fine, ranges("172.16.0.0/16", "100.64.0.0/16")},
		{"IPv6 is no matter", fine, ranges("2001:db8::/56", "10.8.0.0/16", "2001:db8:1::/56")},
	}.run(t)
}

func TestVPC12_TenZero(t *testing.T) {
	netCases{
		{"10.1 adds 10.0", bad(vpcRange, "VPC-12"), ranges("10.1.0.0/16", "10.0.0.0/24")},
		{"10.2 adds 10.0", fine, ranges("10.2.0.0/16", "10.0.0.0/24")},
		{"10.0 adds 10.1", fine, ranges("10.0.0.0/16", "10.1.0.0/24")},
	}.run(t)
}

// TestVPC13_RangeAroundARoute: of a route for the VPC's own addresses to what is
// no middlebox, one cannot tell whether it or a secondary range came first; a
// primary range was there before any route.
func TestVPC13_RangeAroundARoute(t *testing.T) {
	second := func(destination, target string) func(*VPC) {
		return func(v *VPC) {
			v.CIDRs = append(v.CIDRs, cidr("10.20.0.0/24"))
			gateway(v, routing.VPNGateway, "vgw-1")
			v.rt().AddRoute(destination, target)
		}
	}
	cases{
		{"equal", bad(vpcRange, "VPC-13"), second("10.20.0.0/24", "vgw-1")},
		{"larger", bad(vpcRange, "VPC-13"), second("10.20.0.0/25", "vgw-1")},
		{"smaller", fine, second("10.20.0.0/23", "vgw-1")},
		{"primary", bad(CodeInvalidValue, "RT-9"), second("10.0.0.0/16", "vgw-1")},
		{"a middlebox", fine, second("10.20.0.0/24", "app-1")},
		{"a propagated route", fine, func(v *VPC) {
			second("10.20.0.0/24", "vgw-1")(v)
			v.rt().Routes[0].Source = routing.VPNDynamic
		}},
	}.run(t)
}

func TestVPC17_IPv6Sizes(t *testing.T) {
	netCases{
		{"/44", fine, ranges("10.8.0.0/16", "2001:db8::/44")},
		{"/60", fine, ranges("10.8.0.0/16", "2001:db8::/60")},
		{"/57", bad(vpcRange, "VPC-17"), ranges("10.8.0.0/16", "2001:db8::/57")},
		{"/40", bad(vpcRange, "VPC-17"), ranges("10.8.0.0/16", "2001:d00::/40")},
		{"/64", bad(vpcRange, "VPC-17"), ranges("10.8.0.0/16", "2001:db8::/64")},
	}.run(t)
}

func TestVPC18_AlwaysIPv4(t *testing.T) {
	netCases{
		{"IPv6 alone", bad(CodeMissing, "VPC-18"), ranges("2001:db8::/56")},
		{"with IPv4", fine, ranges("2001:db8::/56", "10.8.0.0/16")},
	}.run(t)
}

// TestVPC22_Defaults: what the VPC names as its defaults must be there.
func TestVPC22_Defaults(t *testing.T) {
	cases{
		{"named", fine, func(v *VPC) { v.MainRouteTable, v.DefaultNetworkACL, v.DefaultSecurityGroup = "rt", "acl", "web" }},
		{"no such main table", bad(CodeRouteTableNotFound, "ERR-17"), func(v *VPC) { v.MainRouteTable = "gone" }},
		{"no such default ACL", bad(CodeNetworkACLNotFound, "ERR-36"), func(v *VPC) { v.DefaultNetworkACL = "gone" }},
		{"no such default group", bad(CodeGroupNotFound, "ERR-31"), func(v *VPC) { v.DefaultSecurityGroup = "gone" }},
		{"in a partial listing", fine, partial(func(v *VPC) {
			v.MainRouteTable, v.DefaultNetworkACL, v.DefaultSecurityGroup = "gone", "gone", "gone"
		})},
	}.run(t)
}

func TestIGW1_OneGatewayPerVPC(t *testing.T) {
	cases{
		{"a second one", bad(CodeInvalidValue, "IGW-1"), func(v *VPC) { v.AddInternetGateway("igw-2") }},
		{"that of another VPC", bad(CodeAlreadyAssociated, "IGW-1"), func(v *VPC) { v.InternetGateway = nil; v.AddInternetGateway("igw-peer") }},
	}.run(t)
	netCases{{"two that are called igw", fine, func(n *Network) {
		n.VPCs[0].InternetGateway.ID, n.VPCs[1].InternetGateway.ID = "igw", "igw"
	}}}.run(t)
}

func TestERR9_GatewayInAnUnknownSubnet(t *testing.T) {
	in := func(subnet string) func(*VPC) { return func(v *VPC) { v.Gateways[0].Subnet = subnet } }
	cases{
		{"known", fine, in("app")},
		{"unknown", bad(CodeSubnetNotFound, "ERR-9"), in("gone")},
		{"in a partial listing", fine, partial(in("gone"))},
	}.run(t)
}

func TestERR8_GatewayOfAnUnknownVPC(t *testing.T) {
	joins := func(vpcs ...string) func(*Network) { return func(n *Network) { n.Gateways[0].VPCs = vpcs } }
	netCases{
		{"known", fine, joins("main", "lone")},
		{"unknown", bad(CodeVPCNotFound, "ERR-8"), joins("main", "gone")},
		{"in a partial listing", fine, func(n *Network) { joins("main", "gone")(n); n.VPCs[2].Partial = true }},
	}.run(t)
}

func TestPCX3_OnePeeringPerPair(t *testing.T) {
	second := func(state string, vpcs ...string) func(*Network) {
		return func(n *Network) {
			n.Gateways = append(n.Gateways, &Gateway{Kind: routing.PeeringConnection, ID: "pcx-2", State: state, VPCs: vpcs, Origin: caller()})
		}
	}
	netCases{
		{"same pair", bad(CodePeeringExists, "PCX-3"), second("active", "main", "peer")},
		{"the other way round", bad(CodePeeringExists, "PCX-3"), second("", "peer", "main")},
		{"a deleted one", fine, second("deleted", "main", "peer")},
		{"another pair", fine, second("active", "main", "lone")},
	}.run(t)
}

func TestValidateInstances(t *testing.T) {
	set := func(i Instance) func(*VPC) {
		return func(v *VPC) { i.ID, i.Origin = "app", caller(); *v.Instances[0] = i }
	}
	cases{
		{"terminated", fine, set(Instance{State: Terminated})},
		{"no such state", bad(CodeInvalidValue, "ERR-5"), set(Instance{State: Terminated + 1})},
		{"SG-48 a limit", fine, set(Instance{TrackedFlows: 1})},
		{"SG-48 below zero", bad(CodeInvalidValue, "SG-48"), set(Instance{TrackedFlows: -1})},
	}.run(t)
	cases{
		{"gateway of the last kind", fine, func(v *VPC) { gateway(v, routing.UnknownTarget, "gw") }},
		{"gateway of no known kind", bad(CodeInvalidValue, "ERR-5"), func(v *VPC) { gateway(v, routing.UnknownTarget+1, "gw") }},
	}.run(t)
}
