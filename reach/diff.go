package reach

import (
	"slices"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/internal/space"
)

// Kind is what a change does.
type Kind uint8

// The kinds of changes.
const (
	Opened   Kind = iota // is reachable, and was not
	Closed               // was reachable, and is not
	Unclear              // was unknown and is blocked, or the reverse
	Rerouted             // is reachable as it was, through other gateways or by another public address
)

// String is "opened", "closed", "unclear" or "rerouted".
func (k Kind) String() string { return [...]string{"opened", "closed", "unclear", "rerouted"}[k] }

// MarshalText is the kind's name.
func (k Kind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// Difference is what gets where in one network and not in another.
type Difference struct {
	// Changes are in the order of the kinds, those that are alike in one.
	Changes []Change
	// Added are ends that the old network has not, by name, and Removed those that the
	// new one has not.
	Added, Removed []string
	// Renamed are ends that were matched although they are called otherwise: the old
	// name and the new one.
	Renamed [][2]string
}

// Same reports whether nothing opened, closed, or became or ceased to be unknown.
func (d *Difference) Same() bool {
	return !slices.ContainsFunc(d.Changes, func(c Change) bool { return c.Kind != Rerouted })
}

// Change is packets that fare otherwise in the new network.
type Change struct {
	Kind Kind
	// Sources and Destinations are the ends. The change is one of each pair of them, but
	// for an end with itself.
	Sources, Destinations []string
	// Was and Is are the answers.
	Was, Is emu.Answer
	// Traffic are the packets: of what closed by the addresses that the ends had, else by those
	// that they have.
	Traffic []Traffic
	// By is what made it so in the new network, and Before what was there in the old
	// one; both may be empty, if an end was not there.
	By, Before []Cause
	// Old and New are the traces of one of the packets, nil if an end is not there.
	Old, New *emu.Trace

	set   space.Set // the packets, with numbers of hosts
	v6    bool
	six   space.Set // those of IPv6, if there are such of both IP versions
	words []string
	// general are the words that fit destinations with other public addresses too.
	general []string
}

// Words are the packets in words, each only once.
func (c *Change) Words() []string { return c.words }

// Versions are the packets' IP versions, 4 and 6 in this order. The traces are those of a
// packet of the first.
func (c *Change) Versions() []int {
	switch {
	case c.v6:
		return []int{6}
	case c.six != nil:
		return []int{4, 6}
	}
	return []int{4}
}

// Diff compares two networks as they stand. Ends are matched by name, or else by ID, or
// else by address; classes of ends that neither network tells apart are compared once.
func Diff(before, after *emu.Emulator) *Difference { return new(Comparison).Diff(before, after) }

// Progress is told of each pair of ends that is done, and how many there are of all. The nil
// Progress is not.
type Progress func(done, all int)

// Comparison is how to compare; the zero Comparison does what [Diff] does.
type Comparison struct {
	Progress Progress
}

// Diff is [Diff], with progress.
func (c *Comparison) Diff(before, after *emu.Emulator) *Difference {
	return diff(before, after, true, c.Progress)
}

// diff passes over what cannot have changed, or compares everything.
func diff(before, after *emu.Emulator, passOver bool, progress Progress) *Difference {
	d := &differ{before: newSide(before), after: newSide(after), out: &Difference{}}
	d.match()
	d.same = newSameness(d.before.x.Network(), d.after.x.Network())
	d.same.atEnds = d.same.atEnds && passOver
	d.share()
	for k, from := range d.groups {
		for l, to := range d.groups {
			d.compare(from, to)
			if progress != nil {
				progress(k*len(d.groups)+l+1, len(d.groups)*len(d.groups))
			}
		}
	}
	d.out.Changes = mergeVersions(merge(d.out.Changes))
	return d.out
}

// differ compares.
type differ struct {
	before, after *side
	ends          []twin
	groups        []*group
	same          *sameness
	out           *Difference
}

// compare compares what gets from one group to another.
func (d *differ) compare(from, to *group) {
	src, dst := from.ends[0], to.ends[0]
	if from == to {
		if len(from.ends) < 2 {
			return
		}
		dst = to.ends[1]
	}
	a, b := d.kind(src), d.kind(dst)
	if !talk(a, b) || d.same.skips(a, b) && !d.touched(src) && !d.touched(dst) {
		return
	}
	old, now := d.between(src, dst)
	for v := range old {
		old[v].several = [2]bool{len(from.ends) > 1, len(to.ends) > 1}
		now[v].several = old[v].several
		for _, c := range d.changes(&old[v], &now[v], v == 1) {
			c.Sources, c.Destinations = d.names(from), d.names(to)
			d.label(&c, src, dst)
			d.out.Changes = append(d.out.Changes, c)
		}
	}
}

// label gives traces the names that people know.
func (d *differ) label(c *Change, src, dst twin) {
	if c.Old != nil {
		c.Old.Source, c.Old.Destination = d.before.ends[src.before].Name, d.before.ends[dst.before].Name
	}
	if c.New != nil {
		c.New.Source, c.New.Destination = d.after.ends[src.after].Name, d.after.ends[dst.after].Name
	}
}

// between is what gets from one end to another in both networks, over IPv4 and over IPv6.
func (d *differ) between(src, dst twin) (old, now *[2]verdicts) {
	old, now = d.before.between(src.before, dst.before), d.after.between(src.after, dst.after)
	for v := range old {
		numberBoth(&old[v], &now[v])
		d.before.ask(&old[v], src.before, dst.before, v)
		d.after.ask(&now[v], src.after, dst.after, v)
	}
	return old, now
}

// changes are those of one IP version between two ends.
func (d *differ) changes(old, now *verdicts, v6 bool) []Change {
	var all []Change
	was, is, public := old.answers(now), now.answers(old), publicOfBoth(old, now)
	for _, a := range [...]emu.Answer{emu.Blocked, emu.Reachable, emu.Uncertain} {
		for _, b := range [...]emu.Answer{emu.Blocked, emu.Reachable, emu.Uncertain} {
			if a != b {
				all = append(all, d.split(Change{Kind: kindOf(a, b), Was: a, Is: b, v6: v6}, apart(was[a].And(is[b]), public), old, now)...)
			}
		}
	}
	if !d.same.ways {
		all = append(all, d.rerouted(old, now, v6)...)
	}
	return all
}

func kindOf(was, is emu.Answer) Kind {
	switch emu.Reachable {
	case is:
		return Opened
	case was:
		return Closed
	}
	return Unclear
}

// split is a change for each of what made packets fare otherwise.
func (d *differ) split(c Change, set space.Set, old, now *verdicts) []Change {
	var all []Change
	for _, b := range set {
		at, ok := common(b, old, now)
		if !ok {
			continue // addresses that are no internet host's in one of the networks
		}
		one := c
		one.Old, one.New = old.trace(at), now.trace(at)
		one.By, one.Before = d.causes(&one)
		all = withChange(all, one, b)
	}
	return d.inWords(all, old, now)
}

// withChange adds packets to the change that has the same causes, or makes it one more.
func withChange(all []Change, c Change, packets space.Box) []Change {
	k := slices.IndexFunc(all, func(o Change) bool {
		return slices.Equal(causeKeys(o.By), causeKeys(c.By)) && slices.Equal(causeKeys(o.Before), causeKeys(c.Before))
	})
	if k < 0 {
		k = len(all)
		all = append(all, c)
	}
	all[k].set = append(all[k].set, packets)
	return all
}

// inWords says which packets changes are about, and shows an ordinary one of them.
func (d *differ) inWords(all []Change, old, now *verdicts) []Change {
	public := publicOfBoth(old, now)
	for k := range all {
		c := &all[k]
		c.set = apart(c.set, public).Joined()
		f := now
		if c.Kind == Closed || now.pair == nil || old.pair != nil && len(now.all.And(c.set)) == 0 {
			f = old // where it was open, or where alone there are such packets
		}
		c.Traffic = f.traffic(c.set)
		c.words, c.general = wordsOf(c.Traffic), wordsOf(generally(c.Traffic))
		at, ok := f.usual(c.set)
		c.set = f.whole(c.set)
		if ok && old.has(at) && now.has(at) {
			c.Old, c.New = old.trace(at), now.trace(at)
			if c.Kind != Rerouted {
				c.By, c.Before = d.causes(c)
			}
		}
	}
	return all
}
