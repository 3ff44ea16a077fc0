package awsjson

import (
	"cmp"
	"net/netip"
	"slices"
	"time"

	"github.com/vpcemu/vpcemu/firewall"
	"github.com/vpcemu/vpcemu/routing"
	"github.com/vpcemu/vpcemu/vpc"
)

// rewriter gives all elements their new IDs and all references too. References
// are resolved with an index of the old IDs and names; so elements are renamed
// last.
type rewriter struct {
	n     *vpc.Network
	index *vpc.Index
	*renamer
}

func (x *rewriter) network() {
	for _, v := range x.n.VPCs { // while gateways still say whose groups may be meant
		x.references(v)
	}
	for _, g := range x.n.Gateways {
		for k, name := range g.VPCs {
			g.VPCs[k] = id(x.renamer, x.n.VPC(name), name)
		}
		x.peerDNS(g)
		g.Subnet = ""
		x.transit(g)
	}
	x.blockPublicAccess()
	x.n.Walk(x.rename)
}

// peerDNS names the VPCs at the ends of a peering connection whose names the other
// side resolves, in their order.
func (x *rewriter) peerDNS(g *vpc.Gateway) {
	named := make(map[string]bool)
	for _, name := range g.PeerDNS {
		named[id(x.renamer, x.n.VPC(name), name)] = true
	}
	g.PeerDNS = nil
	for _, id := range g.VPCs {
		if named[id] && g.Kind == routing.PeeringConnection {
			g.PeerDNS = append(g.PeerDNS, id)
		}
	}
}

// rename gives an element its new ID; the old one becomes the name of an
// element without a name.
func (x *rewriter) rename(e vpc.Element) {
	if fresh := x.ids[e.Value]; fresh != *e.ID {
		*e.Name = cmp.Or(*e.Name, *e.ID)
		*e.ID = fresh
	}
}

// references rewrites what the elements of a VPC call each other.
func (x *rewriter) references(v *vpc.VPC) {
	for _, t := range v.RouteTables {
		x.table(v, t)
	}
	for _, i := range v.Instances {
		i.TrackedFlows = 0 // which no listing has
	}
	for _, g := range v.SecurityGroups {
		x.rules(v, g.Ingress)
		x.rules(v, g.Egress)
	}
	for _, a := range v.NetworkACLs {
		entries(a.Ingress)
		entries(a.Egress)
	}
	for _, g := range v.Gateways {
		g.VPCs = nil
		g.Subnet = id(x.renamer, v.Subnet(g.Subnet), g.Subnet)
		x.endpoint(v, g)
		g.RouteTable = id(x.renamer, v.RouteTable(g.RouteTable), g.RouteTable)
		if g.VPN != nil {
			g.VPN.RouteTable = id(x.renamer, v.RouteTable(g.VPN.RouteTable), g.VPN.RouteTable)
		}
	}
	for _, f := range v.FlowLogs {
		x.flowLog(v, f)
	}
	for _, g := range v.TargetGroups {
		x.targetGroup(v, g)
	}
	for _, b := range v.LoadBalancers {
		x.loadBalancer(v, b)
	}
	metadata := make(map[string]vpc.Metadata)
	for _, s := range v.Subnets {
		s.RouteTable = id(x.renamer, v.RouteTable(s.RouteTable), s.RouteTable)
		s.NetworkACL = id(x.renamer, v.NetworkACL(s.NetworkACL), s.NetworkACL)
		for _, i := range s.Interfaces {
			x.networkInterface(v, i, metadata)
		}
	}
	if g := v.InternetGateway; g != nil {
		g.RouteTable = id(x.renamer, v.RouteTable(g.RouteTable), g.RouteTable)
	}
	v.MainRouteTable = id(x.renamer, v.RouteTable(v.MainRouteTable), "")
	v.DefaultNetworkACL = id(x.renamer, v.NetworkACL(v.DefaultNetworkACL), "")
	v.DefaultSecurityGroup = id(x.renamer, v.SecurityGroup(v.DefaultSecurityGroup), "")
	slices.SortStableFunc(v.CIDRs, byFamily)
}

