package random

import (
	"net/netip"

	"github.com/vpcemu/vpcemu/routing"
	"github.com/vpcemu/vpcemu/vpc"
)

// transitGateways joins VPCs by a transit gateway, at times two that are peered.
func (b *builder) transitGateways() {
	if b.One(4) {
		return
	}
	g := &vpc.Gateway{Kind: routing.TransitGateway, ID: "tgw", Name: "tgw"}
	b.net.Gateways = append(b.net.Gateways, g)
	if b.One(3) { // AWS's defaults
		for _, v := range b.net.VPCs {
			g.VPCs = append(g.VPCs, v.ID)
		}
		return
	}
	t := b.transit(g, b.net.VPCs)
	if b.has(OnPremises) && b.One(2) {
		t.Attachments = append(t.Attachments, b.attach(&vpc.TransitAttachment{ID: "far", Name: "far", Kind: Pick(b.Maker, vpc.VPNAttachment, vpc.DirectConnectAttachment, vpc.ConnectAttachment),
			Prefixes: []netip.Prefix{netip.MustParsePrefix("192.168.0.0/16"), netip.MustParsePrefix("2001:db8:aaaa::/48"), netip.MustParsePrefix(Pick(b.Maker, wide...))}}))
	}
	if len(b.net.VPCs) > 1 && b.One(3) {
		other := &vpc.Gateway{Kind: routing.TransitGateway, ID: "tgw2", Name: "tgw2"}
		b.net.Gateways = append(b.net.Gateways, other)
		u := b.transit(other, b.net.VPCs[1:])
		t.Attachments = append(t.Attachments, &vpc.TransitAttachment{ID: "peer", Name: "peer", Kind: vpc.PeeringAttachment, Peer: "tgw2", Association: "rt0"})
		u.Attachments = append(u.Attachments, &vpc.TransitAttachment{ID: "reep", Name: "reep", Kind: vpc.PeeringAttachment, Peer: "tgw", Association: "rt0"})
		t.RouteTables[0].Routes = append(t.RouteTables[0].Routes, routing.Route{Destination: netip.MustParsePrefix("10.0.0.0/8"), Target: transitTarget("peer")})
		u.RouteTables[0].Routes = append(u.RouteTables[0].Routes, routing.Route{Destination: netip.MustParsePrefix("10.0.0.0/8"), Target: transitTarget("reep")})
	}
	b.references(t)
}

func transitTarget(name string) routing.Target {
	return routing.Target{Kind: routing.TransitGateway, ID: name}
}

// transit is what a transit gateway consists of that attaches some VPCs.
func (b *builder) transit(g *vpc.Gateway, vpcs []*vpc.VPC) *vpc.Transit {
	t := &vpc.Transit{GroupReferences: b.One(2), Association: Pick(b.Maker, "rt0", "rt0", "rt1", vpc.NoTable), Propagation: Pick(b.Maker, "rt0", "rt0", "rt1", vpc.NoTable)}
	g.Transit = t
	for _, v := range vpcs {
		if b.One(5) {
			continue
		}
		a := b.attach(&vpc.TransitAttachment{ID: "att-" + v.ID, Name: "att-" + v.ID, VPC: v.ID, IPv6: b.One(2), Appliance: b.One(3)})
		a.Subnets = Pick(b.Maker, nil, []string{"a", "b"}, []string{"b", "c"}, []string{"c"})
		a.NoGroupReferences = b.One(5)
		t.Attachments = append(t.Attachments, a)
	}
	for _, id := range []string{"rt0", "rt1"} {
		table := &vpc.TransitTable{ID: id, Name: id}
		for _, to := range []string{"0.0.0.0/0", "::/0", "10.0.0.0/16", "10.10.0.0/15", "10.10.1.0/24", "192.168.0.0/16", "2001:db8:2::/56", "10.0.0.0/9", "10.10.1.8/29"} {
			if len(t.Attachments) == 0 || !b.One(4) {
				continue
			}
			r := routing.Route{Destination: netip.MustParsePrefix(to), Target: transitTarget(Pick(b.Maker, t.Attachments...).ID)}
			if b.One(4) {
				r = routing.Route{Destination: r.Destination, Blackhole: true}
			}
			table.Routes = append(table.Routes, r)
		}
		t.RouteTables = append(t.RouteTables, table)
	}
	return t
}

// attach draws what attachments of all kinds have.
func (b *builder) attach(a *vpc.TransitAttachment) *vpc.TransitAttachment {
	a.State = Pick(b.Maker, "", "", "", "", "", "available", "pendingAcceptance")
	a.Association = Pick(b.Maker, "", "", "rt0", "rt1")
	a.Propagation = Pick(b.Maker, nil, nil, []string{"rt0"}, []string{"rt0", "rt1"}, []string{vpc.NoTable})
	if b.has(Gaps) && b.One(10) {
		a.Unknown = "it was not listed in full"
	}
	return a
}

// references lets an inbound rule name a group of another VPC that is attached
// (SG-22).
func (b *builder) references(t *vpc.Transit) {
	var willing []*vpc.VPC
	for _, a := range t.Attachments {
		if a.Kind == vpc.VPCAttachment && a.Works() && !a.NoGroupReferences {
			willing = append(willing, b.net.VPC(a.VPC))
		}
	}
	if t.GroupReferences && len(willing) > 1 {
		willing[0].SecurityGroup("g2").AllowIn("tcp/80", "only-"+willing[1].ID)
	}
}
