package reach_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/vpcemu/vpcemu/bench"
	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/reach"
	"github.com/vpcemu/vpcemu/vpc"
)

// BenchmarkDiff compares two networks of 10,000 interfaces: the same one, one with another
// rule, and one with another route, for which nothing may be passed over.
func BenchmarkDiff(b *testing.B) {
	for _, classes := range []int{10, 100} {
		for _, c := range []struct {
			name   string
			change func(n *vpc.Network)
		}{
			{"same", func(*vpc.Network) {}},
			{"rule", func(n *vpc.Network) { n.VPCs[0].SecurityGroup("tier-0-3").AllowIn("tcp/22", "0.0.0.0/0") }},
			{"route", func(n *vpc.Network) { n.VPCs[0].RouteTable("private").AddRoute("0.0.0.0/0", "igw-0") }},
		} {
			b.Run(fmt.Sprintf("classes=%d/%s", classes, c.name), func(b *testing.B) {
				old, err := emu.New(bench.Tiers(10_000, classes), emu.Options{})
				require.NoError(b, err)
				n := bench.Tiers(10_000, classes)
				c.change(n)
				now, err := emu.New(n, emu.Options{})
				require.NoError(b, err)
				b.ReportAllocs()
				peak(b, func() {
					for b.Loop() {
						if d := reach.Diff(old, now); d.Same() != (c.name != "rule") {
							b.Fatal(len(d.Changes))
						}
					}
				})
			})
		}
	}
}
