package awsjson

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vpcemu/vpcemu/firewall"
	"github.com/vpcemu/vpcemu/routing"
	"github.com/vpcemu/vpcemu/vpc"
	"github.com/vpcemu/vpcemu/vpc/load/report"
)

// loadInput loads one of the third-party snapshots.
func loadInput(t *testing.T, name string) (*vpc.Network, *report.Report) {
	t.Helper()
	n, r, err := Load(filepath.Join(inputs(t), filepath.FromSlash(name)))
	require.NoError(t, err)
	return n, r
}

func TestInputPublicSubnet(t *testing.T) {
	n, r := loadInput(t, "aws-snapshots/test-public-subnet")
	require.Len(t, n.VPCs, 1)
	v := n.VPCs[0]
	assert.Equal(t, "[10.0.0.0/16]", fmt.Sprint(v.CIDRs))
	assert.Equal(t, "554773406868 us-east-2", v.Account+" "+v.Region)
	assert.True(t, v.Partial)
	assert.Equal(t, "rtb-0a7b14443588910ad", v.MainRouteTable)
	assert.Equal(t, "igw-0a409e562d251f766", v.InternetGateway.ID)
	s := v.Subnet("subnet-0bb82ae8b3ea5dc78")
	assert.Equal(t, "rtb-0489000c9e6c299e8 acl-0d9449710ec85473c us-east-2b", s.RouteTable+" "+s.NetworkACL+" "+s.Zone)
	assert.Equal(t, []routing.Route{{
		Destination: netip.MustParsePrefix("0.0.0.0/0"), Target: routing.Target{Kind: routing.InternetGateway, ID: "igw-0a409e562d251f766"},
		Origin: "aws_configs/RouteTables.json:22",
	}}, v.RouteTable(s.RouteTable).Routes, "the local route is implied")
	i := n.Interface("eni-00064850627e198ee")
	assert.Equal(t, []vpc.Address{{IP: netip.MustParseAddr("10.0.0.91"), Public: netip.MustParseAddr("18.216.80.133")}}, i.Addresses)
	assert.Equal(t, "i-06669a407b2ef3ae5", i.Instance)
	assert.Empty(t, i.Unknown)
	g := v.SecurityGroup("sg-09ccba6656672061b")
	require.Len(t, g.Ingress, 1)
	assert.Equal(t, "tcp/22 0.0.0.0/0", g.Ingress[0].Service.String()+" "+g.Ingress[0].Peer.String())
	assert.Equal(t, "all 0.0.0.0/0", g.Egress[0].Service.String()+" "+g.Egress[0].Peer.String())
	assert.Equal(t, "sg-038ae1875ef3e82ec", v.DefaultSecurityGroup)
	a := v.NetworkACL("acl-0d9449710ec85473c")
	assert.Len(t, a.Ingress, 1, "the * rule is implied")
	assert.Equal(t, firewall.Allow, a.Ingress[0].Action)
	assert.Equal(t, map[string]int{"vpc": 1, "subnet": 1, "route table": 2, "security group": 2, "network acl": 1,
		"internet gateway": 1, "network interface": 1, "reservation": 1, "instance": 1}, r.Read)
	assert.False(t, r.Has(report.Skipped) || r.Has(report.Unmodelled))
	missing := slices.DeleteFunc(r.Notes, func(n report.Note) bool { return n.Verdict != report.Missing })
	require.Len(t, missing, 2)
	assert.Equal(t, "EnableDnsSupport", missing[0].What)
	assert.Equal(t, "Block Public Access options", missing[1].What)
}

func TestInputMultiAccount(t *testing.T) {
	n, _ := loadInput(t, "aws-snapshots/test-multi-account")
	require.Len(t, n.VPCs, 2)
	assert.Equal(t, "us-west-1 us-west-2", n.VPCs[0].Region+" "+n.VPCs[1].Region)
	assert.Equal(t, "554773406868", n.VPCs[0].Account, "OwnerId, and not the folder 111")
}

func TestInputTransitGateway(t *testing.T) {
	n, r := loadInput(t, "aws-snapshots/test-transit-gateway-multi-table")
	eni := n.Interface("eni-00f08ecf4f651037c")
	assert.Equal(t, "transit_gateway", eni.Kind)
	assert.Empty(t, eni.Groups, "which is not the default group")
	assert.Empty(t, eni.Unknown)
	assert.True(t, eni.NoSourceDestCheck)
	require.Len(t, n.Gateways, 1)
	assert.Equal(t, routing.TransitGateway, n.Gateways[0].Kind)
	assert.Len(t, n.Gateways[0].VPCs, 2)
	assert.NotContains(t, notes(r), "transit")
	g := n.Gateways[0].Transit
	for k, table := range []string{"tgw-rtb-0fa40c8df355dce6e", "tgw-rtb-096a7119299ab1c42"} {
		a := g.Attachments[k]
		assert.Equal(t, table, a.Association)
		assert.Len(t, a.Subnets, 1)
		assert.Equal(t, []string{g.Attachments[1-k].Association}, a.Propagation, "each into the table of the other")
		assert.Empty(t, a.Unknown+g.RouteTables[k].Unknown)
	}
}

