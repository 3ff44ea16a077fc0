package awsjson

import (
	"github.com/vpcemu/vpcemu/firewall"
	"github.com/vpcemu/vpcemu/routing"
	"github.com/vpcemu/vpcemu/vpc"
	"github.com/vpcemu/vpcemu/vpc/load/report"
)

// missing notes, once each, what the network refers to and does not have.
type missing struct {
	*loader
	index *vpc.Index
	noted map[string]bool
}

// noteMissing goes through all references. The VPCs are partial, so all that is
// missing is unknown to the emulator, and neither denied nor allowed.
func (l *loader) noteMissing() {
	m := &missing{l, l.net.Index(), make(map[string]bool)}
	for _, n := range l.net.VPCs {
		m.defaults(n)
		for _, s := range n.Subnets {
			for _, i := range s.Interfaces {
				for _, g := range i.Groups {
					m.group(n, g, i.Origin, "network interface "+i.ID)
				}
			}
		}
		for _, g := range n.SecurityGroups {
			m.rules(n, g, g.Ingress)
			m.rules(n, g, g.Egress)
		}
		for _, t := range n.RouteTables {
			for _, r := range t.Routes {
				m.route(n, t, r)
			}
		}
	}
}

func (m *missing) note(what, origin, user string) {
	if !m.noted[what] {
		m.noted[what] = true
		m.report.Note(report.Missing, origin, what, "%s refers to it, and nothing describes it: what depends on it is unknown", user)
	}
}

// defaults notes what subnets of a VPC fall back to and is not there.
func (m *missing) defaults(n *vpc.VPC) {
	noTable, noACL := false, false
	for _, s := range n.Subnets {
		noTable = noTable || s.RouteTable == "" && n.MainRouteTable == ""
		noACL = noACL || s.NetworkACL == "" && n.DefaultNetworkACL == ""
	}
	if noTable {
		m.report.Note(report.Missing, n.Origin, "vpc "+n.ID, "its main route table is not in the snapshot: where its subnets without another send packets is unknown")
	}
	if noACL {
		m.report.Note(report.Missing, n.Origin, "vpc "+n.ID, "its network ACLs are not in the snapshot: what they let pass is unknown")
	}
}

func (m *missing) group(n *vpc.VPC, name, origin, user string) {
	if _, known := m.groups[name]; known {
		return
	}
	if g, _ := m.index.Group(n, name); g == nil {
		m.note("security group "+name, origin, user)
	}
}

func (m *missing) rules(n *vpc.VPC, g *vpc.SecurityGroup, rules []firewall.Rule) {
	for _, r := range rules {
		if r.Peer.Group != "" {
			m.group(n, r.Peer.Group, r.Origin, "security group "+g.ID)
		}
		m.prefixList(r.Peer.PrefixList, r.Origin, "security group "+g.ID)
	}
}

func (m *missing) prefixList(id, origin, user string) {
	if id != "" && m.net.PrefixList(id) == nil {
		m.note("prefix list "+id, origin, user)
	}
}

func (m *missing) route(n *vpc.VPC, t *vpc.RouteTable, r routing.Route) {
	m.prefixList(r.PrefixList, r.Origin, "route table "+t.ID)
	if r.Blackhole || r.Unknown != "" {
		return
	}
	if _, ok := m.index.Target(n, r.Target); !ok {
		m.note(r.Target.Kind.String()+" "+r.Target.ID, r.Origin, "route table "+t.ID)
	}
}
