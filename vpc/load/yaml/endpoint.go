package yaml

import (
	"slices"
	"time"

	"github.com/vpcemu/vpcemu/vpc"
)

// endpoint is what a VPC endpoint has, made when the first key asks for it.
func (g *builtGateway) endpoint() *vpc.Endpoint {
	if g.Endpoint == nil {
		g.Endpoint = new(vpc.Endpoint)
	}
	return g.Endpoint
}

// endpointKeys are those of VPC endpoints.
var endpointKeys = keys[builtGateway]{
	{"service", text("the name of a service", func(g *builtGateway) *string { return &g.endpoint().Service })},
	{"prefix-list", func(d *decoder, n *node, g *builtGateway) {
		if s, ok := d.text(n, "the name of a prefix list"); ok && s != "" {
			g.endpoint().PrefixList = s
			s := scope{nil, kindList}
			v, name := d.vpc, &g.endpoint().PrefixList
			d.checks = append(d.checks, func() { d.check(n, v, s, name) })
		}
	}},
	{"tables", func(d *decoder, n *node, g *builtGateway) {
		g.endpoint().RouteTables = d.references(n, scope{d.vpc, kindTable})
	}},
	{"dual-stack", flag(true, func(g *builtGateway) *bool { return &g.endpoint().DualStack })},
	{"subnets", func(d *decoder, n *node, g *builtGateway) {
		g.endpoint().Subnets = d.references(n, scope{d.vpc, kindSubnet})
	}},
	{"groups", func(d *decoder, n *node, g *builtGateway) {
		g.endpoint().Groups = d.references(n, scope{d.vpc, kindGroup})
	}},
	{"interfaces", func(d *decoder, n *node, g *builtGateway) {
		g.endpoint().Interfaces = d.references(n, scope{d.vpc, kindInterface})
	}},
	{"udp", func(d *decoder, n *node, g *builtGateway) {
		g.endpoint().UDP = vpc.Support(d.oneOf(n, "answer", supportNames))
	}},
	{"appliance", func(d *decoder, n *node, g *builtGateway) {
		g.endpoint().Appliances = []vpc.Appliance{{Verdict: d.applianceVerdict(n)}}
	}},
	{"appliances", func(d *decoder, n *node, g *builtGateway) {
		e := g.endpoint()
		if len(e.Appliances) > 0 {
			d.errorf(n, "appliances beside an appliance: want one of them")
		}
		d.pairs(n, "appliances", func(k, value *node) {
			e.Appliances = append(e.Appliances, vpc.Appliance{Name: k.Value, Verdict: d.applianceVerdict(value)})
		})
	}},
	{"tcp-idle", func(d *decoder, n *node, g *builtGateway) { g.endpoint().TCPIdle = d.duration(n) }},
}

// The words for [vpc.Support] and [vpc.Verdict], in the order of their values.
var (
	supportNames = []string{"false", "true", "unknown"}
	verdictNames = []string{"unknown", "pass", "drop"}
)

func (d *decoder) applianceVerdict(n *node) vpc.Verdict {
	return vpc.Verdict(d.oneOf(n, "verdict", verdictNames))
}

// endpoint writes what a VPC endpoint has.
func (w *writer) endpoint(m mapping, e *vpc.Endpoint) {
	if e == nil {
		return
	}
	m.text("service", e.Service)
	m.text("prefix-list", e.PrefixList)
	m.add("tables", texts(e.RouteTables))
	m.flag("dual-stack", e.DualStack, true)
	m.add("subnets", texts(e.Subnets))
	m.add("groups", texts(e.Groups))
	m.add("interfaces", texts(e.Interfaces))
	switch e.UDP {
	case vpc.Yes:
		m.add("udp", plain("!!bool", "true"))
	case vpc.Maybe:
		m.text("udp", supportNames[e.UDP])
	}
	w.appliances(m, e.Appliances)
	if e.TCPIdle != 0 {
		m.text("tcp-idle", e.TCPIdle.Round(time.Nanosecond).String())
	}
}

// appliances are one verdict, or names with a verdict each.
func (w *writer) appliances(m mapping, list []vpc.Appliance) {
	if len(list) == 1 && list[0].Name == "" {
		m.text("appliance", list[0].Verdict.String())
		return
	}
	named := newMapping()
	var seen []string
	for _, a := range list {
		if a.Name == "" || slices.Contains(seen, a.Name) {
			w.failf("of several appliances each needs a name of its own")
		}
		seen = append(seen, a.Name)
		named.add(a.Name, scalar(a.Verdict.String()))
	}
	if len(list) > 0 {
		m.add("appliances", named.node)
	}
}
