package yaml

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vpcemu/vpcemu/vpc"
)

// prod puts lines into a VPC; the first of them is line 4.
func prod(lines ...string) string {
	return "vpcs:\n  prod:\n    cidr: 10.0.0.0/16\n    " + strings.Join(lines, "\n    ") + "\n"
}

// subnets gives prod a subnet, so that instances can be in it, on line 4.
func subnets(lines ...string) string {
	return prod(append([]string{"subnets: {s: {cidr: 10.0.1.0/24}}"}, lines...)...)
}

var mistakes = []struct {
	name, text, want string
}{
	{"empty file", "", `net.yaml: ` + nothingThere},
	{"only a comment", "# nothing\n", `net.yaml: ` + nothingThere},
	{"only a byte order mark", "\ufeff", `net.yaml: ` + nothingThere},
	{"only a document marker", "---\n", `net.yaml: ` + nothingThere},
	{"text", "hello", `net.yaml:1:1: want a mapping (key: value) for the network, not "hello"`},
	{"a list", "[a]", `net.yaml:1:1: want a mapping (key: value) for the network, not a list`},
	{"tab", "vpcs:\n\tprod: {}\n", `net.yaml:2:1: not YAML: a tab at the beginning of the line: indent with spaces`},
	{"open quote", "vpcs: 'x\n", `net.yaml:2:1: not YAML: found unexpected end of stream while scanning a quoted scalar, which began at 1:7`},
	{"open bracket", "vpcs: [\n", `net.yaml:2:1: not YAML: did not find expected node content while parsing a flow node`},
	{"control character", "vpcs:\n  a\x01: {}\n", `net.yaml:2:4: not YAML: control characters are not allowed (value: 1)`},
	{"second document", "vpcs: {}\n---\nvpcs: {}\n", `net.yaml:2:1: a second document (---): want one network per file`},
	{"alias of nothing", "vpcs: *b\n", `net.yaml:1:7: not YAML: unknown anchor 'b' referenced`},
	{"alias of itself", "vpcs: &x {a: *x}\n", `net.yaml:1:14: *x stands for what contains it`},
	{"tag", "vpcs: !Ref x\n", `net.yaml:1:7: the tag !Ref has no meaning here`},
	{"merge key", "vpcs: {a: {<<: {dns: false}}}\n", `net.yaml:1:12: merge keys (<<) are not read: repeat the keys, or use an alias for a whole value`},
	{"list as a key", "vpcs: {[a]: {}}\n", `net.yaml:1:8: want a name as a key in vpcs, not a list`},
	{"nothing as a key", "vpcs: {~: {}}\n", `net.yaml:1:8: want a name as a key in vpcs, not nothing`},
	{"duplicate key", prod("cidr: 10.1.0.0/16"), `net.yaml:4:5: duplicate key "cidr" in VPC "prod": first at 3:5`},
	{"duplicate name", "vpcs:\n  a: {cidr: 10.0.0.0/16}\n  a: {}\n", `net.yaml:3:3: duplicate key "a" in vpcs: first at 2:3`},

	{"unknown key at the top", "vpc: {}\n", `net.yaml:1:1: unknown key "vpc" in the network: did you mean "vpcs"?`},
	{"unknown key of a VPC", prod("subnet: {}"), `net.yaml:4:5: unknown key "subnet" in VPC "prod": did you mean "subnets"?`},
	{"unknown key of a gateway, like none", prod("internet-gateway: {colour: red}"), `net.yaml:4:24: unknown key "colour" in internet-gateway: known are id, name, routes`},
	{"subnets as a list", prod("subnets: [a]"), `net.yaml:4:14: want a mapping (key: value) for subnets, not a list`},
	{"account as a list", prod("account: [1]"), `net.yaml:4:14: want an account number, not a list`},
	{"yes", prod("partial: yes"), `net.yaml:4:14: want true or false, not "yes"`},
	{"gateway as a list", prod("internet-gateway: [a]"), `net.yaml:4:23: want true, a name or a mapping, not a list`},

	{"unknown key of a flow log", prod("flow-logs: {f: {fields: x}}"), `net.yaml:4:21: unknown key "fields" in flow log "f": known are id, name, subnet, interface, traffic, destination, format, interval`},
	{"a flow log of a subnet that is not there", subnets("flow-logs: {f: {subnet: t}}"), `net.yaml:5:29: no subnet "t" is defined: known are s`},

	{"prefix too long", "vpcs: {a: {cidr: 10.0.0.0/33}}", `net.yaml:1:18: "10.0.0.0/33" is not a CIDR block: want one like 10.0.0.0/16 or 2001:db8::/56`},
	{"an address as a CIDR", "vpcs: {a: {cidr: 10.0.0.1}}", `net.yaml:1:18: "10.0.0.1" is an address: want a CIDR block like 10.0.0.1/32`},
	{"a number as a CIDR", "vpcs: {a: {cidr: [10.0.0.0/16, 10.0]}}", `net.yaml:1:32: "10.0" is not a CIDR block: want one like 10.0.0.0/16 or 2001:db8::/56`},
	{"a mapping as a CIDR", "vpcs: {a: {cidr: {}}}", `net.yaml:1:18: want a CIDR block like 10.0.0.0/16, not a mapping`},

	{"no such main table", prod("main-route-table: mian", "route-tables: {main: {}}"), `net.yaml:4:23: no route table "mian" is defined: did you mean "main"?`},
	{"no such table", prod("subnets: {s: {cidr: 10.0.1.0/24, route-table: x}}"), `net.yaml:4:51: no route table "x" is defined`},
	{"no such ACL", prod("subnets: {s: {cidr: 10.0.1.0/24, acl: opne}}", "network-acls: {open: {}}"), `net.yaml:4:43: no network ACL "opne" is defined: did you mean "open"?`},
	{"routes and a table", prod("subnets: {s: {cidr: 10.0.1.0/24, route-table: x, routes: {}}}", "route-tables: {x: {}}"), `net.yaml:4:62: subnet "s" has routes and a route-table: want one of them`},
	{"ambiguous name", subnets("security-groups: {a: {name: web}, b: {name: web}}", "default-security-group: web"), `net.yaml:6:29: 2 security groups are named "web": refer to one by its id`},

	{"no such target", prod("route-tables: {x: {0.0.0.0/0: nat-2}}", "nat-gateways: {nat-1: {}}"), `net.yaml:4:35: no gateway, interface or instance "nat-2" is defined: did you mean "nat-1"?`},
	{"a mistyped igw", prod("internet-gateway: true", "route-tables: {x: {0.0.0.0/0: igww}}"), `net.yaml:5:35: no gateway, interface or instance "igww" is defined: did you mean "igw"?`},
	{"a mistyped local", prod("route-tables: {x: {10.0.0.0/16: locla}}"), `net.yaml:4:37: no gateway, interface or instance "locla" is defined: did you mean "local"?`},
	{"a mistyped blackhole", prod("route-tables: {x: {0.0.0.0/0: black-hole}}"), `net.yaml:4:35: no gateway, interface or instance "black-hole" is defined: did you mean "blackhole"?`},
	{"no such target, names known once", subnets("instances: {web-1: {subnet: s}, db-1: {subnet: s}}", "route-tables: {x: {0.0.0.0/0: firewall}}"), `net.yaml:6:35: no gateway, interface or instance "firewall" is defined: known are web-1, db-1, igw, local, blackhole`},
	{"an ambiguous target", subnets("instances: {a: {name: web, subnet: s}, b: {name: web, subnet: s}}", "route-tables: {x: {0.0.0.0/0: web}}"), `net.yaml:6:35: 2 targets are named "web": refer to one by its id`},
	{"no internet gateway, said once", prod("route-tables: {x: {0.0.0.0/0: igw, 1.0.0.0/8: igw}}"), `net.yaml:4:35: VPC "prod" has no internet gateway: add "internet-gateway: true"`},
	{"no target", prod("route-tables: {x: {0.0.0.0/0: {}}}"), `net.yaml:4:35: a route without a target`},
	{"nothing as a target", prod("route-tables: {x: {0.0.0.0/0: }}"), `net.yaml:4:35: want ` + wantTarget + `, not nothing`},
	{"an address as a destination", prod("route-tables: {x: {10.1.0.0: local}}"), `net.yaml:4:24: "10.1.0.0" is an address: want a CIDR block like 10.1.0.0/32`},
	{"no such prefix list", prod("route-tables: {x: {s3: local}}"), `net.yaml:4:24: "s3" is neither a CIDR block nor a prefix list`},
	{"a mistyped key of a table", prod("route-tables: {x: {route: {}}}"), `net.yaml:4:24: "route" is neither a CIDR block nor a prefix list: did you mean "routes"?`},
	{"no destination", prod("route-tables: {x: [{target: local}]}"), `net.yaml:4:24: a route without a destination or a prefix-list`},
	{"no such source", prod("route-tables: {x: {0.0.0.0/0: {target: local, source: bgp}}}"), `net.yaml:4:59: unknown source "bgp": known are static, dx, vpn-static, vpn-bgp`},
	{"no such kind", prod("gateways: {g: {kind: vgww}}"), `net.yaml:4:26: unknown kind "vgww": did you mean "vgw"?`},
	{"no kind", prod("gateways: {g: {}}"), `net.yaml:4:16: gateway "g" needs a kind: pcx, tgw, vgw, eigw, vpce, …`},
	{"no such VPC", "gateways: {g: {kind: pcx, vpcs: [a, blue]}}\nvpcs: {a: {cidr: 10.0.0.0/16}}", `net.yaml:1:37: no VPC "blue" is defined: known are a`},

	{"ingress to", prod("security-groups: {g: {ingress: [tcp/80 to 0.0.0.0/0]}}"), `net.yaml:4:37: ingress rules say "from", not "to"`},
	{"egress from", prod("security-groups: {g: {egress: [tcp/80 from 0.0.0.0/0]}}"), `net.yaml:4:36: egress rules say "to", not "from"`},
	{"no peer", prod("security-groups: {g: {ingress: [tcp/80]}}"), `net.yaml:4:37: want "from" and a CIDR block, a security group or a prefix list after the service`},
	{"nothing after from", prod("security-groups: {g: {ingress: [tcp/80 from]}}"), `net.yaml:4:37: nothing after "from"`},
	{"another word", prod("security-groups: {g: {ingress: [tcp/80 by me]}}"), `net.yaml:4:37: want "from" after the service, not "by"`},
	{"no such port", prod("security-groups: {g: {ingress: [tcp/99999 from g]}}"), `net.yaml:4:37: service "tcp/99999": "99999" is not a port (0 to 65535)`},
	{"no such group", prod("security-groups: {web: {ingress: [tcp/80 from wbe]}}"), `net.yaml:4:39: no security group "wbe" is defined: did you mean "web"?`},
	{"no such prefix list by id", prod("security-groups: {g: {ingress: [tcp/80 from pl-1]}}"), `net.yaml:4:37: no prefix list "pl-1" is defined`},
	{"a peer with a long prefix", prod("security-groups: {g: {ingress: [all from 10.0.0.0/40]}}"), `net.yaml:4:37: "10.0.0.0/40" is not a CIDR block: want one like 10.0.0.0/16 or 2001:db8::/56, or the name of a security group or prefix list`},
	{"two peers", prod("security-groups: {g: {ingress: [{rule: all from g, group: g}]}}"), `net.yaml:4:44: a rule with two far sides`},
	{"service not said to be unknown", prod("security-groups: {g: {ingress: [{rule: '? from g'}]}}"), `net.yaml:4:44: a rule whose service is "?" needs the key unknown, which says why`},
	{"a colon at the end", prod("security-groups: {g: {ingress: [all from fd00::]}}"), `net.yaml:4:37: YAML takes the colon at the end for that of a key: put the rule in quotes`},

	{"no number", prod("network-acls: {a: {ingress: [allow tcp from 0.0.0.0/0]}}"), `net.yaml:4:34: "allow tcp from 0.0.0.0/0" is not an entry: want one like "100 allow tcp/443 from 10.0.0.0/16"`},
	{"no action", prod("network-acls: {a: {egress: [100 permit tcp to 0.0.0.0/0]}}"), `net.yaml:4:33: want allow or deny after the number, not "permit"`},
	{"no CIDR", prod("network-acls: {a: {ingress: [100 allow tcp]}}"), `net.yaml:4:34: want "from" and a CIDR block after the service`},
	{"a group in an ACL", prod("network-acls: {a: {ingress: [100 allow tcp from web]}}"), `net.yaml:4:34: "web" is not a CIDR block: want one like 10.0.0.0/16 or 2001:db8::/56`},
	{"no such protocol", prod("network-acls: {a: {ingress: [100 allow tpc from 0.0.0.0/0]}}"), `net.yaml:4:34: service "tpc": unknown protocol "tpc": want all, tcp, udp, icmp, icmpv6 or ip/NUMBER`},

	{"no such subnet", subnets("instances: {i: {subnet: subnet-1}}"), `net.yaml:5:29: no subnet "subnet-1" is defined: known are s`},
	{"no subnet", subnets("instances: {i: {groups: []}}"), `net.yaml:5:17: "i" needs a subnet`},
	{"interfaces and an address", subnets("instances: {i: {interfaces: {}, ip: 10.0.1.9, subnet: s}}"), `net.yaml:5:17: instance "i" has interfaces and also subnet: put it into one of them`},
	{"no such group of an instance", subnets("instances: {i: {subnet: s, groups: [x]}}"), `net.yaml:5:41: no security group "x" is defined`},
	{"no such instance", subnets("interfaces: {i: {subnet: s, instance: x}}"), `net.yaml:5:43: no instance "x" is defined`},
	{"no such address", subnets("instances: {i: {subnet: s, ip: 10.0.1.300}}"), `net.yaml:5:36: want an IP address, or auto, not "10.0.1.300"`},
	{"no such public address", subnets("instances: {i: {subnet: s, public-ip: maybe}}"), `net.yaml:5:43: want true or a public IPv4 address, not "maybe"`},
	{"two public addresses", subnets("instances: {i: {subnet: s, public-ip: true, elastic-ip: 203.0.113.1}}"), `net.yaml:5:61: an elastic-ip beside a public-ip: want one of them`},
	{"no such state", subnets("instances: {i: {state: off}}"), `net.yaml:5:28: unknown state "off": known are running, stopped, terminated`},
	{"a negative number", subnets("instances: {i: {tracked-flows: -1}}"), `net.yaml:5:36: want a whole number, not "-1"`},
	{"a duration without a unit", subnets("instances: {i: {subnet: s, timeouts: {tcp: 350}}}"), `net.yaml:5:48: want a duration like 350s, not "350"`},

	{"no verdict", "expect: [a -> b tcp/443]", `net.yaml:1:10: want an expectation like "internet -> web-1 tcp/443: reachable", not "a -> b tcp/443"`},
	{"no such verdict", "expect: [a -> b tcp/443: maybe]", `net.yaml:1:26: want reachable, blocked or unknown, not "maybe"`},
	{"a star without quotes", "expect:\n  - * -> internet tcp/25: blocked\n", `net.yaml:2:6: not YAML: * begins an alias: write "any", or put the expectation in quotes`},
	{"a star of a name without quotes", "expect:\n  - *-1 -> internet tcp/25: blocked\n", `net.yaml:2:5: not YAML: * begins an alias: write "any", or put the expectation in quotes`},
	{"no destination", "expect: [a -> tcp/443: blocked]", `net.yaml:1:10: want an expectation like "internet -> web-1 tcp/443: reachable", not "a -> tcp/443"`},
	{"a service of several", "expect: ['a -> b tcp/443, https: blocked']", `net.yaml:1:27: service "https": unknown protocol "https": want all, tcp, udp, icmp, icmpv6 or ip/NUMBER`},
	{"only, and blocked", "expect: [a -> b only tcp/443: blocked]", `net.yaml:1:22: "only tcp/443" says what gets through, and so what does not: want reachable, not "blocked"`},
	{"no arrow", "expect: [a b tcp/443: blocked]", `net.yaml:1:10: want an expectation like "internet -> web-1 tcp/443: reachable", not "a b tcp/443"`},
	{"no such service", "expect: [a -> b https: blocked]", `net.yaml:1:17: service "https": unknown protocol "https": want all, tcp, udp, icmp, icmpv6 or ip/NUMBER`},
}

