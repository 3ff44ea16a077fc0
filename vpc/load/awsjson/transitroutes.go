package awsjson

import (
	"encoding/json"
	"errors"
	"path"
	"regexp"
	"slices"

	"github.com/vpcemu/vpcemu/routing"
	"github.com/vpcemu/vpcemu/vpc"
	"github.com/vpcemu/vpcemu/vpc/load/report"
)

// What is in the route tables of transit gateways. AWS's answers do not say which
// table they are about: others wrap them together with its ID, and where nobody has
// the file's name or the gateway's only table tells.

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

// rawPropagation takes in one element of the same answer as AWS gives it.
func (l *loader) rawPropagation(v value) error {
	var j propagationJSON
	if err := l.decode(v, &j); err != nil {
		return err
	}
	if t := l.tableOf(v, j.TransitGatewayAttachmentID); t != nil {
		l.transit.propagated[t.ID] = true
		l.propagate(j.TransitGatewayAttachmentID, t.ID, j.State)
		return nil
	}
	l.noteKind(&kind{key: "TransitGatewayRouteTablePropagations", verdict: report.Unmodelled, why: whichTable}, []value{v})
	return errNoted
}

// rawAssociation takes in one element of get-transit-gateway-route-table-associations.
func (l *loader) rawAssociation(v value) error {
	var j propagationJSON
	if err := l.decode(v, &j); err != nil {
		return err
	}
	a, t := l.transit.attachments[j.TransitGatewayAttachmentID], l.tableOf(v, j.TransitGatewayAttachmentID)
	if a == nil || t == nil {
		l.noteKind(&kind{key: "Associations", verdict: report.Unmodelled, why: whichTable}, []value{v})
		return errNoted
	}
	if !l.transit.associated[a] {
		l.associate(a, association{t.ID, j.State})
	}
	return nil
}

// whichTable is why an answer cannot be used.
const whichTable = "does not say which route table of a transit gateway it is about, nor does the file's name have tgw-rtb-…"

var transitTableID = regexp.MustCompile(`tgw-rtb-[0-9A-Za-z]+`)

// tableOf is the route table that an answer is about: the one in the file's name,
// else the only one of the gateway that an attachment belongs to; nil if that does
// not tell.
func (l *loader) tableOf(v value, attachment string) *vpc.TransitTable {
	if t := l.transit.tables[transitTableID.FindString(path.Base(v.doc.name))]; t != nil {
		return t
	}
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

// rawRoute takes in one element of the same answer as AWS gives it. All routes of a
// file are in one table, so that what one says of it holds for a blackhole too.
func (l *loader) rawRoute(v value) error {
	var j transitRouteJSON
	if err := l.decode(v, &j); err != nil {
		return err
	}
	var t *vpc.TransitTable
	for _, other := range l.found["Routes"] {
		var k transitRouteJSON
		if t != nil || other.doc != v.doc || json.Unmarshal(other.raw, &k) != nil {
			continue
		}
		attachment := ""
		if len(k.TransitGatewayAttachments) > 0 {
			attachment = k.TransitGatewayAttachments[0].TransitGatewayAttachmentID
		}
		t = l.tableOf(v, attachment)
	}
	if t == nil {
		l.noteKind(&kind{key: "Routes", verdict: report.Unmodelled, why: whichTable}, []value{v})
		return errNoted
	}
	l.transit.routed[t.ID] = !l.transit.cut[v.doc]
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
	switch j.State {
	case "", "active", "blackhole":
	case "deleting", "deleted":
		return
	default: // "pending" too
		join(&r.Unknown, "State %q is not known", j.State)
	}
	for _, a := range j.TransitGatewayAttachments {
		known := l.transit.attachments[a.TransitGatewayAttachmentID]
		if j.Type == "propagated" && known != nil && known.Kind != vpc.VPCAttachment && err == nil && !slices.Contains(known.Prefixes, p) {
			known.Prefixes = append(known.Prefixes, p)
		}
		r.Target = routing.Target{Kind: routing.TransitGateway, ID: a.TransitGatewayAttachmentID}
	}
	listed := func(o routing.Route) bool { return o.PrefixList == j.PrefixListID && j.PrefixListID != "" }
	if j.Type == "propagated" || slices.ContainsFunc(t.Routes, listed) {
		return
	}
	if r.Destination.IsValid() {
		r.PrefixList = "" // AWS writes both for the entries of a list
	}
	t.Routes = append(t.Routes, r)
}

// transitListReference takes in one element of
// get-transit-gateway-prefix-list-references: a static route to all of a list.
func (l *loader) transitListReference(v value) error {
	var j struct {
		TransitGatewayRouteTableID, PrefixListID, State string
		PrefixListOwnerID                               text
		Blackhole                                       bool
		TransitGatewayAttachment                        struct{ TransitGatewayAttachmentID, ResourceID, ResourceType string }
	}
	if err := l.decode(v, &j); err != nil {
		return err
	}
	t := l.transit.tables[j.TransitGatewayRouteTableID]
	switch {
	case j.PrefixListID == "":
		return errors.New("has no PrefixListId")
	case t == nil:
		l.noteKind(&kind{key: "TransitGatewayPrefixListReferences", verdict: report.Unmodelled, why: "no TransitGatewayRouteTables describe the table"}, []value{v})
		return errNoted
	}
	r := routing.Route{PrefixList: j.PrefixListID, Blackhole: j.Blackhole, Origin: v.origin()}
	if id := j.TransitGatewayAttachment.TransitGatewayAttachmentID; id != "" {
		r.Target = routing.Target{Kind: routing.TransitGateway, ID: id}
	}
	switch j.State {
	case "", "available", "modifying":
	case "deleting", "deleted":
		l.report.Note(report.Ignored, v.origin(), "prefix list reference "+j.PrefixListID, "is %s", j.State)
		return errNoted
	default: // "pending" too
		r.Blackhole = false
		join(&r.Unknown, "State %q is not known", j.State)
	}
	t.Routes = append(t.Routes, r)
	return nil
}
