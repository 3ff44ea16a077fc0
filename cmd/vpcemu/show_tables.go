package main

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// sections are the tables of "vpcemu show", in their order.
var sections = []struct {
	name string // for --only
	grid func(*view) *grid
	drop func(*view)
}{
	{"vpcs", vpcGrid, func(v *view) { v.VPCs = nil }},
	{"subnets", subnetGrid, func(v *view) { v.Subnets = nil }},
	{"interfaces", interfaceGrid, func(v *view) { v.Interfaces = nil }},
	{"route-tables", tableGrid, func(v *view) { v.RouteTables = nil }},
	{"security-groups", groupGrid, func(v *view) { v.SecurityGroups = nil }},
	{"network-acls", aclGrid, func(v *view) { v.NetworkACLs = nil }},
	{"gateways", gatewayGrid, func(v *view) { v.Gateways = nil }},
	{"transit-attachments", attachmentGrid, func(v *view) { v.TransitAttachments = nil }},
	{"transit-route-tables", transitTableGrid, func(v *view) { v.TransitTables = nil }},
	{"vpn-links", linkGrid, func(v *view) { v.VPNLinks = nil }},
	{"load-balancers", balancerGrid, func(v *view) { v.LoadBalancers = nil }},
	{"target-groups", targetGroupGrid, func(v *view) { v.TargetGroups = nil }},
	{"flow-logs", flowLogGrid, func(v *view) { v.FlowLogs = nil }},
	{"block-public-access", blockGrid, func(v *view) { v.BlockPublicAccess = nil }},
	{"prefix-lists", prefixListGrid, func(v *view) { v.PrefixLists = nil }},
	{"expectations", expectationGrid, func(v *view) { v.Expectations = nil }},
	{"report", readGrid, func(*view) {}},
	{"report", reportGrid, func(v *view) { v.Report = nil }},
}

func sectionNames() []string {
	var names []string
	for _, s := range sections {
		names = append(names, s.name)
	}
	return slices.Compact(names)
}

// of is the VPC of a thing, where there is more than one to choose from.
func (v *view) of(i identity) string {
	if len(v.VPCs) < 2 {
		return ""
	}
	return i.VPC
}

// words are those that are not empty, with commas between them.
func words(list []string) string {
	list = slices.DeleteFunc(slices.Clone(list), func(s string) bool { return s == "" })
	return strings.Join(list, ", ")
}

// doubt is a remark on what is not known, "" if nothing is.
func doubt(unknown string) string {
	if unknown == "" {
		return ""
	}
	return "unknown: " + unknown
}

func vpcGrid(v *view) *grid {
	g := &grid{title: "VPCs", header: []string{"VPC", "CIDR", "REGION", "ACCOUNT", "INTERNET GATEWAY", "REMARKS", "WHERE"}}
	for _, r := range v.VPCs {
		var remarks []string
		if !r.DNS {
			remarks = append(remarks, "no DNS")
		}
		if r.Partial {
			remarks = append(remarks, "partial: what is not listed is unknown")
		}
		g.add(true, r.label(), words(r.CIDRs), r.Region, r.Account, r.InternetGateway, words(remarks), r.Origin)
	}
	return g
}

func subnetGrid(v *view) *grid {
	n := v.names()
	g := &grid{title: "Subnets", header: []string{"SUBNET", "VPC", "CIDR", "ZONE", "ROUTE TABLE", "NETWORK ACL", "INTERFACES", "REMARKS", "WHERE"}}
	for _, r := range v.Subnets {
		table, acl := n.of(r.RouteTable), n.of(r.NetworkACL)
		for _, field := range r.Inherited {
			if field == "route_table" && table != "main" {
				table += " (main)"
			}
			if field == "network_acl" && acl != "default" {
				acl += " (default)"
			}
		}
		g.add(true, r.label(), v.of(r.identity), words(r.CIDRs), r.Zone, table, acl, strconv.Itoa(r.Interfaces), words(r.Unknown), r.Origin)
	}
	return g
}

