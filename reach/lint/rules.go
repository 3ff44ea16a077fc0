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

// rule is a rule of a security group, with what it matches.
type rule struct {
	desc    *firewall.Rule
	group   *vpc.SecurityGroup
	vpc     *plan.VPC
	egress  bool
	number  int // from 1, as traces count
	unknown string

	// peer is the group that it names, 0 if it names none, or nobody's.
	peer    firewall.GroupID
	byGroup bool
	// sets are its services and remote addresses, by IP version. Those of a rule that
	// names a group are all addresses that its members may have.
	sets [2]space.Set
}

func (r *rule) direction() string {
	if r.egress {
		return "egress"
	}
	return "ingress"
}

// String is "tcp/22 from 0.0.0.0/0".
func (r *rule) String() string {
	if r.egress {
		return fmt.Sprintf("%s to %s", r.desc.Service, r.desc.Peer)
	}
	return fmt.Sprintf("%s from %s", r.desc.Service, r.desc.Peer)
}

func (r *rule) subject() subject {
	return subject{
		kind: "security group", id: r.group.ID, name: r.group.Name, vpc: r.vpc.Desc, origin: r.desc.Origin,
		part:  r.name(r.group),
		thing: r.desc, within: []any{r.group},
	}
}

func ofGroup(v *vpc.VPC, g *vpc.SecurityGroup) subject {
	return subject{kind: "security group", id: g.ID, name: g.Name, vpc: v, origin: g.Origin, thing: g}
}

// rules are the rules of all security groups.
func (p *pass) rules() []*rule {
	if p.found.rules != nil {
		return p.found.rules
	}
	for _, v := range p.plan.VPCs {
		for _, g := range v.Desc.SecurityGroups {
			for k := range g.Ingress {
				p.found.rules = append(p.found.rules, p.rule(v, g, &g.Ingress[k], false, k+1))
			}
			for k := range g.Egress {
				p.found.rules = append(p.found.rules, p.rule(v, g, &g.Egress[k], true, k+1))
			}
		}
	}
	return p.found.rules
}

func (p *pass) rule(v *plan.VPC, g *vpc.SecurityGroup, desc *firewall.Rule, egress bool, number int) *rule {
	r := &rule{desc: desc, group: g, vpc: v, egress: egress, number: number, unknown: desc.Unknown}
	if r.unknown != "" {
		return r
	}
	prefixes := []netip.Prefix{desc.Peer.Prefix}
	known := true
	switch {
	case desc.Peer.Group != "":
		r.byGroup = true
		r.peer, known = v.Names().Group(desc.Peer.Group)
		prefixes = p.ranges(r.peer)
	case desc.Peer.PrefixList != "":
		prefixes, known = v.Names().PrefixList(desc.Peer.PrefixList)
	}
	if !known {
		r.unknown = "what " + desc.Peer.String() + " is, is not (wholly) described"
		return r
	}
	for version := range r.sets {
		for _, prefix := range prefixes {
			r.sets[version] = addAreas(r.sets[version], desc.Service, prefix, version == 1)
		}
	}
	return r
}

// addAreas adds what a service and a prefix match together.
func addAreas(s space.Set, service firewall.Service, prefix netip.Prefix, v6 bool) space.Set {
	one := []firewall.Rule{{Service: service, Peer: firewall.Peer{Prefix: prefix}}}
	for _, a := range firewall.RuleAreas(one, nil, v6) {
		s = s.With(&space.Box{space.Services: a.Services, space.Sources: a.Addresses})
	}
	return s
}

// ranges are those in which members of a group have their addresses.
func (p *pass) ranges(id firewall.GroupID) []netip.Prefix {
	v := p.owners()[id]
	switch {
	case v == nil:
		return nil
	case v.Desc.Partial:
		return everywhere
	}
	return v.Desc.CIDRs
}

var everywhere = []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0"), netip.MustParsePrefix("::/0")}

// owners are the VPCs of groups.
func (p *pass) owners() map[firewall.GroupID]*plan.VPC {
	if p.found.owners == nil {
		p.found.owners = make(map[firewall.GroupID]*plan.VPC)
		for _, v := range p.plan.VPCs {
			for _, g := range v.Desc.SecurityGroups {
				if id, ok := v.Names().Group(g.ID); ok {
					p.found.owners[id] = v
				}
			}
			if id, ok := v.Names().Group("default"); ok && p.found.owners[id] == nil {
				p.found.owners[id] = v
			}
		}
	}
	return p.found.owners
}

// empty reports whether no packet is such as the rule is for.
func (r *rule) empty() bool { return len(r.sets[0]) == 0 && len(r.sets[1]) == 0 }

// covered reports whether others match all that the rule matches.
func (r *rule) covered(others ...*rule) bool {
	for version, s := range r.sets {
		for _, o := range others {
			if o.byGroup && !(r.byGroup && r.peer == o.peer) {
				continue // its members may change, or be others than those of r
			}
			if s = s.Minus(o.sets[version]); len(s) == 0 {
				break
			}
		}
		if len(s) > 0 {
			return false
		}
	}
	return true
}

// members are the interfaces of each group.
func (p *pass) members() map[*vpc.SecurityGroup][]*plan.Interface {
	all := make(map[*vpc.SecurityGroup][]*plan.Interface)
	for i := range p.plan.Interfaces() {
		for _, g := range p.plan.Filters(i).Groups {
			all[g.Desc] = append(all[g.Desc], i)
		}
	}
	return all
}

// companions are the groups that every interface with a group has too.
func (p *pass) companions() map[*vpc.SecurityGroup][]*vpc.SecurityGroup {
	all := make(map[*vpc.SecurityGroup][]*vpc.SecurityGroup)
	seen := make(map[*plan.Filters]bool)
	for i := range p.plan.Interfaces() {
		f := p.plan.Filters(i)
		if seen[f] {
			continue
		}
		seen[f] = true
		var mine []*vpc.SecurityGroup
		for _, g := range f.Groups {
			mine = append(mine, g.Desc)
		}
		for _, g := range mine {
			before, known := all[g]
			if !known {
				before = mine
			}
			all[g] = slices.DeleteFunc(slices.Clone(before), func(o *vpc.SecurityGroup) bool { return o == g || !slices.Contains(mine, o) })
		}
	}
	return all
}
