package lint

import (
	"net/netip"
	"slices"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/firewall"
	"github.com/vpcemu/vpcemu/internal/plan"
	"github.com/vpcemu/vpcemu/internal/space"
	"github.com/vpcemu/vpcemu/routing"
)

// settled knows the pairs of ends that need not be asked about: neither routes nor network
// ACLs can keep their replies from coming back. Of others it knows what the ACLs can do.
type settled struct {
	*pass
	thorough bool // knows of none
	routes   map[*plan.Table]bool
	passing  map[*plan.Subnet]bool
	may      map[[2]*plan.Subnet][]lostKey
	open     map[aclHalf]*[2]space.Set // nil for what is not known
	closed   map[aclHalf]bool          // to the internet
}

type aclHalf struct {
	acl    *plan.ACL
	egress bool
}

// lostKey is what makes two of [lost] one.
type lostKey struct {
	acl  string
	out  bool
	vpc  *plan.VPC
	some bool
	via  string
	// other says that it is a protocol which no rule names, and that TCP is answered.
	other bool
}

func (p *pass) newSettled() *settled {
	return &settled{p, p.thorough, make(map[*plan.Table]bool), make(map[*plan.Subnet]bool), make(map[[2]*plan.Subnet][]lostKey), make(map[aclHalf]*[2]space.Set), make(map[aclHalf]bool)}
}

// between reports whether what gets from one interface to another is answered in any case,
// or cannot get there at all.
func (c *settled) between(from, to *plan.Interface) bool {
	switch {
	case c.thorough:
		return false
	case from.Subnet == to.Subnet && to.Balancer == nil:
		return true // they are neighbours, and no ACL is between them
	case from.VPC != to.VPC:
		return !c.leave(from.Subnet.Routes, to.VPC) // no way at all
	case !c.direct(from, to):
		return false
	}
	return len(c.losses(from.Subnet, to.Subnet)) == 0
}

// direct reports whether nothing stands between two interfaces but their ACLs, in both
// directions.
func (c *settled) direct(from, to *plan.Interface) bool {
	return from.VPC == to.VPC && to.Balancer == nil && c.local(from.Subnet.Routes, from.VPC) && c.local(to.Subnet.Routes, to.VPC)
}

// said reports whether all that ACLs may do between two interfaces has been found often
// enough.
func (c *settled) said(x *replies, from, to *plan.Interface) bool {
	if c.thorough || !c.direct(from, to) {
		return false
	}
	for _, k := range c.losses(from.Subnet, to.Subnet) {
		found := slices.ContainsFunc(x.lost, func(l *lost) bool { return l.key() == k && len(l.ways) >= few })
		if !found {
			return false
		}
	}
	return true
}

func (l *lost) key() lostKey {
	return lostKey{l.blocker.Component, l.blocker.Stage == emu.NACLOut, l.vpc, isACL(l) && l.some, l.via, l.other}
}

// internet reports whether every request from an interface to the internet (egress), or
// from the internet to it, that arrives is answered. Subnets without a way to the internet
// are found by other checks.
func (c *settled) internet(i *plan.Interface, egress bool) bool {
	if !c.thorough && c.closedTo(i.Subnet, egress) {
		return true
	}
	if c.thorough || i.Balancer != nil || i.VPC.Gateway != nil && i.VPC.Gateway.Edge != nil {
		return false
	}
	passes, known := c.passing[i.Subnet]
	if !known {
		passes = c.repliesPass(i.Subnet)
		c.passing[i.Subnet] = passes
	}
	return passes
}

// closedTo reports whether a subnet's ACL lets nothing out to internet hosts, or in from them.
func (c *settled) closedTo(s *plan.Subnet, egress bool) bool {
	a := c.plan.ACL(s)
	key := aclHalf{a, egress}
	closed, done := c.closed[key]
	if !done {
		open, known := c.opens(a, egress, s.VPC)
		closed = known && len(open[0].Minus(notInternet[0])) == 0 && len(open[1].Minus(notInternet[1])) == 0
		c.closed[key] = closed
	}
	return closed
}

