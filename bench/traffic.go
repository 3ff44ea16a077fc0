package bench

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/packet"
)

// Traffic is an emulator that carries established connections of the client of
// [Pair], and one segment of each of them.
type Traffic struct {
	Path     Path
	Emulator *emu.Emulator
	Client   *emu.Port
	Far      *emu.Port // where the segments arrive
	// Clock is the emulator's, or nil if it reads that of the machine.
	Clock *emu.Clock
	ring  []byte // the segments, one after the other, in an order that no table has
	size  int    // of a segment
}

// NewTraffic opens connections along a path, in a network of groups with the given
// number of rules.
func NewTraffic(path Path, rules, flows int) (*Traffic, error) {
	t := &Traffic{Path: path, Clock: new(emu.Clock)}
	return t, t.open(rules, flows, t.Clock.Now)
}

// NewTrafficInRealTime is [NewTraffic] with the clock of the machine, which many
// cores can read without disturbing one another.
func NewTrafficInRealTime(path Path, rules, flows int) (*Traffic, error) {
	t := &Traffic{Path: path}
	return t, t.open(rules, flows, nil)
}

func (t *Traffic) open(rules, flows int, now func() time.Time) (err error) {
	if t.Emulator, err = emu.New(Pair(rules), emu.Options{Now: now}); err != nil {
		return err
	}
	if t.Client, err = t.Emulator.Port("app-1"); err != nil {
		return err
	}
	if t.Far, err = t.Emulator.Port(t.Path.far()); err != nil {
		return err
	}
	order := rand.New(rand.NewPCG(1, uint64(flows)))
	for _, i := range order.Perm(flows) {
		if err := t.establish(t.Path.Flow(i)); err != nil {
			return err
		}
	}
	t.size = t.Path.segment()
	t.ring = make([]byte, 0, flows*t.size)
	for _, i := range order.Perm(flows) {
		t.ring = packet.Spec{Flow: t.Path.Flow(i), Flags: packet.ACK}.Append(t.ring)
	}
	return nil
}

// establish opens a connection and sends a segment in both directions after that.
func (t *Traffic) establish(f packet.Flow) error {
	var arrived packet.Flow
	t.Far.Receive(func(b []byte) {
		var p packet.Packet
		if p.Parse(b) == nil {
			arrived = p.Flow
		}
	})
	defer t.Far.Receive(nil)
	for _, step := range []struct {
		answer bool
		flags  packet.TCPFlags
	}{{false, packet.SYN}, {true, packet.SYN | packet.ACK}, {false, packet.ACK}, {false, packet.ACK}, {true, packet.ACK}} {
		from, flow := t.Client, f
		if step.answer {
			from, flow = t.Far, arrived.Reverse() // a gateway may have changed it
		}
		if r := from.Send(packet.Spec{Flow: flow, Flags: step.flags}.Bytes()); r.Fate != emu.Delivered && r.Fate != emu.Exited {
			return fmt.Errorf("%s %s: %v", flow, step.flags, r)
		}
	}
	return nil
}

// Flows is how many connections there are.
func (t *Traffic) Flows() int { return len(t.ring) / t.size }

// Lane sends the segments of some of the connections, round and round. A batch of
// them is copied to where a network card would put it, since gateways rewrite
// packets in place; the copy is in all figures, and takes 1 to 2 ns a packet.
type Lane struct {
	traffic *Traffic
	batch   int
	ring    []byte
	at      int // in the ring
	work    []byte
	packets [][]byte
}

// batch is as many packets as are worth sending together.
const batch = 32

// Lane is a lane for the connections number first up to but not including end, in
// batches of so many packets. A batch of one is sent with [emu.Port.Send].
func (t *Traffic) Lane(first, end, batch int) *Lane {
	l := &Lane{traffic: t, batch: batch, ring: t.ring[first*t.size : end*t.size], work: make([]byte, batch*t.size)}
	for i := range batch {
		l.packets = append(l.packets, l.work[i*t.size:(i+1)*t.size:(i+1)*t.size])
	}
	return l
}

// All is a lane for all connections.
func (t *Traffic) All(batch int) *Lane { return t.Lane(0, t.Flows(), batch) }

// StartAt moves the lane to its connection number i.
func (l *Lane) StartAt(i int) *Lane { l.at = i * l.traffic.size; return l }

// Run sends n packets.
func (l *Lane) Run(n int) {
	size := l.traffic.size
	for n > 0 {
		some := copy(l.work[:min(n, l.batch)*size], l.ring[l.at:]) / size
		if l.at += some * size; l.at == len(l.ring) {
			l.at = 0
		}
		if l.batch == 1 {
			l.traffic.Client.Send(l.packets[0])
		} else {
			l.traffic.Client.SendBatch(l.packets[:some], nil)
		}
		if l.traffic.Clock != nil {
			l.traffic.Clock.Advance(time.Duration(some) * 30)
		}
		n -= some
	}
}

// Check sends a packet of every connection, and is an error if not all arrive.
func (t *Traffic) Check() error {
	arrived := 0
	t.Far.Receive(func([]byte) { arrived++ })
	defer t.Far.Receive(nil)
	if t.All(batch).Run(t.Flows()); arrived != t.Flows() {
		return fmt.Errorf("%d of %d segments arrived", arrived, t.Flows())
	}
	return nil
}
