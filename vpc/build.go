package vpc

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/vpcemu/vpcemu/firewall"
	"github.com/vpcemu/vpcemu/routing"
)

// AddVPC adds a VPC with its ranges; the first IPv4 one is the primary.
//
// Like all the Add… methods it takes text as people write it, returns what it
// added so that calls can be chained, and keeps the first mistakes for
// [Network.Validate] to report.
func (n *Network) AddVPC(name string, cidrs ...string) *VPC {
	v := &VPC{ID: name, Name: name, Origin: caller()}
	v.CIDRs = v.parsePrefixes("VPC "+name, cidrs, v.Origin)
	n.VPCs = append(n.VPCs, v)
	return v
}

// AddPrefixList adds a customer-managed prefix list.
func (n *Network) AddPrefixList(name string, cidrs ...string) *PrefixList {
	l := &PrefixList{ID: name, Name: name, MaxEntries: len(cidrs), Origin: caller()}
	l.Entries = n.parsePrefixes("prefix list "+name, cidrs, l.Origin)
	n.PrefixLists = append(n.PrefixLists, l)
	return l
}

// SecurityGroup finds a group in any VPC by ID, name or "vpc/name". If there is
// none, the mistake is kept for [Network.Validate] and a loose group returned.
func (n *Network) SecurityGroup(name string) *SecurityGroup {
	if g := lookup(n, name, (*VPC).SecurityGroup); g != nil {
		return g
	}
	n.fail(&Error{Code: CodeGroupNotFound, Resource: "security group " + name, Message: "no such group, or several (ERR-31)", Origin: caller()})
	return &SecurityGroup{ID: name}
}

// Subnet finds a subnet in any VPC; see [Network.SecurityGroup].
func (n *Network) Subnet(name string) *Subnet {
	if s := lookup(n, name, (*VPC).Subnet); s != nil {
		return s
	}
	n.fail(&Error{Code: CodeSubnetNotFound, Resource: "subnet " + name, Message: "no such subnet, or several (ERR-9)", Origin: caller()})
	return &Subnet{ID: name}
}

// RouteTable finds a route table in any VPC; see [Network.SecurityGroup].
func (n *Network) RouteTable(name string) *RouteTable {
	if t := lookup(n, name, (*VPC).RouteTable); t != nil {
		return t
	}
	n.fail(&Error{Code: CodeRouteTableNotFound, Resource: "route table " + name, Message: "no such table, or several (ERR-17)", Origin: caller()})
	return &RouteTable{ID: name}
}

// NetworkACL finds a network ACL in any VPC; see [Network.SecurityGroup].
func (n *Network) NetworkACL(name string) *NetworkACL {
	if a := lookup(n, name, (*VPC).NetworkACL); a != nil {
		return a
	}
	n.fail(&Error{Code: CodeNetworkACLNotFound, Resource: "network ACL " + name, Message: "no such ACL, or several (ERR-36)", Origin: caller()})
	return &NetworkACL{ID: name}
}

// Interface finds an interface in any VPC; see [Network.SecurityGroup].
func (n *Network) Interface(name string) *Interface {
	find := func(v *VPC, name string) *Interface {
		for _, s := range v.Subnets {
			if i := s.Interface(name); i != nil {
				return i
			}
		}
		return nil
	}
	if i := lookup(n, name, find); i != nil {
		return i
	}
	n.fail(&Error{Code: CodeInterfaceNotFound, Resource: "interface " + name, Message: "no such interface, or several (ERR-38)", Origin: caller()})
	return &Interface{ID: name}
}

// Instance finds an instance in any VPC; see [Network.SecurityGroup].
func (n *Network) Instance(name string) *Instance {
	if i := lookup(n, name, (*VPC).Instance); i != nil {
		return i
	}
	n.fail(&Error{Code: CodeInstanceNotFound, Resource: "instance " + name, Message: "no such instance, or several (ERR-40)", Origin: caller()})
	return &Instance{ID: name}
}

// lookup asks every VPC, or the one before the slash, for a name; it answers nil
// unless exactly one has it.
func lookup[T any](n *Network, name string, in func(*VPC, string) *T) *T {
	if owner, rest, ok := strings.Cut(name, "/"); ok {
		if v := n.VPC(owner); v != nil {
			return in(v, rest)
		}
	}
	var found *T
	for _, v := range n.VPCs {
		e := in(v, name)
		switch {
		case e == nil:
		case found != nil:
			return nil
		default:
			found = e
		}
	}
	return found
}

