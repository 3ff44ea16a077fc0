package bench

import (
	"fmt"
	"net/netip"

	"github.com/vpcemu/vpcemu/packet"
	"github.com/vpcemu/vpcemu/routing"
	"github.com/vpcemu/vpcemu/vpc"
)

// Pair is a client and a server in two subnets of one VPC, with network ACLs and
// with groups of the given number of rules, of which only the last lets the
// client reach tcp/5432. The groups are narrow, so that every flow is tracked.
// The client reaches the internet through the internet gateway, 198.18.0.0/15
// through a NAT gateway, and a server with the same group's rules in another VPC through
// a transit gateway. Subnets and rules are there in both IP versions.
func Pair(rules int) *vpc.Network {
	var n vpc.Network
	v := n.AddVPC("prod", "10.0.0.0/16", "2001:db8:1::/56")
	v.AddInternetGateway("igw")
	v.AddNATGateway("nat", "public")
	w := n.AddVPC("far", "10.1.0.0/16", "2001:db8:2::/56")
	n.Gateways = append(n.Gateways, &vpc.Gateway{Kind: routing.TransitGateway, ID: "tgw", Transit: &vpc.Transit{Attachments: []*vpc.TransitAttachment{
		{ID: "of-prod", VPC: "prod", Subnets: []string{"app"}, IPv6: true}, {ID: "of-far", VPC: "far", Subnets: []string{"far"}, IPv6: true}}}})
	for name, v := range map[string]*vpc.VPC{"app": v, "db": v, "far": w} {
		v.AddNetworkACL(name).AllowIn(100, "tcp", "0.0.0.0/0").AllowOut(100, "tcp", "0.0.0.0/0").AllowIn(101, "tcp", "::/0").AllowOut(101, "tcp", "::/0")
	}
	v.AddRouteTable("app").AddRoute("0.0.0.0/0", "igw").AddRoute("198.18.0.0/15", "nat").AddRoute("10.1.0.0/16", "tgw")
	v.AddRouteTable("public").AddRoute("0.0.0.0/0", "igw")
	w.AddRouteTable("far").AddRoute("10.0.0.0/16", "tgw")
	v.AddSubnet("app", "10.0.1.0/24", "2001:db8:1:1::/64").UseNetworkACL("app").UseRouteTable("app").
		AddInterface("app-1", "10.0.1.10", "app").AddPublicIP("198.51.100.10").AddAddress("2001:db8:1:1::10")
	v.AddSubnet("db", "10.0.2.0/24", "2001:db8:1:2::/64").UseNetworkACL("db").AddInterface("db-1", "10.0.2.20", "db").AddAddress("2001:db8:1:2::20")
	v.AddSubnet("public", "10.0.3.0/24").UseRouteTable("public")
	w.AddSubnet("far", "10.1.2.0/24").UseNetworkACL("far").UseRouteTable("far").AddInterface("far-1", "10.1.2.20", "far")
	app, db, far := v.AddSecurityGroup("app"), v.AddSecurityGroup("db"), w.AddSecurityGroup("far")
	for i := range rules - 2 {
		service := fmt.Sprintf("tcp/%d", 1000+i)
		app.AllowOut(service, "10.0.0.0/8")
		db.AllowIn(service, "10.0.0.0/8")
		far.AllowIn(service, "10.0.0.0/8")
	}
	const open = "tcp/20000-29999"
	app.AllowOut("tcp/443", "0.0.0.0/0").AllowOut("tcp/5432", "10.0.2.0/24").AllowOut(open, "10.0.2.0/24").
		AllowOut(open, "2001:db8:1:2::/64").AllowOut(open, "10.1.2.0/24")
	db.AllowIn("tcp/5432", "app").AllowIn(open, "app")
	far.AllowIn(open, "10.0.1.0/24")
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
	Subnet          Path = "subnet"  // to the server in another subnet
	Subnet6         Path = "subnet6" // … in IPv6
	TransitGateway  Path = "tgw"     // to the server in another VPC
	InternetGateway Path = "igw"     // to the internet, with a public address of its own
	NATGateway      Path = "nat"     // to the internet, with a port of a NAT gateway
)

// Flow is one of many flows that take the path. Those to the internet are 50,000 to
// each of its addresses, which a NAT gateway has ports for (NAT-8).
func (p Path) Flow(i int) packet.Flow {
	f := Flow(i)
	switch p {
	case Subnet:
		return f
	case Subnet6:
		f.Src, f.Dst = netip.MustParseAddr("2001:db8:1:1::10"), netip.MustParseAddr("2001:db8:1:2::20")
		return f
	case TransitGateway:
		f.Dst = netip.AddrFrom4([4]byte{10, 1, 2, 20})
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
	switch p {
	case Subnet, Subnet6:
		return "db-1"
	case TransitGateway:
		return "far-1"
	}
	return "internet"
}

// segment is the size of a TCP segment without payload. Nothing on the way looks at more.
func (p Path) segment() int {
	if p == Subnet6 {
		return 60
	}
	return 40
}
