package awsjson

import (
	"net/netip"
	"strconv"

	"github.com/vpcemu/vpcemu/firewall"
	"github.com/vpcemu/vpcemu/routing"
	"github.com/vpcemu/vpcemu/vpc"
)

// vpc lists a VPC and all that lies in it.
func (l listing) vpc(v *vpc.VPC) {
	add := func(key string, o object) { l.add(v.Region, key, o.set("VpcId", v.ID).set("OwnerId", v.Account)) }
	o := object{"State": "available"}.named(v.Name)
	cidrsOf(o, v.CIDRs)
	add("Vpcs", o)
	for _, s := range v.Subnets {
		o := object{"SubnetId": s.ID, "State": "available"}.named(s.Name).set("AvailabilityZone", s.Zone)
		cidrsOf(o, s.CIDRs)
		if s.DNS64 {
			o["EnableDns64"] = true
		}
		if s.MapPublicIP {
			o["MapPublicIpOnLaunch"] = true
		}
		add("Subnets", o)
		for _, i := range s.Interfaces {
			add("NetworkInterfaces", interfaceObject(s, i))
		}
	}
	for _, t := range v.RouteTables {
		add("RouteTables", tableObject(v, t))
	}
	for _, a := range v.NetworkACLs {
		add("NetworkAcls", aclObject(v, a))
	}
	for _, g := range v.SecurityGroups {
		add("SecurityGroups", groupObject(v, g))
		l.ruleIDs(v, g)
	}
	for _, i := range v.Instances {
		l.add(v.Region, "Reservations", object{"ReservationId": "r-" + i.ID, "Instances": []object{instanceObject(v, i)}}.set("OwnerId", v.Account))
	}
	if g := v.InternetGateway; g != nil {
		o := object{"InternetGatewayId": g.ID, "Attachments": []object{{"State": "available", "VpcId": v.ID}}}
		l.add(v.Region, "InternetGateways", o.named(g.Name).set("OwnerId", v.Account))
	}
	for _, g := range v.Gateways {
		l.gateway(v, g)
	}
	for _, f := range v.FlowLogs {
		l.flowLog(v, f)
	}
	l.balancers(v)
}

// cidrsOf writes the first IPv4 CIDR and the association sets.
func cidrsOf(o object, cidrs []netip.Prefix) {
	four, six := []object{}, []object{}
	for _, p := range cidrs {
		p = p.Masked()
		state := object{"State": "associated"}
		if is6(p) {
			six = append(six, object{"Ipv6CidrBlock": p.String(), "Ipv6CidrBlockState": state})
			continue
		}
		if len(four) == 0 {
			o["CidrBlock"] = p.String()
		}
		four = append(four, object{"CidrBlock": p.String(), "CidrBlockState": state})
	}
	o["Ipv6CidrBlockAssociationSet"] = six
	if _, subnet := o["SubnetId"]; !subnet {
		o["CidrBlockAssociationSet"] = four
	}
}

func tableObject(v *vpc.VPC, t *vpc.RouteTable) object {
	associations, propagating, routes := []object{}, []object{}, []object{}
	associate := func(key, id string) {
		o := object{"Main": key == "", "RouteTableId": t.ID, "RouteTableAssociationId": "rtbassoc-" + t.ID + id}
		if associations = append(associations, o); key != "" {
			o[key] = id
		}
	}
	if v.MainRouteTable == t.ID {
		associate("", "")
	}
	for _, s := range v.Subnets {
		if s.RouteTable == t.ID {
			associate("SubnetId", s.ID)
		}
	}
	if g := v.InternetGateway; g != nil && g.RouteTable == t.ID {
		associate("GatewayId", g.ID)
	}
	for _, g := range v.Gateways {
		if g.VPN != nil && g.VPN.RouteTable == t.ID {
			associate("GatewayId", g.ID)
		}
	}
	for _, id := range t.Propagating {
		propagating = append(propagating, object{"GatewayId": id})
	}
	replaced := make(map[netip.Prefix]bool)
	for _, r := range t.Routes {
		replaced[r.Destination] = r.Source == routing.Static && r.PrefixList == ""
	}
	for _, p := range v.CIDRs {
		if p = p.Masked(); !replaced[p] {
			routes = append(routes, routeObject(routing.Route{Destination: p, Target: routing.Target{Kind: routing.Local}}))
		}
	}
	for _, r := range t.Routes {
		routes = append(routes, routeObject(r))
	}
	if t.Unknown != "" { // a route that cannot be read says so
		routes = append(routes, object{"State": "unknown"})
	}
	return object{"RouteTableId": t.ID, "Associations": associations, "PropagatingVgws": propagating, "Routes": routes}.named(t.Name)
}

