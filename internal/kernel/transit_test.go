//go:build linux

package kernel

import (
	"net/netip"
	"slices"

	"github.com/google/nftables"
	"github.com/google/nftables/expr"

	"github.com/vpcemu/vpcemu/routing"
	"github.com/vpcemu/vpcemu/vpc"
)

// makeTransit gives each transit gateway a namespace, with a wire to each of its subnets (TGW-1) and for each of them a table, that of the
// attachment (TGW-5): where it leads depends on the zone too (TGW-17).
//
//	subnet A ── "tgw…" ─▶ subnet Tv ── "enit…" ─▶ transit ── "enit…" ─▶ subnet Tw, by its table "entering" (TGW-16)
func (o *oracle) makeTransit() error {
	for _, g := range o.n.Gateways {
		if g.Kind != routing.TransitGateway {
			continue
		}
		ns, err := o.space()
		if err != nil {
			return err
		}
		o.transits = append(o.transits, ns)
		links := make(map[*vpc.Subnet]string) // of the gateway
		for _, a := range g.Transit.Attachments {
			for _, s := range o.subnetsOf(a) {
				links[s], o.exits[s] = o.link("att"), o.link("enit")
				if err := wire(ns, links[s], o.homes[s], o.exits[s]); err != nil {
					return err
				}
				if err := o.homes[s].rule(o.exits[s], entering); err != nil {
					return err
				}
			}
		}
		table := firstTable
		for _, a := range g.Transit.Attachments {
			for _, s := range o.subnetsOf(a) {
				table++
				if err := o.routeTransit(ns, links, s, table, o.transitWays(g, a)); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// routeTransit makes what comes into a transit gateway from a subnet use a table.
func (o *oracle) routeTransit(ns *namespace, links map[*vpc.Subnet]string, s *vpc.Subnet, table int, ways []transitWay) error {
	if err := ns.rule(links[s], table); err != nil {
		return err
	}
	for _, w := range ways {
		link := ""
		if w.to != nil {
			link = links[inZone(o.subnetsOf(w.to), s.Zone)]
		}
		if err := ns.route(table, w.prefix, link); err != nil {
			return err
		}
	}
	return nil
}

// firstTable begins the numbers of tables that are made up.
const firstTable = 1000

// transitWay is a route of a transit gateway, to no attachment if it is a blackhole.
type transitWay struct {
	prefix netip.Prefix
	to     *vpc.TransitAttachment
}

// transitWays are what an attachment's table has, static routes after those that they hide (TGW-6, TGW-7, TGW-11).
func (o *oracle) transitWays(g *vpc.Gateway, of *vpc.TransitAttachment) (all []transitWay) {
	table := g.Transit.Table(of.Association)
	if table == nil {
		return nil
	}
	for _, a := range g.Transit.Attachments {
		for _, p := range o.n.VPC(a.VPC).CIDRs {
			if slices.Contains(a.Propagation, table.ID) && (a.IPv6 || p.Addr().Is4()) {
				all = append(all, transitWay{p, a})
			}
		}
	}
	for _, r := range table.Routes {
		w := transitWay{prefix: r.Destination}
		if !r.Blackhole {
			w.to = g.Transit.Attachment(r.Target.ID)
		}
		all = append(all, w)
	}
	return all
}

func (o *oracle) subnetsOf(a *vpc.TransitAttachment) (all []*vpc.Subnet) {
	for _, name := range a.Subnets {
		all = append(all, o.n.VPC(a.VPC).Subnet(name))
	}
	return all
}

// inZone is the subnet of a zone, or else the only one.
func inZone(all []*vpc.Subnet, zone string) *vpc.Subnet {
	for _, s := range all {
		if s.Zone == zone || len(all) == 1 {
			return s
		}
	}
	panic("more than one subnet, and none of the zone: AWS chooses by flow")
}

// entry is the subnet by which another sends to a transit gateway, nil for none (TGW-2).
func (o *oracle) entry(v *vpc.VPC, s *vpc.Subnet, g *vpc.Gateway) *vpc.Subnet {
	for _, a := range g.Transit.Attachments {
		for _, t := range o.subnetsOf(a) {
			if o.n.VPC(a.VPC) == v && t.Zone == s.Zone {
				return t
			}
		}
	}
	return nil
}

// transitRules: the gateway counts down the TTL and says nothing (TGW-30). Group references end there (SG-22), tracking does not.
func (o *oracle) transitRules(ns *namespace) {
	r := ns.rules("transit")
	r.silent()
	cross := r.at("cross", nftables.ChainHookPrerouting, beforeRoute+10, nftables.ChainTypeFilter)
	cross.both(func(v4 bool) []part { return []part{tagged(fresh, v4), setTag(forwarded, v4)} })
}

// transitLoops drop what a route would send back to the transit gateway that it comes from.
func transitLoops(c chain) {
	c.rule(links(expr.MetaKeyIIFNAME, "enit"), links(expr.MetaKeyOIFNAME, "tgw"), drop)
}
