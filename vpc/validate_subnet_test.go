package vpc

import (
	"net/netip"
	"testing"
)

func subnet(cidrs ...string) func(*VPC) {
	return func(v *VPC) { v.AddSubnet("new", cidrs...) }
}

func TestSUB1_SizeAndPlace(t *testing.T) {
	cases{
		{"/28", fine, subnet("10.0.3.0/28")},
		{"/29", bad(CodeSubnetRange, "SUB-1"), subnet("10.0.3.0/29")},
		{"/15", bad(CodeSubnetRange, "SUB-1"), subnet("10.2.0.0/15")},
		{"outside", bad(CodeSubnetRange, "SUB-1"), subnet("10.1.0.0/24")},
		{"last of the VPC", fine, subnet("10.0.255.0/24")},
		{"in two ranges that touch", bad(CodeSubnetRange, "SUB-1"), func(v *VPC) {
			v.CIDRs = append(v.CIDRs, cidr("10.30.0.0/24"), cidr("10.30.1.0/24"))
			v.AddSubnet("new", "10.30.0.0/23")
		}},
		{"in a secondary range", fine, func(v *VPC) {
			v.CIDRs = append(v.CIDRs, cidr("10.30.0.0/24"))
			v.AddSubnet("new", "10.30.0.0/24")
		}},
		{"IPv6 outside", bad(CodeSubnetRange, "SUB-1"), subnet("10.0.3.0/24", "2001:db8:0:1301::/64")},
		{"not a range", bad(CodeInvalidValue, "ERR-5"), func(v *VPC) { v.AddSubnet("new").CIDRs = []netip.Prefix{{}} }},
		{"two IPv4 ranges", bad(CodeInvalidCombination, "ERR-6"), subnet("10.0.3.0/24", "10.0.4.0/24")},
		{"a partial listing without IPv6 CIDRs", fine, partial(func(v *VPC) {
			v.CIDRs = v.CIDRs[:1]
		})},
		{"a partial listing with other CIDRs", bad(CodeSubnetRange, "SUB-1"), partial(subnet("10.1.0.0/24"))},
	}.run(t)
}

func TestSUB2_SubnetsMustNotOverlap(t *testing.T) {
	cases{
		{"equal", bad(CodeSubnetConflict, "SUB-2"), subnet("10.0.1.0/24")},
		{"inside", bad(CodeSubnetConflict, "SUB-2"), subnet("10.0.1.128/25")},
		{"around", bad(CodeSubnetConflict, "SUB-2"), subnet("10.0.2.0/23")},
		{"side by side", fine, subnet("10.0.0.0/24")},
		{"IPv6 equal", bad(CodeSubnetConflict, "SUB-2"), subnet("10.0.3.0/24", "2001:db8:0:1201::/64")},
		{"IPv6 side by side", fine, subnet("10.0.3.0/24", "2001:db8:0:1202::/64")},
	}.run(t)
}

// TestSUB2_TheLaterOneIsWrong: the error is about the subnet written later, even
// if its address is lower.
func TestSUB2_TheLaterOneIsWrong(t *testing.T) {
	n := sample()
	late := n.VPCs[0].AddSubnet("late", "10.0.0.0/23")
	es, _ := n.Validate().(Errors)
	if len(es) != 1 || es[0].Element != late {
		t.Errorf("got %v, want one error about %s", es, late.ID)
	}
}

func TestSUB3_AsLargeAsTheVPC(t *testing.T) {
	netCases{{"all of it", fine, func(n *Network) { n.VPCs[2].AddSubnet("all", "10.8.0.0/16") }}}.run(t)
}

func TestSUB4_OneZonePerInstance(t *testing.T) {
	second := func(zone string) func(*VPC) {
		return func(v *VPC) { v.Subnets[1].InZone(zone).AddInterface("app-2", "").AttachTo("app") }
	}
	cases{
		{"same zone", fine, second("a")},
		{"another zone", bad(CodeInvalidValue, "SUB-4"), second("b")},
		{"not said", fine, second("")},
		{"an instance known by name", bad(CodeInvalidValue, "SUB-4"), func(v *VPC) {
			v.Instances[0].Name = "first"
			v.Subnets[1].AddInterface("app-2", "").AttachTo("first")
		}},
		{"detached", fine, func(v *VPC) {
			second("b")(v)
			v.Subnets[1].Interfaces[1].Detached = true
		}},
	}.run(t)
}

// at gives app's next interface an address.
func at(address string) func(*VPC) {
	return func(v *VPC) { v.Subnets[0].AddInterface("new", address) }
}

