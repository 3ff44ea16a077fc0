package reach

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/internal/random"
	"github.com/vpcemu/vpcemu/internal/space"
)

// TestPart_Alike: all packets that are said to be like the witness pass the same things by
// the same rules, entries and routes, there and back: what AWS's form has once for all of
// them.
func TestPart_Alike(t *testing.T) {
	compared, wide := 0, 0
	for k := range 25 {
		m := random.New(17, uint64(k))
		n, err := New(m.Network(random.Everything &^ random.LoadBalancers &^ random.Gaps))
		if err != nil {
			continue
		}
		ends := n.explorer.Ends()
		for range 6 {
			src, dst := random.Pick(m, ends...), random.Pick(m, ends...)
			a, err := n.Between(src.Name, dst.Name)
			if err != nil {
				continue
			}
			for i := range a.Parts {
				p := &a.Parts[i]
				one, alike, err := p.Alike()
				require.NoError(t, err)
				if p.Depends != "" {
					continue // what is chosen for one packet is not for another
				}
				if len(alike.Boxes()) > 1 || alike[space.SourcePorts][0] != (space.Span{}) {
					wide++
				}
				for range 6 {
					at := pick(m, alike)
					if !p.pair.Has(&at) {
						continue
					}
					other, err := p.pair.Trace(at)
					require.NoError(t, err)
					if chosen(one) || chosen(other) {
						continue // by the flow, among what is as good
					}
					require.Equal(t, way(one), way(other), "network %d, %s to %s: %v", k, src.Name, dst.Name, at)
					compared++
				}
			}
		}
	}
	t.Log(compared, wide)
	require.NotZero(t, compared)
}

// TestPart_Alike_Represented: the witness is none of the addresses that are not asked about.
func TestPart_Alike_Represented(t *testing.T) {
	n := Of(EmulatorOf(t, `
vpcs:
  v:
    cidr: 10.0.0.0/16
    subnets: {a: {cidr: 10.0.1.0/24}, b: {cidr: 10.0.2.0/24}}
    security-groups:
      client: {egress: [tcp/22 to 10.0.2.0/24]}
      server: {ingress: [tcp/22 from 10.0.1.16/28]}
    instances:
      client: {subnet: a, groups: [client], ip: [10.0.1.10, 10.0.1.30, 10.0.1.29]}
      server: {subnet: b, groups: [server]}
`))
	a, err := n.Between("client", "server")
	require.NoError(t, err)
	require.Equal(t, "tcp/22 from all but 10.0.1.10", a.Parts[0].Traffic()[0].String())
	one, alike, err := a.Parts[0].Alike()
	require.NoError(t, err)
	require.Equal(t, "10.0.1.30", one.Sent().Src.String()) // which 10.0.1.29 fares like
	require.Equal(t, []space.Span{space.One(space.Address(one.Sent().Src))}, alike[space.Sources])
}

// pick is a packet of a product, at its edges more often than not.
func pick(m *random.Maker, p *space.Product) (at space.Point) {
	for d := range p {
		s := random.Pick(m, p[d]...)
		at[d] = random.Pick(m, s.First, s.Last)
	}
	return at
}

// chosen reports whether a gateway chose one of several ways for a packet.
func chosen(t *emu.Trace) bool {
	for _, l := range []*emu.Leg{t.Request, t.Reply} {
		if l != nil && slices.ContainsFunc(l.Steps, func(s emu.Step) bool { return strings.Contains(s.Detail, "chosen by flow") }) {
			return true
		}
	}
	return false
}

// way is what a trace passes, by what, and what drops it: as far as the packet really gets.
func way(t *emu.Trace) string {
	var words []string
	for _, l := range []*emu.Leg{t.Request, t.Reply} {
		if l == nil || l == t.Reply && t.Request.Verdict != emu.Delivered && t.Request.Verdict != emu.Exited {
			continue
		}
		for _, s := range l.Steps {
			words = append(words, fmt.Sprint(s.Stage, s.Kind, s.Component, s.Rule, s.Route, s.Verdict, s.Reason))
			if s.Verdict == emu.Drop {
				break
			}
		}
	}
	for _, b := range t.Blockers {
		if !b.Hypothetical {
			words = append(words, fmt.Sprint(b.Reason, b.Stage, b.Component, b.Direction))
		}
	}
	return strings.Join(words, "\n")
}
