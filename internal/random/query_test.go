package random

import (
	"strings"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/firewall"
	"github.com/vpcemu/vpcemu/vpc"
)

// Query is a question about two ends that exist, mostly.
func (m *Maker) Query(n *vpc.Network) emu.Query {
	ends := m.ends(n)
	q := emu.Query{Source: Pick(m, ends...), Destination: Pick(m, ends...), IPv6: m.One(3), SourcePort: Pick(m, clientPorts...)}
	if m.One(3) {
		q.Destination = m.Address(append(Places(n), Targets(n)...), m.One(3)).String()
	}
	if m.One(6) {
		q.Destination = "internet"
	}
	q.Service = firewall.MustParseService(Pick(m, "tcp/80", "tcp/443", "tcp/79", "tcp/81", "tcp/444", "udp/53", "udp/54", "tcp/53", "tcp/40003", "tcp/40004", "tcp/25", "icmp", "icmp/3/4", "icmpv6", "ip/50"))
	q.AllTargets = strings.HasSuffix(q.Destination, "lb") && m.One(2)
	return q
}

// ends are the names that the ends of a query may have.
func (m *Maker) ends(n *vpc.Network) []string {
	var all []string
	for _, p := range Places(n) {
		all = append(all, p.Port)
	}
	for _, v := range n.VPCs {
		for _, g := range v.Gateways {
			if g.IsEndpoint() && m.One(2) {
				all = append(all, v.ID+"/"+g.ID)
			}
		}
		for _, l := range v.LoadBalancers {
			all = append(all, v.ID+"/"+l.ID)
		}
	}
	return all
}

// emulator makes the emulator that a network is tried in.
func emulator(n *vpc.Network) (*emu.Emulator, error) {
	return emu.New(n, variants[0])
}
