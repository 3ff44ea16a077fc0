package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func sampleGrid() *grid {
	g := &grid{title: "Things", header: []string{"NAME", "EMPTY", "WHERE"}}
	g.add(true, "one", "", "a-long-file-name.yaml:1")
	g.add(false, "", "", "c:1")
	g.add(true, "two → three", "", "b.yaml:2")
	return g
}

func TestGrid(t *testing.T) {
	for _, c := range []struct {
		name  string
		width int
		want  string
	}{
		{"as long as it likes", 0, "Things (2)\n  NAME         WHERE\n  one          a-long-file-name.yaml:1\n               c:1\n  two → three  b.yaml:2\n"},
		{"cut to the terminal", 27, "Things (2)\n  NAME         WHERE\n  one          a-long-file…\n               c:1\n  two → three  b.yaml:2\n"},
		{"no room at all", 1, "Things (2)\n  NAME         WHERE\n  one          a-long-file-name.yaml:1\n               c:1\n  two → three  b.yaml:2\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var b strings.Builder
			require.NoError(t, sampleGrid().write(&b, plain, c.width))
			assert.Equal(t, c.want, b.String())
		})
	}
}

func TestEmptyGrid(t *testing.T) {
	var b strings.Builder
	require.NoError(t, (&grid{title: "Things", header: []string{"NAME"}}).write(&b, plain, 0))
	assert.Equal(t, "Things (0)\n", b.String())
}
