package reach_test

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/firewall"
	"github.com/vpcemu/vpcemu/internal/space"
	"github.com/vpcemu/vpcemu/reach"
	"github.com/vpcemu/vpcemu/vpc"
)

// hairpins is a network in which interfaces have public addresses: who asks goes out by an
// internet gateway, by a NAT gateway, or not at all.
func hairpins(rules string) string {
	return `
vpcs:
  v:
    cidr: 10.0.0.0/16
    internet-gateway: igw
    nat-gateways: {nat: {subnet: out, elastic-ip: 203.0.113.99}}
    security-groups:
      client: {egress: [all to 0.0.0.0/0]}
      narrow: {egress: [tcp/443 to 203.0.113.20/32, tcp/80 to 10.0.0.0/16]}
      db: {ingress: [` + rules + `]}
    subnets:
      out: {cidr: 10.0.0.0/24, routes: {0.0.0.0/0: igw}}
      app: {cidr: 10.0.1.0/24, routes: {0.0.0.0/0: nat}}
      dark: {cidr: 10.0.2.0/24}
    interfaces:
      web: {subnet: out, groups: [client], ip: 10.0.0.10, elastic-ip: 203.0.113.10}
      narrow: {subnet: out, groups: [narrow], ip: 10.0.0.12, elastic-ip: 203.0.113.12}
      bare: {subnet: out, groups: [client], ip: 10.0.0.11}
      app: {subnet: app, groups: [client], ip: 10.0.1.10}
      dark: {subnet: dark, groups: [client], ip: 10.0.2.10}
      db: {subnet: out, groups: [db], ip: 10.0.0.20, elastic-ip: 203.0.113.20}
      shy: {subnet: dark, groups: [db], ip: 10.0.2.20, elastic-ip: 203.0.113.21}
      plain: {subnet: out, groups: [db], ip: 10.0.0.22}
      two: {subnet: out, groups: [db], ip: [{ip: 10.0.0.30, public-ip: 203.0.113.30, elastic: true}, {ip: 10.0.0.31}, {ip: 10.0.0.32, public-ip: 203.0.113.32, elastic: true}]}
      like-1: {subnet: out, groups: [db], ip: 10.0.0.41, elastic-ip: 203.0.113.141}
      like-2: {subnet: out, groups: [db], ip: 10.0.0.42, elastic-ip: 203.0.113.142}
`
}

