package emu

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/vpcemu/vpcemu/internal/plan"
	"github.com/vpcemu/vpcemu/packet"
	"github.com/vpcemu/vpcemu/vpc"
)

// queryEnd is one end of a query: an interface, the internet, or a bare address
// that nobody has.
type queryEnd struct {
	name     string
	iface    *plan.Interface
	balancer *plan.LoadBalancer // the whole of it, for which the interface stands
	service  *plan.Gateway      // the service of a gateway endpoint
	internet bool               // a host of the internet, or all
	anyone   bool               // an address of the internet by itself: whoever answers to it
	outer    *plan.Gateway      // on-premises, behind this gateway
	asked    bool               // the user wrote an address: addr
	addr     netip.Addr         //
	hosts    [2]netip.Addr      // internet: the hosts that stand for it, IPv4 and IPv6
}

// The internet hosts that "internet" stands for, from the ranges set aside for
// documentation, or the next ones that nobody in the network has.
var (
	someHost4 = netip.MustParseAddr("203.0.113.7")
	someHost6 = netip.MustParseAddr("2001:db8:ffff:ffff::7")
)

// someHost is the n-th internet host of an IP version that is not in the network.
func (g *generation) someHost(v6 bool, n int) netip.Addr {
	a := someHost4
	if v6 {
		a = someHost6
	}
	for ; g.plan.IsPublic(a) || g.local(a) || n > 0; a = a.Next() {
		if !g.plan.IsPublic(a) && !g.local(a) {
			n--
		}
	}
	return a
}

// address is the endpoint's address of an IP version, invalid if it has none. Of
// an interface it is the first; one that has a public address is preferred if
// the other end is the internet.
func (e *queryEnd) address(v6, public bool) netip.Addr {
	switch {
	case e.asked && e.addr.Is4() == v6:
		return netip.Addr{}
	case e.asked:
		return e.addr
	case e.service != nil && v6:
		return e.hosts[1]
	case e.service != nil:
		return e.hosts[0]
	case (e.internet || e.outer != nil) && v6:
		return e.hosts[1]
	case e.internet || e.outer != nil:
		return e.hosts[0]
	case e.iface == nil:
		return netip.Addr{}
	}
	var first netip.Addr
	for _, a := range e.iface.Desc.Addresses {
		_, hasPublic := e.iface.Public(a.IP)
		switch {
		case a.IP.Is4() == v6:
		case public && hasPublic:
			return a.IP
		case !first.IsValid():
			first = a.IP
		}
	}
	return first
}

// resolve finds what a name in a query means.
func (g *generation) resolve(name string) (queryEnd, error) {
	internet := queryEnd{name: name, internet: true, hosts: [2]netip.Addr{g.someHost(false, 0), g.someHost(true, 0)}}
	if name == "internet" {
		return internet, nil
	}
	if host, ok := strings.CutPrefix(name, "internet:"); ok {
		a, err := parseAddr(host)
		internet.addr, internet.asked = a, true
		return internet, err
	}
	if rest, ok := strings.CutPrefix(name, "onprem"); ok && (rest == "" || rest[0] == ':') {
		return g.resolveOnPremises(name, rest)
	}
	if _, err := netip.ParseAddr(name); err == nil {
		a, err := parseAddr(name)
		if err != nil {
			return queryEnd{}, err
		}
		return g.resolveAddress(name, a)
	}
	if owner, host, qualified := strings.Cut(name, "/"); qualified {
		if a, err := parseAddr(host); err == nil {
			return g.resolveAddressIn(owner, name, a)
		}
	}
	return g.resolveName(name)
}

// resolveAddressIn finds the interface that has a private address in a VPC, which others
// may have in theirs (VPC-19).
func (g *generation) resolveAddressIn(owner, name string, a netip.Addr) (queryEnd, error) {
	for _, v := range g.plan.VPCs {
		if v.Desc.ID != owner && v.Desc.Name != owner {
			continue
		}
		if i := g.plan.Owner(v, a); i != nil {
			return queryEnd{name: name, iface: i, addr: a, asked: true}, nil
		}
	}
	return queryEnd{}, fmt.Errorf("%q: no interface of a VPC %q has the address %s", name, owner, a)
}

// parseAddr reads an address as packets carry it: without a zone, and IPv4 as
// IPv4 even where it is written as IPv6.
func parseAddr(s string) (netip.Addr, error) {
	a, err := netip.ParseAddr(s)
	if err != nil || a.Zone() != "" {
		return netip.Addr{}, fmt.Errorf("%q is not an IP address", s)
	}
	return a.Unmap(), nil
}

