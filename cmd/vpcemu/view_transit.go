package main

import (
	"cmp"
	"slices"

	"github.com/vpcemu/vpcemu/internal/plan"
	"github.com/vpcemu/vpcemu/routing"
	"github.com/vpcemu/vpcemu/vpc"
)

type attachmentView struct {
	identity
	Gateway string `json:"gateway"`
	Kind    string `json:"kind"`
	// Peer is the transit gateway at the other end.
	Peer     string   `json:"peer,omitempty"`
	Subnets  []string `json:"subnets"`
	Prefixes []string `json:"prefixes"` // that it announces
	State    string   `json:"state,omitempty"`
	// Association is the table for what comes in, Propagation those that learn its
	// prefixes; "none" for no table.
	Association   string   `json:"association"`
	Propagation   []string `json:"propagation"`
	ApplianceMode bool     `json:"appliance_mode"`
	Unknown       string   `json:"unknown,omitempty"`
}

type transitTableView struct {
	identity
	Gateway string `json:"gateway"`
	// UsedBy are attachments. Of a table without any only the static routes are there.
	UsedBy  []string    `json:"used_by"`
	Routes  []routeView `json:"routes"`
	Unknown string      `json:"unknown,omitempty"`
}

// linkView is a VPN connection, or a virtual interface of Direct Connect, of a virtual
// private gateway.
type linkView struct {
	identity
	Gateway         string   `json:"gateway"`
	Kind            string   `json:"kind"` // vpn or dx
	Static          bool     `json:"static"`
	Prefixes        []string `json:"prefixes"` // that are known to be behind it
	CustomerGateway string   `json:"customer_gateway,omitempty"`
	State           string   `json:"state,omitempty"`
	Unknown         string   `json:"unknown,omitempty"`
}

func (w *viewer) transit(g *plan.Gateway) {
	t := g.Desc.Transit
	if t == nil {
		return
	}
	compiled := make(map[*vpc.TransitTable]*plan.Table)
	usedBy := make(map[*vpc.TransitTable][]string)
	for _, a := range g.Attachments {
		d := a.Desc
		w.view.TransitAttachments = append(w.view.TransitAttachments, attachmentView{
			identity: identity{d.ID, d.Name, d.VPC, d.Origin}, Gateway: g.Desc.ID, Kind: d.Kind.String(), Peer: d.Peer, Subnets: list(d.Subnets),
			Prefixes: texts(d.Prefixes), State: d.State, Association: d.Association, Propagation: list(d.Propagation), ApplianceMode: d.Appliance, Unknown: d.Unknown,
		})
		if table := t.Table(d.Association); table != nil {
			compiled[table] = a.Table
			usedBy[table] = append(usedBy[table], d.ID)
		}
	}
	for _, d := range t.RouteTables {
		w.view.TransitTables = append(w.view.TransitTables, transitTableView{
			identity: identity{d.ID, d.Name, "", d.Origin}, Gateway: g.Desc.ID, UsedBy: list(usedBy[d]), Routes: routes(d.Routes, compiled[d]), Unknown: d.Unknown,
		})
	}
}

// routeRow is a route and what became of its target.
func routeRow(r routing.Route, t plan.Target) routeView {
	row := routeView{Destination: cmp.Or(r.PrefixList, r.Destination.String()), Target: cmp.Or(t.ID, r.Target.String()), State: "active", Origin: r.Origin}
	switch {
	case t.Blackhole:
		row.State = "blackhole"
		if r.Target.ID == "" {
			row.Target = ""
		}
	case t.Unknown != "":
		row.State, row.Why = "unknown", t.Unknown
	case opaque(t.Kind):
		row.State, row.Why = "unknown", "what is behind a "+t.Kind.String()+" is not modelled"
	}
	return row
}

// opaque reports whether packets can be sent to a kind of target, and nobody knows
// what is behind it (RT-41).
func opaque(k vpc.Kind) bool {
	switch k {
	case routing.CarrierGateway, routing.LocalGateway, routing.CoreNetwork, routing.ODBNetwork:
		return true
	}
	return false
}

func (w *viewer) links(owner string, g *vpc.Gateway) {
	for _, l := range g.VPN.Links() {
		row := linkView{
			identity: identity{l.ID, l.Name, owner, l.Origin}, Gateway: g.ID, Kind: "vpn", Static: l.Static, Prefixes: []string{},
			CustomerGateway: l.CustomerGateway, State: l.State, Unknown: l.Unknown,
		}
		if slices.Contains(g.VPN.Interfaces, l) {
			row.Kind = "dx"
		}
		for _, a := range l.Prefixes {
			row.Prefixes = append(row.Prefixes, a.Prefix.String())
		}
		w.view.VPNLinks = append(w.view.VPNLinks, row)
	}
}

func attachmentGrid(v *view) *grid {
	n := v.names()
	g := &grid{
		title:  "Transit gateway attachments",
		header: []string{"ATTACHMENT", "GATEWAY", "KIND", "OF", "SUBNETS", "PREFIXES", "ASSOCIATION", "PROPAGATION", "STATE", "REMARKS", "WHERE"},
	}
	for _, r := range v.TransitAttachments {
		var remarks []string
		if r.ApplianceMode {
			remarks = append(remarks, "appliance mode")
		}
		remarks = append(remarks, doubt(r.Unknown))
		g.add(true, r.label(), n.of(r.Gateway), r.Kind, n.of(cmp.Or(r.VPC, r.Peer)), n.list(r.Subnets), words(r.Prefixes),
			n.of(r.Association), n.list(r.Propagation), r.State, words(remarks), r.Origin)
	}
	return g
}

func transitTableGrid(v *view) *grid {
	n := v.names()
	g := &grid{title: "Transit gateway route tables", header: []string{"ROUTE TABLE", "GATEWAY", "USED BY", "DESTINATION", "TARGET", "STATE", "WHERE"}}
	for _, t := range v.TransitTables {
		routeRows(g, n, []string{t.label(), n.of(t.Gateway), n.list(t.UsedBy)}, t.Routes, t.Unknown, t.Origin)
	}
	return g
}

// routeRows adds the routes of a table behind the cells of the table itself.
func routeRows(g *grid, n names, lead []string, routes []routeView, unknown, origin string) {
	begins := true
	row := func(cells ...string) {
		g.add(begins, append(lead, cells...)...)
		begins, lead = false, make([]string, len(lead))
	}
	if unknown != "" {
		row("", "", doubt(unknown), origin)
	}
	for _, r := range routes {
		state := r.State
		if r.Why != "" {
			state += ": " + r.Why
		}
		row(r.Destination, n.of(r.Target), state, r.Origin)
	}
	if begins {
		row("no routes", "", "", origin)
	}
}

func linkGrid(v *view) *grid {
	n := v.names()
	g := &grid{
		title:  "VPN connections and virtual interfaces",
		header: []string{"LINK", "VPC", "GATEWAY", "KIND", "PREFIXES", "CUSTOMER GATEWAY", "STATE", "REMARKS", "WHERE"},
	}
	for _, r := range v.VPNLinks {
		remark := "BGP"
		if r.Static {
			remark = "static"
		}
		remark = cmp.Or(doubt(r.Unknown), remark)
		g.add(true, r.label(), v.of(r.identity), n.of(r.Gateway), r.Kind, words(r.Prefixes), r.CustomerGateway, r.State, remark, r.Origin)
	}
	return g
}
