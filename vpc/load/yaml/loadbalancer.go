package yaml

import (
	"slices"

	goyaml "go.yaml.in/yaml/v4"

	"github.com/vpcemu/vpcemu/vpc"
)

var schemes = []string{"internet-facing", "internal"}

var loadBalancerKeys = join(identity(func(b *vpc.LoadBalancer) (id, name *string) { return &b.ID, &b.Name }), keys[vpc.LoadBalancer]{
	{"kind", func(d *decoder, n *node, b *vpc.LoadBalancer) {
		b.Kind = vpc.LoadBalancerKind(d.oneOf(n, "kind", vpc.LoadBalancerKinds()))
	}},
	{"scheme", func(d *decoder, n *node, b *vpc.LoadBalancer) { b.Internal = d.oneOf(n, "scheme", schemes) == 1 }},
	{"subnets", func(d *decoder, n *node, b *vpc.LoadBalancer) { d.nodes(n, b) }},
	{"groups", func(d *decoder, n *node, b *vpc.LoadBalancer) { b.Groups = d.references(n, scope{d.vpc, kindGroup}) }},
	{"cross-zone", func(d *decoder, n *node, b *vpc.LoadBalancer) {
		b.CrossZone = onOff(d, n, vpc.CrossZoneOn, vpc.CrossZoneOff)
	}},
	{"listeners", func(d *decoder, n *node, b *vpc.LoadBalancer) { d.listeners(n, b) }},
	{"state", text("a state", func(b *vpc.LoadBalancer) *string { return &b.State })},
	{"unknown", text("a reason", func(b *vpc.LoadBalancer) *string { return &b.Unknown })},
})

// onOff reads a switch that has a default of its own.
func onOff[T any](d *decoder, n *node, on, off T) (value T) {
	switch b, ok := d.bool(n); {
	case !ok:
		return value
	case b:
		return on
	}
	return off
}

var nodeKeys = addressKeys(func(n *vpc.LoadBalancerNode) *[]vpc.Address { return &n.Addresses })

// nodes reads the subnets of a load balancer: a list of names, or a mapping from
// names to addresses.
func (d *decoder) nodes(n *node, b *vpc.LoadBalancer) {
	add := func(at *node, addresses *node) {
		name, _ := d.text(at, "the name of a subnet")
		built := vpc.LoadBalancerNode{Subnet: name}
		if addresses != nil {
			read(d, addresses, what(kindSubnet, name), nodeKeys, &built)
		}
		k, v := len(b.Nodes), d.vpc
		b.Nodes = append(b.Nodes, built)
		d.checks = append(d.checks, func() { d.check(at, v, scope{v, kindSubnet}, &b.Nodes[k].Subnet) })
	}
	if n = follow(n); n.Kind == goyaml.MappingNode {
		d.pairs(n, "subnets", func(k, value *node) { add(k, value) })
		return
	}
	d.items(n, func(n *node) { add(n, nil) })
}

var listenerKeys = keys[vpc.Listener]{
	{"protocol", func(d *decoder, n *node, l *vpc.Listener) {
		l.Protocol = vpc.ListenerProtocols()[d.oneOf(n, "protocol", vpc.ListenerProtocols())]
	}},
	{"port", func(d *decoder, n *node, l *vpc.Listener) { l.Port = d.port(n) }},
	{"forward", func(d *decoder, n *node, l *vpc.Listener) {
		if n = follow(n); n.Kind != goyaml.MappingNode {
			name, _ := d.text(n, "the name of a target group")
			l.Forward = []vpc.Forward{{TargetGroup: name}}
			return
		}
		d.pairs(n, "forward", func(k, value *node) {
			weight, _ := d.number(value)
			l.Forward = append(l.Forward, vpc.Forward{TargetGroup: k.Value, Weight: weight})
		})
	}},
	{"unknown", text("a reason", func(l *vpc.Listener) *string { return &l.Unknown })},
}

func (d *decoder) port(n *node) uint16 {
	port, ok := d.number(n)
	if ok && port > 65535 {
		d.errorf(follow(n), "there is no port %d", port)
	}
	return uint16(port)
}

