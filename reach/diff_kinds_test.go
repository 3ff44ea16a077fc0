package reach

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/vpcemu/vpcemu/emu"
)

// TestDiff_Kinds: from each answer to each other one.
func TestDiff_Kinds(t *testing.T) {
	with := func(subnet string) *emu.Emulator {
		return EmulatorOf(t, `
vpcs:
  v:
    cidr: 10.0.0.0/16
    internet-gateway: igw
    subnets: {a: {cidr: 10.0.1.0/24, `+subnet+`}}
    route-tables:
      reachable: {0.0.0.0/0: igw}
      unknown: {unknown: nobody has listed its routes}
      blocked: {}
    security-groups: {out: {egress: [tcp/443 to 0.0.0.0/0]}}
    interfaces: {a1: {subnet: a, groups: [out], ip: 10.0.1.10, public-ip: 198.51.100.10}}
`)
	}
	answers := [...]emu.Answer{emu.Reachable, emu.Uncertain, emu.Blocked}
	for _, was := range answers {
		for _, is := range answers {
			kind := Unclear
			switch {
			case was == emu.Reachable:
				kind = Closed
			case is == emu.Reachable:
				kind = Opened
			}
			t.Run(fmt.Sprint(was, " and ", is), func(t *testing.T) {
				d := Diff(with("route-table: "+was.String()), with("route-table: "+is.String()))
				require.Equal(t, was == is, d.Same())
				var got []string
				for _, c := range d.Changes {
					if c.Destinations[0] == "internet" && strings.Contains(strings.Join(c.Words(), " "), "tcp/443") {
						require.Equal(t, []string{"a1"}, c.Sources)
						got = append(got, fmt.Sprint(c.Kind, c.Was, c.Is))
					}
				}
				var want []string
				if was != is {
					want = []string{fmt.Sprint(kind, was, is)}
				}
				require.Equal(t, want, got)
			})
		}
	}
}

// TestDiff_Match: who is whom in the other network.
func TestDiff_Match(t *testing.T) {
	with := func(interfaces string) *emu.Emulator {
		return EmulatorOf(t, `
vpcs:
  v:
    cidr: 10.0.0.0/16
    subnets: {a: {cidr: 10.0.1.0/24}}
    interfaces: {`+interfaces+`}
`)
	}
	for _, c := range []struct{ name, old, now, want string }{
		{"by name, whatever the IDs",
			"e-1: {name: a, subnet: a, ip: 10.0.1.10}, e-2: {name: b, subnet: a, ip: 10.0.1.11}",
			"e-1: {name: b, subnet: a, ip: 10.0.1.10}, e-2: {name: a, subnet: a, ip: 10.0.1.11}", "e-1=e-2 e-2=e-1"},
		{"by ID, if several have the name",
			"e-1: {name: a, subnet: a, ip: 10.0.1.10}, e-2: {name: a, subnet: a, ip: 10.0.1.11}",
			"e-2: {name: a, subnet: a, ip: 10.0.1.11}, e-1: {name: a, subnet: a, ip: 10.0.1.10}", "e-1=e-1 e-2=e-2"},
		{"by address, if all else is new",
			"e-1: {name: a, subnet: a, ip: 10.0.1.10}", "e-9: {name: z, subnet: a, ip: 10.0.1.10}, e-8: {name: y, subnet: a, ip: 10.0.1.12}", "e-1=e-9"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := &differ{before: newSide(with(c.old)), after: newSide(with(c.now)), out: &Difference{}}
			d.match()
			partner := make(map[string]string)
			for _, e := range d.ends {
				if e.before >= 0 && e.after >= 0 {
					partner[d.before.ends[e.before].ID()] = d.after.ends[e.after].ID()
				}
			}
			var got []string
			for _, end := range d.before.ends {
				if p := partner[end.ID()]; p != "" {
					got = append(got, end.ID()+"="+p)
				}
			}
			slices.Sort(got)
			require.Equal(t, c.want, strings.Join(got, " "))
		})
	}
}

// TestDiff_Sources: who only answers is no source.
func TestDiff_Sources(t *testing.T) {
	with := func(ingress string) *emu.Emulator {
		return EmulatorOf(t, `
vpcs:
  v:
    cidr: 10.0.0.0/16
    gateways: {sqs: {kind: vpce-interface, service: sqs, subnets: [a], groups: [open]}}
    subnets: {a: {cidr: 10.0.1.0/24}}
    security-groups: {open: {ingress: [all from 0.0.0.0/0], egress: [all to 0.0.0.0/0]}, in: {ingress: [`+ingress+`]}}
    interfaces: {a1: {subnet: a, groups: [in]}, a2: {subnet: a, groups: [open]}}
`)
	}
	d := Diff(with(""), with("tcp/80 from 0.0.0.0/0"))
	require.Len(t, d.Changes, 1)
	require.Equal(t, []string{"a2"}, d.Changes[0].Sources)
	require.Equal(t, []string{"a1"}, d.Changes[0].Destinations)
}