// resolveAddress finds the interface that has a private or public address, or had
// it while its instance ran (IGW-27). An address that nobody has is an internet
// host, if it can be one.
func (g *generation) resolveAddress(name string, a netip.Addr) (queryEnd, error) {
	if four, ok := packet.Embedded(nat64, a); ok { // whoever has the IPv4 address that it stands for (NAT-36)
		end, err := g.resolveAddress(name, four)
		end.addr = a
		return end, err
	}
	var owners []*plan.Interface
	for _, v := range g.plan.VPCs {
		if i := g.plan.Owner(v, a); i != nil {
			owners = append(owners, i)
		}
	}
	for i := range g.plan.Interfaces() {
		if len(owners) == 0 && slices.ContainsFunc(i.Desc.Addresses, func(d vpc.Address) bool { return d.Public == a }) {
			owners = append(owners, i)
		}
	}
	switch len(owners) {
	case 0:
		all := slices.DeleteFunc(g.outsides(), func(o *plan.Gateway) bool { return !knows(o, a) })
		if isPrivate(a) && !g.local(a) && len(all) == 1 {
			return g.behindSome(name, a, all)
		}
		outside := !isPrivate(a) && !g.local(a)
		return queryEnd{name: name, addr: a, asked: true, internet: outside, anyone: outside}, nil
	case 1:
		return queryEnd{name: name, iface: owners[0], addr: a, asked: true}, nil
	}
	return queryEnd{}, ambiguous(name, owners)
}

// local reports whether an address lies in some VPC, so that it is no internet
// host whatever its range (VPC-3).
func (g *generation) local(a netip.Addr) bool {
	return slices.ContainsFunc(g.plan.VPCs, func(v *plan.VPC) bool { return v.Contains(a) })
}

// resolveName finds an interface or an instance by ID, by name or by "vpc/name".
// An ID wins over a name, and a name that has a slash itself over a VPC's.
func (g *generation) resolveName(name string) (queryEnd, error) {
	found := g.named("", name)
	if owner, rest, qualified := strings.Cut(name, "/"); qualified && len(found) == 0 {
		found = g.named(owner, rest)
	}
	var err error
	balancer := len(found) == 0
	if len(found) == 0 {
		found, err = g.lbNamed("", name)
	}
	if owner, rest, qualified := strings.Cut(name, "/"); qualified && len(found) == 0 && err == nil {
		found, err = g.lbNamed(owner, rest)
	}
	if err != nil {
		return queryEnd{}, err
	}
	if len(found) == 0 {
		switch services := g.serviceNamed(name); len(services) {
		case 0:
		case 1:
			return g.serviceEnd(name, services[0]), nil
		default:
			return queryEnd{}, ambiguousService(name, services)
		}
	}
	switch len(found) {
	case 0:
		return queryEnd{}, g.notFound(name)
	case 1:
		end := queryEnd{name: name, iface: found[0]}
		if balancer {
			end.balancer = end.iface.Balancer
		}
		return end, nil
	}
	return queryEnd{}, ambiguous(name, found)
}

// named finds the interfaces of a name, in one VPC or, if owner is empty, in all.
func (g *generation) named(owner, name string) []*plan.Interface {
	var byID, byName []*plan.Interface
	for i := range g.plan.Interfaces() {
		v := i.VPC.Desc
		switch {
		case name == "", owner != "" && v.ID != owner && v.Name != owner:
		case i.Endpoint != nil && (i.Endpoint.Desc.ID == name || i.Endpoint.Desc.Name == name):
			byName = append(byName, i)
		case i.Desc.ID == name, i.Desc.Instance == name, i.Instance != nil && i.Instance.ID == name:
			byID = append(byID, i)
		case i.Desc.Name == name, i.Instance != nil && i.Instance.Name == name:
			byName = append(byName, i)
		}
	}
	if len(byID) > 0 {
		return primaries(byID)
	}
	return primaries(byName)
}

// primaries keeps, of several interfaces of one instance, the first by device
// index: that is what the instance's name means.
func primaries(found []*plan.Interface) []*plan.Interface {
	var kept []*plan.Interface
	for _, i := range found {
		same := slices.IndexFunc(kept, func(k *plan.Interface) bool {
			return i.Desc.Instance != "" && k.Desc.Instance == i.Desc.Instance && k.VPC == i.VPC
		})
		switch {
		case same < 0:
			kept = append(kept, i)
		case i.Desc.DeviceIndex < kept[same].Desc.DeviceIndex:
			kept[same] = i
		}
	}
	return kept
}

// askable refuses questions without sense: who has no interface sends nothing, a load
// balancer begins no connections but those that it forwards, and what goes from the
// internet to the internet passes nothing of the network. An address of the internet
// that was only written as an address may be meant for one of the network's.
func askable(src, dst queryEnd) error {
	switch {
	case src.iface == nil && !src.internet && src.service == nil && src.outer == nil:
		return fmt.Errorf("source: no interface has the address %s", src.addr)
	case src.iface != nil && src.iface.Balancer != nil:
		return fmt.Errorf("source: %s is a load balancer, which only passes on what clients ask: ask from a client", src.name)
	case src.internet && dst.internet && !dst.anyone:
		return fmt.Errorf("%s and %s are both outside of the network: want an end inside", src.name, dst.name)
	}
	return nil
}
