package firewall

import (
	"net/netip"
	"slices"
)

// Miss says why a rule does not match a packet.
type Miss struct {
	Rule int // index of the rule or entry
	// Why is "protocol differs", "address family differs", "port differs", "ICMP type differs" (or its code), "address differs", or
	// "unknown: " and what is not known, if the rule may match.
	Why string
}

// Explain tells, in their order, why rules do not match a packet; those that do are left out. It is for people who read why a packet
// was blocked: it judges like [Filter.Decide], but slowly.
func Explain(rules []Rule, names Names, h Header, remote netip.Addr, remoteGroups []GroupID) []Miss {
	var misses []Miss
	for i := range rules {
		if why := rules[i].explain(names, h, remote, remoteGroups); why != "" {
			misses = append(misses, Miss{i, why})
		}
	}
	return misses
}

// explain returns why a rule does not match, "" if it does.
func (r *Rule) explain(names Names, h Header, remote netip.Addr, groups []GroupID) string {
	if !r.serviceUnknown() {
		if m := r.Service.compare(h, remote); m != matches {
			return mismatchText[m]
		}
	}
	why, doubt := r.Peer.explain(names, remote, groups)
	switch {
	case r.Unknown != "" && (why == "" || doubt || r.Peer == Peer{}):
		return "unknown: " + r.Unknown
	case doubt:
		return "unknown: " + why
	}
	return why
}

// explain returns why remote is not the peer, "" if it is; or, in doubt, what is not known.
func (p Peer) explain(names Names, remote netip.Addr, groups []GroupID) (why string, doubt bool) {
	switch {
	case p.Group != "":
		id, described := names.Group(p.Group)
		switch {
		case !described:
			return "who has group " + p.Group, true
		case slices.Contains(groups, id):
			return "", false
		}
	case p.PrefixList != "":
		entries, known := names.PrefixList(p.PrefixList)
		switch {
		case slices.ContainsFunc(entries, func(e netip.Prefix) bool { return e.Contains(remote) }):
			return "", false
		case !known:
			return "what prefix list " + p.PrefixList + " holds", true
		}
	case p.Prefix.IsValid():
		return mismatchText[comparePrefix(p.Prefix, remote)], false
	}
	return mismatchText[addressDiffers], false
}

// ExplainACL tells, in the order they are tried, why entries do not match a packet: those before the entry that decides. It is for
// people who read which entries a packet passed by.
func ExplainACL(entries []Entry, h Header, remote netip.Addr) []Miss {
	var misses []Miss
	for _, i := range byNumber(entries) {
		e := &entries[i]
		m := matches
		if !e.serviceUnknown() {
			m = e.Service.compare(h, remote)
		}
		if m == matches && (e.CIDR.IsValid() || e.Unknown == "") {
			m = comparePrefix(e.CIDR, remote)
		}
		switch {
		case m != matches:
			misses = append(misses, Miss{i, mismatchText[m]})
		case e.Unknown != "":
			return append(misses, Miss{i, "unknown: " + e.Unknown})
		default:
			return misses
		}
	}
	return misses
}
