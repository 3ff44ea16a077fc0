package random

import (
	"flag"
	"fmt"
	"slices"
	"testing"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/internal/space"
	"github.com/vpcemu/vpcemu/vpc"
)

var explored = flag.Int("explored", 150, "how many networks TestExplore makes up")

// TestExplore: whatever an Explorer finds out about one packet holds for all packets of
// which it says so: a trace of each of them has the same answer and the same blockers.
func TestExplore(t *testing.T) {
	var asked, sampled, depends int
	for n := range uint64(*explored) {
		m := New(*seed, n)
		net := m.Network(Everything)
		e, err := emulator(net)
		if err != nil {
			continue
		}
		x := e.Explorer()
		for range 12 {
			q := m.Query(net)
			p, ok, err := x.Pair(q.Source, q.Destination, q.IPv6)
			if err != nil || !ok {
				continue
			}
			for range 6 {
				at, ok := somewhere(m, net, p, Pick(m, p.All...))
				if !ok {
					continue
				}
				f := p.Ask(at)
				asked++
				if !f.Box.Has(&at) {
					t.Fatalf("network %d, %s to %s: %v is not in its own box %v", n, q.Source, q.Destination, at, f.Box)
				}
				if f.Depends != "" {
					depends++
				}
				for range 8 {
					other, ok := somewhere(m, net, p, f.Box)
					if !ok {
						continue
					}
					one, err := p.Trace(other)
					if err != nil {
						t.Fatalf("network %d, %s to %s: %v", n, q.Source, q.Destination, err)
					}
					sampled++
					if f.Depends != "" && f.Answer == emu.Uncertain {
						continue
					}
					if one.Verdict != f.Answer || f.Depends == "" && !explained(f, one) {
						t.Fatalf("network %d, %s to %s:\n%s fares like\n%s: %v, %v, %v in\n%v\nbut %v, %v, %v", n, q.Source, q.Destination,
							words(other, q.IPv6), words(at, q.IPv6), f.Answer, f.Blockers, f.Unknowns, f.Box, one.Verdict, one.Blockers, one.Unknowns)
					}
				}
			}
		}
	}
	t.Logf("%d packets asked about, %d others tried, %d depend", asked, sampled, depends)
}

// explained reports whether a trace has the blockers of a finding, or some of them if
// the finding has those of several ways.
func explained(f emu.Finding, one *emu.Trace) bool {
	for _, both := range [][2][]emu.Blocker{{f.Blockers, one.Blockers}, {f.Unknowns, one.Unknowns}} {
		all, some := kinds(both[0]), kinds(both[1])
		if f.Ways == 1 && !slices.Equal(all, some) || slices.ContainsFunc(some, func(s string) bool { return !slices.Contains(all, s) }) {
			return false
		}
	}
	return true
}

func words(p space.Point, v6 bool) string {
	return fmt.Sprintf("%d/%d from %d, %v > %v", p[space.Services].Lo>>16, p[space.Services].Lo&0xffff, p[space.SourcePorts].Lo, p[space.Sources].Addr(v6), p[space.Destinations].Addr(v6))
}

// kinds are blockers without their words.
func kinds(list []emu.Blocker) []string {
	var all []string
	for _, b := range list {
		all = append(all, fmt.Sprint(b.Direction, b.Stage, b.Reason, b.Component))
	}
	return all
}

// somewhere is a packet of a box: in each dimension at an end, at something that the
// network has, or anywhere.
func somewhere(m *Maker, n *vpc.Network, pair *emu.Pair, b space.Box) (p space.Point, ok bool) {
	p, ok = pair.Some(b)
	for range 4 {
		q := p
		for d, s := range b {
			q[d] = within(m, s)
		}
		if pair.Has(&q) {
			p = q
			break
		}
	}
	for range 3 {
		q := p
		switch d := Pick(m, space.Services, space.SourcePorts, space.Sources, space.Destinations); d {
		case space.Services:
			q[d] = space.Service(uint8(p[d].Lo>>16), Pick[uint16](m, 25, 53, 80, 443, 40003, 68, 67, 546, 547, 1024, 1023))
		case space.SourcePorts:
			q[d] = space.Num{Lo: uint64(Pick(m, 67, 68, 546, 53, 80, 1023, 1024, 32768, 49152, 65535))}
		default:
			a := m.Address(append(Places(n), Targets(n)...), b[d].Last.Hi != 0)
			q[d] = space.Address(a)
		}
		if b.Has(&q) && pair.Has(&q) {
			p = q
		}
	}
	return p, ok
}

func within(m *Maker, s space.Span) space.Num {
	switch m.IntN(4) {
	case 0:
		return s.First
	case 1:
		return s.Last
	}
	size := s.Last.Minus(s.First)
	r := space.Num{Hi: m.Uint64(), Lo: m.Uint64()}
	if size.Hi == 0 {
		r.Hi = 0
		if size.Lo != ^uint64(0) {
			r.Lo %= size.Lo + 1
		}
	} else if size.Hi != ^uint64(0) {
		r.Hi %= size.Hi + 1
		if size.Less(r) {
			r = space.Num{}
		}
	}
	return s.First.Plus(r)
}
