package awsjson

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vpcemu/vpcemu/firewall"
	"github.com/vpcemu/vpcemu/vpc/load/report"
)

// TestRoutes: one route each. Where want is empty the route is dropped.
func TestRoutes(t *testing.T) {
	for _, test := range []struct{ name, route, want, unknown string }{
		{"local", `"DestinationCidrBlock": "10.0.0.0/16", "GatewayId": "local"`, "", ""},
		{"local replaced", `"DestinationCidrBlock": "10.0.0.0/16", "NetworkInterfaceId": "eni-1"`, "10.0.0.0/16 → eni eni-1 static", ""},
		{"local of another range", `"DestinationCidrBlock": "10.9.0.0/16", "GatewayId": "local"`, "10.9.0.0/16 → local  static", ""},
		{"internet gateway", `"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": "igw-1"`, "0.0.0.0/0 → igw igw-1 static", ""},
		{"IPv6", `"DestinationIpv6CidrBlock": "::/0", "EgressOnlyInternetGatewayId": "eigw-1"`, "::/0 → eigw eigw-1 static", ""},
		{"host bits", `"DestinationCidrBlock": "192.168.1.1/16", "NatGatewayId": "nat-1"`, "192.168.0.0/16 → nat nat-1 static", ""},
		{"prefix list", `"DestinationPrefixListId": "pl-1", "GatewayId": "vpce-1"`, "pl-1 → vpce vpce-1 static", ""},
		{"gateway load balancer", `"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": "vpce-2"`, "0.0.0.0/0 → vpce-gwlb vpce-2 static", ""},
		{"instance and interface", `"DestinationCidrBlock": "0.0.0.0/0", "InstanceId": "i-1", "InstanceOwnerId": "1", "NetworkInterfaceId": "eni-1"`, "0.0.0.0/0 → eni eni-1 static", ""},
		{"instance", `"DestinationCidrBlock": "0.0.0.0/0", "InstanceId": "i-1"`, "0.0.0.0/0 → instance i-1 static", ""},
		{"peering", `"DestinationCidrBlock": "10.2.0.0/16", "VpcPeeringConnectionId": "pcx-1"`, "10.2.0.0/16 → pcx pcx-1 static", ""},
		{"transit gateway", `"DestinationCidrBlock": "10.2.0.0/16", "TransitGatewayId": "tgw-1"`, "10.2.0.0/16 → tgw tgw-1 static", ""},
		{"carrier gateway", `"DestinationCidrBlock": "0.0.0.0/0", "CarrierGatewayId": "cagw-1"`, "0.0.0.0/0 → cagw cagw-1 static", ""},
		{"local gateway", `"DestinationCidrBlock": "0.0.0.0/0", "LocalGatewayId": "lgw-1"`, "0.0.0.0/0 → lgw lgw-1 static", ""},
		{"core network", `"DestinationCidrBlock": "0.0.0.0/0", "CoreNetworkArn": "arn:1"`, "0.0.0.0/0 → core-network arn:1 static", ""},
		{"ODB network", `"DestinationCidrBlock": "0.0.0.0/0", "OdbNetworkArn": "arn:2"`, "0.0.0.0/0 → odb-network arn:2 static", ""},
		{"blackhole", `"DestinationCidrBlock": "0.0.0.0/0", "NatGatewayId": "nat-1", "State": "blackhole"`, "0.0.0.0/0 → nat nat-1 static blackhole", ""},
		{"blackhole without target", `"DestinationCidrBlock": "0.0.0.0/0", "State": "blackhole"`, "0.0.0.0/0 → nowhere  static blackhole", ""},
		{"propagated", `"DestinationCidrBlock": "10.2.0.0/16", "GatewayId": "vgw-1", "Origin": "EnableVgwRoutePropagation"`, "10.2.0.0/16 → vgw vgw-1 vpn-bgp", ""},
		{"propagated, static VPN", `"DestinationCidrBlock": "10.2.0.0/16", "GatewayId": "vgw-2", "Origin": "EnableVgwRoutePropagation"`, "10.2.0.0/16 → vgw vgw-2 vpn-static", ""},
		{"propagated, Direct Connect", `"DestinationCidrBlock": "10.2.0.0/16", "GatewayId": "vgw-3", "Origin": "EnableVgwRoutePropagation"`, "10.2.0.0/16 → vgw vgw-3 dx", ""},
		{"unknown state", `"DestinationCidrBlock": "0.0.0.0/0", "NatGatewayId": "nat-1", "State": "weird"`, "0.0.0.0/0 → nat nat-1 static", `State "weird" is not known`},
		{"unknown origin", `"DestinationCidrBlock": "0.0.0.0/0", "NatGatewayId": "nat-1", "Origin": "Magic"`, "0.0.0.0/0 → nat nat-1 vpn-bgp", `Origin "Magic" is not known`},
		{"unknown gateway", `"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": "xgw-1"`, "0.0.0.0/0 → unknown xgw-1 static", `GatewayId "xgw-1" is no known kind of gateway`},
		{"no target", `"DestinationCidrBlock": "0.0.0.0/0", "SomethingNew": "x"`, "0.0.0.0/0 → nowhere  static", "names no target"},
		{"two targets", `"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": "igw-1", "NatGatewayId": "nat-1"`, "0.0.0.0/0 → unknown igw-1 static", "names both igw-1 and nat-1"},
	} {
		t.Run(test.name, func(t *testing.T) {
			n, r := readAll(t, map[string]string{
				"v.json":   listed("Vpcs", vpc1),
				"e.json":   listed("VpcEndpoints", `{"VpcEndpointId": "vpce-2", "VpcId": "vpc-1", "VpcEndpointType": "GatewayLoadBalancer"}`),
				"vpn.json": listed("VpnConnections", `{"VpnConnectionId": "vpn-1", "VpnGatewayId": "vgw-2", "Options": {"StaticRoutesOnly": true}}`),
				"dx.json":  `{"virtualInterfaces": [{"virtualInterfaceId": "dxvif-1", "virtualGatewayId": "vgw-3"}]}`,
				"t.json":   listed("RouteTables", `{"RouteTableId": "rtb-1", "VpcId": "vpc-1", "Routes": [`+"\n{"+test.route+`}]}`),
			})
			routes := n.RouteTable("rtb-1").Routes
			if test.want == "" {
				assert.Empty(t, routes)
				return
			}
			require.Len(t, routes, 1)
			got := fmt.Sprintf("%s → %s %s %s", destination(routes[0]), routes[0].Target.Kind, routes[0].Target.ID, routes[0].Source)
			if routes[0].Blackhole {
				got += " blackhole"
			}
			assert.Equal(t, test.want, got)
			assert.Equal(t, test.unknown, routes[0].Unknown)
			assert.Equal(t, "t.json:3", routes[0].Origin)
			assert.Equal(t, test.unknown != "", r.Has(report.Skipped))
		})
	}
}

