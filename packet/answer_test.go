package packet

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var (
	router4 = netip.MustParseAddr("10.0.1.1")
	router6 = netip.MustParseAddr("2001:db8::ffff")
)

// answerTo parses the answer, which is empty if there is none.
func answerTo(t *testing.T, b []byte, answer func(p *Packet) []byte) Packet {
	var p, a Packet
	require.NoError(t, p.Parse(b))
	if raw := answer(&p); len(raw) > 0 {
		require.NoError(t, a.Parse(raw))
		require.True(t, a.ChecksumOK())
	}
	return a
}

func tooBig(p *Packet) []byte {
	if p.Version == 4 {
		return AppendTooBig(nil, router4, p, 1500)
	}
	return AppendTooBig(nil, router6, p, 1500)
}

func timeExceeded(p *Packet) []byte {
	if p.Version == 4 {
		return AppendTimeExceeded(nil, router4, p)
	}
	return AppendTimeExceeded(nil, router6, p)
}

func TestTooBig(t *testing.T) {
	big4 := Spec{Flow: MustParseFlow("tcp 10.0.1.10:40000 > 203.0.113.9:443"), Payload: make([]byte, 8000)}.Bytes()
	big6 := Spec{Flow: MustParseFlow("tcp [2001:db8::1]:40000 > [2001:db8::2]:443"), Payload: make([]byte, 8000)}.Bytes()
	for _, c := range []struct {
		name  string
		b     []byte
		flow  string
		about string
		size  int
	}{
		{"IPv4: 576 bytes", big4, "icmp 10.0.1.1 > 10.0.1.10", "tcp 10.0.1.10:40000 > 203.0.113.9:443", 576},
		{"IPv6: 1280 bytes", big6, "icmpv6 2001:db8::ffff > 2001:db8::1", "tcp [2001:db8::1]:40000 > [2001:db8::2]:443", 1280},
		{"a short packet is quoted whole", udp4, "icmp 10.0.1.1 > 10.0.1.10", "udp 10.0.1.10:40000 > 10.0.2.20:53", 28 + len(udp4)},
	} {
		a := answerTo(t, c.b, tooBig)
		about, ok := a.EmbeddedFlow()
		mtu, isTooBig := a.TooBigMTU()
		assert.Equal(t, []any{c.flow, c.about, c.size, 1500, true, true}, []any{a.Flow.String(), about.String(), a.Len(), mtu, ok, isTooBig}, c.name)
	}
}

func TestTooBigMTU(t *testing.T) {
	for _, c := range []struct {
		name string
		b    []byte
		want int // 0: not such a message
	}{
		{"fragmentation needed", Spec{Flow: MustParseFlow("icmp 10.0.0.1 > 10.0.0.2"), ICMPType: 3, ICMPCode: 4, ICMPRest: 1400}.Bytes(), 1400},
		{"host unreachable", Spec{Flow: MustParseFlow("icmp 10.0.0.1 > 10.0.0.2"), ICMPType: 3, ICMPCode: 1, ICMPRest: 1400}.Bytes(), 0},
		{"packet too big", Spec{Flow: MustParseFlow("icmpv6 ::1 > ::2"), ICMPType: 2, ICMPRest: 70000}.Bytes(), 70000},
		{"parameter problem", Spec{Flow: MustParseFlow("icmpv6 ::1 > ::2"), ICMPType: 4, ICMPRest: 70000}.Bytes(), 0},
		{"cut off before the MTU", edit(edit(ping4, 20, 3, 4), 2, 0, 24), 0},
		{"TCP", tcp4, 0},
	} {
		var p Packet
		require.NoError(t, p.Parse(c.b), c.name)
		got, ok := p.TooBigMTU()
		assert.Equal(t, c.want, got, c.name)
		assert.Equal(t, c.want != 0, ok, c.name)
	}
}

func TestTimeExceeded(t *testing.T) {
	a := answerTo(t, ping4, timeExceeded)
	about, _ := a.EmbeddedFlow()
	assert.Equal(t, []uint8{11, 0}, []uint8{a.ICMPType, a.ICMPCode})
	assert.Equal(t, "icmp 10.0.1.10 > 10.0.2.20 id 7", about.String())

	a = answerTo(t, ping6, timeExceeded)
	assert.Equal(t, []uint8{3, 0}, []uint8{a.ICMPType, a.ICMPCode})
}

