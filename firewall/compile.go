package firewall

import (
	"net/netip"
	"slices"

	"github.com/gaissmai/bart"
)

// GroupID numbers the security groups of one compiled network.
type GroupID uint32

// Names gives the names in rules their meaning while rules are compiled.
type Names interface {
	// Group finds a security group; false if it is not described, so that its members are not known.
	Group(name string) (id GroupID, described bool)
	// PrefixList returns the entries of a prefix list; known is false if there may be others.
	PrefixList(name string) (entries []netip.Prefix, known bool)
}

// RuleSet is one direction of one security group, compiled. It never changes, so interfaces that have the group share it.
// The zero RuleSet has no rules and allows nothing (SG-1).
type RuleSet struct {
	rules   [grades][classes][]compiledRule
	openAll openServices
}

// grade sorts what rules compile to by what a match means. [Filter.Decide] tries the grades in this order, so that an open rule is
// found even if a narrower one comes first (SG-29), and doubt counts only where nothing is certain.
//
//	open ────▶ any match: Allowed, Open
//	narrow ──▶ any match: Allowed
//	doubtful ▶ any match: Unknown
//	none     ─▶ Denied
type grade int

const (
	open     grade = iota // matches every address of a family: 0.0.0.0/0 or ::/0
	narrow                // matches some addresses
	doubtful              // may match: part of the rule is not known
	grades                // how many there are
)

func (g grade) verdict() Verdict {
	if g == doubtful {
		return Unknown
	}
	return Allowed
}

// compiledRule is a rule, or the part of a rule that is of one grade and class.
type compiledRule struct {
	keys keys
	rule int32 // index of the rule it comes from
	peer peer
}

// peer is a [Peer] whose names are resolved.
type peer struct {
	kind   peerKind
	group  GroupID
	prefix netip.Prefix
	list   *bart.Lite
}

type peerKind uint8

const (
	nobody peerKind = iota
	anybody
	onePrefix
	oneGroup
	prefixList
)

// contains reports whether remote, the address of an interface that has groups, is p or part of it.
func (p *peer) contains(remote netip.Addr, groups []GroupID) bool {
	switch p.kind {
	case anybody:
		return true
	case onePrefix:
		return p.prefix.Contains(remote)
	case oneGroup:
		return slices.Contains(groups, p.group) // at most 16 groups (SG-57): a binary search is no faster
	case prefixList:
		return p.list.Contains(remote)
	}
	return false
}

// CompileRules compiles one direction of a security group. The rules keep their indexes: [Decision] and [Explain] report them.
func CompileRules(rules []Rule, names Names) *RuleSet {
	set := new(RuleSet)
	for i := range rules {
		set.compile(i, &rules[i], names)
	}
	return set
}

func (s *RuleSet) compile(i int, r *Rule, names Names) {
	service := r.Service
	if r.serviceUnknown() {
		service = All
	}
	r.eachPeer(names, func(g grade, p peer) {
		if r.Unknown != "" {
			g = doubtful
		}
		service.eachSpan(func(c class, k keys) {
			s.rules[g][c] = append(s.rules[g][c], compiledRule{k, int32(i), p})
			if g == open && k == (keys{0, maxKey}) {
				s.openAll |= openService(c, p.prefix.Addr().Is6())
			}
		})
	})
}

// serviceUnknown reports whether a rule that could not be understood does not even say which packets it is about.
func (r *Rule) serviceUnknown() bool { return r.Unknown != "" && r.Service == Service{} }

// eachPeer resolves the peer of a rule, of which parts can be of different grades: a prefix list of which some entries are known.
func (r *Rule) eachPeer(names Names, yield func(grade, peer)) {
	switch {
	case r.Peer.Group != "":
		if id, described := names.Group(r.Peer.Group); described {
			yield(narrow, peer{kind: oneGroup, group: id})
		} else {
			yield(doubtful, peer{kind: anybody})
		}
	case r.Peer.PrefixList != "":
		entries, known := names.PrefixList(r.Peer.PrefixList)
		eachEntry(entries, yield)
		if !known {
			yield(doubtful, peer{kind: anybody})
		}
	case r.Peer.Prefix.IsValid():
		yield(gradeOf(r.Peer.Prefix), peer{kind: onePrefix, prefix: r.Peer.Prefix})
	case r.Unknown != "":
		yield(doubtful, peer{kind: anybody})
	}
}

// eachEntry resolves a prefix list. Entries act like rules for their CIDR (SG-14, SG-56), an entry of /0 therefore like an open rule.
func eachEntry(entries []netip.Prefix, yield func(grade, peer)) {
	list := new(bart.Lite)
	for _, p := range entries {
		switch {
		case !p.IsValid(): // matches nothing
		case p.Bits() == 0:
			yield(open, peer{kind: onePrefix, prefix: p})
		default:
			list.Insert(p)
		}
	}
	if list.Size() > 0 {
		yield(narrow, peer{kind: prefixList, list: list})
	}
}

func gradeOf(p netip.Prefix) grade {
	if p.Bits() == 0 {
		return open
	}
	return narrow
}
