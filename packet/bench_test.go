package packet

import (
	"net/netip"
	"testing"
)

// hotPackets are the cases of the benchmarks and of the zero-allocation test. The names are benchstat dimensions.
var hotPackets = []struct {
	name string
	spec Spec
}{
	{"version=4/proto=tcp", Spec{Flow: MustParseFlow("tcp 10.0.1.10:40000 > 10.0.2.20:443"), Flags: ACK}},
	{"version=4/proto=udp", Spec{Flow: MustParseFlow("udp 10.0.1.10:40000 > 10.0.2.20:53"), Payload: make([]byte, 64)}},
	{"version=4/proto=icmp", Echo(MustParseFlow("icmp 10.0.1.10 > 10.0.2.20 id 7"))},
	{"version=4/proto=esp", Spec{Flow: MustParseFlow("ip/50 10.0.1.10 > 10.0.2.20"), Payload: make([]byte, 64)}},
	{"version=4/proto=tcp/options=router-alert", Spec{Flow: MustParseFlow("tcp 10.0.1.10:40000 > 10.0.2.20:443"), Options: []byte{148, 4, 0, 0}}},
	{"version=4/proto=udp/fragment=later", Spec{Flow: MustParseFlow("udp 10.0.1.10:0 > 10.0.2.20:0"), FragOffset: 1480, Payload: make([]byte, 64)}},
	{"version=6/proto=tcp", Spec{Flow: MustParseFlow("tcp [2001:db8::1]:40000 > [2001:db8::2]:443"), Flags: ACK}},
	{"version=6/proto=icmpv6", Echo(MustParseFlow("icmpv6 2001:db8::1 > 2001:db8::2 id 7"))},
	{"version=6/proto=udp/fragment=first", Spec{Flow: MustParseFlow("udp [2001:db8::1]:40000 > [2001:db8::2]:53"), MoreFragments: true, Payload: make([]byte, 64)}},
}

// otherAddrs returns two addresses of p's version that are not p's.
func otherAddrs(p *Packet) (a, b netip.Addr) {
	if p.Version == 4 {
		return netip.MustParseAddr("203.0.113.7"), netip.MustParseAddr("198.51.100.9")
	}
	return netip.MustParseAddr("2001:db8:f::7"), netip.MustParseAddr("2001:db8:e::9")
}

func BenchmarkParse(b *testing.B) {
	for _, c := range hotPackets {
		b.Run(c.name, func(b *testing.B) {
			raw := c.spec.Bytes()
			var p Packet
			b.ReportAllocs()
			for b.Loop() {
				if err := p.Parse(raw); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkNAT is what an internet gateway does to a packet.
func BenchmarkNAT(b *testing.B) {
	for _, c := range hotPackets {
		b.Run(c.name, func(b *testing.B) {
			var p Packet
			if err := p.Parse(c.spec.Bytes()); err != nil {
				b.Fatal(err)
			}
			public, _ := otherAddrs(&p)
			private := p.Flow.Src
			b.ReportAllocs()
			for b.Loop() {
				p.SetSrc(public)
				p.SetSrc(private)
			}
		})
	}
}
