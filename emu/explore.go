package emu

import (
	"fmt"
	"iter"
	"net/netip"
	"slices"

	"github.com/vpcemu/vpcemu/internal/plan"
	"github.com/vpcemu/vpcemu/internal/space"
	"github.com/vpcemu/vpcemu/packet"
)

// Explorer answers for sets of packets what [Emulator.Trace] answers for one, on the
// network as it stood when the Explorer was made. One goroutine at a time may use it.
type Explorer struct {
	net    *generation
	marks  *marks
	alike  alike   // of the packet that is walked
	tracer *tracer // that walks it
}

// Explorer explores the network as it stands.
func (e *Emulator) Explorer() *Explorer {
	g := e.current.Load()
	return newExplorer(g, newMarks(g.plan))
}

func newExplorer(g *generation, m *marks) *Explorer {
	return &Explorer{net: g, marks: m, alike: alike{marks: m, before: make(map[*plan.Interface]origins)}}
}

// Pair is the packets of one IP version from one end to another.
type Pair struct {
	// All are the packets that there may be, as disjoint boxes of packets of one
	// protocol, or of several that no filter has a name for. Both ends have all their
	// addresses in it: see [Range].
	//
	// Those of the internet are all but what this network has, and what no internet host
	// may have: see Has.
	All space.Set

	x        *Explorer
	query    Query
	src, dst queryEnd
	v6       bool
	usual    space.Point // what a query would take where it does not say
	ranges   [2][]Range  // of the source and of the destination
}

// Finding is an answer, and for which packets it holds.
type Finding struct {
	// At is the packet that was asked about, and Box is around it; all packets in it fare
	// alike.
	At  space.Point
	Box space.Box
	// Answer is as that of a [Trace].
	Answer Answer
	// Request is the answer for the request alone.
	Request Answer
	// Blockers are what is in the way, without a Detail, and Unknowns what is not known.
	Blockers, Unknowns []Blocker
	// Ways is how many there are that gateways may choose for the packet; Blockers and
	// Unknowns are those of all.
	Ways int
	// Depends says on what the answer, or some blocker, depends beside the packet, "" for
	// nothing: AWS does not say how it chooses.
	Depends string
}

// Pair explores packets between two ends as a [Query] names them. An end that is named
// stands for all its addresses, and one that is written as an address for that. It is
// false if the ends have no addresses of the IP version, and there is no Pair then, or the
// same one and no other, and it has no packets.
func (x *Explorer) Pair(source, destination string, v6 bool) (*Pair, bool, error) {
	src, err := x.net.resolve(source)
	if err != nil {
		return nil, false, fmt.Errorf("source: %w", err)
	}
	dst, err := x.net.resolve(destination)
	if err != nil {
		return nil, false, fmt.Errorf("destination: %w", err)
	}
	return x.pair(src, dst, v6)
}

// pair is Pair for ends that have been found.
func (x *Explorer) pair(src, dst queryEnd, v6 bool) (*Pair, bool, error) {
	if err := askable(src, dst); err != nil {
		return nil, false, err
	}
	q := Query{Source: src.name, Destination: dst.name, IPv6: v6}
	q.Service.Protocol = int(packet.ICMP)
	if v6 {
		q.Service.Protocol = int(packet.ICMPv6) // of which there is only one IP version
	}
	from, to, err := x.net.addresses(q, src, dst)
	if err != nil || from.Is6() != v6 {
		return nil, false, nil
	}
	p := &Pair{x: x, query: q, src: src, dst: dst, v6: v6}
	p.usual = space.Point{space.SourcePorts: {Lo: defaultSourcePort}, space.Sources: space.Address(from), space.Destinations: space.Address(to)}
	outside := src.internet && dst.iface != nil && !dst.iface.Owns(to) // who knows public addresses alone
	p.ranges = [2][]Range{rangesOf(&src, from, true, false), rangesOf(&dst, to, !outside, outside || !src.internet)}
	for _, b := range servicesOf[space.Version(v6)]() {
		for _, from := range p.ranges[0] {
			for _, to := range p.ranges[1] {
				b[space.Sources], b[space.Destinations] = from.Span, to.Span
				p.All = append(p.All, b)
			}
		}
	}
	some := func(b space.Box) bool { _, ok := p.Some(b); return ok }
	return p, slices.ContainsFunc(p.All, some), nil // what a host sends to itself is none
}

// IPv6 reports whether the packets are IPv6, else IPv4.
func (p *Pair) IPv6() bool { return p.v6 }

// Ask asks about one of the pair's packets, and finds others that fare alike.
func (p *Pair) Ask(at space.Point) Finding { return p.ask(at, false) }

