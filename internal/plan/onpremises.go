package plan

import (
	"iter"
	"net/netip"
	"slices"

	"github.com/vpcemu/vpcemu/routing"
	"github.com/vpcemu/vpcemu/vpc"
)

// Outside is what a gateway knows of the on-premises networks behind it.
type Outside struct {
	// Edge is the route table for what comes in, nil for none (RT-42).
	Edge *Table
	// Gap says why there may be more prefixes than are known, "" if there are not.
	Gap string
	// More says why there may be more links than are known, "" if there are not.
	More string

	links  []*Link // those that are up
	known  []*Link // index by index the links of the routes of fib
	fib    *routing.FIB
	prefix []netip.Prefix
}

// Link is a way to on-premises networks that is up.
type Link struct {
	ID     string
	Kind   string // "vpn", "vif", or "vgw" if only a route table tells of it
	Origin string
	// MTU is the largest IP packet that passes; 0 if that is not known.
	MTU int

	allowed []netip.Prefix
}

// Sizes of packets that pass (MTU-3, DX-5).
const (
	MTUVPN   = 1446
	mtuVIF   = 1500
	MTUJumbo = 8500
)

// Lookup is the link over which packets to an address leave: the longest prefix,
// then the best link (VPN-4).
func (o *Outside) Lookup(addr netip.Addr) (*Link, bool) {
	e, ok := o.fib.Lookup(addr)
	if !ok {
		return nil, false
	}
	return o.known[e.Route], true
}

// Announced reports whether on-premises knows the way to an address of the VPC:
// whether some known link tells it (DX-3).
func (o *Outside) Announced(addr netip.Addr) bool {
	return slices.ContainsFunc(o.links, func(l *Link) bool {
		return len(l.allowed) == 0 || within(l.allowed, addr)
	})
}

// Allowed are the prefixes that links announce, of those that do not announce all.
func (o *Outside) Allowed() iter.Seq[netip.Prefix] {
	return func(yield func(netip.Prefix) bool) {
		for _, l := range o.links {
			for _, p := range l.allowed {
				if !yield(p) {
					return
				}
			}
		}
	}
}

// CarriesIPv6 reports whether a link is there that carries IPv6: no VPN connection
// does (VPN-7, DX-4).
func (o *Outside) CarriesIPv6() bool {
	return slices.ContainsFunc(o.links, func(l *Link) bool { return l.Kind != "vpn" })
}

// Host is an address of an IP version behind the gateway, for those who name none.
func (o *Outside) Host(v6 bool) netip.Addr {
	for _, p := range o.prefix {
		if p.Addr().Is4() != v6 && p.Bits() > 0 {
			return p.Addr().Next()
		}
	}
	return netip.Addr{}
}

// MayHaveIPv6 reports whether IPv6 hosts are known to be behind the gateway, if only by a
// default route, or may be: some link carries it, and not all prefixes are known.
func (o *Outside) MayHaveIPv6() bool {
	return slices.ContainsFunc(o.prefix, func(p netip.Prefix) bool { return p.Addr().Is6() }) || o.Gap != "" && o.CarriesIPv6()
}

// Prefixes are what is known to lie behind the gateway.
func (o *Outside) Prefixes() []netip.Prefix { return slices.Clone(o.prefix) }

