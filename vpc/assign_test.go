package vpc

import (
	"errors"
	"fmt"
	"net/netip"
	"reflect"
	"strings"
	"testing"

	"github.com/vpcemu/vpcemu/routing"
)

// addresses lists what the interfaces of a network have, "private" or
// "private=public".
func addresses(n *Network) string {
	var out []string
	for _, v := range n.VPCs {
		for _, s := range v.Subnets {
			for _, i := range s.Interfaces {
				for _, a := range i.Addresses {
					text := a.IP.String()
					if a.Public.IsValid() {
						text += "=" + a.Public.String()
					}
					out = append(out, text)
				}
			}
		}
	}
	return strings.Join(out, " ")
}

func TestAssign(t *testing.T) {
	subnet := func(build func(s *Subnet), cidrs ...string) func(*Network) {
		return func(n *Network) { build(n.AddVPC("v", "10.0.0.0/16").AddSubnet("s", cidrs...)) }
	}
	for _, c := range []struct {
		name  string
		build func(*Network)
		want  string
	}{
		{"in order", subnet(func(s *Subnet) {
			s.AddInterface("a", "")
			s.AddInterface("b", "")
		}, "10.0.1.0/24"), "10.0.1.4 10.0.1.5"},
		{"written ones come first", subnet(func(s *Subnet) {
			s.AddInterface("a", "")
			s.AddInterface("b", "10.0.1.4")
			s.AddInterface("c", "")
			s.AddInterface("d", "10.0.1.6")
		}, "10.0.1.0/24"), "10.0.1.5 10.0.1.4 10.0.1.7 10.0.1.6"},
		{"delegated prefixes come first", subnet(func(s *Subnet) {
			for k := range 14 {
				s.AddInterface(fmt.Sprint(k), "")
			}
			s.Interfaces[13].Prefixes = []netip.Prefix{cidr("10.0.1.32/28"), cidr("10.0.1.16/28")}
		}, "10.0.1.0/24"), "10.0.1.4 10.0.1.5 10.0.1.6 10.0.1.7 10.0.1.8 10.0.1.9 10.0.1.10 10.0.1.11 10.0.1.12 10.0.1.13 10.0.1.14 10.0.1.15 10.0.1.48 10.0.1.49"},
		{"IPv4 of both", subnet(func(s *Subnet) { s.AddInterface("a", "") }, "2001:db8::/64", "10.0.1.0/24"), "10.0.1.4"},
		{"IPv6 only", subnet(func(s *Subnet) {
			s.AddInterface("a", "")
			s.AddInterface("b", "2001:db8::5")
			s.AddInterface("c", "")
		}, "2001:db8::/64"), "2001:db8::4 2001:db8::5 2001:db8::6"},
		{"secondary", subnet(func(s *Subnet) { s.AddInterface("a", "10.0.1.9").Addresses = []Address{{IP: ip("10.0.1.9")}, {}} }, "10.0.1.0/24"), "10.0.1.9 10.0.1.4"},
		{"public", subnet(func(s *Subnet) {
			s.AddInterface("a", "").AddPublicIP("")
			s.AddInterface("b", "").AddPublicIP("198.51.100.1")
			s.AddInterface("c", "").AddPublicIP("")
		}, "10.0.1.0/24"), "10.0.1.4=198.51.100.2 10.0.1.5=198.51.100.1 10.0.1.6=198.51.100.3"},
		{"no public one for IPv6", subnet(func(s *Subnet) { s.AddInterface("a", "").AddPublicIP("") }, "2001:db8::/64"), "2001:db8::4"},
		{"public pool inside a VPC", func(n *Network) {
			n.AddVPC("v", "198.51.100.0/28").AddSubnet("s", "198.51.100.0/28").AddInterface("a", "").AddPublicIP("")
		}, "198.51.100.4=198.51.100.16"},
		{"equal ranges of two VPCs", func(n *Network) {
			for _, name := range []string{"v", "w"} {
				n.AddVPC(name, "10.0.0.0/16").AddSubnet("s", "10.0.1.0/24").AddInterface("a", "").AddPublicIP("")
			}
		}, "10.0.1.4=198.51.100.1 10.0.1.4=198.51.100.2"},
	} {
		t.Run(c.name, func(t *testing.T) {
			n := new(Network)
			c.build(n)
			if err := n.Assign(); err != nil {
				t.Fatal(err)
			}
			if got := addresses(n); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
			again := n.Clone()
			if err := again.Assign(); err != nil || !reflect.DeepEqual(n, again) {
				t.Errorf("a second Assign gives %s, %v", addresses(again), err)
			}
		})
	}
}

func TestAssignLeavesGatewaysAddresses(t *testing.T) {
	n := sample()
	n.VPCs[0].Gateways[0].Addresses = []Address{{IP: ip("10.0.1.4"), Public: ip("198.51.100.1")}}
	n.Gateways[0].Addresses = []Address{{Public: ip("198.51.100.2")}}
	i := n.VPCs[0].Subnets[0].AddInterface("new", "").AddPublicIP("")
	if err := n.Assign(); err != nil || i.Addresses[0].IP != ip("10.0.1.5") || i.Addresses[0].Public != ip("198.51.100.3") {
		t.Errorf("got %v, %v", i.Addresses, err)
	}
	if err := n.Validate(); err != nil {
		t.Error(err)
	}
}

