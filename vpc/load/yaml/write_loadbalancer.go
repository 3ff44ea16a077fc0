package yaml

import (
	"fmt"

	goyaml "go.yaml.in/yaml/v4"

	"github.com/vpcemu/vpcemu/vpc"
)

func (w *writer) loadBalancers() *node {
	m := newMapping()
	keys := labels(w.vpc.LoadBalancers, func(b *vpc.LoadBalancer) [2]string { return [2]string{b.ID, b.Name} })
	for i, b := range w.vpc.LoadBalancers {
		e := newMapping()
		e.identity(keys[i], b.ID, b.Name)
		if b.Kind != vpc.NetworkLoadBalancer {
			e.text("kind", b.Kind.String())
		}
		if b.Internal {
			e.text("scheme", schemes[1])
		}
		e.add("subnets", w.nodes(b))
		e.add("groups", texts(b.Groups))
		if b.CrossZone != vpc.CrossZoneDefault {
			e.add("cross-zone", boolean(b.CrossZone == vpc.CrossZoneOn))
		}
		e.add("listeners", w.listeners(b))
		e.text("state", b.State)
		e.text("unknown", b.Unknown)
		m.add(keys[i], e.node)
	}
	return w.section(m)
}

func boolean(b bool) *node { return plain("!!bool", fmt.Sprint(b)) }

// nodes is a mapping, or a list if no addresses are written down.
func (w *writer) nodes(b *vpc.LoadBalancer) *node {
	m := newMapping()
	var names []string
	seen := make(map[string]bool)
	plainNames := true
	for _, n := range b.Nodes {
		if seen[n.Subnet] {
			w.failf("load balancer %q has two nodes in subnet %q", b.ID, n.Subnet)
		}
		seen[n.Subnet] = true
		e := newMapping()
		w.addresses(e, n.Addresses)
		m.add(n.Subnet, e.node)
		names = append(names, n.Subnet)
		plainNames = plainNames && len(n.Addresses) == 0
	}
	if plainNames {
		return texts(names)
	}
	return m.node
}

func (w *writer) listeners(b *vpc.LoadBalancer) *node {
	var items []*node
	for _, l := range b.Listeners {
		e := newMapping()
		w.protocol(e, l.Protocol)
		e.add("port", number(l.Port))
		switch {
		case len(l.Forward) == 1 && l.Forward[0].Weight == 0:
			e.text("forward", l.Forward[0].TargetGroup)
		case len(l.Forward) > 0:
			f := newMapping()
			for _, g := range l.Forward {
				f.add(g.TargetGroup, plain("!!int", fmt.Sprint(w.natural(g.Weight))))
			}
			e.add("forward", f.node)
		}
		e.text("unknown", l.Unknown)
		items = append(items, e.node)
	}
	return w.lines(items)
}

func number(port uint16) *node { return plain("!!int", fmt.Sprint(port)) }

func (w *writer) targetGroups() *node {
	m := newMapping()
	keys := labels(w.vpc.TargetGroups, func(g *vpc.TargetGroup) [2]string { return [2]string{g.ID, g.Name} })
	for i, g := range w.vpc.TargetGroups {
		e := newMapping()
		e.identity(keys[i], g.ID, g.Name)
		w.protocol(e, g.Protocol)
		if g.Port != 0 {
			e.add("port", number(g.Port))
		}
		if g.Type != vpc.AddressTargets {
			e.text("type", g.Type.String())
		}
		if g.IPv6 {
			e.add("ipv6", boolean(true))
		}
		if g.CrossZone != vpc.CrossZoneDefault {
			e.add("cross-zone", boolean(g.CrossZone == vpc.CrossZoneOn))
		}
		if g.Preserve != vpc.PreserveDefault {
			e.add("preserve-client-ip", boolean(g.Preserve == vpc.PreserveOn))
		}
		var items []*node
		for _, t := range g.Targets {
			items = append(items, balancerTarget(t))
		}
		if len(items) > 0 {
			e.add("targets", &node{Kind: goyaml.SequenceNode, Content: items})
		}
		e.text("unknown", g.Unknown)
		m.add(keys[i], e.node)
	}
	return w.section(m)
}

func balancerTarget(t vpc.LoadBalancerTarget) *node {
	if t.Port == 0 && t.Health == "" {
		return scalar(t.ID)
	}
	e := newMapping()
	e.text("id", t.ID)
	if t.Port != 0 {
		e.add("port", number(t.Port))
	}
	e.text("health", t.Health)
	return e.node
}
