package lint_test

import (
	"flag"
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/firewall"
	"github.com/vpcemu/vpcemu/internal/random"
	"github.com/vpcemu/vpcemu/internal/space"
	"github.com/vpcemu/vpcemu/reach/lint"
	"github.com/vpcemu/vpcemu/vpc"
)

var networks = flag.Int("linted", 10, "how many random networks are linted")

// TestRandom: on random networks nothing panics, every witness sees what its finding says,
// and what is found twice is the same.
func TestRandom(t *testing.T) {
	var found, confirmed int
	made(t, func(n *vpc.Network, _ int) {
		list, _, err := lint.Run(n)
		require.NoError(t, err)
		again, _, err := lint.Run(n)
		require.NoError(t, err)
		require.Equal(t, list, again)
		found += len(list)
		for k := range list {
			if list[k].Witness != nil {
				confirmed++
				confirm(t, n, &list[k])
			}
		}
	})
	t.Logf("%d findings, %d with a witness", found, confirmed)
	require.NotZero(t, confirmed)
}

// apart are checks that may both find something of one thing: one cares who reaches it, the
// other what it is for.
var apart = [][2]string{
	{"internet-database", "internet-administration"}, // silenced apart
	{"internet-database", "sg-rule-implied"}, {"internet-administration", "sg-rule-implied"}, {"internet-rule-idle", "sg-rule-implied"},
	{"nat-stranded", "gateway-unused"},
	{"reply-astray", "nat-stranded"}, {"reply-astray", "gateway-unused"}, {"reply-astray", "public-address-stranded"}, // of what they lead astray
}

// TestOneMistakeOneFinding: no two findings are about the same part of the same component,
// but where it has two mistakes; and what a check yields to is not found beside it.
func TestOneMistakeOneFinding(t *testing.T) {
	seen := make(map[string]int)
	made(t, func(n *vpc.Network, number int) {
		list, _, err := lint.Run(n)
		require.NoError(t, err)
		once(t, list, strconv.Itoa(number))
		for _, f := range list {
			seen[f.ID]++
		}
	})
	t.Log(seen)
}

func once(t *testing.T, list []lint.Finding, of string) {
	t.Helper()
	found := make(map[string]lint.Finding)
	for _, f := range list {
		key := f.VPC + " " + f.Subject + " " + f.File + strconv.Itoa(f.Line)
		if o, twice := found[key]; twice {
			both := slices.Contains(apart, [2]string{o.ID, f.ID}) || slices.Contains(apart, [2]string{f.ID, o.ID})
			assert.True(t, both, "%s: %v and %v", of, o, f)
		}
		found[key] = f
	}
}

// made calls a function with random networks that are valid.
func made(t *testing.T, f func(n *vpc.Network, number int)) {
	t.Helper()
	for k := range *networks {
		n := random.New(7, uint64(k)).Network(random.Everything)
		if _, err := emu.New(n, emu.Options{}); err != nil {
			continue
		}
		f(n, k)
	}
}

// removable are the checks whose rules and entries do nothing: all at once may go.
var removable = []string{"sg-rule-implied", "sg-rule-never", "sg-peer-stale", "sg-peer-empty", "acl-entry-shadowed", "acl-entry-superfluous", "acl-entry-never"}

// TestRemovable: a network without the rules and the entries that are said to do nothing
// lets the same through, between all pairs of ends, whether all that one check found go or
// all that all did.
func TestRemovable(t *testing.T) {
	removed := make(map[string]int)
	made(t, func(n *vpc.Network, number int) {
		// addresses are assigned once, so that both networks have the same
		e, err := emu.New(n, emu.Options{})
		require.NoError(t, err)
		n = e.Network()
		for _, checks := range [][]string{removable, removable[number%len(removable):][:1]} {
			clean, count := without(t, n, checks, removed)
			if count == 0 {
				continue
			}
			f, err := emu.New(clean, emu.Options{})
			require.NoError(t, err)
			sameReach(t, number, checks, e, f)
		}
	})
	t.Log(removed)
	for _, check := range []string{"sg-rule-implied", "acl-entry-superfluous", "acl-entry-shadowed"} {
		require.NotZero(t, removed[check], "nothing of %s was ever removed", check)
	}
}

