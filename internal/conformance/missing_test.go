package conformance

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/firewall"
	"github.com/vpcemu/vpcemu/vpc"
	"github.com/vpcemu/vpcemu/vpc/load/awsjson"
	"github.com/vpcemu/vpcemu/vpc/load/yaml"
)

// listedNetwork has something of all that a listing which is not there leaves open.
const listedNetwork = `
vpcs:
  prod:
    region: eu-west-1
    cidr: 10.0.0.0/16
    internet-gateway: igw
    security-groups:
      web:
        ingress: [tcp/443 from 0.0.0.0/0]
        egress: [all to 0.0.0.0/0]
    route-tables:
      public: {0.0.0.0/0: igw, 192.168.0.0/16: vgw, 172.16.0.0/16: vgw}
    subnets:
      public: {cidr: 10.0.1.0/24, route-table: public}
      other: {cidr: 10.0.2.0/24, route-table: public}
    nat-gateways:
      nat: {subnet: public, elastic-ip: 198.51.100.9}
    gateways:
      vgw:
        kind: vgw
        vpn-connections:
          vpn: {static: true, prefixes: 192.168.0.0/16, customer-gateway: cgw}
      up: {kind: vpce-interface, service: com.amazonaws.eu-west-1.sqs, subnets: other, ip: 10.0.2.20, groups: web}
      pending: {kind: vpce-interface, service: com.amazonaws.eu-west-1.sns, subnets: public, ip: 10.0.1.20, groups: web, state: pending}
    interfaces:
      a: {subnet: public, ip: 10.0.1.10, elastic-ip: 198.51.100.10, groups: web}
      b: {subnet: other, ip: 10.0.2.10, elastic-ip: 198.51.100.11, groups: web}
  lab:
    region: eu-west-2
    cidr: 10.1.0.0/16
    security-groups:
      all: {ingress: [all from 0.0.0.0/0], egress: [all to 0.0.0.0/0]}
    route-tables:
      lab: {propagating: vgw, routes: {}}
    subnets:
      lab: {cidr: 10.1.1.0/24, route-table: lab}
    gateways:
      vgw:
        kind: vgw
        vpn-connections:
          vpn: {static: true, state: down, prefixes: 192.168.0.0/16, customer-gateway: cgw}
        virtual-interfaces:
          vif: {direct-connect-gateway: dx, allowed: 10.1.1.0/25, prefixes: [172.16.0.0/16, 10.0.0.0/16]}
    interfaces:
      c: {subnet: lab, ip: 10.1.1.10, groups: all}
      d: {subnet: lab, ip: 10.1.1.200, groups: all}
`

// listing is one question to the snapshot with all its files, and to what is left of it.
type listing struct {
	without       string // the listing that is not there
	from, to      string
	service       string
	whole, partly emu.Answer
}

// TestMissingListings: what a listing tells is unknown where it is not there at all, and
// what others tell stays.
func TestMissingListings(t *testing.T) {
	for _, l := range []listing{
		{"Addresses", "prod/a", "198.51.100.10", "tcp/443", emu.Reachable, emu.Reachable},
		{"NatGateways", "prod/b", "198.51.100.9", "tcp/443", emu.Blocked, emu.Uncertain},
		{"NatGateways", "prod/b", "198.51.100.8", "tcp/443", emu.Reachable, emu.Reachable},
		{"NetworkInterfaces", "internet", "198.51.100.10", "tcp/443", emu.Reachable, emu.Uncertain},
		{"NetworkInterfaces", "internet", "198.51.100.8", "tcp/443", emu.Blocked, emu.Uncertain},
		{"NetworkInterfaces", "onprem:prod/vgw", "10.0.1.10", "tcp/443", emu.Reachable, emu.Uncertain},
		{"NetworkInterfaces", "onprem:prod/vgw", "10.0.1.77", "tcp/443", emu.Blocked, emu.Uncertain},
		{"eu-west-1/NetworkInterfaces", "lab/c", "10.0.1.10", "tcp/443", emu.Blocked, emu.Uncertain},
		{"eu-west-1/NetworkInterfaces", "lab/c", "172.16.0.1", "tcp/443", emu.Reachable, emu.Reachable},
		{"Subnets", "internet", "198.51.100.10", "tcp/443", emu.Reachable, emu.Uncertain},
		{"Subnets", "onprem:prod/vgw", "10.0.1.10", "tcp/443", emu.Reachable, emu.Uncertain},
		{"VpcEndpoints", "prod/b", "10.0.1.20", "tcp/443", emu.Uncertain, emu.Uncertain},
		{"VpcEndpoints", "prod/a", "10.0.2.20", "tcp/443", emu.Reachable, emu.Uncertain},
		{"VpnConnections", "onprem:prod/vgw", "10.0.1.10", "tcp/443", emu.Reachable, emu.Uncertain},
		{"VpnConnections", "prod/b", "172.16.0.1", "tcp/443", emu.Blocked, emu.Uncertain},
		{"VpnConnections", "onprem:lab/vgw", "lab/d", "tcp/443", emu.Blocked, emu.Uncertain},
		{"VpnConnections", "onprem:lab/vgw", "lab/c", "tcp/443", emu.Reachable, emu.Reachable},
		{"VirtualInterfaces", "onprem:lab/vgw", "lab/c", "tcp/443", emu.Reachable, emu.Uncertain},
		{"VirtualInterfaces", "prod/b", "172.16.0.1", "tcp/443", emu.Blocked, emu.Uncertain},
		{"VirtualInterfaces", "prod/b", "192.168.0.1", "tcp/443", emu.Reachable, emu.Reachable},
		{"DirectConnectGatewayAssociations", "onprem:lab/vgw", "lab/c", "tcp/443", emu.Reachable, emu.Uncertain},
		{"DirectConnectGatewayAssociations", "onprem:lab/vgw", "lab/d", "tcp/443", emu.Blocked, emu.Uncertain},
		{"DirectConnectGatewayAssociations", "prod/b", "192.168.0.1", "tcp/443", emu.Reachable, emu.Reachable},
	} {
		t.Run(l.without+"/"+l.from+" "+l.to, func(t *testing.T) {
			n := listed(t)
			files := awsjson.WriteFiles(n)
			require.Equal(t, l.whole.String(), ask(t, files, l).String(), "all files")
			drop(t, files, l.without)
			require.Equal(t, l.partly.String(), ask(t, files, l).String(), "without %s", l.without)
		})
	}
}

