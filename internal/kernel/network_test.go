//go:build linux

package kernel

import (
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/vpcemu/vpcemu/firewall"
	"github.com/vpcemu/vpcemu/internal/random"
	"github.com/vpcemu/vpcemu/routing"
	"github.com/vpcemu/vpcemu/vpc"
)

// maker makes up networks that the kernel can be asked about, and packets for them.
type maker struct{ *random.Maker }

// network is one VPC or two. Each has subnets a, b and often c, with one or two interfaces.
func (m maker) network() *vpc.Network {
	n := new(vpc.Network)
	n.AddPrefixList("pl-mixed", "203.0.113.0/24", "10.0.2.0/24", "10.10.1.0/24", "2001:db8:ffff::/48")
	n.AddPrefixList("pl-far", "203.0.113.0/24", "203.0.113.64/28", "2001:db8:ffff::/48")
	for k := range 1 + m.IntN(2) {
		m.vpc(n, k)
	}
	if len(n.VPCs) > 1 && !m.One(4) {
		n.AddPeering("pcx", "v0", "v1")
	}
	if len(n.VPCs) > 1 && m.One(2) {
		m.transit(n)
	}
	for _, v := range n.VPCs {
		for _, s := range v.Subnets {
			m.routes(n, v, s)
		}
		if v.InternetGateway != nil && m.One(3) {
			m.edge(v)
		}
	}
	return n
}

// edge gives the internet gateway a table.
func (m maker) edge(v *vpc.VPC) {
	v.InternetGateway.RouteTable = "edge"
	t := v.AddRouteTable("edge")
	for _, s := range v.Subnets {
		for _, p := range s.CIDRs {
			if m.One(3) {
				boxes := random.Pick(m.Maker, v.Subnets...).Interfaces
				t.AddRoute(p.String(), random.Pick(m.Maker, boxes...).ID)
			}
		}
	}
	if m.One(4) {
		t.AddRoute(v.CIDRs[0].String(), v.Subnets[0].Interfaces[0].ID)
	}
}

// transit joins the VPCs by a transit gateway.
func (m maker) transit(n *vpc.Network) {
	t := new(vpc.Transit)
	for _, v := range n.VPCs {
		t.Attachments = append(t.Attachments, &vpc.TransitAttachment{ID: "att-" + v.ID, Name: "att-" + v.ID, VPC: v.ID, IPv6: !m.One(3),
			Subnets:     random.Pick(m.Maker, []string{"a"}, []string{"b"}, []string{"a", "b"}, []string{"a", "b"}),
			Association: random.Pick(m.Maker, "rt0", "rt0", "rt0", "rt1", vpc.NoTable), Propagation: []string{random.Pick(m.Maker, "rt0", "rt0", "rt0", "rt1", vpc.NoTable)}})
	}
	for _, id := range []string{"rt0", "rt1"} {
		table := &vpc.TransitTable{ID: id, Name: id}
		for _, to := range []string{"0.0.0.0/0", "::/0", "10.0.0.0/16", "10.10.0.0/15", "10.10.2.0/24", "203.0.113.0/24", "2001:db8:2::/56"} {
			r := routing.Route{Destination: netip.MustParsePrefix(to), Blackhole: m.One(5)}
			if !r.Blackhole {
				r.Target = routing.Target{Kind: routing.TransitGateway, ID: random.Pick(m.Maker, t.Attachments...).ID}
			}
			if m.One(4) {
				table.Routes = append(table.Routes, r)
			}
		}
		t.RouteTables = append(t.RouteTables, table)
	}
	n.Gateways = append(n.Gateways, &vpc.Gateway{Kind: routing.TransitGateway, ID: "tgw", Name: "tgw", Transit: t})
}

func (m maker) vpc(n *vpc.Network, k int) {
	v := n.AddVPC(fmt.Sprintf("v%d", k), fmt.Sprintf("10.%d.0.0/16", 10*k), fmt.Sprintf("2001:db8:%d::/56", k+1))
	v.DisableDNS = true
	if !m.One(4) {
		v.AddInternetGateway("igw")
	}
	if m.One(3) {
		v.AddEgressOnlyGateway("eigw")
	}
	m.groups(v)
	m.ACL(v)
	public, six := 10*k, m.One(2)
	for i := range 2 + m.IntN(2) {
		base := fmt.Sprintf("10.%d.%d.", 10*k, i+1)
		s := v.AddSubnet(string(rune('a'+i)), base+"0/24")
		if six {
			s.CIDRs = append(s.CIDRs, netip.MustParsePrefix(fmt.Sprintf("2001:db8:%d:%d::/64", k+1, i)))
		}
		s.InZone([]string{"z1", "z2", "z1"}[i])
		s.NetworkACL = random.Pick(m.Maker, "", "", "acl")
		for h := range 1 + m.IntN(2) {
			e := s.AddInterface(fmt.Sprintf("%s%d", s.ID, h), fmt.Sprint(base, 10+h), random.Pick(m.Maker, "g0", "g1", "g2"))
			m.iface(v, s, e, h, &public)
		}
	}
	if !m.One(3) {
		v.AddNATGateway("nat", "a").Private = v.InternetGateway == nil
	}
}

