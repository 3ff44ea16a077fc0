package awsjson

import (
	"errors"
	"net/netip"
	"slices"
	"strings"

	"github.com/vpcemu/vpcemu/routing"
	"github.com/vpcemu/vpcemu/vpc"
	"github.com/vpcemu/vpcemu/vpc/load/report"
)

const byName = "in the network by name; packets that meet it have an unknown fate"

type attachmentJSON struct{ State, VpcID string }

// live reports whether the attachment holds.
func (a attachmentJSON) live() bool {
	switch a.State {
	case "detached", "detaching", "deleted", "deleting", "failed", "rejected":
		return false
	}
	return a.VpcID != ""
}

// addGateway puts a gateway into a VPC, or into the network if it joins several.
func (l *loader) addGateway(in *vpc.VPC, g *vpc.Gateway, v value) {
	g.Origin = v.origin()
	l.gateways[g.ID] = g
	if in != nil {
		in.Gateways = append(in.Gateways, g)
	} else {
		l.net.Gateways = append(l.net.Gateways, g)
	}
	if !carried(g.Kind) {
		l.report.Note(report.Unmodelled, v.origin(), g.Kind.String()+" "+g.ID, byName)
	}
}

// carried reports whether packets are carried through gateways of a kind.
func carried(k vpc.Kind) bool {
	switch k {
	case routing.NATGateway, routing.EgressOnlyGateway, routing.PeeringConnection, routing.VPNGateway, routing.TransitGateway,
		routing.GatewayEndpoint, routing.InterfaceEndpoint: // what is behind the GWLB one nobody lists
		return true
	}
	return false
}

// internetGateway takes in one element of describe-internet-gateways.
func (l *loader) internetGateway(v value) error {
	var j struct {
		InternetGatewayID string
		OwnerID           text
		Attachments       []attachmentJSON
		Tags              nameTag
	}
	if err := l.element(v, &j, "internet gateway", "InternetGatewayId", &j.InternetGatewayID); err != nil {
		return err
	}
	l.igws[j.InternetGatewayID] = true
	for _, a := range j.Attachments {
		if !a.live() {
			continue
		}
		in, err := l.vpcOf(a.VpcID, v)
		if err != nil {
			return err
		}
		if in.InternetGateway != nil {
			return errors.New("vpc " + in.ID + " has the internet gateway " + in.InternetGateway.ID + " already (IGW-1)")
		}
		settle(in, j.OwnerID, "", v)
		in.InternetGateway = &vpc.InternetGateway{ID: j.InternetGatewayID, Name: string(j.Tags), Origin: v.origin()}
		return nil
	}
	l.report.Note(report.Ignored, v.origin(), "internet gateway "+j.InternetGatewayID, "is attached to no VPC")
	return errNoted
}

// egressOnly takes in one element of describe-egress-only-internet-gateways.
func (l *loader) egressOnly(v value) error {
	var j struct {
		EgressOnlyInternetGatewayID string
		Attachments                 []attachmentJSON
		Tags                        nameTag
	}
	if err := l.decode(v, &j); err != nil {
		return err
	}
	g := &vpc.Gateway{Kind: routing.EgressOnlyGateway, ID: j.EgressOnlyInternetGatewayID, Name: string(j.Tags)}
	return l.attach(g, "EgressOnlyInternetGatewayId", j.Attachments, v)
}

// vpnGateway takes in one element of describe-vpn-gateways.
func (l *loader) vpnGateway(v value) error {
	var j struct {
		VpnGatewayID, State string
		VpcAttachments      []attachmentJSON
		Tags                nameTag
	}
	if err := l.decode(v, &j); err != nil {
		return err
	}
	g := &vpc.Gateway{Kind: routing.VPNGateway, ID: j.VpnGatewayID, Name: string(j.Tags), State: j.State}
	return l.attach(g, "VpnGatewayId", j.VpcAttachments, v)
}

// attached are the gateways that say which VPC they are attached to, as the
// report calls them.
var attached = map[routing.TargetKind]string{
	routing.EgressOnlyGateway: "egress-only internet gateway", routing.VPNGateway: "vpn gateway", routing.CarrierGateway: "carrier gateway",
}

// attach puts a gateway into the VPC that it is attached to.
func (l *loader) attach(g *vpc.Gateway, key string, to []attachmentJSON, v value) error {
	name := attached[g.Kind]
	if err := l.claim(name, key, g.ID, v); err != nil {
		return err
	}
	for _, a := range to {
		if !a.live() {
			continue
		}
		in, err := l.vpcOf(a.VpcID, v)
		if err != nil {
			return err
		}
		if g.State == "" && a.State != "attached" {
			g.State = a.State
		}
		l.addGateway(in, g, v)
		return nil
	}
	l.report.Note(report.Ignored, v.origin(), name+" "+g.ID, "is attached to no VPC")
	return errNoted
}

