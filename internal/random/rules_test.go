package random

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/firewall"
	"github.com/vpcemu/vpcemu/routing"
	"github.com/vpcemu/vpcemu/vpc"
)

// addition is a new rule of a security group.
type addition struct {
	emu.Query
	Group   string
	Ingress bool
	Rule    firewall.Rule
}

// TestMoreRulesAllowMore: a new rule of a security group never blocks what was
// allowed (SG-7: groups have allow rules only).
func TestMoreRulesAllowMore(t *testing.T) {
	property[addition]{
		with: Everything, many: 25,
		ask: func(m *Maker, n *vpc.Network) addition {
			v := Pick(m, n.VPCs...)
			return addition{m.Query(n), v.ID + "/" + Pick(m, v.SecurityGroups...).ID, m.One(2), firewall.Rule{Service: m.Service(), Peer: m.Peer()}}
		},
		about: func(n *vpc.Network) (func(addition) error, error) {
			before, err := emulator(n)
			return func(a addition) error {
				changed := n.Clone()
				g := changed.SecurityGroup(a.Group)
				switch {
				case g == nil:
					return nil
				case a.Ingress:
					g.Ingress = append(g.Ingress, a.Rule)
				default:
					g.Egress = append(g.Egress, a.Rule)
				}
				was, now, ok := compare(before, changed, a.Query)
				if ok && was.Verdict == emu.Reachable && now.Verdict != emu.Reachable {
					return fmt.Errorf("was reachable, is %v by %+v %+v", now.Verdict, now.Blockers, now.Unknowns)
				}
				return nil
			}, err
		},
	}.try(t)
}

// compare asks the same of an emulator and of a changed network; ok is false if
// one of them cannot say.
func compare(before *emu.Emulator, changed *vpc.Network, q emu.Query) (was, now *emu.Trace, ok bool) {
	after, err := emulator(changed)
	if err != nil {
		return nil, nil, false
	}
	was, err = before.Trace(q)
	if err != nil {
		return nil, nil, false
	}
	now, err = after.Trace(q)
	return was, now, err == nil
}

// removal is a route that is taken out of a table.
type removal struct {
	emu.Query
	Table string
	Route string
}

// TestFewerRoutesReachLess: without a route nothing becomes reachable, unless a
// route that is not more specific takes its place (RT-13).
func TestFewerRoutesReachLess(t *testing.T) {
	property[removal]{
		with: Everything &^ Gaps, many: 25,
		ask: func(m *Maker, n *vpc.Network) removal {
			q := removal{Query: m.Query(n)}
			if v := Pick(m, n.VPCs...); len(v.RouteTables) > 0 {
				if t := Pick(m, v.RouteTables...); len(t.Routes) > 0 {
					q.Table, q.Route = v.ID+"/"+t.ID, Pick(m, t.Routes...).String()
				}
			}
			return q
		},
		about: func(n *vpc.Network) (func(removal) error, error) {
			before, err := emulator(n)
			return func(r removal) error {
				changed := n.Clone()
				t := changed.RouteTable(r.Table)
				if t == nil {
					return nil
				}
				k := slices.IndexFunc(t.Routes, func(x routing.Route) bool { return x.String() == r.Route })
				if k < 0 {
					return nil
				}
				gone := t.Routes[k]
				if t.Routes = slices.Delete(t.Routes, k, k+1); covered(changed, t, gone) {
					return nil
				}
				was, now, ok := compare(before, changed, r.Query)
				if ok && was.Verdict == emu.Blocked && now.Verdict != emu.Blocked {
					return fmt.Errorf("was blocked by %+v, is %v", was.Blockers, now.Verdict)
				}
				return nil
			}, err
		},
	}.try(t)
}

// covered reports whether a table has another route for what a route was for.
func covered(n *vpc.Network, t *vpc.RouteTable, gone routing.Route) bool {
	var left []netip.Prefix
	for _, v := range n.VPCs {
		if slices.Contains(v.RouteTables, t) {
			left = append(left, v.CIDRs...)
			for _, r := range slices.Concat(t.Routes, v.Propagated(t), v.EndpointRoutes(n, t)) {
				left = append(left, destinations(n, r)...)
			}
		}
	}
	return slices.ContainsFunc(destinations(n, gone), func(p netip.Prefix) bool {
		return slices.ContainsFunc(left, func(q netip.Prefix) bool { return q.Bits() <= p.Bits() && q.Contains(p.Addr()) })
	})
}

