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
// The client reaches the internet through the internet gateway, and 198.18.0.0/15
// through a NAT gateway.
func Pair(rules int) *vpc.Network {
	var n vpc.Network
	v := n.AddVPC("prod", "10.0.0.0/16")
	v.AddInternetGateway("igw")
	v.AddNATGateway("nat", "public")
	for _, name := range []string{"app", "db"} {
		v.AddNetworkACL(name).AllowIn(100, "tcp", "0.0.0.0/0").AllowOut(100, "tcp", "0.0.0.0/0")
	}
	v.AddRouteTable("app").AddRoute("0.0.0.0/0", "igw").AddRoute("198.18.0.0/15", "nat")
	v.AddRouteTable("public").AddRoute("0.0.0.0/0", "igw")
	v.AddSubnet("app", "10.0.1.0/24").UseNetworkACL("app").UseRouteTable("app").AddInterface("app-1", "10.0.1.10", "app").AddPublicIP("198.51.100.10")
	v.AddSubnet("db", "10.0.2.0/24").UseNetworkACL("db").AddInterface("db-1", "10.0.2.20", "db")
	v.AddSubnet("public", "10.0.3.0/24").UseRouteTable("public")
	app, db := v.AddSecurityGroup("app"), v.AddSecurityGroup("db")
	for i := range rules - 2 {
		app.AllowOut(fmt.Sprintf("tcp/%d", 1000+i), "10.0.0.0/8")
		db.AllowIn(fmt.Sprintf("tcp/%d", 1000+i), "10.0.0.0/8")
	}
	app.AllowOut("tcp/443", "0.0.0.0/0").AllowOut("tcp/5432", "10.0.2.0/24").AllowOut("tcp/20000-29999", "10.0.2.0/24")
	db.AllowIn("tcp/5432", "app").AllowIn("tcp/20000-29999", "app")
	return &n
}

// Flow is one of the 600 million flows that the groups of [Pair] let the client
// open to the server.
func Flow(i int) packet.Flow {
	return packet.Flow{
		Src: netip.AddrFrom4([4]byte{10, 0, 1, 10}), Dst: netip.AddrFrom4([4]byte{10, 0, 2, 20}),
		SrcPort: uint16(1024 + i%60_000), DstPort: uint16(20_000 + i/60_000), Proto: packet.TCP,
	}
}

// Path is a way that the packets of the client of [Pair] take.
type Path string

// The paths that are measured.
const (
	Subnet          Path = "subnet" // to the server in another subnet
	InternetGateway Path = "igw"    // to the internet, with a public address of its own
	NATGateway      Path = "nat"    // to the internet, with a port of a NAT gateway
)

// Flow is one of many flows that take the path. Those to the internet are 50,000 to
// each of its addresses, which a NAT gateway has ports for (NAT-8).
func (p Path) Flow(i int) packet.Flow {
	f := Flow(i)
	if p == Subnet {
		return f
	}
	host := i / 50_000
	f.SrcPort, f.DstPort = uint16(1024+i%50_000), 443
	f.Dst = netip.AddrFrom4([4]byte{203, 0, byte(host >> 8), byte(host)})
	if p == NATGateway {
		f.Dst = netip.AddrFrom4([4]byte{198, 18, byte(host >> 8), byte(host)})
	}
	return f
}

// far is the port where the packets of a path arrive.
func (p Path) far() string {
	if p == Subnet {
		return "db-1"
	}
	return "internet"
}
