package firewall

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
)

// testNames describes groups app (1), web (2) and db (3) but not "other", prefix list pl-offices whole and pl-partial in part.
type testNames struct{}

func (testNames) Group(name string) (GroupID, bool) {
	id := slices.Index([]string{"app", "web", "db"}, name) + 1
	return GroupID(id), id > 0
}

func (testNames) PrefixList(name string) ([]netip.Prefix, bool) {
	switch name {
	case "pl-offices":
		return []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("2001:db8:1::/48")}, true
	case "pl-all":
		return []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0"), {}, netip.MustParsePrefix("2001:db8:1::/48")}, true
	case "pl-partial":
		return []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}, false
	}
	return nil, false
}

// testRule reads "tcp/443 10.0.0.0/8", "tcp/443 app" or "all pl-offices". A rule that starts with "?" is not understood, and "_" stands
// for a part of it that is not known.
func testRule(s string) Rule {
	service, peer, _ := strings.Cut(strings.TrimPrefix(s, "?"), " ")
	var r Rule
	if strings.HasPrefix(s, "?") {
		r.Unknown = "a variable"
	}
	if service != "_" {
		r.Service = MustParseService(service)
	}
	switch prefix, err := netip.ParsePrefix(peer); {
	case err == nil:
		r.Peer.Prefix = prefix
	case strings.HasPrefix(peer, "pl-"):
		r.Peer.PrefixList = peer
	case peer != "_":
		r.Peer.Group = peer
	}
	return r
}

// testRules reads several rules, separated by commas.
func testRules(s string) []Rule {
	var rules []Rule
	for r := range strings.SplitSeq(s, ", ") {
		if r != "" {
			rules = append(rules, testRule(r))
		}
	}
	return rules
}

// testHeader reads "tcp/443", "icmp/8/0", "ip/50".
func testHeader(s string) Header {
	svc := MustParseService(s)
	switch svc.Protocol {
	case protoTCP, protoUDP:
		return Header{Proto: uint8(svc.Protocol), Port: uint16(svc.From)}
	case protoICMP, protoICMPv6:
		return Header{Proto: uint8(svc.Protocol), ICMPType: uint8(svc.From), ICMPCode: uint8(max(svc.To, 0))}
	}
	return Header{Proto: uint8(svc.Protocol)}
}

// String is "denied", or the verdict and "set.rule".
func (d Decision) testString() string {
	s := d.Verdict.String()
	if d.Verdict == Denied {
		return s
	}
	if d.Open {
		s = "open"
	}
	return fmt.Sprintf("%s %d.%d", s, d.Set, d.Rule)
}

