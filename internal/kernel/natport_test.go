//go:build linux

package kernel

import (
	"net/netip"

	"github.com/vpcemu/vpcemu/packet"
)

// natFlow is what a NAT gateway has of a flow to a far host, with a port that it chose.
type natFlow struct {
	gateway string
	proto   packet.Proto
	remote  netip.AddrPort
	port    uint16
}

// natPorts are the emulator's ports of NAT gateways, by those that the kernel chose for the same flows (NAT-7, NAT-12).
type natPorts map[natFlow]uint16

func natFlowOf(gateway string, f packet.Flow) natFlow {
	return natFlow{gateway, f.Proto, netip.AddrPortFrom(f.Dst, f.DstPort), f.SrcPort}
}

// hasPort is whether a NAT gateway gives a flow a port, or an identifier.
func hasPort(p packet.Proto) bool { return p.HasPorts() || p == packet.ICMP }

// toKernel gives a packet for a NAT gateway, or about a flow of one, the port that the kernel knows.
func (m natPorts) toKernel(nat map[netip.Addr]string, b []byte) []byte {
	var p packet.Packet
	if p.Parse(b) != nil {
		return b
	}
	kernels := func(gateway string, outward packet.Flow) (uint16, bool) {
		want := natFlowOf(gateway, outward)
		for k, port := range m {
			if port == want.port && k.gateway == want.gateway && k.proto == want.proto && k.remote == want.remote {
				return k.port, true
			}
		}
		return 0, false
	}
	if gateway, ok := nat[p.Flow.Dst]; ok && hasPort(p.Flow.Proto) && !p.IsICMPError() {
		if port, ok := kernels(gateway, p.Flow.Reverse()); ok {
			if p.Flow.Proto.IsICMP() {
				p.SetSrcPort(port)
			} else {
				p.SetDstPort(port)
			}
		}
	}
	if about, ok := p.EmbeddedFlow(); ok {
		if gateway, ok := nat[about.Src]; ok {
			if port, ok := kernels(gateway, about); ok {
				p.SetEmbeddedSrcPort(port)
			}
		}
	}
	return p.Bytes()
}

// fromKernel gives what came out the emulator's ports. A flow that is new has the one with which the emulator's packet came out there.
func (m natPorts) fromKernel(nat map[netip.Addr]string, all, ours []arrival) []arrival {
	for i, a := range all {
		var p packet.Packet
		if p.Parse(a.b) != nil {
			continue
		}
		if gateway, ok := nat[p.Flow.Src]; ok && hasPort(p.Flow.Proto) && !p.IsICMPError() && !p.IsLaterFragment() {
			k := natFlowOf(gateway, p.Flow)
			if _, known := m[k]; !known || p.Flags == packet.SYN {
				m.learn(k, &p, a.at, ours)
			}
			if port, ok := m[k]; ok {
				p.SetSrcPort(port)
			}
		}
		if gateway, ok := nat[p.Flow.Dst]; ok && hasPort(p.Flow.Proto) && !p.IsICMPError() && !p.IsLaterFragment() { // on its way to the gateway
			if port, ok := m[natFlowOf(gateway, p.Flow.Reverse())]; ok && p.Flow.Proto.IsICMP() {
				p.SetSrcPort(port)
			} else if ok {
				p.SetDstPort(port)
			}
		}
		if about, ok := p.EmbeddedFlow(); ok { // what the inside says about an answer
			if gateway, ok := nat[about.Dst]; ok && hasPort(about.Proto) {
				if port, ok := m[natFlowOf(gateway, about.Reverse())]; ok {
					if about.Proto.IsICMP() {
						p.SetEmbeddedSrcPort(port)
					} else {
						p.SetEmbeddedDstPort(port)
					}
				}
			}
		}
		all[i].b = p.Bytes()
	}
	return all
}

// learn pairs the port of a flow with the emulator's, which must be as free as the kernel's was. Packets that come by more than once have
// other ports each time, and another TTL.
func (m natPorts) learn(k natFlow, of *packet.Packet, at string, ours []arrival) {
	for _, o := range ours {
		var p packet.Packet
		if o.at != at || p.Parse(o.b) != nil || p.Flow.SrcPort < 1024 || p.TTL() != of.TTL() {
			continue
		}
		g := of.Flow
		g.SrcPort = p.Flow.SrcPort
		if p.Flow != g {
			continue
		}
		for other, port := range m { // a new connection of the kernel may be the old one of the emulator
			if port == g.SrcPort && other.gateway == k.gateway && other.proto == k.proto && other.remote == k.remote && other.port != k.port {
				delete(m, other)
			}
		}
		m[k] = g.SrcPort
	}
}
