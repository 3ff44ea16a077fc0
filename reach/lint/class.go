package lint

import (
	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/internal/classes"
	"github.com/vpcemu/vpcemu/internal/plan"
)

// class is interfaces that the network treats alike but for their addresses.
type class struct {
	subnet     *plan.Subnet
	membership *plan.Membership
	check      bool
	balancer   *plan.LoadBalancer
	public     bool
	unknown    string
	deny       bool
	endpoint   *plan.Gateway
	four, six  bool // which IP versions it has
	global     bool
	cells      string // in which its addresses are
}

// classes are one interface of each class.
func (p *pass) classes() (all []*party) {
	seen := make(map[class]bool)
	for i := range p.plan.Interfaces() {
		if i.Gateway != nil || i.Subnet == nil || !i.Attached {
			continue
		}
		c := class{i.Subnet, i.Membership, i.Desc.NoSourceDestCheck, i.Balancer, i.HasPublic(), i.Unknown, i.Desc.DenyInternetGateway,
			i.Endpoint, len(versions(i, 0)) > 0, len(versions(i, 1)) > 0, hasGlobal(i), p.classifier().Cells(i.Desc)}
		if !seen[c] {
			seen[c] = true
			all = append(all, inside(i))
		}
	}
	return all
}

// classifier says what the network cannot tell apart.
func (p *pass) classifier() *classes.Classifier {
	if p.found.classifier == nil {
		p.found.classifier = classes.New(p.explorer, p.explorer.Ends())
	}
	return p.found.classifier
}

// represent leaves addresses out that fare as others do.
func (p *pass) represent(pair *emu.Pair) {
	if classes.Many(pair) {
		p.classifier().Represent(pair)
	}
}
