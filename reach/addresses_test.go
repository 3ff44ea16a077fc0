package reach_test

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/internal/space"
	"github.com/vpcemu/vpcemu/reach"
	"github.com/vpcemu/vpcemu/vpc"
)

// twoNodes is a network with a load balancer that has two nodes.
func twoNodes(aclA, aclB, crossZone, targets string) string {
	return fmt.Sprintf(`
vpcs:
  v:
    cidr: 10.0.0.0/16
    internet-gateway: igw
    network-acls:
      open: {ingress: [100 allow all from 0.0.0.0/0], egress: [100 allow all to 0.0.0.0/0]}
      shut: {ingress: [50 deny tcp/443 from 0.0.0.0/0, 100 allow all from 0.0.0.0/0], egress: [100 allow all to 0.0.0.0/0]}
    security-groups:
      lb: {ingress: [tcp/443 from 0.0.0.0/0], egress: [tcp/443 to 10.0.0.0/16]}
      web: {ingress: [tcp/443 from 10.0.0.0/16]}
      c: {egress: [all to 0.0.0.0/0]}
    subnets:
      a: {cidr: 10.0.1.0/24, az: a, acl: %s, routes: {0.0.0.0/0: igw}}
      b: {cidr: 10.0.2.0/24, az: b, acl: %s, routes: {0.0.0.0/0: igw}}
      app-a: {cidr: 10.0.3.0/24, az: a, acl: open}
      app-b: {cidr: 10.0.4.0/24, az: b, acl: open}
    instances:
      c: {subnet: app-a, groups: [c]}
      web-a: {subnet: app-a, groups: [web]}
      web-b: {subnet: app-b, groups: [web]}
    load-balancers:
      front: {subnets: [a, b], groups: [lb], cross-zone: %s, listeners: [{port: 443, forward: web}]}
    target-groups:
      web: {type: instance, port: 443, targets: [%s], preserve-client-ip: false}
`, aclA, aclB, crossZone, targets)
}

// TestNodes: what reaches a load balancer is said of each of its nodes.
func TestNodes(t *testing.T) {
	const a, b = "tcp/443 to 10.0.1.4 (front-a)", "tcp/443 to 10.0.2.4 (front-b)"
	for _, c := range []struct {
		name                         string
		aclA, aclB                   string
		crossZone, targets           string
		reachable                    []string // from c
		holdsReachable, holdsBlocked bool
		opened                       string // beside both shut
	}{
		{name: "both open", aclA: "open", aclB: "open", crossZone: "false", targets: "web-a, web-b",
			reachable: []string{"tcp/443"}, holdsReachable: true, opened: "tcp/443"},
		{name: "both shut", aclA: "shut", aclB: "shut", crossZone: "false", targets: "web-a, web-b", holdsBlocked: true},
		{name: "the first shut", aclA: "shut", aclB: "open", crossZone: "false", targets: "web-a, web-b",
			reachable: []string{b}, opened: b},
		{name: "the second shut", aclA: "open", aclB: "shut", crossZone: "false", targets: "web-a, web-b",
			reachable: []string{a}, opened: a},
		{name: "the first without targets", aclA: "open", aclB: "open", crossZone: "false", targets: "web-b",
			reachable: []string{b}, holdsReachable: true, opened: b},
		{name: "the first without targets of its zone", aclA: "open", aclB: "open", crossZone: "true", targets: "web-b",
			reachable: []string{"tcp/443"}, holdsReachable: true, opened: "tcp/443"},
		{name: "the first without targets, the second shut", aclA: "open", aclB: "shut", crossZone: "false", targets: "web-b", holdsBlocked: true},
		{name: "the first without targets of its zone, the second shut", aclA: "open", aclB: "shut", crossZone: "true", targets: "web-b",
			reachable: []string{a}, opened: a},
		{name: "the first shut, the second without targets of its zone", aclA: "shut", aclB: "open", crossZone: "true", targets: "web-a",
			reachable: []string{b}, opened: b},
		{name: "the first shut, the second without targets", aclA: "shut", aclB: "open", crossZone: "false", targets: "web-a", holdsBlocked: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := reach.EmulatorOf(t, twoNodes(c.aclA, c.aclB, c.crossZone, c.targets))
			net := reach.Of(e)
			for _, source := range []string{"c", "internet"} {
				want := c.reachable
				if source == "internet" {
					want = nil
					for _, w := range c.reachable {
						want = append(want, strings.NewReplacer("10.0.1.4", "198.51.100.1", "10.0.2.4", "198.51.100.2").Replace(w))
					}
				}
				answer, err := net.Between(source, "front")
				require.NoError(t, err)
				assert.Equal(t, want, answer.Words(emu.Reachable), source)
				assert.Equal(t, len(want) > 0, answer.Has(emu.Reachable), source)

				m := net.Matrix()
				for row := range m.Rows(func(src, dst *reach.Class) bool { return src.Name() == source && dst.Name() == "front" }) {
					assert.Equal(t, want, row.Answer.Words(emu.Reachable), "the row from %s", source)
				}

				for answer, holds := range map[string]bool{"reachable": c.holdsReachable, "blocked": c.holdsBlocked} {
					out, err := reach.NewChecker(e).Check(&vpc.Expectation{Source: source, Destination: "front", Service: "tcp/443", Want: answer})
					require.NoError(t, err)
					assert.Equal(t, holds, out.Holds, "%s -> front tcp/443: %s", source, answer)
				}
			}
			shut := reach.EmulatorOf(t, twoNodes("shut", "shut", c.crossZone, c.targets))
			for _, both := range []struct {
				before, after *emu.Emulator
				kind          reach.Kind
			}{{shut, e, reach.Opened}, {e, shut, reach.Closed}} {
				var got []string
				for _, change := range reach.Diff(both.before, both.after).Changes {
					if change.Kind == both.kind && change.Sources[0] == "c" {
						got = append(got, change.Words()...)
					}
				}
				assert.Equal(t, c.opened, strings.Join(got, "; "), both.kind)
			}
		})
	}
}