// repliesPass reports whether a subnet's ACL lets all replies through, and its routes lead to the
// internet by nothing that could lose one.
func (c *settled) repliesPass(s *plan.Subnet) bool {
	if s.Routes.Unknown != "" || !c.local(s.Routes, s.VPC) || !c.letsReplies(s) {
		return false
	}
	for k := range s.Routes.Targets {
		switch t := &s.Routes.Targets[k]; t.Kind {
		case routing.Local, routing.Nowhere, routing.InternetGateway, routing.EgressOnlyGateway, routing.GatewayEndpoint:
		case routing.NATGateway:
			if t.Gateway == nil || t.Gateway.Place == nil || t.Gateway.Desc.Regional {
				return false
			}
			if at := t.Gateway.Place; at == s || at.Routes == nil || at.Routes.Unknown != "" || !c.local(at.Routes, at.VPC) || !c.letsReplies(at) {
				return false
			}
		default:
			return false
		}
	}
	return true
}

// letsReplies reports whether a subnet's ACL lets all that may be a reply pass, both ways.
func (c *settled) letsReplies(s *plan.Subnet) bool {
	a := c.plan.ACL(s)
	for _, egress := range []bool{false, true} {
		for kind := range answers[0] {
			if whole, _ := c.lets(a, egress, s.VPC, everywhere, kind); !whole {
				return false
			}
		}
	}
	return true
}

// leave reports whether a table may send something to another VPC.
func (c *settled) leave(t *plan.Table, v *plan.VPC) bool {
	if t.Unknown != "" {
		return true
	}
	for k := range t.Targets {
		switch target := &t.Targets[k]; target.Kind {
		case routing.Local, routing.GatewayEndpoint, routing.Nowhere, routing.InternetGateway, routing.EgressOnlyGateway:
		default:
			if r := &t.Routes[k]; r.PrefixList != "" || slices.ContainsFunc(v.Desc.CIDRs, r.Destination.Overlaps) {
				return true
			}
		}
	}
	return false
}

// local reports whether a table sends everything for its VPC by the local routes.
func (c *settled) local(t *plan.Table, v *plan.VPC) bool {
	if known, ok := c.routes[t]; ok {
		return known
	}
	local := t.Unknown == ""
	for k := range t.Routes {
		r := &t.Routes[k]
		switch {
		case t.Targets[k].Kind == routing.Local:
		case r.PrefixList != "":
			entries, known := v.Names().PrefixList(r.PrefixList)
			local = local && known && !slices.ContainsFunc(entries, func(e netip.Prefix) bool { return within(e, v) })
		case within(r.Destination, v):
			local = false
		}
	}
	c.routes[t] = local
	return local
}

// within reports whether a prefix is as long as one of the VPC's, or longer, and in it.
func within(p netip.Prefix, v *plan.VPC) bool {
	return slices.ContainsFunc(v.Desc.CIDRs, func(q netip.Prefix) bool { return q.Bits() <= p.Bits() && q.Contains(p.Addr()) })
}

// losses are what the ACLs may do to replies from one subnet into another.
func (c *settled) losses(from, to *plan.Subnet) []lostKey {
	key := [2]*plan.Subnet{from, to}
	if known, ok := c.may[key]; ok {
		return known
	}
	all := []lostKey{}
	for k := range answers[0] {
		if !c.asks(from, to, k) {
			continue
		}
		all = append(all, c.lossesAt(to, from, true, k)...)
		all = append(all, c.lossesAt(from, to, false, k)...)
	}
	c.may[key] = all
	return all
}

// lossesAt are what one direction of a subnet's ACL may do to replies of one kind.
func (c *settled) lossesAt(at, remote *plan.Subnet, egress bool, kind int) (all []lostKey) {
	a := c.plan.ACL(at)
	_, some := c.lets(a, egress, at.VPC, remote.Desc.CIDRs, kind)
	for _, s := range some {
		all = append(all, lostKey{acl: a.ID, out: egress, vpc: at.VPC, some: s})
	}
	return all
}

