package lint_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vpcemu/vpcemu/reach/lint"
)

// doubles are networks with one mistake that several checks see.
var doubles = []struct {
	name, network string
	found         []string // the checks that say so, with the subject's part that matters
	reason        string
}{
	{"an entry for nobody, after the same", acl("100 allow all from 0.0.0.0/0, 110 allow tcp/22 from 192.168.0.0/16"), []string{"acl-entry-never"}, "192.168.0.0/16"},
	{"an entry for nobody, after the opposite", acl("90 deny tcp/22 from 192.168.0.0/16, 100 allow all from 10.0.0.0/8, 110 allow tcp/22 from 192.168.0.0/16"), []string{"acl-entry-never", "acl-entry-superfluous"}, ""},
	{"entries of an ACL that nothing has", acl("100 allow all from 0.0.0.0/0") + "      c: {ingress: [100 allow tcp/80 from 192.168.0.0/16, 110 allow all from 0.0.0.0/0, 120 deny tcp/22 from 0.0.0.0/0]}\n", []string{"acl-unused"}, "no subnet has it"},
	{"a rule for nobody, inside another", rules("tcp/80 from 10.1.0.0/16, tcp/80 from 10.1.0.0/24, tcp from two"), []string{"sg-rule-never", "sg-rule-never"}, "10.1.0.0/16"},
	{"rules of a group that nobody has", with(public("tcp/443 from 0.0.0.0/0", ""), "      web:", "      db: {ingress: [tcp/5432 from 0.0.0.0/0, tcp/5432 from 192.0.2.0/24, tcp from 10.9.0.0/16]}\n      web:"), []string{"sg-unused"}, "they would open tcp/5432 (PostgreSQL) to the internet"},
	{"a rule that names a group that nobody has", rules("tcp/80 from two, tcp/81 from three") + "      three: {}\n", []string{"sg-unused"}, "nobody is matched by ingress rule 2 (tcp/81 from three) of one"},
	{"a rule that names it, inside another", with(rules("tcp/80 from three, tcp from three"), "    subnets:", "    default-security-group: three\n    subnets:") + "      three: {}\n", []string{"sg-rule-implied", "sg-peer-empty"}, ""},
	{"no routes in one of two peers", peers("10.0.0.0/16", "10.1.0.0/16", ""), []string{"peering-one-way"}, "no reply comes back"},
	{"peers of one range", with(with(peers("10.1.0.0/16", "10.1.0.0/16", ""), "10.1.0.0/16: p", "10.3.0.0/16: p"), "from 10.0.0.0/16", "from 10.1.0.0/16"), []string{"vpc-overlap"}, "overlaps"},
	{"a public subnet without the route", strings.ReplaceAll(with(public("tcp/443 from 0.0.0.0/0", ""), "routes: {0.0.0.0/0: igw}", "routes: {}"), "front", "public"), []string{"subnet-not-public"}, "no route to an internet gateway"},
	{"a subnet without the route, with a public address", with(public("tcp/443 from 0.0.0.0/0", ""), "routes: {0.0.0.0/0: igw}", "routes: {}"), []string{"public-address-stranded"}, "no route to an internet gateway"},
	{"a NAT gateway that has failed", with(public("tcp/443 from 0.0.0.0/0", "    nat-gateways:\n      n: {subnet: front, state: failed}\n"), "az: a}", "az: a, routes: {0.0.0.0/0: n}}"), []string{"nat-stranded"}, "failed"},
	{"a route that drops replies", appliance, []string{"reply-astray"}, "not attached"},
	{"a route of a table that nothing has", with(with(appliance, "routes: {10.0.2.0/24: fw}", "route-table: b"), "    subnets:", "    route-tables: {b: {}, t: {10.0.2.0/24: fw}}\n    subnets:"), []string{"route-table-unused"}, "do nothing"},
	{"an ACL that lets nothing back, and of TCP a part", with(two+open, "two: {ingress: [all from", "two: {ingress: [udp/53 from 10.0.0.0/8, tcp from") + "    network-acls:\n      b: {ingress: [100 allow all from 0.0.0.0/0], egress: [100 allow tcp/32768-65535 to 0.0.0.0/0]}\n", []string{"acl-reply-blocked"}, "and those to some ports that clients may use do not"},
}

// TestDoubles: of what several checks see only the one is found that says most.
func TestDoubles(t *testing.T) {
	for _, c := range doubles {
		t.Run(c.name, func(t *testing.T) {
			list, _, err := lint.Run(parse(t, c.network))
			require.NoError(t, err)
			var found []string
			for _, f := range list {
				found = append(found, f.ID)
			}
			assert.ElementsMatch(t, c.found, found, "%v", list)
			assert.Contains(t, list[0].Reason, c.reason)
		})
	}
}
