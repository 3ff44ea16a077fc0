package reach

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/vpcemu/vpcemu/bench"
	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/internal/space"
	"github.com/vpcemu/vpcemu/vpc"
)

// TestDiff_PassedOver: what is passed over has not changed.
func TestDiff_PassedOver(t *testing.T) {
	group := func(n *vpc.Network, name string) *vpc.SecurityGroup { return n.VPCs[0].SecurityGroup(name) }
	for _, c := range []struct {
		name   string
		change func(n *vpc.Network)
		differ bool
	}{
		{"nothing", func(*vpc.Network) {}, false},
		{"a rule", func(n *vpc.Network) { group(n, "tier-0-3").AllowIn("udp/53", "0.0.0.0/0") }, true},
		{"a rule that names a group", func(n *vpc.Network) { group(n, "tier-0-3").AllowIn("udp/53", "tier-0-7") }, true},
		{"another group", func(n *vpc.Network) { n.VPCs[0].Subnets[2].Interfaces[0].Groups = []string{"tier-0-5"} }, true},
		{"a load balancer's interface, of which only AWS's remark tells", func(n *vpc.Network) { n.VPCs[0].Subnets[2].Interfaces[0].Description = "ELB app/web/1" }, true},
		{"no rule", func(n *vpc.Network) { group(n, "tier-0-3").Ingress = nil }, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			old, err := emu.New(bench.Tiers(30, 10), emu.Options{})
			require.NoError(t, err)
			n := bench.Tiers(30, 10)
			c.change(n)
			now, err := emu.New(n, emu.Options{})
			require.NoError(t, err)
			quick, full := diff(old, now, true, nil), diff(old, now, false, nil)
			require.Equal(t, c.differ, len(full.Changes) > 0)
			require.ElementsMatch(t, pairs(full), pairs(quick))
		})
	}
}

// TestDiff_Holes: what opens is found behind however many addresses the networks have by turns,
// which no internet host has in both.
func TestDiff_Holes(t *testing.T) {
	network := func(odd uint64, rules ...string) *emu.Emulator {
		var n vpc.Network
		v := n.AddVPC("v", "10.0.0.0/16")
		v.AddInternetGateway("igw")
		v.AddRouteTable("rt").AddRoute("0.0.0.0/0", "igw")
		s := v.AddSubnet("s", "10.0.0.0/16").UseRouteTable("rt")
		first := space.Address(netip.MustParseAddr("1.0.0.0"))
		for k := range uint64(1100) {
			i := s.AddInterface(fmt.Sprint("i-", k), space.Address(netip.MustParseAddr("10.0.16.0")).Plus(space.Num{Lo: k}).Addr(false).String(), "none")
			i.Addresses[0].Public = first.Plus(space.Num{Lo: 2*k + odd}).Addr(false)
		}
		s.AddInterface("db", "10.0.0.9", "db").Addresses[0].Public = netip.MustParseAddr("198.51.100.1")
		v.AddSecurityGroup("none")
		v.AddSecurityGroup("db")
		for _, r := range rules {
			v.SecurityGroup("db").AllowIn(r, "0.0.0.0/0")
		}
		e, err := emu.New(&n, emu.Options{})
		require.NoError(t, err)
		return e
	}
	var opened []string
	for _, c := range Diff(network(0), network(1, "tcp/22")).Changes {
		opened = append(opened, fmt.Sprint(c.Kind, c.Sources, c.Destinations, c.Words()))
	}
	require.Contains(t, opened, "opened [internet] [db] [tcp/22]")
}

// pairs are the changes of each pair of ends.
func pairs(d *Difference) (all []string) {
	for _, c := range d.Changes {
		for _, from := range c.Sources {
			for _, to := range c.Destinations {
				if from != to {
					all = append(all, fmt.Sprint(c.Kind, from, to, c.Words(), c.Versions()))
				}
			}
		}
	}
	return all
}

// TestSameness_Component: gateways are told apart by their IDs, and recognised by names.
func TestSameness_Component(t *testing.T) {
	of := func(ids ...string) *vpc.Network { // ID, name, ID, name
		n := &vpc.Network{}
		for k := 0; k < len(ids); k += 2 {
			n.Gateways = append(n.Gateways, &vpc.Gateway{ID: ids[k], Name: ids[k+1]})
		}
		return n
	}
	for _, c := range []struct {
		name     string
		old, new *vpc.Network
		from, to string
		same     bool
	}{
		{"one ID", of("pcx-1", "a"), of("pcx-1", "b"), "pcx-1", "pcx-1", true},
		{"an ID that is the other's name", of("to-data", ""), of("pcx-1", "to-data"), "to-data", "pcx-1", true},
		{"a name that is the other's ID", of("pcx-1", "to-data"), of("to-data", ""), "pcx-1", "to-data", true},
		{"one name", of("pcx-1", "to-data"), of("pcx-2", "to-data"), "pcx-1", "pcx-2", true},
		{"neither is known there", of("old", ""), of("new", ""), "old", "new", true},
		{"another that there was", of("a", "", "b", ""), of("a", "", "b", ""), "a", "b", false},
		{"another of the same name", of("a", "n", "b", "n"), of("a", "n", "b", "n"), "a", "b", false},
		{"a new one, and the old one is there", of("a", ""), of("a", "", "b", ""), "a", "b", false},
		{"a new one, and one is called as the old one", of("a", ""), of("b", "", "c", "a"), "a", "b", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			require.Equal(t, c.same, newSameness(c.old, c.new).component(c.from, c.to))
		})
	}
}