func TestRouteTables(t *testing.T) {
	n, r := readAll(t, map[string]string{
		"v.json": listed("Vpcs", vpc1), "s.json": listed("Subnets", subnet1),
		"g.json": listed("InternetGateways", `{"InternetGatewayId": "igw-1", "Attachments": [{"State": "available", "VpcId": "vpc-1"}]}`),
		"t.json": listed("RouteTables",
			`{"RouteTableId": "rtb-main", "VpcId": "vpc-1", "Routes": [], "Associations": [{"Main": true}, {"SubnetId": "subnet-9"}], "PropagatingVgws": [{"GatewayId": "vgw-1"}, {}]}`,
			`{"RouteTableId": "rtb-sub", "VpcId": "vpc-1", "Routes": [], "Associations": [{"SubnetId": "subnet-1"}, {}, {"SubnetId": 1}], "Tags": [{"Key": "Name", "Value": "sub"}]}`,
			`{"RouteTableId": "rtb-edge", "VpcId": "vpc-1", "Routes": [], "Associations": [{"GatewayId": "igw-1"}, {"GatewayId": "vgw-1"}]}`,
			`{"RouteTableId": "rtb-old", "VpcId": "vpc-1", "Routes": [], "Associations": [{"SubnetId": "subnet-1", "AssociationState": {"State": "disassociated"}}]}`,
			`{"RouteTableId": "rtb-more", "VpcId": "vpc-1", "Routes": [], "Associations": [{"SubnetId": "subnet-1"}]}`,
			`{"RouteTableId": "rtb-none", "VpcId": "vpc-1"}`,
			`{"RouteTableId": "rtb-odd", "VpcId": "vpc-1", "Routes": [{"DestinationCidrBlock": "x", "GatewayId": "igw-1"}, {"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": "igw-1"}]}`),
	})
	v := n.VPC("vpc-1")
	assert.Equal(t, "rtb-main", v.MainRouteTable)
	assert.Equal(t, []string{"vgw-1"}, v.RouteTable("rtb-main").Propagating)
	assert.Equal(t, "rtb-sub", v.Subnet("subnet-1").RouteTable)
	assert.Equal(t, "sub", v.RouteTable("rtb-sub").Name)
	assert.Equal(t, "rtb-edge", v.InternetGateway.RouteTable)
	assert.Equal(t, "Routes is not in the snapshot", v.RouteTable("rtb-none").Unknown)
	assert.Equal(t, `route 1: "x" is not a CIDR block`, v.RouteTable("rtb-odd").Unknown, "it may take any packet")
	assert.Len(t, v.RouteTable("rtb-odd").Routes, 1)
	for _, want := range []string{
		"subnet-9: uses route table rtb-main, and no Subnets describe it", "propagating gateway: has no GatewayId", "is the edge table of vgw-1",
		"subnet subnet-1 uses rtb-sub already (RT-6)", "names neither a subnet nor a gateway", "association: is disassociated",
	} {
		assert.Contains(t, notes(r), want)
	}
}

