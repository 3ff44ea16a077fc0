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
	"github.com/vpcemu/vpcemu/routing"
	"github.com/vpcemu/vpcemu/vpc"
)

// shortCutNetwork has ways of every kind that has short cuts: between subnets and
// inside one, through a middlebox, through internet and NAT gateways, to a peer,
// through a transit gateway in appliance mode, to on-premises, and to a receiver that
// tracks nothing; most of them in both IP versions.
func shortCutNetwork() *vpc.Network {
	var n vpc.Network
	n.AddPrefixList("pl-s3", "192.0.2.0/24")
	v := n.AddVPC("prod", "10.0.0.0/16", "2001:db8:1::/56")
	v.AddInternetGateway("igw")
	v.AddEgressOnlyGateway("eigw")
	v.Gateways = append(v.Gateways,
		&vpc.Gateway{Kind: routing.GatewayEndpoint, ID: "s3", Endpoint: &vpc.Endpoint{Service: "s3", PrefixList: "pl-s3", RouteTables: []string{"out"}}},
		&vpc.Gateway{Kind: routing.VPNGateway, ID: "vgw", VPN: &vpc.VPN{Connections: []*vpc.Link{
			{ID: "vpn", Static: true, Prefixes: []vpc.Announcement{{Prefix: netip.MustParsePrefix("192.168.0.0/16")}}}}}})
	app, db, open := v.AddSecurityGroup("app"), v.AddSecurityGroup("db"), v.AddSecurityGroup("open")
	app.AllowIn("tcp/443", "0.0.0.0/0").AllowIn("udp", "10.0.0.0/8").AllowOut("tcp", "10.0.0.0/8").AllowOut("udp/53", "0.0.0.0/0").AllowOut("tcp/443", "0.0.0.0/0")
	app.AllowIn("tcp/443", "::/0").AllowIn("udp", "2001:db8::/32").AllowOut("tcp", "2001:db8::/48").AllowOut("udp/53", "::/0").AllowOut("tcp/443", "::/0")
	db.AllowIn("tcp/5432", "app").AllowIn("udp/53", "10.0.0.0/8").AllowIn("udp/53", "2001:db8::/32")
	open.AllowIn("all", "0.0.0.0/0").AllowOut("all", "0.0.0.0/0").AllowIn("all", "::/0").AllowOut("all", "::/0")
	app.AllowIn("icmp", "0.0.0.0/0").AllowOut("icmp", "0.0.0.0/0").AllowIn("icmpv6", "::/0").AllowOut("icmpv6", "::/0")
	v.AddNetworkACL("acl").AllowIn(100, "all", "0.0.0.0/0").AllowOut(100, "all", "0.0.0.0/0").AllowIn(101, "all", "::/0").AllowOut(101, "all", "::/0")
	for name, six := range map[string]string{"out": "igw", "out-only": "eigw"} {
		v.AddRouteTable(name).AddRoute("0.0.0.0/0", "igw").AddRoute("10.0.3.0/24", "fw").AddRoute("10.9.0.0/16", "pcx").AddRoute("10.8.0.0/16", "tgw").
			AddRoute("192.168.0.0/16", "vgw").AddRoute("::/0", six).AddRoute("2001:db8:9::/56", "pcx").AddRoute("2001:db8:8::/56", "tgw")
	}
	s := v.AddSubnet("app", "10.0.1.0/24", "2001:db8:1:1::/64").UseRouteTable("out").UseNetworkACL("acl")
	s.AddInterface("app-1", "10.0.1.10", "app").AddPublicIP("198.51.100.10").AddAddress("2001:db8:1:1::10")
	s.AddInterface("app-2", "10.0.1.11", "app", "open").AddAddress("2001:db8:1:1::11")
	v.AddSubnet("db", "10.0.2.0/24", "2001:db8:1:2::/64").UseRouteTable("out-only").AddInterface("db-1", "10.0.2.20", "db").AddAddress("2001:db8:1:2::20")
	v.AddSubnet("far", "10.0.3.0/24").UseRouteTable("out").AddInterface("far-1", "10.0.3.30", "open")
	v.AddSubnet("fw", "10.0.4.0/24").AddInterface("fw", "10.0.4.40", "open").NoSourceDestCheck = true
	v.AddRouteTable("nat").AddRoute("0.0.0.0/0", "nat").AddRoute("::/0", "eigw").AddRoute("64:ff9b::/96", "nat")
	v.AddSubnet("private", "10.0.5.0/24", "2001:db8:1:5::/64").UseRouteTable("nat").AddInterface("private-1", "10.0.5.50", "app").AddAddress("2001:db8:1:5::50")
	v.AddSubnet("nat", "10.0.6.0/24").UseRouteTable("out")
	v.AddNATGateway("nat", "nat")
	p := n.AddVPC("peer", "10.9.0.0/16", "2001:db8:9::/56")
	p.AddSecurityGroup("peer").AllowIn("tcp/443", "10.0.0.0/8").AllowIn("tcp/443", "2001:db8::/32").AllowAllOut()
	p.AddRouteTable("back").AddRoute("10.0.0.0/16", "pcx").AddRoute("2001:db8:1::/56", "pcx")
	p.AddSubnet("peer", "10.9.1.0/24", "2001:db8:9:1::/64").UseRouteTable("back").AddInterface("peer-1", "10.9.1.90", "peer").AddAddress("2001:db8:9:1::90")
	n.AddPeering("pcx", "prod", "peer")
	h := n.AddVPC("hub", "10.8.0.0/16", "2001:db8:8::/56")
	h.AddSecurityGroup("hub").AllowIn("tcp/443", "10.0.0.0/8").AllowIn("udp/53", "2001:db8::/32").AllowIn("udp/53", "10.0.0.0/8").AllowIn("tcp/443", "2001:db8::/32").
		AllowIn("icmp", "10.0.0.0/8").AllowIn("icmpv6", "2001:db8::/32")
	h.AddRouteTable("back").AddRoute("10.0.0.0/16", "tgw").AddRoute("2001:db8:1::/56", "tgw")
	h.AddSubnet("hub", "10.8.1.0/24", "2001:db8:8:1::/64").UseRouteTable("back").AddInterface("hub-1", "10.8.1.80", "hub").AddAddress("2001:db8:8:1::80")
	h.AddSubnet("other", "10.8.2.0/24", "2001:db8:8:2::/64").InZone("other")
	n.Gateways = append(n.Gateways, &vpc.Gateway{Kind: routing.TransitGateway, ID: "tgw", Transit: &vpc.Transit{Attachments: []*vpc.TransitAttachment{
		{ID: "of-prod", VPC: "prod", Subnets: []string{"fw"}, IPv6: true}, {ID: "of-hub", VPC: "hub", Subnets: []string{"hub", "other"}, IPv6: true, Appliance: true}}}})
	return &n
}

