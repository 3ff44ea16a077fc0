package emu

import (
	"net/netip"

	"github.com/vpcemu/vpcemu/packet"
	"github.com/vpcemu/vpcemu/vpc"
)

// asked is the flow that the packet answers, or about which it is an ICMP error: what
// gateways with a memory let back in. An error that quotes no flow answers none, and ok
// is false; the flow is that of its addresses.
func (w *walk) asked() (f packet.Flow, ok bool) {
	if about, ok := w.about(); ok {
		return about, true
	}
	return w.flow.Reverse(), !w.isICMPError()
}

// plainSYN reports whether the packet begins a TCP connection.
func (w *walk) plainSYN() bool {
	return w.flow.Proto == packet.TCP && w.pkt.Flags.Has(packet.SYN) && !w.pkt.Flags.Has(packet.ACK)
}

// opens reports whether the packet may begin a flow.
func (w *walk) opens() bool { return w.flow.Proto != packet.TCP || w.plainSYN() }

// clampMSS lowers the size that the segments of a TCP connection will have to what
// fits into packets of a size (MTU-12).
func (w *walk) clampMSS(size uint16) {
	headers := uint16(40)
	if w.pkt.Version == 6 {
		headers = 60
	}
	w.pkt.ClampMSS(size - headers)
}

// fabricOwn reports whether an address is in a range that AWS keeps for services of
// the fabric, whatever a VPC's ranges are.
func (w *walk) fabricOwn(a netip.Addr) bool {
	if w.alike != nil {
		w.inAny([]netip.Prefix{linkLocal4, linkLocal6, vpc.Services6}, a)
	}
	return linkLocal4.Contains(a) || linkLocal6.Contains(a) || vpc.Services6.Contains(a)
}
