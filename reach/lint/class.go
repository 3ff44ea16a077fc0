package lint

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/internal/plan"
	"github.com/vpcemu/vpcemu/internal/space"
	"github.com/vpcemu/vpcemu/vpc"
)

// class is interfaces that the network treats alike but for their addresses.
type class struct {
	subnet     *plan.Subnet
	membership *plan.Membership
	check      bool
	balancer   *plan.LoadBalancer
	public     bool
	unknown    string
	deny       bool
	endpoint   *plan.Gateway
	four, six  bool // which IP versions it has
	global     bool
	told       string // by which prefixes rules, entries and routes tell its addresses from others of the subnet
}

// classes are one interface of each class.
func (p *pass) classes() (all []*party) {
	seen := make(map[class]bool)
	for i := range p.plan.Interfaces() {
		if i.Gateway != nil || i.Subnet == nil || !i.Attached {
			continue
		}
		c := class{i.Subnet, i.Membership, i.Desc.NoSourceDestCheck, i.Balancer, i.HasPublic(), i.Unknown, i.Desc.DenyInternetGateway,
			i.Endpoint, len(versions(i, 0)) > 0, len(versions(i, 1)) > 0, hasGlobal(i), told(p.fine()[i.Subnet], i.Desc.Addresses...)}
		if !seen[c] {
			seen[c] = true
			all = append(all, inside(i))
		}
	}
	return all
}

// fine are, for each subnet, the prefixes inside it that a rule, an entry, a route or a prefix
// list has: these may tell its addresses apart.
func (p *pass) fine() map[*plan.Subnet][]netip.Prefix {
	if p.found.fine != nil {
		return p.found.fine
	}
	seen := make(map[netip.Prefix]bool)
	for _, l := range p.net.PrefixLists {
		for _, e := range l.Entries {
			seen[e] = true
		}
	}
	for _, v := range p.net.VPCs {
		for _, g := range v.SecurityGroups {
			for _, r := range slices.Concat(g.Ingress, g.Egress) {
				seen[r.Peer.Prefix] = true
			}
		}
		for _, a := range v.NetworkACLs {
			for _, e := range slices.Concat(a.Ingress, a.Egress) {
				seen[e.CIDR] = true
			}
		}
		for _, t := range v.RouteTables {
			for _, r := range t.Routes {
				seen[r.Destination] = true
			}
		}
	}
	all := make(map[*plan.Subnet][]netip.Prefix)
	p.found.fine = all
	for _, v := range p.plan.VPCs {
		for _, s := range v.Subnets {
			for q := range seen {
				if q.IsValid() && slices.ContainsFunc(s.Desc.CIDRs, func(c netip.Prefix) bool { return q.Bits() > c.Bits() && c.Contains(q.Addr()) }) {
					all[s] = append(all[s], q)
				}
			}
		}
	}
	return all
}

// told are those of some prefixes that have one of some addresses, as a text to compare.
func told(fine []netip.Prefix, addresses ...vpc.Address) string {
	var in []string
	for _, q := range fine {
		if slices.ContainsFunc(addresses, func(a vpc.Address) bool { return q.Contains(a.IP) }) {
			in = append(in, q.String())
		}
	}
	return strings.Join(in, " ")
}

// thin leaves one of an interface's addresses that nothing tells apart, beside its first
// one and those that have a public address.
func (p *pass) thin(pair *emu.Pair, from, to *plan.Interface) {
	if len(pair.Sources()) <= 2 && len(pair.Destinations()) <= 2 {
		return
	}
	pair.Thin(func(list []emu.Range) []int {
		stands, known := make([]int, len(list)), make(map[string]int)
		for k := range list {
			stands[k] = k
			_, owner := list[k].Owner()
			for _, i := range [...]*plan.Interface{from, to} {
				if k == 0 || owner == nil || i == nil || i.Desc.ID != owner.ID {
					continue
				}
				at := slices.IndexFunc(i.Desc.Addresses, func(a vpc.Address) bool {
					return !a.Public.IsValid() && a.IP.IsValid() && space.One(space.Address(a.IP)) == list[k].Span
				})
				if at < 0 {
					continue
				}
				in := told(p.fine()[i.Subnet], i.Desc.Addresses[at])
				if one, ok := known[in]; ok {
					stands[k] = one
				} else {
					known[in] = k
				}
				break
			}
		}
		return stands
	})
}
