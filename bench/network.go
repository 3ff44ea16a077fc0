package bench

import (
	"fmt"
	"math/bits"
	"math/rand/v2"
	"net/netip"

	"github.com/vpcemu/vpcemu/vpc"
)

// Size says how big a network is. The same Size is always the same network.
type Size struct {
	VPCs       int
	Subnets    int // of each VPC
	Interfaces int // of the network, spread over all subnets
	Groups     int // security groups of each VPC; an interface has two of them
	Rules      int // of each group, a third of them for a group and one in ten for a prefix list
	Routes     int // of each VPC's main route table, beside the local one
	Seed       uint64
}

// Large is a network of so many interfaces in 200 VPCs with 5,000 groups.
func Large(interfaces int) Size {
	return Size{VPCs: 200, Subnets: max(5, interfaces/50_000), Interfaces: interfaces, Groups: 25, Rules: 10, Routes: 20}
}

// Sized is a network with 500 interfaces in each VPC, and from 100,000 on [Large].
func Sized(interfaces int) Size {
	s := Large(interfaces)
	s.VPCs = min(max(interfaces/500, 1), s.VPCs)
	return s
}

// Network makes the network up. Its VPCs have nothing to do with one another.
func (s Size) Network() *vpc.Network {
	var n vpc.Network
	r := rand.New(rand.NewPCG(s.Seed, 1))
	n.AddPrefixList("pl-partners", "198.51.100.0/24", "203.0.113.0/24")
	for i := range s.VPCs {
		v := n.AddVPC(fmt.Sprintf("vpc-%d", i), "10.0.0.0/16")
		v.AddInternetGateway(fmt.Sprintf("igw-%d", i))
		s.addRoutes(r, v, i)
		for g := range s.Groups {
			s.addGroup(r, v, g)
		}
		s.addSubnets(r, v, i)
	}
	return &n
}

func (s Size) addRoutes(r *rand.Rand, v *vpc.VPC, number int) {
	t := v.AddRouteTable("private")
	seen := make(map[netip.Prefix]bool)
	for len(seen) < s.Routes {
		p := netip.PrefixFrom(netip.AddrFrom4([4]byte{172, byte(16 + r.IntN(16)), byte(r.Uint32()), 0}), 24)
		if !seen[p] {
			seen[p] = true
			t.AddRoute(p.String(), fmt.Sprintf("igw-%d", number))
		}
	}
}

func (s Size) addGroup(r *rand.Rand, v *vpc.VPC, number int) {
	g := v.AddSecurityGroup(fmt.Sprintf("g-%d", number)).AllowOut("tcp", "10.0.0.0/8")
	seen := make(map[string]bool)
	for len(seen) < s.Rules {
		service, from := fmt.Sprintf("tcp/%d", 1024+r.IntN(8000)), fmt.Sprintf("10.0.%d.0/24", r.IntN(256))
		switch n := r.IntN(10); {
		case n < 3:
			from = fmt.Sprintf("g-%d", r.IntN(s.Groups))
		case n == 3:
			from = "pl-partners"
		}
		if rule := service + from; !seen[rule] {
			seen[rule] = true
			g.AllowIn(service, from)
		}
	}
}

// addSubnets cuts the VPC into equal parts. Interface i of the network is in VPC i
// modulo their number.
func (s Size) addSubnets(r *rand.Rand, v *vpc.VPC, number int) {
	length := 16 + bits.Len(uint(s.Subnets-1))
	subnets := make([]*vpc.Subnet, s.Subnets)
	for i := range subnets {
		at := i << (32 - length)
		cidr := netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 0, byte(at >> 8), byte(at)}), length)
		subnets[i] = v.AddSubnet(fmt.Sprintf("subnet-%d-%d", number, i), cidr.String()).UseRouteTable("private")
	}
	for i := number; i < s.Interfaces; i += s.VPCs {
		first := r.IntN(s.Groups)
		second := (first + 1 + r.IntN(s.Groups-1)) % s.Groups
		subnets[i/s.VPCs%s.Subnets].AddInterface(fmt.Sprintf("eni-%d", i), "", fmt.Sprintf("g-%d", first), fmt.Sprintf("g-%d", second))
	}
}
