package emu

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vpcemu/vpcemu/internal/space"
	"github.com/vpcemu/vpcemu/packet"
	"github.com/vpcemu/vpcemu/routing"
	"github.com/vpcemu/vpcemu/vpc"
)

// askedNetwork is one of which a walk asks all that there is to ask.
func askedNetwork(t *testing.T) *generation {
	var n vpc.Network
	v := n.AddVPC("prod", "10.0.0.0/16", "198.18.0.0/24", "2001:db8:1::/56", "fd00:1::/48")
	v.AddInternetGateway("igw")
	v.AddRouteTable("r").AddRoute("0.0.0.0/0", "igw").AddRoute("172.16.0.0/12", "vgw").AddRoute("172.16.1.0/24", "igw").AddRoute("::/0", "igw")
	link := func(id, behind, allowed string) *vpc.Link {
		return &vpc.Link{ID: id, Prefixes: []vpc.Announcement{{Prefix: netip.MustParsePrefix(behind)}}, Allowed: []netip.Prefix{netip.MustParsePrefix(allowed)}}
	}
	v.Gateways = append(v.Gateways, &vpc.Gateway{Kind: routing.VPNGateway, ID: "vgw",
		VPN: &vpc.VPN{Interfaces: []*vpc.Link{link("one", "172.16.0.0/12", "10.0.1.0/24"), link("two", "172.16.4.0/22", "10.0.2.0/23")}}})
	s := v.AddSubnet("s", "10.0.1.0/24", "2001:db8:1:1::/64").UseRouteTable("r")
	one := s.AddInterface("one", "10.0.1.10", "g").AddPublicIP("198.51.100.10").AddAddress("2001:db8:1:1::10")
	one.Prefixes = []netip.Prefix{netip.MustParsePrefix("10.0.1.32/28")}
	s.AddInterface("two", "10.0.1.11", "g")
	v.AddSecurityGroup("g")
	e, err := New(&n, Options{})
	require.NoError(t, err)
	return e.current.Load()
}

