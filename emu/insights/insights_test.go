package insights_test

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/emu/insights"
	"github.com/vpcemu/vpcemu/examples"
	"github.com/vpcemu/vpcemu/firewall"
	"github.com/vpcemu/vpcemu/vpc"
	"github.com/vpcemu/vpcemu/vpc/load/yaml"
)

// ask is the analysis of one question about an example, "app-1 db-1 tcp/22".
func ask(t *testing.T, n *vpc.Network, question string) insights.NetworkInsightsAnalysis {
	e, err := emu.New(n, emu.Options{})
	require.NoError(t, err)
	w := strings.Fields(question)
	trace, err := e.Trace(emu.Query{Source: w[0], Destination: w[1], Service: firewall.MustParseService(w[2]), IPv6: len(w) > 3})
	require.NoError(t, err)
	return insights.Of(e.Network(), trace).NetworkInsightsAnalyses[0]
}

func example(t *testing.T, name string) *vpc.Network {
	switch name {
	case "nat":
		return natted()
	case "twins":
		return twins()
	}
	data, err := examples.FS.ReadFile(name + ".yaml")
	require.NoError(t, err)
	n, _, err := yaml.Parse(name+".yaml", data)
	require.NoError(t, err)
	return n
}

// natted has a subnet behind a NAT gateway, and one that lets nothing out again.
func natted() *vpc.Network {
	var n vpc.Network
	v := n.AddVPC("v", "10.0.0.0/16")
	v.AddInternetGateway("igw")
	v.AddRouteTable("out").AddRoute("0.0.0.0/0", "igw")
	v.AddRouteTable("behind").AddRoute("0.0.0.0/0", "nat")
	v.AddNetworkACL("mute").AllowIn(10, "all", "0.0.0.0/0").AllowOut(10, "tcp/80", "0.0.0.0/0")
	v.AddSecurityGroup("all").AllowIn("all", "0.0.0.0/0").AllowOut("all", "0.0.0.0/0")
	v.AddSecurityGroup("none")
	s := v.AddSubnet("public", "10.0.1.0/24")
	s.RouteTable = "out"
	v.AddNATGateway("nat", "public").Addresses = []vpc.Address{{IP: netip.MustParseAddr("10.0.1.9"), Public: netip.MustParseAddr("198.51.100.9")}}
	s = v.AddSubnet("private", "10.0.2.0/24")
	s.RouteTable = "behind"
	s.AddInterface("back", "10.0.2.20", "none", "all")
	s = v.AddSubnet("muted", "10.0.3.0/24")
	s.NetworkACL = "mute"
	s.AddInterface("front", "10.0.3.30", "all")
	return &n
}

// twins are two VPCs with the same addresses.
func twins() *vpc.Network {
	var n vpc.Network
	one, two := n.AddVPC("one", "10.0.0.0/16"), n.AddVPC("two", "10.0.0.0/16")
	for _, v := range []*vpc.VPC{one, two} {
		v.AddSecurityGroup("all").AllowIn("all", "0.0.0.0/0").AllowOut("all", "0.0.0.0/0")
	}
	s := one.AddSubnet("s", "10.0.1.0/24")
	s.AddInterface("x", "10.0.1.10", "all")
	s.AddInterface("z", "10.0.1.20", "all")
	two.AddSubnet("s", "10.0.1.0/24").AddInterface("y", "10.0.1.20", "all")
	return &n
}

// ids are the components of a path with what tells them apart, and what blocks.
func ids(path []insights.PathComponent) string {
	var words []string
	for i, c := range path {
		word := c.Component.Id
		switch {
		case c.AclRule != nil:
			word += fmt.Sprintf(":%d", c.AclRule.RuleNumber)
		case c.RouteTableRoute != nil:
			word += ":" + c.RouteTableRoute.DestinationCidr + c.RouteTableRoute.DestinationPrefixListId
		case c.TransitGatewayRouteTableRoute != nil:
			word += ":" + c.TransitGatewayRouteTableRoute.DestinationCidr
		case c.SecurityGroupRule != nil:
			word += ":" + c.SecurityGroupRule.Direction
		case c.AttachedTo != nil:
			word += "@" + c.AttachedTo.Id
		}
		for _, e := range c.Explanations {
			word += " " + e.ExplanationCode
		}
		if c.SequenceNumber != i+1 {
			word += " misnumbered"
		}
		words = append(words, word)
	}
	return strings.Join(words, ", ")
}

func codes(list []insights.Explanation) string {
	var words []string
	for _, e := range list {
		words = append(words, e.ExplanationCode)
	}
	return strings.Join(words, " ")
}

