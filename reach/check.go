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
// ends' first addresses, over IPv4 if both have it; and of the internet or on-premises for
// an ordinary host, the one that a trace takes. What is expected to be blocked must be so
// for all packets: from all source ports, between all addresses of both, over both IP
// versions, and from all hosts out there. "only" says both, the first of what it names and
// the second of everything else.
type Checker struct {
	x     *emu.Explorer
	ends  []emu.End
	calls [][]string       // what each end is called
	index map[*emu.End]int // where it is
	class map[*emu.End]int // ends of a class fare alike
}

// NewChecker is one for an emulator's network.
func NewChecker(e *emu.Emulator) *Checker {
	c := &Checker{x: e.Explorer(), index: make(map[*emu.End]int), class: make(map[*emu.End]int)}
	c.ends = c.x.Ends()
	byID := make(map[string]int)
	for k, class := range classes(c.x) {
		for _, m := range class.Members {
			byID[place(m)] = k
		}
	}
	for k := range c.ends {
		end := &c.ends[k]
		c.calls = append(c.calls, calls(end))
		c.index[end], c.class[end] = k, byID[place(end)]
	}
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
	for _, e := range c.encounters(sources, destinations) {
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

// addresses is an end by each of its addresses: by its name, which means the first one, and
// by the others. Others may send to a public one; who has it sends from the private one
// (IGW-6). A load balancer has those of all its nodes: clients ask any of them.
func (c *Checker) addresses(a *asked, source bool) []asked {
	all := []asked{*a}
	for _, e := range c.meant(*a) {
		if e.Kind == emu.BalancerEnd {
			all = append(all, nodes(e)...)
		}
		if e.Interface == nil || e.VPC == nil {
			continue
		}
		var first [2]bool
		for _, d := range e.Interface.Addresses {
			if v := version(d.IP.Is6()); !first[v] && d.IP.IsValid() {
				first[v] = true
				if len(c.meant(*a)) == 1 && !several(e.Interface, d.IP.Is6()) {
					d.IP = netip.Addr{} // it is what the name means
				}
			}
			if d.IP.IsValid() {
				all = append(all, asked{text: e.VPC.ID + "/" + d.IP.String(), end: e})
			}
			if d.Public.IsValid() && !source {
				all = append(all, asked{text: d.Public.String(), end: e})
			}
		}
	}
	return all
}

// nodes are a load balancer by the addresses of its nodes.
func nodes(e *emu.End) (all []asked) {
	for _, b := range e.VPC.LoadBalancers {
		if b.ID != e.ID() {
			continue
		}
		for _, n := range b.Nodes {
			for _, d := range n.Addresses {
				if d.IP.IsValid() {
					all = append(all, asked{text: e.VPC.ID + "/" + d.IP.String(), end: e})
				}
				if d.Public.IsValid() {
					all = append(all, asked{text: d.Public.String(), end: e})
				}
			}
		}
	}
	return all
}

// several reports whether an interface has more than one address of an IP version.
func several(i *vpc.Interface, v6 bool) bool {
	count := 0
	for _, d := range i.Addresses {
		if d.IP.Is6() == v6 {
			count++
		}
	}
	return count > 1
}
