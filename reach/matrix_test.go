package reach_test

import (
	"fmt"
	"net/netip"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vpcemu/vpcemu/bench"
	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/firewall"
	"github.com/vpcemu/vpcemu/reach"
	"github.com/vpcemu/vpcemu/routing"
	"github.com/vpcemu/vpcemu/vpc"
)

func ExampleMatrix() {
	var n vpc.Network
	prod := n.AddVPC("prod", "10.0.0.0/16")
	apps, data := prod.AddSubnet("apps", "10.0.1.0/24"), prod.AddSubnet("data", "10.0.2.0/24")
	for i := range 100 {
		apps.AddInterface(fmt.Sprintf("app-%d", i), "", "app")
	}
	data.AddInterface("db", "10.0.2.20", "db")
	prod.AddSecurityGroup("app").AllowOut("all", "0.0.0.0/0")
	prod.AddSecurityGroup("db").AllowIn("tcp/5432", "app")

	m, err := reach.NewMatrix(&n)
	if err != nil {
		panic(err)
	}
	for r := range m.Rows(nil) {
		if r.Answer.Has(emu.Reachable) {
			fmt.Println(len(r.Source.Members), "like", r.Source.Name(), "to", r.Destination.Name(), r.Answer.Words(emu.Reachable))
		}
	}
	// Output: 100 like app-0 to db [tcp/5432]
}

// listed is a matrix in lines.
func listed(m *reach.Matrix, want reach.Select) (lines []string) {
	for r := range m.Rows(want) {
		lines = append(lines, fmt.Sprintf("%s > %s: %s", r.Source.Name(), r.Destination.Name(), strings.Join(r.Answer.Words(emu.Reachable), ", ")))
	}
	return lines
}

func TestRowsInOrder(t *testing.T) {
	m, err := reach.NewMatrix(bench.Tiers(60, 20))
	require.NoError(t, err)
	one := listed(m, nil)
	assert.Len(t, one, m.Len(nil))
	assert.Contains(t, one, "internet > tier-1-0-0: tcp/443")
	assert.Contains(t, one, "tier-1-0-0 > tier-1-1-0: tcp/8001")
	assert.Contains(t, one, "tier-1-1-0 > tier-1-1-0: tcp/22")
	assert.Contains(t, one, "tier-0-0-0 > tier-1-0-0: tcp/443 to public address", "it answers through its internet gateway")
	assert.Contains(t, one, "tier-0-1-0 > tier-1-0-0: ", "and who asks has no way out")
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(3))
	assert.Equal(t, one, listed(m, nil), "whatever finds them first")
	some := func(src, dst *reach.Class) bool { return dst == m.Classes[1] && src != m.Classes[0] }
	assert.Len(t, listed(m, some), m.Len(some))
	assert.Equal(t, 20, m.Len(some))
}

// TestRowsExplained: a row may be asked about more while others are looked for.
func TestRowsExplained(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(3))
	m, err := reach.NewMatrix(bench.Tiers(30, 10))
	require.NoError(t, err)
	explained := func() (all []string) {
		for r := range m.Rows(nil) {
			why, err := r.Answer.Parts[0].Explain()
			require.NoError(t, err)
			all = append(all, fmt.Sprint(r.Source.Name(), r.Destination.Name(), why))
		}
		return all
	}
	assert.Equal(t, explained(), explained())
}

func TestRowsUntilStopped(t *testing.T) {
	m, err := reach.NewMatrix(bench.Tiers(40, 20))
	require.NoError(t, err)
	for range 20 {
		for r := range m.Rows(nil) {
			assert.NotNil(t, r)
			break
		}
	}
	assert.Len(t, listed(m, nil), m.Len(nil), "another one finds all")
}

