package emu

import (
	"github.com/vpcemu/vpcemu/packet"
	"github.com/vpcemu/vpcemu/vpc"
)

// Interface endpoints (EP-13 to EP-21, ORDER-30) are ordinary interfaces. What is
// delivered to one goes on to the service:
//
//	S ─▶ … ─▶ ingress ─▶ toService ─▶ the interface's port
//	S ◀─ … ◀─ egress ◀─ fromService ◀─ the interface's port

// toService is what a packet meets behind the interface of an interface endpoint.
var toService = [...]stage{
	{MTU, serviceMTU, atReceiver, final},
	{EP, serviceProtocol, atReceiver, pastDrop},
	{EP, serviceEnter, atReceiver, pastDrop},
	{Deliver, serviceDeliver, atReceiver, final},
}

// fromService is what a packet of the service meets before it leaves the interface.
var fromService = [...]stage{
	{EP, serviceAnswers, atSender, pastDrop},
	{MTU, serviceMTUBack, atSender, final},
}

// serviceMTU is endpointMTU, and keeps TCP segments small from the start (EP-21).
func serviceMTU(w *walk) verdict {
	w.clampMSS(mtuEndpoint)
	return endpointMTU(w)
}

// serviceMTUBack is serviceMTU for what comes back; see endpointMTUBack.
func serviceMTUBack(w *walk) verdict {
	return unlessPassed(serviceMTU(w))
}

// serviceProtocol: TCP, and UDP where the service takes it (EP-18).
func serviceProtocol(w *walk) verdict {
	switch {
	case w.flow.Proto == packet.TCP, w.isICMPError():
		return passed
	case w.flow.Proto != packet.UDP:
		return dropped(EPProtocol)
	}
	g := w.to.Endpoint
	switch {
	case g == nil:
		w.say("nothing describes the endpoint, and whether its service takes UDP")
		return undetermined
	case g.Desc.Endpoint.UDP == vpc.Maybe:
		w.say("whether the service takes UDP is not known")
		return undetermined
	case g.Desc.Endpoint.UDP == vpc.Yes:
		return passed
	}
	return dropped(EPProtocol)
}

// serviceEnter remembers the flow. A TCP segment of a connection that is not known,
// or has been idle for 350 seconds, is answered with RST (EP-20). As at a NAT gateway
// (NAT-15) it is then dropped.
func serviceEnter(w *walk) verdict {
	table := w.state(w.to).rare().service
	if w.isICMPError() {
		if about, ok := w.about(); !ok || !table.knows(about.Reverse(), w.now) {
			return dropped(NoFlow)
		}
		return passed
	}
	if !w.opens() && !table.knows(w.flow, w.now) {
		w.say("no connection, and no plain SYN: answered with RST")
		if !w.pkt.Flags.Has(packet.RST) {
			w.answerFrom(w.to, packet.AppendReset(nil, &w.pkt))
		}
		return dropped(NoFlow)
	}
	if !table.enter(w.flow, w.now) {
		return w.tableFull()
	}
	return passed
}

// serviceDeliver hands the packet to the service. Observers have seen it at its flow log.
func serviceDeliver(w *walk) verdict {
	w.result = Result{Fate: Delivered, At: w.to.Desc.ID}
	if w.tracer == nil {
		port := w.net.slots.at(w.to.Slot).port
		w.ends.arrive(port, w.pkt.Bytes())
		port.hand(w.pkt.Bytes())
	}
	return ended
}

// serviceAnswers: the service never begins (EP-17).
func serviceAnswers(w *walk) verdict {
	asked, ok := w.asked()
	if !ok || !w.state(w.from).rare().service.knows(asked, w.now) {
		w.say("it answers nothing that came to the endpoint")
		return dropped(EPSource)
	}
	return skipped
}
