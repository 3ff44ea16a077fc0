package lint

import (
	"fmt"
	"slices"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/firewall"
	"github.com/vpcemu/vpcemu/internal/plan"
	"github.com/vpcemu/vpcemu/internal/space"
	"github.com/vpcemu/vpcemu/vpc"
)

// port is a service that is no business of the internet's.
type port struct {
	protocol uint8
	number   uint16
	name     string
	admin    bool // of machines, not of data
}

// sensitive are ports of databases and of administration.
var sensitive = []port{
	{6, 22, "SSH", true}, {6, 23, "Telnet", true}, {6, 2375, "Docker", true}, {6, 3389, "RDP", true}, {6, 5900, "VNC", true},
	{6, 5985, "WinRM", true}, {6, 5986, "WinRM", true}, {6, 10250, "kubelet", true},
	{6, 1433, "SQL Server", false}, {6, 1521, "Oracle", false}, {6, 2379, "etcd", false}, {6, 3306, "MySQL", false}, {6, 5432, "PostgreSQL", false},
	{6, 5439, "Redshift", false}, {6, 5984, "CouchDB", false}, {6, 6379, "Redis", false}, {6, 7000, "Cassandra", false}, {6, 9042, "Cassandra", false},
	{6, 9200, "Elasticsearch", false}, {6, 9300, "Elasticsearch", false}, {6, 11211, "memcached", false}, {17, 11211, "memcached", false},
	{6, 27017, "MongoDB", false}, {6, 50000, "Db2", false},
}

func (q *port) span() space.Span { return space.One(space.Service(q.protocol, q.number)) }

// String is "tcp/5432 (PostgreSQL)".
func (q *port) String() string {
	return fmt.Sprintf("%s (%s)", firewall.Service{Protocol: int(q.protocol), From: int(q.number), To: int(q.number)}, q.name)
}

// Of so many addresses at least is what is open to the internet: an office or a partner
// has fewer.
var wide = [2]space.Num{{Lo: 1<<24 - 1}, {Hi: 1<<32 - 1}} // a /8 of IPv4, a /32 of IPv6

// isWide reports whether a set has that many sources.
func isWide(s space.Set, v6 bool) bool {
	var sources space.Set
	for _, b := range s {
		sources = sources.With(&space.Box{space.Sources: b[space.Sources]})
	}
	if len(sources) == 0 {
		return false
	}
	count := space.Num{Lo: uint64(len(sources) - 1)} // one less than there are, so that all of IPv6 fits
	for _, b := range sources {
		count = count.Plus(b[space.Sources].Last.Minus(b[space.Sources].First))
	}
	if v6 {
		return !count.Less(wide[1])
	}
	return !count.Less(wide[0])
}

// exposures are what the internet reaches of the sensitive ports.
type exposures struct {
	*pass
	open  []*exposure
	index map[exposureKey]*exposure
	lets  map[*firewall.Rule]bool // some of it in
	gaps  []gap
	vague map[*vpc.SecurityGroup]bool // groups of interfaces with gaps
}

type gap struct {
	subject subject
	why     string
}

// exposureKey is a rule or an interface, and whose ports are open by it.
type exposureKey struct {
	of    any
	admin bool
}

// exposure is what is open by one rule, or, where no rule has a say, at one interface.
type exposure struct {
	subject subject
	admin   bool
	ports   []string
	hosts   []string
	witness *Witness
}

// exposures asks for every interface that has an address on the internet.
func (p *pass) exposures() *exposures {
	if p.found.open != nil {
		return p.found.open
	}
	x := &exposures{pass: p, index: make(map[exposureKey]*exposure), lets: make(map[*firewall.Rule]bool), vague: make(map[*vpc.SecurityGroup]bool)}
	p.found.open = x
	ingress := p.byFilters(false)
	for i := range p.plan.Interfaces() {
		if i.Gateway != nil || i.Subnet == nil || !i.Attached || !open(i.VPC) {
			continue
		}
		for version, v6 := range [...]bool{false, true} {
			if v6 && !hasGlobal(i) || !v6 && !i.HasPublic() {
				continue
			}
			x.expose(i, ingress.of(i), version)
		}
	}
	return x
}

