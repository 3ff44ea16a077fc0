package awsjson

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vpcemu/vpcemu/vpc"
)

// TestFlowLogs: logs of a VPC, a subnet and an interface come to the VPC that they are
// in, without what is the default; those of anything else, and of what is not in the
// snapshot, are noted. What is written reads back the same.
func TestFlowLogs(t *testing.T) {
	custom := "${interface-id} ${srcaddr} ${action}"
	n, r := readAll(t, map[string]string{
		"v.json": listed("Vpcs", `{"VpcId": "vpc-1", "CidrBlock": "10.0.0.0/16"}`),
		"s.json": listed("Subnets", `{"SubnetId": "subnet-1", "VpcId": "vpc-1", "CidrBlock": "10.0.1.0/24"}`),
		"i.json": listed("NetworkInterfaces", `{"NetworkInterfaceId": "eni-1", "VpcId": "vpc-1", "SubnetId": "subnet-1", "PrivateIpAddress": "10.0.1.10", "Groups": []}`),
		"f.json": listed("FlowLogs",
			`{"FlowLogId": "fl-1", "ResourceId": "vpc-1", "TrafficType": "ALL", "LogGroupName": "traffic", "MaxAggregationInterval": 600,
				"LogFormat": "`+vpc.DefaultFlowFormat+`", "Tags": [{"Key": "Name", "Value": "everything"}]}`,
			`{"FlowLogId": "fl-2", "ResourceId": "subnet-1", "TrafficType": "REJECT", "LogDestination": "arn:aws:s3:::logs", "MaxAggregationInterval": 60}`,
			`{"FlowLogId": "fl-3", "ResourceId": "eni-1", "TrafficType": "ACCEPT", "LogFormat": "`+custom+`"}`,
			`{"FlowLogId": "fl-4", "ResourceId": "subnet-9", "TrafficType": "ALL"}`,
			`{"FlowLogId": "fl-5", "ResourceId": "tgw-1", "TrafficType": "ALL"}`),
	})
	require.Len(t, n.VPCs, 1)
	var logs []vpc.FlowLog
	for _, l := range n.VPCs[0].FlowLogs {
		assert.NotEmpty(t, l.Origin)
		plain := *l
		plain.Origin = ""
		logs = append(logs, plain)
	}
	assert.Equal(t, []vpc.FlowLog{
		{ID: "fl-1", Name: "everything", Destination: "traffic"},
		{ID: "fl-2", Subnet: "subnet-1", Traffic: "REJECT", Destination: "arn:aws:s3:::logs", Interval: 60},
		{ID: "fl-3", Interface: "eni-1", Traffic: "ACCEPT", Format: custom},
	}, logs)
	assert.Contains(t, notes(r), "flow log fl-4: is of subnet-9, which is not in the snapshot")
	assert.Contains(t, notes(r), "fl-5", "a log of a transit gateway")

	again, _, err := LoadFiles(WriteFiles(n))
	require.NoError(t, err)
	assert.Equal(t, bare(n).VPCs[0].FlowLogs, bare(again).VPCs[0].FlowLogs)
}

// TestFlowLogOfNATGateway: a description may have no interface of the gateway; its log
// survives being written and read.
func TestFlowLogOfNATGateway(t *testing.T) {
	var n vpc.Network
	v := n.AddVPC("v", "10.0.0.0/16")
	v.AddInternetGateway("igw-1")
	v.AddSubnet("k", "10.0.1.0/24")
	v.AddNATGateway("out", "k")
	v.AddFlowLog("f").Interface = "out"
	require.NoError(t, n.Validate())
	again, r, err := LoadFiles(WriteFiles(&n))
	require.NoError(t, err)
	require.Len(t, again.VPCs[0].FlowLogs, 1, notes(r))
	g := again.VPCs[0].Gateway(again.VPCs[0].FlowLogs[0].Interface)
	require.NotNil(t, g)
	assert.Equal(t, "out", g.Name)
}
