package emu

import (
	"fmt"
	"slices"

	"github.com/vpcemu/vpcemu/internal/plan"
	"github.com/vpcemu/vpcemu/vpc"
)

// The changes below mean what [Emulator.Update] with the same edit means, errors
// included, and cost what they touch instead of what the network is. Package plan
// says when a change is as small as it looks; one that is not, or is a mistake, is
// left to Update.

// UpdateSecurityGroup changes a security group, by ID, name or "vpc/name". The edit
// works on a copy and is called once.
func (e *Emulator) UpdateSecurityGroup(name string, edit func(*vpc.SecurityGroup) error) error {
	var edited *vpc.SecurityGroup
	return e.change(func(p *plan.Plan) (next *plan.Plan, err error) {
		next, edited, err = p.WithGroup(name, edit)
		return next, err
	}, carried, func(n *vpc.Network) error {
		g := n.SecurityGroup(name)
		if edited == nil {
			return edit(g)
		}
		*g = *edited
		return nil
	})
}

// UpdateNetworkACL changes a network ACL; see [Emulator.UpdateSecurityGroup].
func (e *Emulator) UpdateNetworkACL(name string, edit func(*vpc.NetworkACL) error) error {
	var edited *vpc.NetworkACL
	return e.change(func(p *plan.Plan) (next *plan.Plan, err error) {
		next, edited, err = p.WithACL(name, edit)
		return next, err
	}, carried, func(n *vpc.Network) error {
		a := n.NetworkACL(name)
		if edited == nil {
			return edit(a)
		}
		*a = *edited
		return nil
	})
}

// UpdateRouteTable changes a route table; see [Emulator.UpdateSecurityGroup]. A route
// may concern any gateway and what is behind it, so this is Update for now.
func (e *Emulator) UpdateRouteTable(name string, edit func(*vpc.RouteTable) error) error {
	return e.Update(func(n *vpc.Network) error { return edit(n.RouteTable(name)) })
}

// AddInterface adds an interface to a subnet, by ID, name or "vpc/name". It works
// on a copy of the interface. Addresses that are left open are assigned.
func (e *Emulator) AddInterface(subnet string, i *vpc.Interface) error {
	var added *plan.Interface
	return e.change(func(p *plan.Plan) (next *plan.Plan, err error) {
		next, added = p.WithInterface(subnet, i.Clone())
		return next, nil
	}, func(g *generation) { g.enter(added) }, func(n *vpc.Network) error {
		s := n.Subnet(subnet)
		s.Interfaces = append(s.Interfaces, i.Clone())
		return nil
	})
}

// RemoveInterface takes an interface, by ID, name or "vpc/name", out of the network.
func (e *Emulator) RemoveInterface(name string) error {
	var gone *plan.Interface
	return e.change(func(p *plan.Plan) (next *plan.Plan, err error) {
		next, gone = p.WithoutInterface(name)
		return next, nil
	}, func(g *generation) { g.leave(gone) }, func(n *vpc.Network) error {
		i := n.Interface(name)
		for _, v := range n.VPCs {
			for _, s := range v.Subnets {
				s.Interfaces = slices.DeleteFunc(s.Interfaces, func(o *vpc.Interface) bool { return o == i })
			}
		}
		return nil
	})
}

// carried is for changes that leave interfaces as they are.
func carried(*generation) {}

// change makes the plan that a small change leads to the current one, and the state
// follow it. Without such a plan it is an Update.
func (e *Emulator) change(small func(*plan.Plan) (*plan.Plan, error), follow func(*generation), edit func(*vpc.Network) error) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	prev := e.current.Load()
	next, err := small(prev.plan)
	if err != nil {
		return fmt.Errorf("update: %w", err)
	}
	if next == nil || prev.expires(e.now()) {
		return e.update(prev, edit)
	}
	g := prev.with(next)
	follow(g)
	e.put(g, prev)
	return nil
}

// with is a generation of another plan and, for now, the same state.
func (g *generation) with(p *plan.Plan) *generation {
	return &generation{
		em: g.em, plan: p,
		slots: g.slots, outer: g.outer,
		waiting: g.waiting, memories: g.memories, draining: g.draining, services: g.services,
	}
}

// enter gives a new interface a port and state.
func (g *generation) enter(i *plan.Interface) {
	g.slots = g.slots.with(i.Slot, slot{i, &Port{em: g.em, slot: i.Slot, id: i.Desc.ID}, newState(&g.em.flows, i, nil)})
}

// leave forgets an interface.
func (g *generation) leave(i *plan.Interface) { g.slots = g.slots.with(i.Slot, slot{}) }