// hasGlobal reports whether an interface has an IPv6 address that internet hosts may send to.
func hasGlobal(i *plan.Interface) bool {
	for _, a := range i.Desc.Addresses {
		if a.IP.Is6() && !a.IP.IsPrivate() {
			return true
		}
	}
	return false
}

// askName is how a trace calls an interface.
func askName(i *plan.Interface) string {
	return i.VPC.Desc.ID + "/" + i.Desc.ID
}

// expose asks about one interface and one IP version.
func (x *exposures) expose(i *plan.Interface, rules []*rule, version int) {
	var ports []*port
	for k := range sensitive {
		if q := &sensitive[k]; !x.ruled(i) || slices.ContainsFunc(rules, func(r *rule) bool { return r.unknown != "" || r.lets(q, version) }) {
			ports = append(ports, q)
		}
	}
	if len(ports) == 0 {
		return
	}
	pair, ok, err := x.explorer.Pair("internet", askName(i), version == 1)
	switch {
	case err != nil:
		x.gap(i, err.Error())
		return
	case !ok:
		return
	}
	x.represent(pair)
	reached, why := reachedPorts(pair, ports)
	if why != "" {
		x.gap(i, why)
	}
	for _, q := range ports {
		var open space.Set
		for _, b := range reached {
			if b[space.Services].Has(q.span().First) {
				open = append(open, b)
			}
		}
		if len(open) == 0 || !isWide(open, version == 1) {
			continue
		}
		x.note(i, rules, q, pair, open, version)
	}
}

// gap notes that not all about an interface is known.
func (x *exposures) gap(i *plan.Interface, why string) {
	x.gaps = append(x.gaps, gap{ofInterface(i), why})
	for _, g := range x.plan.Filters(i).Groups {
		x.vague[g.Desc] = true
	}
}

// note notes an open port: of each rule that opens it to many, or else of the first one that
// opens it to some, or else of the interface.
func (x *exposures) note(i *plan.Interface, rules []*rule, q *port, pair *emu.Pair, open space.Set, version int) {
	var by, narrow []*rule
	sets := make(map[*rule]space.Set)
	for _, r := range rules {
		switch set := r.of(open, q, version); {
		case len(set) == 0:
			continue
		case isWide(set, version == 1):
			by, sets[r] = append(by, r), set
		default:
			narrow, sets[r] = append(narrow, r), set
		}
		x.lets[r.desc] = true
	}
	if len(by) == 0 && len(narrow) > 0 {
		by = narrow[:1]
	}
	for _, r := range by {
		x.noteOf(r.subject(), i, q, pair, sets[r])
	}
	if len(by) == 0 {
		x.noteOf(ofInterface(i), i, q, pair, open)
	}
}

// noteOf notes that a port of an interface is open because of something.
func (x *exposures) noteOf(by subject, i *plan.Interface, q *port, pair *emu.Pair, open space.Set) {
	set := slices.Clone(open)
	for k := range set {
		set[k][space.Services] = q.span()
	}
	at, ok := pair.Usual(set)
	if !ok {
		return // only addresses that no internet host has
	}
	key := exposureKey{by.thing, q.admin}
	e := x.index[key]
	if e == nil {
		e = &exposure{subject: by, admin: q.admin, witness: x.witness(pair, at, "internet", askName(i))}
		x.index[key] = e
		x.open = append(x.open, e)
	}
	if name := q.String(); !slices.Contains(e.ports, name) {
		e.ports = append(e.ports, name)
	}
	if name := hostName(i); !slices.Contains(e.hosts, name) {
		e.hosts = append(e.hosts, name)
	}
}

// hostName is how people call an interface.
func hostName(i *plan.Interface) string {
	switch {
	case i.Balancer != nil:
		return i.Balancer.Desc.ID
	case i.Instance != nil:
		return i.Instance.ID
	}
	return i.Desc.ID
}

// lets reports whether a rule may let packets to a port in from the internet.
func (r *rule) lets(q *port, version int) bool {
	return !r.byGroup && slices.ContainsFunc(r.sets[version], func(b space.Box) bool { return b[space.Services].Has(q.span().First) })
}

