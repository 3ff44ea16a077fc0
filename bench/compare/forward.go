package main

import (
	"fmt"
	"time"

	"github.com/vpcemu/vpcemu/bench"
	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/packet"
)

// ways are how a batch of packets can be given to our emulator.
var ways = []way{
	{"vpcemu Port.Send", func(p *emu.Port, batch [][]byte) {
		for _, b := range batch {
			p.Send(b)
		}
	}},
	{"vpcemu Port.SendBatch", func(p *emu.Port, batch [][]byte) { p.SendBatch(batch, nil) }},
}

type way struct {
	name string
	send func(p *emu.Port, batch [][]byte)
}

// newFlows is how many flows a run may open.
const newFlows = 60_000

// batchSize is how many packets one call of a way gets.
const batchSize = 64

// forwardCases are packets of established flows, and the first packets of new ones.
func forwardCases() ([]Case, error) {
	note := "forward: everybody reads the real clock. Ours judges by the groups and the network ACLs of both ends; gVisor tries its rules on every packet of a flow; pion has no rules, no TCP and no flows."
	var cases []Case
	for _, n := range []int{1_000, 100_000, 1_000_000} {
		cases = append(cases, Case{Family: "forward", Name: "established TCP, " + short(n) + " flows", Unit: "packet", Note: note,
			Peers: func() ([]Peer, error) { return forwardPeers(n) }})
	}
	return append(cases, Case{Family: "forward", Name: "first packet of a flow", Unit: "packet", Most: newFlows, Peers: newFlowPeers,
		Note: "first packet of a flow: ours forgets the flows of the run before as it meets new ones, on the clock; gVisor starts each run with an empty table."}), nil
}

// short is a number as people say it.
func short(n int) string {
	if n%1_000_000 == 0 {
		return fmt.Sprintf("%dM", n/1_000_000)
	}
	return fmt.Sprintf("%dk", n/1000)
}

func forwardPeers(n int) (peers []Peer, err error) {
	flows := shuffled(n)
	packets := build(flows, dataLen, data)
	if peers, err = ourPeers(flows, packets); err != nil {
		return peers, err
	}
	plain, err := newGvisor(packets, 0)
	if err != nil {
		return peers, err
	}
	peers = append(peers, plain)
	stateful, err := newGvisor(packets, rules)
	if err != nil {
		return peers, err
	}
	peers = append(peers, stateful)
	if err := stateful.establish(flows); err != nil {
		return peers, err
	}
	flat, err := newPion(dataLen - synLen)
	if err != nil {
		return peers, err
	}
	return append(peers, flat), nil
}

// ourPeers are ours, in each of the ways, with the flows established.
func ourPeers(flows []packet.Flow, packets [][]byte) (peers []Peer, err error) {
	for _, w := range ways {
		p, err := newEmulator(w, packets)
		if err != nil {
			return peers, err
		}
		peers = append(peers, p)
		if err := p.establish(flows); err != nil {
			return peers, err
		}
	}
	return peers, nil
}

// newFlowPeers get SYNs of more flows than a run has packets.
func newFlowPeers() (peers []Peer, err error) {
	syns := build(shuffled(newFlows), synLen, syn)
	if peers, err = ourNewFlowPeers(syns); err != nil {
		return peers, err
	}
	g, err := newGvisor(syns, rules)
	if err != nil {
		return peers, err
	}
	return append(peers, &newFlowGvisor{g}), nil
}

func ourNewFlowPeers(syns [][]byte) (peers []Peer, err error) {
	for _, w := range ways {
		p, err := newEmulator(w, syns)
		if err != nil {
			return peers, err
		}
		peers = append(peers, &newFlowEmulator{p})
	}
	return peers, nil
}

// emulator is ours.
type emulator struct {
	way
	ahead          time.Duration // of its clock, to the real one
	client, server *emu.Port
	packets        [][]byte
	next           int
	arrived        int
}

func newEmulator(w way, packets [][]byte) (*emulator, error) {
	p := &emulator{way: w, packets: packets}
	e, err := emu.New(bench.Pair(rules), emu.Options{Now: func() time.Time { return time.Now().Add(p.ahead) }})
	if err != nil {
		return nil, err
	}
	if p.client, err = e.Port("app-1"); err != nil {
		return nil, err
	}
	if p.server, err = e.Port("db-1"); err != nil {
		return nil, err
	}
	p.server.Receive(func([]byte) { p.arrived++ })
	return p, nil
}

// establish opens the flows.
func (p *emulator) establish(flows []packet.Flow) error {
	var b []byte
	for _, f := range flows {
		for _, s := range handshake(f) {
			from := p.client
			if s.answer {
				from = p.server
			}
			b = s.spec.Append(b[:0])
			if r := from.Send(b); r.Fate != emu.Delivered {
				return fmt.Errorf("%s: %v is %v, %v", p.name, s.spec.Flow, r.Fate, r.Reason)
			}
		}
	}
	return nil
}

func (p *emulator) Name() string { return p.name }
func (p *emulator) Close() error { return nil }

func (p *emulator) Run(n int) error {
	p.arrived = 0
	for left := n; left > 0; {
		batch := p.packets[p.next:min(p.next+min(left, batchSize), len(p.packets))]
		p.send(p.client, batch)
		left -= len(batch)
		if p.next += len(batch); p.next == len(p.packets) {
			p.next = 0
		}
	}
	return all(p.arrived, n)
}

// all is an error unless every packet arrived.
func all(arrived, sent int) error {
	if arrived != sent {
		return fmt.Errorf("%d of %d packets arrived", arrived, sent)
	}
	return nil
}

// newFlowEmulator lets the half-open flows of a run idle out before the next.
type newFlowEmulator struct{ *emulator }

func (p *newFlowEmulator) Reset() error {
	p.ahead += 2 * time.Minute
	return nil
}
