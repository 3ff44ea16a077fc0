package bench

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strconv"
	"strings"

	"github.com/vpcemu/vpcemu/firewall"
)

// Decisions is the filter of a security group, and packets for it.
type Decisions struct {
	Filter *firewall.Filter
	seen   []probe // a power of two of them
	at     int
}

// probe is what a filter sees of the first packet of a flow.
type probe struct {
	header firewall.Header
	remote netip.Addr
	groups []firewall.GroupID // of the remote interface
}

// names knows the groups "g-0", "g-1", … and prefix lists "pl-0", "pl-1", … of 20
// entries each.
type names struct{}

// Group is the group of a number.
func (names) Group(name string) (firewall.GroupID, bool) {
	n, err := strconv.Atoi(strings.TrimPrefix(name, "g-"))
	return firewall.GroupID(n), err == nil
}

// PrefixList is the list of a number.
func (names) PrefixList(name string) (entries []netip.Prefix, known bool) {
	n, err := strconv.Atoi(strings.TrimPrefix(name, "pl-"))
	for i := range 20 {
		entries = append(entries, netip.PrefixFrom(netip.AddrFrom4([4]byte{20, byte(n), byte(i * 12), 0}), 24))
	}
	return entries, err == nil
}

// groups is how many groups there are.
const groups = 300

// Rules makes up rules as they are met: few services, of which some are ranges;
// half are for CIDRs of all sizes, one in ten for a prefix list, the rest for groups.
func Rules(n int, seed uint64) []firewall.Rule {
	r := rand.New(rand.NewPCG(seed, uint64(n)))
	services := []string{"tcp/22", "tcp/80", "tcp/443", "tcp/443", "tcp/3306", "tcp/5432", "tcp/8080-8090", "tcp/9092-9098", "tcp/30000-32767"}
	rules := make([]firewall.Rule, n)
	for i := range rules {
		service := services[r.IntN(len(services))]
		if r.IntN(3) == 0 {
			service = fmt.Sprintf("tcp/%d", 1024+r.IntN(8000))
		}
		rules[i].Service = firewall.MustParseService(service)
		switch at := r.IntN(10); {
		case at < 5:
			rules[i].Peer.Prefix = inside(r, netip.MustParsePrefix("10.0.0.0/11"), 16+r.IntN(17))
		case at < 6:
			rules[i].Peer.PrefixList = fmt.Sprintf("pl-%d", r.IntN(10))
		default:
			rules[i].Peer.Group = fmt.Sprintf("g-%d", r.IntN(groups))
		}
	}
	return rules
}

// NewDecisions compiles rules and makes packets, of which nine of ten are allowed by
// a random rule.
func NewDecisions(rules []firewall.Rule) *Decisions {
	r := rand.New(rand.NewPCG(3, uint64(len(rules))))
	d := &Decisions{Filter: firewall.NewFilter(firewall.CompileRules(rules, names{})), seen: make([]probe, 1<<12)}
	for i := range d.seen {
		d.seen[i] = allowedBy(r, &rules[r.IntN(len(rules))])
		if r.IntN(10) == 0 {
			d.seen[i].remote, d.seen[i].groups = netip.MustParseAddr("192.0.2.1"), nil
		}
	}
	return d
}

// allowedBy is a packet that a rule allows.
func allowedBy(r *rand.Rand, rule *firewall.Rule) probe {
	p := probe{header: firewall.Header{Proto: 6, Port: uint16(rule.Service.From + r.IntN(rule.Service.To-rule.Service.From+1))}}
	for range 1 + r.IntN(4) { // groups that are in no rule
		p.groups = append(p.groups, firewall.GroupID(groups+r.IntN(1000)))
	}
	prefix := netip.MustParsePrefix("10.200.0.0/16")
	switch {
	case rule.Peer.Prefix.IsValid():
		prefix = rule.Peer.Prefix
	case rule.Peer.PrefixList != "":
		entries, _ := names{}.PrefixList(rule.Peer.PrefixList)
		prefix = entries[r.IntN(len(entries))]
	default:
		p.groups[r.IntN(len(p.groups))], _ = names{}.Group(rule.Peer.Group)
	}
	p.remote = address(r, prefix)
	return p
}

func (d *Decisions) next() firewall.Verdict {
	p := &d.seen[d.at&(len(d.seen)-1)]
	d.at++
	return d.Filter.Decide(p.header, p.remote, p.groups).Verdict
}

// Run judges n packets.
func (d *Decisions) Run(n int) {
	for range n {
		Sink += int(d.next())
	}
}
