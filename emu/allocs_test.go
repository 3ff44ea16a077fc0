package emu_test

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/packet"
	"github.com/vpcemu/vpcemu/routing"
	"github.com/vpcemu/vpcemu/vpc"
)

// crossroads is a network in which app reaches something over every kind of path.
func crossroads() *vpc.Network {
	var n vpc.Network
	n.AddPrefixList("pl-s3", "203.0.113.0/24")
	v := open(n.AddVPC("v", "10.0.0.0/16", "2001:db8:1::/56"))
	v.AddInternetGateway("igw-v")
	v.AddEgressOnlyGateway("eigw-1")
	v.AddNATGateway("nat-1", "k")
	v.Gateways = append(v.Gateways,
		&vpc.Gateway{Kind: routing.GatewayEndpoint, ID: "vpce-s3", Endpoint: &vpc.Endpoint{Service: "s3", PrefixList: "pl-s3", RouteTables: []string{"a"}}},
		&vpc.Gateway{Kind: routing.InterfaceEndpoint, ID: "vpce-sqs", Addresses: []vpc.Address{{IP: netip.MustParseAddr("10.0.5.10")}},
			Endpoint: &vpc.Endpoint{Service: "sqs", Subnets: []string{"b"}, Groups: []string{"open"}}},
		&vpc.Gateway{Kind: routing.GWLBEndpoint, ID: "vpce-fw", Subnet: "e",
			Endpoint: &vpc.Endpoint{Appliances: []vpc.Appliance{{Name: "one", Verdict: vpc.Pass}, {Name: "two", Verdict: vpc.Pass}}}},
		&vpc.Gateway{Kind: routing.VPNGateway, ID: "vgw-1", VPN: &vpc.VPN{Connections: []*vpc.Link{
			{ID: "vpn-1", Static: true, Prefixes: []vpc.Announcement{{Prefix: netip.MustParsePrefix("10.4.0.0/16")}}}}}})
	v.AddRouteTable("a").AddRoute("0.0.0.0/0", "igw").AddRoute("::/0", "eigw-1").AddRoute("192.0.2.0/24", "nat-1").AddRoute("64:ff9b::/96", "nat-1").
		AddRoute("10.0.8.0/24", "vpce-fw").AddRoute("10.0.9.0/24", "fw").
		AddRoute("10.1.0.0/16", "pcx-1").AddRoute("10.3.0.0/16", "tgw-1").AddRoute("10.4.0.0/16", "vgw-1")
	v.AddRouteTable("public").AddRoute("0.0.0.0/0", "igw")
	v.AddRouteTable("through-fw").AddRoute("10.0.1.0/24", "fw")
	v.AddRouteTable("through-gwlb").AddRoute("10.0.1.0/24", "vpce-fw")
	a := v.AddSubnet("a", "10.0.1.0/24", "2001:db8:1:1::/64").UseRouteTable("a")
	a.AddInterface("app", "10.0.1.10", "open").AddPublicIP("198.51.100.1").AddAddress("2001:db8:1:1::10")
	a.AddInterface("peer", "10.0.1.11", "open")
	v.AddSubnet("k", "10.0.2.0/24").UseRouteTable("public")
	v.AddSubnet("t", "10.0.3.0/28")
	v.AddSubnet("e", "10.0.4.0/24")
	v.AddSubnet("b", "10.0.5.0/24").AddInterface("db", "10.0.5.20", "open")
	v.AddSubnet("x", "10.0.6.0/24").AddInterface("fw", "10.0.6.10", "open").NoSourceDestCheck = true
	v.AddSubnet("g", "10.0.8.0/24").UseRouteTable("through-gwlb").AddInterface("behind-gwlb", "10.0.8.20", "open")
	v.AddSubnet("m", "10.0.9.0/24").UseRouteTable("through-fw").AddInterface("behind-fw", "10.0.9.20", "open")
	v.AddSubnet("l", "10.0.10.0/24")
	v.LoadBalancers = []*vpc.LoadBalancer{{ID: "nlb", Nodes: []vpc.LoadBalancerNode{{Subnet: "l", Addresses: []vpc.Address{{IP: netip.MustParseAddr("10.0.10.9")}}}},
		Internal: true, CrossZone: vpc.CrossZoneOn, Listeners: []vpc.Listener{{Protocol: "TCP", Port: 443, Forward: []vpc.Forward{{TargetGroup: "dbs"}}}}}}
	v.TargetGroups = []*vpc.TargetGroup{{ID: "dbs", Protocol: "TCP", Port: 8443, Targets: []vpc.LoadBalancerTarget{{ID: "10.0.5.20"}}}}
	for name, cidr := range map[string]string{"near": "10.1.0.0/16", "w": "10.3.0.0/16"} {
		o := open(n.AddVPC(name, cidr))
		back := map[string]string{"near": "pcx-1", "w": "tgw-1"}[name]
		o.AddRouteTable("r").AddRoute("10.0.0.0/16", back)
		host := netip.MustParsePrefix(cidr).Addr().As4()
		host[2], host[3] = 1, 20
		o.AddSubnet("s", netip.PrefixFrom(netip.AddrFrom4([4]byte{host[0], host[1], 1, 0}), 24).String()).UseRouteTable("r").
			AddInterface(name, netip.AddrFrom4(host).String(), "open")
	}
	n.AddPeering("pcx-1", "v", "near")
	n.Gateways = append(n.Gateways, &vpc.Gateway{Kind: routing.TransitGateway, ID: "tgw-1", Transit: &vpc.Transit{Attachments: []*vpc.TransitAttachment{
		{ID: "of-v", VPC: "v", Subnets: []string{"t"}}, {ID: "of-w", VPC: "w", Subnets: []string{"s"}}}}})
	return &n
}

