package reach_test

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/firewall"
	"github.com/vpcemu/vpcemu/internal/space"
	"github.com/vpcemu/vpcemu/reach"
)

// TestRegressions: packets that were once taken to fare like others, and do not, or the
// other way round. Each one's part must say of it what its own trace says.
func TestRegressions(t *testing.T) {
	const icmp, tcp, udp, icmpv6 = 1, 6, 17, 58
	type packet struct {
		proto     uint8
		sport, to uint16
		// addr is that of the end that has many. want is the answer, and how often there
		// is something in the way; of what depends on more than the packet, as the part says.
		addr, want string
	}
	for _, c := range []struct {
		name, network       string
		source, destination string
		v6                  bool
		packets             []packet
	}{
		{
			name: "the public address that a trace lends to a source that has none, as destination",
			network: `
vpcs:
  v:
    cidr: 10.0.0.0/16
    internet-gateway: igw
    subnets: {a: {cidr: 10.0.1.0/24, routes: {0.0.0.0/0: igw}}}
    security-groups: {open: {ingress: [all from 0.0.0.0/0], egress: [all to 0.0.0.0/0]}}
    interfaces: {a1: {subnet: a, groups: [open], ip: 10.0.1.10}}
`,
			source: "a1", destination: "internet",
			packets: []packet{{tcp, 49152, 443, "203.0.113.7", "blocked 1"}, {tcp, 49152, 443, "203.0.113.8", "blocked 1"}, {tcp, 49152, 443, "203.0.113.9", "blocked 1"}, {udp, 443, 443, "203.0.113.8", "blocked 1"}},
		},
		{
			name: "to one's own public address, from the same port",
			network: `
vpcs:
  v:
    cidr: 10.0.0.0/16
    internet-gateway: igw
    subnets: {a: {cidr: 10.0.1.0/24, routes: {0.0.0.0/0: igw}}}
    security-groups: {out: {egress: [all to 0.0.0.0/0]}}
    interfaces: {a1: {subnet: a, groups: [out], ip: 10.0.1.10, public-ip: 198.51.100.10}}
`,
			source: "a1", destination: "198.51.100.10",
			packets: []packet{{udp, 53, 53, "198.51.100.10", "unknown 1, depends"}, {udp, 54, 53, "198.51.100.10", "unknown 1, depends"}, {tcp, 53, 53, "198.51.100.10", "unknown 1, depends"}, {tcp, 53, 54, "198.51.100.10", "unknown 1, depends"},
				{icmp, 1, 8 << 8, "198.51.100.10", "reachable 0"}},
		},
		{
			name: "what a target answers to a node, from a port of its own and from another",
			network: `
vpcs:
  v:
    cidr: 10.0.0.0/16
    gateways: {vgw: {kind: vgw, vpn-connections: {vpn: {prefixes: [10.0.0.0/8]}}}}
    subnets: {a: {cidr: 10.0.1.0/24, az: a, routes: {0.0.0.0/0: vgw}}, n: {cidr: 10.0.2.0/24, az: a}}
    security-groups: {open: {ingress: [all from 0.0.0.0/0], egress: [all to 0.0.0.0/0]}}
    interfaces: {a1: {subnet: a, groups: [open], ip: 10.0.1.10}}
    load-balancers: {nlb: {subnets: {n: {ip: 10.0.2.5}}, groups: [open], listeners: [{port: 443, forward: web}]}}
    target-groups: {web: {type: instance, port: 80, targets: [a1]}}
`,
			source: "onprem", destination: "a1",
			packets: []packet{{tcp, 1024, 79, "10.0.2.5", "blocked 1"}, {tcp, 1024, 80, "10.0.2.5", "blocked 1"}, {tcp, 1024, 81, "10.0.2.5", "blocked 1"}},
		},
		{
			name: "to one's own public address, where Block Public Access lets in answers only",
			network: `
vpcs:
  v:
    cidr: 10.0.0.0/16
    internet-gateway: igw
    subnets: {a: {cidr: 10.0.1.0/24, routes: {0.0.0.0/0: igw}}}
    security-groups: {open: {ingress: [all from 0.0.0.0/0], egress: [all to 0.0.0.0/0]}}
    interfaces: {a1: {subnet: a, groups: [open], ip: 10.0.1.10, public-ip: 198.51.100.10}}
block-public-access: {mode: block-bidirectional, exclusions: {v: allow-egress}}
`,
			source: "a1", destination: "198.51.100.10",
			packets: []packet{{udp, 53, 53, "198.51.100.10", "unknown 1, depends"}, {udp, 54, 53, "198.51.100.10", "unknown 1, depends"}, {tcp, 54, 53, "198.51.100.10", "unknown 1, depends"}},
		},
		{
			name: "IPv4 addresses that IPv6 ones stand for",
			network: `
vpcs:
  v:
    cidr: [10.0.0.0/16, "2001:db8:1::/56"]
    internet-gateway: igw
    subnets:
      a: {cidr: "2001:db8:1:1::/64", routes: {"64:ff9b::/96": nat}}
      p: {cidr: 10.0.2.0/24, routes: {0.0.0.0/0: igw}}
    nat-gateways: {nat: {subnet: p, elastic-ip: 198.51.100.20}}
    security-groups: {open: {ingress: [all from 10.0.0.0/8], egress: ["all to ::/0"]}}
    interfaces:
      a1: {subnet: a, groups: [open], ip: "2001:db8:1:1::10"}
      p1: {subnet: p, groups: [open], ip: 10.0.2.10}
`,
			source: "a1", destination: "internet", v6: true,
			packets: []packet{{tcp, 49152, 443, "64:ff9b::8.8.8.8", "reachable 0"}, {tcp, 49152, 443, "64:ff9b::10.0.2.10", "blocked 1"}, {tcp, 49152, 443, "64:ff9b::10.0.2.11", "blocked 1"},
				{tcp, 49152, 443, "64:ff9b::192.168.1.1", "blocked 1"}, {tcp, 49152, 443, "2001:db8:ffff::1", "blocked 2"}},
		},
		{
			name: "to a prefix that is delegated to the source itself",
			network: `
vpcs:
  v:
    cidr: 10.0.0.0/16
    subnets: {a: {cidr: 10.0.1.0/24, routes: {10.9.0.0/16: hub}}}
    security-groups: {out: {egress: [tcp/443 to 0.0.0.0/0]}}
    interfaces: {a1: {subnet: a, groups: [out], ip: 10.0.1.10, prefixes: [10.0.1.16/28]}}
gateways:
  hub: {kind: tgw, attachments: {v: {subnets: [a]}, office: {kind: vpn, prefixes: [10.0.0.0/8]}}}
`,
			source: "a1", destination: "onprem",
			packets: []packet{{tcp, 49152, 443, "10.9.0.1", "reachable 0"}, {tcp, 49152, 443, "10.0.1.15", "blocked 1"}, {tcp, 49152, 443, "10.0.1.16", "blocked 1"}, {tcp, 49152, 443, "10.0.1.31", "blocked 1"}, {tcp, 49152, 443, "10.0.1.32", "blocked 1"}},
		},
		{
			name: "answers through a NAT gateway, at an ACL that looks at the port that they are for",
			network: `
vpcs:
  v:
    cidr: 10.0.0.0/16
    internet-gateway: igw
    subnets:
      a: {cidr: 10.0.1.0/24, acl: cut, routes: {0.0.0.0/0: nat}}
      p: {cidr: 10.0.2.0/24, routes: {0.0.0.0/0: igw}}
    network-acls:
      cut: {ingress: [100 allow all from 10.0.0.0/16, 101 deny tcp/1-32767 from 0.0.0.0/0, 102 allow all from 0.0.0.0/0], egress: [100 allow all to 0.0.0.0/0]}
    nat-gateways: {nat: {subnet: p, elastic-ip: 198.51.100.20}}
    security-groups: {out: {egress: [all to 0.0.0.0/0]}}
    interfaces: {a1: {subnet: a, groups: [out], ip: 10.0.1.10}}
`,
			source: "a1", destination: "internet",
			packets: []packet{{tcp, 32767, 443, "203.0.113.7", "blocked 1"}, {tcp, 32768, 443, "203.0.113.7", "reachable 0"}, {tcp, 1, 443, "8.8.8.8", "blocked 1"}, {tcp, 65535, 443, "8.8.8.8", "reachable 0"},
				{udp, 32767, 443, "203.0.113.7", "reachable 0"}},
		},
		{
			name: "which port a NAT gateway takes",
			network: `
vpcs:
  v:
    cidr: 10.0.0.0/16
    internet-gateway: igw
    subnets:
      a: {cidr: 10.0.1.0/24, routes: {0.0.0.0/0: nat}}
      p: {cidr: 10.0.2.0/24, acl: cut, routes: {0.0.0.0/0: igw}}
    network-acls:
      cut: {ingress: [100 allow all from 10.0.0.0/16, 101 allow udp/1024-65535 from 0.0.0.0/0, 102 allow tcp/1025-65535 from 0.0.0.0/0], egress: [100 allow all to 0.0.0.0/0]}
    nat-gateways: {nat: {subnet: p, elastic-ip: 198.51.100.20}}
    security-groups: {out: {egress: [tcp/443 to 0.0.0.0/0, udp/443 to 0.0.0.0/0]}}
    interfaces: {a1: {subnet: a, groups: [out], ip: 10.0.1.10}}
`,
			source: "a1", destination: "internet",
			packets: []packet{{udp, 32767, 443, "203.0.113.7", "reachable 0"}, {tcp, 32767, 443, "203.0.113.7", "unknown 0, depends"}, {tcp, 1024, 443, "203.0.113.7", "unknown 0, depends"}, {tcp, 32767, 80, "203.0.113.7", "blocked 1, depends"}, {udp, 32767, 80, "203.0.113.7", "blocked 1"}},
		},
		{
			name: "which port a NAT gateway takes, and an ACL behind it that lets no answer in",
			network: `
vpcs:
  v:
    cidr: 10.0.0.0/16
    internet-gateway: igw
    subnets:
      a: {cidr: 10.0.1.0/24, acl: shut, routes: {0.0.0.0/0: nat}}
      p: {cidr: 10.0.2.0/24, acl: cut, routes: {0.0.0.0/0: igw}}
    network-acls:
      shut: {ingress: [100 deny tcp/32768-65535 from 0.0.0.0/0, 101 allow all from 0.0.0.0/0], egress: [100 allow all to 0.0.0.0/0]}
      cut: {ingress: [100 allow all from 10.0.0.0/16, 101 allow tcp/1024-2000 from 0.0.0.0/0], egress: [100 allow all to 0.0.0.0/0]}
    nat-gateways: {nat: {subnet: p, elastic-ip: 198.51.100.20}}
    security-groups: {out: {egress: [all to 0.0.0.0/0]}}
    interfaces: {a1: {subnet: a, groups: [out], ip: 10.0.1.10}}
`,
			source: "a1", destination: "internet",
			packets: []packet{{tcp, 32767, 443, "203.0.113.7", "unknown 1, depends"}, {tcp, 32768, 443, "203.0.113.7", "blocked 2, depends"}, {udp, 32768, 443, "203.0.113.7", "blocked 1"}},
		},
		{
			name: "to oneself",
			network: `
vpcs:
  v:
    cidr: 10.0.0.0/16
    subnets: {a: {cidr: 10.0.1.0/24}}
    security-groups: {shut: {}}
    interfaces: {a1: {subnet: a, groups: [shut], ip: 10.0.1.10}}
`,
			source: "a1", destination: "10.0.1.10",
			packets: []packet{{tcp, 49152, 443, "10.0.1.10", "reachable 0"}},
		},
		{
			name:    "answers of targets, which do not see the client",
			network: balanced("{type: ip, port: 8080, preserve-client-ip: false, targets: [10.0.3.10]}", "all from 0.0.0.0/0"),
			source:  "a1", destination: "nlb",
			packets: []packet{{tcp, 32767, 80, "10.0.2.9", "blocked 1"}, {tcp, 32768, 80, "10.0.2.9", "reachable 0"}, {tcp, 32768, 81, "10.0.2.9", "blocked 1"}, {tcp, 32768, 8080, "10.0.2.9", "blocked 1"}, {tcp, 32768, 82, "10.0.2.9", "unknown 1, depends"}},
		},
		{
			name:    "answers of targets, which see the client",
			network: balanced("{type: ip, port: 8080, preserve-client-ip: true, targets: [10.0.3.10]}", "all from 0.0.0.0/0"),
			source:  "a1", destination: "nlb",
			packets: []packet{{tcp, 32767, 80, "10.0.2.9", "blocked 1"}, {tcp, 32768, 80, "10.0.2.9", "reachable 0"}, {tcp, 32768, 8080, "10.0.2.9", "blocked 1"}},
		},
		{
			name:    "the port of a target, at its group",
			network: balanced("{type: ip, port: 8080, preserve-client-ip: false, targets: [10.0.3.10]}", "tcp/8000-8080 from 0.0.0.0/0"),
			source:  "a1", destination: "nlb",
			packets: []packet{{tcp, 32768, 80, "10.0.2.9", "reachable 0"}},
		},
		{
			name:    "clients whom the targets do not see, at an ACL of the load balancer's subnet",
			network: balanced("{type: ip, port: 8080, preserve-client-ip: false, targets: [10.0.3.10]}", "all from 0.0.0.0/0"),
			source:  "internet", destination: "nlb",
			packets: []packet{{tcp, 32768, 80, "203.0.113.7", "reachable 0"}, {tcp, 32768, 80, "8.8.8.7", "reachable 0"}, {tcp, 32768, 80, "8.8.8.8", "blocked 1"}, {tcp, 32768, 80, "8.8.8.9", "reachable 0"}},
		},
		{
			name:    "targets with two fates",
			network: balanced("{type: ip, port: 8080, preserve-client-ip: false, targets: [10.0.3.10, 10.0.3.11]}", "all from 0.0.0.0/0"),
			source:  "a1", destination: "nlb",
			packets: []packet{{tcp, 32768, 80, "10.0.2.9", "unknown 1, depends"}, {tcp, 32768, 81, "10.0.2.9", "blocked 1"}},
		},
		{
			name:    "DHCP, which is from one port to one port",
			network: onLink,
			source:  "a1", destination: "10.0.1.1",
			packets: []packet{{udp, 68, 67, "10.0.1.1", "reachable 0"}, {udp, 67, 67, "10.0.1.1", "blocked 1"}, {udp, 69, 67, "10.0.1.1", "blocked 1"}, {udp, 68, 68, "10.0.1.1", "blocked 1"}, {tcp, 68, 67, "10.0.1.1", "blocked 1"}},
		},
		{
			name:    "addresses that the fabric knows, in prefixes of an office",
			network: onLink,
			source:  "a1", destination: "onprem",
			packets: []packet{{tcp, 49152, 443, "9.9.9.9", "reachable 0"}, {tcp, 49152, 443, "10.0.1.1", "blocked 1"}, {tcp, 49152, 443, "10.0.1.0", "blocked 1"}, {tcp, 49152, 443, "10.0.1.255", "blocked 1"}, {tcp, 49152, 443, "10.0.1.254", "blocked 1"},
				{tcp, 49152, 443, "10.0.2.0", "blocked 1"}, {tcp, 49152, 53, "10.0.0.2", "blocked 1"}, {tcp, 49152, 443, "10.1.0.0", "reachable 0"}, {tcp, 49152, 443, "223.255.255.255", "reachable 0"},
				{tcp, 49152, 443, "224.0.0.0", "blocked 1"}, {tcp, 49152, 443, "239.255.255.255", "blocked 1"}, {tcp, 49152, 443, "240.0.0.0", "reachable 0"}, {tcp, 49152, 443, "255.255.255.254", "reachable 0"}, {tcp, 49152, 443, "255.255.255.255", "blocked 1"}},
		},
		{
			name: "what the fabric answers in place of a neighbour, also of an answer",
			network: `
vpcs:
  v:
    cidr: [10.0.0.0/16, '2001:db8::/56']
    subnets: {a: {cidr: [10.0.1.0/24, '2001:db8::/64']}}
    security-groups: {open: {ingress: ['all from ::/0'], egress: ['all to ::/0']}}
    interfaces:
      a1: {subnet: a, groups: [open], ip: [10.0.1.10, '2001:db8::10']}
      a2: {subnet: a, groups: [open], ip: [10.0.1.11, '2001:db8::11']}
`,
			source: "a1", destination: "a2", v6: true,
			packets: []packet{{udp, 546, 547, "2001:db8::11", "blocked 1"}, {udp, 545, 547, "2001:db8::11", "reachable 0"}, {udp, 546, 548, "2001:db8::11", "reachable 0"}, {udp, 547, 546, "2001:db8::11", "blocked 1"}, {tcp, 547, 546, "2001:db8::11", "reachable 0"},
				{icmpv6, 1, 132 << 8, "2001:db8::11", "reachable 0"}, {icmpv6, 1, 133 << 8, "2001:db8::11", "blocked 1"}, {icmpv6, 1, 136 << 8, "2001:db8::11", "blocked 1"}, {icmpv6, 1, 137 << 8, "2001:db8::11", "reachable 0"}},
		},
		{
			name: "what is meant for the internet, and gets on-premises or to a service",
			network: `
prefix-lists: {pl-s3: [52.216.0.0/15]}
vpcs:
  v:
    cidr: 10.0.0.0/16
    internet-gateway: igw
    gateways:
      vgw: {kind: vgw, vpn-connections: {vpn: {static: true, prefixes: [0.0.0.0/0]}}}
      s3: {kind: vpce, service: s3, prefix-list: pl-s3, tables: [a]}
    subnets: {a: {cidr: 10.0.1.0/24, route-table: a}}
    route-tables: {a: {8.8.8.0/24: igw, 9.0.0.0/8: vgw}}
    security-groups: {open: {ingress: [all from 0.0.0.0/0], egress: [all to 0.0.0.0/0]}}
    interfaces: {a1: {subnet: a, groups: [open], ip: 10.0.1.10, public-ip: 198.51.100.10}}
`,
			source: "a1", destination: "internet",
			packets: []packet{{tcp, 49152, 443, "8.8.8.8", "reachable 0"}, {tcp, 49152, 443, "9.9.9.9", "unknown 0"}, {icmp, 1, 3 << 8, "9.9.9.9", "unknown 0"}, {icmp, 1, 3 << 8, "8.8.8.8", "reachable 0"}, {tcp, 49152, 443, "52.216.0.0", "blocked 1"}, {tcp, 49152, 443, "52.215.255.255", "blocked 1"},
				{udp, 49152, 443, "52.217.255.255", "blocked 2"}},
		},
		{
			name: "appliances with two fates", network: choosing, source: "a1", destination: "internet",
			packets: []packet{{tcp, 49152, 443, "203.0.113.7", "unknown 2, depends"}},
		},
		{
			name: "attachments of a transit gateway with two fates", network: choosing, source: "a1", destination: "onprem:vpn-1",
			packets: []packet{{tcp, 49152, 443, "172.16.0.1", "unknown 1, depends"}},
		},
		{
			name: "subnets of an attachment with two fates", network: choosing, source: "a1", destination: "d1",
			packets: []packet{{tcp, 49152, 443, "10.2.1.10", "unknown 1, depends"}},
		},
		{
			name: "the type of an answer, which is not as it was sent",
			network: `
vpcs:
  v:
    cidr: 10.0.0.0/16
    internet-gateway: igw
    subnets: {a: {cidr: 10.0.1.0/24, acl: echo, routes: {0.0.0.0/0: igw}}}
    network-acls: {echo: {ingress: [100 allow icmp/0 from 0.0.0.0/0], egress: [100 allow all to 0.0.0.0/0]}}
    security-groups: {out: {egress: [all to 0.0.0.0/0]}}
    interfaces: {a1: {subnet: a, groups: [out], ip: 10.0.1.10, public-ip: 198.51.100.10}}
`,
			source: "a1", destination: "internet",
			packets: []packet{{icmp, 1, 8 << 8, "203.0.113.7", "reachable 0"}, {icmp, 1, 13 << 8, "203.0.113.7", "reachable 0"}, {icmp, 1, 0, "203.0.113.7", "reachable 0"}, {tcp, 49152, 443, "203.0.113.7", "blocked 1"}},
		},
		{
			name: "ranges of VPCs, in prefixes of an office", network: ranges, source: "a1", destination: "onprem:office",
			packets: []packet{{tcp, 49152, 443, "10.2.0.1", "blocked 1"}, {tcp, 49152, 443, "10.3.0.1", "blocked 1"}, {tcp, 49152, 443, "9.9.9.9", "reachable 0"}},
		},
		{
			name: "ranges of subnets and of VPCs, in IPv6 prefixes of an office", network: ranges, source: "a1", destination: "onprem:office", v6: true,
			packets: []packet{{tcp, 49152, 443, "2001:db8:1:1::99", "blocked 1"}, {tcp, 49152, 443, "2001:db8:1:2::99", "blocked 2"}, {tcp, 49152, 443, "2001:db8:2::99", "blocked 1"}, {tcp, 49152, 443, "2001:db8:3::99", "blocked 1"}},
		},
		{
			name: "prefixes of a gateway, in an office behind another one", network: ranges, source: "a1", destination: "onprem:office",
			packets: []packet{{tcp, 49152, 443, "192.168.1.1", "blocked 1"}, {tcp, 49152, 443, "192.168.2.1", "blocked 1"}},
		},
		{
			name: "what a link announces, from one office to another one", network: ranges, source: "onprem:vgw", destination: "onprem:office",
			packets: []packet{{tcp, 49152, 443, "10.1.1.99", "blocked 1"}, {tcp, 49152, 443, "10.1.2.99", "blocked 1"}},
		},
		{
			name:    "clients whom the targets do not see, at the groups of these",
			network: balanced("{type: ip, port: 8080, preserve-client-ip: false, targets: [10.0.3.10]}", "all from 10.0.2.9/32"),
			source:  "onprem:office", destination: "nlb",
			packets: []packet{{tcp, 32768, 80, "192.168.0.1", "reachable 0"}, {tcp, 32768, 80, "192.168.255.255", "reachable 0"}, {tcp, 32768, 81, "192.168.0.1", "blocked 1"}},
		},
		{
			name: "answers that are IPv6 again, at an ACL that looks at the IPv4 addresses in them",
			network: `
vpcs:
  v:
    cidr: [10.0.0.0/16, "2001:db8:1::/56"]
    internet-gateway: igw
    subnets:
      a: {cidr: [10.0.1.0/24, "2001:db8:1:1::/64"], acl: some, routes: {"64:ff9b::/96": nat}}
      p: {cidr: 10.0.2.0/24, acl: echo, routes: {0.0.0.0/0: igw}}
    network-acls:
      some: {ingress: ["100 deny all from 64:ff9b::808:800/120", "101 allow all from ::/0"], egress: ["100 allow all to ::/0"]}
      echo: {ingress: [100 allow all from 0.0.0.0/0, "101 allow all from ::/0"], egress: [100 allow icmp/8 to 0.0.0.0/0, 101 allow tcp to 0.0.0.0/0, "102 allow all to ::/0"]}
    nat-gateways: {nat: {subnet: p, elastic-ip: 198.51.100.20}}
    security-groups: {out: {egress: ["all to ::/0"]}}
    interfaces: {a1: {subnet: a, groups: [out], ip: "2001:db8:1:1::10"}}
`,
			source: "a1", destination: "internet", v6: true,
			packets: []packet{{tcp, 49152, 443, "64:ff9b::8.8.7.255", "reachable 0"}, {tcp, 49152, 443, "64:ff9b::8.8.8.0", "blocked 1"}, {tcp, 49152, 443, "64:ff9b::8.8.8.255", "blocked 1"}, {tcp, 49152, 443, "64:ff9b::8.8.9.0", "reachable 0"},
				{58, 1, 128 << 8, "64:ff9b::8.8.9.0", "reachable 0"}, {tcp, 49152, 443, "64:ff9b::10.0.1.99", "blocked 1"}, {tcp, 49152, 443, "64:ff9b::10.0.2.99", "blocked 1"}},
		},
		{
			name: "what depends on the ports being the same, behind what does not",
			network: `
vpcs:
  v:
    cidr: 10.0.0.0/16
    internet-gateway: igw
    subnets: {a: {cidr: 10.0.1.0/24, routes: {0.0.0.0/0: igw}}}
    security-groups: {out: {egress: [tcp/53 to 0.0.0.0/0, icmp/3/1 to 0.0.0.0/0]}}
    interfaces: {a1: {subnet: a, groups: [out], ip: 10.0.1.10, public-ip: 198.51.100.10}}
`,
			source: "a1", destination: "198.51.100.10",
			packets: []packet{{tcp, 54, 53, "198.51.100.10", "unknown 1, depends"}, {tcp, 54, 54, "198.51.100.10", "blocked 2, depends"}, {tcp, 54, 80, "198.51.100.10", "blocked 2, depends"},
				{icmp, 1, 3 << 8, "198.51.100.10", "blocked 2"}, {icmp, 1, 3<<8 | 1, "198.51.100.10", "blocked 1"}, {icmp, 1, 3<<8 | 2, "198.51.100.10", "blocked 2"}},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := reach.EmulatorOf(t, c.network)
			a, err := reach.Of(e).Between(c.source, c.destination)
			require.NoError(t, err)
			pair, ok, err := e.Explorer().Pair(c.source, c.destination, c.v6)
			require.NoError(t, err)
			require.True(t, ok)
			for _, p := range c.packets {
				at := pair.All[0].First()
				at[space.Services], at[space.SourcePorts] = space.Service(p.proto, p.to), space.Num{Lo: uint64(p.sport)}
				if c.destination == "nlb" && c.source != "a1" || c.source == "onprem" {
					at[space.Sources] = space.Address(netip.MustParseAddr(p.addr))
				} else {
					at[space.Destinations] = space.Address(netip.MustParseAddr(p.addr))
				}
				require.True(t, pair.Has(&at), p)
				one, err := pair.Trace(at)
				require.NoError(t, err)
				if !strings.HasSuffix(p.want, depends) {
					assert.Equal(t, p.want, words(one.Verdict, one.Blockers), "the trace of %v: %v", p, one.Blockers)
				}
				request, err := e.Trace(emu.Query{Source: host(c.source, one.Sent().Src), Destination: host(c.destination, one.Sent().Dst), Service: firewall.MustParseService(one.Service),
					SourcePort: p.sport, IPv6: c.v6, OneWay: true})
				require.NoError(t, err)
				require.Equal(t, one.Sent(), request.Sent())
				brief := pair.Decide(at)
				parts := 0
				for i := range a.Parts {
					part := &a.Parts[i]
					if part.IPv6() == c.v6 && part.Set().Has(&at) {
						parts++
						got := words(part.Answer, part.Blockers)
						if part.Depends != "" {
							got += depends
						}
						assert.Equal(t, p.want, got, "%v: %v", p, part.Blockers)
						assert.Equal(t, part.Answer, brief.Answer, "in short, of %v", p)
						if part.Depends == "" || part.Request != emu.Uncertain {
							assert.Equal(t, request.Verdict, part.Request, "the request of %v", p)
						}
						if part.Depends == "" && len(part.Blockers) == len(one.Blockers) {
							assert.Equal(t, reasons(one.Blockers), reasons(part.Blockers), p)
						}
					}
				}
				assert.Equal(t, 1, parts, "parts that have %v", p)
			}
		})
	}
}

