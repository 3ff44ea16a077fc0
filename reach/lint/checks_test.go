package lint_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/firewall"
	"github.com/vpcemu/vpcemu/reach/lint"
	"github.com/vpcemu/vpcemu/vpc"
	"github.com/vpcemu/vpcemu/vpc/load/yaml"
)

// firing is a network in which a check finds something, and the nearest one in which it
// does not.
type firing struct {
	name, check, network string
	subject              string // part of the finding's
	reason               string // part of it, too
	old, new             string // what makes it the nearest silent one
}

// two is a network of two subnets with a host in each: network ACLs and rules come behind.
const two = `
vpcs:
  v:
    cidr: [10.0.0.0/16, "fd00:1::/56"]
    subnets:
      a: {cidr: 10.0.1.0/24, az: a}
      b: {cidr: 10.0.2.0/24, az: a, acl: b}
    instances:
      one: {subnet: a, groups: [one]}
      two: {subnet: b, groups: [two]}
`

// open is groups that let everything through.
const open = `
    security-groups:
      one: {ingress: [all from 10.0.0.0/8], egress: [all to 10.0.0.0/8]}
      two: {ingress: [all from 10.0.0.0/8], egress: [all to 10.0.0.0/8]}
`

// acl is an ACL with some ingress entries, which lets everything out.
func acl(ingress string) string {
	return two + open + "    network-acls:\n      b: {ingress: [" + ingress + "], egress: [100 allow all to 0.0.0.0/0]}\n"
}

// rules is the rules of a group, of interfaces that have another too.
func rules(one string) string {
	return strings.Replace(two, ", acl: b", "", 1) + `
    security-groups:
      one: {ingress: [` + one + `], egress: [tcp to 10.0.0.0/16]}
      two: {ingress: [tcp/80 from one], egress: [tcp to 10.0.0.0/16]}
`
}

// public is a VPC with an internet gateway and a host with a public address.
func public(rule, more string) string {
	return `
vpcs:
  v:
    cidr: 10.0.0.0/16
    internet-gateway: true
    subnets:
      front: {cidr: 10.0.1.0/24, az: a, routes: {0.0.0.0/0: igw}}
      back: {cidr: 10.0.2.0/24, az: a}
    security-groups:
      web: {ingress: [` + rule + `], egress: [tcp/443 to 0.0.0.0/0]}
    instances:
      web-1: {subnet: front, groups: [web], public-ip: true}
` + more
}

// peers is two VPCs with a peering connection.
func peers(first, second, routes string) string {
	return `
vpcs:
  x:
    cidr: ` + first + `
    subnets:
      x: {cidr: ` + strings.Replace(first, ".0.0/16", ".1.0/24", 1) + `, az: a, routes: {10.1.0.0/16: p}}
    security-groups:
      x: {ingress: [], egress: [tcp to 10.1.0.0/16]}
    instances:
      x-1: {subnet: x, groups: [x]}
  y:
    cidr: ` + second + `
    subnets:
      y: {cidr: ` + strings.Replace(second, ".0.0/16", ".1.0/24", 1) + `, az: a, routes: {` + routes + `}}
    security-groups:
      y: {ingress: [tcp/80 from 10.0.0.0/16]}
    instances:
      y-1: {subnet: y, groups: [y]}
gateways:
  p: {kind: pcx, vpcs: [x, y]}
`
}

// appliance is a route to one that does not run.
var appliance = with(with(rules("tcp/80 from two"), "cidr: 10.0.1.0/24, az: a}", "cidr: 10.0.1.0/24, az: a, routes: {10.0.2.0/24: fw}}"),
	"      one: {subnet: a", "      fw: {subnet: b, groups: [two], source-dest-check: false, state: stopped}\n      one: {subnet: a")

