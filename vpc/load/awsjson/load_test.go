package awsjson

import (
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vpcemu/vpcemu/vpc/load/report"
)

const (
	vpc1    = `{"VpcId": "vpc-1", "CidrBlock": "10.0.0.0/16", "OwnerId": "111122223333"}`
	subnet1 = `{"SubnetId": "subnet-1", "VpcId": "vpc-1", "CidrBlock": "10.0.1.0/24", "AvailabilityZone": "eu-west-1b"}`
)

// listed is a file with one listing.
func listed(key string, elements ...string) string {
	out := `{"` + key + `": [`
	for i, e := range elements {
		if i > 0 {
			out += ","
		}
		out += "\n  " + e
	}
	return out + "\n]}"
}

func TestLayouts(t *testing.T) {
	vpcs := listed("Vpcs", vpc1)
	for _, test := range []struct {
		name            string
		files           map[string]string
		account, region string
		vpcs            int
	}{
		{"a folder", map[string]string{"describe-vpcs.json": vpcs, "any/other/name.JSON": listed("Subnets", subnet1)}, "111122223333", "eu-west-1", 1},
		{"aws_configs", map[string]string{"aws_configs/Vpcs.json": vpcs}, "111122223333", "", 1},
		{"regions", map[string]string{"aws_configs/us-gov-west-1/x.json": vpcs}, "111122223333", "us-gov-west-1", 1},
		{"accounts", map[string]string{"aws_configs/accounts/7/us-east-1/x.json": listed("Vpcs", `{"VpcId": "vpc-2", "CidrBlock": "10.0.0.0/16"}`),
			"aws_configs/Vpcs.json": vpcs}, "7", "us-east-1", 1},
		{"accounts at the top", map[string]string{"accounts/7/us-east-1/x.json": vpcs}, "111122223333", "us-east-1", 1},
		{"recorded answers", map[string]string{"x.json": `{"status_code": 200, "data": ` + vpcs + `}`}, "111122223333", "", 1},
		{"byte order mark", map[string]string{"x.json": "\uFEFF" + vpcs}, "111122223333", "", 1},
		{"UTF-16", map[string]string{"x.json": utf16le(vpcs)}, "111122223333", "", 1},
		{"nothing in the listing", map[string]string{"x.json": `{"Vpcs": []}`}, "", "", 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			n, r := readAll(t, test.files)
			require.Len(t, n.VPCs, test.vpcs)
			if test.vpcs > 0 {
				assert.Equal(t, test.account+" "+test.region, n.VPCs[0].Account+" "+n.VPCs[0].Region)
				assert.True(t, n.VPCs[0].Partial)
			}
			assert.Equal(t, "aws", r.Format)
		})
	}
}

func utf16le(s string) string {
	out := "\xFF\xFE"
	for i := range len(s) {
		out += string([]byte{s[i], 0})
	}
	return out
}

func TestAccountsFolderCountsAlone(t *testing.T) {
	n, r := readAll(t, map[string]string{"accounts/1/eu-west-1/a.json": listed("Vpcs", vpc1), "b.json": listed("Vpcs", `{"VpcId": "vpc-2"}`)})
	require.Len(t, n.VPCs, 1)
	assert.Contains(t, notes(r), "b.json: ignored: the whole file: there is a folder accounts/")
}

func TestLoadFromDisk(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "sub", "anything.json")
	require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o777))
	require.NoError(t, os.WriteFile(file, []byte(listed("Vpcs", vpc1)), 0o666))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "other.json"), []byte(`{"format_version": "1.2"}`), 0o666))

	n, r, err := Load(dir)
	require.NoError(t, err)
	assert.Equal(t, "sub/anything.json:2", n.VPCs[0].Origin)
	assert.Contains(t, notes(r), "other.json:1: ignored: format_version: unknown key")
	n, _, err = Load(file)
	require.NoError(t, err)
	assert.Equal(t, "anything.json:2", n.VPCs[0].Origin)
	n, _, err = LoadFS(fstest.MapFS{"a/b.json": {Data: []byte(listed("Vpcs", vpc1))}})
	require.NoError(t, err)
	assert.Len(t, n.VPCs, 1)

	assert.True(t, Detect(dir))
	assert.True(t, Detect(file))
	assert.False(t, Detect(filepath.Join(dir, "other.json")))
	assert.False(t, Detect(filepath.Join(dir, "absent")))
	_, _, err = Load(filepath.Join(dir, "absent"))
	assert.ErrorIs(t, err, os.ErrNotExist)
	_, _, err = Load(filepath.Join(dir, "other.json"))
	assert.ErrorIs(t, err, ErrNoResources)
}

