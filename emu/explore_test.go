package emu_test

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/internal/space"
	"github.com/vpcemu/vpcemu/routing"
	"github.com/vpcemu/vpcemu/vpc"
)

// TestPair_ToItself: what a host outside sends to its own address stays there, so that it is
// none of a pair's packets: on its way through a middlebox it would be its own answer.
func TestPair_ToItself(t *testing.T) {
	var n vpc.Network
	v := open(n.AddVPC("v", "10.0.0.0/16"))
	v.AddSubnet("s", "10.0.1.0/24").AddInterface("app", "10.0.1.10", "open")
	v.Gateways = append(v.Gateways, &vpc.Gateway{Kind: routing.VPNGateway, ID: "vgw", VPN: &vpc.VPN{Connections: []*vpc.Link{
		{ID: "vpn", Prefixes: []vpc.Announcement{{Prefix: netip.MustParsePrefix("10.0.0.0/8")}}}}}})
	p, ok, err := newEmulator(t, &n, emu.Options{}).Explorer().Pair("onprem", "app", false)
	require.NoError(t, err)
	require.True(t, ok)
	sources := func(first, last string) space.Box {
		b := p.All[0]
		b[space.Sources] = space.Span{First: space.Address(netip.MustParseAddr(first)), Last: space.Address(netip.MustParseAddr(last))}
		return b
	}
	for _, c := range []struct{ first, last, want string }{
		{"10.0.1.9", "10.0.1.10", "10.0.1.9"}, {"10.0.1.10", "10.0.1.11", "10.0.1.11"}, {"10.0.1.10", "10.0.1.10", ""},
	} {
		at, ok := p.Some(sources(c.first, c.last))
		assert.Equal(t, c.want != "", ok && p.Has(&at), c)
		if ok {
			assert.Equal(t, c.want, at[space.Sources].Addr(false).String())
		}
	}
	itself := p.All[0].First()
	itself[space.Sources] = itself[space.Destinations]
	assert.False(t, p.Has(&itself))
	for address, some := range map[string]bool{"10.0.1.9": true, "10.0.1.10": false} {
		_, ok, err = newEmulator(t, &n, emu.Options{}).Explorer().Pair("onprem:"+address, "app", false)
		require.NoError(t, err)
		assert.Equal(t, some, ok, address)
	}
}
