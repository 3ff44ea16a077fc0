package vpc_test

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vpcemu/vpcemu/routing"
	"github.com/vpcemu/vpcemu/vpc"
)

// kept is a network in which everything gets its addresses when it is compiled. First
// is an instance before the others in the file, "" for none.
func kept(first string) *vpc.Network {
	n := new(vpc.Network)
	v := n.AddVPC("prod", "10.0.0.0/16")
	s := v.AddSubnet("web", "10.0.1.0/24")
	if first != "" {
		s.Interfaces = append(s.Interfaces, &vpc.Interface{ID: first, Addresses: []vpc.Address{{AutoPublic: true}}})
	}
	s.Interfaces = append(s.Interfaces, &vpc.Interface{ID: "web-1", Addresses: []vpc.Address{{AutoPublic: true}}}, &vpc.Interface{ID: "web-2"})
	v.Gateways = append(v.Gateways, &vpc.Gateway{Kind: routing.NATGateway, ID: "nat-1", Subnet: "web"})
	v.LoadBalancers = append(v.LoadBalancers, &vpc.LoadBalancer{ID: "front", Nodes: []vpc.LoadBalancerNode{{Subnet: "web"}}})
	n.Gateways = append(n.Gateways, &vpc.Gateway{Kind: routing.TransitGateway, ID: "hub", Transit: &vpc.Transit{
		Attachments: []*vpc.TransitAttachment{{ID: "prod", VPC: "prod", Subnets: []string{"web"}}},
	}})
	return n
}

// has lists who has which addresses.
func has(n *vpc.Network) map[string]string {
	all := make(map[string]string)
	text := func(a vpc.Address) string { return a.IP.String() + " " + a.Public.String() }
	v := n.VPCs[0]
	for _, i := range v.Subnets[0].Interfaces {
		all[i.ID] = text(i.Addresses[0])
	}
	all["nat-1"] = text(v.Gateways[0].Addresses[0])
	all["front"] = text(v.LoadBalancers[0].Nodes[0].Addresses[0])
	all["hub"] = n.Gateways[0].Transit.Attachments[0].Addresses[0].String()
	return all
}

func TestKeepAddresses(t *testing.T) {
	before := kept("")
	require.NoError(t, before.Assign())
	was := has(before)
	for _, c := range []struct {
		name, first string
		edit        func(n *vpc.Network)
		moved       map[string]string // who has others now
	}{
		{"nothing changes", "", func(*vpc.Network) {}, nil},
		{"one is added before", "web-0", func(*vpc.Network) {}, map[string]string{"web-0": "10.0.1.9 198.51.100.3"}},
		{"an address is written down", "", func(n *vpc.Network) { n.Interface("web-2").Addresses = []vpc.Address{{IP: addr("10.0.1.77")}} },
			map[string]string{"web-2": "10.0.1.77 invalid IP"}},
		{"… that of another", "", func(n *vpc.Network) { n.Interface("web-2").Addresses = []vpc.Address{{IP: addr("10.0.1.4")}} },
			map[string]string{"web-2": "10.0.1.4 invalid IP", "web-1": "10.0.1.5 198.51.100.1"}},
		{"… a public one, that of another", "", func(n *vpc.Network) {
			n.Interface("web-2").Addresses = []vpc.Address{{IP: addr("10.0.1.5"), Public: addr("198.51.100.1")}}
		}, map[string]string{"web-2": "10.0.1.5 198.51.100.1", "web-1": "10.0.1.4 198.51.100.3"}},
		{"no public one is asked for any more", "", func(n *vpc.Network) { n.Interface("web-1").Addresses = nil },
			map[string]string{"web-1": "10.0.1.4 invalid IP"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			n := kept(c.first)
			c.edit(n)
			n.KeepAddresses(before)
			require.NoError(t, n.Assign())
			for who, address := range has(n) {
				want, moved := c.moved[who]
				if !moved {
					want = was[who]
				}
				assert.Equal(t, want, address, who)
			}
		})
	}
}

func addr(s string) netip.Addr { return netip.MustParseAddr(s) }
