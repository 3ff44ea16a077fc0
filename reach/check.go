package reach

import (
	"fmt"
	"slices"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/internal/classes"
	"github.com/vpcemu/vpcemu/internal/space"
	"github.com/vpcemu/vpcemu/vpc"
)

// Checker holds expectations against a network as it stood when the Checker was made. One
// goroutine at a time may use it.
//
// "reachable" and "unknown" must hold for ordinary clients. These ask
//   - from the source ports that Linux and Windows choose by themselves, 32768 to 65535;
//   - over IPv4 if both ends have it;
//   - from and to the first address of an end; of a load balancer, to those of all nodes that
//     its name leads to; of the internet and on-premises, for the host that a trace takes.
//
// "blocked" must hold for all packets: from all source ports, between all addresses of both
// ends, over both IP versions, and from all hosts out there. "only" says both: reachable for
// the services that it names, blocked for all others.
//
// The ends of an expectation may be patterns:
//
//	app-1, 10.0.2.4, internet, onprem   one end, as an [emu.Query] names it
//	app-*, prod/*, *, any               what is called so; * stands for any letters, ? for
//	                                    one; before a slash is what its VPC is called
//	public, private                     what is in subnets with and without a route to an
//	                                    internet gateway ([emu.End.Public])
//	subnet:db-*, vpc:prod, group:web    what is in such a subnet or VPC, or has such a group,
//	                                    by name or ID
//	tag:Name=db-*                       what has such a name, or whose instance has
//	a, b except c, d                    several, and all but some
//
// Patterns mean interfaces of guests and, as destinations, load balancers and interface
// endpoints too. They never mean the internet or on-premises: these are named, and "onprem" is
// all of them where there are several. An end that is called exactly as a pattern is goes
// before the pattern. A pattern that means nothing is an error, and so is a name that means
// several things; also behind "except".
type Checker struct {
	// Progress is told of the pairs of ends of each expectation.
	Progress Progress

	*names
	class map[*emu.End]int // ends of a class fare alike

	classifier *classes.Classifier
}

// NewChecker is one for an emulator's network.
func NewChecker(e *emu.Emulator) *Checker {
	x := e.Explorer()
	all, classifier := classesOf(x, x.Ends())
	c := &Checker{class: make(map[*emu.End]int), classifier: classifier}
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
	// Sources and Destinations are all ends that the network cannot tell from Source and
	// from Destination. What is said holds for each pair of them, but for an end with
	// itself.
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
		from, to := e.from.names(), e.to.names()
		q := question{c: c, src: e.src, dst: e.dst, services: services, only: only, want: want, one: one, several: [2]bool{len(from) > 1, len(to) > 1}}
		wrong, err := q.ask()
		if err != nil {
			return nil, err
		}
		if one && len(wrong) == 0 && q.shown != nil {
			if out.Trace, err = c.trace(q.shown, q.shownSet, e.src, e.dst); err != nil {
				return nil, err
			}
		}
		for k := range wrong {
			wrong[k].Sources, wrong[k].Destinations = from, to
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

// namesakes are an end, and the others that are called so.
func (c *Checker) namesakes(a *asked) []asked {
	all := []asked{*a}
	if meant := c.meant(*a); len(meant) > 1 {
		for _, e := range meant {
			all = append(all, asked{end: e})
		}
	}
	return all
}

// Nodes are the nodes that a load balancer's name leads to, as an [emu.Query] names them; nil
// if the end is none.
func (c *Checker) Nodes(destination string) []string { return c.x.Nodes(destination) }
