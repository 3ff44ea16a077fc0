package firewall

import "net/netip"

// Rule is one rule of a security group: what it lets through, and to or from
// whom. Security groups hold allow rules only (SG-1).
type Rule struct {
	// ID is AWS's sgr-… if there is one.
	ID      string
	Service Service
	Peer    Peer
	// Description is the author's remark.
	Description string
	// Unknown, if not empty, says why the rule could not be understood. Such a
	// rule may or may not match: a packet that no other rule allows is neither
	// allowed nor denied by the group, but unknown.
	Unknown string
	// Stale says that the group it refers to, in another VPC, may be gone: then it
	// matches nothing (SG-21).
	Stale bool
	// Origin is where the rule was written, as file:line.
	Origin string
}

// Peer is the far side of a rule: exactly one of its fields is set.
type Peer struct {
	// Prefix is a CIDR; it acts on its own address family only (SG-13).
	Prefix netip.Prefix
	// Group is a security group by ID or name; it stands for the private
	// addresses of the interfaces that have it now (SG-15).
	Group string
	// PrefixList is a prefix list by ID or name (SG-14).
	PrefixList string
}

// String is the CIDR, the group or the prefix list.
func (p Peer) String() string {
	switch {
	case p.Group != "":
		return p.Group
	case p.PrefixList != "":
		return p.PrefixList
	case p.Prefix.IsValid():
		return p.Prefix.String()
	}
	return "nobody"
}

// Action is what a network ACL entry does with a packet. The zero Action denies.
type Action uint8

// The two actions of a network ACL entry.
const (
	Deny Action = iota
	Allow
)

// String is "deny" or "allow".
func (a Action) String() string {
	if a == Allow {
		return "allow"
	}
	return "deny"
}

// Entry is one rule of a network ACL. Inbound entries match the source address,
// outbound ones the destination; ports are always the packet's destination
// port (ACL-11).
type Entry struct {
	// Number orders the entries, 1 to 32766; the lowest match decides (ACL-6).
	Number  int
	Action  Action
	Service Service
	// CIDR is the remote addresses; an entry never matches the other family
	// (ACL-13).
	CIDR netip.Prefix
	// Unknown, if not empty, says why the entry could not be understood. A
	// packet that no lower number decides is then neither allowed nor denied,
	// but unknown.
	Unknown string
	// Origin is where the entry was written, as file:line.
	Origin string
}