// filterCases are pairs: what passes, and the nearest that does not. Sets are separated by " | ".
var filterCases = []struct {
	name   string
	sets   string
	header string
	remote string
	groups []GroupID
	want   string
}{
	{"SG-1 no rules", "", "tcp/443", "10.0.0.1", nil, "denied"},
	{"SG-1 one rule that matches", "tcp/443 10.0.0.0/8", "tcp/443", "10.0.0.1", nil, "allowed 0.0"},
	{"SG-1 one rule that does not", "tcp/443 10.0.0.0/8", "tcp/443", "11.0.0.1", nil, "denied"},

	{"SG-6 second group allows", "tcp/22 10.0.0.0/8 | tcp/80 10.0.0.0/8, tcp/443 10.0.0.0/8", "tcp/443", "10.0.0.1", nil, "allowed 1.1"},
	{"SG-6 no group allows", "tcp/22 10.0.0.0/8 | tcp/80 10.0.0.0/8, tcp/443 10.0.0.0/8", "tcp/444", "10.0.0.1", nil, "denied"},
	{"SG-6 the order of groups does not matter", "tcp/443 10.0.0.0/8 | tcp/22 10.0.0.0/8", "tcp/443", "10.0.0.1", nil, "allowed 0.0"},

	{"SG-8 first port of the range", "tcp/8000-8099 10.0.0.0/8", "tcp/8000", "10.0.0.1", nil, "allowed 0.0"},
	{"SG-8 last port of the range", "tcp/8000-8099 10.0.0.0/8", "tcp/8099", "10.0.0.1", nil, "allowed 0.0"},
	{"SG-8 one port below", "tcp/8000-8099 10.0.0.0/8", "tcp/7999", "10.0.0.1", nil, "denied"},
	{"SG-8 one port above", "tcp/8000-8099 10.0.0.0/8", "tcp/8100", "10.0.0.1", nil, "denied"},
	{"SG-8 the port in the other protocol", "tcp/8000-8099 10.0.0.0/8", "udp/8000", "10.0.0.1", nil, "denied"},
	{"SG-8 UDP", "udp/53 10.0.0.0/8", "udp/53", "10.0.0.1", nil, "allowed 0.0"},

	{"SG-9 all allows TCP", "all 10.0.0.0/8", "tcp/1", "10.0.0.1", nil, "allowed 0.0"},
	{"SG-9 all allows ICMP", "all 10.0.0.0/8", "icmp/8/0", "10.0.0.1", nil, "allowed 0.0"},
	{"SG-9 all allows ESP", "all 10.0.0.0/8", "ip/50", "10.0.0.1", nil, "allowed 0.0"},
	{"SG-9 all, but another address", "all 10.0.0.0/8", "ip/50", "11.0.0.1", nil, "denied"},
	{"SG-9 a protocol by number", "ip/50 10.0.0.0/8", "ip/50", "10.0.0.1", nil, "allowed 0.0"},
	{"SG-9 another protocol by number", "ip/50 10.0.0.0/8", "ip/51", "10.0.0.1", nil, "denied"},
	{"SG-9 protocol 0 is a protocol", "ip/0 10.0.0.0/8", "ip/0", "10.0.0.1", nil, "allowed 0.0"},
	{"SG-9 protocol 0 is not all", "ip/0 10.0.0.0/8", "tcp/443", "10.0.0.1", nil, "denied"},

	{"SG-11 any type", "icmp 10.0.0.0/8", "icmp/13/0", "10.0.0.1", nil, "allowed 0.0"},
	{"SG-11 the type, any code", "icmp/3 10.0.0.0/8", "icmp/3/4", "10.0.0.1", nil, "allowed 0.0"},
	{"SG-11 the type, the last code", "icmp/3 10.0.0.0/8", "icmp/3/255", "10.0.0.1", nil, "allowed 0.0"},
	{"SG-11 another type", "icmp/3 10.0.0.0/8", "icmp/4/4", "10.0.0.1", nil, "denied"},
	{"SG-11 the type and code", "icmp/3/4 10.0.0.0/8", "icmp/3/4", "10.0.0.1", nil, "allowed 0.0"},
	{"SG-11 another code", "icmp/3/4 10.0.0.0/8", "icmp/3/3", "10.0.0.1", nil, "denied"},
	{"SG-11 type 0 is not any", "icmp/0 10.0.0.0/8", "icmp/8/0", "10.0.0.1", nil, "denied"},
	{"SG-11 code 0 is not any", "icmp/8/0 10.0.0.0/8", "icmp/8/1", "10.0.0.1", nil, "denied"},

	{"SG-12 ICMPv6 over IPv6", "icmpv6 app", "icmpv6/128/0", "2001:db8::1", []GroupID{1}, "allowed 0.0"},
	{"SG-12 ICMPv6 over IPv4", "icmpv6 app", "icmpv6/128/0", "10.0.0.1", []GroupID{1}, "denied"},
	{"SG-12 ICMP over IPv4", "icmp app", "icmp/8/0", "10.0.0.1", []GroupID{1}, "allowed 0.0"},
	{"SG-12 ICMP over IPv6", "icmp app", "icmp/8/0", "2001:db8::1", []GroupID{1}, "denied"},
	{"SG-12 ICMP does not allow ICMPv6", "icmp app", "icmpv6/128/0", "2001:db8::1", []GroupID{1}, "denied"},

	{"SG-13 0.0.0.0/0 for IPv4", "tcp/443 0.0.0.0/0", "tcp/443", "198.51.100.1", nil, "open 0.0"},
	{"SG-13 0.0.0.0/0 for IPv6", "tcp/443 0.0.0.0/0", "tcp/443", "2001:db8::1", nil, "denied"},
	{"SG-13 ::/0 for IPv6", "tcp/443 ::/0", "tcp/443", "2001:db8::1", nil, "open 0.0"},
	{"SG-13 ::/0 for IPv4", "tcp/443 ::/0", "tcp/443", "198.51.100.1", nil, "denied"},
	{"SG-13 0.0.0.0/0 for an IPv4-mapped address", "all 0.0.0.0/0", "tcp/443", "::ffff:10.0.0.1", nil, "denied"},
	{"SG-13 a group in both families: IPv4", "tcp/443 app", "tcp/443", "10.0.0.1", []GroupID{1}, "allowed 0.0"},
	{"SG-13 a group in both families: IPv6", "tcp/443 app", "tcp/443", "2001:db8::1", []GroupID{1}, "allowed 0.0"},

	{"SG-14 first entry of the list", "tcp/443 pl-offices", "tcp/443", "192.0.2.9", nil, "allowed 0.0"},
	{"SG-14 second entry of the list", "tcp/443 pl-offices", "tcp/443", "2001:db8:1::9", nil, "allowed 0.0"},
	{"SG-14 beside the entries", "tcp/443 pl-offices", "tcp/443", "192.0.3.9", nil, "denied"},
	{"SG-14 beside the entries, IPv4-mapped", "tcp/443 pl-offices", "tcp/443", "::ffff:192.0.2.9", nil, "denied"},
	{"SG-14 an entry of /0 is open", "tcp/443 pl-all", "tcp/443", "192.0.3.9", nil, "open 0.0"},
	{"SG-14 an entry beside one of /0 is not", "tcp/443 pl-all", "tcp/443", "2001:db8:1::9", nil, "allowed 0.0"},

	{"SG-15 the remote has the group", "tcp/443 app", "tcp/443", "10.0.0.1", []GroupID{1, 3}, "allowed 0.0"},
	{"SG-15 the remote has other groups", "tcp/443 app", "tcp/443", "10.0.0.1", []GroupID{2, 3}, "denied"},
	{"SG-16 the remote's identity is lost", "tcp/443 app", "tcp/443", "10.0.0.1", nil, "denied"},
	{"SG-18 a group among its own", "tcp/443 web", "tcp/443", "10.0.0.1", []GroupID{2}, "allowed 0.0"},

	{"SG-29 a narrow rule alone", "tcp/443 10.0.0.0/8, tcp/80 0.0.0.0/0", "tcp/443", "10.0.0.1", nil, "allowed 0.0"},
	{"SG-29 the open rule wins over a narrow one", "tcp/443 10.0.0.0/8, tcp/443 0.0.0.0/0", "tcp/443", "10.0.0.1", nil, "open 0.1"},
	{"SG-29 also in another group", "tcp/443 app | tcp/22 app, all 0.0.0.0/0", "tcp/443", "10.0.0.1", []GroupID{1}, "open 1.1"},
	{"SG-29 the first of several open ones", "all 0.0.0.0/0 | tcp/443 0.0.0.0/0", "tcp/443", "10.0.0.1", nil, "open 0.0"},

	{"not understood, may match", "?tcp/443 _", "tcp/443", "10.0.0.1", nil, "unknown 0.0"},
	{"not understood, another port", "?tcp/443 _", "tcp/444", "10.0.0.1", nil, "denied"},
	{"not understood, another address", "?tcp/443 10.0.0.0/8", "tcp/443", "11.0.0.1", nil, "denied"},
	{"not understood, address fits", "?tcp/443 0.0.0.0/0", "tcp/443", "11.0.0.1", nil, "unknown 0.0"},
	{"not understood, not even the service", "?_ 10.0.0.0/8", "ip/50", "10.0.0.1", nil, "unknown 0.0"},
	{"not understood, nothing of it", "?_ _", "ip/50", "10.0.0.1", nil, "unknown 0.0"},
	{"not understood, but another rule allows", "?tcp/443 _ | tcp/443 10.0.0.0/8", "tcp/443", "10.0.0.1", nil, "allowed 1.0"},
	{"understood, but for nobody", "tcp/443 _", "tcp/443", "10.0.0.1", nil, "denied"},
	{"group not described", "tcp/443 other", "tcp/443", "10.0.0.1", []GroupID{1}, "unknown 0.0"},
	{"group not described, another port", "tcp/443 other", "tcp/22", "10.0.0.1", []GroupID{1}, "denied"},
	{"list known in part, known entry", "tcp/443 pl-partial", "tcp/443", "192.0.2.9", nil, "allowed 0.0"},
	{"list known in part, other address", "tcp/443 pl-partial", "tcp/443", "192.0.3.9", nil, "unknown 0.0"},
	{"list known in part, other port", "tcp/443 pl-partial", "tcp/22", "192.0.3.9", nil, "denied"},
	{"list not known", "tcp/443 pl-none", "tcp/443", "192.0.2.9", nil, "unknown 0.0"},
}

