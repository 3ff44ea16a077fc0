package conformance

import (
	"net/netip"
	"slices"
	"time"

	"github.com/vpcemu/vpcemu/packet"
	"github.com/vpcemu/vpcemu/vpc"
)

// mapping is a flow of a NAT gateway: what it is outside.
type mapping struct {
	outside packet.Flow
	last    time.Duration
}

// natHost is the interface of a NAT gateway: a host without groups or checks.
func natHost(v *vpc.VPC, g *vpc.Gateway) *host {
	return &host{v: v, s: v.Subnet(g.Subnet), i: &vpc.Interface{ID: "gateway " + g.ID, Addresses: g.Addresses, NoSourceDestCheck: true}, nat: g}
}

// throughNAT is ORDER-17 steps 3 to 6, and r4 to r6 for what is addressed to the
// gateway itself.
func (t *twin) throughNAT(n *host, u *unit) string {
	back := n.owns(u.Dst)
	u.kept = true // SG-34
	echo := u.Proto == packet.ICMP && u.off == 0 && (u.kind == 0 || u.kind == 8)
	fragment := u.more || u.off != 0
	switch {
	case n.nat.State != "available": // NAT-29
		return "NAT_NOT_AVAILABLE"
	case !back && !u.Proto.HasPorts() && !echo && !u.isError() && !(u.Proto.IsICMP() && fragment): // NAT-6
		return "NAT_PROTOCOL"
	case fragment && u.Proto != packet.UDP: // NAT-21
		return "NAT_FRAGMENT"
	case !back && !t.hop(n, u):
		return "TTL_EXPIRED"
	case u.size > 8500 && (u.df || u.Proto != packet.UDP): // NAT-31, MTU-9
		t.complain(n.i.Addresses[0].IP, u, 3, 2, func(answer unit) { t.depart(n, &answer, nil) })
		return "MTU_EXCEEDED"
	}
	if u.size <= 8500 {
		return t.translated(n, u, back)
	}
	fate := ""
	for _, piece := range u.cut(8500) {
		if f := t.translated(n, &piece, back); fate == "" || !delivered(f) {
			fate = f
		}
	}
	return fate
}

// hop is NAT-33.
func (t *twin) hop(n *host, u *unit) bool {
	if u.ttl > 1 {
		u.ttl--
		return true
	}
	bare := u.bare()
	t.complain(n.i.Addresses[0].IP, &bare, 11, 3, func(answer unit) {
		answer.kept = true
		t.depart(n, &answer, nil)
	})
	return false
}

// translated is one piece that the gateway takes in and sends out.
func (t *twin) translated(n *host, u *unit, back bool) string {
	fate := ""
	if back {
		fate = t.natIn(n, u)
	} else {
		fate = t.natOut(n, u)
	}
	if fate != "" {
		return fate
	}
	return t.depart(n, u, nil)
}

// mapped finds what has not been idle for 350 seconds (NAT-13, NAT-14), and counts
// as use of it.
func (t *twin) mapped(n *host, fits func(inside packet.Flow, m *mapping) bool) (packet.Flow, *mapping) {
	for inside, m := range t.maps[n.key()] {
		if t.now-m.last >= 350*time.Second {
			delete(t.maps[n.key()], inside)
		} else if fits(inside, m) {
			m.last = t.now
			return inside, m
		}
	}
	return packet.Flow{}, nil
}

