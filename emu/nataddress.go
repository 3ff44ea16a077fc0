package emu

import (
	"net/netip"
	"slices"

	"github.com/vpcemu/vpcemu/routing"
	"github.com/vpcemu/vpcemu/vpc"
)

// The addresses of a NAT gateway: which a packet gets, by zone in a regional one,
// and what becomes of those that are being removed.

// servingZone is the zone whose addresses serve the packet. A regional gateway has
// some for the sender's zone; if not, those of another zone serve it (NAT-43).
func (w *walk) servingZone() string {
	for _, a := range w.from.Desc.Addresses {
		if w.serves(a, w.natZone) {
			return w.natZone
		}
	}
	return w.from.Desc.Addresses[0].Zone
}

// serves reports whether new flows of a zone may get an address: a private IPv4
// address that is not being removed (NAT-10, NAT-35).
func (w *walk) serves(a vpc.Address, zone string) bool {
	return a.Zone == zone && a.IP.IsValid() && !slices.Contains(w.from.Gateway.Desc.Draining, a.IP)
}

// regionalZone is the zone in which a regional gateway has the packet: that of the
// address it is for, or of its sender.
func (w *walk) regionalZone() string {
	if !w.from.Regional() {
		return ""
	}
	for _, a := range w.from.Desc.Addresses {
		if w.is(w.flow.Dst, a.IP) {
			return a.Zone
		}
	}
	if w.sender == nil {
		return ""
	}
	return w.sender.Subnet.Desc.Zone
}

// zone is the Availability Zone that the packet is sent from.
func (w *walk) zone() string {
	if w.from.Regional() {
		return w.natZone
	}
	return w.from.Subnet.Desc.Zone
}

// natCut reports whether the connections of an address have been cut: it is the
// gateway's no more, or has been on its way out for long enough (NAT-35).
func (w *walk) natCut(a netip.Addr) bool {
	since, draining := w.net.draining[drained{w.from.Slot, a}]
	w.ends.no = w.ends.no || draining
	return !w.from.Owns(a) || draining && w.now-since >= int64(natIdle)
}

// drained is an address of a NAT gateway's interface, by its slot.
type drained struct {
	slot int
	addr netip.Addr
}

// drain notes since when addresses are being removed.
func (g *generation) drain(prev *generation, now int64) {
	g.draining = make(map[drained]int64)
	for i := range g.plan.Interfaces() {
		if i.GatewayOf(routing.NATGateway) == nil {
			continue
		}
		for _, a := range i.Gateway.Desc.Draining {
			since, known := prev.draining[drained{i.Slot, a}]
			if !known {
				since = now
			}
			g.draining[drained{i.Slot, a}] = since
		}
	}
}
