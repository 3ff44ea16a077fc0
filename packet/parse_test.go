package packet

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// Short packets for one-line cases.
var (
	tcp4  = Spec{Flow: MustParseFlow("tcp 10.0.1.10:40000 > 10.0.2.20:443"), Flags: SYN}.Bytes()
	udp4  = Spec{Flow: MustParseFlow("udp 10.0.1.10:40000 > 10.0.2.20:53"), Payload: []byte("question")}.Bytes()
	ping4 = Echo(MustParseFlow("icmp 10.0.1.10 > 10.0.2.20 id 7")).Bytes()
	esp4  = Spec{Flow: MustParseFlow("ip/50 10.0.1.10 > 10.0.2.20"), Payload: []byte("secret")}.Bytes()
	tcp6  = Spec{Flow: MustParseFlow("tcp [2001:db8::1]:40000 > [2001:db8::2]:443"), Flags: SYN}.Bytes()
	ping6 = Echo(MustParseFlow("icmpv6 2001:db8::1 > 2001:db8::2 id 7")).Bytes()
)

// options4 is a TCP packet with IPv4 options, unpadded ones padded with the end of the list.
func options4(o ...byte) []byte {
	return Spec{Flow: MustParseFlow("tcp 10.0.1.10:40000 > 10.0.2.20:443"), Options: o}.Bytes()
}

// fragment4 is a piece of a larger packet.
func fragment4(proto Proto, offset uint16, more bool, payload string) []byte {
	f := MustParseFlow("ip/0 10.0.1.10 > 10.0.2.20")
	f.Proto = proto
	return Spec{Flow: f, FragOffset: offset, MoreFragments: more, Payload: []byte(payload)}.Bytes()
}

// chain6 is an IPv6 packet whose payload is headers as given, the first of type next.
func chain6(next byte, headers ...string) []byte {
	f := MustParseFlow("ip/0 2001:db8::1 > 2001:db8::2")
	f.Proto = Proto(next)
	var payload []byte
	for _, h := range headers {
		payload = append(payload, h...)
	}
	b := Spec{Flow: Flow{Src: f.Src, Dst: f.Dst, Proto: noNextHeader}, Payload: payload}.Bytes()
	b[6] = next
	return b
}

const (
	destinationThenTCP   = "\x06\x00\x01\x04\x00\x00\x00\x00"
	destinationThenDest  = "\x3c\x00\x01\x04\x00\x00\x00\x00"
	hopByHopThenHopByHop = "\x00\x00\x01\x04\x00\x00\x00\x00"
	hopByHopThenTCP      = "\x06\x00\x01\x04\x00\x00\x00\x00"
	authThenTCP          = "\x06\x04\x00\x00\x00\x00\x00\x01\x00\x00\x00\x02" + "authentic..."
	fragThenFrag         = "\x2c\x00\x00\x01\x00\x00\x00\x09"
	atomicThenTCP        = "\x06\x00\x00\x00\x00\x00\x00\x09"
	laterFragThenDest    = "\x3c\x00\x00\x10\x00\x00\x00\x09"
	routing0             = "\x06\x00\x00\x00\x00\x00\x00\x00"
	routing2Left         = "\x06\x02\x02\x01\x00\x00\x00\x00" + "0123456789abcdef"
	routing2Done         = "\x06\x02\x02\x00\x00\x00\x00\x00" + "0123456789abcdef"
	headerOfTCP          = "\x9c\x40\x01\xbb" + "\x00\x00\x00\x00" + "\x00\x00\x00\x00" + "\x50\x02\xff\xff" + "\x00\x00\x00\x00"
)

// parseCase is a packet and what Parse makes of it: a flow, or an error.
type parseCase struct {
	name string
	b    []byte
	want string
}

func checkParse(t *testing.T, cases []parseCase) {
	for _, c := range cases {
		var p Packet
		got := ""
		if err := p.Parse(c.b); err != nil {
			got = err.Error()
			assert.Equal(t, Packet{}, p, c.name)
		} else {
			got = p.Flow.String()
		}
		assert.Equal(t, c.want, got, c.name)
	}
}

func TestParsePlain(t *testing.T) {
	checkParse(t, []parseCase{
		{"nothing", nil, ErrTruncated.Error()},
		{"version 5", []byte{0x50}, ErrVersion.Error()},
		{"IPv4 TCP", tcp4, "tcp 10.0.1.10:40000 > 10.0.2.20:443"},
		{"IPv4 UDP", udp4, "udp 10.0.1.10:40000 > 10.0.2.20:53"},
		{"IPv4 ping", ping4, "icmp 10.0.1.10 > 10.0.2.20 id 7"},
		{"IPv4 ESP", esp4, "ip/50 10.0.1.10 > 10.0.2.20"},
		{"IPv6 TCP", tcp6, "tcp [2001:db8::1]:40000 > [2001:db8::2]:443"},
		{"IPv6 ping", ping6, "icmpv6 2001:db8::1 > 2001:db8::2 id 7"},
		{"IPv6, mapped addresses stay IPv6", edit(tcp6, 8, append(make([]byte, 10), 255, 255, 10, 0, 0, 1)...), "tcp [::ffff:10.0.0.1]:40000 > [2001:db8::2]:443"},
	})
}

