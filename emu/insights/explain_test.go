package insights

import (
	"encoding/json"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/firewall"
	"github.com/vpcemu/vpcemu/routing"
	"github.com/vpcemu/vpcemu/vpc"
)

// shop has what AWS gives IDs, in an account and a Region.
func shop() *vpc.Network {
	var n vpc.Network
	v := n.AddVPC("vpc-0123456789abcdef0", "10.0.0.0/16")
	v.Name, v.Account, v.Region = "shop", "123456789012", "cn-north-1"
	s := v.AddSubnet("subnet-11111111", "10.0.1.0/24")
	s.Name, s.RouteTable = "front", "rtb-22222222"
	v.AddRouteTable("rtb-22222222").AddRoute("10.9.0.0/16", "nat-33333333").AddRoute("10.8.0.0/16", "eni-99999999")
	g := v.AddSecurityGroup("sg-44444444").AllowOut("all", "0.0.0.0/0").AllowIn("tcp/80", "clients")
	g.Ingress = append(g.Ingress, firewall.Rule{Service: firewall.MustParseService("tcp/81"), Peer: firewall.Peer{PrefixList: "lists"}})
	v.AddSecurityGroup("sg-55555555").AllowOut("all", "0.0.0.0/0").Name = "clients"
	n.AddPrefixList("pl-66666666", "10.0.1.0/24").Name = "lists"
	s.AddInterface("eni-77777777", "10.0.1.10", "sg-55555555")
	s.AddInterface("eni-88888888", "10.0.1.20", "sg-44444444")
	s.AddInterface("eni-99999999", "10.0.1.30", "sg-44444444").Detached = true
	v.AddNATGateway("nat-33333333", "subnet-11111111").State = "pending"
	return &n
}

func analyse(t *testing.T, n *vpc.Network, src, dst, service string) NetworkInsightsAnalysis {
	e, err := emu.New(n, emu.Options{})
	require.NoError(t, err)
	trace, err := e.Trace(emu.Query{Source: src, Destination: dst, Service: firewall.MustParseService(service)})
	require.NoError(t, err)
	return Of(e.Network(), trace).NetworkInsightsAnalyses[0]
}

func text(t *testing.T, v any) string {
	b, err := json.Marshal(v)
	require.NoError(t, err)
	return string(b)
}

func TestExplanations(t *testing.T) {
	const arn = "arn:aws-cn:ec2:cn-north-1:123456789012:"
	subnet := &AnalysisComponent{Id: "subnet-11111111", Arn: arn + "subnet/subnet-11111111", Name: "front"}
	in := &AnalysisComponent{Id: "vpc-0123456789abcdef0", Arn: arn + "vpc/vpc-0123456789abcdef0", Name: "shop"}
	nat := &AnalysisComponent{Id: "nat-33333333", Arn: arn + "natgateway/nat-33333333"}
	a := analyse(t, shop(), "eni-77777777", "eni-88888888", "tcp/22")
	assert.Equal(t, []Explanation{{
		ExplanationCode: "ENI_SG_RULES_MISMATCH", Direction: "ingress",
		NetworkInterface: &AnalysisComponent{Id: "eni-88888888", Arn: arn + "network-interface/eni-88888888"},
		SecurityGroups:   []AnalysisComponent{{Id: "sg-44444444", Arn: arn + "security-group/sg-44444444"}},
		Subnet:           subnet, Vpc: in,
	}}, a.Explanations)

	a = analyse(t, shop(), "eni-77777777", "10.9.0.1", "tcp/22")
	require.NotEmpty(t, a.Explanations)
	assert.Equal(t, Explanation{
		ExplanationCode: "BAD_STATE", State: "pending", Subnet: subnet, Vpc: in, Component: nat, NatGateway: nat,
	}, a.Explanations[0])

	a = analyse(t, shop(), "eni-77777777", "10.8.0.1", "tcp/22")
	require.NotEmpty(t, a.Explanations)
	assert.Equal(t, "BAD_STATE_ROUTE", a.Explanations[0].ExplanationCode)
	assert.Equal(t, &AnalysisRouteTableRoute{DestinationCidr: "10.8.0.0/16", NetworkInterfaceId: "eni-99999999", Origin: "createroute", State: "blackhole"}, a.Explanations[0].RouteTableRoute)
}