// AddSubnet adds a subnet with its ranges, at most one of them IPv4.
func (v *VPC) AddSubnet(name string, cidrs ...string) *Subnet {
	s := &Subnet{ID: name, Name: name, Origin: caller()}
	s.CIDRs = s.parsePrefixes("subnet "+name, cidrs, s.Origin)
	v.Subnets = append(v.Subnets, s)
	return s
}

// AddRouteTable adds a route table that holds only the local routes. Subnets use
// it once they name it: [Subnet.UseRouteTable].
func (v *VPC) AddRouteTable(name string) *RouteTable {
	t := &RouteTable{ID: name, Name: name, Origin: caller()}
	v.RouteTables = append(v.RouteTables, t)
	return t
}

// AddNetworkACL adds a network ACL that denies everything (ACL-9). Subnets use
// it once they name it: [Subnet.UseNetworkACL].
func (v *VPC) AddNetworkACL(name string) *NetworkACL {
	a := &NetworkACL{ID: name, Name: name, Origin: caller()}
	v.NetworkACLs = append(v.NetworkACLs, a)
	return a
}

// AddSecurityGroup adds a group that allows nothing yet.
func (v *VPC) AddSecurityGroup(name string) *SecurityGroup {
	g := &SecurityGroup{ID: name, Name: name, Origin: caller()}
	v.SecurityGroups = append(v.SecurityGroups, g)
	return g
}

// AddInternetGateway attaches an internet gateway. Subnets use it through a
// route to "igw".
func (v *VPC) AddInternetGateway(name string) *InternetGateway {
	g := &InternetGateway{ID: name, Name: name, Origin: caller()}
	if v.InternetGateway != nil {
		v.fail(&Error{Code: CodeInvalidValue, Resource: "VPC " + v.ID, Origin: g.Origin,
			Message: "has the internet gateway " + v.InternetGateway.ID + " already (IGW-1)"})
		return g
	}
	v.InternetGateway = g
	return g
}

// AddInstance adds a running instance; interfaces that name it with
// [Interface.AttachTo] are its own.
func (v *VPC) AddInstance(name string) *Instance {
	i := &Instance{ID: name, Name: name, Origin: caller()}
	v.Instances = append(v.Instances, i)
	return i
}

// InZone sets the Availability Zone.
func (s *Subnet) InZone(zone string) *Subnet { s.Zone = zone; return s }

// UseRouteTable associates the subnet with a route table explicitly.
func (s *Subnet) UseRouteTable(name string) *Subnet { s.RouteTable = name; return s }

// UseNetworkACL associates the subnet with a network ACL.
func (s *Subnet) UseNetworkACL(name string) *Subnet { s.NetworkACL = name; return s }

// Interface finds an interface of the subnet by ID or name, nil if there is none.
func (s *Subnet) Interface(name string) *Interface {
	return find(s.Interfaces, name, func(i *Interface) (string, string) { return i.ID, i.Name })
}

// AddInterface adds an interface with its primary private address and its
// security groups. An empty address takes the first free one; no group means
// the VPC's default group.
func (s *Subnet) AddInterface(name, ip string, groups ...string) *Interface {
	i := &Interface{ID: name, Name: name, Groups: slices.Clone(groups), Origin: caller()}
	if ip != "" {
		i.AddAddress(ip)
	}
	s.Interfaces = append(s.Interfaces, i)
	return i
}

// AddAddress adds a private address, IPv4 or IPv6.
func (i *Interface) AddAddress(ip string) *Interface {
	a, err := netip.ParseAddr(ip)
	if err != nil {
		i.fail(&Error{Code: CodeInvalidValue, Resource: "interface " + i.ID, Message: fmt.Sprintf("%q is not an IP address (ERR-5)", ip), Origin: i.Origin})
		return i
	}
	i.Addresses = append(i.Addresses, Address{IP: a})
	return i
}

// AddPublicIP maps a public IPv4 address to the primary private address; an
// empty one is assigned when the network is compiled.
func (i *Interface) AddPublicIP(ip string) *Interface {
	if len(i.Addresses) == 0 {
		i.Addresses = []Address{{}}
	}
	if ip == "" {
		i.Addresses[0].AutoPublic = true
		return i
	}
	a, err := netip.ParseAddr(ip)
	if err != nil {
		i.fail(&Error{Code: CodeInvalidValue, Resource: "interface " + i.ID, Message: fmt.Sprintf("%q is not an IP address (ERR-5)", ip), Origin: i.Origin})
	}
	i.Addresses[0].Public = a
	return i
}

