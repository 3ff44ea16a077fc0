package reach

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/internal/classes"
	"github.com/vpcemu/vpcemu/internal/space"
	"github.com/vpcemu/vpcemu/vpc"
)

// Network answers questions about a network as it stood when it was made. One goroutine
// at a time may use it.
type Network struct {
	explorer   *emu.Explorer
	classifier *classes.Classifier // when first needed
}

// New compiles a network. An error is what is wrong with the description.
func New(n *vpc.Network) (*Network, error) {
	e, err := emu.New(n, emu.Options{})
	if err != nil {
		return nil, err
	}
	return Of(e), nil
}

// Of is the network of an emulator, as it stands.
func Of(e *emu.Emulator) *Network { return &Network{explorer: e.Explorer()} }

// Between is what gets from one end of a network to another. The ends are named as in
// an [emu.Query].
func Between(n *vpc.Network, source, destination string) (*Answer, error) {
	net, err := New(n)
	if err != nil {
		return nil, err
	}
	return net.Between(source, destination)
}

// Answer is what becomes of all packets from one end to another.
type Answer struct {
	Source, Destination string
	// Parts are all packets, those that fare alike in one part: what is reachable first,
	// then what is unknown, then what is blocked, of that first what only the answer to is.
	Parts []Part
}

// Part is packets that fare alike.
type Part struct {
	// Answer is reachable if the request arrives and its reply comes back; Request is for
	// the request alone.
	Answer, Request emu.Answer
	// Blockers are everything in the way, and Unknowns what is not known.
	Blockers, Unknowns []emu.Blocker
	// Depends says on what the answer depends beside the packet, "" for nothing.
	Depends string

	pair    *emu.Pair
	set     space.Set
	several [2]bool // source and destination have others like them, whose addresses are others
}

// IPv6 reports whether the packets are IPv6, else IPv4: a part has those of one version.
func (p *Part) IPv6() bool { return p.pair.IPv6() }

// Traffic are the packets in words, as few lines as there may be.
func (p *Part) Traffic() []Traffic { return p.places().of(p.set) }

func (p *Part) places() *places { return placesOf(p.pair, p.several) }

// Set is the packets of the part. Of the internet's addresses it may hold some that no
// internet host has.
func (p *Part) Set() space.Set { return expanded(p.pair, p.set).Joined() }

// Witness is the trace of one packet of the part, an ordinary one if there is one.
func (p *Part) Witness() (*emu.Trace, error) {
	_, t, err := p.witness()
	return t, err
}

// witness is Witness, and the packet. It is none of those that others stand for, about which
// the pair is not asked.
func (p *Part) witness() (at space.Point, t *emu.Trace, err error) {
	at, ok := p.pair.Usual(p.set.Joined())
	if !ok {
		return at, nil, errors.New("a part without packets")
	}
	t, err = p.pair.Trace(at)
	return at, t, err
}

// Alike is the trace of Witness, and other packets of the part for which every step of it
// is the same: as many as one product has.
func (p *Part) Alike() (*emu.Trace, *space.Product, error) {
	at, t, err := p.witness()
	if err != nil {
		return nil, nil, err
	}
	f := p.pair.Ask(at)
	same := space.Product{} // of the part, which may be less: see Answer.Of
	for _, some := range (space.Set{f.Box}).And(p.set).Products() {
		if set := some.Boxes(); set.Has(&at) {
			same = some
		}
	}
	for d := range same {
		same[d] = space.Common(same[d], p.pair.Places(d))
	}
	return t, &same, nil
}

// Reachable is the packets of an IP version that get there and are answered.
func (a *Answer) Reachable(v6 bool) space.Set { return a.Set(emu.Reachable, v6) }

// Set is the packets of an IP version that have an answer. Of the internet's addresses it may
// hold some that no internet host has.
func (a *Answer) Set(answer emu.Answer, v6 bool) space.Set {
	for i := range a.Parts {
		if p := &a.Parts[i]; p.IPv6() == v6 {
			return expanded(p.pair, a.set(answer, v6)).Joined()
		}
	}
	return nil
}

