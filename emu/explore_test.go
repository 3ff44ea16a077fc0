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

// TestPair_Ranges: by which addresses ends are asked, from the internet and from inside.
func TestPair_Ranges(t *testing.T) {
	var n vpc.Network
	v := open(n.AddVPC("v", "10.0.0.0/16", "2001:db8::/56"))
	v.AddInternetGateway("igw")
	a, b := v.AddSubnet("a", "10.0.1.0/24", "2001:db8:0:1::/64"), v.AddSubnet("b", "10.0.2.0/24")
	a.AddInterface("plain", "10.0.1.10", "open")
	a.AddInterface("public", "10.0.1.20", "open").AddPublicIP("198.51.100.20")
	a.AddInterface("private", "10.0.1.60", "open").AddAddress("10.0.1.61")
	several := a.AddInterface("several", "10.0.1.30", "open")
	several.Addresses = append(several.Addresses, vpc.Address{IP: netip.MustParseAddr("10.0.1.31"), Public: netip.MustParseAddr("198.51.100.31"), Elastic: true})
	several.AddAddress("2001:db8:0:1::30").Prefixes = []netip.Prefix{netip.MustParsePrefix("10.0.1.96/28")}
	v.AddInstance("i-stopped").State = vpc.Stopped
	a.AddInterface("stopped", "10.0.1.50", "open").AttachTo("i-stopped").AddPublicIP("198.51.100.50")
	node := func(s *vpc.Subnet, private, public string) vpc.LoadBalancerNode {
		address := vpc.Address{IP: netip.MustParseAddr(private)}
		if public != "" {
			address.Public, address.Elastic = netip.MustParseAddr(public), true
		}
		return vpc.LoadBalancerNode{Subnet: s.ID, Addresses: []vpc.Address{address}}
	}
	v.LoadBalancers = []*vpc.LoadBalancer{
		{ID: "front", Nodes: []vpc.LoadBalancerNode{node(a, "10.0.1.40", "198.51.100.40"), node(b, "10.0.2.40", "198.51.100.41")}},
		{ID: "inner", Internal: true, Nodes: []vpc.LoadBalancerNode{node(a, "10.0.1.41", "")}},
	}
	x := newEmulator(t, &n, emu.Options{}).Explorer()
	list := func(ranges []emu.Range) (all []string) {
		for _, r := range ranges {
			s := r.Span.First.Addr(r.Span.First.Hi != 0).String()
			if r.Public() {
				s += " of " + r.Private.First.Addr(false).String()
			}
			if r.Named {
				s += " by name"
			}
			all = append(all, s)
		}
		return all
	}
	for _, c := range []struct {
		source, destination string
		v6                  bool
		want                []string
	}{
		{"plain", "public", false, []string{"10.0.1.20", "198.51.100.20 of 10.0.1.20"}},
		{"internet", "public", false, []string{"198.51.100.20"}},
		{"plain", "198.51.100.20", false, []string{"198.51.100.20"}},
		{"plain", "10.0.1.20", false, []string{"10.0.1.20"}},
		{"public", "plain", false, []string{"10.0.1.10"}},
		{"internet", "plain", false, []string{"10.0.1.10"}},
		{"internet", "private", false, []string{"10.0.1.60", "10.0.1.61"}},
		{"plain", "several", false, []string{"10.0.1.30", "10.0.1.31", "10.0.1.96", "198.51.100.31 of 10.0.1.31"}},
		{"internet", "several", false, []string{"198.51.100.31"}},
		{"internet", "several", true, []string{"2001:db8:0:1::30"}},
		{"plain", "stopped", false, []string{"10.0.1.50"}},
		{"plain", "front", false, []string{"10.0.1.40 by name", "10.0.2.40 by name", "198.51.100.40 of 10.0.1.40", "198.51.100.41 of 10.0.2.40"}},
		{"internet", "front", false, []string{"198.51.100.40 by name", "198.51.100.41 by name"}},
		{"plain", "inner", false, []string{"10.0.1.41 by name"}},
	} {
		t.Run(c.source+" to "+c.destination, func(t *testing.T) {
			p, ok, err := x.Pair(c.source, c.destination, c.v6)
			require.NoError(t, err)
			require.True(t, ok)
			assert.Equal(t, c.want, list(p.Destinations()))
		})
	}
	for source, want := range map[string][]string{"public": {"10.0.1.20"}, "several": {"10.0.1.30", "10.0.1.31", "10.0.1.96"}} {
		p, _, err := x.Pair(source, "plain", false)
		require.NoError(t, err)
		assert.Equal(t, want, list(p.Sources()), "who asks sends from private addresses (IGW-6)")
	}
}

// TestPair_RangesApart: an address that is an end's private and its public one, as one of a VPC
// with public ranges may be, is there once.
func TestPair_RangesApart(t *testing.T) {
	var n vpc.Network
	v := open(n.AddVPC("v", "198.51.100.0/24"))
	s := v.AddSubnet("s", "198.51.100.0/24")
	s.AddInterface("a", "198.51.100.10", "open")
	s.AddInterface("b", "198.51.100.11", "open").AddPublicIP("198.51.100.11")
	p, _, err := newEmulator(t, &n, emu.Options{}).Explorer().Pair("a", "b", false)
	require.NoError(t, err)
	assert.Len(t, p.Destinations(), 1)
}
