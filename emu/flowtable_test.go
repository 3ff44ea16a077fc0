package emu

import (
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"

	"github.com/vpcemu/vpcemu/packet"
)

// naiveNAT is natTable as a list: the slow twin.
type naiveNAT struct{ all []pair }

func (n *naiveNAT) live(m *pair, now int64) bool { return now-m.last < natIdle }

func (n *naiveNAT) look(now int64, is func(*pair) bool) *pair {
	n.all = slices.DeleteFunc(n.all, func(m pair) bool { return !n.live(&m, now) })
	for k := range n.all {
		if is(&n.all[k]) {
			n.all[k].last = max(n.all[k].last, now)
			return &n.all[k]
		}
	}
	return nil
}

func randomNATFlow(r *rand.Rand) packet.Flow {
	proto := []packet.Proto{packet.TCP, packet.UDP, packet.ICMP}[r.IntN(3)]
	f := packet.Flow{Proto: proto, Src: netip.AddrFrom4([4]byte{10, 0, 1, byte(r.IntN(4))}), Dst: netip.AddrFrom4([4]byte{203, 0, 113, byte(r.IntN(3))}),
		SrcPort: uint16(1 + r.IntN(4))}
	if proto.HasPorts() {
		f.DstPort = uint16(1 + r.IntN(2))
	}
	return f
}

// TestNATTableTwin holds the table against a list: random flows, answers and
// steps of the clock (NAT-7, NAT-8, NAT-13).
func TestNATTableTwin(t *testing.T) {
	own := []netip.Addr{netip.MustParseAddr("10.0.0.220")}
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 1))
		var fast natTable
		var slow naiveNAT
		now := int64(0)
		for range 3000 {
			now += r.Int64N(natIdle / 20)
			f := randomNATFlow(r)
			if r.IntN(2) == 0 { // an answer to something that went out, or nearly
				if len(slow.all) > 0 {
					f = slow.all[r.IntN(len(slow.all))].out.Reverse()
				}
				if r.IntN(4) == 0 {
					f.SrcPort ^= 1
				}
				got, ok := fast.answer(f, now)
				want := slow.look(now, func(m *pair) bool { return m.out == f.Reverse() })
				if ok != (want != nil) || ok && got != want.in.Reverse() {
					t.Fatalf("seed %d: answer %s: got %s %v, want %v", seed, f, got, ok, want)
				}
				continue
			}
			got, ok := fast.find(f, now)
			want := slow.look(now, func(m *pair) bool { return m.in == f })
			if ok != (want != nil) || ok && got != want.out {
				t.Fatalf("seed %d: find %s: got %s %v, want %v", seed, f, got, ok, want)
			}
			if ok {
				continue
			}
			got, ok = fast.allotFrom(own, f, outsideOf(f), now)
			taken := slices.ContainsFunc(slow.all, func(m pair) bool { return m.out == got })
			if !ok || taken || got.SrcPort < firstPort || got.Dst != f.Dst || got.DstPort != f.DstPort || got.Src != own[0] {
				t.Fatalf("seed %d: allot %s: got %s %v, taken %v", seed, f, got, ok, taken)
			}
			slow.all = append(slow.all, pair{in: f, out: got, last: now})
		}
	}
}

func toward(port int) packet.Flow {
	return packet.Flow{Proto: packet.TCP, Src: netip.AddrFrom4([4]byte{10, 0, byte(1 + port>>15), 1}), Dst: netip.MustParseAddr("203.0.113.5"), SrcPort: uint16(port%32768 + 1), DstPort: 443}
}

// TestNAT8_NAT11_NAT12_LIM24_LIM25_LIM26_Capacity: 55,000 connections for each
// address and destination, the primary address first, and the same ports in every
// run; other destinations have theirs, and old connections go on.
func TestNAT8_NAT11_NAT12_LIM24_LIM25_LIM26_Capacity(t *testing.T) {
	own := []netip.Addr{netip.MustParseAddr("10.0.0.220"), netip.MustParseAddr("10.0.0.221")}
	var table, again natTable
	if _, ok := table.find(toward(0), 0); ok {
		t.Fatal("the zero table knows a flow")
	}
	for k := range 2 * mostConnections {
		out, ok := table.allotFrom(own, toward(k), outsideOf(toward(k)), 0)
		if !ok || out.Src != own[k/mostConnections] || out.SrcPort < 1024 {
			t.Fatalf("connection %d: %s %v", k, out, ok)
		}
		if same, _ := again.allotFrom(own, toward(k), outsideOf(toward(k)), 0); same != out {
			t.Fatalf("connection %d: %s in another run", k, same)
		}
	}
	if out, ok := table.allotFrom(own, toward(2*mostConnections), outsideOf(toward(2*mostConnections)), 0); ok {
		t.Errorf("one too many: %s", out)
	}
	other := toward(2 * mostConnections)
	other.DstPort = 444
	if _, ok := table.allotFrom(own, other, outsideOf(other), 0); !ok {
		t.Error("another destination has ports of its own")
	}
	if _, ok := table.find(toward(5), natIdle-1); !ok {
		t.Error("an old connection goes on")
	}
	if _, ok := table.allotFrom(own, toward(2*mostConnections), outsideOf(toward(2*mostConnections)), natIdle); !ok {
		t.Error("idle connections give their ports back")
	}
}