// TestBrokenFiles: a file that is broken loses itself and not the others.
func TestBrokenFiles(t *testing.T) {
	for _, test := range []struct{ name, file, note string }{
		{"syntax", "{\n  \"Subnets\": [,]\n}", "b.json: skipped: the whole file: line 2, column 15: invalid character ','"},
		{"cut off", `{"Subnets": [`, "b.json: skipped: the whole file: line 1, column 13: unexpected end of JSON input"},
		{"empty", ``, "b.json: skipped: the whole file: "},
		{"two documents", `{} {}`, "b.json: skipped: the whole file: line 1, column 4"},
		{"a list", `[1]`, "b.json: ignored: the whole file: is a list, not an object"},
		{"unknown key", `{"Widgets": [1, 2]}`, "b.json:1: ignored: Widgets: 2 elements: unknown key"},
		{"no list", `{"Subnets": {}}`, "b.json:1: skipped: Subnets: is an object, not a list"},
		{"more pages", `{"NextToken": "abc"}`, "b.json:1: missing: NextToken: the listing is cut off here"},
		{"an answer", `{"ResponseMetadata": {}}`, "b.json:1: ignored: ResponseMetadata"},
	} {
		t.Run(test.name, func(t *testing.T) {
			n, r := readAll(t, map[string]string{"a.json": listed("Vpcs", vpc1), "b.json": test.file})
			assert.Len(t, n.VPCs, 1)
			assert.Contains(t, notes(r), test.note)
		})
	}
}

// TestBrokenElements: an element that is broken loses itself and not its list.
func TestBrokenElements(t *testing.T) {
	for _, test := range []struct{ name, key, element, note string }{
		{"null", "Subnets", `null`, "skipped: subnet : is null, not an object"},
		{"a number", "Subnets", `17`, "skipped: subnet : is a JSON number where an object is wanted"},
		{"a wrong type", "Subnets", `{"SubnetId": "subnet-2", "CidrBlock": 10}`, "skipped: subnet subnet-2: CidrBlock is a JSON number where a string is wanted"},
		{"no ID", "Subnets", `{"VpcId": "vpc-1"}`, "skipped: subnet : has no SubnetId"},
		{"no VPC", "Subnets", `{"SubnetId": "subnet-2"}`, "skipped: subnet subnet-2: has no VpcId"},
		{"no CIDR", "Subnets", `{"SubnetId": "subnet-2", "VpcId": "vpc-1", "CidrBlock": "10.0/24"}`, `skipped: subnet subnet-2: "10.0/24" is not a CIDR block`},
		{"outside", "Subnets", `{"SubnetId": "subnet-2", "VpcId": "vpc-1", "CidrBlock": "10.9.0.0/24"}`, "outside the VPC's [10.0.0.0/16] (SUB-1) (InvalidSubnet.Range)"},
		{"overlap", "Subnets", `{"SubnetId": "subnet-2", "VpcId": "vpc-1", "CidrBlock": "10.0.1.128/25"}`, "(InvalidSubnet.Conflict)"},
		{"a group", "SecurityGroups", `{"GroupId": 1}`, "GroupId is a JSON number where a string is wanted"},
		{"a table", "RouteTables", `[]`, "skipped: route table : is a JSON array where an object is wanted"},
		{"an ACL", "NetworkAcls", `{"NetworkAclId": "acl-1"}`, "skipped: network acl acl-1: has no VpcId"},
		{"an interface", "NetworkInterfaces", `{"NetworkInterfaceId": "eni-1", "VpcId": "vpc-1"}`, "skipped: network interface eni-1: has no SubnetId"},
		{"an instance", "Reservations", `{"ReservationId": "r-1", "Instances": {}}`, "skipped: reservation r-1: Instances is an object, not a list"},
		{"an address", "Addresses", `{"PublicIp": "1.2.3"}`, `PublicIp "1.2.3" is not an IP address`},
		{"a gateway", "NatGateways", `{"NatGatewayId": "nat-1"}`, "skipped: nat gateway nat-1: has no VpcId"},
	} {
		t.Run(test.name, func(t *testing.T) {
			good := map[string]string{"a.json": listed("Vpcs", vpc1), "b.json": listed("Subnets", subnet1)}
			good["c.json"] = listed(test.key, test.element)
			n, r := readAll(t, good)
			assert.Contains(t, notes(r), test.note)
			assert.True(t, r.Has(report.Skipped))
			require.Len(t, n.VPCs, 1)
			assert.Len(t, n.VPCs[0].Subnets, 1)
		})
	}
}

