package emu

import (
	"maps"
	"net/netip"
	"slices"

	"github.com/vpcemu/vpcemu/internal/plan"
)

// Far is a network beyond this one, which packets leave to and come from by a port.
type Far struct {
	// Name is what [Emulator.Port] and queries call it: "internet", "onprem" (with the
	// gateway behind a colon, if there are several), or a gateway endpoint's name.
	Name string
	// Hosts are those that the name stands for in queries, one of each IP version, as
	// far as there is one.
	Hosts []netip.Addr
	// Prefixes are known to be there; the internet is all that is nowhere else.
	Prefixes []netip.Prefix
	// Near are the addresses of this network that hosts of the internet reach: public
	// IPv4 addresses and the VPCs' IPv6 ranges. Others have a way to all of it.
	Near []netip.Prefix
}

// Far lists the networks beyond this one: the internet, on-premises behind gateways,
// and the services of gateway endpoints.
func (e *Emulator) Far() []Far {
	g := e.current.Load()
	hosts := []netip.Addr{g.someHost(false, 0), g.someHost(true, 0)}
	all := []Far{{Name: "internet", Hosts: hosts, Near: g.near()}}
	outsides := g.outsides()
	for _, o := range outsides {
		name := "onprem"
		if len(outsides) > 1 {
			name += ":" + outerKey(o)
		}
		hosts := []netip.Addr{o.Outside.Host(false), o.Outside.Host(true)}
		all = append(all, Far{Name: name, Hosts: valid(hosts), Prefixes: o.Outside.Prefixes()})
	}
	for _, key := range slices.Sorted(maps.Keys(g.services)) {
		all = append(all, g.farService(key, g.services[key].gateway))
	}
	return all
}

// near is what the internet reaches.
func (g *generation) near() []netip.Prefix {
	var list []netip.Prefix
	for _, a := range g.plan.PublicAddresses() {
		list = append(list, netip.PrefixFrom(a, a.BitLen()))
	}
	for _, v := range g.plan.VPCs {
		for _, c := range v.Desc.CIDRs {
			if c.Addr().Is6() && !c.Addr().IsPrivate() {
				list = append(list, c.Masked())
			}
		}
	}
	return list
}

// farService is the service of a gateway endpoint, under the shortest name that means
// only it.
func (g *generation) farService(key string, gateway *plan.Gateway) Far {
	hosts := g.serviceEnd(key, gateway).hosts
	f := Far{Name: key, Hosts: valid(hosts[:])}
	if end, err := g.resolve(gateway.Desc.Name); err == nil && end.service == gateway {
		f.Name = gateway.Desc.Name
	}
	if list := g.plan.Network.ServiceList(gateway.Desc); list != nil {
		f.Prefixes = list.Entries
	}
	return f
}

func valid(list []netip.Addr) []netip.Addr {
	return slices.DeleteFunc(list, func(a netip.Addr) bool { return !a.IsValid() })
}