func TestParseIPv4Header(t *testing.T) {
	checkParse(t, []parseCase{
		{"IPv4, last byte missing", tcp4[:39], ErrTruncated.Error()},
		{"IPv4, 19 bytes of header", tcp4[:19], ErrTruncated.Error()},
		{"IPv4, checksum off by one", append(append([]byte{}, tcp4[:8]...), append([]byte{tcp4[8] - 1}, tcp4[9:]...)...), ErrChecksum.Error()},
		{"IPv4, IHL 5 is the least", edit(tcp4, 0, 0x45), "tcp 10.0.1.10:40000 > 10.0.2.20:443"},
		{"IPv4, IHL 4", edit(tcp4, 0, 0x44), ErrHeaderLength.Error()},
		{"IPv4, IHL beyond the end", edit(tcp4, 0, 0x4f), ErrTruncated.Error()},
		{"IPv4, IHL beyond the total length", edit(options4(1, 1, 1, 1), 2, 0, 20), ErrTotalLength.Error()},
		{"IPv4, total length is the header", edit(esp4, 2, 0, 20), "ip/50 10.0.1.10 > 10.0.2.20"},
		{"IPv4, total length one less", edit(esp4, 2, 0, 19), ErrTotalLength.Error()},
		{"IPv4, total length one more than there is", edit(esp4, 2, 0, 27), ErrTruncated.Error()},
	})
}

func TestParseIPv4Options(t *testing.T) {
	checkParse(t, []parseCase{
		{"options: router alert", options4(148, 4, 0, 0), "tcp 10.0.1.10:40000 > 10.0.2.20:443"},
		{"options: loose source route", options4(131, 3, 4), ErrSourceRoute.Error()},
		{"options: strict source route", options4(137, 3, 4), ErrSourceRoute.Error()},
		{"options: source route behind a no-op", options4(1, 137, 3, 4), ErrSourceRoute.Error()},
		{"options: source route behind another", options4(7, 3, 4, 131, 3, 4), ErrSourceRoute.Error()},
		{"options: source route after the end does not count", options4(0, 137, 3, 4), "tcp 10.0.1.10:40000 > 10.0.2.20:443"},
		{"options: length 1", options4(7, 1, 0, 0), ErrHeaderLength.Error()},
		{"options: length 0 must not loop", options4(7, 0, 0, 0), ErrHeaderLength.Error()},
		{"options: length fills the header", options4(7, 4, 0, 0), "tcp 10.0.1.10:40000 > 10.0.2.20:443"},
		{"options: length one beyond", options4(7, 5, 0, 0), ErrHeaderLength.Error()},
		{"options: a type without length", options4(1, 1, 1, 7), ErrHeaderLength.Error()},
	})
}

func TestParseTransport(t *testing.T) {
	checkParse(t, []parseCase{
		{"TCP, 19 bytes", edit(tcp4, 2, 0, 39), ErrTruncated.Error()},
		{"TCP, data offset 4", edit(tcp4, 32, 0x40), ErrTruncated.Error()},
		{"TCP, data offset beyond the end", edit(tcp4, 32, 0x60), ErrTruncated.Error()},
		{"UDP, 8 bytes", edit(udp4, 2, 0, 28), "udp 10.0.1.10:40000 > 10.0.2.20:53"},
		{"UDP, 7 bytes", edit(udp4, 2, 0, 27), ErrTruncated.Error()},
		{"ICMP echo, 7 bytes", edit(ping4, 2, 0, 27), ErrTruncated.Error()},
		{"ICMP, 4 bytes, no echo", edit(edit(ping4, 20, 9), 2, 0, 24), "icmp 10.0.1.10 > 10.0.2.20"},
		{"ICMP, 3 bytes", edit(edit(ping4, 20, 9), 2, 0, 23), ErrTruncated.Error()},
		{"ICMPv6 in IPv4 means nothing", edit(ping4, 9, 58), "icmpv6 10.0.1.10 > 10.0.2.20"},
		{"ICMP in IPv6 means nothing", edit(ping6, 6, 1), "icmp 2001:db8::1 > 2001:db8::2"},
	})
}

