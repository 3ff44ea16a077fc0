package awsjson

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestUnownedAddresses: an Elastic IP of what nothing describes is still the account's; one
// that is associated with nothing is nobody's.
func TestUnownedAddresses(t *testing.T) {
	addresses := listed("Addresses",
		`{"PublicIp": "198.51.100.1", "NetworkInterfaceId": "eni-gone", "PrivateIpAddress": "10.0.1.9"}`,
		`{"PublicIp": "198.51.100.2", "NetworkInterfaceId": "eni-nat", "PrivateIpAddress": "10.0.1.8"}`,
		`{"PublicIp": "198.51.100.3", "AllocationId": "eipalloc-3"}`)
	nat := listed("NatGateways", `{"NatGatewayId": "nat-1", "VpcId": "vpc-1", "SubnetId": "subnet-1", "State": "available",
		"NatGatewayAddresses": [{"PrivateIp": "10.0.1.8", "PublicIp": "198.51.100.2", "NetworkInterfaceId": "eni-nat"}]}`)
	n, r := readAll(t, map[string]string{"s.json": listed("Subnets", subnet1), "a.json": addresses, "n.json": nat})
	assert.Equal(t, "[198.51.100.1]", fmt.Sprint(n.Unowned))
	assert.Contains(t, notes(r), "address 198.51.100.1: belongs to network interface eni-gone, which nothing describes")
	assert.NotContains(t, notes(r), "eni-nat")
	again, _, err := LoadFiles(WriteFiles(n))
	assert.NoError(t, err)
	assert.Equal(t, n.Unowned, again.Unowned)

	n, _ = readAll(t, map[string]string{"s.json": listed("Subnets", subnet1), "a.json": addresses})
	assert.Equal(t, "[198.51.100.1 198.51.100.2]", fmt.Sprint(n.Unowned), "without the NAT gateway")
}

// TestListingsByRegion: a listing tells about its own region, and one outside the
// folders of regions about what is described there.
func TestListingsByRegion(t *testing.T) {
	vpcs := listed("Vpcs", `{"VpcId": "vpc-1", "CidrBlock": "10.0.0.0/16"}`)
	const none = `{"Subnets": [], "NetworkInterfaces": []}`
	for _, test := range []struct{ vpcs, others, want string }{
		{"eu-west-1/v.json", "eu-west-1/n.json", ""},
		{"v.json", "n.json", ""},
		{"eu-west-1/v.json", "eu-west-2/n.json", "no Subnets are in the snapshot; no NetworkInterfaces are in the snapshot"},
		{"eu-west-1/v.json", "n.json", "no Subnets are in the snapshot; no NetworkInterfaces are in the snapshot"},
		{"accounts/111122223333/eu-west-1/v.json", "accounts/444455556666/eu-west-1/n.json", "no Subnets are in the snapshot; no NetworkInterfaces are in the snapshot"},
		{"accounts/111122223333/eu-west-1/v.json", "accounts/111122223333/eu-west-1/n.json", ""},
	} {
		n, _ := readAll(t, map[string]string{test.vpcs: vpcs, test.others: none})
		assert.Equal(t, test.want, n.VPC("vpc-1").Unlisted, "%s %s", test.vpcs, test.others)
	}
}

// TestDNSTold: AWS's default is taken, and the report says so.
func TestDNSTold(t *testing.T) {
	files := map[string]string{"s.json": listed("Subnets", subnet1)}
	n, r := readAll(t, files)
	assert.False(t, n.VPC("vpc-1").DisableDNS)
	assert.Contains(t, notes(r), "missing: EnableDnsSupport: of vpc-1 is not in the snapshot: taken as on")
	files["d.json"] = `{"VpcId": "vpc-1", "EnableDnsSupport": {"Value": true}}`
	_, r = readAll(t, files)
	assert.NotContains(t, notes(r), "EnableDnsSupport")
}
