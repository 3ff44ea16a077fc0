package vpc

import (
	"net/netip"
	"testing"
	"time"

	"github.com/vpcemu/vpcemu/routing"
)

func TestENI12_Addresses(t *testing.T) {
	cases{
		{"free", fine, at("10.0.1.11")},
		{"in use in the subnet", bad(CodeAddressInUse, "ENI-12"), at("10.0.1.10")},
		{"in use by itself", bad(CodeAddressInUse, "ENI-12"), func(v *VPC) { v.app().AddAddress("10.0.1.10") }},
		{"outside the subnet", bad(CodeInvalidValue, "ENI-12"), at("10.0.2.11")},
		{"mapped into IPv6", bad(CodeInvalidValue, "ENI-12"), at("::ffff:10.0.1.11")},
		{"to be assigned, twice", fine, both(at(""), func(v *VPC) { v.app().Addresses = append(v.app().Addresses, Address{}, Address{}) })},
		{"IPv6 in use", bad(CodeAddressInUse, "ENI-12"), both(at("2001:db8:0:1201::9"), func(v *VPC) { v.app().AddAddress("2001:db8:0:1201::9") })},
		{"of a gateway", bad(CodeAddressInUse, "ENI-12"), func(v *VPC) { v.Gateways[0].Addresses = []Address{{IP: ip("10.0.1.10")}} }},
		{"of an interface that is not understood", fine, func(v *VPC) { v.Subnets[0].AddInterface("new", "10.0.1.10").Unknown = "odd" }},
	}.run(t)
}

func TestENI13_DelegatedPrefixes(t *testing.T) {
	gives := func(prefixes ...string) func(*VPC) {
		return func(v *VPC) {
			for _, p := range prefixes {
				v.app().Prefixes = append(v.app().Prefixes, cidr(p))
			}
		}
	}
	cases{
		{"/28", fine, gives("10.0.1.16/28")},
		{"/27", bad(CodeInvalidValue, "ENI-13"), gives("10.0.1.32/27")},
		{"/29", bad(CodeInvalidValue, "ENI-13"), gives("10.0.1.32/29")},
		{"/80", fine, gives("2001:db8:0:1201:1::/80")},
		{"/79", bad(CodeInvalidValue, "ENI-13"), gives("2001:db8:0:1201:2::/79")},
		{"outside the subnet", bad(CodeInvalidValue, "ENI-13"), gives("10.0.2.16/28")},
		{"two", fine, gives("10.0.1.16/28", "10.0.1.32/28")},
		{"the same twice", bad(CodeAddressInUse, "ENI-13"), gives("10.0.1.16/28", "10.0.1.16/28")},
		{"around its first address", bad(CodeAddressInUse, "ENI-13"), both(at("10.0.1.32"), gives("10.0.1.32/28"))},
		{"around its last address", bad(CodeAddressInUse, "ENI-13"), both(at("10.0.1.47"), gives("10.0.1.32/28"))},
		{"after an address", fine, both(at("10.0.1.31"), gives("10.0.1.32/28"))},
		{"before an address", fine, both(at("10.0.1.48"), gives("10.0.1.32/28"))},
		{"not a prefix", bad(CodeInvalidValue, "ENI-13"), func(v *VPC) { v.app().Prefixes = []netip.Prefix{{}} }},
		{"of an interface that is not understood", fine, func(v *VPC) { v.app().Unknown = "odd"; gives("10.0.1.16/29")(v) }},
	}.run(t)
}

func TestENI14_NoReservedAddressesInPrefixes(t *testing.T) {
	gives := func(s string) func(*VPC) {
		return func(v *VPC) { v.Subnets[1].Interfaces[0].Prefixes = []netip.Prefix{cidr(s)} }
	}
	cases{
		{"first", bad(CodeInvalidValue, "ENI-14"), gives("10.0.2.0/28")},
		{"second", fine, gives("10.0.2.32/28")},
		{"last", bad(CodeInvalidValue, "ENI-14"), gives("10.0.2.240/28")},
		{"last but one", fine, gives("10.0.2.224/28")},
		{"first of IPv6", bad(CodeInvalidValue, "ENI-14"), func(v *VPC) { v.app().Prefixes = []netip.Prefix{cidr("2001:db8:0:1201::/80")} }},
	}.run(t)
}