// natGateway takes in one element of describe-nat-gateways. A deleted one is
// listed for an hour; routes to it are blackholes (RT-33).
func (l *loader) natGateway(v value) error {
	var j struct {
		NatGatewayID, VpcID, SubnetID, State, ConnectivityType, FailureCode string
		AvailabilityMode, RouteTableID                                      string
		Tags                                                                nameTag
		NatGatewayAddresses                                                 []natAddressJSON
	}
	if err := l.element(v, &j, "nat gateway", "NatGatewayId", &j.NatGatewayID); err != nil {
		return err
	}
	in, err := l.vpcOf(j.VpcID, v)
	if err != nil {
		return err
	}
	g := &vpc.Gateway{Kind: routing.NATGateway, ID: j.NatGatewayID, Name: string(j.Tags), Subnet: j.SubnetID, State: j.State,
		Private: j.ConnectivityType == "private", Failure: j.FailureCode, Regional: j.AvailabilityMode == "regional", RouteTable: j.RouteTableID}
	for _, a := range j.NatGatewayAddresses {
		l.natENIs[a.NetworkInterfaceID] = true
		pair := a.address()
		own := pair.IP
		if g.Regional {
			own, pair.IP, pair.Zone = pair.Public, netip.Addr{}, a.AvailabilityZone
		}
		if pair.IP.IsValid() || pair.Public.IsValid() {
			g.Addresses = append(g.Addresses, pair)
		}
		if len(g.Addresses) > 1 && own.IsValid() && (a.Status == "disassociating" || a.Status == "unassigning") {
			g.Draining = append(g.Draining, own)
		}
	}
	l.addGateway(in, g, v)
	return nil
}

type natAddressJSON struct {
	PrivateIP, PublicIP, NetworkInterfaceID, AllocationID, Status, AvailabilityZone string
}

// address is the pair as far as it can be read.
func (j natAddressJSON) address() vpc.Address {
	var a vpc.Address
	a.IP, _ = netip.ParseAddr(j.PrivateIP)
	a.Public, _ = netip.ParseAddr(j.PublicIP)
	a.Elastic = a.Public.IsValid()
	return a
}

// endpoint takes in one element of describe-vpc-endpoints.
func (l *loader) endpoint(v value) error {
	var j endpointJSON
	if err := l.element(v, &j, "vpc endpoint", "VpcEndpointId", &j.VpcEndpointID); err != nil {
		return err
	}
	in, err := l.vpcOf(j.VpcID, v)
	if err != nil {
		return err
	}
	kind, known := endpointKinds[j.VpcEndpointType]
	if !known {
		kind = routing.UnknownTarget
		l.report.Note(report.Unmodelled, v.origin(), "vpc endpoint "+j.VpcEndpointID, "VpcEndpointType %q is not known", j.VpcEndpointType)
	}
	g := &vpc.Gateway{Kind: kind, ID: j.VpcEndpointID, Name: string(j.Tags), State: strings.ToLower(j.State)}
	j.describe(g)
	l.addGateway(in, g, v)
	return nil
}

func (l *loader) carrierGateway(v value) error {
	var j struct {
		CarrierGatewayID, VpcID, State string
		Tags                           nameTag
	}
	if err := l.decode(v, &j); err != nil {
		return err
	}
	g := &vpc.Gateway{Kind: routing.CarrierGateway, ID: j.CarrierGatewayID, Name: string(j.Tags), State: j.State}
	return l.attach(g, "CarrierGatewayId", []attachmentJSON{{VpcID: j.VpcID}}, v)
}

func (l *loader) localGateway(v value) error {
	var j struct {
		LocalGatewayID, State string
		Tags                  nameTag
	}
	if err := l.element(v, &j, "local gateway", "LocalGatewayId", &j.LocalGatewayID); err != nil {
		return err
	}
	l.addGateway(nil, &vpc.Gateway{Kind: routing.LocalGateway, ID: j.LocalGatewayID, Name: string(j.Tags), State: j.State}, v)
	return nil
}

// isLocal reports whether a route is one to the VPC itself.
func isLocal(r routing.Route) bool {
	return r.Target.Kind == routing.Local && r.PrefixList == "" && r.Unknown == "" && !r.Blackhole
}

// appendNew appends a string that is not there yet.
func appendNew(to []string, s string) []string {
	if s == "" || slices.Contains(to, s) {
		return to
	}
	return append(to, s)
}
