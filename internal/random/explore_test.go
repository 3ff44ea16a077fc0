package random

import (
	"flag"
	"fmt"
	"net/netip"
	"slices"
	"testing"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/internal/space"
	"github.com/vpcemu/vpcemu/packet"
	"github.com/vpcemu/vpcemu/reach"
	"github.com/vpcemu/vpcemu/routing"
	"github.com/vpcemu/vpcemu/vpc"
)

// A million samples: go test ./internal/random -run 'TestExplore|TestBetween' -explored=1000 -samples=20 -timeout=0
var (
	explored = flag.Int("explored", 40, "how many networks TestExplore makes up, and TestBetween a fifth of")
	samples  = flag.Int("samples", 8, "how many packets they try of each box")
)

// ends are a question about all packets from one end to another; from the seed come those
// that are tried.
type ends struct {
	Source, Destination string
	IPv6                bool
	Seed                uint64
}

// askEnds makes up such a question: mostly one about an end that has many addresses.
func askEnds(m *Maker, n *vpc.Network) ends {
	q := m.Query(n)
	switch wide := wideEnds(n); m.IntN(4) {
	case 0:
		q.Source = Pick(m, wide...)
	case 1, 2:
		q.Destination = Pick(m, wide...)
	}
	return ends{q.Source, q.Destination, q.IPv6, m.Uint64()}
}

// wideEnds are the names of the ends that have many addresses: the internet, on-premises
// and the services behind gateway endpoints.
func wideEnds(n *vpc.Network) []string {
	all := []string{Internet.Port}
	for _, v := range n.VPCs {
		for _, g := range v.Gateways {
			switch {
			case g.Kind == routing.VPNGateway && !g.Gone():
				all = append(all, "onprem:"+v.ID+"/"+g.ID)
			case g.Kind == routing.GatewayEndpoint:
				all = append(all, v.ID+"/"+g.ID)
			}
		}
	}
	for _, g := range n.Gateways {
		if g.Transit == nil {
			continue
		}
		for _, a := range g.Transit.Attachments {
			if a.VPC == "" {
				all = append(all, "onprem:"+a.ID)
			}
		}
	}
	return all
}

// boxOf is one of the pair's boxes, mostly of TCP or UDP.
func boxOf(m *Maker, p *emu.Pair) space.Box {
	b := Pick(m, p.All...)
	for range 4 {
		if proto, _ := b[space.Services].First.Service(); packet.Proto(proto).HasPorts() || m.One(4) {
			break
		}
		b = Pick(m, p.All...)
	}
	return b
}

// tally is what was tried.
type tally struct{ asked, sampled, depend, sent, reached, beside, alike int }

func (c *tally) String() string {
	return fmt.Sprintf("%d packets asked about, %d others tried (%d where the answer depends on more), %d sent and %d of them answered; of %d beside a box %d fare alike",
		c.asked, c.sampled, c.depend, c.sent, c.reached, c.beside, c.alike)
}

// TestExplore: whatever an Explorer finds out about one packet holds for all packets of
// which it says so: a trace of each of them has the same answer and the same blockers,
// and a real packet gets there and is answered if that is the answer.
func TestExplore(t *testing.T) {
	var c tally
	property[ends]{
		with: Everything, many: 12, networks: *explored, ask: askEnds,
		about: func(n *vpc.Network) (func(ends) error, error) {
			e, err := emulator(n)
			if err != nil {
				return nil, err
			}
			named, x := e.Network(), e.Explorer()
			return func(q ends) error {
				p, ok, err := x.Pair(q.Source, q.Destination, q.IPv6)
				if err != nil || !ok {
					return nil
				}
				m := New(q.Seed, 0)
				for range 6 {
					if at, ok := somewhere(m, named, p, boxOf(m, p)); ok {
						if err := c.explore(m, named, p, q, at); err != nil {
							return err
						}
					}
				}
				return nil
			}, nil
		},
	}.try(t)
	t.Log(&c)
}

// explore asks about one packet and tries others of its box.
func (c *tally) explore(m *Maker, n *vpc.Network, p *emu.Pair, q ends, at space.Point) error {
	f := p.Ask(at)
	c.asked++
	if !f.Box.Has(&at) {
		return fmt.Errorf("%v is not in its own box %v", words(at, q.IPv6), f.Box)
	}
	for k := range *samples {
		other, ok := somewhere(m, n, p, f.Box)
		if !ok {
			continue
		}
		one, err := p.Trace(other)
		if err != nil {
			return err
		}
		c.sampled++
		if f.Depends != "" {
			c.depend++
		}
		if !holds(f, one) {
			return fmt.Errorf("%s fares like %s:\n%v, %v, %v in %v\nbut %v, %v, %v", words(other, q.IPv6), words(at, q.IPv6),
				f.Answer, f.Blockers, f.Unknowns, f.Box, one.Verdict, one.Blockers, one.Unknowns)
		}
		if f.Answer != emu.Uncertain && f.Depends == "" && k == 0 && (f.Answer == emu.Reachable || m.One(4)) {
			if err := c.send(n, q, one, other); err != nil {
				return fmt.Errorf("%s: %w", words(other, q.IPv6), err)
			}
		}
	}
	if b, ok := beside(m, p, f.Box, at); ok {
		if c.beside++; fares(f, p.Ask(b)) {
			c.alike++
		}
	}
	return nil
}