// TestClassesOf has what tells interfaces apart, and what does not: names in one string are
// of one class.
func TestClassesOf(t *testing.T) {
	three := func(n *vpc.Network, id string) *vpc.VPC {
		v := n.AddVPC(id, "10.0.0.0/16")
		v.AddInternetGateway(id + "-igw")
		v.AddRouteTable("r")
		s := v.AddSubnet(id+"-s", "10.0.0.0/24").UseRouteTable("r")
		for k := range 3 {
			s.AddInterface(fmt.Sprintf("%s%d", id, k), fmt.Sprintf("10.0.0.%d", 10+k), "g")
		}
		v.AddSecurityGroup("g").AllowOut("all", "0.0.0.0/0")
		return v
	}
	join := func(n *vpc.Network) {
		n.Gateways = append(n.Gateways, &vpc.Gateway{Kind: routing.TransitGateway, ID: "tgw", Transit: &vpc.Transit{
			Attachments: []*vpc.TransitAttachment{{ID: "to-a", VPC: "a"}, {ID: "to-b", VPC: "b"}}}})
	}
	instances := func(n *vpc.Network, v *vpc.VPC) {
		for k := range 3 {
			v.AddInstance(fmt.Sprintf("i-%d", k)).Name = fmt.Sprintf("host-%d", k)
			n.Interface(fmt.Sprintf("a%d", k)).AttachTo(fmt.Sprintf("i-%d", k))
		}
	}
	for _, c := range []struct {
		name string
		edit func(n *vpc.Network, v *vpc.VPC)
		want string
	}{
		{"nothing", func(*vpc.Network, *vpc.VPC) {}, "a0 a1 a2"},
		{"a rule's prefix around all", func(_ *vpc.Network, v *vpc.VPC) { v.SecurityGroup("g").AllowIn("tcp/22", "10.0.0.8/29") }, "a0 a1 a2"},
		{"a rule's prefix", func(_ *vpc.Network, v *vpc.VPC) { v.SecurityGroup("g").AllowIn("tcp/22", "10.0.0.10/31") }, "a0 a1|a2"},
		{"a prefix list", func(n *vpc.Network, _ *vpc.VPC) { n.AddPrefixList("pl", "10.0.0.10/32") }, "a0|a1 a2"},
		{"a route", func(_ *vpc.Network, v *vpc.VPC) {
			v.RouteTable("r").AddRoute("192.0.2.0/24", "a-igw").AddRoute("10.0.0.0/24", "a2")
		}, "a0 a1|a2"},
		{"one that a route names", func(_ *vpc.Network, v *vpc.VPC) { v.RouteTable("r").AddRoute("192.0.2.0/24", "a1") }, "a0 a2|a1"},
		{"a setting", func(n *vpc.Network, _ *vpc.VPC) { n.Interface("a0").NoSourceDestCheck = true }, "a0|a1 a2"},
		{"a public address", func(n *vpc.Network, _ *vpc.VPC) { n.Interface("a0").AddPublicIP("198.51.100.1") }, "a0|a1 a2"},
		{"two public addresses", func(n *vpc.Network, _ *vpc.VPC) {
			n.Interface("a0").AddPublicIP("198.51.100.1")
			n.Interface("a1").AddPublicIP("198.51.100.9")
		}, "a0 a1|a2"},
		{"a prefix around one of two public addresses", func(n *vpc.Network, v *vpc.VPC) {
			n.Interface("a0").AddPublicIP("198.51.100.1")
			n.Interface("a1").AddPublicIP("198.51.100.9")
			v.SecurityGroup("g").AllowIn("tcp/22", "198.51.100.8/30")
		}, "a0|a1|a2"},
		{"groups", func(n *vpc.Network, v *vpc.VPC) {
			v.AddSecurityGroup("h")
			n.Interface("a2").Groups = []string{"g", "h"}
		}, "a0 a1|a2"},
		{"a prefix of IPv6", func(n *vpc.Network, v *vpc.VPC) {
			v.CIDRs = append(v.CIDRs, netip.MustParsePrefix("2001:db8:0:1200::/56"))
			v.Subnets[0].CIDRs = append(v.Subnets[0].CIDRs, netip.MustParsePrefix("2001:db8:0:1201::/64"))
			for k := range 3 {
				n.Interface(fmt.Sprintf("a%d", k)).AddAddress(fmt.Sprintf("2001:db8:0:1201::1%d", k))
			}
			v.SecurityGroup("g").AllowIn("tcp/22", "2001:db8:0:1201::10/127")
		}, "a0 a1|a2"},
		{"a prefix of IPv6 that stands for one of IPv4", func(_ *vpc.Network, v *vpc.VPC) { v.SecurityGroup("g").AllowIn("tcp/22", "64:ff9b::a00:a/127") }, "a0 a1|a2"},
		{"one of two addresses", func(n *vpc.Network, v *vpc.VPC) { n.Interface("a1").AddAddress("10.0.0.50") }, "a0 a2|a1"},
		{"not understood", func(n *vpc.Network, _ *vpc.VPC) { n.Interface("a0").Unknown, n.Interface("a1").Unknown = "odd", "odd" }, "a0|a1|a2"},
		{"a stopped instance", func(n *vpc.Network, v *vpc.VPC) {
			for k, state := range []vpc.InstanceState{vpc.Running, vpc.Running, vpc.Stopped} {
				i := v.AddInstance(fmt.Sprintf("i-%d", k))
				i.State = state
				n.Interface(fmt.Sprintf("a%d", k)).AttachTo(i.ID)
			}
		}, "a0 a1|a2"},
		{"an instance with two interfaces", func(n *vpc.Network, v *vpc.VPC) {
			v.AddInstance("i")
			n.Interface("a0").AttachTo("i")
			n.Interface("a1").AttachTo("i").DeviceIndex = 1
		}, "a0|a1|a2"},
		{"one that a route names by its name", func(n *vpc.Network, v *vpc.VPC) {
			n.Interface("a1").Name = "fw"
			v.RouteTable("r").AddRoute("192.0.2.0/24", "fw")
		}, "a0 a2|a1"},
		{"one that a route names by its ID", func(n *vpc.Network, v *vpc.VPC) {
			n.Interface("a1").Name = "fw"
			v.RouteTable("r").AddRoute("192.0.2.0/24", "a1")
		}, "a0 a2|a1"},
		{"one of an instance that a route names by its name", func(n *vpc.Network, v *vpc.VPC) {
			instances(n, v)
			v.RouteTable("r").AddRoute("192.0.2.0/24", "host-1")
		}, "a0 a2|a1"},
		{"one of an instance that a route names by its ID", func(n *vpc.Network, v *vpc.VPC) {
			instances(n, v)
			v.RouteTable("r").AddRoute("192.0.2.0/24", "i-1")
		}, "a0 a2|a1"},
		{"of instances", instances, "a0 a1 a2"},
		{"of an instance that nothing describes", func(n *vpc.Network, v *vpc.VPC) {
			v.Partial = true
			n.Interface("a0").Instance = "i-gone"
		}, "a0|a1 a2"},
		{"a load balancer's that nothing describes", func(n *vpc.Network, _ *vpc.VPC) { n.Interface("a0").Description = "ELB app/web/1" }, "a0|a1 a2"},
		{"a remark", func(n *vpc.Network, _ *vpc.VPC) { n.Interface("a0").Description = "mine" }, "a0 a1 a2"},
		{"a delegated prefix", func(n *vpc.Network, _ *vpc.VPC) {
			n.Interface("a0").Prefixes = []netip.Prefix{netip.MustParsePrefix("10.0.0.32/28")}
			n.Interface("a1").Prefixes = []netip.Prefix{netip.MustParsePrefix("10.0.0.48/28")}
		}, "a0|a1|a2"},
		{"an Elastic IP", func(n *vpc.Network, _ *vpc.VPC) {
			n.Interface("a0").AddPublicIP("198.51.100.1")
			n.Interface("a1").AddPublicIP("198.51.100.9")
			n.Interface("a1").Addresses[0].Elastic = true
		}, "a0|a1|a2"},
		{"a public address that hosts of the internet cannot have", func(n *vpc.Network, _ *vpc.VPC) {
			n.Interface("a0").AddPublicIP("198.51.100.1")
			n.Interface("a1").AddPublicIP("100.64.0.1")
		}, "a0|a1|a2"},
		{"public addresses that lie in another VPC", func(n *vpc.Network, _ *vpc.VPC) {
			n.Interface("a0").AddPublicIP("198.51.100.1")
			n.Interface("a1").AddPublicIP("198.51.100.9")
			n.AddVPC("b", "198.51.100.0/24").AddSubnet("b-s", "198.51.100.0/24").AddInterface("b0", "198.51.100.9")
		}, "a0|a1|a2|b0"},
		{"private addresses that are public ones elsewhere", func(n *vpc.Network, _ *vpc.VPC) {
			n.Interface("a0").AddPublicIP("198.51.100.9")
			b := n.AddVPC("b", "198.51.100.0/24").AddSubnet("b-s", "198.51.100.0/24")
			b.AddInterface("b0", "198.51.100.9")
			b.AddInterface("b1", "198.51.100.10")
			b.AddInterface("b2", "198.51.100.11")
		}, "a0|a1 a2|b0|b1 b2"},
		{"an address that a target group has", func(_ *vpc.Network, v *vpc.VPC) {
			v.TargetGroups = append(v.TargetGroups, &vpc.TargetGroup{ID: "t", Protocol: "TCP", Port: 80, Targets: []vpc.LoadBalancerTarget{{ID: "10.0.0.11"}}})
		}, "a0|a1|a2"},
		{"a VPC of the same addresses", func(n *vpc.Network, _ *vpc.VPC) { three(n, "b") }, "a0 a1 a2|b0 b1 b2"},
		{"a VPC of the same addresses, peer of the same", func(n *vpc.Network, _ *vpc.VPC) {
			three(n, "b").Name = "other"
			n.AddVPC("hub", "10.9.0.0/16")
			n.AddPeering("pcx-a", "hub", "a")
			n.AddPeering("pcx-b", "hub", "other")
		}, "a0|a1|a2|b0|b1|b2"},
		{"a VPC of the same addresses, peer of a peer of a peer", func(n *vpc.Network, _ *vpc.VPC) {
			three(n, "b")
			for k, ends := range [...][2]string{{"a", "hub-0"}, {"hub-1", "b"}, {"hub-2", "hub-3"}, {"hub-0", "hub-2"}, {"hub-3", "hub-1"}} {
				if k < 4 {
					n.AddVPC(fmt.Sprintf("hub-%d", k), fmt.Sprintf("10.%d.0.0/16", 1+k))
				}
				n.AddPeering(fmt.Sprintf("pcx-%d", k), ends[0], ends[1])
			}
		}, "a0|a1|a2|b0|b1|b2"},
		{"a VPC of the same addresses behind a peer of the gateway", func(n *vpc.Network, _ *vpc.VPC) {
			three(n, "b")
			for _, ends := range [...][3]string{{"tgw-a", "a", "tgw-b"}, {"tgw-b", "b", "tgw-a"}} {
				n.Gateways = append(n.Gateways, &vpc.Gateway{Kind: routing.TransitGateway, ID: ends[0], Transit: &vpc.Transit{Attachments: []*vpc.TransitAttachment{
					{ID: "to-" + ends[1], VPC: ends[1]}, {ID: "to-" + ends[2], Kind: vpc.PeeringAttachment, Peer: ends[2]}}}})
			}
		}, "a0|a1|a2|b0|b1|b2"},
		{"a prefix delegated in another VPC, behind a gateway of both", func(n *vpc.Network, _ *vpc.VPC) {
			b := three(n, "b")
			b.Subnets[0].Interfaces = b.Subnets[0].Interfaces[:1]
			n.Interface("b0").Addresses[0].IP = netip.MustParseAddr("10.0.0.99")
			n.Interface("b0").Prefixes = []netip.Prefix{netip.MustParsePrefix("10.0.0.16/28")}
			n.Interface("a2").Addresses[0].IP = netip.MustParseAddr("10.0.0.20")
			join(n)
		}, "a0 a1|a2|b0"},
		{"a VPC of the same addresses behind a gateway of both", func(n *vpc.Network, _ *vpc.VPC) {
			three(n, "b")
			join(n)
		}, "a0|a1|a2|b0|b1|b2"},
	} {
		t.Run(c.name, func(t *testing.T) {
			n := new(vpc.Network)
			c.edit(n, three(n, "a"))
			m, err := reach.NewMatrix(n)
			require.NoError(t, err)
			var classes []string
			for _, c := range m.Classes {
				var ids []string
				for _, e := range c.Members {
					ids = append(ids, e.ID())
				}
				if c.Kind == emu.InterfaceEnd {
					classes = append(classes, strings.Join(ids, " "))
				}
			}
			assert.Equal(t, c.want, strings.Join(classes, "|"))
		})
	}
}

