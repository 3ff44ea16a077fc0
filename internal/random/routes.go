package random

import (
	"net/netip"

	"github.com/vpcemu/vpcemu/routing"
	"github.com/vpcemu/vpcemu/vpc"
)

// tables makes the route tables of a VPC.
func (b *builder) tables(v *vpc.VPC) {
	for _, s := range v.Subnets {
		if !b.One(4) {
			b.routes(v, s, v.AddRouteTable("rt-"+s.ID))
			s.RouteTable = "rt-" + s.ID
		}
	}
	if len(v.RouteTables) > 0 && b.has(Details) {
		v.MainRouteTable = Pick(b.Maker, "", v.RouteTables[0].ID)
	}
	subnets := len(v.RouteTables)
	if v.InternetGateway != nil && b.One(2) {
		v.InternetGateway.RouteTable = b.edge(v, "edge").ID
	}
	for _, g := range v.Gateways {
		switch {
		case g.Kind == routing.VPNGateway && b.One(2):
			g.VPN.RouteTable = b.edge(v, "edgevgw").ID
		case g.Kind == routing.GatewayEndpoint:
			for _, t := range some(b.Maker, v.RouteTables[:subnets]) {
				g.Endpoint.RouteTables = append(g.Endpoint.RouteTables, t.ID)
			}
		}
	}
	if b.has(Gaps) {
		b.gaps(v)
	}
}

// targets are what routes of a VPC may name, by what takes which packets. What is
// often meant stands there often.
type targets struct {
	middleboxes []string // take what is for the VPC
	four, six   []string // take what is for the internet
	far         []string // take what is for other networks
	nat         []string // take what stands for IPv4 addresses (NAT-36)
}

func (b *builder) targets(v *vpc.VPC) targets {
	var t targets
	for _, s := range v.Subnets {
		for _, i := range s.Interfaces {
			t.middleboxes = append(t.middleboxes, i.ID)
		}
	}
	t.far = []string{"blackhole"}
	for _, g := range v.Gateways {
		switch g.Kind {
		case routing.NATGateway:
			t.four = append(t.four, g.ID, g.ID, g.ID, g.ID, g.ID, g.ID)
			t.middleboxes = append(t.middleboxes, g.ID)
			if b.has(Translation) {
				t.nat = append(t.nat, g.ID)
			}
		case routing.GWLBEndpoint:
			t.four, t.six = append(t.four, g.ID, g.ID, g.ID), append(t.six, g.ID, g.ID, g.ID)
			t.middleboxes = append(t.middleboxes, g.ID)
		case routing.EgressOnlyGateway:
			t.six = append(t.six, g.ID, g.ID, g.ID, g.ID, g.ID, g.ID, g.ID, g.ID)
		case routing.VPNGateway:
			t.far = append(t.far, g.ID, g.ID, g.ID)
		}
	}
	for _, g := range b.net.Gateways {
		if joins(g, v) {
			t.far = append(t.far, g.ID, g.ID, g.ID)
		}
	}
	if v.InternetGateway != nil {
		ten := []string{"igw", "igw", "igw", "igw", "igw", "igw", "igw", "igw", "igw", "igw"}
		t.four, t.six = append(t.four, ten...), append(t.six, ten...)
	}
	t.four, t.six = append(append(t.four, t.middleboxes...), t.far...), append(append(t.six, b.interfaces(v)...), t.far...)
	return t
}

func (b *builder) interfaces(v *vpc.VPC) (ids []string) {
	for _, s := range v.Subnets {
		for _, i := range s.Interfaces {
			ids = append(ids, i.ID)
		}
	}
	return ids
}

func joins(g *vpc.Gateway, v *vpc.VPC) bool {
	for _, name := range g.VPCs {
		if name == v.ID {
			return true
		}
	}
	return g.Transit != nil && g.Transit.Attachment(v.ID) != nil
}

// routes fills the table of a subnet.
func (b *builder) routes(v *vpc.VPC, s *vpc.Subnet, t *vpc.RouteTable) {
	to := b.targets(v)
	primary, secondary := bases(v)
	for _, r := range []struct {
		to      string
		in      int // how rare it is
		targets []string
	}{
		{"0.0.0.0/0", 1, to.four}, {"::/0", 1, to.six}, {"198.51.100.0/28", 6, to.four}, {"203.0.113.0/24", 5, to.four}, {"pl-far", 4, b.interfaces(v)},
		{primary + "0.0/16", 7, to.middleboxes}, {primary + "1.0/24", 4, to.middleboxes}, {primary + "2.0/24", 4, to.middleboxes}, {secondary + "1.0/24", 4, to.middleboxes},
		{"10.0.0.0/8", 4, to.far}, {"10.8.0.0/13", 6, to.far}, {"10.0.0.0/15", 9, to.far}, {"128.0.0.0/2", 2, to.far}, {"192.168.0.0/16", 4, to.far}, {"2001:db8::/32", 6, to.far}, {"2001:db8:aaaa::/48", 4, to.far}, {"64:ff9b::/96", 2, to.nat},
	} {
		if b.One(r.in) && len(r.targets) > 0 {
			t.AddRoute(r.to, Pick(b.Maker, r.targets...))
		}
	}
	b.farRoutes(v, t)
	for _, g := range v.Gateways {
		if g.Kind == routing.VPNGateway && b.One(2) {
			t.Propagating = []string{g.ID}
		}
	}
}

// farRoutes are routes to the ranges of VPCs that are joined, mostly by what joins
// them.
func (b *builder) farRoutes(v *vpc.VPC, t *vpc.RouteTable) {
	seen := make(map[netip.Prefix]bool)
	for _, w := range b.net.VPCs {
		for _, g := range b.net.Gateways {
			for _, p := range w.CIDRs[:3] {
				if w == v || p.Overlaps(v.CIDRs[0]) || p.Overlaps(v.CIDRs[1]) || seen[p] || !joins(g, v) || !joins(g, w) || b.One(4) {
					continue
				}
				seen[p] = true
				t.AddRoute(p.String(), g.ID)
			}
		}
	}
}

// edge is the route table of a gateway (RT-43).
func (b *builder) edge(v *vpc.VPC, name string) *vpc.RouteTable {
	t := v.AddRouteTable(name)
	to := b.interfaces(v)
	for _, g := range v.Gateways {
		if g.Kind == routing.GWLBEndpoint {
			to = append(to, g.ID, g.ID, g.ID, g.ID)
		}
	}
	for _, s := range v.Subnets {
		for k, p := range s.CIDRs {
			if b.One(3 + 3*k) {
				t.AddRoute(p.String(), Pick(b.Maker, to...))
			}
		}
	}
	return t
}
