package emu

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vpcemu/vpcemu/vpc"
)

func TestEveryReasonHasWords(t *testing.T) {
	seen := make(map[string]Reason)
	for r := None + 1; r < reasonCount; r++ {
		assert.NotEmpty(t, r.String(), "reason %d", r)
		assert.NotEmpty(t, r.Text(), "reason %s", r)
		assert.NotContains(t, seen, r.String(), "two reasons of one name")
		seen[r.String()] = r
	}
	assert.Empty(t, None.String()+None.Code()+None.Text())
}

func TestEveryStageHasWords(t *testing.T) {
	for _, s := range slices.Concat(egress[:], ingress[:], toInternet[:], fromInternet[:]) {
		assert.NotEmpty(t, stageNames[s.name], "stage %s", s.name)
		assert.NotNil(t, s.check, "stage %s", s.name)
	}
}

// TestSlotsAreUsedAgain: a thousand interfaces one after the other need no more
// room than one and its successor.
func TestSlotsAreUsedAgain(t *testing.T) {
	var n vpc.Network
	n.AddVPC("v", "10.0.0.0/16").AddSubnet("s", "10.0.1.0/24").AddInterface("i", "")
	e, err := New(&n, Options{})
	require.NoError(t, err)
	for k := range 1000 {
		require.NoError(t, e.Update(func(n *vpc.Network) error {
			n.Subnet("s").Interfaces = nil
			n.Subnet("s").AddInterface(fmt.Sprintf("i-%d", k), "")
			return nil
		}))
	}
	assert.LessOrEqual(t, e.current.Load().plan.Slots, 2)
	assert.Len(t, e.current.Load().slots, 1)
}
