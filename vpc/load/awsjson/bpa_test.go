package awsjson

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vpcemu/vpcemu/vpc"
)

func TestBlockPublicAccess(t *testing.T) {
	n, _ := readAll(t, map[string]string{
		"v.json": listed("Vpcs", `{"VpcId": "vpc-1", "CidrBlock": "10.0.0.0/16"}`),
		"s.json": listed("Subnets", `{"SubnetId": "subnet-1", "VpcId": "vpc-1", "CidrBlock": "10.0.1.0/24"}`),
		"o.json": `{"VpcBlockPublicAccessOptions": {"AwsAccountId": "123456789012", "AwsRegion": "us-east-2", "State": "update-complete",
			"InternetGatewayBlockMode": "block-ingress"}}`,
		"e.json": listed("VpcBlockPublicAccessExclusions",
			`{"ExclusionId": "vpcbpa-exclude-1", "InternetGatewayExclusionMode": "allow-egress", "State": "create-complete",
				"ResourceArn": "arn:aws:ec2:us-east-2:123456789012:subnet/subnet-1"}`,
			`{"ExclusionId": "vpcbpa-exclude-2", "InternetGatewayExclusionMode": "allow-egress", "State": "delete-complete",
				"ResourceArn": "arn:aws:ec2:us-east-2:123456789012:vpc/vpc-1"}`),
	})
	require.Len(t, n.BlockPublicAccess, 1)
	b := n.BlockPublicAccess[0]
	assert.Equal(t, vpc.BlockIngress, b.Mode)
	require.Len(t, b.Exclusions, 1)
	assert.Equal(t, "subnet-1", b.Exclusions[0].Resource)
	assert.True(t, b.Exclusions[0].EgressOnly)

	again, _, err := LoadFiles(WriteFiles(n))
	require.NoError(t, err)
	assert.Equal(t, bare(n).BlockPublicAccess, bare(again).BlockPublicAccess)
}

// TestNoBlockOptions: what a snapshot does not say is noted, if it matters.
func TestNoBlockOptions(t *testing.T) {
	igw := listed("InternetGateways", `{"InternetGatewayId": "igw-1", "Attachments": [{"State": "available", "VpcId": "vpc-1"}]}`)
	const note = "Block Public Access options: are not in the snapshot: taken as off"
	_, r := readAll(t, map[string]string{"i.json": igw})
	assert.Contains(t, notes(r), note)
	_, r = readAll(t, map[string]string{"i.json": igw, "o.json": `{"VpcBlockPublicAccessOptions": {"InternetGatewayBlockMode": "off"}}`})
	assert.NotContains(t, notes(r), note)
	_, r = readAll(t, map[string]string{"v.json": listed("Vpcs", vpc1)})
	assert.NotContains(t, notes(r), note)
}

// TestExclusionsWithoutOptions: where something is exempt, something is blocked, and
// nothing says what.
func TestExclusionsWithoutOptions(t *testing.T) {
	files := map[string]string{
		"v.json": listed("Vpcs", `{"VpcId": "vpc-1", "CidrBlock": "10.0.0.0/16", "OwnerId": "123456789012"}`),
		"e.json": listed("VpcBlockPublicAccessExclusions",
			`{"ExclusionId": "vpcbpa-exclude-1", "InternetGatewayExclusionMode": "allow-egress", "State": "create-complete",
				"ResourceArn": "arn:aws:ec2:us-east-2:123456789012:vpc/vpc-1"}`),
	}
	n, r := readAll(t, files)
	require.Len(t, n.BlockPublicAccess, 1)
	assert.NotEmpty(t, n.BlockPublicAccess[0].Unknown)
	assert.Contains(t, notes(r), "though there are exclusions: what passes gateways elsewhere is unknown")

	again, _, err := LoadFiles(WriteFiles(n))
	require.NoError(t, err)
	assert.Equal(t, bare(n).BlockPublicAccess, bare(again).BlockPublicAccess)

	files["o.json"] = `{"VpcBlockPublicAccessOptions": {"AwsAccountId": "123456789012", "AwsRegion": "us-east-2", "InternetGatewayBlockMode": "block-ingress"}}`
	n, _ = readAll(t, files)
	assert.Empty(t, n.BlockPublicAccess[0].Unknown)
}