func TestMayAnswer(t *testing.T) {
	icmp := func(s string, kind uint8) []byte { return Spec{Flow: MustParseFlow(s), ICMPType: kind}.Bytes() }
	from := func(s string) []byte { return Spec{Flow: MustParseFlow("udp " + s)}.Bytes() }
	for _, c := range []struct {
		name string
		b    []byte
		want bool
	}{
		{"TCP", tcp4, true},
		{"ping", ping4, true},
		{"ICMP timestamp", icmp("icmp 10.0.0.1 > 10.0.0.2", 13), true},
		{"ICMP error", errorAbout(tcp4), false},
		{"source quench", icmp("icmp 10.0.0.1 > 10.0.0.2", 4), false},
		{"redirect", icmp("icmp 10.0.0.1 > 10.0.0.2", 5), false},
		{"ICMPv6 error", errorAbout(tcp6), false},
		{"an ICMPv6 error nobody knows", icmp("icmpv6 ::1 > ::2", 127), false},
		{"ICMPv6 redirect", icmp("icmpv6 ::1 > ::2", 137), false},
		{"ICMPv6 neighbor solicitation", icmp("icmpv6 ::1 > ::2", 135), true},
		{"first fragment", edit(udp4, 6, 0x20), true},
		{"later fragment", fragment4(UDP, 16, false, "12345678"), false},
		{"IPv6 later fragment", chain6(44, laterFragThenDest, "anything"), true},
		{"from nobody", from("0.0.0.0:68 > 10.0.0.1:67"), false},
		{"from everybody", from("255.255.255.255:68 > 10.0.0.1:67"), false},
		{"from a group", from("224.0.0.1:1 > 10.0.0.1:2"), false},
		{"to a group", from("10.0.0.1:1 > 224.0.0.1:2"), false},
		{"to everybody", from("10.0.0.1:1 > 255.255.255.255:2"), false},
	} {
		for _, answer := range []func(*Packet) []byte{tooBig, timeExceeded} {
			a := answerTo(t, c.b, answer)
			assert.Equal(t, c.want, a.Len() > 0, c.name)
		}
	}
}

// Path MTU discovery works for IPv6 multicast, the one exception (RFC 4443 section 2.4 (e.3)).
func TestMayAnswerMulticast6(t *testing.T) {
	b := Spec{Flow: MustParseFlow("udp [2001:db8::1]:1 > [ff0e::1]:2")}.Bytes()
	big, expired := answerTo(t, b, tooBig), answerTo(t, b, timeExceeded)
	assert.NotZero(t, big.Len())
	assert.Zero(t, expired.Len())
}

func TestReset(t *testing.T) {
	segment := func(flags TCPFlags, payload string) []byte {
		return Spec{Flow: MustParseFlow("tcp 10.0.1.10:40000 > 203.0.113.9:443"), Flags: flags, Seq: 1000, Ack: 77, Payload: []byte(payload)}.Bytes()
	}
	for _, c := range []struct {
		name     string
		b        []byte
		flags    string // "" means no answer
		seq, ack uint32
	}{
		{"SYN", segment(SYN, ""), "rst|ack", 0, 1001},
		{"SYN with data", segment(SYN, "12345"), "rst|ack", 0, 1006},
		{"FIN without ACK", segment(FIN, "12345"), "rst|ack", 0, 1006},
		{"data", segment(ACK|PSH, "12345"), "rst", 77, 0},
		{"SYN-ACK", segment(SYN|ACK, ""), "rst", 77, 0},
		{"RST", segment(RST, ""), "", 0, 0},
		{"RST-ACK", segment(RST|ACK, ""), "", 0, 0},
		{"UDP", udp4, "", 0, 0},
		{"later fragment", fragment4(TCP, 16, false, "12345678"), "", 0, 0},
	} {
		a := answerTo(t, c.b, func(p *Packet) []byte { return AppendReset(nil, p) })
		if c.flags == "" {
			assert.Zero(t, a.Len(), c.name)
			continue
		}
		seq, ack := a.TCPSeq()
		assert.Equal(t, "tcp 203.0.113.9:443 > 10.0.1.10:40000", a.Flow.String(), c.name)
		assert.Equal(t, []any{c.flags, c.seq, c.ack}, []any{a.Flags.String(), seq, ack}, c.name)
	}
}
