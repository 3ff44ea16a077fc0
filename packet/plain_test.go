package packet

import (
	"encoding/binary"
	"testing"

	"pgregory.net/rapid"
)

// TestParsePlain_AgreesWithParse holds it against Parse, on packets that are plain, nearly so, and damaged.
func TestParsePlain_AgreesWithParse(t *testing.T) {
	plain := 0
	rapid.Check(t, func(t *rapid.T) {
		f := MustParseFlow(rapid.SampledFrom([]string{"tcp 10.0.0.1:1 > 10.0.0.2:2", "udp 10.0.0.1:1 > 10.0.0.2:2", "icmp 10.0.0.1 > 10.0.0.2 id 3", "udp [::1]:1 > [::2]:2"}).Draw(t, "flow"))
		s := Spec{Flow: f, Flags: TCPFlags(rapid.Uint8().Draw(t, "flags")), Payload: make([]byte, rapid.IntRange(0, 20).Draw(t, "payload"))}
		if f.Proto.IsICMP() {
			s.ICMPType = ICMPEchoRequest
		}
		b := s.Bytes()
		for range rapid.IntRange(0, 2).Draw(t, "damages") {
			b[rapid.IntRange(0, len(b)-1).Draw(t, "at")] = rapid.Byte().Draw(t, "to")
		}
		if f.Src.Is4() && rapid.Bool().Draw(t, "checksum") {
			binary.BigEndian.PutUint16(b[10:], 0)
			binary.BigEndian.PutUint16(b[10:], ^fold(sumHeader20(b)))
		}
		b = b[:rapid.IntRange(0, len(b)).Draw(t, "length")]

		var p Packet
		err := p.Parse(b)
		got, ok := ParsePlain(b)
		want := err == nil && p.Version == 4 && p.l4 == header4 && !p.IsFragment() &&
			(p.Flow.Proto == UDP || p.Flow.Proto == TCP && p.Flags&(SYN|FIN|RST) == 0)
		if ok != want {
			t.Fatalf("%x: %v, want %v (%v)", b, ok, want, err)
		}
		if !ok {
			return
		}
		plain++
		src, dst := p.Flow.Src.As4(), p.Flow.Dst.As4()
		addresses := uint64(binary.BigEndian.Uint32(src[:]))<<32 | uint64(binary.BigEndian.Uint32(dst[:]))
		if want := (Plain{addresses, uint32(p.Flow.SrcPort)<<16 | uint32(p.Flow.DstPort), p.Flow.Proto, p.Len()}); got != want {
			t.Fatalf("%x: got %+v, want %+v", b, got, want)
		}
	})
	if plain == 0 {
		t.Error("no packet was plain")
	}
}
