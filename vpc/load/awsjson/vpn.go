package awsjson

import (
	"cmp"
	"encoding/json"
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
	case j.VirtualInterfaceType == "transit":
		l.report.Note(report.Ignored, v.origin(), "virtual interface "+j.VirtualInterfaceID, "leads to transit gateways, whose attachments tell what packets meet (DX-2)")
	case j.VirtualGatewayID != "":
		l.report.Note(report.Missing, v.origin(), "virtual interface "+j.VirtualInterfaceID, "no VpnGateways describe its gateway %s", j.VirtualGatewayID)
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
	what := "association of " + j.DirectConnectGatewayID
	switch {
	case strings.HasPrefix(j.AssociationState, "disassociat"):
		l.report.Note(report.Ignored, v.origin(), what, "is %s", j.AssociationState)
		return errNoted
	case out == nil && j.AssociatedGateway.Type == "transitGateway":
		l.report.Note(report.Ignored, v.origin(), what, "leads to the transit gateway %s, whose attachments tell what packets meet (DX-2)", j.AssociatedGateway.ID)
		return errNoted
	case out == nil:
		l.report.Note(report.Missing, v.origin(), what, "no VpnGateways describe its gateway %s", cmp.Or(j.AssociatedGateway.ID, j.VirtualGatewayID))
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
