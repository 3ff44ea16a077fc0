package reach_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/vpcemu/vpcemu/bench"
	"github.com/vpcemu/vpcemu/reach"
	"github.com/vpcemu/vpcemu/vpc"
)

// BenchmarkBetween is all packets between two interfaces with groups of 60 rules, from the
// internet to one whose rules are for 60 different prefixes, and between two of 10,000
// interfaces.
func BenchmarkBetween(b *testing.B) {
	for _, c := range []struct {
		name        string
		network     *vpc.Network
		source, dst string
	}{
		{"60-rules", bench.Pair(60), "app-1", "db-1"},
		{"60-prefixes", prefixes(60), "internet", "web-1"},
		{"10000-interfaces", crowd(10_000), "internet", "eni-0"},
	} {
		b.Run(c.name, func(b *testing.B) {
			n, err := reach.New(c.network)
			require.NoError(b, err)
			b.ReportAllocs()
			for b.Loop() {
				if a, err := n.Between(c.source, c.dst); err != nil || len(a.Parts) == 0 {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkExplain is all that lets packets pass and is in the way, of packets from the internet
// whose fate rules for 200 prefixes decide.
func BenchmarkExplain(b *testing.B) {
	a, err := reach.Between(prefixes(200), "internet", "web-1")
	require.NoError(b, err)
	b.ReportAllocs()
	for b.Loop() {
		for i := range a.Parts {
			if _, err := a.Parts[i].Explain(); err != nil {
				b.Fatal(err)
			}
		}
	}
}

// BenchmarkNew is what has to be found out once about a network of 10,000 interfaces.
func BenchmarkNew(b *testing.B) {
	n := crowd(10_000)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := reach.New(n); err != nil {
			b.Fatal(err)
		}
	}
}

// prefixes is a network with a server that so many prefixes of the internet may ask, each
// on a port of its own and all on one.
func prefixes(rules int) *vpc.Network {
	var n vpc.Network
	v := n.AddVPC("prod", "10.0.0.0/16")
	v.AddInternetGateway("igw")
	v.AddRouteTable("web").AddRoute("0.0.0.0/0", "igw")
	v.AddSubnet("web", "10.0.1.0/24").UseRouteTable("web").AddInterface("web-1", "10.0.1.10", "web").AddPublicIP("198.51.100.10")
	g := v.AddSecurityGroup("web").AllowIn("tcp/443", "0.0.0.0/0")
	for i := range rules - 1 {
		g.AllowIn(fmt.Sprintf("tcp/%d", 8000+i), fmt.Sprintf("%d.%d.0.0/16", 20+i, i))
	}
	return &n
}

// crowd is a network of so many interfaces with public addresses.
func crowd(interfaces int) *vpc.Network {
	var n vpc.Network
	v := n.AddVPC("prod", "10.0.0.0/16")
	v.AddInternetGateway("igw")
	v.AddRouteTable("web").AddRoute("0.0.0.0/0", "igw")
	v.AddSecurityGroup("web").AllowIn("tcp/443", "0.0.0.0/0").AllowIn("tcp/22", "198.51.100.0/24").AllowIn("tcp/8000-8099", "web")
	for i := range interfaces {
		s := i / 200
		if i%200 == 0 {
			v.AddSubnet(fmt.Sprintf("web-%d", s), fmt.Sprintf("10.0.%d.0/24", s)).UseRouteTable("web")
		}
		v.Subnets[s].AddInterface(fmt.Sprintf("eni-%d", i), fmt.Sprintf("10.0.%d.%d", s, 10+i%200), "web").AddPublicIP(fmt.Sprintf("203.%d.%d.7", i/256, i%256))
	}
	return &n
}
