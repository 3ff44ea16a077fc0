package awsjson

import (
	"cmp"
	"slices"

	"github.com/vpcemu/vpcemu/routing"
	"github.com/vpcemu/vpcemu/vpc"
)

// transit lists a transit gateway.
func (l listing) transit(n *vpc.Network, g *vpc.Gateway) {
	t := g.Transit
	options := object{"SecurityGroupReferencingSupport": enabled(t.GroupReferences)}
	for key, name := range map[string]string{"Association": t.Association, "Propagation": t.Propagation} {
		options["DefaultRouteTable"+key] = enabled(name != vpc.NoTable)
		if name != vpc.NoTable {
			options.set(key+"DefaultRouteTableId", name)
		}
	}
	l.add("", "TransitGateways", object{"TransitGatewayId": g.ID, "Options": options}.set("State", g.State).named(g.Name))
	for _, a := range t.Attachments {
		l.attachment(n, g, a)
	}
	for _, table := range t.RouteTables {
		l.add("", "TransitGatewayRouteTables", object{"TransitGatewayRouteTableId": table.ID, "TransitGatewayId": g.ID, "State": "available",
			"DefaultAssociationRouteTable": table.ID == t.Association, "DefaultPropagationRouteTable": table.ID == t.Propagation}.named(table.Name))
		l.transitRoutes(t, table)
	}
	l.propagations(t)
}

func enabled(yes bool) string {
	if yes {
		return "enable"
	}
	return "disable"
}

// resourceType is AWS's word for a kind of attachment.
func resourceType(k vpc.TransitKind) string {
	return [...]string{"vpc", "direct-connect-gateway", "connect", "vpn", "peering"}[k]
}

// attachment lists an attachment among all, and once more among those of its kind.
func (l listing) attachment(n *vpc.Network, g *vpc.Gateway, a *vpc.TransitAttachment) {
	base := func() object {
		return object{"TransitGatewayAttachmentId": a.ID, "TransitGatewayId": g.ID}.set("State", a.State).named(a.Name)
	}
	o := base().set("ResourceType", resourceType(a.Kind)).set("ResourceId", cmp.Or(a.VPC, a.Peer))
	association := object{}
	if a.Association != vpc.NoTable {
		association = object{"State": "associated"}.set("TransitGatewayRouteTableId", a.Association)
	}
	if a.Unknown != "" {
		association["State"] = "unknown"
	}
	if len(association) > 0 {
		o["Association"] = association
	}
	l.add("", "TransitGatewayAttachments", o)
	switch a.Kind {
	case vpc.VPCAttachment:
		subnets := append([]string{}, a.Subnets...)
		o := base().set("VpcId", a.VPC)
		o["SubnetIds"] = subnets
		o["Options"] = object{"ApplianceModeSupport": enabled(a.Appliance), "Ipv6Support": enabled(a.IPv6), "SecurityGroupReferencingSupport": enabled(!a.NoGroupReferences)}
		l.add("", "TransitGatewayVpcAttachments", o)
	case vpc.PeeringAttachment:
		if b := farEnd(n, g, a); b != nil && (g.ID < a.Peer) {
			l.add("", "TransitGatewayPeeringAttachments", object{"TransitGatewayAttachmentId": a.ID, "AccepterTransitGatewayAttachmentId": b.ID,
				"RequesterTgwInfo": object{"TransitGatewayId": g.ID}, "AccepterTgwInfo": object{"TransitGatewayId": a.Peer}}.set("State", a.State).named(a.Name))
		}
	}
}

// farEnd is the other end of a peering attachment, nil if nothing describes it.
func farEnd(n *vpc.Network, g *vpc.Gateway, a *vpc.TransitAttachment) *vpc.TransitAttachment {
	for _, peer := range n.Gateways {
		if peer.ID != a.Peer || peer.Transit == nil {
			continue
		}
		for _, b := range peer.Transit.Attachments {
			if b.Kind == vpc.PeeringAttachment && b.Peer == g.ID {
				return b
			}
		}
	}
	return nil
}

// propagations lists which attachments propagate into which tables.
func (l listing) propagations(t *vpc.Transit) {
	var tables []string
	for _, table := range t.RouteTables {
		tables = append(tables, table.ID)
	}
	var others []string
	for _, a := range t.Attachments {
		for _, name := range a.Propagation {
			if name != vpc.NoTable && !slices.Contains(tables, name) {
				others = appendNew(others, name)
			}
		}
	}
	slices.Sort(others)
	for _, name := range append(tables, others...) {
		into := []object{}
		for _, a := range t.Attachments {
			if slices.Contains(a.Propagation, name) {
				into = append(into, object{"TransitGatewayAttachmentId": a.ID, "ResourceType": resourceType(a.Kind), "State": "enabled"}.set("ResourceId", a.VPC))
			}
		}
		l.add("", "TransitGatewayPropagations", object{"TransitGatewayRouteTableId": name, "TransitGatewayRouteTablePropagations": into})
	}
}

// transitRoutes lists the static routes of a table, and the propagated ones that
// do not follow from what is listed elsewhere: those of other attachments than VPCs.
func (l listing) transitRoutes(t *vpc.Transit, table *vpc.TransitTable) {
	routes := []object{}
	for _, r := range table.Routes {
		if r.PrefixList != "" {
			l.add("", "TransitGatewayPrefixListReferences", listReference(t, table, r))
			continue
		}
		state := "active"
		switch {
		case r.Unknown != "":
			state = "unknown"
		case r.Blackhole:
			state = "blackhole"
		}
		o := object{"Type": "static", "State": state}
		if r.Destination.IsValid() {
			o["DestinationCidrBlock"] = r.Destination.String()
		}
		if r.Target.ID != "" {
			o["TransitGatewayAttachments"] = []object{attachmentReference(t, r.Target.ID)}
		}
		routes = append(routes, o)
	}
	for _, a := range t.Attachments {
		for _, p := range a.Prefixes {
			if slices.Contains(a.Propagation, table.ID) {
				routes = append(routes, object{"Type": "propagated", "State": "active", "DestinationCidrBlock": p.String(),
					"TransitGatewayAttachments": []object{attachmentReference(t, a.ID)}})
			}
		}
	}
	l.add("", "TransitGatewayStaticRoutes", object{"TransitGatewayRouteTableId": table.ID, "Routes": routes, "AdditionalRoutesAvailable": table.Unknown != ""})
}

func attachmentReference(t *vpc.Transit, name string) object {
	o := object{"TransitGatewayAttachmentId": name}
	if a := t.Attachment(name); a != nil {
		o.set("ResourceType", resourceType(a.Kind)).set("ResourceId", cmp.Or(a.VPC, a.Peer))
	}
	return o
}

func listReference(t *vpc.Transit, table *vpc.TransitTable, r routing.Route) object {
	o := object{"TransitGatewayRouteTableId": table.ID, "PrefixListId": r.PrefixList, "State": "available", "Blackhole": r.Blackhole}
	if r.Unknown != "" {
		o["State"] = "unknown"
	}
	if r.Target.ID != "" {
		o["TransitGatewayAttachment"] = attachmentReference(t, r.Target.ID)
	}
	return o
}
