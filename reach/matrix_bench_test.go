package reach_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/vpcemu/vpcemu/bench"
	"github.com/vpcemu/vpcemu/reach"
)

// BenchmarkMatrix is the matrix of a network that is compiled, from its classes to its last
// row. The largest takes half a minute, so -short leaves it out.
func BenchmarkMatrix(b *testing.B) {
	for _, size := range [...]struct{ interfaces, classes int }{{200, 10}, {1_000, 10}, {10_000, 100}, {100_000, 1000}} {
		if size.interfaces > 10_000 && testing.Short() {
			continue
		}
		b.Run(fmt.Sprintf("interfaces=%d/classes=%d", size.interfaces, size.classes), func(b *testing.B) {
			n, err := reach.New(bench.Tiers(size.interfaces, size.classes))
			require.NoError(b, err)
			b.ReportAllocs()
			peak(b, func() {
				for b.Loop() {
					m, rows := n.Matrix(), 0
					require.Len(b, m.Classes, size.classes+1) // and the internet
					for range m.Rows(nil) {
						rows++
					}
					b.ReportMetric(float64(rows), "rows")
				}
			})
		})
	}
}
