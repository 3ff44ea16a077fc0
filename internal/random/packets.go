package random

import (
	"net/netip"
	"slices"

	"github.com/vpcemu/vpcemu/packet"
	"github.com/vpcemu/vpcemu/routing"
	"github.com/vpcemu/vpcemu/vpc"
)

// Place is where packets enter a network: the port of an interface, of the internet
// or of an on-premises network.
type Place struct {
	Port      string
	Addresses []netip.Addr // that what stands there has
	Public    []netip.Addr // by which the internet knows it
	Outside   bool
}

// Heard is a packet that has arrived at a port.
type Heard struct {
	Port string
	Flow packet.Flow
}

// Internet is the place outside.
var Internet = Place{Port: "internet", Addresses: addresses("203.0.113.9", "203.0.113.9", "203.0.113.9", "203.0.113.9", "203.0.113.9", "203.0.113.9", "203.0.113.9", "10.9.9.9", "2001:db8:ffff::1"), Outside: true}

func addresses(list ...string) (all []netip.Addr) {
	for _, s := range list {
		all = append(all, netip.MustParseAddr(s))
	}
	return all
}

// Places are all the places of a network whose addresses are assigned, the internet
// last.
func Places(n *vpc.Network) []Place {
	var all []Place
	for _, v := range n.VPCs {
		for _, s := range v.Subnets {
			for _, i := range s.Interfaces {
				all = append(all, placeOf(v.ID+"/"+i.ID, i.Addresses))
			}
		}
		for _, g := range v.Gateways {
			if g.Kind == routing.VPNGateway && !g.Gone() {
				all = append(all, Place{Port: "onprem:" + v.ID + "/" + g.ID, Addresses: addresses("192.168.0.9", "192.168.200.1", "10.0.1.9", "2001:db8:aaaa::1"), Outside: true})
			}
		}
	}
	return append(all, Internet)
}

func placeOf(port string, list []vpc.Address) Place {
	p := Place{Port: port}
	for _, a := range list {
		if a.IP.IsValid() {
			p.Addresses = append(p.Addresses, a.IP)
		}
		if a.Public.IsValid() {
			p.Public = append(p.Public, a.Public)
		}
	}
	return p
}

// Targets are places that packets are sent to and none comes from: gateways with
// addresses of their own.
func Targets(n *vpc.Network) []Place {
	var all []Place
	for _, v := range n.VPCs {
		for _, g := range v.Gateways {
			if len(g.Addresses) > 0 {
				all = append(all, placeOf("", g.Addresses))
			}
		}
		for _, l := range v.LoadBalancers {
			for _, node := range l.Nodes {
				all = append(all, placeOf("", node.Addresses))
			}
		}
	}
	return all
}

// Addresses that packets have besides those of places.
var (
	others4 = []string{"203.0.113.9", "203.0.113.9", "203.0.113.9", "203.0.113.200", "192.0.2.1", "10.0.0.2", "10.10.0.2", "10.0.1.1", "10.0.2.1", "10.0.1.255", "10.0.2.0", "10.0.9.9", "10.1.1.77",
		"192.168.0.9", "169.254.169.254", "169.254.169.253", "169.254.169.123", "169.254.9.9", "255.255.255.255", "224.0.0.5", "172.16.0.1", "127.0.0.1"}
	others6 = []string{"2001:db8:ffff::1", "2001:db8:ffff::1", "2001:db8:ffff::1", "2001:db8:eeee::1", "2001:db8:aaaa::1", "2001:db8:5333::9", "2001:db8:1::77", "2001:db8:1::1", "2001:db8:2:1::1", "ff02::1",
		"fd99::1", "fd00:ec2::253", "64:ff9b::cb00:7109"}
)

// Address is any address of an IP version, mostly of some place.
func (m *Maker) Address(places []Place, v6 bool) netip.Addr {
	others := others4
	if v6 {
		others = others6
	}
	all := []netip.Addr{netip.MustParseAddr(Pick(m, others...)), netip.MustParseAddr(others[0])} // others[0] is an ordinary one
	for range 3 {
		p := Pick(m, places...)
		for _, a := range slices.Concat(p.Addresses, p.Public) {
			if a.Is4() != v6 {
				all = append(all, a)
			}
		}
	}
	return Pick(m, all...)
}

func ofVersion(all []netip.Addr, v6 bool) (own []netip.Addr) {
	for _, a := range all {
		if a.Is4() != v6 {
			own = append(own, a)
		}
	}
	return own
}

// publics are the addresses of places that the internet may know.
func publics(places []Place, v6 bool) (all []netip.Addr) {
	for _, p := range places {
		all = append(all, ofVersion(p.Public, v6)...)
		for _, a := range ofVersion(p.Addresses, true) {
			if v6 && !a.IsPrivate() {
				all = append(all, a)
			}
		}
	}
	return all
}

