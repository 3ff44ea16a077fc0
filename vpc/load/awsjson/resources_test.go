package awsjson

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vpcemu/vpcemu/routing"
	"github.com/vpcemu/vpcemu/vpc"
	"github.com/vpcemu/vpcemu/vpc/load/report"
)

func TestVPCs(t *testing.T) {
	n, r := readAll(t, map[string]string{"v.json": listed("Vpcs", `{"VpcId": "vpc-1", "CidrBlock": "10.0.0.1/16", "Tags": [{"Key": "Name", "Value": "prod"}],
		"CidrBlockAssociationSet": [{"CidrBlock": "10.0.0.0/16", "CidrBlockState": {"State": "associated"}}, {"CidrBlock": "10.2.0.0/16"},
			{"CidrBlock": "10.3.0.0/16", "CidrBlockState": {"State": "disassociated"}}, {"CidrBlock": "10.4.0.0/16", "CidrBlockState": {"State": "weird"}}],
		"Ipv6CidrBlockAssociationSet": [{"Ipv6CidrBlock": "2001:db8::/56", "Ipv6CidrBlockState": {"State": "associated"}}]}`),
		"dns.json": `{"VpcId": "vpc-1", "EnableDnsSupport": {"Value": false}}`})
	v := n.VPC("prod")
	assert.Equal(t, "[10.0.0.0/16 10.2.0.0/16 10.4.0.0/16 2001:db8::/56]", fmt.Sprint(v.CIDRs))
	assert.True(t, v.DisableDNS)
	assert.Contains(t, notes(r), "CIDR 10.3.0.0/16: is disassociated")
	assert.Contains(t, notes(r), `CIDR 10.4.0.0/16: State "weird": taken as associated`)
}

// TestMissingVPC: what lies in a VPC that nothing describes says what it can.
func TestMissingVPC(t *testing.T) {
	n, r := readAll(t, map[string]string{"s.json": listed("Subnets", subnet1), "t.json": listed("RouteTables",
		`{"RouteTableId": "rtb-1", "VpcId": "vpc-1", "OwnerId": "111122223333", "Associations": [{"Main": true}], "Routes": [
			{"DestinationCidrBlock": "10.0.0.0/16", "GatewayId": "local", "State": "active"},
			{"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": "igw-1", "State": "active"}]}`)})
	v := n.VPC("vpc-1")
	assert.Equal(t, "[10.0.0.0/16] 111122223333 eu-west-1 rtb-1", fmt.Sprintf("%v %s %s %s", v.CIDRs, v.Account, v.Region, v.MainRouteTable))
	assert.Equal(t, "igw-1", v.InternetGateway.ID, "its route is active, so it is attached")
	assert.Len(t, v.RouteTables[0].Routes, 1)
	assert.Contains(t, notes(r), "missing: vpc vpc-1: is named here")
	assert.Contains(t, notes(r), "missing: vpc vpc-1: its network ACLs are not in the snapshot")

	n, _ = readAll(t, map[string]string{"s.json": listed("Subnets", subnet1)})
	assert.Empty(t, n.VPCs[0].CIDRs, "a subnet does not tell them")
	assert.Empty(t, n.VPCs[0].MainRouteTable)
	n, _ = readAll(t, map[string]string{"p.json": listed("VpcPeeringConnections", `{"VpcPeeringConnectionId": "pcx-1", "Status": {"Code": "active"},
		"RequesterVpcInfo": {"VpcId": "vpc-1", "CidrBlock": "10.0.0.0/16", "OwnerId": "1", "Region": "eu-west-1", "CidrBlockSet": [{"CidrBlock": "10.0.0.0/16"}, {"CidrBlock": "10.1.0.0/16"}]},
		"AccepterVpcInfo": {"VpcId": "vpc-2"}}`)})
	assert.Equal(t, "[10.0.0.0/16 10.1.0.0/16] 1 eu-west-1", fmt.Sprintf("%v %s %s", n.VPCs[0].CIDRs, n.VPCs[0].Account, n.VPCs[0].Region))
}

