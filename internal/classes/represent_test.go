package classes

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/vpc"
)

// TestRepresentatives: which of an interface's addresses is asked about in the place of each.
func TestRepresentatives(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(n *vpc.Network, many *vpc.Interface)
		want   []int // in the order of the addresses, behind which are the public ones
	}{
		{"the second one stands for the others", func(*vpc.Network, *vpc.Interface) {}, []int{0, 1, 1, 1}},
		{"a public one, and the private one that has it", func(_ *vpc.Network, many *vpc.Interface) {
			many.Addresses[3].Public, many.Addresses[3].Elastic = netip.MustParseAddr("203.0.113.7"), true
		}, []int{0, 1, 1, 3, 4}},
		{"one that a prefix list tells apart", func(n *vpc.Network, _ *vpc.Interface) { n.AddPrefixList("pl", "10.0.0.13/32") }, []int{0, 1, 1, 3}},
		{"one that somebody else has too, whom something joins", func(n *vpc.Network, _ *vpc.Interface) { n.AddPeering("hub-b", "hub", "b") }, []int{0, 1, 1, 3}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var n vpc.Network
			a := n.AddVPC("a", "10.0.0.0/16")
			a.AddInternetGateway("igw")
			many := a.AddSubnet("a", "10.0.0.0/24").AddInterface("many", "10.0.0.10", "default").AddAddress("10.0.0.11").AddAddress("10.0.0.12").AddAddress("10.0.0.13")
			n.AddVPC("b", "10.0.0.0/16").AddSubnet("b", "10.0.0.0/24").AddInterface("other", "10.0.0.13", "default")
			n.AddVPC("hub", "10.1.0.0/16").AddSubnet("hub", "10.1.0.0/24").AddInterface("asker", "10.1.0.10", "default")
			n.AddPeering("hub-a", "hub", "a")
			c.change(&n, many)
			e, err := emu.New(&n, emu.Options{})
			require.NoError(t, err)
			x := e.Explorer()
			p, ok, err := x.Pair("asker", "many", false)
			require.NoError(t, err)
			require.True(t, ok)
			require.Equal(t, c.want, New(x, x.Ends()).representatives(p.Destinations()))
		})
	}
}