// farPort is the port of what lies outside of the network that has an ID, nil for none.
func farPort(e *emu.Emulator, id string) *emu.Port {
	for _, far := range e.Far() {
		if port, err := e.Port(far.Name); err == nil && port.ID() == id {
			return port
		}
	}
	return nil
}

// holds reports whether a trace is as a finding says.
func holds(f emu.Finding, one *emu.Trace) bool {
	if f.Depends != "" && f.Answer == emu.Uncertain {
		return true
	}
	return one.Verdict == f.Answer && (f.Depends != "" || explained(f, one))
}

// fares reports whether two findings are the same but for their boxes.
func fares(f, g emu.Finding) bool {
	return f.Answer == g.Answer && f.Request == g.Request && f.Depends == g.Depends && slices.Equal(kinds(f.Blockers), kinds(g.Blockers)) && slices.Equal(kinds(f.Unknowns), kinds(g.Unknowns))
}

// beside is a packet like one in a box, but just outside of the box in one dimension.
func beside(m *Maker, p *emu.Pair, b space.Box, at space.Point) (space.Point, bool) {
	d, end := m.IntN(space.Dimensions), b
	if m.One(2) {
		if b[d].First == (space.Num{}) {
			return at, false
		}
		at[d] = b[d].First.Prev()
	} else {
		at[d] = end[d].Last.Next()
	}
	return at, p.Has(&at)
}

// send sends a packet that was traced through a network without flows, answers it where
// it arrives, and for TCP sends the third one. All that must come to what the trace says.
func (c *tally) send(n *vpc.Network, q ends, one *emu.Trace, at space.Point) error {
	e, err := emulator(n)
	if err != nil {
		return err
	}
	source, err := e.Port(q.Source)
	inFabric := one.Request.Verdict == emu.Delivered && one.Request.Arrived == nil // whom a port never sees
	if err != nil || inFabric || one.Request.Steps[0].Stage == emu.Deliver || looped(one) {
		return nil
	}
	goal, err := e.Port(q.Destination)
	if err != nil || forwards(source) || forwards(goal) {
		return nil
	}
	if arrived := one.Request.Arrived; q.Destination == Internet.Port && arrived != nil {
		goal = farPort(e, arrived.Port.ID()) // an address of the internet may lie behind another gateway too
	}
	forwarders(e)
	type heard struct {
		port *emu.Port
		flow packet.Flow
	}
	var last heard
	for port := range e.Interfaces() {
		hear(port, func(f packet.Flow) { last = heard{port, f} })
	}
	for _, far := range e.Far() {
		if port, err := e.Port(far.Name); err == nil {
			hear(port, func(f packet.Flow) { last = heard{port, f} })
		}
	}
	c.sent++
	sent := one.Sent()
	spec := packet.Spec{Flow: sent}
	key := uint16(at[space.Services].Lo)
	answers := !sent.Proto.IsICMP()
	switch {
	case sent.Proto == packet.TCP:
		spec.Flags = packet.SYN
	case sent.Proto.IsICMP():
		spec.ICMPType, spec.ICMPCode = uint8(key>>8), uint8(key)
		answers = spec.ICMPType == packet.Echo(sent).ICMPType
	}
	source.Send(spec.Bytes())
	there := last.port == goal
	if there && answers {
		back := packet.Spec{Flow: last.flow.Reverse()}
		switch sent.Proto {
		case packet.TCP:
			back.Flags = packet.SYN | packet.ACK
		case packet.ICMPv6:
			back.ICMPType = packet.ICMPv6EchoReply
		}
		last = heard{}
		goal.Send(back.Bytes())
		there = last.port == source && last.flow == sent.Reverse()
		if there && sent.Proto == packet.TCP {
			last = heard{}
			source.Send(packet.Spec{Flow: sent, Flags: packet.ACK}.Bytes())
			there = last.port == goal
		}
	}
	if there {
		c.reached++
	}
	if there != (one.Verdict == emu.Reachable) {
		return fmt.Errorf("it is %v, and a real packet says %v, having come to %v", one.Verdict, there, last)
	}
	return nil
}

