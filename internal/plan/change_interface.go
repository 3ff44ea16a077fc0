package plan

import (
	"net/netip"
	"slices"

	"github.com/vpcemu/vpcemu/vpc"
)

// WithInterface is the plan after an interface has come to a subnet of that name.
// Its open addresses are filled in. It is nil if Compile is needed.
func (p *Plan) WithInterface(subnet string, desc *vpc.Interface) (*Plan, *Interface) {
	s, ok := find(p, subnet, func(v *VPC, name string) (*Subnet, bool) {
		s := v.subnetOf(name)
		return s, s != nil
	})
	if !ok || !p.ordinary(s.VPC, desc, nil) || !p.fillIn(s, desc) || p.index.CheckInterface(s.VPC.Desc, s.Desc, desc) != nil {
		return nil, nil
	}
	next, m := p.changed(s.VPC)
	m.setInterfaces(s, func(list []*vpc.Interface) []*vpc.Interface { return append(list, desc) })
	i := newInterface(s, desc)
	i.Slot = next.takeSlot()
	m.filters = slices.Clip(m.filters)
	i.Membership = m.membership(s.VPC, desc.Groups, isHost(desc.Kind))
	next.interfaces = next.interfaces.with(i)
	m.byName = m.byName.with(desc.ID, i)
	if desc.Name != "" && desc.Name != desc.ID {
		m.byName = m.byName.with(desc.Name, i)
	}
	for _, a := range desc.Addresses {
		m.owners = m.owners.with(a.IP, i)
		switch {
		case !a.Public.IsValid():
		case i.publicInUse(a):
			next.public = next.public.with(a.Public, Binding{i, a.IP})
		default:
			next.released = next.released.with(a.Public, true)
		}
	}
	return next, i
}

// WithoutInterface is the plan after an interface of that name has gone, and the
// interface. It is nil if Compile is needed.
func (p *Plan) WithoutInterface(name string) (*Plan, *Interface) {
	i, ok := find(p, name, func(v *VPC, name string) (*Interface, bool) {
		i := p.named(v, name)
		return i, i != nil
	})
	if !ok || !p.ordinary(i.VPC, i.Desc, i) || p.members[i.VPC.Number].unsure {
		return nil, nil
	}
	next, m := p.changed(i.VPC)
	for _, a := range i.Desc.Addresses {
		if p.mentioned[i.VPC.Number][a.IP.String()] || p.Owner(i.VPC, a.IP) != i {
			return nil, nil
		}
		m.owners = m.owners.without(a.IP)
		if !a.Public.IsValid() {
			continue
		}
		if b, ok := p.public.get(a.Public); !ok || b.Interface != i || p.unsure {
			return nil, nil
		}
		next.public = next.public.without(a.Public)
	}
	m.byName = m.byName.without(i.Desc.Name).without(i.Desc.ID)
	m.setInterfaces(i.Subnet, func(list []*vpc.Interface) []*vpc.Interface {
		return without(list, i.Desc)
	})
	next.interfaces = next.interfaces.without(i)
	next.free = append(slices.Clip(next.free), i.Slot)
	return next, i
}

// without is a list without one element.
func without[T any](list []*T, e *T) []*T {
	k := slices.Index(list, e)
	return append(append(make([]*T, 0, len(list)-1), list[:k]...), list[k+1:]...)
}

// takeSlot takes a free slot, or a new one.
func (p *Plan) takeSlot() int {
	if last := len(p.free) - 1; last >= 0 {
		slot := p.free[last]
		p.free = p.free[:last]
		return slot
	}
	p.Slots++
	return p.Slots - 1
}

// setInterfaces gives a subnet other interfaces in the description.
func (m *members) setInterfaces(s *Subnet, edit func([]*vpc.Interface) []*vpc.Interface) {
	k := slices.Index(s.VPC.Subnets, s)
	desc := *m.desc.Subnets[k]
	desc.Interfaces = edit(desc.Interfaces)
	m.desc.Subnets = replaced(m.desc.Subnets, k, &desc)
}

