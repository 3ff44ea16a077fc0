package emu_test

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/packet"
	"github.com/vpcemu/vpcemu/vpc"
)

// shortCutNetwork has ways of every kind that has short cuts: between subnets and
// inside one, through a middlebox, through an internet gateway in both directions,
// to a peer, and to a receiver that tracks nothing.
func shortCutNetwork() *vpc.Network {
	var n vpc.Network
	v := n.AddVPC("prod", "10.0.0.0/16")
	v.AddInternetGateway("igw")
	app, db, open := v.AddSecurityGroup("app"), v.AddSecurityGroup("db"), v.AddSecurityGroup("open")
	app.AllowIn("tcp/443", "0.0.0.0/0").AllowIn("udp", "10.0.0.0/8").AllowOut("tcp", "10.0.0.0/8").AllowOut("udp/53", "0.0.0.0/0").AllowOut("tcp/443", "0.0.0.0/0")
	db.AllowIn("tcp/5432", "app").AllowIn("udp/53", "10.0.0.0/8")
	open.AllowIn("all", "0.0.0.0/0").AllowOut("all", "0.0.0.0/0")
	v.AddNetworkACL("acl").AllowIn(100, "all", "0.0.0.0/0").AllowOut(100, "all", "0.0.0.0/0")
	v.AddRouteTable("out").AddRoute("0.0.0.0/0", "igw").AddRoute("10.0.3.0/24", "fw").AddRoute("10.9.0.0/16", "pcx")
	s := v.AddSubnet("app", "10.0.1.0/24").UseRouteTable("out").UseNetworkACL("acl")
	s.AddInterface("app-1", "10.0.1.10", "app").AddPublicIP("198.51.100.10")
	s.AddInterface("app-2", "10.0.1.11", "app", "open")
	v.AddSubnet("db", "10.0.2.0/24").UseRouteTable("out").AddInterface("db-1", "10.0.2.20", "db")
	v.AddSubnet("far", "10.0.3.0/24").UseRouteTable("out").AddInterface("far-1", "10.0.3.30", "open")
	v.AddSubnet("fw", "10.0.4.0/24").AddInterface("fw", "10.0.4.40", "open").NoSourceDestCheck = true
	v.AddRouteTable("nat").AddRoute("0.0.0.0/0", "nat")
	v.AddSubnet("private", "10.0.5.0/24").UseRouteTable("nat").AddInterface("private-1", "10.0.5.50", "app")
	v.AddSubnet("nat", "10.0.6.0/24").UseRouteTable("out")
	v.AddNATGateway("nat", "nat")
	p := n.AddVPC("peer", "10.9.0.0/16")
	p.AddSecurityGroup("peer").AllowIn("tcp/443", "10.0.0.0/8").AllowAllOut()
	p.AddRouteTable("back").AddRoute("10.0.0.0/16", "pcx")
	p.AddSubnet("peer", "10.9.1.0/24").UseRouteTable("back").AddInterface("peer-1", "10.9.1.90", "peer")
	n.AddPeering("pcx", "prod", "peer")
	return &n
}

// twoWays is the same network with and without short cuts.
type twoWays struct {
	clock emu.Clock
	em    [2]*emu.Emulator
	log   [2][]string
	heard map[string]packet.Flow // by each port, the latest
}

func newTwoWays(t *testing.T) *twoWays {
	w := &twoWays{heard: make(map[string]packet.Flow)}
	for i := range w.em {
		e, err := emu.New(shortCutNetwork(), emu.Options{Now: w.clock.Now, NoShortCuts: i == 1})
		require.NoError(t, err)
		w.em[i] = e
		for _, name := range []string{"app-1", "app-2", "db-1", "far-1", "peer-1", "private-1", "internet"} {
			port, err := e.Port(name)
			require.NoError(t, err)
			port.Receive(func(b []byte) {
				var p packet.Packet
				require.NoError(t, p.Parse(b))
				w.heard[name] = p.Flow
				w.log[i] = append(w.log[i], fmt.Sprintf("%s hears %x, checksums %t", name, b, p.ChecksumOK()))
			})
		}
		fw, err := e.Port("fw")
		require.NoError(t, err)
		fw.Forward()
	}
	return w
}

