package yaml

import (
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vpcemu/vpcemu/firewall"
	"github.com/vpcemu/vpcemu/routing"
	"github.com/vpcemu/vpcemu/vpc"
)

// readings are files, and the network that each describes.
var readings = []struct {
	name, text string
	want       func(n *vpc.Network, v *vpc.VPC)
}{
	{"a VPC", "vpcs: {prod: {cidr: 10.0.0.0/16}}", func(*vpc.Network, *vpc.VPC) {}},
	{"byte order mark and CRLF", "\ufeffvpcs:\r\n  prod:\r\n    cidr: 10.0.0.0/16\r\n", func(*vpc.Network, *vpc.VPC) {}},
	{"JSON", `{"vpcs": {"prod": {"cidr": "10.0.0.0/16"}}}`, func(*vpc.Network, *vpc.VPC) {}},
	{"an account number stays text", prod("account: 012345678901", "region: eu-west-1"), func(_ *vpc.Network, v *vpc.VPC) {
		v.Account, v.Region = "012345678901", "eu-west-1"
	}},
	{"host bits are cleared", "vpcs: {prod: {cidr: [10.0.0.5/16, '2001:db8::1/56']}}", func(_ *vpc.Network, v *vpc.VPC) {
		v.CIDRs = append(v.CIDRs, netip.MustParsePrefix("2001:db8::/56"))
	}},
	{"id and name", prod("id: vpc-1", "name: Production"), func(_ *vpc.Network, v *vpc.VPC) { v.ID, v.Name = "vpc-1", "Production" }},
	{"an id leaves the key as name", prod("id: vpc-1"), func(_ *vpc.Network, v *vpc.VPC) { v.ID = "vpc-1" }},
	{"an AWS ID is no name", prod("security-groups: {sg-01234567: }"), func(_ *vpc.Network, v *vpc.VPC) {
		v.AddSecurityGroup("sg-01234567").Name = ""
	}},
	{"dns, partial", prod("dns: false", "partial: true"), func(_ *vpc.Network, v *vpc.VPC) { v.DisableDNS, v.Partial = true, true }},
	{"the internet gateway", prod("internet-gateway: true"), func(_ *vpc.Network, v *vpc.VPC) { v.AddInternetGateway("igw-prod") }},
	{"no internet gateway", prod("internet-gateway: false"), func(*vpc.Network, *vpc.VPC) {}},
	{"its name", prod("internet-gateway: door"), func(_ *vpc.Network, v *vpc.VPC) { v.AddInternetGateway("door") }},
	{"its edge table", prod("internet-gateway: {routes: edge}", "route-tables: {edge: {}}"), func(_ *vpc.Network, v *vpc.VPC) {
		v.AddInternetGateway("igw-prod").RouteTable = "edge"
		v.AddRouteTable("edge")
	}},
	{"routes in a subnet", prod("subnets: {web: {cidr: 10.0.1.0/24, az: a, routes: {10.9.0.0/16: blackhole}}}"), func(_ *vpc.Network, v *vpc.VPC) {
		v.AddSubnet("web", "10.0.1.0/24").InZone("a").UseRouteTable("web")
		v.AddRouteTable("web").AddRoute("10.9.0.0/16", "blackhole")
	}},
	{"whose name is taken", prod("subnets: {web: {cidr: 10.0.1.0/24, routes: {}}}", "route-tables: {web: {}}"), func(_ *vpc.Network, v *vpc.VPC) {
		v.AddSubnet("web", "10.0.1.0/24").UseRouteTable("routes-web")
		v.AddRouteTable("web")
		v.AddRouteTable("routes-web")
	}},
	{"a reference by key", prod("subnets: {s: {cidr: 10.0.1.0/24, acl: a}}", "network-acls: {a: {id: acl-1, name: other}}"), func(_ *vpc.Network, v *vpc.VPC) {
		v.AddSubnet("s", "10.0.1.0/24").UseNetworkACL("acl-1")
		v.AddNetworkACL("acl-1").Name = "other"
	}},
	{"routes in full", prod("route-tables:", "  t:", "    propagating: vgw-1", "    unknown: half a listing", "    routes:",
		"    - {destination: 10.1.0.0/16, target: vgw-1, source: vpn-bgp}", "    - {destination: 10.1.0.0/16, target: local, unknown: why}", "gateways: {vgw-1: {kind: vgw}}"),
		func(_ *vpc.Network, v *vpc.VPC) {
			t := v.AddRouteTable("t").AddRoute("10.1.0.0/16", "vgw-1").AddRoute("10.1.0.0/16", "local")
			t.Propagating, t.Unknown = []string{"vgw-1"}, "half a listing"
			t.Routes[0].Source, t.Routes[1].Unknown = routing.VPNDynamic, "why"
			v.Gateways = []*vpc.Gateway{{Kind: routing.VPNGateway, ID: "vgw-1", Name: "vgw-1"}}
		}},
	{"prefix lists", "prefix-lists: {office: [192.0.2.0/24], big: {id: pl-1, entries: 192.0.2.0/24, max-entries: 9, unknown: why}}\n" +
		prod("route-tables: {t: {office: {kind: igw}}}", "security-groups: {g: {ingress: [all from office, all from pl-1]}}"),
		func(n *vpc.Network, v *vpc.VPC) {
			n.AddPrefixList("office", "192.0.2.0/24")
			l := n.AddPrefixList("big", "192.0.2.0/24")
			l.ID, l.MaxEntries, l.Unknown = "pl-1", 9, "why"
			v.AddRouteTable("t").Routes = []routing.Route{{PrefixList: "office", Target: routing.Target{Kind: routing.InternetGateway}}}
			v.AddSecurityGroup("g").Ingress = []firewall.Rule{
				{Service: firewall.All, Peer: firewall.Peer{PrefixList: "office"}}, {Service: firewall.All, Peer: firewall.Peer{PrefixList: "pl-1"}},
			}
		}},
	{"flow logs", subnets("flow-logs: {all: , f1: {id: fl-1, subnet: s, traffic: REJECT, destination: logs, format: '${srcaddr} ${action}', interval: 60}}"),
		func(_ *vpc.Network, v *vpc.VPC) {
			v.AddSubnet("s", "10.0.1.0/24")
			v.AddFlowLog("all")
			f := v.AddFlowLog("fl-1")
			f.Name, f.Subnet, f.Traffic, f.Destination, f.Format, f.Interval = "f1", "s", "REJECT", "logs", "${srcaddr} ${action}", 60
		}},
	{"gateways of the network", prod() + "  other: {cidr: 10.1.0.0/16}\ngateways: {peer: {kind: pcx, vpcs: [prod, other], state: active}}",
		func(n *vpc.Network, _ *vpc.VPC) {
			n.AddVPC("other", "10.1.0.0/16")
			n.Gateways = []*vpc.Gateway{{Kind: routing.PeeringConnection, ID: "peer", Name: "peer", VPCs: []string{"prod", "other"}, State: "active"}}
		}},
	{"rules", prod("security-groups:", "  g:", "    description: a group", "    ingress:", "    - tcp/22 from 10.0.0.5", "    - {rule: udp from g, id: sgr-1, description: peers}",
		"    - {rule: '? from ::/0', unknown: why}", "    egress: all to g"),
		func(_ *vpc.Network, v *vpc.VPC) {
			g := v.AddSecurityGroup("g").AllowIn("tcp/22", "10.0.0.5").AllowIn("udp", "g").AllowOut("all", "g")
			g.Description = "a group"
			g.Ingress[1].ID, g.Ingress[1].Description = "sgr-1", "peers"
			g.Ingress = append(g.Ingress, firewall.Rule{Peer: vpc.ParsePeer("::/0"), Unknown: "why"})
		}},
	{"entries", prod("network-acls: {a: {ingress: [100 allow tcp/443 from 0.0.0.0/0, {rule: 200 deny ? from 10.0.0.0/8, unknown: why}], egress: '1 deny all to ::/0'}}"),
		func(_ *vpc.Network, v *vpc.VPC) {
			a := v.AddNetworkACL("a").AllowIn(100, "tcp/443", "0.0.0.0/0").DenyIn(200, "all", "10.0.0.0/8").DenyOut(1, "all", "::/0")
			a.Ingress[1].Service, a.Ingress[1].Unknown = firewall.Service{}, "why"
		}},
}

