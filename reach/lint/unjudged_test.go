package lint_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vpcemu/vpcemu/reach/lint"
	"github.com/vpcemu/vpcemu/vpc"
)

// TestUnknownGroup: what a group may open that nothing describes is not judged, also beside a
// group that is described.
func TestUnknownGroup(t *testing.T) {
	for _, c := range []struct {
		name   string
		groups []string
		want   bool
	}{
		{"one that is described", []string{"web"}, false},
		{"one that is not", []string{"gone"}, true},
		{"one of either", []string{"web", "gone"}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			var n vpc.Network
			v := n.AddVPC("v", "10.0.0.0/16")
			v.Partial = true
			v.AddInternetGateway("igw")
			v.AddRouteTable("rt").AddRoute("0.0.0.0/0", "igw")
			v.AddNetworkACL("acl").AllowIn(100, "all", "0.0.0.0/0").AllowOut(100, "all", "0.0.0.0/0")
			v.AddSecurityGroup("web").AllowIn("tcp/443", "0.0.0.0/0")
			v.AddSubnet("s", "10.0.0.0/24").UseRouteTable("rt").UseNetworkACL("acl").AddInterface("i", "10.0.0.9", c.groups...).AddPublicIP("198.51.100.1")
			_, gaps, err := lint.Run(&n)
			require.NoError(t, err)
			got := slices.ContainsFunc(gaps, func(u lint.Unjudged) bool {
				return u.Subject == "interface i" && slices.Contains(u.IDs, "internet-database")
			})
			assert.Equal(t, c.want, got, "%v", gaps)
		})
	}
}

// TestUnknownGateway: who has a public address, and no gateway that is described, may be
// reached from the internet; that no route leads there is certain.
func TestUnknownGateway(t *testing.T) {
	for _, c := range []struct {
		name            string
		partial, routed bool
		want            string // what is not judged
	}{
		{"all is described", false, true, ""},
		{"the gateway may be missing", true, true, "internet-administration"},
		{"no route leads to it", true, false, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			var n vpc.Network
			v := n.AddVPC("v", "10.0.0.0/16")
			v.Partial = c.partial
			rt := v.AddRouteTable("rt")
			if c.partial && c.routed {
				rt.AddRoute("0.0.0.0/0", "igw-1")
			}
			v.AddNetworkACL("acl").AllowIn(100, "all", "0.0.0.0/0").AllowOut(100, "all", "0.0.0.0/0")
			v.AddSecurityGroup("app").AllowIn("tcp/22", "0.0.0.0/0")
			i := v.AddSubnet("s", "10.0.0.0/24").UseRouteTable("rt").UseNetworkACL("acl").AddInterface("i", "10.0.0.9", "app")
			if c.partial {
				i.AddPublicIP("198.51.100.1")
			}
			list, gaps, err := lint.Run(&n)
			require.NoError(t, err)
			got := ""
			for _, u := range gaps {
				if u.Subject == "interface i" && slices.Contains(u.IDs, "internet-administration") {
					got = "internet-administration"
				}
			}
			assert.Equal(t, c.want, got, "%v", gaps)
			idle := slices.ContainsFunc(list, func(f lint.Finding) bool { return f.ID == "internet-rule-idle" })
			assert.Equal(t, c.want == "", idle, "%v", list)
		})
	}
}

// TestUnknownWay: the way to the internet is not known if that of the middlebox is not.
func TestUnknownWay(t *testing.T) {
	list, gaps, err := lint.Run(parse(t, `
vpcs:
  v:
    cidr: 10.0.0.0/16
    internet-gateway: {name: igw, routes: edge}
    subnets:
      app: {cidr: 10.0.1.0/24, routes: {0.0.0.0/0: fw}}
      fw: {cidr: 10.0.2.0/24, route-table: dim}
    route-tables: {edge: {10.0.1.0/24: fw}, dim: {unknown: nobody has listed its routes}}
    security-groups: {app: {ingress: [tcp/443 from 0.0.0.0/0], egress: [all to 0.0.0.0/0]}}
    interfaces:
      fw: {subnet: fw, groups: [app], source-dest-check: false}
      app-1: {subnet: app, groups: [app], public-ip: 198.51.100.1}
`))
	require.NoError(t, err)
	assert.Empty(t, list)
	assert.True(t, slices.ContainsFunc(gaps, func(u lint.Unjudged) bool {
		return u.Subject == "interface app-1" && slices.Contains(u.IDs, "public-address-stranded")
	}), "%v", gaps)
}
