package emu

import (
	"fmt"
	"net/netip"

	"github.com/vpcemu/vpcemu/firewall"
	"github.com/vpcemu/vpcemu/packet"
)

// probe makes the packets of a query: for TCP a SYN, its SYN-ACK and the ACK; for
// UDP and other protocols a packet and its answer; for ICMP a request and its
// reply.
type probe struct {
	flow packet.Flow
	kind uint8 // ICMP type
	code uint8
}

// defaultSourcePort is a client's port when nobody says one: the first of the
// range that IANA and Windows use.
const defaultSourcePort = 49152

func newProbe(g *generation, q Query, src, dst queryEnd) (probe, error) {
	from, to, err := g.addresses(q, src, dst)
	if err != nil {
		return probe{}, err
	}
	svc := q.Service
	if err := single(svc); err != nil {
		return probe{}, err
	}
	p := probeOf(from, to, svc, q.SourcePort)
	if p.flow.Proto.IsICMP() && (p.flow.Proto == packet.ICMP) != from.Is4() {
		return probe{}, fmt.Errorf("service %s: %s and %s do not talk over that IP version", svc, from, to)
	}
	if err := new(packet.Packet).Parse(p.request().Bytes()); err != nil {
		return probe{}, fmt.Errorf("service %s: not a protocol of its own over IPv6: %w", svc, err)
	}
	return p, nil
}

// probeOf is a probe of one service, from a port or, if that is 0, from the usual one.
func probeOf(from, to netip.Addr, svc firewall.Service, port uint16) probe {
	p := probe{flow: packet.Flow{Src: from, Dst: to, Proto: packet.Proto(svc.Protocol)}}
	switch {
	case p.flow.Proto.HasPorts():
		p.flow.SrcPort, p.flow.DstPort = port, uint16(svc.From)
		if port == 0 {
			p.flow.SrcPort = defaultSourcePort
		}
	case p.flow.Proto.IsICMP():
		p.icmp(svc)
	}
	return p
}

// single refuses services that are not what one packet is sent to.
func single(svc firewall.Service) error {
	switch proto := packet.Proto(svc.Protocol); {
	case svc.Protocol < firewall.AllProtocols || svc.Protocol > 255 || svc.From > 65535 || svc.To > 65535:
		return fmt.Errorf("service %d/%d-%d: there is no such protocol or port", svc.Protocol, svc.From, svc.To)
	case svc.Protocol == firewall.AllProtocols:
		return fmt.Errorf("service %s: one packet has one protocol, like tcp/443, udp/53, icmp or ip/50", svc)
	case proto.HasPorts() && svc.From != svc.To:
		return fmt.Errorf("service %s is a range of ports: name the one to knock at, like %s/%d", svc, proto, max(svc.From, 1))
	}
	return nil
}

// icmp fills in type and code; none given means an echo request.
func (p *probe) icmp(svc firewall.Service) {
	p.flow.SrcPort = 1 // the echo identifier
	p.kind, p.code = packet.ICMPEchoRequest, 0
	if p.flow.Proto == packet.ICMPv6 {
		p.kind = packet.ICMPv6EchoRequest
	}
	if svc.From >= 0 {
		p.kind = uint8(svc.From)
	}
	if svc.To >= 0 {
		p.code = uint8(svc.To)
	}
	if !p.isEcho() {
		p.flow.SrcPort = 0
	}
}

func (p *probe) isEcho() bool {
	return p.flow.Proto.IsICMP() && echoRequest(p.flow.Proto, p.kind)
}

func (p *probe) request() packet.Spec {
	s := packet.Spec{Flow: p.flow, ICMPType: p.kind, ICMPCode: p.code}
	if p.flow.Proto == packet.TCP {
		s.Flags = packet.SYN
	}
	return s
}

// reply answers the request as it arrived.
func (p *probe) reply(arrived packet.Flow) packet.Spec {
	s := packet.Spec{Flow: arrived.Reverse(), Flags: packet.SYN | packet.ACK}
	if arrived.Proto == packet.ICMPv6 { // NAT64 may have made ICMP of it
		s.ICMPType = packet.ICMPv6EchoReply
	}
	if p.flow.Proto != packet.TCP {
		s.Flags = 0
	}
	return s
}

func (p *probe) ack(f packet.Flow) packet.Spec {
	return packet.Spec{Flow: f, Flags: packet.ACK}
}

// addresses chooses what to write into source and destination: the addresses
// that were asked for, else the first of a common IP version. From the internet
// an interface is addressed by its public address, if it has one; and it sends
// from its private one, however it was named (IGW-6).
func (g *generation) addresses(q Query, src, dst queryEnd) (from, to netip.Addr, err error) {
	for _, v6 := range versions(q, src, dst) {
		from, to = src.address(v6, dst.internet), dst.address(v6, src.internet)
		if !from.IsValid() || !to.IsValid() {
			continue
		}
		if b, ok := g.plan.Public(from); ok && src.iface == b.Interface {
			from = b.Private
		}
		if src.internet && dst.iface != nil && !dst.asked {
			if public, ok := dst.iface.Public(to); ok {
				to = public
			}
		}
		return from, to, nil
	}
	return from, to, fmt.Errorf("%s and %s have no IP version in common", src.name, dst.name)
}

// versions are the IP versions to try, in order: IPv6 (true) or IPv4 (false).
func versions(q Query, src, dst queryEnd) []bool {
	switch {
	case q.Service.Protocol == int(packet.ICMPv6):
		return []bool{true}
	case q.Service.Protocol == int(packet.ICMP):
		return []bool{false}
	case src.asked && src.addr.IsValid():
		return []bool{!src.addr.Is4()}
	case dst.asked && dst.addr.IsValid():
		return []bool{!dst.addr.Is4()}
	case q.IPv6:
		return []bool{true, false}
	}
	return []bool{false, true}
}