// Ports at the edges of rules.
var (
	clientPorts = []uint16{40000, 40001, 68, 546}
	serverPorts = []uint16{80, 443, 53, 67, 547, 40000, 40001, 79, 81, 444, 40003, 40004, 25}
)

// Fresh is a packet that has nothing to do with those before, and the port that it
// comes from.
func (m *Maker) Fresh(places []Place, targets ...Place) (string, packet.Spec) {
	v6, from := m.One(3), Pick(m, places...)
	if m.One(6) {
		from = places[len(places)-1]
	}
	all := append(slices.Clip(places), targets...)
	f := packet.Flow{Src: m.Address(all, v6), Dst: m.Address(all, v6), Proto: Pick(m, packet.TCP, packet.TCP, packet.UDP, packet.UDP, packet.ICMP, 50)}
	if own := ofVersion(from.Addresses, v6); len(own) > 0 && (from.Outside || !m.One(8)) {
		f.Src = Pick(m, own...)
	}
	if public := publics(all, v6); from.Port == Internet.Port && len(public) > 0 && !m.One(6) {
		f.Dst = Pick(m, public...)
	}
	if f.Proto == packet.ICMP && v6 {
		f.Proto = packet.ICMPv6
	}
	if f.Proto.HasPorts() {
		f.SrcPort, f.DstPort = Pick(m, clientPorts...), Pick(m, serverPorts...)
	}
	return from.Port, m.dress(packet.Spec{Flow: f})
}

// dress fills in what is not in the flow.
func (m *Maker) dress(s packet.Spec) packet.Spec {
	s.TTL, s.DF = Pick(m, uint8(1), 2, 3, 5, 9), m.One(4)
	s.ID = uint32(s.Flow.Proto)<<8 + uint32(m.IntN(3)) // pieces of one packet have one protocol
	switch s.Flow.Proto {
	case packet.TCP:
		s.Flags = Pick(m, packet.SYN, packet.SYN|packet.ACK, packet.ACK, packet.ACK, packet.RST)
	case packet.ICMP:
		s.ICMPType = Pick[uint8](m, 8, 8, 0, 13, 5, 3)
	case packet.ICMPv6:
		s.ICMPType = Pick[uint8](m, 128, 128, 129, 140, 135, 137, 1)
	}
	if echo := s.ICMPType&^8 == 0 || s.ICMPType&^1 == 128; s.Flow.Proto.IsICMP() && echo && (s.Flow.SrcPort == 0 || m.One(4)) {
		s.Flow.SrcPort = Pick[uint16](m, 0, 7)
	}
	switch piece := m.IntN(8); {
	case piece == 0:
		s.MoreFragments, s.Payload = true, make([]byte, 24)
	case piece == 1:
		s.MoreFragments, s.FragOffset, s.Flags, s.Payload = m.One(2), 64, 0, make([]byte, 16)
	case !s.Flow.Proto.IsICMP() && s.Flow.Proto != packet.TCP:
		s.Payload = make([]byte, Pick(m, 0, 0, 0, 0, 1600, 3000, 9100))
	}
	if s.MoreFragments && s.Flow.Proto == packet.TCP && s.FragOffset == 0 {
		s.Payload = make([]byte, 28) // with the header a multiple of 8
	}
	return s
}

// Next is a packet that may belong to earlier ones: their repetition, an answer to
// what somebody has heard, or an ICMP error about it.
func (m *Maker) Next(places []Place, heard []Heard, targets ...Place) (string, packet.Spec) {
	if len(heard) == 0 || m.One(2) {
		return m.Fresh(places, targets...)
	}
	h := heard[len(heard)-1-m.IntN(min(6, len(heard)))]
	if m.One(4) {
		return h.Port, m.complain(h.Flow)
	}
	return h.Port, m.dress(packet.Spec{Flow: h.Flow.Reverse()})
}

// complain is an ICMP error about a packet, or one that is nearly so.
func (m *Maker) complain(f packet.Flow) packet.Spec {
	s := packet.Spec{Flow: packet.Flow{Src: f.Dst, Dst: f.Src, Proto: packet.ICMP}, ICMPType: Pick[uint8](m, 3, 11), ICMPCode: 1, TTL: 3}
	about := packet.Spec{Flow: f, Flags: packet.ACK, ICMPType: 8}
	if !f.Src.Is4() {
		s.Flow.Proto, s.ICMPType, about.ICMPType = packet.ICMPv6, Pick[uint8](m, 1, 3), 128
	}
	switch {
	case m.One(5) && f.Proto.HasPorts():
		about.Flow.DstPort++
	case m.One(5) && f.Src.Is4():
		about.Flow.Src = netip.MustParseAddr("192.0.2.77")
	}
	s.Payload = about.Bytes()
	return s
}
