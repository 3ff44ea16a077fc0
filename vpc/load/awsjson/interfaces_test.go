package awsjson

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vpcemu/vpcemu/vpc"
	"github.com/vpcemu/vpcemu/vpc/load/report"
)

// plain is all that an interface of AWS has; tests add to it or override it.
const plain = `"NetworkInterfaceId": "eni-1", "SubnetId": "subnet-1", "VpcId": "vpc-1", "SourceDestCheck": true, "Status": "in-use",
	"Attachment": {"Status": "attached", "DeviceIndex": 0}, "PrivateIpAddresses": [{"PrivateIpAddress": "10.0.1.9", "Primary": true}], "Groups": [{"GroupId": "sg-1"}]`

func readInterface(t *testing.T, fields string, more ...string) (*vpc.Interface, *report.Report) {
	t.Helper()
	files := map[string]string{"v.json": listed("Vpcs", vpc1), "s.json": listed("Subnets", subnet1),
		"e.json": listed("NetworkInterfaces", "{"+plain+fields+"}")}
	for i, file := range more {
		files[fmt.Sprintf("f%d.json", i)] = file
	}
	n, r := readAll(t, files)
	i := n.Interface("eni-1")
	require.Equal(t, "e.json:2", i.Origin)
	return i, r
}

// TestInterfaceFields: encoding/json lets the last of doubled keys count, so a
// case overrides the plain interface.
func TestInterfaceFields(t *testing.T) {
	for _, test := range []struct {
		name, fields string
		got          func(*vpc.Interface) any
		want         any
		unknown      string
	}{
		{"plain", ``, func(i *vpc.Interface) any { return []any{i.Kind, i.Detached, i.NoSourceDestCheck, i.Instance} }, []any{"", false, false, ""}, ""},
		{"ordinary type", `, "InterfaceType": "interface"`, func(i *vpc.Interface) any { return i.Kind }, "", ""},
		{"branch", `, "InterfaceType": "branch"`, func(i *vpc.Interface) any { return i.Kind }, "branch", ""},
		{"new type", `, "InterfaceType": "new_thing"`, func(i *vpc.Interface) any { return i.Kind }, "new_thing", `InterfaceType "new_thing" is not known`},
		{"no check", `, "SourceDestCheck": false`, func(i *vpc.Interface) any { return i.NoSourceDestCheck }, true, ""},
		{"check not said", `, "SourceDestCheck": null`, func(i *vpc.Interface) any { return i.NoSourceDestCheck }, false, "SourceDestCheck is not in the snapshot"},
		{"detached", `, "Status": "available", "Attachment": null`, func(i *vpc.Interface) any { return i.Detached }, true, ""},
		{"weird state", `, "Status": "weird"`, func(i *vpc.Interface) any { return i.Detached }, false, `Status "weird" is not known`},
		{"weird attachment", `, "Attachment": {"Status": "weird"}`, func(i *vpc.Interface) any { return i.Detached }, false, `Attachment.Status "weird" is not known`},
		{"deny internet", `, "DenyAllIgwTraffic": true`, func(i *vpc.Interface) any { return i.DenyInternetGateway }, true, ""},
		{"timeouts", `, "ConnectionTrackingConfiguration": {"TcpEstablishedTimeout": 350, "UdpStreamTimeout": 90, "UdpTimeout": 40}`,
			func(i *vpc.Interface) any { return i.Timeouts }, vpc.Timeouts{TCPEstablished: 350 * time.Second, UDPStream: 90 * time.Second, UDP: 40 * time.Second}, ""},
		{"name", `, "TagSet": [{"Key": "Name", "Value": "eth"}], "Description": "d"`, func(i *vpc.Interface) any { return i.Name + i.Description }, "ethd", ""},
		{"prefixes", `, "Ipv4Prefixes": [{"Ipv4Prefix": "10.0.1.32/28"}], "Ipv6Prefixes": []`, func(i *vpc.Interface) any { return fmt.Sprint(i.Prefixes) }, "[10.0.1.32/28]", ""},
		{"NAT gateway", `, "Groups": [], "Description": "Interface for NAT Gateway nat-1"`, func(i *vpc.Interface) any { return i.Kind }, "nat_gateway", ""},
		{"transit gateway", `, "Groups": [], "Description": "Network Interface for Transit Gateway Attachment tgw-attach-1"`, func(i *vpc.Interface) any { return i.Kind }, "transit_gateway", ""},
		{"no groups", `, "Groups": []`, func(i *vpc.Interface) any { return len(i.Groups) }, 0, "lists no security group, and is of no kind that has none"},
		{"groups not said", `, "Groups": null`, func(i *vpc.Interface) any { return len(i.Groups) }, 0, "Groups is not in the snapshot"},
		{"broken group", `, "Groups": [{"GroupId": 7}, {"GroupId": "sg-2"}]`, func(i *vpc.Interface) any { return fmt.Sprint(i.Groups) }, "[sg-2]", "a security group of it cannot be read"},
		{"no addresses", `, "PrivateIpAddresses": []`, func(i *vpc.Interface) any { return len(i.Addresses) }, 0, "its addresses are not in the snapshot"},
		{"outer address", `, "PrivateIpAddresses": [], "PrivateIpAddress": "10.0.1.7"`, func(i *vpc.Interface) any { return i.Addresses[0].IP.String() }, "10.0.1.7", ""},
		{"broken address", `, "PrivateIpAddresses": [{"PrivateIpAddress": "10-0-1-7"}]`, func(i *vpc.Interface) any { return len(i.Addresses) }, 0, `"10-0-1-7" is not an IP address`},
		{"reserved address", `, "PrivateIpAddresses": [{"PrivateIpAddress": "10.0.1.1"}]`, func(i *vpc.Interface) any { return len(i.Addresses) }, 1,
			"10.0.1.1 is reserved in 10.0.1.0/24 for the router (SUB-12) (SUB-5) (InvalidParameterValue)"},
		{"instance not listed", `, "Attachment": {"InstanceId": "i-1", "Status": "attached", "DeviceIndex": 2}`, func(i *vpc.Interface) any { return fmt.Sprint(i.Instance, i.DeviceIndex) }, "i-12",
			"instance i-1 is not in the snapshot, nor whether it runs"},
	} {
		t.Run(test.name, func(t *testing.T) {
			i, r := readInterface(t, test.fields)
			assert.Equal(t, test.want, test.got(i))
			assert.Equal(t, test.unknown, i.Unknown)
			assert.Equal(t, test.unknown != "", r.Has(report.Skipped) || test.name == "instance not listed")
		})
	}
}

