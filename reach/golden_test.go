package reach_test

import (
	"encoding/json"
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vpcemu/vpcemu/examples"
	"github.com/vpcemu/vpcemu/reach"
	"github.com/vpcemu/vpcemu/vpc/load/yaml"
)

var update = flag.Bool("update", false, "write testdata anew; then read what has changed")

// TestExamples: the answers about the examples, which a person has checked by hand.
func TestExamples(t *testing.T) {
	for file, pairs := range map[string][][2]string{
		"three-tier.yaml":     {{"internet", "web-1"}, {"web-1", "app-1"}, {"app-1", "db-1"}, {"web-1", "db-1"}, {"internet", "db-1"}, {"app-1", "internet"}, {"db-1", "internet"}},
		"dual-stack.yaml":     {{"internet", "web-1"}, {"internet", "web-2"}, {"back-1", "web-1"}, {"back-1", "internet"}, {"web-2", "internet"}},
		"hybrid.yaml":         {{"onprem", "app-1"}, {"app-1", "onprem"}, {"app-1", "db-1"}, {"onprem", "db-1"}, {"db-1", "app-1"}},
		"two-interfaces.yaml": {{"client-1", "server-1"}, {"client-2", "server-1"}, {"server-1", "client-1"}},
	} {
		t.Run(file, func(t *testing.T) {
			b, err := examples.FS.ReadFile(file)
			require.NoError(t, err)
			n, _, err := yaml.Parse(file, b)
			require.NoError(t, err)
			net, err := reach.New(n)
			require.NoError(t, err)
			var got strings.Builder
			for _, p := range pairs {
				a, err := net.Between(p[0], p[1])
				require.NoError(t, err)
				got.WriteString(p[0] + " -> " + p[1] + "\n\n" + a.String() + "\n")
			}
			golden(t, strings.TrimSuffix(file, ".yaml")+".txt", got.String())
		})
	}
}

// golden compares with a file, or writes it.
func golden(t *testing.T, name, got string) {
	name = "testdata/" + name
	if *update {
		require.NoError(t, os.WriteFile(name, []byte(got), 0o644))
	}
	want, err := os.ReadFile(name)
	require.NoError(t, err)
	assert.Equal(t, string(want), got)
}

// TestJSON: the form that [reach.Answer.MarshalJSON] says.
func TestJSON(t *testing.T) {
	b, err := examples.FS.ReadFile("three-tier.yaml")
	require.NoError(t, err)
	n, _, err := yaml.Parse("three-tier.yaml", b)
	require.NoError(t, err)
	a, err := reach.Between(n, "app-1", "db-1")
	require.NoError(t, err)
	got, err := json.MarshalIndent(a, "", "  ")
	require.NoError(t, err)
	golden(t, "three-tier.json", string(got)+"\n")
}
