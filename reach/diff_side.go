package reach

import (
	"net/netip"
	"slices"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/internal/classes"
)

// side is one of the two networks.
type side struct {
	x     *emu.Explorer
	ends  []emu.End
	class []int                // of each end
	known map[[3]int]*verdicts // by classes and IP version, with addresses

	classifier *classes.Classifier
	holders    map[netip.Addr]*holder // of public addresses, when first needed
}

func newSide(e *emu.Emulator) *side {
	s := &side{x: e.Explorer(), known: make(map[[3]int]*verdicts)}
	s.ends = s.x.Ends()
	all, classifier := classesOf(s.x, s.ends)
	s.classifier = classifier
	class := make(map[*emu.End]int)
	for k, c := range all {
		for _, m := range c.Members {
			class[m] = k
		}
	}
	for k := range s.ends {
		s.class = append(s.class, class[&s.ends[k]])
	}
	return s
}

// between is the packets from one end to another. It stands behind a pointer since Go 1.26
// loses what an array on the stack points to if one of its structs is chosen by index and
// copied after a call: between(…)[v], f() (TestDiff_Random saw it).
func (s *side) between(from, to int) *[2]verdicts {
	both := new([2]verdicts)
	if from < 0 || to < 0 {
		return both
	}
	for v := range both {
		if p, ok, err := s.x.Between(&s.ends[from], &s.ends[to], v == 1); err == nil && ok { // else nothing can be sent
			s.classifier.Represent(p)
			both[v].pair = p
		}
	}
	return both
}

// ask finds out what becomes of packets, if it is not known of others of the classes.
func (s *side) ask(f *verdicts, from, to, v int) {
	if f.pair == nil {
		return
	}
	f.all = f.numbered(f.pair.All)
	key := [3]int{s.class[from], s.class[to], v}
	first := s.known[key]
	if first == nil {
		first = &verdicts{pair: f.pair}
		for _, part := range parts(f.pair, f.pair.Decide) {
			first.sets[part.Answer] = append(first.sets[part.Answer], part.set...)
		}
		s.known[key] = first
	}
	theirs := verdicts{pair: first.pair, numbers: f.numbers} // with their addresses, which stand in the same order
	for n := range addressDimensions {
		mine, others := f.ranges(n), first.ranges(n)
		theirs.numbers[n] = slices.Clone(f.numbers[n])
		for k, s := range theirs.numbers[n] {
			at := slices.IndexFunc(mine, func(r emu.Range) bool { return r.Span == s.real })
			theirs.numbers[n][k].real = others[at].Span
		}
	}
	for a, set := range first.sets {
		f.sets[a] = theirs.numbered(set)
	}
}
