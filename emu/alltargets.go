package emu

import (
	"fmt"
	"net/netip"
	"reflect"
	"slices"
	"strings"

	"github.com/vpcemu/vpcemu/internal/plan"
	"github.com/vpcemu/vpcemu/vpc"
)

// TargetTrace is the answer for one target of a load balancer.
type TargetTrace struct {
	// Node is the load balancer's interface that the client asks.
	Node string `json:"node"`
	// Target is the address and port that it sends to, and what has it.
	Target    string `json:"target"`
	Interface string `json:"interface,omitempty"`
	Trace     *Trace `json:"trace"`
}

// String is "app-1 10.0.1.5:80 by node-a".
func (t *TargetTrace) String() string {
	return strings.TrimSpace(t.Interface+" "+t.Target) + " by " + t.Node
}

// balances notes a load balancer that the packet goes through.
func (t *tracer) balances(b *plan.LoadBalancer) {
	if t != nil {
		t.balancers = append(t.balancers, b)
		if t.alike == nil && b.VPC.Desc.Partial && b.Desc.CrossZone == vpc.CrossZoneDefault {
			t.assume("nothing describes the attributes of load balancer " + label(b.Desc.ID, b.Desc.Name) + ": taken as AWS's defaults")
		}
	}
}

// balancedTo reports whether a packet to a load balancer has ended behind it.
func (t *tracer) balancedTo(w *walk) bool {
	return t.goal.iface != nil && t.goal.iface.Balancer != nil && w.result.Fate != Dropped && slices.Contains(t.balancers, t.goal.iface.Balancer)
}

// traceTargets asks about every target that a load balancer would choose, through
// every node: all must be reached.
func (g *generation) traceTargets(q Query) (*Trace, error) {
	end, err := g.resolve(q.Destination)
	if err != nil {
		return nil, fmt.Errorf("destination: %w", err)
	}
	if end.iface == nil || end.iface.Balancer == nil {
		return nil, fmt.Errorf("destination: %s is no load balancer, so it has no targets", q.Destination)
	}
	q.IPv6 = q.IPv6 || end.asked && end.addr.Is6()
	var targets []TargetTrace
	for _, node := range end.iface.Balancer.Nodes {
		for _, target := range targetsOf(node, q) {
			one, err := g.traceTarget(q, node, target)
			if err != nil {
				return nil, err
			}
			targets = append(targets, *one)
		}
	}
	if len(targets) == 0 {
		q.AllTargets = false
		return g.trace(q)
	}
	return together(targets, q.Destination), nil
}

// together is the first of the traces that is as bad as all of them, with what is in the
// way to any target.
func together(targets []TargetTrace, destination string) *Trace {
	shown := targets[0]
	for _, one := range targets {
		if worse(shown.Trace.Verdict, one.Trace.Verdict) != shown.Trace.Verdict {
			shown = one
		}
	}
	all := *shown.Trace
	all.Destination, all.Targets, all.shown = destination, targets, shown.String()
	all.Blockers, all.Unknowns = []Blocker{}, []Blocker{}
	for _, one := range targets {
		all.Blockers = merge(all.Blockers, one.Trace.Blockers, one.String())
		all.Unknowns = merge(all.Unknowns, one.Trace.Unknowns, one.String())
	}
	return &all
}

// merge adds what is in the way to a target; what is in the way to several is one thing.
func merge(all, more []Blocker, target string) []Blocker {
	for _, b := range more {
		k := slices.IndexFunc(all, func(o Blocker) bool {
			o.Targets = nil
			return reflect.DeepEqual(o, b)
		})
		if k < 0 {
			k, all = len(all), append(all, b)
		}
		all[k].Targets = append(all[k].Targets, target)
	}
	return all
}

// worse is the answer for both of two.
func worse(a, b Answer) Answer {
	switch {
	case a == Blocked || b == Blocked:
		return Blocked
	case a == Uncertain || b == Uncertain:
		return Uncertain
	}
	return Reachable
}

// targetsOf are the targets that a node may choose for a service.
func targetsOf(node *plan.Interface, q Query) []*plan.BalancerTarget {
	l := node.Balancer.Listener(uint8(q.Service.Protocol), uint16(q.Service.From))
	if l == nil {
		return nil
	}
	var all []*plan.BalancerTarget
	for k, group := range l.Groups {
		if group != nil && (len(l.Groups) == 1 || l.Desc.Forward[k].Weight > 0) {
			eligible, _ := group.Eligible(node)
			all = append(all, eligible...)
		}
	}
	return all
}

func (g *generation) traceTarget(q Query, node *plan.Interface, target *plan.BalancerTarget) (*TargetTrace, error) {
	q.Destination = node.Key()
	t, err := newTracer(g, q)
	if err != nil {
		return nil, err
	}
	t.only = netip.AddrPortFrom(target.Addr, target.Port)
	one := &TargetTrace{Node: node.Desc.ID, Target: t.only.String(), Trace: t.trace()}
	if target.Interface != nil {
		one.Interface = target.Interface.Desc.ID
	}
	return one, nil
}

// balancersNamed finds load balancers by ID or name, in one VPC or, if owner is empty,
// in all.
func (g *generation) balancersNamed(owner, name string) []*plan.LoadBalancer {
	var found []*plan.LoadBalancer
	for _, v := range g.plan.VPCs {
		if owner != "" && v.Desc.ID != owner && v.Desc.Name != owner {
			continue
		}
		for _, b := range v.Balancers {
			if (b.Desc.ID == name || b.Desc.Name == name) && name != "" {
				found = append(found, b)
			}
		}
	}
	return found
}

// lbNamed finds the node that stands for a load balancer: the first one whose
// listeners all have a healthy target, as its DNS name would leave the others out
// (ELB-10), or else the first.
func (g *generation) lbNamed(owner, name string) ([]*plan.Interface, error) {
	var found []*plan.Interface
	for _, b := range g.balancersNamed(owner, name) {
		if len(b.Nodes) == 0 {
			return nil, fmt.Errorf("load balancer %s has no interface in the description", name)
		}
		found = append(found, nodeInService(b))
	}
	return found, nil
}

func nodeInService(b *plan.LoadBalancer) *plan.Interface { return nodesInService(b)[0] }

// nodesInService are the nodes that a load balancer's name leads to: those whose listeners
// all have a healthy target, or else all (ELB-10).
func nodesInService(b *plan.LoadBalancer) []*plan.Interface {
	var all []*plan.Interface
	for _, node := range b.Nodes {
		serves := true
		for _, l := range b.Listeners {
			for _, group := range l.Groups {
				if group == nil {
					continue
				}
				targets, open := group.Eligible(node)
				serves = serves && len(targets) > 0 && !open
			}
		}
		if serves {
			all = append(all, node)
		}
	}
	if len(all) == 0 {
		return b.Nodes
	}
	return all
}

// Nodes are the nodes that a load balancer's name leads to, as a [Query] names them; nil if
// an end is none.
func (x *Explorer) Nodes(destination string) (keys []string) {
	end, err := x.net.resolve(destination)
	if err != nil || end.balancer == nil {
		return nil
	}
	for _, node := range nodesInService(end.balancer) {
		keys = append(keys, node.Key())
	}
	return keys
}
