package awsjson

import (
	"errors"
	"net/netip"

	"github.com/vpcemu/vpcemu/firewall"
	"github.com/vpcemu/vpcemu/routing"
	"github.com/vpcemu/vpcemu/vpc"
	"github.com/vpcemu/vpcemu/vpc/load/report"
)

// maxRounds bounds the cleaning: what one round takes away may break what refers
// to it, but never for long.
const maxRounds = 16

// clean takes out, or marks as unknown, what AWS would refuse, until the rest is
// valid.
func (l *loader) clean() {
	for range maxRounds {
		var errs vpc.Errors
		if !errors.As(l.net.Validate(), &errs) {
			return
		}
		s := &sweep{loader: l, doomed: make(map[any]bool), marked: make(map[*string]bool)}
		for _, e := range errs {
			s.judge(e)
		}
		s.remove()
		if !s.changed {
			break
		}
	}
	if err := l.net.Validate(); err != nil {
		l.report.Note(report.Skipped, "", "the network", "is still not valid: %v", err)
	}
}

// sweep is one round of cleaning. Marks are made at once; removals wait until
// all findings are judged, since they point into lists.
type sweep struct {
	*loader
	doomed  map[any]bool
	marked  map[*string]bool // Unknown texts of this round; an element may have several faults
	changed bool
	owners  map[any]*vpc.Interface // of addresses and prefixes
}

// judge decides what to do about one finding. Where leaving something out would
// turn "unknown" into "denied" or "allowed", it stays and is marked.
func (s *sweep) judge(e *vpc.Error) {
	var mark *string
	switch x := e.Element.(type) {
	case *firewall.Rule:
		if e.Code == vpc.CodeRuleDuplicate {
			s.doom(e, report.Ignored)
			return
		}
		mark = &x.Unknown
	case *firewall.Entry:
		mark = &x.Unknown
	case *routing.Route:
		mark = &x.Unknown
	case *vpc.RouteTable:
		mark = &x.Unknown
	case *vpc.Interface:
		mark = &x.Unknown
	case *vpc.LoadBalancer:
		mark = &x.Unknown
	case *vpc.TargetGroup:
		mark = &x.Unknown
	case *vpc.Address, *netip.Prefix:
		if i := s.owner(x); i != nil {
			mark = &i.Unknown
		}
	default:
		if s.repair(e) {
			return
		}
	}
	if mark == nil || *mark != "" && !s.marked[mark] {
		s.doom(e, report.Skipped) // or it was marked before, and that did not help
		return
	}
	s.marked[mark] = true
	s.note(e, report.Skipped, "unknown: ")
	join(mark, "%s (%s)", e.Message, e.Code)
	s.changed = true
}

// repair drops what of an element packets do not meet, if that is the fault.
func (s *sweep) repair(e *vpc.Error) bool {
	switch x := e.Element.(type) {
	case *vpc.SecurityGroup: // AWS has no rules about the tag Name
		if x.Name == "" || x.ID == "" {
			return false
		}
		s.note(e, report.Ignored, "as a name, its tag is left out: ")
		x.Name = s.groupName(x)
	case *vpc.PrefixList:
		if e.Code != vpc.CodePrefixListEntries {
			return false
		}
		s.note(e, report.Ignored, "its declared size is left out: ")
		x.MaxEntries = len(x.Entries)
	default:
		return false
	}
	s.changed = true
	return true
}

// groupName is the GroupName of a group that goes by its tag, else nothing.
func (s *sweep) groupName(g *vpc.SecurityGroup) string {
	if name := s.groupNames[g]; name != g.Name && name != g.ID {
		return name
	}
	return ""
}

func (s *sweep) doom(e *vpc.Error, verdict report.Verdict) {
	s.note(e, verdict, "")
	s.doomed[e.Element] = true
}

func (s *sweep) note(e *vpc.Error, verdict report.Verdict, prefix string) {
	s.report.Note(verdict, e.Origin, e.Resource, "%s%s (%s)", prefix, e.Message, e.Code)
}