// TestPublicAddresses: an end is asked by its private and its public addresses, and an answer
// names a public one where it leads further than the private one.
func TestPublicAddresses(t *testing.T) {
	for _, c := range []struct {
		name, rules string
		want        map[string]string // by source and destination; of all others nothing is reachable
	}{
		{"the rule is for the asker's public address", "tcp/443 from 203.0.113.10/32", map[string]string{
			"web db": "tcp/443 to 203.0.113.20", "web two": "tcp/443 to 203.0.113.30, 203.0.113.32", "web like-1": "tcp/443 to public address"}},
		{"for the next one", "tcp/443 from 203.0.113.11/32", nil},
		{"for its private address", "tcp/443 from 10.0.0.10/32", map[string]string{
			"web db": "tcp/443", "web shy": "tcp/443", "web plain": "tcp/443", "web two": "tcp/443", "web like-1": "tcp/443"}},
		{"for its private address, and another for its public one", "tcp/443 from 10.0.0.10/32, tcp/80 from 203.0.113.10/32", map[string]string{
			"web db": "tcp/443; tcp/80 to 203.0.113.20", "web shy": "tcp/443", "web plain": "tcp/443",
			"web two": "tcp/443; tcp/80 to 203.0.113.30, 203.0.113.32", "web like-1": "tcp/443; tcp/80 to public address"}},
		{"for both", "tcp/443 from 10.0.0.10/32, tcp/443 from 203.0.113.10/32", map[string]string{
			"web db": "tcp/443", "web shy": "tcp/443", "web plain": "tcp/443", "web two": "tcp/443", "web like-1": "tcp/443"}},
		{"for the NAT gateway's public address", "tcp/443 from 203.0.113.99/32", map[string]string{
			"app db": "tcp/443 to 203.0.113.20", "app two": "tcp/443 to 203.0.113.30, 203.0.113.32", "app like-1": "tcp/443 to public address"}},
		{"for who sends through the NAT gateway, and not for that", "tcp/443 from 10.0.1.10/32", map[string]string{
			"app db": "tcp/443", "app shy": "tcp/443", "app plain": "tcp/443", "app two": "tcp/443", "app like-1": "tcp/443"}},
		{"for all public addresses: some send by none", "tcp/443 from 203.0.113.0/24", map[string]string{
			"web db": "tcp/443 to 203.0.113.20", "web two": "tcp/443 to 203.0.113.30, 203.0.113.32", "web like-1": "tcp/443 to public address",
			"app db": "tcp/443 to 203.0.113.20", "app two": "tcp/443 to 203.0.113.30, 203.0.113.32", "app like-1": "tcp/443 to public address",
			"narrow db": "tcp/443 to 203.0.113.20"}},
		{"for everybody: who may send to one public address alone", "tcp/443 from 0.0.0.0/0", map[string]string{
			"web *": "tcp/443", "app *": "tcp/443", "bare *": "tcp/443", "dark *": "tcp/443", "narrow db": "tcp/443 to 203.0.113.20"}},
		{"for a group: its members ask privately", "tcp/443 from client", map[string]string{
			"web *": "tcp/443", "app *": "tcp/443", "bare *": "tcp/443", "dark *": "tcp/443"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := reach.EmulatorOf(t, hairpins(c.rules))
			net, rows := reach.Of(e), make(map[string]*reach.Answer)
			for row := range net.Matrix().Rows(nil) {
				rows[row.Source.Name()+" "+row.Destination.Name()] = row.Answer
			}
			for _, source := range []string{"web", "narrow", "bare", "app", "dark"} {
				for _, destination := range []string{"db", "shy", "plain", "two", "like-1"} {
					pair := source + " " + destination
					want, ok := c.want[pair]
					if !ok {
						want = c.want[source+" *"]
					}
					answer, err := net.Between(source, destination)
					require.NoError(t, err)
					assert.Equal(t, want, strings.Join(rows[pair].Words(emu.Reachable), "; "), "the row %s", pair)
					one := strings.ReplaceAll(want, "public address", "203.0.113.141")
					assert.Equal(t, one, strings.Join(answer.Words(emu.Reachable), "; "), pair)
					byTraces(t, e, source, destination, answer, rows[pair])

					out, err := reach.NewChecker(e).Check(&vpc.Expectation{Source: source, Destination: destination, Service: "all", Want: "blocked"})
					require.NoError(t, err)
					assert.Equal(t, want == "", out.Holds, "%s is blocked", pair)
					out, err = reach.NewChecker(e).Check(&vpc.Expectation{Source: source, Destination: destination, Service: "tcp/443", Want: "reachable"})
					require.NoError(t, err)
					assert.Equal(t, strings.HasPrefix(want, "tcp/443") && !strings.HasPrefix(want, "tcp/443 to"), out.Holds, "%s for ordinary clients, who ask by the first address", pair)
				}
			}
		})
	}
}

