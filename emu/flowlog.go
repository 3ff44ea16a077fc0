package emu

import (
	"time"

	"github.com/vpcemu/vpcemu/firewall"
	"github.com/vpcemu/vpcemu/internal/plan"
	"github.com/vpcemu/vpcemu/packet"
)

// flowOut is where flow logs take their record of what an interface sent, after
// its security groups and its subnet's network ACL (FLOW-11). What Block Public
// Access will stop is a rejected packet already here (FLOW-34).
func flowOut(w *walk) verdict {
	if w.explained {
		w.seeThrough(w.from, firewall.Egress, w.number)
	}
	switch {
	case !w.recording():
	case w.publicAccessBlocked():
		w.record(w.from, firewall.Egress, false, blockPublicAccess)
	default:
		w.record(w.from, firewall.Egress, true, "")
	}
	return passed
}

// flowIn is where flow logs take their record of what an interface received.
func flowIn(w *walk) verdict {
	if w.to.Regional() {
		return skipped // it has no interface of which there are records (ORDER-23)
	}
	if w.explained {
		w.seeThrough(w.to, firewall.Ingress, 0)
	}
	w.record(w.to, firewall.Ingress, true, "")
	return passed
}

// seeThrough shows observers of ports a packet that goes through a gateway or a load
// balancer, at whose interfaces it is neither sent nor delivered, and one that arrives at
// an interface endpoint, behind which it may be dropped.
func (w *walk) seeThrough(i *plan.Interface, dir firewall.Direction, number uint64) {
	if w.tracer == nil && w.net.em.opts.Observer.Port != nil && (goesThrough(i) || dir == firewall.Ingress && i.Service()) {
		w.net.slots.at(i.Slot).port.see(dir, number, w.pkt.Bytes())
	}
}

func goesThrough(i *plan.Interface) bool { return i != nil && (i.Gateway != nil || i.Balancer != nil) }

// blockPublicAccess is AWS's only reject-reason (FLOW-34).
const blockPublicAccess = "BPA"

// refused takes the record of a packet that a filter, or Block Public Access on the
// way in, refused; other drops leave none (FLOW-10, FLOW-15 to FLOW-17).
func (w *walk) refused(s Stage, r Reason) {
	switch s {
	case SGOut, NACLOut:
		w.record(w.from, firewall.Egress, false, "")
	case SGIn, NACLIn:
		w.record(w.to, firewall.Ingress, false, "")
	default:
		if r == BPA && w.inbound && w.binding.Interface != nil {
			w.record(w.binding.Interface, firewall.Ingress, false, blockPublicAccess)
		}
	}
}

// publicAccessBlocked reports whether the gateway that the packet is on its way to
// will refuse it for Block Public Access. It leaves no trace in the walk.
func (w *walk) publicAccessBlocked() bool {
	if w.next.verdict.outcome != pass || w.from.Subnet.Exposure == plan.OutboundOnly {
		return false
	}
	before := w.note
	v := passed
	if open := ways[w.next.target.Kind].open; open != nil {
		v = open(w)
	}
	w.note = before
	return v.outcome == drop
}

// recording reports whether anybody wants records.
func (w *walk) recording() bool {
	return w.tracer != nil && w.alike == nil || w.tracer == nil && w.net.em.opts.Observer.Flow != nil
}

func (w *walk) record(i *plan.Interface, dir firewall.Direction, accept bool, cause string) {
	if !w.recording() {
		return
	}
	r := w.recordOf(i, dir)
	r.Accept, r.Cause = accept, cause
	if accept && dir == firewall.Egress {
		r.Path = w.trafficPath()
	}
	if w.tracer != nil {
		w.tracer.record(r)
		return
	}
	r.Time = time.Unix(0, w.now)
	w.net.em.opts.Observer.Flow(r)
}

// recordOf is what the packet says of itself at an interface.
func (w *walk) recordOf(i *plan.Interface, dir firewall.Direction) Record {
	r := Record{Place: placeOf(i), Direction: dir, Flow: w.flow, Length: w.pkt.Len()}
	if w.binding.Interface == i && w.to == nil && dir == firewall.Ingress {
		r.Flow.Dst = w.binding.Private // it has not been translated yet (FLOW-9)
	}
	r.Source, r.Destination = r.Flow.Src, r.Flow.Dst
	if w.flow.Proto == packet.TCP {
		r.Flags = w.pkt.Flags
	}
	if own := i.Desc.Addresses; w.flow.Src.Is4() && len(own) > 0 && own[0].IP.Is4() { // the primary one (FLOW-7)
		if dir == firewall.Egress {
			r.Source = own[0].IP
		} else {
			r.Destination = own[0].IP
		}
	}
	return r
}

func placeOf(i *plan.Interface) Place {
	v, s := i.VPC.Desc, i.Subnet.Desc
	p := Place{Interface: i.Desc.ID, VPC: v.ID, Subnet: s.ID, Account: v.Account, Region: v.Region, Zone: s.Zone}
	if i.Instance != nil && i.Gateway == nil {
		p.Instance = i.Instance.ID
	}
	switch {
	case i.Gateway != nil:
		p.Gateway = i.Gateway.Desc.ID
	case i.Endpoint != nil:
		p.Gateway = i.Endpoint.Desc.ID
	}
	return p
}

// Places are all interfaces as they stand, those of gateways included.
func (e *Emulator) Places() []Place {
	var list []Place
	for i := range e.current.Load().plan.Interfaces() {
		if i.Regional() {
			continue
		}
		list = append(list, placeOf(i))
	}
	return list
}

// AWS's numbers for the way that a packet leaves an interface by (FLOW-36).
const (
	pathVPC uint8 = iota + 1 // through another resource in the same VPC
	_                        // an internet gateway or a gateway endpoint, if not Nitro
	pathVGW
	pathPeering
	pathPeeringInterRegion
	pathLocalGateway
	pathGatewayEndpoint
	pathInternetGateway
)

// trafficPath is the number for the way that the packet will take, 0 if it will
// take none or AWS has no number for it (FLOW-37).
func (w *walk) trafficPath() uint8 {
	switch {
	case w.via != nil || w.from.Subnet.Contains(w.flow.Dst):
		return pathVPC
	case w.next.verdict.outcome == drop:
		return 0
	}
	to := &ways[w.next.target.Kind]
	if g := w.next.target.Gateway; to.regionPath != 0 && g != nil {
		if far := g.Other(w.vpc); far != nil && far.Desc.Region != w.vpc.Desc.Region {
			return to.regionPath
		}
	}
	return to.path
}
