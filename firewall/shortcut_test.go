package firewall

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/vpcemu/vpcemu/packet"
)

// TestShortCut_AgreesWithTwin sends packets from one interface to another. Some of them take short cuts, and the twins, who know of none,
// must not notice.
func TestShortCut_AgreesWithTwin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(0)
		epoch := uint32(1)
		w.flows = append(w.flows, packet.MustParseFlow("udp 10.0.1.10:5000 > 10.0.2.20:53"), packet.MustParseFlow("udp 10.0.1.10:5001 > 10.0.2.20:53"),
			packet.MustParseFlow("udp [2001:db8::1]:5000 > [2001:db8::2]:53"), packet.MustParseFlow("tcp [2001:db8::1]:5000 > [2001:db8::2]:443"),
			packet.MustParseFlow("icmpv6 2001:db8::1 > 2001:db8::2 id 9"))
		// both lets the packet cross both interfaces.
		both := func(t *rapid.T, from int, p twinPacket) {
			in := p
			in.dir = Ingress
			out, arrived := w.real[from].Find(p.dir, p.p, p.flow, p.at), w.real[1-from].Find(Ingress, p.p, p.flow, p.at)
			for i, got := range []Hit{out, arrived} {
				side, q := (from+i)%2, []twinPacket{p, in}[i]
				if want := w.twin[side].lookup(q); got.State != want {
					t.Fatalf("interface %d, %s %s [%s]: got %s, want %s", side, q.dir, q.flow, q.p.Flags, got.State, want)
				}
				if got.State == Untracked {
					w.real[side].Add(q.dir, q.p, q.flow, q.at)
					w.twin[side].add(q)
				}
			}
			if plain(p.p) && out.Entry != (Tracked{}) && arrived.Entry != (Tracked{}) {
				w.budget.table.Join(out.Entry, []Tracked{arrived.Entry}, epoch, 7)
			}
		}
		send := func(t *rapid.T) {
			from, p := w.draw(t)
			from %= 2
			p.dir = Egress
			if from == 1 {
				p.flow = p.flow.Reverse()
				s := packet.Spec{Flow: p.flow, Flags: p.p.Flags, ICMPType: p.p.ICMPType}
				s.Seq, s.Ack = p.p.TCPSeq()
				p.p = mustParse(s)
			}
			if !plain(p.p) {
				both(t, from, p)
				return
			}
			var l Look
			short, _ := packet.ParsePlain(p.p.Bytes())
			l.Begin(w.real[from], &short, p.p.Bytes())
			l.Index()
			l.Record()
			action, ok := l.Fast(epoch, p.at, FastIdle)
			if !ok {
				both(t, from, p)
				return
			}
			l.Pass(p.at)
			in := p
			in.dir = Ingress
			if a, b := w.twin[from].lookup(p), w.twin[1-from].lookup(in); action != 7 || a == Untracked || b == Untracked {
				t.Fatalf("%s takes short cut %d, its ends are %s and %s", p.flow, action, a, b)
			}
		}
		t.Repeat(map[string]func(*rapid.T){
			"send": send, "send 2": send, "send 3": send, "send 4": send,
			"one end only": func(t *rapid.T) {
				i, p := w.draw(t)
				if got, want := w.real[i].Lookup(p.dir, p.p, p.flow, p.at), w.twin[i].lookup(p); got != want {
					t.Fatalf("%s %s: got %s, want %s", p.dir, p.flow, got, want)
				}
			},
			"time": func(t *rapid.T) {
				w.now += int64(rapid.SampledFrom([]time.Duration{1, 1e9, 29e9, 30e9, 59e9, 180e9, 432_000e9}).Draw(t, "step"))
			},
			"change": func(*rapid.T) { epoch++ },
			"flush": func(t *rapid.T) {
				if i := rapid.IntRange(0, 20).Draw(t, "interface"); i < 2 {
					w.real[i].Flush()
					w.twin[i].flows = nil
					epoch++
				}
			},
			"count": func(t *rapid.T) { w.compareCounts(t) },
			"":      func(t *rapid.T) { w.checkTables(t) },
		})
	})
}

func plain(p *packet.Packet) bool {
	_, _, echo := p.ICMPEcho()
	return echo || p.Flow.Proto == packet.UDP || p.Flow.Proto == packet.TCP && p.Flags&(packet.SYN|packet.FIN|packet.RST) == 0
}