// byTraces holds answers against a trace to each address of the destination.
func byTraces(t *testing.T, e *emu.Emulator, source, destination string, answers ...*reach.Answer) {
	t.Helper()
	from := e.Network().Interface(source).Addresses[0].IP
	for _, a := range e.Network().Interface(destination).Addresses {
		for _, to := range []netip.Addr{a.IP, a.Public} {
			if !to.IsValid() {
				continue
			}
			for _, port := range []uint16{80, 443, 444} {
				trace, err := e.Trace(emu.Query{Source: source, Destination: to.String(), Service: firewall.MustParseService(fmt.Sprint("tcp/", port))})
				require.NoError(t, err)
				at := space.Point{space.Services: space.Service(6, port), space.SourcePorts: {Lo: 50000}, space.Sources: space.Address(from), space.Destinations: space.Address(to)}
				for k, answer := range answers {
					require.True(t, answer.Set(trace.Verdict, false).Has(&at), "answer %d: %s to %s tcp/%d is %v", k, source, to, port, trace.Verdict)
				}
			}
		}
	}
}

// TestPublicAddresses_Text: all that is said of the two addresses together leaves nothing open.
func TestPublicAddresses_Text(t *testing.T) {
	answer, err := reach.Of(reach.EmulatorOf(t, hairpins("tcp/443 from 10.0.0.10/32, tcp/80 from 203.0.113.10/32, tcp/22 from 0.0.0.0/0"))).Between("web", "db")
	require.NoError(t, err)
	assert.Equal(t, `reachable
  tcp/22, tcp/443
  tcp/80 to 203.0.113.20
blocked
  all but tcp/22, tcp/443
  tcp/443 to 203.0.113.20
    SG-IN db: no rule of db matches tcp/80 from 10.0.0.10
`, answer.String())
}

// TestPublicAddresses_JSON: a public address stands where it leads elsewhere, as in words.
func TestPublicAddresses_JSON(t *testing.T) {
	answer, err := reach.Of(reach.EmulatorOf(t, hairpins("tcp/443 from 0.0.0.0/0, tcp/80 from 203.0.113.10/32"))).Between("web", "db")
	require.NoError(t, err)
	got, err := json.Marshal(answer.Traffic(emu.Reachable, false))
	require.NoError(t, err)
	assert.JSONEq(t, `[{"services": ["tcp/443"]}, {"services": ["tcp/80"], "destinations": ["203.0.113.20"]}]`, string(got))
}

// TestPublicAddresses_Numbers: of interfaces that are listed together a public address goes by
// the number of its private one, if there are several.
func TestPublicAddresses_Numbers(t *testing.T) {
	e := reach.EmulatorOf(t, `
vpcs:
  v:
    cidr: 10.0.0.0/16
    internet-gateway: igw
    security-groups:
      a: {egress: [all to 0.0.0.0/0]}
      b: {ingress: [tcp/80 from 203.0.113.10/32, tcp/81 from 10.0.1.4/32]}
    subnets: {s: {cidr: 10.0.1.0/24, routes: {0.0.0.0/0: igw}}, t: {cidr: 10.0.2.0/24, routes: {0.0.0.0/0: igw}}}
    interfaces:
      a: {subnet: s, groups: [a], ip: 10.0.1.4, elastic-ip: 203.0.113.10}
      b1: {subnet: t, groups: [b], ip: [{ip: 10.0.2.5}, {ip: 10.0.2.6, public-ip: 203.0.113.20, elastic: true}, {ip: 10.0.2.7}]}
      b2: {subnet: t, groups: [b], ip: [{ip: 10.0.2.8}, {ip: 10.0.2.9, public-ip: 203.0.113.21, elastic: true}, {ip: 10.0.2.10}]}
`)
	for row := range reach.Of(e).Matrix().Rows(nil) {
		if row.Source.Name() == "a" && row.Destination.Kind == emu.InterfaceEnd {
			assert.Equal(t, []string{"b1", "b2"}, row.Destination.Names())
			assert.Equal(t, []string{"tcp/81", "tcp/80 to public address 2"}, row.Answer.Words(emu.Reachable))
		}
	}
}