// set is Set without the addresses that others stand for.
func (a *Answer) set(answer emu.Answer, v6 bool) space.Set {
	var all space.Set
	for i := range a.Parts {
		if p := &a.Parts[i]; p.Answer == answer && p.IPv6() == v6 {
			all = append(all, p.set...) // parts have no packets in common
		}
	}
	return all.Joined()
}

// Traffic is [Answer.Set] in words. It is nothing if there is no such packet.
func (a *Answer) Traffic(answer emu.Answer, v6 bool) []Traffic {
	for i := range a.Parts {
		if p := &a.Parts[i]; p.IPv6() == v6 {
			return p.places().of(a.set(answer, v6))
		}
	}
	return nil
}

// Between is what gets from one end to another.
func (n *Network) Between(source, destination string) (*Answer, error) {
	a := &Answer{Source: source, Destination: destination}
	var found *emu.Pair
	for _, v6 := range [...]bool{false, true} {
		p, ok, err := n.explorer.Pair(source, destination, v6)
		if err != nil {
			return nil, err
		}
		if ok {
			n.represent(p)
			a.Parts = append(a.Parts, parts(p, p.Ask)...)
		}
		found = cmp.Or(found, p)
	}
	if len(a.Parts) == 0 {
		return nil, noPackets(source, destination, found)
	}
	slices.SortStableFunc(a.Parts, func(a, b Part) int {
		return cmp.Or(cmp.Compare(order(a.Answer), order(b.Answer)), cmp.Compare(order(a.Request), order(b.Request)),
			cmp.Compare(space.Version(a.IPv6()), space.Version(b.IPv6())), cmp.Compare(a.extra(), b.extra()))
	})
	return a, nil
}

// noPackets says why there are none from one end to another, between whose addresses a pair was found or not.
func noPackets(source, destination string, found *emu.Pair) error {
	if found != nil {
		return fmt.Errorf("%s and %s have the same address: there are no packets between them", source, destination)
	}
	return fmt.Errorf("%s and %s have no IP version in common", source, destination)
}

// represent leaves addresses out that fare as others do.
func (n *Network) represent(p *emu.Pair) {
	if !classes.Many(p) {
		return
	}
	if n.classifier == nil {
		n.classifier = classes.New(n.explorer, n.explorer.Ends())
	}
	n.classifier.Represent(p)
}

// extra is 1 for packets to public addresses alone that have their private ones beside them.
func (p *Part) extra() int {
	some := publicOf(p.pair.Destinations())
	for _, b := range p.set {
		if !slices.ContainsFunc(some, func(a public) bool { return a.public == b[space.Destinations] }) {
			return 0
		}
	}
	return 1
}

// order is that of parts.
func order(a emu.Answer) int { return [...]int{emu.Reachable: 0, emu.Uncertain: 1, emu.Blocked: 2}[a] }

// parts are all packets of a pair.
func parts(p *emu.Pair, ask func(space.Point) emu.Finding) []Part {
	var all []Part
	for f, set := range p.Exhaust(p.All, ask) {
		k := slices.IndexFunc(all, func(o Part) bool { return o.fares(&f) })
		if k < 0 {
			k = len(all)
			all = append(all, Part{Answer: f.Answer, Request: f.Request, Blockers: f.Blockers, Unknowns: f.Unknowns, Depends: f.Depends, pair: p})
		}
		all[k].set = append(all[k].set, set...)
	}
	return all
}

// fares reports whether a finding is about packets of the part.
func (p *Part) fares(f *emu.Finding) bool {
	same := func(a, b emu.Blocker) bool { return a.Same(&b) }
	return p.Answer == f.Answer && p.Request == f.Request && p.Depends == f.Depends &&
		slices.EqualFunc(p.Blockers, f.Blockers, same) && slices.EqualFunc(p.Unknowns, f.Unknowns, same)
}
