package yaml

import (
	"slices"

	"github.com/vpcemu/vpcemu/routing"
	"github.com/vpcemu/vpcemu/vpc"
)

// builtGateway is a gateway while its mapping is read.
type builtGateway struct {
	*vpc.Gateway
	hasKind bool
}

var natGatewayKeys = join(identity(func(g *builtGateway) (id, name *string) { return &g.ID, &g.Name }), keys[builtGateway]{
	{"subnet", reference(kindSubnet, func(g *builtGateway) *string { return &g.Subnet })},
	{"vpcs", func(d *decoder, n *node, g *builtGateway) {
		g.VPCs = d.references(n, scope{nil, kindVPC})
	}},
	{"peer-dns", func(d *decoder, n *node, g *builtGateway) {
		g.PeerDNS = d.references(n, scope{nil, kindVPC})
	}},
	{"state", text("a state", func(g *builtGateway) *string { return &g.State })},
	{"private", flag(true, func(g *builtGateway) *bool { return &g.Private })},
	{"regional", flag(true, func(g *builtGateway) *bool { return &g.Regional })},
	{"route-table", reference(kindTable, func(g *builtGateway) *string { return &g.RouteTable })},
	{"failure", text("a failure code", func(g *builtGateway) *string { return &g.Failure })},
	{"draining", func(d *decoder, n *node, g *builtGateway) {
		d.items(n, func(n *node) { g.Draining = append(g.Draining, d.addr(n, "an address of the gateway")) })
	}},
}, addressKeys(func(g *builtGateway) *[]vpc.Address { return &g.Addresses }))

var gatewayKeys = join(keys[builtGateway]{
	{"kind", func(d *decoder, n *node, g *builtGateway) { g.Kind, g.hasKind = d.kind(n) }},
}, natGatewayKeys, endpointKeys, transitKeys, vpnKeys)

// gateway reads a gateway. Without a key for it, its kind is the given one.
func (d *decoder) gateway(k, n *node, table keys[builtGateway], kind vpc.Kind) *vpc.Gateway {
	g := &vpc.Gateway{Kind: kind, ID: k.Value, Name: nameFor(k.Value, k.Value), Origin: d.origin(k)}
	built := builtGateway{g, kind != 0}
	read(d, n, what(kindGateway, k.Value), table, &built)
	if !built.hasKind {
		d.errorf(k, "gateway %q needs a kind: pcx, tgw, vgw, eigw, vpce, …", k.Value)
	}
	d.label(kindGateway, k.Value, g.ID)
	d.report.Count("gateway")
	return g
}

func (d *decoder) natGateways(n *node) {
	d.pairs(n, "nat-gateways", func(k, value *node) {
		d.vpc.Gateways = append(d.vpc.Gateways, d.gateway(k, value, natGatewayKeys, routing.NATGateway))
	})
}

func (d *decoder) gateways(n *node) {
	d.pairs(n, "gateways", func(k, value *node) {
		d.vpc.Gateways = append(d.vpc.Gateways, d.gateway(k, value, gatewayKeys, 0))
	})
}

// kindNames are the kinds of targets in the order of their values.
var kindNames = func() []string {
	var names []string
	for k := routing.Nowhere; k <= routing.UnknownTarget; k++ {
		names = append(names, k.String())
	}
	return names
}()

func (d *decoder) kind(n *node) (routing.TargetKind, bool) {
	return routing.TargetKind(d.oneOf(n, "kind", kindNames)), true
}

// oneOf reads one word of a few and answers its place among them.
func (d *decoder) oneOf(n *node, what string, words []string) int {
	s, ok := d.text(n, "a "+what)
	if !ok {
		return 0
	}
	i := slices.Index(words, s)
	if i < 0 {
		d.errorf(n, "unknown %s %q%s", what, s, suggest(s, words))
		return 0
	}
	return i
}
