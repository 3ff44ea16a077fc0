package firewall

import (
	"fmt"
	"testing"

	"github.com/vpcemu/vpcemu/packet"
)

// TestClear: a table that was cleared does for its trackers and memories what a new one
// does, however many flows of either IP version it had, and joined in whatever way.
func TestClear(t *testing.T) {
	type made struct {
		FlowTable
		*Tracker
		*Mappings
		*Memory
		*Budget
	}
	fresh := func() *made {
		m := new(made)
		m.Budget = &Budget{Limit: 1500}
		m.Tracker = m.NewTracker(Timeouts{}, m.Budget)
		m.Mappings, m.Memory = m.NewMappings(1, 350e9, 350e9), m.NewMemory(2, 350e9, 120e9)
		return m
	}
	use := func(m *made, first, end uint16) (all []string) {
		for n := first; n < end; n++ {
			f := packet.Flow{Src: packet.MustParseFlow(udpFlow).Src, Dst: packet.MustParseFlow(udpFlow).Dst, SrcPort: n, DstPort: 53, Proto: packet.UDP}
			if n%3 == 0 {
				f = packet.MustParseFlow("tcp [2001:db8::1]:40000 > [2001:db8::2]:443")
				f.SrcPort = n
			}
			p := mustParse(packet.Spec{Flow: f, Flags: packet.SYN})
			before := m.Tracker.Lookup(Egress, p, f, 0)
			added := m.Tracker.Add(Egress, p, f, 0)
			_, knew := m.Memory.Find(f, 0)
			entered := m.Memory.Enter(f, 0, 0)
			_, mapped := m.Mappings.Find(f, 0)
			outside := f
			outside.Dst = packet.MustParseFlow(udpFlow).Dst
			got, ok := m.Mappings.Allot(f, outside, 0)
			all = append(all, fmt.Sprint(before, added, knew, entered, mapped, got.Flow, ok))
		}
		return append(all, fmt.Sprint(m.Budget.Used(), m.Tracker.Len(0)))
	}
	for name, had := range map[string]uint16{"nothing": 0, "one flow": 1, "some": 1000, "more than there is room for": 3000} {
		m := fresh()
		use(m, 0, had)
		m.Clear()
		if n, used := m.Tracker.Len(0), m.Budget.Used(); n != 0 || used != 0 {
			t.Errorf("%s: %d flows are left, and %d count", name, n, used)
		}
		for round := range 2 {
			got, want := use(m, 500, 1500), use(fresh(), 500, 1500)
			for k := range want {
				if got[k] != want[k] {
					t.Fatalf("%s, round %d, packet %d: %s, want %s", name, round, k, got[k], want[k])
				}
			}
			m.Clear()
		}
	}
}
