package packet

import "encoding/binary"

// Spec describes a packet to build. Only Flow is required: it decides the IP version and the protocol.
//
//	Spec{Flow: MustParseFlow("tcp 10.0.1.10:40000 > 10.0.2.20:443"), Flags: SYN}.Bytes()
//
// In a later fragment (FragOffset above 0) Payload is what follows the IP header, and the transport fields are ignored.
type Spec struct {
	Flow    Flow
	Payload []byte

	TTL     uint8  // 0 means 64
	TOS     uint8  // DSCP and ECN
	Options []byte // IPv4 options or IPv6 hop-by-hop options; padded as the header needs

	Flags      TCPFlags // TCP: none means none
	Seq, Ack   uint32   // TCP
	TCPOptions []byte   // padded to a multiple of 4

	ICMPType, ICMPCode uint8  // ICMP: type 0 is an echo reply; see [Echo]. The identifier of an echo is Flow.SrcPort
	ICMPSeq            uint16 // echo: sequence number
	ICMPRest           uint32 // not an echo: bytes 4 to 7 of the header, such as the MTU

	ID            uint32 // IPv4 Identification (16 bits), or that of the IPv6 fragment header
	DF            bool   // IPv4
	MoreFragments bool
	FragOffset    uint16 // in bytes, a multiple of 8
	Atomic        bool   // IPv6: a fragment header even if the packet is whole (RFC 6946)
}

// Echo returns the echo request (ping) of an ICMP or ICMPv6 flow; its identifier is f.SrcPort.
func Echo(f Flow) Spec {
	s := Spec{Flow: f, ICMPType: ICMPEchoRequest}
	if f.Proto == ICMPv6 {
		s.ICMPType = ICMPv6EchoRequest
	}
	return s
}

// Bytes returns the packet in new memory. It panics if s is no packet, see [Spec.Append].
func (s Spec) Bytes() []byte { return s.Append(nil) }

// Append appends the packet to b, with valid checksums. It panics if the addresses are not of one IP version, the packet would be longer
// than 65535 bytes, or options are too long: s comes from a program, not from a network.
func (s Spec) Append(b []byte) []byte {
	if !s.Flow.Src.IsValid() || s.Flow.Src.Is4() != s.Flow.Dst.Is4() {
		panic("packet: cannot build " + s.Flow.String())
	}
	if s.TTL == 0 {
		s.TTL = 64
	}
	start := len(b)
	if s.Flow.Src.Is4() {
		b = s.append4(b)
	} else {
		b = s.append6(b)
	}
	l4 := len(b)
	b = s.appendTransport(b)
	s.finish(b[start:], l4-start)
	return b
}

// finish fills in what depends on the whole packet: lengths and checksums.
func (s Spec) finish(b []byte, l4 int) {
	if len(b) > 65535 {
		panic("packet: too long: " + s.Flow.String())
	}
	var addrs []byte
	if s.Flow.Src.Is4() {
		addrs = b[src4:header4]
		binary.BigEndian.PutUint16(b[2:], uint16(len(b)))
		binary.BigEndian.PutUint16(b[checksum4:], ^fold(sumBytes(0, b[:l4])))
	} else {
		addrs = b[src6:header6]
		binary.BigEndian.PutUint16(b[4:], uint16(len(b)-header6))
	}
	at := s.checksumOffset()
	if s.FragOffset != 0 || at == 0 {
		return
	}
	t := b[l4:]
	sum := uint64(0)
	if s.Flow.Proto != ICMP {
		sum = pseudoSum(addrs, s.Flow.Proto, len(t))
	}
	check := ^fold(sumBytes(sum, t))
	if check == 0 && s.Flow.Proto == UDP {
		check = 0xffff
	}
	binary.BigEndian.PutUint16(t[at:], check)
}

// checksumOffset returns where the transport header has its checksum, 0 if it has none.
func (s Spec) checksumOffset() int {
	switch s.Flow.Proto {
	case TCP:
		return checksumTCP
	case UDP:
		return checksumUDP
	case icmpOf(s.version()):
		return checksumICMP
	}
	return 0
}

