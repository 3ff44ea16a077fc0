package lint_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vpcemu/vpcemu/reach/lint"
	"github.com/vpcemu/vpcemu/vpc"
)

// TestClasses: what only a transit gateway's route tells from others is asked about too: an
// address of an interface, or an interface of a subnet.
func TestClasses(t *testing.T) {
	const network = `
vpcs:
  a:
    cidr: 10.0.0.0/16
    subnets: {a: {cidr: 10.0.1.0/24, az: a, routes: {10.1.0.0/16: hub}}}
    security-groups: {app: {ingress: [tcp/22 from 10.1.0.0/16], egress: [tcp/443 to 10.1.0.0/16]}}
    instances: {app-1: {subnet: a, groups: [app]}}
  b:
    cidr: 10.1.0.0/16
    subnets: {b: {cidr: 10.1.1.0/24, az: a, routes: {10.0.0.0/16: hub}}}
    security-groups: {client: {ingress: [tcp/443 from 10.0.0.0/16], egress: [tcp/22 to 10.0.0.0/16]}}
    instances: {INSTANCES}
gateways:
  hub:
    kind: tgw
    attachments: {a: {subnets: [a]}, b: {subnets: [b]}}
    route-tables: {main: {10.1.1.30/32: blackhole}}
`
	for _, c := range []struct{ name, instances, want string }{
		{"addresses", "b-1: {subnet: b, groups: [client], ip: [10.1.1.10, 10.1.1.20, 10.1.1.30]}", "b/10.1.1.30 -> a/app-1 tcp/22"},
		{"addresses that fare alike", "b-1: {subnet: b, groups: [client], ip: [10.1.1.10, 10.1.1.20, 10.1.1.29]}", ""},
		{"interfaces", "b-1: {subnet: b, groups: [client], ip: 10.1.1.20}, b-2: {subnet: b, groups: [client], ip: 10.1.1.30}", "b/b-2 -> a/app-1 tcp/22"},
		{"interfaces that fare alike", "b-1: {subnet: b, groups: [client], ip: 10.1.1.20}, b-2: {subnet: b, groups: [client], ip: 10.1.1.29}", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			list, _, err := lint.Run(parse(t, strings.Replace(network, "INSTANCES", c.instances, 1)))
			require.NoError(t, err)
			var got []string
			for _, f := range list {
				if f.ID == "reply-astray" {
					got = append(got, f.Witness.String())
				}
			}
			assert.Equal(t, c.want, strings.Join(got, " "), "%v", list)
		})
	}
}

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