func TestParseFragments(t *testing.T) {
	checkParse(t, []parseCase{
		{"later fragment has no ports", fragment4(UDP, 16, false, "not a header"), "udp 10.0.1.10:0 > 10.0.2.20:0"},
		{"first fragment has", edit(udp4, 6, 0x20), "udp 10.0.1.10:40000 > 10.0.2.20:53"},
		{"TCP fragment at 8 would hide flags", fragment4(TCP, 8, false, "12345678"), ErrTinyFragment.Error()},
		{"TCP fragment at 16", fragment4(TCP, 16, false, "12345678"), "tcp 10.0.1.10:0 > 10.0.2.20:0"},
		{"UDP fragment at 8", fragment4(UDP, 8, false, "12345678"), "udp 10.0.1.10:0 > 10.0.2.20:0"},
		{"middle fragment of 8 bytes", fragment4(UDP, 16, true, "12345678"), "udp 10.0.1.10:0 > 10.0.2.20:0"},
		{"middle fragment of 9 bytes", fragment4(UDP, 16, true, "123456789"), ErrFragment.Error()},
		{"middle fragment of none", fragment4(UDP, 16, true, ""), ErrFragment.Error()},
		{"fragment that ends at 65535", fragment4(UDP, 65528, false, "1234567"), "udp 10.0.1.10:0 > 10.0.2.20:0"},
		{"fragment that ends beyond", fragment4(UDP, 65528, false, "12345678"), ErrFragment.Error()},
	})
}

func TestParseIPv6(t *testing.T) {
	checkParse(t, []parseCase{
		{"IPv6, 39 bytes", tcp6[:39], ErrTruncated.Error()},
		{"IPv6, last byte missing", tcp6[:59], ErrTruncated.Error()},
		{"IPv6, no next header", chain6(noNextHeader), "ip/59 2001:db8::1 > 2001:db8::2"},
		{"IPv6, destination options", chain6(60, destinationThenTCP, headerOfTCP), "tcp [2001:db8::1]:40000 > [2001:db8::2]:443"},
		{"IPv6, hop-by-hop options", chain6(0, hopByHopThenTCP, headerOfTCP), "tcp [2001:db8::1]:40000 > [2001:db8::2]:443"},
		{"IPv6, hop-by-hop twice", chain6(0, hopByHopThenHopByHop, hopByHopThenTCP, headerOfTCP), ErrExtensions.Error()},
		{"IPv6, hop-by-hop not first", chain6(60, hopByHopThenHopByHop, hopByHopThenTCP, headerOfTCP), ErrExtensions.Error()},
		{"IPv6, authentication header", chain6(51, authThenTCP, headerOfTCP), "tcp [2001:db8::1]:40000 > [2001:db8::2]:443"},
		{"IPv6, header longer than the packet", chain6(60, "\x06\x01\x01\x04\x00\x00\x00\x00"), ErrTruncated.Error()},
		{"IPv6, half a header", chain6(60, "\x06\x00\x01\x04"), ErrTruncated.Error()},
		{"IPv6, a hop-by-hop option too long", chain6(0, "\x06\x00\x01\x05\x00\x00\x00\x00", headerOfTCP), ErrHeaderLength.Error()},
		{"IPv6, 8 extension headers", chain6(60, repeat(destinationThenDest, 7), destinationThenTCP, headerOfTCP), "tcp [2001:db8::1]:40000 > [2001:db8::2]:443"},
		{"IPv6, 9 extension headers", chain6(60, repeat(destinationThenDest, 8), destinationThenTCP, headerOfTCP), ErrExtensions.Error()},
		{"IPv6, routing header type 0", chain6(43, routing0, headerOfTCP), ErrSourceRoute.Error()},
		{"IPv6, routing header with segments left", chain6(43, routing2Left, headerOfTCP), ErrSourceRoute.Error()},
		{"IPv6, routing header at its end", chain6(43, routing2Done, headerOfTCP), "tcp [2001:db8::1]:40000 > [2001:db8::2]:443"},
		{"IPv6, jumbo option", chain6(0, "\x06\x00\xc2\x04\x00\x01\x00\x00", headerOfTCP), ErrJumbogram.Error()},
		{"IPv6, payload length 0 and hop-by-hop", edit(chain6(0, hopByHopThenTCP), 4, 0, 0), ErrJumbogram.Error()},
		{"IPv6, atomic fragment", chain6(44, atomicThenTCP, headerOfTCP), "tcp [2001:db8::1]:40000 > [2001:db8::2]:443"},
		{"IPv6, fragment header whose reserved byte is no length", chain6(44, "\x06\xff\x00\x00\x00\x00\x00\x09", headerOfTCP), "tcp [2001:db8::1]:40000 > [2001:db8::2]:443"},
		{"IPv6, two fragment headers", chain6(44, fragThenFrag, atomicThenTCP, headerOfTCP), ErrExtensions.Error()},
		{"IPv6, later fragment is not walked", chain6(44, laterFragThenDest, "anything"), "ip/60 2001:db8::1 > 2001:db8::2"},
		{"IPv6, TCP fragment at 8", chain6(44, "\x06\x00\x00\x08\x00\x00\x00\x09", "anything"), ErrTinyFragment.Error()},
	})
}

func repeat(s string, n int) (all string) {
	for range n {
		all += s
	}
	return all
}
