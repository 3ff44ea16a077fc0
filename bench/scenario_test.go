package bench

import (
	"net/netip"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestSizes: a network has what its size says, and is the same every time.
func TestSizes(t *testing.T) {
	s := Size{VPCs: 3, Subnets: 5, Interfaces: 100, Groups: 4, Rules: 6, Routes: 7, Seed: 1}
	n := s.Network()
	require.NoError(t, n.Validate())
	require.Len(t, n.VPCs, 3)
	interfaces := 0
	for _, v := range n.VPCs {
		assert.Len(t, v.Subnets, 5)
		assert.Len(t, v.SecurityGroups, 4)
		assert.Len(t, v.SecurityGroups[0].Ingress, 6)
		assert.Len(t, v.RouteTables[0].Routes, 7)
		for _, sub := range v.Subnets {
			interfaces += len(sub.Interfaces)
		}
	}
	assert.Equal(t, 100, interfaces)
	rules := func(s Size) any { return s.Network().VPCs[2].SecurityGroups[3].Ingress[5].Peer }
	assert.Equal(t, rules(s), rules(s))
	other := s
	other.Seed = 2
	assert.NotEqual(t, n.VPCs[0].RouteTables[0].Routes, other.Network().VPCs[0].RouteTables[0].Routes)
}

// TestPacketsArrive: what the benchmarks send does arrive, and what no rule allows
// does not.
func TestPacketsArrive(t *testing.T) {
	for _, path := range paths {
		traffic, err := NewTraffic(path, 60, 200)
		require.NoError(t, err)
		require.NoError(t, traffic.Check())

		p, err := NewFirstPackets(path, 60, 100)
		require.NoError(t, err)
		far, err := p.Emulator.Port(path.far())
		require.NoError(t, err)
		arrived := 0
		far.Receive(func([]byte) { arrived++ })
		p.Run(250) // some of them again, when they are new again
		p.RunBatch(250)
		assert.Equal(t, 500, arrived, "%s", path)
	}
	traffic, err := NewTraffic(Subnet, 60, 200)
	require.NoError(t, err)
	for i := 22; i < len(traffic.ring); i += traffic.size {
		traffic.ring[i], traffic.ring[i+1] = 0, 1 // tcp/1
	}
	require.EqualError(t, traffic.Check(), "0 of 200 segments arrived")
}

func TestFlowsDiffer(t *testing.T) {
	for _, path := range paths {
		const flows = 200_000
		seen := make(map[any]bool, flows)
		for i := range flows {
			seen[path.Flow(i)] = true
		}
		assert.Len(t, seen, flows, "%s", path)
	}
}

func TestTables(t *testing.T) {
	for _, family := range []int{4, 6} {
		table := Table(family, 1000, 1)
		assert.Len(t, setOf(table), 1000)
		assert.Equal(t, table, Table(family, 1000, 1))
		assert.NotEqual(t, table, Table(family, 1000, 2))
		odd := slices.IndexFunc(table, func(p netip.Prefix) bool { return !p.IsValid() || p.Masked() != p })
		assert.Equal(t, -1, odd)
	}
}
