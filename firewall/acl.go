package firewall

import (
	"cmp"
	"net/netip"
	"slices"
)

// FinalEntry is the index of the entry "*", which ends every network ACL and denies what no other entry matches (ACL-7).
const FinalEntry = -1

// ACLDecision is what a network ACL says of a packet.
type ACLDecision struct {
	Verdict Verdict
	// Entry is the index, in the entries given to [CompileACL], of the first that matches; FinalEntry if none does.
	Entry int
}

// ACL is one direction of a network ACL, compiled. It never changes. It is stateless: replies are judged like any packet (ACL-5).
// A nil ACL has only the final entry, as a new custom ACL (ACL-9).
type ACL struct {
	parts   classifier
	entries []aclEntry // which entry each part is, by ascending number
}

type aclEntry struct {
	entry   int32
	verdict Verdict
}

// CompileACL compiles one direction of a network ACL. Entries may be in any order: their numbers count (ACL-6).
func CompileACL(entries []Entry) *ACL {
	a := new(ACL)
	parts := make([]part, 0, len(entries))
	for _, i := range byNumber(entries) {
		e := &entries[i]
		if !e.CIDR.IsValid() && e.Unknown == "" {
			continue // without addresses it matches nothing
		}
		parts = append(parts, e.part(i))
		a.entries = append(a.entries, aclEntry{int32(i), e.verdict()})
	}
	a.parts = newClassifier(parts)
	return a
}

// byNumber returns the indexes of the entries in the order they are tried.
func byNumber(entries []Entry) []int {
	order := make([]int, len(entries))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(entries[i].Number, entries[j].Number) })
	return order
}

// verdict is what a match means.
func (e *Entry) verdict() Verdict {
	switch {
	case e.Unknown != "":
		return Unknown
	case e.Action == Allow:
		return Allowed
	}
	return Denied
}

func (e *Entry) part(i int) part {
	p := part{int32(i), e.Service, peer{prefixes: []netip.Prefix{e.CIDR}}}
	if e.serviceUnknown() {
		p.service = All
	}
	if !e.CIDR.IsValid() {
		p.peer = peer{kind: anybody}
	}
	return p
}

// serviceUnknown reports whether an entry that could not be understood does not even say which packets it is about.
func (e *Entry) serviceUnknown() bool { return e.Unknown != "" && e.Service == Service{} }

// Decide judges a packet by its header and its remote address: the source if it enters the subnet, the destination if it leaves
// (ACL-11). The entry with the lowest number that matches decides (ACL-6). It does not allocate.
func (a *ACL) Decide(h Header, remote netip.Addr) ACLDecision {
	if a == nil {
		return ACLDecision{Entry: FinalEntry}
	}
	spot := h.spot(remote)
	i := a.parts.find(&spot, nil)
	if i >= len(a.entries) {
		return ACLDecision{Entry: FinalEntry}
	}
	e := a.entries[i]
	return ACLDecision{Verdict: e.verdict, Entry: int(e.entry)}
}
