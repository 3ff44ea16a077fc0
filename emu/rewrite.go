package emu

import (
	"net/netip"

	"github.com/vpcemu/vpcemu/packet"
)

// setSrc rewrites the source in the packet and in what filters see.
func (w *walk) setSrc(a netip.Addr) {
	w.pkt.SetSrc(a)
	if w.alike != nil && a != w.flow.Src {
		w.alike.src = addrOrigin{}
	}
	w.flow.Src = a
}

// setSrcPort rewrites the source port, or the identifier of an echo. A later
// fragment has none in its bytes.
func (w *walk) setSrcPort(port uint16) {
	if !w.pkt.IsLaterFragment() {
		w.pkt.SetSrcPort(port)
	}
	if w.alike != nil && port != w.flow.SrcPort {
		w.alike.sport = portFixed
	}
	w.flow.SrcPort = port
}

// setDstPort rewrites the destination port, in the packet and in what filters see.
func (w *walk) setDstPort(port uint16) {
	if !w.pkt.IsLaterFragment() {
		w.pkt.SetDstPort(port)
	}
	if w.alike != nil && port != w.flow.DstPort {
		w.alike.dport = portFixed
	}
	w.flow.DstPort, w.header.Port = port, port
}

// setDst rewrites the destination in the packet and in what filters see.
func (w *walk) setDst(a netip.Addr) {
	w.pkt.SetDst(a)
	if w.alike != nil && a != w.flow.Dst {
		w.alike.dst = addrOrigin{}
	}
	w.flow.Dst = a
}

// setQuotedSrc rewrites the source of the packet that an ICMP error quotes.
func (w *walk) setQuotedSrc(a netip.Addr) {
	w.pkt.SetEmbeddedSrc(a)
	w.changeQuoted(func(f *packet.Flow) { f.Src = a })
}

// setQuotedDst rewrites the destination of the packet that an ICMP error quotes.
func (w *walk) setQuotedDst(a netip.Addr) {
	w.pkt.SetEmbeddedDst(a)
	w.changeQuoted(func(f *packet.Flow) { f.Dst = a })
}

func (w *walk) changeQuoted(change func(f *packet.Flow)) {
	if w.quoted != nil {
		f := *w.quoted
		change(&f)
		w.quote(f)
	}
}

// quote notes what a fragment is about.
func (w *walk) quote(f packet.Flow) { w.quoted = &f }
