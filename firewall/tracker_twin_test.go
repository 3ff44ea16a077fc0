package firewall

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/vpcemu/vpcemu/packet"
)

// twinTracker is [Tracker] as the rule book says it: a list of flows, each with all its packets. There is no state: what a flow may do
// is read off its packets, anew each time. Two twins that share a budget know of each other.
type twinTracker struct {
	timeouts Timeouts
	flows    []*twinFlow
	limit    int
	siblings []*twinTracker
}

type twinFlow struct {
	packets []twinPacket
}

type twinPacket struct {
	dir  Direction
	flow packet.Flow
	p    *packet.Packet
	at   int64
}

// sameFlow is SG-36, without a key.
func sameFlow(a, b twinPacket) bool {
	if a.dir == b.dir {
		return a.flow == b.flow
	}
	return a.flow == b.flow.Reverse()
}

func (f *twinFlow) has(flag packet.TCPFlags) bool {
	return slices.ContainsFunc(f.packets, func(p twinPacket) bool { return p.p.Flags.Has(flag) })
}

func (f *twinFlow) heard(dir Direction) bool {
	return slices.ContainsFunc(f.packets, func(p twinPacket) bool { return p.dir == dir })
}

// established: some segment with ACK and without SYN came when both sides had been heard, itself included.
func (f *twinFlow) established() bool {
	for i, p := range f.packets {
		so := twinFlow{f.packets[:i+1]}
		if so.heard(Ingress) && so.heard(Egress) && p.p.Flags.Has(packet.ACK) && !p.p.Flags.Has(packet.SYN) {
			return true
		}
	}
	return false
}

// finAcknowledged: the side's first FIN is covered by an acknowledgment that came later.
func (f *twinFlow) finAcknowledged(dir Direction) bool {
	for i, fin := range f.packets {
		if fin.dir != dir || !fin.p.Flags.Has(packet.FIN) {
			continue
		}
		seq, _ := fin.p.TCPSeq()
		return slices.ContainsFunc(f.packets[i+1:], func(p twinPacket) bool {
			_, ack := p.p.TCPSeq()
			return p.dir != dir && p.p.Flags.Has(packet.ACK) && ack > seq
		})
	}
	return false
}

func (f *twinFlow) turns() int {
	n := 0
	for i := range f.packets[1:] {
		if f.packets[i].dir != f.packets[i+1].dir {
			n++
		}
	}
	return n
}

func (f *twinFlow) state() State {
	switch f.packets[0].flow.Proto {
	case packet.TCP:
		switch {
		case f.has(packet.RST), f.finAcknowledged(Ingress) && f.finAcknowledged(Egress):
			return Closed
		case f.established() && f.has(packet.FIN):
			return Closing
		case f.established():
			return Established
		}
		return Opening
	case packet.UDP:
		if f.turns() >= 3 {
			return Stream
		}
	}
	if f.turns() > 0 {
		return Answered
	}
	return Opening
}

func (t *twinTracker) idledOut(f *twinFlow, now int64) bool {
	limit := 600 * time.Second
	switch f.packets[0].flow.Proto {
	case packet.TCP:
		limit = t.timeouts.TCPEstablished
		if f.state() == Opening {
			limit = 60 * time.Second
		}
	case packet.UDP:
		limit = t.timeouts.UDP
		if f.state() == Stream {
			limit = t.timeouts.UDPStream
		}
	case packet.ICMP, packet.ICMPv6:
		limit = 30 * time.Second
	}
	return now >= f.packets[len(f.packets)-1].at+int64(limit)
}

func (t *twinTracker) live(now int64) []*twinFlow {
	t.flows = slices.DeleteFunc(t.flows, func(f *twinFlow) bool { return f.state() == Closed || t.idledOut(f, now) })
	return t.flows
}

func (t *twinTracker) find(p twinPacket) *twinFlow {
	for _, f := range t.live(p.at) {
		if sameFlow(f.packets[0], p) {
			return f
		}
	}
	return nil
}

func (t *twinTracker) lookup(p twinPacket) State {
	f := t.find(p)
	if f == nil {
		return Untracked
	}
	if f.has(packet.FIN) && p.p.Flags&(packet.SYN|packet.ACK|packet.RST) == packet.SYN && p.flow.Proto == packet.TCP {
		f.packets = nil
	}
	f.packets = append(f.packets, p)
	return f.state()
}

func (t *twinTracker) add(p twinPacket) bool {
	if p.p.Flags.Has(packet.RST) || t.lookup(p) != Untracked {
		return true
	}
	tracked := 0
	for _, s := range t.siblings {
		tracked += len(s.live(p.at))
	}
	if t.limit > 0 && tracked >= t.limit {
		return false
	}
	t.flows = append(t.flows, &twinFlow{[]twinPacket{p}})
	return true
}

// world is two interfaces of one instance and their twins.
type world struct {
	now    int64
	real   [2]*Tracker
	twin   [2]*twinTracker
	budget *Budget
	flows  []packet.Flow
}

func newWorld(limit int) *world {
	w := &world{budget: &Budget{Limit: limit}}
	for i := range w.real {
		w.real[i] = NewTracker(Timeouts{}, w.budget)
		w.twin[i] = &twinTracker{timeouts: Timeouts{}.OrDefault(), limit: limit}
	}
	for _, t := range w.twin {
		t.siblings = w.twin[:]
	}
	for _, s := range []string{tcpFlow, "tcp 10.0.1.10:40001 > 10.0.2.20:5432", udpFlow, espFlow, pingFlow} {
		w.flows = append(w.flows, packet.MustParseFlow(s))
	}
	return w
}

