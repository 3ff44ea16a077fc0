package emu_test

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/routing"
	"github.com/vpcemu/vpcemu/vpc"
)

// TestNeighbor: the fabric knows who has an address of the sender's subnet, and of no
// other.
func TestNeighbor(t *testing.T) {
	var n vpc.Network
	v := n.AddVPC("v", "10.0.0.0/16")
	s := v.AddSubnet("s", "10.0.1.0/24")
	s.AddInterface("a", "10.0.1.10")
	b := s.AddInterface("b", "10.0.1.20")
	b.Addresses = append(b.Addresses, vpc.Address{IP: netip.MustParseAddr("10.0.1.21")})
	b.Prefixes = []netip.Prefix{netip.MustParsePrefix("10.0.1.64/28")}
	v.AddSubnet("t", "10.0.2.0/24").AddInterface("c", "10.0.2.10")
	e := newEmulator(t, &n, emu.Options{})
	a := portOf(t, e, "a")
	for _, c := range []struct{ name, addr, want string }{
		{"another", "10.0.1.20", "b"},
		{"its secondary address", "10.0.1.21", "b"},
		{"in its delegated prefix", "10.0.1.70", "b"},
		{"itself", "10.0.1.10", "a"},
		{"nobody", "10.0.1.30", ""},
		{"the router", "10.0.1.1", ""},
		{"in another subnet", "10.0.2.10", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := a.Neighbor(netip.MustParseAddr(c.addr))
			if c.want == "" {
				assert.Nil(t, got)
				return
			}
			require.NotNil(t, got)
			assert.Same(t, portOf(t, e, c.want), got)
		})
	}
	all := e.Interfaces()
	assert.Len(t, all, 3)
	assert.Equal(t, emu.Place{Interface: "a", VPC: "v", Subnet: "s"}, all[a])
	assert.Nil(t, e.Internet().Neighbor(netip.MustParseAddr("10.0.1.10")), "beyond are no subnets")
}

func TestFar(t *testing.T) {
	var n vpc.Network
	v := n.AddVPC("v", "10.0.0.0/16", "2001:db8:1::/56")
	v.AddInternetGateway("igw")
	v.AddSubnet("s", "10.0.1.0/24").AddInterface("a", "10.0.1.10").Addresses[0].Public = netip.MustParseAddr("203.0.113.7")
	n.Gateways = append(n.Gateways, &vpc.Gateway{Kind: routing.TransitGateway, ID: "hub", Transit: &vpc.Transit{Attachments: []*vpc.TransitAttachment{
		{ID: "office", Kind: vpc.VPNAttachment, Prefixes: []netip.Prefix{netip.MustParsePrefix("192.168.0.0/16")}},
	}}})
	e := newEmulator(t, &n, emu.Options{})
	internet := emu.Far{
		Name:  "internet",
		Hosts: []netip.Addr{netip.MustParseAddr("203.0.113.8"), netip.MustParseAddr("2001:db8:ffff:ffff::7")}, // .7 is taken
		Near:  []netip.Prefix{netip.MustParsePrefix("203.0.113.7/32"), netip.MustParsePrefix("2001:db8:1::/56")},
	}
	office := emu.Far{Name: "onprem", Hosts: []netip.Addr{netip.MustParseAddr("192.168.0.1")}, Prefixes: []netip.Prefix{netip.MustParsePrefix("192.168.0.0/16")}}
	assert.Equal(t, []emu.Far{internet, office}, e.Far())

	require.NoError(t, e.Update(func(n *vpc.Network) error {
		t := n.Gateways[0].Transit
		t.Attachments = append(t.Attachments, &vpc.TransitAttachment{ID: "plant", Kind: vpc.VPNAttachment, Prefixes: []netip.Prefix{netip.MustParsePrefix("192.168.0.0/16")}})
		return nil
	}))
	var names []string
	for _, f := range e.Far() {
		names = append(names, f.Name)
		_, err := e.Port(f.Name)
		assert.NoError(t, err, f.Name)
	}
	assert.Equal(t, []string{"internet", "onprem:hub/office", "onprem:hub/plant"}, names)
}