func testFilter(sets string) *Filter {
	var compiled []*RuleSet
	for s := range strings.SplitSeq(sets, " | ") {
		compiled = append(compiled, CompileRules(testRules(s), testNames{}))
	}
	return NewFilter(compiled...)
}

func TestFilter_Decide(t *testing.T) {
	for _, c := range filterCases {
		t.Run(c.name, func(t *testing.T) {
			f := testFilter(c.sets)
			got := f.Decide(testHeader(c.header), netip.MustParseAddr(c.remote), c.groups)
			if got.testString() != c.want {
				t.Errorf("rules %q, %s, %s %v: got %s, want %s", c.sets, c.header, c.remote, c.groups, got.testString(), c.want)
			}
		})
	}
}

func TestFilter_NilDenies(t *testing.T) {
	h, remote := testHeader("tcp/443"), netip.MustParseAddr("10.0.0.1")
	for name, f := range map[string]*Filter{"nil": nil, "no sets": NewFilter(), "nil set": NewFilter(nil), "zero set": NewFilter(&RuleSet{})} {
		if got := f.Decide(h, remote, nil); got != (Decision{}) {
			t.Errorf("%s: got %s, want denied", name, got.testString())
		}
		if f.OpenAll(protoTCP, false) {
			t.Errorf("%s: OpenAll, want not", name)
		}
	}
}

