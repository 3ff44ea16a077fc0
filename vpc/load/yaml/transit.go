package yaml

import (
	"net/netip"

	goyaml "go.yaml.in/yaml/v4"

	"github.com/vpcemu/vpcemu/routing"
	"github.com/vpcemu/vpcemu/vpc"
)

// transitKeys are those of a gateway of kind tgw.
var transitKeys = keys[builtGateway]{
	{"attachments", func(d *decoder, n *node, g *builtGateway) { d.pairs(n, "attachments", d.inTransit(g, d.attachment)) }},
	{"route-tables", func(d *decoder, n *node, g *builtGateway) { d.pairs(n, "route-tables", d.inTransit(g, d.transitTable)) }},
	{"association", text("a route table or none", func(g *builtGateway) *string { return &g.transit().Association })},
	{"propagation", text("a route table or none", func(g *builtGateway) *string { return &g.transit().Propagation })},
	{"group-references", flag(true, func(g *builtGateway) *bool { return &g.transit().GroupReferences })},
}

func (g *builtGateway) transit() *vpc.Transit {
	if g.Transit == nil {
		g.Transit = new(vpc.Transit)
	}
	return g.Transit
}

func (d *decoder) inTransit(g *builtGateway, read func(*vpc.Transit, *node, *node)) func(k, n *node) {
	return func(k, n *node) { read(g.transit(), k, n) }
}

// builtAttachment is an attachment while its mapping is read.
type builtAttachment struct{ *vpc.TransitAttachment }

var attachmentKeys = join(identity(func(a *builtAttachment) (id, name *string) { return &a.ID, &a.Name }), keys[builtAttachment]{
	{"kind", func(d *decoder, n *node, a *builtAttachment) {
		a.Kind = vpc.TransitKind(d.oneOf(n, "kind", vpc.TransitKinds))
	}},
	{"vpc", text("a VPC", func(a *builtAttachment) *string { return &a.VPC })},
	{"subnets", names("a subnet", func(a *builtAttachment) *[]string { return &a.Subnets })},
	{"ip", func(d *decoder, n *node, a *builtAttachment) {
		d.items(n, func(n *node) {
			if s, ok := d.text(n, "an address or auto"); ok && s == "auto" {
				a.Addresses = append(a.Addresses, netip.Addr{})
			} else if ok {
				a.Addresses = append(a.Addresses, d.addr(n, "an address or auto"))
			}
		})
	}},
	{"peer", text("a transit gateway", func(a *builtAttachment) *string { return &a.Peer })},
	{"prefixes", func(d *decoder, n *node, a *builtAttachment) { a.Prefixes = d.prefixes(n) }},
	{"appliance-mode", flag(true, func(a *builtAttachment) *bool { return &a.Appliance })},
	{"ipv6", flag(true, func(a *builtAttachment) *bool { return &a.IPv6 })},
	{"group-references", flag(false, func(a *builtAttachment) *bool { return &a.NoGroupReferences })},
	{"state", text("a state", func(a *builtAttachment) *string { return &a.State })},
	{"association", text("a route table or none", func(a *builtAttachment) *string { return &a.Association })},
	{"propagation", names("a route table", func(a *builtAttachment) *[]string { return &a.Propagation })},
	{"unknown", text("a reason", func(a *builtAttachment) *string { return &a.Unknown })},
})

// names makes the reader of a list of names that package vpc looks up.
func names[T any](what string, field func(*T) *[]string) func(*decoder, *node, *T) {
	return func(d *decoder, n *node, e *T) {
		d.items(n, func(n *node) {
			if s, ok := d.text(n, what); ok {
				*field(e) = append(*field(e), s)
			}
		})
	}
}

// attachment reads one attachment. One that does not say which VPC it attaches is
// called like it.
func (d *decoder) attachment(t *vpc.Transit, k, n *node) {
	a := &vpc.TransitAttachment{ID: k.Value, Name: nameFor(k.Value, k.Value), Origin: d.origin(k)}
	read(d, n, "attachment "+k.Value, attachmentKeys, &builtAttachment{a})
	if a.Kind == vpc.VPCAttachment && a.VPC == "" {
		a.VPC = k.Value
	}
	t.Attachments = append(t.Attachments, a)
}

var transitTableKeys = join(identity(func(t *vpc.TransitTable) (id, name *string) { return &t.ID, &t.Name }), keys[vpc.TransitTable]{
	{"routes", func(d *decoder, n *node, t *vpc.TransitTable) { t.Routes = d.transitRoutes(n) }},
	{"unknown", text("a reason", func(t *vpc.TransitTable) *string { return &t.Unknown })},
})

// transitTable reads a table that is written out, or as its map of routes only.
func (d *decoder) transitTable(t *vpc.Transit, k, n *node) {
	table := &vpc.TransitTable{ID: k.Value, Name: nameFor(k.Value, k.Value), Origin: d.origin(k)}
	if n = follow(n); n.Kind == goyaml.MappingNode && hasKey(n, transitTableKeys.names()) {
		read(d, n, what(kindTable, k.Value), transitTableKeys, table)
	} else {
		table.Routes = d.transitRoutes(n)
	}
	t.RouteTables = append(t.RouteTables, table)
}

