package emu

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vpcemu/vpcemu/firewall"
	"github.com/vpcemu/vpcemu/packet"
	"github.com/vpcemu/vpcemu/vpc"
)

// TestEP27_Sticky: a flow keeps its appliance while there is one of the name, and the idle time of its first packet.
func TestEP27_Sticky(t *testing.T) {
	var flows firewall.FlowTable
	s := sticky{flows: &flows}
	f := packet.MustParseFlow("tcp 10.0.1.5:40000 > 10.0.2.5:443")
	endpoint := func(idle time.Duration, names ...string) *vpc.Endpoint {
		e := &vpc.Endpoint{TCPIdle: idle}
		for _, n := range names {
			e.Appliances = append(e.Appliances, vpc.Appliance{Name: n})
		}
		return e
	}
	choose := func(f packet.Flow, e *vpc.Endpoint, at time.Duration) string {
		a, ok := s.choose(f, e, int64(at))
		require.True(t, ok)
		return a.Name
	}
	both := endpoint(0, "one", "two")
	first := choose(f, both, 0)
	other := map[string]string{"one": "two", "two": "one"}[first]
	assert.Equal(t, first, choose(f.Reverse(), both, time.Second), "the same both ways")
	for name, e := range map[string]*vpc.Endpoint{"others came": endpoint(0, "three", other, first, "four"), "one is left": endpoint(0, first)} {
		assert.Equal(t, first, choose(f, e, time.Second), name)
	}
	assert.Equal(t, other, choose(f, endpoint(0, other), time.Second), "its appliance has gone")
	assert.Equal(t, other, choose(f, endpoint(time.Minute, first, other), 350*time.Second), "and does not come back, nor has the idle time changed")
	assert.Equal(t, first, choose(f, endpoint(time.Minute, first), 700*time.Second), "it has idled out")
	assert.Equal(t, first, choose(f, endpoint(0, "three", first), 759*time.Second))
	assert.Equal(t, "three", choose(f, endpoint(0, "three"), 819*time.Second), "after a minute")
	s.close()
	_, ok := s.choose(f, endpoint(0, first, other), int64(819*time.Second))
	assert.False(t, ok, "the endpoint is gone, and there is no room")
	assert.Empty(t, choose(f, endpoint(0), 0))
	assert.Empty(t, choose(f, endpoint(0, ""), 0), "a lone one without a name")
}

// TestGatewaysForget: what gateways remembered is not there any more when they have gone, and when they come again.
func TestGatewaysForget(t *testing.T) {
	var n vpc.Network
	v := n.AddVPC("v", "10.0.0.0/16", "2001:db8::/56")
	v.AddInternetGateway("igw")
	v.AddEgressOnlyGateway("eigw")
	v.AddSecurityGroup("open").AllowIn("all", "0.0.0.0/0").AllowIn("all", "::/0").AllowOut("all", "0.0.0.0/0").AllowOut("all", "::/0")
	v.AddRouteTable("k").AddRoute("0.0.0.0/0", "igw")
	v.AddRouteTable("a")
	v.AddSubnet("a", "10.0.1.0/24", "2001:db8:0:1::/64").UseRouteTable("a").AddInterface("app", "10.0.1.5", "open").AddAddress("2001:db8:0:1::5")
	v.AddSubnet("k", "10.0.0.0/28").UseRouteTable("k")
	v.AddNATGateway("nat", "k")
	n.VPC("v").RouteTable("a").AddRoute("0.0.0.0/0", "nat").AddRoute("::/0", "eigw")
	e, err := New(&n, Options{})
	require.NoError(t, err)
	app, err := e.Port("app")
	require.NoError(t, err)
	v4, v6 := packet.MustParseFlow("tcp 10.0.1.5:40000 > 203.0.113.5:443"), packet.MustParseFlow("tcp [2001:db8:0:1::5]:40000 > [2001:db8:9::9]:443")
	for _, f := range []packet.Flow{v4, v6} {
		require.Equal(t, Exited, app.Send(packet.Spec{Flow: f, Flags: packet.SYN}.Bytes()).Fate)
	}
	before := e.current.Load()
	var nat *firewall.Mappings
	for s := range before.slots.all() {
		if s.iface != nil && s.iface.Gateway != nil && s.state.special.Load() != nil {
			nat = s.state.rare().nat
		}
	}
	memory := before.memories["v/eigw"]
	now := e.now().UnixNano()
	_, known := nat.Find(v4, now)
	require.True(t, known && memory.knows(v6, now))

	require.NoError(t, e.Update(func(n *vpc.Network) error { n.VPC("v").RouteTable("a").Name = "still a"; return nil }))
	_, known = nat.Find(v4, now)
	require.True(t, known && memory.knows(v6, now), "other changes leave it alone (ORDER-38)")

	require.NoError(t, e.Update(func(n *vpc.Network) error {
		v := n.VPC("v")
		v.RouteTable("a").Routes, v.Gateways = nil, nil
		return nil
	}))
	_, known = nat.Find(v4, now)
	assert.False(t, known || memory.knows(v6, now))
}