// asks reports whether requests whose replies are of a kind may pass the ACLs.
func (c *settled) asks(from, to *plan.Subnet, kind int) bool {
	return c.some(c.plan.ACL(from), true, from.VPC, to.Desc.CIDRs, kind) && c.some(c.plan.ACL(to), false, to.VPC, from.Desc.CIDRs, kind)
}

// some reports whether one direction of an ACL lets through some of the requests.
func (c *settled) some(a *plan.ACL, egress bool, v *plan.VPC, remote []netip.Prefix, kind int) bool {
	open, known := c.opens(a, egress, v)
	if !known {
		return true
	}
	for _, cidr := range remote {
		version := space.Version(cidr.Addr().Is6())
		if len((space.Set{{space.Services: requests[version][kind], space.Sources: space.Prefix(cidr)}}).And(open[version])) > 0 {
			return true
		}
	}
	return false
}

// opens is what one direction of an ACL lets through, by IP version; false if that is not
// known.
func (c *settled) opens(a *plan.ACL, egress bool, v *plan.VPC) (open [2]space.Set, known bool) {
	switch {
	case a.Unknown != "":
		return open, false
	case a.Desc == nil: // the default one, which allows everything
		for version := range open {
			open[version] = addAreas(nil, firewall.All, everywhere[version], version == 1)
		}
		return open, true
	}
	key := aclHalf{a, egress}
	o, done := c.open[key]
	if !done {
		entries := a.Desc.Ingress
		if egress {
			entries = a.Desc.Egress
		}
		if h := newHalf(v, a.Desc, entries, egress); h.unknown() == nil {
			o = &[2]space.Set{allowed(h.entries, 0), allowed(h.entries, 1)}
		}
		c.open[key] = o
	}
	if o == nil {
		return open, false
	}
	return *o, true
}

// lets reports whether one direction of an ACL lets through all that may be a reply of a
// kind, from or to some ranges, and if not, whether it may block those to all ports of
// clients (false) or those to some (true).
func (c *settled) lets(a *plan.ACL, egress bool, v *plan.VPC, remote []netip.Prefix, kind int) (whole bool, some []bool) {
	open, known := c.opens(a, egress, v)
	if !known {
		return false, []bool{false, true}
	}
	var none, part bool
	for _, cidr := range remote {
		version := space.Version(cidr.Addr().Is6())
		services := answers[version][kind]
		want := space.Set{{space.Services: services, space.Sources: space.Prefix(cidr)}}
		if len(want.Minus(open[version])) == 0 {
			continue
		}
		got := want.And(open[version])
		part = part || len(got) > 0
		for k := range got {
			got[k][space.Services] = services
		}
		none = none || len(want.Minus(got)) > 0 // some remote address gets nothing
	}
	if none {
		some = append(some, false)
	}
	if part {
		some = append(some, true)
	}
	return len(some) == 0, some
}

// answers are the services of replies to ports of clients, and of echo replies, by IP
// version.
var answers = [2][]space.Span{
	{{First: space.Service(6, 1024), Last: space.Service(6, 65535)}, {First: space.Service(17, 1024), Last: space.Service(17, 65535)}, {First: space.Service(1, 0), Last: space.Service(1, 255)}},
	{{First: space.Service(6, 1024), Last: space.Service(6, 65535)}, {First: space.Service(17, 1024), Last: space.Service(17, 65535)}, {First: space.Service(58, 129<<8), Last: space.Service(58, 129<<8+255)}},
}

// requests are those that such replies answer, kind by kind.
var requests = [2][]space.Span{
	{space.Protocol(6), space.Protocol(17), {First: space.Service(1, 8<<8), Last: space.Service(1, 8<<8|255)}},
	{space.Protocol(6), space.Protocol(17), {First: space.Service(58, 128<<8), Last: space.Service(58, 128<<8|255)}},
}