// TestPermissions: one permission each, inbound.
func TestPermissions(t *testing.T) {
	const anyone = `"IpRanges": [{"CidrIp": "0.0.0.0/0"}]`
	for _, test := range []struct{ name, permission, want, unknown string }{
		{"tcp", `"IpProtocol": "tcp", "FromPort": 80, "ToPort": 81, ` + anyone, "[tcp/80-81 0.0.0.0/0]", ""},
		{"by number", `"IpProtocol": "6", "FromPort": 80, "ToPort": 80, ` + anyone, "[tcp/80 0.0.0.0/0]", ""},
		{"all", `"IpProtocol": "-1", ` + anyone, "[all 0.0.0.0/0]", ""},
		{"all as a number", `"IpProtocol": -1, "FromPort": -1, "ToPort": -1, ` + anyone, "[all 0.0.0.0/0]", ""},
		{"icmp", `"IpProtocol": "icmp", "FromPort": 8, "ToPort": -1, ` + anyone, "[icmp/8 0.0.0.0/0]", ""},
		{"any icmpv6", `"IpProtocol": "icmpv6", "Ipv6Ranges": [{"CidrIpv6": "::/0"}]`, "[icmpv6 ::/0]", ""},
		{"another protocol", `"IpProtocol": "50", ` + anyone, "[ip/50 0.0.0.0/0]", ""},
		{"every peer", `"IpProtocol": "udp", "FromPort": 53, "ToPort": 53, "IpRanges": [{"CidrIp": "10.0.0.1/8"}, {"CidrIp": "11.0.0.0/8"}],
			"Ipv6Ranges": [{"CidrIpv6": "2001:db8::/32"}], "PrefixListIds": [{"PrefixListId": "pl-1"}], "UserIdGroupPairs": [{"GroupId": "sg-1"}, {"GroupName": "db"}]`,
			"[udp/53 10.0.0.0/8 udp/53 11.0.0.0/8 udp/53 2001:db8::/32 udp/53 pl-1 udp/53 sg-1 udp/53 db]", ""},
		{"unknown protocol", `"IpProtocol": "foo", ` + anyone, "[all 0.0.0.0/0]", `"foo" is not a protocol`},
		{"no protocol", anyone, "[all 0.0.0.0/0]", "names no protocol"},
		{"no ports", `"IpProtocol": "tcp", ` + anyone, "[tcp 0.0.0.0/0]", "IpProtocol tcp has no port range"},
		{"reversed ports", `"IpProtocol": "tcp", "FromPort": 2, "ToPort": 1, ` + anyone, "[tcp 0.0.0.0/0]", "2 to 1 is not a range of ports (SG-10)"},
		{"code without type", `"IpProtocol": "icmp", "FromPort": -1, "ToPort": 3, ` + anyone, "[icmp 0.0.0.0/0]", "-1, 3 is not an ICMP type and code (SG-11)"},
		{"broken peer", `"IpProtocol": "-1", "IpRanges": [{"CidrIp": "300.0.0.0/8"}]`, "[all nobody]", `"300.0.0.0/8" is not a CIDR block`},
		{"peer of a wrong type", `"IpProtocol": "-1", "IpRanges": ["0.0.0.0/0"]`, "[all nobody]", "is a JSON string where an object is wanted"},
		{"peers of a wrong type", `"IpProtocol": "-1", "IpRanges": {}`, "[all nobody]", "IpRanges is an object, not a list"},
		{"no peer", `"IpProtocol": "-1"`, "[all nobody]", "names no peer"},
		{"ports of a wrong type", `"IpProtocol": "tcp", "FromPort": "22"`, "[all nobody]", "FromPort is a JSON string where a whole number is wanted"},
	} {
		t.Run(test.name, func(t *testing.T) {
			n, r := read(t, listed("SecurityGroups", `{"GroupId": "sg-1", "VpcId": "vpc-1", "GroupName": "web", "IpPermissionsEgress": [], "IpPermissions": [`+"\n{"+test.permission+"}]}"))
			var got []string
			for _, rule := range n.SecurityGroup("sg-1").Ingress {
				got = append(got, rule.Service.String()+" "+rule.Peer.String())
				assert.Equal(t, test.unknown, rule.Unknown)
			}
			assert.Equal(t, test.want, fmt.Sprint(got))
			assert.Empty(t, n.SecurityGroup("sg-1").Egress)
			assert.Equal(t, test.unknown != "", r.Has(report.Skipped))
		})
	}
}

