package lint

import (
	"fmt"
	"slices"
	"strings"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/routing"
)

// repliesBlocked: network ACLs that let requests in and keep replies to every port of
// clients from coming back.
func repliesBlocked(p *pass) {
	for _, l := range p.replies().lost {
		if !isACL(l) || l.some || l.other {
			continue
		}
		text := ""
		for _, o := range p.replies().lost { // what repliesPartlyBlocked finds of the same ACL
			if o.some && o.key() == (lostKey{acl: l.blocker.Component, out: l.key().out, vpc: l.vpc, some: true}) {
				text = "; and those to some ports that clients may use do not: " + fromPorts(o)
			}
		}
		p.find(p.blockerSubject(l), l.witness, l.fix(), "requests arrive and no reply comes back (%s): %s%s", l.reason, words(l.ways, few), text)
	}
	p.unsureReplies()
}

// repliesPartlyBlocked: network ACLs that let replies back to some ports of clients only.
func repliesPartlyBlocked(p *pass) {
	for _, l := range p.replies().lost {
		if isACL(l) && l.some {
			p.find(p.blockerSubject(l), l.witness, l.fix(), "replies to some ports that clients may use do not come back (%s): %s", l.reason, fromPorts(l))
		}
	}
}

// repliesOfOthers: network ACLs that let replies of TCP back, and not of what else goes out
// or in.
func repliesOfOthers(p *pass) {
	for _, l := range p.replies().lost {
		if isACL(l) && l.other {
			p.find(p.blockerSubject(l), l.witness, "add an entry for them, or let them not even begin", "it lets replies of TCP back, and not of other protocols, which no rule keeps from beginning (%s): %s", l.reason, words(l.ways, few))
		}
	}
}

// repliesAstray: replies that no route brings back, or that something on it refuses.
func repliesAstray(p *pass) {
	for _, l := range p.replies().lost {
		if !isACL(l) {
			p.find(p.blockerSubject(l), l.witness, l.back(), "requests arrive and no reply comes back (%s): %s", l.reason, words(l.ways, few))
		}
	}
	p.unsureReplies()
}

// back is what brings replies back that no ACL blocks.
func (l *lost) back() string {
	if l.blocker.Kind == "igw" {
		return "add a route to where requests come from to the route table that sends the replies to the internet gateway"
	}
	switch l.blocker.Reason {
	case emu.NoRoute.String():
		return "add the route for the way back, on the same gateway as the way there"
	case emu.Blackhole.String():
		return "remove the route, or point it at a target that works"
	case emu.TGWZone.String():
		return "give the attachment a subnet in every zone that has interfaces"
	}
	return "let replies take the way that requests take, or make this one work for them"
}

// asymmetricPaths: replies that take another way than requests.
func asymmetricPaths(p *pass) {
	for _, l := range p.replies().asymmetric {
		there, last := l.subnets[0].Routes, l.subnets[len(l.subnets)-1]
		s := subject{kind: "route table", id: there.ID, vpc: l.subnets[0].VPC.Desc, thing: l}
		if t := s.vpc.RouteTable(there.ID); t != nil {
			s = ofTable(s.vpc, t)
		}
		if back := last.Routes; back != there {
			s.part = "and " + back.ID + " of " + last.VPC.Desc.ID + " for replies"
		}
		fix := "send both directions through the same gateways: a middlebox that sees one only drops or resets the connection"
		if strings.Contains(l.reason, "tgw ") {
			fix += "; on a transit gateway the attachment of the middleboxes' VPC needs appliance mode"
		}
		p.find(s, l.witness, fix, "requests and replies take different ways (%s): %s", l.reason, words(l.ways, few))
	}
}

func (p *pass) unsureReplies() {
	for _, g := range p.replies().gaps {
		p.unsure(g.subject, "%s", g.why)
	}
}

func isACL(l *lost) bool { return l.blocker.Stage == emu.NACLIn || l.blocker.Stage == emu.NACLOut }

func (l *lost) fix() string {
	direction, to := "ingress", "from"
	if l.blocker.Stage == emu.NACLOut {
		direction, to = "egress", "to"
	}
	return "add an " + direction + " entry that allows the ports of clients, tcp/1024-65535 (and udp, and the ICMP echo reply where it is wanted), " + to + " where the requests come from"
}

func fromPorts(l *lost) string {
	text := words(l.ways, few)
	if l.witness.SourcePort != 0 {
		text += fmt.Sprintf(", as from port %d", l.witness.SourcePort)
	}
	return text
}

// reasons are what replies may be lost for: where a route table has no route back, the
// peering connections that requests come by.
func (p *pass) reasons(l *lost) (all []any) {
	for _, g := range p.net.Gateways {
		if g.Kind == routing.PeeringConnection && slices.Contains(strings.Split(l.via, ", "), "pcx "+g.ID) {
			all = append(all, g)
		}
	}
	return all
}

// blockerSubject is the component that blocks.
func (p *pass) blockerSubject(l *lost) subject {
	k := l.key()
	k.some, k.other = false, false
	s := subject{kind: kindWords(l.blocker.Kind), id: l.blocker.Component, origin: l.blocker.Origin, thing: k, within: p.reasons(l)}
	if l.route != "" && l.vpc != nil {
		return p.ofLostRoute(l)
	}
	if l.via != "" {
		s.part = "for what comes over " + l.via
	}
	if l.vpc == nil {
		return s
	}
	s.vpc = l.vpc.Desc
	if a := s.vpc.NetworkACL(s.id); a != nil && l.blocker.Kind == "acl" {
		s.name = a.Name
		if s.origin == "" {
			s.origin = a.Origin
		}
	}
	if t := s.vpc.RouteTable(s.id); t != nil && l.blocker.Kind == "rtb" {
		s.name = t.Name
		if s.origin == "" {
			s.origin = t.Origin
		}
	}
	if isACL(l) {
		s.part = "ingress"
		if l.blocker.Stage == emu.NACLOut {
			s.part = "egress"
		}
	}
	return s
}

// ofLostRoute is the route that drops replies.
func (p *pass) ofLostRoute(l *lost) subject {
	v := l.vpc.Desc
	s := subject{kind: "route table", id: l.blocker.Component, vpc: v, origin: l.blocker.Origin, thing: routeKey{v, l.blocker.Component, l.route}}
	if t := v.RouteTable(s.id); t != nil {
		if k := slices.IndexFunc(t.Routes, func(r routing.Route) bool { return destination(&r) == l.route }); k >= 0 {
			return ofRoute(v, t, &t.Routes[k])
		}
	}
	return s
}

func kindWords(kind string) string {
	switch kind {
	case "acl":
		return "network ACL"
	case "rtb":
		return "route table"
	case "eni":
		return "interface"
	case "vpc":
		return "VPC"
	}
	if word := gatewayWords[kind]; word != "" {
		return word
	}
	return kind
}
