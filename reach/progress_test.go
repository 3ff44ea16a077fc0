package reach

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/vpc"
)

// TestProgress: every pair is told of once, and the last one ends it.
func TestProgress(t *testing.T) {
	var n vpc.Network
	v := n.AddVPC("v", "10.0.0.0/16")
	v.AddSecurityGroup("app").AllowOut("all", "0.0.0.0/0")
	v.AddSubnet("one", "10.0.1.0/24").AddInterface("a", "10.0.1.4", "app")
	v.AddSubnet("two", "10.0.2.0/24").AddInterface("b", "10.0.2.4", "app")
	e, err := emu.New(&n, emu.Options{})
	require.NoError(t, err)
	var told [][2]int
	tell := func(done, all int) { told = append(told, [2]int{done, all}) }
	c := NewChecker(e)
	c.Progress = tell
	_, err = c.Check(&vpc.Expectation{Source: "any", Destination: "any", Want: "blocked"})
	require.NoError(t, err)
	assert.Equal(t, [][2]int{{1, 2}, {2, 2}}, told, "an end with itself is not asked about")

	told = nil
	d := (&Comparison{Progress: tell}).Diff(e, e)
	assert.True(t, d.Same())
	assert.Equal(t, [][2]int{{1, 4}, {2, 4}, {3, 4}, {4, 4}}, told)
}
