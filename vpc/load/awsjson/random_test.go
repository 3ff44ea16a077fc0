package awsjson

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/vpcemu/vpcemu/firewall"
	"github.com/vpcemu/vpcemu/routing"
	"github.com/vpcemu/vpcemu/vpc"
)

// TestRandomRoundTrip: a network, written and read, is what it was, and writing
// it again changes no byte.
func TestRandomRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := randomNetwork(t)
		require.NoError(t, n.Validate())
		same(t, n)
	})
}

// same wants that a network, written and read, is what it was, and that writing it again
// changes no byte.
func same(t require.TestingT, n *vpc.Network) {
	first := WriteFiles(n)
	loaded, r, err := LoadFiles(first)
	require.NoError(t, err)
	require.Equal(t, bare(explicit(n)), bare(loaded), notes(r))
	second := WriteFiles(loaded)
	require.Equal(t, slices.Sorted(maps.Keys(first)), slices.Sorted(maps.Keys(second)))
	for name := range first {
		require.Equal(t, string(first[name]), string(second[name]), name)
	}
}

// randomNetwork has one to three VPCs that use the same names and addresses.
func randomNetwork(t *rapid.T) *vpc.Network {
	n := &vpc.Network{}
	n.AddPrefixList("pl-1", "192.0.2.0/24").Unknown = rapid.SampledFrom([]string{"", "", "not all"}).Draw(t, "list unknown")
	for k := range rapid.IntRange(1, 3).Draw(t, "vpcs") {
		v := n.AddVPC(fmt.Sprintf("v%d", k), "10.0.0.0/16")
		v.Region = rapid.SampledFrom([]string{"", "eu-west-1", "nowhere"}).Draw(t, "region")
		v.Partial = rapid.Bool().Draw(t, "partial")
		v.DisableDNS = rapid.Bool().Draw(t, "no dns")
		if rapid.Bool().Draw(t, "igw") {
			v.AddInternetGateway("igw")
		}
		v.Gateways = append(v.Gateways, &vpc.Gateway{Kind: routing.NATGateway, ID: "nat", Subnet: "s0"})
		randomRules(t, v)
		randomSubnets(t, v)
		randomRoutes(t, v.AddRouteTable("table"))
		v.FlowLogs = append(v.FlowLogs, &vpc.FlowLog{
			ID: "log", Subnet: rapid.SampledFrom([]string{"", "s0"}).Draw(t, "log of"), Traffic: rapid.SampledFrom([]string{"", "ALL", "REJECT"}).Draw(t, "traffic"),
			Format: rapid.SampledFrom([]string{"", "${srcaddr} ${action}"}).Draw(t, "format"), Interval: rapid.SampledFrom([]int{0, 60, 600}).Draw(t, "interval"),
			Destination: rapid.SampledFrom([]string{"", "group", "arn:aws:s3:::bucket"}).Draw(t, "to"),
		})
		randomBalancers(t, v)
		if rapid.Bool().Draw(t, "main") {
			v.MainRouteTable = "table"
		}
	}
	return n
}

var services = []string{"all", "tcp/22", "tcp", "udp/1-9", "icmp", "icmp/8", "icmp/3/4", "icmpv6", "icmpv6/128/0", "ip/50", "ip/0"}

func randomRules(t *rapid.T, v *vpc.VPC) {
	peers := []string{"0.0.0.0/0", "::/0", "10.0.0.0/8", "pl-1", "g0", "g1"}
	for k := range 2 {
		g := v.AddSecurityGroup(fmt.Sprintf("g%d", k))
		seen := make(map[string]bool)
		for range rapid.IntRange(0, 3).Draw(t, "rules") {
			s, p := rapid.SampledFrom(services).Draw(t, "service"), rapid.SampledFrom(peers).Draw(t, "peer")
			if !seen[s+p] {
				g.AllowIn(s, p).AllowOut(s, p)
			}
			seen[s+p] = true
		}
		if rapid.IntRange(0, 3).Draw(t, "odd") == 0 {
			g.Ingress = append(g.Ingress, firewall.Rule{Unknown: "odd", Description: "who knows"})
		}
	}
	a := v.AddNetworkACL("acl")
	for k := range rapid.IntRange(0, 3).Draw(t, "entries") {
		s, c := rapid.SampledFrom(services).Draw(t, "service"), rapid.SampledFrom(peers[:3]).Draw(t, "cidr")
		a.AllowIn(10*k+1, s, c).DenyOut(10*k+2, s, c)
	}
	if rapid.IntRange(0, 3).Draw(t, "odd entry") == 0 {
		a.Egress = append(a.Egress, firewall.Entry{Number: 5, Unknown: "odd", Service: firewall.All})
	}
}

