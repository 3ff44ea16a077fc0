package lint_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/vpcemu/vpcemu/bench"
	"github.com/vpcemu/vpcemu/reach/lint"
	"github.com/vpcemu/vpcemu/vpc"
)

// BenchmarkRun is all checks of networks of some sizes; in those with ACLs every subnet has
// one that lets replies to a part of the clients' ports through, so that pairs are asked
// about.
func BenchmarkRun(b *testing.B) {
	for _, interfaces := range []int{1_000, 10_000} {
		for _, acls := range []bool{false, true} {
			b.Run(fmt.Sprintf("interfaces=%d/acls=%v", interfaces, acls), func(b *testing.B) {
				n := bench.Sized(interfaces).Network()
				if acls {
					for _, v := range n.VPCs {
						addACLs(v)
					}
				}
				for b.Loop() {
					_, _, err := lint.Run(n)
					require.NoError(b, err)
				}
			})
		}
	}
}

func addACLs(v *vpc.VPC) {
	v.AddNetworkACL("narrow").AllowIn(100, "tcp", "10.0.0.0/8").AllowOut(100, "tcp/32768-65535", "10.0.0.0/8").AllowOut(110, "tcp/1-10000", "10.0.0.0/8")
	for _, s := range v.Subnets {
		s.NetworkACL = "narrow"
	}
}
