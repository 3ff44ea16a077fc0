package lint

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/internal/plan"
	"github.com/vpcemu/vpcemu/internal/space"
)

// replies are requests that arrive, but their replies are lost or come back another way.
type replies struct {
	lost       []*lost
	asymmetric []*lost
	gaps       []gap
	unknown    map[string][]string // ways of which something is not known, by what
	whys       []string            // those, in order
}

// lost is what one component does to replies.
type lost struct {
	blocker emu.Blocker
	reason  string
	vpc     *plan.VPC
	// some says that replies to some ports of clients come back.
	some bool
	// other says that it is about a protocol which no rule names, and that TCP is answered.
	other bool
	// via are the peering connections that requests pass if a route table has no route back,
	// and route the destination of the route that drops replies, if one does.
	via, route string
	ways       []string // "app-1 -> db-1 tcp/5432"
	witness    *Witness
	// subnets are those of the ends between which replies take another way.
	subnets []*plan.Subnet
}

// clients are the ports that clients use: AWS's NAT gateways and load balancers take all
// of them, hosts a part.
var clients = space.Ports(1024, 65535)

// mostPairs is how many pairs of interfaces are asked about at most.
const mostPairs = 4_000

// replies asks about pairs of interfaces that something other than security groups may
// keep apart, one of each class.
func (p *pass) replies() *replies {
	if p.found.replies != nil {
		return p.found.replies
	}
	x := &replies{unknown: make(map[string][]string)}
	p.found.replies = x
	in, out := p.byFilters(false), p.byFilters(true)
	asked := 0
	p.pairs(x, func(from, to *party) bool {
		sent, let := out.of(from.Interface), in.of(to.Interface)
		for version := range 2 {
			if !p.mayTalk(from, to, sent, let, version) {
				continue
			}
			if asked++; asked > p.most {
				return false
			}
			p.ask(x, from, to, let, version)
		}
		return true
	})
	for _, why := range x.whys {
		x.gaps = append(x.gaps, gap{subject{kind: "the way", id: words(x.unknown[why], few)}, why})
	}
	if asked > p.most {
		x.gaps = append(x.gaps, gap{subject{kind: "network"}, fmt.Sprintf("there are more pairs of interfaces than the %d that were asked about", p.most)})
	}
	return x
}

// ask asks about one pair, in one direction and one IP version.
func (p *pass) ask(x *replies, from, to *party, rules []*rule, version int) {
	src, dst, err := p.ends(from, to)
	if err != nil {
		return // an end that cannot be asked about
	}
	pair, ok, err := p.explorer.Between(src, dst, version == 1)
	if err != nil || !ok {
		return // nothing begins there, or it has no address of the IP version
	}
	p.represent(pair)
	q := &question{pass: p, pair: pair, from: from, to: to, version: version}
	for _, b := range q.abroad(q.candidates(rules)) {
		q.look(b)
	}
	q.report(x, rules)
}

// abroad leaves out packets from addresses that an office has only because it announces a
// wider range, as one with a default route does: those of VPCs, and such as no host has.
func (q *question) abroad(set space.Set) (kept space.Set) {
	if q.from.office == nil {
		return set
	}
	var holes, own []space.Span
	for _, p := range q.from.office.Outside.Prefixes() {
		if p.Addr().Is6() != q.pair.IPv6() {
			continue
		}
		if inner := q.rangesWithin(p); len(inner) > 0 {
			holes = append(holes, inner...)
		} else {
			own = append(own, space.Prefix(p))
		}
	}
	holes = space.Except(space.Union(holes), space.Union(own))
	for _, b := range set {
		for _, s := range space.Except([]space.Span{b[space.Sources]}, holes) {
			b[space.Sources] = s
			kept = append(kept, b)
		}
	}
	return kept
}

// rangesWithin are the ranges of VPCs and the special ones within a larger one.
func (p *pass) rangesWithin(larger netip.Prefix) (all []space.Span) {
	inner := special
	for _, v := range p.plan.VPCs {
		inner = append(inner[:len(inner):len(inner)], v.Desc.CIDRs...)
	}
	for _, c := range inner {
		if larger.Bits() < c.Bits() && larger.Contains(c.Addr()) {
			all = append(all, space.Prefix(c))
		}
	}
	return all
}

// question is what is asked about one pair.
type question struct {
	*pass
	pair     *emu.Pair
	from, to *party
	version  int

	answered space.Set
	blocked  []blocked
	why      string // what is not known
	asked    int
}

// blocked is packets that arrive and whose replies do not.
type blocked struct {
	box space.Box
	at  space.Point
	by  emu.Blocker
}

