package bench

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/firewall"
)

// measure runs the cases of groups as benchmarks. Beds are laid only for cases that
// -bench selects, and are not kept.
func measure(b *testing.B, groups []Group) {
	for _, g := range groups {
		b.Run(g.Name, func(b *testing.B) {
			cases, err := g.Prepare()
			require.NoError(b, err)
			for _, c := range cases {
				b.Run(c.Name, func(b *testing.B) {
					if c.Size != nil {
						size, err := c.Size()
						require.NoError(b, err)
						b.ReportMetric(size, "B/"+c.Unit)
						b.ReportMetric(0, "ns/op")
						return
					}
					b.ReportAllocs()
					b.ResetTimer()
					c.Run(b.N)
					if c.Unit == "packet" {
						b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "pkts/s")
					}
				})
			}
		})
	}
}

// flows are the numbers of connections that are measured, and interfaces those of
// interfaces. -short leaves out what takes gigabytes.
func flows() []int {
	if testing.Short() {
		return []int{1_000, 100_000}
	}
	return []int{1_000, 100_000, 1_000_000, 10_000_000}
}

func interfaces() []int {
	if testing.Short() {
		return []int{10_000}
	}
	return []int{10_000, 100_000, 1_000_000}
}

func BenchmarkForward(b *testing.B) { measure(b, Forward(flows())) }
func BenchmarkNewFlow(b *testing.B) { measure(b, NewFlow()) }
func BenchmarkDecide(b *testing.B)  { measure(b, Decide()) }
func BenchmarkLookup(b *testing.B)  { measure(b, Lookup()) }
func BenchmarkCores(b *testing.B)   { measure(b, Cores([]int{1_000, 100_000}, 2)) }
func BenchmarkCompile(b *testing.B) { measure(b, Compile(interfaces())) }
func BenchmarkMemory(b *testing.B)  { measure(b, Memory([]int{1_000_000}, []int{100_000})) }

// BenchmarkTrace answers a question, in both directions.
func BenchmarkTrace(b *testing.B) {
	e, err := emu.New(Pair(60), emu.Options{})
	require.NoError(b, err)
	q := emu.Query{Source: "app-1", Destination: "db-1", Service: firewall.MustParseService("tcp/5432")}
	b.ReportAllocs()
	for b.Loop() {
		if t, err := e.Trace(q); err != nil || t.Verdict != emu.Reachable {
			b.Fatal(t, err)
		}
	}
}