func TestPublicAddresses(t *testing.T) {
	address := func(association string) string {
		return `, "PrivateIpAddresses": [{"PrivateIpAddress": "10.0.1.8"}, {"PrivateIpAddress": "10.0.1.9", "Primary": true, "Association": {` + association + `}}]`
	}
	const eip = `{"PublicIp": "203.0.113.5", "AllocationId": "eipalloc-1", "NetworkInterfaceId": "eni-1", "PrivateIpAddress": "10.0.1.9"}`
	const gateway = `{"InternetGatewayId": "igw-1", "Attachments": [{"VpcId": "vpc-1"}]}`
	for _, test := range []struct{ name, fields, addresses, want, note string }{
		{"automatic", address(`"PublicIp": "203.0.113.5", "IpOwnerId": "amazon"`), "", "203.0.113.5 false", ""},
		{"elastic by allocation", address(`"PublicIp": "203.0.113.5", "IpOwnerId": "amazon", "AllocationId": "eipalloc-1"`), "", "203.0.113.5 true", ""},
		{"elastic by owner", address(`"PublicIp": "203.0.113.5", "IpOwnerId": "111122223333"`), "", "203.0.113.5 true", ""},
		{"elastic by Addresses", address(`"PublicIp": "203.0.113.5"`), eip, "203.0.113.5 true", ""},
		{"only in Addresses", address(``), eip, "203.0.113.5 true", ""},
		{"another in Addresses", address(`"PublicIp": "203.0.113.6"`), eip, "203.0.113.6 false", "interface eni-1 lists 203.0.113.6 for 10.0.1.9, which counts"},
		{"of no address", address(``), `{"PublicIp": "203.0.113.5", "NetworkInterfaceId": "eni-1", "PrivateIpAddress": "10.0.1.77"}`, "invalid IP false", "interface eni-1 has no address 10.0.1.77"},
		{"associated with nothing", address(``), `{"PublicIp": "203.0.113.5"}`, "invalid IP false", "203.0.113.5: is associated with nothing"},
		{"of an absent interface", address(``), `{"PublicIp": "203.0.113.5", "NetworkInterfaceId": "eni-9", "PrivateIpAddress": "10.0.1.9"}`, "invalid IP false", "network interface eni-9, which nothing describes"},
		{"carrier", address(`"CarrierIp": "203.0.113.5"`), "", "invalid IP false", "not modelled: network interface eni-1: its carrier or customer-owned address 203.0.113.5"},
	} {
		t.Run(test.name, func(t *testing.T) {
			more := []string{listed("InternetGateways", gateway)}
			if test.addresses != "" {
				more = append(more, listed("Addresses", test.addresses))
			}
			i, r := readInterface(t, test.fields, more...)
			require.Len(t, i.Addresses, 2)
			assert.Equal(t, "10.0.1.9", i.Addresses[0].IP.String(), "the primary comes first")
			assert.Equal(t, test.want, fmt.Sprintf("%s %t", i.Addresses[0].Public, i.Addresses[0].Elastic))
			assert.Contains(t, notes(r), test.note)
			assert.Empty(t, i.Unknown)
		})
	}
}

