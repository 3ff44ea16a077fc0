package vpc

import (
	"net/netip"
	"slices"

	"github.com/vpcemu/vpcemu/routing"
)

// VPN is what a virtual private gateway has on its outer side: the links to
// on-premises networks, and what it knows of them (VPN-3, DX-1).
type VPN struct {
	// RouteTable is its edge table by ID or name, if it has one (RT-42).
	RouteTable string
	// Connections are VPN connections, Interfaces private virtual interfaces of
	// Direct Connect.
	Connections, Interfaces []*Link
	// Unknown, if not empty, says why not all its links are known.
	Unknown string
}

// Link is one way to an on-premises network.
type Link struct {
	ID, Name string
	// State is AWS's word for it; empty for the one in which it works.
	State string
	// Static says that the prefixes of a VPN connection are written down and not
	// learned by BGP. Direct Connect has BGP only.
	Static bool
	// Prefixes are what is known to be behind it.
	Prefixes []Announcement
	// CustomerGateway is the far end of a VPN connection.
	CustomerGateway string
	// DirectConnectGateway stands between a virtual interface and the gateway;
	// empty for none.
	DirectConnectGateway string
	// Allowed are the ranges that on-premises gets to know over a virtual
	// interface; none means all of the VPC (DX-3).
	Allowed []netip.Prefix
	// MTU of a virtual interface: 8500 for jumbo frames, 0 for 1500 (DX-5).
	MTU int
	// Unknown, if not empty, says why not all of its prefixes are known.
	Unknown string
	Origin  string
}

// Announcement is one prefix behind a link and, if BGP told it, what its paths are
// compared by.
type Announcement struct {
	Prefix netip.Prefix
	ASPath []uint32 // the nearest AS first
	MED    uint32
}

// Works reports whether the link is up.
func (l *Link) Works() bool {
	switch l.State {
	case "", "available", "up", "associated":
		return true
	}
	return false
}

// Known is a prefix that a virtual private gateway knows, by its best link.
type Known struct {
	Announcement
	Source routing.Source
	Link   *Link
}

// Known is what the gateway has learned, for each prefix over the best link:
// Direct Connect, then static VPN routes, then VPN BGP, of which the shorter AS path
// and then the lower MED wins (RT-17, RT-18, VPN-4, DX-1).
func (v *VPN) Known() []Known {
	var best []Known
	if v == nil {
		return nil
	}
	add := func(l *Link, source routing.Source) {
		for _, a := range l.Prefixes {
			a.Prefix = a.Prefix.Masked()
			k := Known{a, source, l}
			i := slices.IndexFunc(best, func(o Known) bool { return o.Prefix == k.Prefix })
			switch {
			case !l.Works() || source != routing.DirectConnect && !is4(a.Prefix): // VPN-7
			case i < 0:
				best = append(best, k)
			case k.better(best[i]):
				best[i] = k
			}
		}
	}
	for _, l := range v.Interfaces {
		add(l, routing.DirectConnect)
	}
	for _, l := range v.Connections {
		add(l, l.vpnSource())
	}
	return best
}

func (l *Link) vpnSource() routing.Source {
	if l.Static {
		return routing.VPNStatic
	}
	return routing.VPNDynamic
}

// better compares two ways to one prefix. The MED counts between paths through
// the same neighbour only; of equal ways the first described is kept.
func (k Known) better(o Known) bool {
	switch {
	case k.Source != o.Source:
		return k.Source < o.Source
	case len(k.ASPath) != len(o.ASPath):
		return len(k.ASPath) < len(o.ASPath)
	case len(k.ASPath) > 0 && k.ASPath[0] != o.ASPath[0]:
		return false
	}
	return k.MED < o.MED
}

// Propagated are the routes that gateways add to a table which lets them (VPN-2)
// and which does not list them already. A partial listing has all the routes that
// there are.
func (v *VPC) Propagated(t *RouteTable) []routing.Route {
	var added []routing.Route
	if v.Partial {
		return nil
	}
	for _, name := range t.Propagating {
		g := v.Gateway(name)
		if g == nil || g.VPN == nil || g.Gone() {
			continue
		}
		to := routing.Target{Kind: g.Kind, ID: g.ID}
		for _, k := range g.VPN.Known() {
			listed := func(r routing.Route) bool {
				return r.Source.Propagated() && r.Destination == k.Prefix && (r.Target.ID == g.ID || r.Target.ID == g.Name)
			}
			if !slices.ContainsFunc(t.Routes, listed) {
				added = append(added, routing.Route{Destination: k.Prefix, Target: to, Source: k.Source, Origin: k.Link.Origin})
			}
		}
		if why := g.VPN.Gap(); why != "" {
			added = append(added, routing.Route{Target: to, Source: routing.VPNDynamic, Unknown: why})
		}
	}
	return added
}

// Gap says why the gateway may know more than is described, "" if it does not.
func (v *VPN) Gap() string {
	if v == nil {
		return ""
	}
	if v.Unknown != "" {
		return v.Unknown
	}
	for _, l := range slices.Concat(v.Interfaces, v.Connections) {
		if l.Unknown != "" && l.Works() {
			return l.ID + ": " + l.Unknown
		}
	}
	return ""
}

// Links are all the links of the gateway; none of a nil VPN.
func (v *VPN) Links() []*Link {
	if v == nil {
		return nil
	}
	return slices.Concat(v.Connections, v.Interfaces)
}

func (v *VPN) clone() *VPN {
	if v == nil {
		return nil
	}
	c := *v
	c.Connections, c.Interfaces = cloneAll(v.Connections, (*Link).clone), cloneAll(v.Interfaces, (*Link).clone)
	return &c
}

func (l *Link) clone() {
	l.Allowed = slices.Clone(l.Allowed)
	l.Prefixes = slices.Clone(l.Prefixes)
	for i := range l.Prefixes {
		l.Prefixes[i].ASPath = slices.Clone(l.Prefixes[i].ASPath)
	}
}
