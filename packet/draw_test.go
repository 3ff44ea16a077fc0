package packet

import (
	"encoding/binary"
	"net/netip"

	"pgregory.net/rapid"
)

func drawAddr(t *rapid.T, version uint8) netip.Addr {
	if version == 4 {
		return netip.AddrFrom4([4]byte(rapid.SliceOfN(rapid.Byte(), 4, 4).Draw(t, "address")))
	}
	a := [16]byte(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "address"))
	if rapid.IntRange(0, 9).Draw(t, "mapped") == 0 {
		copy(a[:], "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xff\xff") // IPv4-mapped stays IPv6
	}
	return netip.AddrFrom16(a)
}

func drawVersion(t *rapid.T) uint8 { return rapid.SampledFrom([]uint8{4, 6}).Draw(t, "version") }

func drawFlow(t *rapid.T, version uint8) Flow {
	f := Flow{
		Src:   drawAddr(t, version),
		Dst:   drawAddr(t, version),
		Proto: rapid.SampledFrom([]Proto{TCP, UDP, ICMP, ICMPv6, 50, 132, noNextHeader}).Draw(t, "proto"),
	}
	if f.Proto.HasPorts() {
		f.SrcPort, f.DstPort = rapid.Uint16().Draw(t, "source port"), rapid.Uint16().Draw(t, "destination port")
	}
	if f.Proto == icmpOf(version) {
		f.SrcPort = rapid.Uint16().Draw(t, "id")
	}
	return f
}

// drawOptions draws well-formed IPv4 options of at most 40 bytes, copied and not copied.
func drawOptions(t *rapid.T) []byte {
	var o []byte
	for range rapid.IntRange(0, 4).Draw(t, "options") {
		data := rapid.SliceOfN(rapid.Byte(), 0, 8).Draw(t, "option data")
		kind := rapid.SampledFrom([]byte{optionNop, 7, 68, 148}).Draw(t, "option") // record route, timestamp, router alert
		if o = append(o, kind); kind != optionNop {
			o = append(append(o, byte(len(data)+2)), data...)
		}
	}
	return o
}

// drawSpec draws packets whose parse is the Spec again: what the protocol does not use is zero.
func drawSpec(t *rapid.T) Spec {
	version := drawVersion(t)
	s := Spec{
		Flow:    drawFlow(t, version),
		TTL:     rapid.Uint8Min(1).Draw(t, "ttl"),
		TOS:     rapid.Uint8().Draw(t, "tos"),
		Payload: rapid.SliceOfN(rapid.Byte(), 0, 40).Draw(t, "payload"),
	}
	switch s.Flow.Proto {
	case TCP:
		s.Flags = TCPFlags(rapid.Uint8().Draw(t, "flags"))
		s.Seq, s.Ack = rapid.Uint32().Draw(t, "seq"), rapid.Uint32().Draw(t, "ack")
		s.TCPOptions = rapid.SampledFrom([][]byte{nil, {2, 4, 5, 180}, {1, 2, 4, 5, 180, 0}}).Draw(t, "tcp options")
	case icmpOf(version):
		s.ICMPType, s.ICMPCode = rapid.Uint8().Draw(t, "type"), rapid.Uint8().Draw(t, "code")
		s.ICMPRest, s.ICMPSeq = rapid.Uint32().Draw(t, "rest"), rapid.Uint16().Draw(t, "icmp seq")
		if echo, _ := isEcho(s.Flow.Proto, s.ICMPType); !echo {
			s.Flow.SrcPort = 0
		}
	}
	if version == 4 {
		s.Options = drawOptions(t)
		s.DF = rapid.Bool().Draw(t, "df")
		s.ID = uint32(rapid.Uint16().Draw(t, "id"))
	} else {
		s.Options = rapid.SampledFrom([][]byte{nil, {}, {5, 2, 0, 0}}).Draw(t, "hop-by-hop") // router alert (RFC 2711)
	}
	return drawFragment(t, s)
}

// drawFragment makes one packet in two a fragment.
func drawFragment(t *rapid.T, s Spec) Spec {
	kind := rapid.SampledFrom([]string{"whole", "whole", "whole", "first", "middle", "last", "atomic"}).Draw(t, "fragment")
	if kind == "first" || kind == "middle" {
		s.MoreFragments = true
		s.TCPOptions = nil
		s.Payload = s.Payload[:len(s.Payload)&^7]
		if kind == "first" && s.Flow.Proto == TCP {
			s.Payload = append(s.Payload, 1, 2, 3, 4) // after 20 bytes of header
		}
		if len(s.Payload) == 0 {
			s.Payload = []byte("8 bytes.")
		}
	}
	if kind == "middle" || kind == "last" {
		s.FragOffset = 8 * uint16(rapid.IntRange(2, 8000).Draw(t, "fragment offset"))
		s.Flow.SrcPort, s.Flow.DstPort = 0, 0
		s.Flags, s.ICMPType, s.ICMPCode = 0, 0, 0
	}
	s.Atomic = kind == "atomic" && s.version() == 6
	if s.version() == 6 && (s.Atomic || s.MoreFragments || s.FragOffset != 0) {
		s.ID = rapid.Uint32().Draw(t, "fragment id")
	}
	return s
}

// setTransportPort changes a spec as the setters change a packet.
func (s *Spec) setSrcPort(port uint16) {
	if echo, _ := isEcho(s.Flow.Proto, s.ICMPType); s.FragOffset == 0 && (s.Flow.Proto.HasPorts() || s.Flow.Proto == icmpOf(s.version()) && echo) {
		s.Flow.SrcPort = port
	}
}

func (s *Spec) setDstPort(port uint16) {
	if s.FragOffset == 0 && s.Flow.Proto.HasPorts() {
		s.Flow.DstPort = port
	}
}

// edit returns a copy of b with the bytes at `at` replaced; of IPv4 the header checksum is made valid again.
func edit(b []byte, at int, v ...byte) []byte {
	b = append([]byte(nil), b...)
	copy(b[at:], v)
	if hlen := int(b[0]&0xf) * 4; b[0]>>4 == 4 && hlen >= header4 && hlen <= len(b) {
		binary.BigEndian.PutUint16(b[checksum4:], 0)
		binary.BigEndian.PutUint16(b[checksum4:], slowChecksum(b[:hlen]))
	}
	return b
}