var firings = []firing{
	{"no entry for replies", "acl-reply-blocked", two + open + `
    network-acls:
      b: {ingress: [100 allow all from 0.0.0.0/0], egress: [100 allow tcp/443 to 0.0.0.0/0]}
`, "network ACL b, egress", "requests arrive and no reply comes back", "[100 allow tcp/443 to", "[100 allow all to"},
	{"replies to half of the clients' ports", "acl-reply-partly-blocked", two + open + `
    network-acls:
      b: {ingress: [100 allow tcp from 0.0.0.0/0], egress: [100 allow tcp/32768-65535 to 0.0.0.0/0]}
`, "network ACL b, egress", "some ports", "tcp/32768-65535", "tcp/1024-65535"},
	{"replies of TCP only", "acl-reply-tcp-only", two + open + `
    network-acls:
      b: {ingress: [100 allow all from 0.0.0.0/0], egress: [100 allow tcp/1024-65535 to 0.0.0.0/0]}
`, "network ACL b, egress", "not of other protocols", "[100 allow all from", "[100 allow tcp from"},
	{"no entry for replies of a protocol that a rule names", "acl-reply-blocked", with(two+open, "two: {ingress: [all from", "two: {ingress: [udp/53 from 10.0.0.0/8, tcp from") + `
    network-acls:
      b: {ingress: [100 allow all from 0.0.0.0/0], egress: [100 allow tcp/1024-65535 to 0.0.0.0/0]}
`, "network ACL b, egress", "udp/53", "udp/53 from 10.0.0.0/8, ", ""},
	{"no entry for replies on the side of the client", "acl-reply-blocked", two + open + `
    network-acls:
      b: {ingress: [100 allow tcp/1-1023 from 0.0.0.0/0], egress: [100 allow all to 0.0.0.0/0]}
`, "network ACL b, ingress", "requests arrive", "tcp/1-1023", "all"},

	{"no entry for replies over IPv6, which the first host has not", "acl-reply-blocked", with(with(two, "a: {cidr: 10.0.1.0/24", `a: {cidr: [10.0.1.0/24, "fd00:1:0:1::/64"]`), "b: {cidr: 10.0.2.0/24", `b: {cidr: [10.0.2.0/24, "fd00:1:0:2::/64"]`) + `
      one-6: {subnet: a, groups: [one], ip: [10.0.1.66, "fd00:1:0:1::66"]}
      two-6: {subnet: b, groups: [two], ip: [10.0.2.66, "fd00:1:0:2::66"]}
    security-groups:
      one: {ingress: [], egress: [all to 10.0.0.0/8, "all to fd00::/8"]}
      two: {ingress: [all from 10.0.0.0/8, "all from fd00::/8"]}
    network-acls:
      b: {ingress: [100 allow all from 0.0.0.0/0, "110 allow all from ::/0"], egress: [100 allow all to 0.0.0.0/0, "110 allow tcp/443 to ::/0"]}
`, "network ACL b, egress", "requests arrive", "110 allow tcp/443 to", "110 allow all to"},
	{"no entry for replies to one of two hosts", "acl-reply-blocked", with(with(acl("100 allow all from 0.0.0.0/0"), "    security-groups:", "      one-66: {subnet: a, groups: [one], ip: 10.0.1.66}\n    security-groups:"), "egress: [100 allow all", "egress: [50 deny all to 10.0.1.66/32, 100 allow all"), "network ACL b, egress", "requests arrive", "50 deny all to 10.0.1.66/32", "50 deny all to 10.0.3.66/32"},
	{"no entry for replies to one of a host's addresses", "acl-reply-blocked", with(with(acl("100 allow all from 0.0.0.0/0"), "one: {subnet: a, groups: [one]}", "one: {subnet: a, groups: [one], ip: [10.0.1.63, 10.0.1.64, 10.0.1.65, 10.0.1.66]}"), "egress: [100 allow all", "egress: [50 deny all to 10.0.1.66/32, 100 allow all"), "network ACL b, egress", "requests arrive", "50 deny all to 10.0.1.66/32", "50 deny all to 10.0.1.67/32"},
	{"no entry for replies, between groups", "acl-reply-blocked", strings.Replace(rules("tcp/80 from two"), "cidr: 10.0.2.0/24, az: a", "cidr: 10.0.2.0/24, az: a, acl: b", 1) + `
    network-acls:
      b: {ingress: [100 allow all from 0.0.0.0/0], egress: [100 allow tcp/443 to 0.0.0.0/0]}
`, "network ACL b, egress", "requests arrive", "tcp/80 from one", "tcp/80 from two"},
	{"no entry for replies to a NAT gateway", "acl-reply-blocked", with(with(with(public("", `
    nat-gateways:
      n: {subnet: front}
    network-acls:
      f: {ingress: [100 allow tcp/443 from 0.0.0.0/0], egress: [100 allow all to 0.0.0.0/0]}
`), "front: {", "front: {acl: f, "), "az: a}", "az: a, routes: {0.0.0.0/0: n}}"), "{subnet: front, groups: [web], public-ip: true}", "{subnet: back, groups: [web]}"), "network ACL f, ingress", "requests arrive", "[100 allow tcp/443", "[100 allow tcp"},

	{"no route back", "reply-astray", peers("10.0.0.0/16", "10.1.0.0/16", "10.9.0.0/16: p"), "route table", "no reply comes back", "{10.9.0.0/16: p}", "{10.0.0.0/16: p}"},
	{"no route back, by a rule for all", "reply-astray", with(peers("10.0.0.0/16", "10.1.0.0/16", "10.9.0.0/16: p"), "tcp/80 from 10.0.0.0/16", "tcp/80 from 0.0.0.0/0"), "route table", "no reply comes back", "{10.9.0.0/16: p}", "{10.0.0.0/16: p}"},
	{"no entry for replies to the internet, over IPv6 only", "acl-reply-blocked", `
vpcs:
  v:
    cidr: [10.0.0.0/16, "2001:db8:1::/56"]
    internet-gateway: true
    subnets:
      a: {cidr: [10.0.1.0/24, "2001:db8:1:1::/64"], az: a, acl: six, routes: {"::/0": igw}}
    network-acls:
      six: {ingress: ["100 allow tcp/443 from ::/0"], egress: ["100 allow tcp/443 to ::/0"]}
    security-groups:
      web: {ingress: ["tcp/443 from ::/0"], egress: []}
    instances:
      web-1: {subnet: a, groups: [web], ip: [10.0.1.5, "2001:db8:1:1::5"]}
`, "network ACL six, egress", "requests arrive", "allow tcp/443 to", "allow tcp to"},
	{"routes on one side", "peering-one-way", peers("10.0.0.0/16", "10.1.0.0/16", ""), "peering connection p", "VPC x has routes to it and VPC y has none", "routes: {}", "routes: {10.0.0.0/16: p}"},
	{"through a firewall on one way only", "asymmetric-path", `
vpcs:
  v:
    cidr: 10.0.0.0/16
    subnets:
      a: {cidr: 10.0.1.0/24, az: a, routes: {10.0.2.0/24: fw}}
      b: {cidr: 10.0.2.0/24, az: a, route-table: b}
      f: {cidr: 10.0.3.0/24, az: a}
    route-tables:
      b: {}
    security-groups:
      all: {ingress: [tcp from 10.0.0.0/16], egress: [tcp to 10.0.0.0/16]}
    instances:
      one: {subnet: a, groups: [all]}
      two: {subnet: b, groups: [all]}
      fw: {subnet: f, groups: [all], source-dest-check: false}
`, "route table a", "there: by fw; back: directly", "b: {}", "b: {10.0.1.0/24: fw}"},

	{"a database", "internet-database", public("tcp/5432 from 0.0.0.0/0", ""), "security group web, ingress rule 1", "tcp/5432 (PostgreSQL) at web-1", "routes: {0.0.0.0/0: igw}", "routes: {}"},
	{"a database, in two halves of the internet", "internet-database", public("tcp/3306 from 0.0.0.0/1, tcp/3306 from 128.0.0.0/1", ""), "ingress rule 1", "MySQL", "tcp/3306 from 0.0.0.0/1, tcp/3306 from 128.0.0.0/1", "tcp/3306 from 203.0.113.0/24"},
	{"a database, all ports", "internet-database", public("all from 0.0.0.0/0", ""), "ingress rule 1", "and 10 more at web-1", "all from 0.0.0.0/0", "tcp/443 from 0.0.0.0/0"},
	{"ssh", "internet-administration", public("tcp/22 from 0.0.0.0/0", ""), "ingress rule 1", "tcp/22 (SSH) at web-1", "tcp/22 from 0.0.0.0/0", "tcp/22 from 203.0.113.0/24"},
	{"ssh, without a public address", "internet-rule-idle", with(public("tcp/22 from 0.0.0.0/0", ""), "public-ip: true", "public-ip: false"), "ingress rule 1", "it opens tcp/22 (SSH)", "public-ip: false", "public-ip: true"},
	{"a database, and for all hosts inside", "internet-rule-idle", with(public("tcp/5432 from 8.0.0.0/7", ""), "public-ip: true", "public-ip: false"), "ingress rule 1", "PostgreSQL", "8.0.0.0/7", "10.0.0.0/8"},
	{"a database, for a partner", "internet-rule-idle", with(public("tcp/5432 from 0.0.0.0/0", ""), "public-ip: true", "public-ip: false"), "ingress rule 1", "PostgreSQL", "0.0.0.0/0", "203.0.113.0/24"},

	{"a port in a range", "sg-rule-implied", rules("tcp/80 from 10.0.0.0/16, tcp/1-1023 from 10.0.0.0/8"), "security group one, ingress rule 1 (tcp/80 from 10.0.0.0/16)", "ingress rule 2 (tcp/1-1023 from 10.0.0.0/8) lets", "tcp/1-1023", "tcp/1-79"},
	{"two halves", "sg-rule-implied", rules("tcp/80 from 10.0.0.0/23, tcp/80 from 10.0.0.0/24, tcp/80 from 10.0.1.0/24"), "ingress rule 2", "ingress rule 1", "tcp/80 from 10.0.0.0/23, ", ""},
	{"by two together", "sg-rule-implied", rules("tcp/70-89 from 10.0.0.0/16, tcp/70-79 from 10.0.0.0/8, tcp/80-89 from 10.0.0.0/8"), "ingress rule 1", "ingress rule 2 (tcp/70-79 from 10.0.0.0/8), ingress rule 3 (tcp/80-89 from 10.0.0.0/8) let through", "tcp/70-79", "tcp/71-79"},
	{"a group by the range of its VPC", "sg-rule-implied", rules(`tcp/80 from two, tcp/80 from 10.0.0.0/16, "tcp/80 from fd00:1::/56"`), "ingress rule 1 (tcp/80 from two)", "ingress rule 2", `, "tcp/80 from fd00:1::/56"`, ""},
	{"a range by a group", "sg-rule-implied", rules("tcp/80 from two, tcp/80-81 from two"), "ingress rule 1", "ingress rule 2", "tcp/80-81 from two", "tcp/80-81 from one"},
	{"by a group that always goes with it", "sg-rule-implied", strings.ReplaceAll(rules("tcp/80 from one"), "groups: [one]", "groups: [one, two]"), "security group one, ingress rule 1", "of two", "groups: [one, two]", "groups: [one]"},
	{"a range that nothing has", "sg-rule-never", rules("tcp/80 from 10.1.0.0/16"), "ingress rule 1", "10.1.0.0/16, and no internet gateway is there", "10.1.0.0/16", "10.0.9.0/24"},
	{"a range that nothing has, and a firewall", "sg-rule-never", rules("tcp/80 from 10.1.0.0/16"), "ingress rule 1", "10.1.0.0/16", "groups: [one]}", "groups: [one], source-dest-check: false}"},
	{"an internet host without internet gateway", "sg-rule-never", rules("tcp/80 from 203.0.113.0/24"), "ingress rule 1", "no internet gateway", "    subnets:", "    internet-gateway: true\n    subnets:"},
	{"a range that nothing has, and an endpoint", "sg-rule-never", with(rules("tcp/80 from 10.1.0.0/16"), "    subnets:", "    gateways:\n      e: {kind: vpce, service: s3, prefix-list: pl}\n    subnets:") + `
prefix-lists:
  pl: {entries: [192.0.2.0/24]}
`, "ingress rule 1", "10.1.0.0/16", "10.1.0.0/16", "192.0.2.0/28"},
	{"a range that nothing has, nor what is joined to a peer", "sg-rule-never", with(with(peers("10.0.0.0/16", "10.1.0.0/16", "10.0.0.0/16: p"), "ingress: []", "ingress: [tcp/80 from 10.9.0.0/16]"), "gateways:\n", "  z: {cidr: 10.2.0.0/16}\ngateways:\n  q: {kind: pcx, vpcs: [y, z]}\n"), "security group x, ingress rule 1", "10.9.0.0/16", "10.9.0.0/16", "10.2.0.0/16"},
	{"a range that nothing has, and a transit gateway to what is unknown", "sg-rule-never", with(with(peers("10.0.0.0/16", "10.1.0.0/16", "10.0.0.0/16: p"), "ingress: []", "ingress: [tcp/80 from 10.9.0.0/16]"), "kind: pcx, vpcs: [x, y]", "kind: tgw, attachments: {x: {subnets: [x]}, y: {subnets: [y]}}"), "security group x, ingress rule 1", "10.9.0.0/16", "y: {subnets: [y]}", "y: {subnets: [y], unknown: nobody has listed it}"},
	{"a range that nothing has, and a transit gateway to a VPC of others", "sg-rule-never", with(with(with(peers("10.0.0.0/16", "10.1.0.0/16", "10.0.0.0/16: p"), "ingress: []", "ingress: [tcp/80 from 10.9.0.0/16]"), "kind: pcx, vpcs: [x, y]", "kind: tgw, attachments: {x: {subnets: [x]}, y: {subnets: [y]}}"), "gateways:\n", "  w: {cidr: 10.7.0.0/16, partial: true}\ngateways:\n"), "security group x, ingress rule 1", "10.9.0.0/16", "y: {subnets: [y]}", "y: {subnets: [y]}, z: {vpc: vpc-0123456789abcdef0}"},
	{"a range that nothing has, and a peering connection to a VPC of others", "sg-rule-never", with(with(peers("10.0.0.0/16", "10.1.0.0/16", "10.0.0.0/16: p"), "ingress: []", "ingress: [tcp/80 from 10.9.0.0/16]"), "gateways:\n", "  w: {cidr: 10.7.0.0/16, partial: true}\n  z: {cidr: 10.8.0.0/16}\ngateways:\n  q: {kind: pcx, vpcs: [y, z]}\n"), "security group x, ingress rule 1", "10.9.0.0/16", "[y, z]", "[y, vpc-0123456789abcdef0]"},
	{"a private range, and the fabric's own services", "sg-rule-never", with(rules("tcp/80 from 100.64.0.0/16"), "    subnets:", "    internet-gateway: true\n    subnets:"), "ingress rule 1", "no internet host has one", "100.64.0.0/16", "169.254.0.0/16"},
	{"a private range, and the fabric's own services over IPv6", "sg-rule-never", rules(`"tcp/80 from fd00:ec3::/32"`), "ingress rule 1", "fd00:ec3::/32", "fd00:ec3::", "fd00:ec2::"},
	{"a private range, and one that is private in part", "sg-rule-never", with(rules("tcp/80 from 192.168.0.0/16"), "    subnets:", "    internet-gateway: true\n    subnets:"), "ingress rule 1", "no internet host has one", "192.168.0.0/16", "192.168.0.0/15"},
	{"the ping of the other IP version", "sg-rule-never", rules("icmp/8 from ::/0"), "ingress rule 1", "no packet with an address of ::/0 is of the protocol icmp/8", `icmp/8 from ::/0`, `"icmpv6/128 from ::/0"`},
	{"a default group that nobody has", "sg-peer-empty", with(rules("tcp/80 from three"), "    subnets:", "    default-security-group: three\n    subnets:") + "      three: {}\n", "security group one, ingress rule 1", "no interface has the group three", "groups: [two]", "groups: [three]"},
	{"a group of a deleted peering connection", "sg-peer-stale", with(with(peers("10.0.0.0/16", "10.1.0.0/16", "10.0.0.0/16: p"), "tcp/80 from 10.0.0.0/16", "tcp/80 from x/x"), "[x, y]}", "[x, y], state: deleted}"), "security group y, ingress rule 1", "the group x/x is gone", "state: deleted", "state: active"},
	{"a group that nobody has", "sg-unused", rules("tcp/80 from two") + "      three: {}\n", "security group three", "no interface has it", "      three: {}\n", ""},

	{"behind the opposite", "acl-entry-shadowed", acl("100 allow tcp from 0.0.0.0/0, 110 deny tcp/22 from 10.0.0.0/8"), "ingress entry 110 (deny tcp/22 10.0.0.0/8)", "entry 100 (allow tcp 0.0.0.0/0)", "110 deny", "90 deny"},
	{"behind the same", "acl-entry-superfluous", acl("100 allow tcp from 0.0.0.0/0, 110 allow tcp/22 from 10.0.0.0/8"), "ingress entry 110", "the same", "110 allow tcp/22", "110 allow udp/53"},
	{"before the same", "acl-entry-superfluous", acl("100 allow tcp/22 from 10.0.0.0/8, 110 allow tcp from 0.0.0.0/0"), "ingress entry 100", "the same", "110 allow tcp", "105 deny tcp/22 from 0.0.0.0/0, 110 allow tcp"},
	{"an entry for what nothing has", "acl-entry-never", acl("100 allow all from 10.0.0.0/16, 110 allow tcp/80 from 192.168.0.0/16"), "entry 110", "192.168.0.0/16", "110 allow", "110 deny"},
	{"an ACL that no subnet has", "acl-unused", acl("100 allow all from 0.0.0.0/0") + "      c: {ingress: [], egress: []}\n", "network ACL c", "no subnet has it", "cidr: 10.0.1.0/24, az: a", "cidr: 10.0.1.0/24, az: a, acl: c"},

	{"to a stopped appliance", "route-blackhole", with(appliance, "routes: {10.0.2.0/24: fw}", "routes: {192.168.0.0/16: fw}"), "route table a, route 192.168.0.0/16", "the interface fw is not attached", "state: stopped", "state: running"},
	{"replies to a stopped appliance", "reply-astray", appliance, "route table a, route 10.0.2.0/24", "no reply comes back (the interface fw is not attached", "10.0.2.0/24: fw", "192.168.0.0/16: fw"},
	{"a table that nothing has", "route-table-unused", strings.Replace(rules("tcp/80 from two"), "    subnets:", "    route-tables:\n      t: {}\n    subnets:", 1), "route table t", "no subnet or gateway has it", "cidr: 10.0.1.0/24, az: a", "cidr: 10.0.1.0/24, az: a, route-table: t"},
	{"an internet gateway without routes", "gateway-unused", with(with(public("tcp/443 from 0.0.0.0/0", ""), ", public-ip: true", ""), "{0.0.0.0/0: igw}", "{}"), "internet gateway", "no route leads to it", "routes: {}", "routes: {0.0.0.0/0: igw}"},
	{"a NAT gateway without routes", "gateway-unused", public("tcp/443 from 0.0.0.0/0", "    nat-gateways:\n      n: {subnet: front}\n"), "NAT gateway n", "no route leads to it", "back: {cidr: 10.0.2.0/24, az: a}", "back: {cidr: 10.0.2.0/24, az: a, routes: {0.0.0.0/0: n}}"},
	{"peers of one range", "vpc-overlap", with(peers("10.1.0.0/16", "10.1.0.0/16", ""), "10.1.0.0/16: p", "10.3.0.0/16: p"), "peering connection p", "10.1.0.0/16 of VPC x overlaps 10.1.0.0/16 of VPC y", "cidr: 10.1.0.0/16\n    subnets:\n      y: {cidr: 10.1.1.0/24", "cidr: 10.2.0.0/16\n    subnets:\n      y: {cidr: 10.2.1.0/24"},
	{"attachments of one range", "vpc-overlap", with(with(peers("10.1.0.0/16", "10.1.0.0/16", ""), "kind: pcx", "kind: tgw"), "10.1.0.0/16: p", "10.3.0.0/16: p"), "transit gateway p", "goes astray", "cidr: 10.1.0.0/16\n    subnets:\n      y: {cidr: 10.1.1.0/24", "cidr: 10.2.0.0/16\n    subnets:\n      y: {cidr: 10.2.1.0/24"},

	{"called public", "subnet-not-public", strings.ReplaceAll(public("tcp/443 from 0.0.0.0/0", ""), "back:", "public-b:"), "subnet public-b", "no route to an internet gateway", "public-b: {cidr: 10.0.2.0/24, az: a}", "public-b: {cidr: 10.0.2.0/24, az: a, routes: {0.0.0.0/0: igw}}"},
	{"gives out addresses", "subnet-not-public", with(public("tcp/443 from 0.0.0.0/0", ""), "back: {", "back: {map-public-ip: true, "), "subnet back", "gives what is launched in it public addresses", "map-public-ip: true", "dns64: true"},
	{"called private, and gives out addresses", "subnet-not-private", strings.ReplaceAll(with(public("tcp/443 from 0.0.0.0/0", ""), "back: {", "back: {map-public-ip: true, "), "back", "private"), "subnet private", "gives what is launched in it public addresses", "map-public-ip: true", "dns64: true"},
	{"called private, gives out addresses, and has the route", "subnet-not-private", with(strings.ReplaceAll(public("tcp/443 from 0.0.0.0/0", ""), "front", "isolated"), "isolated: {", "isolated: {map-public-ip: true, "), "subnet isolated", "all that is there is on the internet", "isolated", "front"},
	{"called private", "subnet-not-private", strings.ReplaceAll(public("tcp/443 from 0.0.0.0/0", ""), "front", "Private_A"), "subnet Private_A", "has a route to an internet gateway", "Private_A", "private-and-public"},
	{"a public address in a private subnet", "public-address-stranded", with(public("tcp/443 from 0.0.0.0/0", ""), "subnet: front, groups", "subnet: back, groups"), "web-1", "has no route to an internet gateway", "subnet: back, groups", "subnet: front, groups"},
	{"a NAT gateway in a private subnet", "nat-stranded", public("tcp/443 from 0.0.0.0/0", "    nat-gateways:\n      n: {subnet: back}\n"), "NAT gateway n", "goes nowhere", "n: {subnet: back}", "n: {subnet: front}"},
}