// ordinary reports whether an interface may come to a VPC, or leave it, and nothing
// but itself changes: no route, target or flow log names it, and no other interface
// has its name or its instance. self is the interface, nil if it is new.
func (p *Plan) ordinary(v *VPC, desc *vpc.Interface, self *Interface) bool {
	switch desc.Kind {
	case "", "interface", "efa", "efa-only", "trunk", "branch", "lambda":
	default:
		return false
	}
	if self != nil && (self.Gateway != nil || self.Endpoint != nil || self.Balancer != nil || len(self.Behind) > 0) {
		return false
	}
	names := []string{desc.ID, desc.Name}
	instances := []string{desc.Instance}
	if i := v.Desc.Instance(desc.Instance); i != nil {
		if i.TrackedFlows != 0 {
			return false // it shares a budget
		}
		instances = append(instances, i.ID, i.Name)
	}
	known := func(name string) bool { return p.mentioned[v.Number][name] }
	if desc.ID == "" || desc.Unknown != "" || len(desc.Prefixes) > 0 || slices.ContainsFunc(names, known) {
		return false
	}
	if desc.Instance != "" && slices.ContainsFunc(instances, known) {
		return false
	}
	if self == nil && (p.named(v, desc.ID) != nil || p.named(v, desc.Name) != nil) {
		return false
	}
	if self == nil && desc.Instance == "" {
		return true // no need to look at the others
	}
	for _, s := range p.members[v.Number].desc.Subnets {
		for _, o := range s.Interfaces {
			switch {
			case self != nil && o == self.Desc:
			case desc.Instance != "" && o.Instance != "" && slices.Contains(instances, o.Instance):
				return false
			case slices.Contains(names, o.ID), o.Name != "" && slices.Contains(names, o.Name):
				return false
			}
		}
	}
	return true
}

// fillIn gives a new interface the addresses that vpc.Network.Assign would. It is
// false if somebody may have one of its addresses, or there is none.
func (p *Plan) fillIn(s *Subnet, desc *vpc.Interface) bool {
	if len(desc.Addresses) == 0 {
		desc.Addresses = []vpc.Address{{}}
	}
	taken := func(a netip.Addr) bool { return p.Owner(s.VPC, a) != nil || p.reserved[s.VPC.Number][a] }
	own := make(map[netip.Addr]bool, len(desc.Addresses))
	for _, a := range desc.Addresses {
		switch {
		case a.IP.IsValid() && (own[a.IP] || taken(a.IP)), a.Public.IsValid() && (own[a.Public] || p.publicTaken(a.Public)):
			return false
		}
		own[a.IP], own[a.Public] = true, true
	}
	for k := range desc.Addresses {
		a := &desc.Addresses[k]
		if !a.IP.IsValid() {
			ip, ok := s.Desc.FreeAddress(func(a netip.Addr) bool { return own[a] || taken(a) })
			if !ok {
				return false
			}
			a.IP, own[ip] = ip, true
		}
		if a.AutoPublic && !a.Public.IsValid() && a.IP.Is4() {
			ip, ok := p.Network.FreePublic(func(a netip.Addr) bool { return own[a] || p.publicTaken(a) })
			if !ok {
				return false
			}
			a.Public, own[ip] = ip, true
		}
		if p.mentioned[s.VPC.Number][a.IP.String()] {
			return false
		}
	}
	return true
}

// publicTaken reports whether anybody has a public address.
func (p *Plan) publicTaken(a netip.Addr) bool { return p.IsPublic(a) || p.Network.OfGateway(a) }

// mentions are the names and addresses of interfaces and instances that something in
// a VPC refers to: routes, targets, flow logs, endpoints.
func mentions(v *vpc.VPC) map[string]bool {
	all := make(map[string]bool)
	for _, t := range v.RouteTables {
		for k := range t.Routes {
			all[t.Routes[k].Target.ID] = true
		}
	}
	for _, g := range v.TargetGroups {
		for k := range g.Targets {
			id := g.Targets[k].ID
			if a, err := netip.ParseAddr(id); err == nil {
				id = a.String()
			}
			all[id] = true
		}
	}
	for _, l := range v.FlowLogs {
		all[l.Interface] = true
	}
	for _, g := range v.Gateways {
		if g.Endpoint == nil {
			continue
		}
		for _, name := range g.Endpoint.Interfaces {
			all[name] = true
		}
	}
	delete(all, "")
	return all
}
