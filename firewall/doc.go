// Package firewall decides whether a packet may pass: security groups, network ACLs and connection tracking.
//
//	[]Rule  ──CompileRules──▶ RuleSet ──NewFilter──▶ Filter   the groups of one interface, one direction
//	[]Entry ──CompileACL────▶ ACL                             the border of one subnet, one direction
//	                          Tracker                         what one interface remembers of its flows
//	                          Fragments                       the ports of packets that came in pieces
//
// Rules, entries and what they compile to never change. Trackers and fragments do, outlive a change of rules, and are safe for
// concurrent use. Time is an argument: nanoseconds on a clock of the caller's choice.
//
// A security group asks the parts in this order (ORDER-5), for each packet that leaves or reaches an interface:
//
//	Tracker.Lookup ──hit──────────────────────────────────────────────▶ pass
//	      │ miss
//	Tracker.Related ──an ICMP error about a tracked flow──────────────▶ pass
//	      │ no
//	Filter.Decide ──Allowed, Open, and the other direction OpenAll────▶ pass, untracked (SG-28)
//	      │         └─Allowed otherwise──Tracker.Add──true────────────▶ pass
//	      │                                   └───────false───────────▶ drop, CONNTRACK_FULL (SG-48)
//	      └─Denied────────────────────────────────────────────────────▶ drop
//
// What can be the answer to an untracked flow stays untracked too: it is one of the flow's packets, and there is no state to tell
// (SG-30). The caller sees to that.
//
// The package knows nothing of interfaces, subnets and routes: which filter and which tracker a packet meets, whether its sender's
// groups are still known (SG-15 to SG-24), and what is never filtered (SG-51, ACL-20), the caller decides. It also does not check
// what AWS would refuse, such as reversed ports; package vpc does.
//
// Start with [Rule], [CompileRules] and [Filter].
package firewall
