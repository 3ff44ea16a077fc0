package netstack_test

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/emu/netstack"
	"github.com/vpcemu/vpcemu/packet"
	"github.com/vpcemu/vpcemu/routing"
	"github.com/vpcemu/vpcemu/vpc"
)

// TestResolver: Go's resolver gets its answers in packets from the VPC's.
func TestResolver(t *testing.T) {
	n := sample()
	v := n.VPC("prod")
	v.DNSHostnames = true
	v.Gateways = append(v.Gateways, &vpc.Gateway{Kind: routing.InterfaceEndpoint, ID: "vpce-sqs", Addresses: []vpc.Address{{IP: netip.MustParseAddr("10.0.2.30")}},
		Endpoint: &vpc.Endpoint{Service: "sqs", Subnets: []string{"db"}}})
	v.LoadBalancers = append(v.LoadBalancers, &vpc.LoadBalancer{ID: "front", Internal: true,
		Nodes: []vpc.LoadBalancerNode{{Subnet: "db", Addresses: []vpc.Address{{IP: netip.MustParseAddr("10.0.2.40")}}}}})
	v.AddSubnet("six", "2001:db8:1:6::/64").AddInterface("six-1", "2001:db8:1:6::10", "web")
	e := newEmulator(t, n, emu.Options{Names: func(name string) (all []addr) {
		if name == "many.example.com" {
			for k := range byte(250) {
				all = append(all, netip.AddrFrom4([4]byte{203, 0, 113, k}))
			}
		}
		return all
	}})
	web, six := hostAt(t, e.Emulator, "web-1", netstack.Options{}), hostAt(t, e.Emulator, "six-1", netstack.Options{})
	for _, c := range []struct {
		name string
		host *netstack.Host
		ask  string
		want string
	}{
		{"an instance, both kinds", web, "db-1.ec2.internal.", "[10.0.2.20 2001:db8:1:2::20]"},
		{"an address", web, "ip-10-0-3-10.ec2.internal.", "[10.0.3.10]"},
		{"an endpoint", web, "sqs.us-east-1.amazonaws.com.", "[10.0.2.30]"},
		{"a load balancer", web, "front-0123456789abcdef.elb.us-east-1.amazonaws.com.", "[10.0.2.40]"},
		{"from a host with IPv6 alone", six, "db-1.ec2.internal.", "[10.0.2.20 2001:db8:1:2::20]"},
		{"nobody", web, "db-2.ec2.internal.", "no such host"},
		{"what nobody knows", web, "example.com.", "server misbehaving"},
	} {
		t.Run(c.name, func(t *testing.T) {
			addrs, err := c.host.Resolver.LookupNetIP(within(t, patience), "ip", c.ask)
			if err != nil {
				var failed *net.DNSError
				require.ErrorAs(t, err, &failed)
				assert.Equal(t, c.want, failed.Err)
				return
			}
			slices.SortFunc(addrs, netip.Addr.Compare)
			assert.Equal(t, c.want, fmt.Sprint(addrs))
		})
	}
	t.Run("an address, back to front", func(t *testing.T) {
		names, err := web.Resolver.LookupAddr(within(t, patience), "10.0.2.20")
		require.NoError(t, err)
		assert.Equal(t, []string{"ip-10-0-2-20.ec2.internal."}, names)
	})
	t.Run("more than a datagram takes, over TCP", func(t *testing.T) {
		addrs, err := web.Resolver.LookupNetIP(within(t, patience), "ip4", "many.example.com.")
		require.NoError(t, err)
		assert.Len(t, addrs, 250)
		assert.Positive(t, e.count(to(packet.TCP, 53)))
	})
	assert.Positive(t, e.count(to(packet.UDP, 53)))
	for _, c := range []struct {
		name string
		host *netstack.Host
		ask  string
		want string
	}{
		{"nobody", web, "db-2.ec2.internal", "lookup db-2.ec2.internal on 10.0.0.2:53: no such host"},
		{"with a dot", web, "db-2.ec2.internal.", "lookup db-2.ec2.internal. on 10.0.0.2:53: no such host"},
		{"what nobody knows", web, "example.com", "lookup example.com on 10.0.0.2:53: server misbehaving"},
		{"from a host with IPv6 alone", six, "db-2.ec2.internal", "lookup db-2.ec2.internal on [fd00:ec2::253]:53: no such host"},
	} {
		t.Run("the error says who was asked: "+c.name, func(t *testing.T) {
			_, err := c.host.LookupNetIP(within(t, patience), "ip", c.ask)
			assert.EqualError(t, err, c.want)
		})
	}
}

// TestNoResolver: with DNS off nothing answers (LNK-5), and outside a VPC there is none.
func TestNoResolver(t *testing.T) {
	n := sample()
	n.VPC("prod").DisableDNS = true
	e := newEmulator(t, n, emu.Options{})
	web := hostAt(t, e.Emulator, "web-1", netstack.Options{})
	e.never(t, emu.NoSuchAddress, func(ctx context.Context) error {
		_, err := web.Resolver.LookupNetIP(ctx, "ip", "db-1.ec2.internal.")
		return err
	})

	internet := hostAt(t, e.Emulator, "internet", netstack.Options{Addresses: addrs("203.0.113.80")})
	_, err := internet.DialContext(within(t, patience), "tcp", "example.com:80")
	assert.EqualError(t, err, "dial tcp: lookup example.com: there is no resolver outside a VPC: dial an address, or set Host.Resolver")
	internet.Resolver = &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return internet.DialContext(ctx, network, "198.51.100.53:53")
	}}
	_, err = internet.DialContext(within(t, brief), "tcp", "example.com:80")
	assert.NotContains(t, err.Error(), "there is no resolver")
	assert.ErrorContains(t, err, "lookup example.com.", "as that resolver says it")
}
