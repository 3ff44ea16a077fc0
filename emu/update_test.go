package emu_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/packet"
	"github.com/vpcemu/vpcemu/vpc"
)

// limited is an instance of two interfaces a and b that may track two flows, and
// d, to which they send.
func limited(t *testing.T, change func(n *vpc.Network)) *emu.Emulator {
	var n vpc.Network
	v := n.AddVPC("v", "10.0.0.0/16")
	v.AddSecurityGroup("g").AllowOut("tcp", "0.0.0.0/0").AllowIn("tcp/80", "10.0.0.0/8")
	i := v.AddInstance("i-1")
	i.Name, i.TrackedFlows = "web", 2
	s := v.AddSubnet("s", "10.0.1.0/24")
	s.AddInterface("a", "10.0.1.10", "g").Instance = "i-1"
	b := s.AddInterface("b", "10.0.1.11", "g")
	b.Instance, b.DeviceIndex = "i-1", 1
	s.AddInterface("d", "10.0.1.12", "g")
	change(&n)
	return newEmulator(t, &n, emu.Options{})
}

// request sends the n-th request of an interface to d.
func request(t *testing.T, e *emu.Emulator, from string, n int) string {
	t.Helper()
	ip := map[string]string{"a": "10.0.1.10", "b": "10.0.1.11"}[from]
	r := portOf(t, e, from).Send(segment(fmt.Sprintf("tcp %s:%d > 10.0.1.12:80", ip, 40000+n), packet.SYN))
	return r.At + r.Reason.String()
}

// reply is d's answer to it.
func reply(t *testing.T, e *emu.Emulator, to string, n int) string {
	t.Helper()
	ip := map[string]string{"a": "10.0.1.10", "b": "10.0.1.11"}[to]
	r := portOf(t, e, "d").Send(segment(fmt.Sprintf("tcp 10.0.1.12:80 > %s:%d", ip, 40000+n), packet.SYN|packet.ACK))
	return r.At + r.Reason.String()
}

func TestBudgetAcrossUpdates(t *testing.T) {
	same := func(*vpc.Network) {}
	detach := func(name string, detached bool) func(*vpc.Network) {
		return func(n *vpc.Network) { n.Interface(name).Detached = detached }
	}
	state := func(s vpc.InstanceState) func(*vpc.Network) {
		return func(n *vpc.Network) { n.VPCs[0].Instances[0].State = s }
	}
	for _, c := range []struct {
		name           string
		before, change func(*vpc.Network)
		uses, then     string // who uses the budget up, and who asks after the change
		want           string
	}{
		{"SG-48 one budget for both", same, same, "a", "b", "CONNTRACK_FULL"},
		{"a sibling attached later shares it", detach("b", true), detach("b", false), "a", "b", "CONNTRACK_FULL"},
		{"a sibling detached gives back", same, detach("b", true), "b", "a", "d"},
		{"the one that stays does not", same, detach("b", true), "a", "a", "CONNTRACK_FULL"},
		{"a change of something else", same, func(n *vpc.Network) { n.SecurityGroup("g").AllowIn("udp", "10.0.0.0/8") }, "a", "b", "CONNTRACK_FULL"},
		{"the instance by its name", same, func(n *vpc.Network) { n.Interface("b").Instance = "web" }, "a", "b", "CONNTRACK_FULL"},
		{"another limit starts afresh", same, func(n *vpc.Network) { n.VPCs[0].Instances[0].TrackedFlows = 3 }, "a", "b", "d"},
		{"SG-50 stopped", same, state(vpc.Stopped), "a", "b", "ENI_NOT_ATTACHED"},
		{"SG-50 stopped and started", state(vpc.Stopped), state(vpc.Running), "a", "b", "d"},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := limited(t, c.before)
			request(t, e, c.uses, 1)
			request(t, e, c.uses, 2)
			require.NoError(t, e.Update(func(n *vpc.Network) error { c.change(n); return nil }))
			assert.Equal(t, c.want, request(t, e, c.then, 3))
		})
	}
}

func TestFlowsAcrossUpdates(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*vpc.Network)
		want   string
	}{
		{"the instance by its name", func(n *vpc.Network) { n.Interface("a").Instance = "web" }, "a"},
		{"another instance", func(n *vpc.Network) { n.VPCs[0].AddInstance("i-2"); n.Interface("a").Instance = "i-2" }, "SG_INGRESS"},
		{"no instance", func(n *vpc.Network) { n.Interface("a").Instance = "" }, "SG_INGRESS"},
		{"SG-27 without the rule", func(n *vpc.Network) { n.SecurityGroup("client").Egress = nil }, "a"},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := limited(t, func(n *vpc.Network) {
				n.VPCs[0].AddSecurityGroup("client").AllowOut("tcp/80", "10.0.0.0/8")
				n.VPCs[0].AddSecurityGroup("server").AllowIn("tcp/80", "10.0.0.0/8")
				n.Interface("a").Groups, n.Interface("d").Groups = []string{"client"}, []string{"server"}
			})
			require.Equal(t, "d", request(t, e, "a", 1))
			require.NoError(t, e.Update(func(n *vpc.Network) error { c.change(n); return nil }))
			assert.Equal(t, c.want, reply(t, e, "a", 1))
		})
	}
}

// replaceB takes b out and puts an interface of another name in its place.
func replaceB(t *testing.T, e *emu.Emulator, name string) {
	require.NoError(t, e.Update(func(n *vpc.Network) error {
		s := n.Subnet("s")
		s.Interfaces = []*vpc.Interface{s.Interfaces[0], s.Interface("d")}
		if name != "" {
			s.AddInterface(name, "10.0.1.11", "g")
		}
		return nil
	}))
}

func TestInterfaceRemovedAndAddedAgain(t *testing.T) {
	e := limited(t, func(*vpc.Network) {})
	old := portOf(t, e, "b")
	got := arrived(t, old)
	replaceB(t, e, "")
	replaceB(t, e, "b")
	fresh := portOf(t, e, "b")
	require.NotSame(t, old, fresh)
	in := arrived(t, fresh)

	syn := func() []byte { return segment("tcp 10.0.1.11:40000 > 10.0.1.12:80", packet.SYN) }
	assert.Equal(t, emu.Result{Fate: emu.Dropped, Reason: emu.ENINotAttached}, old.Send(syn()))
	assert.Equal(t, emu.Result{Fate: emu.Delivered, At: "d"}, fresh.Send(syn()))
	assert.Equal(t, "b", reply(t, e, "b", 0))
	assert.Empty(t, *got, "the old port hears nothing")
	assert.Len(t, *in, 1)

	replaceB(t, e, "c") // another interface in the same slot
	assert.Equal(t, emu.ENINotAttached, fresh.Send(syn()).Reason)
	assert.Equal(t, "c", portOf(t, e, "c").ID())
}
