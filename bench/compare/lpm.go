package main

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
)

// lpmPeer is a Peer that also answers one question, for the test.
type lpmPeer interface {
	Peer
	// find returns the index of the route with the longest prefix that holds the i-th address, -1 if none does.
	find(i int) int
}

// lpmInput is a table and the addresses to look up in it.
type lpmInput struct {
	routes []netip.Prefix
	addrs  []netip.Addr // a power of two of them
}

// lpmCases are the sizes of table that a VPC and a transit gateway have, and a full BGP table as the stress case.
func lpmCases() ([]Case, error) {
	bgp, from, err := bgpTable()
	if err != nil {
		return nil, err
	}
	v4, v6 := split(bgp)
	note := "lpm: the BGP table is " + from + ". Every address is a random one inside a random route; cidranger and patricia get it in their own types, converted beforehand."
	var cases []Case
	add := func(name string, in func() lpmInput) {
		cases = append(cases, Case{Family: "lpm", Name: name, Unit: "lookup", Note: note, Peers: func() ([]Peer, error) { return lpmPeers(in()) }})
	}
	for _, n := range []int{5, 50, 1000} {
		add(fmt.Sprintf("%d routes", n), func() lpmInput { return hits(vpcTable(n), 1<<16) })
	}
	add(fmt.Sprintf("BGP IPv4, %d routes, 1M hits", len(v4)), func() lpmInput { return hits(v4, 1<<20) })
	add(fmt.Sprintf("BGP IPv6, %d routes, 1M hits", len(v6)), func() lpmInput { return hits(v6, 1<<20) })
	return cases, nil
}

func split(all []netip.Prefix) (v4, v6 []netip.Prefix) {
	for _, p := range all {
		if p.Addr().Is4() {
			v4 = append(v4, p)
		} else {
			v6 = append(v6, p)
		}
	}
	return v4, v6
}

// lpmPeers builds the same table in each peer's way; a peer gets the addresses in the type it looks up.
func lpmPeers(in lpmInput) (peers []Peer, err error) {
	for _, build := range lpmBuilders {
		p, err := build(in)
		if err != nil {
			return peers, err
		}
		peers = append(peers, p)
	}
	return peers, nil
}

// vpcTable is a default route, and routes of a private network at the prefix lengths that people choose.
func vpcTable(n int) []netip.Prefix {
	r := rand.New(rand.NewPCG(1, uint64(n)))
	routes := []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0")}
	seen := make(map[netip.Prefix]bool)
	lengths := []int{12, 16, 16, 16, 20, 22, 24, 24, 24, 24, 28, 32}
	for len(routes) < n {
		p, _ := within(netip.MustParsePrefix("10.0.0.0/8"), r).Prefix(lengths[r.IntN(len(lengths))])
		if !seen[p] {
			seen[p] = true
			routes = append(routes, p)
		}
	}
	return routes
}

// hits are n addresses inside a table.
func hits(routes []netip.Prefix, n int) lpmInput {
	r := rand.New(rand.NewPCG(2, uint64(len(routes))))
	in := lpmInput{routes: routes, addrs: make([]netip.Addr, n)}
	for i := range in.addrs {
		in.addrs[i] = within(routes[r.IntN(len(routes))], r)
	}
	return in
}

// within is a random address of a prefix.
func within(p netip.Prefix, r *rand.Rand) netip.Addr {
	b := p.Addr().AsSlice()
	for bit := p.Bits(); bit < p.Addr().BitLen(); bit++ {
		b[bit/8] |= byte(r.Uint32()&1) << (7 - bit%8)
	}
	a, _ := netip.AddrFromSlice(b)
	return a
}
