package emu_test

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/firewall"
	"github.com/vpcemu/vpcemu/packet"
	"github.com/vpcemu/vpcemu/routing"
	"github.com/vpcemu/vpcemu/vpc"
)

// watched is an emulator whose passages and ends are written down, one line each.
func watched(t *testing.T, n *vpc.Network) (*emu.Emulator, *[]string) {
	t.Helper()
	var seen []string
	e := newEmulator(t, n, emu.Options{Observer: emu.Observer{
		Port: func(p emu.Passage) {
			var pkt packet.Packet
			require.NoError(t, pkt.Parse(p.Bytes))
			seen = append(seen, fmt.Sprintf("%d %s %s %s", p.Number, p.Port.ID(), p.Direction, pkt.Flow))
		},
		Packet: func(ev emu.Event) {
			seen = append(seen, fmt.Sprintf("%d %s %s %s %s", ev.Number, ev.Result.Fate, ev.Stage, ev.At.Interface, ev.Step()))
		},
	}})
	return e, &seen
}

// natted is app in a private subnet, and a NAT gateway in a public one.
func natted() *vpc.Network {
	var n vpc.Network
	v := open(n.AddVPC("v", "10.0.0.0/16"))
	v.AddInternetGateway("igw")
	v.AddRouteTable("public").AddRoute("0.0.0.0/0", "igw")
	v.AddRouteTable("private").AddRoute("0.0.0.0/0", "nat")
	v.AddSubnet("public", "10.0.1.0/24").UseRouteTable("public")
	v.AddSubnet("private", "10.0.2.0/24").UseRouteTable("private").AddInterface("app", "10.0.2.10", "open")
	v.AddNATGateway("nat", "public").Addresses = []vpc.Address{{IP: netip.MustParseAddr("10.0.1.5"), Public: netip.MustParseAddr("203.0.113.10")}}
	return &n
}

// TestPassages: who captures at a port sees what passes there, in order, gateways
// included.
func TestPassages(t *testing.T) {
	for _, c := range []struct {
		name, from string
		network    *vpc.Network
		packet     []byte
		want       []string
	}{
		{"delivered", "web-1", twoTier(), segment("tcp 10.0.1.10:40000 > 10.0.2.20:5432", packet.SYN), []string{
			"1 web-1 egress tcp 10.0.1.10:40000 > 10.0.2.20:5432",
			"0 db-1 ingress tcp 10.0.1.10:40000 > 10.0.2.20:5432",
			"1 delivered   db-1",
		}},
		{"dropped where it was going", "web-1", twoTier(), segment("tcp 10.0.1.10:40000 > 10.0.2.20:22", packet.SYN), []string{
			"1 web-1 egress tcp 10.0.1.10:40000 > 10.0.2.20:22",
			"1 dropped SG-IN db-1 eni db-1, sg ingress: no rule of db matches tcp/22 from 10.0.1.10",
		}},
		{"dropped where it was sent", "web-1", twoTier(), segment("tcp 10.9.9.9:40000 > 10.0.2.20:22", packet.SYN), []string{
			"1 web-1 egress tcp 10.9.9.9:40000 > 10.0.2.20:22",
			"1 dropped SRC web-1 eni web-1, source check: 10.9.9.9 is not an address of it",
		}},
		{"through a NAT gateway", "app", natted(), segment("udp 10.0.2.10:40000 > 203.0.113.99:53", 0), []string{
			"1 app egress udp 10.0.2.10:40000 > 203.0.113.99:53",
			"0 nat ingress udp 10.0.2.10:40000 > 203.0.113.99:53",
			"1 nat egress udp 10.0.1.5:22516 > 203.0.113.99:53",
			"0 internet ingress udp 203.0.113.10:22516 > 203.0.113.99:53",
			"1 exited   igw",
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			e, seen := watched(t, c.network)
			portOf(t, e, c.from).Send(c.packet)
			assert.Equal(t, c.want, *seen)
		})
	}
}

// TestPassages_Answers: what the fabric and gateways say arrives at a port without
// having been sent from one.
func TestPassages_Answers(t *testing.T) {
	e, seen := watched(t, twoTier())
	web := portOf(t, e, "web-1")
	web.Receive(func([]byte) {})
	web.Send(segment("udp 10.0.1.10:40000 > 169.254.169.253:53", 0))
	assert.Equal(t, []string{
		"1 web-1 egress udp 10.0.1.10:40000 > 169.254.169.253:53",
		"0 web-1 ingress udp 169.254.169.253:53 > 10.0.1.10:40000",
		"1 delivered   dns",
	}, *seen)
}