func TestSecurityGroups(t *testing.T) {
	const rule = `{"SecurityGroupRuleId": "sgr-1", "GroupId": "sg-2", "IsEgress": false, "IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "CidrIpv4": "10.0.0.0/8", "Description": "ssh"}`
	n, r := readAll(t, map[string]string{
		"g.json": listed("SecurityGroups",
			`{"GroupId": "sg-1", "VpcId": "vpc-1", "GroupName": "default", "IpPermissions": [], "IpPermissionsEgress": []}`,
			`{"GroupId": "sg-2", "VpcId": "vpc-1", "GroupName": "ssh", "Description": "for us"}`,
			`{"GroupId": "sg-3", "VpcId": "vpc-1", "GroupName": "same", "Tags": [{"Key": "Name", "Value": "ssh"}], "IpPermissions": 1}`,
			`{"GroupId": "sg-4", "VpcId": "vpc-1", "GroupName": "four", "IpPermissionsEgress": [], "IpPermissions": [
				{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "10.0.0.0/8"}, {"CidrIp": "10.0.0.0/8"}]}]}`),
		"r.json": listed("SecurityGroupRules", rule,
			`{"SecurityGroupRuleId": "sgr-2", "GroupId": "sg-4", "IsEgress": false, "IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "CidrIpv4": "10.0.0.0/8"}`,
			`{"SecurityGroupRuleId": "sgr-3", "GroupId": "sg-2", "IpProtocol": "-1", "CidrIpv4": "10.0.0.0/8"}`,
			`{"SecurityGroupRuleId": "sgr-4", "GroupId": "sg-9", "IsEgress": true, "IpProtocol": "-1", "CidrIpv6": "::/0"}`),
	})
	v := n.VPC("vpc-1")
	assert.Equal(t, "sg-1", v.DefaultSecurityGroup)
	two := v.SecurityGroup("sg-2")
	assert.Equal(t, "ssh, for us", two.Name+", "+two.Description)
	require.Len(t, two.Ingress, 2)
	assert.Equal(t, "sgr-1 tcp/22 10.0.0.0/8 ssh", fmt.Sprintf("%s %s %s %s", two.Ingress[0].ID, two.Ingress[0].Service, two.Ingress[0].Peer, two.Ingress[0].Description))
	assert.Equal(t, "does not say IsEgress", two.Ingress[1].Unknown)
	assert.Equal(t, "does not say IsEgress", two.Egress[0].Unknown)
	three := v.SecurityGroup("sg-3")
	assert.Equal(t, "same", three.Name, "two groups may have one Name tag; the loader then takes GroupName")
	assert.Contains(t, three.Ingress[0].Unknown, "is a number, not a list")
	assert.Contains(t, three.Egress[0].Unknown, "are not in the snapshot", "which is not: nothing is allowed")
	four := v.SecurityGroup("sg-4")
	require.Len(t, four.Ingress, 1, "a rule that is there twice is there once")
	assert.Equal(t, "sgr-2", four.Ingress[0].ID)
	assert.Contains(t, notes(r), "security group sg-9, 1 rules: no SecurityGroups describe the group")
}

