package main

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestDocs runs the commands of the documentation that stand behind "$ ", those of one page in
// one folder, and compares what they print with the lines below them.
func TestDocs(t *testing.T) {
	t.Parallel()
	for page, least := range map[string]int{"README.md": 9, "docs/lint.md": 4} {
		t.Run(page, func(t *testing.T) {
			dir, count := t.TempDir(), 0
			for _, block := range blocks(t, page) {
				if !strings.HasPrefix(block, "\n$ ") {
					continue
				}
				for session := range strings.SplitSeq(block[1:], "\n$ ") {
					command, want, _ := strings.Cut(strings.TrimPrefix(session, "$ "), "\n")
					cmd := exec.Command("sh", "-c", strings.ReplaceAll(command, "go run ./cmd/vpcemu", "vpcemu"))
					cmd.Dir = dir
					out, _ := cmd.CombinedOutput() // statuses are no part of the page
					assert.Equal(t, strings.TrimRight(want, "\n"), strings.TrimRight(string(out), "\n"), command)
					count++
				}
			}
			assert.GreaterOrEqual(t, count, least)
		})
	}
}

// TestPullRequestsPage: what the page shows is what the script of its commands has.
func TestPullRequestsPage(t *testing.T) {
	script, err := os.ReadFile("testdata/script/pull-requests.txtar")
	require.NoError(t, err)
	count := 0
	for _, block := range blocks(t, "docs/pull-requests.md") {
		name, text, _ := strings.Cut(block, "\n")
		if name == "" || strings.HasPrefix(text, "# The network") {
			assert.Contains(t, string(script), "\n"+text)
			count++
		}
	}
	assert.Equal(t, 4, count, "a network and three outputs")
}

// blocks are what a page has between fences, each with the rest of the first fence's line.
func blocks(t *testing.T, page string) (all []string) {
	text, err := os.ReadFile("../../" + page)
	require.NoError(t, err)
	for k, part := range strings.Split(string(text), "```") {
		if k%2 == 1 {
			all = append(all, part)
		}
	}
	return all
}
