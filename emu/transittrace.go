package emu

import (
	"github.com/vpcemu/vpcemu/internal/plan"
)

// transitGateway is the transit gateway that a stage looks at: the one that the
// packet is in, or whose interface it was delivered to.
func (w *walk) transitGateway() *plan.Gateway {
	if w.transit.in != nil {
		return w.transit.in.Gateway
	}
	return w.to.Gateway
}

func atTransitGateway(w *walk, s *Step) {
	g := w.transitGateway().Desc
	s.looksAt("tgw", g.ID, g.Origin, nil, w.vpc)
}

// atTransitRoute also says which route of the gateway's table the packet takes.
func atTransitRoute(w *walk, s *Step) {
	atTransitGateway(w, s)
	at := &w.transit
	if !at.hop.found {
		return
	}
	route, target := at.in.Table.Target(at.hop.route)
	s.Route, s.Origin = route.String(), route.Origin
	taken := *route
	taken.Target.ID, taken.Blackhole = target.ID, target.Blackhole
	s.Decided = Decided{Route: &taken, Table: at.in.Table.ID}
	if target.ID != route.Target.ID {
		s.Route += " (" + target.ID + ")"
	}
	if target.Blackhole {
		s.Detail = "the route of " + at.in.Table.ID + " is a blackhole"
	}
}

// pastTransit goes on behind a transit gateway's refusal: from another zone, and
// to the VPC that the trace is about.
func pastTransit(t *tracer, w *walk, v verdict) verdict {
	at := &w.transit
	switch v.reason {
	case TGWZone:
		if len(at.in.Interfaces) > 0 {
			w.to = at.in.Interfaces[0]
			at.entry = w.to
			return passed
		}
	case TGWNoAssociation, TGWNoRoute, TGWBlackhole:
		if o := t.goal.outer; o != nil && o.Attachment != nil && o.Attachment.Gateway == at.in.Gateway {
			at.hop, at.out = hop{}, o.Attachment
			return passed
		}
		if t.target == nil || !w.owns(t.target, w.flow.Dst) {
			return v
		}
		at.hop = hop{}
		if at.out = at.in.Gateway.AttachmentOf(t.target.VPC); at.out != nil {
			return passed
		}
	}
	return v
}