// TestAlike_Asks: what a walk is told about an address it is told about all that stay in its
// box, whatever else it asks.
func TestAlike_Asks(t *testing.T) {
	g := askedNetwork(t)
	v := g.plan.VPCs[0]
	one, outside := g.plan.Owner(v, netip.MustParseAddr("10.0.1.10")), v.VPNGateway.Outside
	m := newMarks(g.plan)
	var places [2][]space.Num // of IPv4 and IPv6
	around := func(p netip.Prefix) {
		s, k := space.Prefix(p), space.Version(p.Addr().Is6())
		places[k] = append(places[k], s.First.Prev(), s.First, s.First.Next(), s.Last, s.Last.Next())
	}
	for a := range g.plan.Landmarks() {
		around(a)
		if a.Addr().Is4() {
			around(netip.PrefixFrom(packet.Embed(nat64, a.Addr()), 96+a.Bits()))
		}
	}
	special := append([]netip.Prefix{nat64, multicast4, multicast6, uniqueLocal6, linkLocal4, linkLocal6, vpc.Services6}, notInternet[:]...)
	for _, list := range [...][]netip.Prefix{special, v.Desc.CIDRs, one.Subnet.Desc.CIDRs, outside.Prefixes()} {
		for _, p := range list {
			around(p)
		}
	}
	for _, e := range one.Subnet.Routes.FIB.Entries() {
		around(e.Destination)
	}
	for _, p := range [...]string{"64:ff9b::a00:100/120", "10.0.1.0/24", "10.0.2.0/23"} {
		around(netip.MustParsePrefix(p))
	}

	for _, c := range []struct {
		name string
		ask  func(w *walk, a netip.Addr) any
	}{
		{"in", func(w *walk, a netip.Addr) any { return w.in(v.Desc.CIDRs[0], a) }},
		{"in, of IPv6", func(w *walk, a netip.Addr) any { return w.in(nat64, a) }},
		{"inAny", func(w *walk, a netip.Addr) any { return w.inAny(notInternet[:], a) }},
		{"is", func(w *walk, a netip.Addr) any { return w.is(a, one.Desc.Addresses[0].IP) }},
		{"vpcHas", func(w *walk, a netip.Addr) any { return w.vpcHas(v, a) }},
		{"subnetHas", func(w *walk, a netip.Addr) any { return w.subnetHas(one.Subnet, a) }},
		{"owns", func(w *walk, a netip.Addr) any { return w.owns(one, a) }},
		{"owner", func(w *walk, a netip.Addr) any { return w.owner(v, a) }},
		{"public", func(w *walk, a netip.Addr) any { b, ok := w.public(a); return [...]any{b, ok} }},
		{"isPublic", func(w *walk, a netip.Addr) any { return w.isPublic(a) }},
		{"isPrivate", func(w *walk, a netip.Addr) any { return w.isPrivate(a) }},
		{"isMulticast", func(w *walk, a netip.Addr) any { return w.isMulticast(a) }},
		{"fabricOwn", func(w *walk, a netip.Addr) any { return w.fabricOwn(a) }},
		{"follow", func(w *walk, a netip.Addr) any {
			h := w.follow(one.Subnet.Routes, a)
			return [...]any{h.verdict, h.found, h.route, h.target.ID}
		}},
		{"outside", func(w *walk, a netip.Addr) any { l, ok := w.outside(outside, a); return [...]any{l, ok} }},
		{"announced", func(w *walk, a netip.Addr) any { return w.announced(outside, a) }},
		{"embeddedIn", func(w *walk, a netip.Addr) any {
			four, ok := packet.Embedded(nat64, a)
			return w.in(nat64, a) && ok && w.embeddedIn(one.Subnet, four)
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			answers := make(map[any]bool)
			for _, internet := range [...]bool{false, true} {
				for k, all := range places {
					v6 := k == 1
					for _, at := range all {
						if !space.Addresses(v6).Has(at) || internet && m.holds(v6, space.One(at)) {
							continue
						}
						a := &alike{v6: v6, marks: m, box: space.Box{space.Destinations: space.Addresses(v6)}}
						a.internet[space.Destinations] = internet
						a.sent()
						told := c.ask(&walk{net: g, alike: a, flow: packet.Flow{Dst: at.Addr(v6)}}, at.Addr(v6))
						answers[told] = true
						left := a.box[space.Destinations]
						require.True(t, left.Has(at), "%v is not in its own box", at.Addr(v6))
						for _, other := range all {
							if left.Has(other) && !(internet && m.holds(v6, space.One(other))) {
								w := &walk{net: g, flow: packet.Flow{Dst: other.Addr(v6)}}
								require.Equal(t, told, c.ask(w, other.Addr(v6)), "%v is like %v (internet: %v)", other.Addr(v6), at.Addr(v6), internet)
							}
						}
					}
				}
			}
			assert.Greater(t, len(answers), 1, "as many answers")
		})
	}
}

// TestAlike_AsksPorts is TestAlike_Asks for ports, wherever they come from.
func TestAlike_AsksPorts(t *testing.T) {
	for _, proto := range [...]packet.Proto{packet.TCP, packet.UDP} {
		for _, at := range [...]uint16{1, 66, 67, 68, 65535} {
			for d, ask := range map[int]func(*walk) bool{
				space.Services:    func(w *walk) bool { return w.toPort(67) },
				space.SourcePorts: func(w *walk) bool { return w.fromPort(67) },
			} {
				a := &alike{box: space.Box{space.Services: space.Protocol(uint8(proto)), space.SourcePorts: space.Ports(0, 65535)}}
				a.sent()
				told := ask(&walk{alike: a, flow: packet.Flow{Proto: proto, SrcPort: at, DstPort: at}})
				left := portsOf(a.box[d])
				assert.Equal(t, space.Protocol(uint8(proto)).Has(a.box[space.Services].First), true, "it stays what it is")
				for port := range uint16(100) {
					if left.Has(space.Num{Lo: uint64(port)}) {
						assert.Equal(t, told, ask(&walk{flow: packet.Flow{Proto: proto, SrcPort: port, DstPort: port}}), "%v is like %v", port, at)
					}
				}
				assert.True(t, left.Has(space.Num{Lo: uint64(at)}))
			}
		}
	}
}

