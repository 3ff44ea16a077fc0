// Package insights writes traces in the words of AWS's Reachability Analyzer: the JSON
// that "aws ec2 describe-network-insights-analyses" prints, so that what reads AWS's
// answers reads these.
//
//	emu.Trace ──▶ Of ──┬▶ path.go: Forward- and ReturnPathComponents, from its steps
//	                   └▶ explain.go: Explanations, from its blockers
//
// A path has what a packet meets in the order in which AWS lists it: the instance, its
// interface, the security group, the network ACL, the route table, gateways, and so on
// to the other end. Where something drops the packet the path ends, with the reason. Each
// blocker is an explanation, but for what a reply would only meet if the request got
// through. The codes are [emu.Reason.Code]; README.md here has them all.
//
// Nothing is made up. IDs of analyses and paths, dates, and ARNs of what is in an account
// or a Region that nobody named are left out. A blocker for which AWS has no code is
// NO_PATH, with its own reason in WarningMessage. AWS knows no unknown verdict: such an
// analysis has the Status "failed", why in StatusMessage, and no NetworkPathFound.
//
// Start with [Of].
package insights
