package bench

import (
	"math/rand/v2"
	"time"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/packet"
)

// FirstPackets sends the first packet of flows, each of which is entered at both ends.
// After so many of them the clock jumps to where they have idled out, and as many
// others follow, which take their places. Then the first ones are new again.
type FirstPackets struct {
	Emulator *emu.Emulator
	clock    emu.Clock
	client   *emu.Port
	syns     []byte
	size     int // of one
	at       int // in them
	work     []byte
	packets  [batch][]byte // of work
}

// NewFirstPackets makes a network of groups with that many rules.
func NewFirstPackets(path Path, rules, flows int) (p *FirstPackets, err error) {
	size := path.segment()
	p = &FirstPackets{size: size, work: make([]byte, batch*size)}
	if p.Emulator, err = emu.New(Pair(rules), emu.Options{Now: p.clock.Now}); err != nil {
		return nil, err
	}
	if p.client, err = p.Emulator.Port("app-1"); err != nil {
		return nil, err
	}
	for _, i := range rand.New(rand.NewPCG(1, 1)).Perm(2 * flows) {
		p.syns = packet.Spec{Flow: path.Flow(i), Flags: packet.SYN}.Append(p.syns)
	}
	for i := range p.packets {
		p.packets[i] = p.work[i*size : (i+1)*size : (i+1)*size]
	}
	return p, nil
}

// Run sends the first packets of so many flows, each in a call of its own.
func (p *FirstPackets) Run(flows int) {
	for range flows {
		p.take(1)
		p.client.Send(p.packets[0])
	}
}

// RunBatch is Run, with 32 packets a call.
func (p *FirstPackets) RunBatch(flows int) {
	for flows > 0 {
		some := p.take(min(flows, batch))
		p.client.SendBatch(p.packets[:some], nil)
		flows -= some
	}
}

// take copies the next few packets to where they are sent from, and returns how many.
func (p *FirstPackets) take(most int) int {
	half := len(p.syns) / 2
	if p.at %= len(p.syns); p.at%half == 0 {
		p.clock.Advance(10 * time.Minute)
	}
	n := copy(p.work[:most*p.size], p.syns[p.at:p.at-p.at%half+half])
	p.at += n
	return n / p.size
}
