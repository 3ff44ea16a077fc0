package vpc_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vpcemu/vpcemu/routing"
	"github.com/vpcemu/vpcemu/vpc"
)

// TestEndpointInterfacesGo: what was made for an endpoint goes with it, with a subnet
// of it, and has the endpoint's groups.
func TestEndpointInterfacesGo(t *testing.T) {
	n := new(vpc.Network)
	v := n.AddVPC("v", "10.0.0.0/16")
	a, b := v.AddSubnet("a", "10.0.1.0/24"), v.AddSubnet("b", "10.0.2.0/24")
	a.AddInterface("host", "10.0.1.5")
	v.AddSecurityGroup("g")
	v.AddSecurityGroup("h")
	e := &vpc.Gateway{Kind: routing.InterfaceEndpoint, ID: "sqs", Endpoint: &vpc.Endpoint{Service: "sqs", Subnets: []string{"a", "b"}, Groups: []string{"g"}}}
	fw := &vpc.Gateway{Kind: routing.GWLBEndpoint, ID: "fw", Subnet: "b"}
	v.Gateways = append(v.Gateways, e, fw)
	made := func() (ids []string) {
		require.NoError(t, n.Assign())
		require.NoError(t, n.Validate())
		for _, s := range []*vpc.Subnet{a, b} {
			for _, i := range s.Interfaces {
				ids = append(ids, i.ID)
			}
		}
		return ids
	}
	assert.Equal(t, []string{"host", "sqs-a", "sqs-b", "fw-b"}, made())
	assert.Equal(t, []string{"host", "sqs-a", "sqs-b", "fw-b"}, made(), "again")
	e.Endpoint.Groups = []string{"h"}
	made()
	assert.Equal(t, []string{"h"}, b.Interface("sqs-b").Groups)
	e.Endpoint.Subnets = []string{"b"}
	assert.Equal(t, []string{"host", "sqs-b", "fw-b"}, made())
	assert.Equal(t, []string{"sqs-b"}, e.Endpoint.Interfaces)
	fw.State = "deleted"
	assert.Equal(t, []string{"host", "sqs-b"}, made())
	v.Gateways = nil
	assert.Equal(t, []string{"host"}, made())
}