func TestAbsentVPCIsNotRegion(t *testing.T) {
	n, r := read(t, listed("InternetGateways", `{"InternetGatewayId": "igw-1", "Attachments": []}`,
		`{"InternetGatewayId": "igw-2", "Attachments": [{"State": "available", "VpcId": "vpc-1"}]}`,
		`{"InternetGatewayId": "igw-3", "Attachments": [{"State": "available", "VpcId": "vpc-1"}]}`))
	assert.Equal(t, "igw-2", n.VPCs[0].InternetGateway.ID)
	assert.Contains(t, notes(r), "igw-1: is attached to no VPC")
	assert.Contains(t, notes(r), "igw-3: vpc vpc-1 has the internet gateway igw-2 already (IGW-1)")
	assert.Equal(t, 1, r.Read["internet gateway"])
}

// TestGateways: what this version does not model is there by name, and said.
func TestGateways(t *testing.T) {
	for _, test := range []struct {
		key, element string
		want         vpc.Gateway
	}{
		{"NatGateways", `{"NatGatewayId": "g-1", "VpcId": "vpc-1", "SubnetId": "subnet-1", "State": "failed"}`,
			vpc.Gateway{Kind: routing.NATGateway, Subnet: "subnet-1", State: "failed"}},
		{"VpnGateways", `{"VpnGatewayId": "g-1", "State": "available", "VpcAttachments": [{"State": "detached", "VpcId": "vpc-9"}, {"State": "attached", "VpcId": "vpc-1"}]}`,
			vpc.Gateway{Kind: routing.VPNGateway, State: "available"}},
		{"EgressOnlyInternetGateways", `{"EgressOnlyInternetGatewayId": "g-1", "Attachments": [{"State": "attached", "VpcId": "vpc-1"}]}`,
			vpc.Gateway{Kind: routing.EgressOnlyGateway}},
		{"CarrierGateways", `{"CarrierGatewayId": "g-1", "VpcId": "vpc-1"}`, vpc.Gateway{Kind: routing.CarrierGateway}},
		{"VpcEndpoints", `{"VpcEndpointId": "g-1", "VpcId": "vpc-1", "VpcEndpointType": "Gateway"}`, vpc.Gateway{Kind: routing.GatewayEndpoint}},
		{"VpcEndpoints", `{"VpcEndpointId": "g-1", "VpcId": "vpc-1", "VpcEndpointType": "GatewayLoadBalancer", "SubnetIds": ["subnet-1"]}`,
			vpc.Gateway{Kind: routing.GWLBEndpoint, Subnet: "subnet-1"}},
		{"VpcEndpoints", `{"VpcEndpointId": "g-1", "VpcId": "vpc-1", "VpcEndpointType": "Novel"}`, vpc.Gateway{Kind: routing.UnknownTarget}},
		{"LocalGateways", `{"LocalGatewayId": "g-1"}`, vpc.Gateway{Kind: routing.LocalGateway}},
		{"TransitGateways", `{"TransitGatewayId": "g-1", "State": "pending"}`, vpc.Gateway{Kind: routing.TransitGateway, State: "pending"}},
		{"TransitGatewayVpcAttachments", `{"TransitGatewayAttachmentId": "a", "TransitGatewayId": "g-1", "VpcId": "vpc-1", "State": "available"}`,
			vpc.Gateway{Kind: routing.TransitGateway, VPCs: []string{"vpc-1"}}},
		{"TransitGatewayAttachments", `{"TransitGatewayAttachmentId": "a", "TransitGatewayId": "g-1", "ResourceType": "vpc", "ResourceId": "vpc-1", "State": "deleted"}`,
			vpc.Gateway{Kind: routing.TransitGateway}},
		{"VpcPeeringConnections", `{"VpcPeeringConnectionId": "g-1", "Status": {"Code": "active"}, "RequesterVpcInfo": {"VpcId": "vpc-1"}, "AccepterVpcInfo": {"VpcId": "vpc-2"}}`,
			vpc.Gateway{Kind: routing.PeeringConnection, State: "active", VPCs: []string{"vpc-1", "vpc-2"}}},
	} {
		t.Run(test.key+" "+test.want.Kind.String(), func(t *testing.T) {
			n, r := readAll(t, map[string]string{"v.json": listed("Vpcs", vpc1), "g.json": listed(test.key, test.element)})
			all := append(n.Gateways, n.VPC("vpc-1").Gateways...)
			require.Len(t, all, 1)
			want := test.want
			want.ID, want.Origin = "g-1", "g.json:2"
			all[0].Transit = nil // see TestTransitGateway
			assert.Equal(t, want, *all[0])
			if carried(test.want.Kind) {
				return
			}
			assert.True(t, r.Has(report.Unmodelled))
			assert.Contains(t, notes(r), "g-1: in the network by name; packets that meet it have an unknown fate")
		})
	}
	n, r := read(t, listed("VpcEndpoints", `{"VpcEndpointId": "vpce-1", "VpcId": "vpc-1", "VpcEndpointType": "Interface", "State": "Available",
		"ServiceName": "com.amazonaws.us-east-1.sqs", "SubnetIds": ["subnet-1"], "NetworkInterfaceIds": ["eni-1"], "Groups": [{"GroupId": "sg-1"}]}`))
	g := n.VPC("vpc-1").Gateways[0]
	assert.Equal(t, vpc.Endpoint{Service: "com.amazonaws.us-east-1.sqs", Subnets: []string{"subnet-1"}, Interfaces: []string{"eni-1"}, Groups: []string{"sg-1"}}, *g.Endpoint)
	assert.True(t, g.Works())
	assert.NotContains(t, notes(r), "unknown fate")
}

