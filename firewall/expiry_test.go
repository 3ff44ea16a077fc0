package firewall

import (
	"net/netip"
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

// TestExpire_TwoLifetimes: a table stays near what is in use, also if some records of a row live long.
func TestExpire_TwoLifetimes(t *testing.T) {
	var tracker Tracker
	const alive = 1000 // of each lifetime of UDP, 30 s
	f := packet.MustParseFlow("udp 10.0.0.1:1 > 203.0.113.5:53")
	for k := range 300 * alive {
		f.Src, f.SrcPort, f.Proto = netip.AddrFrom4([4]byte{10, byte(k >> 16), byte(k >> 8), byte(k)}), 1, packet.UDP
		if k%16 == 0 {
			f.SrcPort, f.DstPort, f.Proto = 0, 0, 50 // 600 s
		}
		if !tracker.Add(Egress, mustParse(packet.Spec{Flow: f}), f, int64(k)*int64(FastIdle)/alive) {
			t.Fatal("refused")
		}
	}
	top := 0
	for i := range tracker.table.shards {
		top += int(tracker.table.shards[i].top)
	}
	if inUse := alive*15/16 + 20*alive/16; top > 2*inUse {
		t.Errorf("%d records for %d flows", top, inUse)
	}
}