// TestPublicAddresses_PassedOver: where one public address is named, another one is not said to be
// shut that fares as its private one.
func TestPublicAddresses_PassedOver(t *testing.T) {
	e := reach.EmulatorOf(t, `
vpcs:
  v:
    cidr: 10.0.0.0/16
    internet-gateway: igw
    security-groups:
      a: {egress: [tcp/80 to 10.0.2.6/32, tcp/80 to 10.0.2.7/32, tcp/80 to 203.0.113.20/32, tcp/80 to 203.0.113.21/32]}
      b: {ingress: [tcp/80 from 0.0.0.0/0]}
    subnets: {s: {cidr: 10.0.1.0/24, routes: {0.0.0.0/0: igw}}, t: {cidr: 10.0.2.0/24, routes: {0.0.0.0/0: igw}}}
    interfaces:
      a: {subnet: s, groups: [a], ip: 10.0.1.4, elastic-ip: 203.0.113.10}
      b: {subnet: t, groups: [b], ip: [{ip: 10.0.2.5, public-ip: 203.0.113.20, elastic: true}, {ip: 10.0.2.6, public-ip: 203.0.113.21, elastic: true}, {ip: 10.0.2.7}]}
`)
	answer, err := reach.Of(e).Between("a", "b")
	require.NoError(t, err)
	assert.Equal(t, []string{"tcp/80 to 10.0.2.6, 10.0.2.7, 203.0.113.20"}, answer.Words(emu.Reachable))
	byTraces(t, e, "a", "b", answer)
}

// TestPublicAddresses_Balancer: a load balancer that faces the internet is asked by the public
// addresses of its nodes too.
func TestPublicAddresses_Balancer(t *testing.T) {
	network := func(scheme, routes string) *emu.Emulator {
		return reach.EmulatorOf(t, `
vpcs:
  v:
    cidr: 10.0.0.0/16
    internet-gateway: igw
    security-groups:
      lb: {ingress: [tcp/443 from 203.0.113.10/32, tcp/80 from 10.0.0.0/16], egress: [all to 10.0.0.0/16]}
      target: {ingress: [tcp/443 from 10.0.0.0/16]}
      c: {egress: [all to 0.0.0.0/0]}
    subnets:
      a: {cidr: 10.0.1.0/24, az: a, routes: {0.0.0.0/0: igw}}
      b: {cidr: 10.0.2.0/24, az: b, routes: {`+routes+`}}
    interfaces:
      c: {subnet: a, groups: [c], ip: 10.0.1.10, elastic-ip: 203.0.113.10}
      target-a: {subnet: a, groups: [target], ip: 10.0.1.20}
      target-b: {subnet: b, groups: [target], ip: 10.0.2.20}
    load-balancers:
      front: {subnets: [a, b], groups: [lb], scheme: `+scheme+`, listeners: [{port: 443, forward: t}, {port: 80, forward: t}]}
    target-groups:
      t: {type: ip, port: 443, targets: [10.0.1.20, 10.0.2.20], preserve-client-ip: false}
`)
	}
	for _, c := range []struct{ name, scheme, routes, want string }{
		{"faces the internet", "internet-facing", "0.0.0.0/0: igw", "tcp/80; tcp/443 to 198.51.100.1 (front-a), 198.51.100.2 (front-b)"},
		{"one node has no way back", "internet-facing", "", "tcp/80; tcp/443 to 198.51.100.1 (front-a)"},
		{"is internal", "internal", "0.0.0.0/0: igw", "tcp/80"},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := network(c.scheme, c.routes)
			answer, err := reach.Of(e).Between("c", "front")
			require.NoError(t, err)
			assert.Equal(t, c.want, strings.Join(answer.Words(emu.Reachable), "; "))
			for service, holds := range map[string]bool{"tcp/80": true, "tcp/443": false} {
				out, err := reach.NewChecker(e).Check(&vpc.Expectation{Source: "c", Destination: "front", Service: service, Want: "reachable"})
				require.NoError(t, err)
				assert.Equal(t, holds, out.Holds, "%s: the name leads to private addresses", service)
			}
		})
	}
}

