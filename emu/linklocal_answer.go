package emu

import (
	"bytes"

	"github.com/vpcemu/vpcemu/packet"
)

// A link-local service answers with packets that go straight to the guest that
// asked: no filter, route table or flow log sees them (LNK-8, ORDER-35).
//
//	UDP: a datagram      ─▶ a datagram back
//	TCP: SYN             ─▶ SYN-ACK
//	     data, FIN       ─▶ an ACK of it, with FIN if it had one
//	     ACK alone, RST  ─▶ nothing
//
// The resolver answers queries (dns.go). What the others answer says what a packet says,
// and has no content: what a clock or a metadata service would tell is not modelled,
// unless [Options.LinkLocal] tells it.

// answerService makes a service answer the packet that it was handed.
func (w *walk) answerService(name string) {
	if w.tracer != nil {
		return
	}
	port := w.net.slots.at(w.from.Slot).port
	if serve := w.net.em.opts.LinkLocal; serve != nil && serve(port, name, w.pkt.Bytes()) || w.pkt.IsFragment() {
		return
	}
	s, ok := serviceAnswer(&w.pkt)
	if !ok || !port.listening() {
		return
	}
	switch name {
	case metadataService:
		s.TTL = w.metadataTTL()
	case dnsService:
		w.answerDNS(&s)
	}
	port.deliver(s.Bytes())
}

// serviceAnswer is what answers a packet, if anything does. Services keep no
// connections: a segment is answered by what it says alone.
func serviceAnswer(p *packet.Packet) (s packet.Spec, ok bool) {
	s.Flow = p.Flow.Reverse()
	if p.Flow.Proto != packet.TCP {
		return s, true
	}
	seq, ack := p.TCPSeq()
	s.Flags, s.Seq, s.Ack = packet.ACK, ack, seq+uint32(len(p.Payload()))
	switch {
	case p.Flags.Has(packet.RST), p.Flags.Has(packet.SYN | packet.ACK):
		return s, false
	case p.Flags.Has(packet.SYN):
		s.Flags |= packet.SYN
		s.Seq = 0
		s.Ack++ // SYN and FIN count as one byte each
	case p.Flags.Has(packet.FIN):
		s.Flags |= packet.FIN
		s.Ack++
	case len(p.Payload()) == 0:
		return s, false
	}
	return s, true
}

// metadataTTL is the TTL of what the metadata service answers: the response to a
// PUT, which asks for a token, has the hop limit of the instance (LNK-12, LIM-44),
// others the ordinary one (LNK-13). A guest that sends a response with TTL 1 on, to
// a container behind it, drops it.
func (w *walk) metadataTTL() uint8 {
	if !bytes.HasPrefix(w.pkt.Payload(), []byte("PUT ")) {
		return 0
	}
	return uint8(max(1, w.from.Desc.Metadata.HopLimit))
}