// Decide is Ask for who wants the answer alone: of what is in the way it finds the first
// only, and so larger boxes, sooner.
func (p *Pair) Decide(at space.Point) Finding { return p.ask(at, true) }

func (p *Pair) ask(at space.Point, brief bool) (f Finding) {
	a := &p.x.alike
	a.box, a.v6, a.internet, a.brief = p.around(at), p.v6, p.internet(), brief
	a.choices.made = a.choices.made[:0]
	f = p.once(at)
	for a.choices.next() {
		f.and(p.once(at))
	}
	f.At, f.Box = at, a.box
	return f
}

// Exhaust asks, by Ask or Decide, about a packet of a set that is in no box so far, until there
// is none. With each finding comes what the set has of its box, and of no box before; its
// memory is used again.
func (p *Pair) Exhaust(set space.Set, ask func(space.Point) Finding) iter.Seq2[Finding, space.Set] {
	return func(yield func(Finding, space.Set) bool) {
		left, rest, cut := slices.Clone(set), space.Set(nil), space.Set(nil)
		for len(left) > 0 {
			last := len(left) - 1
			at, ok := p.Some(left[last])
			if !ok {
				left = left[:last]
				continue
			}
			f := ask(at)
			if !f.Box.Has(&at) {
				panic("emu: a packet outside of its own box") // and so it would be asked about again, without end
			}
			rest, cut = left.Cut(&f.Box, rest[:0], cut[:0])
			left, rest = rest, left
			if !yield(f, cut) {
				return
			}
		}
	}
}

// internet says which dimensions are hosts of the internet.
func (p *Pair) internet() (all [space.Dimensions]bool) {
	all[space.Sources] = p.src.internet && !p.src.asked
	all[space.Destinations] = p.dst.internet && !p.dst.asked
	return all
}

// Has reports whether a packet is one of the pair's.
func (p *Pair) Has(at *space.Point) bool {
	for d, internet := range p.internet() {
		if internet && p.x.marks.holds(p.v6, space.One(at[d])) {
			return false
		}
	}
	return p.All.Has(at) && !p.toItself(at)
}

// toItself reports whether a host outside would send a packet to its own address, so that
// it would stay there. An address of the network may be in the ranges of an office.
func (p *Pair) toItself(at *space.Point) bool {
	return p.src.iface == nil && at[space.Sources] == at[space.Destinations]
}

// Places are what the pair's packets have in a dimension, in order and apart.
func (p *Pair) Places(d int) []space.Span {
	list := make([]space.Span, len(p.All))
	for i, b := range p.All {
		list[i] = b[d]
	}
	list = space.Union(list)
	if p.internet()[d] {
		list = space.Except(list, p.x.marks.inside[space.Version(p.v6)])
	}
	return list
}

// Internet are the addresses of an IP version that hosts of the internet may have, in order
// and apart.
func (p *Pair) Internet(v6 bool) []space.Span {
	return space.Except([]space.Span{space.Addresses(v6)}, p.x.marks.inside[space.Version(v6)])
}

// Some is a packet of the pair's in a box; false if there is none.
func (p *Pair) Some(b space.Box) (space.Point, bool) {
	at := b.First()
	for d, internet := range p.internet() {
		if hole, in := p.x.marks.inner(p.v6, at[d]); internet && in {
			if !hole.Last.Less(b[d].Last) {
				return at, false
			}
			at[d] = hole.Last.Next()
		}
	}
	if !p.toItself(&at) {
		return at, true
	}
	for _, d := range [...]int{space.Sources, space.Destinations} {
		if more := b; at[d].Less(b[d].Last) {
			more[d].First = at[d].Next()
			if other, ok := p.Some(more); ok {
				return other, true
			}
		}
	}
	return at, false
}

// Usual is a packet of the pair's in a set, such as a [Query] asks about, or as near to it
// as the set has one; false if there is none.
func (p *Pair) Usual(set space.Set) (usual space.Point, ok bool) {
	best := -1
	for _, b := range set {
		if at, score := p.Nearest(b); score > best {
			usual, best = at, score
		}
	}
	return usual, best >= 0
}

// Nearest is Usual in a box, and how near the packet is, more being nearer; -1 if there is
// none.
func (p *Pair) Nearest(b space.Box) (at space.Point, score int) {
	at, some := p.Some(b)
	if !some {
		return at, -1
	}
	want := p.usual
	want[space.Services] = at[space.Services]
	if k := slices.IndexFunc(usualServices[:], b[space.Services].Has); k >= 0 {
		want[space.Services] = usualServices[k]
		score = len(usualServices) - k
	}
	for d, n := range want {
		near := at
		near[d] = b[d].Nearest(n)
		if p.Has(&near) {
			at = near
		}
		if at[d] == n {
			score += len(usualServices)
		}
	}
	return at, score
}

