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

// TestTransitFileNames: an answer is about the table that its file is named after.
func TestTransitFileNames(t *testing.T) {
	two := with(map[string]string{
		"t.json":                              listed("TransitGatewayRouteTables", `{"TransitGatewayRouteTableId": "tgw-rtb-1", "TransitGatewayId": "tgw-1"}`, `{"TransitGatewayRouteTableId": "tgw-rtb-2", "TransitGatewayId": "tgw-1"}`),
		"get-tgw-rtb-2-propagations.json":     listed("TransitGatewayRouteTablePropagations", `{"TransitGatewayAttachmentId": "tgw-attach-2", "State": "enabled"}`),
		"get-tgw-rtb-2-associations.json":     listed("Associations", `{"TransitGatewayAttachmentId": "tgw-attach-1", "State": "associated"}`),
		"search-tgw-rtb-2-routes.json":        listed("Routes", `{"DestinationCidrBlock": "10.9.0.0/16", "State": "blackhole", "Type": "static"}`),
		"search-something-else-entirely.json": listed("Routes", `{"DestinationCidrBlock": "10.8.0.0/16", "State": "blackhole", "Type": "static"}`),
	})
	n, r := readAll(t, two)
	g := n.Gateways[0].Transit
	assert.Equal(t, []string{"tgw-rtb-2"}, g.Attachments[1].Propagation)
	assert.Equal(t, "tgw-rtb-1", g.Attachments[0].Association, "which the attachment itself says")
	assert.Len(t, g.RouteTables[1].Routes, 2, "and one that is not known")
	assert.Empty(t, g.RouteTables[0].Routes)
	assert.NotEmpty(t, g.RouteTables[0].Unknown)
	assert.Contains(t, notes(r), "search-something-else-entirely.json:2: not modelled: Routes: does not say")
}

// TestTransitCut: an answer that is cut off leaves routes open.
func TestTransitCut(t *testing.T) {
	for _, cut := range []string{"true", "false"} {
		n, r := readAll(t, with(map[string]string{
			"p.json": listed("TransitGatewayRouteTablePropagations", `{"TransitGatewayAttachmentId": "tgw-attach-1", "State": "enabled"}`),
			"r.json": `{"AdditionalRoutesAvailable": ` + cut + `, "Routes": [{"DestinationCidrBlock": "10.9.0.0/16", "State": "blackhole", "Type": "static"},
				{"DestinationCidrBlock": "10.7.0.0/16", "State": "active", "Type": "static", "TransitGatewayAttachments": [{"TransitGatewayAttachmentId": "tgw-attach-1"}]}]}`,
		}))
		table := n.Gateways[0].Transit.RouteTables[0]
		assert.Len(t, table.Routes, 2, "a blackhole goes by its neighbour")
		assert.Equal(t, cut == "true", table.Unknown != "", notes(r))
	}
}

// TestTransitPrefixLists: a reference stands for the entries that the routes list too.
func TestTransitPrefixLists(t *testing.T) {
	n, r := readAll(t, with(map[string]string{
		"l.json": listed("PrefixLists", `{"PrefixListId": "pl-1", "Cidrs": ["10.9.0.0/16"]}`),
		"p.json": listed("TransitGatewayRouteTablePropagations", `{"TransitGatewayAttachmentId": "tgw-attach-1", "State": "enabled"}`),
		"e.json": listed("TransitGatewayPrefixListReferences", `{"TransitGatewayRouteTableId": "tgw-rtb-1", "PrefixListId": "pl-1", "State": "available", "Blackhole": false,
			"TransitGatewayAttachment": {"TransitGatewayAttachmentId": "tgw-attach-1", "ResourceType": "vpc", "ResourceId": "vpc-1"}}`,
			`{"TransitGatewayRouteTableId": "tgw-rtb-1", "PrefixListId": "pl-2", "State": "odd"}`,
			`{"TransitGatewayRouteTableId": "tgw-rtb-1", "PrefixListId": "pl-3", "State": "deleting"}`,
			`{"TransitGatewayRouteTableId": "tgw-rtb-9", "PrefixListId": "pl-1", "State": "available"}`),
		"r.json": listed("TransitGatewayStaticRoutes", `{"TransitGatewayRouteTableId": "tgw-rtb-1", "Routes": [
			{"DestinationCidrBlock": "10.9.0.0/16", "PrefixListId": "pl-1", "State": "active", "Type": "static", "TransitGatewayAttachments": [{"TransitGatewayAttachmentId": "tgw-attach-1"}]}]}`),
	}))
	routes := n.Gateways[0].Transit.RouteTables[0].Routes
	require.Len(t, routes, 2, notes(r))
	assert.Equal(t, "pl-1 tgw-attach-1", routes[0].PrefixList+" "+routes[0].Target.ID)
	assert.NotEmpty(t, routes[1].Unknown)
	assert.Contains(t, notes(r), "prefix list reference pl-3: is deleting")
	assert.Contains(t, notes(r), "no TransitGatewayRouteTables describe the table")
}

