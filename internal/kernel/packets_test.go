//go:build linux

package kernel

import (
	"net/netip"
	"slices"
	"time"

	"github.com/vpcemu/vpcemu/internal/random"
	"github.com/vpcemu/vpcemu/packet"
)

// Ports at the edges of rules.
var (
	clientPorts = []uint16{40000, 40001, 40004, 50000}
	serverPorts = []uint16{80, 443, 53, 22, 444, 40000, 40003}
)

// next is a packet or a pause, which may have to do with what was heard before.
func (m maker) next(g *game) step {
	if m.One(14) {
		return step{Wait: random.Pick[time.Duration](m.Maker, 10, 29, 30, 31, 59, 60, 61, 119, 200, 349, 350, 599, 600, 601) * time.Second}
	}
	if m.One(20) {
		return step{Change: 1 + m.Uint64N(1<<40)}
	}
	if len(g.heard) == 0 || m.One(3) {
		return m.fresh(g)
	}
	h := g.heard[len(g.heard)-1-m.IntN(min(8, len(g.heard)))]
	var p packet.Packet
	if p.Parse(h.b) != nil || p.IsLaterFragment() || g.nat[p.Flow.Dst] != "" || g.stationOf(h.at).owns(p.Flow.Src) || g.forgotten(p.Flow) {
		return m.fresh(g)
	}
	for _, later := range slices.Backward(g.heard) { // who answers knows all that it has heard of a flow
		var l packet.Packet
		if later.at == h.at && l.Parse(later.b) == nil && l.Flow == p.Flow && !l.IsLaterFragment() {
			p = l
			break
		}
	}
	switch m.IntN(8) {
	case 0:
		if s, ok := m.complain(h.at, &p); ok {
			return s
		}
	case 1:
		if last := g.steps[len(g.steps)-1]; last.Wait == 0 && last.Change == 0 {
			return last // once more
		}
	}
	s := m.answer(g, h.at, &p)
	if f := s.Spec.Flow; f.Proto == packet.ICMP && g.stationOf(h.at).public(f.Dst) {
		return m.fresh(g)
	}
	return s
}

// forgotten reports whether a packet came through a NAT gateway so long ago that its flow may have got other ports since, which nobody
// has seen (NAT-13).
func (g *game) forgotten(f packet.Flow) bool {
	gateway := g.nat[f.Src]
	if gateway == "" || !hasPort(f.Proto) {
		return false
	}
	seen, ok := g.seen[natFlowOf(gateway, f)]
	return !ok || g.clock.Now().Sub(seen) >= 350*time.Second
}

// end of a random choice: an interface or the internet.
func (m maker) end(g *game) *end { return random.Pick(m.Maker, g.oracle.ends...) }

// fresh has nothing to do with earlier packets.
func (m maker) fresh(g *game) step {
	from := m.end(g)
	v6 := m.One(3)
	f := packet.Flow{Proto: random.Pick(m.Maker, packet.TCP, packet.TCP, packet.TCP, packet.UDP, packet.UDP, packet.ICMP, 50)}
	f.Src, f.Dst = m.source(g, from, v6), m.destination(g, from, v6)
	if f.Proto == packet.ICMP && v6 {
		f.Proto = packet.ICMPv6
	}
	if from.at.owns(f.Dst) || f.Proto == packet.ICMP && from.at.public(f.Dst) { // see differences, ENI-23 and SG-36
		return m.fresh(g)
	}
	s := packet.Spec{Flow: f, Seq: 1000}
	if f.Proto.HasPorts() {
		s.Flow.SrcPort, s.Flow.DstPort = random.Pick(m.Maker, clientPorts...), random.Pick(m.Maker, serverPorts...)
		if m.One(12) { // an answer before there was anything to answer
			s.Flow.SrcPort, s.Flow.DstPort = s.Flow.DstPort, s.Flow.SrcPort
		}
		if s.Flow.SrcPort == s.Flow.DstPort && from.at.public(f.Dst) { // see differences
			return m.fresh(g)
		}
	}
	switch {
	case f.Proto == packet.TCP:
		s.Flags = random.Pick(m.Maker, packet.SYN, packet.SYN, packet.SYN, packet.SYN, packet.ACK, packet.SYN|packet.ACK, packet.RST)
		if s.Flags.Has(packet.ACK) {
			s.Ack = 2000
		}
	case f.Proto.IsICMP() && m.One(2):
		s.ICMPType, s.ICMPCode = m.message(v6), random.Pick[uint8](m.Maker, 0, 0, 1, 4)
	case f.Proto.IsICMP():
		s = packet.Echo(s.Flow)
		s.Flow.SrcPort = g.identifier(from.name)
	}
	return m.dress(from.name, s)
}