// vpnGateway compiles a virtual private gateway.
func (c *compiler) vpnGateway(desc *vpc.Gateway, v *VPC) {
	g := c.addGateway(desc, v)
	o := &Outside{Gap: desc.VPN.Gap()}
	g.Outside = o
	if !desc.Gone() {
		v.VPNGateway = g
	}
	if v.Desc.Partial && len(desc.VPN.Links()) == 0 && o.Gap == "" {
		o.Gap = "nothing describes its VPN connections and virtual interfaces"
		o.More = o.Gap
	}
	if desc.VPN != nil && desc.VPN.Unknown != "" {
		o.More = desc.VPN.Unknown
	}
	compiled := make(map[*vpc.Link]*Link)
	if desc.VPN != nil {
		for _, l := range desc.VPN.Interfaces {
			o.add(compiled, l, "vif", vifMTU(l))
		}
		for _, l := range desc.VPN.Connections {
			o.add(compiled, l, "vpn", MTUVPN)
		}
	}
	var routes []routing.Route
	for _, k := range desc.VPN.Known() {
		routes = append(routes, routing.Route{Destination: k.Prefix})
		o.known = append(o.known, compiled[k.Link])
	}
	for _, r := range listed(desc, v.Desc) {
		same := func(k routing.Route) bool { return k.Destination == r.Destination.Masked() }
		if !slices.ContainsFunc(routes, same) {
			routes = append(routes, routing.Route{Destination: r.Destination.Masked()})
			o.known = append(o.known, &Link{ID: desc.ID, Kind: desc.Kind.String(), Origin: r.Origin})
		}
	}
	for _, r := range routes {
		o.prefix = append(o.prefix, r.Destination)
	}
	o.fib = routing.Compile(routes, nil, nil)
}

func (o *Outside) add(compiled map[*vpc.Link]*Link, desc *vpc.Link, kind string, mtu int) {
	l := &Link{ID: desc.ID, Kind: kind, Origin: desc.Origin, MTU: mtu, allowed: desc.Allowed}
	compiled[desc] = l
	if desc.Works() {
		o.links = append(o.links, l)
	}
}

// vifMTU is the MTU of a virtual interface; 9001 is what jumbo frames were called
// before (DX-5).
func vifMTU(l *vpc.Link) int {
	if l.MTU == 0 {
		return mtuVIF
	}
	return min(l.MTU, MTUJumbo)
}

// listed are the routes of a VPC's tables that the gateway has propagated: what
// they say of its prefixes counts where nothing else does.
func listed(g *vpc.Gateway, v *vpc.VPC) []routing.Route {
	var list []routing.Route
	for _, t := range v.RouteTables {
		for _, r := range t.Routes {
			if r.Source.Propagated() && r.Destination.IsValid() && !r.Blackhole && r.Unknown == "" && (r.Target.ID == g.ID || r.Target.ID == g.Name) {
				list = append(list, r)
			}
		}
	}
	return list
}

// vpnEdge finds the edge table of a VPC's virtual private gateway.
func (c *compiler) vpnEdge(v *VPC) {
	if g := v.VPNGateway; g != nil && g.Desc.VPN != nil {
		g.Outside.Edge = v.edgeTable(g.Desc.VPN.RouteTable)
	}
}

// behind is what lies behind an attachment of a transit gateway that is no VPC's: the
// prefixes that it announces, and those that static routes send to it (DX-2).
func (c *compiler) behind(a *Attachment) {
	if a.Desc.Kind == vpc.VPCAttachment || a.Desc.Kind == vpc.PeeringAttachment || !a.Desc.Works() {
		return
	}
	g := c.addGateway(&vpc.Gateway{Kind: routing.TransitGateway, ID: a.Desc.ID, Name: a.Desc.Name, Origin: a.Desc.Origin})
	g.Attachment, a.Behind = a, g
	link := &Link{ID: a.Desc.ID, Kind: a.Desc.Kind.String(), Origin: a.Desc.Origin}
	g.Outside = &Outside{Gap: a.Desc.Unknown, links: []*Link{link}}
	var routes []routing.Route
	know := func(p netip.Prefix) {
		routes = append(routes, routing.Route{Destination: p.Masked()})
		g.Outside.known, g.Outside.prefix = append(g.Outside.known, link), append(g.Outside.prefix, p.Masked())
	}
	for _, p := range a.Desc.Prefixes {
		know(p)
	}
	for _, t := range a.Gateway.Desc.Transit.RouteTables {
		for _, r := range t.Routes {
			if r.Destination.IsValid() && !r.Blackhole && r.Unknown == "" && a.Gateway.Desc.Transit.Attachment(r.Target.ID) == a.Desc {
				know(r.Destination)
			}
		}
	}
	g.Outside.fib = routing.Compile(routes, nil, nil)
}
