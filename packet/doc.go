// Package packet reads, builds and rewrites IP packets in the caller's bytes.
//
// [Packet.Parse] fills a reusable view of one IPv4 or IPv6 packet; setters then rewrite addresses, ports and hop limit in place
// and update the checksums (RFC 1624) instead of computing them anew. Neither allocates.
//
//	bytes ──Parse──▶ Packet ──SetSrc, SetDst, SetTTL, ClampMSS──▶ the same bytes
//	                   │
//	                   ├─▶ Fragment       IPv4 pieces that fit a link
//	                   └─▶ AppendTooBig   the ICMP answer to a packet that does not fit
//
// [Spec] goes the other way and writes a valid packet from a few fields, for tests and traces.
//
// The package knows nothing of Ethernet, networks, rules or time. It does not reassemble fragments, and it trusts the checksums of
// TCP, UDP and ICMP, as routers do. What it refuses to parse, no router of ours forwards: each refusal has an error of its own.
//
// Start with [Packet], and with [MustParseFlow] for tests.
package packet