// TestImplied_Staying: what is said to imply a rule is none that is to be removed too.
func TestImplied_Staying(t *testing.T) {
	list := of(t, parse(t, rules("tcp/80-81 from 10.0.0.0/16, tcp/80 from 10.0.0.0/16, tcp/80-82 from 10.0.0.0/8")), "sg-rule-implied")
	require.Len(t, list, 2)
	for _, f := range list {
		assert.Contains(t, f.Reason, "ingress rule 3 (tcp/80-82 from 10.0.0.0/8) lets through", f.Subject)
	}
}

// TestChecks: every check finds what it is for, and not the nearest thing that is right.
func TestChecks(t *testing.T) {
	tested := make(map[string]bool)
	for _, c := range firings {
		tested[c.check] = true
		t.Run(c.check+"/"+c.name, func(t *testing.T) {
			require.Contains(t, c.network, c.old, "the network has nothing to change")
			n := parse(t, c.network)
			list := of(t, n, c.check)
			require.NotEmpty(t, list, "it finds nothing")
			f := list[0]
			assert.Contains(t, f.Subject, c.subject)
			assert.Contains(t, f.Reason, c.reason)
			assert.NotEmpty(t, f.Fix)
			assert.Equal(t, "net.yaml", f.File)
			assert.NotZero(t, f.Line)
			for _, f := range list {
				confirm(t, n, &f)
			}
			assert.Empty(t, of(t, parse(t, strings.ReplaceAll(c.network, c.old, c.new)), c.check), "it finds something where all is right")
		})
	}
	for _, c := range lint.Checks {
		assert.True(t, tested[c.ID] || c.ID == lint.Unused, "no case for %s", c.ID)
	}
}

