package packet

import "net/netip"

// How much of the offending packet an ICMP error carries: all that fits into the smallest MTU every link has.
const (
	maxError4 = 576  // RFC 1812 section 4.3.2.3
	maxError6 = 1280 // RFC 4443 section 2.4 (c)
)

// AppendTooBig appends to b the answer to a packet that exceeds mtu: ICMP "fragmentation needed" (RFC 1191) or ICMPv6 "packet too big",
// from the router's address to p's source. It appends nothing if p must not be answered (RFC 1122 section 3.2.2, RFC 4443 section
// 2.4 (e)): errors about errors would never end, errors about broadcasts would come from everywhere, a source that is no host cannot
// be told, and a later fragment says not enough.
func AppendTooBig(b []byte, from netip.Addr, p *Packet, mtu int) []byte {
	if p.Version == 4 {
		return appendError(b, from, p, ICMPUnreachable, ICMPCodeFragNeeded, uint32(mtu))
	}
	return appendError(b, from, p, ICMPv6TooBig, 0, uint32(mtu))
}

// AppendTimeExceeded appends to b the answer to a packet whose TTL or hop limit ran out at the router from. Like [AppendTooBig] it
// appends nothing if p must not be answered.
func AppendTimeExceeded(b []byte, from netip.Addr, p *Packet) []byte {
	if p.Version == 4 {
		return appendError(b, from, p, ICMPTimeExceeded, ICMPCodeHopExceeded, 0)
	}
	return appendError(b, from, p, ICMPv6TimeExceeded, ICMPCodeHopExceeded, 0)
}

// AppendReset appends to b the TCP reset with which p's destination would refuse p (RFC 9293 section 3.10.7.1). It appends nothing
// if p has no TCP header or is a reset itself.
func AppendReset(b []byte, p *Packet) []byte {
	t := p.tcp()
	if t == nil || p.Flags.Has(RST) {
		return b
	}
	s := Spec{Flow: p.Flow.Reverse(), Flags: RST}
	seq, ack := p.TCPSeq()
	if p.Flags.Has(ACK) {
		s.Seq = ack
		return s.Append(b)
	}
	s.Flags = RST | ACK
	s.Ack = seq + uint32(len(p.Payload()))
	if p.Flags.Has(SYN) { // SYN and FIN count as one byte each
		s.Ack++
	}
	if p.Flags.Has(FIN) {
		s.Ack++
	}
	return s.Append(b)
}

func appendError(b []byte, from netip.Addr, p *Packet, kind, code uint8, rest uint32) []byte {
	if !p.mayAnswer() || p.Version == 6 && p.Flow.Dst.IsMulticast() && kind != ICMPv6TooBig {
		return b
	}
	room := maxError4 - header4 - headerICMP
	if p.Version == 6 {
		room = maxError6 - header6 - headerICMP
	}
	return Spec{
		Flow:     Flow{Src: from, Dst: p.Flow.Src, Proto: icmpOf(p.Version)},
		ICMPType: kind,
		ICMPCode: code,
		ICMPRest: rest,
		Payload:  p.b[:min(len(p.b), room)],
	}.Append(b)
}

// mayAnswer reports whether an ICMP error may be sent about p. IPv6 multicast depends on the error and is left to appendError.
func (p *Packet) mayAnswer() bool {
	src, dst := p.Flow.Src, p.Flow.Dst
	if src.IsUnspecified() || src.IsMulticast() || src == broadcast4 {
		return false
	}
	if p.Version == 4 && (p.IsLaterFragment() || dst.IsMulticast() || dst == broadcast4) {
		return false
	}
	if !p.hasICMP() {
		return true
	}
	switch {
	case p.IsICMPError():
		return false
	case p.Version == 4:
		return p.ICMPType != ICMPSourceQuench && p.ICMPType != ICMPRedirect
	}
	return p.ICMPType >= firstInfoICMPv6 && p.ICMPType != ICMPv6Redirect
}

var broadcast4 = netip.AddrFrom4([4]byte{255, 255, 255, 255})