func TestDuplicates(t *testing.T) {
	same := `{"OwnerId": "111122223333", "CidrBlock": "10.0.0.0/16", "VpcId": "vpc-1", "Tags": []}`
	n, r := readAll(t, map[string]string{"a.json": listed("Vpcs", vpc1), "b.json": listed("Vpcs", same)})
	assert.Len(t, n.VPCs, 1)
	assert.Contains(t, notes(r), "b.json:2: ignored: vpc vpc-1: says the same as a.json:2")
	assert.Equal(t, 1, r.Read["vpc"])
	assert.False(t, r.Has(report.Skipped))

	other := `{"VpcId": "vpc-1", "CidrBlock": "10.7.0.0/16"}`
	n, r = readAll(t, map[string]string{"a.json": listed("Vpcs", vpc1), "b.json": listed("Vpcs", other)})
	assert.Equal(t, "10.0.0.0/16", n.VPCs[0].CIDRs[0].String())
	assert.Contains(t, notes(r), "b.json:2: skipped: vpc vpc-1: differs from a.json:2, which counts")
}

// TestTakenOnce: every kind of element has an ID, and counts once.
func TestTakenOnce(t *testing.T) {
	for _, test := range []struct{ key, kind, id string }{
		{"NetworkAcls", "network acl", "NetworkAclId"},
		{"VpcBlockPublicAccessExclusions", "Block Public Access exclusion", "ExclusionId"},
		{"FlowLogs", "flow log", "FlowLogId"},
		{"InternetGateways", "internet gateway", "InternetGatewayId"},
		{"NatGateways", "nat gateway", "NatGatewayId"},
		{"VpcEndpoints", "vpc endpoint", "VpcEndpointId"},
		{"LocalGateways", "local gateway", "LocalGatewayId"},
		{"SecurityGroups", "security group", "GroupId"},
		{"NetworkInterfaces", "network interface", "NetworkInterfaceId"},
		{"VpcPeeringConnections", "vpc peering connection", "VpcPeeringConnectionId"},
		{"TransitGateways", "transit gateway", "TransitGatewayId"},
		{"TransitGatewayVpcAttachments", "transit gateway vpc attachment", "TransitGatewayAttachmentId"},
		{"TransitGatewayPeeringAttachments", "transit gateway peering attachment", "TransitGatewayAttachmentId"},
		{"TransitGatewayConnects", "transit gateway connect", "TransitGatewayAttachmentId"},
		{"TransitGatewayRouteTables", "transit gateway route table", "TransitGatewayRouteTableId"},
		{"RouteTables", "route table", "RouteTableId"},
	} {
		t.Run(test.kind, func(t *testing.T) {
			one := listed(test.key, `{"`+test.id+`": "x-1"}`)
			_, r := readAll(t, map[string]string{"a.json": one, "b.json": one, "c.json": listed(test.key, `{}`)})
			assert.Contains(t, notes(r), "b.json:2: ignored: "+test.kind+" x-1: says the same as a.json:2")
			assert.Contains(t, notes(r), ": has no "+test.id)
		})
	}
}

func TestKeysNotLookedAt(t *testing.T) {
	_, r := read(t, listed("Vpcs",
		`{"VpcId": "vpc-1", "CidrBlock": "10.0.0.0/16", "InstanceTenancy": "default", "IsDefault": false, "Fresh": 1}`,
		`{"VpcId": "vpc-2", "CidrBlock": "10.0.0.0/16", "InstanceTenancy": "default", "Fresh": 2}`))
	assert.Equal(t, `x.json:2: ignored: Vpcs[]: InstanceTenancy, IsDefault: no part in what packets do
x.json:2: ignored: Vpcs[].Fresh: not looked at
`, notes(r))
	_, r = read(t, listed("Subnets", `{"SubnetId": "subnet-1", "VpcId": "vpc-1", "CidrBlock": "10.0.1.0/24",
		"Ipv6CidrBlockAssociationSet": [{"Ipv6CidrBlock": "2001:db8::/64", "Depth": {"Wave": 1}}]}`))
	assert.Contains(t, notes(r), "Subnets[].Ipv6CidrBlockAssociationSet[].Depth: not looked at")
}

func TestKindsWithoutHandler(t *testing.T) {
	for _, test := range []struct{ key, note string }{
		{"TransitGatewayMulticastDomains", "not modelled: TransitGatewayMulticastDomains: 2 elements"},
		{"DirectConnectGateways", "ignored: DirectConnectGateways: 2 elements"},
		{"directConnectGateways", "ignored: DirectConnectGateways: 2 elements"},
		{"LoadBalancerDescriptions", "its interfaces are read from NetworkInterfaces"},
		{"AvailabilityZones", "ignored: AvailabilityZones: 2 elements: no part in what packets do"},
	} {
		_, r := read(t, listed(test.key, `{"A": 1}`, `{"A": 2}`))
		assert.Contains(t, notes(r), test.note)
	}
}