// TestUnjudged: what is not known is neither a finding nor passed over.
func TestUnjudged(t *testing.T) {
	unlisted := func(n *vpc.Network) { n.VPCs[0].Unlisted = "it is half a listing" }
	partial := func(n *vpc.Network) { n.VPCs[0].Partial = true }
	for _, c := range []struct {
		name, check, network string
		forget               func(n *vpc.Network)
		why                  string
	}{
		{"who has a group", "sg-unused", rules("tcp/80 from two") + "      three: {}\n", unlisted, "half a listing"},
		{"who has a peer", "sg-peer-empty", rules("tcp/80 from three") + "      three: {}\n", unlisted, "half a listing"},
		{"which groups go together", "sg-rule-implied", strings.ReplaceAll(rules("tcp/80 from one"), "groups: [one]", "groups: [one, two]"), unlisted, "half a listing"},
		{"who has an ACL", "acl-unused", acl("") + "      c: {}\n", unlisted, "half a listing"},
		{"who has a table", "route-table-unused", with(rules("tcp/80 from two"), "    subnets:", "    route-tables: {t: {}}\n    subnets:"), unlisted, "half a listing"},
		{"which gateways there are", "sg-rule-never", rules("tcp/80 from 10.1.0.0/16"), partial, "may have gateways"},
		{"what a rule says", "sg-rule-never", rules("tcp/80 from 10.1.0.0/16"), func(n *vpc.Network) { n.VPCs[0].SecurityGroups[0].Ingress[0].Unknown = "nobody can read it" }, "nobody can read it"},
		{"what an entry says", "acl-entry-shadowed", acl("100 allow tcp from 0.0.0.0/0, 110 deny tcp/22 from 10.0.0.0/8"), func(n *vpc.Network) { n.VPCs[0].NetworkACLs[0].Ingress[0].Unknown = "nobody can read it" }, "nobody can read it"},
		{"what a table has", "subnet-not-public", strings.ReplaceAll(with(public("tcp/443 from 0.0.0.0/0", ""), "az: a}", "az: a, route-table: t}\n    route-tables: {t: {}}"), "back:", "public-b:"), func(n *vpc.Network) { n.VPCs[0].RouteTable("t").Unknown = "it is not listed" }, "it is not listed"},
		{"what is behind a rule", "internet-rule-idle", public("tcp/5432 from 0.0.0.0/0", ""), func(n *vpc.Network) { n.VPCs[0].Subnets[0].Interfaces[0].Unknown = "it is a riddle" }, "is not known"},
		{"what an interface is", "internet-database", public("tcp/5432 from 0.0.0.0/0", ""), func(n *vpc.Network) { n.VPCs[0].Subnets[0].Interfaces[0].Unknown = "it is a riddle" }, "it is a riddle"},
	} {
		t.Run(c.name, func(t *testing.T) {
			n := parse(t, c.network)
			c.forget(n)
			list, unjudged, err := lint.Run(n)
			require.NoError(t, err)
			for _, f := range list {
				assert.NotEqual(t, c.check, f.ID, "%v", f)
			}
			said := slices.ContainsFunc(unjudged, func(u lint.Unjudged) bool { return slices.Contains(u.IDs, c.check) && strings.Contains(u.Why, c.why) })
			assert.True(t, said, "%v", unjudged)
		})
	}
}

