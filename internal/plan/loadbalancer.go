package plan

import (
	"cmp"
	"net/netip"
	"slices"

	"github.com/vpcemu/vpcemu/vpc"
)

// LoadBalancer is a compiled load balancer.
type LoadBalancer struct {
	Desc      *vpc.LoadBalancer
	VPC       *VPC
	Nodes     []*Interface
	Listeners []*Listener
}

// Listener is a compiled listener.
type Listener struct {
	Desc   *vpc.Listener
	Groups []*TargetGroup // of Desc.Forward, one by one; nil for one that nothing describes
}

// TargetGroup is a compiled target group.
type TargetGroup struct {
	Desc    *vpc.TargetGroup
	Targets []BalancerTarget // by address and port
}

// BalancerTarget is one target.
type BalancerTarget struct {
	Desc *vpc.LoadBalancerTarget
	Addr netip.Addr
	Port uint16
	// Interface it is, nil outside the VPC.
	Interface *Interface
}

// Listener finds the listener for packets to a port, nil if there is none.
func (b *LoadBalancer) Listener(protocol uint8, port uint16) *Listener {
	for _, l := range b.Listeners {
		if l.Desc.Port == port && l.Desc.Takes(protocol) {
			return l
		}
	}
	return nil
}

// Pick is a group of the listener by weight: the same for the same hash. It is nil
// if nothing describes the group, or no group has a weight.
func (l *Listener) Pick(hash uint32) *TargetGroup {
	if len(l.Groups) == 1 {
		return l.Groups[0]
	}
	sum := 0
	for _, f := range l.Desc.Forward {
		sum += f.Weight
	}
	if sum == 0 {
		return nil
	}
	at := int(hash % uint32(sum))
	for k, f := range l.Desc.Forward {
		if at -= f.Weight; at < 0 {
			return l.Groups[k]
		}
	}
	return nil
}

// Weighty are the groups that Pick may return. One that nothing describes is nil.
func (l *Listener) Weighty() []*TargetGroup {
	if len(l.Groups) == 1 {
		return l.Groups
	}
	var all []*TargetGroup
	for k, f := range l.Desc.Forward {
		if f.Weight > 0 {
			all = append(all, l.Groups[k])
		}
	}
	return all
}

// Eligible are the targets that a node sends new connections to: the healthy
// ones, or if there is none all (ELB-9), in its zone or in all that the load balancer
// has a node in (ELB-3). open means that it is so because none is healthy.
func (g *TargetGroup) Eligible(node *Interface) (targets []*BalancerTarget, open bool) {
	open = g.FailsOpen(node.Balancer)
	for k := range g.Targets {
		t := &g.Targets[k]
		inZone := t.sameZone(node) || g.Desc.CrossesZones(node.Balancer.Desc) && node.Balancer.enabled(t)
		if (t.Desc.Healthy() || open && t.Desc.InUse()) && inZone {
			targets = append(targets, t)
		}
	}
	return targets, open
}

// FailsOpen reports whether none of the targets that the load balancer uses is healthy
// (ELB-9).
func (g *TargetGroup) FailsOpen(b *LoadBalancer) bool {
	for k := range g.Targets {
		if t := &g.Targets[k]; t.Desc.Healthy() && b.enabled(t) {
			return false
		}
	}
	return true
}

// enabled reports whether the load balancer has a node in the target's zone, or may.
func (b *LoadBalancer) enabled(t *BalancerTarget) bool {
	return slices.ContainsFunc(b.Nodes, t.sameZone)
}

// sameZone is also true if one of the zones is not known.
func (t *BalancerTarget) sameZone(node *Interface) bool {
	if t.Interface == nil {
		return true
	}
	mine, other := node.Subnet.Desc.Zone, t.Interface.Subnet.Desc.Zone
	return mine == "" || other == "" || mine == other
}

// loadBalancers compiles the load balancers of a VPC. Its interfaces are there.
func (c *compiler) loadBalancers(v *VPC) {
	for _, desc := range v.Desc.LoadBalancers {
		b := &LoadBalancer{Desc: desc, VPC: v}
		for k := range desc.Nodes {
			c.node(b, &desc.Nodes[k])
		}
		v.Balancers = append(v.Balancers, b)
	}
	groups := make(map[*vpc.TargetGroup]*TargetGroup)
	for _, desc := range v.Desc.TargetGroups {
		groups[desc] = c.targetGroup(v, desc)
	}
	for _, b := range v.Balancers {
		for k := range b.Desc.Listeners {
			l := &Listener{Desc: &b.Desc.Listeners[k]}
			for _, f := range l.Desc.Forward {
				g := groups[v.Desc.TargetGroup(f.TargetGroup)]
				l.Groups = append(l.Groups, g)
				b.stand(g)
			}
			b.Listeners = append(b.Listeners, l)
		}
	}
}