// An entry that denies what leaves is one of the way out; what a reply would meet if the
// request got through is none of the reasons.
func TestExplanationsOfRequestOnly(t *testing.T) {
	var n vpc.Network
	v := n.AddVPC("v", "10.0.0.0/16")
	v.AddSecurityGroup("all").AllowIn("all", "0.0.0.0/0").AllowOut("all", "0.0.0.0/0")
	v.AddNetworkACL("shut").AllowIn(10, "tcp/80", "0.0.0.0/0")
	for name, ip := range map[string]string{"a": "10.0.1.0/24", "b": "10.0.2.0/24"} {
		s := v.AddSubnet(name, ip)
		s.NetworkACL = "shut"
		s.AddInterface("in-"+name, netip.MustParsePrefix(ip).Addr().Next().Next().Next().Next().String(), "all")
	}
	a := analyse(t, &n, "in-a", "in-b", "tcp/80")
	require.Len(t, a.Explanations, 1, text(t, a))
	assert.Equal(t, "egress", a.Explanations[0].Direction)
	assert.Equal(t, &AnalysisAclRule{Cidr: "0.0.0.0/0", Egress: true, Protocol: "all", RuleAction: "deny", RuleNumber: 32767}, a.Explanations[0].AclRule)
	assert.Nil(t, a.ReturnPathComponents)
}

// Rules name groups and lists by ID, however the description does.
func TestRulesByID(t *testing.T) {
	for service, want := range map[string]AnalysisSecurityGroupRule{
		"tcp/80": {Direction: "ingress", PortRange: &PortRange{80, 80}, Protocol: "tcp", SecurityGroupId: "sg-55555555"},
		"tcp/81": {Direction: "ingress", PortRange: &PortRange{81, 81}, Protocol: "tcp", PrefixListId: "pl-66666666"},
	} {
		a := analyse(t, shop(), "eni-77777777", "eni-88888888", service)
		require.True(t, *a.NetworkPathFound, service)
		assert.Equal(t, &want, a.ForwardPathComponents[2].SecurityGroupRule, service)
	}
}

func TestRoutes(t *testing.T) {
	to := netip.MustParsePrefix("10.9.0.0/16")
	for _, c := range []struct {
		name string
		from routing.Route
		want AnalysisRouteTableRoute
	}{
		{"local", routing.Route{Destination: to, Target: routing.Target{Kind: routing.Local}}, AnalysisRouteTableRoute{GatewayId: "local", Origin: "createroutetable"}},
		{"propagated", routing.Route{Destination: to, Source: routing.VPNStatic, Target: routing.Target{Kind: routing.VPNGateway, ID: "vgw-1"}},
			AnalysisRouteTableRoute{GatewayId: "vgw-1", Origin: "enablevgwroutepropagation"}},
		{"NAT gateway", routing.Route{Destination: to, Target: routing.Target{Kind: routing.NATGateway, ID: "nat-1"}}, AnalysisRouteTableRoute{NatGatewayId: "nat-1", Origin: "createroute"}},
		{"instance", routing.Route{Destination: to, Target: routing.Target{Kind: routing.Instance, ID: "i-1"}}, AnalysisRouteTableRoute{InstanceId: "i-1", Origin: "createroute"}},
		{"transit gateway", routing.Route{Destination: to, Target: routing.Target{Kind: routing.TransitGateway, ID: "tgw-1"}}, AnalysisRouteTableRoute{TransitGatewayId: "tgw-1", Origin: "createroute"}},
		{"egress-only gateway", routing.Route{Destination: to, Target: routing.Target{Kind: routing.EgressOnlyGateway, ID: "eigw-1"}}, AnalysisRouteTableRoute{EgressOnlyInternetGatewayId: "eigw-1", Origin: "createroute"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.want.DestinationCidr, c.want.State = to.String(), "active"
			assert.Equal(t, &c.want, route(&c.from))
		})
	}
}

// ARNs are of what has an ID of AWS's, in a Region and an account that are known.
func TestARNs(t *testing.T) {
	for _, c := range []struct{ name, account, region, kind, id, want string }{
		{"instance", "123456789012", "eu-west-1", "instance", "i-0123456789abcdef0", "arn:aws:ec2:eu-west-1:123456789012:instance/i-0123456789abcdef0"},
		{"government", "123456789012", "us-gov-west-1", "nat", "nat-01234567", "arn:aws-us-gov:ec2:us-gov-west-1:123456789012:natgateway/nat-01234567"},
		{"a name", "123456789012", "eu-west-1", "eni", "eni-of-app", ""},
		{"no account", "", "eu-west-1", "eni", "eni-01234567", ""},
		{"no number", "prod", "eu-west-1", "eni", "eni-01234567", ""},
		{"no Region", "123456789012", "", "eni", "eni-01234567", ""},
		{"maybe of another account", "123456789012", "eu-west-1", "tgw", "tgw-01234567", ""},
		{"an ARN already", "", "", "lb", "arn:aws:elasticloadbalancing:x", "arn:aws:elasticloadbalancing:x"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := newDescription(&vpc.Network{VPCs: []*vpc.VPC{{ID: "v", Account: c.account, Region: c.region}}})
			assert.Equal(t, &AnalysisComponent{Id: c.id, Arn: c.want}, d.component(c.kind, c.id, "v"))
		})
	}
	assert.Nil(t, newDescription(&vpc.Network{}).component("eni", "", ""))
}