// TestUnknownAppliance: a route to an endpoint of which only the appliance is unknown leads to
// something.
func TestUnknownAppliance(t *testing.T) {
	n := parse(t, with(public("tcp/443 from 0.0.0.0/0", "    gateways: {fw: {kind: vpce-gwlb, subnets: [front]}}\n"), "back: {cidr: 10.0.2.0/24, az: a}", "back: {cidr: 10.0.2.0/24, az: a, routes: {0.0.0.0/0: fw}}"))
	list, gaps, err := lint.Run(n)
	require.NoError(t, err)
	for _, f := range list {
		assert.NotEqual(t, "route-blackhole", f.ID)
	}
	for _, g := range gaps {
		assert.NotContains(t, g.IDs, "route-blackhole", "%v", g)
	}
}

// TestDetachedInternetGateway: a route to an internet gateway that is gone makes no subnet
// public.
func TestDetachedInternetGateway(t *testing.T) {
	n := parse(t, strings.ReplaceAll(with(public("tcp/443 from 0.0.0.0/0", ""), ", public-ip: true", ""), "front", "public"))
	assert.Empty(t, of(t, n, "subnet-not-public"))
	n.VPCs[0].InternetGateway = nil
	assert.Len(t, of(t, n, "subnet-not-public"), 1)
	assert.Len(t, of(t, n, "route-blackhole"), 1)
}

