package plan

import (
	"slices"
	"strings"

	"github.com/vpcemu/vpcemu/vpc"
)

// Changes that cost what they touch. The plan after one is a copy of the plan's
// top, of one VPC's members, and of what changes there; everything else is shared,
// and packets that walk the old plan see none of it:
//
//	Plan ─▶ members ─▶ [ v1 │ v2 │ v3 ]
//	            │              └───▶ groups, filters, acls, owners …
//	Plan'─▶ members'─▶ [ v1 │ v2'│ v3 ]
//	                         └─▶ groups with g', filters with those that g' is in …
//
// Interfaces, subnets, tables and gateways point to each other, so none of them is
// ever copied: what of them can change lies in members, by number.
//
// Each of these functions sees that compiling the changed network afresh would come
// to the same plan, or answers nil: whatever is wrong, far-reaching or rare is for
// Compile, which decides alone.

// changed begins a plan that differs in one VPC.
func (p *Plan) changed(v *VPC) (*Plan, *members) {
	next, m := *p, *p.members[v.Number]
	next.Epoch++
	next.members = slices.Clone(p.members)
	next.members[v.Number] = &m
	n, desc := *p.Network, *m.desc
	m.desc, next.Network = &desc, &n
	n.VPCs = slices.Clone(n.VPCs)
	n.VPCs[v.Number] = &desc
	return &next, &m
}

// replaced is a list with another element at a place.
func replaced[T any](list []T, k int, e T) []T {
	list = slices.Clone(list)
	list[k] = e
	return list
}

// WithGroup is the plan after a change of the rules of a security group, which has
// that name: the edit makes them. It is nil, and the group may be nil, if Compile
// is needed.
func (p *Plan) WithGroup(name string, edit func(*vpc.SecurityGroup) error) (*Plan, *vpc.SecurityGroup, error) {
	at, ok := find(p, name, func(v *VPC, name string) (place, bool) {
		g := p.index.SecurityGroup(v.Desc, name)
		if g == nil {
			return place{}, false
		}
		return place{v, v.groupAt[g.ID]}, true
	})
	if !ok {
		return nil, nil, nil
	}
	v, before := at.vpc, p.members[at.vpc.Number].groups[at.k]
	g := before.Desc.Clone()
	if err := edit(g); err != nil {
		return nil, nil, err
	}
	if was := before.Desc; g.ID != was.ID || g.Name != was.Name || g.Stale() || was.Stale() || p.index.CheckGroup(v.Desc, g) != nil {
		return nil, g, nil
	}
	next, m := p.changed(v)
	m.desc.SecurityGroups = replaced(m.desc.SecurityGroups, at.k, g)
	after := v.compileGroup(g, before)
	m.groups = replaced(m.groups, at.k, after)
	m.filters = slices.Clone(m.filters)
	for n := range m.filters {
		if k := slices.Index(m.filters[n].Groups, before); k >= 0 {
			m.filters[n].Groups = replaced(m.filters[n].Groups, k, after)
			m.filters[n] = m.filters[n].merged()
		}
	}
	return next, g, nil
}

// WithACL is the plan after a change of the entries of a network ACL; see WithGroup.
func (p *Plan) WithACL(name string, edit func(*vpc.NetworkACL) error) (*Plan, *vpc.NetworkACL, error) {
	at, ok := find(p, name, func(v *VPC, name string) (place, bool) {
		a := v.Desc.NetworkACL(name)
		k := slices.Index(v.Desc.NetworkACLs, a)
		return place{v, k}, k >= 0
	})
	if !ok {
		return nil, nil, nil
	}
	v := at.vpc
	was := p.members[v.Number].desc.NetworkACLs[at.k]
	a := was.Clone()
	if err := edit(a); err != nil {
		return nil, nil, err
	}
	if a.ID != was.ID || a.Name != was.Name || p.index.CheckACL(a) != nil {
		return nil, a, nil
	}
	next, m := p.changed(v)
	m.desc.NetworkACLs = replaced(m.desc.NetworkACLs, at.k, a)
	k := slices.IndexFunc(m.acls, func(o *ACL) bool { return o.Desc == was })
	m.acls = replaced(m.acls, k, compileACL(a, m.acls[k]))
	return next, a, nil
}

// place is where something stands in the lists of a VPC.
type place struct {
	vpc *VPC
	k   int
}

// find asks every VPC, or the one before the slash, for a name; ok is false unless
// exactly one has it. It finds what vpc.Network's look-ups do.
func find[T any](p *Plan, name string, in func(*VPC, string) (T, bool)) (found T, ok bool) {
	if owner, rest, cut := strings.Cut(name, "/"); cut {
		if desc := p.Network.VPC(owner); desc != nil {
			return in(p.VPCs[slices.Index(p.Network.VPCs, desc)], rest)
		}
	}
	for _, v := range p.VPCs {
		e, has := in(v, name)
		if has && ok {
			var none T
			return none, false
		}
		if has {
			found, ok = e, true
		}
	}
	return found, ok
}
