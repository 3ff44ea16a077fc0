package emu

import "github.com/vpcemu/vpcemu/internal/plan"

// What a stage looks at, as a step of a trace names it. Those of gateways stand in
// the file of their kind.

// looksAt names what a step is about.
func (s *Step) looksAt(kind, id, origin string, subnet *plan.Subnet, v *plan.VPC) {
	s.Kind, s.Component, s.Origin = kind, id, origin
	if subnet != nil {
		s.Subnet = subnet.Desc.ID
	}
	if v != nil {
		s.VPC = v.Desc.ID
	}
}

// looksAtInterface names an interface, or the gateway whose interface it is.
func (s *Step) looksAtInterface(i *plan.Interface) {
	s.looksAt("eni", i.Desc.ID, i.Desc.Origin, i.Subnet, i.VPC)
	if i.Gateway != nil {
		s.Kind, s.Component = i.Gateway.Desc.Kind.String(), i.Gateway.Desc.ID
	}
}

// atSender names the sender's interface, or the service of the fabric that answered.
func atSender(w *walk, s *Step) {
	if w.result.Fate == Delivered && w.to == nil {
		s.looksAt("service", w.result.At, "", w.from.Subnet, w.from.VPC)
		return
	}
	s.looksAtInterface(w.from)
}

// atReceiver names the receiver's interface, or the VPC that has none.
func atReceiver(w *walk, s *Step) {
	if w.to == nil {
		s.looksAt("vpc", w.vpc.Desc.ID, w.vpc.Desc.Origin, nil, w.vpc)
		return
	}
	s.looksAtInterface(w.to)
}

func atACLOut(w *walk, s *Step) {
	s.looksAt("acl", w.net.plan.ACL(w.from.Subnet).ID, "", w.from.Subnet, w.from.VPC)
}

func atACLIn(w *walk, s *Step) {
	s.looksAt("acl", w.net.plan.ACL(w.to.Subnet).ID, "", w.to.Subnet, w.to.VPC)
}

func atRoutes(w *walk, s *Step) {
	s.looksAt("rtb", w.from.Subnet.Routes.ID, "", w.from.Subnet, w.from.VPC)
}

func atEdge(w *walk, s *Step) { s.looksAt("rtb", w.edgeTable().ID, "", nil, w.vpc) }
