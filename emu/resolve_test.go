package emu_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/firewall"
	"github.com/vpcemu/vpcemu/packet"
	"github.com/vpcemu/vpcemu/vpc"
)

// names is a network whose things are called what is easily mistaken.
func names() *vpc.Network {
	var n vpc.Network
	v := open(n.AddVPC("v", "10.0.0.0/16", "2001:db8:1::/56"))
	v.AddInternetGateway("igw-1")
	v.AddRouteTable("t").AddRoute("10.0.9.0/24", "fw").AddRoute("0.0.0.0/0", "igw")
	s := v.AddSubnet("s", "10.0.1.0/24", "2001:db8:1::/64").UseRouteTable("t")
	s.AddInterface("web", "10.0.1.10", "open").AddPublicIP("198.51.100.1").AddAddress("2001:db8:1::10")
	s.AddInterface("team/web", "10.0.1.11", "open")
	x := v.AddSubnet("x", "10.0.2.0/24")
	x.AddInterface("fw", "10.0.2.10", "open").NoSourceDestCheck = true
	other := x.AddInterface("eni-2", "10.0.2.11", "open")
	other.Name, other.NoSourceDestCheck = "fw", true
	v.AddSubnet("d", "10.0.9.0/24").AddInterface("d", "10.0.9.10", "open")
	w := open(n.AddVPC("w", "10.1.0.0/16"))
	w.AddSubnet("s", "10.1.1.0/24").AddInterface("web", "10.1.1.10", "open")
	return &n
}

func TestPortByName(t *testing.T) {
	e := newEmulator(t, names(), emu.Options{})
	for _, c := range []struct{ name, want string }{
		{"v/web", "web"},
		{"web", `error: "web" is ambiguous`},
		{"team/web", "team/web"}, // a name that has a slash itself
		{"v/team/web", "team/web"},
		{"w/team/web", `error: nothing is called "w/team/web"`},
		{"fw", "fw"}, // an ID wins over a name
		{"eni-2", "eni-2"},
		{"10.0.1.11", "team/web"},
		{"::ffff:10.0.1.11", "team/web"}, // IPv4 written as IPv6
		{"198.51.100.1", "web"},
		{"2001:db8:1::10", "web"},
		{"internet", "internet"},
		{"10.0.1.99", "error: no interface has the address 10.0.1.99"},
		{"203.0.113.9", "internet"},
		{"internet:203.0.113.9", "internet"},
		{"192.168.77.7", "error: no interface has the address 192.168.77.7"},
		{"internet:nobody", `error: "nobody" is not an IP address`},
		{"fe80::1%eth0", `error: "fe80::1%eth0" is not an IP address`},
		{"internet:fe80::1%eth0", `error: "fe80::1%eth0" is not an IP address`},
		{"", `error: nothing is called ""`},
		{"/", `error: nothing is called "/"`},
		{"v/", `error: nothing is called "v/"`},
		{"v/10.0.1.10", "web"},
		{"w/10.0.1.10", `error: "w/10.0.1.10": no interface of a VPC "w" has the address 10.0.1.10`},
		{"\xff", "error: nothing is called"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, err := e.Port(c.name)
			got := ""
			if err != nil {
				got = "error: " + err.Error()
			} else {
				got = p.ID()
			}
			require.GreaterOrEqual(t, len(got), len(c.want), got)
			assert.Equal(t, c.want, got[:len(c.want)])
		})
	}
}

func TestPortsOfEqualNames(t *testing.T) {
	e := newEmulator(t, names(), emu.Options{})
	assert.NotEqual(t, portOf(t, e, "v/web"), portOf(t, e, "w/web"))
	assert.Equal(t, portOf(t, e, "10.1.1.10"), portOf(t, e, "w/web"))
}

// TestAmbiguousName: who answers to a name is listed alike however the network came about.
func TestAmbiguousName(t *testing.T) {
	e := newEmulator(t, names(), emu.Options{})
	again := names().Interface("v/web")
	require.NoError(t, e.RemoveInterface("v/web"))
	require.NoError(t, e.AddInterface("v/s", again))
	_, err := e.Port("web")
	assert.EqualError(t, err, `"web" is ambiguous, it may be v/web (10.0.1.10) or w/web (10.1.1.10)`)
}

