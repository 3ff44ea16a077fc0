package reach

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/internal/space"
	"github.com/vpcemu/vpcemu/vpc"
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
	// Sources and Destinations are the ends: it is so from each of the ones to each of
	// the others that is not the same.
	Sources, Destinations []string
	// Was and Is are the answers.
	Was, Is emu.Answer
	// Traffic are the packets.
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
	d.same.some = d.same.some && passOver
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

// side is one of the two networks.
type side struct {
	x     *emu.Explorer
	ends  []emu.End
	class []int            // of each end
	known map[[3]int]*fate // by classes and IP version, with addresses

	likes   *classifier
	holders map[netip.Addr]*holder // of public addresses, when first needed
}

func newSide(e *emu.Emulator) *side {
	s := &side{x: e.Explorer(), known: make(map[[3]int]*fate)}
	s.ends = s.x.Ends()
	number := make(map[string]int)
	all, likes := classes(s.x)
	s.likes = likes
	for k, c := range all {
		for _, m := range c.Members {
			number[place(m)] = k
		}
	}
	for k := range s.ends {
		s.class = append(s.class, number[place(&s.ends[k])])
	}
	return s
}

// twin is an end of both networks, or of one: its index, or -1.
type twin struct{ before, after int }

// group is ends that neither network tells apart.
type group struct{ ends []twin }

// differ compares.
type differ struct {
	before, after *side
	ends          []twin
	groups        []*group
	same          *sameness
	out           *Difference
}

// match finds the ends that are in both networks.
func (d *differ) match() {
	partner := make([]int, len(d.after.ends)) // of what is in the new network, plus one
	taken := make([]int, len(d.before.ends))
	for _, key := range matchKeys {
		old, now := keyed(d.before.ends, taken, key), keyed(d.after.ends, partner, key)
		for k, i := range old {
			if j, ok := now[k]; ok && i >= 0 && j >= 0 {
				taken[i], partner[j] = j+1, i+1
			}
		}
	}
	for j := range d.after.ends {
		d.ends = append(d.ends, twin{partner[j] - 1, j})
		if i := partner[j] - 1; i >= 0 && called(&d.before.ends[i]) != called(&d.after.ends[j]) && called(&d.before.ends[i]) != "" {
			d.out.Renamed = append(d.out.Renamed, [2]string{d.before.ends[i].Name, d.after.ends[j].Name})
		}
		if partner[j] == 0 && d.after.ends[j].Kind != emu.InternetEnd {
			d.out.Added = append(d.out.Added, d.after.ends[j].Name)
		}
	}
	for i := range d.before.ends {
		if taken[i] == 0 {
			d.ends = append(d.ends, twin{i, -1})
			if d.before.ends[i].Kind != emu.InternetEnd {
				d.out.Removed = append(d.out.Removed, d.before.ends[i].Name)
			}
		}
	}
}

// matchKeys are by what ends are matched, the best first.
var matchKeys = []func(e *emu.End) string{
	func(e *emu.End) string {
		if e.VPC == nil || called(e) == "" {
			return ""
		}
		return cmp.Or(e.VPC.Name, e.VPC.ID) + "/" + called(e)
	},
	called,
	func(e *emu.End) string { return e.ID() },
	func(e *emu.End) string {
		if e.Interface == nil || len(e.Interface.Addresses) == 0 {
			return ""
		}
		return e.Interface.Addresses[0].IP.String()
	},
	func(e *emu.End) string {
		if e.Kind == emu.OnPremisesEnd {
			return "onprem"
		}
		return ""
	},
}

// called is the name of an end, without what tells it from others.
func called(e *emu.End) string {
	switch {
	case e.Interface == nil:
		return e.Name[strings.LastIndexByte(e.Name, '/')+1:]
	case e.Instance != nil && e.Interface.DeviceIndex == 0 && e.Instance.Name != "":
		return e.Instance.Name
	}
	return e.Interface.Name
}

// keyed finds the ends without a partner by a key, -1 where several have it.
func keyed(ends []emu.End, partner []int, key func(*emu.End) string) map[string]int {
	found := make(map[string]int)
	for k := range ends {
		name := key(&ends[k])
		if partner[k] > 0 || name == "" {
			continue
		}
		name = ends[k].Kind.String() + " " + name
		if _, twice := found[name]; twice {
			found[name] = -1
			continue
		}
		found[name] = k
	}
	return found
}

// share sorts the ends into groups that neither network tells apart.
func (d *differ) share() {
	type key struct {
		before, after int
		touched       bool
		moved         string
	}
	index := make(map[key]*group)
	for _, e := range d.ends {
		key := key{before: -1, after: -1, touched: d.touched(e), moved: d.moved(e)}
		if e.before >= 0 {
			key.before = d.before.class[e.before]
		}
		if e.after >= 0 {
			key.after = d.after.class[e.after]
		}
		g := index[key]
		if g == nil {
			g = &group{}
			index[key] = g
			d.groups = append(d.groups, g)
		}
		g.ends = append(g.ends, e)
	}
}

// moved says what became of an interface's addresses, beside other values for the private
// ones: where those that there were stand in the list, and whether some are public that
// were not there before.
func (d *differ) moved(e twin) string {
	if e.before < 0 || e.after < 0 {
		return ""
	}
	old, now := d.before.ends[e.before].Interface, d.after.ends[e.after].Interface
	if old == nil || now == nil {
		return ""
	}
	was, is := old.Addresses, now.Addresses
	if len(was) == 1 && len(is) == 1 && was[0].Public == is[0].Public {
		return ""
	}
	var at []int
	for _, a := range is {
		at = append(at, slices.IndexFunc(was, func(o vpc.Address) bool { return o.IP == a.IP }),
			slices.IndexFunc(was, func(o vpc.Address) bool { return o.Public == a.Public }))
	}
	return fmt.Sprint(at)
}

