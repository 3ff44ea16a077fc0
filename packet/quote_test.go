package packet

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// errorAbout is an ICMP error of p's version that quotes the given bytes.
func errorAbout(quote []byte) []byte {
	s := Spec{Flow: MustParseFlow("icmp 198.51.100.1 > 10.0.1.10"), ICMPType: ICMPTimeExceeded, Payload: quote}
	if len(quote) > 0 && quote[0]>>4 == 6 {
		s = Spec{Flow: MustParseFlow("icmpv6 2001:db8:99::1 > 2001:db8::1"), ICMPType: ICMPv6TimeExceeded, Payload: quote}
	}
	return s.Bytes()
}

func TestEmbeddedFlow(t *testing.T) {
	for _, c := range []struct {
		name string
		b    []byte
		want string // "" means none
	}{
		{"the whole packet", errorAbout(tcp4), "tcp 10.0.1.10:40000 > 10.0.2.20:443"},
		{"8 bytes of TCP", errorAbout(tcp4[:28]), "tcp 10.0.1.10:40000 > 10.0.2.20:443"},
		{"7 bytes of TCP", errorAbout(tcp4[:27]), ""},
		{"a quote whose header checksum is stale", errorAbout(append([]byte{tcp4[0], 1}, tcp4[2:]...)), "tcp 10.0.1.10:40000 > 10.0.2.20:443"},
		{"ping", errorAbout(ping4), "icmp 10.0.1.10 > 10.0.2.20 id 7"},
		{"ESP, nothing after the header", errorAbout(esp4[:20]), "ip/50 10.0.1.10 > 10.0.2.20"},
		{"19 bytes", errorAbout(esp4[:19]), ""},
		{"nothing", errorAbout(nil), ""},
		{"IP version 5", errorAbout(edit(tcp4, 0, 0x55)), ""},
		{"IHL 4", errorAbout(edit(tcp4, 0, 0x44)), ""},
		{"IHL beyond the quote", errorAbout(edit(tcp4, 0, 0x4f)), ""},
		{"a later fragment", errorAbout(fragment4(UDP, 16, false, "12345678")), ""},
		{"IPv6", errorAbout(tcp6), "tcp [2001:db8::1]:40000 > [2001:db8::2]:443"},
		{"IPv6, 8 bytes of TCP", errorAbout(tcp6[:48]), "tcp [2001:db8::1]:40000 > [2001:db8::2]:443"},
		{"IPv6, 7 bytes of TCP", errorAbout(tcp6[:47]), ""},
		{"IPv6, extension header", errorAbout(chain6(60, destinationThenTCP, headerOfTCP)), "tcp [2001:db8::1]:40000 > [2001:db8::2]:443"},
		{"IPv6, later fragment", errorAbout(chain6(44, laterFragThenDest, "anything")), ""},
		{"IPv6 quoted in ICMP for IPv4", Spec{Flow: MustParseFlow("icmp 10.0.0.1 > 10.0.0.2"), ICMPType: 3, Payload: tcp6}.Bytes(), ""},
		{"not an error", Spec{Flow: MustParseFlow("icmp 10.0.0.1 > 10.0.0.2"), ICMPType: 8, Payload: tcp4}.Bytes(), ""},
		{"redirect", Spec{Flow: MustParseFlow("icmp 10.0.0.1 > 10.0.0.2"), ICMPType: 5, Payload: tcp4}.Bytes(), ""},
		{"a later fragment that looks like an error", fragment4(ICMP, 16, false, "\x03\x04\x00\x00\x00\x00\x00\x00"+string(tcp4)), ""},
		{"TCP", tcp4, ""},
	} {
		var p Packet
		require.NoError(t, p.Parse(c.b), c.name)
		f, ok := p.EmbeddedFlow()
		got := ""
		if ok {
			got = f.String()
		}
		assert.Equal(t, c.want, got, c.name)
	}
}

// Rewriting a quote gives the very bytes of an error that quotes the rewritten packet, cut off at the same place.
func TestRewriteQuoteIsRebuild(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		inner := drawSpec(t)
		inner.FragOffset, inner.MoreFragments = 0, false
		cut := drawCut(t, inner)
		var p Packet
		require.NoError(t, p.Parse(errorAbout(inner.Bytes()[:cut])))
		f, ok := p.EmbeddedFlow()
		require.True(t, ok)
		require.Equal(t, inner.Flow, f)

		for range rapid.IntRange(1, 4).Draw(t, "changes") {
			drawQuoteChange(t, &p, &inner)
			require.Equal(t, errorAbout(inner.Bytes()[:cut]), p.Bytes())
			f, _ = p.EmbeddedFlow()
			require.Equal(t, inner.Flow, f)
		}
	})
}

// drawCut draws how much of s is quoted: at least 8 bytes of transport, and not half a checksum.
func drawCut(t *rapid.T, s Spec) int {
	whole := s.Bytes()
	var p Packet
	require.NoError(t, p.Parse(whole))
	cut := rapid.IntRange(min(p.l4+8, len(whole)), len(whole)).Draw(t, "cut")
	if p.l4sum != 0 && cut == p.l4sum+1 {
		cut++
	}
	return cut
}

func drawQuoteChange(t *rapid.T, p *Packet, s *Spec) {
	a := drawAddr(t, s.version())
	v := uint16(rapid.IntRange(1, 65535).Draw(t, "value")) // an all-zero echo: see fixZeroEcho
	switch rapid.SampledFrom([]string{"src", "dst", "src port", "dst port", "flow"}).Draw(t, "change") {
	case "src":
		s.Flow.Src = a
		p.SetEmbeddedSrc(a)
	case "dst":
		s.Flow.Dst = a
		p.SetEmbeddedDst(a)
	case "src port":
		s.setSrcPort(v)
		p.SetEmbeddedSrcPort(v)
	case "dst port":
		s.setDstPort(v)
		p.SetEmbeddedDstPort(v)
	case "flow":
		s.Flow.Dst = a
		s.setSrcPort(v)
		s.setDstPort(v)
		p.SetEmbeddedFlow(s.Flow)
	}
}

func TestRewriteQuoteNothing(t *testing.T) {
	before := errorAbout(tcp4[:27])
	var p Packet
	require.NoError(t, p.Parse(append([]byte{}, before...)))
	p.SetEmbeddedSrc(netip.MustParseAddr("203.0.113.7"))
	p.SetEmbeddedDst(netip.MustParseAddr("203.0.113.7"))
	p.SetEmbeddedSrcPort(1)
	p.SetEmbeddedDstPort(2)
	assert.Equal(t, before, p.Bytes())
}
