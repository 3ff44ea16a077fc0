package main

import (
	"fmt"
	"net"
	"net/netip"

	"github.com/gaissmai/bart"
	"github.com/kentik/patricia"
	"github.com/kentik/patricia/int_tree"
	"github.com/yl2chen/cidranger"
	"tailscale.com/net/art"

	"github.com/vpcemu/vpcemu/routing"
)

// lpmBuilders make the peers; ours comes first.
var lpmBuilders = []func(lpmInput) (lpmPeer, error){newFIB, newBart, newBartFast, newArt, newPatricia, newRanger}

// looper runs a lookup over the addresses, again and again. The types that embed it have loops of their own, so that no call through
// an interface or a closure is measured.
type looper struct {
	name string
	next int // where the last run ended
	sum  int // of what was found, so that the compiler drops no lookup
}

func (l *looper) Name() string { return l.name }
func (l *looper) Close() error { return nil }

func (l *looper) done(n, sum int) error {
	l.next, l.sum = l.next+n, sum
	return nil
}

// fib is ours.
type fib struct {
	looper
	table *routing.FIB
	addrs []netip.Addr
}

func newFIB(in lpmInput) (lpmPeer, error) {
	routes := make([]routing.Route, len(in.routes))
	for i, p := range in.routes {
		routes[i].Destination = p
	}
	return &fib{looper{name: "vpcemu routing.FIB"}, routing.Compile(routes, nil, nil), in.addrs}, nil
}

func (p *fib) find(i int) int {
	if e, ok := p.table.Lookup(p.addrs[i]); ok {
		return e.Route
	}
	return -1
}

func (p *fib) Run(n int) error {
	mask, sum := len(p.addrs)-1, 0
	for i := p.next; i < p.next+n; i++ {
		e, _ := p.table.Lookup(p.addrs[i&mask])
		sum += e.Route
	}
	return p.done(n, sum)
}

type bartTable struct {
	looper
	table bart.Table[int]
	addrs []netip.Addr
}

func newBart(in lpmInput) (lpmPeer, error) {
	p := &bartTable{looper: looper{name: "bart.Table"}, addrs: in.addrs}
	for i, r := range in.routes {
		p.table.Insert(r, i)
	}
	return p, nil
}

func (p *bartTable) find(i int) int { return orNone(p.table.Lookup(p.addrs[i])) }

func (p *bartTable) Run(n int) error {
	mask, sum := len(p.addrs)-1, 0
	for i := p.next; i < p.next+n; i++ {
		v, _ := p.table.Lookup(p.addrs[i&mask])
		sum += v
	}
	return p.done(n, sum)
}

type bartFast struct {
	looper
	table bart.Fast[int]
	addrs []netip.Addr
}

func newBartFast(in lpmInput) (lpmPeer, error) {
	p := &bartFast{looper: looper{name: "bart.Fast"}, addrs: in.addrs}
	for i, r := range in.routes {
		p.table.Insert(r, i)
	}
	return p, nil
}

func (p *bartFast) find(i int) int { return orNone(p.table.Lookup(p.addrs[i])) }

func (p *bartFast) Run(n int) error {
	mask, sum := len(p.addrs)-1, 0
	for i := p.next; i < p.next+n; i++ {
		v, _ := p.table.Lookup(p.addrs[i&mask])
		sum += v
	}
	return p.done(n, sum)
}

type artTable struct {
	looper
	table art.Table[int]
	addrs []netip.Addr
}

func newArt(in lpmInput) (lpmPeer, error) {
	p := &artTable{looper: looper{name: "tailscale art"}, addrs: in.addrs}
	for i, r := range in.routes {
		p.table.Insert(r, i)
	}
	return p, nil
}

func (p *artTable) find(i int) int { return orNone(p.table.Get(p.addrs[i])) }

func (p *artTable) Run(n int) error {
	mask, sum := len(p.addrs)-1, 0
	for i := p.next; i < p.next+n; i++ {
		v, _ := p.table.Get(p.addrs[i&mask])
		sum += v
	}
	return p.done(n, sum)
}

