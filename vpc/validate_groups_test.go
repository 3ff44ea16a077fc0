package vpc

import (
	"strings"
	"testing"

	"github.com/vpcemu/vpcemu/firewall"
	"github.com/vpcemu/vpcemu/routing"
)

var everyone = firewall.Peer{Prefix: cidr("0.0.0.0/0")}

// Protocols by number, as a service made by hand has them.
const icmp, tcp, udp, icmpv6 = 1, 6, 17, 58

// service is an inbound rule from everyone that differs from the sample's.
func service(protocol, from, to int) func(*VPC) {
	return allow(firewall.Rule{Service: firewall.Service{Protocol: protocol, From: from, To: to}, Peer: everyone})
}

func in(svc, peer string) func(*VPC) { return func(v *VPC) { v.web().AllowIn(svc, peer) } }

func TestSG5_NoGroupMeansTheDefault(t *testing.T) {
	cases{
		{"none", fine, func(v *VPC) { v.app().Groups = nil }},
		{"an unknown one", bad(CodeGroupNotFound, "SG-60"), func(v *VPC) { v.app().Groups = []string{"gone"} }},
	}.run(t)
}

func TestSG9_OtherProtocolsIgnorePorts(t *testing.T) {
	cases{
		{"ports of ESP", fine, service(50, 70000, -5)},
		{"ports of all", fine, service(firewall.AllProtocols, 70000, -5)},
		{"the same ESP rule", bad(CodeRuleDuplicate, "SG-54"), both(service(50, 1, 2), service(50, 3, 4))},
		{"the same rule for all", bad(CodeRuleDuplicate, "SG-54"), both(service(-1, -1, -1), service(-1, 0, 65535))},
	}.run(t)
}

func TestSG10_PortRange(t *testing.T) {
	cases{
		{"all ports", fine, service(tcp, 0, 65535)},
		{"one port", fine, service(udp, 53, 53)},
		{"port 0", fine, service(tcp, 0, 0)},
		{"reversed", bad(CodeInvalidValue, "SG-10"), service(tcp, 81, 80)},
		{"missing", bad(CodeInvalidValue, "SG-10"), service(udp, -1, -1)},
		{"too high", bad(CodeInvalidValue, "SG-10"), service(tcp, 80, 65536)},
		{"too low", bad(CodeInvalidValue, "SG-10"), service(tcp, -1, 80)},
	}.run(t)
}

func TestSG11_ICMPTypeAndCode(t *testing.T) {
	cases{
		{"any", fine, service(icmp, -1, -1)},
		{"a type", fine, service(icmp, 8, -1)},
		{"a type and a code", fine, service(icmp, 3, 4)},
		{"ICMPv6", fine, service(icmpv6, 128, 0)},
		{"a code without a type", bad(CodeInvalidValue, "SG-11"), service(icmp, -1, 0)},
		{"a code of ICMPv6 without a type", bad(CodeInvalidValue, "SG-11"), service(icmpv6, -1, 0)},
		{"type 256", bad(CodeInvalidValue, "SG-11"), service(icmp, 256, -1)},
		{"code 256", bad(CodeInvalidValue, "SG-11"), service(icmp, 3, 256)},
		{"type -2", bad(CodeInvalidValue, "SG-11"), service(icmp, -2, -2)},
	}.run(t)
}

func TestERR5_Protocols(t *testing.T) {
	cases{
		{"255", fine, service(255, 0, 0)},
		{"256", bad(CodeInvalidValue, "ERR-5"), service(256, 0, 0)},
		{"-1", fine, service(-1, 0, 0)},
		{"-2", bad(CodeInvalidValue, "ERR-5"), service(-2, 0, 0)},
	}.run(t)
}

func TestERR6_OnePeerPerRule(t *testing.T) {
	peer := func(p firewall.Peer) func(*VPC) { return allow(firewall.Rule{Service: firewall.All, Peer: p}) }
	cases{
		{"a CIDR", fine, peer(everyone)},
		{"a group", fine, peer(firewall.Peer{Group: "web"})},
		{"none", bad(CodeMissing, "ERR-4"), peer(firewall.Peer{})},
		{"a CIDR and a group", bad(CodeInvalidCombination, "ERR-6"), peer(firewall.Peer{Prefix: cidr("0.0.0.0/0"), Group: "web"})},
		{"a group and a list", bad(CodeInvalidCombination, "ERR-6"), peer(firewall.Peer{PrefixList: "pl-s3", Group: "web"})},
		{"not understood", fine, allow(firewall.Rule{Unknown: "a peer of 2031"})},
	}.run(t)
}

