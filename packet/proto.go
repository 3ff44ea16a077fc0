package packet

import (
	"fmt"
	"strconv"
	"strings"
)

// Proto is an IP protocol number: the Protocol of an IPv4 header, the last Next Header of an IPv6 packet.
type Proto uint8

// The protocols this package looks into.
const (
	ICMP   Proto = 1
	TCP    Proto = 6
	UDP    Proto = 17
	ICMPv6 Proto = 58
)

// HasPorts reports whether a flow of p has port numbers: TCP and UDP.
func (p Proto) HasPorts() bool { return p == TCP || p == UDP }

// IsICMP reports whether p is ICMP or ICMPv6.
func (p Proto) IsICMP() bool { return p == ICMP || p == ICMPv6 }

// String returns "tcp", "udp", "icmp", "icmpv6", or "ip/" and the number.
func (p Proto) String() string {
	switch p {
	case TCP:
		return "tcp"
	case UDP:
		return "udp"
	case ICMP:
		return "icmp"
	case ICMPv6:
		return "icmpv6"
	}
	return "ip/" + strconv.Itoa(int(p))
}

// ParseProto is the inverse of [Proto.String].
func ParseProto(s string) (Proto, error) {
	switch s {
	case "tcp":
		return TCP, nil
	case "udp":
		return UDP, nil
	case "icmp":
		return ICMP, nil
	case "icmpv6":
		return ICMPv6, nil
	}
	number, isNumber := strings.CutPrefix(s, "ip/")
	n, err := strconv.ParseUint(number, 10, 8)
	if !isNumber || err != nil {
		return 0, fmt.Errorf("protocol %q: want tcp, udp, icmp, icmpv6 or ip/0 to ip/255", s)
	}
	return Proto(n), nil
}