// TestPublicAddresses_Diff: what opens or closes by public addresses alone is said, those of
// several ends together.
func TestPublicAddresses_Diff(t *testing.T) {
	const private = "tcp/443 from 10.0.0.0/16"
	edit := func(s, from, to string) string {
		require.Contains(t, s, from)
		return strings.Replace(s, from, to, 1)
	}
	several := func(s string) string {
		return edit(s, "      bare:", "      several: {subnet: out, groups: [client], ip: [{ip: 10.0.0.50, public-ip: 203.0.113.50, elastic: true}, {ip: 10.0.0.51}]}\n      bare:")
	}
	moving := func(egress, addresses string) string {
		return edit(edit(hairpins("tcp/80 from 0.0.0.0/0"), "client: {egress: [all to 0.0.0.0/0]}", "client: {egress: ["+egress+"]}"), "      bare:", "      moved: {subnet: out, groups: [db], ip: ["+addresses+"]}\n      bare:")
	}
	for _, c := range []struct {
		name          string
		before, after string
		want          []string
	}{
		{"nothing", hairpins(private), hairpins(private), nil},
		{"a rule for a public address", hairpins(private), hairpins(private + ", tcp/80 from 203.0.113.10/32"), []string{
			"opened web → db, like-1, like-2 tcp/80 to public address", "opened web → two tcp/80 to 203.0.113.30, 203.0.113.32"}},
		{"a rule for an address that nobody inside has", hairpins(private), hairpins(private + ", tcp/80 from 203.0.113.11/32"), nil},
		{"a rule for the private address", hairpins(private), hairpins(private + ", tcp/80 from 10.0.0.10/32"), []string{
			"opened web → db, plain, two, like-1, like-2, shy tcp/80"}},
		{"a rule for each", hairpins(private), hairpins(private + ", tcp/80 from 10.0.0.10/32, tcp/80 from 203.0.113.10/32"), []string{
			"opened web → db, plain, two, like-1, like-2, shy tcp/80"}},
		{"a rule for each, of other services", hairpins(private), hairpins(private + ", tcp/80 from 203.0.113.10/32, tcp/81 from 10.0.0.10/32"), []string{
			"opened web → db, plain, two, like-1, like-2, shy tcp/81", "opened web → db, like-1, like-2 tcp/80 to public address", "opened web → two tcp/80 to 203.0.113.30, 203.0.113.32"}},
		{"a rule for both", hairpins(private), hairpins(private + ", tcp/80 from 0.0.0.0/0"), []string{
			"opened web, narrow, bare, app, dark → db, plain, two, like-1, like-2, shy tcp/80"}},
		{"a rule for one of two addresses of who asks", several(hairpins(private)), several(hairpins(private + ", tcp/80 from 10.0.0.50/32")), []string{
			"opened several → db, plain, two, like-1, like-2, shy tcp/80 from 10.0.0.50"}},
		{"a rule for the public address of one of two", several(hairpins(private)), several(hairpins(private + ", tcp/80 from 203.0.113.50/32")), []string{
			"opened several → db, like-1, like-2 tcp/80 from 10.0.0.50 to public address", "opened several → two tcp/80 from 10.0.0.50 to 203.0.113.30, 203.0.113.32"}},
		{"no Elastic IP any more", hairpins("tcp/443 from 203.0.113.0/24"), edit(hairpins("tcp/443 from 203.0.113.0/24"), "ip: 10.0.0.10, elastic-ip: 203.0.113.10", "ip: 10.0.0.10"), []string{
			"closed web → db, like-1, like-2 tcp/443 to public address", "closed web → two tcp/443 to 203.0.113.30, 203.0.113.32", "closed web → internet all"}},
		{"no Elastic IP any more, and one private address more in its place", hairpins("tcp/443 from 0.0.0.0/0"), edit(hairpins("tcp/443 from 0.0.0.0/0"), "ip: 10.0.0.20, elastic-ip: 203.0.113.20", "ip: [10.0.0.20, 10.0.0.21]"), []string{
			"opened web, bare, app, dark → db tcp/443 to 10.0.0.21", "closed web, narrow, app → db tcp/443 to 203.0.113.20"}},
		{"neither an Elastic IP nor a rule any more", hairpins("tcp/443 from 0.0.0.0/0"), edit(hairpins("tcp/443 from 10.0.9.0/24"), "ip: 10.0.0.20, elastic-ip: 203.0.113.20", "ip: 10.0.0.20"), []string{
			"closed web, bare, app, dark → db, plain, two, like-1, like-2, shy tcp/443", "closed narrow → db tcp/443 to 203.0.113.20"}},
		{"another Elastic IP", hairpins("tcp/443 from 203.0.113.99/32"), edit(hairpins("tcp/443 from 203.0.113.99/32"), "203.0.113.20}", "203.0.113.29}"), []string{
			"rerouted app → db tcp/443 to 203.0.113.29"}},
		{"another Elastic IP, to which who asks may not send: what closed is the old one", hairpins("tcp/443 from 203.0.113.0/24"), edit(hairpins("tcp/443 from 203.0.113.0/24"), "203.0.113.20}", "203.0.113.29}"), []string{
			"closed narrow → db tcp/443 to 203.0.113.20", "rerouted web, app → db tcp/443 to 203.0.113.29"}},
		{"an Elastic IP at another private address, and no rule any more", moving("tcp/80 to 10.0.0.60/32, tcp/80 to 203.0.113.60/32", "{ip: 10.0.0.60, public-ip: 203.0.113.60, elastic: true}, {ip: 10.0.0.61}"), moving("", "{ip: 10.0.0.60}, {ip: 10.0.0.61, public-ip: 203.0.113.60, elastic: true}"), []string{
			"closed web, bare, app, dark → moved tcp/80 to 10.0.0.60", "closed web, app → moved tcp/80 to 203.0.113.60"}},
		{"a rule for the private address in place of the public one", hairpins("tcp/443 from 203.0.113.10/32"), hairpins("tcp/443 from 10.0.0.10/32"), []string{
			"opened web → db, plain, two, like-1, like-2, shy tcp/443", "closed web → db, like-1, like-2 tcp/443 to public address", "closed web → two tcp/443 to 203.0.113.30, 203.0.113.32"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []string
			for _, change := range reach.Diff(reach.EmulatorOf(t, c.before), reach.EmulatorOf(t, c.after)).Changes {
				if slices.Equal(change.Sources, []string{"internet"}) {
					continue
				}
				for k, traffic := range change.Traffic {
					assert.Equal(t, change.Words()[k], strings.TrimSuffix(traffic.String(), " to anywhere"), "the packets in other words")
				}
				got = append(got, fmt.Sprintf("%s %s → %s %s", change.Kind, strings.Join(change.Sources, ", "), strings.Join(change.Destinations, ", "), strings.Join(change.Words(), "; ")))
			}
			assert.Equal(t, c.want, got)
		})
	}
}

// TestPublicAddresses_Check: of several destinations that fare alike, words name no address of one.
func TestPublicAddresses_Check(t *testing.T) {
	c := reach.NewChecker(reach.EmulatorOf(t, hairpins("tcp/443 from 203.0.113.0/24")))
	for _, e := range []struct{ destination, to, want string }{
		{"like-1", "like-1", "tcp/443 to 203.0.113.141"},
		{"like-*", "like-1 like-2", "tcp/443 to public address"},
	} {
		out, err := c.Check(&vpc.Expectation{Source: "we*", Destination: e.destination, Service: "all", Want: "blocked"})
		require.NoError(t, err)
		require.Len(t, out.Wrong, 1)
		assert.Equal(t, e.to, strings.Join(out.Wrong[0].Destinations, " "))
		assert.Equal(t, e.want, out.Wrong[0].Traffic[0].String())
	}
}
