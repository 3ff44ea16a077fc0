package reach

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/vpcemu/vpcemu/internal/random"
)

// TestChecker_Encounters: what is asked from cohort to cohort is each pair of different ends
// that an expectation means, once.
func TestChecker_Encounters(t *testing.T) {
	shared := 0
	checkers(17, 40, func(n uint64, m *random.Maker, c *Checker) {
		for range 6 {
			sources, err := c.find(random.Pick(m, "any", "internet", "public", c.some(m), c.some(m)+", any"), true)
			destinations, wrong := c.find(random.Pick(m, "any", "*0", "internet", c.some(m), "any, internet"), false)
			if err != nil || wrong != nil {
				continue
			}
			met := make(map[[2]*asked]int)
			for _, e := range c.encounters(sources, destinations) {
				pairs := 0
				for _, src := range e.from {
					for _, dst := range e.to {
						if len(sources)*len(destinations) > 1 && src.self() == dst.self() {
							continue
						}
						met[[2]*asked{src, dst}]++
						pairs++
					}
				}
				require.Equal(t, pairs, e.pairs, "network %d", n)
				require.Equal(t, 1, met[[2]*asked{e.src, e.dst}], "network %d: who is asked about is not among them", n)
				shared += pairs - 1
			}
			for k := range sources {
				for l := range destinations {
					src, dst := &sources[k], &destinations[l]
					want := 1
					if len(sources)*len(destinations) > 1 && (src.self() == dst.self() || !c.meet(src, dst)) {
						want = 0
					}
					require.Equal(t, want, met[[2]*asked{src, dst}], "network %d: %s to %s", n, src.name(), dst.name())
				}
			}
		}
	})
	require.Positive(t, shared)
}

// TestNames_Lists: a list has each end once, however often it is meant.
func TestNames_Lists(t *testing.T) {
	c := NewChecker(EmulatorOf(t, `
vpcs:
  v:
    cidr: 10.0.0.0/16
    subnets: {a: {cidr: 10.0.1.0/24}}
    security-groups: {app: {}}
    instances: {app-1: {subnet: a, ip: 10.0.1.10, groups: [app]}, app-2: {subnet: a, groups: [app]}}
`))
	for _, test := range []struct {
		text string
		want []string
	}{
		{"app-1, app-1", []string{"app-1"}},
		{"app-1, app-*", []string{"app-1", "app-2"}},
		{"app-*, app-1", []string{"app-1", "app-2"}},
		{"internet, internet, app-2", []string{"internet", "app-2"}},
		{"10.0.1.10, 10.0.1.10", []string{"10.0.1.10"}},
		{"app-1, 10.0.1.10", []string{"app-1", "10.0.1.10"}}, // the interface's other addresses are not meant by the one
		{"app-1, app-1 except app-2", []string{"app-1"}},
	} {
		t.Run(test.text, func(t *testing.T) {
			found, err := c.find(test.text, true)
			require.NoError(t, err)
			var got []string
			for _, a := range found {
				got = append(got, a.name())
			}
			require.Equal(t, test.want, got)
		})
	}
}
