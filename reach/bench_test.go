package reach_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/vpcemu/vpcemu/bench"
	"github.com/vpcemu/vpcemu/reach"
)

// BenchmarkBetween is all packets between two interfaces with groups of 60 rules.
func BenchmarkBetween(b *testing.B) {
	n, err := reach.New(bench.Pair(60))
	require.NoError(b, err)
	b.ReportAllocs()
	for b.Loop() {
		if a, err := n.Between("app-1", "db-1"); err != nil || len(a.Parts) == 0 {
			b.Fatal(err)
		}
	}
}
