package bench

import (
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/packet"
)

// heap is how many bytes live on the heap.
func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// TestMemoryOfFlows is a guard: a tracked flow, with its records at both ends and
// short cuts in both directions, takes no more than 128 bytes.
func TestMemoryOfFlows(t *testing.T) {
	const flows = 100_000
	e := start(t, Pair(60))
	client, server := port(t, e, "app-1"), port(t, e, "db-1")
	before := heap()
	for i := range flows {
		f := Flow(i)
		for _, flags := range []packet.TCPFlags{packet.SYN, packet.SYN | packet.ACK, packet.ACK, packet.ACK} {
			from, flow := client, f
			if flags == packet.SYN|packet.ACK {
				from, flow = server, f.Reverse()
			}
			require.Equal(t, emu.Delivered, from.Send(packet.Spec{Flow: flow, Flags: flags}.Bytes()).Fate)
		}
		require.Equal(t, emu.Delivered, server.Send(packet.Spec{Flow: f.Reverse(), Flags: packet.ACK}.Bytes()).Fate)
	}
	each := float64(heap()-before) / flows
	t.Logf("%.0f B a flow", each)
	require.LessOrEqual(t, each, 128.0)
	runtime.KeepAlive(e)
}