// TestOpenByTwoRules: each of the rules that open a port to many is a finding, and none of
// them is idle.
func TestOpenByTwoRules(t *testing.T) {
	for _, c := range []struct {
		name, rules string
		found       []string
	}{
		{"halves", "tcp/3306 from 0.0.0.0/1, tcp/3306 from 128.0.0.0/1", []string{"rule 1", "rule 2"}},
		{"one twice", "tcp/3306 from 0.0.0.0/0, tcp/3300-3310 from 0.0.0.0/0", []string{"rule 1", "rule 2"}},
		{"one for many, one for some", "tcp/3306 from 203.0.113.0/24, tcp/3306 from 0.0.0.0/0", []string{"rule 2"}},
		{"two that are for many together", "tcp/3306 from 16.0.0.0/9, tcp/3306 from 16.128.0.0/9", []string{"rule 1"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			list, _, err := lint.Run(parse(t, public(c.rules, "")))
			require.NoError(t, err)
			var found []string
			for _, f := range list {
				assert.NotEqual(t, "internet-rule-idle", f.ID, "%v", f)
				if f.ID == "internet-database" {
					for _, rule := range []string{"rule 1", "rule 2"} {
						if strings.Contains(f.Subject, rule) {
							found = append(found, rule)
						}
					}
				}
			}
			assert.ElementsMatch(t, c.found, found, "%v", list)
		})
	}
}

