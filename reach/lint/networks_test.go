package lint_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vpcemu/vpcemu/examples"
	"github.com/vpcemu/vpcemu/reach/lint"
	"github.com/vpcemu/vpcemu/vpc/load"
	"github.com/vpcemu/vpcemu/vpc/load/yaml"
)

// TestExamples: nothing is found in the examples but what a comment explains.
func TestExamples(t *testing.T) {
	files, err := fs.Glob(examples.FS, "*.yaml")
	require.NoError(t, err)
	for _, name := range files {
		text, err := examples.FS.ReadFile(name)
		require.NoError(t, err)
		n, _, err := yaml.Parse(name, text)
		require.NoError(t, err)
		list, _, err := lint.Run(n)
		require.NoError(t, err)
		kept, _ := lint.Silence(list, lint.Comments(name, text))
		assert.Empty(t, kept, name)
	}
}

// TestInputs: snapshots of others are linted without failing, and every witness sees what
// its finding says.
func TestInputs(t *testing.T) {
	in := filepath.Join(root(t), "..", "shared", "inputs")
	if _, err := os.Stat(in); err != nil {
		t.Skipf("third-party snapshots are not here (%s)", in)
	}
	linted := 0
	err := filepath.WalkDir(in, func(name string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() || strings.Contains(name, "/pcap") || strings.Contains(name, "/bgp") {
			return err
		}
		n, rep, err := load.Load(name)
		if err != nil || rep.Format != "aws" || n.Validate() != nil {
			return nil
		}
		linted++
		list, _, err := lint.Run(n)
		require.NoError(t, err, name)
		once(t, list, name)
		for k := range list {
			confirm(t, n, &list[k])
		}
		return nil
	})
	require.NoError(t, err)
	t.Logf("%d snapshots", linted)
	assert.Greater(t, linted, 9)
}

// root is the folder of the module.
func root(t *testing.T) string {
	t.Helper()
	dir, err := os.Getwd()
	require.NoError(t, err)
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); !errors.Is(err, fs.ErrNotExist) {
			return dir
		}
		dir = filepath.Dir(dir)
	}
}
