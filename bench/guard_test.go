package bench

import (
	"fmt"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vpcemu/vpcemu/firewall"
)

// What must not grow, and does not depend on the clock.

// paths are all of them.
var paths = []Path{Subnet, Subnet6, TransitGateway, InternetGateway, NATGateway}

// withoutRaceDetector skips what the race detector makes slow, and wrong: it adds
// instructions and empties pools.
func withoutRaceDetector(t *testing.T) {
	if raceDetector {
		t.Skip("not with the race detector")
	}
}

// TestEstablishedPathAllocatesNothing: whatever way, alone or in a batch. (Package emu
// has this for every gateway.)
func TestEstablishedPathAllocatesNothing(t *testing.T) {
	for _, path := range paths {
		traffic, err := NewTraffic(path, 60, 100)
		require.NoError(t, err)
		require.NoError(t, traffic.Check())
		for _, n := range []int{1, batch} {
			l := traffic.All(n)
			assert.Zero(t, testing.AllocsPerRun(100, func() { l.Run(n) }), "%s, batches of %d", path, n)
		}
	}
}

// TestNewFlowAllocatesLittle: what holds the flows grows by many at a time.
func TestNewFlowAllocatesLittle(t *testing.T) {
	withoutRaceDetector(t)
	for _, path := range paths {
		p, err := NewFirstPackets(path, 60, 50_000)
		require.NoError(t, err)
		each := testing.AllocsPerRun(1, func() { p.Run(50_000) }) / 50_000 // AllocsPerRun runs it once before
		t.Logf("%s: %.4f allocations a new flow", path, each)
		assert.LessOrEqual(t, each, 0.05, path)
	}
}

// TestDecisionsAndLookupsAllocateNothing also shows that the packets are what the
// benchmarks claim.
func TestDecisionsAndLookupsAllocateNothing(t *testing.T) {
	for _, n := range []int{1, 60, 1000} {
		d := NewDecisions(Rules(n, 1))
		verdicts := map[firewall.Verdict]int{}
		for range len(d.seen) {
			verdicts[d.next()]++
		}
		assert.Greater(t, verdicts[firewall.Allowed], len(d.seen)*8/10, "%d rules", n)
		assert.Greater(t, verdicts[firewall.Denied], len(d.seen)/20, "%d rules", n)
		assert.Zero(t, testing.AllocsPerRun(100, func() { d.Run(100) }), "%d rules", n)
	}
	for _, family := range []int{4, 6} {
		for _, n := range []int{5, 1000, 10_000} {
			l := NewLookups(Table(family, n, 1))
			for _, a := range l.Addrs[:100] {
				_, held := l.FIB.LookupRoute(a)
				require.True(t, held, "%v", a)
			}
			assert.Zero(t, testing.AllocsPerRun(100, func() { l.Run(100); l.RunBatch(96) }), "%d routes", n)
		}
	}
}

func TestMemoryOfFlows(t *testing.T) {
	withoutRaceDetector(t)
	for _, c := range []struct {
		path  Path
		flows int
		most  float64
	}{
		{Subnet, 1000, 144},    // a shard has a row of records as soon as it has one flow
		{Subnet, 500_000, 128}, // memory is taken in blocks of 8 MB
		{NATGateway, 500_000, 256},
	} {
		each, err := BytesPerFlow(c.path, c.flows)
		require.NoError(t, err)
		t.Logf("%s, %d flows: %.0f B for each, both ends", c.path, c.flows, each)
		assert.LessOrEqual(t, each, c.most, c.path)
	}
}

func TestMemoryOfInterfaces(t *testing.T) {
	withoutRaceDetector(t)
	each, err := BytesPerInterface(Sized(20_000))
	require.NoError(t, err)
	t.Logf("%.0f B a compiled interface", each)
	assert.LessOrEqual(t, each, 1024.0)
}

// TestInstructions: how many instructions an established packet may take on amd64. The
// limits are a fifth above what single steps counted when they were set.
func TestInstructions(t *testing.T) {
	withoutRaceDetector(t)
	if _, err := instructions(func() {}); err != nil {
		notCounted(t, err)
		return
	}
	for _, c := range []struct {
		path         Path
		batch, limit int
	}{{Subnet, batch, 1180}, {Subnet, 1, 1100}, {InternetGateway, batch, 1400}, {NATGateway, batch, 1520}} {
		t.Run(fmt.Sprintf("path=%s/batch=%d", c.path, c.batch), func(t *testing.T) {
			traffic, err := NewTraffic(c.path, 60, 1000)
			require.NoError(t, err)
			l := traffic.All(c.batch)
			l.Run(100_000) // all have their short cut
			const packets = 100_000
			n, err := instructions(func() { l.Run(packets) })
			require.NoError(t, err)
			t.Logf("%d instructions a packet", n/packets)
			if runtime.GOARCH == "amd64" {
				assert.LessOrEqual(t, int(n/packets), c.limit)
			}
		})
	}
}

// notCounted says it where nobody can overlook it. It does not fail, as no change of
// this project can be the reason, and does not skip, as the other guards have run.
func notCounted(t *testing.T, why error) {
	t.Logf("INSTRUCTIONS WERE NOT COUNTED: %v", why)
	fmt.Printf("\n*** %s: INSTRUCTIONS WERE NOT COUNTED on this machine: %v\n\n", t.Name(), why)
}
