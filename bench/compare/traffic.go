package main

import (
	"math/rand/v2"
	"net/netip"

	"github.com/vpcemu/vpcemu/bench"
	"github.com/vpcemu/vpcemu/packet"
)

// The forwarders all carry the packets of bench.Pair: from a client in one subnet to a server in another.
//
//	client 10.0.1.10 ──▶ 60 rules, flow state, routes ──▶ server 10.0.2.20
var (
	client = netip.MustParseAddr("10.0.1.10")
	server = netip.MustParseAddr("10.0.2.20")
)

const rules = 60

// portRange is what a rule of the peers allows from 10.0.0.0/8.
type portRange struct{ first, last uint16 }

// ruleList is as the groups of bench.Pair: the last rule lets every flow of bench.Flow pass, the others match none.
func ruleList(n int) []portRange {
	list := make([]portRange, n)
	for i := range list {
		list[i] = portRange{uint16(1000 + i), uint16(1000 + i)}
	}
	list[n-1] = portRange{20_000, 29_999}
	return list
}

// forbidden is a port that no rule allows.
const forbidden = 30_000

// shuffled are the first n flows, in an order that no cache foresees.
func shuffled(n int) []packet.Flow {
	flows := make([]packet.Flow, n)
	for i, j := range rand.New(rand.NewPCG(5, uint64(n))).Perm(n) {
		flows[i] = bench.Flow(j)
	}
	return flows
}

// A step is one segment of a flow.
type step struct {
	answer bool // from the server
	spec   packet.Spec
}

// handshake is what establishes a flow, and one segment more: everybody has then seen
// one like those that are measured.
func handshake(f packet.Flow) [4]step {
	return [4]step{
		{false, packet.Spec{Flow: f, Flags: packet.SYN}},
		{true, packet.Spec{Flow: f.Reverse(), Flags: packet.SYN | packet.ACK, Ack: 1}},
		{false, packet.Spec{Flow: f, Flags: packet.ACK, Seq: 1, Ack: 1}},
		{false, packet.Spec{Flow: f, Flags: packet.ACK, Seq: 1, Ack: 1}},
	}
}

// Lengths of the packets; multiples of 8, which the kernel's peer counts on.
const (
	synLen  = 40
	dataLen = synLen + 64
)

// data is a segment of an established flow.
func data(f packet.Flow) packet.Spec {
	return packet.Spec{Flow: f, Flags: packet.ACK, Seq: 1, Ack: 1, Payload: make([]byte, dataLen-synLen)}
}

func syn(f packet.Flow) packet.Spec { return handshake(f)[0].spec }

// build makes one packet of each flow. They lie one after the other, as in a receive ring.
func build(flows []packet.Flow, length int, spec func(packet.Flow) packet.Spec) [][]byte {
	packets := make([][]byte, len(flows))
	ring := make([]byte, 0, len(flows)*length)
	for i, f := range flows {
		start := len(ring)
		ring = spec(f).Append(ring)
		packets[i] = ring[start:len(ring):len(ring)]
	}
	return packets
}
