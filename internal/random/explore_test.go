package random

import (
	"flag"
	"fmt"
	"net/netip"
	"slices"
	"testing"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/firewall"
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

// askEnds makes up such a question: mostly one about an end that has many addresses, or that
// may be asked by public ones too.
func askEnds(m *Maker, n *vpc.Network) ends {
	q := m.Query(n)
	switch wide, public := wideEnds(n), publicEnds(n); m.IntN(6) {
	case 0:
		q.Source = Pick(m, wide...)
	case 1, 2:
		q.Destination = Pick(m, wide...)
	case 3, 4:
		if len(public) > 0 {
			q.Destination = Pick(m, public...)
		}
	}
	return ends{q.Source, q.Destination, q.IPv6, m.Uint64()}
}

// askOpen is askEnds, and of several questions the first about ends of which one answers the
// other.
func askOpen(m *Maker, n *vpc.Network) (q ends) {
	e, err := emulator(n)
	if err != nil {
		return askEnds(m, n)
	}
	l, x := landmarksOf(n), e.Explorer()
	for range 1 + m.IntN(2)*8 {
		q = askEnds(m, n)
		if p, ok, err := x.Pair(q.Source, q.Destination, q.IPv6); err == nil && ok {
			if at, ok := open(m, l, p, 4); ok && p.Decide(at).Answer == emu.Reachable {
				break
			}
		}
	}
	return q
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

// publicEnds are the names of the interfaces and load balancers that have public addresses.
func publicEnds(n *vpc.Network) (all []string) {
	for _, v := range n.VPCs {
		for _, s := range v.Subnets {
			for _, i := range s.Interfaces {
				if slices.ContainsFunc(i.Addresses, func(a vpc.Address) bool { return a.Public.IsValid() }) {
					all = append(all, v.ID+"/"+i.ID)
				}
			}
		}
		for _, l := range v.LoadBalancers {
			if !l.Internal {
				all = append(all, v.ID+"/"+l.ID)
			}
		}
	}
	return all
}

// toPublic reports whether a packet of a pair from inside is sent to a public address.
func toPublic(p *emu.Pair, at space.Point) bool {
	return slices.ContainsFunc(p.Destinations(), func(r emu.Range) bool { return r.Public() && r.Span.Has(at[space.Destinations]) })
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
type tally struct{ asked, sampled, requests, depend, sent, reached, beside, alike, public, hairpins int }

func (c *tally) String() string {
	return fmt.Sprintf("%d packets asked about, %d others tried (%d also one way, and %d where the answer depends on more), %d sent and %d of them answered; of %d beside a box %d fare alike; of %d from inside to public addresses %d are answered",
		c.asked, c.sampled, c.requests, c.depend, c.sent, c.reached, c.beside, c.alike, c.public, c.hairpins)
}

// TestExplore: whatever an Explorer finds out about one packet holds for all packets of
// which it says so: a trace of each of them has the same answer and the same blockers, one
// of the request alone the answer for that, and a real packet gets there and is answered if
// that is the answer.
func TestExplore(t *testing.T) {
	var c tally
	c.try(t, property[ends]{change: unlimited, ask: askOpen}, func(m *Maker, l *landmarks, p *emu.Pair, k int) (space.Point, bool) {
		return open(m, l, p, k%2*8)
	})
}

// TestExplore_Public: the same of packets that are sent to public addresses from inside, in
// networks that let more pass.
func TestExplore_Public(t *testing.T) {
	var c tally
	c.try(t, property[ends]{change: welcoming, ask: askPublic}, func(m *Maker, l *landmarks, p *emu.Pair, _ int) (space.Point, bool) {
		at, ok := somewhere(m, l, p, boxOf(m, p))
		return at, ok && toPublic(p, at)
	})
	if c.hairpins == 0 && *explored >= 20 {
		t.Error("nothing from inside gets anywhere by a public address")
	}
}

// try explores six packets of each question of a property, which choose picks.
func (c *tally) try(t *testing.T, p property[ends], choose func(m *Maker, l *landmarks, p *emu.Pair, k int) (space.Point, bool)) {
	p.with, p.many, p.networks = Everything, 12, *explored
	p.about = func(n *vpc.Network) (func(ends) error, error) {
		e, err := emulator(n)
		if err != nil {
			return nil, err
		}
		l, x := landmarksOf(e.Network()), e.Explorer()
		return func(q ends) error {
			p, ok, err := x.Pair(q.Source, q.Destination, q.IPv6)
			if err != nil || !ok {
				return nil
			}
			m := New(q.Seed, 0)
			for k := range 6 {
				if at, ok := choose(m, l, p, k); ok {
					if err := c.explore(m, e, n, l, p, q, at); err != nil {
						return err
					}
				}
			}
			return nil
		}, nil
	}
	p.try(t)
	t.Log(c)
}

// welcoming lets more pass: filters have a rule for all, and nothing blocks the internet.
func welcoming(n *vpc.Network) {
	unlimited(n)
	n.BlockPublicAccess = nil
	for _, v := range n.VPCs {
		for _, g := range v.SecurityGroups {
			g.AllowOut("all", "0.0.0.0/0").AllowIn("all", "0.0.0.0/0")
			g.Egress, g.Ingress = distinct(g.Egress), distinct(g.Ingress)
		}
		for _, s := range v.Subnets {
			s.NetworkACL = ""
		}
	}
}

// distinct are rules of which each is there once.
func distinct(rules []firewall.Rule) (all []firewall.Rule) {
	for _, r := range rules {
		if !slices.ContainsFunc(all, func(o firewall.Rule) bool { return o.Service == r.Service && o.Peer == r.Peer }) {
			all = append(all, r)
		}
	}
	return all
}

// askPublic makes up a question about an end that has public addresses, if there is one.
func askPublic(m *Maker, n *vpc.Network) ends {
	q := m.Query(n)
	if public := publicEnds(n); len(public) > 0 {
		q.Destination = Pick(m, public...)
		if m.One(2) {
			q.Source = Pick(m, public...)
		}
	}
	return ends{q.Source, q.Destination, false, m.Uint64()}
}

// open is one of the pair's packets: of so many and one more the first that gets there and is
// answered, or the last.
func open(m *Maker, l *landmarks, p *emu.Pair, tries int) (at space.Point, ok bool) {
	for at, ok = somewhere(m, l, p, boxOf(m, p)); tries > 0 && ok && p.Decide(at).Answer != emu.Reachable; tries-- {
		at, ok = somewhere(m, l, p, boxOf(m, p))
	}
	return at, ok
}

// explore asks about one packet and tries others of its box.
func (c *tally) explore(m *Maker, e *emu.Emulator, n *vpc.Network, l *landmarks, p *emu.Pair, q ends, at space.Point) error {
	f := p.Ask(at)
	c.asked++
	if !f.Box.Has(&at) {
		return fmt.Errorf("%v is not in its own box %v", words(at, q.IPv6), f.Box)
	}
	for k := range *samples {
		other, ok := somewhere(m, l, p, f.Box)
		if !ok {
			continue
		}
		one, err := p.Trace(other)
		if err != nil {
			return err
		}
		c.sampled++
		if toPublic(p, other) {
			if c.public++; one.Verdict == emu.Reachable {
				c.hairpins++
			}
		}
		if f.Depends != "" {
			c.depend++
		}
		if !holds(f, one) {
			return fmt.Errorf("%s fares like %s:\n%v, %v, %v in %v\nbut %v, %v, %v", words(other, q.IPv6), words(at, q.IPv6),
				f.Answer, f.Blockers, f.Unknowns, f.Box, one.Verdict, one.Blockers, one.Unknowns)
		}
		if request, ok := oneWay(e, q, other, one); ok && !(f.Request == emu.Uncertain && (f.Depends != "" || f.Ways > 1)) {
			c.requests++
			if request.Verdict != f.Request {
				return fmt.Errorf("the request of %s fares like that of %s: %v (%v in all, %q) in %v\nbut %v, %v, %v", words(other, q.IPv6), words(at, q.IPv6),
					f.Request, f.Answer, f.Depends, f.Box, request.Verdict, request.Blockers, request.Unknowns)
			}
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
	var last heard
	e, err := emu.New(n, emu.Options{Observer: emu.Observer{Port: last.passes, Packet: last.ended}})
	if err != nil {
		return err
	}
	source, err := e.Port(q.Source)
	inFabric := one.Request.Verdict == emu.Delivered && one.Request.Arrived == nil // whom a port never sees
	if err != nil || inFabric || one.Request.Steps[0].Stage == emu.Deliver || looped(one) {
		return nil
	}
	goal, err := e.Port(q.Destination)
	if err != nil || ofGateway(source) || ofGateway(goal) {
		return nil
	}
	forwarders(e)
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
	if one.Verdict == emu.Reachable && last.is(one.Request.Arrived) {
		goal = last.port // a load balancer's target, or what lies behind one of several gateways
	}
	there := last.at(goal)
	if there && answers {
		back := packet.Spec{Flow: last.flow.Reverse(), Flags: packet.SYN | packet.ACK, ICMPType: replies[last.flow.Proto]}
		last = heard{}
		goal.Send(back.Bytes())
		there = last.at(source) && last.flow == sent.Reverse()
		if there && sent.Proto == packet.TCP {
			last = heard{}
			source.Send(packet.Spec{Flow: sent, Flags: packet.ACK}.Bytes())
			there = last.at(goal)
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

// ofGateway reports whether a port is not a guest's.
func ofGateway(p *emu.Port) bool {
	i := p.Interface()
	return i != nil && i.Kind != ""
}

// heard is what has arrived last.
type heard struct {
	port  *emu.Port
	place emu.Place
	flow  packet.Flow
}

func (h *heard) passes(p emu.Passage) {
	if p.Direction == firewall.Ingress {
		*h = heard{p.Port, p.Place, flowOf(&p)}
	}
}

// ended forgets a packet that a gateway has lost.
func (h *heard) ended(e emu.Event) {
	if e.Result.Fate != emu.Delivered && e.Result.Fate != emu.Exited {
		*h = heard{}
	}
}

func flowOf(p *emu.Passage) packet.Flow {
	var pkt packet.Packet
	_ = pkt.Parse(p.Bytes) // the emulator delivers what can be read
	return pkt.Flow
}

// is reports whether a trace has the same packet at the same port.
func (h *heard) is(p *emu.Passage) bool {
	return p != nil && h.port != nil && h.port.ID() == p.Port.ID() && h.place == p.Place && h.flow == flowOf(p)
}

// at reports whether it has arrived at a port, and is for what stands there.
func (h *heard) at(p *emu.Port) bool {
	i := p.Interface()
	return h.port == p && (i == nil || slices.ContainsFunc(i.Addresses, func(a vpc.Address) bool { return a.IP == h.flow.Dst }) ||
		slices.ContainsFunc(i.Prefixes, func(r netip.Prefix) bool { return r.Contains(h.flow.Dst) }))
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
			l, x, net := landmarksOf(e.Network()), e.Explorer(), reach.Of(e)
			return func(q ends) error {
				p, ok, err := x.Pair(q.Source, q.Destination, q.IPv6)
				if err != nil || !ok {
					return nil
				}
				a, err := net.Between(q.Source, q.Destination)
				if err != nil {
					return err
				}
				return c.between(New(q.Seed, 0), l, p, q, a)
			}, nil
		},
	}.try(t)
	t.Log(&c)
}

// part is one of an answer, and its packets.
type part struct {
	*reach.Part
	set space.Set
}

func (c *tally) between(m *Maker, l *landmarks, p *emu.Pair, q ends, a *reach.Answer) error {
	left, parts := p.All, []part{}
	for i := range a.Parts {
		if one := &a.Parts[i]; one.IPv6() == q.IPv6 {
			parts = append(parts, part{one, one.Set()})
		}
	}
	for i, one := range parts {
		for k, b := range one.set {
			var cut space.Set
			if left, cut = left.Cut(&b, nil, nil); !cut.Equal(space.Set{b}) {
				return fmt.Errorf("%v of part %d is in another part too", b, i)
			}
			if k < 20 {
				if err := c.edges(m, l, p, q, parts, one, b); err != nil {
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
func (c *tally) edges(m *Maker, l *landmarks, p *emu.Pair, q ends, parts []part, of part, b space.Box) error {
	for range *samples {
		at, ok := somewhere(m, l, p, b)
		if !ok {
			return nil
		}
		c.sampled++
		if err := asPart(p, q, of, at); err != nil {
			return err
		}
		other, ok := beside(m, p, b, at)
		if !ok {
			continue
		}
		c.beside++
		for _, o := range parts {
			if o.set.Has(&other) {
				if o.Part == of.Part {
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
func asPart(p *emu.Pair, q ends, part part, at space.Point) error {
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

// landmarks are addresses of a network that packets may have, by IP version.
type landmarks struct {
	places  []Place
	notable [2][]netip.Addr
}

func landmarksOf(n *vpc.Network) *landmarks {
	return &landmarks{slices.Concat(Places(n), Targets(n)), [2][]netip.Addr{notable(n, false), notable(n, true)}}
}

// address is one that a stage may look at, or any other.
func (l *landmarks) address(m *Maker, v6 bool) netip.Addr {
	around := l.notable[0]
	if v6 {
		around = l.notable[1]
	}
	if m.One(2) {
		return Pick(m, around...)
	}
	return m.Address(l.places, v6)
}

// somewhere is a packet of a box: in each dimension at an end, at something that the
// network has, or anywhere.
func somewhere(m *Maker, l *landmarks, pair *emu.Pair, b space.Box) (p space.Point, ok bool) {
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
			if packet.Proto(proto).IsICMP() {
				q[d] = space.Service(proto, uint16(Pick(m, notableTypes...))<<8)
			}
			switch q[d] {
			case space.Service(uint8(packet.UDP), 67): // DHCP, which is told by both
				q[space.SourcePorts] = space.Num{Lo: 68}
			case space.Service(uint8(packet.UDP), 547):
				q[space.SourcePorts] = space.Num{Lo: 546}
			}
		case space.SourcePorts:
			q[d] = space.Num{Lo: uint64(Pick(m, notablePorts...))}
		default:
			q[d] = space.Address(l.address(m, b[d].Last.Hi != 0))
		}
		if b.Has(&q) && pair.Has(&q) {
			p = q
		}
	}
	return p, ok
}

// notablePorts are such as some stage looks at, and those at the edges of rules.
var notablePorts = func() []uint16 {
	all := []uint16{0, 53, 53, 67, 67, 68, 80, 80, 80, 443, 443, 546, 547, 547, 40003, 40004}
	for _, e := range edges {
		all = append(all, uint16(e), uint16(e-1), uint16(e+1))
	}
	return all
}()

// notableTypes are such of ICMP and ICMPv6, and those beside them.
var notableTypes = []uint8{0, 1, 2, 3, 4, 5, 8, 11, 12, 13, 128, 129, 130, 132, 133, 136, 137}

// notable are addresses of an IP version that some stage may look at: first and last ones
// of ranges, those beside, and IPv6 ones that stand for such of IPv4.
func notable(n *vpc.Network, v6 bool) (all []netip.Addr) {
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
	for _, s := range append(wide, "192.168.0.0/16", "192.168.0.0/17", "172.16.0.0/16", "203.0.113.0/24", "198.51.100.0/24", "198.51.100.0/28", "192.0.2.0/24",
		"2001:db8::/32", "2001:db8:aaaa::/48", "2001:db8:5333::/48", "2001:db8:ffff::/48") {
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
