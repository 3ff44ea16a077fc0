package awsjson

import (
	"errors"
	"fmt"
	"strings"

	"github.com/vpcemu/vpcemu/routing"
	"github.com/vpcemu/vpcemu/vpc"
	"github.com/vpcemu/vpcemu/vpc/load/report"
)

var errNoGateway = errors.New("has no TransitGatewayId")

// tableUse says that a subnet or a gateway uses a route table.
type tableUse struct {
	subnet, gateway string
	table           string
	vpc             *vpc.VPC
	origin          string
}

type tableJSON struct {
	RouteTableID, VpcID                   string
	OwnerID                               text
	Associations, Routes, PropagatingVgws list
	Tags                                  nameTag
}

// routeTable takes in one element of describe-route-tables.
func (l *loader) routeTable(v value) error {
	var j tableJSON
	if err := l.element(v, &j, "route table", "RouteTableId", &j.RouteTableID); err != nil {
		return err
	}
	in, err := l.vpcOf(j.VpcID, v)
	if err != nil {
		return err
	}
	settle(in, j.OwnerID, "", v)
	t := &vpc.RouteTable{ID: j.RouteTableID, Name: string(j.Tags), Origin: v.origin()}
	in.RouteTables = append(in.RouteTables, t)
	l.tableAssociations(in, t, v.get("Associations"))
	l.propagating(t, v.get("PropagatingVgws"))
	routes := v.get("Routes")
	items, err := routes.list()
	if err == nil && routes.isNull() {
		err = errors.New("is not in the snapshot")
	}
	if err != nil {
		l.unknownTable(t, v, "Routes %v", err)
	}
	for i, item := range items {
		l.route(t, item, i+1)
	}
	return nil
}

// unknownTable marks a table whose routes are not all known.
func (l *loader) unknownTable(t *vpc.RouteTable, v value, why string, args ...any) {
	why = fmt.Sprintf(why, args...)
	join(&t.Unknown, "%s", why)
	l.report.Note(report.Skipped, v.origin(), "route table "+t.ID, "%s: the table is unknown", why)
}

func (l *loader) propagating(t *vpc.RouteTable, v value) {
	items, err := v.list()
	if err != nil {
		l.report.Note(report.Skipped, v.origin(), "route table "+t.ID, "PropagatingVgws %v", err)
	}
	for _, item := range items {
		var j struct{ GatewayID string }
		if err := l.decode(item, &j); err != nil || j.GatewayID == "" {
			l.report.Note(report.Skipped, item.origin(), "route table "+t.ID+", propagating gateway", "has no GatewayId")
			continue
		}
		t.Propagating = append(t.Propagating, j.GatewayID)
	}
}

func (l *loader) tableAssociations(in *vpc.VPC, t *vpc.RouteTable, v value) {
	items, err := v.list()
	if err != nil {
		l.report.Note(report.Skipped, v.origin(), "route table "+t.ID, "Associations %v", err)
	}
	for _, item := range items {
		var j struct {
			Main                              bool
			RouteTableID, SubnetID, GatewayID string
			AssociationState                  struct{ State, StatusMessage string }
		}
		what := "route table " + t.ID + ", association"
		if err := l.decode(item, &j); err != nil {
			l.report.Note(report.Skipped, item.origin(), what, "%v", err)
			continue
		}
		switch j.AssociationState.State {
		case "", "associated", "associating":
		case "disassociating", "disassociated", "failed":
			l.report.Note(report.Ignored, item.origin(), what, "is %s", j.AssociationState.State)
			continue
		default:
			l.report.Note(report.Unmodelled, item.origin(), what, "State %q: taken as associated", j.AssociationState.State)
		}
		if j.Main {
			in.MainRouteTable = t.ID
		}
		if j.SubnetID != "" || j.GatewayID != "" {
			l.tables = append(l.tables, tableUse{j.SubnetID, j.GatewayID, t.ID, in, item.origin()})
		} else if !j.Main {
			l.report.Note(report.Skipped, item.origin(), what, "names neither a subnet nor a gateway")
		}
	}
}

type routeJSON struct {
	DestinationCidrBlock, DestinationIpv6CidrBlock, DestinationPrefixListID string

	GatewayID, NatGatewayID, InstanceID, NetworkInterfaceID, VpcPeeringConnectionID string
	TransitGatewayID, EgressOnlyInternetGatewayID, CarrierGatewayID, LocalGatewayID string
	CoreNetworkArn, OdbNetworkArn                                                   string

	State, Origin string
}

