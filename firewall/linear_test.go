package firewall

import (
	"net/netip"
	"slices"

	"github.com/gaissmai/bart"
)

// The linear reading of rules and entries: one after the other, the first that matches decides. It is the slow twin of [classifier]
// and what the benchmarks compare it with.

func (k keys) contain(key uint16) bool { return k.first <= key && key <= k.last }

// linearFilter is the twin of [Filter].
type linearFilter []*linearSet

// linearSet is the twin of [RuleSet].
type linearSet struct {
	rules   [grades][classes][]linearRule
	openAll openServices
}

type linearRule struct {
	keys keys
	rule int
	peer linearPeer
}

// linearPeer is anybody, a group, a prefix or a prefix list.
type linearPeer struct {
	anybody bool
	isGroup bool
	group   GroupID
	prefix  netip.Prefix
	list    *bart.Lite
}

func (p *linearPeer) contains(remote netip.Addr, groups []GroupID) bool {
	switch {
	case p.anybody:
		return true
	case p.isGroup:
		return slices.Contains(groups, p.group)
	case p.list != nil:
		return remote.Zone() == "" && p.list.Contains(remote)
	}
	return p.prefix.Contains(remote)
}

func compileLinear(rules []Rule, names Names) *linearSet {
	s := new(linearSet)
	for i := range rules {
		s.compile(i, &rules[i], names)
	}
	return s
}

func (s *linearSet) compile(i int, r *Rule, names Names) {
	service := r.Service
	if r.serviceUnknown() {
		service = All
	}
	linearPeers(r, names, func(g grade, p linearPeer) {
		if r.Unknown != "" {
			g = doubtful
		}
		service.eachSpan(func(c class, k keys) {
			s.rules[g][c] = append(s.rules[g][c], linearRule{k, i, p})
			if g == open && k == (keys{0, maxKey}) {
				s.openAll |= openService(c, p.prefix.Addr().Is6())
			}
		})
	})
}

func linearPeers(r *Rule, names Names, yield func(grade, linearPeer)) {
	switch {
	case r.Peer.Group != "":
		if id, described := names.Group(r.Peer.Group); described {
			yield(narrow, linearPeer{isGroup: true, group: id})
		} else {
			yield(doubtful, linearPeer{anybody: true})
		}
	case r.Peer.PrefixList != "":
		entries, known := names.PrefixList(r.Peer.PrefixList)
		list := new(bart.Lite)
		for _, p := range entries {
			switch {
			case !p.IsValid():
			case p.Bits() == 0:
				yield(open, linearPeer{prefix: p})
			default:
				list.Insert(p)
			}
		}
		if list.Size() > 0 {
			yield(narrow, linearPeer{list: list})
		}
		if !known {
			yield(doubtful, linearPeer{anybody: true})
		}
	case r.Peer.Prefix.IsValid() && r.Peer.Prefix.Bits() == 0:
		yield(open, linearPeer{prefix: r.Peer.Prefix})
	case r.Peer.Prefix.IsValid():
		yield(narrow, linearPeer{prefix: r.Peer.Prefix})
	case r.Unknown != "":
		yield(doubtful, linearPeer{anybody: true})
	}
}

func (f linearFilter) decide(h Header, remote netip.Addr, groups []GroupID) Decision {
	c, key := h.classify(remote)
	for g := range grades {
		for i, s := range f {
			rules := s.rules[g][c]
			for j := range rules {
				if r := &rules[j]; r.keys.contain(key) && r.peer.contains(remote, groups) {
					return Decision{Verdict: g.verdict(), Open: g == open, Set: i, Rule: r.rule}
				}
			}
		}
	}
	return Decision{}
}

func (f linearFilter) allOpen(proto uint8, v6 bool) bool {
	want := openService(classOf(int(proto)), v6)
	return slices.ContainsFunc(f, func(s *linearSet) bool { return s.openAll&want != 0 })
}

// linearACL is the twin of [ACL].
type linearACL [classes][]linearEntry

type linearEntry struct {
	keys    keys
	verdict Verdict
	entry   int
	cidr    netip.Prefix // invalid: any
}

func compileLinearACL(entries []Entry) *linearACL {
	a := new(linearACL)
	for _, i := range byNumber(entries) {
		e := &entries[i]
		if !e.CIDR.IsValid() && e.Unknown == "" {
			continue
		}
		service := e.Service
		if e.serviceUnknown() {
			service = All
		}
		verdict := [...]Verdict{Deny: Denied, Allow: Allowed}[e.Action]
		if e.Unknown != "" {
			verdict = Unknown
		}
		service.eachSpan(func(c class, k keys) {
			a[c] = append(a[c], linearEntry{k, verdict, i, e.CIDR})
		})
	}
	return a
}

func (a *linearACL) decide(h Header, remote netip.Addr) ACLDecision {
	c, key := h.classify(remote)
	for i := range a[c] {
		e := &a[c][i]
		if e.keys.contain(key) && (e.cidr.Contains(remote) || !e.cidr.IsValid()) {
			return ACLDecision{Verdict: e.verdict, Entry: e.entry}
		}
	}
	return ACLDecision{Entry: FinalEntry}
}
