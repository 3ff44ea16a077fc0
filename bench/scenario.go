package bench

import (
	"fmt"
	"net/netip"

	"github.com/vpcemu/vpcemu/packet"
	"github.com/vpcemu/vpcemu/vpc"
)

// Pair is a client and a server in two subnets of one VPC, with network ACLs and
// with groups of the given number of rules, of which only the last lets the
// client reach tcp/5432. The groups are narrow, so that every flow is tracked.
func Pair(rules int) *vpc.Network {
	var n vpc.Network
	v := n.AddVPC("prod", "10.0.0.0/16")
	v.AddInternetGateway("igw")
	for _, name := range []string{"app", "db"} {
		v.AddNetworkACL(name).AllowIn(100, "tcp", "0.0.0.0/0").AllowOut(100, "tcp", "0.0.0.0/0")
	}
	v.AddRouteTable("app").AddRoute("0.0.0.0/0", "igw")
	v.AddSubnet("app", "10.0.1.0/24").UseNetworkACL("app").UseRouteTable("app").AddInterface("app-1", "10.0.1.10", "app").AddPublicIP("198.51.100.10")
	v.AddSubnet("db", "10.0.2.0/24").UseNetworkACL("db").AddInterface("db-1", "10.0.2.20", "db")
	app, db := v.AddSecurityGroup("app"), v.AddSecurityGroup("db")
	for i := range rules - 2 {
		app.AllowOut(fmt.Sprintf("tcp/%d", 1000+i), "10.0.0.0/8")
		db.AllowIn(fmt.Sprintf("tcp/%d", 1000+i), "10.0.0.0/8")
	}
	app.AllowOut("tcp/443", "0.0.0.0/0").AllowOut("tcp/5432", "10.0.2.0/24").AllowOut("tcp/20000-29999", "10.0.2.0/24")
	db.AllowIn("tcp/5432", "app").AllowIn("tcp/20000-29999", "app")
	return &n
}

// Grid is a network of many interfaces: VPCs of 100 subnets at the most, each of
// up to 200 interfaces, in groups of ten, with a shared group that refers to
// itself.
func Grid(interfaces int) *vpc.Network {
	var n vpc.Network
	var v *vpc.VPC
	var s *vpc.Subnet
	for i := range interfaces {
		if i%20_000 == 0 {
			v = n.AddVPC(fmt.Sprintf("vpc-%d", i/20_000), "10.0.0.0/16")
			v.AddSecurityGroup("shared").AllowIn("tcp/443", "shared").AllowAllOut()
		}
		if i%200 == 0 {
			s = v.AddSubnet(fmt.Sprintf("subnet-%d", i/200), fmt.Sprintf("10.0.%d.0/24", i/200%100))
		}
		group := fmt.Sprintf("g-%d", i/10)
		if i%10 == 0 {
			v.AddSecurityGroup(group).AllowIn("tcp/8000-8099", "shared").AllowIn("udp/53", "10.0.0.0/16")
		}
		s.AddInterface(fmt.Sprintf("eni-%d", i), "", "shared", group)
	}
	return &n
}

// Flow is one of the 600 million flows that the groups of [Pair] let the client
// open.
func Flow(i int) packet.Flow {
	return packet.Flow{
		Src: netip.AddrFrom4([4]byte{10, 0, 1, 10}), Dst: netip.AddrFrom4([4]byte{10, 0, 2, 20}),
		SrcPort: uint16(1024 + i%60_000), DstPort: uint16(20_000 + i/60_000), Proto: packet.TCP,
	}
}