// touched reports whether a change of the filters is about an end itself.
func (d *differ) touched(e twin) bool {
	return e.before < 0 || e.after < 0 || d.same.touched(&d.before.ends[e.before], &d.after.ends[e.after])
}

// kind is that of an end, whichever network has it.
func (d *differ) kind(e twin) emu.EndKind {
	if e.after >= 0 {
		return d.after.ends[e.after].Kind
	}
	return d.before.ends[e.before].Kind
}

// name is that of an end, in the new network if it is there.
func (d *differ) name(e twin) string {
	if e.after >= 0 {
		return d.after.ends[e.after].Name
	}
	return d.before.ends[e.before].Name
}

// names are those of a group.
func (d *differ) names(g *group) []string {
	names := make([]string, len(g.ends))
	for k, e := range g.ends {
		names[k] = d.name(e)
	}
	return names
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
	out := func(k emu.EndKind) bool {
		return k == emu.InternetEnd || k == emu.OnPremisesEnd || k == emu.ServiceEnd
	}
	if a, b := d.kind(src), d.kind(dst); !a.Asks() || a == emu.InternetEnd && out(b) {
		return
	}
	if d.same.skips(d.kind(src), d.kind(dst)) && !d.touched(src) && !d.touched(dst) {
		return
	}
	old, now := d.between(src, dst)
	for v := range old {
		old[v].numbers = [2]bool{len(from.ends) > 1, len(to.ends) > 1}
		now[v].numbers = old[v].numbers
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
func (d *differ) between(src, dst twin) (old, now *[2]fate) {
	old, now = d.before.between(src.before, dst.before), d.after.between(src.after, dst.after)
	for v := range old {
		seatBoth(&old[v], &now[v])
		d.before.ask(&old[v], src.before, dst.before, v)
		d.after.ask(&now[v], src.after, dst.after, v)
	}
	return old, now
}

// between is the packets from one end to another. It stands behind a pointer since Go 1.26
// loses what an array on the stack points to if one of its structs is chosen by index and
// copied after a call: between(…)[v], f() (TestDiff_Random saw it).
func (s *side) between(from, to int) *[2]fate {
	both := new([2]fate)
	if from < 0 || to < 0 {
		return both
	}
	for v := range both {
		if p, ok, err := s.x.Between(&s.ends[from], &s.ends[to], v == 1); err == nil && ok { // else nothing can be sent
			s.likes.thin(p)
			both[v].pair = p
		}
	}
	return both
}

// ask finds out what becomes of packets, if it is not known of others of the classes.
func (s *side) ask(f *fate, from, to, v int) {
	if f.pair == nil {
		return
	}
	f.all = f.strip(f.pair.All)
	key := [3]int{s.class[from], s.class[to], v}
	first := s.known[key]
	if first == nil {
		first = &fate{pair: f.pair}
		for _, part := range parts(f.pair, v == 1, f.pair.Decide) {
			first.sets[part.Answer] = append(first.sets[part.Answer], part.set...)
		}
		s.known[key] = first
	}
	theirs := fate{pair: first.pair, seats: f.seats} // with their addresses, which stand in the same order
	for n := range hosts {
		mine, others := f.ranges(n), first.ranges(n)
		theirs.seats[n] = slices.Clone(f.seats[n])
		for k, s := range theirs.seats[n] {
			at := slices.IndexFunc(mine, func(r emu.Range) bool { return r.Span == s.real })
			theirs.seats[n][k].real = others[at].Span
		}
	}
	for a, set := range first.sets {
		f.sets[a] = theirs.strip(set)
	}
}

// changes are those of one IP version between two ends.
func (d *differ) changes(old, now *fate, v6 bool) []Change {
	var all []Change
	was, is := old.answers(now), now.answers(old)
	for _, a := range [...]emu.Answer{emu.Blocked, emu.Reachable, emu.Uncertain} {
		for _, b := range [...]emu.Answer{emu.Blocked, emu.Reachable, emu.Uncertain} {
			if a != b {
				all = append(all, d.split(Change{Kind: kindOf(a, b), Was: a, Is: b, v6: v6}, was[a].And(is[b]), old, now)...)
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
func (d *differ) split(c Change, set space.Set, old, now *fate) []Change {
	var all []Change
	for _, b := range set {
		at, ok := common(b, old, now)
		if !ok {
			continue // addresses that are no internet host's in one of the networks
		}
		one := c
		one.Old, one.New = old.trace(at), now.trace(at)
		one.By, one.Before = d.causes(&one)
		all = among(all, one, b)
	}
	return d.inWords(all, old, now)
}

// among adds a box to the change that has the same causes, which is new if none has.
func among(all []Change, c Change, b space.Box) []Change {
	k := slices.IndexFunc(all, func(o Change) bool {
		return slices.Equal(causeKeys(o.By), causeKeys(c.By)) && slices.Equal(causeKeys(o.Before), causeKeys(c.Before))
	})
	if k < 0 {
		k = len(all)
		all = append(all, c)
	}
	all[k].set = append(all[k].set, b)
	return all
}

// inWords says which packets changes are about, and shows an ordinary one of them.
func (d *differ) inWords(all []Change, old, now *fate) []Change {
	for k := range all {
		c := &all[k]
		c.set = c.set.Joined()
		f := now
		if now.pair == nil || old.pair != nil && len(now.all.And(c.set)) == 0 {
			f = old // only there are such packets
		}
		c.Traffic = f.traffic(c.set, c.v6)
		c.words = wordsOf(c.Traffic)
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
