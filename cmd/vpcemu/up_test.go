package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestRunName: whatever is brought up has a name that can be a file's.
func TestRunName(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "lab", "sub")
	require.NoError(t, os.MkdirAll(dir, 0o755))
	t.Chdir(dir)
	for _, c := range []struct{ network, want string }{
		{"example:three-tier", "three-tier"},
		{"net.yaml", "net"},
		{"a/b/net.json", "net"},
		{"snapshot/", "snapshot"},
		{".", "sub"},
		{"..", "lab"},
		{"../", "lab"},
		{"/", "network"},
		{".hid.yaml", "hid"},
		{".yaml", "network"},
		{"my net.yaml", "my-net"},
		{"a\tb\xff.yaml", "a-b-"},
	} {
		got := runName(c.network)
		assert.Equal(t, c.want, got, "%q", c.network)
		assert.NotContains(t, got, "/")
	}
}