// TestEstablishedPathsAllocateNothing: once a connection stands, none of its packets
// costs memory, whatever its way, in both directions.
func TestEstablishedPathsAllocateNothing(t *testing.T) {
	for _, c := range []struct {
		name, to, flow string
	}{
		{"same subnet", "peer", "tcp 10.0.1.10:40000 > 10.0.1.11:443"},
		{"cross-subnet", "db", "tcp 10.0.1.10:40000 > 10.0.5.20:443"},
		{"internet gateway", "internet", "tcp 10.0.1.10:40000 > 198.18.0.9:443"},
		{"NAT gateway", "internet", "tcp 10.0.1.10:40000 > 192.0.2.9:443"},
		{"NAT64", "internet", "tcp [2001:db8:1:1::10]:40000 > [64:ff9b::c000:209]:443"},
		{"egress-only gateway", "internet", "tcp [2001:db8:1:1::10]:40000 > [2001:db8:9::9]:443"},
		{"peering", "near/near", "tcp 10.0.1.10:40000 > 10.1.1.20:443"},
		{"transit gateway", "w/w", "tcp 10.0.1.10:40000 > 10.3.1.20:443"},
		{"gateway endpoint", "vpce-s3", "tcp 10.0.1.10:40000 > 203.0.113.9:443"},
		{"interface endpoint", "vpce-sqs-b", "tcp 10.0.1.10:40000 > 10.0.5.10:443"},
		{"network load balancer", "db", "tcp 10.0.1.10:40000 > 10.0.10.9:443"},
		{"Gateway Load Balancer endpoint", "behind-gwlb", "tcp 10.0.1.10:40000 > 10.0.8.20:443"},
		{"VPN", "onprem:vgw-1", "tcp 10.0.1.10:40000 > 10.4.0.9:443"},
		{"middlebox", "behind-fw", "tcp 10.0.1.10:40000 > 10.0.9.20:443"},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := newEmulator(t, crossroads(), emu.Options{})
			app, far := portOf(t, e, "app"), portOf(t, e, c.to)
			portOf(t, e, "fw").Forward()
			var arrived, answered packet.Flow
			far.Receive(func(b []byte) { arrived = flowOf(b) })
			app.Receive(func(b []byte) { answered = flowOf(b) })
			there := packet.MustParseFlow(c.flow)

			app.Send(packet.Spec{Flow: there, Flags: packet.SYN}.Bytes())
			require.True(t, arrived.Src.IsValid(), "nothing arrived")
			far.Send(packet.Spec{Flow: arrived.Reverse(), Flags: packet.SYN | packet.ACK}.Bytes())
			require.Equal(t, there.Reverse(), answered)
			back := arrived.Reverse()
			if out, in := allocs(app, there), allocs(far, back); !raceDetector {
				assert.Zero(t, out, "there")
				assert.Zero(t, in, "and back")
			}
			answered, arrived = packet.Flow{}, packet.Flow{}
			app.Send(packet.Spec{Flow: there, Flags: packet.ACK}.Bytes())
			require.True(t, arrived.Src.IsValid(), "it still works")
		})
	}
}

// allocs is how much memory is allocated for a segment of a connection.
func allocs(from *emu.Port, f packet.Flow) float64 {
	segment := packet.Spec{Flow: f, Flags: packet.ACK, Payload: make([]byte, 64)}.Bytes()
	work := make([]byte, len(segment))
	return testing.AllocsPerRun(100, func() {
		copy(work, segment) // gateways rewrite it
		from.Send(work)
	})
}

func flowOf(b []byte) packet.Flow {
	var p packet.Packet
	_ = p.Parse(b)
	return p.Flow
}
