package awsjson

import (
	"strings"
	"testing"
)

// FuzzLoad: whatever the file holds there is no panic, and either an error or a
// valid network.
func FuzzLoad(f *testing.F) {
	for _, seed := range []string{
		"",                           // nothing
		"\xFF\xFE{\x00}",             // UTF-16, cut off
		`{"Vpcs": [`,                 // cut off
		`{"Vpcs": {"VpcId": "vpc"}}`, // an object for a list
		`{"Vpcs": [], "Vpcs": [{"VpcId": "vpc-1", "CidrBlock": "10.0.0.0/16"}]}`, // a doubled key
		`{"status_code": 200, "data": {"Subnets": []}}`,                          // a recorded answer
		strings.Repeat(`[`, 200),                                                 // deep
		listed("Vpcs", vpc1, vpc1, `{"VpcId": "vpc-1"}`),                         // duplicates
		listed("Subnets", subnet1, `null`, `[]`, `"x"`),                          // elements of wrong types
		listed("RouteTables", `{"RouteTableId": "rtb-1", "VpcId": "vpc-1", "Routes": [{"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": "igw-1"}]}`),                   // an inferred gateway
		listed("SecurityGroups", `{"GroupId": "sg-1", "VpcId": "vpc-1", "IpPermissions": [{"IpProtocol": "foo", "IpRanges": [{"CidrIp": "::"}]}]}`),                     // unknown enums
		listed("NetworkAcls", `{"NetworkAclId": "acl-1", "VpcId": "vpc-1", "Entries": [{"RuleNumber": 32767, "RuleAction": "maybe"}]}`),                                 // and here
		listed("NetworkInterfaces", "{"+plain+`, "Attachment": {"InstanceId": "i-1"}}`),                                                                                 // a missing instance and subnet
		listed("Reservations", `{"Instances": [{"InstanceId": "i-1", "NetworkInterfaces": [{`+plain+`}]}, {"InstanceId": "i-2", "NetworkInterfaces": [{`+plain+`}]}]}`), // one ID twice
		listed("PrefixLists", `{"PrefixListId": "pl-1", "MaxEntries": 1}`, `{"PrefixListId": "pl-1", "Cidrs": ["10.0.0.0/8", "11.0.0.0/8"]}`),                           // more entries than declared
		`{"VpcId": "vpc-1", "EnableDnsSupport": {"Value": false}}`,                                                                                                      // an attribute
		listed("VpcPeeringConnections", `{"VpcPeeringConnectionId": "pcx-1", "RequesterVpcInfo": {"VpcId": "vpc-1"}, "AccepterVpcInfo": {"VpcId": "vpc-1"}}`),           // with itself
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		mustHold(t, map[string][]byte{"pl-1.json": data, "subnets.json": []byte(listed("Subnets", subnet1))})
	})
}