// TestShortCut_OfAFlow: from the third packet on, the flow has one; it ends with a FIN that only one side sees.
func TestShortCut_OfAFlow(t *testing.T) {
	var table FlowTable
	out, in := table.NewTracker(Timeouts{}, nil), table.NewTracker(Timeouts{}, nil)
	f := packet.MustParseFlow(tcpFlow)
	carry := func(a, b *Tracker, f packet.Flow, flags packet.TCPFlags) {
		p := mustParse(packet.Spec{Flow: f, Flags: flags})
		left, arrived := a.Find(Egress, p, f, 0), b.Find(Ingress, p, f, 0)
		if left.State == Untracked {
			a.Add(Egress, p, f, 0)
		}
		if arrived.State == Untracked {
			b.Add(Ingress, p, f, 0)
		}
		if flags == packet.ACK && left.Entry != (Tracked{}) && arrived.Entry != (Tracked{}) {
			table.Join(left.Entry, []Tracked{arrived.Entry}, 1, 7)
		}
	}
	short := func(a *Tracker, f packet.Flow, epoch uint32) bool {
		var l Look
		b := packet.Spec{Flow: f, Flags: packet.ACK}.Bytes()
		p, _ := packet.ParsePlain(b)
		l.Begin(a, &p, b)
		_, ok := l.Fast(epoch, 0, FastIdle)
		return ok
	}
	for i, flags := range []packet.TCPFlags{packet.SYN, packet.SYN | packet.ACK, packet.ACK} {
		if i == 1 {
			carry(in, out, f.Reverse(), flags)
		} else {
			carry(out, in, f, flags)
		}
		if short(out, f, 1) {
			t.Errorf("packet %d: a short cut already", i+1)
		}
	}
	carry(out, in, f, packet.ACK)
	carry(in, out, f.Reverse(), packet.ACK)
	if !short(out, f, 1) || !short(in, f.Reverse(), 1) || short(out, f, 2) {
		t.Error("no short cut, or one in another epoch")
	}
	fin := mustParse(packet.Spec{Flow: f, Flags: packet.FIN | packet.ACK})
	out.Find(Egress, fin, f, 0)
	if short(out, f, 1) || short(in, f.Reverse(), 1) {
		t.Error("a short cut past a FIN")
	}
}

// TestShortCut_OfItsOwnFlow: two flows whose IPv6 addresses have the same mixture, which the key of a record begins with, are two.
func TestShortCut_OfItsOwnFlow(t *testing.T) {
	one := [4]uint64{0x20010db8 << 32, 1, 0x20010db8 << 32, 2}
	const swap = 0xa0761d6478bd642f ^ 0xe7037ed1a0b428db // the factors, the other way round
	other := [4]uint64{one[0], one[1], one[3] ^ swap, one[2] ^ swap}
	if mix(one[2], one[3]) != mix(other[2], other[3]) {
		t.Fatal("they do not collide")
	}
	flow := func(w [4]uint64) packet.Flow {
		return packet.Flow{Src: addrOf(w[0], w[1]), Dst: addrOf(w[2], w[3]), SrcPort: 5000, DstPort: 53, Proto: packet.UDP}
	}

	var table FlowTable
	out := table.NewTracker(Timeouts{}, nil)
	short := func(f packet.Flow, steps bool) (uint32, bool) {
		var l Look
		b := packet.Spec{Flow: f}.Bytes()
		p, _ := packet.ParsePlain(b)
		if l.Begin(out, &p, b); steps {
			l.Index()
			l.Record()
		}
		return l.Fast(1, 0, FastIdle)
	}
	join := func(f packet.Flow, action uint32) {
		p := mustParse(packet.Spec{Flow: f})
		if out.Find(Egress, p, f, 0).State == Untracked {
			out.Add(Egress, p, f, 0)
		}
		table.Join(out.Find(Egress, p, f, 0).Entry, nil, 1, action)
	}
	join(flow(one), 7)
	for _, steps := range []bool{false, true} {
		if _, ok := short(flow(other), steps); ok {
			t.Error("the short cut of another flow")
		}
	}
	join(flow(other), 8)
	for _, steps := range []bool{false, true} {
		if a, ok := short(flow(one), steps); !ok || a != 7 {
			t.Errorf("one: %d, %v", a, ok)
		}
		// The index guesses the first of the two, and a miss costs no more than time.
		if a, ok := short(flow(other), steps); ok != !steps || ok && a != 8 {
			t.Errorf("other: %d, %v", a, ok)
		}
	}
}