// balanced is a network with a client a1, a load balancer nlb with one target group, and
// two targets, of which the second one hears nobody.
func balanced(group, ingress string) string {
	return `
vpcs:
  v:
    cidr: 10.0.0.0/16
    internet-gateway: igw
    subnets:
      a: {cidr: 10.0.1.0/24, acl: high}
      b: {cidr: 10.0.2.0/24, acl: one, routes: {0.0.0.0/0: igw, 192.168.0.0/16: tgw}}
      c: {cidr: 10.0.3.0/24}
    network-acls:
      high: {ingress: [100 allow tcp/32768-65535 from 0.0.0.0/0], egress: [100 allow all to 0.0.0.0/0]}
      one: {ingress: [100 allow all from 0.0.0.0/0], egress: [100 deny all to 8.8.8.8/32, 101 allow all to 0.0.0.0/0]}
    load-balancers: {nlb: {subnets: {b: {ip: 10.0.2.9, public-ip: 198.51.100.20}}, groups: [open], listeners: [{port: 80, forward: t}, {port: 82, forward: {t: 1, u: 1}}]}}
    target-groups: {t: ` + group + `, u: {type: ip, port: 8080, preserve-client-ip: false, targets: [10.0.3.11]}}
    security-groups:
      open: {ingress: [all from 0.0.0.0/0], egress: [all to 0.0.0.0/0]}
      target: {ingress: [` + ingress + `]}
      deaf: {}
    interfaces:
      a1: {subnet: a, groups: [open], ip: 10.0.1.10}
      t1: {subnet: c, groups: [target], ip: 10.0.3.10}
      t2: {subnet: c, groups: [deaf], ip: 10.0.3.11}
gateways:
  tgw: {kind: tgw, attachments: {v: {subnets: [b]}, office: {kind: vpn, prefixes: [192.168.0.0/16]}}}
`
}