// natOut is the way from the inside (NAT-2, NAT-15, NAT-16).
func (t *twin) natOut(n *host, u *unit) string {
	flow := u.Flow
	switch {
	case u.isError() && u.about == nil:
		return "NAT_UNSOLICITED"
	case u.isError():
		flow = u.about.Reverse()
	}
	_, m := t.mapped(n, func(inside packet.Flow, _ *mapping) bool { return inside == flow })
	if u.isError() && m != nil { // NAT-32, the other way
		about := *u.about
		about.Dst = m.outside.Src
		if about.Proto.IsICMP() {
			about.SrcPort = m.outside.SrcPort
		} else {
			about.DstPort = m.outside.SrcPort
		}
		u.about, u.Src = &about, m.outside.Src
		return ""
	}
	if m == nil {
		switch {
		case u.isError(), u.Proto == packet.ICMP && u.kind == 0:
			return "NAT_UNSOLICITED"
		case u.Proto == packet.TCP && u.flags&(packet.SYN|packet.ACK|packet.RST) != packet.SYN:
			t.reset(n, u)
			return "NAT_UNSOLICITED"
		}
		m = t.newMapping(n, u)
	}
	u.Src, u.SrcPort = m.outside.Src, m.outside.SrcPort
	return ""
}

// newMapping takes a port that the emulator chose and that the rules let it choose
// (NAT-7, NAT-8, NAT-12).
func (t *twin) newMapping(n *host, u *unit) *mapping {
	m := &mapping{outside: u.Flow, last: t.now}
	m.outside.Src, m.outside.SrcPort = n.i.Addresses[0].IP, 0
	for _, port := range t.chosen(n.i.Addresses, u.Flow) {
		free := m.outside
		free.SrcPort = port
		if _, taken := t.mapped(n, func(_ packet.Flow, o *mapping) bool { return o.outside == free }); taken == nil && port >= 1024 {
			m.outside = free
			break
		}
	}
	if t.maps[n.key()] == nil {
		t.maps[n.key()] = make(map[packet.Flow]*mapping)
	}
	t.maps[n.key()][u.Flow] = m
	t.made++
	return m
}

// reset answers a segment of an unknown connection (NAT-15, NAT-16).
func (t *twin) reset(n *host, u *unit) {
	if u.flags.Has(packet.RST) {
		return
	}
	rst := unit{Flow: u.Reverse(), flags: packet.RST, ttl: 64, size: 40, kept: true}
	if !u.flags.Has(packet.ACK) {
		rst.flags |= packet.ACK
	}
	t.depart(n, &rst, nil)
}

// natIn is the way back to the inside: only what answers exactly, or is an error
// about it (NAT-17, NAT-18, NAT-20, NAT-32).
func (t *twin) natIn(n *host, u *unit) string {
	arrived := u.Flow
	switch {
	case u.isError() && (u.about == nil || u.stray), u.Proto == packet.ICMP && u.kind == 8:
		return "NAT_UNSOLICITED"
	case u.isError():
		arrived = u.about.Reverse()
	}
	inside, m := t.mapped(n, func(_ packet.Flow, m *mapping) bool { return m.outside == arrived.Reverse() })
	if m == nil {
		return "NAT_UNSOLICITED"
	}
	if !t.hop(n, u) {
		return "TTL_EXPIRED"
	}
	u.Dst = inside.Src
	switch {
	case u.isError():
		about := inside
		u.about = &about
	case u.Proto.IsICMP():
		u.SrcPort = inside.SrcPort
	default:
		u.DstPort = inside.SrcPort
	}
	return ""
}

// tooLargeInside hands the router's message to the host whose packet the gateway had
// sent on (ORDER-36).
func (t *twin) tooLargeInside(n *host, router netip.Addr, u *unit) {
	inside, m := t.mapped(n, func(_ packet.Flow, m *mapping) bool { return m.outside == u.Flow })
	to := t.owner(n.v, inside.Src)
	if m == nil || to != nil && !to.up() {
		return
	}
	bare := u.bare()
	t.complain(router, &bare, 3, 2, func(answer unit) {
		if answer.Dst = inside.Src; answer.about != nil {
			answer.about = &inside
		}
		if to == nil { // it came through a transit gateway
			t.depart(n, &answer, nil)
			return
		}
		t.arrive(to, answer)
	})
}

func delivered(fate string) bool { return slices.Contains([]string{"deli", "exit"}, fate[:4]) }
