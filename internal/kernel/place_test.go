//go:build linux

package kernel

import (
	"net/netip"
	"slices"

	"github.com/vpcemu/vpcemu/routing"
	"github.com/vpcemu/vpcemu/vpc"
)

// station is what stands at the edge of a subnet and has addresses: an interface, or a NAT gateway.
type station struct {
	v    *vpc.VPC
	s    *vpc.Subnet
	i    *vpc.Interface // nil for gateways
	nat  *vpc.Gateway
	link string // its end in the namespace of the subnet
	ns   *namespace

	invalid invalids
}

func (p *station) name() string {
	if p.i == nil {
		return p.v.ID + "/" + p.nat.ID
	}
	return p.v.ID + "/" + p.i.ID
}

func (p *station) addresses() []vpc.Address {
	if p.i == nil {
		return p.nat.Addresses
	}
	return p.i.Addresses
}

// own are the addresses that the station's checks know (ENI-2).
func (p *station) own() (all []netip.Prefix) {
	for _, a := range p.addresses() {
		if a.IP.IsValid() {
			all = append(all, host(a.IP))
		}
	}
	if p.i != nil {
		all = append(all, p.i.Prefixes...)
	}
	return all
}

func (p *station) owns(a netip.Addr) bool { return p != nil && within(a, p.own()) }

// public reports whether the internet knows the station by an address.
func (p *station) public(a netip.Addr) bool {
	return p != nil && slices.ContainsFunc(p.addresses(), func(x vpc.Address) bool { return x.Public == a })
}

// up reports whether packets come and go there (RT-37, NAT-29).
func (p *station) up() bool {
	if p.i == nil {
		return p.nat.State == "available"
	}
	in := p.v.Instance(p.i.Instance)
	return !p.i.Detached && (in == nil || in.State == vpc.Running)
}

func within(a netip.Addr, all []netip.Prefix) bool {
	return slices.ContainsFunc(all, func(p netip.Prefix) bool { return p.Contains(a) })
}

// stations are those of a network.
func stations(n *vpc.Network) (all []*station) {
	for _, v := range n.VPCs {
		for _, s := range v.Subnets {
			for _, i := range s.Interfaces {
				all = append(all, &station{v: v, s: s, i: i})
			}
		}
		for _, g := range v.Gateways {
			if g.Kind == routing.NATGateway {
				all = append(all, &station{v: v, s: v.Subnet(g.Subnet), nat: g})
			}
		}
	}
	return all
}

// addressesIn are the IPv4 addresses of a VPC's stations.
func (o *oracle) addressesIn(v *vpc.VPC) (all []netip.Prefix) {
	for _, p := range o.stations {
		for _, a := range p.own() {
			if p.v == v && a.Addr().Is4() {
				all = append(all, a)
			}
		}
	}
	return all
}

// way is where a route leads.
type way struct {
	to   netip.Prefix
	kind string   // local, igw, eigw, pcx, tgw, station or blackhole
	next *station // an interface or NAT gateway
	via  *vpc.Gateway
}

// through reports whether it leads through a gateway that is no internet gateway.
func (w way) through() bool { return w.via != nil || w.next != nil && w.next.nat != nil }

// ways are the routes of a subnet for what leaves it, shorter prefixes first: who tries them all and keeps the last that matches has
// the longest match (RT-1, RT-7, RT-9, RT-13).
func (o *oracle) ways(s *vpc.Subnet, v *vpc.VPC) []way {
	table := v.RouteTable(s.RouteTable)
	if s.RouteTable == "" {
		table = v.RouteTable(v.MainRouteTable)
	}
	return o.waysIn(v, table)
}

// edgeWays are those of the table of an internet gateway, for what comes in by it (RT-42, RT-43).
func (o *oracle) edgeWays(v *vpc.VPC) []way {
	if v.InternetGateway == nil || v.InternetGateway.RouteTable == "" {
		return nil
	}
	return o.waysIn(v, v.RouteTable(v.InternetGateway.RouteTable))
}

// waysIn are the routes of a table, and the local ones.
func (o *oracle) waysIn(v *vpc.VPC, table *vpc.RouteTable) (all []way) {
	for _, p := range v.CIDRs {
		all = append(all, way{to: p, kind: "local"})
	}
	if table != nil {
		all = append(all, o.waysOf(v, table)...)
	}
	slices.SortStableFunc(all, func(a, b way) int { return a.to.Bits() - b.to.Bits() })
	return all
}

// waysOf are the routes of a table that stand in it, those of prefix lists first: others count more (RT-16, RT-21).
func (o *oracle) waysOf(v *vpc.VPC, table *vpc.RouteTable) (all []way) {
	for _, r := range table.Routes {
		if l := o.n.PrefixList(r.PrefixList); r.PrefixList != "" {
			for _, e := range l.Entries {
				all = append(all, o.way(v, r, e))
			}
		}
	}
	for _, r := range table.Routes {
		if r.PrefixList == "" {
			all = append(all, o.way(v, r, r.Destination))
		}
	}
	return all
}

func (o *oracle) way(v *vpc.VPC, r routing.Route, to netip.Prefix) way {
	w := way{to: to.Masked(), kind: "blackhole"}
	if r.Blackhole {
		return w
	}
	if r.Target.Kind == routing.Local {
		w.kind = "local"
		return w
	}
	if r.Target.Kind == routing.InternetGateway {
		w.kind = "igw"
		return w
	}
	if g := egressOnly(v); g != nil && g.ID == r.Target.ID {
		w.kind = "eigw"
		return w
	}
	for _, p := range o.stations {
		if p.v == v && (p.i != nil && p.i.ID == r.Target.ID || p.nat != nil && p.nat.ID == r.Target.ID) && p.up() {
			return way{to: w.to, kind: "station", next: p}
		}
	}
	for _, g := range o.n.Gateways {
		if g.ID == r.Target.ID && g.Kind == routing.PeeringConnection && g.State == "active" {
			return way{to: w.to, kind: "pcx", via: g}
		}
		if g.ID == r.Target.ID && g.Kind == routing.TransitGateway {
			return way{to: w.to, kind: "tgw", via: g}
		}
	}
	return w
}

// waysTo is the way to one address.
func (o *oracle) waysTo(s *vpc.Subnet, v *vpc.VPC, a netip.Addr) way {
	return longestMatch(o.ways(s, v), a)
}

func longestMatch(all []way, a netip.Addr) (last way) {
	for _, w := range all {
		if w.to.Contains(a) {
			last = w
		}
	}
	return last
}

// far is the VPC at the other end of a peering connection.
func (o *oracle) far(v *vpc.VPC, g *vpc.Gateway) *vpc.VPC {
	if g.VPCs[0] == v.ID {
		return o.n.VPC(g.VPCs[1])
	}
	return o.n.VPC(g.VPCs[0])
}
