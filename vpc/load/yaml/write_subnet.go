package yaml

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/vpcemu/vpcemu/routing"
	"github.com/vpcemu/vpcemu/vpc"
)

// inlineTables finds the route tables that can stand in their only subnet. The
// loader puts those after all others and in the order of the subnets, so they
// are the last ones of the VPC:
//
//	subnets:       web      app   db
//	route tables:  edge │ web app         "edge" stands under route-tables
func (w *writer) inlineTables() map[*vpc.Subnet]*vpc.RouteTable {
	v := w.vpc
	users := make(map[string]int)
	for _, s := range v.Subnets {
		users[s.RouteTable]++
	}
	first, s := len(v.RouteTables), len(v.Subnets)
	var owners []int // of the last tables, the last one first
	for ; first > 0; first-- {
		t := v.RouteTables[first-1]
		if users[t.ID] != 1 || t.Unknown != "" || len(t.Propagating) > 0 {
			break
		}
		for s--; s >= 0 && v.Subnets[s].RouteTable != t.ID; s-- {
		}
		if s < 0 {
			break
		}
		owners = append(owners, s)
	}
	return w.inlineNamed(owners)
}

// inlineNamed drops the tables that would not get their names back, and with
// each those before it.
func (w *writer) inlineNamed(owners []int) map[*vpc.Subnet]*vpc.RouteTable {
	for {
		inline, good := w.tryInline(owners)
		if good == len(owners) {
			return inline
		}
		owners = owners[:good]
	}
}

// tryInline names the last tables of the VPC as the loader would if they stood
// in their owners. good is how many, from the last one on, get their own names.
func (w *writer) tryInline(owners []int) (inline map[*vpc.Subnet]*vpc.RouteTable, good int) {
	v, keys := w.vpc, w.subnetKeys()
	taken := make(map[string]bool)
	for _, t := range v.RouteTables[:len(v.RouteTables)-len(owners)] {
		taken[t.ID], taken[t.Name] = true, true
	}
	inline = make(map[*vpc.Subnet]*vpc.RouteTable)
	for i, owner := range slices.Backward(owners) {
		t := v.RouteTables[len(v.RouteTables)-1-i]
		id := inlineName(keys[owner], taken)
		if t.ID != id || t.Name != nameFor(id, id) {
			return nil, i
		}
		taken[id] = true
		inline[v.Subnets[owner]] = t
	}
	return inline, len(owners)
}

func (w *writer) subnetKeys() []string {
	return labels(w.vpc.Subnets, func(s *vpc.Subnet) [2]string { return [2]string{s.ID, s.Name} })
}

func (w *writer) subnets(inline map[*vpc.Subnet]*vpc.RouteTable) *node {
	m := newMapping()
	keys := w.subnetKeys()
	for i, s := range w.vpc.Subnets {
		e := newMapping()
		e.identity(keys[i], s.ID, s.Name)
		e.add("cidr", oneOrList(w.prefixes(s.CIDRs)))
		e.text("az", s.Zone)
		if t := inline[s]; t != nil {
			e.add("routes", w.routes(t.Routes))
		} else {
			e.text("route-table", s.RouteTable)
		}
		e.text("acl", s.NetworkACL)
		e.flag("dns64", s.DNS64, true)
		e.flag("map-public-ip", s.MapPublicIP, true)
		m.add(keys[i], e.node)
	}
	return w.section(m)
}

func (w *writer) routeTables(list []*vpc.RouteTable) *node {
	m := newMapping()
	keys := labels(list, func(t *vpc.RouteTable) [2]string { return [2]string{t.ID, t.Name} })
	for i, t := range list {
		e := newMapping()
		routes := w.routes(t.Routes)
		e.identity(keys[i], t.ID, t.Name)
		if len(t.Routes) > 0 {
			e.add("routes", routes)
		}
		e.add("propagating", texts(t.Propagating))
		e.text("unknown", t.Unknown)
		if len(e.Content) == 2 && e.Content[0].Value == "routes" && !hasKey(routes, tableKeys.names()) {
			m.add(keys[i], routes)
		} else {
			m.add(keys[i], e.node)
		}
	}
	return w.section(m)
}

// routes is a mapping from destinations to targets, or a list where two routes
// have one destination or a destination cannot be a key.
func (w *writer) routes(routes []routing.Route) *node {
	m := newMapping()
	seen := make(map[string]bool)
	for _, r := range routes {
		key, ok := destinationKey(r)
		if !ok || seen[key] {
			return w.routeList(routes)
		}
		seen[key] = true
		m.add(key, w.routeValue(r))
	}
	w.block[m.node] = len(routes) > 3
	return m.node
}

func (w *writer) routeList(routes []routing.Route) *node {
	var items []*node
	for _, r := range routes {
		m := newMapping()
		if r.Destination.IsValid() {
			m.add("destination", w.prefix(r.Destination))
		}
		m.text("prefix-list", r.PrefixList)
		w.routeFields(m, r)
		items = append(items, m.node)
	}
	return w.lines(items)
}

func destinationKey(r routing.Route) (string, bool) {
	if r.PrefixList == "" {
		return r.Destination.String(), r.Destination.IsValid()
	}
	_, err := netip.ParseAddr(r.PrefixList)
	return r.PrefixList, !r.Destination.IsValid() && err != nil && !strings.Contains(r.PrefixList, "/")
}

// routeValue is the target alone where that says everything.
func (w *writer) routeValue(r routing.Route) *node {
	text := targetText(r)
	if target, blackhole := vpc.ParseTarget(text); text != "" && target == r.Target && blackhole == r.Blackhole &&
		r.Source == routing.Static && r.Unknown == "" && (blackhole || w.resolves(target)) {
		return scalar(text)
	}
	m := newMapping()
	w.routeFields(m, r)
	return m.node
}

func targetText(r routing.Route) string {
	switch t := r.Target; {
	case t.ID != "":
		return t.ID
	case t.Kind == routing.Local:
		return "local"
	case t.Kind == routing.InternetGateway:
		return "igw"
	case t.Kind == routing.Nowhere && r.Blackhole:
		return "blackhole"
	}
	return ""
}

// resolves reports whether the loader accepts a target by its text alone.
func (w *writer) resolves(t routing.Target) bool {
	if w.vpc.Partial {
		return true
	}
	if t.Kind == routing.InternetGateway && t.ID == "" {
		return w.vpc.InternetGateway != nil
	}
	_, ok := w.refs.index().Target(w.vpc, t)
	return ok
}

func (w *writer) routeFields(m mapping, r routing.Route) {
	text := targetText(routing.Route{Target: r.Target})
	target, _ := vpc.ParseTarget(text)
	switch {
	case text != "" && target == r.Target && (r.Blackhole || r.Unknown != "" || w.resolves(target)):
		m.text("target", text)
	case r.Target == routing.Target{} && (r.Blackhole || r.Unknown != ""):
	default:
		m.text("target", r.Target.ID)
		m.add("kind", w.kind(r.Target.Kind))
	}
	if r.Source > routing.VPNDynamic {
		w.failf("a route has the unknown source %d", r.Source)
	} else if r.Source != routing.Static {
		m.text("source", r.Source.String())
	}
	m.flag("blackhole", r.Blackhole, true)
	m.text("unknown", r.Unknown)
}
