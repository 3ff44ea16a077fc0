package emu

import (
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vpcemu/vpcemu/firewall"
	"github.com/vpcemu/vpcemu/packet"
	"github.com/vpcemu/vpcemu/routing"
	"github.com/vpcemu/vpcemu/vpc"
)

// changeable is a client, a server and things that refer to interfaces.
func changeable() *vpc.Network {
	var n vpc.Network
	v := n.AddVPC("v", "10.0.0.0/16")
	v.AddInternetGateway("igw")
	v.AddSecurityGroup("client").AllowOut("tcp/80", "10.0.0.0/8")
	v.AddSecurityGroup("server").AllowIn("tcp/80", "client")
	v.AddNetworkACL("acl").AllowIn(100, "all", "0.0.0.0/0").AllowOut(100, "all", "0.0.0.0/0")
	rt := v.AddRouteTable("t").AddRoute("198.18.0.0/16", "fw").AddRoute("198.19.0.0/16", "fw")
	rt.Routes[0].Target.ID, rt.Routes[0].Blackhole = "later", true
	v.Gateways = append(v.Gateways, &vpc.Gateway{Kind: routing.NATGateway, ID: "nat-1", Subnet: "s", State: "deleted",
		Addresses: []vpc.Address{{IP: netip.MustParseAddr("10.0.1.4")}}})
	v.AddInstance("i-1")
	v.AddInstance("i-2").TrackedFlows = 9
	s := v.AddSubnet("s", "10.0.1.0/24").UseNetworkACL("acl").UseRouteTable("t")
	s.AddInterface("a", "10.0.1.10", "client")
	s.AddInterface("b", "10.0.1.11", "server").Instance = "i-1"
	s.AddInterface("fw", "10.0.1.12", "server")
	n.AddVPC("w", "10.0.0.0/16").AddSubnet("s", "10.0.1.0/24").AddInterface("a", "10.0.1.10")
	return &n
}

func TestChangesThatCompileNothingAfresh(t *testing.T) {
	rules := func(edit func(*vpc.SecurityGroup)) func(*Emulator) error {
		return func(e *Emulator) error {
			return e.UpdateSecurityGroup("server", func(g *vpc.SecurityGroup) error { edit(g); return nil })
		}
	}
	add := func(i vpc.Interface) func(*Emulator) error {
		return func(e *Emulator) error { return e.AddInterface("v/s", &i) }
	}
	remove := func(name string) func(*Emulator) error {
		return func(e *Emulator) error { return e.RemoveInterface(name) }
	}
	at := func(ip string) vpc.Interface {
		return vpc.Interface{ID: "new", Addresses: []vpc.Address{{IP: netip.MustParseAddr(ip)}}}
	}
	for _, c := range []struct {
		name   string
		change func(*Emulator) error
		small  bool
	}{
		{"a rule", rules(func(g *vpc.SecurityGroup) { g.AllowIn("udp/53", "client") }), true},
		{"a group's name", rules(func(g *vpc.SecurityGroup) { g.Name = "other" }), false},
		{"a stale rule", rules(func(g *vpc.SecurityGroup) { g.AllowIn("udp/53", "gone").Ingress[1].Stale = true }), false},
		{"an entry", func(e *Emulator) error {
			return e.UpdateNetworkACL("acl", func(a *vpc.NetworkACL) error { a.DenyIn(50, "tcp", "10.0.0.0/8"); return nil })
		}, true},
		{"an ACL's name", func(e *Emulator) error {
			return e.UpdateNetworkACL("acl", func(a *vpc.NetworkACL) error { a.Name = "other"; return nil })
		}, false},
		{"a route", func(e *Emulator) error {
			return e.UpdateRouteTable("t", func(t *vpc.RouteTable) error { t.AddRoute("0.0.0.0/0", "igw"); return nil })
		}, false},
		{"an interface", add(at("10.0.1.20")), true},
		{"an interface without an address", add(vpc.Interface{ID: "new", Groups: []string{"server", "client"}}), true},
		{"an interface with a public address", add(vpc.Interface{ID: "new", Addresses: []vpc.Address{{Public: netip.MustParseAddr("198.51.100.7"), Elastic: true}}}), true},
		{"an interface whose public address is to be assigned", add(vpc.Interface{ID: "new", Addresses: []vpc.Address{{AutoPublic: true}}}), true},
		{"an interface with a prefix", add(vpc.Interface{ID: "new", Prefixes: []netip.Prefix{netip.MustParsePrefix("10.0.1.64/28")}}), false},
		{"an interface that a route waits for", add(vpc.Interface{ID: "later"}), false},
		{"an interface of an instance that has one", add(vpc.Interface{ID: "new", Instance: "i-1", DeviceIndex: 1}), false},
		{"an interface of an instance with a limit", add(vpc.Interface{ID: "new", Instance: "i-2"}), false},
		{"an interface that has a name of another", add(vpc.Interface{ID: "new", Name: "a"}), false},
		{"an interface of another kind", add(vpc.Interface{ID: "new", Kind: "network_load_balancer"}), false},
		{"an interface gone", remove("v/a"), true},
	} {
		t.Run(c.name, func(t *testing.T) {
			e, err := New(changeable(), Options{})
			require.NoError(t, err)
			before := e.current.Load()
			require.NoError(t, c.change(e))
			after := e.current.Load()
			assert.Equal(t, c.small, before.plan.VPCs[0] == after.plan.VPCs[0])
			assert.Equal(t, before.plan.Epoch+1, after.plan.Epoch)
			require.NoError(t, e.Network().Validate())
		})
	}
}

