package firewall

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// drawnNames describes groups g0 to g99 but no others, and the prefix lists it has.
type drawnNames map[string]drawnList

type drawnList struct {
	entries []netip.Prefix
	known   bool
}

func (n drawnNames) Group(name string) (GroupID, bool) {
	var id GroupID
	_, err := fmt.Sscanf(name, "g%d", &id)
	return id, err == nil && id < 100
}

func (n drawnNames) PrefixList(name string) ([]netip.Prefix, bool) {
	return n[name].entries, n[name].known
}

// Addresses near each other and at the ends of lines, so that prefixes of all lengths meet them.
var nearAddrs = rapid.SampledFrom([]netip.Addr{
	netip.MustParseAddr("0.0.0.0"), netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("10.0.0.2"), netip.MustParseAddr("10.0.200.1"),
	netip.MustParseAddr("127.255.255.255"), netip.MustParseAddr("128.0.0.0"), netip.MustParseAddr("255.255.255.255"),
	netip.MustParseAddr("::"), netip.MustParseAddr("::ffff:ffff"), netip.MustParseAddr("::1:0:0"), netip.MustParseAddr("::ffff:10.0.0.1"),
	netip.MustParseAddr("2001:db8:1::1"), netip.MustParseAddr("2001:db8:1::2"), netip.MustParseAddr("2001:db8:1::ffff:ffff:ffff:ffff"),
	netip.MustParseAddr("2001:db8:1:1::"), netip.MustParseAddr("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
})

// remotes also has addresses that no prefix contains.
var remotes = rapid.OneOf(nearAddrs, nearAddrs, nearAddrs, rapid.SampledFrom([]netip.Addr{{}, netip.MustParseAddr("2001:db8:1::1%eth0")}))

var nearPrefixes = rapid.Custom(func(t *rapid.T) netip.Prefix {
	a := nearAddrs.Draw(t, "address")
	bits := rapid.IntRange(0, a.BitLen()).Draw(t, "bits")
	if rapid.IntRange(0, 3).Draw(t, "host") == 0 {
		bits = a.BitLen()
	}
	return netip.PrefixFrom(a, bits) // with host bits, as one may write it
})

var drawNames = rapid.Custom(func(t *rapid.T) drawnNames {
	names := make(drawnNames)
	for i := range 8 {
		names[fmt.Sprint("pl-", i)] = drawnList{
			entries: rapid.SliceOfN(rapid.OneOf(nearPrefixes, nearPrefixes, rapid.Just(netip.Prefix{})), 0, 20).Draw(t, "entries"),
			known:   rapid.IntRange(0, 3).Draw(t, "known") > 0,
		}
	}
	return names
})

var nearPorts = rapid.OneOf(rapid.SampledFrom([]int{0, 1, 22, 80, 443, 444, 65534, 65535}), rapid.IntRange(400, 500))

func drawNearService(t *rapid.T) Service {
	s := drawService(t)
	if s.HasPorts() {
		s.From = nearPorts.Draw(t, "from")
		if s.To = s.From; rapid.Bool().Draw(t, "range") {
			s.To = nearPorts.Draw(t, "to") // or reversed
		}
	}
	return s
}

var drawNearRule = rapid.Custom(func(t *rapid.T) Rule {
	r := Rule{Service: drawNearService(t)}
	switch rapid.IntRange(0, 9).Draw(t, "peer") {
	case 0, 1, 2, 3:
		r.Peer.Prefix = nearPrefixes.Draw(t, "prefix")
	case 4, 5, 6:
		r.Peer.Group = fmt.Sprint("g", rapid.IntRange(0, 102).Draw(t, "group"))
	case 7, 8:
		r.Peer.PrefixList = fmt.Sprint("pl-", rapid.IntRange(0, 8).Draw(t, "list"))
	}
	if rapid.IntRange(0, 9).Draw(t, "unknown") == 0 {
		r.Unknown = "?"
		if rapid.Bool().Draw(t, "service unknown") {
			r.Service = Service{}
		}
	}
	return r
})

// drawRules draws few rules or several hundred.
func drawRules(t *rapid.T) []Rule {
	most := rapid.SampledFrom([]int{2, 10, 63, 64, 65, 400}).Draw(t, "most")
	return rapid.SliceOfN(drawNearRule, rapid.SampledFrom([]int{0, most}).Draw(t, "least"), most).Draw(t, "rules")
}

// drawQuestion draws a packet that meets rules.
func drawQuestion(t *rapid.T) (Header, netip.Addr, []GroupID) {
	h := drawHeader(t)
	if h.Proto == protoTCP || h.Proto == protoUDP {
		h.Port = uint16(nearPorts.Draw(t, "port"))
	}
	groups := rapid.SliceOfN(rapid.Map(rapid.IntRange(0, 300), func(n int) GroupID { return GroupID(n) }), 0, 16).Draw(t, "groups")
	return h, remotes.Draw(t, "remote"), groups
}

func TestFilter_AgreesWithLinear(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		names := drawNames.Draw(t, "names")
		var sets []*RuleSet
		var twin linearFilter
		for range rapid.IntRange(1, 4).Draw(t, "sets") {
			rules := drawRules(t)
			sets, twin = append(sets, CompileRules(rules, names)), append(twin, compileLinear(rules, names))
		}
		f := NewFilter(sets...)
		for range 50 {
			h, remote, groups := drawQuestion(t)
			if got, want := f.Decide(h, remote, groups), twin.decide(h, remote, groups); got != want {
				t.Fatalf("%+v from %s %v: got %s, want %s", h, remote, groups, got.testString(), want.testString())
			}
			if got, want := f.OpenAll(h.Proto, remote.Is6()), twin.allOpen(h.Proto, remote.Is6()); got != want {
				t.Fatalf("OpenAll %+v from %s: got %v, want %v", h, remote, got, want)
			}
		}
	})
}