// TestNodes_Blockers: what is in the way to a node is that node's, also past what drops the
// packet.
func TestNodes_Blockers(t *testing.T) {
	e := reach.EmulatorOf(t, twoNodes("open", "shut", "false", "web-a, web-b")+`
  w:
    cidr: 10.9.0.0/16
    security-groups: {c: {egress: [all to 0.0.0.0/0]}}
    subnets: {w: {cidr: 10.9.1.0/24}}
    instances: {w: {subnet: w, groups: [c]}}
`)
	answer, err := reach.Of(e).Between("w", "front")
	require.NoError(t, err)
	at := func(address string, port uint16) string {
		for i := range answer.Parts {
			p := space.Point{space.Services: space.Service(6, port), space.SourcePorts: {Lo: 50000}, space.Destinations: space.Address(netip.MustParseAddr(address))}
			p[space.Sources] = answer.Parts[i].Set()[0][space.Sources].First
			if !answer.Parts[i].Set().Has(&p) {
				continue
			}
			var all []string
			for _, b := range answer.Parts[i].Blockers {
				all = append(all, fmt.Sprint(b.Stage, " ", b.Component))
			}
			return strings.Join(all, ", ")
		}
		return ""
	}
	assert.Equal(t, "RT main, IGW igw", at("10.0.1.4", 443))
	assert.Equal(t, "RT main, SG-IN front-a, LB front", at("10.0.1.4", 80))
	assert.Equal(t, "RT main, NACL-IN shut, IGW igw", at("10.0.2.4", 443))
	assert.Equal(t, "RT main, SG-IN front-b, LB front", at("10.0.2.4", 80))
}

// TestDiff_Nodes: the nodes of both networks are matched by their subnets, whatever their order
// and addresses. What closed is said of the addresses that they had.
func TestDiff_Nodes(t *testing.T) {
	before := twoNodes("open", "shut", "false", "web-a, web-b")
	other := strings.NewReplacer("[a, b]", "[b, a]", "10.0.1.0/24", "10.0.11.0/24", "10.0.2.0/24", "10.0.12.0/24")
	assert.Empty(t, reach.Diff(reach.EmulatorOf(t, before), reach.EmulatorOf(t, other.Replace(before))).Changes)
	var got []string
	for _, c := range reach.Diff(reach.EmulatorOf(t, before), reach.EmulatorOf(t, other.Replace(twoNodes("shut", "open", "false", "web-a, web-b")))).Changes {
		if c.Sources[0] == "c" {
			got = append(got, c.Kind.String()+" "+strings.Join(c.Words(), "; "))
		}
	}
	assert.Equal(t, []string{"opened tcp/443 to 10.0.12.4 (front-b)", "closed tcp/443 to 10.0.1.4 (front-a)"}, got)
}