// TestEntries: one entry each, inbound unless it says otherwise.
func TestEntries(t *testing.T) {
	const base = `"RuleNumber": 100, "Egress": false, "RuleAction": "allow", "CidrBlock": "0.0.0.0/0", `
	for _, test := range []struct{ name, entry, want, unknown string }{
		{"all, ports ignored", base + `"Protocol": "-1", "PortRange": {"From": 1, "To": 2}`, "100 allow all 0.0.0.0/0", ""},
		{"tcp", base + `"Protocol": "6", "PortRange": {"From": 80, "To": 90}`, "100 allow tcp/80-90 0.0.0.0/0", ""},
		{"icmp", base + `"Protocol": "1", "IcmpTypeCode": {"Type": 8, "Code": -1}`, "100 allow icmp/8 0.0.0.0/0", ""},
		{"icmpv6", `"RuleNumber": 7, "Egress": false, "RuleAction": "deny", "Ipv6CidrBlock": "::/0", "Protocol": "58", "IcmpTypeCode": {"Type": -1, "Code": -1}`, "7 deny icmpv6 ::/0", ""},
		{"another protocol", base + `"Protocol": "47"`, "100 allow ip/47 0.0.0.0/0", ""},
		{"the last", `"RuleNumber": 32767, "Egress": false, "RuleAction": "deny", "CidrBlock": "0.0.0.0/0", "Protocol": "-1"`, "", ""},
		{"the last of IPv6", `"RuleNumber": 32768, "Egress": false, "RuleAction": "deny", "Ipv6CidrBlock": "::/0", "Protocol": "-1"`, "", ""},
		{"a last that allows", `"RuleNumber": 32767, "Egress": false, "RuleAction": "allow", "CidrBlock": "0.0.0.0/0", "Protocol": "-1"`, "1 allow all 0.0.0.0/0", "RuleNumber is not 1 to 32766 (ACL-7)"},
		{"unknown action", `"RuleNumber": 5, "Egress": false, "RuleAction": "maybe", "CidrBlock": "0.0.0.0/0", "Protocol": "-1"`, "5 deny all 0.0.0.0/0", `RuleAction "maybe" is neither allow nor deny`},
		{"unknown protocol", base + `"Protocol": "tpc"`, "100 allow all 0.0.0.0/0", `"tpc" is not a protocol`},
		{"no ports", base + `"Protocol": "17"`, "100 allow udp 0.0.0.0/0", "IpProtocol 17 has no port range"},
		{"no CIDR", `"RuleNumber": 5, "Egress": false, "RuleAction": "allow", "Protocol": "-1"`, "5 allow all invalid Prefix", `"" is not a CIDR block`},
		{"no direction", `"RuleNumber": 5, "RuleAction": "allow", "CidrBlock": "0.0.0.0/0", "Protocol": "-1"`, "5 allow all 0.0.0.0/0", "does not say Egress"},
		{"wrong type", `"RuleNumber": "5"`, "1 deny all invalid Prefix", "RuleNumber is a JSON string where a whole number is wanted"},
	} {
		t.Run(test.name, func(t *testing.T) {
			n, r := read(t, listed("NetworkAcls", `{"NetworkAclId": "acl-1", "VpcId": "vpc-1", "IsDefault": true, "Entries": [`+"\n{"+test.entry+"}]}"))
			a := n.NetworkACL("acl-1")
			assert.Equal(t, "acl-1", n.VPCs[0].DefaultNetworkACL)
			if test.want == "" {
				assert.Empty(t, a.Ingress)
				return
			}
			require.Len(t, a.Ingress, 1)
			e := a.Ingress[0]
			assert.Equal(t, test.want, fmt.Sprintf("%d %s %s %s", e.Number, e.Action, e.Service, e.CIDR))
			assert.Equal(t, test.unknown, e.Unknown)
			assert.Equal(t, "x.json:3", e.Origin)
			assert.Equal(t, test.unknown != "", r.Has(report.Skipped))
		})
	}
}

