package awsjson_test

import (
	"fmt"

	"github.com/vpcemu/vpcemu/vpc/load/awsjson"
)

// A snapshot is what the AWS CLI prints. What cannot be understood stays in the
// network as unknown, and is in the report.
func Example() {
	n, report, err := awsjson.LoadFiles(map[string][]byte{
		"vpcs.json": []byte(`{"Vpcs": [{"VpcId": "vpc-1", "CidrBlock": "10.0.0.0/16", "Tags": [{"Key": "Name", "Value": "prod"}]}]}`),
		"groups.json": []byte(`{"SecurityGroups": [{"GroupId": "sg-1", "GroupName": "web", "VpcId": "vpc-1", "IpPermissionsEgress": [], "IpPermissions": [
			{"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]},
			{"IpProtocol": "quic", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]}]}`),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, r := range n.VPC("prod").SecurityGroup("web").Ingress {
		fmt.Printf("%s: %s from %s %q\n", r.Origin, r.Service, r.Peer, r.Unknown)
	}
	for _, note := range report.Notes {
		fmt.Println(note)
	}
	// Output:
	// groups.json:2: tcp/443 from 0.0.0.0/0 ""
	// groups.json:3: all from 0.0.0.0/0 "\"quic\" is not a protocol"
	// groups.json:3: skipped: security group sg-1, SecurityGroups[].IpPermissions 2: "quic" is not a protocol: the rule is unknown
}
