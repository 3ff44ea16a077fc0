package awsjson

import (
	"cmp"
	"net/netip"
	"slices"

	"github.com/vpcemu/vpcemu/routing"
	"github.com/vpcemu/vpcemu/vpc"
)

// nameLinks gives the links of all virtual private gateways IDs of AWS's shape. A
// virtual interface of a Direct Connect gateway leads to several of them.
func nameLinks(n *vpc.Network) {
	taken, shared := make(map[string]bool), make(map[[2]string]string)
	for _, v := range n.VPCs {
		for _, g := range v.Gateways {
			if g.VPN == nil {
				continue
			}
			for _, k := range g.VPN.Connections {
				rename(taken, "vpn-", v.ID, &k.ID, &k.Name)
			}
			for _, k := range g.VPN.Interfaces {
				key := [2]string{k.DirectConnectGateway, k.ID}
				if id := shared[key]; id != "" && k.DirectConnectGateway != "" {
					k.Name, k.ID = cmp.Or(k.Name, k.ID), id
					continue
				}
				rename(taken, "dxvif-", v.ID, &k.ID, &k.Name)
				shared[key] = k.ID
			}
		}
	}
}

// listedVPN reduces the outer side of a gateway to what listings have of it: what
// is allowed is said once for each Direct Connect gateway.
func listedVPN(g *vpc.Gateway) {
	if g.VPN == nil {
		return
	}
	if len(g.VPN.Links()) == 0 && g.VPN.Unknown == "" && g.VPN.RouteTable == "" {
		g.VPN = nil
		return
	}
	var gateways []string
	for _, k := range g.VPN.Interfaces {
		gateways = appendNew(gateways, k.DirectConnectGateway)
	}
	for _, k := range g.VPN.Interfaces {
		k.Allowed = allowed(g.VPN.Interfaces, k.DirectConnectGateway)
	}
	place := func(k *vpc.Link) int { return slices.Index(gateways, k.DirectConnectGateway) } // -1 for none
	slices.SortStableFunc(g.VPN.Interfaces, func(a, b *vpc.Link) int { return place(a) - place(b) })
	for _, k := range g.VPN.Links() {
		k.State = cmp.Or(k.State, "available")
		for i := range k.Prefixes {
			k.Prefixes[i] = vpc.Announcement{Prefix: k.Prefixes[i].Prefix.Masked()}
		}
		if !k.Static {
			k.Prefixes, k.Unknown = nil, byBGP
		}
	}
}

// allowed are the prefixes that a virtual private gateway has allowed to a Direct
// Connect gateway: none, which means all, if one of its interfaces has none.
func allowed(links []*vpc.Link, gateway string) []netip.Prefix {
	var all []netip.Prefix
	for _, k := range links {
		if k.DirectConnectGateway != gateway {
			continue
		}
		if len(k.Allowed) == 0 || gateway == "" {
			return nil
		}
		for _, p := range k.Allowed {
			if !slices.Contains(all, p.Masked()) {
				all = append(all, p.Masked())
			}
		}
	}
	return all
}

// vpn lists the links of a virtual private gateway.
func (l listing) vpn(region string, g *vpc.Gateway) {
	if g.VPN == nil {
		return
	}
	for _, k := range g.VPN.Connections {
		routes := []object{}
		for _, a := range k.Prefixes {
			routes = append(routes, object{"DestinationCidrBlock": a.Prefix.String(), "State": "available"})
		}
		if k.Static && k.Unknown != "" {
			routes = append(routes, object{"DestinationCidrBlock": "unknown"})
		}
		l.add(region, "VpnConnections", object{"VpnConnectionId": k.ID, "VpnGatewayId": g.ID, "Options": object{"StaticRoutesOnly": k.Static}, "Routes": routes}.
			set("State", k.State).set("CustomerGatewayId", k.CustomerGateway).named(k.Name))
	}
	var through []string
	associate := func(name string, allowed []object) {
		if !slices.Contains(through, name) {
			through = append(through, name)
			l.add(region, "DirectConnectGatewayAssociations", object{"DirectConnectGatewayId": name, "AssociationState": "associated",
				"AssociatedGateway": object{"Id": g.ID, "Type": "virtualPrivateGateway"}, "AllowedPrefixesToDirectConnectGateway": allowed})
		}
	}
	for _, k := range g.VPN.Interfaces {
		o := object{"VirtualInterfaceId": k.ID, "VirtualInterfaceType": "private"}.set("VirtualInterfaceName", k.Name).set("VirtualInterfaceState", k.State)
		if k.MTU > 0 {
			o["Mtu"] = k.MTU
		}
		if k.DirectConnectGateway == "" {
			l.add(region, "VirtualInterfaces", o.set("VirtualGatewayId", g.ID))
			continue
		}
		if !slices.ContainsFunc(l[region]["VirtualInterfaces"], func(o object) bool { return o["VirtualInterfaceId"] == k.ID }) {
			l.add(region, "VirtualInterfaces", o.set("DirectConnectGatewayId", k.DirectConnectGateway))
		}
		allowed := []object{}
		for _, p := range k.Allowed {
			allowed = append(allowed, object{"Cidr": p.Masked().String()})
		}
		associate(k.DirectConnectGateway, allowed)
	}
	if g.VPN.Unknown != "" {
		associate("unknown", []object{})
	}
}

// propagatedSources says of propagated routes what the loader will take them for.
func propagatedSources(n *vpc.Network) {
	for _, v := range n.VPCs {
		source := make(map[string]routing.Source)
		for _, g := range v.Gateways {
			if g.VPN == nil {
				continue
			}
			if len(g.VPN.Interfaces) > 0 || g.VPN.Unknown != "" {
				source[g.ID] = routing.DirectConnect
			}
			for _, k := range g.VPN.Connections {
				source[g.ID] = max(source[g.ID], map[bool]routing.Source{true: routing.VPNStatic, false: routing.VPNDynamic}[k.Static])
			}
		}
		for _, t := range v.RouteTables {
			for i := range t.Routes {
				if s, ok := source[t.Routes[i].Target.ID]; ok && t.Routes[i].Source.Propagated() {
					t.Routes[i].Source = s
				}
			}
		}
	}
}
