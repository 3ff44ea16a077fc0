package firewall

import (
	"net/netip"
	"slices"
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
	parts   classifier      // sorted by grade, then by rule
	rules   []int32         // which rule each part comes from
	ends    [doubtful]int32 // where the parts of the next grade begin
	best    grade           // of all parts
	openAll openServices
}

// grade sorts what rules compile to by what a match means. [Filter.Decide] prefers the grades in this order: an open rule is
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
	grades                // how many there are; a match of this grade is none
)

func (g grade) verdict() Verdict {
	if g == doubtful {
		return Unknown
	}
	return Allowed
}

// CompileRules compiles one direction of a security group. The rules keep their indexes: [Decision] and [Explain] report them.
func CompileRules(rules []Rule, names Names) *RuleSet {
	byGrade := partsByGrade(rules, names)
	parts := slices.Concat(byGrade[:]...)
	set := &RuleSet{parts: newClassifier(parts), rules: make([]int32, len(parts))}
	set.ends[open] = int32(len(byGrade[open]))
	set.ends[narrow] = set.ends[open] + int32(len(byGrade[narrow]))
	set.best = set.grade(0)
	for i := range parts {
		set.rules[i] = parts[i].rule
	}
	for i := range byGrade[open] {
		set.openAll |= byGrade[open][i].openServices()
	}
	return set
}

// grade is the grade of a part, which may be the one after the last.
func (s *RuleSet) grade(part int) grade {
	g := open
	for g < doubtful && part >= int(s.ends[g]) {
		g++
	}
	return g
}

func partsByGrade(rules []Rule, names Names) (parts [grades][]part) {
	parts[narrow] = make([]part, 0, len(rules))
	for i := range rules {
		r := &rules[i]
		service := r.Service
		if r.serviceUnknown() {
			service = All
		}
		r.eachPeer(names, func(g grade, p peer) {
			if r.Unknown != "" {
				g = doubtful
			}
			parts[g] = append(parts[g], part{int32(i), service, p})
		})
	}
	return parts
}

// openServices is of which protocols and families an open part has every port.
func (p *part) openServices() (set openServices) {
	p.service.eachSpan(func(c class, k keys) {
		if k == (keys{0, maxKey}) {
			for _, prefix := range p.peer.prefixes {
				set |= openService(c, prefix.Addr().Is6())
			}
		}
	})
	return set
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
		yield(gradeOf(r.Peer.Prefix), peer{prefixes: []netip.Prefix{r.Peer.Prefix}})
	case r.Unknown != "":
		yield(doubtful, peer{kind: anybody})
	}
}

// eachEntry resolves a prefix list. Entries act like rules for their CIDR (SG-14, SG-56), an entry of /0 therefore like an open rule.
func eachEntry(entries []netip.Prefix, yield func(grade, peer)) {
	var lists [doubtful][]netip.Prefix
	for _, p := range entries {
		if p.IsValid() { // an invalid one matches nothing
			g := gradeOf(p)
			lists[g] = append(lists[g], p)
		}
	}
	for g, list := range lists {
		if len(list) > 0 {
			yield(grade(g), peer{prefixes: list})
		}
	}
}

func gradeOf(p netip.Prefix) grade {
	if p.Bits() == 0 {
		return open
	}
	return narrow
}
