package emu

import (
	"slices"

	"github.com/vpcemu/vpcemu/firewall"
	"github.com/vpcemu/vpcemu/internal/plan"
	"github.com/vpcemu/vpcemu/routing"
)

// Where a stage drops a packet, or does not know, a trace lets it pass, if it is
// clear what would come next if the stage had not. Each line of a stage table names
// the function that does; those of gateways stand in the file of their kind.

// final is that of stages behind which nothing is clear.
func final(_ *tracer, _ *walk, v verdict) verdict { return v }

// goOn is that of stages behind which the packet goes on as it is.
func goOn(*tracer, *walk, verdict) verdict { return passed }

// pastDrop is goOn but for what is not known.
func pastDrop(_ *tracer, _ *walk, v verdict) verdict {
	if v.outcome == drop {
		return passed
	}
	return v
}

func pastDetached(_ *tracer, w *walk, v verdict) verdict {
	if w.from.Unknown != "" {
		return v
	}
	return passed
}

func pastReceiver(_ *tracer, w *walk, v verdict) verdict {
	if w.to != nil && w.to.Unknown == "" {
		return passed
	}
	return v
}

func pastGroupsOut(t *tracer, w *walk, _ verdict) verdict {
	t.state(w.from).flows.Add(firewall.Egress, &w.pkt, w.flow, w.now)
	return passed
}

func pastGroupsIn(t *tracer, w *walk, _ verdict) verdict {
	t.state(w.to).flows.Add(firewall.Ingress, &w.pkt, w.flow, w.now)
	return passed
}

// pastEdge goes to the middlebox that the edge table names, or straight to the
// destination.
func pastEdge(_ *tracer, w *walk, v verdict) verdict {
	if v.outcome != drop {
		return v
	}
	w.to = w.next.target.Interface
	return passed
}

// reroute guesses where a route would have led, had there been one: to the
// middlebox that is down, straight to the interface that is meant, or to the
// internet gateway.
func reroute(t *tracer, w *walk, v verdict) verdict {
	switch {
	case v.outcome == unknown, w.in(nat64, w.flow.Dst): // which gateway would make IPv4 of it, nobody says
		return v
	case v.reason == Blackhole && w.next.target.Interface != nil && w.next.target.Interface != w.from:
		t.down[w.next.target.Interface.Desc.ID] = true
	case t.target != nil && w.owns(t.target, w.flow.Dst):
		w.vpc, w.inside = t.target.VPC, false
		w.next.target = plan.Target{Kind: routing.Local, ID: "local"}
	case t.goal.outer != nil && slices.Contains(t.goal.outer.VPCs, w.vpc):
		w.inside = false
		w.next.target = plan.Target{Kind: t.goal.outer.Desc.Kind, ID: t.goal.outer.Desc.ID, Gateway: t.goal.outer}
	case !w.isPrivate(w.flow.Dst):
		w.inside = false
		w.next.target = plan.Target{Kind: routing.InternetGateway}
	default:
		return v
	}
	return passed
}
