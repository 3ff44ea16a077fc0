package reach_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/vpcemu/vpcemu/reach"
	"github.com/vpcemu/vpcemu/vpc"
)

// BenchmarkInstances is the matrix of a network of 200 instances in 20 subnets, of which the
// internet may ask four. There are 20 security groups of 20 to 60 rules, and a network ACL of
// 20 entries in each second subnet. Those of a subnet have the same two groups, or each has
// others, and one of its own with 3 rules: then no two of the 200 share a class.
func BenchmarkInstances(b *testing.B) {
	for _, classes := range [...]int{20, 200} {
		b.Run(fmt.Sprintf("classes=%d", classes), func(b *testing.B) {
			n, err := reach.New(instances(classes == 200))
			require.NoError(b, err)
			b.ReportAllocs()
			peak(b, func() {
				for b.Loop() {
					m, rows := n.Matrix(), 0
					require.Len(b, m.Classes, classes+1) // and the internet
					for range m.Rows(nil) {
						rows++
					}
					b.ReportMetric(float64(rows), "rows")
				}
			})
		})
	}
}

// instances is the network of BenchmarkInstances.
func instances(different bool) *vpc.Network {
	var n vpc.Network
	v := n.AddVPC("prod", "10.0.0.0/16")
	v.AddInternetGateway("igw")
	v.AddRouteTable("public").AddRoute("0.0.0.0/0", "igw")
	v.AddRouteTable("private")
	for k := range 20 {
		shared := v.AddSecurityGroup(fmt.Sprintf("shared-%d", k)).AllowOut("tcp", "0.0.0.0/0")
		for r := range 20 + 2*k {
			port := fmt.Sprintf("tcp/%d", 1000+100*k+r)
			switch r % 3 {
			case 0:
				shared.AllowIn(port, fmt.Sprintf("shared-%d", (k+r)%20))
			case 1:
				shared.AllowIn(port, fmt.Sprintf("10.0.%d.0/24", (k+r)%20))
			default:
				shared.AllowIn(port, fmt.Sprintf("198.51.%d.0/24", r))
			}
		}
		s := v.AddSubnet(fmt.Sprintf("subnet-%d", k), fmt.Sprintf("10.0.%d.0/24", k)).UseRouteTable("private")
		if k < 4 {
			s.UseRouteTable("public")
		}
		if k%2 == 1 {
			acl := v.AddNetworkACL(fmt.Sprintf("acl-%d", k)).AllowOut(100, "all", "0.0.0.0/0")
			for e := range 19 {
				acl.DenyIn(10+e, fmt.Sprintf("tcp/%d-%d", 20+10*e, 22+10*e), fmt.Sprintf("10.0.%d.0/24", e))
			}
			acl.AllowIn(100, "all", "0.0.0.0/0")
			s.UseNetworkACL(acl.Name)
		}
		for i := range 10 {
			name, second := fmt.Sprintf("host-%d-%d", k, i), 1
			if different {
				second += i
			}
			e := s.AddInterface(name, "", fmt.Sprintf("shared-%d", k), fmt.Sprintf("shared-%d", (k+second)%20))
			if different {
				v.AddSecurityGroup(name).AllowIn("tcp/22", "10.0.0.0/24").AllowIn("tcp/443", fmt.Sprintf("shared-%d", i)).AllowIn("icmp/8", "10.0.0.0/16")
				e.Groups = append(e.Groups, name)
			}
			if k < 4 {
				e.Addresses = append(e.Addresses, vpc.Address{AutoPublic: true})
			}
		}
	}
	return &n
}
