package firewall

import (
	"testing"

	"github.com/vpcemu/vpcemu/packet"
)

// TestEvict: in a full table a new flow takes the place of one that is not established, and never that of one that is.
func TestEvict(t *testing.T) {
	var table FlowTable
	tracker := table.NewTracker(Timeouts{}, nil)
	add := func(port uint16, established bool) *shard {
		f := packet.MustParseFlow(tcpFlow)
		f.SrcPort = port
		p := mustParse(packet.Spec{Flow: f, Flags: packet.ACK})
		tracker.Add(Egress, p, f, 0)
		if established {
			tracker.Lookup(Ingress, p, f.Reverse(), 0)
		}
		k := tracker.keyOf(Egress, f, false)
		return table.shardOf(k.hash(tracker.realm))
	}
	kept, half := 0, 0
	for port := range uint16(2000) {
		if add(port, port%2 == 0); port%2 == 0 {
			kept++
		} else {
			half++
		}
	}
	evicted := 0
	for i := range table.shards {
		s := &table.shards[i]
		for table.evict(s) {
			evicted++
		}
	}
	if evicted != half || tracker.Len(0) != kept {
		t.Errorf("%d evicted of %d, %d left of %d", evicted, half, tracker.Len(0), kept)
	}
	for f := range tracker.Flows(0) {
		if f.State != Established {
			t.Fatalf("%s is left in state %s", f.Flow, f.State)
		}
	}
}