// TestMatrix_Addresses: addresses of interfaces that are listed together go by their numbers,
// and those of one by themselves.
func TestMatrix_Addresses(t *testing.T) {
	e := reach.EmulatorOf(t, `
vpcs:
  v:
    cidr: 10.0.0.0/16
    security-groups:
      a: {egress: [tcp/80 to 10.0.2.128/25, tcp/81 to 10.0.2.0/24]}
      b: {ingress: [tcp/80-81 from 10.0.1.0/28, tcp/22 from 10.0.2.128/25], egress: [tcp/22 to 10.0.2.0/25]}
    subnets: {a: {cidr: 10.0.1.0/24}, b: {cidr: 10.0.2.0/24}}
    interfaces:
      a: {subnet: a, groups: [a], ip: [10.0.1.4, 10.0.1.20]}
      b1: {subnet: b, groups: [b], ip: [10.0.2.5, 10.0.2.130]}
      b2: {subnet: b, groups: [b], ip: [10.0.2.6, 10.0.2.131]}
`)
	got := make(map[string][]string)
	for row := range reach.Of(e).Matrix().Rows(nil) {
		if words := row.Answer.Words(emu.Reachable); len(words) > 0 {
			got[fmt.Sprint(row.Source.Names(), row.Destination.Names())] = words
		}
	}
	assert.Equal(t, map[string][]string{
		"[a] [b1 b2]":     {"tcp/80-81 from 10.0.1.4 to address 2", "tcp/81 from 10.0.1.4 to address 1"},
		"[b1 b2] [b1 b2]": {"tcp/22 from address 2 to address 1"},
	}, got)
}

// TestBetween_Addresses: addresses that others stand for are in the answer all the same.
func TestBetween_Addresses(t *testing.T) {
	e := reach.EmulatorOf(t, `
vpcs:
  v:
    cidr: 10.0.0.0/16
    security-groups:
      a: {egress: [all to 0.0.0.0/0]}
      b: {ingress: [tcp/80 from 10.0.1.0/24, tcp/22 from 10.0.1.7/32, tcp/23 from 10.0.1.8/29]}
    subnets: {a: {cidr: 10.0.1.0/24}}
    interfaces:
      a: {subnet: a, groups: [a], ip: [10.0.1.4, 10.0.1.5, 10.0.1.7, 10.0.1.9, 10.0.1.10, 10.0.1.14, 10.0.1.20, 10.0.1.22]}
      b: {subnet: a, groups: [b]}
`)
	answer, err := reach.Of(e).Between("a", "b")
	require.NoError(t, err)
	assert.Equal(t, []string{"tcp/22 from 10.0.1.7", "tcp/23 from 10.0.1.9, 10.0.1.10, 10.0.1.14", "tcp/80"}, answer.Words(emu.Reachable))
	var count int
	for _, b := range answer.Reachable(false) {
		if b[space.Services].Has(space.Service(6, 23)) {
			count += int(b[space.Sources].Last.Minus(b[space.Sources].First).Lo) + 1
		}
	}
	assert.Equal(t, 3, count)
}

// TestCheck_PublicAddress: what is inside may get to an end by its public address too.
func TestCheck_PublicAddress(t *testing.T) {
	for _, c := range []struct {
		from  string
		holds bool
	}{
		{"203.0.113.10/32", false}, // c's public address
		{"203.0.113.11/32", true},
		{"10.0.1.4/32", false},
		{"10.0.1.9/32", true},
	} {
		t.Run(c.from, func(t *testing.T) {
			e := reach.EmulatorOf(t, `
vpcs:
  v:
    cidr: 10.0.0.0/16
    internet-gateway: igw
    security-groups: {c: {egress: [all to 0.0.0.0/0]}, p: {ingress: [tcp/443 from `+c.from+`]}}
    subnets: {a: {cidr: 10.0.1.0/24, routes: {0.0.0.0/0: igw}}}
    interfaces:
      c: {subnet: a, groups: [c], ip: 10.0.1.4, elastic-ip: 203.0.113.10}
      p: {subnet: a, groups: [p], ip: 10.0.1.5, elastic-ip: 203.0.113.20}
`)
			out, err := reach.NewChecker(e).Check(&vpc.Expectation{Source: "c", Destination: "p", Want: "blocked"})
			require.NoError(t, err)
			assert.Equal(t, c.holds, out.Holds)
		})
	}
}