func (d *decoder) listeners(n *node, b *vpc.LoadBalancer) {
	d.items(n, func(n *node) {
		l := vpc.Listener{Protocol: "TCP", Origin: d.origin(n)}
		read(d, n, "a listener", listenerKeys, &l)
		k, v := len(b.Listeners), d.vpc
		b.Listeners = append(b.Listeners, l)
		d.checks = append(d.checks, func() {
			for j := range b.Listeners[k].Forward {
				d.check(n, v, scope{v, kindTargetGroup}, &b.Listeners[k].Forward[j].TargetGroup)
			}
		})
	})
}

var targetGroupKeys = join(identity(func(g *vpc.TargetGroup) (id, name *string) { return &g.ID, &g.Name }), keys[vpc.TargetGroup]{
	{"protocol", func(d *decoder, n *node, g *vpc.TargetGroup) {
		g.Protocol = vpc.ListenerProtocols()[d.oneOf(n, "protocol", vpc.ListenerProtocols())]
	}},
	{"port", func(d *decoder, n *node, g *vpc.TargetGroup) { g.Port = d.port(n) }},
	{"type", func(d *decoder, n *node, g *vpc.TargetGroup) {
		g.Type = vpc.TargetType(d.oneOf(n, "type", vpc.TargetTypes()))
	}},
	{"ipv6", func(d *decoder, n *node, g *vpc.TargetGroup) { g.IPv6, _ = d.bool(n) }},
	{"cross-zone", func(d *decoder, n *node, g *vpc.TargetGroup) {
		g.CrossZone = onOff(d, n, vpc.CrossZoneOn, vpc.CrossZoneOff)
	}},
	{"preserve-client-ip", func(d *decoder, n *node, g *vpc.TargetGroup) {
		g.Preserve = onOff(d, n, vpc.PreserveOn, vpc.PreserveOff)
	}},
	{"targets", func(d *decoder, n *node, g *vpc.TargetGroup) {
		d.items(n, func(n *node) { g.Targets = append(g.Targets, d.balancerTarget(n)) })
	}},
	{"unknown", text("a reason", func(g *vpc.TargetGroup) *string { return &g.Unknown })},
})

var balancerTargetKeys = keys[vpc.LoadBalancerTarget]{
	{"id", text("an address or the name of an instance", func(t *vpc.LoadBalancerTarget) *string { return &t.ID })},
	{"port", func(d *decoder, n *node, t *vpc.LoadBalancerTarget) { t.Port = d.port(n) }},
	{"health", func(d *decoder, n *node, t *vpc.LoadBalancerTarget) {
		t.Health = vpc.TargetHealth()[d.oneOf(n, "health", vpc.TargetHealth())]
	}},
}

// balancerTarget is a mapping, or only its address or name.
func (d *decoder) balancerTarget(n *node) vpc.LoadBalancerTarget {
	var t vpc.LoadBalancerTarget
	if n = follow(n); n.Kind == goyaml.MappingNode {
		read(d, n, "a target", balancerTargetKeys, &t)
	} else {
		t.ID, _ = d.text(n, "an address or the name of an instance")
	}
	return t
}

func (d *decoder) loadBalancer(k, n *node) {
	b := &vpc.LoadBalancer{ID: k.Value, Name: nameFor(k.Value, k.Value), Origin: d.origin(k)}
	d.vpc.LoadBalancers = append(d.vpc.LoadBalancers, b)
	read(d, n, what(kindLoadBalancer, k.Value), loadBalancerKeys, b)
	d.label(kindLoadBalancer, k.Value, b.ID)
	d.report.Count("load-balancer")
}

func (d *decoder) targetGroup(k, n *node) {
	g := &vpc.TargetGroup{ID: k.Value, Name: nameFor(k.Value, k.Value), Protocol: "TCP", Origin: d.origin(k)}
	d.vpc.TargetGroups = append(d.vpc.TargetGroups, g)
	read(d, n, what(kindTargetGroup, k.Value), targetGroupKeys, g)
	d.label(kindTargetGroup, k.Value, g.ID)
	d.report.Count("target-group")
}

// protocol writes a protocol unless it is TCP.
func (w *writer) protocol(m mapping, p string) {
	if !slices.Contains(vpc.ListenerProtocols(), p) {
		w.failf("there is no protocol %q of load balancers", p)
	}
	if p != "TCP" {
		m.text("protocol", p)
	}
}