func TestInstances(t *testing.T) {
	reservation := func(fields string) string {
		return listed("Reservations", `{"ReservationId": "r-1", "Instances": [{"InstanceId": "i-1", "VpcId": "vpc-1", `+fields+`}]}`)
	}
	const attached = `, "Attachment": {"InstanceId": "i-1", "Status": "attached", "DeviceIndex": 0}`
	for _, test := range []struct {
		name, fields string
		state        vpc.InstanceState
		metadata     vpc.Metadata
		unknown      string
	}{
		{"running", `"State": {"Name": "running"}`, vpc.Running, vpc.Metadata{}, ""},
		{"stopping", `"State": {"Name": "stopping"}`, vpc.Stopped, vpc.Metadata{}, ""},
		{"terminated", `"State": {"Name": "terminated"}`, vpc.Terminated, vpc.Metadata{}, ""},
		{"metadata", `"State": {"Name": "running"}, "MetadataOptions": {"HttpEndpoint": "disabled", "HttpProtocolIpv6": "enabled", "HttpPutResponseHopLimit": 3}`,
			vpc.Running, vpc.Metadata{Disabled: true, IPv6: true, HopLimit: 3}, ""},
		{"unknown state", `"State": {"Name": "hibernating"}`, vpc.Running, vpc.Metadata{}, `instance i-1: State "hibernating" is not known`},
		{"no state", `"Tags": []`, vpc.Running, vpc.Metadata{}, "the state of instance i-1 is not in the snapshot"},
	} {
		t.Run(test.name, func(t *testing.T) {
			i, r := readInterface(t, attached, reservation(test.fields))
			assert.Equal(t, "i-1", i.Instance)
			assert.Equal(t, test.metadata, i.Metadata)
			assert.Equal(t, test.unknown, i.Unknown)
			assert.Equal(t, map[string]int{"vpc": 1, "subnet": 1, "network interface": 1, "reservation": 1, "instance": 1}, r.Read)
		})
	}
}

// TestInterfacesOfInstances: what only describe-instances lists is there too.
func TestInterfacesOfInstances(t *testing.T) {
	n, r := readAll(t, map[string]string{"v.json": listed("Vpcs", vpc1), "s.json": listed("Subnets", subnet1),
		"e.json": listed("NetworkInterfaces", `{`+plain+`}`),
		"i.json": listed("Reservations", `{"Instances": [
			{"InstanceId": "i-1", "VpcId": "vpc-1", "State": {"Name": "running"}, "Tags": [{"Key": "Name", "Value": "one"}], "NetworkInterfaces": [{`+plain+`}]},
			{"InstanceId": "i-2", "VpcId": "vpc-1", "State": {"Name": "running"}, "NetworkInterfaces": [
				{`+plain+`, "PrivateIpAddresses": [{"PrivateIpAddress": "10.0.1.20"}]}, {}, {`+plain+`, "NetworkInterfaceId": "eni-2", "PrivateIpAddresses": [{"PrivateIpAddress": "10.0.1.21"}]}]},
			{"InstanceId": "i-3", "State": {"Name": "terminated"}, "NetworkInterfaces": []}]}`)})
	assert.Equal(t, "i-1", n.Interface("eni-1").Instance, "said by the instance, not by the interface")
	assert.Equal(t, "10.0.1.20", n.Interface("eni-1@i-2").Addresses[0].IP.String(), "one ID, two instances: two interfaces")
	assert.Equal(t, "i-2", n.Interface("eni-2").Instance)
	assert.Equal(t, "one", n.Instance("i-1").Name)
	assert.Len(t, n.VPCs[0].Instances, 2)
	assert.Equal(t, 3, r.Read["network interface"])
	for _, want := range []string{"instance i-1 has an interface with this ID too", "has no NetworkInterfaceId", "instance i-3: is terminated and in no VPC"} {
		assert.Contains(t, notes(r), want)
	}
}
