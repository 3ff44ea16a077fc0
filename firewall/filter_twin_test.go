package firewall

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// twinDecide is [Filter.Decide] as the rule book says it: straight over the rules.
func twinDecide(sets [][]Rule, h Header, remote netip.Addr, groups []GroupID) Decision {
	best, rank := Decision{}, 0 // 1 unknown, 2 allowed, 3 open
	consider := func(r int, d Decision) {
		if r > rank {
			best, rank = d, r
		}
	}
	for s, rules := range sets {
		for i, r := range rules {
			if !twinService(r, h, remote.Is6()) {
				continue
			}
			certain, narrowed, any := twinPeer(r.Peer, remote, groups)
			if r.Unknown != "" {
				if certain || any || narrowed == false || r.Peer == (Peer{}) {
					consider(1, Decision{Unknown, false, s, i})
				}
				continue
			}
			switch {
			case any:
				consider(3, Decision{Allowed, true, s, i})
			case certain:
				consider(2, Decision{Allowed, false, s, i})
			case !narrowed:
				consider(1, Decision{Unknown, false, s, i})
			}
		}
	}
	return best
}

func twinService(r Rule, h Header, v6 bool) bool {
	s := r.Service
	if s.Protocol == -1 || r.Unknown != "" && s == (Service{}) {
		return true
	}
	switch {
	case s.Protocol != int(h.Proto):
		return false
	case s.Protocol == 6 || s.Protocol == 17:
		return s.From <= int(h.Port) && int(h.Port) <= s.To
	case s.Protocol == 1 && v6, s.Protocol == 58 && !v6:
		return false
	case s.Protocol == 1 || s.Protocol == 58:
		return s.From == -1 || s.From == int(h.ICMPType) && (s.To == -1 || s.To == int(h.ICMPCode))
	}
	return true
}

// twinPeer reports whether remote is certainly the peer, whether everything about the peer is known, and whether it is by a prefix of /0.
func twinPeer(p Peer, remote netip.Addr, groups []GroupID) (certain, known, any bool) {
	prefixes := []netip.Prefix{p.Prefix}
	known = true
	if p.Group != "" {
		id, described := testNames{}.Group(p.Group)
		return described && slices.Contains(groups, id), described, false
	}
	if p.PrefixList != "" {
		prefixes, known = testNames{}.PrefixList(p.PrefixList)
	}
	for _, e := range prefixes {
		if e.IsValid() && e.Addr().Is4() == remote.Is4() && e.Contains(remote) {
			certain = true
			any = any || e.Bits() == 0
		}
	}
	return certain, known, any
}

// drawn from few values, so that rules and packets meet.
var (
	anyPort    = rapid.SampledFrom([]int{0, 1, 22, 80, 443, 65534, 65535})
	anyICMP    = rapid.SampledFrom([]int{-1, 0, 3, 8})
	anyProto   = rapid.SampledFrom([]int{-1, 0, 1, 6, 17, 50, 58})
	anyRemote  = rapid.SampledFrom([]string{"10.0.0.1", "10.1.0.1", "192.0.2.9", "2001:db8:1::1", "2001:db8:2::1", "::ffff:10.0.0.1"})
	anyPeer    = rapid.SampledFrom([]string{"0.0.0.0/0", "::/0", "10.0.0.0/8", "10.0.0.0/16", "2001:db8:1::/48", "10.0.0.1/32", "app", "web", "other", "pl-offices", "pl-all", "pl-partial", "_"})
	anyUnknown = rapid.SampledFrom([]string{"", "", "", "?"})
)

func drawService(t *rapid.T) Service {
	s := Service{Protocol: anyProto.Draw(t, "protocol"), From: -1, To: -1}
	switch s.Protocol {
	case 6, 17:
		s.From, s.To = anyPort.Draw(t, "from"), anyPort.Draw(t, "to")
	case 1, 58:
		if s.From = anyICMP.Draw(t, "type"); s.From >= 0 {
			s.To = anyICMP.Draw(t, "code")
		}
	}
	return s
}

func drawHeader(t *rapid.T) Header {
	h := Header{Proto: uint8(max(anyProto.Draw(t, "packet protocol"), 0))}
	switch h.Proto {
	case 6, 17:
		h.Port = uint16(anyPort.Draw(t, "port"))
	case 1, 58:
		h.ICMPType, h.ICMPCode = uint8(max(anyICMP.Draw(t, "packet type"), 0)), uint8(max(anyICMP.Draw(t, "packet code"), 0))
	}
	return h
}

var drawRule = rapid.Custom(func(t *rapid.T) Rule {
	r := testRule(anyUnknown.Draw(t, "unknown") + "all " + anyPeer.Draw(t, "peer"))
	if r.Service = drawService(t); r.Unknown != "" && rapid.Bool().Draw(t, "service unknown") {
		r.Service = Service{}
	}
	return r
})

func TestFilter_AgreesWithTwin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sets := rapid.SliceOfN(rapid.SliceOfN(drawRule, 0, 6), 0, 3).Draw(t, "sets")
		var compiled []*RuleSet
		for _, rules := range sets {
			compiled = append(compiled, CompileRules(rules, testNames{}))
		}
		h, remote := drawHeader(t), netip.MustParseAddr(anyRemote.Draw(t, "remote"))
		groups := rapid.SampledFrom([][]GroupID{nil, {1}, {1, 2}, {2, 3}}).Draw(t, "groups")
		got, want := NewFilter(compiled...).Decide(h, remote, groups), twinDecide(sets, h, remote, groups)
		if got != want {
			t.Fatalf("%+v from %s: got %s, want %s", h, remote, got.testString(), want.testString())
		}
		for s, rules := range sets {
			checkExplain(t, rules, h, remote, groups, twinDecide(sets[s:s+1], h, remote, groups))
		}
	})
}

// checkExplain checks that a set is explained as it is decided: the deciding rule is not among the misses, every other is unless it matches too.
func checkExplain(t *rapid.T, rules []Rule, h Header, remote netip.Addr, groups []GroupID, d Decision) {
	certain, doubtful := len(rules), 0
	for _, m := range Explain(rules, testNames{}, h, remote, groups) {
		certain--
		if strings.HasPrefix(m.Why, "unknown: ") {
			doubtful++
		}
		if d.Verdict == Allowed && m.Rule == d.Rule {
			t.Fatalf("rule %d allows, but is explained away: %s", m.Rule, m.Why)
		}
	}
	want := Denied
	switch {
	case certain > 0:
		want = Allowed
	case doubtful > 0:
		want = Unknown
	}
	if d.Verdict != want {
		t.Fatalf("decided %s, but explained as %s", d.Verdict, want)
	}
}
