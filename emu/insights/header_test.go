package insights_test

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/emu/insights"
	"github.com/vpcemu/vpcemu/internal/space"
	"github.com/vpcemu/vpcemu/vpc"
)

// cased is the analysis of all packets to a port that are like the usual one.
func cased(t *testing.T, n *vpc.Network, src, dst string, service space.Span) insights.NetworkInsightsAnalysis {
	e, err := emu.New(n, emu.Options{})
	require.NoError(t, err)
	p, ok, err := e.Explorer().Pair(src, dst, false)
	require.NoError(t, err)
	require.True(t, ok)
	var set space.Set
	for _, b := range p.All {
		if b[space.Services] = b[space.Services].And(service); !b.Empty() {
			set = append(set, b)
		}
	}
	at, ok := p.Usual(set)
	require.True(t, ok)
	trace, err := p.Trace(at)
	require.NoError(t, err)
	alike, f := new(space.Product), p.Ask(at)
	for d := range alike {
		alike[d] = space.Common([]space.Span{f.Box[d]}, p.Places(d))
	}
	return insights.OfCases(e.Network(), insights.Case{Trace: trace, Alike: alike}).NetworkInsightsAnalyses[0]
}

// headersOf are the headers of a path: "igw in[6 *:0-65535 > 198.51.100.1/32:443]". Many addresses are *.
func headersOf(path []insights.PathComponent) string {
	list := func(all []string) string {
		if len(all) > 20 {
			return "*"
		}
		return strings.Join(all, "+")
	}
	ports := func(all []insights.PortRange) (s string) {
		for _, r := range all {
			s += fmt.Sprintf(":%d-%d", r.From, r.To)
		}
		return s
	}
	var words []string
	for _, c := range path {
		for _, h := range []struct {
			name string
			*insights.AnalysisPacketHeader
		}{{"in", c.InboundHeader}, {"out", c.OutboundHeader}} {
			if h.AnalysisPacketHeader != nil {
				words = append(words, fmt.Sprintf("%s %s[%s %s%s > %s%s]", c.Component.Id, h.name, h.Protocol, list(h.SourceAddresses), ports(h.SourcePortRanges), list(h.DestinationAddresses), ports(h.DestinationPortRanges)))
			}
		}
	}
	return strings.Join(words, ", ")
}

// TestHeaders: headers have all packets that are alike, on both ways, and one where something
// was translated.
func TestHeaders(t *testing.T) {
	tcp := func(first, last uint16) space.Span {
		return space.Span{First: space.Service(6, first), Last: space.Service(6, last)}
	}
	for _, c := range []struct {
		name, network, src, dst string
		service                 space.Span
		forward, back           string
	}{
		{"from the internet", "three-tier", "internet", "web-1", tcp(443, 443),
			"igw-prod in[6 *:1-65535 > 198.51.100.1/32:443-443], igw-prod out[  > 10.0.1.4/32], web-1 in[6 *:1-65535 > 10.0.1.4/32:443-443]",
			"web-1 out[6 10.0.1.4/32:443-443 > *:1-65535], igw-prod out[6 198.51.100.1/32:443-443 > *:1-65535]"},
		{"what a group refuses", "three-tier", "app-1", "db-1", tcp(1000, 2000),
			"app-1 out[6 10.0.2.4/32:1024-65535 > 10.0.3.10/32:0-5431]", ""},
		{"by a NAT gateway", "nat", "back", "internet", tcp(443, 443),
			"back out[6 10.0.2.20/32:1-65535 > *:0-65535], nat in[6 10.0.2.20/32:1-65535 > *:0-65535], nat out[ 10.0.1.9/32:51840-51840 > ], igw out[6 198.51.100.9/32:51840-51840 > *:0-65535]",
			"igw in[6 *:0-65535 > 198.51.100.9/32:51840-51840], igw out[  > 10.0.1.9/32], nat in[6 *:0-65535 > 10.0.1.9/32:51840-51840], nat out[  > 10.0.2.20/32:1-65535], back in[6 *:0-65535 > 10.0.2.20/32:1-65535]"},
		{"of all protocols, of which one is shown", "twins", "one/x", "one/z", tcp(443, 443),
			"x out[6 10.0.1.10/32:1-65535 > 10.0.1.20/32:0-65535], z in[6 10.0.1.10/32:1-65535 > 10.0.1.20/32:0-65535]",
			"z out[6 10.0.1.20/32:0-65535 > 10.0.1.10/32:1-65535], x in[6 10.0.1.20/32:0-65535 > 10.0.1.10/32:1-65535]"},
		{"without ports", "three-tier", "app-1", "db-1", space.One(space.Service(1, 8<<8)),
			"app-1 out[1 10.0.2.4/32 > 10.0.3.10/32]", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := cased(t, example(t, c.network), c.src, c.dst, c.service)
			assert.Equal(t, c.forward, headersOf(a.ForwardPathComponents))
			assert.Equal(t, c.back, headersOf(a.ReturnPathComponents))
		})
	}
}

// TestPrefixes: a range of addresses is as few prefixes as there may be, with it and nothing
// else in them.
func TestPrefixes(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		first := r.Uint32() >> r.IntN(32)
		last := min(uint64(first)+uint64(r.Uint32()>>r.IntN(32)), 1<<32-1)
		var next, size uint64 = uint64(first), 0
		var before netip.Prefix
		for _, text := range insights.CIDRs([]space.Span{{First: space.Num{Lo: uint64(first)}, Last: space.Num{Lo: last}}}, false) {
			p := netip.MustParsePrefix(text)
			require.Equal(t, next, space.Address(p.Addr()).Lo, "no gap, and in order")
			next += 1 << (32 - p.Bits())
			size += 1 << (32 - p.Bits())
			twins := before.IsValid() && before.Bits() == p.Bits() && netip.PrefixFrom(p.Addr(), p.Bits()-1).Masked().Contains(before.Addr())
			require.False(t, twins, "%s and %s are one", before, p)
			before = p
		}
		require.Equal(t, last-uint64(first)+1, size)
	}
	assert.Equal(t, []string{"::/0"}, insights.CIDRs([]space.Span{space.Addresses(true)}, true))
}