// networkInterface rewrites one interface. Its metadata options are those of
// the first interface of the instance: AWS has them once per instance.
func (x *rewriter) networkInterface(v *vpc.VPC, i *vpc.Interface, metadata map[string]vpc.Metadata) {
	i.Instance = id(x.renamer, v.Instance(i.Instance), i.Instance)
	if i.Instance != "" {
		if m, ok := metadata[i.Instance]; ok {
			i.Metadata = m
		}
		metadata[i.Instance] = i.Metadata
	}
	for k, name := range i.Groups {
		i.Groups[k] = id(x.renamer, v.SecurityGroup(name), name)
	}
	for _, t := range []*time.Duration{&i.Timeouts.TCPEstablished, &i.Timeouts.UDP, &i.Timeouts.UDPStream} {
		*t = t.Truncate(time.Second)
	}
}

func (x *rewriter) rules(v *vpc.VPC, rules []firewall.Rule) {
	for k := range rules {
		r := &rules[k]
		if r.Service = r.Service.Plain(); r.Unknown != "" {
			r.Service, r.ID = firewall.All, ""
		}
		if r.Peer == (firewall.Peer{}) {
			r.Description = "" // it stands beside the peer
		}
		if r.Peer.Group != "" {
			g, _ := x.index.Group(v, r.Peer.Group)
			r.Peer.Group = id(x.renamer, g, r.Peer.Group)
		}
		r.Peer.PrefixList = id(x.renamer, x.n.PrefixList(r.Peer.PrefixList), r.Peer.PrefixList)
		r.Peer.Prefix = r.Peer.Prefix.Masked()
	}
}

func entries(list []firewall.Entry) {
	for k := range list {
		e := &list[k]
		if e.Unknown != "" && e.Service == (firewall.Service{}) {
			e.Service = firewall.All // it may be about any packet
		}
		e.Service, e.CIDR = e.Service.Plain(), e.CIDR.Masked()
		if e.Unknown != "" {
			e.Action = firewall.Deny
		}
		if e.Unknown != "" && (e.Number < 1 || e.Number > 32766) {
			e.Number = freeNumber(list)
		}
	}
}

func (x *rewriter) table(v *vpc.VPC, t *vpc.RouteTable) {
	for k, name := range t.Propagating {
		t.Propagating[k] = id(x.renamer, v.Gateway(name), name)
	}
	var kept []routing.Route
	for _, r := range t.Routes {
		r = x.route(v, r)
		if !isLocal(r) || !slices.Contains(v.CIDRs, r.Destination) {
			kept = append(kept, r)
		}
	}
	t.Routes = kept
}

func (x *rewriter) route(v *vpc.VPC, r routing.Route) routing.Route {
	r.Destination = r.Destination.Masked()
	r.PrefixList = id(x.renamer, x.n.PrefixList(r.PrefixList), r.PrefixList)
	if r.PrefixList != "" {
		r.Destination = netip.Prefix{}
	}
	if r.Source.Propagated() {
		r.Source = routing.VPNDynamic
	}
	target, ok := x.index.Target(v, r.Target)
	switch {
	case ok && target.Kind == routing.InternetGateway && target.ID == "": // there is none: RT-32
		target, r.Blackhole = routing.Target{Kind: routing.InternetGateway, ID: "igw-" + x.ids[v] + "-detached"}, true
	case ok:
		target.ID = x.targetID(v, target)
	case target.Kind == routing.Instance:
		target.ID = id(x.renamer, v.Instance(target.ID), target.ID)
	case target.Kind == routing.UnknownTarget && r.Unknown == "":
		r.Unknown = "its target is not known"
	}
	if r.Unknown != "" {
		r.Blackhole = false
	}
	r.Target = target
	return r
}

// targetID is the new ID of what a resolved target names.
func (x *rewriter) targetID(v *vpc.VPC, t routing.Target) string {
	switch t.Kind {
	case routing.InternetGateway:
		return id(x.renamer, v.InternetGateway, t.ID)
	case routing.Interface:
		for _, s := range v.Subnets {
			if i := s.Interface(t.ID); i != nil {
				return x.ids[i]
			}
		}
		return t.ID
	}
	if g := v.Gateway(t.ID); g != nil {
		return x.ids[g]
	}
	for _, g := range x.n.Gateways {
		if g.ID == t.ID {
			return x.ids[g]
		}
	}
	return t.ID
}
