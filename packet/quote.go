package packet

import (
	"encoding/binary"
	"net/netip"
)

// An ICMP error quotes the packet that caused it, as much of it as fits. A NAT must rewrite the quote too (RFC 5508 section 4.2),
// and up to four checksums see such a change:
//
//	┌─ IP ─┬─ ICMP ────────────────────────────────────────────┐
//	│      │                   ┌─ quoted IP ──┬─ quoted TCP ─┐ │
//	│ [1]  │ type code [4] ... │ [2] address  │ port [3]     │ │
//	│      │                   └──────────────┴──────────────┘ │
//	└──────┴───────────────────────────────────────────────────┘
//
// 1 is untouched; 2 (IPv4 only) and 3 (if quoted that far) see the address; 4 sees the address and the changes of 2 and 3.
type quote struct {
	flow  Flow
	ip    int // offsets in the outer packet
	l4    int
	l4sum int // 0: not quoted
	ports int // source port or echo identifier; 0: it has none
}

// EmbeddedFlow returns the flow of the packet that an ICMP error quotes: the one the error is about, in the direction it went.
// The quote may be cut off 8 bytes after its IP header, and its checksums are not verified.
func (p *Packet) EmbeddedFlow() (Flow, bool) {
	q, ok := p.quoted()
	return q.flow, ok
}

// SetEmbeddedSrc changes the source address of the quoted packet. Like the other setters for the quote, it updates the checksums of
// the quote and of the ICMP error, and does nothing if there is no quote.
func (p *Packet) SetEmbeddedSrc(a netip.Addr) { p.setEmbeddedAddr(a, src4, src6) }

// SetEmbeddedDst changes the destination address of the quoted packet.
func (p *Packet) SetEmbeddedDst(a netip.Addr) { p.setEmbeddedAddr(a, dst4, dst6) }

// SetEmbeddedSrcPort changes the source port or echo identifier of the quoted packet.
func (p *Packet) SetEmbeddedSrcPort(port uint16) {
	if q, ok := p.quoted(); ok && q.ports != 0 {
		p.setEmbeddedPort(q, q.ports, port)
	}
}

// SetEmbeddedDstPort changes the destination port of the quoted packet.
func (p *Packet) SetEmbeddedDstPort(port uint16) {
	if q, ok := p.quoted(); ok && q.flow.Proto.HasPorts() {
		p.setEmbeddedPort(q, q.ports+dstPortOffset, port)
	}
}

// SetEmbeddedFlow changes the addresses and ports of the quoted packet, or its echo identifier, to those of f.
func (p *Packet) SetEmbeddedFlow(f Flow) {
	p.SetEmbeddedSrc(f.Src)
	p.SetEmbeddedDst(f.Dst)
	p.SetEmbeddedSrcPort(f.SrcPort)
	p.SetEmbeddedDstPort(f.DstPort)
}

func (p *Packet) setEmbeddedAddr(a netip.Addr, at4, at6 int) {
	q, ok := p.quoted()
	if !ok {
		return
	}
	at := q.ip + p.addrOffset(a, at4, at6)
	delta := putAddr(p.b, at, a)
	outer := delta
	if p.Version == 4 {
		outer += fixChecksum(p.b, q.ip+checksum4, delta)
	}
	if q.flow.Proto != ICMP { // which has no pseudo header
		outer += fixTransport(p.b, q.l4sum, q.flow.Proto, delta)
	}
	fixChecksum(p.b, p.l4sum, outer)
}

func (p *Packet) setEmbeddedPort(q quote, at int, port uint16) {
	delta := put16(p.b, at, port)
	outer := delta + fixTransport(p.b, q.l4sum, q.flow.Proto, delta)
	fixChecksum(p.b, p.l4sum, outer)
}

// quoted finds the quote of an ICMP error.
func (p *Packet) quoted() (q quote, ok bool) {
	if !p.IsICMPError() {
		return quote{}, false
	}
	q.ip = p.payload
	if p.Version == 4 {
		ok = q.read4(p.b[q.ip:])
	} else {
		ok = q.read6(p.b[q.ip:])
	}
	if !ok || !q.readTransport(p.b[q.l4:], p.Version) {
		return quote{}, false
	}
	return q, true
}

// read4 reads the quoted IPv4 header. A later fragment has no ports and so cannot be told apart: no error should quote one (RFC 1122).
func (q *quote) read4(b []byte) bool {
	if len(b) < header4 || b[0]>>4 != 4 {
		return false
	}
	hlen := int(b[0]&0xf) * 4
	if hlen < header4 || hlen > len(b) || binary.BigEndian.Uint16(b[6:])&maskOffset != 0 {
		return false
	}
	q.l4 = q.ip + hlen
	q.flow.Proto = Proto(b[9])
	q.flow.Src = netip.AddrFrom4([4]byte(b[src4:]))
	q.flow.Dst = netip.AddrFrom4([4]byte(b[dst4:]))
	return true
}

// read6 reads the quoted IPv6 header and its extension headers.
func (q *quote) read6(b []byte) bool {
	if len(b) < header6 || b[0]>>4 != 6 {
		return false
	}
	ext := extensions{next: b[6], end: header6}
	if ext.walk(b) != nil || ext.fragOffset != 0 {
		return false
	}
	q.l4 = q.ip + ext.end
	q.flow.Proto = Proto(ext.next)
	q.flow.Src = netip.AddrFrom16([16]byte(b[src6:]))
	q.flow.Dst = netip.AddrFrom16([16]byte(b[dst6:]))
	return true
}

// readTransport reads the ports and finds the checksum if t reaches that far.
func (q *quote) readTransport(t []byte, version uint8) bool {
	sum := 0
	switch q.flow.Proto {
	case TCP:
		sum = checksumTCP
	case UDP:
		sum = checksumUDP
	case icmpOf(version):
		sum = checksumICMP
	default:
		return true
	}
	if len(t) < 8 { // what RFC 792 promises
		return false
	}
	if len(t) >= sum+2 {
		q.l4sum = q.l4 + sum
	}
	if at := srcPortOffset(q.flow.Proto, t); at >= 0 {
		q.ports = q.l4 + at
		q.flow.SrcPort = binary.BigEndian.Uint16(t[at:])
	}
	if q.flow.Proto.HasPorts() {
		q.flow.DstPort = binary.BigEndian.Uint16(t[dstPortOffset:])
	}
	return true
}
