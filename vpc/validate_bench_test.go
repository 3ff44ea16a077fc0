package vpc

import (
	"fmt"
	"testing"
)

// big is a VPC with /20 subnets full of interfaces, each of an instance.
func big(interfaces int) *Network {
	n := new(Network)
	v := n.AddVPC("big", "10.0.0.0/16", "10.1.0.0/16")
	v.AddSecurityGroup("g").AllowIn("all", "g")
	for k := 0; len(v.Instances) < interfaces; k++ {
		s := v.AddSubnet(fmt.Sprint("s", k), fmt.Sprintf("10.%d.%d.0/20", k/16, k%16*16))
		for j := 0; j < 4000 && len(v.Instances) < interfaces; j++ {
			id := fmt.Sprintf("i-%d-%d", k, j)
			v.Instances = append(v.Instances, &Instance{ID: id, Name: id})
			s.Interfaces = append(s.Interfaces, &Interface{ID: "eni" + id, Name: id, Instance: id, Groups: []string{"g"}})
		}
	}
	return n
}

func BenchmarkValidate(b *testing.B) {
	for _, size := range []int{1_000, 10_000, 100_000} {
		b.Run(fmt.Sprintf("interfaces=%d", size), func(b *testing.B) {
			n := big(size)
			if err := n.Assign(); err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				if err := n.Validate(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
