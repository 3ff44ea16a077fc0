package lint_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vpcemu/vpcemu/reach/lint"
)

// office is a VPC with a transit gateway and a VPN.
func office(routes, acl string) string {
	return `
vpcs:
  v:
    cidr: 10.0.0.0/16
    subnets:
      a: {cidr: 10.0.1.0/24, az: a, acl: acl, routes: {` + routes + `}}
      b: {cidr: 10.0.2.0/28, az: a}
    network-acls:
      acl: {` + acl + `}
    security-groups:
      app: {ingress: [tcp/22 from 192.168.0.0/16], egress: [tcp/443 to 192.168.0.0/16]}
    instances:
      app-1: {subnet: a, groups: [app]}
gateways:
  hub:
    kind: tgw
    attachments:
      v: {subnets: [b]}
      office: {kind: vpn, prefixes: [192.168.0.0/16]}
`
}

// attached is a VPC with a virtual private gateway that has a link.
func attached(link string) string {
	return `
vpcs:
  v:
    cidr: 10.0.0.0/16
    gateways: {vgw: {kind: vgw, ` + link + `}}
    subnets: {a: {cidr: 10.0.1.0/24, routes: {192.168.0.0/16: vgw}}}
    security-groups: {app: {ingress: [tcp/22 from 192.168.0.0/16], egress: [tcp/443 to 192.168.0.0/16]}}
    instances: {app-1: {subnet: a, groups: [app]}}
`
}

// wide is a VPC whose office announces prefixes, and is sent whatever is not local.
func wide(prefixes string) string {
	n := attached("vpn-connections: {link: {static: true, prefixes: " + prefixes + "}}")
	return strings.NewReplacer("192.168.0.0/16: vgw", "0.0.0.0/0: vgw", "192.168.0.0/16", "10.0.0.0/8").Replace(n)
}

// all is an ACL's entries that let through everything.
const all = "ingress: [100 allow all from 0.0.0.0/0], egress: [100 allow all to 0.0.0.0/0]"

// TestOnPremises: replies from and to on-premises are asked about as well.
func TestOnPremises(t *testing.T) {
	spare := with(office("192.168.0.0/16: hub", all), "[192.168.0.0/16]}\n", "[192.168.0.0/16]}\n      direct: {kind: dx, prefixes: [192.168.0.0/16]}\n")
	for _, c := range []struct{ name, network, check, subject, reason string }{
		{"all is right", office("192.168.0.0/16: hub", all), "", "", ""},
		{"no route back", office("", all), "reply-astray", "route table a", "onprem:hub/office:192.168.0.1 -> v/app-1 tcp/22"},
		{"no entry for replies", office("192.168.0.0/16: hub", "ingress: [100 allow all from 0.0.0.0/0], egress: [100 allow tcp/443 to 0.0.0.0/0]"), "acl-reply-blocked", "network ACL acl, egress", "onprem:hub/office:"},
		{"no entry for what the office replies", office("192.168.0.0/16: hub", "ingress: [100 allow tcp/22 from 0.0.0.0/0], egress: [100 allow all to 0.0.0.0/0]"), "acl-reply-blocked", "network ACL acl, ingress", "v/app-1 -> onprem:hub/office:"},
		{"in by a firewall", with(with(office("192.168.0.0/16: hub", all), "b: {cidr: 10.0.2.0/28, az: a}", "b: {cidr: 10.0.2.0/28, az: a, routes: {10.0.1.0/24: fw}}\n      f: {cidr: 10.0.3.0/24, az: a, routes: {192.168.0.0/16: hub}}"),
			"    instances:", "      any: {ingress: [tcp from 0.0.0.0/0], egress: [tcp to 0.0.0.0/0]}\n    instances:\n      fw: {subnet: f, groups: [any], source-dest-check: false}"), "asymmetric-path", "route table a", "there: by tgw hub, fw; back: by tgw hub"},
		{"two ways to one office", spare, "", "", ""},
		{"a default route to the office", wide("[0.0.0.0/0]"), "", "", ""},
		{"an office with addresses of the VPC", wide("[0.0.0.0/0, 10.0.1.128/25]"), "reply-astray", "VPC v", "onprem:v/vgw:10.0.1.129 -> v/app-1 tcp/22"},
		{"a VPN connection of the VPC", attached("vpn-connections: {link: {static: true, prefixes: [192.168.0.0/16]}}"), "", "", ""},
		{"Direct Connect of the VPC", attached("virtual-interfaces: {link: {prefixes: [192.168.0.0/16]}}"), "", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			n := parse(t, c.network)
			list, gaps, err := lint.Run(n)
			require.NoError(t, err)
			assert.Empty(t, gaps)
			if c.check == "" {
				assert.Empty(t, list)
				return
			}
			found := of(t, n, c.check)
			require.NotEmpty(t, found, "%v", list)
			assert.Contains(t, found[0].Subject, c.subject)
			assert.Contains(t, found[0].Reason, c.reason)
			confirm(t, n, &found[0])
		})
	}
}
