package plan

import (
	"slices"

	"github.com/vpcemu/vpcemu/firewall"
	"github.com/vpcemu/vpcemu/vpc"
)

func (c *compiler) acls(v *VPC, was *members) {
	m := c.members(v)
	for _, desc := range v.Desc.NetworkACLs {
		m.acls = append(m.acls, compileACL(desc, was.acl(desc.ID)))
	}
}

// compileACL compiles a network ACL, or takes over what did not change; before may
// be nil.
func compileACL(desc *vpc.NetworkACL, before *ACL) *ACL {
	a := &ACL{ID: desc.ID, Desc: desc}
	if before != nil && slices.Equal(before.Desc.Ingress, desc.Ingress) {
		a.In = before.In
	} else {
		a.In = firewall.CompileACL(desc.Ingress)
	}
	if before != nil && slices.Equal(before.Desc.Egress, desc.Egress) {
		a.Out = before.Out
	} else {
		a.Out = firewall.CompileACL(desc.Egress)
	}
	return a
}

// acl is the described network ACL of an ID, nil for none.
func (m *members) acl(id string) *ACL {
	for _, a := range m.acls {
		if a.Desc != nil && a.Desc.ID == id {
			return a
		}
	}
	return nil
}

// allowAll is a default network ACL as AWS makes it (ACL-8).
var allowAll = firewall.CompileACL(vpc.DefaultACLEntries())

// acl is the place of the network ACL in effect for a subnet that names one (ACL-1).
func (c *compiler) acl(v *VPC, name string) int {
	m := c.members(v)
	if name == "" {
		name = v.Desc.DefaultNetworkACL
	}
	if name == "" && !v.Desc.Partial {
		return m.add(&ACL{ID: "default", In: allowAll, Out: allowAll})
	}
	if desc := v.Desc.NetworkACL(name); desc != nil {
		return slices.IndexFunc(m.acls, func(a *ACL) bool { return a.Desc == desc })
	}
	if name == "" {
		return m.add(&ACL{ID: "default", Unknown: "the description does not say which network ACL the subnet has"})
	}
	return m.add(&ACL{ID: name, Unknown: "nothing describes the network ACL " + name})
}

// add gives a place to a network ACL that nothing describes.
func (m *members) add(a *ACL) int {
	same := func(o *ACL) bool { return o.Desc == nil && o.ID == a.ID && o.In == a.In && o.Unknown == a.Unknown }
	if k := slices.IndexFunc(m.acls, same); k >= 0 {
		return k
	}
	m.acls = append(m.acls, a)
	return len(m.acls) - 1
}
