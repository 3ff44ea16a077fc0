// Package yaml reads and writes vpcemu's native file: a network in AWS's words,
// short enough to write by hand, with one line per rule.
//
//	vpcs:
//	  prod:
//	    cidr: 10.0.0.0/16                  # or a list, IPv4 and IPv6
//	    internet-gateway: true             # or its name, or {id:, name:, routes: TABLE}
//	    subnets:
//	      web: {cidr: 10.0.1.0/24, az: a, routes: {0.0.0.0/0: igw}}
//	      db:  {cidr: 10.0.2.0/24, az: a, route-table: private, acl: db-only}
//	    route-tables:
//	      private: {0.0.0.0/0: nat-1, 192.0.2.0/24: blackhole}
//	    nat-gateways:
//	      nat-1: {subnet: web, elastic-ip: 203.0.113.10}
//	    network-acls:
//	      db-only:
//	        ingress: [100 allow tcp/5432 from 10.0.1.0/24]
//	        egress:  [100 allow tcp/1024-65535 to 10.0.1.0/24]
//	    security-groups:
//	      web: {ingress: [tcp/443 from 0.0.0.0/0], egress: [all to 0.0.0.0/0]}
//	      db:  {ingress: [tcp/5432 from web]}
//	    instances:
//	      web-1: {subnet: web, groups: [web], public-ip: true}
//	      db-1:  {subnet: db, groups: [db], ip: 10.0.2.10}
//	expect:
//	  - internet -> web-1 tcp/443: reachable
//
// # Names
//
// Everything stands under a key, which is its ID and its name. The keys id and
// name say otherwise: "web: {id: sg-1}" has the ID sg-1 and the name web. A key
// that is an ID of AWS (sg-0123456789abcdef0) is no name. References use an ID, a
// name that only one thing has, or the key. What they name must be described,
// unless the VPC is partial.
//
// Lists with one element can be written without the brackets. Whatever has no
// value is empty. Aliases (*name) work; merge keys (<<), tags and a second
// document are refused.
//
// # Keys
//
// Where nothing is said, a key may be left out, and then AWS's default holds.
//
//	top             vpcs, prefix-lists, gateways, block-public-access, unowned-addresses,
//	                expect
//	VPC             id, name, account, region, cidr, partial: true, unlisted, dns: false,
//	                dns-hostnames: true,
//	                internet-gateway, main-route-table, default-network-acl,
//	                default-security-group, subnets, route-tables, nat-gateways,
//	                gateways, network-acls, security-groups, instances, interfaces,
//	                load-balancers, target-groups, flow-logs
//	subnet          id, name, cidr, az, acl, dns64, map-public-ip, and route-table (a
//	                reference) or routes (a table of its own, called like the subnet)
//	route table     DESTINATION: TARGET …, or {id, name, routes, propagating, unknown}
//	gateway         id, name, kind (not of nat-gateways), subnet, vpcs, peer-dns, state, ip,
//	                public-ip, elastic-ip
//	                and of kind nat: private, draining, failure, and regional with a
//	                route-table and ip: [{public-ip, az}, …]
//	                and of kind tgw: attachments, route-tables {DESTINATION:
//	                ATTACHMENT|blackhole, …}, association and propagation (a table
//	                or none), group-references
//	                and of kind vpce, vpce-interface or vpce-gwlb: service, prefix-list,
//	                tables, dual-stack, subnets, groups, interfaces, udp: true|unknown,
//	                appliance: pass|drop or appliances {NAME: pass|drop}, tcp-idle
//	attachment      id, name, kind: vpc|dx|connect|vpn|peering, vpc, subnets, ip, peer,
//	                prefixes, appliance-mode, ipv6, group-references: false, state,
//	                association, propagation, unknown; the key is the VPC's name unless
//	                vpc says otherwise
//	network ACL     id, name, ingress, egress
//	security group  id, name, description, ingress, egress
//	load balancer   id, name, kind: network|application, scheme: internet-facing|internal,
//	                subnets (names, or names with addresses), groups, cross-zone, state,
//	                listeners [{protocol, port, forward: TARGET-GROUP or {TARGET-GROUP:
//	                WEIGHT}, unknown}], unknown
//	target group    id, name, protocol, port, type: ip|instance|alb|lambda, ipv6,
//	                preserve-client-ip, cross-zone, targets [ID or {id, port, health}],
//	                unknown
//	prefix list     CIDRs, or {id, name, entries, max-entries, unknown}
//	flow log        id, name, subnet, interface, traffic: ACCEPT|REJECT|ALL, destination,
//	                format, interval
//	block-public-   account, region, mode: off|block-bidirectional|block-ingress, exclusions
//	access          {VPC or SUBNET: allow-bidirectional|allow-egress}, unknown; or a list
//	instance        id, name, state: stopped|terminated, tracked-flows, and either
//	                interfaces or the keys of its only interface
//	interface       id, name, subnet, groups, ip, public-ip, elastic-ip, prefixes,
//	                source-dest-check: false, deny-igw, kind, timeouts {tcp, udp,
//	                udp-stream}, metadata {enabled: false, ipv6, hop-limit,
//	                credentials}, description, unknown; with a key of its own also
//	                device-index and detached, and outside an instance: instance
//	address         IP, auto, or {ip, public-ip, auto-public, elastic}
//
// # Lines
//
//	route           DESTINATION: TARGET       a CIDR or a prefix list; local, igw, blackhole,
//	                                          a gateway, an interface or an instance
//	                DESTINATION: {target, kind, source, blackhole, unknown}
//	                [{destination or prefix-list, target, …}, …]  if a destination comes twice
//	ACL entry       NUMBER allow|deny SERVICE from|to CIDR      or {rule, unknown}
//	group rule      SERVICE from|to PEER      a CIDR, an address, a group or a prefix list
//	                {rule, group, prefix-list, id, description, stale, unknown}
//	expectation     SRC -> DST SERVICE: reachable|blocked|unknown
//	                SRC -> DST [only] SERVICE, SERVICE …: reachable
//	                SRC and DST may be patterns, see package reach; one that begins with * is
//	                in quotes, or any. Without a SERVICE it is all
//	                {from, to, service, want}
//
// Ingress says from, egress says to. SERVICE is what [firewall.ParseService]
// reads: all, tcp, tcp/443, udp/8000-8099, icmp, icmp/8/0, icmpv6, ip/50; in a
// rule that has an unknown it may be "?". The key unknown says why something is
// not understood; packets that meet it have an unknown fate.
//
// # Mistakes
//
// All mistakes of a file are reported together, each with line and column and
// what was expected there: see [Errors]. A file without such mistakes is then
// checked by [vpc.Network.Validate], whose errors have the file and the line. The
// package does not assign the addresses that a file leaves open; compiling does.
//
// Start with [Load] and [Write]. [Schema] is for editors.
package yaml
