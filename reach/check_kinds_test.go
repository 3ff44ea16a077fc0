package reach

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vpcemu/vpcemu/vpc"
)

// TestCheck_Kinds: what expectations mean, where a mistake would let one hold that does not.
func TestCheck_Kinds(t *testing.T) {
	e := EmulatorOf(t, `
vpcs:
  v:
    cidr: [10.0.0.0/16, "2001:db8:1::/56"]
    internet-gateway: igw
    default-security-group: usual
    main-route-table: main
    subnets:
      open: {cidr: 10.0.1.0/24, route-table: igw-table}
      main: {cidr: 10.0.2.0/24}
      dark: {cidr: 10.0.3.0/24, route-table: dim}
      six: {cidr: [10.0.4.0/24, "2001:db8:1:4::/64"]}
      gone: {cidr: 10.0.5.0/24, route-table: gone}
    route-tables:
      igw-table: {0.0.0.0/0: igw}
      main: {0.0.0.0/0: igw, "::/0": igw}
      dim: {unknown: nobody has listed its routes}
      gone: {0.0.0.0/0: {target: igw, blackhole: true}}
    gateways: {sqs: {kind: vpce-interface, service: sqs, subnets: [gone], groups: [ping]}}
    security-groups:
      usual: {ingress: [tcp/22 from 8.8.8.8/32], egress: [all to 0.0.0.0/0]}
      ping: {ingress: [icmp/3 from 0.0.0.0/0, icmp/8/0 from 0.0.0.0/0, tcp/80 from 0.0.0.0/0], egress: [all to 0.0.0.0/0]}
      six: {ingress: ["tcp/443 from ::/0"], egress: ["all to ::/0"]}
      hair: {ingress: [tcp/90 from 198.51.100.1/32]}
      main: {ingress: [tcp/81 from 0.0.0.0/0]}
      shut: {}
    interfaces:
      o1: {subnet: open, public-ip: 198.51.100.1}
      o2: {subnet: open, public-ip: 198.51.100.2, groups: [ping, hair]}
      m1: {subnet: main, groups: [main], public-ip: 198.51.100.3}
      d1: {subnet: dark, groups: [ping], public-ip: 198.51.100.4}
      s1: {subnet: six, groups: [six], ip: [10.0.4.10, "2001:db8:1:4::10"]}
      g1: {subnet: gone, groups: [shut], public-ip: 198.51.100.5}
`)
	anywhere := strings.NewReplacer(" from anywhere", "", " to anywhere", "")
	for _, c := range []struct{ expectation, want string }{
		{"internet -> o1 tcp/22: blocked", "reachable: internet > o1 tcp/22 from 8.8.8.8"},
		{"internet -> o1 tcp/23: blocked", ""},
		{"internet:192.0.2.1, internet:8.8.8.8 -> o1 tcp/22: blocked", "reachable: internet:8.8.8.8 > o1 tcp/22"},
		{"internet:8.8.8.8, internet:192.0.2.1 -> o1 tcp/22: reachable", "blocked: internet:192.0.2.1 > o1 tcp/22"},
		{"o2 -> internet tcp/443: reachable", ""},
		{"internet -> o2 icmp: reachable", ""},
		{"internet -> o2 icmp: blocked", "reachable: internet > o2 icmp/3; reachable: internet > o2 icmp/8/0"},
		{"internet -> o2 only icmp, icmp/3: reachable", "reachable: internet > o2 tcp/80"},
		{"internet -> o2 only icmp, icmp/3, tcp/80: reachable", ""},
		{"internet -> o2 only icmp, tcp/80: reachable", ""},
		{"internet -> o2 only icmp/8, tcp/80: reachable", "reachable: internet > o2 icmp/3"},
		{"internet -> o1 icmp: blocked", ""},
		{"internet -> m1 icmp: blocked", ""},
		// What is not known is neither.
		{"internet -> d1 tcp/80: reachable", "unknown: internet > d1 tcp/80"},
		{"internet -> d1 tcp/80: blocked", "unknown: internet > d1 tcp/80"},
		{"internet -> d1 tcp/80: unknown", ""},
		{"internet -> d1, o2 tcp/80: unknown", "reachable: internet > o2 tcp/80"},
		{"internet -> d1, o2 tcp/80: blocked", "reachable: internet > o2 tcp/80; unknown: internet > d1 tcp/80"},
		{"internet -> d1 only tcp/81: reachable", "blocked: internet > d1 tcp/81; reachable: internet > d1 icmp/3; unknown: internet > d1 tcp/80, icmp/8/0"},
		// Over either IP version.
		{"internet -> s1 tcp/443: blocked", "reachable: internet > s1 tcp/443"},
		{"internet -> s1 tcp/80: blocked", ""},
		// By patterns.
		{"internet -> public tcp/22: blocked", `destination: "public": whether subnet dark is public is not known: nobody has listed its routes`},
		{"internet -> * except o* tcp/22: blocked", ""},
		{"internet -> group:usual tcp/22: blocked", "reachable: internet > o1 tcp/22 from 8.8.8.8"},
		{"internet -> group:v/us* tcp/22: blocked", "reachable: internet > o1 tcp/22 from 8.8.8.8"},
		{"internet -> *1 except m1, d1, s1, g1 tcp/22: blocked", "reachable: internet > o1 tcp/22 from 8.8.8.8"},
		{"o1 -> *1 tcp/80: blocked", "unknown: o1 > d1 tcp/80"},
		{"sqs* -> o1 tcp/80: blocked", `source: "sqs*" means nothing in this network`},
		{"o1 -> o2 tcp/90: blocked", "reachable: o1 > o2 tcp/90 to 198.51.100.2"}, // by its public address
		{"o1 -> o2 tcp/91: blocked", ""},
		{"internet, o1 -> internet, o1 tcp/23: blocked", "reachable: o1 > internet tcp/23"},
		{"o1, 198.51.100.1 -> o1: blocked", "o1, 198.51.100.1 -> o1: no two different ends of it ever talk"},
		{"o1, o1 -> o2 tcp/90: blocked", "reachable: o1 > o2 tcp/90 to 198.51.100.2"},
		{"internet, o1 except internet -> o2 tcp/80: blocked", "reachable: o1 > o2 tcp/80"},
		{"internet:8.8.8.8, o1 except internet:8.8.8.8 -> o2 tcp/80: blocked", "reachable: o1 > o2 tcp/80"},
		{"o1 except o1 -> o2 tcp/80: blocked", `source: "o1 except o1" leaves nothing`},
		{"group:six -> o2 tcp/80: blocked", ""},
		{"group:sux -> o2 tcp/80: blocked", `source: "group:sux" means nothing in this network; did you mean "group:six"?`},
		{"subnet:gone -> o1, o2 tcp/80: blocked", ""},
	} {
		t.Run(c.expectation, func(t *testing.T) {
			at := strings.LastIndex(c.expectation, ": ")
			x, ok := vpc.SplitExpectation(c.expectation[:at])
			require.True(t, ok)
			x.Want = c.expectation[at+2:]
			out, err := NewChecker(e).Check(&x)
			if err != nil {
				require.NotEmpty(t, c.want)
				assert.Contains(t, err.Error(), c.want)
				return
			}
			var got []string
			for k := range out.Wrong {
				w := &out.Wrong[k]
				var words []string
				for _, l := range w.Traffic {
					words = append(words, anywhere.Replace(l.String()))
				}
				for _, src := range w.Sources {
					for _, dst := range w.Destinations {
						if src != dst {
							got = append(got, w.Got.String()+": "+src+" > "+dst+" "+strings.Join(words, ", "))
						}
					}
				}
			}
			got = slices.Compact(got) // by several addresses
			assert.Equal(t, c.want, strings.Join(got, "; "))
			assert.Equal(t, c.want == "", out.Holds)
			if len(out.Wrong) > 0 {
				assert.Equal(t, out.Wrong[0].Got, out.Got)
			} else {
				assert.Equal(t, x.Want, out.Got.String())
			}
		})
	}
}
