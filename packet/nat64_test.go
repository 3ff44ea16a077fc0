package packet

import (
	"math/rand/v2"
	"net/netip"
	"testing"
)

var nat64 = NAT64{
	Prefix:  netip.MustParsePrefix("64:ff9b::/96"),
	Inside:  netip.MustParseAddr("2001:db8::5"),
	Outside: netip.MustParseAddr("10.0.0.220"),
}

// across translates a packet, which must come out whole.
func across(t *testing.T, b []byte) *Packet {
	t.Helper()
	out, ok := nat64.Append(nil, parsed(t, b))
	if !ok {
		t.Fatalf("%s: has no counterpart", parsed(t, b).Flow)
	}
	p := parsed(t, out)
	if !p.ChecksumOK() {
		t.Errorf("%s becomes %s with a bad checksum", parsed(t, b).Flow, p.Flow)
	}
	return p
}

func parsed(t *testing.T, b []byte) *Packet {
	t.Helper()
	var p Packet
	if err := p.Parse(b); err != nil {
		t.Fatal(err)
	}
	return &p
}

func TestNAT64Flow(t *testing.T) {
	for _, c := range []struct{ in, out string }{
		{"tcp [2001:db8::5]:40000 > [64:ff9b::cb00:7109]:443", "tcp 10.0.0.220:40000 > 203.0.113.9:443"},
		{"udp [2001:db8::5]:40000 > [64:ff9b::cb00:7109]:53", "udp 10.0.0.220:40000 > 203.0.113.9:53"},
		{"icmpv6 2001:db8::5 > 64:ff9b::cb00:7109 id 7", "icmp 10.0.0.220 > 203.0.113.9 id 7"},
		{"tcp 203.0.113.9:443 > 10.0.0.220:40000", "tcp [64:ff9b::cb00:7109]:443 > [2001:db8::5]:40000"},
		{"udp 203.0.113.9:53 > 10.0.0.220:40000", "udp [64:ff9b::cb00:7109]:53 > [2001:db8::5]:40000"},
	} {
		s := Echo(MustParseFlow(c.in))
		s.TTL, s.TOS, s.Payload = 9, 0x28, []byte("odd") // an odd length
		if p := across(t, s.Bytes()); p.Flow.String() != c.out || p.TTL() != 9 || p.TOS() != 0x28 || string(p.Payload()) != "odd" {
			t.Errorf("%s becomes %s ttl %d tos %d %q, want %s", c.in, p.Flow, p.TTL(), p.TOS(), p.Payload(), c.out)
		}
	}
}

// What goes across and back is what it was, checksums included; a bad checksum stays bad.
func TestNAT64ThereAndBack(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 64))
	for n := range 2000 {
		f := Flow{Src: nat64.Inside, Dst: netip.MustParseAddr("64:ff9b::cb00:7109"), SrcPort: uint16(r.Uint32()), Proto: [...]Proto{TCP, UDP, ICMPv6}[n%3]}
		s := Echo(f)
		if f.Proto.HasPorts() {
			s.Flow.DstPort = uint16(r.Uint32())
		}
		if s.Payload = make([]byte, r.IntN(40)); n%5 > 0 {
			for i := range s.Payload {
				s.Payload[i] = byte(r.Uint32())
			}
		}
		b := s.Bytes()
		if there := across(t, b); string(across(t, there.Bytes()).Bytes()) != string(b) {
			t.Fatalf("%s: not the same after there and back", s.Flow)
		}
		b[len(b)-1] ^= 0x55
		bad, ok := nat64.Append(nil, parsed(t, b))
		if p := parsed(t, bad); !ok || p.ChecksumOK() {
			t.Fatalf("%s: the damage was hidden", s.Flow)
		}
	}
}

// An all-zero echo reply has the checksum 0xffff, see fixZeroEcho.
func TestNAT64ZeroEcho(t *testing.T) {
	across(t, Spec{Flow: MustParseFlow("icmpv6 2001:db8::5 > 64:ff9b::cb00:7109"), ICMPType: ICMPv6EchoReply}.Bytes())
}