// TestTransitPeering: both ends of a connection, which may have one ID.
func TestTransitPeering(t *testing.T) {
	n, _ := readAll(t, map[string]string{
		"v.json": listed("Vpcs", vpc1),
		"g.json": listed("TransitGateways", `{"TransitGatewayId": "tgw-1"}`, `{"TransitGatewayId": "tgw-2"}`),
		"a.json": listed("TransitGatewayAttachments",
			`{"TransitGatewayAttachmentId": "tgw-attach-1", "TransitGatewayId": "tgw-1", "ResourceType": "peering", "ResourceId": "tgw-2", "State": "available"}`,
			`{"TransitGatewayAttachmentId": "tgw-attach-1", "TransitGatewayId": "tgw-2", "ResourceType": "peering", "ResourceId": "tgw-1", "State": "available"}`),
		"p.json": listed("TransitGatewayPeeringAttachments",
			`{"TransitGatewayAttachmentId": "tgw-attach-1", "RequesterTgwInfo": {"TransitGatewayId": "tgw-1"}, "AccepterTgwInfo": {"TransitGatewayId": "tgw-2"}, "State": "available"}`),
	})
	for k, peer := range []string{"tgw-2", "tgw-1"} {
		require.Len(t, n.Gateways[k].Transit.Attachments, 1)
		a := n.Gateways[k].Transit.Attachments[0]
		assert.Equal(t, vpc.PeeringAttachment, a.Kind)
		assert.Equal(t, peer+" none", a.Peer+" "+a.Association)
		assert.Empty(t, a.Unknown)
	}
	n, _ = readAll(t, map[string]string{
		"v.json": listed("Vpcs", vpc1),
		"c.json": listed("TransitGatewayConnects", `{"TransitGatewayAttachmentId": "tgw-attach-7", "TransitGatewayId": "tgw-1", "State": "available"}`),
		"p.json": listed("TransitGatewayPeeringAttachments",
			`{"TransitGatewayAttachmentId": "tgw-attach-1", "RequesterTgwInfo": {"TransitGatewayId": "tgw-1"}, "AccepterTgwInfo": {"TransitGatewayId": "tgw-2"}, "State": "pendingAcceptance"}`),
	})
	require.Len(t, n.Gateways, 1)
	g := n.Gateways[0].Transit
	assert.Equal(t, vpc.PeeringAttachment, g.Attachments[0].Kind)
	assert.Equal(t, "tgw-2 pendingAcceptance", g.Attachments[0].Peer+" "+g.Attachments[0].State)
	assert.Equal(t, vpc.ConnectAttachment, g.Attachments[1].Kind)
	assert.NotEmpty(t, g.Attachments[0].Unknown, "its association is not in the snapshot")
}

// TestStaleRules: AWS says which rules have lost the group that they refer to.
func TestStaleRules(t *testing.T) {
	n, _ := read(t, listed("SecurityGroups", `{"GroupId": "sg-1", "GroupName": "a", "VpcId": "vpc-1", "IpPermissions": [{"IpProtocol": "-1", "UserIdGroupPairs": [
		{"GroupId": "sg-7", "VpcPeeringConnectionId": "pcx-1", "PeeringStatus": "deleted"}, {"GroupId": "sg-8", "VpcPeeringConnectionId": "pcx-2", "PeeringStatus": "active"}]}]}`))
	rules := n.SecurityGroup("sg-1").Ingress
	assert.True(t, rules[0].Stale)
	assert.False(t, rules[1].Stale)
}

// TestPeeringOptions: what resolves across a peering connection.
func TestPeeringOptions(t *testing.T) {
	n, _ := readAll(t, map[string]string{
		"p.json": listed("VpcPeeringConnections", `{"VpcPeeringConnectionId": "pcx-1", "Status": {"Code": "active"}, "RequesterVpcInfo": {"VpcId": "vpc-1"},
			"AccepterVpcInfo": {"VpcId": "vpc-2", "PeeringOptions": {"AllowDnsResolutionFromRemoteVpc": true}}}`),
		"h.json": `{"VpcId": "vpc-2", "EnableDnsHostnames": {"Value": true}}`,
		"s.json": `{"VpcId": "vpc-2", "EnableDnsSupport": {"Value": true}}`,
	})
	assert.Equal(t, []string{"vpc-2"}, n.Gateways[0].PeerDNS)
	assert.True(t, n.VPC("vpc-2").DNSHostnames)
	assert.False(t, n.VPC("vpc-2").DisableDNS || n.VPC("vpc-1").DNSHostnames)
}
