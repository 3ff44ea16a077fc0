package vpc

import (
	"net/netip"

	"github.com/vpcemu/vpcemu/firewall"
)

// ForRules is what of the index the checks of single elements need: all of it
// but instances and interfaces, of which there are many.
func (ix *Index) ForRules() *Index {
	small := *ix
	small.scopes = make(map[*VPC]*scope, len(ix.scopes))
	for v, s := range ix.scopes {
		small.scopes[v] = &scope{groups: s.groups}
	}
	return &small
}

// CheckGroup checks what [Network.Validate] would find wrong with a security group
// of a VPC whose rules have changed, and nothing else. The index is of a network that
// differs in nothing but rules, entries and interfaces; the VPC is that network's.
func (ix *Index) CheckGroup(v *VPC, g *SecurityGroup) error {
	c := &checker{n: ix.n, ix: ix}
	s := groupSubject(g)
	c.kept(s, g.problems)
	c.add(s, noGroupID(g), malformedName(g))
	c.groupRules(v, s, "ingress", g.Ingress)
	c.groupRules(v, s, "egress", g.Egress)
	return c.errs.orNil()
}

// CheckACL does so for a network ACL whose entries have changed.
func (ix *Index) CheckACL(a *NetworkACL) error {
	c := &checker{n: ix.n, ix: ix}
	s := aclSubject(a)
	spoilt := c.kept(s, a.problems)
	c.entries(s, "ingress", a.Ingress, spoilt)
	c.entries(s, "egress", a.Egress, spoilt)
	return c.errs.orNil()
}

// CheckInterface does so for an ordinary interface that is new in a subnet and the
// only one of its name and of its instance. That nobody else has its addresses is
// for the caller to see to.
func (ix *Index) CheckInterface(v *VPC, s *Subnet, i *Interface) error {
	c := &checker{n: ix.n, ix: ix}
	about := interfaceSubject(i)
	c.kept(about, i.problems)
	var lost *mistake
	if i.Instance != "" && !v.Partial && v.Instance(i.Instance) == nil {
		lost = wrong(CodeInstanceNotFound, "is attached to %s, and there is no such instance (ERR-40)", i.Instance)
	}
	c.add(about, malformedInterface(i), lost, c.unknownGroup(v, ix.scopes[v], i))
	own := make(owners, len(i.Addresses))
	for k := range i.Addresses {
		c.address(own, s, i, k)
		if a := &i.Addresses[k]; a.Public.IsValid() && a.Elastic && v.InternetGateway == nil && !v.Partial {
			c.add(about, wrong(CodeGatewayNotAttached, "the Elastic IP %s is of no use: VPC %s has no internet gateway (IGW-26)", a.Public, v.ID))
		}
	}
	return c.errs.orNil()
}

// FreeAddress is the address that [Network.Assign] would give to a new interface of
// the subnet: the first that nobody has.
func (s *Subnet) FreeAddress(taken func(netip.Addr) bool) (ip netip.Addr, ok bool) {
	free := newFreeAddresses(&Subnet{CIDRs: s.CIDRs}, nil)
	for {
		if ip, ok = free.take(); !ok || !taken(ip) {
			return ip, ok
		}
	}
}

// FreePublic is the public address that [Network.Assign] would give to a new
// interface.
func (n *Network) FreePublic(taken func(netip.Addr) bool) (ip netip.Addr, ok bool) {
	return n.freePublic(taken).take()
}

// Stale reports whether any of the rules is marked as stale.
func (g *SecurityGroup) Stale() bool {
	for _, rules := range [...][]firewall.Rule{g.Ingress, g.Egress} {
		for k := range rules {
			if rules[k].Stale {
				return true
			}
		}
	}
	return false
}

// SecurityGroup finds a security group of a VPC by ID or name, nil if there is none.
func (ix *Index) SecurityGroup(v *VPC, name string) *SecurityGroup {
	return ix.scopes[v].groups.get(name)
}

// Reserved are the private addresses in a VPC of gateways, attachments of transit
// gateways and load balancers: no interface can have them.
func (n *Network) Reserved(v *VPC) map[netip.Addr]bool {
	all := make(map[netip.Addr]bool)
	note := func(addresses []Address) {
		for _, a := range addresses {
			all[a.IP] = true
		}
	}
	for _, g := range v.Gateways {
		note(g.Addresses)
	}
	v.nodeAddresses(note)
	for _, g := range n.Gateways {
		if g.Transit == nil {
			continue
		}
		for _, a := range g.Transit.Attachments {
			for k := range a.Addresses {
				if k < len(a.Subnets) && (a.VPC == v.ID || a.VPC == v.Name) && n.VPC(a.VPC) == v && v.Subnet(a.Subnets[k]) != nil {
					all[a.Addresses[k]] = true
				}
			}
		}
	}
	delete(all, netip.Addr{})
	return all
}

// OfGateway reports whether a gateway or a load balancer has a public address.
func (n *Network) OfGateway(public netip.Addr) bool {
	found := false
	look := func(addresses []Address) {
		for _, a := range addresses {
			found = found || a.Public == public
		}
	}
	for _, v := range n.VPCs {
		for _, g := range v.Gateways {
			look(g.Addresses)
		}
		v.nodeAddresses(look)
	}
	for _, g := range n.Gateways {
		look(g.Addresses)
	}
	return found
}
