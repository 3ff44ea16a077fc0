package random

import (
	"flag"
	"testing"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/internal/space"
	"github.com/vpcemu/vpcemu/reach"
	"github.com/vpcemu/vpcemu/vpc"
)

var crowds = flag.Int("crowds", 6, "how many networks TestClasses makes up")

// TestClasses: what gets to or from one member of a class gets to or from the others, and a
// row of a matrix says of a pair of members what the answer about them says.
func TestClasses(t *testing.T) {
	var pairs, several int
	for n := range uint64(*crowds) {
		m := New(*seed, n)
		net := m.Network(Everything)
		m.Crowd(net)
		e, err := emulator(net)
		if err != nil {
			continue
		}
		x, r := e.Explorer(), reach.Of(e)
		matrix := r.Matrix()
		ask := func(src, dst *emu.End) allBetween { return exploreBetween(x, src, dst, (*emu.Pair).Decide) }
		for _, c := range matrix.Classes {
			if len(c.Members) < 2 {
				continue
			}
			several++
			at := m.IntN(len(c.Members))
			one, two := c.Members[at], c.Members[(at+1+m.IntN(len(c.Members)-1))%len(c.Members)]
			for range 4 {
				other := Pick(m, matrix.Classes...)
				third := Pick(m, other.Members...)
				if third == one || third == two {
					continue
				}
				pairs++
				if c.Kind.Asks() {
					fareAlike(t, n, net, ask(one, third), ask(two, third))
				}
				if other.Kind.Asks() {
					fareAlike(t, n, net, ask(third, one), ask(third, two))
				}
			}
			fareAlike(t, n, net, ask(one, two), ask(two, one))
		}
		if n%4 == 0 {
			to := Pick(m, matrix.Classes...)
			for row := range matrix.Rows(func(_, dst *reach.Class) bool { return dst == to }) {
				src, dst := Pick(m, row.Source.Members...), Pick(m, row.Destination.Members...)
				if src == dst {
					continue
				}
				got := allBetween{src, dst, nil, [2]map[emu.Answer]space.Set{{}, {}}}
				full := exploreBetween(x, src, dst, (*emu.Pair).Ask)
				got.pairs = full.pairs
				asked := pairsOf(x, row)
				for v6 := range got.sets {
					for _, a := range everyAnswer {
						if p := asked[v6]; p != nil {
							got.sets[v6][a] = alone(row.Answer.Set(a, v6 == 1), p)
						}
					}
				}
				fareAlike(t, n, net, full, got)
			}
		}
	}
	t.Logf("%d pairs, of %d classes with several members", pairs, several)
	if several < *crowds/2 {
		t.Error("hardly any class has several members")
	}
}

var everyAnswer = [...]emu.Answer{emu.Reachable, emu.Uncertain, emu.Blocked}

// allBetween is all packets between two ends, by IP version and answer.
type allBetween struct {
	src, dst *emu.End
	pairs    *[2]*emu.Pair
	sets     [2]map[emu.Answer]space.Set
}

func exploreBetween(x *emu.Explorer, src, dst *emu.End, ask func(*emu.Pair, space.Point) emu.Finding) allBetween {
	all := allBetween{src, dst, new([2]*emu.Pair), [2]map[emu.Answer]space.Set{{}, {}}}
	for v6 := range all.sets {
		p, ok, err := x.Between(src, dst, v6 == 1)
		if err != nil || !ok {
			continue
		}
		all.pairs[v6] = p
		for left := p.All; len(left) > 0; {
			at, ok := p.Some(left[0])
			if !ok {
				left = left[1:]
				continue
			}
			f := ask(p, at)
			left = left.Without(&f.Box)
			all.sets[v6][f.Answer] = all.sets[v6][f.Answer].With(&f.Box)
		}
		for a, s := range all.sets[v6] {
			all.sets[v6][a] = alone(s, p)
		}
	}
	return all
}

// alone is a set with the numbers of hosts' addresses in the place of these, which differ.
func alone(s space.Set, p *emu.Pair) space.Set {
	for n, d := range [...]int{space.Sources, space.Destinations} {
		if p.Networks()[n] {
			continue
		}
		var all space.Set
		var first space.Num
		for _, r := range [...][]emu.Range{p.Sources(), p.Destinations()}[n] {
			for _, b := range s {
				if own := b[d].And(r.Span); !own.Empty() {
					b[d] = space.Span{First: own.First.Minus(r.Span.First).Plus(first), Last: own.Last.Minus(r.Span.First).Plus(first)}
					all = append(all, b)
				}
			}
			first = first.Plus(r.Span.Last.Minus(r.Span.First)).Next()
		}
		s = all
	}
	return s
}

// pairsOf are the packets that a row was asked about, by IP version.
func pairsOf(x *emu.Explorer, row *reach.Row) (both [2]*emu.Pair) {
	src, dst := row.Source.Members[0], row.Destination.Members[0]
	if row.Source == row.Destination {
		dst = row.Destination.Members[1]
	}
	for v6 := range both {
		if p, ok, err := x.Between(src, dst, v6 == 1); err == nil && ok {
			both[v6] = p
		}
	}
	return both
}

// others is a set without what goes to or from an address of an interface by another end that
// has it too, such as an office whose range holds the VPC's: what one member sends to itself,
// the other sends to it.
func others(s space.Set, v6 bool, ends ...*emu.End) space.Set {
	for _, e := range ends {
		if e.Interface == nil {
			continue
		}
		for _, a := range e.Interface.Addresses {
			for _, d := range [...]int{space.Sources, space.Destinations} {
				if a.IP.Is6() == v6 {
					b := space.Box{space.Services: {Last: space.Service(255, 65535)}, space.SourcePorts: space.Ports(0, 65535), space.Sources: space.Addresses(v6), space.Destinations: space.Addresses(v6)}
					b[d] = space.One(space.Address(a.IP))
					s = s.Without(&b)
				}
			}
		}
	}
	return s
}

func fareAlike(t *testing.T, n uint64, net *vpc.Network, a, b allBetween) {
	t.Helper()
	for v6 := range a.sets {
		for _, v := range everyAnswer {
			for _, both := range [...][2]allBetween{{a, b}, {b, a}} {
				for _, box := range others(both[0].sets[v6][v].Minus(both[1].sets[v6][v]), v6 == 1, a.src, a.dst, b.src, b.dst) {
					if p := both[0].pairs[v6]; p != nil && !someIn(p, box) {
						continue // addresses that no internet host has
					}
					t.Fatalf("network %d: %s to %s is not as %s to %s: %v, IPv6 %v, %v\n%v\n%v", n, a.src.Name, a.dst.Name, b.src.Name, b.dst.Name, v, v6 == 1, box,
						a.sets[v6], b.sets[v6])
				}
			}
		}
	}
}

// someIn reports whether some packet of a pair is in a box in which hosts have numbers.
func someIn(p *emu.Pair, b space.Box) bool {
	for n, d := range [...]int{space.Sources, space.Destinations} {
		if !p.Networks()[n] {
			b[d] = p.All[0][d]
		}
	}
	_, ok := p.Some(b)
	return ok
}
