package reach

import (
	"fmt"
	"net/netip"
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

// BenchmarkMerge is changes of which none is like another.
func BenchmarkMerge(b *testing.B) {
	for _, count := range []int{1_000, 10_000} {
		b.Run(fmt.Sprint(count), func(b *testing.B) {
			for b.Loop() {
				all := make([]Change, count)
				for k := range all {
					all[k] = Change{Sources: []string{fmt.Sprint("from-", k/100)}, Destinations: []string{fmt.Sprint("to-", k%100)}, words: []string{fmt.Sprint("tcp/", k)}}
				}
				require.Len(b, merge(all), count)
			}
		})
	}
}
