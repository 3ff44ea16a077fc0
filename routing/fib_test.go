package routing

import (
	"fmt"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// to is a static route; the target's ID tells the routes of a case apart.
func to(dst, target string) Route {
	return Route{Destination: netip.MustParsePrefix(dst), Target: Target{Kind: Interface, ID: target}}
}

func list(pl, target string) Route {
	return Route{PrefixList: pl, Target: Target{Kind: Interface, ID: target}}
}

func (r Route) from(s Source) Route { r.Source = s; return r }

var someLists = map[string][]string{
	"pl-a": {"203.0.113.0/24", "198.51.100.0/25"},
	"pl-b": {"203.0.113.0/24"},
}

func knownLists(name string) (string, []netip.Prefix, bool) {
	var ps []netip.Prefix
	for _, s := range someLists[name] {
		ps = append(ps, netip.MustParsePrefix(s))
	}
	return name, ps, ps != nil
}

// lookedUp is the target's ID, "local" or "none".
func lookedUp(routes []Route, f *FIB, addr string) string {
	e, ok := f.Lookup(netip.MustParseAddr(addr))
	switch {
	case !ok:
		return "none"
	case e.Route == LocalRoute:
		return "local"
	}
	return routes[e.Route].Target.ID
}

func TestLookup(t *testing.T) {
	local := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/16"), netip.MustParsePrefix("2001:db8::/56")}
	tests := []struct {
		name   string
		routes []Route
		addr   string
		want   string
	}{
		{"RT-7 the VPC's own range", nil, "10.0.1.5", "local"},
		{"RT-7 the VPC's own IPv6 range", nil, "2001:db8::5", "local"},
		{"RT-15 nothing matches", nil, "10.1.0.0", "none"},
		{"RT-13 default takes the rest", []Route{to("0.0.0.0/0", "igw")}, "10.1.0.0", "igw"},
		{"RT-13 the longest prefix wins", []Route{to("0.0.0.0/0", "igw"), to("203.0.113.0/24", "eni")}, "203.0.113.9", "eni"},
		{"RT-13 one address past it", []Route{to("0.0.0.0/0", "igw"), to("203.0.113.0/24", "eni")}, "203.0.114.0", "igw"},
		{"RT-13 IPv4 default does not cover IPv6", []Route{to("0.0.0.0/0", "igw")}, "2001:db9::1", "none"},
		{"VPC-2 host bits are cleared", []Route{to("203.0.113.77/24", "eni")}, "203.0.113.1", "eni"},
		{"RT-9 local replaced", []Route{to("10.0.0.0/16", "eni")}, "10.0.1.5", "eni"},
		{"RT-11 more specific than local", []Route{to("10.0.1.0/24", "eni")}, "10.0.1.5", "eni"},
		{"RT-11 beside it", []Route{to("10.0.1.0/24", "eni")}, "10.0.2.5", "local"},
		{"RT-16 static before prefix list", []Route{list("pl-a", "vpce"), to("203.0.113.0/24", "igw")}, "203.0.113.1", "igw"},
		{"RT-16 prefix list before propagated", []Route{to("203.0.113.0/24", "vgw").from(DirectConnect), list("pl-a", "vpce")}, "203.0.113.1", "vpce"},
		{"RT-17 Direct Connect before VPN static", []Route{to("172.16.0.0/12", "vpn").from(VPNStatic), to("172.16.0.0/12", "dx").from(DirectConnect)}, "172.16.0.1", "dx"},
		{"RT-17 VPN static before VPN BGP", []Route{to("172.16.0.0/12", "bgp").from(VPNDynamic), to("172.16.0.0/12", "static").from(VPNStatic)}, "172.16.0.1", "static"},
		{"RT-19 propagated inside local", []Route{to("10.0.1.0/24", "vgw").from(VPNDynamic)}, "10.0.1.5", "local"},
		{"RT-19 propagated around local", []Route{to("10.0.0.0/8", "vgw").from(VPNDynamic)}, "10.1.1.5", "vgw"},
		{"RT-20 propagated more specific than static", []Route{to("172.16.0.0/12", "eni"), to("172.16.1.0/24", "vgw").from(VPNDynamic)}, "172.16.1.1", "vgw"},
		{"RT-21 every entry of a list", []Route{to("0.0.0.0/0", "igw"), list("pl-a", "vpce")}, "198.51.100.127", "vpce"},
		{"RT-21 past the entry", []Route{to("0.0.0.0/0", "igw"), list("pl-a", "vpce")}, "198.51.100.128", "igw"},
		{"RT-22 the list with the smallest ID", []Route{list("pl-b", "b"), list("pl-a", "a")}, "203.0.113.1", "a"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			assert.Equal(t, tt.want, lookedUp(tt.routes, Compile(tt.routes, local, knownLists), tt.addr))
		})
	}
}

