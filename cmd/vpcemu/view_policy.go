package main

import (
	"cmp"
	"slices"

	"github.com/vpcemu/vpcemu/firewall"
	"github.com/vpcemu/vpcemu/internal/plan"
	"github.com/vpcemu/vpcemu/routing"
	"github.com/vpcemu/vpcemu/vpc"
)

// tables lists the route tables of a VPC: those that are described, then the one
// that subnets have when nobody describes any.
func (w *viewer) tables(v *plan.VPC) {
	inUse := make(map[string]*plan.Table)
	usedBy := make(map[string][]string)
	use := func(t *plan.Table, by string) {
		inUse[t.ID] = t
		usedBy[t.ID] = append(usedBy[t.ID], by)
	}
	for _, s := range v.Subnets {
		use(s.Routes, s.Desc.ID)
	}
	if v.Gateway != nil && v.Gateway.Edge != nil {
		use(v.Gateway.Edge, v.Gateway.Desc.ID)
	}
	for _, d := range v.Desc.RouteTables {
		row := tableView{identity: identity{d.ID, d.Name, v.Desc.ID, d.Origin}, UsedBy: list(usedBy[d.ID]), Unknown: d.Unknown}
		row.Routes = append(localRoutes(v.Desc, d.Routes), routes(d.Routes, inUse[d.ID])...)
		w.view.RouteTables = append(w.view.RouteTables, row)
		delete(inUse, d.ID)
	}
	for _, id := range sortedKeys(inUse) {
		row := tableView{identity: identity{ID: id, VPC: v.Desc.ID}, UsedBy: usedBy[id], Unknown: inUse[id].Unknown, Routes: []routeView{}}
		if row.Unknown == "" {
			row.Routes = localRoutes(v.Desc, nil)
		}
		w.view.RouteTables = append(w.view.RouteTables, row)
	}
}

func list(s []string) []string {
	if s == nil {
		return []string{}
	}
	return s
}

func sortedKeys[V any](m map[string]V) []string {
	var keys []string
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// localRoutes are the routes to the VPC's own addresses, which every table has
// and few descriptions list (RT-7).
func localRoutes(v *vpc.VPC, listed []routing.Route) []routeView {
	rows := []routeView{}
	for _, p := range v.CIDRs {
		replaced := func(r routing.Route) bool { return r.PrefixList == "" && r.Destination.Masked() == p.Masked() }
		if !slices.ContainsFunc(listed, replaced) {
			rows = append(rows, routeView{Destination: p.String(), Target: "local", State: "active"})
		}
	}
	return rows
}

// routes are the routes of a table, with those that gateways add to one in use. What
// became of their targets is known for such a table only; compiled is nil for others.
func routes(described []routing.Route, compiled *plan.Table) []routeView {
	rows := []routeView{}
	if compiled != nil {
		for n, r := range compiled.Routes {
			rows = append(rows, routeRow(r, compiled.Targets[n]))
		}
		return rows
	}
	for _, r := range described {
		rows = append(rows, routeRow(r, plan.Target{Kind: r.Target.Kind, Blackhole: r.Blackhole, Unknown: r.Unknown}))
	}
	return rows
}

func (w *viewer) groups(v *plan.VPC) {
	for _, d := range v.Desc.SecurityGroups {
		row := groupView{identity: identity{d.ID, d.Name, v.Desc.ID, d.Origin}, Description: d.Description, UsedBy: members(w.plan, d), Rules: []groupRule{}}
		add := func(direction string, rules []firewall.Rule) {
			for _, r := range rules {
				row.Rules = append(row.Rules, groupRule{direction, r.Service.String(), r.Peer.String(), r.ID, r.Description, r.Unknown, r.Origin})
			}
		}
		add("ingress", d.Ingress)
		add("egress", d.Egress)
		w.view.SecurityGroups = append(w.view.SecurityGroups, row)
	}
}

func (w *viewer) acls(v *plan.VPC) {
	usedBy := make(map[string][]string)
	for _, s := range v.Subnets {
		usedBy[w.plan.ACL(s).ID] = append(usedBy[w.plan.ACL(s).ID], s.Desc.ID)
	}
	for _, d := range v.Desc.NetworkACLs {
		row := aclView{identity: identity{d.ID, d.Name, v.Desc.ID, d.Origin}, UsedBy: list(usedBy[d.ID]), Rules: []aclRule{}}
		add := func(direction string, entries []firewall.Entry) {
			sorted := slices.Clone(entries)
			slices.SortStableFunc(sorted, func(a, b firewall.Entry) int { return cmp.Compare(a.Number, b.Number) })
			for _, e := range sorted {
				row.Rules = append(row.Rules, aclRule{direction, e.Number, e.Action.String(), e.Service.String(), e.CIDR.String(), e.Unknown, e.Origin})
			}
		}
		add("ingress", d.Ingress)
		add("egress", d.Egress)
		w.view.NetworkACLs = append(w.view.NetworkACLs, row)
	}
}

func (w *viewer) gateways(v *plan.VPC) {
	if v.Gateway != nil {
		g := v.Gateway.Desc
		w.view.Gateways = append(w.view.Gateways, gatewayView{identity: identity{g.ID, g.Name, v.Desc.ID, g.Origin}, Kind: routing.InternetGateway.String(), Modelled: true})
	}
	for _, g := range v.Desc.Gateways {
		w.gateway(v.Desc.ID, g)
		w.links(v.Desc.ID, g)
	}
}

func (w *viewer) gateway(owner string, g *vpc.Gateway) {
	row := gatewayView{identity: identity{g.ID, g.Name, owner, g.Origin}, Kind: g.Kind.String(), VPCs: g.VPCs, Subnet: g.Subnet, State: g.State, Modelled: carried(g.Kind)}
	if len(g.Addresses) > 0 {
		row.Addresses = addresses(g.Addresses)
	}
	w.view.Gateways = append(w.view.Gateways, row)
}

// carried reports whether packets are carried through gateways of a kind.
func carried(k vpc.Kind) bool {
	switch k {
	case routing.NATGateway, routing.EgressOnlyGateway, routing.PeeringConnection, routing.TransitGateway, routing.VPNGateway,
		routing.GatewayEndpoint, routing.GWLBEndpoint, routing.InterfaceEndpoint:
		return true
	}
	return false
}
