package reach

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/vpcemu/vpcemu/bench"
	"github.com/vpcemu/vpcemu/emu"
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
		{"no rule", func(n *vpc.Network) { group(n, "tier-0-3").Ingress = nil }, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			old, err := emu.New(bench.Tiers(30, 10), emu.Options{})
			require.NoError(t, err)
			n := bench.Tiers(30, 10)
			c.change(n)
			now, err := emu.New(n, emu.Options{})
			require.NoError(t, err)
			quick, full := diff(old, now, true), diff(old, now, false)
			require.Equal(t, c.differ, len(full.Changes) > 0)
			require.ElementsMatch(t, pairs(full), pairs(quick))
		})
	}
}

// pairs are the changes of each pair of ends.
func pairs(d *Difference) (all []string) {
	for _, c := range d.Changes {
		for _, from := range c.Sources {
			for _, to := range c.Destinations {
				if from != to {
					all = append(all, fmt.Sprint(c.Kind, from, to, c.Words(), c.v6))
				}
			}
		}
	}
	return all
}
