package bench

import (
	"math/rand/v2"
	"time"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/packet"
)

// FirstPackets sends the first packet of flows, each of which is entered at both ends.
// When there are no more flows, the clock jumps to where they have idled out, and
// they are new again.
type FirstPackets struct {
	Emulator *emu.Emulator
	clock    emu.Clock
	client   *emu.Port
	syns     []byte
	at       int
	work     []byte
}

// NewFirstPackets makes a network of groups with that many rules.
func NewFirstPackets(path Path, rules, flows int) (p *FirstPackets, err error) {
	p = &FirstPackets{work: make([]byte, path.segment())}
	if p.Emulator, err = emu.New(Pair(rules), emu.Options{Now: p.clock.Now}); err != nil {
		return nil, err
	}
	if p.client, err = p.Emulator.Port("app-1"); err != nil {
		return nil, err
	}
	for _, i := range rand.New(rand.NewPCG(1, 1)).Perm(flows) {
		p.syns = packet.Spec{Flow: path.Flow(i), Flags: packet.SYN}.Append(p.syns)
	}
	return p, nil
}

// Run sends the first packets of so many flows.
func (p *FirstPackets) Run(flows int) {
	for range flows {
		copy(p.work, p.syns[p.at:])
		p.client.Send(p.work)
		if p.at += len(p.work); p.at == len(p.syns) {
			p.at = 0
			p.clock.Advance(10 * time.Minute)
		}
	}
}
