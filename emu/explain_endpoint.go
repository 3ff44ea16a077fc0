package emu

import "github.com/vpcemu/vpcemu/internal/plan"

// endpointComponent names the endpoint: the interface of an interface endpoint, else
// the endpoint itself.
func endpointComponent(w *walk, set func(kind, id, origin string, subnet *plan.Subnet, v *plan.VPC)) {
	i := w.to
	if i == nil {
		i = w.from
	}
	switch {
	case i != nil && i.Service():
		set("eni", i.Desc.ID, i.Desc.Origin, i.Subnet, i.VPC)
	case w.fromGWLB():
		d := w.from.Gateway.Desc
		set(d.Kind.String(), d.ID, d.Origin, w.from.Subnet, w.from.VPC)
	case w.point != nil:
		d := w.point.Desc
		set(d.Kind.String(), d.ID, d.Origin, nil, w.vpc)
	}
}
