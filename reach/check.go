package reach

import (
	"fmt"
	"net/netip"
	"slices"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/internal/space"
	"github.com/vpcemu/vpcemu/vpc"
)

// Checker holds expectations against a network as it stood when the Checker was made. One
// goroutine at a time may use it.
//
// What is expected to be reachable, or unknown, must be so for ordinary clients: those that
// ask from a source port that Linux or Windows chooses by itself (32768 to 65535), by the
// ends' first addresses, over IPv4 if both have it; of a load balancer by those of all nodes
// that its name leads to; and of the internet or on-premises for an ordinary host, the one
// that a trace takes. What is expected to be blocked must be so
// for all packets: from all source ports, between all addresses of both, over both IP
// versions, and from all hosts out there. "only" says both, the first of what it names and
// the second of everything else.
type Checker struct {
	// Progress is told of the pairs of ends of each expectation.
	Progress Progress

	*names
	class map[*emu.End]int // ends of a class fare alike
	likes *classifier
}

// NewChecker is one for an emulator's network.
func NewChecker(e *emu.Emulator) *Checker {
	x := e.Explorer()
	all, likes := classes(x)
	c := &Checker{class: make(map[*emu.End]int), likes: likes}
	ends := []*emu.End(nil)
	for k, class := range all {
		for _, m := range class.Members {
			c.class[m] = k
			ends = append(ends, m)
		}
	}
	c.names = newNames(x, ends)
	return c
}

// place tells ends apart.
func place(e *emu.End) string {
	v := ""
	if e.VPC != nil {
		v = e.VPC.ID
	}
	return fmt.Sprint(e.Kind, v, "/", e.ID())
}

// Checked is what came out of an expectation.
type Checked struct {
	// Got is the answer of all that was asked about, or of what is not as expected.
	Got   emu.Answer
	Holds bool
	// Pairs is how many pairs of ends were asked about.
	Pairs int
	// Wrong are those that are not as expected: what certainly is not first.
	Wrong []Wrong
	// Trace is of the packet that shows what came out.
	Trace *emu.Trace
}

// Wrong is packets that do not fare as expected.
type Wrong struct {
	Source, Destination string
	// Sources and Destinations are all ends of which the network cannot tell those from that
	// Source and Destination: it is so from each of the ones to each of the others that is
	// not the same.
	Sources, Destinations []string
	// Got is what becomes of them, and Want what should.
	Got, Want emu.Answer
	// Traffic are the packets.
	Traffic []Traffic
	// Depends says on what the answer depends beside the packet, "" for nothing.
	Depends string
	// Trace is that of one of them.
	Trace *emu.Trace

	pair *emu.Pair
	set  space.Set
}

// Check holds an expectation against the network. An error means that it makes no sense
// there: a name or pattern that means nothing, a service that cannot be.
func (c *Checker) Check(e *vpc.Expectation) (*Checked, error) {
	services, only, err := e.Services()
	if err != nil {
		return nil, err
	}
	var want emu.Answer
	if err := want.UnmarshalText([]byte(e.Want)); err != nil {
		return nil, err
	}
	sources, err := c.find(e.Source, true)
	if err != nil {
		return nil, fmt.Errorf("source: %w", err)
	}
	destinations, err := c.find(e.Destination, false)
	if err != nil {
		return nil, fmt.Errorf("destination: %w", err)
	}
	one := len(sources) == 1 && len(destinations) == 1
	out := &Checked{Got: want, Holds: true}
	encounters := c.encounters(sources, destinations)
	for k, e := range encounters {
		if c.Progress != nil {
			c.Progress(k+1, len(encounters))
		}
		out.Pairs += e.pairs
		q := question{c: c, src: e.src, dst: e.dst, services: services, only: only, want: want, one: one}
		wrong, err := q.ask()
		if err != nil {
			return nil, err
		}
		if one && len(wrong) == 0 && q.shown != nil {
			if out.Trace, err = c.trace(q.shown, q.shownSet, e.src, e.dst); err != nil {
				return nil, err
			}
		}
		if len(wrong) > 0 {
			from, to := e.from.names(), e.to.names()
			for k := range wrong {
				wrong[k].Sources, wrong[k].Destinations = from, to
			}
		}
		out.Wrong = append(out.Wrong, wrong...)
	}
	if out.Pairs == 0 {
		return nil, fmt.Errorf("%s: no two different ends of it ever talk", e)
	}
	return out, c.show(out)
}

// show makes the traces of what is not as expected.
func (c *Checker) show(out *Checked) (err error) {
	slices.SortStableFunc(out.Wrong, func(a, b Wrong) int { return certainty(a.Got) - certainty(b.Got) })
	for k := range out.Wrong {
		w := &out.Wrong[k]
		src, dst := asked{text: w.Source}, asked{text: w.Destination}
		if w.Trace, err = c.trace(w.pair, w.set, &src, &dst); err != nil {
			return err
		}
	}
	if len(out.Wrong) > 0 {
		out.Holds, out.Got, out.Trace = false, out.Wrong[0].Got, out.Wrong[0].Trace
	}
	return nil
}

func certainty(a emu.Answer) int {
	if a == emu.Uncertain {
		return 1
	}
	return 0
}

// trace is that of an ordinary packet of a set.
func (c *Checker) trace(p *emu.Pair, set space.Set, src, dst *asked) (*emu.Trace, error) {
	at, ok := p.Usual(set)
	if !ok {
		return nil, nil
	}
	t, err := p.Trace(at)
	if err == nil {
		t.Source, t.Destination = src.name(), dst.name()
	}
	return t, err
}

// meet reports whether there are packets from one end to another: what is outside does not
// come in to go out again.
func (c *Checker) meet(src, dst *asked) bool { return !c.outside(src) || !c.outside(dst) }

// ordinaryPorts are the source ports of ordinary clients: Linux takes 32768 to 60999, and
// Windows 49152 to 65535.
var ordinaryPorts = space.Ports(32768, 65535)

// addresses are all that an end may be asked by: its name, which means all its addresses, the
// names of others that are called so, and as a destination the public addresses, which
// others may send to. Who has one sends from the private one (IGW-6).
func (c *Checker) addresses(a *asked, source bool) []asked {
	all := []asked{*a}
	meant := c.meant(*a)
	for _, e := range meant {
		if len(meant) > 1 {
			all = append(all, asked{end: e})
		}
		for _, public := range publicAddresses(e) {
			if !source {
				all = append(all, asked{text: public.String(), end: e})
			}
		}
	}
	return all
}

// publicAddresses are those of an interface, or of all nodes of a load balancer.
func publicAddresses(e *emu.End) (all []netip.Addr) {
	var list []vpc.Address
	switch {
	case e.Interface != nil:
		list = e.Interface.Addresses
	case e.Kind == emu.BalancerEnd:
		for _, b := range e.VPC.LoadBalancers {
			for _, n := range b.Nodes {
				if b.ID == e.ID() {
					list = append(list, n.Addresses...)
				}
			}
		}
	}
	for _, d := range list {
		if d.Public.IsValid() {
			all = append(all, d.Public)
		}
	}
	return all
}

// Nodes are the nodes that a load balancer's name leads to, as an [emu.Query] names them; nil
// if the end is none.
func (c *Checker) Nodes(destination string) []string { return c.x.Nodes(destination) }
