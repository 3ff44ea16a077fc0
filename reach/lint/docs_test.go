package lint_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vpcemu/vpcemu/reach/lint"
)

var update = flag.Bool("update", false, "rewrite what docs/lint.md says of each check")

const page = "../../docs/lint.md"

// TestPage: what docs/lint.md says of each check, below its introduction, is made of the table
// of checks.
func TestPage(t *testing.T) {
	got, err := os.ReadFile(page)
	require.NoError(t, err)
	introduction, _, ok := strings.Cut(string(got), tableHead)
	require.True(t, ok)
	want := introduction + tableHead + checks()
	if *update {
		require.NoError(t, os.WriteFile(page, []byte(want), 0o644))
		return
	}
	assert.Equal(t, want, string(got), "go test ./reach/lint -run TestPage -update")
}

const tableHead = "| check | severity | |\n| --- | --- | --- |\n"

// checks are the rows of the table, and a section for each check.
func checks() string {
	var b strings.Builder
	for _, c := range lint.Checks {
		fmt.Fprintf(&b, "| [%s](#%s) | %s | %s |\n", c.ID, c.ID, c.Severity, c.Title)
	}
	for _, c := range lint.Checks {
		fmt.Fprintf(&b, "\n## %s\n\n%s (%s). %s\n\n*What to do:* %s\n", c.ID, c.Title, c.Severity, c.About, c.Fix)
		var better []string
		for _, id := range c.Yields {
			better = append(better, fmt.Sprintf("[%s](#%s)", id, id))
		}
		if len(better) > 0 {
			fmt.Fprintf(&b, "\n*Not said* of what %s finds: it says more.\n", strings.Join(better, " or "))
		}
	}
	return b.String()
}