// owner is the interface that an address or a delegated prefix belongs to.
func (s *sweep) owner(part any) *vpc.Interface {
	if s.owners == nil {
		s.owners = make(map[any]*vpc.Interface)
		for _, n := range s.net.VPCs {
			for _, sub := range n.Subnets {
				for _, i := range sub.Interfaces {
					for k := range i.Addresses {
						s.owners[&i.Addresses[k]] = i
					}
					for k := range i.Prefixes {
						s.owners[&i.Prefixes[k]] = i
					}
				}
			}
		}
	}
	return s.owners[part]
}

// remove takes the doomed elements out of their lists.
func (s *sweep) remove() {
	if len(s.doomed) == 0 {
		return
	}
	s.net.PrefixLists = keepPointers(s, s.net.PrefixLists)
	s.net.Gateways = keepPointers(s, s.net.Gateways)
	s.net.VPCs = keepPointers(s, s.net.VPCs)
	for _, b := range s.net.BlockPublicAccess {
		b.Exclusions = keep(s, b.Exclusions)
	}
	for _, n := range s.net.VPCs {
		n.Subnets = keepPointers(s, n.Subnets)
		n.RouteTables = keepPointers(s, n.RouteTables)
		n.NetworkACLs = keepPointers(s, n.NetworkACLs)
		n.SecurityGroups = keepPointers(s, n.SecurityGroups)
		n.Instances = keepPointers(s, n.Instances)
		n.Gateways = keepPointers(s, n.Gateways)
		n.LoadBalancers = keepPointers(s, n.LoadBalancers)
		n.TargetGroups = keepPointers(s, n.TargetGroups)
		n.FlowLogs = keepPointers(s, n.FlowLogs)
		if n.InternetGateway != nil && s.doomed[n.InternetGateway] {
			n.InternetGateway, s.changed = nil, true
		}
		for _, g := range n.SecurityGroups {
			g.Ingress, g.Egress = keep(s, g.Ingress), keep(s, g.Egress)
		}
		for _, a := range n.NetworkACLs {
			a.Ingress, a.Egress = keep(s, a.Ingress), keep(s, a.Egress)
		}
		for _, t := range n.RouteTables {
			t.Routes = keep(s, t.Routes)
		}
		for _, sub := range n.Subnets {
			sub.Interfaces = keepPointers(s, sub.Interfaces)
		}
		for _, g := range n.Gateways {
			g.Addresses = keep(s, g.Addresses)
		}
	}
	for _, g := range s.net.Gateways {
		g.Addresses = keep(s, g.Addresses)
	}
}

// keep filters a list of values, which are known by their addresses.
func keep[T any](s *sweep, list []T) []T {
	var kept []T
	for i := range list {
		if !s.doomed[&list[i]] {
			kept = append(kept, list[i])
		}
	}
	s.changed = s.changed || len(kept) < len(list)
	return kept
}

func keepPointers[T any](s *sweep, list []*T) []*T {
	var kept []*T
	for _, e := range list {
		if s.doomed[e] {
			s.lost(e)
			continue
		}
		kept = append(kept, e)
	}
	s.changed = s.changed || len(kept) < len(list)
	return kept
}

// lost notes what goes with an element that holds others.
func (s *sweep) lost(element any) {
	switch x := element.(type) {
	case *vpc.Interface:
		for _, a := range x.Addresses {
			s.unownedAddress(a.Public)
		}
	case *vpc.Gateway:
		for _, a := range x.Addresses {
			s.unownedAddress(a.Public)
		}
	case *vpc.Subnet:
		for _, i := range x.Interfaces {
			s.lost(i)
			s.report.Note(report.Skipped, i.Origin, "network interface "+i.ID, "its subnet %s is left out", x.ID)
		}
	case *vpc.VPC:
		s.report.Note(report.Skipped, x.Origin, "vpc "+x.ID, "with it are left out %d subnets, %d route tables, %d security groups and %d instances",
			len(x.Subnets), len(x.RouteTables), len(x.SecurityGroups), len(x.Instances))
	}
}
