package awsjson

import (
	"maps"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vpcemu/vpcemu/vpc"
)

const (
	netARN = "arn:aws:elasticloadbalancing:us-east-2:1:loadbalancer/net/lb/1"
	appARN = "arn:aws:elasticloadbalancing:us-east-2:1:loadbalancer/app/web/2"
	tgARN  = "arn:aws:elasticloadbalancing:us-east-2:1:targetgroup/apps/3"
)

// balancerFiles are a load balancer with one node, a target group and more files.
func balancerFiles(more map[string]string) map[string]string {
	files := map[string]string{
		"v.json": listed("Vpcs", `{"VpcId": "vpc-1", "CidrBlock": "10.0.0.0/16",
			"Ipv6CidrBlockAssociationSet": [{"Ipv6CidrBlock": "2001:db8::/56", "Ipv6CidrBlockState": {"State": "associated"}}]}`),
		"s.json": listed("Subnets", `{"SubnetId": "subnet-1", "VpcId": "vpc-1", "CidrBlock": "10.0.1.0/24",
			"Ipv6CidrBlockAssociationSet": [{"Ipv6CidrBlock": "2001:db8::/64", "Ipv6CidrBlockState": {"State": "associated"}}]}`, `{"SubnetId": "subnet-2", "VpcId": "vpc-1", "CidrBlock": "10.0.2.0/24"}`),
		"i.json": listed("NetworkInterfaces", `{"NetworkInterfaceId": "eni-1", "SubnetId": "subnet-1", "VpcId": "vpc-1", "InterfaceType": "network_load_balancer",
			"Description": "ELB net/lb/1", "SourceDestCheck": true, "Status": "in-use", "Groups": [], "PrivateIpAddresses": [{"PrivateIpAddress": "10.0.1.9", "Primary": true}],
			"Ipv6Addresses": [{"Ipv6Address": "2001:db8::9"}]}`),
		"b.json": listed("LoadBalancers", `{"LoadBalancerArn": "`+netARN+`", "LoadBalancerName": "lb", "Type": "network",
			"Scheme": "internal", "VpcId": "vpc-1", "State": {"Code": "active"}, "AvailabilityZones": [{"SubnetId": "subnet-1", "ZoneName": "us-east-2a"},
			{"SubnetId": "subnet-2", "LoadBalancerAddresses": [{"PrivateIPv4Address": "10.0.2.9", "IpAddress": "203.0.113.9"}]}]}`),
		"t.json": listed("TargetGroups", `{"TargetGroupArn": "`+tgARN+`", "TargetGroupName": "apps", "Protocol": "TCP", "Port": 80, "TargetType": "ip", "VpcId": "vpc-1"}`),
	}
	maps.Copy(files, more)
	return files
}

const (
	listenerText = `{"ListenerArn": "l", "Protocol": "TCP", "Port": 80, "LoadBalancerArn": "` + netARN + `", "DefaultActions": [{"Type": "forward", "TargetGroupArn": "` + tgARN + `", "Order": 1}]}`
	healthText   = `{"HealthCheckPort": "80", "Target": {"Id": "10.0.1.5", "Port": 80}, "TargetHealth": {"State": "unhealthy"}}`
	crossText    = `{"Key": "load_balancing.cross_zone.enabled", "Value": "true"}`
	groupText    = `{"Key": "preserve_client_ip.enabled", "Value": "true"}, {"Key": "load_balancing.cross_zone.enabled", "Value": "false"}`
)

