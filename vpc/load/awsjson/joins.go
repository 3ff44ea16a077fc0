package awsjson

import (
	"cmp"
	"encoding/json"
	"net/netip"
	"slices"
	"strings"

	"github.com/vpcemu/vpcemu/routing"
	"github.com/vpcemu/vpcemu/vpc"
	"github.com/vpcemu/vpcemu/vpc/load/report"
)

// peeringSide is a VPC at one end of a peering connection.
type peeringSide struct {
	VpcID, CidrBlock string
	OwnerID, Region  text
	CidrBlockSet     []struct{ CidrBlock string }
	Ipv6CidrBlockSet []struct{ Ipv6CidrBlock string }
	PeeringOptions   struct {
		AllowDNSResolutionFromRemoteVpc, AllowEgressFromLocalClassicLinkToRemoteVpc, AllowEgressFromLocalVpcToRemoteClassicLink bool
	}
}

// cidrs are the VPC's CIDRs, if they can all be read. A connection that waits
// for the other side does not tell that side's.
func (p peeringSide) cidrs() []netip.Prefix {
	texts := []string{}
	if p.CidrBlock != "" {
		texts = append(texts, p.CidrBlock)
	}
	for _, c := range p.CidrBlockSet {
		texts = append(texts, c.CidrBlock)
	}
	for _, c := range p.Ipv6CidrBlockSet {
		texts = append(texts, c.Ipv6CidrBlock)
	}
	var cidrs []netip.Prefix
	for _, s := range texts {
		c, err := prefix(s)
		if err != nil {
			return nil
		}
		if !slices.Contains(cidrs, c) {
			cidrs = append(cidrs, c)
		}
	}
	return cidrs
}

// peering takes in one element of describe-vpc-peering-connections. It tells of
// VPCs in other accounts what no other listing does.
func (l *loader) peering(v value) error {
	var j struct {
		VpcPeeringConnectionID            string
		RequesterVpcInfo, AccepterVpcInfo peeringSide
		Status                            struct{ Code string }
		Tags                              nameTag
	}
	if err := l.element(v, &j, "vpc peering connection", "VpcPeeringConnectionId", &j.VpcPeeringConnectionID); err != nil {
		return err
	}
	g := &vpc.Gateway{Kind: routing.PeeringConnection, ID: j.VpcPeeringConnectionID, Name: string(j.Tags), State: j.Status.Code}
	for _, side := range []peeringSide{j.RequesterVpcInfo, j.AccepterVpcInfo} {
		if side.VpcID == "" {
			continue
		}
		n, err := l.vpcOf(side.VpcID, v)
		if err != nil {
			return err
		}
		if l.stubs[n] {
			l.peerCIDRs[n.ID] = longer(l.peerCIDRs[n.ID], side.cidrs())
			n.Account = cmp.Or(string(side.OwnerID), n.Account)
			n.Region = cmp.Or(string(side.Region), n.Region)
		}
		g.VPCs = appendNew(g.VPCs, side.VpcID)
		if side.PeeringOptions.AllowDNSResolutionFromRemoteVpc {
			g.PeerDNS = appendNew(g.PeerDNS, side.VpcID)
		}
	}
	l.addGateway(nil, g, v)
	return nil
}

func longer(a, b []netip.Prefix) []netip.Prefix {
	if len(b) > len(a) {
		return b
	}
	return a
}

// transitGateway takes in one element of describe-transit-gateways. One that is
// shared is described in several accounts.
func (l *loader) transitGateway(v value) error {
	var j struct {
		TransitGatewayID, State string
		Options                 list
		Tags                    nameTag
	}
	if err := l.element(v, &j, "transit gateway", "TransitGatewayId", &j.TransitGatewayID); err != nil {
		return err
	}
	l.addGateway(nil, &vpc.Gateway{Kind: routing.TransitGateway, ID: j.TransitGatewayID, Name: string(j.Tags), State: j.State,
		Transit: transitOptions(j.Options)}, v)
	return nil
}

// transitVPC takes in one element of describe-transit-gateway-vpc-attachments.
func (l *loader) transitVPC(v value) error {
	var j struct {
		TransitGatewayAttachmentID, TransitGatewayID, VpcID, State string
		Options, SubnetIds                                         list
		VpcOwnerID                                                 text
		Tags                                                       nameTag
	}
	if err := l.element(v, &j, "transit gateway vpc attachment", "TransitGatewayAttachmentId", &j.TransitGatewayAttachmentID); err != nil {
		return err
	}
	g, err := l.transitOf(j.TransitGatewayID, v)
	if err != nil {
		return err
	}
	a := l.attachmentOf(g, j.TransitGatewayAttachmentID, v)
	a.Name, a.VPC, a.State = string(j.Tags), j.VpcID, j.State
	var more vpcAttachmentJSON
	if err := json.Unmarshal(v.raw, &more); err != nil {
		join(&a.Unknown, "%v", explain(err))
	}
	more.settle(a)
	return l.joinTransit(g, attachmentJSON{j.State, j.VpcID}, v)
}