func TestTraceByAddress(t *testing.T) {
	e := newEmulator(t, names(), emu.Options{})
	for _, c := range []struct{ name, src, dst, want string }{
		{"IPv4 as IPv6", "::ffff:10.0.1.11", "::ffff:10.0.9.10", "10.0.1.11 > 10.0.9.10"},
		{"IPv4 as IPv6, an internet host", "v/web", "internet:::ffff:203.0.113.9", "10.0.1.10 > 203.0.113.9"},
		{"source by its public address", "198.51.100.1", "internet:203.0.113.9", "10.0.1.10 > 203.0.113.9"},
		{"destination by its public address", "internet:203.0.113.9", "198.51.100.1", "203.0.113.9 > 198.51.100.1"},
		{"destination by its name", "internet:203.0.113.9", "v/web", "203.0.113.9 > 198.51.100.1"},
		{"from an address of nobody", "10.0.1.99", "v/web", "error: source: no interface has the address 10.0.1.99"},
		{"a zone", "v/web", "fe80::1%eth0", `error: destination: "fe80::1%eth0" is not an IP address`},
		{"no IP version in common", "team/web", "2001:db8:1::10", "error: team/web and 2001:db8:1::10 have no IP version in common"},
	} {
		t.Run(c.name, func(t *testing.T) {
			trace, err := e.Trace(emu.Query{Source: c.src, Destination: c.dst, Service: firewall.MustParseService("tcp/80")})
			if err != nil {
				assert.Equal(t, c.want, "error: "+err.Error())
				return
			}
			f := trace.Sent()
			assert.Equal(t, c.want, f.Src.String()+" > "+f.Dst.String())
		})
	}
}

// TestRouteToAnID: two interfaces answer to "fw"; the route means the one whose ID
// that is.
func TestRouteToAnID(t *testing.T) {
	e := newEmulator(t, names(), emu.Options{})
	r := portOf(t, e, "v/web").Send(segment("tcp 10.0.1.10:40000 > 10.0.9.10:80", packet.SYN))
	assert.Equal(t, emu.Result{Fate: emu.Delivered, At: "fw"}, r)
	require.NoError(t, e.Update(func(n *vpc.Network) error { n.RouteTable("t").Routes[0].Target.ID = "eni-2"; return nil }))
	r = portOf(t, e, "v/web").Send(segment("tcp 10.0.1.10:40000 > 10.0.9.10:80", packet.SYN))
	assert.Equal(t, emu.Result{Fate: emu.Delivered, At: "eni-2"}, r)
}

// TestGroupNames: groups by "vpc/name", and the one that nobody has to describe.
func TestGroupNames(t *testing.T) {
	for _, c := range []struct {
		name, group, peer, want string
	}{
		{"by name", "web", "web", "reachable"},
		{"by vpc/name", "web", "prod/web", "reachable"},
		{"another group", "web", "db", "blocked SG_INGRESS"},
		{"another by vpc/name", "web", "prod/db", "blocked SG_INGRESS"},
		{"VPC-22 the implicit default group", "default", "web", "blocked SG_INGRESS"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var n vpc.Network
			v := n.AddVPC("prod", "10.0.0.0/16")
			v.AddSecurityGroup("web").AllowOut("tcp", "0.0.0.0/0")
			v.AddSecurityGroup("db").AllowIn("tcp/5432", c.peer)
			s := v.AddSubnet("s", "10.0.1.0/24")
			s.AddInterface("a", "10.0.1.10", c.group)
			s.AddInterface("b", "10.0.1.11", "db")
			trace := ask(t, &n, "a", "b", "tcp/5432")
			assert.Equal(t, c.want, answer(trace), "%s", trace)
		})
	}
	t.Run("VPC-22 two in the default group", func(t *testing.T) {
		var n vpc.Network
		s := n.AddVPC("prod", "10.0.0.0/16").AddSubnet("s", "10.0.1.0/24")
		s.AddInterface("a", "10.0.1.10", "default")
		s.AddInterface("b", "10.0.1.11")
		assert.Equal(t, "reachable", answer(ask(t, &n, "a", "b", "tcp/80")))
	})
}
