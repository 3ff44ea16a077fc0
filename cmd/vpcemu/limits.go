package main

import (
	"fmt"
	"strconv"

	"github.com/vpcemu/vpcemu/vpc"
)

// limitsView is "vpcemu show --limits".
type limitsView struct {
	Network string      `json:"network"`
	Over    int         `json:"over"`
	Limits  []limitView `json:"limits"`
}

// limitView is one quota and what has most of it, or more than it may.
type limitView struct {
	Quota    string `json:"quota"`
	Resource string `json:"resource"`
	Used     int    `json:"used"`
	Limit    int    `json:"limit"`
	Over     bool   `json:"over"`
	Rule     string `json:"rule"`
	// Code is what AWS would answer.
	Code   string `json:"code,omitempty"`
	Origin string `json:"origin,omitempty"`
}

// newLimitsView holds a network against the quotas of a new account. Each quota is
// there once, for the resource with the most, and again for all that are over it.
func newLimitsView(name string, n *vpc.Network) *limitsView {
	v := &limitsView{Network: name, Limits: []limitView{}}
	uses := n.Usage(vpc.DefaultLimits())
	fullest := make(map[string]int) // by quota
	for i, u := range uses {
		if k, ok := fullest[u.Rule+u.Quota]; !ok || u.Used > uses[k].Used {
			fullest[u.Rule+u.Quota] = i
		}
	}
	for i, u := range uses {
		if u.Over() {
			v.Over++
		} else if fullest[u.Rule+u.Quota] != i {
			continue
		}
		row := limitView{Quota: u.Quota, Resource: u.Resource, Used: u.Used, Limit: u.Limit, Over: u.Over(), Rule: u.Rule, Origin: u.Origin}
		if row.Over {
			row.Code = u.Code
		}
		v.Limits = append(v.Limits, row)
	}
	return v
}

func (a *app) showLimits(network string, n *vpc.Network, f showFlags) error {
	v := newLimitsView(network, n)
	if f.output.value == "json" {
		return writeJSON(a.out, v)
	}
	width := 0
	if !f.wide {
		width = terminalWidth(a.stdout)
	}
	return limitGrid(v).write(a.out, a.paint(), width)
}

func limitGrid(v *limitsView) *grid {
	g := &grid{
		title: "Quotas", remark: fmt.Sprintf("%d over; of each quota the resource that has most, of what is described", v.Over),
		header: []string{"QUOTA", "USED", "LIMIT", "STATE", "RESOURCE", "RULE", "WHERE"},
	}
	for _, r := range v.Limits {
		state := ""
		if r.Over {
			state = "over: " + r.Code
		}
		g.add(true, r.Quota, strconv.Itoa(r.Used), strconv.Itoa(r.Limit), state, r.Resource, r.Rule, r.Origin)
	}
	return g
}