// onLink is a network with an office that has all addresses.
const onLink = `
vpcs:
  v:
    cidr: 10.0.0.0/16
    subnets: {a: {cidr: 10.0.1.0/24, routes: {0.0.0.0/0: hub}}, b: {cidr: 10.0.2.0/24}}
    security-groups: {out: {egress: [all to 0.0.0.0/0]}}
    interfaces: {a1: {subnet: a, groups: [out], ip: 10.0.1.10}}
gateways:
  hub: {kind: tgw, attachments: {v: {subnets: [a]}, office: {kind: vpn, prefixes: [0.0.0.0/0]}}}
`

// choosing is a network with gateways that choose: an appliance, an attachment, a subnet.
const choosing = `
vpcs:
  v:
    cidr: 10.1.0.0/16
    internet-gateway: {id: igw, routes: edge}
    gateways: {fw: {kind: vpce-gwlb, subnet: e, ip: 10.1.5.10, appliances: {x: pass, y: drop}}}
    route-tables: {edge: {10.1.1.0/24: fw}}
    subnets:
      a: {cidr: 10.1.1.0/24, az: a, routes: {0.0.0.0/0: fw, 172.16.0.0/16: tgw, 10.2.0.0/16: tgw}}
      e: {cidr: 10.1.5.0/24, az: a, routes: {0.0.0.0/0: igw}}
    security-groups: {out: {egress: [all to 0.0.0.0/0]}}
    interfaces: {a1: {subnet: a, groups: [out], ip: 10.1.1.10, public-ip: 198.51.100.4}}
  w:
    cidr: 10.2.0.0/16
    subnets:
      d: {cidr: 10.2.1.0/24, az: d, routes: {10.1.0.0/16: tgw}}
      x: {cidr: 10.2.8.0/28, az: d}
      y: {cidr: 10.2.9.0/28, az: e, acl: shut}
    network-acls: {shut: {}}
    security-groups: {open: {ingress: [all from 0.0.0.0/0], egress: [all to 0.0.0.0/0]}}
    interfaces: {d1: {subnet: d, groups: [open], ip: 10.2.1.10}}
gateways:
  tgw:
    kind: tgw
    attachments: {v: {subnets: [a]}, w: {subnets: [x, y]}, vpn-1: {kind: vpn, prefixes: [172.16.0.0/16]}, vpn-2: {kind: vpn, prefixes: [172.16.0.0/16]}}
`

