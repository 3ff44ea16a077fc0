package yaml

import (
	"fmt"
	"math"

	goyaml "go.yaml.in/yaml/v4"

	"github.com/vpcemu/vpcemu/vpc"
)

// vpnKeys are those of a gateway of kind vgw.
var vpnKeys = keys[builtGateway]{
	{"edge-table", reference(kindTable, func(g *builtGateway) *string { return &g.vpn().RouteTable })},
	{"vpn-connections", func(d *decoder, n *node, g *builtGateway) {
		d.pairs(n, "vpn-connections", func(k, n *node) {
			g.vpn().Connections = append(g.vpn().Connections, d.link(k, n, "VPN connection", connectionKeys))
		})
	}},
	{"virtual-interfaces", func(d *decoder, n *node, g *builtGateway) {
		d.pairs(n, "virtual-interfaces", func(k, n *node) {
			g.vpn().Interfaces = append(g.vpn().Interfaces, d.link(k, n, "virtual interface", virtualInterfaceKeys))
		})
	}},
	{"unknown-links", text("a reason", func(g *builtGateway) *string { return &g.vpn().Unknown })},
}

func (g *builtGateway) vpn() *vpc.VPN {
	if g.VPN == nil {
		g.VPN = new(vpc.VPN)
	}
	return g.VPN
}

var linkKeys = join(identity(func(l *vpc.Link) (id, name *string) { return &l.ID, &l.Name }), keys[vpc.Link]{
	{"state", text("a state", func(l *vpc.Link) *string { return &l.State })},
	{"prefixes", func(d *decoder, n *node, l *vpc.Link) {
		d.items(n, func(n *node) { l.Prefixes = append(l.Prefixes, d.announcement(n)) })
	}},
	{"unknown", text("a reason", func(l *vpc.Link) *string { return &l.Unknown })},
})

var connectionKeys = join(linkKeys, keys[vpc.Link]{
	{"static", flag(true, func(l *vpc.Link) *bool { return &l.Static })},
	{"customer-gateway", text("a customer gateway", func(l *vpc.Link) *string { return &l.CustomerGateway })},
})

var virtualInterfaceKeys = join(linkKeys, keys[vpc.Link]{
	{"direct-connect-gateway", text("a Direct Connect gateway", func(l *vpc.Link) *string { return &l.DirectConnectGateway })},
	{"allowed", func(d *decoder, n *node, l *vpc.Link) { l.Allowed = d.prefixes(n) }},
	{"mtu", func(d *decoder, n *node, l *vpc.Link) { l.MTU, _ = d.number(n) }},
})

// announcementKeys are those of a prefix with the attributes that BGP told of it.
var announcementKeys = keys[vpc.Announcement]{
	{"prefix", func(d *decoder, n *node, a *vpc.Announcement) { a.Prefix, _ = d.prefix(n) }},
	{"as-path", func(d *decoder, n *node, a *vpc.Announcement) {
		d.items(n, func(n *node) { a.ASPath = append(a.ASPath, d.number32(n)) })
	}},
	{"med", func(d *decoder, n *node, a *vpc.Announcement) { a.MED = d.number32(n) }},
}

func (d *decoder) link(k, n *node, kind string, table keys[vpc.Link]) *vpc.Link {
	l := &vpc.Link{ID: k.Value, Name: nameFor(k.Value, k.Value), Origin: d.origin(k)}
	read(d, n, what(kind, k.Value), table, l)
	d.report.Count(kind)
	return l
}

// announcement is a prefix alone, or a mapping.
func (d *decoder) announcement(n *node) (a vpc.Announcement) {
	if n.Kind == goyaml.MappingNode {
		read(d, n, "a prefix", announcementKeys, &a)
		return a
	}
	a.Prefix, _ = d.prefix(n)
	return a
}

// number32 reads an AS number or a MED.
func (d *decoder) number32(n *node) uint32 {
	i, ok := d.number(n)
	if ok && i > math.MaxUint32 {
		d.errorf(n, "%d is more than %d", i, uint32(math.MaxUint32))
		return 0
	}
	return uint32(i)
}

func (w *writer) vpn(m mapping, v *vpc.VPN) {
	if v == nil {
		return
	}
	m.text("edge-table", v.RouteTable)
	m.add("vpn-connections", w.links(v.Connections, true))
	m.add("virtual-interfaces", w.links(v.Interfaces, false))
	m.text("unknown-links", v.Unknown)
}

// links writes the links of one kind, each with the keys of its kind.
func (w *writer) links(all []*vpc.Link, vpn bool) *node {
	m := newMapping()
	keys := labels(all, func(l *vpc.Link) [2]string { return [2]string{l.ID, l.Name} })
	for i, l := range all {
		e := newMapping()
		e.identity(keys[i], l.ID, l.Name)
		e.text("state", l.State)
		e.add("prefixes", w.announcements(l.Prefixes))
		e.text("unknown", l.Unknown)
		if vpn {
			e.flag("static", l.Static, true)
			e.text("customer-gateway", l.CustomerGateway)
		} else {
			e.text("direct-connect-gateway", l.DirectConnectGateway)
			e.add("allowed", oneOrList(w.prefixes(l.Allowed)))
			e.number("mtu", w.natural(l.MTU))
		}
		m.add(keys[i], e.node)
	}
	return w.section(m)
}

func (w *writer) announcements(all []vpc.Announcement) *node {
	var items []*node
	for _, a := range all {
		m := newMapping()
		m.add("prefix", w.prefix(a.Prefix))
		var path []*node
		for _, as := range a.ASPath {
			path = append(path, plain("!!int", fmt.Sprint(as)))
		}
		m.add("as-path", list(path...))
		if a.MED != 0 {
			m.add("med", plain("!!int", fmt.Sprint(a.MED)))
		}
		if len(m.Content) == 2 {
			items = append(items, m.Content[1])
		} else {
			items = append(items, m.node)
		}
	}
	return list(items...)
}
