package awsjson

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vpcemu/vpcemu/vpc"
)

// TestRegionalNATGateway: one that is in no subnet, with an address for each zone
// and a route table of its own (NAT-41 to NAT-43).
func TestRegionalNATGateway(t *testing.T) {
	n, r := readAll(t, map[string]string{
		"v.json": listed("Vpcs", vpc1),
		"s.json": listed("Subnets", `{"SubnetId": "subnet-1", "VpcId": "vpc-1", "CidrBlock": "10.0.1.0/24", "AvailabilityZone": "eu-west-1a", "EnableDns64": true, "MapPublicIpOnLaunch": true}`),
		"n.json": listed("NatGateways", `{"NatGatewayId": "nat-1", "VpcId": "vpc-1", "State": "available", "ConnectivityType": "public", "AvailabilityMode": "regional",
			"RouteTableId": "rtb-1", "NatGatewayAddresses": [
				{"PublicIp": "198.51.100.1", "AllocationId": "eipalloc-1", "AvailabilityZone": "eu-west-1a", "Status": "succeeded"},
				{"PublicIp": "198.51.100.2", "AllocationId": "eipalloc-2", "AvailabilityZone": "eu-west-1b", "Status": "disassociating"}]}`),
		"r.json": listed("RouteTables", `{"RouteTableId": "rtb-1", "VpcId": "vpc-1", "Associations": [{"Main": false, "GatewayId": "nat-1", "RouteTableId": "rtb-1"}],
			"Routes": [{"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": "igw-1", "State": "active"}]}`),
	})
	g := n.VPCs[0].Gateway("nat-1")
	require.NotNil(t, g)
	assert.True(t, g.Regional)
	assert.Empty(t, g.Subnet)
	assert.Equal(t, "rtb-1", g.RouteTable)
	one, two := netip.MustParseAddr("198.51.100.1"), netip.MustParseAddr("198.51.100.2")
	assert.Equal(t, []vpc.Address{{Public: one, Elastic: true, Zone: "eu-west-1a"}, {Public: two, Elastic: true, Zone: "eu-west-1b"}}, g.Addresses)
	assert.Equal(t, []netip.Addr{two}, g.Draining)
	assert.True(t, n.VPCs[0].Subnet("subnet-1").DNS64)
	assert.True(t, n.VPCs[0].Subnet("subnet-1").MapPublicIP)
	for _, note := range r.Notes {
		assert.NotContains(t, note.What, "rtb-1")
	}
}
