package awsjson

import (
	"maps"
	"slices"

	"github.com/vpcemu/vpcemu/firewall"
	"github.com/vpcemu/vpcemu/routing"
	"github.com/vpcemu/vpcemu/vpc"
	"github.com/vpcemu/vpcemu/vpc/load/report"
)

// finish does what needs all resources to be there.
func (l *loader) finish() {
	l.leftoverRules()
	l.inferCIDRs()
	l.settleAttributes()
	l.settleListings()
	l.settleTransit()
	l.inferInternetGateways()
	l.useTables()
	l.useACLs()
	l.settleRoutes()
	l.settleInstances()
	l.settleTargets()
	l.settleClosed()
	l.noteAttributes()
	l.noteBlockOptions()
	l.noteMissing()
	l.keys.report(l.report)
	l.clean()
}

// inferInternetGateways: a route to an internet gateway is active only while it
// is attached to the VPC (RT-31, RT-32), so the route tells what a snapshot
// without InternetGateways does not.
func (l *loader) inferInternetGateways() {
	for _, n := range l.net.VPCs {
		for _, t := range n.RouteTables {
			for _, r := range t.Routes {
				if n.InternetGateway != nil || r.Target.Kind != routing.InternetGateway || r.Blackhole || r.Unknown != "" || l.igws[r.Target.ID] {
					continue
				}
				n.InternetGateway = &vpc.InternetGateway{ID: r.Target.ID, Origin: r.Origin}
				l.igws[r.Target.ID] = true
				l.report.Note(report.Missing, r.Origin, "internet gateway "+r.Target.ID,
					"no InternetGateways describe it; an active route says that it is attached to %s", n.ID)
			}
		}
	}
}

// useTables gives subnets and gateways the tables that are associated with them.
func (l *loader) useTables() {
	for _, use := range l.tables {
		if use.gateway != "" {
			l.useEdgeTable(use)
			continue
		}
		s, ok := l.subnets[use.subnet]
		switch {
		case !ok:
			l.report.Note(report.Missing, use.origin, "subnet "+use.subnet, "uses route table %s, and no Subnets describe it", use.table)
		case s.RouteTable != "":
			l.report.Note(report.Skipped, use.origin, "route table "+use.table, "subnet %s uses %s already (RT-6)", use.subnet, s.RouteTable)
		default:
			s.RouteTable = use.table
		}
	}
}

func (l *loader) useEdgeTable(use tableUse) {
	if g := use.vpc.InternetGateway; g != nil && g.ID == use.gateway {
		g.RouteTable = use.table
		return
	}
	if g := l.gateways[use.gateway]; g != nil && g.Regional {
		g.RouteTable = use.table // of its own (NAT-41)
		return
	}
	if out := l.outer(use.gateway); out != nil {
		out.RouteTable = use.table
		return
	}
	l.report.Note(report.Unmodelled, use.origin, "route table "+use.table, "is the edge table of %s, which is not the VPC's internet gateway", use.gateway)
}

// unlisted is the ACL of subnets that no listed ACL is associated with.
const unlisted = "acl-unlisted"

// useACLs gives subnets the ACLs that are associated with them. AWS lists every
// association, also those with the default ACL; so a subnet without one has an
// ACL that is not in the snapshot, and not the default one.
func (l *loader) useACLs() {
	for _, use := range l.acls {
		s, ok := l.subnets[use.subnet]
		switch {
		case !ok:
			l.report.Note(report.Missing, use.origin, "subnet "+use.subnet, "has network ACL %s, and no Subnets describe it", use.acl)
		case s.NetworkACL != "":
			l.report.Note(report.Skipped, use.origin, "network acl "+use.acl, "subnet %s has %s already (ACL-1)", use.subnet, s.NetworkACL)
		default:
			s.NetworkACL = use.acl
		}
	}
	for _, n := range l.net.VPCs {
		for _, s := range giveUnlisted(n) {
			l.report.Note(report.Missing, s.Origin, "subnet "+s.ID, "none of the network ACLs in the snapshot is associated with it: its ACL is unknown")
		}
	}
}

// giveUnlisted gives subnets without an ACL in a VPC that has some an ACL of
// which nothing is known, and returns them.
func giveUnlisted(n *vpc.VPC) []*vpc.Subnet {
	var given []*vpc.Subnet
	if len(n.NetworkACLs) == 0 {
		return nil
	}
	id := unlisted + "-" + n.ID
	for _, s := range n.Subnets {
		if s.NetworkACL != "" {
			continue
		}
		if n.NetworkACL(id) == nil {
			e := firewall.Entry{Number: 1, Service: firewall.All, Unknown: "the network ACL is not in the snapshot", Origin: s.Origin}
			n.NetworkACLs = append(n.NetworkACLs, &vpc.NetworkACL{ID: id, Ingress: []firewall.Entry{e}, Egress: []firewall.Entry{e}, Origin: s.Origin})
		}
		s.NetworkACL = id
		given = append(given, s)
	}
	return given
}

// settleRoutes drops the local routes that every table has anyway, and tells the
// endpoints that routes name apart by what describes them.
func (l *loader) settleRoutes() {
	for _, n := range l.net.VPCs {
		for _, t := range n.RouteTables {
			t.Routes = slices.DeleteFunc(t.Routes, func(r routing.Route) bool {
				return isLocal(r) && slices.Contains(n.CIDRs, r.Destination)
			})
			for i := range t.Routes {
				target := &t.Routes[i].Target
				if g := l.gateways[target.ID]; g != nil && target.Kind == routing.GatewayEndpoint {
					target.Kind = g.Kind
				}
			}
		}
	}
}

// settleInstances tells interfaces what their instances' listing says, and makes
// up the instances that only interfaces name.
func (l *loader) settleInstances() {
	for _, n := range l.net.VPCs {
		for _, s := range n.Subnets {
			for _, i := range s.Interfaces {
				if i.Instance == "" {
					continue
				}
				if l.instances[i.Instance] == nil {
					l.stubInstance(n, i)
				}
				i.Metadata = l.metadata[i.Instance]
				if why := l.states[i.Instance]; why != "" {
					join(&i.Unknown, "%s", why)
				}
			}
		}
	}
}

func (l *loader) stubInstance(n *vpc.VPC, i *vpc.Interface) {
	stub := &vpc.Instance{ID: i.Instance, Origin: i.Origin}
	n.Instances = append(n.Instances, stub)
	l.instances[stub.ID] = stub
	l.states[stub.ID] = "instance " + stub.ID + " is not in the snapshot, nor whether it runs"
	l.report.Note(report.Missing, i.Origin, "instance "+stub.ID, "network interface %s belongs to it, and no Reservations describe it", i.ID)
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