// AttachTo attaches the interface to an instance.
func (i *Interface) AttachTo(instance string) *Interface { i.Instance = instance; return i }

// WithoutSourceDestCheck lets the interface forward for others (ENI-3).
func (i *Interface) WithoutSourceDestCheck() *Interface { i.NoSourceDestCheck = true; return i }

// AllowIn adds an inbound rule. The service is written as for
// [firewall.ParseService]; the peer is a CIDR, an address, a prefix list (by its
// "pl-" ID) or a security group.
func (g *SecurityGroup) AllowIn(service, from string) *SecurityGroup {
	g.Ingress = append(g.Ingress, g.rule(service, from))
	return g
}

// AllowOut adds an outbound rule; see [SecurityGroup.AllowIn].
func (g *SecurityGroup) AllowOut(service, to string) *SecurityGroup {
	g.Egress = append(g.Egress, g.rule(service, to))
	return g
}

// AllowAllOut adds the outbound rules that a group has when AWS has just made
// it: all protocols to 0.0.0.0/0 and to ::/0 (SG-2).
func (g *SecurityGroup) AllowAllOut() *SecurityGroup {
	return g.AllowOut("all", "0.0.0.0/0").AllowOut("all", "::/0")
}

func (g *SecurityGroup) rule(service, peer string) firewall.Rule {
	r := firewall.Rule{Origin: caller(), Peer: ParsePeer(peer)}
	var err error
	if r.Service, err = firewall.ParseService(service); err != nil {
		g.fail(&Error{Code: CodeInvalidValue, Resource: "security group " + g.ID, Message: err.Error() + " (ERR-5)", Origin: r.Origin})
	}
	return r
}

// RemoveIn removes the inbound rules for a service and a peer.
func (g *SecurityGroup) RemoveIn(service, from string) *SecurityGroup {
	g.Ingress = g.remove(g.Ingress, service, from)
	return g
}

// RemoveOut removes the outbound rules for a service and a peer.
func (g *SecurityGroup) RemoveOut(service, to string) *SecurityGroup {
	g.Egress = g.remove(g.Egress, service, to)
	return g
}

func (g *SecurityGroup) remove(rules []firewall.Rule, service, peer string) []firewall.Rule {
	want := g.rule(service, peer)
	var kept []firewall.Rule
	for _, r := range rules {
		if r.Service != want.Service || r.Peer != want.Peer {
			kept = append(kept, r)
		}
	}
	if len(kept) == len(rules) {
		g.fail(&Error{Code: CodeRuleNotFound, Resource: "security group " + g.ID, Message: fmt.Sprintf("has no rule %s, %s (SG-54)", service, peer), Origin: want.Origin})
	}
	return kept
}

// ParsePeer reads the far side of a rule: a CIDR or an address, a "pl-…" prefix
// list, else a security group.
func ParsePeer(s string) firewall.Peer {
	if p, err := netip.ParsePrefix(s); err == nil {
		return firewall.Peer{Prefix: p.Masked()}
	}
	if a, err := netip.ParseAddr(s); err == nil {
		return firewall.Peer{Prefix: netip.PrefixFrom(a, a.BitLen())}
	}
	if strings.HasPrefix(s, "pl-") {
		return firewall.Peer{PrefixList: s}
	}
	return firewall.Peer{Group: s}
}

// AllowIn adds an inbound entry that allows a service from a CIDR.
func (a *NetworkACL) AllowIn(number int, service, cidr string) *NetworkACL {
	a.Ingress = append(a.Ingress, a.entry(number, firewall.Allow, service, cidr))
	return a
}

// DenyIn adds an inbound entry that denies a service from a CIDR.
func (a *NetworkACL) DenyIn(number int, service, cidr string) *NetworkACL {
	a.Ingress = append(a.Ingress, a.entry(number, firewall.Deny, service, cidr))
	return a
}

// AllowOut adds an outbound entry that allows a service to a CIDR.
func (a *NetworkACL) AllowOut(number int, service, cidr string) *NetworkACL {
	a.Egress = append(a.Egress, a.entry(number, firewall.Allow, service, cidr))
	return a
}

// DenyOut adds an outbound entry that denies a service to a CIDR.
func (a *NetworkACL) DenyOut(number int, service, cidr string) *NetworkACL {
	a.Egress = append(a.Egress, a.entry(number, firewall.Deny, service, cidr))
	return a
}

