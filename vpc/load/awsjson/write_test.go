package awsjson

import (
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vpcemu/vpcemu/firewall"
	"github.com/vpcemu/vpcemu/routing"
	"github.com/vpcemu/vpcemu/vpc"
)

// everything is a network with one of nearly everything, written by hand.
func everything() *vpc.Network {
	n := &vpc.Network{}
	pl := n.AddPrefixList("offices", "192.0.2.0/24", "198.51.100.0/25")
	pl.MaxEntries = 7
	prod := n.AddVPC("prod", "10.0.0.0/16", "10.1.0.0/16", "2001:db8:12::/56")
	prod.Account, prod.Region, prod.DisableDNS = "123456789012", "eu-west-1", true
	prod.AddInternetGateway("igw").RouteTable = "edge"
	prod.AddRouteTable("edge").AddRoute("10.0.2.0/24", "fw-eni")
	prod.AddRouteTable("public").AddRoute("0.0.0.0/0", "igw").AddRoute("::/0", "igw").AddRoute("pl-offices", "blackhole")
	prod.AddRouteTable("private").AddRoute("0.0.0.0/0", "nat").AddRoute("192.168.0.0/16", "blackhole").AddRoute("10.0.1.0/24", "fw")
	prod.RouteTable("private").Propagating = []string{"vpn"}
	prod.RouteTable("private").Routes = append(prod.RouteTable("private").Routes, routing.Route{
		Destination: netip.MustParsePrefix("172.20.0.0/16"), Target: routing.Target{Kind: routing.VPNGateway, ID: "vpn"}, Source: routing.VPNStatic,
	})
	prod.Gateways = append(prod.Gateways,
		&vpc.Gateway{Kind: routing.VPNGateway, ID: "vpn"},
		&vpc.Gateway{Kind: routing.NATGateway, ID: "nat", Subnet: "web", Addresses: []vpc.Address{{IP: netip.MustParseAddr("10.0.1.9"), Public: netip.MustParseAddr("203.0.113.9")}}},
		&vpc.Gateway{Kind: routing.GWLBEndpoint, ID: "inspect", Subnet: "app"})
	n.Gateways = append(n.Gateways,
		&vpc.Gateway{Kind: routing.TransitGateway, ID: "hub", VPCs: []string{"prod", "dev"}},
		&vpc.Gateway{Kind: routing.PeeringConnection, ID: "pcx-1", VPCs: []string{"prod", "dev"}, State: "pending-acceptance"})

	prod.AddSecurityGroup("web").AllowIn("tcp/443", "0.0.0.0/0").AllowIn("icmp/8/0", "pl-offices").AllowIn("icmpv6", "::/0").AllowAllOut()
	prod.AddSecurityGroup("app").AllowIn("tcp/8080", "web").AllowIn("ip/50", "10.0.0.0/8").AllowIn("udp/1-99", "app")
	prod.SecurityGroup("app").Ingress[0].ID = "sgr-1"
	prod.SecurityGroup("app").Ingress[1].Description = "tunnel"
	prod.SecurityGroup("app").Egress = []firewall.Rule{{Unknown: "what?", Service: firewall.MustParseService("tcp/1")}}
	prod.AddNetworkACL("strict").AllowIn(100, "tcp/443", "0.0.0.0/0").DenyIn(90, "icmp/3", "192.0.2.0/24").AllowOut(100, "tcp/1024-65535", "0.0.0.0/0").AllowOut(101, "all", "::/0")

	web := prod.AddSubnet("web", "10.0.1.0/24", "2001:db8:12::/64").InZone("eu-west-1a").UseRouteTable("public").UseNetworkACL("strict")
	app := prod.AddSubnet("app", "10.0.2.0/24").InZone("eu-west-1a").UseRouteTable("private")
	prod.AddSubnet("spare", "10.1.2.0/24").MapPublicIP = true
	prod.AddInstance("web-1")
	prod.AddInstance("fw").State = vpc.Stopped
	web.AddInterface("web-1-eni", "10.0.1.10", "web").AddAddress("10.0.1.11").AddAddress("2001:db8:12::10").AddPublicIP("").AttachTo("web-1")
	i := web.Interface("web-1-eni")
	i.Metadata = vpc.Metadata{IPv6: true, HopLimit: 2}
	i.Addresses[1].Public, i.Addresses[1].Elastic = netip.MustParseAddr("203.0.113.7"), true
	i.Timeouts = vpc.Timeouts{UDP: 45 * time.Second}
	app.AddInterface("fw-eni", "", "app").AttachTo("fw").WithoutSourceDestCheck().Prefixes = []netip.Prefix{netip.MustParsePrefix("10.0.2.64/28")}
	app.AddInterface("loose", "")
	app.Interface("loose").Detached = true

	dev := n.AddVPC("dev", "10.9.0.0/16")
	dev.AddSubnet("web", "10.9.1.0/24").AddInterface("host", "10.9.1.5").AddPublicIP("203.0.113.77")
	dev.AddInternetGateway("igw")
	dev.AddRouteTable("rtb-12345678").AddRoute("0.0.0.0/0", "igw").AddRoute("10.0.0.0/16", "hub")
	dev.MainRouteTable = "rtb-12345678"
	return n
}

func TestWriteRoundTrip(t *testing.T) {
	n := everything()
	n.RouteTable("prod/public").Routes[2].PrefixList = "offices"
	n.SecurityGroup("prod/web").Ingress[1].Peer.PrefixList = "offices"
	require.NoError(t, n.Validate())
	same(t, n)
}

// TestGroupsOfPeersAreWritten: a rule that names a group of a VPC at the other end of
// a peering connection still does when it was written and read.
func TestGroupsOfPeersAreWritten(t *testing.T) {
	n := &vpc.Network{}
	n.AddVPC("v", "10.0.0.0/16").AddSecurityGroup("here").AllowIn("tcp/443", "there")
	n.AddVPC("w", "10.1.0.0/16").AddSecurityGroup("there")
	n.AddPeering("pcx-1", "v", "w")
	loaded, _, err := LoadFiles(WriteFiles(n))
	require.NoError(t, err)
	assert.Equal(t, "sg-there", loaded.VPC("v").SecurityGroup("here").Ingress[0].Peer.Group)
	assert.NotNil(t, loaded.VPC("w").SecurityGroup("sg-there"))
}

// TestUnknownEntryStaysOpen: an entry of which not even the service is known may
// be about any packet, and still is when it was written and read.
func TestUnknownEntryStaysOpen(t *testing.T) {
	n := &vpc.Network{}
	a := n.AddVPC("v", "10.0.0.0/16").AddNetworkACL("acl-1")
	a.Ingress = []firewall.Entry{{Number: 100, Unknown: "who knows"}}
	loaded, _, err := LoadFiles(WriteFiles(n))
	require.NoError(t, err)
	e := loaded.VPCs[0].NetworkACL("acl-1").Ingress[0]
	assert.Equal(t, firewall.All, e.Service)
	assert.NotEmpty(t, e.Unknown)
}
