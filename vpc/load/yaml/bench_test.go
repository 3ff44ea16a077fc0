package yaml

import (
	"fmt"
	"net/netip"
	"testing"

	"github.com/vpcemu/vpcemu/vpc"
)

// large is a VPC with subnets of 200 instances each, and groups of 60 rules.
func large(subnets, groups int) *vpc.Network {
	n := new(vpc.Network)
	v := n.AddVPC("large", "10.0.0.0/16")
	for i := range groups {
		g := v.AddSecurityGroup(fmt.Sprintf("group-%d", i))
		for port := range 60 {
			g.AllowIn(fmt.Sprintf("tcp/%d", port+1), "group-0")
		}
	}
	for i := range subnets {
		base := netip.AddrFrom4([4]byte{10, 0, byte(i), 0})
		s := v.AddSubnet(fmt.Sprintf("subnet-%d", i), netip.PrefixFrom(base, 24).String())
		for k := range 200 {
			name := fmt.Sprintf("host-%d-%d", i, k)
			v.AddInstance(name)
			s.AddInterface(name, fmt.Sprintf("10.0.%d.%d", i, k+5), "group-0").AttachTo(name)
		}
	}
	return n
}

func BenchmarkWrite(b *testing.B) {
	for _, subnets := range []int{1, 50} {
		n := large(subnets, subnets)
		b.Run(fmt.Sprintf("instances=%d/rules=%d", subnets*200, subnets*60), func(b *testing.B) {
			for b.Loop() {
				if _, err := Write(n); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkParse(b *testing.B) {
	for _, subnets := range []int{1, 50} {
		text, err := Write(large(subnets, subnets))
		if err != nil {
			b.Fatal(err)
		}
		b.Run(fmt.Sprintf("instances=%d/rules=%d", subnets*200, subnets*60), func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				if _, _, err := Parse("net.yaml", text); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