func TestChangesThatAreRefused(t *testing.T) {
	stop := errors.New("stop")
	for _, c := range []struct {
		name   string
		change func(*Emulator) error
		want   error
	}{
		{"the edit", func(e *Emulator) error {
			return e.UpdateSecurityGroup("client", func(*vpc.SecurityGroup) error { return stop })
		}, stop},
		{"an unknown peer", func(e *Emulator) error {
			return e.UpdateSecurityGroup("client", func(g *vpc.SecurityGroup) error { g.AllowIn("tcp", "nobody"); return nil })
		}, &vpc.Error{Code: vpc.CodeGroupNotFound}},
		{"an unknown group", func(e *Emulator) error {
			return e.UpdateSecurityGroup("nobody", func(*vpc.SecurityGroup) error { return nil })
		}, &vpc.Error{Code: vpc.CodeGroupNotFound}},
		{"a number twice", func(e *Emulator) error {
			return e.UpdateNetworkACL("acl", func(a *vpc.NetworkACL) error { a.DenyIn(100, "tcp", "0.0.0.0/0"); return nil })
		}, &vpc.Error{Code: vpc.CodeEntryExists}},
		{"an address in use", func(e *Emulator) error {
			return e.AddInterface("v/s", &vpc.Interface{ID: "new", Addresses: []vpc.Address{{IP: netip.MustParseAddr("10.0.1.10")}}})
		}, &vpc.Error{Code: vpc.CodeAddressInUse}},
		{"one public address for two of its own", func(e *Emulator) error {
			public := netip.MustParseAddr("198.51.100.7")
			return e.AddInterface("v/s", &vpc.Interface{ID: "new", Addresses: []vpc.Address{{IP: netip.MustParseAddr("10.0.1.20"), Public: public, Elastic: true}, {Public: public, AutoPublic: true, Elastic: true}}})
		}, &vpc.Error{Code: vpc.CodeAlreadyAssociated}},
		{"an address of a gateway that is gone", func(e *Emulator) error {
			return e.AddInterface("v/s", &vpc.Interface{ID: "new", Addresses: []vpc.Address{{IP: netip.MustParseAddr("10.0.1.4")}}})
		}, &vpc.Error{Code: vpc.CodeAddressInUse}},
		{"a subnet of two VPCs", func(e *Emulator) error { return e.AddInterface("s", &vpc.Interface{ID: "new"}) }, &vpc.Error{Code: vpc.CodeSubnetNotFound}},
		{"an interface of two VPCs", func(e *Emulator) error { return e.RemoveInterface("a") }, &vpc.Error{Code: vpc.CodeInterfaceNotFound}},
		{"an interface that a route names gone", func(e *Emulator) error { return e.RemoveInterface("fw") }, &vpc.Error{Code: vpc.CodeGatewayNotFound}},
	} {
		t.Run(c.name, func(t *testing.T) {
			updates := 0
			e, err := New(changeable(), Options{Observer: Observer{Update: func(uint64) { updates++ }}})
			require.NoError(t, err)
			before := e.current.Load()
			require.ErrorIs(t, c.change(e), c.want)
			assert.Same(t, before, e.current.Load())
			assert.Equal(t, 1, updates, "only that of New")
		})
	}
}