// groups replaces the security groups of a VPC.
func (m maker) groups(v *vpc.VPC) {
	m.Groups(v)
	for _, g := range v.SecurityGroups {
		if m.One(2) {
			random.Pick(m.Maker, g.AllowIn, g.AllowOut)(random.Pick(m.Maker, "icmp/3/1", "icmp/42", "icmpv6/1/1"), random.Pick(m.Maker, "10.0.0.0/7", "2001:db8::/31"))
		}
	}
}

func (m maker) iface(v *vpc.VPC, s *vpc.Subnet, e *vpc.Interface, h int, public *int) {
	e.NoSourceDestCheck, e.Detached = m.One(3), m.One(20)
	if m.One(3) {
		e.Groups = append(e.Groups, "only-"+v.ID)
	}
	if m.One(4) {
		e.AddAddress(s.CIDRs[0].Addr().Next().String()[:len(s.CIDRs[0].Addr().Next().String())-1] + fmt.Sprint(100+h))
	}
	if m.One(6) {
		e.Prefixes = append(e.Prefixes, netip.PrefixFrom(netip.AddrFrom4([4]byte{10, s.CIDRs[0].Addr().As4()[1], s.CIDRs[0].Addr().As4()[2], byte(128 + 16*h)}), 28))
	}
	for k := range e.Addresses {
		if v.InternetGateway != nil && m.One(2) {
			*public++
			e.Addresses[k].Public, e.Addresses[k].Elastic = netip.AddrFrom4([4]byte{198, 51, 100, byte(*public)}), true
		}
	}
	if len(s.CIDRs) > 1 && !m.One(4) {
		six := s.CIDRs[1].Addr().As16()
		six[15] = byte(10 + h)
		e.Addresses = append(e.Addresses, vpc.Address{IP: netip.AddrFrom16(six)})
		e.DenyInternetGateway = m.One(8)
	}
	e.Timeouts = firewall.Timeouts{UDP: time.Minute, UDPStream: time.Minute, TCPEstablished: time.Minute} // see differences, SG-37 and SG-39
}

// reroute gives a subnet other routes.
func (m maker) reroute(n *vpc.Network, v *vpc.VPC) {
	s := random.Pick(m.Maker, v.Subnets...)
	v.RouteTables = slices.DeleteFunc(v.RouteTables, func(t *vpc.RouteTable) bool { return t.ID == s.RouteTable })
	s.RouteTable = ""
	m.routes(n, v, s)
}

// routes gives a subnet a table.
func (m maker) routes(n *vpc.Network, v *vpc.VPC, s *vpc.Subnet) {
	if m.One(6) {
		return
	}
	s.RouteTable = "rt-" + s.ID
	t := v.AddRouteTable(s.RouteTable)
	var interfaces []string
	for _, w := range v.Subnets {
		for _, i := range w.Interfaces {
			interfaces = append(interfaces, i.ID)
		}
	}
	boxes := interfaces
	four, six := []string{"blackhole", random.Pick(m.Maker, boxes...), random.Pick(m.Maker, boxes...)}, []string{"blackhole", random.Pick(m.Maker, boxes...)}
	if v.Gateway("nat") != nil {
		four = append(four, "nat", "nat", "nat")
		boxes = append(boxes, "nat")
	}
	if v.InternetGateway != nil {
		four, six = append(four, "igw", "igw", "igw", "igw"), append(six, "igw", "igw", "igw")
	}
	if v.Gateway("eigw") != nil {
		six = append(six, "eigw", "eigw", "eigw", "eigw")
	}
	var joins []string
	for _, g := range n.Gateways {
		joins = append(joins, g.ID)
		if g.ID == "tgw" {
			four, six = append(four, g.ID, g.ID), append(six, g.ID)
		}
	}
	add := func(in int, to string, targets ...string) {
		if m.One(in) && len(targets) > 0 {
			t.AddRoute(to, random.Pick(m.Maker, targets...))
		}
	}
	add(1, "0.0.0.0/0", four...)
	add(1, "::/0", six...)
	add(4, "203.0.113.0/24", four...)
	add(6, "198.51.100.0/28", four...)
	add(8, "pl-far", random.Pick(m.Maker, interfaces...), "blackhole")
	add(6, "2001:db8:eeee::/48", six...)
	add(8, v.CIDRs[0].String(), boxes...)
	for _, w := range v.Subnets {
		add(4, w.CIDRs[0].String(), boxes...)
		if len(w.CIDRs) > 1 {
			add(6, w.CIDRs[1].String(), interfaces...)
		}
	}
	for _, w := range n.VPCs {
		if w != v && len(joins) > 0 && !m.One(5) {
			t.AddRoute(w.CIDRs[0].String(), random.Pick(m.Maker, joins...)).AddRoute(w.CIDRs[1].String(), random.Pick(m.Maker, joins...))
		}
	}
}