func TestParse(t *testing.T) {
	schema := compileSchema(t)
	for _, c := range readings {
		t.Run(c.name, func(t *testing.T) {
			n, report, err := Parse("net.yaml", []byte(c.text))
			require.NoError(t, err)
			want := new(vpc.Network)
			c.want(want, want.AddVPC("prod", "10.0.0.0/16"))
			require.Equal(t, bare(want), bare(n))
			require.Equal(t, "yaml", report.Format)
			require.Equal(t, len(n.VPCs), report.Read["vpc"])
			require.NoError(t, conforms(schema, []byte(c.text)))
			same(t, n)
		})
	}
}

// TestParseInstances: the forms of instances and interfaces, and what they make.
func TestParseInstances(t *testing.T) {
	text := subnets("internet-gateway: true", "security-groups: {g: }", "instances:",
		"  plain: {subnet: s, groups: g, public-ip: true}",
		"  old: {subnet: s, ip: [10.0.1.9, auto, {ip: 10.0.1.10, public-ip: 203.0.113.9, elastic: true}], elastic-ip: 203.0.113.1, state: stopped, tracked-flows: 5}",
		"  fw:",
		"    id: i-1",
		"    interfaces: {in: {subnet: s, source-dest-check: false}, out: {subnet: s, deny-igw: true, detached: true, device-index: 3}}",
		"  bare:",
		"interfaces:",
		"  loose: {subnet: s, instance: bare, kind: lambda, prefixes: 10.0.1.32/28, timeouts: {tcp: 350s, udp: 45s, udp-stream: 1m30s},",
		"    metadata: {enabled: false, ipv6: true, hop-limit: 2, credentials: true}, description: hi, unknown: why}")
	n, report, err := Parse("net.yaml", []byte(text))
	require.NoError(t, err)
	require.Equal(t, 5, report.Read["interface"])
	require.NoError(t, conforms(compileSchema(t), []byte(text)))
	v := n.VPCs[0]
	addr := netip.MustParseAddr
	want := []*vpc.Interface{
		{ID: "plain", Name: "plain", Instance: "plain", Groups: []string{"g"}, Addresses: []vpc.Address{{AutoPublic: true}}},
		{ID: "old", Name: "old", Instance: "old", Addresses: []vpc.Address{
			{IP: addr("10.0.1.9"), Public: addr("203.0.113.1"), Elastic: true}, {}, {IP: addr("10.0.1.10"), Public: addr("203.0.113.9"), Elastic: true},
		}},
		{ID: "in", Name: "in", Instance: "i-1", NoSourceDestCheck: true},
		{ID: "out", Name: "out", Instance: "i-1", DenyInternetGateway: true, Detached: true, DeviceIndex: 3},
		{ID: "loose", Name: "loose", Instance: "bare", Kind: "lambda", Prefixes: []netip.Prefix{netip.MustParsePrefix("10.0.1.32/28")},
			Timeouts: vpc.Timeouts{TCPEstablished: 350 * time.Second, UDP: 45 * time.Second, UDPStream: 90 * time.Second},
			Metadata: vpc.Metadata{Disabled: true, IPv6: true, HopLimit: 2, Credentials: true}, Description: "hi", Unknown: "why"},
	}
	assert.Equal(t, want, bare(n).VPCs[0].Subnets[0].Interfaces)
	assert.Equal(t, vpc.Stopped, v.Instance("old").State)
	assert.Equal(t, 5, v.Instance("old").TrackedFlows)
	assert.Equal(t, "net.yaml:12", v.Subnets[0].Interfaces[2].Origin)
	same(t, n)
}

