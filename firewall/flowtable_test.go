package firewall

import (
	"testing"

	"github.com/vpcemu/vpcemu/packet"
)

// TestHash: the keys of a flow at its two ends share a shard and a bucket, and have different tags. In another realm they are elsewhere.
func TestHash(t *testing.T) {
	var table FlowTable
	app, db := table.NewTrackerIn(7, Timeouts{}, nil), table.NewTrackerIn(7, Timeouts{}, nil)
	elsewhere := table.NewTrackerIn(8, Timeouts{}, nil)
	const bucket, tag = 0xffffffff << 32, 1<<(32-numberBits) - 1
	for name, flow := range map[string]string{
		"TCP": tcpFlow, "UDP": udpFlow, "no ports": espFlow, "same ports": "tcp 10.0.1.10:53 > 10.0.2.20:53",
		"IPv6": "tcp [2001:db8::1]:40000 > [2001:db8::2]:443",
	} {
		f := packet.MustParseFlow(flow)
		out, in, far := app.keyOf(Egress, f, false), db.keyOf(Ingress, f, false), elsewhere.keyOf(Egress, f, false)
		app.Add(Egress, mustParse(packet.Spec{Flow: f}), f, 0)
		s, n := app.lock(&out, out.hash(app.realm), 0)
		if s.mu.Unlock(); n == 0 || table.hashOf(s.record(n)) != out.hash(app.realm) {
			t.Errorf("%s: a record has another hash than its key", name)
		}
		a, b, c := out.hash(app.realm), in.hash(db.realm), far.hash(elsewhere.realm)
		switch {
		case a&bucket != b&bucket:
			t.Errorf("%s: %x and %x are in two buckets", name, a, b)
		case a&tag == b&tag:
			t.Errorf("%s: %x and %x have the same tag", name, a, b)
		case a&bucket == c&bucket:
			t.Errorf("%s: %x and %x are in one bucket", name, a, c)
		}
	}
}

// TestHash_Spreads: flows that differ in one port, or in one address, fill buckets as chance would.
func TestHash_Spreads(t *testing.T) {
	const flows, buckets = 1 << 16, 1 << 12
	for name, key := range map[string]func(i uint64) flowKey{
		"source port":      func(i uint64) flowKey { return flowKey{a: 0x0a00010a_0a000214, b: i<<48 | 443<<32 | 6<<24 | 1} },
		"destination port": func(i uint64) flowKey { return flowKey{a: 0x0a00010a_0a000214, b: 40000<<48 | i<<32 | 6<<24 | 1} },
		"source": func(i uint64) flowKey {
			return flowKey{a: 0x0a000000_0a000214 + i<<32, b: 40000<<48 | 443<<32 | 6<<24 | 1}
		},
		"both ports alike": func(i uint64) flowKey { return flowKey{a: 0x0a00010a_0a000214, b: i<<48 | i<<32 | 6<<24 | 1} },
	} {
		var shardsHit [shards]int
		var hit [buckets]int
		for i := range uint64(flows) {
			k := key(i)
			h := k.hash(1)
			shardsHit[h>>(64-shardBits)]++
			hit[h>>32%buckets]++
		}
		for s, n := range shardsHit { // 1024 on average, with a deviation of 32
			if n < 1024-6*32 || n > 1024+6*32 {
				t.Errorf("%s: %d of %d flows are in shard %d", name, n, flows, s)
			}
		}
		for b, n := range hit { // 16 on average, with a deviation of 4
			if n > 16+8*4 {
				t.Errorf("%s: %d of %d flows are in bucket %d", name, n, flows, b)
			}
		}
	}
}

// TestQuery_AddAfterOthers: what Find did not find counts only until somebody adds a flow.
func TestQuery_AddAfterOthers(t *testing.T) {
	f := packet.MustParseFlow(udpFlow)
	p := mustParse(packet.Spec{Flow: f})
	for name, between := range map[string]func(*Tracker){
		"nobody":                       func(*Tracker) {},
		"the same flow":                func(tracker *Tracker) { tracker.Add(Egress, p, f, 0) },
		"the same, with a packet back": func(tracker *Tracker) { tracker.Add(Ingress, p, f.Reverse(), 0) },
	} {
		var tracker Tracker
		q := tracker.Query(Egress, p, f)
		if q.Find(0).State != Untracked {
			t.Fatalf("%s: tracked before", name)
		}
		between(&tracker)
		if !q.Add(0) || tracker.Len(0) != 1 {
			t.Errorf("%s: %d flows, want 1", name, tracker.Len(0))
		}
	}
}