// forwards reports whether a port is not a guest's who keeps what he gets.
func forwards(p *emu.Port) bool {
	i := p.Interface()
	return i != nil && (i.NoSourceDestCheck || i.Kind != "")
}

// hear tells of what arrives at a port, but for one that forwards.
func hear(p *emu.Port, tell func(packet.Flow)) {
	if forwards(p) {
		return
	}
	p.Receive(func(b []byte) {
		var pkt packet.Packet
		if pkt.Parse(b) == nil {
			tell(pkt.Flow)
		}
	})
}

// TestBetween: the parts of an answer are all packets, have none in common, and every
// packet of a part fares as that says, also those at its edges and just beyond them.
func TestBetween(t *testing.T) {
	var c tally
	property[ends]{
		with: Everything, many: 6, networks: (*explored + 4) / 5, ask: askEnds,
		about: func(n *vpc.Network) (func(ends) error, error) {
			e, err := emulator(n)
			if err != nil {
				return nil, err
			}
			named, x, net := e.Network(), e.Explorer(), reach.Of(e)
			return func(q ends) error {
				p, ok, err := x.Pair(q.Source, q.Destination, q.IPv6)
				if err != nil || !ok {
					return nil
				}
				a, err := net.Between(q.Source, q.Destination)
				if err != nil {
					return err
				}
				return c.between(New(q.Seed, 0), named, p, q, a)
			}, nil
		},
	}.try(t)
	t.Log(&c)
}

func (c *tally) between(m *Maker, n *vpc.Network, p *emu.Pair, q ends, a *reach.Answer) error {
	left := p.All
	for i := range a.Parts {
		part := &a.Parts[i]
		if part.IPv6() != q.IPv6 {
			continue
		}
		for k, b := range part.Set() {
			var cut space.Set
			if left, cut = left.Cut(&b, nil, nil); !cut.Equal(space.Set{b}) {
				return fmt.Errorf("%v of part %d is in another part too", b, i)
			}
			if k < 20 {
				if err := c.edges(m, n, p, q, a, part, b); err != nil {
					return err
				}
			}
		}
	}
	if at, ok := p.Usual(left); ok {
		return fmt.Errorf("%s is in no part", words(at, q.IPv6))
	}
	return nil
}

