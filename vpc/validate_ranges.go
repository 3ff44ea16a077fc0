package vpc

import (
	"net/netip"
	"slices"
)

// Ranges that restrict what a VPC may add to its own.
var (
	net10     = netip.MustParsePrefix("10.0.0.0/8")
	net172    = netip.MustParsePrefix("172.16.0.0/12")
	net172x31 = netip.MustParsePrefix("172.31.0.0/16") // default VPCs
	net192    = netip.MustParsePrefix("192.168.0.0/16")
	net198x19 = netip.MustParsePrefix("198.19.0.0/16")
)

// restrictions say what a VPC with a CIDR in a range may not add.
var restrictions = []struct {
	in      netip.Prefix
	refused []netip.Prefix
	rule    string
}{
	{net10, []netip.Prefix{net172, net192, net198x19}, "VPC-7"},
	{net172, []netip.Prefix{net10, net192, net172x31, net198x19}, "VPC-8"},
	{net192, []netip.Prefix{net10, net172, net198x19}, "VPC-9"},
	{net198x19, []netip.Prefix{net10, net172, net192}, "VPC-10"},
	{netip.MustParsePrefix("10.0.0.0/15"), []netip.Prefix{netip.MustParsePrefix("10.0.0.0/16")}, "VPC-12"},
}

// restrictedRange checks whether the k-th range may be added to those before it.
// A VPC is "public" by its primary range: the 100.64.0.0/10 that a 10/8 VPC adds
// for its pods does not stop it from adding more of 10/8 (VPC-11).
func restrictedRange(cidrs []netip.Prefix, k int) *mistake {
	added := cidrs[k]
	if !is4(added) {
		return nil
	}
	primary := true
	for _, old := range cidrs[:k] {
		if !is4(old) {
			continue
		}
		if rule := refusedBy(old, added, primary); rule != "" {
			return wrong(CodeVPCRange, "%s is restricted: a VPC with %s may not add it (%s)", added, old, rule)
		}
		primary = false
	}
	return nil
}

// refusedBy is the rule that keeps a VPC with the old range from adding another.
func refusedBy(old, added netip.Prefix, primary bool) string {
	special := false
	for _, r := range restrictions {
		if !r.in.Overlaps(old) {
			continue
		}
		special = true
		if slices.ContainsFunc(r.refused, added.Overlaps) {
			return r.rule
		}
	}
	private := []netip.Prefix{net10, net172, net192, net198x19}
	if primary && !special && slices.ContainsFunc(private, added.Overlaps) {
		return "VPC-10"
	}
	return ""
}

// span is a range and whose it is.
type span struct {
	prefix netip.Prefix
	owner  any
}

// cidrsOf are the ranges of a VPC.
func cidrsOf(v *VPC) []span {
	spans := make([]span, 0, len(v.CIDRs))
	for _, p := range v.CIDRs {
		spans = append(spans, span{p, v})
	}
	return spans
}

// overlapping finds the spans that lie in others. Prefixes never cross, so after
// sorting by address and size each is inside the last one that has not ended:
//
//	10.0.0.0/16  ├───────────────────────────┤
//	10.0.1.0/24     ├──┤                         inside: reported
//	10.0.9.0/24              ├──┤                inside: reported
//	10.1.0.0/16                                ├────────
//
// The second of each pair is the one written later.
func overlapping(spans []span) [][2]span {
	order := make([]int, 0, len(spans))
	for k := range spans {
		if spans[k].prefix.IsValid() {
			order = append(order, k)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return spans[a].prefix.Masked().Compare(spans[b].prefix.Masked()) })
	var pairs [][2]span
	outer := -1
	for _, k := range order {
		if outer < 0 || !spans[outer].prefix.Overlaps(spans[k].prefix) {
			outer = k
			continue
		}
		first, second := min(outer, k), max(outer, k)
		pairs = append(pairs, [2]span{spans[first], spans[second]})
	}
	return pairs
}