// TestNAT30_NoIPv4: a NAT gateway finds no address in a subnet that has IPv6 only.
func TestNAT30_NoIPv4(t *testing.T) {
	n := new(Network)
	v := n.AddVPC("v", "10.0.0.0/16", "2001:db8::/56")
	v.AddInternetGateway("igw")
	v.AddSubnet("six", "2001:db8::/64")
	v.AddSubnet("four", "10.0.1.0/24")
	six, four := v.AddNATGateway("n6", "six"), v.AddNATGateway("n4", "four")
	if err := n.Assign(); err != nil || six.State != "failed" || six.Failure != CodeNoFreeAddress || four.State != "available" {
		t.Errorf("got %s %s and %s, %v", six.State, six.Failure, four.State, err)
	}
}

// TestAssignKeepsInterfacesOfEndpoints: an endpoint takes back the interface that it
// made, and leaves one alone that is only called so.
func TestAssignKeepsInterfacesOfEndpoints(t *testing.T) {
	for kind, want := range map[string]string{"vpce": "e-s e-s-", "vpc_endpoint": "e-s"} {
		n := new(Network)
		v := n.AddVPC("v", "10.0.0.0/16")
		s := v.AddSubnet("s", "10.0.0.0/24")
		s.AddInterface("e-s", "").Kind = kind
		v.Gateways = []*Gateway{{Kind: routing.InterfaceEndpoint, ID: "e", Endpoint: &Endpoint{Subnets: []string{"s"}}}}
		for range 2 {
			if err := errors.Join(n.Assign(), n.Validate()); err != nil {
				t.Fatal(err)
			}
		}
		var ids []string
		for _, i := range s.Interfaces {
			ids = append(ids, i.ID)
		}
		if got := strings.Join(ids, " "); got != want {
			t.Errorf("%s: got the interfaces %s, want %s", kind, got, want)
		}
	}
}

// full is a /28 with a number of interfaces; 11 fit (SUB-5).
func full(interfaces int) *Network {
	n := new(Network)
	s := n.AddVPC("v", "10.0.0.0/28").AddSubnet("s", "10.0.0.0/28")
	for k := range interfaces {
		s.AddInterface(fmt.Sprint("i", k), "")
	}
	return n
}

func TestSUB7_NoFreeAddress(t *testing.T) {
	n := full(11)
	checkErrors(t, n.Assign(), fine)
	if got := n.Interface("i10").Addresses[0].IP; got != ip("10.0.0.14") {
		t.Errorf("the last one is %v", got)
	}
	checkErrors(t, full(12).Assign(), bad(CodeNoFreeAddress, "SUB-7"))

	n = new(Network)
	n.AddVPC("v", "10.0.0.0/16").AddSubnet("s").AddInterface("i", "")
	checkErrors(t, n.Assign(), bad(CodeNoFreeAddress, "SUB-7"))
}

func TestERR30_StoppedInstancesKeepTheirAddresses(t *testing.T) {
	n := full(12)
	n.VPCs[0].AddInstance("stopped").State = Stopped
	n.Interface("i0").AttachTo("stopped")
	checkErrors(t, n.Assign(), bad(CodeNoFreeAddress, "SUB-7"))
}

// TestAssignPublicPools: 254 addresses of the first pool, then the second, 65,534
// more; the one after that fails.
func TestAssignPublicPools(t *testing.T) {
	n := big(254 + 65_534 + 1)
	for _, s := range n.VPCs[0].Subnets {
		for _, i := range s.Interfaces {
			i.AddPublicIP("")
		}
	}
	var es Errors
	if errors.As(n.Assign(), &es); len(es) != 1 || es[0].Code != CodeAddressLimit {
		t.Fatalf("got %v, want one %s", es, CodeAddressLimit)
	}
	nth := func(k int) string { return n.VPCs[0].Subnets[k/4000].Interfaces[k%4000].Addresses[0].Public.String() }
	for k, want := range map[int]string{0: "198.51.100.1", 253: "198.51.100.254", 254: "198.18.0.1", 254 + 65_533: "198.18.255.254"} {
		if got := nth(k); got != want {
			t.Errorf("public address %d is %s, want %s", k, got, want)
		}
	}
}

func BenchmarkAssign(b *testing.B) {
	for _, size := range []int{1_000, 100_000} {
		b.Run(fmt.Sprintf("interfaces=%d", size), func(b *testing.B) {
			n := big(size)
			for b.Loop() {
				b.StopTimer()
				c := n.Clone()
				b.StartTimer()
				if err := c.Assign(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func TestLastAddr(t *testing.T) {
	for prefix, want := range map[string]string{
		"10.0.1.0/24": "10.0.1.255", "10.0.1.9/28": "10.0.1.15", "10.0.1.9/32": "10.0.1.9", "0.0.0.0/0": "255.255.255.255",
		"2001:db8::/64": "2001:db8::ffff:ffff:ffff:ffff", "2001:db8::/127": "2001:db8::1",
	} {
		if got := lastAddr(cidr(prefix)); got != ip(want) {
			t.Errorf("%s: got %v, want %s", prefix, got, want)
		}
	}
}