// stand tells targets that see the client's address which nodes their answers go
// back through (ELB-29).
func (b *LoadBalancer) stand(g *TargetGroup) {
	if g == nil || b.Desc.Kind != vpc.NetworkLoadBalancer || !g.Desc.PreservesClient() {
		return
	}
	for _, t := range g.Targets {
		for _, node := range b.Nodes {
			if t.Interface != nil && !slices.Contains(t.Interface.Behind, node) {
				t.Interface.Behind = append(t.Interface.Behind, node)
			}
		}
	}
}

// nodeID is the ID of a node's interface that nothing describes.
func nodeID(b *vpc.LoadBalancer, subnet string) string { return b.ID + "-" + subnet }

// node is the interface of a load balancer in one subnet: the one that is
// described, or one that is made up.
func (c *compiler) node(b *LoadBalancer, n *vpc.LoadBalancerNode) {
	v := b.VPC
	at := slices.IndexFunc(v.Subnets, func(s *Subnet) bool { return s.Desc == v.Desc.Subnet(n.Subnet) })
	if at < 0 || len(n.Addresses) == 0 {
		return
	}
	s := v.Subnets[at]
	i := c.plan.Owner(v, n.Addresses[0].IP)
	if i == nil {
		id := nodeID(b.Desc, s.Desc.ID)
		i = c.iface(s, &vpc.Interface{ID: id, Name: id, Kind: nodeKind(b.Desc), Groups: b.Desc.Groups, Addresses: n.Addresses, Origin: b.Desc.Origin})
		c.plan.interfaces.add(i)
	}
	d := *i.Desc
	d.NoSourceDestCheck, d.Addresses = true, elastic(n.Addresses) // what clients get back has their address (ELB-29)
	i.Desc, i.Balancer, i.Unknown = &d, b, cmp.Or(b.Desc.Unknown, d.Unknown)
	if state := b.Desc.State; state != "" && state != "active" && state != "active_impaired" {
		i.Unknown = "load balancer " + b.Desc.ID + " is in state " + state
	}
	for _, a := range d.Addresses {
		c.members(v).owners.put(a.IP, i)
		if a.Public.Is4() {
			c.plan.public.put(a.Public, Binding{i, a.IP})
		}
	}
	b.Nodes = append(b.Nodes, i)
}

func nodeKind(b *vpc.LoadBalancer) string {
	if b.Kind == vpc.NetworkLoadBalancer {
		return "network_load_balancer"
	}
	return ""
}

// targetGroup finds the targets of a group. What is not found, or has no address of
// the group's IP version, is none.
func (c *compiler) targetGroup(v *VPC, desc *vpc.TargetGroup) *TargetGroup {
	g := &TargetGroup{Desc: desc}
	for k := range desc.Targets {
		t := BalancerTarget{Desc: &desc.Targets[k], Port: cmp.Or(desc.Targets[k].Port, desc.Port)}
		switch desc.Type {
		case vpc.AddressTargets:
			t.Addr, _ = netip.ParseAddr(t.Desc.ID)
			t.Interface = c.plan.Owner(v, t.Addr)
			g.add(t)
		case vpc.InstanceTargets:
			t.Interface = c.primary(v, t.Desc.ID)
			g.add(t)
		case vpc.BalancerTargets:
			for _, b := range v.Balancers {
				if b.Desc == v.Desc.LoadBalancer(t.Desc.ID) {
					g.addNodes(t, b)
				}
			}
		}
	}
	slices.SortStableFunc(g.Targets, func(a, b BalancerTarget) int { return cmp.Or(a.Addr.Compare(b.Addr), cmp.Compare(a.Port, b.Port)) })
	return g
}

// add adds a target, by its interface's address if it has none of its own.
func (g *TargetGroup) add(t BalancerTarget) {
	for _, a := range addressesOf(t.Interface) {
		if !t.Addr.IsValid() && a.IP.Is4() != g.Desc.IPv6 {
			t.Addr = a.IP
		}
	}
	if t.Addr.IsValid() {
		g.Targets = append(g.Targets, t)
	}
}

// addNodes adds a load balancer as a target: each of its nodes is one.
func (g *TargetGroup) addNodes(t BalancerTarget, b *LoadBalancer) {
	for _, node := range b.Nodes {
		t.Interface = node
		g.add(t)
	}
}

func addressesOf(i *Interface) []vpc.Address {
	if i == nil {
		return nil
	}
	return i.Desc.Addresses
}

// primary is the interface that an instance, or itself, goes by: the first one by
// device index.
func (c *compiler) primary(v *VPC, name string) *Interface {
	var found *Interface
	for _, s := range v.Subnets {
		for _, i := range s.interfaces {
			mine := i.Instance != nil && (i.Instance.ID == name || i.Instance.Name == name) || i.Desc.Instance == name && name != ""
			if mine && (found == nil || i.Desc.DeviceIndex < found.Desc.DeviceIndex) {
				found = i
			}
		}
	}
	if found == nil {
		found = c.plan.named(v, name)
	}
	return found
}
