package lint

import (
	"strings"

	"github.com/vpcemu/vpcemu/emu"
)

// repliesBlocked: network ACLs that let requests in and keep replies to every port of
// clients from coming back.
func repliesBlocked(p *pass) {
	for _, l := range p.replies().lost {
		if isACL(l) && !l.some {
			p.find(p.blockerSubject(l), l.witness, l.fix(), "requests arrive and no reply comes back (%s): %s", l.reason, words(l.ways, few))
		}
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

// repliesAstray: replies that no route brings back, or that something on it refuses.
func repliesAstray(p *pass) {
	for _, l := range p.replies().lost {
		if !isACL(l) {
			p.find(p.blockerSubject(l), l.witness, "add the route for the way back, on the same gateway as the way there",
				"requests arrive and no reply comes back (%s): %s", l.reason, words(l.ways, few))
		}
	}
	p.unsureReplies()
}

// crookedWays: replies that take another way than requests.
func crookedWays(p *pass) {
	for _, l := range p.replies().crooked {
		tables := strings.Split(l.blocker.Component, ",")
		s := subject{kind: "route table", id: tables[0], vpc: l.vpc.Desc}
		if t := l.vpc.Desc.RouteTable(tables[0]); t != nil {
			s.name, s.origin = t.Name, t.Origin
		}
		p.find(s, l.witness, "send both directions through the same gateways: a middlebox that sees one only drops or resets the connection",
			"requests and replies take different ways (%s): %s", l.reason, words(l.ways, few))
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
		text += ", as from port " + itoa(int(l.witness.SourcePort))
	}
	return text
}

// blockerSubject is the component that blocks.
func (p *pass) blockerSubject(l *lost) subject {
	s := subject{kind: kindWords(l.blocker.Kind), id: l.blocker.Component, origin: l.blocker.Origin}
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