func randomSubnets(t *rapid.T, v *vpc.VPC) {
	for k := range rapid.IntRange(1, 3).Draw(t, "subnets") {
		s := v.AddSubnet(fmt.Sprintf("s%d", k), fmt.Sprintf("10.0.%d.0/24", k))
		s.Zone = rapid.SampledFrom([]string{"", "a"}).Draw(t, "zone")
		s.RouteTable = rapid.SampledFrom([]string{"", "table"}).Draw(t, "table")
		s.NetworkACL = rapid.SampledFrom([]string{"", "acl"}).Draw(t, "acl")
		for j := range rapid.IntRange(0, 2).Draw(t, "interfaces") {
			i := s.AddInterface(fmt.Sprintf("e%d%d", k, j), "", rapid.SampledFrom([][]string{nil, {"g0"}, {"g1", "g0"}}).Draw(t, "groups")...)
			i.Detached = rapid.Bool().Draw(t, "detached")
			i.NoSourceDestCheck = rapid.Bool().Draw(t, "forwards")
			i.Kind = rapid.SampledFrom([]string{"", "branch"}).Draw(t, "kind")
			if v.InternetGateway != nil && rapid.Bool().Draw(t, "public") {
				i.AddPublicIP("")
			}
			if rapid.Bool().Draw(t, "host") {
				v.AddInstance(i.ID + "h").State = vpc.InstanceState(rapid.IntRange(0, 2).Draw(t, "state"))
				i.AttachTo(i.ID + "h")
				i.Metadata.Disabled = rapid.Bool().Draw(t, "no metadata")
			}
			if rapid.IntRange(0, 4).Draw(t, "odd interface") == 0 {
				i.Unknown = "odd"
			}
		}
	}
}

func randomRoutes(t *rapid.T, table *vpc.RouteTable) {
	targets := []string{"nat", "blackhole", "igw", "local"}
	for k := range rapid.IntRange(0, 3).Draw(t, "routes") {
		target := rapid.SampledFrom(targets[:3]).Draw(t, "target")
		table.AddRoute(fmt.Sprintf("172.16.%d.0/24", k), target)
	}
	if rapid.Bool().Draw(t, "replaced") {
		table.AddRoute("10.0.0.0/16", rapid.SampledFrom([]string{"nat", "local"}).Draw(t, "instead"))
	}
	if rapid.IntRange(0, 3).Draw(t, "odd route") == 0 {
		table.Routes = append(table.Routes, routing.Route{Destination: netip.MustParsePrefix("9.9.9.0/24"), Unknown: "odd"})
	}
	table.Unknown = rapid.SampledFrom([]string{"", "", "", "odd"}).Draw(t, "unknown table")
}

// randomBalancers are up to two load balancers, and target groups of all types.
func randomBalancers(t *rapid.T, v *vpc.VPC) {
	states := append(vpc.TargetHealth(), "")
	target := map[vpc.TargetType][]string{
		vpc.AddressTargets: {"10.0.0.9", "192.168.0.1"}, vpc.InstanceTargets: {"e00h", "e00", "lb0node"}, vpc.BalancerTargets: {"lb1"}, vpc.FunctionTargets: {"f"},
	}
	unknown := []string{"", "", "", "odd"}
	for k := range rapid.IntRange(0, 2).Draw(t, "balancers") {
		b := &vpc.LoadBalancer{
			ID: fmt.Sprintf("lb%d", k), Kind: vpc.LoadBalancerKind(k), Internal: v.InternetGateway == nil || rapid.Bool().Draw(t, "internal"),
			CrossZone: vpc.CrossZone(rapid.IntRange(0, 2).Draw(t, "cross")), State: rapid.SampledFrom([]string{"", "active", "failed", "odd"}).Draw(t, "lb state"),
			Unknown: rapid.SampledFrom(unknown).Draw(t, "lb unknown"), Groups: rapid.SampledFrom([][]string{nil, {"g0"}}).Draw(t, "lb groups"),
		}
		for _, s := range v.Subnets {
			if rapid.Bool().Draw(t, "node") {
				b.Nodes = append(b.Nodes, vpc.LoadBalancerNode{Subnet: s.ID})
			}
		}
		for port := range rapid.IntRange(0, 3).Draw(t, "listeners") {
			to := vpc.Listener{Protocol: rapid.SampledFrom(vpc.ListenerProtocols()).Draw(t, "protocol"), Port: uint16(port + 1), Unknown: rapid.SampledFrom(unknown).Draw(t, "listener unknown")}
			for _, name := range rapid.SampledFrom([][]string{nil, {"tg0"}, {"tg1", "tg2"}}).Draw(t, "forward") {
				to.Forward = append(to.Forward, vpc.Forward{TargetGroup: name, Weight: rapid.IntRange(0, 9).Draw(t, "weight")})
			}
			b.Listeners = append(b.Listeners, to)
		}
		v.LoadBalancers = append(v.LoadBalancers, b)
	}
	for k := range 3 {
		g := &vpc.TargetGroup{
			ID: fmt.Sprintf("tg%d", k), Protocol: rapid.SampledFrom(vpc.ListenerProtocols()).Draw(t, "protocol"), Port: 80, Type: vpc.TargetType(rapid.IntRange(0, 3).Draw(t, "type")),
			IPv6: rapid.Bool().Draw(t, "ipv6"), Preserve: vpc.Preserve(rapid.IntRange(0, 2).Draw(t, "preserve")), CrossZone: vpc.CrossZone(rapid.IntRange(0, 2).Draw(t, "cross")),
			Unknown: rapid.SampledFrom(unknown).Draw(t, "group unknown"),
		}
		for _, name := range target[g.Type] {
			if (v.Partial || g.Type == vpc.AddressTargets || g.Type == vpc.FunctionTargets) && rapid.Bool().Draw(t, "target") {
				g.Targets = append(g.Targets, vpc.LoadBalancerTarget{ID: name, Port: rapid.SampledFrom([]uint16{0, 8080}).Draw(t, "port"), Health: rapid.SampledFrom(states).Draw(t, "health")})
			}
		}
		v.TargetGroups = append(v.TargetGroups, g)
	}
}