func TestPrefixLists(t *testing.T) {
	for _, test := range []struct {
		name    string
		files   map[string]string
		entries string
		unknown string
	}{
		{"with entries", map[string]string{"a.json": listed("PrefixLists", `{"PrefixListId": "pl-1", "PrefixListName": "s3", "Cidrs": ["52.0.0.0/8"]}`)}, "[52.0.0.0/8]", ""},
		{"without", map[string]string{"a.json": listed("PrefixLists", `{"PrefixListId": "pl-1", "PrefixListName": "s3", "MaxEntries": 9}`)}, "[]", noEntries},
		{"both listings", map[string]string{"a.json": listed("PrefixLists", `{"PrefixListId": "pl-1", "PrefixListName": "s3", "MaxEntries": 9}`),
			"b.json": listed("PrefixLists", `{"PrefixListId": "pl-1", "PrefixListName": "s3", "Cidrs": ["52.0.0.0/8"]}`)}, "[52.0.0.0/8]", ""},
		{"the other way round", map[string]string{"b.json": listed("PrefixLists", `{"PrefixListId": "pl-1", "PrefixListName": "s3", "MaxEntries": 9}`),
			"a.json": listed("PrefixLists", `{"PrefixListId": "pl-1", "PrefixListName": "s3", "Cidrs": ["52.0.0.0/8"]}`)}, "[52.0.0.0/8]", ""},
		{"entries by file name", map[string]string{"a.json": listed("PrefixLists", `{"PrefixListId": "pl-1", "PrefixListName": "s3", "MaxEntries": 9}`),
			"entries-pl-1.json": listed("Entries", `{"Cidr": "10.0.0.0/8", "Description": "ten"}`)}, "[10.0.0.0/8]", ""},
		{"a broken entry", map[string]string{"a.json": listed("PrefixLists", `{"PrefixListId": "pl-1", "Cidrs": ["52.0.0.0/8", "x", 7]}`)}, "[52.0.0.0/8]",
			`entry "x" is not a CIDR block; entry "7" is not a CIDR block`},
	} {
		t.Run(test.name, func(t *testing.T) {
			n, _ := readAll(t, test.files)
			l := n.PrefixList("pl-1")
			require.NotNil(t, l)
			assert.Equal(t, test.entries, fmt.Sprint(l.Entries))
			assert.Equal(t, test.unknown, l.Unknown)
		})
	}
	_, r := read(t, listed("Entries", `{"Cidr": "10.0.0.0/8"}`))
	assert.Contains(t, notes(r), "does not say which prefix list it belongs to")
}
