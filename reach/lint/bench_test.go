package lint_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/vpcemu/vpcemu/bench"
	"github.com/vpcemu/vpcemu/reach/lint"
	"github.com/vpcemu/vpcemu/routing"
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

// BenchmarkRun_Hub is all checks of VPCs with an interface each around one transit gateway.
func BenchmarkRun_Hub(b *testing.B) {
	for _, vpcs := range []int{100, 1_000} {
		b.Run(fmt.Sprintf("vpcs=%d", vpcs), func(b *testing.B) {
			var n vpc.Network
			hub := &vpc.Gateway{Kind: routing.TransitGateway, ID: "hub", Name: "hub", Transit: new(vpc.Transit)}
			n.Gateways = append(n.Gateways, hub)
			for k := range vpcs {
				name, net := fmt.Sprint("v-", k), fmt.Sprintf("10.%d.%d.", k/256, k%256)
				v := n.AddVPC(name, net+"0/24")
				v.AddRouteTable("rt").AddRoute("10.0.0.0/8", "hub")
				v.AddSubnet("s", net+"0/25").InZone("a").UseRouteTable("rt").AddInterface(name, net+"10", "app")
				v.AddSecurityGroup("app").AllowIn("tcp/443", "10.0.0.0/8").AllowOut("tcp/443", "10.0.0.0/8")
				hub.Transit.Attachments = append(hub.Transit.Attachments, &vpc.TransitAttachment{ID: "to-" + name, VPC: name})
			}
			for b.Loop() {
				_, _, err := lint.Run(&n)
				require.NoError(b, err)
			}
		})
	}
}