// ranges is a network with an office that has all addresses, behind a transit gateway, and
// routes to other gateways.
const ranges = `
vpcs:
  v:
    cidr: [10.1.0.0/16, "2001:db8:1::/56"]
    gateways:
      eigw: {kind: eigw}
      vgw: {kind: vgw, virtual-interfaces: {dx: {prefixes: [192.168.1.0/24], direct-connect-gateway: dxgw, allowed: [10.1.1.0/24]}}}
    subnets:
      a: {cidr: [10.1.1.0/24, "2001:db8:1:1::/64"], acl: own, routes: {0.0.0.0/0: tgw, "::/0": eigw, 10.2.0.0/15: pcx, 192.168.0.0/16: vgw}}
    network-acls:
      own: {ingress: [100 allow all from 0.0.0.0/0, "101 allow all from ::/0"], egress: [100 allow all to 0.0.0.0/0, "101 deny all to 2001:db8:1::/56", "102 allow all to ::/0"]}
    security-groups: {out: {egress: [all to 0.0.0.0/0, "all to ::/0"]}}
    interfaces: {a1: {subnet: a, groups: [out], ip: [10.1.1.10, "2001:db8:1:1::10"]}}
  w: {cidr: [10.2.0.0/16, "2001:db8:2::/56"]}
gateways:
  pcx: {kind: pcx, vpcs: [v, w]}
  tgw: {kind: tgw, attachments: {v: {subnets: [a]}, office: {kind: dx, prefixes: [0.0.0.0/0, "2001:db8::/32"]}}}
`