func TestSUB5_FiveAddressesAreReserved(t *testing.T) {
	reserved := bad(CodeInvalidValue, "SUB-5")
	cases{
		{"base", reserved, at("10.0.1.0")},
		{"router", reserved, at("10.0.1.1")},
		{"DNS", reserved, at("10.0.1.2")},
		{"future use", reserved, at("10.0.1.3")},
		{"first free one", fine, at("10.0.1.4")},
		{"last free one", fine, at("10.0.1.254")},
		{"broadcast", reserved, at("10.0.1.255")},
		{"inside, but like a base address", fine, func(v *VPC) {
			v.AddSubnet("wide", "10.0.8.0/22").AddInterface("new", "10.0.9.0")
		}},
	}.run(t)
}

func TestSUB6_InSecondaryRangesToo(t *testing.T) {
	second := func(address string) func(*VPC) {
		return func(v *VPC) {
			v.CIDRs = append(v.CIDRs, cidr("10.30.0.0/24"))
			v.AddSubnet("new", "10.30.0.0/28").AddInterface("new", address)
		}
	}
	cases{
		{"broadcast", bad(CodeInvalidValue, "SUB-5"), second("10.30.0.15")},
		{"last free one", fine, second("10.30.0.14")},
	}.run(t)
}

func TestSUB8_IPv6Sizes(t *testing.T) {
	six := func(s string) func(*VPC) {
		return func(v *VPC) {
			v.CIDRs = append(v.CIDRs, cidr("2001:db8:8000::/44"))
			v.AddSubnet("new", s)
		}
	}
	cases{
		{"/44", fine, six("2001:db8:8000::/44")},
		{"/60", fine, six("2001:db8:8000::/60")},
		{"/64", fine, six("2001:db8:8000::/64")},
		{"/65", bad(CodeSubnetRange, "SUB-8"), six("2001:db8:8000::/65")},
		{"/62", bad(CodeSubnetRange, "SUB-8"), six("2001:db8:8000::/62")},
		{"/40", bad(CodeSubnetRange, "SUB-8"), six("2001:db8:8000::/40")},
	}.run(t)
}

func TestSUB9_IPv6Reserved(t *testing.T) {
	cases{
		{"base", bad(CodeInvalidValue, "SUB-5"), at("2001:db8:0:1201::")},
		{"router", bad(CodeInvalidValue, "SUB-12"), at("2001:db8:0:1201::1")},
		{"third", bad(CodeInvalidValue, "SUB-5"), at("2001:db8:0:1201::3")},
		{"first free one", fine, at("2001:db8:0:1201::4")},
		{"all ones", bad(CodeInvalidValue, "SUB-5"), at("2001:db8:0:1201:ffff:ffff:ffff:ffff")},
		{"before all ones", fine, at("2001:db8:0:1201:ffff:ffff:ffff:fffe")},
	}.run(t)
}

func TestSUB12_NoInterfaceOnTheRouter(t *testing.T) {
	cases{
		{"router", bad(CodeInvalidValue, "SUB-12"), at("10.0.1.1")},
		{"beside it", fine, at("10.0.1.4")},
	}.run(t)
}

func TestSUB10_NoIPv4InAnIPv6OnlySubnet(t *testing.T) {
	only := func(address string) func(*VPC) {
		return func(v *VPC) { v.AddSubnet("six", "2001:db8:0:1203::/64").AddInterface("new", address) }
	}
	cases{
		{"IPv4", bad(CodeInvalidValue, "ENI-12"), only("10.0.3.10")},
		{"IPv6", fine, only("2001:db8:0:1203::10")},
	}.run(t)
}

func TestERR17_SubnetWithAnUnknownRouteTable(t *testing.T) {
	cases{
		{"unknown", bad(CodeRouteTableNotFound, "ERR-17"), func(v *VPC) { v.Subnets[1].UseRouteTable("gone") }},
		{"by name", fine, func(v *VPC) { v.rt().Name = "table"; v.Subnets[1].UseRouteTable("table") }},
		{"in a partial listing", fine, partial(func(v *VPC) { v.Subnets[1].UseRouteTable("gone") })},
	}.run(t)
	edge := func(table string) func(*VPC) { return func(v *VPC) { v.InternetGateway.RouteTable = table } }
	cases{
		{"of the gateway", bad(CodeRouteTableNotFound, "ERR-17"), edge("gone")},
		{"of the gateway, known", fine, edge("rt")},
		{"of the gateway, partial", fine, partial(edge("gone"))},
	}.run(t)
}

func TestERR36_SubnetWithAnUnknownNetworkACL(t *testing.T) {
	cases{
		{"unknown", bad(CodeNetworkACLNotFound, "ERR-36"), func(v *VPC) { v.Subnets[1].UseNetworkACL("gone") }},
		{"known", fine, func(v *VPC) { v.Subnets[1].UseNetworkACL("acl") }},
		{"in a partial listing", fine, partial(func(v *VPC) { v.Subnets[1].UseNetworkACL("gone") })},
	}.run(t)
}