// TestDiff_Addresses: all addresses of an end are compared.
func TestDiff_Addresses(t *testing.T) {
	const base = `
vpcs:
  v:
    cidr: [10.0.0.0/16, "2001:db8::/56"]
    internet-gateway: igw
    nat-gateways: {nat: {subnet: out, elastic-ip: 203.0.113.10}}
    security-groups:
      client: {egress: [all to 0.0.0.0/0, "all to ::/0"]}
      narrow: {egress: [tcp/22 to 10.0.2.5/32, tcp/22 to 10.0.2.6/32, tcp/22 to 10.0.2.96/28, "tcp/22 to 2001:db8:0:2::5/128", "tcp/22 to 2001:db8:0:2::6/128"]}
      public: {ingress: [tcp/443 from 0.0.0.0/0]}
      db: {ingress: [tcp/80 from 10.0.0.0/8]}
    subnets:
      out: {cidr: 10.0.0.0/24, routes: {0.0.0.0/0: igw}}
      s: {cidr: [10.0.1.0/24, "2001:db8:0:1::/64"], routes: {0.0.0.0/0: nat}}
      d: {cidr: [10.0.2.0/24, "2001:db8:0:2::/64"], routes: {0.0.0.0/0: igw}}
    interfaces:
      a: {subnet: s, groups: [client], ip: [10.0.1.5, 10.0.1.6, "2001:db8:0:1::5", "2001:db8:0:1::6"], prefixes: [10.0.1.96/28]}
      b: {subnet: d, groups: [db], ip: [10.0.2.5, 10.0.2.6, "2001:db8:0:2::5", "2001:db8:0:2::6"], prefixes: [10.0.2.96/28]}
      p: {subnet: d, groups: [public], ip: [{ip: 10.0.2.10, public-ip: 203.0.113.20, elastic: true}, {ip: 10.0.2.11}]}
      m: {subnet: s, groups: [client], ip: [10.0.1.200, 10.0.1.201, 10.0.1.202, 10.0.1.203]}
      r: {subnet: out, groups: [client], ip: [{ip: 10.0.0.20, public-ip: 203.0.113.50, elastic: true}]}
      r2: {subnet: out, groups: [client], ip: [{ip: 10.0.0.21, public-ip: 203.0.113.51, elastic: true}]}
      q: {subnet: d, groups: [client], ip: [{ip: 10.0.2.20, public-ip: 203.0.113.40, elastic: true}]}
`
	to := func(from, to string) func(string) string {
		return func(s string) string {
			require.Contains(t, s, from)
			return strings.Replace(s, from, to, 1)
		}
	}
	same := func(s string) string { return s }
	natOf := func(one, two string) string {
		return fmt.Sprintf("{subnet: out, ip: [{ip: 10.0.0.8, public-ip: %s, elastic: true}, {ip: 10.0.0.9, public-ip: %s, elastic: true}]}", one, two)
	}
	for _, c := range []struct {
		name          string
		before, after func(string) string
		want          []string
	}{
		{name: "nothing", before: same, after: same},
		{name: "all addresses", before: same, after: to("tcp/80 from 10.0.0.0/8", "tcp/80 from 10.0.0.0/8, tcp/23 from client"),
			want: []string{"opened r, r2, a, m, q → b tcp/23 4", "opened a → b tcp/23 6"}},
		{name: "from the first address", before: same, after: to("tcp/80 from 10.0.0.0/8", "tcp/80 from 10.0.0.0/8, tcp/22 from 10.0.1.5/32"),
			want: []string{"opened a → b tcp/22 from 10.0.1.5 4"}},
		{name: "from the second address", before: same, after: to("tcp/80 from 10.0.0.0/8", "tcp/80 from 10.0.0.0/8, tcp/22 from 10.0.1.6/32"),
			want: []string{"opened a → b tcp/22 from 10.0.1.6 4"}},
		{name: "from the second IPv6 address", before: same, after: to("tcp/80 from 10.0.0.0/8", `tcp/80 from 10.0.0.0/8, "tcp/22 from 2001:db8:0:1::6/128"`),
			want: []string{"opened a → b tcp/22 from 2001:db8:0:1::6 6"}},
		{name: "from a delegated prefix", before: same, after: to("tcp/80 from 10.0.0.0/8", "tcp/80 from 10.0.0.0/8, tcp/22 from 10.0.1.96/29"),
			want: []string{"opened a → b tcp/22 from 10.0.1.96/29 4"}},
		{name: "from nobody's address", before: same, after: to("tcp/80 from 10.0.0.0/8", "tcp/80 from 10.0.0.0/8, tcp/22 from 10.0.1.7/32")},
		{name: "to the second address", before: to("groups: [client], ip: [10.0.1.5", "groups: [narrow], ip: [10.0.1.5"),
			after: func(s string) string {
				return to(", tcp/22 to 10.0.2.6/32", ", tcp/80 to 10.0.2.6/32")(to("groups: [client], ip: [10.0.1.5", "groups: [narrow], ip: [10.0.1.5")(s))
			},
			want: []string{"opened a → b tcp/80 to 10.0.2.6 4"}},
		{name: "an Elastic IP for the second address", before: same, after: to("{ip: 10.0.2.11}", "{ip: 10.0.2.11, public-ip: 203.0.113.21, elastic: true}"),
			want: []string{"opened r, r2, a, m, q → p tcp/443 to 203.0.113.21 4", "opened internet → p tcp/443 to 203.0.113.21 4"}},
		{name: "another Elastic IP", before: same, after: to("203.0.113.20", "203.0.113.29"),
			want: []string{"rerouted r, r2, a, m, q → p tcp/443 to 203.0.113.29 4: eni p: it is sent to 203.0.113.29, was eni p: it is sent to 203.0.113.20",
				"rerouted internet → p tcp/443 4: eni p: it is sent to 203.0.113.29, was eni p: it is sent to 203.0.113.20"}},
		{name: "an Elastic IP on another address", before: same,
			after: func(s string) string {
				return to("{ip: 10.0.2.11}", "{ip: 10.0.2.11, public-ip: 203.0.113.20, elastic: true}")(to("{ip: 10.0.2.10, public-ip: 203.0.113.20, elastic: true}", "{ip: 10.0.2.10}")(s))
			}},
		{name: "another Elastic IP of who asks", before: same, after: to("203.0.113.40", "203.0.113.41"),
			want: []string{"rerouted q → p tcp/443 to 203.0.113.20 4: eni q: it comes from 203.0.113.41, was eni q: it comes from 203.0.113.40",
				"rerouted q → internet all 4: eni q: it comes from 203.0.113.41, was eni q: it comes from 203.0.113.40"}},
		{name: "another Elastic IP of the NAT gateway", before: same, after: to("203.0.113.10", "203.0.113.11"),
			want: []string{"rerouted a, m → p tcp/443 to 203.0.113.20 4: nat nat: it comes from 203.0.113.11, was nat nat: it comes from 203.0.113.10",
				"rerouted a → internet tcp, udp, icmp/8 4: nat nat: it comes from 203.0.113.11, was nat nat: it comes from 203.0.113.10", "rerouted m → internet tcp, udp, icmp/8 4: nat nat: it comes from 203.0.113.11, was nat nat: it comes from 203.0.113.10"}},
		{name: "a NAT gateway whose address is left open", before: same, after: to("{nat: {subnet: out, elastic-ip: 203.0.113.10}}", "{nat: {subnet: out}}")},
		{name: "the addresses of the NAT gateway in another order", before: to("{subnet: out, elastic-ip: 203.0.113.10}", natOf("203.0.113.10", "203.0.113.11")),
			after: to("{subnet: out, elastic-ip: 203.0.113.10}", natOf("203.0.113.11", "203.0.113.10"))},
		{name: "another one of two addresses of the NAT gateway", before: to("{subnet: out, elastic-ip: 203.0.113.10}", natOf("203.0.113.10", "203.0.113.11")),
			after: to("{subnet: out, elastic-ip: 203.0.113.10}", natOf("203.0.113.12", "203.0.113.13")),
			want: []string{"rerouted a, m → p tcp/443 to 203.0.113.20 4: nat nat: it comes from 203.0.113.12, was nat nat: it comes from 203.0.113.10",
				"rerouted a → internet tcp, udp, icmp/8 4: nat nat: it comes from 203.0.113.12, was nat nat: it comes from 203.0.113.10", "rerouted m → internet tcp, udp, icmp/8 4: nat nat: it comes from 203.0.113.12, was nat nat: it comes from 203.0.113.10"}},
		{name: "another Elastic IP of one of two that are alike", before: same, after: to("203.0.113.51", "203.0.113.59"),
			want: []string{"rerouted r2 → p tcp/443 to 203.0.113.20 4: eni r2: it comes from 203.0.113.59, was eni r2: it comes from 203.0.113.51",
				"rerouted r2 → internet all 4: eni r2: it comes from 203.0.113.59, was eni r2: it comes from 203.0.113.51"}},
		{name: "from one of several addresses that were alike", before: same, after: to("tcp/80 from 10.0.0.0/8", "tcp/80 from 10.0.0.0/8, tcp/22 from 10.0.1.202/32"),
			want: []string{"opened m → b tcp/22 from 10.0.1.202 4"}},
		{name: "from all but one of several addresses that were alike", before: to("tcp/80 from 10.0.0.0/8", "tcp/80 from 10.0.0.0/8, tcp/22 from 10.0.1.202/32"),
			after: to("tcp/80 from 10.0.0.0/8", "tcp/80 from 10.0.0.0/8, tcp/22 from 10.0.1.200/30"),
			want:  []string{"opened m → b tcp/22 from all but 10.0.1.202 4"}},
		{name: "another rule for each IP version", before: same, after: to("tcp/80 from 10.0.0.0/8", `tcp/80 from 10.0.0.0/8, tcp/25 from 10.0.1.0/25, "tcp/25 from ::/0"`),
			want: []string{"opened a → b tcp/25 4", "opened a → b tcp/25 6"}},
		{name: "addresses that fare otherwise in another order", before: to("tcp/80 from 10.0.0.0/8", "tcp/80 from 10.0.0.0/8, tcp/22 from 10.0.1.6/32"),
			after: func(s string) string {
				return to("10.0.1.5, 10.0.1.6,", "10.0.1.6, 10.0.1.5,")(to("tcp/80 from 10.0.0.0/8", "tcp/80 from 10.0.0.0/8, tcp/22 from 10.0.1.6/32")(s))
			}},
		{name: "another first address", before: same, after: to("10.0.1.5, 10.0.1.6,", "10.0.1.7, 10.0.1.6,")},
		{name: "addresses in another order", before: same, after: to("10.0.1.5, 10.0.1.6,", "10.0.1.6, 10.0.1.5,")},
		{name: "one address less", before: same, after: to("10.0.2.5, 10.0.2.6,", "10.0.2.5,"),
			want: []string{"closed r, r2, a, m, q → b tcp/80 to 10.0.2.6 4"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []string
			for _, change := range reach.Diff(reach.EmulatorOf(t, c.before(base)), reach.EmulatorOf(t, c.after(base))).Changes {
				if change.Destinations[0] != "b" && change.Destinations[0] != "p" && change.Destinations[0] != "internet" {
					continue
				}
				line := fmt.Sprintf("%s %s → %s %s %s", change.Kind, strings.Join(change.Sources, ", "), strings.Join(change.Destinations, ", "),
					strings.Join(change.Words(), "; "), strings.ReplaceAll(strings.Trim(fmt.Sprint(change.Versions()), "[]"), " ", "+"))
				if change.Kind == reach.Rerouted {
					line += fmt.Sprintf(": %s, was %s", change.By[0].Text, change.Before[0].Text)
				}
				got = append(got, line)
			}
			assert.Equal(t, c.want, got)
		})
	}
}