func TestENI17_PublicAddresses(t *testing.T) {
	public := func(k int, a Address) func(*VPC) {
		return func(v *VPC) {
			v.app().AddAddress("10.0.1.11").AddAddress("2001:db8:0:1201::9")
			a.IP = v.app().Addresses[k].IP
			v.app().Addresses[k] = a
		}
	}
	one := ip("203.0.113.1")
	cases{
		{"primary", fine, public(0, Address{Public: one})},
		{"primary, to be assigned", fine, public(0, Address{AutoPublic: true})},
		{"secondary, Elastic", fine, public(1, Address{Public: one, Elastic: true})},
		{"secondary, not Elastic", bad(CodeInvalidValue, "ENI-17"), public(1, Address{Public: one})},
		{"secondary, to be assigned", bad(CodeInvalidValue, "ENI-17"), public(1, Address{AutoPublic: true})},
		{"IPv6", bad(CodeInvalidValue, "ENI-17"), public(0, Address{Public: ip("2001:db8::1")})},
		{"on IPv6", bad(CodeInvalidValue, "ENI-17"), public(2, Address{Public: one, Elastic: true})},
		{"on what will be IPv6", bad(CodeInvalidValue, "ENI-17"), func(v *VPC) {
			v.AddSubnet("six", "2001:db8:0:1205::/64").AddInterface("six-1", "").Addresses = []Address{{Public: one}}
		}},
		{"on what will be IPv4", fine, func(v *VPC) { v.Subnets[0].AddInterface("four-1", "").Addresses = []Address{{Public: one}} }},
	}.run(t)
}

func TestIGW25_OneOwnerPerPublicAddress(t *testing.T) {
	second := func(to func(n *Network, a Address)) func(*Network) {
		return func(n *Network) {
			n.VPCs[0].app().AddPublicIP("203.0.113.1")
			to(n, Address{Public: ip("203.0.113.1")})
		}
	}
	taken := bad(CodeAlreadyAssociated, "IGW-25")
	netCases{
		{"another interface", taken, second(func(n *Network, a Address) { n.VPCs[0].Subnets[1].Interfaces[0].AddPublicIP("203.0.113.1") })},
		{"another address", fine, second(func(n *Network, a Address) { n.VPCs[0].Subnets[1].Interfaces[0].AddPublicIP("203.0.113.2") })},
		{"another VPC", taken, second(func(n *Network, a Address) { n.VPCs[1].Subnets[0].Interfaces[0].AddPublicIP("203.0.113.1") })},
		{"a NAT gateway", taken, second(func(n *Network, a Address) {
			n.VPCs[0].Gateways[0].Addresses, n.VPCs[0].Gateways[0].State = []Address{a}, "available"
		})},
		{"a NAT gateway yet to be built, which fails (NAT-30)", fine, second(func(n *Network, a Address) { n.VPCs[0].Gateways[0].Addresses = []Address{a} })},
		{"a gateway of the network", taken, second(func(n *Network, a Address) { n.Gateways[0].Addresses = []Address{a} })},
		{"an interface that is not understood", fine, second(func(n *Network, a Address) {
			n.VPCs[1].Subnets[0].Interfaces[0].AddPublicIP("203.0.113.1").Unknown = "odd"
		})},
	}.run(t)
}

func TestIGW26_ElasticIPNeedsAGateway(t *testing.T) {
	public := func(elastic bool) func(*VPC) {
		return func(v *VPC) {
			v.InternetGateway = nil
			v.app().Addresses[0] = Address{IP: ip("10.0.1.10"), Public: ip("203.0.113.1"), Elastic: elastic}
		}
	}
	cases{
		{"no gateway", bad(CodeGatewayNotAttached, "IGW-26"), public(true)},
		{"with a gateway", fine, func(v *VPC) { g := v.InternetGateway; public(true)(v); v.InternetGateway = g }},
		{"not Elastic", fine, public(false)},
		{"a partial listing", fine, partial(public(true))},
	}.run(t)
}

func TestERR38_AttachedInstance(t *testing.T) {
	to := func(name string) func(*VPC) { return func(v *VPC) { v.app().AttachTo(name) } }
	cases{
		{"by ID", fine, to("app")},
		{"by name", fine, func(v *VPC) { v.Instances[0].Name = "first"; to("first")(v) }},
		{"to none", fine, to("")},
		{"unknown", bad(CodeInstanceNotFound, "ERR-40"), to("gone")},
		{"in a partial listing", fine, partial(to("gone"))},
		{"device 0", fine, func(v *VPC) { v.app().DeviceIndex = 0 }},
		{"device -1", bad(CodeInvalidValue, "ERR-5"), func(v *VPC) { v.app().DeviceIndex = -1 }},
	}.run(t)
}

func TestHopLimit(t *testing.T) {
	hops := func(k int) func(*VPC) { return func(v *VPC) { v.app().Metadata.HopLimit = k } }
	cases{
		{"default", fine, hops(0)},
		{"64", fine, hops(64)},
		{"65", bad(CodeInvalidValue, "LNK-12"), hops(65)},
		{"-1", bad(CodeInvalidValue, "LNK-12"), hops(-1)},
	}.run(t)
}

func timeouts(t Timeouts) func(*VPC) { return func(v *VPC) { v.app().Timeouts = t } }

func TestSG37_TCPTimeout(t *testing.T) {
	cases{
		{"least", fine, timeouts(Timeouts{TCPEstablished: time.Minute})},
		{"less", bad(CodeInvalidValue, "SG-37"), timeouts(Timeouts{TCPEstablished: time.Minute - 1})},
		{"most", fine, timeouts(Timeouts{TCPEstablished: 432_000 * time.Second})},
		{"more", bad(CodeInvalidValue, "SG-37"), timeouts(Timeouts{TCPEstablished: 432_000*time.Second + 1})},
		{"negative", bad(CodeInvalidValue, "SG-37"), timeouts(Timeouts{TCPEstablished: -1})},
	}.run(t)
}