// TestLoadBalancers: the listings in the form in which snapshots wrap them, and as
// the CLI writes them.
func TestLoadBalancers(t *testing.T) {
	for name, more := range map[string]map[string]string{
		"wrapped": {
			"l.json": listed("LoadBalancerListeners", `{"LoadBalancerArn": "`+netARN+`", "Listeners": [`+listenerText+`]}`),
			"h.json": listed("LoadBalancerTargetHealth", `{"TargetGroupArn": "`+tgARN+`", "TargetHealthDescriptions": [`+healthText+`]}`),
			"a.json": listed("LoadBalancerAttributes", `{"LoadBalancerArn": "`+netARN+`", "Attributes": [`+crossText+`]}`),
			"g.json": listed("TargetGroupAttributes", `{"TargetGroupArn": "`+tgARN+`", "Attributes": [`+groupText+`]}`),
		},
		"plain": {
			"l.json": listed("Listeners", listenerText),
			"h.json": listed("TargetHealthDescriptions", healthText),
			"a.json": listed("Attributes", crossText),
			"g.json": listed("Attributes", groupText),
		},
		"plain, with the ARN beside": {
			"l.json":  listed("Listeners", listenerText),
			"t2.json": listed("TargetGroups", `{"TargetGroupArn": "arn:aws:elasticloadbalancing:us-east-2:1:targetgroup/other/4", "TargetGroupName": "other", "Protocol": "TCP", "Port": 80, "TargetType": "ip", "VpcId": "vpc-1"}`),
			"h.json":  `{"TargetGroupArn": "` + tgARN + `", "TargetHealthDescriptions": [` + healthText + `]}`,
			"a.json":  `{"LoadBalancerArn": "` + netARN + `", "Attributes": [` + crossText + `]}`,
			"g.json":  `{"TargetGroupArn": "` + tgARN + `", "Attributes": [` + groupText + `]}`,
		},
		"plain, with the name in the file's": {
			"l.json":           listed("Listeners", listenerText),
			"t2.json":          listed("TargetGroups", `{"TargetGroupArn": "arn:aws:elasticloadbalancing:us-east-2:1:targetgroup/other/4", "TargetGroupName": "other", "Protocol": "TCP", "Port": 80, "TargetType": "ip", "VpcId": "vpc-1"}`),
			"health-apps.json": listed("TargetHealthDescriptions", healthText),
			"a.json":           listed("Attributes", crossText),
			"attr-apps.json":   listed("Attributes", groupText, `{"Key": "deregistration_delay.timeout_seconds", "Value": "300"}`),
		},
	} {
		t.Run(name, func(t *testing.T) {
			n, r := readAll(t, balancerFiles(more))
			b, g := n.VPCs[0].LoadBalancer("lb"), n.VPCs[0].TargetGroup("apps")
			require.NotNil(t, b)
			require.Len(t, b.Nodes, 2)
			require.Len(t, b.Nodes[0].Addresses, 2)
			assert.Equal(t, "10.0.1.9", b.Nodes[0].Addresses[0].IP.String())
			assert.Equal(t, "2001:db8::9", b.Nodes[0].Addresses[1].IP.String())
			assert.Equal(t, "203.0.113.9", b.Nodes[1].Addresses[0].Public.String(), "it has no interface, but lists its addresses")
			require.Len(t, b.Listeners, 1, notes(r))
			assert.Equal(t, []vpc.Forward{{TargetGroup: tgARN}}, b.Listeners[0].Forward)
			assert.Equal(t, []vpc.LoadBalancerTarget{{ID: "10.0.1.5", Port: 80, Health: "unhealthy"}}, g.Targets, notes(r))
			assert.Empty(t, g.Unknown)
			assert.Equal(t, vpc.CrossZoneOn, b.CrossZone)
			assert.Equal(t, vpc.CrossZoneOff, g.CrossZone)
			assert.Equal(t, vpc.PreserveOn, g.Preserve)
		})
	}
}