// message is the type of an ICMP message that is no echo: a question, an answer, an error about nothing, or what nobody knows.
func (m maker) message(v6 bool) uint8 {
	if v6 {
		return random.Pick[uint8](m.Maker, packet.ICMPv6Unreachable, packet.ICMPv6TimeExceeded, 100, 130, 139, 140, 144)
	}
	return random.Pick[uint8](m.Maker, packet.ICMPUnreachable, packet.ICMPTimeExceeded, packet.ICMPRedirect, 13, 13, 14, 17, 42)
}

func (m maker) source(g *game, from *end, v6 bool) netip.Addr {
	if from.at == nil {
		return netip.MustParseAddr(pick(m, v6, "203.0.113.9", "203.0.113.9", "203.0.113.77", "10.9.9.9", "2001:db8:ffff::1", "2001:db8:ffff::1", "2001:db8:eeee::1", "fd99::1"))
	}
	spoofed := 12
	if from.at.i.NoSourceDestCheck { // nobody else gets away with it
		spoofed = 3
	}
	if own := addresses(from.at, v6); len(own) > 0 && !m.One(spoofed) {
		return random.Pick(m.Maker, own...)
	}
	if a := m.anybody(g, v6); g.nat[a] == "" {
		return a
	}
	return m.source(g, from, v6)
}

func (m maker) destination(g *game, from *end, v6 bool) netip.Addr {
	if from.at == nil {
		var all []netip.Addr
		for _, p := range g.oracle.stations {
			for _, a := range p.addresses() {
				if a.Public.IsValid() && !v6 {
					all = append(all, a.Public)
				}
				if v6 && !a.IP.Is4() && a.IP.IsValid() {
					all = append(all, a.IP)
				}
			}
		}
		if len(all) > 0 && !m.One(10) {
			return random.Pick(m.Maker, all...)
		}
		return m.anybody(g, v6)
	}
	for range 4 { // most routes are local
		if a := m.anybody(g, v6); g.oracle.waysTo(from.at.s, from.at.v, a).through() {
			return a
		}
	}
	return m.anybody(g, v6)
}

// anybody is any address.
func (m maker) anybody(g *game, v6 bool) netip.Addr {
	if m.One(3) {
		return netip.MustParseAddr(pick(m, v6, "203.0.113.9", "203.0.113.9", "203.0.113.77", "192.168.0.9", "10.0.1.77", "10.0.1.1", "10.10.2.77", "10.0.9.9", "198.51.100.99",
			"2001:db8:ffff::1", "2001:db8:ffff::1", "2001:db8:eeee::1", "fd99::1", "2001:db8:1::77", "2001:db8:1::1", "2001:db8:2:9::1"))
	}
	var all []netip.Addr
	for _, p := range g.oracle.stations {
		all = append(all, addresses(p, v6)...)
		for _, a := range p.addresses() {
			if a.Public.IsValid() && !v6 && m.One(2) {
				all = append(all, a.Public)
			}
		}
	}
	if len(all) == 0 {
		return netip.MustParseAddr(pick(m, v6, "203.0.113.9", "2001:db8:ffff::1"))
	}
	return random.Pick(m.Maker, all...)
}

func pick(m maker, v6 bool, all ...string) string {
	for {
		if a := random.Pick(m.Maker, all...); netip.MustParseAddr(a).Is6() == v6 {
			return a
		}
	}
}

func addresses(p *station, v6 bool) (all []netip.Addr) {
	for _, o := range p.own() {
		a := o.Addr()
		if o.Bits() < 32 {
			a = a.Next()
		}
		if a.Is6() == v6 {
			all = append(all, a)
		}
	}
	return all
}

// dress fills in what is not in the flow.
func (m maker) dress(port string, s packet.Spec) step {
	st := step{Port: port, Spec: s}
	st.Spec.TTL, st.Spec.DF, st.Spec.ID = random.Pick[uint8](m.Maker, 1, 2, 3, 6, 64), m.One(4), uint32(1+m.IntN(60000))
	if p := s.Flow.Proto; p == packet.UDP || p.IsICMP() {
		st.Spec.Payload = append(s.Payload, make([]byte, random.Pick(m.Maker, 0, 0, 0, 8, 1600, 3000))...)
		if len(st.Spec.Payload) > 1000 && !m.One(3) {
			st.Cut, st.Mixed, st.Spec.DF = random.Pick(m.Maker, 1288, 1448), m.One(2), false
		}
	}
	return st
}

