package reach

import (
	"fmt"
	"strings"

	"github.com/vpcemu/vpcemu/internal/space"
	"github.com/vpcemu/vpcemu/packet"
)

// Traffic is a box of packets.
type Traffic struct {
	box space.Box
	v6  bool
}

func traffic(b space.Box, v6 bool) Traffic { return Traffic{b, v6} }

// Services are the packets' services: "tcp/443", "tcp/8000-8099", "icmp/8", "all".
func (t Traffic) Services() string { return services(t.box[space.Services], t.v6) }

// String is the packets' services.
func (t Traffic) String() string { return t.Services() }

// everything is all services.
var everything = space.Span{First: space.Service(0, 0), Last: space.Service(255, 65535)}

// services is a span of services in words: the parts of protocols at its ends, and the
// whole ones between.
func services(s space.Span, v6 bool) string {
	if s == everything {
		return "all"
	}
	var words []string
	for s.First.Lo <= s.Last.Lo {
		proto := uint8(s.First.Lo >> 16)
		own := s.And(space.Protocol(proto))
		last := proto
		if !hasKeys(proto) {
			for last < 255 && !hasKeys(last+1) && space.Service(last+1, 65535).Lo <= s.Last.Lo {
				last++
			}
			own.Last = space.Service(last, 65535)
		}
		words = append(words, protocol(proto, last, own))
		s.First = own.Last.Next()
	}
	return strings.Join(words, ", ")
}

func hasKeys(proto uint8) bool { return packet.Proto(proto).HasPorts() || packet.Proto(proto).IsICMP() }

// protocol is services of one protocol, or of several that have no ports.
func protocol(first, last uint8, s space.Span) string {
	p := packet.Proto(first)
	from, to := s.First.Lo&0xffff, s.Last.Lo&0xffff
	switch {
	case first != last:
		return fmt.Sprintf("ip/%d-%d", first, last)
	case s == space.Protocol(first):
		return p.String()
	case p.IsICMP():
		return fmt.Sprintf("%s/%s", p, kinds(from, to))
	case from == to:
		return fmt.Sprintf("%s/%d", p, from)
	}
	return fmt.Sprintf("%s/%d-%d", p, from, to)
}

// kinds are ICMP types, with codes where they are not all of a type.
func kinds(from, to uint64) string {
	switch {
	case from&0xff == 0 && to&0xff == 0xff && from>>8 == to>>8:
		return fmt.Sprint(from >> 8)
	case from&0xff == 0 && to&0xff == 0xff:
		return fmt.Sprintf("%d-%d", from>>8, to>>8)
	case from == to:
		return fmt.Sprintf("%d/%d", from>>8, from&0xff)
	}
	return fmt.Sprintf("%d/%d-%d/%d", from>>8, from&0xff, to>>8, to&0xff)
}
