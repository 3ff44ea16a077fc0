package main

import (
	"fmt"
	"math/rand/v2"
	"net/netip"

	"github.com/vpcemu/vpcemu/firewall"
)

// filterPeer is a Peer that also answers one question, for the test.
type filterPeer interface {
	Peer
	allows(i int) bool // the i-th packet
}

// filterInput is a list of allow rules and the headers of packets to judge by it. All is TCP, since others are not stateless at
// tailscale's, and opens a connection, since it lets segments of others pass unseen.
type filterInput struct {
	rules []filterRule
	seen  []probe // a power of two of them
}

// filterRule allows ports from a source.
type filterRule struct {
	from        netip.Prefix
	first, last uint16
}

// probe is what a filter sees of a packet.
type probe struct {
	src  netip.Addr
	port uint16
}

func filterCases() ([]Case, error) {
	note := "filter: headers are parsed beforehand. mixed: half of the packets are such as a random rule allows, half go anywhere. last: only the last rule allows them."
	var cases []Case
	for _, rules := range []int{60, 1000} {
		for _, kind := range []string{"mixed", "last"} {
			cases = append(cases, Case{
				Family: "filter", Name: fmt.Sprintf("%d rules, %s", rules, kind), Unit: "decision", Note: note,
				Peers: func() ([]Peer, error) { return filterPeers(filterTraffic(rules, kind)), nil },
			})
		}
	}
	return cases, nil
}

func filterPeers(in filterInput) []Peer {
	return []Peer{newFilter(in), newTailscale(in), &scan{in: in}}
}

// filterTraffic draws rules for single ports, some for a range, from networks of all sizes.
func filterTraffic(rules int, kind string) filterInput {
	r := rand.New(rand.NewPCG(4, uint64(rules)))
	in := filterInput{seen: make([]probe, 1<<14)}
	ten := netip.MustParsePrefix("10.0.0.0/8")
	for i := range rules {
		p, _ := within(ten, r).Prefix([]int{8, 12, 16, 16, 24, 24, 24, 32}[r.IntN(8)])
		rule := filterRule{from: p, first: uint16(1000 + i), last: uint16(1000 + i)}
		if r.IntN(8) == 0 {
			rule.last += uint16(r.IntN(100))
		}
		in.rules = append(in.rules, rule)
	}
	in.rules[rules-1] = filterRule{ten, 443, 443} // the ports of the others are above
	for i := range in.seen {
		of := in.rules[rules-1]
		if kind == "mixed" {
			of = in.rules[r.IntN(rules)]
		}
		in.seen[i] = probe{within(of.from, r), of.first}
		if kind == "mixed" && i%2 == 0 {
			in.seen[i] = probe{within(ten, r), uint16(r.IntN(3000))}
		}
	}
	return in
}

// sgFilter is ours.
type sgFilter struct {
	looper
	filter *firewall.Filter
	seen   []probe
}

func newFilter(in filterInput) *sgFilter {
	var rules []firewall.Rule
	for _, r := range in.rules {
		rules = append(rules, firewall.Rule{
			Service: firewall.Service{Protocol: protoTCP, From: int(r.first), To: int(r.last)},
			Peer:    firewall.Peer{Prefix: r.from},
		})
	}
	return &sgFilter{looper{name: "vpcemu firewall.Filter"}, firewall.NewFilter(firewall.CompileRules(rules, nil)), in.seen}
}

const protoTCP = 6

func (p *sgFilter) decide(i int) firewall.Verdict {
	s := &p.seen[i]
	return p.filter.Decide(firewall.Header{Proto: protoTCP, Port: s.port}, s.src, nil).Verdict
}

func (p *sgFilter) allows(i int) bool { return p.decide(i) == firewall.Allowed }

func (p *sgFilter) Run(n int) error {
	mask, sum := len(p.seen)-1, 0
	for i := p.next; i < p.next+n; i++ {
		sum += int(p.decide(i & mask))
	}
	return p.done(n, sum)
}

// scan is what anybody would write first.
type scan struct {
	looper
	in filterInput
}

func (p *scan) Name() string { return "linear scan" }

func (p *scan) allows(i int) bool {
	s := &p.in.seen[i]
	for j := range p.in.rules {
		r := &p.in.rules[j]
		if r.first <= s.port && s.port <= r.last && r.from.Contains(s.src) {
			return true
		}
	}
	return false
}

func (p *scan) Run(n int) error {
	mask, sum := len(p.in.seen)-1, 0
	for i := p.next; i < p.next+n; i++ {
		if p.allows(i & mask) {
			sum++
		}
	}
	return p.done(n, sum)
}
