package reach

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/vpcemu/vpcemu/emu"
)

// TestTalk: what only answers begins nothing, and the internet comes in to nothing outside.
func TestTalk(t *testing.T) {
	for _, c := range []struct {
		src, dst emu.EndKind
		want     bool
	}{
		{emu.InterfaceEnd, emu.InterfaceEnd, true},
		{emu.InterfaceEnd, emu.InternetEnd, true},
		{emu.OnPremisesEnd, emu.InternetEnd, true},
		{emu.InternetEnd, emu.BalancerEnd, true},
		{emu.InternetEnd, emu.InternetEnd, false},
		{emu.InternetEnd, emu.OnPremisesEnd, false},
		{emu.InternetEnd, emu.ServiceEnd, false},
		{emu.BalancerEnd, emu.InterfaceEnd, false},
		{emu.ServiceEnd, emu.InternetEnd, false},
	} {
		assert.Equal(t, c.want, talk(c.src, c.dst), "%v to %v", c.src, c.dst)
	}
}
