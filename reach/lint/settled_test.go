package lint

import (
	"flag"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/vpcemu/vpcemu/internal/random"
)

var settledNetworks = flag.Int("settled", 8, "how many random networks TestSettled makes up")

// TestSettled: what is found by asking about those pairs only that something may keep apart
// is what is found by asking about all, as far as network ACLs do it.
func TestSettled(t *testing.T) {
	found := 0
	for k := range *settledNetworks {
		n := random.New(9, uint64(k)).Network(random.Everything &^ random.LoadBalancers &^ random.Gaps)
		p, err := newPass(n)
		if err != nil {
			continue
		}
		slow, err := newPass(n)
		require.NoError(t, err)
		slow.thorough = true
		one, two := kinds(p.replies()), kinds(slow.replies())
		require.Equal(t, two, one, "network %d", k)
		found += len(one)
	}
	require.NotZero(t, found)
}

// kinds are what ACLs lose, without examples.
func kinds(x *replies) (all []string) {
	for _, l := range x.lost {
		if isACL(l) {
			all = append(all, fmt.Sprint(l.vpc.Desc.ID, " ", l.blocker.Component, " ", l.blocker.Stage, " ", l.some))
		}
	}
	slices.Sort(all)
	return all
}

// TestMostPairs: that not all pairs were asked about is said.
func TestMostPairs(t *testing.T) {
	for k := range 40 {
		n := random.New(9, uint64(k)).Network(random.Everything)
		p, err := newPass(n)
		if err != nil {
			continue
		}
		p.thorough, p.most = true, 3
		gaps := p.replies().gaps
		if len(gaps) > 0 && gaps[len(gaps)-1].why == "there are more pairs of interfaces than the 3 that were asked about" {
			q, err := newPass(n)
			require.NoError(t, err)
			for _, g := range q.replies().gaps {
				require.NotContains(t, g.why, "that were asked about")
			}
			return
		}
	}
	require.Fail(t, "no network has more pairs")
}
