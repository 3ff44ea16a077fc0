package lint_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vpcemu/vpcemu/reach/lint"
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