func TestNAT64UDPWithoutChecksum(t *testing.T) {
	b := Spec{Flow: MustParseFlow("udp 203.0.113.9:53 > 10.0.0.220:40000"), Payload: []byte("x")}.Bytes()
	b[26], b[27] = 0, 0
	across(t, b)
	b = Spec{Flow: MustParseFlow("udp 203.0.113.9:53 > 10.0.0.220:40000"), Payload: make([]byte, 8), MoreFragments: true}.Bytes()
	b[26], b[27] = 0, 0
	if _, ok := nat64.Append(nil, parsed(t, b)); ok {
		t.Error("a first fragment without checksum went across")
	}
}

func TestNAT64Fragments(t *testing.T) {
	b := Spec{Flow: MustParseFlow("udp [2001:db8::5]:40000 > [64:ff9b::cb00:7109]:53"), Payload: make([]byte, 16), FragOffset: 1480, MoreFragments: true, ID: 77}.Bytes()
	p := across(t, b)
	if p.FragOffset != 1480 || !p.MoreFragments || p.FragID != 77 || p.Len() != 36 || p.DF() {
		t.Errorf("offset %d more %v id %d len %d", p.FragOffset, p.MoreFragments, p.FragID, p.Len())
	}
	if back := across(t, p.Bytes()); string(back.Bytes()) != string(b) {
		t.Error("not the same after there and back")
	}
}

// IPv4 routers do not cut up what IPv6 ones would not, but for small packets (RFC 7915 section 5.1).
func TestNAT64DontFragment(t *testing.T) {
	for size, df := range map[int]bool{1280: false, 1281: true} {
		b := Spec{Flow: MustParseFlow("udp [2001:db8::5]:40000 > [64:ff9b::cb00:7109]:53"), Payload: make([]byte, size-48)}.Bytes()
		if p := across(t, b); p.DF() != df || p.Len() != size-20 {
			t.Errorf("%d bytes: DF %v, %d bytes", size, p.DF(), p.Len())
		}
	}
}

