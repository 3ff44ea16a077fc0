package lint

import (
	"fmt"
	"net/netip"
	"slices"

	"github.com/vpcemu/vpcemu/firewall"
	"github.com/vpcemu/vpcemu/internal/plan"
	"github.com/vpcemu/vpcemu/internal/space"
	"github.com/vpcemu/vpcemu/vpc"
)

// half is one direction of a network ACL, its entries by ascending number.
type half struct {
	acl     *vpc.NetworkACL
	vpc     *plan.VPC
	egress  bool
	entries []*entry
}

// entry is an entry and what it matches, by IP version.
type entry struct {
	*firewall.Entry
	sets [2]space.Set
}

// String is "entry 100 (allow tcp/443 0.0.0.0/0)".
func (e *entry) String() string {
	return fmt.Sprintf("entry %d (%s %s %s)", e.Number, e.Action, e.Service, e.CIDR)
}

func (h *half) String() string {
	if h.egress {
		return "egress"
	}
	return "ingress"
}

func (h *half) subject(e *entry) subject {
	s := ofACL(h.vpc.Desc, h.acl)
	s.part, s.origin = h.String()+" "+e.String(), e.Origin
	s.thing, s.within = e.Entry, []any{h.acl}
	return s
}

func ofACL(v *vpc.VPC, a *vpc.NetworkACL) subject {
	return subject{kind: "network ACL", id: a.ID, name: a.Name, vpc: v, origin: a.Origin, thing: a}
}

// halves are the directions of all network ACLs.
func (p *pass) halves() (all []*half) {
	for _, v := range p.plan.VPCs {
		for _, a := range v.Desc.NetworkACLs {
			all = append(all, newHalf(v, a, a.Ingress, false), newHalf(v, a, a.Egress, true))
		}
	}
	return all
}

func newHalf(v *plan.VPC, a *vpc.NetworkACL, entries []firewall.Entry, egress bool) *half {
	h := &half{acl: a, vpc: v, egress: egress}
	for k := range entries {
		e := &entry{Entry: &entries[k]}
		for version := range e.sets {
			for _, area := range firewall.EntryAreas(entries[k:k+1], version == 1) {
				e.sets[version] = e.sets[version].With(&space.Box{space.Services: area.Services, space.Sources: area.Addresses})
			}
		}
		h.entries = append(h.entries, e)
	}
	slices.SortStableFunc(h.entries, func(a, b *entry) int { return a.Number - b.Number })
	return h
}

// unknown is the first entry that was not understood, nil for none.
func (h *half) unknown() *entry {
	if k := slices.IndexFunc(h.entries, func(e *entry) bool { return e.Unknown != "" }); k >= 0 {
		return h.entries[k]
	}
	return nil
}

// allowed is what entries let through, of one IP version.
func allowed(entries []*entry, version int) space.Set {
	var open, decided space.Set
	for _, e := range entries {
		own := e.sets[version].Minus(decided)
		decided = append(decided, own...)
		if e.Action == firewall.Allow {
			open = append(open, own...)
		}
	}
	return open
}

// shadow is an entry that never decides, and those that decide before it.
type shadow struct {
	entry    *entry
	before   []*entry
	opposite bool // one of those decides otherwise
}

// shadowed are the entries of which every packet is decided by one with a lower number.
func (h *half) shadowed() (all []shadow) {
	for k, e := range h.entries {
		if e.never() || e.Unknown != "" {
			continue
		}
		found := shadow{entry: e}
		left := e.sets
		for _, o := range h.entries[:k] {
			if o.Unknown == "" && (len(left[0].And(o.sets[0])) > 0 || len(left[1].And(o.sets[1])) > 0) {
				left[0], left[1] = left[0].Minus(o.sets[0]), left[1].Minus(o.sets[1])
				found.before = append(found.before, o)
				found.opposite = found.opposite || o.Action != e.Action
			}
		}
		if len(left[0]) == 0 && len(left[1]) == 0 {
			all = append(all, found)
		}
	}
	return all
}

// never reports whether no packet is such as the entry is for.
func (e *entry) never() bool { return len(e.sets[0]) == 0 && len(e.sets[1]) == 0 }

