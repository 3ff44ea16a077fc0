package emu

import (
	"time"

	"github.com/vpcemu/vpcemu/firewall"
	"github.com/vpcemu/vpcemu/internal/plan"
)

// flowOut is where flow logs take their record of what an interface sent, after
// its security groups and its subnet's network ACL (FLOW-11).
func flowOut(w *walk) verdict {
	w.record(w.from, firewall.Egress, true)
	return passed
}

// flowIn is where flow logs take their record of what an interface received.
func flowIn(w *walk) verdict {
	w.record(w.to, firewall.Ingress, true)
	return passed
}

// refused takes the record of a packet that a filter refused; drops at other
// stages leave none (FLOW-10, FLOW-15 to FLOW-17).
func (w *walk) refused(s Stage) {
	switch s {
	case SGOut, NACLOut:
		w.record(w.from, firewall.Egress, false)
	case SGIn, NACLIn:
		w.record(w.to, firewall.Ingress, false)
	}
}

func (w *walk) record(i *plan.Interface, dir firewall.Direction, accept bool) {
	if f := w.net.em.opts.Observer.Flow; f != nil && w.tracer == nil {
		f(Record{time.Unix(0, w.now), i.Desc.ID, dir, accept, w.flow, w.pkt.Len()})
	}
}
