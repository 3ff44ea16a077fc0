package firewall

import (
	"net/netip"
	"testing"

	"github.com/vpcemu/vpcemu/packet"
)

// The benchmarks and TestZeroAlloc share these cases.

// benchFilter has rules for single ports, from each of which only the last lets the packet pass.
func benchFilter(rules int) (*Filter, Header, netip.Addr) {
	var list []Rule
	for i := range rules {
		list = append(list, Rule{
			Service: Service{Protocol: protoTCP, From: 1000 + i, To: 1000 + i},
			Peer:    Peer{Prefix: netip.MustParsePrefix("10.0.0.0/8")},
		})
	}
	h := Header{Proto: protoTCP, Port: uint16(1000 + rules - 1)}
	return NewFilter(CompileRules(list, testNames{})), h, netip.MustParseAddr("10.0.0.1")
}

func benchACL(entries int) (*ACL, Header, netip.Addr) {
	var list []Entry
	for i := range entries {
		list = append(list, Entry{
			Number: i + 1, Action: Allow, Service: Service{Protocol: protoTCP, From: 1000 + i, To: 1000 + i},
			CIDR: netip.MustParsePrefix("10.0.0.0/8"),
		})
	}
	return CompileACL(list), Header{Proto: protoTCP, Port: uint16(1000 + entries - 1)}, netip.MustParseAddr("10.0.0.1")
}

// benchTracker tracks established flows, in an order that no cache foresees.
func benchTracker(n int) (*Tracker, *packet.Packet, []packet.Flow) {
	tracker := new(Tracker)
	segment := mustParse(packet.Spec{Flow: packet.MustParseFlow(tcpFlow), Flags: packet.ACK})
	flows := make([]packet.Flow, n)
	for i := range flows {
		at := uint32(i) * 2654435761 // a permutation of uint32
		flows[i] = packet.Flow{
			Src: netip.AddrFrom4([4]byte{10, 0, byte(at >> 24), byte(at >> 16)}), Dst: segment.Flow.Dst,
			SrcPort: uint16(at), DstPort: 443, Proto: packet.TCP,
		}
		tracker.Add(Egress, segment, flows[i], 0)
		tracker.Lookup(Ingress, segment, flows[i].Reverse(), 0)
	}
	return tracker, segment, flows
}

var trackerSizes = []struct {
	name  string
	flows int
}{{"1k", 1000}, {"100k", 100_000}, {"1M", 1_000_000}}

func BenchmarkTracker(b *testing.B) {
	for _, size := range trackerSizes {
		b.Run("flows="+size.name, func(b *testing.B) {
			tracker, segment, flows := benchTracker(size.flows)
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				tracker.Lookup(Egress, segment, flows[i], 0)
				if i++; i == len(flows) {
					i = 0
				}
			}
		})
	}
}

// BenchmarkTrackerNew adds and idles out one flow per operation, beside as many as live on.
func BenchmarkTrackerNew(b *testing.B) {
	for _, size := range trackerSizes[:2] {
		b.Run("flows="+size.name, func(b *testing.B) {
			tracker, segment, _ := benchTracker(size.flows)
			f := packet.MustParseFlow(udpFlow)
			b.ReportAllocs()
			now := int64(0)
			for b.Loop() {
				now += int64(icmpTimeout) / 1000
				f.SrcPort++
				tracker.Add(Egress, segment, f, now)
			}
		})
	}
}

func TestZeroAlloc(t *testing.T) {
	check := func(name string, f func()) {
		if n := testing.AllocsPerRun(100, f); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
	for _, c := range filterCases {
		f, h, remote := testFilter(c.sets), testHeader(c.header), netip.MustParseAddr(c.remote)
		check(c.name, func() { f.Decide(h, remote, c.groups) })
	}
	for _, c := range aclCases {
		a, h, remote := CompileACL(testEntries(c.entries)), testHeader(c.header), netip.MustParseAddr(c.remote)
		check(c.name, func() { a.Decide(h, remote) })
	}
	f, h, remote := benchFilter(60)
	check("filter", func() { f.Decide(h, remote, nil) })
	acl, h, remote := benchACL(40)
	check("acl", func() { acl.Decide(h, remote) })
	tracker, segment, flows := benchTracker(1000)
	check("tracker hit", func() { tracker.Lookup(Egress, segment, flows[500], 0) })
	check("tracker miss", func() { tracker.Lookup(Ingress, segment, flows[500], 0) })
	check("related", func() { tracker.Related(Ingress, flows[500], 0) })
	var fs Fragments
	check("whole packets", func() { fs.Remember(segment, 0); fs.Ports(segment, 0) })
	first, later := pieces(udpFlow, 7)
	fs.Remember(first, 0)
	check("later fragment", func() { fs.Ports(later, 0) })
}