// superfluous are the entries without which the ACL decides the same, and which are no
// shadows of opposite ones. All of them may go at once.
func (h *half) superfluous() (all []*entry) {
	left := slices.Clone(h.entries)
	for _, s := range h.shadowed() {
		if s.opposite {
			left = slices.DeleteFunc(left, func(e *entry) bool { return e == s.entry })
		}
	}
	want := [2]space.Set{allowed(left, 0), allowed(left, 1)}
	for _, e := range slices.Backward(slices.Clone(left)) {
		if e.never() || e.Action == firewall.Deny && e.everything() {
			continue // who writes the last entry down means to say it
		}
		if slices.ContainsFunc(left, func(o *entry) bool { return o.forReplies() && !e.forReplies() && o.covers(e) }) {
			continue // the one is for replies, the other for requests: each may go without the other
		}
		without := slices.DeleteFunc(slices.Clone(left), func(o *entry) bool { return o == e })
		if allowed(without, 0).Equal(want[0]) && allowed(without, 1).Equal(want[1]) {
			all, left = append(all, e), without
		}
	}
	slices.Reverse(all)
	return all
}

// forReplies reports whether an entry lets the ports of clients in or out.
func (e *entry) forReplies() bool {
	s := &e.Service
	return e.Action == firewall.Allow && s.HasPorts() && s.From >= 1024 && s.To >= 60_999 && s.To-s.From >= 10_000
}

// covers reports whether an entry matches all that another matches.
func (e *entry) covers(o *entry) bool {
	return len(o.sets[0].Minus(e.sets[0])) == 0 && len(o.sets[1].Minus(e.sets[1])) == 0
}

// everything reports whether an entry is for all packets of an IP version.
func (e *entry) everything() bool {
	return e.Service.Protocol == firewall.AllProtocols && e.CIDR.Bits() == 0
}

func shadowedEntries(p *pass) {
	for _, h := range p.understood() {
		for _, s := range h.shadowed() {
			if s.opposite {
				p.find(h.subject(s.entry), nil, "give it a lower number than the ones that decide before it, or remove it",
					"it never decides: every packet that it is for is decided before, by %s", entryWords(s.before))
			}
		}
	}
}

func superfluousEntries(p *pass) {
	for _, h := range p.understood() {
		for _, e := range h.superfluous() {
			p.find(h.subject(e), nil, "remove it", "without it the ACL decides the same about every packet")
		}
	}
}

// understood are the directions all of whose entries are understood.
func (p *pass) understood() (all []*half) {
	for _, h := range p.halves() {
		if e := h.unknown(); e != nil {
			p.unsure(h.subject(e), "%s", e.Unknown)
			continue
		}
		all = append(all, h)
	}
	return all
}

func entryWords(list []*entry) string {
	var all []string
	for _, e := range list {
		all = append(all, e.String())
	}
	return words(all, few)
}

// neverEntries: entries for packets that there cannot be.
func neverEntries(p *pass) {
	for _, h := range p.halves() {
		for _, e := range h.entries {
			at := p.region(h.vpc)
			switch {
			case e.Unknown != "":
			case e.never():
				p.find(h.subject(e), nil, "use the protocol of the other IP version (icmp for IPv4, icmpv6 for IPv6)",
					"no packet with an address of %s is of the protocol %s", e.CIDR, e.Service)
			case e.Action != firewall.Allow || !at.far([]netip.Prefix{e.CIDR}): // to deny what there is not is caution
			case at.gap != "":
				p.unsure(h.subject(e), "nothing that is described has an address in %s, and %s", e.CIDR, at.gap)
			default:
				p.find(h.subject(e), nil, "remove it, or correct the range",
					"neither the VPC nor anything that is joined to it has an address in %s%s", e.CIDR, at.offline())
			}
		}
	}
}

// unusedACLs: network ACLs that no subnet has.
func unusedACLs(p *pass) {
	used := make(map[*vpc.NetworkACL]bool)
	for _, v := range p.plan.VPCs {
		for _, s := range v.Subnets {
			used[p.plan.ACL(s).Desc] = true
		}
		for _, a := range v.Desc.NetworkACLs {
			switch {
			case used[a] || v.Desc.NetworkACL(v.Desc.DefaultNetworkACL) == a:
			case v.Desc.Unlisted != "":
				p.unsure(ofACL(v.Desc, a), "no subnet that is described has it, and %s", v.Desc.Unlisted)
			default:
				p.find(ofACL(v.Desc, a), nil, "associate it with the subnets that it is for, or remove it", "no subnet has it: its entries do nothing")
			}
		}
	}
}
