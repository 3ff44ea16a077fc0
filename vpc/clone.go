package vpc

import "slices"

// Clone returns a deep copy: changing it changes nothing of n.
func (n *Network) Clone() *Network {
	c := *n
	c.errs = slices.Clone(n.errs)
	c.VPCs = cloneAll(n.VPCs, (*VPC).clone)
	c.PrefixLists = cloneAll(n.PrefixLists, func(l *PrefixList) { l.Entries = slices.Clone(l.Entries) })
	c.Gateways = cloneAll(n.Gateways, (*Gateway).clone)
	c.BlockPublicAccess = cloneAll(n.BlockPublicAccess, func(b *BlockPublicAccess) { b.Exclusions = slices.Clone(b.Exclusions) })
	c.Unowned = slices.Clone(n.Unowned)
	c.Expect = slices.Clone(n.Expect)
	return &c
}

func (v *VPC) clone() {
	v.errs = slices.Clone(v.errs)
	v.CIDRs = slices.Clone(v.CIDRs)
	v.Subnets = cloneAll(v.Subnets, (*Subnet).clone)
	v.RouteTables = cloneAll(v.RouteTables, (*RouteTable).clone)
	v.NetworkACLs = cloneAll(v.NetworkACLs, (*NetworkACL).clone)
	v.SecurityGroups = cloneAll(v.SecurityGroups, (*SecurityGroup).clone)
	v.Instances = cloneAll(v.Instances, func(*Instance) {})
	v.Gateways = cloneAll(v.Gateways, (*Gateway).clone)
	v.LoadBalancers = cloneAll(v.LoadBalancers, (*LoadBalancer).clone)
	v.TargetGroups = cloneAll(v.TargetGroups, (*TargetGroup).clone)
	v.FlowLogs = cloneAll(v.FlowLogs, func(*FlowLog) {})
	if v.InternetGateway != nil {
		g := *v.InternetGateway
		v.InternetGateway = &g
	}
}

func (s *Subnet) clone() {
	s.errs = slices.Clone(s.errs)
	s.CIDRs = slices.Clone(s.CIDRs)
	s.Interfaces = cloneAll(s.Interfaces, (*Interface).clone)
}

func (i *Interface) clone() {
	i.errs = slices.Clone(i.errs)
	i.Addresses = slices.Clone(i.Addresses)
	i.Prefixes = slices.Clone(i.Prefixes)
	i.Groups = slices.Clone(i.Groups)
}

func (t *RouteTable) clone() {
	t.errs = slices.Clone(t.errs)
	t.Routes = slices.Clone(t.Routes)
	t.Propagating = slices.Clone(t.Propagating)
}

func (g *SecurityGroup) clone() {
	g.errs = slices.Clone(g.errs)
	g.Ingress = slices.Clone(g.Ingress)
	g.Egress = slices.Clone(g.Egress)
}

func (a *NetworkACL) clone() {
	a.errs = slices.Clone(a.errs)
	a.Ingress = slices.Clone(a.Ingress)
	a.Egress = slices.Clone(a.Egress)
}

func (g *Gateway) clone() {
	g.VPCs = slices.Clone(g.VPCs)
	g.PeerDNS = slices.Clone(g.PeerDNS)
	g.Addresses = slices.Clone(g.Addresses)
	g.Draining = slices.Clone(g.Draining)
	g.VPN = g.VPN.clone()
	g.Endpoint = g.Endpoint.clone()
	g.cloneTransit()
}

// cloneAll copies every element of a list and lets deepen copy what it points to.
func cloneAll[T any](list []*T, deepen func(*T)) []*T {
	if list == nil {
		return nil
	}
	out := make([]*T, len(list))
	for i, e := range list {
		c := *e
		deepen(&c)
		out[i] = &c
	}
	return out
}

// Clone returns a deep copy of the group.
func (g *SecurityGroup) Clone() *SecurityGroup {
	return cloneAll([]*SecurityGroup{g}, (*SecurityGroup).clone)[0]
}

// Clone returns a deep copy of the ACL.
func (a *NetworkACL) Clone() *NetworkACL { return cloneAll([]*NetworkACL{a}, (*NetworkACL).clone)[0] }

// Clone returns a deep copy of the interface.
func (i *Interface) Clone() *Interface { return cloneAll([]*Interface{i}, (*Interface).clone)[0] }
