package load_test

import (
	"io/fs"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/examples"
	"github.com/vpcemu/vpcemu/firewall"
	"github.com/vpcemu/vpcemu/vpc/load/yaml"
)

// TestExamplesHold: what the examples claim is what the emulator answers.
func TestExamplesHold(t *testing.T) {
	names, err := fs.Glob(examples.FS, "*.yaml")
	require.NoError(t, err)
	require.NotEmpty(t, names)
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			b, err := examples.FS.ReadFile(name)
			require.NoError(t, err)
			n, _, err := yaml.Parse(name, b)
			require.NoError(t, err)
			require.NotEmpty(t, n.Expect)
			e, err := emu.New(n, emu.Options{})
			require.NoError(t, err)
			for _, x := range n.Expect {
				tr, err := e.Trace(emu.Query{Source: x.Source, Destination: x.Destination, Service: firewall.MustParseService(x.Service)})
				if assert.NoError(t, err, x.Origin) {
					assert.Equal(t, x.Want, tr.Verdict.String(), "%s\n%s", x.Origin, tr)
				}
			}
		})
	}
}