func TestSG20_ReachOfReferences(t *testing.T) {
	egress := func(peer string) func(*VPC) { return func(v *VPC) { v.web().AllowOut("tcp/1", peer) } }
	cases{
		{"itself", fine, in("all", "web")},
		{"by name", fine, func(v *VPC) { v.web().Name = "front"; v.web().AllowIn("all", "front") }},
		{"unknown", bad(CodeGroupNotFound, "ERR-31"), in("all", "gone")},
		{"of a peered VPC", fine, in("all", "far")},
		{"of a peered VPC, outbound", fine, egress("far")},
		{"of a peered VPC, with the VPC's name", fine, in("all", "peer/far")},
		{"of a VPC that nothing joins", bad(CodeGroupNotFound, "ERR-31"), in("all", "alone")},
		{"the same with the VPC's name", bad(CodeGroupNotFound, "SG-20"), in("all", "lone/alone")},
		{"unknown in a partial listing", fine, partial(in("all", "gone"))},
		{"outbound, unknown", bad(CodeGroupNotFound, "ERR-31"), egress("gone")},
	}.run(t)
	pcx := func(change func(n *Network)) func(*Network) {
		return func(n *Network) { change(n); in("all", "far")(n.VPCs[0]) }
	}
	netCases{
		{"peering in another Region (PCX-10)", bad(CodeGroupNotFound, "SG-20"), pcx(func(n *Network) { n.VPCs[1].Region = "eu-west-1" })},
		{"peering that is active", fine, pcx(func(n *Network) { n.Gateways[0].State = "active" })},
		{"peering that was deleted (SG-21)", fine, pcx(func(n *Network) { n.Gateways[0].State = "deleted" })},
		{"peering that was never active", bad(CodeGroupNotFound, "SG-20"), pcx(func(n *Network) { n.Gateways[0].State = "pending-acceptance" })},
		{"a group that two peers have", bad(CodeGroupNotFound, "ERR-31"), pcx(func(n *Network) {
			n.VPCs[2].AddSecurityGroup("far")
			n.Gateways = append(n.Gateways, &Gateway{ID: "pcx-2", Kind: routing.PeeringConnection, VPCs: []string{"main", "lone"}})
		})},
	}.run(t)
}

func TestReferencesOverATransitGateway(t *testing.T) {
	tgw := func(change func(*VPC)) func(*Network) {
		return func(n *Network) {
			n.Gateways = append(n.Gateways, &Gateway{ID: "tgw-1", Kind: routing.TransitGateway, VPCs: []string{"main", "lone"},
				Transit: &Transit{GroupReferences: true}})
			change(n.VPCs[0])
		}
	}
	netCases{
		{"inbound", fine, tgw(in("all", "alone"))},
		{"outbound", bad(CodeGroupNotFound, "SG-20"), tgw(func(v *VPC) { v.web().AllowOut("tcp", "alone") })},
	}.run(t)
}

func TestSG54_DuplicateRule(t *testing.T) {
	twice := bad(CodeRuleDuplicate, "SG-54")
	cases{
		{"same", twice, in("tcp/443", "0.0.0.0/0")},
		{"same but for host bits", twice, allow(firewall.Rule{Service: firewall.MustParseService("tcp/443"), Peer: firewall.Peer{Prefix: cidr("10.0.0.9/0")}})},
		{"another port", fine, in("tcp/444", "0.0.0.0/0")},
		{"another protocol", fine, in("udp/443", "0.0.0.0/0")},
		{"another peer", fine, in("tcp/443", "0.0.0.0/1")},
		{"another family", fine, in("tcp/443", "::/0")},
		{"the other direction", fine, func(v *VPC) { v.web().AllowOut("tcp/443", "0.0.0.0/0") }},
		{"another group", fine, func(v *VPC) { v.AddSecurityGroup("two").AllowIn("tcp/443", "0.0.0.0/0") }},
		{"egress", twice, func(v *VPC) { v.web().AllowOut("all", "::/0") }},
		{"a group by ID and by name", twice, func(v *VPC) { v.web().Name = "front"; v.web().AllowIn("all", "front").AllowIn("all", "web") }},
		{"a list twice", twice, both(in("all", "pl-s3"), in("all", "pl-s3"))},
		{"an unknown group twice", twice, partial(both(in("all", "gone"), in("all", "gone")))},
		{"two unknown groups", fine, partial(both(in("all", "gone"), in("all", "lost")))},
	}.run(t)
	netCases{{"a list by ID and by name", twice, func(n *Network) {
		n.PrefixLists[0].Name = "pl-by-name"
		both(in("all", "pl-s3"), in("all", "pl-by-name"))(n.VPCs[0])
	}}}.run(t)
}