// TestPassages_Gateways: what a gateway says itself leaves its interface and arrives, with
// no number: here the RST of a NAT gateway that knows of no such connection any more.
func TestPassages_Gateways(t *testing.T) {
	e, seen := watched(t, natted())
	portOf(t, e, "app").Send(segment("tcp 10.0.2.10:40000 > 203.0.113.99:443", packet.ACK))
	assert.Equal(t, []string{
		"1 app egress tcp 10.0.2.10:40000 > 203.0.113.99:443",
		"0 nat ingress tcp 10.0.2.10:40000 > 203.0.113.99:443",
		"0 nat egress tcp 203.0.113.99:443 > 10.0.2.10:40000",
		"0 app ingress tcp 203.0.113.99:443 > 10.0.2.10:40000",
		"1 dropped NAT nat nat, NAT gateway: no mapping, and no plain SYN: answered with RST",
	}, *seen)
}

// TestPassages_Endpoint: what an interface endpoint's groups let in is seen once at its
// interface, also if it does not take the protocol: flow logs have it too.
func TestPassages_Endpoint(t *testing.T) {
	var n vpc.Network
	v := open(n.AddVPC("v", "10.0.0.0/16"))
	v.AddSubnet("s", "10.0.1.0/24").AddInterface("app", "10.0.1.10", "open")
	v.Gateways = append(v.Gateways, &vpc.Gateway{Kind: routing.InterfaceEndpoint, ID: "sqs", Addresses: []vpc.Address{{IP: netip.MustParseAddr("10.0.1.30")}},
		Endpoint: &vpc.Endpoint{Service: "sqs", Subnets: []string{"s"}, Groups: []string{"open"}, UDP: vpc.No}})
	for _, c := range []struct {
		flow string
		want emu.Fate
	}{{"tcp 10.0.1.10:40000 > 10.0.1.30:443", emu.Delivered}, {"udp 10.0.1.10:40000 > 10.0.1.30:53", emu.Dropped}} {
		e, seen := watched(t, &n)
		assert.Equal(t, c.want, portOf(t, e, "app").Send(segment(c.flow, packet.SYN)).Fate)
		assert.Equal(t, []string{"1 app egress " + c.flow, "0 sqs-s ingress " + c.flow}, (*seen)[:2])
		assert.Len(t, *seen, 3)
	}
}

// TestPassages_Appliance: what a Gateway Load Balancer's appliance takes and gives back is
// seen once on its way in and once on its way out.
func TestPassages_Appliance(t *testing.T) {
	n := inspected()
	n.VPCs[0].Gateways[0].Endpoint.Appliances = nil
	e, seen := watched(t, n)
	fw := portOf(t, e, "fw")
	fw.Receive(func(b []byte) { fw.Send(append([]byte(nil), b...)) })
	portOf(t, e, "client").Send(segment("tcp 10.0.1.5:40000 > 10.0.2.5:80", packet.SYN))
	var passed []string
	for _, s := range *seen {
		if strings.Contains(s, "gress") {
			passed = append(passed, strings.Fields(s)[1]+" "+strings.Fields(s)[2])
		}
	}
	assert.Equal(t, []string{"client egress", fw.ID() + " ingress", fw.ID() + " egress", "server ingress"}, passed)
}

// TestPassages_Established: packets of established connections are seen too, by
// themselves and in batches.
func TestPassages_Established(t *testing.T) {
	e, seen := watched(t, twoTier())
	web, db := portOf(t, e, "web-1"), portOf(t, e, "db-1")
	web.Send(segment("tcp 10.0.1.10:40000 > 10.0.2.20:5432", packet.SYN))
	db.Send(segment("tcp 10.0.2.20:5432 > 10.0.1.10:40000", packet.SYN|packet.ACK))
	for range 3 {
		web.Send(segment("tcp 10.0.1.10:40000 > 10.0.2.20:5432", packet.ACK))
	}
	web.SendBatch([][]byte{segment("tcp 10.0.1.10:40000 > 10.0.2.20:5432", packet.ACK), segment("tcp 10.0.1.10:40000 > 10.0.2.20:5432", packet.ACK)}, nil)
	assert.Len(t, *seen, 7*3, "sent, delivered, ended")
	assert.Equal(t, "7 delivered   db-1", (*seen)[20])
}