func TestPaths(t *testing.T) {
	for _, c := range []struct{ name, network, question, forward, back, codes string }{
		{"in one VPC", "three-tier", "app-1 db-1 tcp/5432",
			"app-1, app-1@app-1, app:egress, default:100, app:10.0.0.0/16, db-only:100, db:ingress, db-1@db-1, db-1",
			"db-1, db-1@db-1, db, db-only:100, main:10.0.0.0/16, default:100, app, app-1@app-1, app-1",
			""},
		{"named by its interface", "two-interfaces", "fw-in client-2 icmp",
			"fw-in@fw-1, open:egress, open:ingress, client-2@client-2, client-2",
			"client-2, client-2@client-2, open, open, fw-in@fw-1",
			""},
		{"a group and an ACL", "three-tier", "app-1 db-1 tcp/22",
			"app-1, app-1@app-1, app:egress, default:100, app:10.0.0.0/16, db-only:32767 SUBNET_ACL_RESTRICTION",
			"",
			"SUBNET_ACL_RESTRICTION ENI_SG_RULES_MISMATCH"},
		{"IPv6", "dual-stack", "back-1 web-1 tcp/443 6",
			"back-1, back-1@back-1, web:egress, default:101, main:2001:db8:30::/56, no-telnet:110, web:ingress, web-1@web-1, web-1",
			"web-1, web-1@web-1, web:egress, no-telnet:110, public:2001:db8:30::/56, default:101, web, back-1@back-1, back-1",
			""},
		{"an entry denies", "dual-stack", "internet web-1 tcp/23",
			"igw-dual, no-telnet:10 SUBNET_ACL_RESTRICTION",
			"",
			"SUBNET_ACL_RESTRICTION"},
		{"middlebox", "two-interfaces", "client-1 server-1 tcp/80",
			"client-1, client-1@client-1, open:egress, default:100, clients:10.20.2.0/24, default:100, open:ingress, fw-in@fw-1, open:egress, default:100, main:10.20.0.0/16, default:100, servers:ingress, server-1@server-1, server-1",
			"server-1, server-1@server-1, servers, default:100, servers:10.20.1.0/24, default:100, open:ingress, fw-out@fw-1, open:egress, default:100, main:10.20.0.0/16, default:100, open, client-1@client-1, client-1",
			""},
		{"load balancer without a listener", "hybrid", "internet front tcp/80",
			"igw-shop, default:100, front ENI_SG_RULES_MISMATCH",
			"",
			"ENI_SG_RULES_MISMATCH ELBV2_LISTENERS_MISMATCH"},
		{"peering", "hybrid", "app-1 db-1 tcp/5432",
			"app-1, app-1@app-1, app:egress, default:100, app:10.1.0.0/16, to-data, default:100, db:ingress, db-1@db-1, db-1",
			"db-1, db-1@db-1, db, default:100, db:10.0.0.0/16, to-data, default:100, app, app-1@app-1, app-1",
			""},
		{"transit gateway", "hybrid", "onprem:192.168.1.10 app-1 tcp/22",
			"hub:10.0.0.0/16, app:10.0.0.0/16, app:ingress, app-1@app-1, app-1",
			"app-1, app-1@app-1, app, default:100, app:192.168.0.0/16, hub, default:100, hub:192.168.0.0/16",
			""},
		{"no attachment", "hybrid", "onprem db-1 tcp/5432",
			"hub TGW_RTB_NO_ROUTE_TO_TGW_ATTACHMENT",
			"",
			"TGW_RTB_NO_ROUTE_TO_TGW_ATTACHMENT"},
		{"gateway endpoint", "hybrid", "app-1 s3 tcp/443",
			"app-1, app-1@app-1, app:egress, default:100, app:aws-s3, s3",
			"s3, default:100, app, app-1@app-1, app-1",
			""},
		{"interface endpoint", "hybrid", "app-1 secrets tcp/443",
			"app-1, app-1@app-1, app:egress, endpoint:ingress, secrets-app-a",
			"secrets-app-a, endpoint, app, app-1@app-1, app-1",
			""},
		{"NAT gateway", "nat", "back internet tcp/443",
			"back, all:egress, default:100, behind:0.0.0.0/0, default:100, nat, default:100, out:0.0.0.0/0, igw",
			"igw, default:100, nat, default:100, out:10.0.0.0/16, default:100, all, back",
			""},
		{"nothing comes in through a NAT gateway", "nat", "internet 198.51.100.9 tcp/443",
			"igw, default:100, nat NO_PATH",
			"",
			"NO_PATH"},
		{"no return", "nat", "back front tcp/80",
			"back, all:egress, default:100, behind:10.0.0.0/16, mute:10, all:ingress, front",
			"front, all:egress, mute:32767 SUBNET_ACL_RESTRICTION",
			"SUBNET_ACL_RESTRICTION"},
		{"private and through the internet gateway", "nat", "back 10.9.0.1 tcp/80",
			"back, all:egress, default:100, behind:0.0.0.0/0, default:100, nat, default:100, out:0.0.0.0/0, igw IGW_DESTINATION_ADDRESS_NOT_IN_RFC1918_EGRESS",
			"",
			"IGW_DESTINATION_ADDRESS_NOT_IN_RFC1918_EGRESS"},
		{"astray", "twins", "x two/y tcp/80",
			"x, all:egress, all:ingress, z NO_ROUTE_TO_DESTINATION",
			"",
			"NO_ROUTE_TO_DESTINATION"},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := ask(t, example(t, c.network), c.question)
			assert.Equal(t, c.forward, ids(a.ForwardPathComponents))
			assert.Equal(t, c.back, ids(a.ReturnPathComponents))
			assert.Equal(t, c.codes, codes(a.Explanations))
		})
	}
}

// A route has the ID of its target, however the table names it.
func TestRouteByID(t *testing.T) {
	a := ask(t, example(t, "hybrid"), "internet front tcp/443")
	for _, c := range a.ReturnPathComponents {
		if c.Component.Id == "front-a" {
			require.NotNil(t, c.RouteTableRoute)
			assert.Equal(t, insights.AnalysisRouteTableRoute{DestinationCidr: "0.0.0.0/0", GatewayId: "igw-shop", Origin: "createroute", State: "active"}, *c.RouteTableRoute)
			return
		}
	}
	t.Error("the path back has no route table")
}
