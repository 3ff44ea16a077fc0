package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestReachOfSnapshots holds the matrices of snapshots that others have published against
// what a person has read once. With -update they are written anew, to be read again.
func TestReachOfSnapshots(t *testing.T) {
	var found []string
	for _, dir := range []string{"../../../shared/inputs/aws-snapshots", "../../../../shared/inputs/aws-snapshots"} {
		some, _ := filepath.Glob(filepath.Join(dir, "*", "aws_configs")) // the pattern is well-formed
		found = append(found, some...)
	}
	if len(found) == 0 {
		t.Skip("third-party snapshots are not here: nothing to compare")
	}
	for _, snapshot := range found {
		name := filepath.Base(filepath.Dir(snapshot))
		t.Run(name, func(t *testing.T) {
			var out, stderr bytes.Buffer
			require.Zero(t, run([]string{"reach", snapshot}, &out, &stderr), stderr.String())
			golden := filepath.Join("testdata", "reach", name+".txt")
			if *update {
				require.NoError(t, os.MkdirAll(filepath.Dir(golden), 0o755))
				require.NoError(t, os.WriteFile(golden, out.Bytes(), 0o644))
			}
			want, err := os.ReadFile(golden)
			require.NoError(t, err)
			assert.Equal(t, string(want), out.String())
		})
	}
}
