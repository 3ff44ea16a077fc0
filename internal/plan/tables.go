package plan

import (
	"net/netip"
	"slices"

	"github.com/vpcemu/vpcemu/routing"
	"github.com/vpcemu/vpcemu/vpc"
)

func (c *compiler) tables(v, old *VPC) {
	v.tables = make(map[string]*Table, len(v.Desc.RouteTables))
	for _, desc := range v.Desc.RouteTables {
		v.tables[desc.ID] = c.compileTable(v, old, desc)
	}
	v.tables[""] = &Table{ID: "main", FIB: routing.Compile(nil, v.Desc.CIDRs, c.prefixList)}
}

// compileTable compiles a route table, or takes over what did not change.
func (c *compiler) compileTable(v, old *VPC, desc *vpc.RouteTable) *Table {
	t := &Table{ID: desc.ID, Routes: c.routesOf(v, desc), Unknown: desc.Unknown}
	was := old.tables[desc.ID]
	if was != nil && slices.Equal(was.Routes, t.Routes) && slices.Equal(old.Desc.CIDRs, v.Desc.CIDRs) && !usesPrefixLists(t.Routes) {
		t.FIB = was.FIB
	} else {
		t.FIB = routing.Compile(t.Routes, v.Desc.CIDRs, c.lists(v, t.Routes))
	}
	for _, r := range t.Routes {
		t.Targets = append(t.Targets, c.target(v, r))
	}
	return t
}

// regionalRoutes gives regional NAT gateways their route tables: the ones that they
// name, or the preset one with a route to the internet gateway (NAT-41).
func (c *compiler) regionalRoutes(v *VPC) {
	for _, g := range c.plan.Gateways {
		switch {
		case !g.Desc.Regional || g.VPCs[0] != v:
		case g.Desc.RouteTable != "":
			g.Place.Routes = v.table(g.Desc.RouteTable, "")
		default:
			g.Place.Routes = c.compileTable(v, &VPC{}, &vpc.RouteTable{ID: g.Desc.ID, Routes: []routing.Route{
				{Destination: allIPv4, Target: routing.Target{Kind: routing.InternetGateway}, Origin: g.Desc.Origin}}})
		}
	}
}

var allIPv4 = netip.MustParsePrefix("0.0.0.0/0")

func usesPrefixLists(routes []routing.Route) bool {
	return slices.ContainsFunc(routes, func(r routing.Route) bool { return r.PrefixList != "" })
}

// table is the route table in effect for what names one, with the main table to
// fall back on (RT-1).
func (v *VPC) table(name, main string) *Table {
	if name == "" {
		name = main
	}
	if name == "" && !v.Desc.Partial {
		return v.tables[""]
	}
	if desc := v.Desc.RouteTable(name); desc != nil {
		return v.tables[desc.ID]
	}
	if name == "" {
		return &Table{ID: "main", Unknown: "the description does not say which route table is the main one"}
	}
	return &Table{ID: name, Unknown: "nothing describes the route table " + name}
}

// edgeTable is the table that is associated with a gateway, nil for none (RT-42). A
// listing without any table does not tell whether there is one.
func (v *VPC) edgeTable(name string) *Table {
	switch {
	case name != "":
		return v.table(name, "")
	case v.Desc.Partial && len(v.Desc.RouteTables) == 0:
		return &Table{ID: "edge", Unknown: "no route table is described, and the gateway may have one"}
	}
	return nil
}

// target resolves what a route names.
func (c *compiler) target(v *VPC, r routing.Route) Target {
	resolved, found := c.index.Target(v.Desc, r.Target)
	t := Target{Kind: resolved.Kind, ID: resolved.ID, Blackhole: r.Blackhole, Unknown: r.Unknown}
	if t.Blackhole || t.Unknown != "" {
		return t
	}
	switch t.Kind {
	case routing.Local:
	case routing.InternetGateway:
		c.internetGatewayTarget(v, &t)
	case routing.Interface, routing.Instance:
		c.interfaceTarget(v, &t)
	case routing.CarrierGateway, routing.LocalGateway, routing.CoreNetwork, routing.ODBNetwork:
		// An opaque far side (RT-41).
	case routing.Nowhere:
		t.Blackhole = true
	case routing.NATGateway, routing.EgressOnlyGateway, routing.PeeringConnection, routing.TransitGateway, routing.VPNGateway:
		if !c.gatewayTarget(v, &t) {
			c.unmodelledTarget(v, &t, found)
		}
	case routing.GatewayEndpoint, routing.GWLBEndpoint:
		if !c.endpointTarget(v, &t) {
			c.unmodelledTarget(v, &t, found)
		}
	default:
		c.unmodelledTarget(v, &t, found)
	}
	return t
}

// unmodelledTarget: what packets cannot be carried through, or nothing describes.
func (c *compiler) unmodelledTarget(v *VPC, t *Target, found bool) {
	t.Subnet = v.subnetOfGateway(t.ID)
	t.Unknown = t.Kind.String() + " " + t.ID + " is not modelled"
	if !found {
		t.Unknown = "nothing describes " + t.ID
	}
}

// subnetOfGateway is the subnet that a gateway of the VPC stands in, nil if it
// stands in none or that is not known.
func (v *VPC) subnetOfGateway(id string) *Subnet {
	g := v.Desc.Gateway(id)
	if g == nil || g.Subnet == "" {
		return nil
	}
	desc := v.Desc.Subnet(g.Subnet)
	for _, s := range v.Subnets {
		if s.Desc == desc {
			return s
		}
	}
	return nil
}

// internetGatewayTarget: a gateway that is not attached to this VPC leaves a
// blackhole (RT-31, RT-32); one that a partial listing does not have is unknown.
func (c *compiler) internetGatewayTarget(v *VPC, t *Target) {
	g := v.Desc.InternetGateway
	switch {
	case g != nil && (t.ID == "" || t.ID == g.ID || t.ID == g.Name):
		t.ID = g.ID
	case v.Desc.Partial && g == nil:
		t.Unknown = "nothing describes the internet gateway " + t.ID
	default:
		t.Blackhole = true
	}
}

// interfaceTarget: a detached interface or a stopped instance leaves a blackhole
// (RT-37).
func (c *compiler) interfaceTarget(v *VPC, t *Target) {
	if i := c.plan.named(v, t.ID); i != nil {
		t.ID, t.Interface, t.Subnet = i.Desc.ID, i, i.Subnet
		t.Blackhole, t.Unknown = !i.Attached, i.Unknown
		return
	}
	if v.Desc.Partial {
		t.Unknown = "nothing describes the interface " + t.ID
		return
	}
	t.Blackhole = true
}

// Target is the route behind an entry of the table's FIB, nil for a local one
// that nobody listed, and where it leads.
func (t *Table) Target(route int) (*routing.Route, Target) {
	if route == routing.LocalRoute {
		return nil, Target{Kind: routing.Local, ID: "local"}
	}
	return &t.Routes[route], t.Targets[route]
}

// Table is the VPC's table of an ID, nil for none.
func (v *VPC) Table(id string) *Table { return v.tables[id] }
