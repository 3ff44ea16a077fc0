package awsjson

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"

	"github.com/vpcemu/vpcemu/routing"
	"github.com/vpcemu/vpcemu/vpc"
	"github.com/vpcemu/vpcemu/vpc/load/report"
)

// byBGP is why the prefixes of a link are not known: no listing has them.
const byBGP = "what on-premises announces by BGP is in no listing"

// outer is the outer side of a virtual private gateway, nil if it is not there.
func (l *loader) outer(id string) *vpc.VPN {
	g := l.gateways[id]
	if g == nil || g.Kind != routing.VPNGateway {
		return nil
	}
	if g.VPN == nil {
		g.VPN = new(vpc.VPN)
	}
	return g.VPN
}

type vpnJSON struct {
	VpnConnectionID, VpnGatewayID, TransitGatewayID, CustomerGatewayID, State string
	Options                                                                   struct {
		StaticRoutesOnly bool
		TunnelOptions    []tunnelEnd
	}
	Routes       []struct{ DestinationCidrBlock, State string }
	VgwTelemetry []tunnelEnd
	Tags         nameTag
}

// connection is the VPN connection as a link.
func (j *vpnJSON) connection(v value) *vpc.Link {
	k := &vpc.Link{ID: j.VpnConnectionID, Name: string(j.Tags), State: j.State, Static: j.Options.StaticRoutesOnly,
		CustomerGateway: j.CustomerGatewayID, Origin: v.origin()}
	if !k.Static {
		k.Unknown = byBGP
		return k
	}
	for _, r := range j.Routes {
		if strings.HasPrefix(r.State, "delet") {
			continue
		}
		p, err := prefix(r.DestinationCidrBlock)
		if err != nil {
			join(&k.Unknown, "route: %v", err)
			continue
		}
		k.Prefixes = append(k.Prefixes, vpc.Announcement{Prefix: p})
	}
	return k
}

// virtualInterfaceJSON is one element of describe-virtual-interfaces.
type virtualInterfaceJSON struct {
	VirtualInterfaceID, VirtualInterfaceName, VirtualInterfaceType, VirtualInterfaceState string
	VirtualGatewayID, DirectConnectGatewayID                                              string
	Mtu                                                                                   int

	origin string
}

func (j *virtualInterfaceJSON) link() *vpc.Link {
	k := &vpc.Link{ID: j.VirtualInterfaceID, Name: j.VirtualInterfaceName, State: j.VirtualInterfaceState,
		DirectConnectGateway: j.DirectConnectGatewayID, Unknown: byBGP, Origin: j.origin}
	if j.Mtu > 1500 {
		k.MTU = j.Mtu
	}
	return k
}

// virtualInterface takes in a private virtual interface: of a virtual private
// gateway, or of a Direct Connect gateway, whose associations tell of which.
func (l *loader) virtualInterface(v value) error {
	j := virtualInterfaceJSON{origin: v.origin()}
	if err := json.Unmarshal(v.raw, &j); err != nil {
		return explain(err)
	}
	if j.VirtualGatewayID != "" {
		l.propagates(j.VirtualGatewayID, routing.DirectConnect)
	}
	switch out := l.outer(j.VirtualGatewayID); {
	case strings.HasPrefix(j.VirtualInterfaceState, "delet"):
		l.report.Note(report.Ignored, v.origin(), "virtual interface "+j.VirtualInterfaceID, "is %s", j.VirtualInterfaceState)
	case j.VirtualInterfaceType == "public":
		l.report.Note(report.Ignored, v.origin(), "virtual interface "+j.VirtualInterfaceID, "is public: it is one more way to the internet side (DX-6)")
	case out != nil:
		out.Interfaces = append(out.Interfaces, j.link())
		return nil
	case j.VirtualInterfaceType == "private" && j.DirectConnectGatewayID != "":
		l.vifs = append(l.vifs, j)
		return nil
	default:
		l.noteKind(&kind{key: "VirtualInterfaces", verdict: report.Unmodelled, why: notYet}, []value{v})
	}
	return errNoted
}

// directConnect takes in one association of a Direct Connect gateway: all its
// private virtual interfaces lead to the virtual private gateway.
func (l *loader) directConnect(v value) error {
	var j struct {
		DirectConnectGatewayID, AssociationState, VirtualGatewayID string
		AssociatedGateway                                          struct{ ID, Type string }
		AllowedPrefixesToDirectConnectGateway                      []struct{ Cidr string }
	}
	if err := json.Unmarshal(v.raw, &j); err != nil {
		return explain(err)
	}
	out := l.outer(cmp.Or(j.AssociatedGateway.ID, j.VirtualGatewayID))
	if out == nil || strings.HasPrefix(j.AssociationState, "disassociat") {
		l.noteKind(&kind{key: "DirectConnectGatewayAssociations", verdict: report.Unmodelled, why: notYet}, []value{v})
		return errNoted
	}
	l.propagates(cmp.Or(j.AssociatedGateway.ID, j.VirtualGatewayID), routing.DirectConnect)
	found := false
	for _, i := range l.vifs {
		if i.DirectConnectGatewayID != j.DirectConnectGatewayID {
			continue
		}
		found = true
		k := i.link()
		for _, a := range j.AllowedPrefixesToDirectConnectGateway {
			p, err := prefix(a.Cidr)
			if err != nil {
				return err
			}
			k.Allowed = append(k.Allowed, p)
		}
		out.Interfaces = append(out.Interfaces, k)
	}
	if !found {
		join(&out.Unknown, "nothing describes the virtual interfaces of the Direct Connect gateway %s", j.DirectConnectGatewayID)
	}
	return nil
}

// propagate writes down the routes that gateways add to the tables of a VPC, as
// AWS's listing has them.
func propagate(v *vpc.VPC) {
	for _, t := range v.RouteTables {
		for _, r := range v.Propagated(t) {
			if r.Unknown != "" {
				join(&t.Unknown, "%s", r.Unknown)
				continue
			}
			t.Routes = append(t.Routes, r)
		}
	}
}

// listed reduces the outer side of a gateway to what listings have of it.
func listedVPN(g *vpc.Gateway) {
	if g.VPN == nil {
		return
	}
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
		l.add(region, "VirtualInterfaces", o.set("DirectConnectGatewayId", k.DirectConnectGateway))
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
