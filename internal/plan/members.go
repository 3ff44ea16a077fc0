package plan

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/vpcemu/vpcemu/firewall"
	"github.com/vpcemu/vpcemu/vpc"
)

// members is what of a VPC changes without compiling the network afresh: the
// rules of its groups, the entries of its network ACLs, its interfaces. A plan
// has one for each VPC, by VPC.Number; see change.go.
type members struct {
	desc     *vpc.VPC // as it stands, with all rules and interfaces
	groups   []*Group // one by one those of VPC.descs
	acls     []*ACL   // by Subnet.acl
	filters  []Filters
	owners   dict[netip.Addr, *Interface]
	byName   dict[string, *Interface] // by ID and by name
	prefixes []delegated

	// unsure says that there are interfaces which are not understood. They may have
	// the addresses of others.
	unsure bool
	known  map[string]*Membership // while the plan is compiled
}

// Membership is which groups an interface has. All interfaces of a VPC that name
// the same ones share it: there are many times more interfaces than memberships,
// and a rule that changes changes the filters of memberships, not of interfaces.
type Membership struct {
	number int
	names  []string
	// GroupIDs are the numbers of the groups, sorted.
	GroupIDs []firewall.GroupID
	// UnknownGroups names groups that nothing describes.
	UnknownGroups []string
}

// Filters is what the groups of a membership let pass.
type Filters struct {
	In, Out *firewall.Filter // the union of their rules (SG-6)
	Groups  []*Group         // in the order of the sets of In and Out
	of      *Membership
}

// Filters are those of an interface.
func (p *Plan) Filters(i *Interface) *Filters {
	return &p.members[i.VPC.Number].filters[i.number]
}

// ACL is the network ACL of a subnet.
func (p *Plan) ACL(s *Subnet) *ACL { return p.members[s.VPC.Number].acls[s.acl] }

// Described is the VPC as it stands. VPC.Desc is that but for rules of groups,
// entries of ACLs and interfaces, which may be older.
func (p *Plan) Described(v *VPC) *vpc.VPC { return p.members[v.Number].desc }

// Owner is the interface that has a private address in a VPC, nil if nobody has it.
func (p *Plan) Owner(v *VPC, addr netip.Addr) *Interface {
	m := p.members[v.Number]
	if i, ok := m.owners.get(addr); ok {
		return i
	}
	for _, d := range m.prefixes {
		if d.prefix.Contains(addr) {
			return d.owner
		}
	}
	return nil
}

// named finds an interface of a VPC by ID or name.
func (p *Plan) named(v *VPC, name string) *Interface {
	i, _ := p.members[v.Number].byName.get(name)
	return i
}

// newMembers begins the members of a VPC of so many interfaces.
func newMembers(desc *vpc.VPC) *members {
	size := 0
	for _, s := range desc.Subnets {
		size += len(s.Interfaces)
	}
	return &members{desc: desc, owners: byAddress[*Interface](size), byName: byString[*Interface](size), known: make(map[string]*Membership)}
}

// group finds the position of a compiled group by ID or name, -1 for none; the
// empty name is the default group of a VPC that names none.
func (v *VPC) group(name string) int {
	if name == "" {
		name = "default"
	}
	if k, ok := v.groupAt[name]; ok {
		return k
	}
	if desc := v.Desc.SecurityGroup(name); desc != nil {
		return v.groupAt[desc.ID]
	}
	return -1
}

// membership is that of interfaces which name some groups. For a host that names
// none it is the VPC's default group (SG-5).
func (m *members) membership(v *VPC, names []string, host bool) *Membership {
	if len(names) == 0 && host {
		names = []string{v.Desc.DefaultSecurityGroup}
	}
	if known := m.find(names); known != nil {
		return known
	}
	f := Filters{of: &Membership{number: len(m.filters), names: names}}
	for _, name := range names {
		k := v.group(name)
		switch {
		case k < 0:
			f.of.UnknownGroups = append(f.of.UnknownGroups, name)
		case !slices.Contains(f.Groups, m.groups[k]):
			f.Groups = append(f.Groups, m.groups[k])
			f.of.GroupIDs = append(f.of.GroupIDs, m.groups[k].ID)
		}
	}
	slices.Sort(f.of.GroupIDs)
	m.filters = append(m.filters, f.merged())
	if m.known != nil {
		m.known[listKey(names)] = f.of
	}
	return f.of
}

// find finds a membership that is there, nil for none.
func (m *members) find(names []string) *Membership {
	if m.known != nil {
		return m.known[listKey(names)]
	}
	for k := range m.filters {
		if slices.Equal(m.filters[k].of.names, names) {
			return m.filters[k].of
		}
	}
	return nil
}

// listKey is a list of names as one. No list and one empty name are two things.
func listKey(names []string) string {
	if len(names) == 0 {
		return ""
	}
	return strings.Join(names, "\x00") + "\x00"
}

// merged fills in the union of the rules of the groups.
func (f Filters) merged() Filters {
	in, out := make([]*firewall.RuleSet, len(f.Groups)), make([]*firewall.RuleSet, len(f.Groups))
	for k, g := range f.Groups {
		in[k], out[k] = g.In, g.Out
	}
	f.In, f.Out = firewall.NewFilter(in...), firewall.NewFilter(out...)
	return f
}
