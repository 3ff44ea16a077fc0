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

func TestLoadBalancers(t *testing.T) {
	n, _ := readAll(t, map[string]string{
		"v.json": listed("Vpcs", `{"VpcId": "vpc-1", "CidrBlock": "10.0.0.0/16"}`),
		"s.json": listed("Subnets", `{"SubnetId": "subnet-1", "VpcId": "vpc-1", "CidrBlock": "10.0.1.0/24"}`),
		"i.json": listed("NetworkInterfaces", `{"NetworkInterfaceId": "eni-1", "SubnetId": "subnet-1", "VpcId": "vpc-1", "InterfaceType": "network_load_balancer",
			"Description": "ELB net/lb/1", "SourceDestCheck": true, "Status": "in-use", "Groups": [], "PrivateIpAddresses": [{"PrivateIpAddress": "10.0.1.9", "Primary": true}]}`),
		"b.json": listed("LoadBalancers", `{"LoadBalancerArn": "arn:aws:elasticloadbalancing:us-east-2:1:loadbalancer/net/lb/1", "LoadBalancerName": "lb", "Type": "network",
			"Scheme": "internal", "VpcId": "vpc-1", "State": {"Code": "active"}, "AvailabilityZones": [{"SubnetId": "subnet-1", "ZoneName": "us-east-2a"}]}`),
		"t.json": listed("TargetGroups", `{"TargetGroupArn": "tg", "TargetGroupName": "apps", "Protocol": "TCP", "Port": 80, "TargetType": "ip", "VpcId": "vpc-1"}`),
		"l.json": listed("LoadBalancerListeners", `{"LoadBalancerArn": "x", "Listeners": [{"ListenerArn": "l", "Protocol": "TCP", "Port": 80,
			"LoadBalancerArn": "arn:aws:elasticloadbalancing:us-east-2:1:loadbalancer/net/lb/1", "DefaultActions": [{"Type": "forward", "TargetGroupArn": "tg", "Order": 1}]}]}`),
		"h.json": listed("LoadBalancerTargetHealth", `{"TargetGroupArn": "tg", "TargetHealthDescriptions": [{"HealthCheckPort": "80",
			"Target": {"Id": "10.0.1.5", "Port": 80}, "TargetHealth": {"State": "unhealthy"}}]}`),
	})
	b, g := n.VPCs[0].LoadBalancer("lb"), n.VPCs[0].TargetGroup("tg")
	require.NotNil(t, b)
	require.Len(t, b.Nodes, 1)
	assert.Equal(t, "10.0.1.9", b.Nodes[0].Addresses[0].IP.String())
	assert.Equal(t, []vpc.Forward{{TargetGroup: "tg"}}, b.Listeners[0].Forward)
	assert.Equal(t, []vpc.LoadBalancerTarget{{ID: "10.0.1.5", Port: 80, Health: "unhealthy"}}, g.Targets)
}