func TestSG58_GroupNames(t *testing.T) {
	named := func(name string) func(*VPC) { return func(v *VPC) { v.AddSecurityGroup("sg-1").Name = name } }
	cases{
		{"255 characters", fine, named(strings.Repeat("é", 255))},
		{"256 characters", bad(CodeInvalidValue, "SG-58"), named(strings.Repeat("é", 256))},
		{"sg- in front", bad(CodeInvalidValue, "SG-58"), named("sg-web")},
		{"sg- inside", fine, named("my-sg-web")},
		{"its own ID", fine, named("sg-1")},
		{"taken", bad(CodeGroupDuplicate, "SG-58"), named("web")},
		{"no name twice", fine, both(named(""), func(v *VPC) { v.AddSecurityGroup("sg-2").Name = "" })},
		{"an ID that is taken", bad(CodeGroupDuplicate, "SG-58"), func(v *VPC) { v.AddSecurityGroup("web").Name = "two" }},
		{"default", bad(CodeGroupReserved, "SG-58"), named("default")},
		{"default, and it is", fine, func(v *VPC) { named("default")(v); v.DefaultSecurityGroup = "sg-1" }},
		{"default, and another one is", bad(CodeGroupReserved, "SG-58"), func(v *VPC) { named("default")(v); v.DefaultSecurityGroup = "web" }},
		{"default in a partial listing", fine, partial(named("default"))},
		{"LIM-60 a description of 255", fine, func(v *VPC) { v.web().Description = strings.Repeat("x", 255) }},
		{"LIM-60 a description of 256", bad(CodeInvalidValue, "LIM-60"), func(v *VPC) { v.web().Description = strings.Repeat("x", 256) }},
	}.run(t)
	netCases{{"taken in another VPC", fine, func(n *Network) { n.VPCs[2].AddSecurityGroup("web") }}}.run(t)
}

func TestSG60_GroupsOfTheVPC(t *testing.T) {
	groups := func(names ...string) func(*VPC) { return func(v *VPC) { v.app().Groups = names } }
	cases{
		{"known", fine, groups("web")},
		{"unknown", bad(CodeGroupNotFound, "SG-60"), groups("web", "gone")},
		{"of a peered VPC", bad(CodeGroupNotFound, "SG-60"), groups("far")},
		{"unknown in a partial listing", fine, partial(groups("gone"))},
		{"SG-6 twice", fine, groups("web", "web")},
	}.run(t)
}

func TestACL7_EntryNumbers(t *testing.T) {
	number := func(k int) func(*VPC) { return func(v *VPC) { v.acl().DenyIn(k, "all", "10.0.0.0/8") } }
	cases{
		{"1", fine, number(1)},
		{"0", bad(CodeInvalidValue, "ACL-7"), number(0)},
		{"32766", fine, number(32766)},
		{"32767", bad(CodeInvalidValue, "ACL-7"), number(32767)},
	}.run(t)
}

func TestACL12_CIDRsOnly(t *testing.T) {
	cases{
		{"a CIDR", fine, func(v *VPC) { v.acl().AllowIn(1, "all", "10.0.0.0/8") }},
		{"a group", bad(CodeInvalidValue, "ACL-12"), func(v *VPC) { v.acl().AllowIn(1, "all", "web") }},
		{"a prefix list", bad(CodeInvalidValue, "ACL-12"), func(v *VPC) { v.acl().AllowOut(1, "all", "pl-s3") }},
		{"nothing", bad(CodeMissing, "ACL-12"), entry(firewall.Entry{Number: 1})},
		{"not understood", fine, entry(firewall.Entry{Unknown: "a field of 2031"})},
	}.run(t)
}

func TestACL14_Protocols(t *testing.T) {
	svc := func(protocol, from, to int) func(*VPC) {
		return entry(firewall.Entry{Number: 1, CIDR: cidr("0.0.0.0/0"), Service: firewall.Service{Protocol: protocol, From: from, To: to}})
	}
	cases{
		{"all without ports", fine, svc(-1, 0, 0)},
		{"TCP with ports", fine, svc(tcp, 80, 90)},
		{"TCP without ports", bad(CodeInvalidValue, "ACL-14"), svc(tcp, -1, -1)},
		{"UDP reversed", bad(CodeInvalidValue, "ACL-14"), svc(udp, 90, 80)},
		{"ESP without ports", fine, svc(50, -1, -1)},
		{"ICMP any", fine, svc(icmp, -1, -1)},
		{"ICMP code without a type", bad(CodeInvalidValue, "ACL-15"), svc(icmp, -1, 3)},
		{"300", bad(CodeInvalidValue, "ERR-5"), svc(300, 0, 0)},
		{"an action that is none", bad(CodeInvalidValue, "ERR-5"), entry(firewall.Entry{Number: 1, CIDR: cidr("0.0.0.0/0"), Action: firewall.Allow + 1})},
	}.run(t)
}

func TestACL17_NumbersAreUniquePerDirection(t *testing.T) {
	cases{
		{"taken", bad(CodeEntryExists, "ACL-17"), func(v *VPC) { v.acl().DenyIn(100, "tcp/22", "10.0.0.0/8") }},
		{"taken by the other family", bad(CodeEntryExists, "ACL-17"), func(v *VPC) { v.acl().AllowIn(100, "all", "::/0") }},
		{"the other direction", fine, func(v *VPC) { v.acl().AllowOut(100, "all", "0.0.0.0/0") }},
		{"the next number", fine, func(v *VPC) { v.acl().AllowIn(101, "all", "::/0") }},
		{"egress taken", bad(CodeEntryExists, "ACL-17"), func(v *VPC) {
			v.acl().AllowOut(7, "all", "0.0.0.0/0").DenyOut(7, "all", "0.0.0.0/0")
		}},
		{"another ACL", fine, func(v *VPC) { v.AddNetworkACL("two").AllowIn(100, "all", "0.0.0.0/0") }},
	}.run(t)
}