// listed is the network with all its addresses, as listings have them.
func listed(t *testing.T) *vpc.Network {
	n, _, err := yaml.Parse("net.yaml", []byte(listedNetwork))
	require.NoError(t, err)
	require.NoError(t, n.Assign())
	return n
}

func drop(t *testing.T, files map[string][]byte, key string) {
	n := len(files)
	for name := range files {
		if strings.HasSuffix(name, "/"+key+".json") {
			delete(files, name)
		}
	}
	require.Less(t, len(files), n, "no file %s", key)
}

func ask(t *testing.T, files map[string][]byte, l listing) emu.Answer {
	n, _, err := awsjson.LoadFiles(files)
	require.NoError(t, err)
	e, err := emu.New(n, emu.Options{})
	require.NoError(t, err)
	trace, err := e.Trace(emu.Query{Source: l.from, Destination: l.to, Service: firewall.MustParseService(l.service)})
	require.NoError(t, err)
	t.Log(trace)
	return trace.Verdict
}

// TestMissingExclusions: with Block Public Access on, exclusions that nobody lists may
// be there (IGW-30); with it off they would change nothing.
func TestMissingExclusions(t *testing.T) {
	for _, test := range []struct {
		mode           vpc.BlockMode
		exclusion      string
		listed, absent emu.Answer
	}{
		{vpc.BlockBidirectional, "prod", emu.Reachable, emu.Uncertain},
		{vpc.BlockBidirectional, "", emu.Blocked, emu.Uncertain},
		{vpc.BlockOff, "prod", emu.Reachable, emu.Reachable},
	} {
		n := listed(t)
		b := &vpc.BlockPublicAccess{Region: "eu-west-1", Mode: test.mode}
		if test.exclusion != "" {
			b.Exclusions = []vpc.BlockExclusion{{Resource: test.exclusion}}
		}
		n.BlockPublicAccess = append(n.BlockPublicAccess, b)
		files := awsjson.WriteFiles(n)
		l := listing{from: "internet", to: "198.51.100.10", service: "tcp/443"}
		require.Equal(t, test.listed.String(), ask(t, files, l).String(), "%v", test)
		drop(t, files, "VpcBlockPublicAccessExclusions")
		require.Equal(t, test.absent.String(), ask(t, files, l).String(), "%v", test)
		again, _, err := awsjson.LoadFiles(files)
		require.NoError(t, err)
		require.Equal(t, test.absent.String(), ask(t, awsjson.WriteFiles(again), l).String(), "written again: %v", test)
	}
}

// TestMissingListingsTold: the report says so.
func TestMissingListingsTold(t *testing.T) {
	n := listed(t)
	for _, key := range []string{"NetworkInterfaces", "Subnets", "VpnConnections", "VirtualInterfaces", "DirectConnectGatewayAssociations"} {
		files := awsjson.WriteFiles(n)
		_, r, err := awsjson.LoadFiles(files)
		require.NoError(t, err)
		const missing = ": missing: %s: are not in the snapshot"
		assert.NotContains(t, fmt.Sprint(r.Notes), fmt.Sprintf(missing, key))
		drop(t, files, key)
		_, r, err = awsjson.LoadFiles(files)
		require.NoError(t, err)
		assert.Contains(t, fmt.Sprint(r.Notes), fmt.Sprintf(missing, key))
	}
}