// of is what a rule with a range lets in of packets to a port.
func (r *rule) of(packets space.Set, q *port, version int) (set space.Set) {
	if r.byGroup {
		return nil
	}
	for _, mine := range r.sets[version] {
		if !mine[space.Services].Has(q.span().First) {
			continue
		}
		for _, b := range packets {
			if b[space.Sources] = b[space.Sources].And(mine[space.Sources]); !b.Empty() {
				set = append(set, b)
			}
		}
	}
	return set
}

// mostAsked is after how many packets a question is given up.
const mostAsked = 2000

// reachedPorts are the packets to some ports that get through and are answered. Why says
// what of that is not known.
func reachedPorts(pair *emu.Pair, ports []*port) (reached space.Set, why string) {
	var set space.Set
	for _, b := range pair.All {
		for _, q := range ports {
			if c := b; c[space.Services].Has(q.span().First) {
				c[space.Services] = q.span()
				set = append(set, c)
			}
		}
	}
	asked := 0
	for f, some := range pair.Exhaust(set, pair.Ask) {
		if asked++; asked > mostAsked {
			return reached, "too many cases to look at all"
		}
		switch f.Answer {
		case emu.Reachable:
			reached = append(reached, some...)
		case emu.Uncertain:
			why = unknownWords(pair, &f)
		}
	}
	return reached, why
}

// unknownWords say what is not known about a packet.
func unknownWords(pair *emu.Pair, f *emu.Finding) string {
	if f.Depends != "" {
		return "it depends on " + f.Depends
	}
	if t, err := pair.Trace(f.At); err == nil && len(t.Unknowns) > 0 {
		return t.Unknowns[0].Detail
	}
	return "not all on the way is described"
}

// openDatabases and openAdministration: sensitive ports that the internet reaches.
func openDatabases(p *pass)      { p.openPorts(false) }
func openAdministration(p *pass) { p.openPorts(true) }

func (p *pass) openPorts(admin bool) {
	x := p.exposures()
	for _, e := range x.open {
		if e.admin == admin {
			p.find(e.subject, e.witness, "allow only the addresses that need it, or only the group of those in between",
				"the internet reaches %s at %s", words(e.ports, 6), words(e.hosts, few))
		}
	}
	for _, g := range x.gaps {
		p.unsure(g.subject, "%s", g.why)
	}
}

// idleRules: rules that open a sensitive port to the internet, and nothing can use them
// yet.
func idleRules(p *pass) {
	x := p.exposures()
	for _, r := range p.rules() {
		if r.egress || r.unknown != "" || r.byGroup || x.lets[r.desc] {
			continue
		}
		ports := r.wide()
		switch {
		case len(ports) == 0:
		case r.vpc.Desc.Unlisted != "" || x.vague[r.group]:
			p.unsure(r.subject(), "it opens %s to the internet, and whether anything behind it is reached is not known", words(ports, 6))
		default:
			p.find(r.subject(), nil, "allow only the addresses that need it",
				"it opens %s to the internet; nothing that has the group can be reached from there now, but a route, an address or an ACL away it will be", words(ports, 6))
		}
	}
}

// notInternet are all packets from or to addresses that no internet host has, by IP version.
var notInternet = func() (all [2]space.Set) {
	for _, p := range emu.NotInternet() {
		at := &all[space.Version(p.Addr().Is6())]
		*at = at.With(&space.Box{space.Sources: space.Prefix(p), space.Services: space.AllServices()})
	}
	return all
}()

// wide are the sensitive ports that a rule lets many internet hosts in to.
func (r *rule) wide() (ports []string) {
	if r.egress || r.unknown != "" || r.byGroup {
		return nil
	}
	for version, set := range r.sets {
		for k := range sensitive {
			q := &sensitive[k]
			var open space.Set
			for _, b := range set {
				if b[space.Services].Has(q.span().First) {
					open = append(open, space.Set{b}.Minus(notInternet[version])...)
				}
			}
			if isWide(open, version == 1) && !slices.Contains(ports, q.String()) {
				ports = append(ports, q.String())
			}
		}
	}
	return ports
}
