package reach

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/internal/space"
	"github.com/vpcemu/vpcemu/vpc"
)

// Traffic is packets: some services, from some addresses and ports to some addresses.
type Traffic struct {
	product space.Product
	places  *places
}

// places are all that there may be between two ends.
type places struct {
	v6  bool
	all space.Product
	// hosts are the addresses of the source and of the destination, nil for a network.
	// Where the end is one of several, which have other addresses, several is true, and
	// they are worded as "address 2".
	hosts   [2][]emu.Range
	several [2]bool
	// public are the destination's public addresses beside private ones. Where several
	// destinations are listed together, general is true, and each is "public address".
	public   []public
	general  bool
	internet func() []space.Span // the addresses of IPv4 that internet hosts may have
}

func placesOf(p *emu.Pair, several [2]bool) *places {
	all := &places{v6: p.IPv6(), several: several, public: publicOf(p.Destinations()), internet: func() []space.Span { return p.Internet(false) }}
	for d := range all.all {
		all.all[d] = p.Places(d)
	}
	for n, network := range p.Networks() {
		if !network {
			all.hosts[n] = [...][]emu.Range{p.Sources(), p.Destinations()}[n]
			all.all[addressDimensions[n]] = expand(all.hosts[n], all.all[addressDimensions[n]])
		}
	}
	return all
}

// of is a set of packets in as few lines as there may be.
func (all *places) of(set space.Set) []Traffic {
	var list []Traffic
	for _, p := range apart(set, all.public).Products() {
		list = append(list, all.traffic(p))
	}
	slices.SortStableFunc(list, Traffic.compare)
	return list
}

// traffic is a product with the addresses that were left out, and without places that the
// pair does not have.
func (all *places) traffic(p space.Product) Traffic {
	for n, d := range addressDimensions {
		p[d] = expand(all.hosts[n], p[d])
	}
	return all.exactly(p)
}

// exactly is traffic for a product in which no address is left out (see [emu.Pair.Represent]).
func (all *places) exactly(p space.Product) Traffic {
	for d := range p {
		p[d] = space.Common(p[d], all.all[d])
	}
	return Traffic{p, all}
}

func (t Traffic) empty() bool {
	return slices.ContainsFunc(t.product[:], func(s []space.Span) bool { return len(s) == 0 })
}

// toPublic reports whether some of the packets are sent to a public address that has its
// private one beside it.
func (t Traffic) toPublic() bool {
	return slices.ContainsFunc(t.places.public, func(a public) bool { return space.Meets(t.product[space.Destinations], a.public) })
}

// generally is packets in words that fit other destinations too, which have other public
// addresses.
func generally(list []Traffic) []Traffic {
	all := slices.Clone(list)
	for k := range all {
		places := *all[k].places
		places.general = true
		all[k].places = &places
	}
	return all
}

// compare orders packets as they are listed: by the first of their services, and those to public
// addresses last.
func (t Traffic) compare(o Traffic) int {
	rank := func(t Traffic) uint64 {
		if t.toPublic() {
			return 1
		}
		return 0
	}
	return cmp.Or(cmp.Compare(rank(t), rank(o)), cmp.Compare(t.first(), o.first()))
}

// first is where the first of the packets' services stands among all, as they are listed.
func (t Traffic) first() uint64 {
	for k, p := range named {
		if own := space.Common(t.product[space.Services], []space.Span{space.Protocol(uint8(p))}); len(own) > 0 {
			return uint64(k)<<32 | own[0].First.Lo
		}
	}
	return uint64(len(named)) << 32
}

// IPv6 reports whether the packets are IPv6, else IPv4.
func (t Traffic) IPv6() bool { return t.places.v6 }

// String is "tcp/443, tcp/8000-8099 from 10.0.0.0/8", with the addresses of an end that
// has several, and with the source ports if they are not all.
func (t Traffic) String() string {
	words := []string{t.Services()}
	for _, more := range [...][2]string{{"from ", t.Sources()}, {"to ", t.Destinations()}, {"source ports ", t.SourcePorts()}} {
		if more[1] != "" {
			words = append(words, more[0]+more[1])
		}
	}
	return strings.Join(words, " ")
}

// Services are the packets' services: "tcp/443, tcp/8000-8099, icmp/8", "all", or "all but
// tcp/22". "icmp/3/4" is one code of a type, and "other protocols" are all but TCP, UDP and
// the IP version's ICMP.
func (t Traffic) Services() string {
	some, all := t.product[space.Services], t.places.all[space.Services]
	return shorter(serviceWords(some, all), serviceWords(space.Except(all, some), all), "all")
}