// TestPassages_Nested: a packet that is sent while another is delivered has a number of
// its own, by which its end is told from the other's.
func TestPassages_Nested(t *testing.T) {
	e, seen := watched(t, twoTier())
	db := portOf(t, e, "db-1")
	db.Receive(func([]byte) { db.Send(segment("tcp 10.0.2.20:5432 > 10.0.1.10:40000", packet.SYN|packet.ACK)) })
	portOf(t, e, "web-1").Send(segment("tcp 10.0.1.10:40000 > 10.0.2.20:5432", packet.SYN))
	assert.Equal(t, []string{
		"1 web-1 egress tcp 10.0.1.10:40000 > 10.0.2.20:5432",
		"0 db-1 ingress tcp 10.0.1.10:40000 > 10.0.2.20:5432",
		"2 db-1 egress tcp 10.0.2.20:5432 > 10.0.1.10:40000",
		"0 web-1 ingress tcp 10.0.2.20:5432 > 10.0.1.10:40000",
		"2 delivered   web-1",
		"1 delivered   db-1",
	}, *seen)
}

// TestEventWithoutStage: what no stage has ended has a reason all the same.
func TestEventWithoutStage(t *testing.T) {
	e, seen := watched(t, twoTier())
	db := portOf(t, e, "db-1")
	require.NoError(t, e.Update(func(n *vpc.Network) error { n.Subnet("db").Interfaces = nil; return nil }))
	db.Send(segment("tcp 10.0.2.20:5432 > 10.0.1.10:40000", packet.ACK))
	assert.Equal(t, "1 dropped   db-1: the interface is not attached to a running instance", (*seen)[1])
}

// TestEventOfPieces: a packet that is cut up on its way ends where the piece is lost.
func TestEventOfPieces(t *testing.T) {
	e, seen := watched(t, twoTier())
	portOf(t, e, "web-1").Send(packet.Spec{Flow: packet.MustParseFlow("udp 10.0.1.10:5000 > 198.51.100.10:6000"), Payload: make([]byte, 3000)}.Bytes())
	assert.Equal(t, "1 dropped SG-IN web-1 eni web-1, sg ingress: no rule of web matches udp/6000 from 198.51.100.10", (*seen)[len(*seen)-1])
}

// TestObserverAnd: both observers see everything, the first one first.
func TestObserverAnd(t *testing.T) {
	var seen []string
	note := func(who string) emu.Observer {
		return emu.Observer{
			Packet: func(emu.Event) { seen = append(seen, who+" packet") },
			Port:   func(emu.Passage) { seen = append(seen, who+" port") },
			Flow:   func(emu.Record) { seen = append(seen, who+" flow") },
			Update: func(uint64) { seen = append(seen, who+" update") },
		}
	}
	half := emu.Observer{Update: note("c").Update}
	e := newEmulator(t, twoTier(), emu.Options{Observer: note("a").And(note("b")).And(half)})
	portOf(t, e, "web-1").Send(segment("tcp 10.0.1.10:40000 > 10.9.9.9:22", packet.SYN))
	assert.Equal(t, []string{"a update", "b update", "c update", "a port", "b port", "a flow", "b flow", "a packet", "b packet"}, seen)
}

// TestLegPassages: a trace has its packets as they were sent and as they arrived, but
// for what only would have been.
func TestLegPassages(t *testing.T) {
	say := func(p *emu.Passage) string {
		if p == nil {
			return "nothing"
		}
		var pkt packet.Packet
		require.NoError(t, pkt.Parse(p.Bytes))
		return p.Port.ID() + " " + p.Direction.String() + " " + pkt.Flow.String()
	}
	e := newEmulator(t, natted(), emu.Options{})
	tr, err := e.Trace(emu.Query{Source: "app", Destination: "internet", Service: firewall.MustParseService("tcp/443")})
	require.NoError(t, err)
	assert.Equal(t, "app egress tcp 10.0.2.10:49152 > 203.0.113.7:443", say(tr.Request.Sent))
	assert.Equal(t, "internet ingress tcp 203.0.113.10:63338 > 203.0.113.7:443", say(tr.Request.Arrived))
	assert.Equal(t, "internet egress tcp 203.0.113.7:443 > 203.0.113.10:63338", say(tr.Reply.Sent))
	assert.Equal(t, "app ingress tcp 203.0.113.7:443 > 10.0.2.10:49152", say(tr.Reply.Arrived))

	e = newEmulator(t, twoTier(), emu.Options{})
	tr, err = e.Trace(emu.Query{Source: "web-1", Destination: "db-1", Service: firewall.MustParseService("tcp/22")})
	require.NoError(t, err)
	assert.Equal(t, "web-1 egress tcp 10.0.1.10:49152 > 10.0.2.20:22", say(tr.Request.Sent))
	assert.Equal(t, "nothing", say(tr.Request.Arrived))
	assert.Equal(t, "nothing", say(tr.Reply.Sent), "there would be none")
	step, dropped := tr.Request.Ended()
	assert.True(t, dropped)
	assert.Equal(t, "eni db-1, sg ingress: no rule of db matches tcp/22 from 10.0.1.10", step.String())
	_, dropped = tr.Reply.Ended()
	assert.False(t, dropped)
}
