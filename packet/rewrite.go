package packet

import "net/netip"

const (
	dstPortOffset = 2
	checksumUDP   = 6
)

// srcPortOffset returns where the transport header t has its source port or echo identifier, -1 if it has neither.
func srcPortOffset(proto Proto, t []byte) int {
	if proto.HasPorts() {
		return 0
	}
	if proto.IsICMP() {
		if echo, _ := isEcho(proto, t[0]); echo {
			return echoIDOffset
		}
	}
	return -1
}

// SetTTL changes the Time to Live or Hop Limit.
func (p *Packet) SetTTL(ttl uint8) {
	if p.Version != 4 {
		p.b[7] = ttl
		return
	}
	delta := put16(p.b, 8, uint16(ttl)<<8|uint16(p.b[9])) // the word of the checksum: TTL and protocol
	fixChecksum(p.b, checksum4, delta)
}

// SetSrc changes the source address. It panics unless a is of the packet's IP version; an IPv4-mapped address is IPv6.
func (p *Packet) SetSrc(a netip.Addr) {
	p.setAddr(p.addrOffset(a, src4, src6), a)
	p.Flow.Src = a.WithZone("")
}

// SetDst changes the destination address. It panics unless a is of the packet's IP version; an IPv4-mapped address is IPv6.
func (p *Packet) SetDst(a netip.Addr) {
	p.setAddr(p.addrOffset(a, dst4, dst6), a)
	p.Flow.Dst = a.WithZone("")
}

// SetSrcPort changes the source port of a TCP or UDP packet, the identifier of an ICMP echo. It does nothing if there is none,
// as in a later fragment.
func (p *Packet) SetSrcPort(port uint16) {
	if p.l4sum == 0 {
		return
	}
	if at := srcPortOffset(p.Flow.Proto, p.b[p.l4:]); at >= 0 {
		p.setPort(at, port)
		p.Flow.SrcPort = port
	}
}

// SetDstPort changes the destination port of a TCP or UDP packet. It does nothing if there is none.
func (p *Packet) SetDstPort(port uint16) {
	if p.l4sum == 0 || !p.Flow.Proto.HasPorts() {
		return
	}
	p.setPort(dstPortOffset, port)
	p.Flow.DstPort = port
}

// addrOffset picks the offset for the packet's IP version.
func (p *Packet) addrOffset(a netip.Addr, at4, at6 int) int {
	switch {
	case p.Version == 4 && a.Is4():
		return at4
	case p.Version == 6 && a.Is6():
		return at6
	}
	panic("packet: address " + a.String() + " is not of the packet's IP version")
}

func (p *Packet) setAddr(at int, a netip.Addr) {
	delta := putAddr(p.b, at, a)
	if p.Version == 4 {
		fixChecksum(p.b, checksum4, delta)
	}
	if p.Flow.Proto != ICMP { // which has no pseudo header
		fixTransport(p.b, p.l4sum, p.Flow.Proto, delta)
	}
}

func (p *Packet) setPort(at int, port uint16) {
	delta := put16(p.b, p.l4+at, port)
	fixTransport(p.b, p.l4sum, p.Flow.Proto, delta)
	if p.Flow.Proto == ICMP && port == 0 {
		p.fixZeroEcho()
	}
}

// fixZeroEcho repairs the one case that RFC 1624 gets wrong: if all bytes under the checksum become zero, it must be 0xffff, not 0.
// Only an ICMPv4 echo reply can be all zero; everything else has a pseudo header. Do not simplify: random tests do not see it.
func (p *Packet) fixZeroEcho() {
	for _, v := range p.b[p.l4:] {
		if v != 0 {
			return
		}
	}
	put16(p.b, p.l4sum, 0xffff)
}

// addrs returns source and destination as they stand side by side in the IP header.
func (p *Packet) addrs() []byte {
	if p.Version == 4 {
		return p.b[src4:header4]
	}
	return p.b[src6:header6]
}