// TestLoadBalancerGaps: what is not listed, or not understood, is unknown and noted.
func TestLoadBalancerGaps(t *testing.T) {
	group := func(text string) map[string]string { return map[string]string{"t.json": listed("TargetGroups", text)} }
	for name, c := range map[string]struct {
		files map[string]string
		note  string
		check func(*vpc.VPC) bool
	}{
		"targets": {nil, "target group apps: its targets are not in the snapshot", func(v *vpc.VPC) bool { return v.TargetGroups[0].Unknown != "" }},
		"health": {map[string]string{"h.json": listed("TargetHealthDescriptions", `{"Target": {"Id": "10.0.1.5"}, "TargetHealth": {"State": "odd"}}`)},
			`in the unknown state "odd"`, func(v *vpc.VPC) bool { return v.TargetGroups[0].Unknown != "" }},
		"whose health": {map[string]string{"h.json": listed("TargetHealthDescriptions", healthText), "t.json": listed("TargetGroups",
			`{"TargetGroupArn": "x/aa", "Protocol": "TCP", "Port": 1, "VpcId": "vpc-1"}`, `{"TargetGroupArn": "x/bb", "Protocol": "TCP", "Port": 1, "VpcId": "vpc-1"}`)},
			"does not say which target group", func(v *vpc.VPC) bool {
				return v.TargetGroups[1].Unknown != "" && v.TargetGroups[1].Type == vpc.InstanceTargets
			}},
		"action": {map[string]string{"l.json": listed("Listeners", `{"ListenerArn": "l", "Protocol": "TCP", "Port": 80, "LoadBalancerArn": "`+netARN+`", "DefaultActions": [{"Type": "novel"}]}`)},
			`its default action "novel" is not known`, func(v *vpc.VPC) bool { return v.LoadBalancers[0].Listeners[0].Unknown != "" }},
		"state": {map[string]string{"b.json": listed("LoadBalancers", `{"LoadBalancerArn": "`+netARN+`", "Type": "network", "VpcId": "vpc-1", "State": {"Code": "novel"}}`)},
			`State.Code "novel" is not known`, func(v *vpc.VPC) bool { return v.LoadBalancers[0].Unknown != "" }},
		"an attribute": {map[string]string{"a.json": `{"TargetGroupArn": "` + tgARN + `", "Attributes": [{"Key": "target_health_state.unhealthy.connection_termination.enabled", "Value": "false"}]}`},
			"which is not modelled", func(*vpc.VPC) bool { return true }},
		"rules": {map[string]string{"r.json": listed("Rules", `{"RuleArn": "r"}`)}, "only default actions are followed", func(*vpc.VPC) bool { return true }},
		"a gateway's": {group(`{"TargetGroupArn": "x", "Protocol": "GENEVE", "Port": 6081, "TargetType": "instance", "VpcId": "vpc-1"}`),
			`protocol "GENEVE" is not modelled`, func(v *vpc.VPC) bool { return len(v.TargetGroups) == 0 }},
		"functions": {group(`{"TargetGroupArn": "x", "TargetType": "lambda", "LoadBalancerArns": ["` + netARN + `"]}`),
			"", func(v *vpc.VPC) bool { return v.TargetGroups[0].Type == vpc.FunctionTargets }},
		"functions of nobody": {group(`{"TargetGroupArn": "x", "TargetType": "lambda"}`), "has no VpcId", func(v *vpc.VPC) bool { return len(v.TargetGroups) == 0 }},
		"a novel type":        {group(`{"TargetGroupArn": "x", "TargetType": "novel", "Protocol": "TCP", "VpcId": "vpc-1"}`), `TargetType "novel"`, func(v *vpc.VPC) bool { return len(v.TargetGroups) == 0 }},
	} {
		t.Run(name, func(t *testing.T) {
			n, r := readAll(t, balancerFiles(c.files))
			assert.Contains(t, notes(r), c.note)
			assert.True(t, c.check(n.VPC("vpc-1")), notes(r))
		})
	}
}