func TestSG38_UDPTimeout(t *testing.T) {
	cases{
		{"least", fine, timeouts(Timeouts{UDP: 30 * time.Second})},
		{"less", bad(CodeInvalidValue, "SG-38"), timeouts(Timeouts{UDP: 29 * time.Second})},
		{"most", fine, timeouts(Timeouts{UDP: time.Minute})},
		{"more", bad(CodeInvalidValue, "SG-38"), timeouts(Timeouts{UDP: 61 * time.Second})},
	}.run(t)
}

func TestSG39_UDPStreamTimeout(t *testing.T) {
	cases{
		{"least", fine, timeouts(Timeouts{UDPStream: time.Minute})},
		{"less", bad(CodeInvalidValue, "SG-39"), timeouts(Timeouts{UDPStream: 59 * time.Second})},
		{"most", fine, timeouts(Timeouts{UDPStream: 3 * time.Minute})},
		{"more", bad(CodeInvalidValue, "SG-39"), timeouts(Timeouts{UDPStream: 181 * time.Second})},
	}.run(t)
}

func TestTarget(t *testing.T) {
	n := sample()
	v := n.VPCs[0]
	v.AddInstance("i-two")
	v.Subnets[0].AddInterface("nat-in-name-only", "").AttachTo("i-two")
	v.Subnets[0].AddInterface("eni-b", "").AttachTo("i-two")
	v.Gateways[0].Name = "out"
	bare := routing.UnknownTarget
	for _, c := range []struct {
		name string
		in   routing.Target
		want routing.Target
		ok   bool
	}{
		{"nowhere", routing.Target{}, routing.Target{}, true},
		{"local", routing.Target{Kind: routing.Local}, routing.Target{Kind: routing.Local}, true},
		{"the internet gateway", routing.Target{Kind: routing.InternetGateway}, routing.Target{Kind: routing.InternetGateway, ID: "igw-main"}, true},
		{"interface", routing.Target{Kind: bare, ID: "app-1"}, routing.Target{Kind: routing.Interface, ID: "app-1"}, true},
		{"instance", routing.Target{Kind: bare, ID: "app"}, routing.Target{Kind: routing.Interface, ID: "app-1"}, true},
		{"instance by kind", routing.Target{Kind: routing.Instance, ID: "app"}, routing.Target{Kind: routing.Interface, ID: "app-1"}, true},
		{"instance of two", routing.Target{Kind: routing.Instance, ID: "i-two"}, routing.Target{Kind: routing.Instance, ID: "i-two"}, false},
		{"gateway by name", routing.Target{Kind: bare, ID: "out"}, routing.Target{Kind: routing.NATGateway, ID: "nat-1"}, true},
		{"a wrong guess", routing.Target{Kind: routing.NATGateway, ID: "nat-in-name-only"}, routing.Target{Kind: routing.Interface, ID: "nat-in-name-only"}, true},
		{"gateway endpoint", routing.Target{Kind: routing.GatewayEndpoint, ID: "vpce-s3"}, routing.Target{Kind: routing.GatewayEndpoint, ID: "vpce-s3"}, true},
		{"Gateway Load Balancer endpoint", routing.Target{Kind: routing.GatewayEndpoint, ID: "vpce-fw"}, routing.Target{Kind: routing.GWLBEndpoint, ID: "vpce-fw"}, true},
		{"peering", routing.Target{Kind: routing.PeeringConnection, ID: "pcx-1"}, routing.Target{Kind: routing.PeeringConnection, ID: "pcx-1"}, true},
		{"carrier gateway", routing.Target{Kind: routing.CarrierGateway, ID: "cagw-1"}, routing.Target{Kind: routing.CarrierGateway, ID: "cagw-1"}, true},
		{"interface of another VPC", routing.Target{Kind: routing.Interface, ID: "eni-peer"}, routing.Target{Kind: routing.Interface, ID: "eni-peer"}, false},
		{"nothing", routing.Target{Kind: bare, ID: "gone"}, routing.Target{Kind: bare, ID: "gone"}, false},
		{"no name", routing.Target{Kind: bare}, routing.Target{Kind: bare}, false},
	} {
		if got, ok := n.Index().Target(v, c.in); got != c.want || ok != c.ok {
			t.Errorf("%s: got %v %v (%v), want %v %v (%v)", c.name, got.Kind, got, ok, c.want.Kind, c.want, c.ok)
		}
	}
	v.InternetGateway = nil
	if got, ok := n.Index().Target(v, routing.Target{Kind: routing.InternetGateway}); !ok || got.ID != "" {
		t.Errorf("no internet gateway: got %v (%v), want it resolved, as a blackhole", got, ok)
	}
}
