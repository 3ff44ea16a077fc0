package vpc

import (
	"slices"
	"strings"

	"github.com/vpcemu/vpcemu/routing"
)

// findEdges notes which tables are those of gateways (RT-42).
func (p *place) findEdges() {
	p.edges = make(map[*RouteTable]string)
	note := func(table, gateway string) {
		if t := p.scope.tables.get(table); t != nil {
			p.edges[t] = gateway
		}
	}
	if g := p.v.InternetGateway; g != nil {
		note(g.RouteTable, g.ID)
	}
	for _, g := range p.v.Gateways {
		if g.VPN != nil {
			note(g.VPN.RouteTable, g.ID)
		}
	}
}

// vpnGateway checks that a VPC has one virtual private gateway, and that gateway
// one VPC (VPN-1, ERR-49). Only real IDs are compared between VPCs (VPC-19).
func (c *checker) vpnGateway(v *VPC, g *Gateway) *mistake {
	if g.Kind != routing.VPNGateway || g.Gone() {
		return nil
	}
	if g.VPN != nil && g.VPN.RouteTable != "" && !v.Partial && c.ix.scopes[v].tables.get(g.VPN.RouteTable) == nil {
		return wrong(CodeRouteTableNotFound, "its route table %s does not exist (ERR-17)", g.VPN.RouteTable)
	}
	for _, w := range c.n.VPCs {
		for _, o := range w.Gateways {
			switch {
			case o == g:
				return nil
			case o.Kind != routing.VPNGateway || o.Gone():
			case w == v:
				return wrong(CodeVPCState, "VPC %s has the VPN gateway %s already (VPN-1)", v.ID, o.ID)
			case o.ID == g.ID && strings.HasPrefix(g.ID, "vgw-"):
				return wrong(CodeVPNAttachmentLimit, "is attached to VPC %s already (VPN-1)", w.ID)
			}
		}
	}
	return nil
}

// vpnLinks checks the links of a virtual private gateway.
func (c *checker) vpnLinks(g *Gateway) {
	if g.VPN == nil {
		return
	}
	seen := make(map[string]bool)
	check := func(kind string, links []*Link) {
		for _, l := range links {
			s := subject{element: l, kind: kind, name: l.ID, origin: l.Origin}
			c.add(s, linkID(l, seen), malformedLink(l), c.noIPv6(g, l))
			seen[l.ID] = true
		}
	}
	check("VPN connection", g.VPN.Connections)
	check("virtual interface", g.VPN.Interfaces)
}

func linkID(l *Link, seen map[string]bool) *mistake {
	switch {
	case l.ID == "":
		return wrong(CodeMissing, "has no ID (ERR-4)")
	case seen[l.ID]:
		return wrong(CodeInvalidValue, "there is another one with this ID (ERR-5)")
	}
	return nil
}

func malformedLink(l *Link) *mistake {
	for k, a := range l.Prefixes {
		if !a.Prefix.IsValid() {
			return wrong(CodeInvalidValue, "prefix %d is not a CIDR block (ERR-5)", k+1)
		}
	}
	for k, p := range l.Allowed {
		if !p.IsValid() {
			return wrong(CodeInvalidValue, "allowed prefix %d is not a CIDR block (ERR-5)", k+1)
		}
	}
	switch l.MTU {
	case 0, 1500, 8500, 9001:
		return nil
	}
	return wrong(CodeInvalidValue, "has an MTU of %d: want 1500 or 8500 (DX-5)", l.MTU)
}

// noIPv6: a VPN connection of a virtual private gateway carries IPv4 (VPN-7).
func (c *checker) noIPv6(g *Gateway, l *Link) *mistake {
	if g.Kind != routing.VPNGateway || !slices.Contains(g.VPN.Connections, l) {
		return nil
	}
	for _, a := range l.Prefixes {
		if !is4(a.Prefix) {
			return wrong(CodeInvalidValue, "%s is IPv6, and VPN on a virtual private gateway is IPv4 (VPN-7)", a.Prefix)
		}
	}
	return nil
}

// directConnect checks that VPCs behind one Direct Connect gateway do not overlap
// (DX-3).
func (c *checker) directConnect() {
	type member struct {
		v *VPC
		g *Gateway
	}
	behind := make(map[string][]member)
	for _, v := range c.n.VPCs {
		for _, g := range v.Gateways {
			for _, name := range directConnectGateways(g) {
				for _, o := range behind[name] {
					if pair := overlapping(append(cidrsOf(v), cidrsOf(o.v)...)); o.v != v && len(pair) > 0 {
						c.add(gatewaySubject(g), wrong(CodeDirectConnect, "%s overlaps %s of VPC %s, which the Direct Connect gateway %s reaches too (DX-3)",
							v.ID, o.g.ID, o.v.ID, name))
					}
				}
				behind[name] = append(behind[name], member{v, g})
			}
		}
	}
}

// directConnectGateways are those that a virtual private gateway is associated
// with, each once.
func directConnectGateways(g *Gateway) []string {
	var names []string
	if g.VPN == nil || g.Gone() {
		return nil
	}
	for _, l := range g.VPN.Interfaces {
		if l.DirectConnectGateway != "" && l.Works() && !slices.Contains(names, l.DirectConnectGateway) {
			names = append(names, l.DirectConnectGateway)
		}
	}
	return names
}