const depends = ", depends"

// host is one of an end that has many.
func host(end string, a netip.Addr) string {
	if end == "internet" || strings.HasPrefix(end, "onprem") {
		return end + ":" + a.String()
	}
	return end
}

func words(a emu.Answer, blockers []emu.Blocker) string {
	return a.String() + " " + string(rune('0'+len(blockers)))
}

func reasons(blockers []emu.Blocker) (all []string) {
	for _, b := range blockers {
		all = append(all, b.Reason+" "+b.Component)
	}
	return all
}

// TestRequestAlone: the answer for the request is as sure as where it ends.
func TestRequestAlone(t *testing.T) {
	for _, c := range []struct{ name, routes, acl, want string }{
		{"to the internet", "0.0.0.0/0: igw", "100 allow all from 0.0.0.0/0", "reachable reachable"},
		{"and not back", "0.0.0.0/0: igw", "100 deny all from 0.0.0.0/0", "blocked reachable"},
		{"to on-premises", "0.0.0.0/0: vgw", "100 allow all from 0.0.0.0/0", "unknown unknown"},
		{"to what is not modelled", "0.0.0.0/0: {kind: core-network, target: 'arn:core'}", "100 allow all from 0.0.0.0/0", "unknown unknown"},
		{"nowhere", "9.9.9.0/24: igw", "100 allow all from 0.0.0.0/0", "blocked blocked"},
	} {
		t.Run(c.name, func(t *testing.T) {
			n := reach.NetworkOf(t, `
vpcs:
  v:
    cidr: 10.0.0.0/16
    internet-gateway: igw
    gateways: {vgw: {kind: vgw, vpn-connections: {vpn: {static: true, prefixes: [0.0.0.0/0]}}}}
    subnets: {a: {cidr: 10.0.1.0/24, acl: a, routes: {`+c.routes+`}}}
    network-acls: {a: {ingress: [`+c.acl+`], egress: [100 allow all to 0.0.0.0/0]}}
    security-groups: {open: {egress: [tcp/443 to 8.8.8.8/32]}}
    interfaces: {a1: {subnet: a, groups: [open], ip: 10.0.1.10, public-ip: 198.51.100.10}}
`)
			a, err := reach.Between(n, "a1", "internet:8.8.8.8")
			require.NoError(t, err)
			var got []string
			for _, p := range a.Parts {
				at := p.Set()[0].First()
				if at[space.Services] == space.Service(6, 443) {
					got = append(got, p.Answer.String()+" "+p.Request.String())
				}
			}
			assert.Equal(t, []string{c.want}, got)
		})
	}
}