// transitAttachment takes in one element of describe-transit-gateway-attachments,
// which lists those to VPCs a second time.
func (l *loader) transitAttachment(v value) error {
	var j struct {
		TransitGatewayAttachmentID, TransitGatewayID, ResourceID, ResourceType, State string
		Association                                                                   association
		TransitGatewayOwnerID, ResourceOwnerID                                        text
		Tags                                                                          nameTag
	}
	if err := l.decode(v, &j); err != nil {
		return err
	}
	id := j.TransitGatewayAttachmentID
	if strings.HasSuffix(j.ResourceType, "peering") && id != "" {
		id += " of " + j.TransitGatewayID // both ends may have one ID
	}
	if err := l.claim("transit gateway attachment", "TransitGatewayAttachmentId", id, v); err != nil {
		return err
	}
	g, err := l.transitOf(j.TransitGatewayID, v)
	if err != nil {
		return err
	}
	a := l.attachmentOf(g, j.TransitGatewayAttachmentID, v)
	known := false
	if a.Kind, known = attachmentKinds[j.ResourceType]; !known {
		join(&a.Unknown, "its ResourceType %q is not known", j.ResourceType)
		a.Kind = vpc.VPNAttachment
	}
	a.State, a.Name = j.State, cmp.Or(a.Name, string(j.Tags))
	l.associate(a, j.Association)
	if a.Kind != vpc.VPCAttachment {
		a.Peer, j.ResourceID = j.ResourceID, ""
		if a.Kind != vpc.PeeringAttachment {
			a.Peer = ""
		}
	}
	if a.VPC == "" {
		a.VPC = j.ResourceID
	}
	return l.joinTransit(g, attachmentJSON{j.State, j.ResourceID}, v)
}

// joinTransit notes that a VPC is attached to a transit gateway, which need not
// be described.
func (l *loader) joinTransit(g *vpc.Gateway, a attachmentJSON, v value) error {
	if a.live() {
		if _, err := l.vpcOf(a.VpcID, v); err != nil {
			return err
		}
		g.VPCs = appendNew(g.VPCs, a.VpcID)
	}
	return nil
}

// vpnConnection takes in a VPN connection of a virtual private gateway. It tells
// whether what the gateway propagates is static, and which public addresses are its
// tunnels'.
func (l *loader) vpnConnection(v value) error {
	var j vpnJSON
	if err := json.Unmarshal(v.raw, &j); err != nil {
		return explain(err)
	}
	if j.VpnGatewayID != "" && !strings.HasPrefix(j.State, "delet") {
		source := routing.VPNDynamic
		if j.Options.StaticRoutesOnly {
			source = routing.VPNStatic
		}
		l.propagates(j.VpnGatewayID, source)
	}
	if g := l.gateways[cmp.Or(j.VpnGatewayID, j.TransitGatewayID)]; g != nil {
		for _, t := range slices.Concat(j.Options.TunnelOptions, j.VgwTelemetry) {
			t.addTo(g)
		}
	}
	out := l.outer(j.VpnGatewayID)
	switch {
	case strings.HasPrefix(j.State, "delet"):
		l.report.Note(report.Ignored, v.origin(), "vpn connection "+j.VpnConnectionID, "is %s", j.State)
		return errNoted
	case out == nil && j.TransitGatewayID != "":
		l.report.Note(report.Ignored, v.origin(), "vpn connection "+j.VpnConnectionID, "is a transit gateway's, whose attachments tell what packets meet")
		return errNoted
	case out == nil:
		l.report.Note(report.Missing, v.origin(), "vpn connection "+j.VpnConnectionID, "no VpnGateways describe its gateway %s", j.VpnGatewayID)
		return errNoted
	}
	if err := l.claim("vpn connection", "VpnConnectionId", j.VpnConnectionID, v); err != nil {
		return err
	}
	out.Connections = append(out.Connections, j.connection(v))
	return nil
}

// tunnelEnd is AWS's end of one tunnel of a VPN connection.
type tunnelEnd struct {
	OutsideIPAddress string
}

// addTo makes the address one of the gateway's, so that a packet to it is known
// to end there.
func (t tunnelEnd) addTo(g *vpc.Gateway) {
	a, err := netip.ParseAddr(t.OutsideIPAddress)
	if err != nil || slices.Contains(g.Addresses, vpc.Address{Public: a}) {
		return
	}
	g.Addresses = append(g.Addresses, vpc.Address{Public: a})
}

// propagates remembers where a VPN gateway's routes come from. With several
// sources they cannot be told apart, and the weakest is assumed.
func (l *loader) propagates(gateway string, source routing.Source) {
	if known, ok := l.sources[gateway]; ok {
		source = max(known, source)
	}
	l.sources[gateway] = source
}