// candidates are the packets to ask about: with ports of clients, to what the rules of the
// receiver let in, and where they do not say all to some port of each protocol.
func (q *question) candidates(rules []*rule) (all space.Set) {
	for _, b := range q.pair.All {
		usual := space.Num{}
		switch proto, _ := b[space.Services].First.Service(); proto {
		case 6, 17:
			b[space.SourcePorts], usual = clients, space.Service(proto, 443)
		case 1, 58:
			b[space.SourcePorts] = space.One(b[space.SourcePorts].First)
			b[space.Services] = requests[q.version][2]
			usual = b[space.Services].First
		default:
			continue
		}
		if q.to.outside() || !q.ruled(q.to.Interface) {
			c := b
			c[space.Services] = space.One(usual)
			all = all.With(&c)
		}
		for _, r := range rules {
			if q.outward(r) {
				continue
			}
			for _, s := range r.sets[q.version] {
				c := b
				c[space.Services], c[space.Sources] = b[space.Services].And(s[space.Services]), b[space.Sources].And(s[space.Sources])
				if !c.Empty() {
					all = all.With(&c)
				}
			}
		}
	}
	return all
}

// outward reports whether a rule is meant for the internet, and the asking end is not
// there. Such a rule, as load balancers have it, lets in everybody, so hosts of other VPCs
// and on-premises too, whom nobody means.
func (q *question) outward(r *rule) bool {
	if q.from.name == "internet" || !q.from.outside() && q.from.VPC == q.to.VPC || !r.everywhere() {
		return false
	}
	open, _ := way(q.to.VPC, q.to.Subnet.Routes)
	return open
}

// mostPackets is how many packets of one pair are asked about at most.
const mostPackets = 400

// look asks about the packets of a box.
func (q *question) look(b space.Box) {
	for f := range q.pair.Exhaust(space.Set{b}, q.pair.Ask) {
		if q.asked++; q.asked > mostPackets {
			q.why = "too many cases to look at all"
			return
		}
		in := f.Box.And(&b)
		switch {
		case f.Answer == emu.Reachable:
			q.answered = append(q.answered, in)
		case f.Answer == emu.Uncertain:
			q.why = unknownWords(q.pair, &f)
		case f.Request == emu.Reachable && len(f.Blockers) > 0:
			q.blocked = append(q.blocked, blocked{in, f.At, f.Blockers[0]})
		}
	}
}

// report adds what was found to what others found of the same component.
func (q *question) report(x *replies, rules []*rule) {
	if q.why != "" && !q.itself() {
		if x.unknown[q.why] == nil {
			x.whys = append(x.whys, q.why)
		}
		x.unknown[q.why] = append(x.unknown[q.why], q.from.name+" -> "+q.to.name)
	}
	for _, b := range q.blocked {
		if at, ok := q.pair.Usual(space.Set{b.box}); ok {
			b.at = at
		}
		w := q.witness(q.pair, b.at, q.from.name, q.to.name)
		l := &lost{blocker: b.by, some: q.partly(&b), vpc: q.vpcOf(b.by), reason: b.by.Reason, witness: w}
		if l.other = isACL(l) && q.unmeant(&b, rules); l.other {
			l.some = false
		}
		if q.explain(l, b.at) {
			x.lost = merge(x.lost, l, w)
		}
	}
	if len(q.answered) > 0 && q.from.name != "internet" && q.to.name != "internet" {
		q.asymmetric(x)
	}
}

// unmeant reports whether nobody means such packets: no rule of the receiver names their
// protocol, a rule for all protocols lets them in, and TCP is answered.
func (q *question) unmeant(b *blocked, rules []*rule) bool {
	protocol, _ := b.at[space.Services].Service()
	named := func(r *rule) bool { return r.desc.Service.Protocol == int(protocol) }
	tcp := func(b space.Box) bool {
		protocol, _ := b[space.Services].First.Service()
		return protocol == 6
	}
	return protocol != 6 && slices.ContainsFunc(q.answered, tcp) && !slices.ContainsFunc(rules, named)
}

// itself reports whether a target asks its own load balancer, which may send the packet
// back to it. Nobody needs an answer to that.
func (q *question) itself() bool {
	if q.from.outside() || q.to.outside() || q.to.Balancer == nil {
		return false
	}
	for _, l := range q.to.Balancer.Listeners {
		for _, g := range l.Groups {
			if g != nil && slices.ContainsFunc(g.Targets, func(t plan.BalancerTarget) bool { return t.Interface == q.from.Interface }) {
				return true
			}
		}
	}
	return false
}

// elsewhere reports whether a reply to on-premises gets there by another gateway that knows
// the address too: two ways to one office, of which one is spare.
func (q *question) elsewhere(t *emu.Trace) bool {
	return t.Reply != nil && t.Reply.Verdict == emu.Exited && q.from.outside() && slices.ContainsFunc(q.plan.Gateways, func(g *plan.Gateway) bool {
		if g.Outside == nil || g.Desc.ID != t.Reply.At {
			return false
		}
		_, knows := g.Outside.Lookup(t.Sent().Src)
		return knows
	})
}