// TestMapped: an IPv6 address that has one of IPv4 in it is no multicast group, whichever that is.
func TestMapped(t *testing.T) {
	e := reach.EmulatorOf(t, `
vpcs:
  v:
    cidr: [10.0.0.0/16, '2001:db8:1::/56']
    subnets: {six: {cidr: '2001:db8:1:9::/64'}}
    interfaces: {six0: {subnet: six}}
gateways: {tgw: {kind: tgw, attachments: {far: {kind: dx, unknown: it was not listed in full}}}}
`)
	answer, err := reach.Of(e).Between("six0", "onprem:far")
	require.NoError(t, err)
	pair, _, err := e.Explorer().Pair("six0", "onprem:far", true)
	require.NoError(t, err)
	for addr, want := range map[string]string{"::ffff:10.106.251.17": "NO_ROUTE", "::ffff:234.106.251.17": "NO_ROUTE", "ff02::17": "L2_UNSUPPORTED"} {
		at := pair.All[0].First()
		at[space.Destinations] = space.Address(netip.MustParseAddr(addr))
		trace, err := pair.Trace(at)
		require.NoError(t, err)
		assert.Equal(t, want, trace.Blockers[0].Reason, addr)
		for i := range answer.Parts {
			if part := &answer.Parts[i]; part.IPv6() && part.Set().Has(&at) {
				assert.Equal(t, want, part.Blockers[0].Reason, "the part of %s", addr)
			}
		}
	}
}

// TestToOneself: what an interface sends to its own address does not get to a load balancer's
// node in another VPC that has it too, whatever was asked about the other node before.
func TestToOneself(t *testing.T) {
	n := reach.NetworkOf(t, `
vpcs:
  v0:
    cidr: [10.0.0.0/16, 10.1.0.0/16]
    subnets: {b: {cidr: 10.0.2.0/24}, c: {cidr: 10.1.1.0/24}}
    load-balancers: {alb: {kind: application, subnets: [b, c]}}
  v1:
    cidr: [10.0.0.0/16, 10.1.0.0/16]
    main-route-table: main
    subnets: {b: {cidr: 10.0.2.0/24}, c: {cidr: 10.1.1.0/24}}
    route-tables: {main: {10.0.2.0/24: c1}}
    gateways: {sqs: {kind: vpce-interface, subnets: [c], udp: true}}
    interfaces: {c1: {subnet: c, ip: 10.1.1.11}}
`)
	a, err := reach.Between(n, "v1/sqs-c", "v0/alb")
	require.NoError(t, err)
	for i := range a.Parts {
		assert.Equal(t, emu.Blocked, a.Parts[i].Answer, a.Parts[i].Traffic())
	}
}
