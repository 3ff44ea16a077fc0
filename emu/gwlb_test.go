package emu_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/firewall"
	"github.com/vpcemu/vpcemu/packet"
	"github.com/vpcemu/vpcemu/routing"
	"github.com/vpcemu/vpcemu/vpc"
)

// inspected is a client in subnet a, whose packets go to a server in subnet b through
// the Gateway Load Balancer endpoint "fw" in subnet e.
func inspected() *vpc.Network {
	n := new(vpc.Network)
	v := n.AddVPC("v", "10.0.0.0/16")
	v.AddSecurityGroup("open").AllowIn("all", "0.0.0.0/0").AllowAllOut()
	v.AddRouteTable("a").AddRoute("10.0.2.0/24", "fw")
	v.AddSubnet("a", "10.0.1.0/24").UseRouteTable("a").AddInterface("client", "10.0.1.5", "open")
	v.AddSubnet("b", "10.0.2.0/24").AddInterface("server", "10.0.2.5", "open")
	v.AddSubnet("e", "10.0.3.0/24")
	v.Gateways = append(v.Gateways, &vpc.Gateway{Kind: routing.GWLBEndpoint, ID: "fw", Subnet: "e", Endpoint: &vpc.Endpoint{Appliances: []vpc.Appliance{{Name: "x", Verdict: vpc.Pass}}}})
	return n
}

// TestGWLBGaps: an endpoint that lacks something lets nothing through for certain.
func TestGWLBGaps(t *testing.T) {
	for name, c := range map[string]struct {
		change func(v *vpc.VPC, g *vpc.Gateway)
		want   emu.Answer
	}{
		"all is there":      {func(*vpc.VPC, *vpc.Gateway) {}, emu.Reachable},
		"no appliance":      {func(_ *vpc.VPC, g *vpc.Gateway) { g.Endpoint.Appliances = nil }, emu.Uncertain},
		"no description":    {func(_ *vpc.VPC, g *vpc.Gateway) { g.Endpoint = nil }, emu.Uncertain},
		"an idle appliance": {func(_ *vpc.VPC, g *vpc.Gateway) { g.Endpoint.Appliances[0].Verdict = vpc.Undecided }, emu.Uncertain},
		"a dropping one":    {func(_ *vpc.VPC, g *vpc.Gateway) { g.Endpoint.Appliances[0].Verdict = vpc.Drop }, emu.Blocked},
		"pending":           {func(_ *vpc.VPC, g *vpc.Gateway) { g.State = "pending" }, emu.Uncertain},
		"deleted":           {func(_ *vpc.VPC, g *vpc.Gateway) { g.State = "deleted" }, emu.Blocked},
		"no subnet":         {func(_ *vpc.VPC, g *vpc.Gateway) { g.Subnet = "" }, emu.Uncertain},
		"a subnet that is not described": {func(v *vpc.VPC, g *vpc.Gateway) {
			v.Partial, v.Subnets = true, v.Subnets[:2]
		}, emu.Uncertain},
	} {
		t.Run(name, func(t *testing.T) {
			n := inspected()
			c.change(n.VPCs[0], n.VPCs[0].Gateways[0])
			e, err := emu.New(n, emu.Options{})
			require.NoError(t, err)
			tr, err := e.Trace(emu.Query{Source: "client", Destination: "server", Service: firewall.MustParseService("tcp/80"), OneWay: true})
			require.NoError(t, err)
			assert.Equal(t, c.want, tr.Verdict, "%s", tr)
		})
	}
}

// TestEndpointRemoved: with an endpoint its interface goes, and who routes to it drops.
func TestEndpointRemoved(t *testing.T) {
	n := inspected()
	n.VPCs[0].Gateways = append(n.VPCs[0].Gateways, &vpc.Gateway{Kind: routing.InterfaceEndpoint, ID: "sqs", Endpoint: &vpc.Endpoint{Service: "sqs", Subnets: []string{"e"}, Groups: []string{"open"}}})
	e, err := emu.New(n, emu.Options{})
	require.NoError(t, err)
	p := portOf(t, e, "sqs")
	service := e.Network().VPCs[0].Subnet("e").Interface("sqs-e").Addresses[0].IP.String()
	send := func(to string) emu.Result {
		return portOf(t, e, "client").Send(syn("10.0.1.5:40000", to, packet.SYN))
	}
	assert.Equal(t, emu.Result{Fate: emu.Delivered, At: "sqs-e"}, send(service+":443"))
	assert.Equal(t, emu.Result{Fate: emu.Delivered, At: "server"}, send("10.0.2.5:80"))
	require.NoError(t, e.Update(func(n *vpc.Network) error {
		n.VPCs[0].Gateways = n.VPCs[0].Gateways[:1]
		n.VPCs[0].Gateways[0].State = "deleted"
		return nil
	}))
	assert.Empty(t, e.Network().VPCs[0].Subnet("e").Interfaces)
	assert.Equal(t, emu.Result{Fate: emu.Dropped, Reason: emu.NoSuchAddress}, send(service+":443"))
	assert.Equal(t, emu.Result{Fate: emu.Dropped, Reason: emu.Blackhole}, send("10.0.2.5:80"))
	assert.NotEqual(t, emu.Delivered, p.Send(syn(service+":443", "10.0.1.5:40000", packet.SYN|packet.ACK)).Fate, "its port is no part of the network")
}
