package reach

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/vpc"
	"github.com/vpcemu/vpcemu/vpc/load/yaml"
)

// NetworkOf is what a network's file says.
func NetworkOf(t *testing.T, file string) *vpc.Network {
	t.Helper()
	n, _, err := yaml.Parse("network.yaml", []byte(file))
	require.NoError(t, err)
	return n
}

// EmulatorOf runs the network.
func EmulatorOf(t *testing.T, file string) *emu.Emulator {
	t.Helper()
	e, err := emu.New(NetworkOf(t, file), emu.Options{})
	require.NoError(t, err)
	return e
}
