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

// toGatewayEndpoint is a gateway endpoint on the way to its service.
var toGatewayEndpoint = [...]stage{
	{EP, endpointSource},
	{EP, endpointCarries},
	{MTU, endpointMTU},
}

// fromGatewayEndpoint is a gateway endpoint on the way back.
var fromGatewayEndpoint = [...]stage{
	{EP, endpointAnswers},
	{MTU, endpointMTUBack},
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
		s.port.deliver(w.pkt.Bytes())
	}
}

// fromEndpoint is the way of a packet that the service of a gateway endpoint sends:
// no route table is asked (RT-50).
func (w *walk) fromEndpoint(g *plan.Gateway) {
	w.vpc, w.point, w.to, w.inside = g.VPCs[0], g, nil, false
	if w.run(fromGatewayEndpoint[:]) {
		w.arrive()
	}
}

// endpointSource: a gateway endpoint serves the interfaces of its VPC, and not what
// comes from a peering connection, a transit gateway or a VPN (EP-6).
func endpointSource(w *walk) verdict {
	if w.net.plan.Owner(w.vpc, w.flow.Src) == nil {
		w.sayAddr(w.flow.Src, "is not an interface's address of "+w.vpc.Desc.ID)
		return dropped(EPSource)
	}
	return passed
}

// endpointCarries: TCP and ICMP echo (EP-7).
func endpointCarries(w *walk) verdict {
	_, request, echo := w.pkt.ICMPEcho()
	if w.flow.Proto == packet.TCP || echo && request || w.pkt.IsLaterFragment() && w.flow.Proto.IsICMP() {
		return passed
	}
	return dropped(EPProtocol)
}

// endpointMTU drops larger packets in silence (MTU-4, MTU-11).
func endpointMTU(w *walk) verdict {
	if w.pkt.Len() > mtuEndpoint {
		w.say("larger than 8500 bytes")
		return dropped(MTUExceeded)
	}
	return passed
}

// endpointMTUBack is endpointMTU for what comes back, where a packet is rarely too
// large: one that fits leaves no step in a trace.
func endpointMTUBack(w *walk) verdict {
	if v := endpointMTU(w); v.outcome != pass {
		return v
	}
	return skipped
}

// endpointAnswers: the service answers and never begins (EP-8), and of ICMP only echo
// replies come back (EP-7).
func endpointAnswers(w *walk) verdict {
	_, request, echo := w.pkt.ICMPEcho()
	switch {
	case !w.point.Desc.Works():
		w.sayName(w.point.Desc.ID, "is in state "+w.point.Desc.State)
		return dropped(EPSource)
	case w.flow.Proto == packet.TCP && w.pkt.Flags.Has(packet.SYN) && !w.pkt.Flags.Has(packet.ACK):
		w.say("a service begins no connection through an endpoint")
		return dropped(EPSource)
	case w.flow.Proto == packet.TCP, echo && !request, w.pkt.IsLaterFragment() && w.flow.Proto.IsICMP():
		return passed
	}
	return dropped(EPProtocol)
}

// Interface endpoints (EP-13 to EP-21, ORDER-30) are ordinary interfaces. What is
// delivered to one goes on to the service:
//
//	S ─▶ … ─▶ ingress ─▶ toService ─▶ the interface's port
//	S ◀─ … ◀─ egress ◀─ fromService ◀─ the interface's port

// toService is what a packet meets behind the interface of an interface endpoint.
var toService = [...]stage{
	{MTU, serviceMTU},
	{EP, serviceProtocol},
	{EP, serviceEnter},
	{Deliver, serve},
}

// fromService is what a packet of the service meets before it leaves the interface.
var fromService = [...]stage{
	{EP, serviceAnswers},
	{MTU, serviceMTUBack},
}

// serviceMTU is endpointMTU, and keeps TCP segments small from the start (EP-21).
func serviceMTU(w *walk) verdict {
	headers := uint16(40)
	if !w.flow.Dst.Is4() {
		headers = 60
	}
	w.pkt.ClampMSS(mtuEndpoint - headers)
	return endpointMTU(w)
}

// serviceMTUBack is serviceMTU for what comes back; see endpointMTUBack.
func serviceMTUBack(w *walk) verdict {
	if v := serviceMTU(w); v.outcome != pass {
		return v
	}
	return skipped
}