// BenchmarkMerge is changes of which none is like another, or all are.
func BenchmarkMerge(b *testing.B) {
	for _, count := range []int{1_000, 10_000} {
		b.Run(fmt.Sprint(count), func(b *testing.B) {
			for b.Loop() {
				all := make([]Change, count)
				for k := range all {
					all[k] = Change{Sources: []string{fmt.Sprint("from-", k/100)}, Destinations: []string{fmt.Sprint("to-", k%100)}, general: []string{fmt.Sprint("tcp/", k)}}
				}
				require.Len(b, merge(all), count)
			}
		})
		b.Run(fmt.Sprint(count, " alike"), func(b *testing.B) {
			for b.Loop() {
				all := make([]Change, count)
				for k := range all {
					all[k] = Change{Sources: []string{fmt.Sprint("from-", k)}, Destinations: []string{"to"}}
				}
				require.Len(b, merge(all), 1)
			}
		})
	}
}

// TestMerge_Names: every end of the changes that are made one is there once, in order.
func TestMerge_Names(t *testing.T) {
	from := func(names ...string) Change { return Change{Sources: names, Destinations: []string{"to"}} }
	got := merge([]Change{from("a"), from("b", "c"), from("b"), from("c", "a", "d")})
	require.Len(t, got, 1)
	require.Equal(t, []string{"a", "b", "c", "d"}, got[0].Sources)
}

// TestMerge: changes are one if all that is said of them is the same but one of their ends.
func TestMerge(t *testing.T) {
	change := Change{Kind: Closed, Was: emu.Reachable, Is: emu.Blocked, Sources: []string{"a"}, Destinations: []string{"b"},
		By: []Cause{{Origin: "1", Rule: "r", Component: "sg b"}}, Before: []Cause{{Origin: "2", Rule: "r"}}, set: space.Set{{}}, words: []string{"tcp/80"}, general: []string{"tcp/80"}}
	for _, c := range []struct {
		name string
		edit func(c *Change)
		want []string
	}{
		{"to two destinations", func(c *Change) {}, []string{"closed [a] [b c]"}},
		{"to one twice", func(c *Change) { c.Destinations = []string{"b"} }, []string{"closed [a] [b]"}},
		{"from two sources", func(c *Change) { c.Sources, c.Destinations = []string{"d"}, []string{"b"} }, []string{"closed [a d] [b]"}},
		{"both are others", func(c *Change) { c.Sources = []string{"d"} }, []string{"closed [a] [b]", "closed [d] [c]"}},
		{"met at another component", func(c *Change) { c.By = []Cause{{Origin: "1", Rule: "r", Component: "sg c"}} }, []string{"closed [a] [b c]"}},
		{"to other public addresses", func(c *Change) { c.words = []string{"tcp/80 to 203.0.113.10"} }, []string{"closed [a] [b c]"}},
		{"to other addresses", func(c *Change) { c.general = []string{"tcp/80 to 10.0.0.10"} }, []string{"closed [a] [b]", "closed [a] [c]"}},
		{"other packets", func(c *Change) { c.set = nil }, []string{"closed [a] [b]", "closed [a] [c]"}},
		{"IPv6", func(c *Change) { c.v6 = true }, []string{"closed [a] [b]", "closed [a] [c]"}},
		{"by another rule", func(c *Change) { c.By = []Cause{{Origin: "1", Rule: "s"}} }, []string{"closed [a] [b]", "closed [a] [c]"}},
		{"by a rule elsewhere", func(c *Change) { c.By = []Cause{{Origin: "3", Rule: "r"}} }, []string{"closed [a] [b]", "closed [a] [c]"}},
		{"it was another rule", func(c *Change) { c.Before = nil }, []string{"closed [a] [b]", "closed [a] [c]"}},
		{"it was unknown", func(c *Change) { c.Was = emu.Uncertain }, []string{"closed [a] [b]", "closed [a] [c]"}},
		{"what opened comes first", func(c *Change) { c.Kind = Opened }, []string{"opened [a] [c]", "closed [a] [b]"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			other := change
			other.Destinations = []string{"c"}
			c.edit(&other)
			var got []string
			for _, c := range merge([]Change{change, other}) {
				got = append(got, fmt.Sprint(c.Kind, " ", c.Sources, " ", c.Destinations))
			}
			require.Equal(t, c.want, got)
		})
	}
}

