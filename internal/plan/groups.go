package plan

import (
	"net/netip"
	"slices"

	"github.com/vpcemu/vpcemu/firewall"
	"github.com/vpcemu/vpcemu/routing"
	"github.com/vpcemu/vpcemu/vpc"
)

// names gives the names in a VPC's security-group rules their meaning.
type names struct {
	groups map[string]firewall.GroupID // by ID, by name, and by both after "vpc/"
	lists  []*vpc.PrefixList
}

// Group finds a security group by ID or name.
func (n names) Group(name string) (firewall.GroupID, bool) {
	id, ok := n.groups[name]
	return id, ok
}

// PrefixList finds the entries of a prefix list.
func (n names) PrefixList(name string) ([]netip.Prefix, bool) {
	for _, l := range n.lists {
		if l.ID == name || l.Name == name {
			return l.Entries, l.Unknown == ""
		}
	}
	return nil, false
}

func (n names) equal(o names) bool {
	return slices.EqualFunc(n.lists, o.lists, func(a, b *vpc.PrefixList) bool {
		return a.ID == b.ID && a.Name == b.Name && a.Unknown == b.Unknown && slices.Equal(a.Entries, b.Entries)
	}) && mapsEqual(n.groups, o.groups)
}

func mapsEqual(a, b map[string]firewall.GroupID) bool {
	if len(a) != len(b) {
		return false
	}
	for k, v := range a {
		if w, ok := b[k]; !ok || w != v {
			return false
		}
	}
	return true
}

// described are the security groups of a VPC, its default group among them even
// if nobody described it.
func described(v *VPC) []*vpc.SecurityGroup {
	descs := v.Desc.SecurityGroups
	if v.Desc.DefaultSecurityGroup == "" && !v.Desc.Partial && v.Desc.SecurityGroup("default") == nil {
		descs = append(slices.Clone(descs), vpc.DefaultGroup())
	}
	return descs
}

// numberGroups numbers the security groups of a VPC. IDs and names lead to the
// same number.
func (c *compiler) numberGroups(v *VPC) {
	v.descs = described(v)
	v.names = names{groups: make(map[string]firewall.GroupID, 4*len(v.descs)), lists: c.plan.Network.PrefixLists}
	for _, d := range v.descs {
		v.names.groups[d.ID] = c.groupID(v.Desc.ID + "/" + d.ID)
	}
	for _, d := range v.descs {
		if _, taken := v.names.groups[d.Name]; !taken && d.Name != "" {
			v.names.groups[d.Name] = v.names.groups[d.ID]
		}
	}
	v.names.add(v, v.descs)
}

// add makes the groups of a VPC known as "vpc/group".
func (n names) add(v *VPC, descs []*vpc.SecurityGroup) {
	for _, owner := range []string{v.Desc.ID, v.Desc.Name} {
		for _, d := range descs {
			n.groups[owner+"/"+d.ID] = v.names.groups[d.ID]
			if id, ok := v.names.groups[d.Name]; ok {
				n.groups[owner+"/"+d.Name] = id
			}
		}
	}
}

// joinGroups makes the groups of VPCs at the other end of active peering
// connections in the same Region known, by ID and as "vpc/group" (SG-20, PCX-10).
func (c *compiler) joinGroups(v *VPC) {
	for _, g := range c.plan.Gateways {
		peer := g.Other(v)
		if g.Desc.Kind == routing.TransitGateway {
			c.joinTransitGroups(v, g)
		}
		if peer == nil || !g.Desc.Works() || peer.Desc.Region != v.Desc.Region {
			continue
		}
		v.names.join(peer)
	}
	c.staleGroups(v)
}

// nobody is the number of a group that no interface has.
const nobody firewall.GroupID = 0

// staleGroups gives names that rules have of groups which are gone, or at the other
// end of a deleted peering connection, their meaning: nobody (SG-21).
func (c *compiler) staleGroups(v *VPC) {
	keep := func(name string) {
		if _, known := v.names.groups[name]; !known {
			v.names.groups[name] = nobody
		}
	}
	for _, g := range c.plan.Gateways {
		peer := g.Other(v)
		if g.Desc.Kind != routing.PeeringConnection || peer == nil || !g.Desc.Gone() || v.Desc.Partial || peer.Desc.Partial {
			continue
		}
		gone := names{groups: make(map[string]firewall.GroupID)}
		gone.join(peer)
		for name := range gone.groups {
			keep(name)
		}
	}
	for _, d := range v.descs {
		for _, r := range slices.Concat(d.Ingress, d.Egress) {
			if r.Stale && r.Peer.Group != "" {
				keep(r.Peer.Group)
			}
		}
	}
}

// join makes the groups of another VPC known, by ID and as "vpc/group".
func (n names) join(peer *VPC) {
	for _, d := range peer.descs {
		if _, taken := n.groups[d.ID]; !taken {
			n.groups[d.ID] = peer.names.groups[d.ID]
		}
	}
	n.add(peer, peer.descs)
}

// joinTransitGroups does so for VPCs on one transit gateway (SG-22).
func (c *compiler) joinTransitGroups(v *VPC, g *Gateway) {
	for _, peer := range c.plan.VPCs {
		if peer != v && g.refers(v, peer) {
			v.names.join(peer)
		}
	}
}

// groups compiles the security groups of a VPC.
func (c *compiler) groups(v, old *VPC, was *members) {
	c.joinGroups(v)
	sameNames := v.names.equal(old.names)
	v.groupAt = make(map[string]int, len(v.descs))
	m := c.members(v)
	for k, d := range v.descs {
		before := was.group(old, d.ID)
		if !sameNames {
			before = nil
		}
		v.groupAt[d.ID] = k
		m.groups = append(m.groups, v.compileGroup(d, before))
	}
}

// compileGroup compiles a group, or takes over what did not change: before is the
// group before, nil if there was none or names mean something else now.
func (v *VPC) compileGroup(d *vpc.SecurityGroup, before *Group) *Group {
	g := &Group{ID: v.names.groups[d.ID], Desc: d}
	if before != nil && slices.Equal(before.Desc.Ingress, d.Ingress) {
		g.In = before.In
	} else {
		g.In = firewall.CompileRules(d.Ingress, v.names)
	}
	if before != nil && slices.Equal(before.Desc.Egress, d.Egress) {
		g.Out = before.Out
	} else {
		g.Out = firewall.CompileRules(d.Egress, v.names)
	}
	return g
}

// group is the compiled group of an ID, nil for none.
func (m *members) group(v *VPC, id string) *Group {
	if k, ok := v.groupAt[id]; ok {
		return m.groups[k]
	}
	return nil
}

// groupID gives a group the number it had before, or the next one.
func (c *compiler) groupID(key string) firewall.GroupID {
	id, ok := c.prev.groups[key]
	if !ok {
		c.plan.lastGroup++
		id = c.plan.lastGroup
	}
	c.plan.groups[key] = id
	return id
}

// Names gives the names in the VPC's rules their meaning, for explanations.
func (v *VPC) Names() firewall.Names { return v.names }