// TestDiff_NotPassedOver: a change of filters that are not the ends' own, or theirs by default
// or by another name, is found too.
func TestDiff_NotPassedOver(t *testing.T) {
	const base = `
vpcs:
  v:
    cidr: 10.0.0.0/16
    internet-gateway: true
    default-network-acl: usual
    default-security-group: usual
    subnets:
      out: {cidr: 10.0.0.0/24, acl: outer, routes: {0.0.0.0/0: igw}}
      a: {cidr: 10.0.1.0/24, routes: {0.0.0.0/0: nat}}
      b: {cidr: 10.0.2.0/24, acl: own, routes: {0.0.0.0/0: nat, 10.0.4.0/24: box}}
      m: {cidr: 10.0.3.0/24, acl: other}
      c: {cidr: 10.0.4.0/24, acl: other, routes: {10.0.2.0/24: box}}
    nat-gateways: {nat: {subnet: out}}
    network-acls:
      usual: {ingress: [90 deny udp/2 from 0.0.0.0/0, 100 allow all from 0.0.0.0/0], egress: [100 allow all to 0.0.0.0/0]}
      own: {ingress: [90 deny udp/3 from 0.0.0.0/0, 100 allow all from 0.0.0.0/0], egress: [100 allow all to 0.0.0.0/0]}
      other: {ingress: [100 allow all from 0.0.0.0/0], egress: [100 allow all to 0.0.0.0/0]}
      outer: {ingress: [90 deny udp/4 from 0.0.0.0/0, 100 allow all from 0.0.0.0/0], egress: [100 allow all to 0.0.0.0/0]}
    security-groups:
      usual: {ingress: [udp/10 from 0.0.0.0/0], egress: [all to 0.0.0.0/0]}
      sg-web: {name: web, ingress: [udp/11 from 0.0.0.0/0], egress: [all to 0.0.0.0/0]}
      near: {ingress: [udp/12 from web], egress: [udp to 0.0.0.0/0]}
      mid: {ingress: [udp/13 from 0.0.0.0/0], egress: [all to 0.0.0.0/0]}
      open: {ingress: [all from 0.0.0.0/0], egress: [all to 0.0.0.0/0]}
      front: {ingress: [udp/14 from 0.0.0.0/0], egress: [all to 0.0.0.0/0]}
    load-balancers: {nlb: {subnets: [out], groups: [front], listeners: [{port: 14, protocol: UDP, forward: t}, {port: 15, protocol: UDP, forward: t}]}}
    target-groups: {t: {type: ip, protocol: UDP, port: 10, preserve-client-ip: false, targets: [10.0.1.10]}}
    interfaces:
      a1: {subnet: a, ip: 10.0.1.10}
      a2: {subnet: a, groups: [near]}
      a3: {subnet: a, groups: [near]}
      b1: {subnet: b, groups: [web]}
      b2: {subnet: b, groups: [web]}
      box: {subnet: m, groups: [mid], source-dest-check: false}
      c1: {subnet: c, groups: [open]}
`
	for _, c := range []struct{ name, from, to string }{
		{"the default ACL", "90 deny udp/2", "90 deny udp/10"},
		{"a subnet's ACL", "90 deny udp/3", "90 deny udp/11"},
		{"the ACL of a gateway's subnet", "90 deny udp/4", "90 deny udp/1-65535"},
		{"the default group", "udp/10 from", "udp/10-20 from"},
		{"a group by its name", "udp/11 from", "udp/11-20 from"},
		{"a group that others name", "b1: {subnet: b, groups: [web]}", "b1: {subnet: b, groups: [near]}"},
		{"what a group lets out", "egress: [udp to 0.0.0.0/0]", "egress: [udp/9 to 0.0.0.0/0]"},
		{"a middlebox's group", "udp/13 from", "udp/13-20 from"},
		{"another group of a middlebox", "groups: [mid]", "groups: [mid, usual]"},
		{"a load balancer's group", "udp/14 from", "udp/14-20 from"},
		{"nothing", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			old, now := EmulatorOf(t, base), EmulatorOf(t, strings.Replace(base, c.from, c.to, 1))
			quick, full := diff(old, now, true, nil), diff(old, now, false, nil)
			require.Equal(t, c.from != "", len(full.Changes) > 0)
			require.ElementsMatch(t, pairs(full), pairs(quick))
			require.True(t, newSameness(old.Network(), now.Network()).ways, "it is about filters")
		})
	}
}

// TestDifference_Same: what is not known any more counts, and what only goes another way does not.
func TestDifference_Same(t *testing.T) {
	for kind, same := range map[Kind]bool{Opened: false, Closed: false, Unclear: false, Rerouted: true} {
		require.Equal(t, same, (&Difference{Changes: []Change{{Kind: Rerouted}, {Kind: kind}}}).Same(), kind)
	}
}
