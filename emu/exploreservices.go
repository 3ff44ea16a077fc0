package emu

import (
	"sync"

	"github.com/vpcemu/vpcemu/firewall"
	"github.com/vpcemu/vpcemu/internal/space"
	"github.com/vpcemu/vpcemu/packet"
)

// serviceAt is the service of a packet.
func serviceAt(at space.Point) firewall.Service {
	protocol, key := at[space.Services].Service()
	proto := packet.Proto(protocol)
	s := firewall.Service{Protocol: int(proto), From: int(key), To: int(key)}
	switch {
	case proto.IsICMP():
		s.From, s.To = int(key>>8), int(key&0xff)
	case !proto.HasPorts():
		s.From, s.To = -1, -1
	}
	return s
}

// Services are the services of an IP version, in order and apart.
func Services(v6 bool) []space.Span {
	var list []space.Span
	for _, b := range servicesOf[space.Version(v6)]() {
		list = append(list, b[space.Services])
	}
	return space.Union(list)
}

// servicesOf are allServices of IPv4 and IPv6.
var servicesOf = [...]func() []space.Box{
	sync.OnceValue(func() []space.Box { return allServices(false) }), sync.OnceValue(func() []space.Box { return allServices(true) }),
}

// allServices are the services of an IP version: one box for each protocol that stages know
// by name, and one for the rest, with all source ports.
func allServices(v6 bool) []space.Box {
	var named, rest []space.Span
	for n := range 256 {
		switch proto := packet.Proto(n); {
		case !carries(uint8(n), v6) || proto.IsICMP() && proto != icmpOf(v6):
		case proto.HasPorts() || proto.IsICMP():
			named = append(named, space.Protocol(uint8(n)))
		default:
			rest = append(rest, space.Protocol(uint8(n)))
		}
	}
	var all []space.Box
	for _, s := range append(named, space.Union(rest)...) {
		all = append(all, space.Box{space.Services: s, space.SourcePorts: space.Ports(1, 65535)})
	}
	return all
}

// icmpOf is that of an IP version.
func icmpOf(v6 bool) packet.Proto {
	if v6 {
		return packet.ICMPv6
	}
	return packet.ICMP
}

// carries reports whether packets of a protocol are such in an IP version: some are
// the extension headers of IPv6.
func carries(proto uint8, v6 bool) bool {
	f := packet.Flow{Src: someHost4, Dst: someHost4.Next(), Proto: packet.Proto(proto)}
	if v6 {
		f.Src, f.Dst = someHost6, someHost6.Next()
	}
	return new(packet.Packet).Parse(packet.Spec{Flow: f}.Bytes()) == nil
}