// explain adds what a trace knows of what blocks the reply. It is false if that is no mistake.
func (q *question) explain(l *lost, at space.Point) bool {
	t, err := q.pair.Trace(at)
	if err != nil {
		return true
	}
	if q.elsewhere(t) {
		return false
	}
	for _, o := range t.Blockers {
		if o.Same(&l.blocker) && o.Detail != "" {
			l.reason = o.Detail
			break
		}
	}
	if isACL(l) || t.Reply == nil {
		return true
	}
	s, dropped := t.Reply.Ended()
	if !dropped || s.Component != l.blocker.Component {
		return true
	}
	if k := slices.IndexFunc(q.plan.VPCs, func(v *plan.VPC) bool { return v.Desc.ID == s.VPC }); k >= 0 {
		l.vpc = q.plan.VPCs[k]
	}
	if s.Kind == "rtb" {
		if r := s.Decided.Route; r != nil {
			l.route = destination(r)
			l.reason = q.gone(l)
			return true
		}
		peers := slices.DeleteFunc(q.passed(t.Request, q.from, q.to), func(name string) bool { return !strings.HasPrefix(name, "pcx ") })
		l.via = strings.Join(peers, ", ")
	}
	return true
}

// partly reports whether packets as the blocked ones, but from other ports, are answered.
func (q *question) partly(b *blocked) bool {
	other := b.box
	other[space.SourcePorts] = clients
	return b.box[space.SourcePorts] != clients && len(q.answered.And(space.Set{other})) > 0
}

// merge adds to the finding of the same component, or makes one.
func merge(list []*lost, l *lost, w *Witness) []*lost {
	for _, o := range list {
		if o.key() == l.key() {
			if way := w.String(); !slices.Contains(o.ways, way) {
				o.ways = append(o.ways, way)
			}
			return list
		}
	}
	l.ways = []string{w.String()}
	return append(list, l)
}

// vpcOf is the VPC of the network ACL or the route table that blocks replies: that of one
// of the ends, as it is found there.
func (q *question) vpcOf(b emu.Blocker) *plan.VPC {
	for _, i := range [...]*party{q.to, q.from} {
		if i.outside() {
			continue
		}
		if v := i.VPC.Desc; v.NetworkACL(b.Component) != nil || v.RouteTable(b.Component) != nil || i.Desc.ID == b.Component {
			return i.VPC
		}
	}
	for _, i := range [...]*party{q.to, q.from} {
		if !i.outside() {
			return i.VPC
		}
	}
	return nil
}

// asymmetric notes that replies take another way than requests, by the first packet that
// gets through.
func (q *question) asymmetric(x *replies) {
	at, ok := q.pair.Usual(q.answered)
	if !ok {
		return
	}
	t, err := q.pair.Trace(at)
	if err != nil || t.Reply == nil {
		return
	}
	there, back := q.passed(t.Request, q.from, q.to), q.passed(t.Reply, q.to, q.from)
	slices.Reverse(back)
	if !q.to.outside() && q.to.Balancer != nil {
		b := q.to.Balancer // which is where requests go, and no way
		own := func(name string) bool { return name == b.Desc.ID || name == "lb "+b.Desc.ID }
		there, back = slices.DeleteFunc(there, own), slices.DeleteFunc(back, own)
	}
	if slices.Equal(there, back) {
		return
	}
	w := q.witness(q.pair, at, q.from.name, q.to.name)
	var ends []string
	var subnets []*plan.Subnet
	for _, a := range [...]*party{q.from, q.to} {
		if a.outside() {
			ends = append(ends, a.name)
			continue
		}
		ends, subnets = append(ends, a.VPC.Desc.ID+"/"+a.Subnet.Routes.ID), append(subnets, a.Subnet)
	}
	slices.Sort(ends) // in both directions it is one mistake
	l := &lost{blocker: emu.Blocker{Component: strings.Join(ends, ",")}, subnets: subnets, witness: w,
		reason: fmt.Sprintf("there: %s; back: %s", wayWords(there), wayWords(back))}
	x.asymmetric = merge(x.asymmetric, l, w)
}

func wayWords(way []string) string {
	if len(way) == 0 {
		return "directly"
	}
	return "by " + strings.Join(way, ", ")
}

// passed are the gateways and middleboxes on a way, without its ends.
func (p *pass) passed(l *emu.Leg, from, to *party) (way []string) {
	var hosts []string
	for k := range l.Steps {
		if s := &l.Steps[k]; s.Kind == "eni" {
			hosts = append(hosts, p.hosts[s.VPC+"/"+s.Component])
		}
	}
	for k := range l.Steps {
		s := &l.Steps[k]
		name := s.Kind + " " + s.Component
		if s.Kind == "eni" {
			host := p.hosts[s.VPC+"/"+s.Component]
			if !from.outside() && host == hosts[0] || !to.outside() && host == hosts[len(hosts)-1] {
				continue
			}
			name = host
		}
		switch s.Kind {
		case "acl", "rtb", "vpc", "service", "subnet":
		case "vpn", "vif": // links of a gateway, of which only what leaves by them knows
		default:
			if s.Component != "" && (len(way) == 0 || way[len(way)-1] != name) {
				way = append(way, name)
			}
		}
	}
	return way
}