// TestShadowedIsSaidOnce: an entry behind opposite ones makes no difference either.
func TestShadowedIsSaidOnce(t *testing.T) {
	n := parse(t, acl("100 allow tcp from 0.0.0.0/0, 110 deny tcp/22 from 10.0.0.0/8"))
	assert.Len(t, of(t, n, "acl-entry-shadowed"), 1)
	assert.Empty(t, of(t, n, "acl-entry-superfluous"))
}

// with is a network with one place changed.
func with(network, old, new string) string { return strings.Replace(network, old, new, 1) }

func parse(t *testing.T, text string) *vpc.Network {
	t.Helper()
	n, _, err := yaml.Parse("net.yaml", []byte(text))
	require.NoError(t, err, "%s", text)
	return n
}

// of are the findings of one check.
func of(t *testing.T, n *vpc.Network, check string) (own []lint.Finding) {
	t.Helper()
	list, _, err := lint.Run(n)
	require.NoError(t, err)
	for _, f := range list {
		if f.ID == check {
			own = append(own, f)
		}
	}
	return own
}

// confirm holds the witness of a finding against a trace.
func confirm(t *testing.T, n *vpc.Network, f *lint.Finding) {
	t.Helper()
	if f.Witness == nil {
		return
	}
	e, err := emu.New(n, emu.Options{})
	require.NoError(t, err)
	trace, err := e.Trace(query(f.Witness))
	require.NoError(t, err, "%v", f)
	switch f.ID {
	case "acl-reply-blocked", "acl-reply-partly-blocked", "acl-reply-tcp-only", "reply-astray", "peering-one-way":
		assert.Equal(t, emu.Blocked, trace.Verdict, "%v", f)
		require.NotEmpty(t, trace.Blockers)
		for _, b := range trace.Blockers {
			assert.NotEqual(t, "request", b.Direction, "%v: %v", f, b)
		}
	case "internet-database", "internet-administration", "asymmetric-path":
		assert.Equal(t, emu.Reachable, trace.Verdict, "%v", f)
	default:
		t.Errorf("nothing confirms the witness of %s", f.ID)
	}
}

func query(w *lint.Witness) emu.Query {
	return emu.Query{Source: w.Source, Destination: w.Destination, Service: firewall.MustParseService(w.Service), SourcePort: w.SourcePort, IPv6: w.IPv6}
}
