package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/vpcemu/vpcemu/internal/plan"
	"github.com/vpcemu/vpcemu/vpc"
)

type balancerView struct {
	identity
	Kind      string         `json:"kind"`
	Scheme    string         `json:"scheme"`
	State     string         `json:"state,omitempty"`
	Groups    []string       `json:"groups"`
	CrossZone bool           `json:"cross_zone"`
	Nodes     []nodeView     `json:"nodes"`
	Listeners []listenerView `json:"listeners"`
	Unknown   string         `json:"unknown,omitempty"`
}

// nodeView is the interface of a load balancer in a subnet.
type nodeView struct {
	Interface string        `json:"interface"`
	Subnet    string        `json:"subnet"`
	Addresses []addressView `json:"addresses"`
}

type listenerView struct {
	Protocol string        `json:"protocol"`
	Port     uint16        `json:"port"`
	Forward  []forwardView `json:"forward"`
	Unknown  string        `json:"unknown,omitempty"`
	Origin   string        `json:"origin,omitempty"`
}

type forwardView struct {
	TargetGroup string `json:"target_group"`
	Weight      int    `json:"weight"`
}

type targetGroupView struct {
	identity
	Type     string `json:"type"`
	Protocol string `json:"protocol"`
	Port     uint16 `json:"port"`
	// PreserveClientIP: targets see the address of the client.
	PreserveClientIP bool         `json:"preserve_client_ip"`
	UsedBy           []string     `json:"used_by"` // load balancers
	Targets          []targetView `json:"targets"`
	Unknown          string       `json:"unknown,omitempty"`
}

type targetView struct {
	ID   string `json:"id"`
	Port uint16 `json:"port"`
	// Health is AWS's word; "healthy" where the description says nothing.
	Health string `json:"health"`
}

func (w *viewer) balancers(v *plan.VPC) {
	for _, b := range v.Balancers {
		d := b.Desc
		row := balancerView{
			identity: identity{d.ID, d.Name, v.Desc.ID, d.Origin}, Kind: d.Kind.String(), Scheme: "internet-facing", State: d.State,
			Groups: list(d.Groups), CrossZone: d.CrossesZones(), Nodes: []nodeView{}, Listeners: []listenerView{}, Unknown: d.Unknown,
		}
		if d.Internal {
			row.Scheme = "internal"
		}
		for _, i := range b.Nodes {
			row.Nodes = append(row.Nodes, nodeView{i.Desc.ID, i.Subnet.Desc.ID, addresses(i.Desc.Addresses)})
		}
		for _, l := range d.Listeners {
			one := listenerView{Protocol: l.Protocol, Port: l.Port, Forward: []forwardView{}, Unknown: l.Unknown, Origin: l.Origin}
			for _, f := range l.Forward {
				one.Forward = append(one.Forward, forwardView{f.TargetGroup, f.Weight})
			}
			row.Listeners = append(row.Listeners, one)
		}
		w.view.LoadBalancers = append(w.view.LoadBalancers, row)
	}
	for _, g := range v.Desc.TargetGroups {
		w.view.TargetGroups = append(w.view.TargetGroups, targetGroup(v.Desc, g))
	}
}

func targetGroup(v *vpc.VPC, g *vpc.TargetGroup) targetGroupView {
	row := targetGroupView{
		identity: identity{g.ID, g.Name, v.ID, g.Origin}, Type: g.Type.String(), Protocol: g.Protocol, Port: g.Port,
		PreserveClientIP: g.PreservesClient(), UsedBy: []string{}, Targets: []targetView{}, Unknown: g.Unknown,
	}
	for _, b := range v.LoadBalancers {
		uses := func(f vpc.Forward) bool { return v.TargetGroup(f.TargetGroup) == g }
		if slices.ContainsFunc(b.Listeners, func(l vpc.Listener) bool { return slices.ContainsFunc(l.Forward, uses) }) {
			row.UsedBy = append(row.UsedBy, b.ID)
		}
	}
	for _, t := range g.Targets {
		row.Targets = append(row.Targets, targetView{t.ID, cmp.Or(t.Port, g.Port), cmp.Or(t.Health, "healthy")})
	}
	return row
}

// text is "TCP/443 → apps", with weights if there are several groups.
func (l listenerView) text(n names) string {
	var to []string
	for _, f := range l.Forward {
		name := n.of(f.TargetGroup)
		if len(l.Forward) > 1 {
			name = fmt.Sprintf("%s (%d)", name, f.Weight)
		}
		to = append(to, name)
	}
	if len(to) == 0 {
		to = []string{"no target group"}
	}
	return fmt.Sprintf("%s/%d → %s", l.Protocol, l.Port, words(to))
}

func balancerGrid(v *view) *grid {
	n := v.names()
	g := &grid{title: "Load balancers", header: []string{"LOAD BALANCER", "VPC", "KIND", "SCHEME", "STATE", "GROUPS", "NODES", "LISTENER", "REMARKS", "WHERE"}}
	for _, r := range v.LoadBalancers {
		var nodes, remarks []string
		for _, node := range r.Nodes {
			private, public := split(node.Addresses)
			nodes = append(nodes, strings.TrimSpace(n.of(node.Subnet)+" "+words([]string{private, public})))
		}
		if r.CrossZone {
			remarks = append(remarks, "cross-zone")
		}
		remarks = append(remarks, doubt(r.Unknown))
		rows := max(1, len(nodes), len(r.Listeners))
		lead := []string{r.label(), v.of(r.identity), r.Kind, r.Scheme, r.State, n.list(r.Groups)}
		for k := range rows {
			node, listener, remark, origin := "", "", words(remarks), r.Origin
			if k > 0 {
				remark, origin = "", ""
			}
			if k < len(nodes) {
				node = nodes[k]
			}
			if k < len(r.Listeners) {
				l := r.Listeners[k]
				listener, origin = l.text(n), cmp.Or(l.Origin, origin)
				remark = words([]string{remark, doubt(l.Unknown)})
			}
			g.add(k == 0, append(lead, node, listener, remark, origin)...)
			lead = make([]string, len(lead))
		}
	}
	return g
}

func targetGroupGrid(v *view) *grid {
	n := v.names()
	g := &grid{title: "Target groups", header: []string{"TARGET GROUP", "VPC", "USED BY", "TYPE", "PROTOCOL", "TARGET", "HEALTH", "REMARKS", "WHERE"}}
	for _, r := range v.TargetGroups {
		remark := ""
		if r.PreserveClientIP {
			remark = "targets see the client's address"
		}
		remark = cmp.Or(doubt(r.Unknown), remark)
		lead := []string{r.label(), v.of(r.identity), n.list(r.UsedBy), r.Type, r.Protocol}
		if len(r.Targets) == 0 {
			g.add(true, append(lead, "none", "", remark, r.Origin)...)
		}
		for k, t := range r.Targets {
			target := n.of(t.ID)
			if t.Port != 0 {
				target = fmt.Sprintf("%s port %d", target, t.Port)
			}
			if k > 0 {
				remark, r.Origin = "", ""
			}
			g.add(k == 0, append(lead, target, t.Health, remark, r.Origin)...)
			lead = make([]string, len(lead))
		}
	}
	return g
}