func TestACL_AgreesWithLinear(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var entries []Entry
		for _, r := range drawRules(t) {
			n, action := rapid.IntRange(1, 200).Draw(t, "number"), Action(rapid.IntRange(0, 1).Draw(t, "action"))
			entries = append(entries, Entry{Number: n, Action: action, Service: r.Service, CIDR: r.Peer.Prefix, Unknown: r.Unknown})
		}
		a, twin := CompileACL(entries), compileLinearACL(entries)
		for range 50 {
			h, remote, _ := drawQuestion(t)
			if got, want := a.Decide(h, remote), twin.decide(h, remote); got != want {
				t.Fatalf("%+v from %s: got %s, want %s", h, remote, got.testString(), want.testString())
			}
		}
	})
}

// The rules before and after each border between classifiers decide, and a packet that only the last matches passes all of them.
func TestFilter_MoreRulesThanOneClassifierHolds(t *testing.T) {
	rules := make([]Rule, 2*maxParts+70)
	for i := range rules {
		rules[i] = testRule(fmt.Sprintf("tcp/%d 10.0.0.0/8", i))
	}
	f := NewFilter(CompileRules(rules, testNames{}))
	for _, port := range []int{0, 63, 64, maxParts - 1, maxParts, 2*maxParts - 1, 2 * maxParts, len(rules) - 1} {
		d := f.Decide(Header{Proto: protoTCP, Port: uint16(port)}, netip.MustParseAddr("10.0.0.1"), nil)
		if d.Verdict != Allowed || d.Rule != port {
			t.Errorf("tcp/%d: got %s", port, d.testString())
		}
	}
	nothing := make([]Rule, len(rules)) // no packet has a reversed range
	for i := range nothing {
		nothing[i] = testRule("tcp/80 10.0.0.0/8")
		nothing[i].Service.To = 79
	}
	if d := NewFilter(CompileRules(nothing, testNames{})).Decide(testHeader("tcp/80"), netip.MustParseAddr("10.0.0.1"), nil); d.Verdict != Denied {
		t.Errorf("rules for no packet: got %s", d.testString())
	}
	for _, remote := range []string{"10.0.0.1", "11.0.0.1"} {
		if d := f.Decide(Header{Proto: protoTCP, Port: uint16(len(rules))}, netip.MustParseAddr(remote), nil); d.Verdict != Denied {
			t.Errorf("tcp/%d from %s: got %s", len(rules), remote, d.testString())
		}
	}
}

func TestLast_AgreesWithScan(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		wide := rapid.OneOf(rapid.Uint64(), rapid.SampledFrom([]uint64{0, 1, 1<<63 - 1, 1 << 63, 1<<64 - 1}))
		narrow := rapid.OneOf(rapid.Uint32(), rapid.Uint32Range(0, 50), rapid.SampledFrom([]uint32{0, 1<<31 - 1, 1 << 31, 1<<32 - 1}))
		starts := []uint32{0}
		starts6 := []addr6{{}}
		for range rapid.IntRange(0, 100).Draw(t, "steps") {
			starts = append(starts, narrow.Draw(t, "start"))
			starts6 = append(starts6, addr6{wide.Draw(t, "hi"), wide.Draw(t, "lo")})
		}
		slices.Sort(starts)
		slices.SortFunc(starts6, func(a, b addr6) int { return slices.Compare([]uint64{a.hi, a.lo}, []uint64{b.hi, b.lo}) })
		x, x6 := narrow.Draw(t, "x"), addr6{wide.Draw(t, "x hi"), wide.Draw(t, "x lo")}
		want, want6 := 0, 0
		for i := range starts {
			if starts[i] <= x {
				want = i
			}
			if s := starts6[i]; s.hi < x6.hi || s.hi == x6.hi && s.lo <= x6.lo {
				want6 = i
			}
		}
		if got := last(starts, x); got != want {
			t.Fatalf("last of %v for %v: got %d, want %d", starts, x, got, want)
		}
		if got := last6(starts6, x6); got != want6 {
			t.Fatalf("last6 of %v for %v: got %d, want %d", starts6, x6, got, want6)
		}
	})
}