func TestRT55_PropagatedRoutesBeyondTheQuota(t *testing.T) {
	var routes []Route
	for i := range MaxPropagated + 1 {
		routes = append(routes, to(fmt.Sprintf("172.16.%d.0/24", i), fmt.Sprint(i)).from(VPNDynamic))
	}
	f := Compile(routes, nil, knownLists)
	assert.Equal(t, "99", lookedUp(routes, f, "172.16.99.1"), "the last one within the quota")
	assert.Equal(t, "none", lookedUp(routes, f, "172.16.100.1"), "the first one beyond it")
}

func TestUnknownPrefixListIsUncertain(t *testing.T) {
	routes := []Route{to("0.0.0.0/0", "igw"), list("pl-missing", "vpce")}
	assert.Equal(t, []int{1}, Compile(routes, nil, knownLists).Uncertain())
	assert.Empty(t, Compile(routes[:1], nil, knownLists).Uncertain())
}

func TestNilFIBHasNoRoute(t *testing.T) {
	var f *FIB
	_, ok := f.Lookup(netip.MustParseAddr("10.0.0.1"))
	assert.False(t, ok)
	assert.Empty(t, f.Entries())
}

// linearLookup is the slow twin of FIB: try every route, keep the best.
func linearLookup(routes []Route, local []netip.Prefix, addr netip.Addr) int {
	best, bits, rank := -2, -1, 0
	consider := func(route int, p netip.Prefix, r int) {
		if p = p.Masked(); p.Contains(addr) && (p.Bits() > bits || p.Bits() == bits && r < rank) {
			best, bits, rank = route, p.Bits(), r
		}
	}
	for _, p := range local {
		consider(LocalRoute, p, 1)
	}
	for i, r := range routes {
		inLocal := false
		for _, p := range local {
			inLocal = inLocal || p.Overlaps(r.Destination) && p.Bits() <= r.Destination.Bits()
		}
		switch {
		case r.Source.Propagated() && inLocal:
		case r.Source.Propagated():
			consider(i, r.Destination, 4+int(r.Source))
		case inLocal && r.Destination.Bits() == 16:
			consider(i, r.Destination, 0)
		default:
			consider(i, r.Destination, 2)
		}
	}
	return best
}

func TestFIBAgreesWithLinearLookup(t *testing.T) {
	local := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/16")}
	rapid.Check(t, func(t *rapid.T) {
		// A small universe, so that prefixes nest and collide often.
		addr := rapid.Custom(func(t *rapid.T) netip.Addr {
			b := byte(rapid.IntRange(0, 3).Draw(t, "b"))
			return netip.AddrFrom4([4]byte{10, b >> 1, b & 1 * 128, byte(rapid.IntRange(0, 255).Draw(t, "c"))})
		})
		var routes []Route
		for range rapid.IntRange(0, 12).Draw(t, "routes") {
			p := netip.PrefixFrom(addr.Draw(t, "dst"), rapid.IntRange(0, 32).Draw(t, "bits"))
			routes = append(routes, Route{Destination: p, Source: Source(rapid.IntRange(0, 3).Draw(t, "source"))})
		}
		f := Compile(routes, local, knownLists)
		for range 20 {
			a := addr.Draw(t, "addr")
			got, ok := f.Lookup(a)
			want := linearLookup(routes, local, a)
			require.Equal(t, want != -2, ok, "%v in %v", a, routes)
			if ok {
				require.Equal(t, want, got.Route, "%v in %v", a, routes)
			}
		}
	})
}

func TestLookupAllocatesNothing(t *testing.T) {
	f := Compile([]Route{to("0.0.0.0/0", "igw")}, []netip.Prefix{netip.MustParsePrefix("10.0.0.0/16")}, knownLists)
	a := netip.MustParseAddr("203.0.113.9")
	assert.Zero(t, testing.AllocsPerRun(100, func() { f.Lookup(a) }))
}

func ExampleCompile() {
	routes := []Route{
		{Destination: netip.MustParsePrefix("0.0.0.0/0"), Target: Target{Kind: InternetGateway, ID: "igw-1"}},
		{Destination: netip.MustParsePrefix("203.0.113.0/24"), Blackhole: true},
	}
	fib := Compile(routes, []netip.Prefix{netip.MustParsePrefix("10.0.0.0/16")}, nil)

	for _, s := range []string{"10.0.3.7", "8.8.8.8", "203.0.113.1"} {
		e, _ := fib.Lookup(netip.MustParseAddr(s))
		switch {
		case e.Route == LocalRoute:
			fmt.Println(s, "local")
		case routes[e.Route].Blackhole:
			fmt.Println(s, "blackhole: no fallback to a shorter prefix")
		default:
			fmt.Println(s, routes[e.Route])
		}
	}
	// Output:
	// 10.0.3.7 local
	// 8.8.8.8 0.0.0.0/0 → igw-1
	// 203.0.113.1 blackhole: no fallback to a shorter prefix
}
