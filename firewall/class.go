package firewall

import "net/netip"

// Security groups and network ACLs read a service alike (SG-9 to SG-12, ACL-14, ACL-15). For speed, each packet has a class and in it
// a key, a number of 16 bits, such that any service is a span of keys in one class, or in every class if it is for all protocols:
//
//	class    packets               key             service       span
//	TCP      TCP                   port            tcp/80-90     80 to 90
//	UDP      UDP                   port            udp           0 to 65535
//	ICMP     ICMP over IPv4        type<<8|code    icmp/3        0x0300 to 0x03ff
//	ICMPv6   ICMPv6 over IPv6      type<<8|code    icmpv6/128/0  0x8000 to 0x8000
//	other    all other protocols   protocol        ip/50         50 to 50
//
// ICMP over IPv6 and ICMPv6 over IPv4 are of class other, where no service has them in its span but "all" (SG-12).
type class int

const (
	classTCP class = iota
	classUDP
	classICMP
	classICMPv6
	classOther
	classes // how many there are
)

const maxKey = 65535

// classify returns the class and the key of a packet with remote as its far side.
func (h Header) classify(remote netip.Addr) (c class, key uint16) {
	switch {
	case h.Proto == protoTCP:
		return classTCP, h.Port
	case h.Proto == protoUDP:
		return classUDP, h.Port
	case h.Proto == protoICMP && remote.Is4():
		return classICMP, uint16(h.ICMPType)<<8 | uint16(h.ICMPCode)
	case h.Proto == protoICMPv6 && !remote.Is4():
		return classICMPv6, uint16(h.ICMPType)<<8 | uint16(h.ICMPCode)
	}
	return classOther, uint16(h.Proto)
}

// classOf is the class of a service that is not for all protocols.
func classOf(protocol int) class {
	switch protocol {
	case protoTCP:
		return classTCP
	case protoUDP:
		return classUDP
	case protoICMP:
		return classICMP
	case protoICMPv6:
		return classICMPv6
	}
	return classOther
}

// span returns the keys of a service in a class; false if it has none there.
func (s Service) span(c class) (first, last int, ok bool) {
	if s.Protocol == AllProtocols {
		return 0, maxKey, true
	}
	if c != classOf(s.Protocol) {
		return 0, 0, false
	}
	switch c {
	case classTCP, classUDP:
		return s.From, s.To, true
	case classICMP, classICMPv6:
		first, last = s.typeAndCodeSpan()
		return first, last, true
	}
	return s.Protocol, s.Protocol, true
}

func (s Service) typeAndCodeSpan() (first, last int) {
	switch {
	case s.From < 0: // any type
		return 0, maxKey
	case s.To < 0: // any code
		return s.From << 8, s.From<<8 | 0xff
	}
	return s.From<<8 | s.To, s.From<<8 | s.To
}

// keys is a compiled span.
type keys struct{ first, last uint16 }

// place numbers the keys of all classes, one class after the other.
func place(c class, key uint16) uint32 { return uint32(c)<<16 | uint32(key) }

// eachSpan calls yield for each class in which s has keys.
func (s Service) eachSpan(yield func(class, keys)) {
	for c := range classes {
		first, last, ok := s.span(c)
		first, last = max(first, 0), min(last, maxKey)
		if ok && first <= last {
			yield(c, keys{uint16(first), uint16(last)})
		}
	}
}

// places returns the places of all keys of s; false if it has none.
func (s Service) places() (first, last uint32, ok bool) {
	s.eachSpan(func(c class, k keys) {
		if !ok {
			first = place(c, k.first)
		}
		last, ok = place(c, k.last), true
	})
	return first, last, ok
}
