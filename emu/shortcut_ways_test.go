package emu_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/packet"
	"github.com/vpcemu/vpcemu/vpc"
)

// narrow is crossroads where all flows are tracked (SG-28).
func narrow() *vpc.Network {
	n := crossroads()
	for _, v := range n.VPCs {
		g := v.SecurityGroup("open")
		g.Ingress, g.Egress = nil, nil
		for _, all := range []string{"0.0.0.0/0", "::/0"} {
			g.AllowIn("tcp/443", all).AllowIn("tcp/8443", all).AllowOut("tcp/443", all).AllowOut("tcp/8443", all)
		}
	}
	return n
}

// TestShortCuts_NotIntoTheUnknown: what leads to a gateway that is not modelled has
// none.
func TestShortCuts_NotIntoTheUnknown(t *testing.T) {
	n := narrow()
	n.VPC("v").SecurityGroup("open").AllowOut("udp/53", "0.0.0.0/0")
	w := newTwoWays(t, n, "app", "internet")
	for range 5 {
		r := w.send(t, "app", packet.Spec{Flow: packet.MustParseFlow("udp 10.0.1.10:40000 > 10.8.0.9:53")}.Bytes())
		require.Equal(t, emu.Result{Fate: emu.Exited, At: "lgw-1"}, r)
		require.False(t, w.short)
	}
}

// TestShortCuts_Ways: on which ways there are short cuts, and for which packets, in
// both directions. Every packet fares as without them.
func TestShortCuts_Ways(t *testing.T) {
	for _, c := range roads {
		t.Run(c.name, func(t *testing.T) {
			w := newTwoWays(t, narrow(), c.from, c.to)
			there := packet.MustParseFlow(c.flow)
			send := func(from string, f packet.Flow, flags packet.TCPFlags) {
				r := w.send(t, from, packet.Spec{Flow: f, Flags: flags}.Bytes())
				require.Contains(t, []string{"delivered", "exited"}, r.Fate.String(), "%s: %v", f, r)
			}
			send(c.from, there, packet.SYN)
			back := w.heard[c.to].Reverse()
			send(c.to, back, packet.SYN|packet.ACK)
			for _, way := range []struct {
				from  string
				flow  packet.Flow
				limit int
			}{{c.from, there, c.there}, {c.to, back, c.back}} {
				// short sends a packet like others before, and reports whether it took a short cut.
				short := func(s packet.Spec) bool {
					s.Flow, s.Flags, s.DF = way.flow, s.Flags|packet.ACK, true
					w.send(t, way.from, s.Bytes())
					return w.short
				}
				again := func() { // the flow has a short cut, if it can have one
					for range 3 {
						send(c.from, there, packet.ACK)
						send(c.to, back, packet.ACK)
					}
				}
				headers := 40
				if !way.flow.Src.Is4() {
					headers = 60
				}
				again()
				require.Equal(t, c.short, short(packet.Spec{}), "%s", way.flow)
				if !c.short {
					continue
				}
				require.True(t, short(packet.Spec{TTL: c.hops + 1}), "enough hops")
				if c.hops > 0 {
					require.False(t, short(packet.Spec{TTL: c.hops}), "too few hops")
				}
				again()
				require.True(t, short(packet.Spec{Payload: make([]byte, way.limit-headers)}), "%d bytes", way.limit)
				if way.limit != anySize {
					require.False(t, short(packet.Spec{Payload: make([]byte, way.limit-headers+1)}), "%d bytes", way.limit+1)
				}
				again()
				require.False(t, short(packet.Spec{Flags: packet.SYN}), "SYN")
				again()
				w.clock.Advance(60 * time.Second)
				require.False(t, short(packet.Spec{}), "after a rest")
				again()
				w.update(t, func(n *vpc.Network) { n.VPC("v").SecurityGroup("open").AllowIn("tcp/1", "192.0.2.1/32") })
				require.False(t, short(packet.Spec{}), "after a change")
				w.update(t, func(n *vpc.Network) {
					g := n.VPC("v").SecurityGroup("open")
					g.Ingress = g.Ingress[:len(g.Ingress)-1]
				})
				again()
				require.True(t, short(packet.Spec{}), "again")
			}
		})
	}
}

// TestShortCuts_Ping: echo requests and replies of one identifier are one flow, and
// two to a network ACL.
func TestShortCuts_Ping(t *testing.T) {
	for _, c := range []struct {
		name, to, flow string
		request, reply uint8
		short          bool
	}{
		{"cross-subnet", "db", "icmp 10.0.1.10 > 10.0.5.20 id 7", packet.ICMPEchoRequest, packet.ICMPEchoReply, true},
		{"cross-subnet, IPv6", "db", "icmpv6 2001:db8:1:1::10 > 2001:db8:1:5::20 id 7", packet.ICMPv6EchoRequest, packet.ICMPv6EchoReply, true},
		{"transit gateway", "w/w", "icmp 10.0.1.10 > 10.3.1.20 id 7", packet.ICMPEchoRequest, packet.ICMPEchoReply, true},
		{"transit gateway, IPv6", "w/w", "icmpv6 2001:db8:1:1::10 > 2001:db8:3:1::20 id 7", packet.ICMPv6EchoRequest, packet.ICMPv6EchoReply, true},
		{"internet gateway", "internet", "icmp 10.0.1.10 > 198.18.0.9 id 7", packet.ICMPEchoRequest, packet.ICMPEchoReply, true},
		{"internet gateway, IPv6", "internet", "icmpv6 2001:db8:1:1::10 > 2001:db8:a::9 id 7", packet.ICMPv6EchoRequest, packet.ICMPv6EchoReply, true},
		{"NAT gateway, which changes identifiers", "internet", "icmp 10.0.1.10 > 192.0.2.9 id 7", packet.ICMPEchoRequest, packet.ICMPEchoReply, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			n := narrow()
			for _, v := range n.VPCs {
				v.SecurityGroup("open").AllowIn("icmp", "0.0.0.0/0").AllowOut("icmp", "0.0.0.0/0").AllowIn("icmpv6", "::/0").AllowOut("icmpv6", "::/0")
			}
			v := n.VPC("v")
			v.AddNetworkACL("requests").AllowIn(1, "all", "0.0.0.0/0").AllowIn(2, "all", "::/0").
				DenyOut(1, "icmp/0", "0.0.0.0/0").DenyOut(2, "icmpv6/129", "::/0").AllowOut(3, "all", "0.0.0.0/0").AllowOut(4, "all", "::/0")
			v.Subnet("a").UseNetworkACL("requests")
			w := newTwoWays(t, n, "app", c.to)
			there := packet.MustParseFlow(c.flow)
			for k := range 6 {
				require.Contains(t, []string{"delivered", "exited"}, w.send(t, "app", packet.Spec{Flow: there, ICMPType: c.request}.Bytes()).Fate.String())
				if k > 4 || !c.short {
					require.Equal(t, c.short, w.short, "request %d", k)
				}
				require.Equal(t, emu.Delivered, w.send(t, c.to, packet.Spec{Flow: w.heard[c.to].Reverse(), ICMPType: c.reply}.Bytes()).Fate)
				if k > 4 || !c.short {
					require.Equal(t, c.short, w.short, "reply %d", k)
				}
			}
			require.Equal(t, emu.NACLEgress, w.send(t, "app", packet.Spec{Flow: there, ICMPType: c.reply}.Bytes()).Reason)
			require.False(t, w.short)
		})
	}
}
