package reach

import (
	"flag"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/internal/random"
	"github.com/vpcemu/vpcemu/internal/space"
)

var compared = flag.Int("compared", 25, "how many networks TestDiff_Random and TestCheck_Random make up")

// TestDiff_Random: whatever a difference says has opened or closed did so by traces in
// both networks, and nothing else did.
func TestDiff_Random(t *testing.T) {
	var sampled, fared, changed, skipped, public int
	for n := range uint64(*compared) {
		m := random.New(7, n)
		net := m.Network(random.Pick(m, random.Everything, random.Peerings|random.NATGateways|random.TransitGateways|random.Details, 0))
		if m.One(2) {
			m.Crowd(net)
		}
		next := net.Clone()
		did := ""
		for range 1 + m.IntN(2) {
			did += m.Change(random.Pick(m, next.VPCs...)) + "; "
		}
		before, err := emu.New(net, emu.Options{})
		if err != nil {
			continue
		}
		after, err := emu.New(next, emu.Options{})
		if err != nil {
			continue
		}
		d := Diff(before, after)
		if len(d.Changes) > 0 {
			changed++
		}
		s := &sampler{m: m, d: &differ{before: newSide(before), after: newSide(after), out: &Difference{}}, found: d}
		s.d.match()
		s.d.same = newSameness(s.d.before.x.Network(), s.d.after.x.Network())
		if s.d.same.ways && s.d.same.atEnds {
			skipped++
		}
		for range 60 {
			was, is, ok := s.sample()
			if !ok {
				continue
			}
			sampled++
			if s.publicAt(s.at) >= 0 {
				public++
			}
			if was != is {
				fared++
			}
			if problem := s.problem(was, is); problem != "" {
				t.Fatalf("network %d, %s: %s", n, did, problem)
			}
		}
	}
	t.Logf("%d packets tried, %d of them to public addresses; %d fare otherwise; %d networks changed, and in %d ends were passed over", sampled, public, fared, changed, skipped)
	require.Positive(t, skipped)
	require.Positive(t, fared)
}

// sampler samples packets of a difference.
type sampler struct {
	m     *random.Maker
	d     *differ
	found *Difference

	src, dst twin
	v6       bool
	at       space.Point
	public   []public
	what     string
}

// sample chooses a packet that both networks have, and traces it in both.
func (s *sampler) sample() (was, is emu.Answer, ok bool) {
	s.src, s.dst = random.Pick(s.m, s.d.ends...), random.Pick(s.m, s.d.ends...)
	var near []space.Box
	if len(s.found.Changes) > 0 && !s.m.One(3) { // where something changed
		c := &s.found.Changes[s.m.IntN(len(s.found.Changes))]
		from, to := random.Pick(s.m, c.Sources...), random.Pick(s.m, c.Destinations...)
		for _, e := range s.d.ends {
			if s.d.name(e) == from {
				s.src = e
			}
			if s.d.name(e) == to {
				s.dst = e
			}
		}
		near, s.v6 = c.set, c.v6
		if c.six != nil && s.m.One(2) {
			near, s.v6 = c.six, true
		}
	} else {
		s.v6 = s.m.One(3)
	}
	v := space.Version(s.v6)
	if s.src == s.dst || s.src.before < 0 || s.src.after < 0 || s.dst.before < 0 || s.dst.after < 0 || !s.d.kind(s.src).Asks() {
		return 0, 0, false
	}
	if out := func(k emu.EndKind) bool {
		return k == emu.InternetEnd || k == emu.OnPremisesEnd || k == emu.ServiceEnd
	}; s.d.kind(s.src) == emu.InternetEnd && out(s.d.kind(s.dst)) {
		return 0, 0, false
	}
	before, after := s.d.between(s.src, s.dst)
	old, now := &before[v], &after[v]
	if old.pair == nil || now.pair == nil {
		return 0, 0, false
	}
	box := random.Pick(s.m, now.all...)
	if len(near) > 0 {
		box = random.Pick(s.m, near...)
	}
	for k := range box {
		s.at[k] = s.place(box[k])
	}
	if s.public = publicOfBoth(old, now); len(s.public) > 0 && s.m.One(2) {
		s.at[space.Destinations] = random.Pick(s.m, s.public...).public.First
	}
	if !now.all.Has(&s.at) || !old.all.Has(&s.at) || !old.has(s.at) || !now.has(s.at) {
		return 0, 0, false
	}
	for k, f := range [...]*verdicts{old, now} {
		first, there := f.real(s.at)
		if !there {
			return 0, 0, false
		}
		if f.pair.Ask(first).Depends != "" { // a trace takes one of several ways
			return 0, 0, false
		}
		tr, err := f.pair.Trace(first)
		if err != nil {
			return 0, 0, false
		}
		if k == 0 {
			was = tr.Verdict
		} else {
			is = tr.Verdict
		}
	}
	s.what = fmt.Sprintf("%s to %s, %v (IPv6: %v)", s.d.name(s.src), s.d.name(s.dst), s.at, s.v6)
	return was, is, true
}

// place is one in a span, at its ends, or just outside of it.
func (s *sampler) place(b space.Span) space.Num {
	switch s.m.IntN(6) {
	case 0, 1:
		return b.First
	case 2, 3:
		return b.Last
	case 4:
		if b.First != (space.Num{}) {
			return b.First.Prev()
		}
	}
	if n := b.First.Plus(space.Num{Lo: s.m.Uint64() % 70000}); b.Has(n) {
		return n
	}
	return b.First
}

// problem is what is wrong with what the difference says of the packet.
func (s *sampler) problem(was, is emu.Answer) string {
	said := s.said(s.at)
	switch {
	case said < 0 && was == is:
		return ""
	case said < 0 && s.asPrivate(was, is):
		return ""
	case said < 0:
		return fmt.Sprintf("%s was %s and is %s, which is not said", s.what, was, is)
	}
	if c := &s.found.Changes[said]; c.Was != was || c.Is != is {
		return fmt.Sprintf("%s was %s and is %s, and is said to have been %s and be %s", s.what, was, is, c.Was, c.Is)
	}
	return ""
}

// said is which change is about a packet, -1 for none. Those about all private addresses are
// about no public one.
func (s *sampler) said(at space.Point) int {
	from, to := s.d.name(s.src), s.d.name(s.dst)
	public := s.publicAt(at) >= 0
	return slices.IndexFunc(s.found.Changes, func(c Change) bool {
		set := c.set
		if s.v6 && c.six != nil {
			set = c.six
		}
		return c.Kind != Rerouted && slices.Contains(c.Sources, from) && slices.Contains(c.Destinations, to) && (c.v6 == s.v6 || s.v6 && c.six != nil) &&
			slices.ContainsFunc(set, func(b space.Box) bool { return b.Has(&at) && !(public && b[space.Destinations] == everything) })
	})
}

// publicAt is which public address a packet is sent to, -1 for none.
func (s *sampler) publicAt(at space.Point) int {
	return slices.IndexFunc(s.public, func(a public) bool { return a.public.Has(at[space.Destinations]) })
}

// asPrivate reports whether a packet is to a public address, and a change says as much of that to
// the private one.
func (s *sampler) asPrivate(was, is emu.Answer) bool {
	k := s.publicAt(s.at)
	if k < 0 {
		return false
	}
	at := s.at
	at[space.Destinations] = s.public[k].private.First
	said := s.said(at)
	return said >= 0 && s.found.Changes[said].Was == was && s.found.Changes[said].Is == is
}