// TestMergeVersions: changes are one for both IP versions if the same is said of them, and made
// them.
func TestMergeVersions(t *testing.T) {
	four := Change{Kind: Closed, Was: emu.Reachable, Is: emu.Blocked, Sources: []string{"a"}, Destinations: []string{"b"}, words: []string{"tcp/80"},
		By: []Cause{{Component: "sg b", Rule: "r", Text: "no rule matches 10.0.0.9", Origin: "1"}}, Before: []Cause{{Component: "sg b", Rule: "s"}}}
	for _, c := range []struct {
		name string
		edit func(c *Change)
		want int
	}{
		{"one setting", func(c *Change) {}, 1},
		{"one setting, and addresses in its words", func(c *Change) { c.By[0].Text = "no rule matches 2001:db8::9" }, 1},
		{"other words", func(c *Change) { c.By[0].Text = "some rule matches 10.0.0.9" }, 2},
		{"another component", func(c *Change) { c.By[0].Component = "sg c" }, 2},
		{"another rule", func(c *Change) { c.By[0].Rule = "s" }, 2},
		{"a rule elsewhere", func(c *Change) { c.By[0].Origin = "2" }, 2},
		{"it was another rule", func(c *Change) { c.Before = nil }, 2},
		{"other packets", func(c *Change) { c.words = []string{"tcp/81"} }, 2},
		{"another source", func(c *Change) { c.Sources = []string{"d"} }, 2},
		{"another destination", func(c *Change) { c.Destinations = []string{"d"} }, 2},
		{"it was unknown", func(c *Change) { c.Was = emu.Uncertain }, 2},
		{"both are IPv4", func(c *Change) { c.v6 = false }, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			six := four
			six.v6, six.set, six.By = true, space.Set{{}}, slices.Clone(four.By)
			c.edit(&six)
			require.Len(t, mergeVersions([]Change{four, six}), c.want)
		})
	}
	six := four
	six.v6, six.set = true, space.Set{{}}
	require.Len(t, mergeVersions([]Change{four, six, six}), 2, "the second one of IPv6 is about other packets")
}

// TestMatchRanges: which old address a new one was: the same one at the same node, else one of
// the node or of its subnet, else the same one, else any of the same kind.
func TestMatchRanges(t *testing.T) {
	at := func(prefix, node, subnet string) emu.Range {
		return emu.Range{Span: space.Prefix(netip.MustParsePrefix(prefix)), Node: node, Subnet: subnet}
	}
	public := at("203.0.113.1/32", "", "")
	public.Private = at("10.0.0.1/32", "", "").Span
	for _, c := range []struct {
		name    string
		was, is []emu.Range
		want    []int
	}{
		{"the same", []emu.Range{at("10.0.0.1/32", "", ""), at("10.0.0.2/32", "", "")}, []emu.Range{at("10.0.0.2/32", "", ""), at("10.0.0.1/32", "", "")}, []int{1, 0}},
		{"one more", []emu.Range{at("10.0.0.2/32", "", "")}, []emu.Range{at("10.0.0.1/32", "", ""), at("10.0.0.2/32", "", "")}, []int{-1, 0}},
		{"another", []emu.Range{at("10.0.0.1/32", "", "")}, []emu.Range{at("10.0.0.2/32", "", "")}, []int{0}},
		{"of the node, before the same", []emu.Range{at("10.0.0.1/32", "a", "s"), at("10.0.0.2/32", "b", "s")}, []emu.Range{at("10.0.0.1/32", "b", "s"), at("10.0.0.2/32", "a", "s")}, []int{1, 0}},
		{"the same at its node, before another there", []emu.Range{at("10.0.0.1/32", "a", "s"), at("10.0.0.2/32", "a", "s")}, []emu.Range{at("10.0.0.2/32", "a", "s")}, []int{1}},
		{"of the subnet, before the same", []emu.Range{at("10.0.0.1/32", "a", "s"), at("10.0.0.2/32", "b", "t")}, []emu.Range{at("10.0.0.1/32", "c", "t"), at("10.0.0.2/32", "d", "s")}, []int{1, 0}},
		{"the same, of other nodes elsewhere", []emu.Range{at("10.0.0.1/32", "a", "s"), at("10.0.0.2/32", "b", "t")}, []emu.Range{at("10.0.0.2/32", "c", "u"), at("10.0.0.1/32", "d", "v")}, []int{1, 0}},
		{"no prefix for an address", []emu.Range{at("10.0.0.0/28", "", "")}, []emu.Range{at("10.0.0.1/32", "", "")}, []int{-1}},
		{"no public address for a private one", []emu.Range{public}, []emu.Range{at("203.0.113.1/32", "", "")}, []int{-1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			require.Equal(t, c.want, matchRanges(c.was, c.is))
		})
	}
}