// serviceProtocol: TCP, and UDP where the service takes it (EP-18).
func serviceProtocol(w *walk) verdict {
	switch {
	case w.flow.Proto == packet.TCP, w.pkt.IsICMPError():
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
// (NAT-15) it is then dropped as part of no flow.
func serviceEnter(w *walk) verdict {
	table := &w.state(w.to).rare().service
	if about, ok := w.pkt.EmbeddedFlow(); ok && w.pkt.IsICMPError() {
		if !table.knows(about.Reverse(), w.now) {
			return dropped(NATUnsolicited)
		}
		return passed
	}
	opens := w.flow.Proto != packet.TCP || w.pkt.Flags.Has(packet.SYN) && !w.pkt.Flags.Has(packet.ACK)
	if !opens && !table.knows(w.flow, w.now) {
		w.say("no connection, and no plain SYN: answered with RST")
		if !w.pkt.Flags.Has(packet.RST) {
			w.answerFrom(w.to, packet.AppendReset(nil, &w.pkt))
		}
		return dropped(NATUnsolicited)
	}
	table.enter(w.flow, w.now)
	return passed
}

// serve hands the packet to the service.
func serve(w *walk) verdict {
	w.result = Result{Fate: Delivered, At: w.to.Desc.ID}
	w.net.deliver(w)
	return ended
}

// serviceAnswers: the service never begins (EP-17).
func serviceAnswers(w *walk) verdict {
	about, ok := w.pkt.EmbeddedFlow()
	if !ok || !w.pkt.IsICMPError() {
		about = w.flow.Reverse()
	}
	if !w.state(w.from).rare().service.knows(about, w.now) {
		w.say("it answers nothing that came to the endpoint")
		return dropped(EPSource)
	}
	return skipped
}

// throughEndpoint reports whether the packet's way is one through an endpoint whose
// flows are tracked whatever the rules: an interface endpoint, a Network Load
// Balancer, or a gateway endpoint of DynamoDB (SG-34).
func (w *walk) throughEndpoint() bool {
	return w.toDynamoDB() || tracks(w.from) || tracks(w.to) || tracks(w.net.plan.Owner(w.peerOf(), w.flow.Dst))
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

// farService is the far side of a gateway endpoint.
type farService struct {
	gateway *plan.Gateway
	port    *Port
}

func serviceKey(g *plan.Gateway) string { return g.VPCs[0].Desc.ID + "/" + g.Desc.ID }

// endpointServices gives every gateway endpoint a port, which stays from plan to
// plan.
func (g *generation) endpointServices(prev *generation) {
	for _, gateway := range g.plan.Gateways {
		if gateway.Desc.Kind != routing.GatewayEndpoint {
			continue
		}
		key := serviceKey(gateway)
		port := prev.services[key].port
		if port == nil {
			port = &Port{em: g.em, slot: behind, id: gateway.Desc.ID, service: key}
		}
		if g.services == nil {
			g.services = make(map[string]farService)
		}
		g.services[key] = farService{gateway, port}
	}
}

// behind is the slot of the ports of gateway endpoints.
const behind = -2

// serviceNamed finds gateway endpoints by ID, by name or by "vpc/name".
func (g *generation) serviceNamed(name string) []*plan.Gateway {
	var found []*plan.Gateway
	for key, s := range g.services {
		d, v := s.gateway.Desc, s.gateway.VPCs[0].Desc
		if name == d.ID || name == key || name == d.Name || d.Name != "" && (name == v.ID+"/"+d.Name || name == v.Name+"/"+d.Name) {
			found = append(found, s.gateway)
		}
	}
	return found
}

// serviceEnd is the service of a gateway endpoint as an end of a query: an address
// of each IP version of its prefix list.
func (g *generation) serviceEnd(name string, gateway *plan.Gateway) endpoint {
	e := endpoint{name: name, service: gateway}
	list := g.plan.Network.ServiceList(gateway.Desc)
	if list == nil {
		return e
	}
	for _, p := range list.Entries {
		k := 0
		if p.Addr().Is6() {
			k = 1
		}
		if !e.hosts[k].IsValid() {
			e.hosts[k] = p.Masked().Addr().Next()
		}
	}
	return e
}

// answering is the gateway endpoint through which the packet has left, nil for none.
func (w *walk) answering() *plan.Gateway {
	if w.result.Fate != Exited || w.next.target.Kind != routing.GatewayEndpoint {
		return nil
	}
	return w.point
}
