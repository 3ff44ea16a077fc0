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
	"github.com/vpcemu/vpcemu/vpc"
)

// TestCheck_Random: no packet contradicts an expectation that holds, and one that does not
// hold has a packet whose trace shows it.
func TestCheck_Random(t *testing.T) {
	var held, failed, sampled int
	checkers(11, uint64(*compared), func(n uint64, m *random.Maker, c *Checker) {
		for range 6 {
			x := vpc.Expectation{
				Source: random.Pick(m, "any", "internet", "public", "private", c.some(m)), Destination: random.Pick(m, "any", "*0", "vpc:v0", c.some(m), c.some(m)),
				Service: random.Pick(m, "", "tcp/80", "tcp", "udp/53, tcp/443", "icmp", "tcp/1024-65535"), Want: random.Pick(m, "blocked", "blocked", "reachable", "unknown"),
			}
			if x.Want == "reachable" && m.One(2) && x.Service != "" {
				x.Service = "only " + x.Service
			}
			out, err := c.Check(&x)
			if err != nil {
				continue
			}
			for k := range out.Wrong {
				w := &out.Wrong[k]
				require.NotNil(t, w.Trace, "network %d, %s", n, x)
				require.NotEqual(t, w.Want, w.Got)
				if w.Depends == "" && w.Trace.Verdict != w.Got {
					t.Fatalf("network %d, %v: %s to %s is said to be %s, but\n%s", n, x, w.Source, w.Destination, w.Got, w.Trace)
				}
			}
			if !out.Holds {
				failed++
				continue
			}
			held++
			for range 20 {
				got, what, ok := c.contradicts(m, &x)
				if !ok {
					continue
				}
				sampled++
				if got != "" {
					t.Fatalf("network %d, %v holds, but %s: %s", n, x, what, got)
				}
			}
		}
	})
	t.Logf("%d hold, of which %d packets were tried; %d do not", held, sampled, failed)
	require.Positive(t, sampled)
	require.Positive(t, failed)
}

// checkers calls f with checkers of random networks, some of them crowded, and with what made them.
func checkers(seed, networks uint64, f func(n uint64, m *random.Maker, c *Checker)) {
	for n := range networks {
		m := random.New(seed, n)
		net := m.Network(random.Everything)
		if m.One(2) {
			m.Crowd(net)
		}
		if e, err := emu.New(net, emu.Options{}); err == nil {
			f(n, m, NewChecker(e))
		}
	}
}

// some is the name of an end.
func (c *Checker) some(m *random.Maker) string { return random.Pick(m, c.ends...).Name }

// contradicts traces a packet that an expectation is about; it says what is wrong.
func (c *Checker) contradicts(m *random.Maker, x *vpc.Expectation) (problem, what string, ok bool) {
	sources, err := c.find(x.Source, true)
	if err != nil {
		return "", "", false
	}
	destinations, err := c.find(x.Destination, false)
	if err != nil {
		return "", "", false
	}
	src, dst := random.Pick(m, sources...), random.Pick(m, destinations...)
	if src.self() == dst.self() || !c.meet(&src, &dst) {
		return "", "", false
	}
	services, only, _ := x.Services()
	q := question{c: c, src: &src, dst: &dst, services: services}
	v6 := m.One(3) && x.Want == "blocked"
	p, ok, err := q.pair(src, dst, v6)
	if err != nil || !ok {
		return "", "", false
	}
	set := q.named(p.All)
	outside := only && m.One(2)
	if outside {
		set = p.All.Minus(set)
	}
	if len(set) == 0 {
		return "", "", false
	}
	at, ok := p.Some(random.Pick(m, set...))
	if !ok {
		return "", "", false
	}
	b := set[slices.IndexFunc(set, func(b space.Box) bool { return b.Has(&at) })]
	for d := range at {
		if near := random.Pick(m, b[d].First, b[d].Last, at[d]); true {
			was := at[d]
			if at[d] = near; !p.Has(&at) {
				at[d] = was
			}
		}
	}
	if x.Want != "blocked" && !outside { // an ordinary client
		usual, _ := p.Usual(p.All)
		at[space.SourcePorts] = space.Num{Lo: 32768 + m.Uint64()%32768}
		at[space.Sources], at[space.Destinations] = usual[space.Sources], usual[space.Destinations]
		if proto, _ := at[space.Services].Service(); proto == 1 || proto == 58 {
			at[space.Services] = b[space.Services].First
		}
	}
	if !p.Has(&at) || p.Ask(at).Depends != "" {
		return "", "", false
	}
	tr, err := p.Trace(at)
	if err != nil {
		return "", "", false
	}
	want := x.Want
	if outside {
		want = "blocked"
	}
	if got := tr.Verdict.String(); got != want {
		problem = got
	}
	return problem, fmt.Sprint(src.name(), " to ", dst.name(), " ", strings.TrimSpace(tr.String())), true
}
