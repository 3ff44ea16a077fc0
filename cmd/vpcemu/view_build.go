package main

import (
	"fmt"
	"net/netip"
	"slices"

	"github.com/vpcemu/vpcemu/internal/plan"
	"github.com/vpcemu/vpcemu/vpc"
)

// viewer makes a view of a compiled network, which knows what is in effect.
type viewer struct {
	plan *plan.Plan
	view view
}

// newView makes the whole view of a network that has been checked.
func newView(name string, n *vpc.Network) *view {
	w := viewer{plan: plan.Compile(n, nil)}
	w.view = view{
		Network: name, VPCs: []vpcView{}, Subnets: []subnetView{}, Interfaces: []interfaceView{}, RouteTables: []tableView{},
		SecurityGroups: []groupView{}, NetworkACLs: []aclView{}, Gateways: []gatewayView{},
		TransitAttachments: []attachmentView{}, TransitTables: []transitTableView{}, VPNLinks: []linkView{},
		LoadBalancers: []balancerView{}, TargetGroups: []targetGroupView{}, FlowLogs: []flowLogView{}, BlockPublicAccess: []blockView{},
		PrefixLists: []prefixListView{}, Expectations: []expectationView{},
	}
	for _, v := range w.plan.VPCs {
		w.vpc(v)
		for _, s := range v.Subnets {
			w.subnet(s)
		}
		w.tables(v)
		w.groups(v)
		w.acls(v)
		w.gateways(v)
		w.balancers(v)
		w.flowLogs(v.Desc)
	}
	for i := range w.plan.Interfaces() {
		w.iface(i)
	}
	for _, g := range n.Gateways {
		w.gateway("", g)
	}
	for _, g := range w.plan.Gateways {
		w.transit(g)
	}
	w.blocks(n)
	for _, l := range n.PrefixLists {
		w.view.PrefixLists = append(w.view.PrefixLists, prefixListView{identity{l.ID, l.Name, "", l.Origin}, texts(l.Entries), l.Unknown})
	}
	for _, x := range n.Expect {
		w.view.Expectations = append(w.view.Expectations, expectationView{fmt.Sprintf("%s -> %s %s", x.Source, x.Destination, x.Service), x.Want, x.Origin})
	}
	return &w.view
}

// texts is a list in words; an empty one, not nil, which JSON would call null.
func texts[T fmt.Stringer](list []T) []string {
	all := make([]string, len(list))
	for i, e := range list {
		all[i] = e.String()
	}
	return all
}

func (w *viewer) vpc(v *plan.VPC) {
	d := v.Desc
	w.view.VPCs = append(w.view.VPCs, vpcView{
		identity: identity{d.ID, d.Name, "", d.Origin}, CIDRs: texts(d.CIDRs), Region: d.Region, Account: d.Account,
		InternetGateway: v.GatewayID(), DNS: !d.DisableDNS, Partial: d.Partial,
	})
}

func (w *viewer) subnet(s *plan.Subnet) {
	d := s.Desc
	row := subnetView{
		identity: identity{d.ID, d.Name, s.VPC.Desc.ID, d.Origin}, CIDRs: texts(d.CIDRs), Zone: d.Zone,
		RouteTable: s.Routes.ID, NetworkACL: w.plan.ACL(s).ID, Interfaces: len(d.Interfaces),
	}
	if d.RouteTable == "" {
		row.Inherited = append(row.Inherited, "route_table")
	}
	if d.NetworkACL == "" {
		row.Inherited = append(row.Inherited, "network_acl")
	}
	for _, why := range []string{s.Routes.Unknown, w.plan.ACL(s).Unknown} {
		if why != "" {
			row.Unknown = append(row.Unknown, why)
		}
	}
	w.view.Subnets = append(w.view.Subnets, row)
}

func (w *viewer) iface(i *plan.Interface) {
	d := i.Desc
	row := interfaceView{
		identity: identity{d.ID, d.Name, i.VPC.Desc.ID, d.Origin}, Subnet: i.Subnet.Desc.ID, Addresses: addresses(d.Addresses),
		Groups: []string{}, Instance: d.Instance, State: vpc.Running.String(), Kind: d.Kind, SourceDestCheck: !d.NoSourceDestCheck, Unknown: i.Unknown,
	}
	if len(d.Prefixes) > 0 {
		row.Prefixes = texts(d.Prefixes)
	}
	for _, g := range w.plan.Filters(i).Groups {
		row.Groups = append(row.Groups, g.Desc.ID)
	}
	row.Groups = append(row.Groups, i.UnknownGroups...)
	if i.Instance != nil {
		row.Instance, row.State = i.Instance.ID, i.Instance.State.String()
		if i.Instance.Name != i.Instance.ID {
			row.InstanceName = i.Instance.Name
		}
	}
	if d.Detached {
		row.State = "detached"
	}
	w.view.Interfaces = append(w.view.Interfaces, row)
}

func addresses(list []vpc.Address) []addressView {
	rows := []addressView{}
	for _, a := range list {
		rows = append(rows, addressView{addressText(a.IP), addressText(a.Public)})
	}
	return rows
}

func addressText(a netip.Addr) string {
	if !a.IsValid() {
		return ""
	}
	return a.String()
}

// members are the IDs of the interfaces that have a group.
func members(p *plan.Plan, g *vpc.SecurityGroup) []string {
	list := []string{}
	for i := range p.Interfaces() {
		if slices.ContainsFunc(p.Filters(i).Groups, func(h *plan.Group) bool { return h.Desc == g }) {
			list = append(list, i.Desc.ID)
		}
	}
	return list
}