// TestRows_Kinds: who only answers is no source, and the internet asks what is inside.
func TestRows_Kinds(t *testing.T) {
	n := reach.NetworkOf(t, `
vpcs:
  v:
    cidr: [10.0.0.0/16, "2001:db8:1::/56"]
    internet-gateway: igw
    gateways:
      s3: {kind: vpce, service: s3, prefix-list: pl, tables: [r]}
      sqs: {kind: vpce-interface, service: sqs, subnets: [a]}
      vgw: {kind: vgw, vpn-connections: {vpn: {prefixes: [192.168.0.0/16]}}}
    subnets: {a: {cidr: 10.0.1.0/24, route-table: r}, z: {cidr: "2001:db8:1:1::/64"}}
    route-tables: {r: {0.0.0.0/0: igw, 192.168.0.0/16: vgw}}
    load-balancers: {nlb: {subnets: [a], listeners: [{port: 80, forward: t}]}}
    target-groups: {t: {type: ip, port: 80}}
    interfaces: {a1: {subnet: a, groups: [open]}, a2: {subnet: a, groups: [open]}, a3: {subnet: a, source-dest-check: false}, z1: {subnet: z, ip: "2001:db8:1:1::10"}}
    security-groups: {open: {ingress: [tcp/80 from 0.0.0.0/0], egress: [all to 0.0.0.0/0]}}
prefix-lists: {pl: [52.218.0.0/17]}
`)
	m, err := reach.NewMatrix(n)
	require.NoError(t, err)
	got := make(map[string][]string)
	rows := 0
	order := []emu.Answer{emu.Reachable, emu.Uncertain, emu.Blocked}
	for r := range m.Rows(nil) {
		assert.True(t, slices.IsSortedFunc(r.Answer.Parts, func(a, b reach.Part) int { return slices.Index(order, a.Answer) - slices.Index(order, b.Answer) }))
		got[r.Source.Name()] = append(got[r.Source.Name()], r.Destination.Name())
		rows++
	}
	inside := []string{"a1", "a3", "sqs-a", "nlb"}
	assert.Equal(t, map[string][]string{
		"a1":         append(inside[:4:4], "s3", "onprem:vgw", "internet"),
		"a3":         {"a1", "sqs-a", "nlb", "s3", "onprem:vgw", "internet"},
		"onprem:vgw": append(inside[:4:4], "s3", "internet"),
		"internet":   {"a1", "a3", "sqs-a", "z1", "nlb"},
		"z1":         {"internet"}, // and nothing else speaks IPv6
	}, got)
	assert.Less(t, rows, m.Len(nil))
}