// without is a network without what some checks find in it, and how much that is; removed
// counts it by check. Origins tell which.
func without(t *testing.T, n *vpc.Network, checks []string, removed map[string]int) (*vpc.Network, int) {
	t.Helper()
	n = n.Clone()
	number := 0
	next := func() string {
		number++
		return at(number)
	}
	for _, v := range n.VPCs {
		for _, g := range v.SecurityGroups {
			for _, rules := range [...][]firewall.Rule{g.Ingress, g.Egress} {
				for k := range rules {
					rules[k].Origin = next()
				}
			}
		}
		for _, a := range v.NetworkACLs {
			for _, entries := range [...][]firewall.Entry{a.Ingress, a.Egress} {
				for k := range entries {
					entries[k].Origin = next()
				}
			}
		}
	}
	list, _, err := lint.Run(n)
	require.NoError(t, err)
	gone := make(map[string]bool)
	for _, f := range list {
		if slices.Contains(checks, f.ID) {
			gone[at(f.Line)] = true
			removed[f.ID]++
		}
	}
	for _, v := range n.VPCs {
		for _, g := range v.SecurityGroups {
			g.Ingress, g.Egress = dropRules(g.Ingress, gone), dropRules(g.Egress, gone)
		}
		for _, a := range v.NetworkACLs {
			a.Ingress, a.Egress = dropEntries(a.Ingress, gone), dropEntries(a.Egress, gone)
		}
	}
	return n, len(gone)
}

// sameReach holds two networks against each other: of packets between some ends, one of
// each box that either of them decides alike.
func sameReach(t *testing.T, number int, checks []string, a, b *emu.Emulator) {
	t.Helper()
	x, y, m := a.Explorer(), b.Explorer(), random.New(8, uint64(number))
	all := ends(a.Network())
	for range 12 {
		src, dst, v6 := random.Pick(m, all...), random.Pick(m, all...), m.One(3)
		p, ok, err := x.Pair(src, dst, v6)
		q, also, otherErr := y.Pair(src, dst, v6)
		require.Equal(t, err == nil, otherErr == nil)
		require.Equal(t, ok, also)
		if err != nil || !ok {
			continue
		}
		for _, order := range [][2]*emu.Pair{{p, q}, {q, p}} {
			for _, at := range points(order[0]) {
				one, two := order[0].Ask(at), order[1].Ask(at)
				require.Equal(t, one.Answer, two.Answer, "network %d, %s to %s, %v: %v", number, src, dst, checks, at)
				require.Equal(t, one.Request, two.Request, "network %d, %s to %s, %v: %v", number, src, dst, checks, at)
			}
		}
	}
}

func ends(n *vpc.Network) []string {
	list := []string{"internet"}
	for _, v := range n.VPCs {
		for _, s := range v.Subnets {
			if len(s.Interfaces) > 0 {
				list = append(list, v.ID+"/"+s.Interfaces[0].ID)
			}
		}
	}
	return list
}

// points are packets of a pair's boxes, of each one; of the first hundred if there are more.
func points(p *emu.Pair) (all []space.Point) {
	for left := p.All; len(left) > 0 && len(all) < 100; {
		at, ok := p.Some(left[0])
		if !ok {
			left = left[1:]
			continue
		}
		all = append(all, at)
		f := p.Ask(at)
		left = left.Without(&f.Box)
	}
	return all
}

func at(number int) string { return "net:" + strconv.Itoa(number) }

func dropRules(list []firewall.Rule, gone map[string]bool) []firewall.Rule {
	return slices.DeleteFunc(list, func(r firewall.Rule) bool { return gone[r.Origin] })
}

func dropEntries(list []firewall.Entry, gone map[string]bool) []firewall.Entry {
	return slices.DeleteFunc(list, func(e firewall.Entry) bool { return gone[e.Origin] })
}