// targetKeys are the keys that name the target of a route.
var targetKeys = map[routing.TargetKind]string{
	routing.NATGateway: "NatGatewayId", routing.Interface: "NetworkInterfaceId", routing.Instance: "InstanceId",
	routing.PeeringConnection: "VpcPeeringConnectionId", routing.TransitGateway: "TransitGatewayId",
	routing.EgressOnlyGateway: "EgressOnlyInternetGatewayId", routing.CarrierGateway: "CarrierGatewayId",
	routing.LocalGateway: "LocalGatewayId", routing.CoreNetwork: "CoreNetworkArn", routing.ODBNetwork: "OdbNetworkArn",
}

func routeObject(r routing.Route) object {
	o := object{"State": "active", "Origin": "CreateRoute"}
	switch {
	case r.Unknown != "":
		o["State"] = "unknown"
	case r.Blackhole:
		o["State"] = "blackhole"
	}
	switch {
	case r.PrefixList != "":
		o["DestinationPrefixListId"] = r.PrefixList
	case r.Destination.IsValid() && is6(r.Destination):
		o["DestinationIpv6CidrBlock"] = r.Destination.String()
	case r.Destination.IsValid():
		o["DestinationCidrBlock"] = r.Destination.String()
	}
	if r.Source.Propagated() {
		o["Origin"] = "EnableVgwRoutePropagation"
	}
	key := targetKeys[r.Target.Kind]
	switch {
	case r.Target.Kind == routing.Local:
		o["GatewayId"], o["Origin"] = "local", "CreateRouteTable"
	case key == "":
		o.set("GatewayId", r.Target.ID)
	default:
		o.set(key, r.Target.ID)
	}
	return o
}

func aclObject(v *vpc.VPC, a *vpc.NetworkACL) object {
	associations, list := []object{}, []object{}
	for _, s := range v.Subnets {
		if s.NetworkACL == a.ID {
			associations = append(associations, object{"NetworkAclAssociationId": "aclassoc-" + s.ID, "NetworkAclId": a.ID, "SubnetId": s.ID})
		}
	}
	for _, e := range a.Egress {
		list = append(list, entryObject(e, true))
	}
	list = append(list, finalEntries(v, true)...)
	for _, e := range a.Ingress {
		list = append(list, entryObject(e, false))
	}
	list = append(list, finalEntries(v, false)...)
	return object{"NetworkAclId": a.ID, "IsDefault": v.DefaultNetworkACL == a.ID, "Associations": associations, "Entries": list}.named(a.Name)
}

// finalEntries are the "*" rules that every ACL ends with (ACL-7).
func finalEntries(v *vpc.VPC, egress bool) []object {
	all := []object{entryObject(firewall.Entry{Number: 32767, Service: firewall.All, CIDR: netip.MustParsePrefix("0.0.0.0/0")}, egress)}
	for _, p := range v.CIDRs {
		if is6(p) {
			return append(all, entryObject(firewall.Entry{Number: 32768, Service: firewall.All, CIDR: netip.MustParsePrefix("::/0")}, egress))
		}
	}
	return all
}

func entryObject(e firewall.Entry, egress bool) object {
	o := object{"RuleNumber": e.Number, "Egress": egress, "RuleAction": e.Action.String(), "Protocol": strconv.Itoa(e.Service.Protocol)}
	if e.Unknown != "" {
		o["RuleAction"] = "unknown"
	}
	switch {
	case e.Service.HasPorts():
		o["PortRange"] = object{"From": e.Service.From, "To": e.Service.To}
	case e.Service.IsICMP():
		o["IcmpTypeCode"] = object{"Type": e.Service.From, "Code": e.Service.To}
	}
	if e.CIDR.IsValid() {
		key := "CidrBlock"
		if is6(e.CIDR) {
			key = "Ipv6CidrBlock"
		}
		o[key] = e.CIDR.String()
	}
	return o
}
