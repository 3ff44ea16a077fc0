package reach

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/firewall"
	"github.com/vpcemu/vpcemu/internal/space"
	"github.com/vpcemu/vpcemu/packet"
)

// question is an expectation of one pair of ends.
type question struct {
	c        *Checker
	src, dst *asked
	services []firewall.Service
	only     bool
	want     emu.Answer
	one      bool    // the only pair
	several  [2]bool // source and destination stand for others, whose addresses are others

	shown    *emu.Pair // for packets of which to show a trace if nothing is wrong
	shownSet space.Set
}

// ask is what is not as expected.
func (q *question) ask() ([]Wrong, error) {
	if q.want == emu.Blocked {
		return q.everything(q.named)
	}
	wrong, err := q.ordinary()
	if err != nil || !q.only {
		return wrong, err
	}
	rest := *q
	rest.want = emu.Blocked
	more, err := rest.everything(func(all space.Set) space.Set { return all.Minus(q.named(all)) })
	return append(wrong, more...), err
}

// ordinary asks about ordinary clients: each service over the first IP version that has
// it.
func (q *question) ordinary() ([]Wrong, error) {
	var all []Wrong
	left := q.services
	for _, v6 := range [...]bool{false, true} {
		p, ok, err := q.pair(*q.src, *q.dst, v6)
		if err != nil {
			return nil, err
		}
		if !ok || len(left) == 0 {
			continue
		}
		usual, ok := p.Usual(p.All)
		if !ok {
			continue
		}
		var set space.Set
		var none []firewall.Service
		for _, s := range left {
			var some space.Set
			for _, to := range clientsAsk(p, usual) {
				b := space.Box{space.Services: usualSpan(s), space.SourcePorts: ordinaryPorts, space.Sources: space.One(usual[space.Sources]), space.Destinations: to}
				some = some.Or(p.All.And(space.Set{b}))
			}
			if len(some) == 0 {
				none = append(none, s)
			}
			set = set.Or(some)
		}
		left = none
		all = append(all, q.hold(p, set)...)
	}
	if len(left) > 0 {
		return nil, fmt.Errorf("%s: %s and %s do not talk over an IP version that has it", left[0], q.src.name(), q.dst.name())
	}
	return all, nil
}

// clientsAsk are the addresses that ordinary clients ask: an end's usual one, and of a load
// balancer all that its name leads to.
func clientsAsk(p *emu.Pair, usual space.Point) (all []space.Span) {
	for _, r := range p.Destinations() {
		if r.Named {
			all = append(all, r.Span)
		}
	}
	if len(all) == 0 {
		all = []space.Span{space.One(usual[space.Destinations])}
	}
	return all
}

// everything asks about what a function chooses of all packets, between all addresses of
// the two ends.
func (q *question) everything(choose func(space.Set) space.Set) ([]Wrong, error) {
	var all []Wrong
	var found *emu.Pair
	seen := make(map[[2]space.Span]bool) // addresses: several names may mean one
	for _, v6 := range [...]bool{false, true} {
		for _, from := range q.c.namesakes(q.src) {
			for _, to := range q.c.namesakes(q.dst) {
				p, ok, err := q.pair(from, to, v6)
				if err != nil {
					return nil, err
				}
				found = cmp.Or(found, p)
				if !ok {
					continue
				}
				var fresh space.Set
				for _, b := range p.All {
					if !seen[[2]space.Span{b[space.Sources], b[space.Destinations]}] {
						fresh = append(fresh, b)
					}
				}
				for _, b := range fresh {
					seen[[2]space.Span{b[space.Sources], b[space.Destinations]}] = true
				}
				if len(fresh) > 0 {
					all = append(all, q.hold(p, choose(fresh))...)
				}
			}
		}
	}
	if len(seen) == 0 && q.one {
		return nil, noPackets(q.src.name(), q.dst.name(), found)
	}
	return all, nil
}

// pair are the packets between two ends.
func (q *question) pair(from, to asked, v6 bool) (p *emu.Pair, ok bool, err error) {
	if from.end != nil && to.end != nil && from.text == "" && to.text == "" {
		p, ok, err = q.c.x.Between(from.end, to.end, v6)
	} else {
		p, ok, err = q.c.x.Pair(from.query(), to.query(), v6)
	}
	if ok {
		q.c.classifier.Represent(p)
	}
	return p, ok, err
}

// query names the end as an [emu.Query] does.
func (a *asked) query() string {
	switch {
	case a.text != "":
		return a.text
	case a.end.VPC != nil && a.end.Kind != emu.OnPremisesEnd:
		return a.end.VPC.ID + "/" + a.end.ID()
	}
	return a.end.Name
}

// named is the packets of a set that the expectation names.
func (q *question) named(set space.Set) space.Set {
	var all space.Set
	for _, b := range set {
		for _, s := range q.services {
			part := b
			part[space.Services] = part[space.Services].And(spanOf(s))
			if !part.Empty() {
				all = all.With(&part)
			}
		}
	}
	return all
}

// usualSpan is what ordinary clients ask of a service: of ICMP without a type an echo
// request, as in a trace, and of a type without a code the code 0.
func usualSpan(s firewall.Service) space.Span {
	if !s.IsICMP() {
		return spanOf(s)
	}
	if s.From < 0 {
		s.From = int(packet.ICMPEchoRequest)
		if packet.Proto(s.Protocol) == packet.ICMPv6 {
			s.From = int(packet.ICMPv6EchoRequest)
		}
	}
	span := spanOf(s)
	span.Last = span.First
	return span
}

// hold is the packets of a set whose answer is not the one that is wanted: those that fare
// alike for one reason together.
func (q *question) hold(p *emu.Pair, set space.Set) []Wrong {
	if q.shown == nil && len(set) > 0 {
		q.shown, q.shownSet = p, slices.Clone(set)
	}
	var all []Wrong
	index := make(map[reason]int)
	for f, some := range p.Exhaust(set, p.Decide) {
		if f.Answer == q.want {
			continue
		}
		r := reason{answer: f.Answer, depends: f.Depends}
		if t, err := p.Trace(f.At); err == nil {
			if r.cause = CauseOf(t); f.Answer != emu.Reachable {
				r.cause.Text = "" // has the packet in it
			}
		}
		k, known := index[r]
		if !known {
			k = len(all)
			index[r] = k
			all = append(all, Wrong{Source: q.src.name(), Destination: q.dst.name(), Got: f.Answer, Want: q.want, Depends: f.Depends, pair: p})
		}
		all[k].set = append(all[k].set, some...)
	}
	asked := placesAsked(p, set, q.several)
	for k := range all {
		all[k].set = all[k].set.Joined()
		all[k].Traffic = asked.of(all[k].set)
	}
	return all
}

// placesAsked are the places of a pair's packets of which a set was asked about: words leave
// out what is all of them. Services are worded as they are.
func placesAsked(p *emu.Pair, set space.Set, several [2]bool) *places {
	asked := placesOf(p, several)
	for d := space.SourcePorts; d < space.Dimensions; d++ {
		var spans []space.Span
		for _, b := range set {
			spans = append(spans, b[d])
		}
		spans = space.Union(spans)
		if n := d - space.Sources; n >= 0 {
			spans = expand(asked.hosts[n], spans)
		}
		asked.all[d] = space.Common(asked.all[d], spans)
	}
	return asked
}

// reason is why packets are not as expected.
type reason struct {
	answer  emu.Answer
	depends string
	cause   Cause
}