func TestSG28_OpenAll(t *testing.T) {
	const v4, v6 = false, true
	for _, c := range []struct {
		name  string
		sets  string
		proto uint8
		v6    bool
		want  bool
	}{
		{"all to everyone: TCP", "all 0.0.0.0/0", protoTCP, v4, true},
		{"all to everyone: UDP", "all 0.0.0.0/0", protoUDP, v4, true},
		{"SG-32 all to everyone: ICMP is tracked anyway", "all 0.0.0.0/0", protoICMP, v4, false},
		{"all to everyone: other protocols are tracked anyway", "all 0.0.0.0/0", 50, v4, false},
		{"SG-13 the other family", "all 0.0.0.0/0", protoTCP, v6, false},
		{"::/0", "all ::/0", protoTCP, v6, true},
		{"::/0 for IPv4", "all ::/0", protoTCP, v4, false},
		{"tcp", "tcp 0.0.0.0/0", protoTCP, v4, true},
		{"tcp for UDP", "tcp 0.0.0.0/0", protoUDP, v4, false},
		{"udp", "udp 0.0.0.0/0", protoUDP, v4, true},
		{"all ports but one", "tcp/1-65535 0.0.0.0/0", protoTCP, v4, false},
		{"all ports but the last", "tcp/0-65534 0.0.0.0/0", protoTCP, v4, false},
		{"two halves are not one rule", "tcp/0-1023 0.0.0.0/0, tcp/1024-65535 0.0.0.0/0", protoTCP, v4, false},
		{"almost every address", "all 0.0.0.0/1, all 128.0.0.0/1", protoTCP, v4, false},
		{"a group", "all app", protoTCP, v4, false},
		{"an entry of /0 in a prefix list", "all pl-all", protoTCP, v4, true},
		{"not understood", "?all 0.0.0.0/0", protoTCP, v4, false},
		{"in the first group", "all 0.0.0.0/0 | tcp/22 app", protoTCP, v4, true},
		{"in the second group", "tcp/22 app | all 0.0.0.0/0", protoTCP, v4, true},
	} {
		if got := testFilter(c.sets).OpenAll(c.proto, c.v6); got != c.want {
			t.Errorf("%s: got %v, want %v", c.name, got, c.want)
		}
	}
}

func TestSG10_ReversedRangeMatchesNothing(t *testing.T) {
	rule := testRule("all 0.0.0.0/0")
	for name, s := range map[string]Service{"reversed": {protoTCP, 90, 80}, "no ports": {protoTCP, -1, -1}, "beyond": {protoTCP, 65536, 65540}} {
		rule.Service = s
		f := NewFilter(CompileRules([]Rule{rule}, testNames{}))
		for _, port := range []uint16{0, 4, 80, 85, 90, 65535} {
			if d := f.Decide(Header{Proto: protoTCP, Port: port}, netip.MustParseAddr("10.0.0.1"), nil); d.Verdict != Denied {
				t.Errorf("%s: port %d is %s", name, port, d.testString())
			}
		}
	}
}