// TestChoices: every combination is made once; who chooses again on one way for a flow, of as
// many, makes the same choice.
func TestChoices(t *testing.T) {
	var c choices
	there := packet.Flow{Src: netip.MustParseAddr("10.0.0.1"), Dst: netip.MustParseAddr("10.0.0.2"), Proto: packet.TCP, SrcPort: 1, DstPort: 2}
	other := there
	other.Src = netip.MustParseAddr("203.0.113.1")
	ways := make(map[[3]int]int)
	for going := true; going; going = c.next() {
		way := [3]int{c.choose("a", there, 2), -1, c.choose("b", there, 2)}
		if way[0] == 1 {
			way[1] = c.choose("a", there, 3) // one of others
		}
		assert.Equal(t, way[0], c.choose("a", there.Reverse(), 2))
		assert.Equal(t, way[2], c.choose("b", there, 2))
		ways[way]++
	}
	want := make(map[[3]int]int)
	for b := range 2 {
		want[[3]int{0, -1, b}] = 1
		for k := range 3 {
			want[[3]int{1, k, b}] = 1
		}
	}
	assert.Equal(t, want, ways)

	translated := make(map[[2]int]int)
	c = choices{}
	for going := true; going; going = c.next() {
		translated[[2]int{c.choose("a", there, 2), c.choose("a", other, 2)}]++
	}
	assert.Equal(t, map[[2]int]int{{0, 0}: 1, {0, 1}: 1, {1, 0}: 1, {1, 1}: 1}, translated, "the flow of a translated packet is another one")
}

// TestFinding_Ways: what several ways say together.
func TestFinding_Ways(t *testing.T) {
	const chosen, port = "which of several a gateway chooses for it", "which port a gateway takes for it"
	acl, group := Blocker{Stage: NACLIn, Component: "acl"}, Blocker{Stage: SGIn, Component: "eni"}
	blocked := Finding{Ways: 1, Blockers: []Blocker{acl}}
	for _, c := range []struct {
		name     string
		one, two Finding
		want     Finding
	}{
		{"alike", Finding{Ways: 1, Answer: Reachable, Request: Reachable}, Finding{Ways: 1, Answer: Reachable, Request: Reachable}, Finding{Ways: 2, Answer: Reachable, Request: Reachable}},
		{"one is blocked", Finding{Ways: 1, Answer: Reachable, Request: Reachable}, blocked,
			Finding{Ways: 2, Answer: Uncertain, Request: Uncertain, Depends: chosen, Blockers: []Blocker{acl}}},
		{"the reply of both is blocked, of one the request too", Finding{Ways: 1, Request: Reachable, Blockers: []Blocker{group}}, blocked,
			Finding{Ways: 2, Request: Uncertain, Blockers: []Blocker{group, acl}}},
		{"for the same reason", blocked, blocked, Finding{Ways: 2, Blockers: []Blocker{acl}}},
		{"of one not known", blocked, Finding{Ways: 1, Answer: Uncertain, Request: Uncertain, Unknowns: []Blocker{group}},
			Finding{Ways: 2, Answer: Uncertain, Request: Uncertain, Depends: chosen, Blockers: []Blocker{acl}, Unknowns: []Blocker{group}}},
		{"the second depends on more", Finding{Ways: 1, Answer: Uncertain}, Finding{Ways: 1, Answer: Uncertain, Depends: port}, Finding{Ways: 2, Answer: Uncertain, Depends: port}},
		{"the first depends on more", Finding{Ways: 1, Answer: Uncertain, Depends: port}, Finding{Ways: 1}, Finding{Ways: 2, Answer: Uncertain, Depends: port}},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := c.one
			f.and(c.two)
			assert.Equal(t, c.want, f)
		})
	}
}