func (s Spec) version() uint8 {
	if s.Flow.Src.Is4() {
		return 4
	}
	return 6
}

func (s Spec) append4(b []byte) []byte {
	options := padded(s.Options, 4, 40)
	frag := s.FragOffset / 8
	if s.DF {
		frag |= flagDF
	}
	if s.MoreFragments {
		frag |= flagMF
	}
	b = append(b, 4<<4|uint8(header4+len(options))/4, s.TOS, 0, 0)
	b = binary.BigEndian.AppendUint16(b, uint16(s.ID))
	b = binary.BigEndian.AppendUint16(b, frag)
	b = append(b, s.TTL, uint8(s.Flow.Proto), 0, 0)
	src, dst := s.Flow.Src.As4(), s.Flow.Dst.As4()
	b = append(append(b, src[:]...), dst[:]...)
	return append(b, options...)
}

func (s Spec) append6(b []byte) []byte {
	fragmented := s.Atomic || s.MoreFragments || s.FragOffset != 0
	first, second := uint8(s.Flow.Proto), uint8(s.Flow.Proto) // next header of the IPv6 header and of the hop-by-hop header
	if fragmented {
		first, second = extFragment, extFragment
	}
	if s.Options != nil {
		first = extHopByHop
	}
	b = append(b, 6<<4|s.TOS>>4, s.TOS<<4, 0, 0, 0, 0, first, s.TTL)
	src, dst := s.Flow.Src.As16(), s.Flow.Dst.As16()
	b = append(append(b, src[:]...), dst[:]...)
	if s.Options != nil {
		h := padded(append([]byte{second, 0}, s.Options...), 8, 2048)
		h[1] = uint8(len(h)/8 - 1)
		b = append(b, h...)
	}
	if !fragmented {
		return b
	}
	frag := s.FragOffset &^ 7
	if s.MoreFragments {
		frag |= 1
	}
	b = append(b, uint8(s.Flow.Proto), 0)
	b = binary.BigEndian.AppendUint16(b, frag)
	return binary.BigEndian.AppendUint32(b, s.ID)
}

// appendTransport appends the transport header, its checksum still 0, and the payload.
func (s Spec) appendTransport(b []byte) []byte {
	if s.FragOffset != 0 {
		return append(b, s.Payload...)
	}
	switch s.Flow.Proto {
	case TCP:
		options := padded(s.TCPOptions, dataOffsetUnit, 40)
		b = s.appendPorts(b)
		b = binary.BigEndian.AppendUint32(b, s.Seq)
		b = binary.BigEndian.AppendUint32(b, s.Ack)
		b = append(b, uint8((headerTCP+len(options))/dataOffsetUnit)<<4, uint8(s.Flags))
		b = binary.BigEndian.AppendUint16(b, defaultWindow)
		b = append(b, 0, 0, 0, 0) // checksum, urgent pointer
		b = append(b, options...)
	case UDP:
		b = s.appendPorts(b)
		b = binary.BigEndian.AppendUint16(b, uint16(8+len(s.Payload)))
		b = append(b, 0, 0)
	case icmpOf(s.version()):
		rest := s.ICMPRest
		if echo, _ := isEcho(s.Flow.Proto, s.ICMPType); echo {
			rest = uint32(s.Flow.SrcPort)<<16 | uint32(s.ICMPSeq)
		}
		b = append(b, s.ICMPType, s.ICMPCode, 0, 0)
		b = binary.BigEndian.AppendUint32(b, rest)
	}
	return append(b, s.Payload...)
}

func (s Spec) appendPorts(b []byte) []byte {
	b = binary.BigEndian.AppendUint16(b, s.Flow.SrcPort)
	return binary.BigEndian.AppendUint16(b, s.Flow.DstPort)
}

// padded returns o with zeros, which end a list of options and are padding in IPv6, up to a multiple of unit.
func padded(o []byte, unit, limit int) []byte {
	if len(o) > limit {
		panic("packet: options too long")
	}
	if len(o)%unit == 0 {
		return o
	}
	return append(o[:len(o):len(o)], make([]byte, unit-len(o)%unit)...)
}