func (w *twoWays) send(t *testing.T, from string, b []byte) emu.Result {
	var results [2]emu.Result
	for i, e := range w.em {
		port, err := e.Port(from)
		require.NoError(t, err)
		w.log[i] = nil
		if i == 0 && len(b)%2 == 0 {
			port.SendBatch([][]byte{slices.Clone(b)}, results[:1])
		} else {
			results[i] = port.Send(slices.Clone(b))
		}
	}
	require.Equal(t, results[1], results[0], "%s sends %x", from, b)
	require.Equal(t, w.log[1], w.log[0], "%s sends %x", from, b)
	return results[0]
}

// end is where a flow begins or ends.
type end struct{ port, addr string }

var shortCutEnds = []end{
	{"app-1", "10.0.1.10"}, {"app-1", "10.0.1.10"}, {"app-2", "10.0.1.11"}, {"db-1", "10.0.2.20"}, {"far-1", "10.0.3.30"},
	{"private-1", "10.0.5.50"}, {"private-1", "10.0.5.50"}, {"peer-1", "10.9.1.90"}, {"internet", "203.0.113.9"}, {"internet", "203.0.113.9"},
}

// TestShortCuts_ChangeNoVerdict plays the same packets with and without short cuts:
// bursts in both directions, ends of connections, other packets of the same flow,
// pauses and updates.
func TestShortCuts_ChangeNoVerdict(t *testing.T) {
	for seed := range uint64(40) {
		r := rand.New(rand.NewPCG(seed, 1))
		w := newTwoWays(t)
		one := func(n int) bool { return r.IntN(n) == 0 }
		for range 300 {
			a, b := shortCutEnds[r.IntN(len(shortCutEnds))], shortCutEnds[r.IntN(len(shortCutEnds))]
			to := b.addr
			if a.port == "internet" {
				to = "198.51.100.10"
			}
			f := packet.MustParseFlow(fmt.Sprintf("%s %s:%d > %s:%d", []string{"tcp", "tcp", "udp"}[r.IntN(3)], a.addr, 40000+r.IntN(3), to, []int{443, 5432, 53}[r.IntN(3)]))
			for range 1 + r.IntN(12) {
				flags := packet.ACK
				switch {
				case one(4):
					flags |= packet.PSH
				case one(6):
					flags = packet.SYN
				case one(30):
					flags |= packet.FIN
				case one(40):
					flags = packet.RST
				}
				spec := packet.Spec{Flow: f, Flags: flags, Payload: make([]byte, r.IntN(3)), TTL: uint8(1 + r.IntN(3))}
				if one(50) {
					spec.Payload = make([]byte, 1600)
				}
				from := a.port
				if heard, ok := w.heard[b.port]; ok && one(3) { // the other side's
					spec.Flow, from = heard.Reverse(), b.port
				}
				w.send(t, from, spec.Bytes())
			}
			if one(10) {
				w.clock.Advance([]time.Duration{time.Nanosecond, 29 * time.Second, 30 * time.Second, 60 * time.Second, 180 * time.Second}[r.IntN(5)])
			}
			if one(20) {
				k := r.IntN(3)
				for _, e := range w.em {
					require.NoError(t, e.Update(func(n *vpc.Network) error {
						switch k {
						case 0:
							n.SecurityGroup("db").Ingress = nil
						case 1:
							g := n.SecurityGroup("db")
							g.Ingress = nil
							g.AllowIn("tcp/5432", "app").AllowIn("udp/53", "10.0.0.0/8")
						case 2:
							acl := n.NetworkACL("acl")
							if len(acl.Egress) == 1 {
								acl.DenyOut(50, "tcp/5432", "10.0.2.0/24")
							} else {
								acl.Egress = acl.Egress[:1]
							}
						}
						return nil
					}))
				}
			}
		}
	}
}