// trees are kentik/patricia's, one a family; of a case's addresses all are of one family.
type trees struct {
	looper
	v4     *int_tree.TreeV4
	v6     *int_tree.TreeV6
	addrs4 []patricia.IPv4Address
	addrs6 []patricia.IPv6Address
}

func newPatricia(in lpmInput) (lpmPeer, error) {
	p := &trees{looper: looper{name: "kentik/patricia"}, v4: int_tree.NewTreeV4(), v6: int_tree.NewTreeV6()}
	for i, r := range in.routes {
		if b := r.Addr().AsSlice(); r.Addr().Is4() {
			p.v4.Set(patricia.NewIPv4AddressFromBytes(b, uint(r.Bits())), i)
		} else {
			p.v6.Set(patricia.NewIPv6Address(b, uint(r.Bits())), i)
		}
	}
	for _, a := range in.addrs {
		if b := a.AsSlice(); a.Is4() {
			p.addrs4 = append(p.addrs4, patricia.NewIPv4AddressFromBytes(b, 32))
		} else {
			p.addrs6 = append(p.addrs6, patricia.NewIPv6Address(b, 128))
		}
	}
	if len(p.addrs4) > 0 && len(p.addrs6) > 0 {
		return nil, fmt.Errorf("patricia: addresses of both families")
	}
	return p, nil
}

func (p *trees) find(i int) int {
	ok, v := false, 0
	if p.addrs4 != nil {
		ok, v = p.v4.FindDeepestTag(p.addrs4[i])
	} else {
		ok, v = p.v6.FindDeepestTag(p.addrs6[i])
	}
	return orNone(v, ok)
}

func (p *trees) Run(n int) error {
	sum := 0
	if mask := len(p.addrs4) - 1; p.addrs4 != nil {
		for i := p.next; i < p.next+n; i++ {
			_, v := p.v4.FindDeepestTag(p.addrs4[i&mask])
			sum += v
		}
	} else {
		mask := len(p.addrs6) - 1
		for i := p.next; i < p.next+n; i++ {
			_, v := p.v6.FindDeepestTag(p.addrs6[i&mask])
			sum += v
		}
	}
	return p.done(n, sum)
}

type ranger struct {
	looper
	table cidranger.Ranger
	addrs []net.IP
}

// rangerEntry is a network with a value, as cidranger wants it.
type rangerEntry struct {
	network net.IPNet
	index   int
}

func (e *rangerEntry) Network() net.IPNet { return e.network }

func newRanger(in lpmInput) (lpmPeer, error) {
	p := &ranger{looper: looper{name: "cidranger"}, table: cidranger.NewPCTrieRanger()}
	for i, r := range in.routes {
		network := net.IPNet{IP: r.Addr().AsSlice(), Mask: net.CIDRMask(r.Bits(), r.Addr().BitLen())}
		if err := p.table.Insert(&rangerEntry{network, i}); err != nil {
			return nil, fmt.Errorf("cidranger: %s: %w", r, err)
		}
	}
	for _, a := range in.addrs {
		p.addrs = append(p.addrs, a.AsSlice())
	}
	return p, nil
}

// longest is the last of the networks that hold an address: cidranger lists them from the shortest prefix on.
func (p *ranger) longest(i int) (int, bool) {
	list, err := p.table.ContainingNetworks(p.addrs[i])
	if err != nil || len(list) == 0 {
		return 0, false
	}
	return list[len(list)-1].(*rangerEntry).index, true
}

func (p *ranger) find(i int) int { return orNone(p.longest(i)) }

func (p *ranger) Run(n int) error {
	mask, sum := len(p.addrs)-1, 0
	for i := p.next; i < p.next+n; i++ {
		v, _ := p.longest(i & mask)
		sum += v
	}
	return p.done(n, sum)
}

func orNone(v int, ok bool) int {
	if !ok {
		return -1
	}
	return v
}
