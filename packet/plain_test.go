package packet

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// TestParsePlain_AgreesWithParse holds it against Parse, on packets that are plain, nearly so, and damaged.
func TestParsePlain_AgreesWithParse(t *testing.T) {
	for _, flow := range []string{"tcp 10.0.0.1:1 > 10.0.0.2:2", "udp 10.0.0.1:1 > 10.0.0.2:2", "tcp [::1]:1 > [::2]:2", "udp [::1]:1 > [::2]:2"} {
		if _, ok := ParsePlain(Spec{Flow: MustParseFlow(flow), Flags: ACK}.Bytes()); !ok {
			t.Errorf("%s is not plain", flow)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		f := MustParseFlow(rapid.SampledFrom([]string{"tcp 10.0.0.1:1 > 10.0.0.2:2", "udp 10.0.0.1:1 > 10.0.0.2:2", "icmp 10.0.0.1 > 10.0.0.2 id 3",
			"tcp [2001:db8::1]:1 > [2001:db8::2]:2", "udp [2001:db8::1]:1 > [2001:db8::2]:2", "icmpv6 ::1 > ::2 id 3"}).Draw(t, "flow"))
		s := Spec{Flow: f, Flags: TCPFlags(rapid.Uint8().Draw(t, "flags")), Payload: make([]byte, rapid.IntRange(0, 20).Draw(t, "payload"))}
		if f.Proto.IsICMP() {
			s.ICMPType = map[Proto]uint8{ICMP: ICMPEchoRequest, ICMPv6: ICMPv6EchoRequest}[f.Proto]
			s.ICMPCode = rapid.Uint8Range(0, 1).Draw(t, "code")
			if rapid.Bool().Draw(t, "reply") {
				s.ICMPType = map[Proto]uint8{ICMP: ICMPEchoReply, ICMPv6: ICMPv6EchoReply}[f.Proto]
			}
		}
		b := s.Bytes()
		for range rapid.IntRange(0, 2).Draw(t, "damages") {
			b[rapid.IntRange(0, len(b)-1).Draw(t, "at")] = rapid.Byte().Draw(t, "to")
		}
		if f.Src.Is4() && rapid.Bool().Draw(t, "checksum") {
			binary.BigEndian.PutUint16(b[10:], 0)
			binary.BigEndian.PutUint16(b[10:], ^fold(sumHeader20(b)))
		}
		if rapid.IntRange(0, 3).Draw(t, "cut") == 0 {
			b = b[:rapid.IntRange(0, len(b)).Draw(t, "length")]
		}

		var p Packet
		err := p.Parse(b)
		got, ok := ParsePlain(b)
		segment := err == nil && p.l4 == map[uint8]int{4: header4, 6: header6}[p.Version] && !p.IsFragment() &&
			(p.Flow.Proto == UDP || p.Flow.Proto == TCP || isPing(&p))
		want := segment && (p.Flow.Proto != TCP || p.Flags&(SYN|FIN|RST) == 0)
		if ok != want {
			t.Fatalf("%x: %v, want %v (%v)", b, ok, want, err)
		}
		if !segment {
			if got != (Plain{}) {
				t.Fatalf("%x: got %+v of a packet that is not plain", b, got)
			}
			return
		}
		if got.Flow(b) != p.Flow {
			t.Fatalf("%x: got %s, want %s", b, got.Flow(b), p.Flow)
		}
		exact := Plain{Ports: uint32(p.Flow.SrcPort)<<16 | uint32(p.Flow.DstPort), Proto: p.Flow.Proto, Len: p.Len()}
		if p.Version == 4 {
			exact.Addresses = pair(p.Flow.Src, p.Flow.Dst)
		} else {
			var back []byte
			for _, w := range Wide(b) {
				back = binary.BigEndian.AppendUint64(back, w)
			}
			if !bytes.Equal(back, p.addrs()) {
				t.Fatalf("%x: addresses %x", b, back)
			}
		}
		if isPing(&p) && EchoType(b) != p.ICMPType {
			t.Fatalf("%x: type %d, want %d", b, EchoType(b), p.ICMPType)
		}
		if got != exact || TTL(b) != p.TTL() || IsWide(b) != (p.Version == 6) {
			t.Fatalf("%x: got %+v, want %+v", b, got, exact)
		}
	})
}

func isPing(p *Packet) bool {
	_, _, echo := p.ICMPEcho()
	return echo && p.ICMPCode == 0
}

// TestPlain_Rewrite holds it against the setters of Packet.
func TestPlain_Rewrite(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		addr := func(name string) netip.Addr {
			return netip.AddrFrom4([4]byte(rapid.SliceOfN(rapid.Byte(), 4, 4).Draw(t, name)))
		}
		port := rapid.Uint16()
		f := Flow{Src: addr("src"), Dst: addr("dst"), SrcPort: port.Draw(t, "sport"), DstPort: port.Draw(t, "dport"),
			Proto: rapid.SampledFrom([]Proto{TCP, UDP, ICMP}).Draw(t, "proto")}
		b := Spec{Flow: f, Flags: ACK, Payload: rapid.SliceOfN(rapid.Byte(), 0, 9).Draw(t, "payload")}.Bytes()
		if f.Proto == UDP && rapid.Bool().Draw(t, "no checksum") {
			binary.BigEndian.PutUint16(b[26:], 0)
		}
		c := slices.Clone(b)
		to := Flow{Src: addr("new src"), Dst: addr("new dst"), SrcPort: port.Draw(t, "new sport"), DstPort: port.Draw(t, "new dport"), Proto: f.Proto}
		if f.Proto == ICMP { // whose identifier stays
			to.SrcPort, to.DstPort = f.SrcPort, 0
		}
		hops := rapid.Uint8Range(0, 1).Draw(t, "hops")

		var want Packet
		if err := want.Parse(c); err != nil {
			t.Fatal(err)
		}
		want.SetSrc(to.Src)
		want.SetDst(to.Dst)
		want.SetSrcPort(to.SrcPort)
		want.SetDstPort(to.DstPort)
		want.SetTTL(want.TTL() - hops)

		p, ok := ParsePlain(b)
		if !ok {
			t.Fatalf("%x is not plain", b)
		}
		p.Rewrite(b, pair(to.Src, to.Dst), uint32(to.SrcPort)<<16|uint32(to.DstPort), hops)
		if !bytes.Equal(b, c) {
			t.Fatalf("got\n%x, want\n%x", b, c)
		}
	})
}

func TestTakeHops(t *testing.T) {
	s := Spec{Flow: MustParseFlow("udp [::1]:1 > [::2]:2"), TTL: 7}
	b := s.Bytes()
	TakeHops(b, 2)
	if s.TTL = 5; !bytes.Equal(b, s.Bytes()) {
		t.Errorf("got %x, want %x", b, s.Bytes())
	}
}

func pair(src, dst netip.Addr) uint64 {
	s, d := src.As4(), dst.As4()
	return uint64(binary.BigEndian.Uint32(s[:]))<<32 | uint64(binary.BigEndian.Uint32(d[:]))
}
