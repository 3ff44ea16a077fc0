package reach_test

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/internal/space"
	"github.com/vpcemu/vpcemu/reach"
	"github.com/vpcemu/vpcemu/vpc/load/yaml"
)

// TestRegressions: packets that were once taken to fare like others, and do not, or the
// other way round. Each one's part must say of it what its own trace says.
func TestRegressions(t *testing.T) {
	const tcp, udp = 6, 17
	type packet struct {
		proto      uint8
		sport, to  uint16
		addr, want string // want is the answer, and how often there is something in the way
	}
	for _, c := range []struct {
		name, network       string
		source, destination string
		v6                  bool
		packets             []packet
	}{
		{
			name: "the public address that a trace lends to a source that has none, as destination",
			network: `
vpcs:
  v:
    cidr: 10.0.0.0/16
    internet-gateway: igw
    subnets: {a: {cidr: 10.0.1.0/24, routes: {0.0.0.0/0: igw}}}
    security-groups: {open: {ingress: [all from 0.0.0.0/0], egress: [all to 0.0.0.0/0]}}
    interfaces: {a1: {subnet: a, groups: [open], ip: 10.0.1.10}}
`,
			source: "a1", destination: "internet",
			packets: []packet{{tcp, 49152, 443, "203.0.113.7", "blocked 1"}, {tcp, 49152, 443, "203.0.113.8", "blocked 1"}, {tcp, 49152, 443, "203.0.113.9", "blocked 1"}, {udp, 443, 443, "203.0.113.8", "blocked 1"}},
		},
		{
			name: "to one's own public address, from the same port",
			network: `
vpcs:
  v:
    cidr: 10.0.0.0/16
    internet-gateway: igw
    subnets: {a: {cidr: 10.0.1.0/24, routes: {0.0.0.0/0: igw}}}
    security-groups: {out: {egress: [all to 0.0.0.0/0]}}
    interfaces: {a1: {subnet: a, groups: [out], ip: 10.0.1.10, public-ip: 198.51.100.10}}
`,
			source: "a1", destination: "198.51.100.10",
			packets: []packet{{udp, 53, 53, "198.51.100.10", "reachable 0"}, {udp, 54, 53, "198.51.100.10", "blocked 1"}, {tcp, 53, 53, "198.51.100.10", "reachable 0"}, {tcp, 53, 54, "198.51.100.10", "blocked 1"}},
		},
		{
			name: "IPv4 addresses that IPv6 ones stand for",
			network: `
vpcs:
  v:
    cidr: [10.0.0.0/16, "2001:db8:1::/56"]
    internet-gateway: igw
    subnets:
      a: {cidr: "2001:db8:1:1::/64", routes: {"64:ff9b::/96": nat}}
      p: {cidr: 10.0.2.0/24, routes: {0.0.0.0/0: igw}}
    nat-gateways: {nat: {subnet: p, elastic-ip: 198.51.100.20}}
    security-groups: {open: {ingress: [all from 10.0.0.0/8], egress: ["all to ::/0"]}}
    interfaces:
      a1: {subnet: a, groups: [open], ip: "2001:db8:1:1::10"}
      p1: {subnet: p, groups: [open], ip: 10.0.2.10}
`,
			source: "a1", destination: "internet", v6: true,
			packets: []packet{{tcp, 49152, 443, "64:ff9b::8.8.8.8", "reachable 0"}, {tcp, 49152, 443, "64:ff9b::10.0.2.10", "blocked 1"}, {tcp, 49152, 443, "64:ff9b::10.0.2.11", "blocked 1"},
				{tcp, 49152, 443, "64:ff9b::192.168.1.1", "blocked 1"}, {tcp, 49152, 443, "2001:db8:ffff::1", "blocked 2"}},
		},
		{
			name: "to a prefix that is delegated to the source itself",
			network: `
vpcs:
  v:
    cidr: 10.0.0.0/16
    subnets: {a: {cidr: 10.0.1.0/24, routes: {10.9.0.0/16: hub}}}
    security-groups: {out: {egress: [tcp/443 to 0.0.0.0/0]}}
    interfaces: {a1: {subnet: a, groups: [out], ip: 10.0.1.10, prefixes: [10.0.1.16/28]}}
gateways:
  hub: {kind: tgw, attachments: {v: {subnets: [a]}, office: {kind: vpn, prefixes: [10.0.0.0/8]}}}
`,
			source: "a1", destination: "onprem",
			packets: []packet{{tcp, 49152, 443, "10.9.0.1", "reachable 0"}, {tcp, 49152, 443, "10.0.1.15", "blocked 1"}, {tcp, 49152, 443, "10.0.1.16", "blocked 1"}, {tcp, 49152, 443, "10.0.1.31", "blocked 1"}, {tcp, 49152, 443, "10.0.1.32", "blocked 1"}},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			n, _, err := yaml.Parse("network.yaml", []byte(c.network))
			require.NoError(t, err)
			e, err := emu.New(n, emu.Options{})
			require.NoError(t, err)
			a, err := reach.Of(e).Between(c.source, c.destination)
			require.NoError(t, err)
			pair, ok, err := e.Explorer().Pair(c.source, c.destination, c.v6)
			require.NoError(t, err)
			require.True(t, ok)
			for _, p := range c.packets {
				at := pair.All[0].First()
				at[space.Services], at[space.SourcePorts] = space.Service(p.proto, p.to), space.Num{Lo: uint64(p.sport)}
				at[space.Destinations] = space.Address(netip.MustParseAddr(p.addr))
				require.True(t, pair.Has(&at), p)
				one, err := pair.Trace(at)
				require.NoError(t, err)
				assert.Equal(t, p.want, words(one.Verdict, one.Blockers), "the trace of %v: %v", p, one.Blockers)
				parts := 0
				for i := range a.Parts {
					part := &a.Parts[i]
					if part.IPv6() == c.v6 && part.Set().Has(&at) {
						parts++
						if part.Depends == "" {
							assert.Equal(t, p.want, words(part.Answer, part.Blockers), "%v: %v", p, part.Blockers)
						}
					}
				}
				assert.Equal(t, 1, parts, "parts that have %v", p)
			}
		})
	}
}

func words(a emu.Answer, blockers []emu.Blocker) string {
	return a.String() + " " + string(rune('0'+len(blockers)))
}
