package emu

import (
	"time"

	"github.com/vpcemu/vpcemu/internal/plan"
	"github.com/vpcemu/vpcemu/routing"
	"github.com/vpcemu/vpcemu/vpc"
)

// PCX is the peering connection.
const PCX Stage = "PCX"

// peering is what a packet meets at a peering connection (PCX-1 to PCX-17,
// ORDER-25). Behind it there is plain local delivery in the other VPC: its route
// tables are not asked (PCX-8, RT-50).
var peering = [...]stage{
	{PCX, peeringActive, atPeering, pastPeering},
	{PCX, peeringAddresses, atPeering, final},
	{MTU, peeringMTU, atPeering, final},
}

// mtuPeering is the largest IP packet that passes a peering connection between
// Regions, in bytes; within a Region it is an interface's own limit (PCX-12).
const mtuPeering = 8500

func atPeering(w *walk, s *Step) {
	g := w.next.target.Gateway.Desc
	s.looksAt("pcx", g.ID, g.Origin, nil, w.vpc)
}

// pastPeering imagines the connection to be active; one that joins other VPCs leads
// nowhere.
func pastPeering(_ *tracer, w *walk, v verdict) verdict {
	if w.next.target.Gateway.Other(w.vpc) != nil {
		return passed
	}
	return v
}

// throughPeering carries a packet into the VPC at the other end.
func (w *walk) throughPeering() {
	if !w.run(peering[:]) {
		return
	}
	far := w.next.target.Gateway.Other(w.vpc)
	if far.Desc.Region != w.vpc.Desc.Region {
		w.identity = nil // group references end at the Region's border (PCX-10, SG-23)
	}
	w.moveTo(stop{vpc: far, from: w.from})
	w.arrive()
}

func peeringActive(w *walk) verdict {
	g := w.next.target.Gateway
	if !g.Desc.Works() || g.Other(w.vpc) == nil {
		w.sayName(g.Desc.ID, "is not active")
		return dropped(PCXNotActive)
	}
	return passed
}

// peeringAddresses: the source must be an address of an interface of this VPC, the
// destination lie in the other's ranges; so peering is not transitive, and nobody's
// gateway can be used across it (PCX-4, PCX-5, PCX-6).
func peeringAddresses(w *walk) verdict {
	far := w.next.target.Gateway.Other(w.vpc)
	switch {
	case !w.vpcHas(w.vpc, w.flow.Src) || w.owner(w.vpc, w.flow.Src) == nil:
		w.sayAddr(w.flow.Src, "is not an interface's address of "+w.vpc.Desc.ID)
		return dropped(PCXAddress)
	case !w.vpcHas(far, w.flow.Dst):
		w.sayAddr(w.flow.Dst, "is not in the ranges of "+far.Desc.ID)
		return dropped(PCXAddress)
	}
	return passed
}

// peeringMTU: jumbo packets pass within a Region, and up to 8500 bytes between
// two (MTU-3).
func peeringMTU(w *walk) verdict {
	far := w.next.target.Gateway.Other(w.vpc)
	if far.Desc.Region != w.vpc.Desc.Region && !w.fits(mtuPeering) {
		w.say("larger than 8500 bytes")
		return dropped(MTUExceeded)
	}
	return passed
}

// peerOf is the VPC in which the destination of a packet lies if its route leads
// through a peering connection, else the VPC that the packet is in.
func (w *walk) peerOf() *plan.VPC {
	if g := w.next.target.Gateway; g != nil {
		if far := g.Other(w.vpc); far != nil && far.Desc.Region == w.vpc.Desc.Region {
			return far
		}
	}
	return w.vpc
}

// requestExpires is how long a peering connection waits to be accepted (LIM-31,
// PCX-15).
const requestExpires = 7 * 24 * time.Hour

const pending = "pending-acceptance"

// requests is since when the peering connections of a network wait to be accepted:
// as long as the emulator has known them to.
func (g *generation) requests(prev *generation, now time.Time) {
	g.waiting = make(map[string]time.Time)
	for _, c := range g.plan.Network.Gateways {
		if c.Kind == routing.PeeringConnection && c.State == pending {
			since, known := prev.waiting[c.ID]
			if !known {
				since = now
			}
			g.waiting[c.ID] = since
		}
	}
}

// expires reports whether a peering connection has waited too long, so that any
// change makes it expired.
func (g *generation) expires(now time.Time) bool {
	for _, since := range g.waiting {
		if now.Sub(since) >= requestExpires {
			return true
		}
	}
	return false
}

// expire makes what has waited too long in the network before a change expired, and
// in the changed one too, unless that says otherwise. It returns the network before
// the change.
func (g *generation) expire(changed *vpc.Network, now time.Time) *vpc.Network {
	before := g.plan.Network
	for id, since := range g.waiting {
		if now.Sub(since) < requestExpires {
			continue
		}
		if before == g.plan.Network {
			before = before.Clone()
		}
		for _, n := range []*vpc.Network{before, changed} {
			for _, c := range n.Gateways {
				if c.ID == id && c.State == pending {
					c.State = "expired"
				}
			}
		}
	}
	return before
}