// answer is what a guest might send that has heard a packet.
func (m maker) answer(g *game, at string, p *packet.Packet) step {
	s := packet.Spec{Flow: p.Flow.Reverse(), ICMPType: p.ICMPType}
	switch {
	case p.Flow.Proto == packet.TCP:
		seq, ack := p.TCPSeq()
		s.Seq, s.Ack, s.Flags = ack, seq, packet.ACK
		if p.Flags&(packet.SYN|packet.FIN) != 0 {
			s.Ack++
		}
		switch {
		case p.Flags.Has(packet.SYN | packet.ACK):
		case p.Flags.Has(packet.SYN):
			s.Seq, s.Flags = 5000, random.Pick(m.Maker, packet.SYN|packet.ACK, packet.SYN|packet.ACK, packet.SYN|packet.ACK, packet.RST|packet.ACK)
		case p.Flags.Has(packet.RST):
			return m.dress(at, packet.Spec{Flow: s.Flow, Seq: 9000, Flags: packet.SYN}) // begins anew
		default:
			s.Flags = random.Pick(m.Maker, packet.ACK, packet.ACK, packet.ACK, packet.FIN|packet.ACK, packet.RST|packet.ACK)
		}
	case p.Flow.Proto == packet.ICMP && p.ICMPType == packet.ICMPEchoRequest:
		s.ICMPType = packet.ICMPEchoReply
	case p.Flow.Proto == packet.ICMP && p.ICMPType == packet.ICMPEchoReply:
		s.ICMPType = packet.ICMPEchoRequest
	case p.Flow.Proto == packet.ICMPv6 && p.ICMPType == packet.ICMPv6EchoRequest:
		s.ICMPType = packet.ICMPv6EchoReply
	case p.Flow.Proto == packet.ICMPv6 && p.ICMPType == packet.ICMPv6EchoReply:
		s.ICMPType = packet.ICMPv6EchoRequest
	case p.Flow.Proto.IsICMP() && m.One(2):
		s.ICMPType = m.message(p.Version == 6)
	case p.Flow.Proto.IsICMP():
		s.ICMPType = packet.ICMPEchoRequest
		if p.Version == 6 {
			s.ICMPType = packet.ICMPv6EchoRequest
		}
		s.Flow.SrcPort = g.identifier(at)
	}
	return m.dress(at, s)
}

// complain is an ICMP error about a packet, or one that is nearly so.
func (m maker) complain(at string, p *packet.Packet) (step, bool) {
	if p.IsICMPError() || p.Flow.Proto.IsICMP() && (p.ICMPType == packet.ICMPEchoReply || p.ICMPType == packet.ICMPv6EchoReply) || p.IsFragment() {
		return step{}, false
	}
	s := packet.Spec{Flow: packet.Flow{Src: p.Flow.Dst, Dst: p.Flow.Src, Proto: packet.ICMP}, ICMPType: random.Pick[uint8](m.Maker, packet.ICMPUnreachable, packet.ICMPTimeExceeded), ICMPCode: 1}
	if p.Version == 6 {
		s.Flow.Proto, s.ICMPType = packet.ICMPv6, random.Pick[uint8](m.Maker, packet.ICMPv6Unreachable, packet.ICMPv6TimeExceeded)
	}
	about := packet.Packet{}
	if err := about.Parse(append([]byte(nil), p.Bytes()...)); err != nil {
		return step{}, false
	}
	switch {
	case m.One(6) && p.Flow.Proto.HasPorts():
		about.SetDstPort(p.Flow.DstPort + 1)
	case m.One(6) && p.Version == 4:
		about.SetSrc(netip.MustParseAddr("192.0.2.77"))
	}
	s.Payload = about.Bytes()[:min(about.Len(), 60)]
	return m.dress(at, s), true
}

// stationOf is the station of an end, nil for the internet.
func (g *game) stationOf(end string) *station {
	for _, e := range g.oracle.ends {
		if e.name == end {
			return e.at
		}
	}
	return nil
}

// identifier is that of the echo requests of a port.
func (g *game) identifier(port string) uint16 {
	return uint16(7 + slices.IndexFunc(g.oracle.ends, func(e *end) bool { return e.name == port }))
}