func TestInputCustodian(t *testing.T) {
	n, r := loadInput(t, "cloud-custodian/test_cross_az_nat_gateway_route_filter")
	v := n.VPC("vpc-012347c909f1f1896")
	assert.Equal(t, "[10.0.0.0/21]", fmt.Sprint(v.CIDRs), "from the local routes")
	assert.Nil(t, v.Subnet("subnet-aabbccddee"), "overlaps another one")
	assert.Contains(t, notes(r), "subnet-aabbccddee")
	assert.Contains(t, notes(r), "missing: prefix list pl-00a54069")
	nat := v.Gateway("nat-06e9acaa9c0ab8799")
	assert.Equal(t, "subnet-059f1e047a5ca7c1f", nat.Subnet)
	for _, id := range []string{"subnet-01989283067fcc12f", "subnet-06b85e2b5aac87c58", "subnet-0a57b9d3da96e4364"} {
		table := v.RouteTable(v.Subnet(id).RouteTable)
		assert.True(t, slices.ContainsFunc(table.Routes, func(r routing.Route) bool { return r.Target.ID == nat.ID }), id)
	}

	n, _ = loadInput(t, "cloud-custodian/test_peer_miss_route_filter")
	require.Len(t, n.Gateways, 1)
	assert.Equal(t, []string{"vpc-1cc8e779", "vpc-cb3e8cae"}, slices.Sorted(slices.Values(n.Gateways[0].VPCs)))
	blackholes := 0
	for _, route := range n.RouteTable("rtb-e888328d").Routes {
		if route.Blackhole {
			blackholes++
		}
	}
	assert.Equal(t, 4, blackholes)
	assert.Equal(t, "rtb-e888328d", n.VPC("vpc-cb3e8cae").MainRouteTable)

	n, _ = loadInput(t, "cloud-custodian/test_only_ports_and_cidr_ingress/ec2-describe-security-groups.json")
	assert.Empty(t, n.SecurityGroup("sg-0d40e803b8b644e79").Egress)
	var rules []string
	for _, r := range n.SecurityGroup("sg-02a60363e2b087ff8").Ingress {
		rules = append(rules, r.Service.String()+" "+r.Peer.String())
	}
	assert.Contains(t, rules, "tcp/1234-4321 0.0.0.0/0")
	assert.Contains(t, rules, "tcp/0-62000 10.2.0.0/16")
}

func TestInputCustodianInstances(t *testing.T) {
	n, _ := loadInput(t, "cloud-custodian/ec2_igw_subnet/describe")
	v := n.VPC("vpc-06a22444b7946ea01")
	assert.Len(t, v.Instances, 5)
	assert.Len(t, n.VPC("vpc-330ae54e").RouteTables, 1, "rtb-75bad00b")
	public := make(map[string]bool)
	for _, s := range v.Subnets {
		for _, i := range s.Interfaces {
			for _, a := range i.Addresses {
				if a.Public.IsValid() {
					public[i.Instance+" "+a.Public.String()] = true
				}
			}
		}
	}
	assert.Equal(t, map[string]bool{"i-05799f38ad9df4c34 3.83.45.205": true}, public)
	s := v.Subnet("subnet-02e1a5b426e2b16a9")
	assert.Equal(t, "rtb-093c0ae5ab7524554", s.RouteTable)
	assert.Equal(t, routing.InternetGateway, v.RouteTable(s.RouteTable).Routes[0].Target.Kind)
	assert.NotNil(t, v.InternetGateway, "an active route says so")
}

func TestInputCloudmapper(t *testing.T) {
	n, r := loadInput(t, "cloudmapper/demo")
	require.Len(t, n.VPCs, 1)
	v := n.VPCs[0]
	assert.Len(t, v.Instances, 3)
	for _, id := range []string{"eni-00000000", "eni-00000000@i-00000000000000001", "eni-00000000@i-00000000000000002", "eni-00000001"} {
		assert.NotEmpty(t, n.Interface(id).Unknown, "%s: its address is reserved or outside its subnet", id)
	}
	assert.Contains(t, notes(r), "eni-00000000: instance i-00000000000000000 has an interface with this ID too")
	ingress := make(map[string]string)
	for _, g := range v.SecurityGroups {
		for _, rule := range g.Ingress {
			ingress[g.Name] += rule.Service.String() + " from " + rule.Peer.String() + ", "
		}
	}
	assert.Contains(t, ingress["Bastion"], "2.2.2.0/28", "2.2.2.2/28 has host bits")
}

// TestInputLocalstack loads the describe outputs inside LocalStack's recordings.
func TestInputLocalstack(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(inputs(t), "localstack", "*.json"))
	require.NoError(t, err)
	count := 0
	for _, name := range files {
		data, err := os.ReadFile(name)
		require.NoError(t, err)
		d := newDocument(filepath.Base(name), data)
		root, err := d.root()
		require.NoError(t, err)
		eachListing(root, func(v value) {
			n, r, err := LoadFiles(map[string][]byte{"x.json": v.raw})
			require.NoError(t, err)
			assert.NoError(t, n.Validate())
			assert.True(t, len(r.Read)+len(r.Notes) > 0)
			count++
		})
	}
	assert.Greater(t, count, 3)
}

func eachListing(v value, f func(value)) {
	fields, _ := v.object()
	for _, x := range fields {
		if k := kindOf(x.name); k != nil && !k.vague && x.kind() == "a list" {
			f(v)
			return
		}
	}
	for _, x := range fields {
		eachListing(x.value, f)
		items, _ := x.list()
		for _, item := range items {
			eachListing(item, f)
		}
	}
}