func destinations(n *vpc.Network, r routing.Route) []netip.Prefix {
	if l := n.PrefixList(r.PrefixList); l != nil {
		return l.Entries
	}
	return []netip.Prefix{r.Destination}
}

// TestRepliesComeBack: where all filters are stateful and routes symmetric, who may
// ask gets an answer (SG-26).
func TestRepliesComeBack(t *testing.T) {
	counts := make(map[emu.Answer]int)
	property[emu.Query]{
		with: Peerings | NATGateways | TransitGateways, many: 60,
		change: symmetric,
		ask:    (*Maker).Query,
		about: func(n *vpc.Network) (func(emu.Query) error, error) {
			e, err := emulator(n)
			return func(q emu.Query) error {
				q.OneWay = true
				oneWay, err := e.Trace(q)
				if err != nil || oneWay.Verdict != emu.Reachable {
					return nil
				}
				q.OneWay = false
				both, err := e.Trace(q)
				counts[both.Verdict]++
				if err == nil && both.Verdict != emu.Reachable {
					return fmt.Errorf("the request arrives, the answer is %v by %+v %+v", both.Verdict, both.Blockers, both.Unknowns)
				}
				return err
			}, err
		},
	}.try(t)
	t.Log(counts)
}

// symmetric leaves stateful filters, and routes that lead back: all subnets of all
// VPCs go to each other by active peering connections or by a transit gateway that
// all are attached to in AWS's default way, and to the internet.
func symmetric(n *vpc.Network) {
	n.Gateways = slices.DeleteFunc(n.Gateways, func(g *vpc.Gateway) bool { return g.State != "" })
	for _, g := range n.Gateways {
		if g.Kind == routing.TransitGateway {
			g.Transit, g.VPCs = &vpc.Transit{GroupReferences: true}, nil
			for _, v := range n.VPCs {
				g.VPCs = append(g.VPCs, v.ID)
			}
		}
	}
	for _, v := range n.VPCs {
		v.NetworkACLs, v.RouteTables = nil, nil
		if v.InternetGateway != nil {
			v.InternetGateway.RouteTable = ""
		}
		for _, s := range v.Subnets {
			s.NetworkACL, s.RouteTable = "", "rt-"+s.ID
			for _, i := range s.Interfaces {
				i.DenyInternetGateway = false // blocks one direction (IGW-21)
			}
			t := v.AddRouteTable(s.RouteTable)
			if v.InternetGateway != nil {
				out := "igw"
				if s.ID == "c" && v.Gateway("nat") != nil {
					out = "nat"
					private(s)
				}
				t.AddRoute("0.0.0.0/0", out).AddRoute("::/0", "igw")
			}
			symmetricRoutes(n, v, t)
		}
	}
}

// private takes the public addresses away from what stands in a subnet.
func private(s *vpc.Subnet) {
	for _, i := range s.Interfaces {
		for k := range i.Addresses {
			i.Addresses[k] = vpc.Address{IP: i.Addresses[k].IP}
		}
	}
}

func symmetricRoutes(n *vpc.Network, v *vpc.VPC, t *vpc.RouteTable) {
	overlap := func(a, b *vpc.VPC) bool { return a.CIDRs[0].Overlaps(b.CIDRs[0]) }
	unique := func(w *vpc.VPC) bool {
		return !slices.ContainsFunc(n.VPCs, func(u *vpc.VPC) bool { return u != w && overlap(u, w) })
	}
	for _, w := range n.VPCs {
		if w == v || !unique(v) || !unique(w) {
			continue
		}
		for _, g := range n.Gateways {
			if g.Kind == routing.PeeringConnection && (!slices.Contains(g.VPCs, v.ID) || !slices.Contains(g.VPCs, w.ID)) {
				continue
			}
			for _, p := range w.CIDRs[:2] {
				t.AddRoute(p.String(), g.ID)
			}
			break
		}
	}
}