// TestClosedLoadBalancer: ipv6.deny_all_igw_traffic is what DenyAllIgwTraffic of the
// interfaces is; IPv4 is not concerned.
func TestClosedLoadBalancer(t *testing.T) {
	attribute := func(value string) map[string]string {
		return map[string]string{"a.json": `{"LoadBalancerArn": "` + netARN + `", "Attributes": [{"Key": "ipv6.deny_all_igw_traffic", "Value": "` + value + `"}]}`}
	}
	for value, want := range map[string]bool{"true": true, "false": false} {
		n, _ := readAll(t, balancerFiles(attribute(value)))
		assert.Equal(t, want, n.VPCs[0].Subnet("subnet-1").Interfaces[0].DenyInternetGateway, value)
		assert.Empty(t, n.VPCs[0].LoadBalancers[0].Unknown)
	}
	files := attribute("true")
	files["b.json"] = listed("LoadBalancers", `{"LoadBalancerArn": "`+netARN+`", "LoadBalancerName": "lb", "Type": "network", "VpcId": "vpc-1", "State": {"Code": "active"},
		"AvailabilityZones": [{"SubnetId": "subnet-1", "LoadBalancerAddresses": [{"IPv6Address": "2001:db8::7"}]}]}`)
	files["i.json"] = `{}`
	n, r := readAll(t, balancerFiles(files))
	assert.Contains(t, n.VPCs[0].LoadBalancers[0].Unknown, "its interface in subnet-1 is not in the snapshot", notes(r))
}

// TestNoAttributes: what no listing tells has AWS's defaults, and that is noted.
func TestNoAttributes(t *testing.T) {
	const why = ": its attributes are not in the snapshot: taken as AWS's defaults"
	_, r := readAll(t, balancerFiles(nil))
	assert.Contains(t, notes(r), "load balancer lb"+why)
	assert.Contains(t, notes(r), "target group apps"+why)
	_, r = readAll(t, balancerFiles(map[string]string{
		"a.json": `{"LoadBalancerArn": "` + netARN + `", "Attributes": [` + crossText + `]}`,
		"g.json": `{"TargetGroupArn": "` + tgARN + `", "Attributes": [` + groupText + `]}`,
	}))
	assert.NotContains(t, notes(r), why)
}

// TestMinimumHealthy: how many targets have to be healthy matters if some are not.
func TestMinimumHealthy(t *testing.T) {
	health := func(state string) string {
		return `{"Target": {"Id": "10.0.1.5", "Port": 80}, "TargetHealth": {"State": "` + state + `"}}`
	}
	for _, c := range []struct {
		name, value, second string
		unknown             bool
	}{
		{"all healthy", "2", "healthy", false},
		{"not all healthy", "2", "unhealthy", true},
		{"not all healthy, AWS's default", "1", "unhealthy", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			n, r := readAll(t, balancerFiles(map[string]string{
				"h.json": listed("TargetHealthDescriptions", health("healthy"), health(c.second)),
				"g.json": listed("Attributes", `{"Key": "target_group_health.unhealthy_state_routing.minimum_healthy_targets.count", "Value": "`+c.value+`"}`),
			}))
			assert.Equal(t, c.unknown, n.VPCs[0].TargetGroups[0].Unknown != "", notes(r))
		})
	}
}

// TestLoadBalancerBehindAnother: an Application Load Balancer is the target of a
// Network Load Balancer.
func TestLoadBalancerBehindAnother(t *testing.T) {
	n, r := readAll(t, balancerFiles(map[string]string{
		"b2.json": listed("LoadBalancers", `{"LoadBalancerArn": "`+appARN+`", "LoadBalancerName": "web", "Type": "application", "VpcId": "vpc-1"}`),
		"t.json":  listed("TargetGroups", `{"TargetGroupArn": "`+tgARN+`", "Protocol": "TCP", "Port": 80, "TargetType": "alb", "VpcId": "vpc-1"}`),
		"h.json":  listed("TargetHealthDescriptions", `{"Target": {"Id": "`+appARN+`", "Port": 80}, "TargetHealth": {"State": "healthy"}}`),
	}))
	g := n.VPC("vpc-1").TargetGroup(tgARN)
	require.NotNil(t, g, notes(r))
	assert.Equal(t, vpc.BalancerTargets, g.Type)
	assert.Equal(t, []vpc.LoadBalancerTarget{{ID: appARN, Port: 80}}, g.Targets)
}
