package yaml

import (
	"net/netip"
	"slices"
	"strings"

	goyaml "go.yaml.in/yaml/v4"

	"github.com/vpcemu/vpcemu/internal/nearest"
	"github.com/vpcemu/vpcemu/routing"
	"github.com/vpcemu/vpcemu/vpc"
	"github.com/vpcemu/vpcemu/vpc/load/report"
)

var tableKeys = join(identity(func(t *vpc.RouteTable) (id, name *string) { return &t.ID, &t.Name }), keys[vpc.RouteTable]{
	{"routes", func(d *decoder, n *node, t *vpc.RouteTable) { t.Routes = d.routes(n) }},
	{"propagating", func(d *decoder, n *node, t *vpc.RouteTable) {
		d.items(n, func(n *node) {
			if s, ok := d.text(n, "the name of a gateway"); ok {
				t.Propagating = append(t.Propagating, s)
				d.noteMissing(n, t.ID, s)
			}
		})
	}},
	{"unknown", text("a reason", func(t *vpc.RouteTable) *string { return &t.Unknown })},
})

// routeTable reads a table that is written out, or as its map of routes only.
func (d *decoder) routeTable(k, n *node) {
	t := &vpc.RouteTable{ID: k.Value, Name: nameFor(k.Value, k.Value), Origin: d.origin(k)}
	if n = follow(n); n.Kind == goyaml.MappingNode && hasKey(n, tableKeys.names()) {
		read(d, n, what(kindTable, k.Value), tableKeys, t)
	} else {
		t.Routes = d.routes(n)
	}
	d.vpc.RouteTables = append(d.vpc.RouteTables, t)
	d.label(kindTable, k.Value, t.ID)
	d.report.Count("route-table")
}

// noteMissing reports a gateway that propagates routes and is not described. It
// is no mistake: the routes that are listed do without it.
func (d *decoder) noteMissing(at *node, table, name string) {
	v := d.vpc
	d.checks = append(d.checks, func() {
		if !d.refs.found(scope{v, kindGateway}, name) && !d.refs.found(scope{nil, kindGateway}, name) {
			d.report.Note(report.Missing, d.origin(at), what(kindGateway, name), "route table %q lists it under propagating", table)
		}
	})
}

func hasKey(n *node, names []string) bool {
	for i := 0; i < len(n.Content); i += 2 {
		for _, name := range names {
			if follow(n.Content[i]).Value == name {
				return true
			}
		}
	}
	return false
}

// routeFields are the keys of a route that is a mapping. Its destination stands
// before it or, in a list of routes, in it.
var routeFields = keys[builtRoute]{
	{"target", text("a target", func(r *builtRoute) *string { return &r.target })},
	{"kind", func(d *decoder, n *node, r *builtRoute) { r.kind, r.hasKind = d.kind(n) }},
	{"source", func(d *decoder, n *node, r *builtRoute) { r.Source = routing.Source(d.oneOf(n, "source", sourceNames)) }},
	{"blackhole", flag(true, func(r *builtRoute) *bool { return &r.Blackhole })},
	{"unknown", text("a reason", func(r *builtRoute) *string { return &r.Unknown })},
}

var listedRouteKeys = join(keys[builtRoute]{
	{"destination", func(d *decoder, n *node, r *builtRoute) { r.Destination, _ = d.prefix(n) }},
	{"prefix-list", text("a prefix list", func(r *builtRoute) *string { return &r.PrefixList })},
}, routeFields)

var sourceNames = []string{"static", "dx", "vpn-static", "vpn-bgp"}

// builtRoute is a route while its mapping is read.
type builtRoute struct {
	*routing.Route
	target  string
	kind    routing.TargetKind
	hasKind bool
}

// routes reads a mapping of destinations to targets, or a list of routes that
// each name their destination.
func (d *decoder) routes(n *node) []routing.Route {
	var list []*routing.Route
	if n = follow(n); n.Kind == goyaml.SequenceNode {
		d.items(n, func(n *node) { list = append(list, d.listedRoute(n)) })
	} else {
		d.pairs(n, "routes", func(k, value *node) { list = append(list, d.route(k, value)) })
	}
	return d.settled(list)
}

func (d *decoder) listedRoute(n *node) *routing.Route {
	r := builtRoute{Route: &routing.Route{Origin: d.origin(n)}}
	read(d, n, "a route", listedRouteKeys, &r)
	if !r.Destination.IsValid() && r.PrefixList == "" && r.Unknown == "" {
		d.errorf(n, "a route without a destination or a prefix-list")
	}
	d.target(n, n, &r)
	return r.Route
}

