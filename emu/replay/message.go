package replay

import "github.com/vpcemu/vpcemu/packet"

// message sends an ICMP error of one end about what the other has sent. Those of routers
// are left out: the network's own have something to say themselves.
func (r *Replay) message(about packet.Flow) {
	p := &r.pkt
	f, d := r.flows[about], Reply // of the server, about the request
	if f == nil {
		f, d = r.flows[about.Reverse()], Request
	}
	switch {
	case f == nil:
		r.unused(NotUsed{Because: "an ICMP error about no flow of the capture"})
	case p.Flow.Src != about.Dst:
		r.unused(NotUsed{Because: "an ICMP error of a router, of which the network has its own"})
	case d == Reply && f.answered:
		r.unused(NotUsed{Because: "the answer of a service that the network answers for by itself"})
	case f.at == nil:
		r.withhold(f, d)
	case d == Reply && !r.cross(f):
		r.unused(NotUsed{Because: otherVersion, Matters: true})
	case d == Reply:
		r.rewriteMessage(f.arrived)
		r.send(f, d, f.at)
	default:
		r.rewriteMessage(f.sent.Reverse())
		r.send(f, d, f.client.port)
	}
}

// rewriteMessage makes an ICMP error one about a packet as its sender has seen it.
func (r *Replay) rewriteMessage(about packet.Flow) {
	p := &r.pkt
	p.SetEmbeddedFlow(about)
	p.SetSrc(about.Dst)
	p.SetDst(about.Src)
}
