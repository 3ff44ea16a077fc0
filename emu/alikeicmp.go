package emu

import (
	"github.com/vpcemu/vpcemu/internal/space"
	"github.com/vpcemu/vpcemu/packet"
)

// kind is some types of ICMP messages. What a stage asks the walk about the type narrows to
// the types that are of the same kind, as what it asks about ports does to ports.
type kind func(proto packet.Proto, icmpType uint8) bool

func echoRequest(proto packet.Proto, icmpType uint8) bool {
	_, request, _ := packet.ICMPKind(proto, icmpType)
	return request
}

func echoReply(proto packet.Proto, icmpType uint8) bool {
	echo, request, _ := packet.ICMPKind(proto, icmpType)
	return echo && !request
}

func icmpError(proto packet.Proto, icmpType uint8) bool {
	_, _, failure := packet.ICMPKind(proto, icmpType)
	return failure
}

// neighbourDiscovery is what RFC 4861 keeps a guest's addresses going with.
func neighbourDiscovery(proto packet.Proto, icmpType uint8) bool {
	return proto == packet.ICMPv6 && icmpType >= 133 && icmpType <= 136
}

// isEchoRequest reports whether the packet is an ICMP echo request.
func (w *walk) isEchoRequest() bool { return w.flow.Proto.IsICMP() && w.echo(true, echoRequest) }

// isEchoReply reports whether the packet is an ICMP echo reply.
func (w *walk) isEchoReply() bool { return w.flow.Proto.IsICMP() && w.echo(false, echoReply) }

func (w *walk) echo(request bool, is kind) bool {
	w.sameType(is)
	_, asks, echo := w.pkt.ICMPEcho()
	return echo && asks == request
}

// isICMPError reports whether the packet is an ICMP error, or a later fragment of one
// (SG-53). Who wants to know only what it quotes asks for that: what stands for many
// packets quotes none.
func (w *walk) isICMPError() bool { return w.flow.Proto.IsICMP() && w.icmpError() }

func (w *walk) icmpError() bool {
	w.sameType(icmpError)
	if w.pkt.IsLaterFragment() {
		return icmpError(w.flow.Proto, w.header.ICMPType)
	}
	return w.pkt.IsICMPError()
}

// about is the flow that the packet, an ICMP error, quotes, or its first fragment
// (SG-53).
func (w *walk) about() (f packet.Flow, ok bool) {
	if w.flow.Proto.IsICMP() {
		f, ok = w.quotes()
	}
	return f, ok
}

func (w *walk) quotes() (packet.Flow, bool) {
	if w.quoted != nil {
		return *w.quoted, true
	}
	return w.pkt.EmbeddedFlow()
}

// isNeighbourDiscovery reports whether the packet is one of neighbour discovery.
func (w *walk) isNeighbourDiscovery() bool {
	w.sameType(neighbourDiscovery)
	return neighbourDiscovery(w.flow.Proto, w.pkt.ICMPType)
}

// sameType narrows ICMP to the types around the packet's of which the same is true.
func (w *walk) sameType(is kind) {
	if w.alike != nil && w.alike.typed && w.flow.Proto.IsICMP() {
		w.alike.types(w.flow.Proto, w.pkt.ICMPType, is)
	}
}

// types is sameType for a type that the packet had as it was sent.
func (a *alike) types(proto packet.Proto, at uint8, is kind) {
	first, last := at, at
	for first > 0 && is(proto, first-1) == is(proto, at) {
		first--
	}
	for last < 255 && is(proto, last+1) == is(proto, at) {
		last++
	}
	a.box[space.Services] = a.box[space.Services].And(space.Span{First: space.Service(uint8(proto), uint16(first)<<8), Last: space.Service(uint8(proto), uint16(last)<<8|255)})
}