// edges tries packets of a box of a part, and those beside it.
func (c *tally) edges(m *Maker, n *vpc.Network, p *emu.Pair, q ends, a *reach.Answer, part *reach.Part, b space.Box) error {
	for range *samples {
		at, ok := somewhere(m, n, p, b)
		if !ok {
			return nil
		}
		c.sampled++
		if err := asPart(p, q, part, at); err != nil {
			return err
		}
		other, ok := beside(m, p, b, at)
		if !ok {
			continue
		}
		c.beside++
		for i := range a.Parts {
			if o := &a.Parts[i]; o.IPv6() == q.IPv6 && o.Set().Has(&other) {
				if o == part {
					c.alike++
				}
				if err := asPart(p, q, o, other); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// asPart reports a packet that does not fare as its part says.
func asPart(p *emu.Pair, q ends, part *reach.Part, at space.Point) error {
	one, err := p.Trace(at)
	if err != nil {
		return err
	}
	f := emu.Finding{Answer: part.Answer, Request: part.Request, Blockers: part.Blockers, Unknowns: part.Unknowns, Depends: part.Depends, Ways: 2}
	if !holds(f, one) {
		return fmt.Errorf("%s is of a part with %v, %v, %v, but %v, %v, %v", words(at, q.IPv6), f.Answer, f.Blockers, f.Unknowns, one.Verdict, one.Blockers, one.Unknowns)
	}
	return nil
}

// explained reports whether a trace has the blockers of a finding, or some of them if
// the finding has those of several ways.
func explained(f emu.Finding, one *emu.Trace) bool {
	for _, both := range [][2][]emu.Blocker{{f.Blockers, one.Blockers}, {f.Unknowns, one.Unknowns}} {
		all, some := kinds(both[0]), kinds(both[1])
		if f.Ways == 1 && !slices.Equal(all, some) || slices.ContainsFunc(some, func(s string) bool { return !slices.Contains(all, s) }) {
			return false
		}
	}
	return true
}

func words(p space.Point, v6 bool) string {
	proto, key := p[space.Services].Service()
	return fmt.Sprintf("%d/%d from %d, %v > %v", proto, key, p[space.SourcePorts].Lo, p[space.Sources].Addr(v6), p[space.Destinations].Addr(v6))
}

// kinds are blockers without their words.
func kinds(list []emu.Blocker) []string {
	var all []string
	for _, b := range list {
		all = append(all, fmt.Sprint(b.Direction, b.Stage, b.Reason, b.Component))
	}
	return all
}

// somewhere is a packet of a box: in each dimension at an end, at something that the
// network has, or anywhere.
func somewhere(m *Maker, n *vpc.Network, pair *emu.Pair, b space.Box) (p space.Point, ok bool) {
	p, ok = pair.Some(b)
	for range 4 {
		q := p
		for d, s := range b {
			q[d] = within(m, s)
		}
		if pair.Has(&q) {
			p = q
			break
		}
	}
	for range 4 {
		q := p
		switch d := Pick(m, space.Services, space.Services, space.SourcePorts, space.Sources, space.Destinations, space.Destinations); d {
		case space.Services:
			proto, _ := p[d].Service()
			q[d] = space.Service(proto, Pick(m, notablePorts...))
			switch q[d] {
			case space.Service(uint8(packet.UDP), 67): // DHCP, which is told by both
				q[space.SourcePorts] = space.Num{Lo: 68}
			case space.Service(uint8(packet.UDP), 547):
				q[space.SourcePorts] = space.Num{Lo: 546}
			}
		case space.SourcePorts:
			q[d] = space.Num{Lo: uint64(Pick(m, notablePorts...))}
		default:
			a := m.Address(append(Places(n), Targets(n)...), b[d].Last.Hi != 0)
			if around := m.notable(n, b[d].Last.Hi != 0); m.One(2) && len(around) > 0 {
				a = Pick(m, around...)
			}
			q[d] = space.Address(a)
		}
		if b.Has(&q) && pair.Has(&q) {
			p = q
		}
	}
	return p, ok
}

// notablePorts are such as some stage looks at, and those at the edges of rules.
var notablePorts = []uint16{25, 53, 53, 67, 67, 68, 80, 80, 80, 443, 443, 546, 547, 547, 1023, 1024, 32767, 32768, 40000, 40003, 40004, 49152, 60999, 61000, 65535}

// notable are addresses of an IP version that some stage may look at: first and last ones
// of ranges, those beside, and IPv6 ones that stand for such of IPv4.
func (m *Maker) notable(n *vpc.Network, v6 bool) (all []netip.Addr) {
	ranges := []netip.Prefix{netip.MustParsePrefix("169.254.0.0/16"), netip.MustParsePrefix("224.0.0.0/4"), netip.MustParsePrefix("255.255.255.255/32"),
		netip.MustParsePrefix("fe80::/10"), netip.MustParsePrefix("ff00::/8"), netip.MustParsePrefix("fd00:ec2::/32"), netip.MustParsePrefix("64:ff9b::/96")}
	ranges = append(ranges, routed...)
	for _, v := range n.VPCs {
		ranges = append(ranges, v.CIDRs...)
		for _, s := range v.Subnets {
			ranges = append(ranges, s.CIDRs...)
		}
	}
	add := func(at space.Num, is6 bool) {
		if a := at.Addr(is6); is6 == v6 {
			all = append(all, a)
		} else if v6 {
			four := a.As4()
			six := netip.MustParseAddr("64:ff9b::").As16()
			copy(six[12:], four[:])
			all = append(all, netip.AddrFrom16(six))
		}
	}
	for _, r := range ranges {
		s, is6 := space.Prefix(r), r.Addr().Is6()
		for k := range uint64(4) { // the router, the resolver
			add(s.First.Plus(space.Num{Lo: k}), is6)
		}
		add(s.First.Prev(), is6)
		add(s.Last, is6)
		add(s.Last.Next(), is6)
	}
	return all
}

// routed are ranges of rules, of routes and of links.
var routed = func() (all []netip.Prefix) {
	for _, s := range []string{"10.0.0.0/8", "192.168.0.0/16", "192.168.0.0/17", "172.16.0.0/16", "203.0.113.0/24", "203.0.113.192/26", "198.51.100.0/24", "198.51.100.0/28", "192.0.2.0/24",
		"2001:db8::/32", "2001:db8:aaaa::/48", "2001:db8:5333::/48", "2001:db8:ffff::/48"} {
		all = append(all, netip.MustParsePrefix(s))
	}
	return all
}()

func within(m *Maker, s space.Span) space.Num {
	switch m.IntN(4) {
	case 0:
		return s.First
	case 1:
		return s.Last
	}
	size := s.Last.Minus(s.First)
	r := space.Num{Hi: m.Uint64(), Lo: m.Uint64()}
	if size.Hi == 0 {
		r.Hi = 0
		if size.Lo != ^uint64(0) {
			r.Lo %= size.Lo + 1
		}
	} else if size.Hi != ^uint64(0) {
		r.Hi %= size.Hi + 1
		if size.Less(r) {
			r = space.Num{}
		}
	}
	return s.First.Plus(r)
}
