package firewall

import (
	"net/netip"
	"slices"
)

// Decision is what the security groups of an interface say of a packet. The zero Decision denies.
type Decision struct {
	Verdict Verdict
	// Open says that a rule for every address of the family matched (SG-28). An open rule is preferred over a narrower one that
	// matches too (SG-29).
	Open bool
	// Set and Rule say which rule decided: the index of its rule set in the [Filter] and its index in the set. They mean nothing if
	// the verdict is Denied, which no single rule is to blame for (SG-1).
	Set, Rule int
}

// Filter is one direction of the security groups of an interface: the union of their rule sets (SG-6). It never changes.
// A nil Filter denies everything.
type Filter struct {
	sets    []*RuleSet
	openAll openServices
}

// NewFilter merges rule sets. Nil sets hold no rules.
func NewFilter(sets ...*RuleSet) *Filter {
	f := &Filter{sets: slices.Clone(sets)}
	for i, s := range f.sets {
		if s == nil {
			f.sets[i] = &RuleSet{}
			continue
		}
		f.openAll |= s.openAll
	}
	return f
}

// Decide judges a packet by its header, its remote address and the groups of the interface that owns this address. Pass no groups
// if the owner is unknown or its identity was lost on the way (SG-16, SG-23). It does not allocate.
func (f *Filter) Decide(h Header, remote netip.Addr, remoteGroups []GroupID) Decision {
	if f == nil {
		return Decision{}
	}
	spot, best := h.spot(remote), grades
	decision := Decision{}
	for i, s := range f.sets {
		if best <= s.best {
			continue // it has nothing better
		}
		part := s.parts.find(&spot, remoteGroups)
		if part >= len(s.rules) {
			continue
		}
		if g := s.grade(part); g < best {
			best, decision = g, Decision{Verdict: g.verdict(), Open: g == open, Set: i, Rule: int(s.rules[part])}
		}
	}
	return decision
}

// OpenAll reports whether one rule for 0.0.0.0/0, or ::/0 if v6, covers every port of proto. Only TCP and UDP can be so, since
// flows of other protocols are tracked whatever the rules (SG-28, SG-32). A flow that an open rule allowed stays untracked if this
// holds for the filter of the other direction.
func (f *Filter) OpenAll(proto uint8, v6 bool) bool {
	return f != nil && f.openAll&openService(classOf(int(proto)), v6) != 0
}

// openServices is a set: of which protocol and family a rule set opens every port to every address.
type openServices uint8

// openService is the set of one class and family, empty unless the class is TCP or UDP.
func openService(c class, v6 bool) openServices {
	set := openServices(0)
	switch c {
	case classTCP:
		set = 1
	case classUDP:
		set = 2
	}
	if v6 {
		set <<= 2
	}
	return set
}
