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
	entries [classes][]compiledEntry // by ascending number
}

type compiledEntry struct {
	keys    keys
	verdict Verdict
	entry   int32        // index of the entry it comes from
	cidr    netip.Prefix // invalid: any
}

// CompileACL compiles one direction of a network ACL. Entries may be in any order: their numbers count (ACL-6).
func CompileACL(entries []Entry) *ACL {
	a := new(ACL)
	for _, i := range byNumber(entries) {
		if e := &entries[i]; e.CIDR.IsValid() || e.Unknown != "" { // without addresses it matches nothing
			a.compile(i, e)
		}
	}
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

func (a *ACL) compile(i int, e *Entry) {
	service, verdict := e.Service, Denied
	if e.Action == Allow {
		verdict = Allowed
	}
	if e.Unknown != "" {
		verdict = Unknown
	}
	if e.serviceUnknown() {
		service = All
	}
	service.eachSpan(func(c class, k keys) {
		a.entries[c] = append(a.entries[c], compiledEntry{k, verdict, int32(i), e.CIDR})
	})
}

// serviceUnknown reports whether an entry that could not be understood does not even say which packets it is about.
func (e *Entry) serviceUnknown() bool { return e.Unknown != "" && e.Service == Service{} }

// Decide judges a packet by its header and its remote address: the source if it enters the subnet, the destination if it leaves
// (ACL-11). The entry with the lowest number that matches decides (ACL-6). It does not allocate.
func (a *ACL) Decide(h Header, remote netip.Addr) ACLDecision {
	if a == nil {
		return ACLDecision{Entry: FinalEntry}
	}
	c, key := h.classify(remote)
	for i := range a.entries[c] {
		e := &a.entries[c][i]
		if e.keys.contain(key) && (e.cidr.Contains(remote) || !e.cidr.IsValid()) {
			return ACLDecision{Verdict: e.verdict, Entry: int(e.entry)}
		}
	}
	return ACLDecision{Entry: FinalEntry}
}
