package emu

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vpcemu/vpcemu/firewall"
	"github.com/vpcemu/vpcemu/packet"
	"github.com/vpcemu/vpcemu/routing"
	"github.com/vpcemu/vpcemu/vpc"
)

// TestPortsOfGatewaysEnd: the port behind a gateway notes nothing any more when the gateway has gone, and does as long as it stays.
func TestPortsOfGatewaysEnd(t *testing.T) {
	var n vpc.Network
	v := n.AddVPC("v", "10.0.0.0/16")
	v.AddSubnet("a", "10.0.1.0/24")
	v.Gateways = append(v.Gateways,
		&vpc.Gateway{ID: "vgw", Kind: routing.VPNGateway, VPCs: []string{"v"}, State: "available"},
		&vpc.Gateway{ID: "s3", Kind: routing.GatewayEndpoint, VPCs: []string{"v"}, State: "available", Endpoint: &vpc.Endpoint{Service: "com.amazonaws.us-east-1.s3"}})
	e, err := New(&n, Options{})
	require.NoError(t, err)
	g := e.current.Load()
	ports := map[string]*Port{}
	for _, p := range g.outer {
		if p != nil {
			ports["on-premises"] = p
		}
	}
	for _, s := range g.services {
		ports["service"] = s.port
	}
	require.Len(t, ports, 2)
	notes := func(p *Port) bool {
		return p.passing.Pass(packet.MustParseFlow("tcp 192.168.0.1:40000 > 10.0.1.5:443"), 0) != (firewall.Tracked{})
	}
	require.NoError(t, e.Update(func(n *vpc.Network) error { n.VPC("v").Name = "still v"; return nil }))
	for name, p := range ports {
		assert.True(t, notes(p), name)
	}
	require.NoError(t, e.Update(func(n *vpc.Network) error { n.VPC("v").Gateways = nil; return nil }))
	for name, p := range ports {
		assert.False(t, notes(p), name)
	}
}
