package firewall

import (
	"fmt"
	"strconv"
	"strings"
)

// AllProtocols is the protocol of a [Service] that matches every packet; AWS
// writes it "-1".
const AllProtocols = -1

// IP protocol numbers that rules treat apart from the rest.
const (
	protoICMP   = 1
	protoTCP    = 6
	protoUDP    = 17
	protoICMPv6 = 58
)

// Service says which packets a rule is about, apart from addresses: an IP
// protocol and, where the protocol has them, destination ports or an ICMP type
// and code. It is also what one asks for in "can A reach B on tcp/443".
//
// The zero Service is IP protocol 0 and so matches next to nothing.
type Service struct {
	// Protocol is the IP protocol number, or AllProtocols.
	Protocol int
	// From and To are the first and the last destination port for TCP and UDP,
	// and the type and the code for ICMP and ICMPv6, where -1 means any. Other
	// protocols ignore them (SG-9).
	From, To int
}

// All matches every packet.
var All = Service{Protocol: AllProtocols, From: -1, To: -1}

// ParseService reads a service as people write it:
//
//	all                      every packet
//	tcp, udp                 every port
//	tcp/443, udp/8000-8099   a port, a range of ports
//	icmp, icmp/8, icmp/8/0   any ICMP, a type, a type and a code; icmpv6 alike
//	ip/50                    a protocol by number
func ParseService(s string) (Service, error) {
	name, args, hasArgs := strings.Cut(s, "/")
	svc, err := parseService(name, args)
	if err == nil && hasArgs && args == "" {
		err = fmt.Errorf("nothing stands after the slash")
	}
	if err != nil {
		return Service{}, fmt.Errorf("service %q: %w", s, err)
	}
	return svc, nil
}

// MustParseService is ParseService for constants; it panics on an error.
func MustParseService(s string) Service {
	svc, err := ParseService(s)
	if err != nil {
		panic(err)
	}
	return svc
}

func parseService(name, args string) (Service, error) {
	switch name {
	case "all":
		if args != "" {
			return Service{}, fmt.Errorf("all takes no ports")
		}
		return All, nil
	case "tcp":
		return parsePorts(protoTCP, args)
	case "udp":
		return parsePorts(protoUDP, args)
	case "icmp":
		return parseICMP(protoICMP, args)
	case "icmpv6":
		return parseICMP(protoICMPv6, args)
	case "ip":
		n, err := number(args, 0, 255, "protocol number")
		if err != nil {
			return Service{}, err
		}
		return protocolService(n), nil
	}
	return Service{}, fmt.Errorf("unknown protocol %q: want all, tcp, udp, icmp, icmpv6 or ip/NUMBER", name)
}

// protocolService is the widest service of a protocol given by number, so that
// "ip/6" and "tcp" are one value.
func protocolService(n int) Service {
	if n == protoTCP || n == protoUDP {
		return Service{Protocol: n, From: 0, To: 65535}
	}
	return Service{Protocol: n, From: -1, To: -1}
}

func parsePorts(protocol int, s string) (Service, error) {
	if s == "" {
		return protocolService(protocol), nil
	}
	first, last, isRange := strings.Cut(s, "-")
	from, err := number(first, 0, 65535, "port")
	if err != nil {
		return Service{}, err
	}
	to := from
	if isRange {
		if to, err = number(last, 0, 65535, "port"); err != nil {
			return Service{}, err
		}
	}
	if to < from {
		return Service{}, fmt.Errorf("port range %s is reversed", s)
	}
	return Service{Protocol: protocol, From: from, To: to}, nil
}

func parseICMP(protocol int, s string) (Service, error) {
	svc := protocolService(protocol)
	if s == "" {
		return svc, nil
	}
	typ, code, hasCode := strings.Cut(s, "/")
	var err error
	if svc.From, err = number(typ, 0, 255, "ICMP type"); err != nil {
		return Service{}, err
	}
	if hasCode {
		if svc.To, err = number(code, 0, 255, "ICMP code"); err != nil {
			return Service{}, err
		}
	}
	return svc, nil
}

func number(s string, low, high int, what string) (int, error) {
	n, err := strconv.Atoi(s)
	if err != nil || n < low || n > high || strconv.Itoa(n) != s {
		return 0, fmt.Errorf("%q is not a %s (%d to %d)", s, what, low, high)
	}
	return n, nil
}

// HasPorts reports whether From and To are ports: those of TCP or UDP.
func (s Service) HasPorts() bool { return s.Protocol == protoTCP || s.Protocol == protoUDP }

// IsICMP reports whether From and To are a type and a code: those of ICMP or
// ICMPv6.
func (s Service) IsICMP() bool { return s.Protocol == protoICMP || s.Protocol == protoICMPv6 }

// Plain is the service without the numbers that its protocol ignores, as
// [ParseService] makes it, so that services that mean the same are equal (SG-9).
func (s Service) Plain() Service {
	if s.HasPorts() || s.IsICMP() {
		return s
	}
	return protocolService(s.Protocol)
}

// String writes the service in the shortest form that ParseService reads.
func (s Service) String() string {
	switch s.Protocol {
	case AllProtocols:
		return "all"
	case protoTCP:
		return "tcp" + s.ports()
	case protoUDP:
		return "udp" + s.ports()
	case protoICMP:
		return "icmp" + s.typeAndCode()
	case protoICMPv6:
		return "icmpv6" + s.typeAndCode()
	}
	return "ip/" + strconv.Itoa(s.Protocol)
}

func (s Service) ports() string {
	switch {
	case s.From == 0 && s.To == 65535:
		return ""
	case s.From == s.To:
		return "/" + strconv.Itoa(s.From)
	}
	return fmt.Sprintf("/%d-%d", s.From, s.To)
}

func (s Service) typeAndCode() string {
	switch {
	case s.From < 0:
		return ""
	case s.To < 0:
		return "/" + strconv.Itoa(s.From)
	}
	return fmt.Sprintf("/%d/%d", s.From, s.To)
}