// Sources are the addresses that the packets are from, "" if they are all that a host has:
// "10.0.0.0/8, 192.0.2.7", "10.0.1.5 (eni-node)", or of a network "anywhere" or "anywhere but
// 192.0.2.0/24".
func (t Traffic) Sources() string { return t.addresses(space.Sources) }

// Destinations are the addresses that the packets are to, as Sources. It is "" for all private
// addresses of a host; packets to its public ones, by which those inside may ask too, are then
// passed over if they fare as those to the private ones: "203.0.113.10" is named where more gets
// through, or less.
func (t Traffic) Destinations() string { return t.addresses(space.Destinations) }

// SourcePorts are the ports that the packets are from, "" for all: "1024-65535".
func (t Traffic) SourcePorts() string {
	some, all := t.product[space.SourcePorts], t.places.all[space.SourcePorts]
	words := shorter(portWords(some), portWords(space.Except(all, some)), "")
	if but, ok := strings.CutPrefix(words, " but "); ok {
		return "all but " + but
	}
	return words
}

func (t Traffic) addresses(d int) string {
	some, all := t.product[d], t.may(d)
	if len(all) == 1 && all[0].Single() {
		return ""
	}
	rest := space.Except(all, some)
	if these, host := t.places.some(d, some); host {
		if len(rest) == 0 {
			return ""
		}
		if d == space.Destinations && t.toPublic() {
			return strings.Join(hostWords(these), ", ") // the rest has those that are passed over
		}
		others, _ := t.places.some(d, rest)
		return shorter(hostWords(these), hostWords(others), "all")
	}
	return shorter(t.addressWords(some, rest), t.addressWords(rest, some), "anywhere")
}

// may are the places that the packets are some of: the private addresses of a host, unless
// they are sent to a public one.
func (t Traffic) may(d int) []space.Span {
	all := t.places.all[d]
	if d == space.Destinations && !t.toPublic() {
		return withoutPublic(all, t.places.public)
	}
	return all
}

// addressWords are addresses as prefixes, and those that NAT64 makes IPv4 of as that.
func (t Traffic) addressWords(some, rest []space.Span) []string {
	nat64, left := t.nat64Words(some, rest)
	if len(nat64) > 0 {
		rest = space.Union(append(slices.Clone(rest), space.Prefix(vpc.NAT64)))
	}
	return append(addressWords(left, rest, t.places.v6), nat64...)
}

// host is an address that an end which is no network has.
type host struct{ address, node string }

// String is "10.0.1.5", with the node if it is a load balancer's.
func (h host) String() string {
	if h.node == "" {
		return h.address
	}
	return h.address + " (" + h.node + ")"
}

// some are which of the addresses of an end's that is no network; false if it is one.
func (all *places) some(d int, some []space.Span) (list []host, ok bool) {
	n := d - space.Sources
	for k, r := range all.hosts[n] {
		for _, s := range space.Common([]space.Span{r.Span}, some) {
			h := host{addresses(s, all.v6), r.Node}
			if all.several[n] || all.general && r.Public() {
				h.address = all.number(n, k)
			}
			list = append(list, h)
		}
	}
	return list, len(all.hosts[n]) > 0
}

// number is what an address of an end that stands for others is called: "address 2", and
// "public address 2" the public one of that, or "public address" if there is no second one.
func (all *places) number(n, k int) string {
	list := all.hosts[n]
	if !list[k].Public() {
		return fmt.Sprintf("address %d", k+1)
	}
	if len(list) > 1 && list[1].Public() {
		return "public address"
	}
	at := slices.IndexFunc(list, func(r emu.Range) bool { return r.Span == list[k].Private })
	return fmt.Sprintf("public address %d", at+1)
}

func hostWords(list []host) []string {
	words := make([]string, len(list))
	for k, h := range list {
		words[k] = h.String()
	}
	return words
}

// shorter is the words for some, or everything but those for the rest.
func shorter(some, rest []string, everything string) string {
	return strings.Join(shorterList(some, rest, everything), ", ")
}

// shorterList is shorter, word by word.
func shorterList(some, rest []string, everything string) []string {
	switch {
	case len(rest) == 0:
		return []string{everything}
	case len(rest) < len(some):
		return append([]string{everything + " but " + rest[0]}, rest[1:]...)
	}
	return some
}
