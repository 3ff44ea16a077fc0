package awsjson

import (
	"encoding/json"
	"slices"

	"github.com/vpcemu/vpcemu/routing"
	"github.com/vpcemu/vpcemu/vpc"
)

// transitIn is what the listings of transit gateways have said so far.
type transitIn struct {
	gateways    map[string]*vpc.Gateway // by route table
	attachments map[string]*vpc.TransitAttachment
	owners      map[string]*vpc.Gateway      // by attachment
	tables      map[string]*vpc.TransitTable // by ID
	associated  map[string]bool              // attachments whose association is known
	propagated  map[string]bool              // tables whose propagations are known
	routed      map[string]bool              // tables whose static routes are known
}

func newTransitIn() transitIn {
	return transitIn{
		gateways: make(map[string]*vpc.Gateway), attachments: make(map[string]*vpc.TransitAttachment), owners: make(map[string]*vpc.Gateway),
		tables: make(map[string]*vpc.TransitTable), associated: make(map[string]bool), propagated: make(map[string]bool), routed: make(map[string]bool),
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
func (l *loader) attachmentOf(g *vpc.Gateway, id string, v value) *vpc.TransitAttachment {
	a := l.transit.attachments[id]
	if a == nil {
		a = &vpc.TransitAttachment{ID: id, Origin: v.origin()}
		l.transit.attachments[id], l.transit.owners[id] = a, g
		g.Transit.Attachments = append(g.Transit.Attachments, a)
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

// associate notes which table an attachment has, as far as the listing tells.
func (l *loader) associate(a *vpc.TransitAttachment, raw list) {
	var j struct{ TransitGatewayRouteTableID, State string }
	_ = json.Unmarshal(raw, &j)
	a.Association = j.TransitGatewayRouteTableID
	if a.Association == "" || j.State != "associated" && j.State != "" {
		a.Association = vpc.NoTable
	}
	l.transit.associated[a.ID] = true
}

// transitTable takes in one element of describe-transit-gateway-route-tables.
func (l *loader) transitTable(v value) error {
	var j struct {
		TransitGatewayRouteTableID, TransitGatewayID, State        string
		DefaultAssociationRouteTable, DefaultPropagationRouteTable bool
		Tags                                                       nameTag
	}
	if err := l.decode(v, &j); err != nil {
		return err
	}
	if err := l.claim("transit gateway route table", "TransitGatewayRouteTableId", j.TransitGatewayRouteTableID, v); err != nil {
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

// transitPropagations takes in what get-transit-gateway-route-table-propagations
// says, wrapped together with the table it was asked about.
func (l *loader) transitPropagations(v value) error {
	var j struct {
		TransitGatewayRouteTableID           string
		TransitGatewayRouteTablePropagations []propagationJSON
	}
	if err := l.decode(v, &j); err != nil {
		return err
	}
	l.transit.propagated[j.TransitGatewayRouteTableID] = true
	for _, p := range j.TransitGatewayRouteTablePropagations {
		l.propagate(p.TransitGatewayAttachmentID, j.TransitGatewayRouteTableID, p.State)
	}
	return nil
}

type propagationJSON struct {
	TransitGatewayAttachmentID, ResourceID, ResourceType, State string
}

func (l *loader) propagate(attachment, table, state string) {
	if a := l.transit.attachments[attachment]; a != nil && state == "enabled" {
		a.Propagation = appendNew(a.Propagation, table)
	}
}

// rawPropagation takes in one element of the same answer as AWS gives it, which
// does not say which table it is about: the gateway's only one.
func (l *loader) rawPropagation(v value) error {
	var j propagationJSON
	if err := l.decode(v, &j); err != nil {
		return err
	}
	if t := l.onlyTable(j.TransitGatewayAttachmentID); t != nil {
		l.transit.propagated[t.ID] = true
		l.propagate(j.TransitGatewayAttachmentID, t.ID, j.State)
		return nil
	}
	l.noteKind(&kind{key: "TransitGatewayRouteTablePropagations", verdict: "not modelled", why: "does not say which route table it is about"}, []value{v})
	return errNoted
}

// onlyTable is the route table of an attachment's gateway, if that has just one.
func (l *loader) onlyTable(attachment string) *vpc.TransitTable {
	g := l.transit.owners[attachment]
	if g == nil || len(g.Transit.RouteTables) != 1 {
		return nil
	}
	return g.Transit.RouteTables[0]
}

type transitRouteJSON struct {
	DestinationCidrBlock, PrefixListID, State, Type string
	TransitGatewayAttachments                       []struct{ TransitGatewayAttachmentID, ResourceID, ResourceType string }
}

// transitStaticRoutes takes in what search-transit-gateway-routes says, wrapped
// together with the table it was asked about.
func (l *loader) transitStaticRoutes(v value) error {
	var j struct {
		TransitGatewayRouteTableID string
		AdditionalRoutesAvailable  bool
		Routes                     []transitRouteJSON
	}
	if err := l.decode(v, &j); err != nil {
		return err
	}
	t := l.transit.tables[j.TransitGatewayRouteTableID]
	if t == nil {
		l.noteKind(&kind{key: "TransitGatewayStaticRoutes", verdict: "not modelled", why: "no TransitGatewayRouteTables describe the table"}, []value{v})
		return errNoted
	}
	l.transit.routed[t.ID] = !j.AdditionalRoutesAvailable
	for _, r := range j.Routes {
		l.addTransitRoute(t, r, v)
	}
	return nil
}

// rawRoute takes in one element of the same answer as AWS gives it.
func (l *loader) rawRoute(v value) error {
	var j transitRouteJSON
	if err := l.decode(v, &j); err != nil {
		return err
	}
	var t *vpc.TransitTable
	if len(j.TransitGatewayAttachments) > 0 {
		t = l.onlyTable(j.TransitGatewayAttachments[0].TransitGatewayAttachmentID)
	}
	if t == nil {
		l.noteKind(&kind{key: "Routes", verdict: "not modelled", why: "does not say which route table it is in"}, []value{v})
		return errNoted
	}
	l.transit.routed[t.ID] = true
	l.addTransitRoute(t, j, v)
	return nil
}

// addTransitRoute adds a static route; of a propagated one only the prefix is
// news, and only if it is not a VPC's.
func (l *loader) addTransitRoute(t *vpc.TransitTable, j transitRouteJSON, v value) {
	r := routing.Route{PrefixList: j.PrefixListID, Blackhole: j.State == "blackhole", Origin: v.origin()}
	p, err := prefix(j.DestinationCidrBlock)
	if err == nil {
		r.Destination = p
	} else if j.PrefixListID == "" {
		r.Unknown = err.Error()
	}
	for _, a := range j.TransitGatewayAttachments {
		known := l.transit.attachments[a.TransitGatewayAttachmentID]
		if j.Type == "propagated" && known != nil && known.Kind != vpc.VPCAttachment && err == nil && !slices.Contains(known.Prefixes, p) {
			known.Prefixes = append(known.Prefixes, p)
		}
		r.Target = routing.Target{Kind: routing.TransitGateway, ID: a.TransitGatewayAttachmentID}
	}
	if j.Type != "propagated" {
		if r.Destination.IsValid() {
			r.PrefixList = "" // AWS writes both for the entries of a list
		}
		t.Routes = append(t.Routes, r)
	}
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
			if !in.associated[a.ID] {
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
			l.settleTransitTable(t)
		}
	}
}

func (l *loader) settleTransitTable(t *vpc.TransitTable) {
	if !l.transit.routed[t.ID] {
		join(&t.Unknown, "the static routes of %s are not (all) in the snapshot", t.ID)
	}
	if !l.transit.propagated[t.ID] {
		join(&t.Unknown, "what is propagated into %s is not in the snapshot", t.ID)
	}
	for _, a := range l.transit.attachments {
		far := a.Kind != vpc.VPCAttachment && len(a.Prefixes) == 0
		if far && slices.Contains(a.Propagation, t.ID) && t.Unknown == "" {
			t.Routes = append(t.Routes, routing.Route{Unknown: "attachment " + a.ID + " propagates routes that are not in the snapshot", Origin: a.Origin})
		}
	}
}
