package space

// Service is the place of a protocol and, within it, of a port, or of an ICMP type and
// code as one number. Protocols without ports have all places from 0 to 65535.
//
// Protocols do not stand in the order of their numbers. Those that go by names are first,
// and then what IPv6 has as extension headers, so that the rest of an IP version's, which
// nothing tells apart but rules for one of them, is one span.
func Service(protocol uint8, key uint16) Num {
	return Num{Lo: uint64(places[protocol])<<16 | uint64(key)}
}

// Protocol is the span of all services of a protocol.
func Protocol(protocol uint8) Span { return Span{Service(protocol, 0), Service(protocol, 65535)} }

// AllServices is the span of all services of all protocols.
func AllServices() Span { return Span{Last: Num{Lo: 1<<24 - 1}} }

// Service is the protocol and the key of a place among services.
func (n Num) Service() (protocol uint8, key uint16) {
	return protocols[uint8(n.Lo>>16)], uint16(n.Lo)
}

var (
	// ICMP, TCP, UDP and ICMPv6; hop-by-hop options, routing, fragment, AH and destination
	// options.
	first = [...]uint8{1, 6, 17, 58, 0, 43, 44, 51, 60}

	protocols = inOrder()    // by place
	places    = byProtocol() // by protocol
)

func inOrder() (list [256]uint8) {
	var taken [256]bool
	n := copy(list[:], first[:])
	for _, p := range first {
		taken[p] = true
	}
	for p := range 256 {
		if !taken[p] {
			list[n] = uint8(p)
			n++
		}
	}
	return list
}

func byProtocol() (list [256]uint8) {
	for n, p := range protocols {
		list[p] = uint8(n)
	}
	return list
}