// targetWords are the targets that are no names; see [vpc.ParseTarget].
var targetWords = []string{"igw", "local", "blackhole"}

const wantTarget = "a target: local, igw, blackhole, or the name or id of a gateway, interface or instance"

func (d *decoder) route(k, n *node) *routing.Route {
	r := builtRoute{Route: &routing.Route{Origin: d.origin(k)}}
	d.destination(k, r.Route)
	if n = follow(n); n.Kind == goyaml.MappingNode {
		read(d, n, "the route to "+k.Value, routeFields, &r)
		d.target(k, n, &r)
	} else if s, ok := d.text(n, wantTarget); ok {
		r.target = s
		d.target(k, n, &r)
	}
	return r.Route
}

// settled is the routes as values; checks that come later change them there.
func (d *decoder) settled(list []*routing.Route) []routing.Route {
	var routes []routing.Route
	for _, r := range list {
		routes = append(routes, *r)
	}
	d.checks = append(d.checks, func() {
		for i, r := range list {
			routes[i] = *r
		}
	})
	return routes
}

func (d *decoder) destination(k *node, r *routing.Route) {
	p, err := netip.ParsePrefix(k.Value)
	if err == nil {
		r.Destination = p.Masked()
		return
	}
	if _, err := netip.ParseAddr(k.Value); err == nil || strings.Contains(k.Value, "/") {
		d.errorf(k, "%s", badPrefix(k.Value))
		return
	}
	r.PrefixList = k.Value
}

// target reads the target of a route. One that is given by its kind is taken as
// it is; text must name something, unless the route says that it does not work.
func (d *decoder) target(to, at *node, r *builtRoute) {
	v := d.vpc
	switch {
	case r.PrefixList != "" && r.Unknown == "" && !d.knownList(to, &r.PrefixList):
	case r.hasKind:
		r.Target = routing.Target{Kind: r.kind, ID: r.target}
	case r.target != "":
		var blackhole bool
		r.Target, blackhole = vpc.ParseTarget(r.target)
		r.Blackhole = r.Blackhole || blackhole
		if !r.Blackhole && r.Unknown == "" {
			d.checks = append(d.checks, func() { d.checkTarget(at, v, &r.Target) })
		}
	case !r.Blackhole && r.Unknown == "":
		d.errorf(at, "a route without a target")
	}
}

// knownList wants that a destination that is no CIDR block is a prefix list; all
// are read by now. Else it may be a mistyped key of a table.
func (d *decoder) knownList(at *node, name *string) bool {
	s := scope{nil, kindList}
	if d.refs.found(s, *name) || d.vpc.Partial {
		return true
	}
	if id, ok := d.labels[s][*name]; ok {
		*name = id
		return true
	}
	known := append(slices.Clone(d.refs.indexOf(s).order), "routes", "propagating")
	if best := nearest.Best(*name, known); best != "" {
		d.errorf(at, "%q is neither a CIDR block nor a prefix list: did you mean %q?", *name, best)
	} else {
		d.errorf(at, "%q is neither a CIDR block nor a prefix list", *name)
	}
	return false
}

// checkTarget wants that a target exists; a key becomes the ID of what stands
// under it.
func (d *decoder) checkTarget(at *node, v *vpc.VPC, t *routing.Target) {
	if t.Kind == routing.InternetGateway && t.ID == "" {
		if v.InternetGateway == nil && !v.Partial && !d.toldIGW[v] {
			d.toldIGW[v] = true
			d.errorf(at, "VPC %q has no internet gateway: add \"internet-gateway: true\"", v.ID)
		}
		return
	}
	if _, ok := d.refs.index().Target(v, *t); ok {
		return
	}
	scopes := []scope{{v, kindInterface}, {v, kindInstance}, {v, kindGateway}, {v, kindIGW}, {nil, kindGateway}}
	all := index{known: make(map[string]int)}
	for _, s := range scopes {
		if d.refs.found(s, t.ID) {
			return // found, and of no use: Validate says why
		}
		if id, ok := d.labels[s][t.ID]; ok {
			t.ID = id
			return
		}
		all.merge(d.refs.indexOf(s))
	}
	all.order = append(all.order, targetWords...)
	switch {
	case v.Partial:
	case all.known[t.ID] > 1:
		d.missing(at, "target", t.ID, &all)
	default:
		d.missing(at, "gateway, interface or instance", t.ID, &all)
	}
}