func (w *world) draw(t *rapid.T) (i int, p twinPacket) {
	i = rapid.IntRange(0, 3).Draw(t, "interface") / 3 // mostly the first
	p = twinPacket{
		dir:  Direction(rapid.IntRange(0, 1).Draw(t, "direction")),
		flow: rapid.SampledFrom(w.flows).Draw(t, "flow"),
		at:   w.now,
	}
	if p.dir == Ingress {
		p.flow = p.flow.Reverse()
	}
	s := packet.Spec{Flow: p.flow}
	if p.flow.Proto == packet.TCP {
		s.Flags = rapid.SampledFrom([]packet.TCPFlags{packet.SYN, packet.SYN | packet.ACK, packet.ACK, packet.ACK, packet.ACK,
			packet.FIN | packet.ACK, packet.FIN | packet.ACK, packet.FIN, packet.RST, 0}).Draw(t, "flags")
		s.Seq = rapid.SampledFrom([]uint32{10, 11}).Draw(t, "seq")
		s.Ack = rapid.SampledFrom([]uint32{10, 12}).Draw(t, "ack")
	}
	if p.flow.Proto == packet.ICMPv6 {
		s.ICMPType = packet.ICMPv6EchoRequest
	}
	p.p = mustParse(s)
	return i, p
}

func TestTracker_AgreesWithTwin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(rapid.SampledFrom([]int{0, 2, 3}).Draw(t, "limit"))
		t.Repeat(map[string]func(*rapid.T){
			"packet": func(t *rapid.T) {
				i, p := w.draw(t)
				got, want := w.real[i].Lookup(p.dir, p.p, p.flow, p.at), w.twin[i].lookup(p)
				if got != want {
					t.Fatalf("lookup of %s %s [%s]: got %s, want %s", p.dir, p.flow, p.p.Flags, got, want)
				}
				if got != Untracked || rapid.IntRange(0, 3).Draw(t, "no rule") == 0 {
					return
				}
				if got, want := w.real[i].Add(p.dir, p.p, p.flow, p.at), w.twin[i].add(p); got != want {
					t.Fatalf("add %s %s [%s]: got %v, want %v", p.dir, p.flow, p.p.Flags, got, want)
				}
			},
			"add at once": func(t *rapid.T) { // as if somebody else had added the flow between lookup and add
				i, p := w.draw(t)
				if got, want := w.real[i].Add(p.dir, p.p, p.flow, p.at), w.twin[i].add(p); p.p.Flags&packet.RST == 0 && got != want {
					t.Fatalf("add %s %s [%s]: got %v, want %v", p.dir, p.flow, p.p.Flags, got, want)
				}
			},
			"related": func(t *rapid.T) {
				i, p := w.draw(t)
				got, want := w.real[i].Related(1-p.dir, p.flow, p.at), w.twin[i].find(p) != nil
				if got != want {
					t.Fatalf("error about %s %s: got %v, want %v", p.dir, p.flow, got, want)
				}
			},
			"time": func(t *rapid.T) {
				w.now += int64(rapid.SampledFrom([]time.Duration{1, 29e9, 30e9 - 1, 30e9, 59e9, 60e9, 150e9, 180e9, 600e9, 432_000e9}).Draw(t, "step"))
			},
			"timeouts": func(t *rapid.T) {
				i := rapid.IntRange(0, 1).Draw(t, "interface")
				to := Timeouts{
					TCPEstablished: rapid.SampledFrom([]time.Duration{0, 60e9, 350e9}).Draw(t, "tcp"),
					UDP:            rapid.SampledFrom([]time.Duration{0, 60e9}).Draw(t, "udp"),
				}
				w.twin[i].live(w.now) // what has idled out does not come back
				w.real[i].Len(w.now)
				w.real[i].SetTimeouts(to)
				w.twin[i].timeouts = to.OrDefault()
			},
			"flush": func(t *rapid.T) {
				if i := rapid.IntRange(0, 20).Draw(t, "interface"); i < 2 {
					w.real[i].Flush()
					w.twin[i].flows = nil
				}
			},
			"count": func(t *rapid.T) { w.compareCounts(t) },
			"":      func(t *rapid.T) { w.checkTables(t) },
		})
	})
}

// checkTables checks what [FlowTable] promises: every record in use is found by its key, and by no other way; the others are free.
func (w *world) checkTables(t *rapid.T) {
	for i := range w.budget.table.shards {
		s := &w.budget.table.shards[i]
		used, free := 0, 0
		for n := uint32(1); n <= s.top; n++ {
			if s.record(n).b.Load() == 0 {
				free++
				continue
			}
			used++
			if k := s.keyOf(n); s.find(&k, w.budget.table.hashOf(s.record(n))) != n {
				t.Fatalf("record %d is not found", n)
			}
		}
		chain := 0
		for n := s.free; n != 0; n = uint32(s.record(n).a.Load()) {
			chain++
		}
		if used != s.used || free != chain || len(s.fins) > used {
			t.Fatalf("%d used of %d, %d free of %d, %d closing", used, s.used, free, chain, len(s.fins))
		}
	}
}

func (w *world) compareCounts(t *rapid.T) {
	sum := 0
	for i := range w.real {
		got, want := w.real[i].Len(w.now), len(w.twin[i].live(w.now))
		if got != want {
			t.Fatalf("interface %d tracks %d flows, want %d", i, got, want)
		}
		sum += got
	}
	if w.budget.Used() != sum {
		t.Fatalf("budget used %d, want %d", w.budget.Used(), sum)
	}
}
