package emu

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vpcemu/vpcemu/internal/space"
	"github.com/vpcemu/vpcemu/packet"
	"github.com/vpcemu/vpcemu/vpc"
)

// TestServices is that packets that no stage tells apart are not taken apart before one has
// looked at them: TCP, UDP, ICMP and the rest are a box each.
func TestServices(t *testing.T) {
	for _, v6 := range [...]bool{false, true} {
		assert.Len(t, allServices(v6), 4)
		for p := range 256 {
			there := carries(uint8(p), v6) && (!packet.Proto(p).IsICMP() || packet.Proto(p) == icmpOf(v6))
			assert.Equal(t, there, space.Meets(Services(v6), space.Protocol(uint8(p))), p)
		}
	}
}

// TestICMP_Alike is which types are taken together: as many as nobody looks at.
func TestICMP_Alike(t *testing.T) {
	var n vpc.Network
	v := n.AddVPC("prod", "10.0.0.0/16")
	v.AddSecurityGroup("open").AllowOut("all", "0.0.0.0/0").AllowIn("icmp", "0.0.0.0/0")
	v.AddSecurityGroup("shut").AllowOut("all", "0.0.0.0/0").AllowIn("tcp/22", "0.0.0.0/0")
	v.AddSecurityGroup("kinds").AllowOut("all", "0.0.0.0/0").AllowIn("icmp/3/4", "0.0.0.0/0")
	v.AddSecurityGroup("client").AllowOut("all", "0.0.0.0/0")
	s := v.AddSubnet("apps", "10.0.1.0/24")
	for _, name := range [...]string{"open", "shut", "kinds", "client"} {
		s.AddInterface(name, "", name)
	}
	e, err := New(&n, Options{})
	require.NoError(t, err)
	for _, c := range []struct {
		name, to    string
		kind, code  uint8
		first, last uint16 // types and codes
	}{
		{"no rule: whatever it is", "shut", 5, 0, 0x0000, 0xffff},
		{"let in: not answered", "open", 5, 0, 0x0000, 0x07ff},
		{"let in: answered", "open", 8, 0, 0x0800, 0x08ff},
		{"let in: not answered either", "open", 30, 7, 0x0900, 0xffff},
		{"one code by a rule", "kinds", 3, 4, 0x0304, 0x0304},
		{"all before it", "kinds", 3, 3, 0x0000, 0x0303},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, ok, err := e.Explorer().Pair("client", c.to, false)
			require.NoError(t, err)
			require.True(t, ok)
			at := p.usual
			at[space.Services] = space.Service(uint8(packet.ICMP), uint16(c.kind)<<8|uint16(c.code))
			box := p.Decide(at).Box
			assert.Equal(t, space.Span{First: space.Service(uint8(packet.ICMP), c.first), Last: space.Service(uint8(packet.ICMP), c.last)}, box[space.Services])
		})
	}
}
