package reach_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/vpcemu/vpcemu/bench"
	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/reach"
	"github.com/vpcemu/vpcemu/vpc"
)

// BenchmarkCheck holds ten expectations, of which three fail, against a network of 10,000
// interfaces in 100 classes.
func BenchmarkCheck(b *testing.B) {
	e, err := emu.New(bench.Tiers(10_000, 100), emu.Options{})
	require.NoError(b, err)
	expectations := []vpc.Expectation{
		{Source: "internet", Destination: "*", Service: "tcp/22", Want: "blocked"},
		{Source: "internet", Destination: "* except tier-*-0-*", Service: "all", Want: "blocked"},
		{Source: "internet", Destination: "public", Service: "tcp/443", Want: "reachable"},
		{Source: "internet", Destination: "public", Service: "only tcp/443", Want: "reachable"},
		{Source: "private", Destination: "internet", Service: "tcp/25", Want: "blocked"},
		{Source: "tier-3-0-*", Destination: "tier-3-1-*", Service: "only tcp/8001", Want: "reachable"},
		{Source: "subnet:subnet-tier-3-*", Destination: "subnet:subnet-tier-4-*", Service: "all", Want: "blocked"},
		{Source: "*", Destination: "group:tier-5-9", Service: "tcp/8009", Want: "blocked"},
		{Source: "*", Destination: "* except subnet:subnet-tier-*-1", Service: "tcp/3389", Want: "blocked"},
		{Source: "vpc:vpc-7", Destination: "tag:Name=tier-7-2-*", Service: "tcp/8002", Want: "blocked"},
	}
	b.ReportAllocs()
	peak(b, func() {
		for b.Loop() {
			c, wrong := reach.NewChecker(e), 0
			for k := range expectations {
				out, err := c.Check(&expectations[k])
				require.NoError(b, err)
				if !out.Holds {
					wrong++
				}
			}
			require.Equal(b, 3, wrong)
		}
	})
}