// TestExpire_PlacesAreTakenAgain: a table in use does not grow, however the flows before have ended.
func TestExpire_PlacesAreTakenAgain(t *testing.T) {
	const flows = 20_000
	f := packet.MustParseFlow(tcpFlow)
	send := func(what func(p *packet.Packet, f packet.Flow), first, end int, flags packet.TCPFlags) {
		for i := first; i < end; i++ {
			f.SrcPort, f.DstPort = uint16(i), uint16(i>>16)
			what(mustParse(packet.Spec{Flow: f, Flags: flags}), f)
		}
	}
	for name, closed := range map[string]int{"idled out": 0, "reset": flows} {
		tracker, now := new(Tracker), int64(0)
		add := func(p *packet.Packet, f packet.Flow) { tracker.Add(Egress, p, f, now) }
		records := func() (n uint32) {
			for i := range tracker.table.shards {
				n += tracker.table.shards[i].top
			}
			return n
		}
		send(add, 0, flows, packet.SYN)
		before := records()
		send(func(p *packet.Packet, f packet.Flow) { tracker.Lookup(Egress, p, f, now) }, 0, closed, packet.RST)
		now += int64(tcpHandshakeTimeout)
		send(add, flows, flows+flows*9/10, packet.SYN) // shards do not get the same again
		if after := records(); after > before+before/50 {
			t.Errorf("%s: %d records after %d", name, after, before)
		}
	}
}

// TestForget_EndsShortCuts: what leaves the table leaves neither its short cut nor its ring to the next flow in its place; and while it is in
// a ring it is as old as the youngest of that.
func TestForget_EndsShortCuts(t *testing.T) {
	f := packet.MustParseFlow(udpFlow)
	for name, others := range map[string]int{"alone": 0, "in a ring": 1} {
		var table FlowTable
		here, there := table.Passive().Pass(f, 0), table.Passive().Pass(f, 0)
		table.Join(here, []Tracked{there}[:others], 1, 5)
		if table.record(here.at).fast.Load() == 0 || table.tail(here.at).next() == 0 != (others == 0) {
			t.Fatalf("%s: not joined", name)
		}
		table.record(here.at).touch(1)
		at := func(e Tracked) (*shard, uint32) { return &table.shards[e.at%shards], uint32(e.at >> shardBits) }
		s, n := at(there)
		if got, want := table.idledOut(s, n, FastIdleTCP), others == 0; got != want {
			t.Errorf("%s: the other has idled out: %v, want %v", name, got, want)
		}
		s, n = at(here)
		table.forget(s, n)
		for _, e := range []Tracked{here, there} {
			if table.record(e.at).fast.Load() != 0 || table.tail(e.at).next() != 0 {
				t.Errorf("%s: something is left of the short cut", name)
			}
		}
	}
}

// TestRows_Grow: all flows are found while their shards get more rows, IPv6 ones too.
func TestRows_Grow(t *testing.T) {
	for name, flow := range map[string]string{"IPv4": tcpFlow, "IPv6": "tcp [2001:db8::1]:40000 > [2001:db8::2]:443"} {
		var tracker Tracker
		f := packet.MustParseFlow(flow)
		p := mustParse(packet.Spec{Flow: f, Flags: packet.ACK})
		for port := range uint16(20_000) {
			f.SrcPort = port
			tracker.Add(Egress, p, f, 0)
		}
		for port := range uint16(20_000) {
			if f.SrcPort = port; tracker.Lookup(Egress, p, f, 0) == Untracked {
				t.Fatalf("%s: the flow from port %d is lost", name, port)
			}
		}
	}
}

// TestHash_NoAddressIsSpecial: flows spread over the shards also when an address makes a factor of the hash 0.
func TestHash_NoAddressIsSpecial(t *testing.T) {
	for name, key := range map[string]func(i uint32) flowKey{
		"IPv6": func(i uint32) (k flowKey) {
			k.widen([4]uint64{0x20010db8<<32 | uint64(i), 0xe7037ed1a0b428db, 0x20010db8 << 32, 5})
			return k
		},
		"IPv4": func(i uint32) flowKey {
			return flowKey{a: 0xa0761d64<<32 | uint64(0x78bd642f^(i<<16|53)), b: uint64(i<<16|53) << 32}
		},
	} {
		met := make(map[uint64]bool)
		for i := range uint32(2000) {
			k := key(i)
			met[k.hash(0)>>(64-shardBits)] = true
		}
		if len(met) < shards/2 {
			t.Errorf("%s: 2,000 flows in %d shards", name, len(met))
		}
	}
}
