// Package kernel has Linux as a witness: its tests build the network of a description from the kernel's own namespaces, routing
// tables and nftables, and hold what becomes of packets there against what the emulator says.
//
//	vpc.Network ─┬─▶ emu.Emulator ─ packets out ─┐
//	             └─▶ namespaces    ─ packets out ─┴─▶ equal, or excused by a rule
//
// The oracle is written from the rules of AWS and knows nothing of plans and stages. It has subnets, route tables with prefix lists,
// security groups, network ACLs, internet gateways with edge route tables, egress-only, NAT and transit gateways, peering connections and
// middleboxes, in IPv4 and IPv6; groups, ACLs and routes change while packets flow. It lacks all other gateways, link-local services,
// appliance mode, packets that are too large for a transit gateway, and interfaces that come and go.
//
// Where Linux and AWS differ by design stands in one table, differences, with the rule; nothing else is excused. Start there, or with
// oracle, which draws the namespaces.
package kernel