// TestShortCuts_Concurrent is for the race detector.
func TestShortCuts_Concurrent(t *testing.T) {
	e, err := emu.New(shortCutNetwork(), emu.Options{})
	require.NoError(t, err)
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			app, db := portOf(t, e, "app-1"), portOf(t, e, "db-1")
			for i := range 300 {
				f := packet.MustParseFlow("tcp 10.0.1.10:40000 > 10.0.2.20:5432")
				f.SrcPort += uint16((i + g) % 7)
				for k, flags := range []packet.TCPFlags{packet.SYN, packet.SYN | packet.ACK, packet.ACK, packet.ACK, packet.ACK, packet.ACK, packet.FIN, packet.RST} {
					if k == 1 {
						db.Send(packet.Spec{Flow: f.Reverse(), Flags: flags}.Bytes())
						continue
					}
					if i%5 != 0 && k > 5 {
						continue
					}
					app.Send(packet.Spec{Flow: f, Flags: flags}.Bytes())
				}
			}
		})
	}
	wg.Go(func() {
		for i := range 30 {
			_ = e.Update(func(n *vpc.Network) error {
				g := n.SecurityGroup("db")
				g.Ingress = nil
				if i%2 != 0 {
					g.AllowIn("tcp/5432", "app")
				}
				return nil
			})
		}
	})
	wg.Wait()
}

// TestShortCuts_TooLargeCountsForNobody: a packet that its short cut refuses, and the stages then drop, is none of the receiver's.
func TestShortCuts_TooLargeCountsForNobody(t *testing.T) {
	w := newTwoWays(t)
	f := packet.MustParseFlow("udp 10.0.1.10:40000 > 10.0.2.20:53")
	send := func(from string, f packet.Flow, size int) emu.Result {
		return w.send(t, from, packet.Spec{Flow: f, Payload: make([]byte, size), DF: true}.Bytes())
	}
	for range 4 {
		require.Equal(t, emu.Delivered, send("app-1", f, 0).Fate)
	}
	w.clock.Advance(29 * time.Second)
	require.Equal(t, emu.MTUExceeded, send("app-1", f, 9000).Reason)
	w.clock.Advance(2 * time.Second)
	require.Equal(t, emu.SGEgress, send("db-1", f.Reverse(), 0).Reason, "the receiver has heard nothing for 31 seconds")
}

// TestPort_ReceiveBatch: packets arrive in order, together where they took short cuts, and what the receiver sends meanwhile does not upset it.
func TestPort_ReceiveBatch(t *testing.T) {
	e, err := emu.New(shortCutNetwork(), emu.Options{})
	require.NoError(t, err)
	app, db := portOf(t, e, "app-1"), portOf(t, e, "db-1")
	var sizes []int
	var got []uint32
	db.ReceiveBatch(func(packets [][]byte) {
		sizes = append(sizes, len(packets))
		for _, b := range packets {
			var p packet.Packet
			require.NoError(t, p.Parse(b))
			seq, _ := p.TCPSeq()
			got = append(got, seq)
			if seq == 2 {
				db.SendBatch([][]byte{packet.Spec{Flow: p.Flow.Reverse(), Flags: packet.ACK}.Bytes()}, nil)
			}
		}
	})
	f := packet.MustParseFlow("tcp 10.0.1.10:40000 > 10.0.2.20:5432")
	app.Send(packet.Spec{Flow: f, Flags: packet.SYN}.Bytes())
	db.Send(packet.Spec{Flow: f.Reverse(), Flags: packet.SYN | packet.ACK}.Bytes())
	app.Send(packet.Spec{Flow: f, Flags: packet.ACK}.Bytes())
	app.Send(packet.Spec{Flow: f, Flags: packet.ACK}.Bytes())
	sizes, got = nil, nil
	var packets [][]byte
	var want []uint32
	for i := range uint32(40) {
		flags := packet.ACK
		if i == 10 {
			flags = packet.SYN // takes the stages
		}
		packets = append(packets, packet.Spec{Flow: f, Flags: flags, Seq: i}.Bytes())
		want = append(want, i)
	}
	results := make([]emu.Result, len(packets))
	app.SendBatch(packets, results)
	require.Equal(t, want, got)
	require.Equal(t, []int{10, 1, 1, 20, 8}, sizes, "the SYN ends the short cut, and the next packet finds it anew")
	for _, r := range results {
		require.Equal(t, emu.Result{Fate: emu.Delivered, At: "db-1"}, r)
	}
}

func (w *twoWays) update(t *testing.T, edit func(*vpc.Network)) {
	for _, e := range w.em {
		require.NoError(t, e.Update(func(n *vpc.Network) error { edit(n); return nil }))
	}
}

