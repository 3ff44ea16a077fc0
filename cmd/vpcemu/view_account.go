package main

import (
	"cmp"
	"fmt"

	"github.com/vpcemu/vpcemu/vpc"
)

type flowLogView struct {
	identity
	// Resource it covers: a VPC, a subnet or an interface.
	Resource string `json:"resource"`
	// Traffic is ACCEPT, REJECT or ALL.
	Traffic     string `json:"traffic"`
	Interval    int    `json:"interval"` // in seconds
	Destination string `json:"destination,omitempty"`
	Format      string `json:"format"`
}

type blockView struct {
	Account string `json:"account,omitempty"` // empty for all
	Region  string `json:"region,omitempty"`
	Mode    string `json:"mode"` // "unknown" if it is not known
	// Unknown says why the mode is not known.
	Unknown    string          `json:"unknown,omitempty"`
	Exclusions []exclusionView `json:"exclusions"`
	Origin     string          `json:"origin,omitempty"`
}

type exclusionView struct {
	Resource string `json:"resource"`
	Mode     string `json:"mode"`
	Origin   string `json:"origin,omitempty"`
}

func (w *viewer) flowLogs(v *vpc.VPC) {
	for _, l := range v.FlowLogs {
		subnet, iface := v.FlowLogScope(l)
		w.view.FlowLogs = append(w.view.FlowLogs, flowLogView{
			identity: identity{l.ID, l.Name, v.ID, l.Origin}, Resource: cmp.Or(iface, subnet, v.ID), Traffic: cmp.Or(l.Traffic, "ALL"),
			Interval: cmp.Or(l.Interval, 600), Destination: l.Destination, Format: cmp.Or(l.Format, vpc.DefaultFlowFormat),
		})
	}
}

func (w *viewer) blocks(n *vpc.Network) {
	for _, b := range n.BlockPublicAccess {
		row := blockView{Account: b.Account, Region: b.Region, Mode: b.Mode.String(), Unknown: b.Unknown, Exclusions: []exclusionView{}, Origin: b.Origin}
		if b.Unknown != "" {
			row.Mode = "unknown"
		}
		for k := range b.Exclusions {
			e := &b.Exclusions[k]
			row.Exclusions = append(row.Exclusions, exclusionView{e.Resource, e.Mode(), e.Origin})
		}
		w.view.BlockPublicAccess = append(w.view.BlockPublicAccess, row)
	}
}

func flowLogGrid(v *view) *grid {
	n := v.names()
	g := &grid{title: "Flow logs", header: []string{"FLOW LOG", "VPC", "COVERS", "TRAFFIC", "INTERVAL", "DESTINATION", "FORMAT", "WHERE"}}
	for _, r := range v.FlowLogs {
		format := r.Format
		if format == vpc.DefaultFlowFormat {
			format = "default"
		}
		g.add(true, r.label(), v.of(r.identity), n.of(r.Resource), r.Traffic, fmt.Sprintf("%ds", r.Interval), r.Destination, format, r.Origin)
	}
	return g
}

func blockGrid(v *view) *grid {
	n := v.names()
	g := &grid{title: "Block Public Access", header: []string{"ACCOUNT", "REGION", "MODE", "EXCLUSION", "EXCLUSION MODE", "REMARKS", "WHERE"}}
	for _, r := range v.BlockPublicAccess {
		lead := []string{cmp.Or(r.Account, "all"), cmp.Or(r.Region, "all"), r.Mode}
		g.add(true, append(lead, "", "", doubt(r.Unknown), r.Origin)...)
		for _, e := range r.Exclusions {
			g.add(false, "", "", "", n.of(e.Resource), e.Mode, "", e.Origin)
		}
	}
	return g
}
