package reach_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/reach"
	"github.com/vpcemu/vpcemu/vpc/load/yaml"
)

// TestExplain_Twice: what packets meet twice on their way is said of those packets, and no
// others.
func TestExplain_Twice(t *testing.T) {
	n, _, err := yaml.Parse("network.yaml", []byte(`
vpcs:
  v:
    cidr: 10.0.0.0/16
    subnets:
      a: {cidr: 10.0.1.0/24, acl: two, routes: {10.0.3.0/24: m1}}
      b: {cidr: 10.0.2.0/24, acl: two}
      c: {cidr: 10.0.3.0/24}
    network-acls:
      two: {ingress: [100 allow all from 0.0.0.0/0], egress: [100 allow tcp/80 to 0.0.0.0/0, 110 allow tcp/443 to 0.0.0.0/0]}
    security-groups: {open: {ingress: [all from 0.0.0.0/0], egress: [all to 0.0.0.0/0]}}
    interfaces:
      a1: {subnet: a, groups: [open], ip: 10.0.1.10}
      m1: {subnet: b, groups: [open], ip: 10.0.2.10, source-dest-check: false}
      c1: {subnet: c, groups: [open], ip: 10.0.3.10}
`))
	require.NoError(t, err)
	a, err := reach.Between(n, "a1", "c1")
	require.NoError(t, err)
	require.Equal(t, emu.Reachable, a.Parts[0].Answer)
	why, err := a.Parts[0].Explain()
	require.NoError(t, err)
	var got []string
	for _, r := range why.Passed {
		if r.Direction == "request" && r.Stage == "NACL-OUT" {
			got = append(got, r.String())
		}
	}
	assert.Equal(t, []string{"NACL-OUT two: rule 110: allow tcp/443 to 0.0.0.0/0 (tcp/443)", "NACL-OUT two: rule 100: allow tcp/80 to 0.0.0.0/0 (tcp/80)"}, got)
}