func (a *NetworkACL) entry(number int, action firewall.Action, service, cidr string) firewall.Entry {
	e := firewall.Entry{Number: number, Action: action, Origin: caller()}
	svc, err := firewall.ParseService(service)
	if err != nil {
		a.fail(&Error{Code: CodeInvalidValue, Resource: "network ACL " + a.ID, Message: err.Error() + " (ERR-5)", Origin: e.Origin})
	}
	e.Service = svc
	prefix, err := netip.ParsePrefix(cidr)
	if err != nil {
		a.fail(&Error{Code: CodeInvalidValue, Resource: "network ACL " + a.ID, Origin: e.Origin,
			Message: fmt.Sprintf("%q is not a CIDR block, which is all an entry can name (ACL-12)", cidr)})
	}
	e.CIDR = prefix.Masked()
	return e
}

// AddRoute adds a route. The destination is a CIDR or a "pl-…" prefix list; the
// target is "local", "igw", "blackhole", or the ID or name of an interface, an
// instance or a gateway of the network.
func (t *RouteTable) AddRoute(destination, target string) *RouteTable {
	r := routing.Route{Origin: caller()}
	if strings.HasPrefix(destination, "pl-") {
		r.PrefixList = destination
	} else if p := t.parsePrefixes("route table "+t.ID, []string{destination}, r.Origin); len(p) == 1 {
		r.Destination = p[0]
	}
	r.Target, r.Blackhole = ParseTarget(target)
	t.Routes = append(t.Routes, r)
	return t
}

// RemoveRoute removes the route with a destination, a CIDR or a prefix list.
func (t *RouteTable) RemoveRoute(destination string) *RouteTable {
	prefix, _ := netip.ParsePrefix(destination) // the zero Prefix for a list
	var kept []routing.Route
	for _, r := range t.Routes {
		other := r.PrefixList != "" && r.PrefixList != destination || r.PrefixList == "" && r.Destination.Masked() != prefix.Masked()
		if other || r.Target.Kind == routing.Local && !r.Blackhole {
			kept = append(kept, r)
		}
	}
	if len(kept) == len(t.Routes) {
		// Validate knows whether it is the local route that is to go.
		t.fail(&Error{Code: CodeRouteNotFound, Resource: "route table " + t.ID, Message: "has no route to " + destination + " (RT-28)", Origin: caller(), Element: prefix})
	}
	t.Routes = kept
	return t
}

// targetPrefixes are the ID prefixes that tell what a route's target is.
var targetPrefixes = []struct {
	prefix string
	kind   routing.TargetKind
}{
	{"igw-", routing.InternetGateway}, {"nat-", routing.NATGateway}, {"eni-", routing.Interface}, {"i-", routing.Instance},
	{"pcx-", routing.PeeringConnection}, {"tgw-", routing.TransitGateway}, {"vgw-", routing.VPNGateway},
	{"eigw-", routing.EgressOnlyGateway}, {"vpce-", routing.GatewayEndpoint}, {"cagw-", routing.CarrierGateway}, {"lgw-", routing.LocalGateway},
}

// ParseTarget reads the target of a route as people write it. A bare name has
// the kind [routing.UnknownTarget], which compiling resolves in the VPC.
func ParseTarget(s string) (target routing.Target, blackhole bool) {
	switch s {
	case "local":
		return routing.Target{Kind: routing.Local}, false
	case "igw":
		return routing.Target{Kind: routing.InternetGateway}, false
	case "blackhole":
		return routing.Target{}, true
	}
	for _, t := range targetPrefixes {
		if strings.HasPrefix(s, t.prefix) {
			return routing.Target{Kind: t.kind, ID: s}, false
		}
	}
	return routing.Target{Kind: routing.UnknownTarget, ID: s}, false
}

// parsePrefixes reads CIDRs and clears their host bits (VPC-2).
func (p *problems) parsePrefixes(what string, cidrs []string, origin string) []netip.Prefix {
	var prefixes []netip.Prefix
	for _, s := range cidrs {
		prefix, err := netip.ParsePrefix(s)
		if err != nil {
			p.fail(&Error{Code: CodeInvalidValue, Resource: what, Message: fmt.Sprintf("%q is not a CIDR block (ERR-5)", s), Origin: origin})
			continue
		}
		prefixes = append(prefixes, prefix.Masked())
	}
	return prefixes
}