// TestAnswerOf is what of an answer is of some services.
func TestAnswerOf(t *testing.T) {
	n := new(vpc.Network)
	v := n.AddVPC("prod", "10.0.0.0/16", "2001:db8:0:1200::/56")
	s := v.AddSubnet("s", "10.0.1.0/24", "2001:db8:0:1201::/64")
	s.AddInterface("one", "10.0.1.10", "g").AddAddress("2001:db8:0:1201::10")
	s.AddInterface("two", "10.0.1.11", "g").AddAddress("2001:db8:0:1201::11")
	v.AddSecurityGroup("g").AllowOut("all", "g").AllowIn("tcp/80-443", "g").AllowIn("icmp/8", "g").AllowIn("udp/53", "10.0.0.0/8").AllowIn("tcp/22", "2001:db8::/32")
	m, err := reach.NewMatrix(n)
	require.NoError(t, err)
	var all *reach.Answer
	for r := range m.Rows(nil) {
		all = r.Answer
	}
	for _, c := range []struct{ service, want string }{
		{"all", "tcp/80-443, udp/53 (IPv4), icmp/8; tcp/22 (IPv6)"},
		{"tcp/443", "tcp/443"},
		{"tcp/22", "tcp/22 (IPv6)"},
		{"tcp/400-500", "tcp/400-443"},
		{"udp", "udp/53 (IPv4)"},
		{"icmp", "icmp/8"},
		{"icmp/8/0", "icmp/8/0"},
		{"icmp/3", ""},
		{"tcp/23", ""},
	} {
		assert.Equal(t, c.want, strings.Join(all.Of(firewall.MustParseService(c.service)).Words(emu.Reachable), "; "), c.service)
	}
}