func TestAddressOfANewInterface(t *testing.T) {
	e, err := New(changeable(), Options{})
	require.NoError(t, err)
	require.NoError(t, e.AddInterface("v/s", &vpc.Interface{ID: "new"}))
	require.NoError(t, e.AddInterface("v/s", &vpc.Interface{ID: "newer"}))
	n := e.Network()
	assert.Equal(t, "10.0.1.5", n.Interface("new").Addresses[0].IP.String(), "10.0.1.4 is the NAT gateway's")
	assert.Equal(t, "10.0.1.6", n.Interface("newer").Addresses[0].IP.String())
	require.NoError(t, e.RemoveInterface("new"))
	require.NoError(t, e.AddInterface("v/s", &vpc.Interface{ID: "newest"}))
	assert.Equal(t, "10.0.1.5", e.Network().Interface("newest").Addresses[0].IP.String())
}

func TestRequestExpiresByASmallChange(t *testing.T) {
	n := changeable()
	n.VPCs[1].CIDRs[0] = netip.MustParsePrefix("10.9.0.0/16")
	n.VPCs[1].Subnets = nil
	n.AddPeering("pcx", "v", "w").State = pending
	var clock Clock
	e, err := New(n, Options{Now: clock.Now})
	require.NoError(t, err)
	change := func() string {
		require.NoError(t, e.AddInterface("v/s", &vpc.Interface{ID: fmt.Sprint("new", clock.Now().Unix())}))
		return e.Network().Gateways[0].State
	}
	clock.Advance(requestExpires - 1)
	assert.Equal(t, pending, change())
	clock.Advance(1)
	assert.Equal(t, "expired", change())
}

// TestPacketsAmidChanges sends packets between two members of a group whose rules in
// both directions change at once, from port 80 to 81 and back: a packet to port 80
// gets through, or not even out. Interfaces come and go meanwhile.
func TestPacketsAmidChanges(t *testing.T) {
	n := changeable()
	n.VPCs[0].AddSecurityGroup("pair").AllowIn("tcp/80", "pair").AllowOut("tcp/80", "pair")
	n.Interface("v/a").Groups, n.Interface("v/b").Groups = []string{"pair"}, []string{"pair"}
	e, err := New(n, Options{})
	require.NoError(t, err)
	a, err := e.Port("v/a")
	require.NoError(t, err)
	done := make(chan struct{})
	var all sync.WaitGroup
	all.Go(func() {
		defer close(done)
		for k := range 300 {
			assert.NoError(t, e.UpdateSecurityGroup("pair", func(g *vpc.SecurityGroup) error {
				for _, r := range []*firewall.Rule{&g.Ingress[0], &g.Egress[0]} {
					r.Service.From, r.Service.To = 80+k%2, 80+k%2
				}
				return nil
			}))
			assert.NoError(t, e.AddInterface("v/s", &vpc.Interface{ID: fmt.Sprint("n", k), Groups: []string{"client"}}))
			if k >= 10 {
				assert.NoError(t, e.RemoveInterface(fmt.Sprint("n", k-10)))
			}
		}
	})
	all.Go(func() {
		for k := 0; ; k++ {
			select {
			case <-done:
				return
			default:
			}
			f := packet.Flow{Src: netip.MustParseAddr("10.0.1.10"), Dst: netip.MustParseAddr("10.0.1.11"), SrcPort: uint16(1024 + k%50_000), DstPort: 80, Proto: packet.TCP}
			r := a.Send(packet.Spec{Flow: f, Flags: packet.SYN}.Bytes())
			if r.Fate != Delivered && r.Reason != SGEgress {
				t.Errorf("%v", r)
				return
			}
		}
	})
	all.Wait()
	assert.LessOrEqual(t, e.current.Load().plan.Slots, 16, "slots are used again")
}