// TestDesign: the example that the project was designed around.
func TestDesign(t *testing.T) {
	n, report, err := Load(filepath.Join("testdata", "design.yaml"))
	require.NoError(t, err)
	assert.Empty(t, report.Notes)
	v := n.VPC("prod")
	assert.Equal(t, routing.NATGateway, v.Gateway("nat-1").Kind)
	assert.Equal(t, "web", v.Gateway("nat-1").Subnet)
	assert.Equal(t, "0.0.0.0/0 → nat-1", v.RouteTable("app").Routes[0].String())
	assert.Equal(t, "design.yaml:13", v.NetworkACL("db-only").Ingress[0].Origin)
	assert.Equal(t, vpc.Expectation{Source: "internet", Destination: "web-1", Service: "tcp/443", Want: "reachable", Origin: "design.yaml:24"}, n.Expect[0])
	b, err := os.ReadFile(filepath.Join("testdata", "design.yaml"))
	require.NoError(t, err)
	require.NoError(t, conforms(compileSchema(t), b))
	same(t, n)
}

func TestLoadNoFile(t *testing.T) {
	_, _, err := Load("testdata/none.yaml")
	require.ErrorIs(t, err, os.ErrNotExist)
}

func TestParseExpectations(t *testing.T) {
	want := []vpc.Expectation{
		{Source: "a b", Destination: "c", Service: "tcp/443", Want: "blocked", Origin: "e.yaml:1"},
		{Source: "internet:203.0.113.7", Destination: "::1", Service: "icmp/8/0", Want: "unknown", Origin: "e.yaml:2"},
		{Source: "x", Destination: "y", Want: "reachable", Origin: "e.yaml:3"},
	}
	for _, prefix := range []string{"- ", "expect: # a file\n- "} {
		lines := "a b -> c tcp/443: blocked\n- 'internet:203.0.113.7 -> ::1 icmp/8/0: unknown'\n- {from: x, to: y, want: reachable}\n"
		got, err := ParseExpectations("e.yaml", []byte(prefix+lines))
		require.NoError(t, err)
		for i := range got {
			got[i].Origin = want[i].Origin
		}
		require.Equal(t, want, got)
	}
	_, err := ParseExpectations("e.yaml", []byte("vpcs: {}\n"))
	require.EqualError(t, err, `e.yaml:1:1: "vpcs" describes a network, and this file holds expectations only; those in a file with its network are asked with that network`)
	_, err = ParseExpectations("e.yaml", []byte("expects: []\n"))
	require.EqualError(t, err, `e.yaml:1:1: unknown key "expects" in a file of expectations: did you mean "expect"?`)
}

// TestPropagatingUnknown: it is in the report, and no mistake.
func TestPropagatingUnknown(t *testing.T) {
	_, report, err := Parse("net.yaml", []byte(prod("route-tables: {t: {propagating: [vgw-1]}}")))
	require.NoError(t, err)
	require.Len(t, report.Notes, 1)
	require.Equal(t, `net.yaml:4: missing: gateway "vgw-1": route table "t" lists it under propagating`, report.Notes[0].String())
}

// TestPartial: what a partial VPC does not describe is no mistake.
func TestPartial(t *testing.T) {
	body := []string{"main-route-table: rtb-9", "subnets: {s: {cidr: 10.0.1.0/24, acl: acl-9, routes: {0.0.0.0/0: igw, pl-9: vpce-9}}}",
		"security-groups: {g: {ingress: [all from sg-9, all from pl-9]}}", "interfaces: {e: {subnet: s, groups: [sg-9], instance: i-9}}"}
	_, _, err := Parse("net.yaml", []byte(prod(body...)))
	var all Errors
	require.ErrorAs(t, err, &all)
	require.Len(t, all, 8)
	n, _, err := Parse("net.yaml", []byte(prod(append(body, "partial: true")...)))
	require.NoError(t, err)
	same(t, n)
}
