package emu

import (
	"slices"
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

// TestICMP_Asks: what a walk is told about the type of a message it is told about all that
// stay in its box, and no box could be larger.
func TestICMP_Asks(t *testing.T) {
	for name, ask := range map[string]func(*walk) bool{
		"echo request": (*walk).isEchoRequest, "echo reply": (*walk).isEchoReply, "error": (*walk).isICMPError, "neighbour discovery": (*walk).isNeighbourDiscovery,
	} {
		for _, f := range [...]packet.Flow{{Src: someHost4, Dst: someHost4.Next(), Proto: packet.ICMP}, {Src: someHost6, Dst: someHost6.Next(), Proto: packet.ICMPv6}} {
			var told [256]bool
			var boxes [256]space.Span
			for kind := range 256 {
				w := &walk{flow: f, alike: &alike{box: space.Box{space.Services: space.Protocol(uint8(f.Proto))}}}
				w.alike.sent()
				require.NoError(t, w.pkt.Parse(packet.Spec{Flow: f, ICMPType: uint8(kind)}.Bytes()))
				told[kind] = ask(w)
				boxes[kind] = w.alike.box[space.Services]
			}
			for kind := range 256 {
				for other := range 256 {
					between := told[min(kind, other) : max(kind, other)+1]
					same := !slices.Contains(between, !told[kind])
					require.Equal(t, same, boxes[kind].Has(space.Service(uint8(f.Proto), uint16(other)<<8|7)), "%s: %s of type %d and %d", name, f.Proto, kind, other)
				}
			}
		}
	}
}

// TestICMP_ComesAgain: what a host sends to its own public address is known to its groups when
// it comes back, but for errors, which are of no flow.
func TestICMP_ComesAgain(t *testing.T) {
	var n vpc.Network
	v := n.AddVPC("prod", "10.0.0.0/16")
	v.AddInternetGateway("igw")
	v.AddRouteTable("public").AddRoute("0.0.0.0/0", "igw")
	v.AddSecurityGroup("out").AllowOut("all", "0.0.0.0/0")
	v.AddSubnet("web", "10.0.1.0/24").UseRouteTable("public").AddInterface("web-1", "10.0.1.10", "out").AddPublicIP("198.51.100.10")
	e, err := New(&n, Options{})
	require.NoError(t, err)
	p, ok, err := e.Explorer().Pair("web-1", "198.51.100.10", false)
	require.NoError(t, err)
	require.True(t, ok)
	at, verdicts := p.usual, make(map[Answer]int)
	for kind := range 256 {
		at[space.Services] = space.Service(uint8(packet.ICMP), uint16(kind)<<8)
		f := p.Decide(at)
		verdicts[f.Answer]++
		for other := range 256 {
			if at[space.Services] = space.Service(uint8(packet.ICMP), uint16(other)<<8); f.Box.Has(&at) {
				one, err := p.Trace(at)
				require.NoError(t, err)
				require.Equal(t, f.Answer, one.Verdict, "type %d is like %d", other, kind)
			}
		}
	}
	assert.Equal(t, map[Answer]int{Reachable: 253, Blocked: 3}, verdicts)
}
