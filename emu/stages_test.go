package emu

import (
	"fmt"
	"reflect"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vpcemu/vpcemu/routing"
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
	for _, s := range slices.Concat(egress[:], ingress[:], toInternet[:], fromInternet[:], toEgressOnly[:], peering[:],
		toNAT[:], backToNAT[:], outward[:], inward[:], departure[:], regionalDeparture[:], throughAppliance[:],
		toTransit[:], crossTransit[:], fromTransit[:], notAHost[:], toOnPremises[:], fromOnPremises[:],
		toGatewayEndpoint[:], fromGatewayEndpoint[:], toService[:], fromService[:], balance[:], balancerDeparture[:]) {
		assert.NotEmpty(t, s.name.words(), "stage %s", s.name)
		assert.True(t, s.check != nil && s.at != nil && s.past != nil, "stage %s", s.name)
	}
}

// TestEveryTargetKindHasItsLine: a kind that the emulator has forgotten would have an
// empty line. Each kind that a packet can follow is carried on, or ends at an opaque
// far side, and never both.
func TestEveryTargetKindHasItsLine(t *testing.T) {
	leadsNowhere := []routing.TargetKind{routing.Nowhere, routing.InterfaceEndpoint, routing.UnknownTarget}
	assert.Panics(t, func() { _ = (routing.UnknownTarget + 1).String() }, "UnknownTarget is the last kind, and ways ends with it")
	for k := range routing.UnknownTarget + 1 {
		way := ways[k]
		assert.False(t, reflect.ValueOf(way).IsZero(), "%s has no line", k)
		if slices.Contains(leadsNowhere, k) {
			assert.False(t, way.carry != nil || way.opaque, "%s leads somewhere", k)
			continue
		}
		assert.NotEqual(t, way.carry != nil, way.opaque, "%s is carried, or opaque", k)
		assert.Equal(t, way.stage != "", way.words != "", "%s has a stage without words, or words without a stage", k)
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