// twoWays is the same network with and without short cuts.
type twoWays struct {
	clock emu.Clock
	em    [2]*emu.Emulator
	log   [2][]string
	heard map[string]packet.Flow // by each port, the latest
	from  string                 // the ID of the port that sends
	short bool                   // its packet took a short cut
}

// newTwoWays listens at ports of the network; that of fw forwards.
func newTwoWays(t *testing.T, n *vpc.Network, ports ...string) *twoWays {
	w := &twoWays{heard: make(map[string]packet.Flow)}
	for i := range w.em {
		e, err := emu.New(n, emu.Options{Now: w.clock.Now, NoShortCuts: i == 1, Observer: emu.Observer{Packet: func(e emu.Event) {
			w.log[i] = append(w.log[i], fmt.Sprintf("%s: %s: %x %+v", e.From, e.Flow, e.Bytes, e.Result))
			if i == 0 && e.From == w.from {
				w.short = e.ShortCut
			}
		}}})
		require.NoError(t, err)
		w.em[i] = e
		for _, name := range ports {
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
		w.log[i], w.from = nil, port.ID()
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

var shortCutPorts = []string{"app-1", "app-2", "db-1", "far-1", "peer-1", "private-1", "hub-1", "s3", "onprem:vgw", "internet"}

// end is where a flow begins or ends.
type end struct{ port, addr string }

// journey is a way of the network that has short cuts.
type journey struct {
	name     string
	from, to end
}

var journeys = []journey{
	{"subnet", end{"app-1", "10.0.1.10"}, end{"db-1", "10.0.2.20"}},
	{"subnet, IPv6", end{"app-1", "[2001:db8:1:1::10]"}, end{"db-1", "[2001:db8:1:2::20]"}},
	{"same subnet", end{"app-1", "10.0.1.10"}, end{"app-2", "10.0.1.11"}},
	{"same subnet, IPv6", end{"app-1", "[2001:db8:1:1::10]"}, end{"app-2", "[2001:db8:1:1::11]"}},
	{"middlebox", end{"app-1", "10.0.1.10"}, end{"far-1", "10.0.3.30"}},
	{"peering", end{"app-1", "10.0.1.10"}, end{"peer-1", "10.9.1.90"}},
	{"peering, IPv6", end{"app-1", "[2001:db8:1:1::10]"}, end{"peer-1", "[2001:db8:9:1::90]"}},
	{"transit gateway", end{"app-1", "10.0.1.10"}, end{"hub-1", "10.8.1.80"}},
	{"transit gateway, IPv6", end{"app-1", "[2001:db8:1:1::10]"}, end{"hub-1", "[2001:db8:8:1::80]"}},
	{"out", end{"app-1", "10.0.1.10"}, end{"internet", "203.0.113.9"}},
	{"out, IPv6", end{"app-1", "[2001:db8:1:1::10]"}, end{"internet", "[2001:db8:ffff::9]"}},
	{"in", end{"internet", "203.0.113.9"}, end{"app-1", "198.51.100.10"}},
	{"in, IPv6", end{"internet", "[2001:db8:ffff::9]"}, end{"app-1", "[2001:db8:1:1::10]"}},
	{"egress-only", end{"private-1", "[2001:db8:1:5::50]"}, end{"internet", "[2001:db8:ffff::9]"}},
	{"NAT", end{"private-1", "10.0.5.50"}, end{"internet", "203.0.113.9"}},
	{"endpoint", end{"app-1", "10.0.1.10"}, end{"s3", "192.0.2.9"}},
	{"on-premises", end{"app-1", "10.0.1.10"}, end{"onprem:vgw", "192.168.0.9"}},
	{"from on-premises", end{"onprem:vgw", "192.168.0.9"}, end{"app-1", "10.0.1.10"}},
}

// noShortCut may not have one, but may disturb those of others.
var noShortCut = journey{"NAT64", end{"private-1", "[2001:db8:1:5::50]"}, end{"internet", "[64:ff9b::cb00:7109]"}}

// strange is a flow between two ends that have nothing to do with each other.
func strange(r *rand.Rand) journey {
	for {
		a, b := journeys[r.IntN(len(journeys))].from, journeys[r.IntN(len(journeys))].to
		if (a.addr[0] == '[') == (b.addr[0] == '[') {
			return journey{"strange", a, b}
		}
	}
}

// TestShortCuts_ChangeNoVerdict plays the same packets with and without short cuts:
// bursts in both directions, ends of connections, other packets of the same flow,
// pauses and updates.
func TestShortCuts_ChangeNoVerdict(t *testing.T) {
	taken := make(map[string]int)
	for seed := range uint64(40) {
		r := rand.New(rand.NewPCG(seed, 1))
		w := newTwoWays(t, shortCutNetwork(), shortCutPorts...)
		one := func(n int) bool { return r.IntN(n) == 0 }
		for range 300 {
			j := journeys[r.IntN(len(journeys))]
			switch r.IntN(12) {
			case 0:
				j = strange(r)
			case 1:
				j = noShortCut
			}
			f := packet.MustParseFlow(fmt.Sprintf("%s %s:%d > %s:%d", []string{"tcp", "tcp", "udp"}[r.IntN(3)], j.from.addr, 40000+r.IntN(3), j.to.addr, []int{443, 443, 5432, 53}[r.IntN(4)]))
			if one(5) {
				f.SrcPort, f.DstPort, f.Proto = uint16(r.IntN(3)), 0, packet.ICMP
				if f.Src.Is6() {
					f.Proto = packet.ICMPv6
				}
			}
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
				if one(25) {
					spec.Payload = make([]byte, []int{1430, 1600, 8460, 8990}[r.IntN(4)])
				}
				from, name := j.from.port, j.name
				if heard, ok := w.heard[j.to.port]; ok && one(3) { // the other side's, maybe of another flow
					spec.Flow, from, name = heard.Reverse(), j.to.port, "back from "+j.to.port
				}
				if spec.Flow.Proto.IsICMP() {
					name = "ping"
					spec.ICMPType = packet.Echo(spec.Flow).ICMPType
					if one(6) || from == j.to.port && !one(6) {
						spec.ICMPType = map[packet.Proto]uint8{packet.ICMP: packet.ICMPEchoReply, packet.ICMPv6: packet.ICMPv6EchoReply}[spec.Flow.Proto]
					}
				}
				if w.send(t, from, spec.Bytes()); w.short {
					taken[name]++
				}
			}
			if one(10) {
				w.clock.Advance([]time.Duration{time.Nanosecond, 29 * time.Second, 30 * time.Second, 60 * time.Second, 119 * time.Second, 180 * time.Second, 349 * time.Second}[r.IntN(7)])
			}
			if one(20) {
				k := r.IntN(5)
				w.update(t, func(n *vpc.Network) {
					switch k {
					case 0:
						n.SecurityGroup("db").Ingress = nil
					case 1:
						g := n.SecurityGroup("db")
						g.Ingress = nil
						g.AllowIn("tcp/5432", "app").AllowIn("udp/53", "10.0.0.0/8").AllowIn("udp/53", "2001:db8::/32")
					case 2:
						acl := n.NetworkACL("acl")
						if len(acl.Egress) == 2 {
							acl.DenyOut(50, "tcp/5432", "10.0.2.0/24").DenyOut(51, "tcp/443", "2001:db8:8::/56").DenyOut(52, "icmp/8", "10.8.0.0/16").DenyOut(53, "icmpv6/129", "2001:db8::/32")
						} else {
							acl.Egress = acl.Egress[:2]
						}
					case 3:
						a := n.Gateways[transitAt(n)].Transit.Attachments[1]
						a.Appliance = !a.Appliance
					case 4:
						a := n.Gateways[transitAt(n)].Transit.Attachments[0]
						if a.Association == "" {
							a.Association = vpc.NoTable
						} else {
							a.Association = ""
						}
					}
				})
			}
		}
	}
	for _, j := range journeys {
		require.Greater(t, taken[j.name], 20, "%s: too few short cuts to say anything: %v", j.name, taken)
	}
	require.Greater(t, taken["ping"], 500)
	require.Zero(t, taken[noShortCut.name])
	t.Log(taken)
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
				f := packet.MustParseFlow([]string{"tcp 10.0.1.10:40000 > 10.0.2.20:5432", "tcp [2001:db8:1:1::10]:40000 > [2001:db8:1:2::20]:5432"}[(i/7+g)%2])
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
	w := newTwoWays(t, shortCutNetwork(), shortCutPorts...)
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
		w := newTwoWays(t, shortCutNetwork(), shortCutPorts...)
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
	t.Run("EIGW-5 the memory of an egress-only gateway", func(t *testing.T) {
		for _, c := range []struct {
			from string // who keeps the flow alive
			both bool   // and the other side has answered before
		}{{"private-1", true}, {"internet", true}, {"private-1", false}} {
			w, from := newTwoWays(t, shortCutNetwork(), shortCutPorts...), c.from
			packets := map[string][]byte{
				"private-1": packetOf("udp [2001:db8:1:5::50]:40000 > [2001:db8:ffff::9]:53", 0),
				"internet":  packetOf("udp [2001:db8:ffff::9]:53 > [2001:db8:1:5::50]:40000", 0),
			}
			for range 5 {
				if w.send(t, "private-1", packets["private-1"]); c.both {
					w.send(t, "internet", packets["internet"])
				}
			}
			for range 8 {
				w.clock.Advance(20 * time.Second)
				require.NotEqual(t, emu.Dropped, w.send(t, from, packets[from]).Fate)
				require.True(t, w.short)
			}
			require.Equal(t, emu.Delivered, w.send(t, "internet", packets["internet"]).Fate, "%s has sent all the time", from)
			w.clock.Advance(120 * time.Second)
			require.Equal(t, emu.EIGWUnsolicited, w.send(t, "internet", packets["internet"]).Reason)
		}
	})
	t.Run("what comes in at one border does not at another", func(t *testing.T) {
		w := newTwoWays(t, shortCutNetwork(), shortCutPorts...)
		const flow = "tcp 192.168.0.9:40000 > 10.0.1.10:443"
		send := func(port string, flags packet.TCPFlags) emu.Result { return w.send(t, port, packetOf(flow, flags)) }
		send("onprem:vgw", packet.SYN)
		w.send(t, "app-1", packet.Spec{Flow: w.heard["app-1"].Reverse(), Flags: packet.SYN | packet.ACK}.Bytes())
		for range 3 {
			require.Equal(t, emu.Delivered, send("onprem:vgw", packet.ACK).Fate)
		}
		require.True(t, w.short)
		for _, other := range []string{"internet", "s3"} {
			r := send(other, packet.ACK)
			require.False(t, w.short, "%s: %v", other, r)
		}
	})
	t.Run("NAT-35 an address that is being removed", func(t *testing.T) {
		w := newTwoWays(t, shortCutNetwork(), shortCutPorts...)
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
		w := newTwoWays(t, shortCutNetwork(), shortCutPorts...)
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

// transitAt is the place of the transit gateway.
func transitAt(n *vpc.Network) int {
	return slices.IndexFunc(n.Gateways, func(g *vpc.Gateway) bool { return g.Kind == routing.TransitGateway })
}