// usualServices are what most would ask about first.
var usualServices = [...]space.Num{
	space.Service(uint8(packet.TCP), 443), space.Service(uint8(packet.TCP), 80), space.Service(uint8(packet.TCP), 22), space.Service(uint8(packet.UDP), 53),
	space.Service(uint8(packet.ICMP), 8<<8), space.Service(uint8(packet.ICMPv6), 128<<8),
}

// and adds the finding that another choice leads to.
func (f *Finding) and(g Finding) {
	if f.Answer != g.Answer && f.Depends == "" {
		f.Depends = "which of several a gateway chooses for it"
	}
	if f.Answer != g.Answer {
		f.Answer = Uncertain
	}
	if f.Request != g.Request {
		f.Request = Uncertain
	}
	if f.Depends == "" {
		f.Depends = g.Depends
	}
	f.Blockers, f.Unknowns = union(f.Blockers, g.Blockers), union(f.Unknowns, g.Unknowns)
	f.Ways++
}

// union adds the blockers of a second list that the first one does not have. One that is
// hypothetical on one way only, where something else is in the way, is real.
func union(all, more []Blocker) []Blocker {
	for _, b := range more {
		k := slices.IndexFunc(all, func(o Blocker) bool { return o.Same(&b) })
		if k < 0 {
			all = append(all, b)
			continue
		}
		all[k].Hypothetical = all[k].Hypothetical && b.Hypothetical
	}
	return all
}

// around is the box of All that has a packet, without the addresses of its source,
// which the fabric never sees (ENI-23).
func (p *Pair) around(at space.Point) space.Box {
	for _, b := range p.All {
		if !b.Has(&at) {
			continue
		}
		if to := &b[space.Destinations]; !to.Single() && p.src.iface != nil {
			own := slices.Clone(p.src.iface.Desc.Prefixes)
			for _, a := range p.src.iface.Desc.Addresses {
				own = append(own, netip.PrefixFrom(a.IP, a.IP.BitLen()))
			}
			for _, a := range own {
				if a.IsValid() && a.Addr().Is6() == p.v6 {
					*to = beside(*to, space.Prefix(a), at[space.Destinations])
				}
			}
		}
		return b
	}
	panic("emu: a packet that is not one of the pair's")
}

// once walks the packet once, with the choices of now.
func (p *Pair) once(at space.Point) Finding {
	a := &p.x.alike
	a.maybe, a.doubtful = "", 0
	t := p.reset(at)
	out := t.trace()
	return Finding{Ways: 1, Answer: out.Verdict, Request: out.request, Depends: a.maybe, Blockers: slices.Clone(out.Blockers), Unknowns: slices.Clone(out.Unknowns)}
}

// Trace is the whole answer about one packet.
func (p *Pair) Trace(at space.Point) (*Trace, error) {
	q := p.query
	q.Service, q.SourcePort = serviceAt(at), uint16(at[space.SourcePorts].Lo)
	src, dst := p.ends(at)
	t, err := newTracerBetween(p.x.net, q, src, dst)
	if err != nil {
		return nil, err
	}
	return t.trace(), nil
}

// ends are the pair's, with the addresses that a packet has.
func (p *Pair) ends(at space.Point) (src, dst queryEnd) {
	src, dst = p.src, p.dst
	src.at(p.ranges[0], at[space.Sources], p.v6)
	dst.at(p.ranges[1], at[space.Destinations], p.v6)
	return src, dst
}

// reset makes the Explorer's tracer as new, for one of the pair's packets.
func (p *Pair) reset(at space.Point) *tracer {
	t := p.x.tracer
	if t == nil || len(t.memory) > mostRemembered {
		t = &tracer{net: p.x.net, memory: make(map[*plan.Interface]*state), went: make(map[*plan.VPC]outbound),
			quiet: make(map[Reason]bool), down: make(map[string]bool), alike: &p.x.alike, scratch: new(scratch)}
		p.x.tracer = t
	}
	t.flows.Clear()
	clear(t.quiet)
	clear(t.down)
	t.query = p.query
	t.src, t.dst = p.ends(at)
	t.probe = probeOf(t.src.addr, t.dst.addr, serviceAt(at), uint16(at[space.SourcePorts].Lo))
	t.strayed, t.standIn, t.lentTo = false, netip.Addr{}, netip.Addr{}
	return t
}

// mostRemembered is how many interfaces a tracer has memory of before it begins anew.
const mostRemembered = 1000
