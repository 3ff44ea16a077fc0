package emu

import (
	"github.com/vpcemu/vpcemu/internal/plan"
	"github.com/vpcemu/vpcemu/packet"
	"github.com/vpcemu/vpcemu/routing"
	"github.com/vpcemu/vpcemu/vpc"
)

// Gateway endpoints (EP-1 to EP-12, ORDER-29) are a target of routes with the service
// right behind it; what the service answers comes in by plain local delivery:
//
//	S ─▶ egress ─▶ toGatewayEndpoint ─▶ the service's port
//	S ◀─ ingress ◀─ fromGatewayEndpoint ◀─ the service's port

// EP is the gateway or interface endpoint.
const EP Stage = "EP"

// toGatewayEndpoint is a gateway endpoint on the way to its service.
var toGatewayEndpoint = [...]stage{
	{EP, endpointSource, atGatewayEndpoint, pastDrop},
	{EP, endpointCarries, atGatewayEndpoint, pastDrop},
	{MTU, endpointMTU, atGatewayEndpoint, final},
}

// fromGatewayEndpoint is a gateway endpoint on the way back.
var fromGatewayEndpoint = [...]stage{
	{EP, endpointAnswers, atGatewayEndpoint, pastDrop},
	{MTU, endpointMTUBack, atGatewayEndpoint, final},
}

func atGatewayEndpoint(w *walk, s *Step) {
	s.looksAt("vpce", w.point.Desc.ID, w.point.Desc.Origin, nil, w.vpc)
}

// mtuEndpoint is the largest IP packet that passes a VPC endpoint, in bytes (EP-21,
// MTU-4).
const mtuEndpoint = 8500

// throughGatewayEndpoint hands a packet to the service of the endpoint that its
// route names. Its addresses stay (EP-3).
func (w *walk) throughGatewayEndpoint() {
	w.point = w.next.target.Gateway
	if !w.run(toGatewayEndpoint[:]) {
		return
	}
	w.result = Result{Fate: Exited, At: w.point.Desc.ID}
	if s, ok := w.net.services[serviceKey(w.point)]; ok && w.tracer == nil {
		w.ends.arrive(s.port, w.pkt.Bytes())
		s.port.deliver(w.pkt.Bytes())
	}
}

// fromEndpointPort is the way of a packet from the port of a gateway endpoint's service.
func (w *walk) fromEndpointPort(key string) {
	if s, ok := w.net.services[key]; ok {
		w.fromEndpoint(s.gateway)
		return
	}
	w.result = Result{Fate: Dropped, Reason: ENINotAttached}
}

// fromEndpoint is the way of a packet that the service of a gateway endpoint sends:
// no route table is asked (RT-50).
func (w *walk) fromEndpoint(g *plan.Gateway) {
	w.moveTo(stop{vpc: g.VPCs[0], point: g})
	if w.run(fromGatewayEndpoint[:]) {
		w.arrive()
	}
}

// endpointSource: a gateway endpoint serves the interfaces of its VPC, and not what
// comes from a peering connection, a transit gateway or a VPN (EP-6).
func endpointSource(w *walk) verdict {
	if w.owner(w.vpc, w.flow.Src) == nil {
		w.sayAddr(w.flow.Src, "is not an interface's address of "+w.vpc.Desc.ID)
		return dropped(EPSource)
	}
	return passed
}

// endpointCarries: TCP and ICMP echo (EP-7).
func endpointCarries(w *walk) verdict {
	if w.flow.Proto == packet.TCP || w.isEchoRequest() || w.pkt.IsLaterFragment() && w.flow.Proto.IsICMP() {
		return passed
	}
	return dropped(EPProtocol)
}

// endpointMTU drops larger packets in silence (MTU-4, MTU-11).
func endpointMTU(w *walk) verdict {
	if !w.fits(mtuEndpoint) {
		w.say("larger than 8500 bytes")
		return dropped(MTUExceeded)
	}
	return passed
}

// endpointMTUBack is endpointMTU for what comes back, where a packet is rarely too
// large: one that fits leaves no step in a trace.
func endpointMTUBack(w *walk) verdict {
	return unlessPassed(endpointMTU(w))
}

// unlessPassed leaves a stage that lets the packet pass out of a trace.
func unlessPassed(v verdict) verdict {
	if v.outcome == pass {
		return skipped
	}
	return v
}

// endpointAnswers: the service answers and never begins (EP-8), and of ICMP only echo
// replies come back (EP-7).
func endpointAnswers(w *walk) verdict {
	switch {
	case !w.point.Desc.Works():
		w.sayName(w.point.Desc.ID, "is in state "+w.point.Desc.State)
		return dropped(EPNotAvailable)
	case w.plainSYN():
		w.say("a service begins no connection through an endpoint")
		return dropped(EPSource)
	case w.flow.Proto == packet.TCP, w.isEchoReply(), w.pkt.IsLaterFragment() && w.flow.Proto.IsICMP():
		return passed
	}
	return dropped(EPProtocol)
}

// throughEndpoint reports whether the packet's way is one through an endpoint whose
// flows are tracked whatever the rules: an interface endpoint, a Network Load
// Balancer, or a gateway endpoint of DynamoDB (SG-34).
func (w *walk) throughEndpoint() bool {
	return w.toDynamoDB() || tracks(w.from) || tracks(w.to) || tracks(w.owner(w.peerOf(), w.flow.Dst))
}

func tracks(i *plan.Interface) bool {
	return i != nil && (i.Service() || i.Balancer != nil && i.Balancer.Desc.Kind == vpc.NetworkLoadBalancer)
}

// toDynamoDB reports whether the packet goes to, or comes from, DynamoDB through a
// gateway endpoint: such a connection takes two entries (SG-35).
func (w *walk) toDynamoDB() bool {
	g := w.point
	if w.next.target.Kind == routing.GatewayEndpoint {
		g = w.next.target.Gateway
	}
	return g != nil && g.Desc.Endpoint.Is("dynamodb")
}

// answering is the gateway endpoint through which the packet has left, nil for none.
func (w *walk) answering() *plan.Gateway {
	if w.result.Fate != Exited {
		return nil
	}
	return w.point
}
