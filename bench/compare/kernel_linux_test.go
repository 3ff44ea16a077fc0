package main

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/vpcemu/vpcemu/bench"
)

// TestKernel tries every way into the kernel that works here.
func TestKernel(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("NOT TESTED: the kernel's path, which needs root")
	}
	flows := shuffled(1000)
	packets := build(flows, dataLen, data)
	for _, way := range injectors {
		k, err := newKernelBy(way, rules, packets)
		if err != nil {
			t.Logf("NOT TESTED: %v", err)
			continue
		}
		t.Logf("%s works", k.in.how())
		require.NoError(t, k.establish(flows))
		runAll(t, []Peer{k})

		k, err = newKernelBy(way, rules, build(flows, synLen, syn))
		require.NoError(t, err)
		other := bench.Flow(0)
		other.DstPort = forbidden
		require.NoError(t, k.load([][]byte{syn(other).Bytes()}))
		require.EqualError(t, k.Run(1), "0 of 1 packets arrived", "no rule allows it")
		require.NoError(t, k.load(k.packets))
		runAll(t, []Peer{&newFlowKernel{k}})
	}
}