// TestShortCuts_OtherMemories: what remembers flows besides the trackers hears of every packet, or its flows have no short cut.
func TestShortCuts_OtherMemories(t *testing.T) {
	packetOf := func(flow string, flags packet.TCPFlags) []byte {
		return packet.Spec{Flow: packet.MustParseFlow(flow), Flags: flags}.Bytes()
	}
	t.Run("IGW-30 a subnet that only answers may come in to", func(t *testing.T) {
		w := newTwoWays(t)
		w.update(t, func(n *vpc.Network) {
			n.BlockPublicAccess = []*vpc.BlockPublicAccess{{Mode: vpc.BlockBidirectional, Exclusions: []vpc.BlockExclusion{{Resource: "prod", EgressOnly: true}}}}
		})
		for range 15 {
			require.Equal(t, emu.Exited, w.send(t, "app-1", packetOf("udp 10.0.1.10:40000 > 203.0.113.9:53", 0)).Fate)
			w.clock.Advance(20 * time.Second)
		}
		require.Equal(t, emu.Delivered, w.send(t, "internet", packetOf("udp 203.0.113.9:53 > 198.51.100.10:40000", 0)).Fate)
		require.Equal(t, emu.BPA, w.send(t, "internet", packetOf("udp 203.0.113.9:53 > 198.51.100.10:40001", 0)).Reason)
	})
	t.Run("NAT-35 an address that is being removed", func(t *testing.T) {
		w := newTwoWays(t)
		stays := vpc.Address{IP: netip.MustParseAddr("10.0.6.220"), Public: netip.MustParseAddr("198.51.100.221"), Elastic: true}
		goes := vpc.Address{IP: netip.MustParseAddr("10.0.6.221"), Public: netip.MustParseAddr("198.51.100.222"), Elastic: true}
		gateway := func(n *vpc.Network) *vpc.Gateway { return n.VPC("prod").Gateway("nat") }
		w.update(t, func(n *vpc.Network) { gateway(n).Addresses = []vpc.Address{goes, stays} })
		const flow = "tcp 10.0.5.50:40000 > 203.0.113.9:443"
		w.send(t, "private-1", packetOf(flow, packet.SYN))
		answer := w.heard["internet"].Reverse()
		require.Equal(t, goes.Public, answer.Dst)
		w.send(t, "internet", packet.Spec{Flow: answer, Flags: packet.SYN | packet.ACK}.Bytes())
		w.update(t, func(n *vpc.Network) {
			gateway(n).Addresses, gateway(n).Draining = []vpc.Address{stays, goes}, []netip.Addr{goes.IP}
		})
		for range 35 {
			require.Equal(t, emu.Exited, w.send(t, "private-1", packetOf(flow, packet.ACK)).Fate)
			w.clock.Advance(10 * time.Second)
		}
		require.Equal(t, emu.NATUnsolicited, w.send(t, "private-1", packetOf(flow, packet.ACK)).Reason, "cut after 350 s")
	})
	t.Run("NAT-13 a flow that goes another way", func(t *testing.T) {
		w := newTwoWays(t)
		const flow = "tcp 10.0.5.50:40000 > 203.0.113.9:443"
		w.send(t, "private-1", packetOf(flow, packet.SYN))
		w.send(t, "internet", packet.Spec{Flow: w.heard["internet"].Reverse(), Flags: packet.SYN | packet.ACK}.Bytes())
		for range 3 {
			require.Equal(t, emu.Exited, w.send(t, "private-1", packetOf(flow, packet.ACK)).Fate)
		}
		through := func(target string) {
			w.update(t, func(n *vpc.Network) {
				n.VPC("prod").RouteTable("nat").Routes = nil
				n.VPC("prod").RouteTable("nat").AddRoute("0.0.0.0/0", target)
				n.Interface("private-1").Addresses[0].Public = netip.MustParseAddr("198.51.100.50")
			})
		}
		through("igw")
		for range 36 {
			require.Equal(t, emu.Exited, w.send(t, "private-1", packetOf(flow, packet.ACK)).Fate)
			w.clock.Advance(10 * time.Second)
		}
		through("nat")
		require.Equal(t, emu.NATUnsolicited, w.send(t, "private-1", packetOf(flow, packet.ACK)).Reason, "the gateway has seen none of them")
	})
}