func TestNAT64Errors(t *testing.T) {
	in4 := Spec{Flow: MustParseFlow("udp 10.0.0.220:2000 > 203.0.113.9:53"), Payload: []byte("abc")}.Bytes()
	in6 := Spec{Flow: MustParseFlow("udp [64:ff9b::cb00:7109]:53 > [2001:db8::5]:40000"), Payload: []byte("abc")}.Bytes()
	echo := Echo(MustParseFlow("icmp 10.0.0.220 > 203.0.113.9 id 9")).Bytes()
	for _, c := range []struct {
		kind, code uint8
		rest       uint32
		quote      []byte
		want       icmpError
		about      string // "": no counterpart
	}{
		{3, 4, 1500, in4, icmpError{2, 0, 1520}, "udp [2001:db8::5]:2000 > [64:ff9b::cb00:7109]:53"},
		{3, 4, 0, in4, icmpError{2, 0, 1280}, "udp [2001:db8::5]:2000 > [64:ff9b::cb00:7109]:53"},
		{3, 3, 0, in4, icmpError{1, 4, 0}, "udp [2001:db8::5]:2000 > [64:ff9b::cb00:7109]:53"},
		{3, 3, 0, in4[:28], icmpError{1, 4, 0}, "udp [2001:db8::5]:2000 > [64:ff9b::cb00:7109]:53"},
		{3, 2, 0, in4, icmpError{4, 1, 6}, "udp [2001:db8::5]:2000 > [64:ff9b::cb00:7109]:53"},
		{3, 1, 0, echo, icmpError{1, 0, 0}, "icmpv6 2001:db8::5 > 64:ff9b::cb00:7109 id 9"},
		{3, 13, 0, in4, icmpError{1, 1, 0}, "udp [2001:db8::5]:2000 > [64:ff9b::cb00:7109]:53"},
		{11, 0, 0, in4, icmpError{3, 0, 0}, "udp [2001:db8::5]:2000 > [64:ff9b::cb00:7109]:53"},
		{12, 0, 8 << 24, in4, icmpError{4, 0, 7}, "udp [2001:db8::5]:2000 > [64:ff9b::cb00:7109]:53"},
		{12, 0, 4 << 24, in4, icmpError{}, ""},
		{3, 14, 0, in4, icmpError{}, ""},
		{2, 0, 1400, in6, icmpError{3, 4, 1380}, "udp 203.0.113.9:53 > 10.0.0.220:40000"},
		{1, 4, 0, in6, icmpError{3, 3, 0}, "udp 203.0.113.9:53 > 10.0.0.220:40000"},
		{1, 1, 0, in6, icmpError{3, 10, 0}, "udp 203.0.113.9:53 > 10.0.0.220:40000"},
		{1, 0, 0, in6, icmpError{3, 1, 0}, "udp 203.0.113.9:53 > 10.0.0.220:40000"},
		{3, 0, 0, in6, icmpError{11, 0, 0}, "udp 203.0.113.9:53 > 10.0.0.220:40000"},
		{4, 1, 6, in6, icmpError{3, 2, 0}, "udp 203.0.113.9:53 > 10.0.0.220:40000"},
		{4, 0, 7, in6, icmpError{12, 0, 8 << 24}, "udp 203.0.113.9:53 > 10.0.0.220:40000"},
		{4, 2, 0, in6, icmpError{}, ""},
	} {
		s := Spec{Flow: MustParseFlow("icmp 198.51.100.1 > 10.0.0.220"), ICMPType: c.kind, ICMPCode: c.code, ICMPRest: c.rest, Payload: c.quote}
		if c.quote[0]>>4 == 6 {
			s.Flow = MustParseFlow("icmpv6 2001:db8::5 > 64:ff9b::cb00:7109")
		}
		out, ok := nat64.Append(nil, parsed(t, s.Bytes()))
		if !ok {
			if c.about != "" {
				t.Errorf("type %d code %d: no counterpart", c.kind, c.code)
			}
			continue
		}
		p := parsed(t, out)
		about, _ := p.EmbeddedFlow()
		rest := uint32(out[p.l4+4])<<24 | uint32(out[p.l4+5])<<16 | uint32(out[p.l4+6])<<8 | uint32(out[p.l4+7])
		if got := (icmpError{p.ICMPType, p.ICMPCode, rest}); got != c.want || about.String() != c.about || !p.ChecksumOK() {
			t.Errorf("type %d code %d: %v about %s, sums %v, want %v about %s", c.kind, c.code, got, about, p.ChecksumOK(), c.want, c.about)
		}
		if quoted, ok := p.quotedPacket(); ok && len(c.quote) > 28 && !parsed(t, quoted.b).ChecksumOK() {
			t.Errorf("type %d code %d: the quote has a bad checksum", c.kind, c.code)
		}
	}
}

func FuzzNAT64(f *testing.F) {
	f.Add(Spec{Flow: MustParseFlow("icmp 198.51.100.1 > 10.0.0.220"), ICMPType: 3, Payload: Echo(MustParseFlow("icmp 10.0.0.220 > 203.0.113.9 id 9")).Bytes()}.Bytes()) // an error
	f.Add(Spec{Flow: MustParseFlow("udp [2001:db8::5]:1 > [64:ff9b::cb00:7109]:53"), Options: []byte{1, 0}, FragOffset: 8}.Bytes())                                     // all headers
	f.Fuzz(func(t *testing.T, b []byte) {
		var p, q Packet
		if p.Parse(b) != nil {
			return
		}
		good := p.ChecksumOK()
		if out, ok := nat64.Append(nil, &p); ok && len(out) <= 65535 {
			if err := q.Parse(out); err != nil {
				t.Fatalf("becomes no packet: %v", err)
			}
			if good && !q.ChecksumOK() {
				t.Fatal("becomes one with a bad checksum")
			}
		}
	})
}
