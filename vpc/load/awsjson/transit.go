package awsjson

import (
	"cmp"
	"encoding/json"
	"slices"

	"github.com/vpcemu/vpcemu/routing"
	"github.com/vpcemu/vpcemu/vpc"
)

// transitIn is what the listings of transit gateways have said so far.
type transitIn struct {
	gateways    map[string]*vpc.Gateway // by route table
	attachments map[string]*vpc.TransitAttachment
	owners      map[string]*vpc.Gateway         // by attachment
	tables      map[string]*vpc.TransitTable    // by ID
	associated  map[*vpc.TransitAttachment]bool // those whose association is known
	propagated  map[string]bool                 // tables whose propagations are known
	routed      map[string]bool                 // tables whose static routes are known
	cut         map[*document]bool              // answers that say that there are more routes
}

func newTransitIn() transitIn {
	return transitIn{
		gateways: make(map[string]*vpc.Gateway), attachments: make(map[string]*vpc.TransitAttachment), owners: make(map[string]*vpc.Gateway),
		tables: make(map[string]*vpc.TransitTable), associated: make(map[*vpc.TransitAttachment]bool), propagated: make(map[string]bool), routed: make(map[string]bool),
		cut: make(map[*document]bool),
	}
}

// transitOptions reads the options of describe-transit-gateways.
func transitOptions(raw list) *vpc.Transit {
	var j struct {
		AssociationDefaultRouteTableID, PropagationDefaultRouteTableID string
		DefaultRouteTableAssociation, DefaultRouteTablePropagation     string
		SecurityGroupReferencingSupport                                string
	}
	_ = json.Unmarshal(raw, &j)
	t := &vpc.Transit{Association: j.AssociationDefaultRouteTableID, Propagation: j.PropagationDefaultRouteTableID,
		GroupReferences: j.SecurityGroupReferencingSupport == "enable"}
	if j.DefaultRouteTableAssociation == "disable" {
		t.Association = vpc.NoTable
	}
	if j.DefaultRouteTablePropagation == "disable" {
		t.Propagation = vpc.NoTable
	}
	return t
}

// transitOf is a transit gateway, which need not be described.
func (l *loader) transitOf(id string, v value) (*vpc.Gateway, error) {
	if id == "" {
		return nil, errNoGateway
	}
	g := l.gateways[id]
	if g == nil {
		g = &vpc.Gateway{Kind: routing.TransitGateway, ID: id}
		l.addGateway(nil, g, v)
	}
	if g.Transit == nil {
		g.Transit = new(vpc.Transit)
	}
	return g, nil
}

// attachmentOf is an attachment of a gateway, new or known from another listing.
// The two ends of a peering attachment may have the same ID.
func (l *loader) attachmentOf(g *vpc.Gateway, id string, v value) *vpc.TransitAttachment {
	for _, a := range g.Transit.Attachments {
		if a.ID == id {
			return a
		}
	}
	a := &vpc.TransitAttachment{ID: id, Origin: v.origin()}
	g.Transit.Attachments = append(g.Transit.Attachments, a)
	if l.transit.attachments[id] == nil {
		l.transit.attachments[id], l.transit.owners[id] = a, g
	}
	return a
}

// vpcAttachmentJSON is what a VPC attachment says of itself.
type vpcAttachmentJSON struct {
	SubnetIds []string
	Options   struct{ ApplianceModeSupport, Ipv6Support, SecurityGroupReferencingSupport string }
}

func (j vpcAttachmentJSON) settle(a *vpc.TransitAttachment) {
	a.Subnets = j.SubnetIds
	a.Appliance, a.IPv6 = j.Options.ApplianceModeSupport == "enable", j.Options.Ipv6Support == "enable"
	a.NoGroupReferences = j.Options.SecurityGroupReferencingSupport == "disable"
}

// attachmentKinds are the kinds by AWS's ResourceType.
var attachmentKinds = map[string]vpc.TransitKind{
	"vpc": vpc.VPCAttachment, "direct-connect-gateway": vpc.DirectConnectAttachment, "connect": vpc.ConnectAttachment,
	"connect-peer": vpc.ConnectAttachment, "vpn": vpc.VPNAttachment, "peering": vpc.PeeringAttachment, "tgw-peering": vpc.PeeringAttachment,
}

// association is what an attachment or an answer says of one.
type association struct{ TransitGatewayRouteTableID, State string }

// associate notes which table an attachment has, as far as the listing tells.
func (l *loader) associate(a *vpc.TransitAttachment, j association) {
	a.Association = j.TransitGatewayRouteTableID
	switch j.State {
	case "", "associated":
	case "associating", "disassociating", "disassociated":
		a.Association = ""
	default:
		join(&a.Unknown, "the state %q of its association is not known", j.State)
	}
	if a.Association == "" {
		a.Association = vpc.NoTable
	}
	l.transit.associated[a] = true
}