// route takes in one route. One whose destination cannot be read may take any
// packet, so it makes the whole table unknown.
func (l *loader) route(t *vpc.RouteTable, v value, number int) {
	what := fmt.Sprintf("route %d", number)
	var j routeJSON
	if err := l.decode(v, &j); err != nil {
		l.unknownTable(t, v, "%s: %v", what, err)
		return
	}
	r := routing.Route{Origin: v.origin(), PrefixList: j.DestinationPrefixListID}
	if r.PrefixList == "" {
		var err error
		if r.Destination, err = prefix(j.DestinationCidrBlock + j.DestinationIpv6CidrBlock); err != nil {
			l.unknownTable(t, v, "%s: %v", what, err)
			return
		}
	}
	l.understand(&r, j)
	if r.Unknown != "" {
		l.report.Note(report.Skipped, r.Origin, "route table "+t.ID+", route to "+destination(r), "%s: the route is unknown", r.Unknown)
	}
	t.Routes = append(t.Routes, r)
}

// understand reads target, state and origin of a route, and marks it if one of
// them is not known.
func (l *loader) understand(r *routing.Route, j routeJSON) {
	target, err := j.target()
	if r.Target = target; err != nil {
		join(&r.Unknown, "%v", err)
	}
	switch j.State {
	case "", "active":
		if r.Target.Kind == routing.Nowhere && err == nil {
			join(&r.Unknown, "names no target")
		}
	case "blackhole":
		r.Blackhole = true
	default:
		join(&r.Unknown, "State %q is not known", j.State)
	}
	if r.Source, err = l.source(j); err != nil {
		join(&r.Unknown, "%v", err)
	}
}

func destination(r routing.Route) string {
	if r.PrefixList != "" {
		return r.PrefixList
	}
	return r.Destination.String()
}

// target reads which of the target keys a route has. AWS lists the instance
// beside its interface, and the interface counts.
func (j routeJSON) target() (routing.Target, error) {
	if j.NetworkInterfaceID != "" {
		j.InstanceID = ""
	}
	keys := []struct {
		kind routing.TargetKind
		id   string
	}{
		{gatewayKind(j.GatewayID), j.GatewayID}, {routing.NATGateway, j.NatGatewayID}, {routing.Interface, j.NetworkInterfaceID},
		{routing.Instance, j.InstanceID}, {routing.PeeringConnection, j.VpcPeeringConnectionID},
		{routing.TransitGateway, j.TransitGatewayID}, {routing.EgressOnlyGateway, j.EgressOnlyInternetGatewayID},
		{routing.CarrierGateway, j.CarrierGatewayID}, {routing.LocalGateway, j.LocalGatewayID},
		{routing.CoreNetwork, j.CoreNetworkArn}, {routing.ODBNetwork, j.OdbNetworkArn},
	}
	var found routing.Target
	for _, k := range keys {
		if k.id == "" {
			continue
		}
		if found.Kind != routing.Nowhere {
			return routing.Target{Kind: routing.UnknownTarget, ID: found.ID}, fmt.Errorf("names both %s and %s", found.ID, k.id)
		}
		found = routing.Target{Kind: k.kind, ID: k.id}
	}
	switch found.Kind {
	case routing.Local:
		found.ID = ""
	case routing.UnknownTarget:
		return found, fmt.Errorf("GatewayId %q is no known kind of gateway", found.ID)
	}
	return found, nil
}

// gatewayKind tells the kinds that share the key GatewayId apart.
func gatewayKind(id string) routing.TargetKind {
	if id == "local" {
		return routing.Local
	}
	for _, k := range []routing.TargetKind{
		routing.InternetGateway, routing.VPNGateway, routing.GatewayEndpoint, routing.LocalGateway, routing.CarrierGateway,
		routing.EgressOnlyGateway, routing.NATGateway, routing.TransitGateway,
	} {
		if strings.HasPrefix(id, idPrefix[k]) {
			return k
		}
	}
	return routing.UnknownTarget
}

// idPrefix is how the IDs of gateways begin.
var idPrefix = map[routing.TargetKind]string{
	routing.InternetGateway: "igw-", routing.VPNGateway: "vgw-", routing.GatewayEndpoint: "vpce-", routing.GWLBEndpoint: "vpce-", routing.InterfaceEndpoint: "vpce-",
	routing.LocalGateway: "lgw-", routing.CarrierGateway: "cagw-", routing.EgressOnlyGateway: "eigw-", routing.NATGateway: "nat-",
	routing.TransitGateway: "tgw-", routing.PeeringConnection: "pcx-", routing.Interface: "eni-", routing.Instance: "i-",
}

// source says how a route came into its table.
func (l *loader) source(j routeJSON) (routing.Source, error) {
	switch j.Origin {
	case "", "CreateRouteTable", "CreateRoute":
		return routing.Static, nil
	case "EnableVgwRoutePropagation":
		if s, ok := l.sources[j.GatewayID]; ok {
			return s, nil
		}
		return routing.VPNDynamic, nil
	}
	//lint:ignore ST1005 the key is written as AWS writes it
	return routing.VPNDynamic, fmt.Errorf("Origin %q is not known", j.Origin)
}