func interfaceGrid(v *view) *grid {
	n := v.names()
	g := &grid{title: "Interfaces", header: []string{"INTERFACE", "VPC", "SUBNET", "ADDRESS", "PUBLIC", "GROUPS", "INSTANCE", "REMARKS", "WHERE"}}
	for _, r := range v.Interfaces {
		private, public := split(r.Addresses)
		remarks := r.Prefixes
		if r.State != "running" {
			remarks = append(remarks, r.State)
		}
		if r.Kind != "" && r.Kind != "interface" {
			remarks = append(remarks, r.Kind)
		}
		if !r.SourceDestCheck {
			remarks = append(remarks, "no source/dest check")
		}
		remarks = append(remarks, doubt(r.Unknown))
		g.add(true, r.label(), v.of(r.identity), n.of(r.Subnet), private, public, n.list(r.Groups), nameOr(r.InstanceName, r.Instance), words(remarks), r.Origin)
	}
	return g
}

// split is the private addresses and the public ones.
func split(list []addressView) (private, public string) {
	var p, q []string
	for _, a := range list {
		if a.IP != "" {
			p = append(p, a.IP)
		}
		if a.Public != "" {
			q = append(q, a.Public)
		}
	}
	return words(p), words(q)
}

func tableGrid(v *view) *grid {
	n := v.names()
	g := &grid{title: "Route tables", header: []string{"ROUTE TABLE", "VPC", "USED BY", "DESTINATION", "TARGET", "STATE", "WHERE"}}
	for _, t := range v.RouteTables {
		routeRows(g, n, []string{t.label(), v.of(t.identity), n.list(t.UsedBy)}, t.Routes, t.Unknown, t.Origin)
	}
	return g
}

func groupGrid(v *view) *grid {
	n := v.names()
	g := &grid{
		title: "Security groups", remark: "what no rule allows is denied; answers pass",
		header: []string{"GROUP", "VPC", "USED BY", "DIRECTION", "SERVICE", "FROM / TO", "REMARKS", "WHERE"},
	}
	for _, s := range v.SecurityGroups {
		lead := []string{s.label(), v.of(s.identity), n.list(s.UsedBy)}
		if len(s.Rules) == 0 {
			g.add(true, append(lead, "no rules", "", "", s.Description, s.Origin)...)
		}
		for k, r := range s.Rules {
			remarks := cmp.Or(doubt(r.Unknown), r.Description)
			g.add(k == 0, append(lead, r.Direction, r.Service, n.of(r.Peer), remarks, r.Origin)...)
			lead = []string{"", "", ""}
		}
	}
	return g
}

func aclGrid(v *view) *grid {
	n := v.names()
	g := &grid{
		title: "Network ACLs", remark: "what no rule matches is denied, and answers need a rule of their own",
		header: []string{"NETWORK ACL", "VPC", "USED BY", "DIRECTION", "RULE", "ACTION", "SERVICE", "FROM / TO", "REMARKS", "WHERE"},
	}
	for _, s := range v.NetworkACLs {
		lead := []string{s.label(), v.of(s.identity), n.list(s.UsedBy)}
		if len(s.Rules) == 0 {
			g.add(true, append(lead, "no rules", "", "", "", "", "", s.Origin)...)
		}
		for k, r := range s.Rules {
			g.add(k == 0, append(lead, r.Direction, strconv.Itoa(r.Number), r.Action, r.Service, r.CIDR, doubt(r.Unknown), r.Origin)...)
			lead = []string{"", "", ""}
		}
	}
	return g
}

func gatewayGrid(v *view) *grid {
	n := v.names()
	g := &grid{title: "Gateways", header: []string{"GATEWAY", "VPC", "KIND", "SUBNET", "JOINS", "STATE", "ADDRESS", "PUBLIC", "REMARKS", "WHERE"}}
	for _, r := range v.Gateways {
		private, public := split(r.Addresses)
		remark := ""
		if !r.Modelled {
			remark = "not modelled: fates are unknown"
		}
		g.add(true, r.label(), v.of(r.identity), r.Kind, n.of(r.Subnet), words(r.VPCs), r.State, private, public, remark, r.Origin)
	}
	return g
}

func prefixListGrid(v *view) *grid {
	g := &grid{title: "Prefix lists", header: []string{"PREFIX LIST", "ENTRIES", "REMARKS", "WHERE"}}
	for _, r := range v.PrefixLists {
		g.add(true, r.label(), words(r.Entries), doubt(r.Unknown), r.Origin)
	}
	return g
}

func expectationGrid(v *view) *grid {
	g := &grid{title: "Expectations", remark: `"vpcemu check" asks them`, header: []string{"EXPECTATION", "WANT", "WHERE"}}
	for _, r := range v.Expectations {
		g.add(true, strings.Replace(r.Expectation, " -> ", " → ", 1), r.Want, r.Origin)
	}
	return g
}