func TestNetworkACLs(t *testing.T) {
	const two = `{"SubnetId": "subnet-2", "VpcId": "vpc-1", "CidrBlock": "10.0.2.0/24"}`
	n, r := readAll(t, map[string]string{
		"v.json": listed("Vpcs", vpc1), "s.json": listed("Subnets", subnet1, two),
		"a.json": listed("NetworkAcls",
			`{"NetworkAclId": "acl-1", "VpcId": "vpc-1", "IsDefault": true, "Entries": [], "Associations": [{"SubnetId": "subnet-9"}, {}]}`,
			`{"NetworkAclId": "acl-2", "VpcId": "vpc-1", "Associations": [{"SubnetId": "subnet-1"}]}`,
			`{"NetworkAclId": "acl-3", "VpcId": "vpc-1", "Associations": [{"SubnetId": "subnet-1"}], "Entries": [
				{"RuleNumber": 5, "Egress": true, "RuleAction": "allow", "CidrBlock": "0.0.0.0/0", "Protocol": "-1"},
				{"RuleNumber": 5, "Egress": true, "RuleAction": "deny", "CidrBlock": "0.0.0.0/0", "Protocol": "-1"}]}`),
	})
	v := n.VPC("vpc-1")
	assert.Equal(t, "acl-2", v.Subnet("subnet-1").NetworkACL)
	assert.Equal(t, "Entries is not in the snapshot", v.NetworkACL("acl-2").Ingress[0].Unknown)
	assert.Equal(t, "Entries is not in the snapshot", v.NetworkACL("acl-2").Egress[0].Unknown)
	assert.Empty(t, v.NetworkACL("acl-1").Ingress, "denies everything")
	unlisted := v.NetworkACL(v.Subnet("subnet-2").NetworkACL)
	assert.Equal(t, firewall.Entry{Number: 1, Service: firewall.All, Unknown: "the network ACL is not in the snapshot", Origin: "s.json:3"}, unlisted.Ingress[0],
		"AWS lists every association, so this is not the default ACL")
	assert.Contains(t, v.NetworkACL("acl-3").Egress[1].Unknown, "(NetworkAclEntryAlreadyExists)")
	for _, want := range []string{"subnet-9: has network ACL acl-1, and no Subnets describe it", "association: names no subnet", "subnet subnet-1 has acl-2 already (ACL-1)"} {
		assert.Contains(t, notes(r), want)
	}
}
