package random

import (
	"testing"

	"github.com/vpcemu/vpcemu/emu"
)

// TestDecide: the short answer about a packet is the long one's, and holds for all packets
// of its box.
func TestDecide(t *testing.T) {
	var asked, larger int
	for n := range uint64(*explored) {
		m := New(*seed, n)
		net := m.Network(Everything)
		e, err := emulator(net)
		if err != nil {
			continue
		}
		l, x := landmarksOf(net), e.Explorer()
		for range 12 {
			q := m.Query(net)
			p, ok, err := x.Pair(q.Source, q.Destination, q.IPv6)
			if err != nil || !ok {
				continue
			}
			for range 6 {
				at, ok := somewhere(m, l, p, Pick(m, p.All...))
				if !ok {
					continue
				}
				long, short := p.Ask(at), p.Decide(at)
				asked++
				if long.Answer != short.Answer || long.Request != short.Request {
					t.Fatalf("network %d, %s to %s, %s: %v (request %v), but in short %v (request %v): %v, %v", n, q.Source, q.Destination, words(at, q.IPv6),
						long.Answer, long.Request, short.Answer, short.Request, long.Blockers, short.Blockers)
				}
				if long.Box != short.Box {
					larger++
				}
				for range 6 {
					other, ok := somewhere(m, l, p, short.Box)
					if !ok || short.Depends != "" && short.Answer == emu.Uncertain {
						continue
					}
					one, err := p.Trace(other)
					if err != nil {
						t.Fatal(err)
					}
					if one.Verdict != short.Answer {
						t.Fatalf("network %d, %s to %s: %s fares like %s: %v in %v, but %v", n, q.Source, q.Destination,
							words(other, q.IPv6), words(at, q.IPv6), short.Answer, short.Box, one.Verdict)
					}
				}
			}
		}
	}
	t.Logf("%d packets asked about, %d boxes differ", asked, larger)
	if larger == 0 {
		t.Error("the short answer is as long as the other one")
	}
}
