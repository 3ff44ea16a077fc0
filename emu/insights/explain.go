package insights

import (
	"net/netip"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/vpc"
)

// noPath is the code for what has none of its own.
const noPath = "NO_PATH"

// shared are the addresses that providers share among customers (RFC 6598).
var shared = netip.MustParsePrefix("100.64.0.0/10")

// code is that of a blocker. Where the Analyzer has two for one reason, the packet tells
// which it is, and where the leg begins.
func code(b *emu.Blocker, s *emu.Step, leg *emu.Leg) string {
	is := func(addr string) bool {
		a, err := netip.ParseAddr(addr)
		return err == nil && shared.Contains(a)
	}
	switch {
	case b.Code == "":
		return noPath
	case b.Reason == emu.IGWPrivateDst.String() && is(s.Destination):
		return "IGW_DESTINATION_ADDRESS_NOT_IN_RFC6598_EGRESS"
	case b.Reason == emu.IGWPrivateSrc.String() && is(s.Source):
		return "IGW_SOURCE_ADDRESS_NOT_IN_RFC6598_INGRESS"
	case b.Reason == emu.VGWAddress.String() && enters(leg, emu.VGW):
		return "VGW_PRIVATE_IP_ASSOCIATION_FOR_INGRESS"
	case b.Reason == emu.EPSource.String() && enters(leg, emu.EP):
		return "VPCE_INTRA_VPC_TRAFFIC"
	}
	return b.Code
}

// enters reports whether a packet enters the network through a gateway.
func enters(leg *emu.Leg, gateway emu.Stage) bool {
	return leg != nil && len(leg.Steps) > 0 && leg.Steps[0].Stage == gateway
}

// explain is a blocker, with what the step that it is about knows.
func (d *description) explain(b *emu.Blocker, s *emu.Step, leg *emu.Leg) Explanation {
	e := Explanation{ExplanationCode: code(b, s, leg), Vpc: d.component("vpc", s.VPC, "")}
	c := d.component(b.Kind, b.Component, s.VPC)
	if b.Kind == "internet" {
		c = nil
	}
	switch b.Stage {
	case emu.SGOut, emu.NACLOut, emu.SRC:
		e.Direction = "egress"
	case emu.SGIn, emu.NACLIn, emu.DST:
		e.Direction = "ingress"
	}
	switch b.Kind {
	case "eni":
		e.NetworkInterface = c
		e.Subnet = d.component("subnet", s.Subnet, s.VPC)
		if b.Stage == emu.ATT || b.Reason == emu.ENINotAttached.String() {
			e.AttachedTo = d.instance(b.Component, s.VPC)
		}
	case "acl":
		e.Acl, e.AclRule = c, aclRule(s.Decided.Entry, b.Stage == emu.NACLOut)
		e.Subnet = d.component("subnet", s.Subnet, s.VPC)
	case "rtb":
		e.RouteTable, e.RouteTableRoute = c, route(s.Decided.Route)
	case "igw":
		e.InternetGateway = c
	case "nat":
		e.NatGateway = c
		e.Subnet = d.component("subnet", s.Subnet, s.VPC)
	case "pcx":
		e.VpcPeeringConnection = c
	case "tgw":
		e.TransitGateway = c
		e.TransitGatewayRouteTable = d.component("tgw-rtb", s.Decided.Table, "")
		e.TransitGatewayRouteTableRoute = transitRoute(s.Decided.Route)
	case "vgw":
		e.VpnGateway = c
	case "vpce", "vpce-gwlb", "vpce-interface":
		e.VpcEndpoint = c
	case "lb":
		if e.Component = c; c != nil {
			e.LoadBalancerArn = c.Arn
		}
	case "vpc":
	default:
		e.Component = c
	}
	for _, id := range s.Decided.Groups {
		e.SecurityGroups = append(e.SecurityGroups, *d.component("sg", id, s.VPC))
	}
	switch e.ExplanationCode { // that say "this component"
	case noPath, emu.PCXNotActive.Code(), emu.NoSuchAddress.Code(), emu.NATProtocol.Code():
		e.Component = c
		if g, ok := d.gateway(b, s).Value.(*vpc.Gateway); ok && e.ExplanationCode == emu.PCXNotActive.Code() {
			e.State = g.State
		}
	}
	return e
}

// gateway is the gateway that a blocker is about, if it is about one.
func (d *description) gateway(b *emu.Blocker, s *emu.Step) vpc.Element {
	if e, ok := d.elements[key{"gateway", s.VPC, b.Component}]; ok {
		return e
	}
	return d.elements[key{"gateway", "", b.Component}]
}