func TestMistakes(t *testing.T) {
	for _, c := range mistakes {
		t.Run(c.name, func(t *testing.T) {
			n, _, err := Parse("net.yaml", []byte(c.text))
			require.Nil(t, n)
			require.EqualError(t, err, c.want)
			var e *Error
			require.ErrorAs(t, err, &e)
			require.Equal(t, "net.yaml", e.File)
		})
	}
}

// TestAllMistakes: a file's mistakes are reported together, in order, and an
// alias does not repeat them.
func TestAllMistakes(t *testing.T) {
	_, _, err := Parse("net.yaml", []byte("expect: [a]\nvpcs:\n  a: &a {cidr: x, dsn: false}\n  b: *a\n"))
	want := []string{
		`net.yaml:1:10: want an expectation like "internet -> web-1 tcp/443: reachable", not "a"`,
		`net.yaml:3:16: "x" is not a CIDR block: want one like 10.0.0.0/16 or 2001:db8::/56`,
		`net.yaml:3:19: unknown key "dsn" in VPC "a": did you mean "dns"?`,
		`net.yaml:3:19: unknown key "dsn" in VPC "b": did you mean "dns"?`,
	}
	require.EqualError(t, err, strings.Join(want, "\n"))
}

func TestManyMistakes(t *testing.T) {
	text := "vpcs:\n"
	for i := range 25 {
		text += fmt.Sprintf("  v%d: {cidr: x}\n", i)
	}
	_, _, err := Parse("net.yaml", []byte(text))
	var all Errors
	require.ErrorAs(t, err, &all)
	require.Len(t, all, 25)
	lines := strings.Split(err.Error(), "\n")
	require.Len(t, lines, shown+1)
	require.Equal(t, "and 5 more", lines[shown])
}

// TestRefused: what AWS would refuse carries AWS's code and the line.
func TestRefused(t *testing.T) {
	_, _, err := Parse("dir/net.yaml", []byte(prod("subnets:", "  a: {cidr: 10.0.1.0/24}", "  b: {cidr: 10.0.1.0/25}")))
	require.True(t, errors.Is(err, &vpc.Error{Code: vpc.CodeSubnetConflict}))
	assert.ErrorContains(t, err, "net.yaml:6: subnet b: 10.0.1.0/25 overlaps 10.0.1.0/24 of subnet a")
}

// TestAliasBomb: 10 values ten times over, nine times, would be a billion.
func TestAliasBomb(t *testing.T) {
	text := "a0: &a0 [x]\n"
	for i := 1; i < 10; i++ {
		text += fmt.Sprintf("a%d: &a%d [%s]\n", i, i, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d, ", i-1), 10), ", "))
	}
	_, _, err := Parse("net.yaml", []byte(text))
	require.EqualError(t, err, "net.yaml:1:1: its aliases stand for more than 1000000 values")
}