// transitTable takes in one element of describe-transit-gateway-route-tables.
func (l *loader) transitTable(v value) error {
	var j struct {
		TransitGatewayRouteTableID, TransitGatewayID, State        string
		DefaultAssociationRouteTable, DefaultPropagationRouteTable bool
		Tags                                                       nameTag
	}
	if err := l.element(v, &j, "transit gateway route table", "TransitGatewayRouteTableId", &j.TransitGatewayRouteTableID); err != nil {
		return err
	}
	g, err := l.transitOf(j.TransitGatewayID, v)
	if err != nil || j.State == "deleted" || j.State == "deleting" {
		return err
	}
	t := &vpc.TransitTable{ID: j.TransitGatewayRouteTableID, Name: string(j.Tags), Origin: v.origin()}
	g.Transit.RouteTables = append(g.Transit.RouteTables, t)
	l.transit.tables[t.ID], l.transit.gateways[t.ID] = t, g
	return nil
}

// transitPeering takes in one element of
// describe-transit-gateway-peering-attachments, which is about the attachments of
// two gateways. An end that nothing else describes is left out, if it is not the
// only one.
func (l *loader) transitPeering(v value) error {
	var j struct {
		TransitGatewayAttachmentID, AccepterTransitGatewayAttachmentID, State string
		RequesterTgwInfo, AccepterTgwInfo                                     struct {
			TransitGatewayID, Region, CoreNetworkID string
			OwnerID                                 text
		}
		Tags nameTag
	}
	if err := l.element(v, &j, "transit gateway peering attachment", "TransitGatewayAttachmentId", &j.TransitGatewayAttachmentID); err != nil {
		return err
	}
	near, far := j.RequesterTgwInfo.TransitGatewayID, j.AccepterTgwInfo.TransitGatewayID
	if l.gateways[near] != nil || l.gateways[far] == nil {
		if err := l.peeringEnd(near, far, j.TransitGatewayAttachmentID, j.State, string(j.Tags), v); err != nil {
			return err
		}
	}
	if l.gateways[far] == nil {
		return nil
	}
	return l.peeringEnd(far, near, cmp.Or(j.AccepterTransitGatewayAttachmentID, j.TransitGatewayAttachmentID), j.State, "", v)
}

func (l *loader) peeringEnd(gateway, peer, id, state, name string, v value) error {
	g, err := l.transitOf(gateway, v)
	if err != nil {
		return err
	}
	a := l.attachmentOf(g, id, v)
	a.Kind, a.Peer = vpc.PeeringAttachment, cmp.Or(a.Peer, peer)
	a.State, a.Name = cmp.Or(a.State, state), cmp.Or(a.Name, name)
	return nil
}

// settleTransit marks what the listings leave open as unknown.
func (l *loader) settleTransit() {
	in := l.transit
	for _, g := range l.net.Gateways {
		if g.Transit == nil {
			continue
		}
		for _, a := range g.Transit.Attachments {
			if a.Kind == vpc.VPCAttachment && len(a.Subnets) == 0 {
				join(&a.Unknown, "which subnets attachment %s has is not in the snapshot", a.ID)
			}
			if !in.associated[a] {
				join(&a.Unknown, "which route table attachment %s has is not in the snapshot", a.ID)
				a.Association = vpc.NoTable
			}
			if len(a.Propagation) == 0 {
				a.Propagation = []string{vpc.NoTable}
			}
			if a.Kind == vpc.PeeringAttachment {
				a.Propagation = nil
			}
		}
		for _, t := range g.Transit.RouteTables {
			l.settleTransitTable(g, t)
		}
	}
}

func (l *loader) settleTransitTable(g *vpc.Gateway, t *vpc.TransitTable) {
	if !l.transit.routed[t.ID] {
		join(&t.Unknown, "the static routes of %s are not (all) in the snapshot", t.ID)
	}
	if !l.transit.propagated[t.ID] {
		join(&t.Unknown, "what is propagated into %s is not in the snapshot", t.ID)
	}
	for _, a := range g.Transit.Attachments {
		far := a.Kind != vpc.VPCAttachment && len(a.Prefixes) == 0
		if far && slices.Contains(a.Propagation, t.ID) && t.Unknown == "" {
			t.Routes = append(t.Routes, routing.Route{Unknown: "attachment " + a.ID + " propagates routes that are not in the snapshot", Origin: a.Origin})
		}
	}
}

// transitConnect takes in one element of describe-transit-gateway-connects, which
// are attachments over others.
func (l *loader) transitConnect(v value) error {
	var j struct {
		TransitGatewayAttachmentID, TransportTransitGatewayAttachmentID, TransitGatewayID, State string
		Options                                                                                  struct{ Protocol string }
		Tags                                                                                     nameTag
	}
	if err := l.element(v, &j, "transit gateway connect", "TransitGatewayAttachmentId", &j.TransitGatewayAttachmentID); err != nil {
		return err
	}
	g, err := l.transitOf(j.TransitGatewayID, v)
	if err != nil {
		return err
	}
	a := l.attachmentOf(g, j.TransitGatewayAttachmentID, v)
	a.Kind, a.State, a.Name = vpc.ConnectAttachment, cmp.Or(a.State, j.State), cmp.Or(a.Name, string(j.Tags))
	return nil
}
