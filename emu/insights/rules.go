package insights

import (
	"strconv"
	"strings"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/firewall"
	"github.com/vpcemu/vpcemu/routing"
)

func aclRule(e *firewall.Entry, egress bool) *AnalysisAclRule {
	if e == nil {
		return nil
	}
	return &AnalysisAclRule{Cidr: e.CIDR.String(), Egress: egress, PortRange: ports(e.Service), Protocol: protocol(e.Service),
		RuleAction: e.Action.String(), RuleNumber: e.Number}
}

func (d *description) groupRule(s *emu.Step) *AnalysisSecurityGroupRule {
	r := s.Decided.Rule
	rule := &AnalysisSecurityGroupRule{Direction: "ingress", PortRange: ports(r.Service), Protocol: protocol(r.Service),
		PrefixListId: r.Peer.PrefixList, SecurityGroupId: r.Peer.Group}
	if s.Stage == emu.SGOut {
		rule.Direction = "egress"
	}
	if r.Peer.Prefix.IsValid() {
		rule.Cidr = r.Peer.Prefix.String()
	}
	if l := d.network.PrefixList(r.Peer.PrefixList); l != nil {
		rule.PrefixListId = l.ID
	}
	if v := d.network.VPC(s.VPC); v != nil {
		if g := v.SecurityGroup(r.Peer.Group); g != nil {
			rule.SecurityGroupId = g.ID
		}
	}
	return rule
}

// protocol is AWS's name: "all", "tcp", "udp", "icmp", "icmpv6", or the number.
func protocol(s firewall.Service) string {
	switch s.Protocol {
	case firewall.AllProtocols:
		return "all"
	case 1:
		return "icmp"
	case 6:
		return "tcp"
	case 17:
		return "udp"
	case 58:
		return "icmpv6"
	}
	return strconv.Itoa(s.Protocol)
}

// ports are those of a rule, nil for one without.
func ports(s firewall.Service) *PortRange {
	if !s.HasPorts() {
		return nil
	}
	return &PortRange{s.From, s.To}
}

func route(r *routing.Route) *AnalysisRouteTableRoute {
	if r == nil {
		return nil
	}
	to := &AnalysisRouteTableRoute{DestinationCidr: destination(r), DestinationPrefixListId: r.PrefixList, Origin: "createroute", State: state(r)}
	switch {
	case r.Target.Kind == routing.Local:
		to.Origin = "createroutetable"
	case r.Source.Propagated():
		to.Origin = "enablevgwroutepropagation"
	}
	id := r.Target.ID
	switch r.Target.Kind {
	case routing.Local:
		to.GatewayId = "local"
	case routing.InternetGateway, routing.VPNGateway, routing.GatewayEndpoint, routing.GWLBEndpoint, routing.InterfaceEndpoint:
		to.GatewayId = id
	case routing.NATGateway:
		to.NatGatewayId = id
	case routing.Interface:
		to.NetworkInterfaceId = id
	case routing.Instance:
		to.InstanceId = id
	case routing.PeeringConnection:
		to.VpcPeeringConnectionId = id
	case routing.TransitGateway:
		to.TransitGatewayId = id
	case routing.EgressOnlyGateway:
		to.EgressOnlyInternetGatewayId = id
	case routing.CarrierGateway:
		to.CarrierGatewayId = id
	case routing.LocalGateway:
		to.LocalGatewayId = id
	case routing.CoreNetwork:
		if strings.HasPrefix(id, "arn:") {
			to.CoreNetworkArn = id
		}
	}
	return to
}

func transitRoute(r *routing.Route) *TransitGatewayRouteTableRoute {
	if r == nil {
		return nil
	}
	return &TransitGatewayRouteTableRoute{AttachmentId: r.Target.ID, DestinationCidr: destination(r), PrefixListId: r.PrefixList, State: state(r)}
}

func destination(r *routing.Route) string {
	if r.PrefixList != "" || !r.Destination.IsValid() {
		return ""
	}
	return r.Destination.String()
}

func state(r *routing.Route) string {
	if r.Blackhole {
		return "blackhole"
	}
	return "active"
}