var transitRouteKeys = keys[routing.Route]{
	{"attachment", text("an attachment", func(r *routing.Route) *string { return &r.Target.ID })},
	{"blackhole", flag(true, func(r *routing.Route) *bool { return &r.Blackhole })},
	{"unknown", text("a reason", func(r *routing.Route) *string { return &r.Unknown })},
}

var listedTransitKeys = join(keys[routing.Route]{
	{"destination", func(d *decoder, n *node, r *routing.Route) { r.Destination, _ = d.prefix(n) }},
	{"prefix-list", text("a prefix list", func(r *routing.Route) *string { return &r.PrefixList })},
}, transitRouteKeys)

// transitRoutes reads a mapping of destinations to attachments, or a list.
func (d *decoder) transitRoutes(n *node) []routing.Route {
	var routes []routing.Route
	add := func(r routing.Route) {
		if r.Target.ID != "" {
			r.Target.Kind = routing.TransitGateway
		}
		routes = append(routes, r)
	}
	if n = follow(n); n.Kind == goyaml.SequenceNode {
		d.items(n, func(n *node) {
			r := routing.Route{Origin: d.origin(n)}
			read(d, n, "a route", listedTransitKeys, &r)
			add(r)
		})
		return routes
	}
	d.pairs(n, "routes", func(k, value *node) {
		r := routing.Route{Origin: d.origin(k)}
		d.destination(k, &r)
		if value = follow(value); value.Kind == goyaml.MappingNode {
			read(d, value, "the route to "+k.Value, transitRouteKeys, &r)
		} else if s, ok := d.text(value, "an attachment or blackhole"); ok && s == "blackhole" {
			r.Blackhole = true
		} else {
			r.Target.ID = s
		}
		add(r)
	})
	return routes
}

// transit writes what a transit gateway consists of.
func (w *writer) transit(m mapping, t *vpc.Transit) {
	if t == nil {
		return
	}
	w.attachments(m, t.Attachments)
	tables := newMapping()
	keys := labels(t.RouteTables, func(t *vpc.TransitTable) [2]string { return [2]string{t.ID, t.Name} })
	for i, table := range t.RouteTables {
		e := newMapping()
		e.identity(keys[i], table.ID, table.Name)
		e.add("routes", w.transitRoutes(table.Routes))
		e.text("unknown", table.Unknown)
		tables.add(keys[i], e.node)
	}
	m.add("route-tables", w.section(tables))
	m.text("association", t.Association)
	m.text("propagation", t.Propagation)
	m.flag("group-references", t.GroupReferences, true)
}

func (w *writer) attachments(m mapping, all []*vpc.TransitAttachment) {
	list := newMapping()
	keys := labels(all, func(a *vpc.TransitAttachment) [2]string { return [2]string{a.ID, a.Name} })
	for i, a := range all {
		e := newMapping()
		e.identity(keys[i], a.ID, a.Name)
		if a.Kind != vpc.VPCAttachment {
			e.text("kind", a.Kind.String())
		}
		if a.VPC != keys[i] || a.Kind != vpc.VPCAttachment {
			e.text("vpc", a.VPC)
		}
		e.add("subnets", texts(a.Subnets))
		e.add("ip", openAddresses(a.Addresses))
		e.text("peer", a.Peer)
		e.add("prefixes", oneOrList(w.prefixes(a.Prefixes)))
		e.flag("appliance-mode", a.Appliance, true)
		e.flag("ipv6", a.IPv6, true)
		e.flag("group-references", a.NoGroupReferences, false)
		e.text("state", a.State)
		e.text("association", a.Association)
		e.add("propagation", texts(a.Propagation))
		e.text("unknown", a.Unknown)
		list.add(keys[i], e.node)
	}
	m.add("attachments", w.section(list))
}

// openAddresses is a list of addresses, "auto" for those that are open.
func openAddresses(all []netip.Addr) *node {
	var items []*node
	for _, a := range all {
		items = append(items, address(vpc.Address{IP: a}))
	}
	return list(items...)
}

// transitRoutes is a mapping, or a list where a destination comes twice or cannot
// be a key.
func (w *writer) transitRoutes(routes []routing.Route) *node {
	m, seen, items := newMapping(), make(map[string]bool), []*node(nil)
	plain := true
	for _, r := range routes {
		key, ok := destinationKey(r)
		plain = plain && ok && !seen[key] && !(r.Target.ID == "blackhole")
		seen[key] = true
		full := newMapping()
		full.text("attachment", r.Target.ID)
		full.flag("blackhole", r.Blackhole, true)
		full.text("unknown", r.Unknown)
		switch {
		case r.Target.ID == "" && r.Blackhole && r.Unknown == "":
			m.add(key, scalar("blackhole"))
		case r.Target.ID != "" && !r.Blackhole && r.Unknown == "":
			m.add(key, scalar(r.Target.ID))
		default:
			m.add(key, full.node)
		}
		listed := newMapping()
		if r.Destination.IsValid() {
			listed.add("destination", w.prefix(r.Destination))
		}
		listed.text("prefix-list", r.PrefixList)
		listed.Content = append(listed.Content, full.Content...)
		items = append(items, listed.node)
	}
	if plain {
		return m.orNil()
	}
	return w.lines(items)
}
