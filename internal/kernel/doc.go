// Package kernel has Linux as a witness: its tests build the network of a description from the kernel's own namespaces, routing
// tables and nftables, and hold what becomes of packets there against what the emulator says.
//
//	vpc.Network ─┬─▶ emu.Emulator ─ packets out ─┐
//	             └─▶ namespaces    ─ packets out ─┴─▶ equal, or excused by a rule
//
// The oracle is written from the rules of AWS and knows nothing of plans and stages. It has subnets, route tables, security groups,
// network ACLs, internet and NAT gateways, peering connections and middleboxes, in IPv4 and IPv6. It lacks all other gateways, edge
// route tables, link-local services, and all changes of the network but of rules.
//
// Where Linux and AWS differ by design stands in one table, differences, with the rule; nothing else is excused. Start there, or with
// oracle, which draws the namespaces.
package kernel
