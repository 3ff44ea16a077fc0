package awsjson

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vpcemu/vpcemu/vpc"
)

var oneTransit = map[string]string{
	"v.json": listed("Vpcs", vpc1),
	"g.json": listed("TransitGateways", `{"TransitGatewayId": "tgw-1", "Options": {"DefaultRouteTablePropagation": "disable", "SecurityGroupReferencingSupport": "enable"}}`),
	"a.json": listed("TransitGatewayVpcAttachments", `{"TransitGatewayAttachmentId": "tgw-attach-1", "TransitGatewayId": "tgw-1", "VpcId": "vpc-1", "State": "available",
		"SubnetIds": ["subnet-1"], "Options": {"ApplianceModeSupport": "enable", "Ipv6Support": "enable", "SecurityGroupReferencingSupport": "disable"}}`),
	"b.json": listed("TransitGatewayAttachments", `{"TransitGatewayAttachmentId": "tgw-attach-2", "TransitGatewayId": "tgw-1", "ResourceType": "vpn", "State": "available"}`,
		`{"TransitGatewayAttachmentId": "tgw-attach-1", "TransitGatewayId": "tgw-1", "ResourceType": "vpc", "ResourceId": "vpc-1", "State": "available",
			"Association": {"State": "associated", "TransitGatewayRouteTableId": "tgw-rtb-1"}}`),
	"t.json": listed("TransitGatewayRouteTables", `{"TransitGatewayRouteTableId": "tgw-rtb-1", "TransitGatewayId": "tgw-1", "State": "available"}`),
}

// with adds files to those of oneTransit.
func with(more map[string]string) map[string]string {
	all := make(map[string]string)
	for _, files := range []map[string]string{oneTransit, more} {
		for name, text := range files {
			all[name] = text
		}
	}
	return all
}

func TestTransitGateway(t *testing.T) {
	n, _ := readAll(t, with(map[string]string{
		"p.json": listed("TransitGatewayPropagations", `{"TransitGatewayRouteTableId": "tgw-rtb-1", "TransitGatewayRouteTablePropagations":
			[{"TransitGatewayAttachmentId": "tgw-attach-1", "State": "enabled"}, {"TransitGatewayAttachmentId": "tgw-attach-2", "State": "not-enabled"}]}`),
		"r.json": listed("TransitGatewayStaticRoutes", `{"TransitGatewayRouteTableId": "tgw-rtb-1", "Routes": [{"DestinationCidrBlock": "10.9.0.0/16", "State": "blackhole", "Type": "static"},
			{"DestinationCidrBlock": "0.0.0.0/0", "State": "active", "Type": "static", "TransitGatewayAttachments": [{"TransitGatewayAttachmentId": "tgw-attach-2"}]}]}`),
	}))
	g := n.Gateways[0].Transit
	require.Len(t, g.Attachments, 2)
	a, vpn := g.Attachments[0], g.Attachments[1]
	assert.True(t, a.Appliance && a.IPv6 && a.NoGroupReferences && g.GroupReferences)
	assert.Equal(t, []string{"tgw-rtb-1"}, a.Propagation)
	assert.Equal(t, "tgw-rtb-1", a.Association)
	assert.Empty(t, a.Unknown)
	assert.Equal(t, vpc.VPNAttachment, vpn.Kind)
	assert.Equal(t, vpc.NoTable, vpn.Association, "the listing would have said so")
	routes := g.RouteTables[0].Routes
	assert.True(t, routes[0].Blackhole)
	assert.Equal(t, "tgw-attach-2", routes[1].Target.ID)
	assert.Empty(t, g.RouteTables[0].Unknown)
}

// TestTransitRaw: the answers that do not name their table are about the only one.
func TestTransitRaw(t *testing.T) {
	n, _ := readAll(t, with(map[string]string{
		"p.json": listed("TransitGatewayRouteTablePropagations", `{"TransitGatewayAttachmentId": "tgw-attach-2", "State": "enabled"}`),
		"r.json": listed("Routes", `{"DestinationCidrBlock": "10.9.0.0/16", "State": "active", "Type": "static", "TransitGatewayAttachments": [{"TransitGatewayAttachmentId": "tgw-attach-1"}]}`,
			`{"DestinationCidrBlock": "172.16.0.0/16", "State": "active", "Type": "propagated", "TransitGatewayAttachments": [{"TransitGatewayAttachmentId": "tgw-attach-2"}]}`),
	}))
	g := n.Gateways[0].Transit
	assert.Equal(t, []string{"tgw-rtb-1"}, g.Attachments[1].Propagation)
	assert.Equal(t, []netip.Prefix{netip.MustParsePrefix("172.16.0.0/16")}, g.Attachments[1].Prefixes)
	assert.Len(t, g.RouteTables[0].Routes, 1)
	assert.Empty(t, g.RouteTables[0].Unknown)
}

// TestTransitGaps: what the snapshot does not say is unknown.
func TestTransitGaps(t *testing.T) {
	n, _ := readAll(t, oneTransit)
	assert.Contains(t, n.Gateways[0].Transit.RouteTables[0].Unknown, "not (all) in the snapshot")
	n, _ = readAll(t, map[string]string{"a.json": oneTransit["a.json"], "v.json": oneTransit["v.json"]})
	assert.Contains(t, n.Gateways[0].Transit.Attachments[0].Unknown, "which route table")
	n, _ = readAll(t, map[string]string{"b.json": oneTransit["b.json"], "v.json": oneTransit["v.json"]})
	assert.Contains(t, n.Gateways[0].Transit.Attachments[1].Unknown, "which subnets")
}
