package main

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vpcemu/vpcemu/examples"
)

// TestHelpExamples runs every example of every help text. What stands behind
// "status" in its comment is the exit status, else 0.
func TestHelpExamples(t *testing.T) {
	t.Parallel() // with the scripts: all wait for processes
	dir := t.TempDir()
	net, err := examples.FS.ReadFile("three-tier.yaml")
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "net.yaml"), net, 0o600))
	opened := strings.Replace(string(net), "[tcp/443 from 0.0.0.0/0]", "[tcp/443 from 0.0.0.0/0, tcp/22 from 0.0.0.0/0]", 1)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "new.yaml"), []byte(opened), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "w.pcap"), handshake(t), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "expect.yaml"), []byte("- app-1 -> db-1 tcp/5432: reachable\n"), 0o600))
	require.Equal(t, 0, run([]string{"convert", "example:three-tier", filepath.Join(dir, "snapshot"), "-o", "aws", "-q"}, io.Discard, io.Discard))

	for _, c := range commands(t) {
		for line := range strings.SplitSeq(c.Example, "\n") {
			if strings.HasPrefix(line, "  sudo ") {
				continue // TestUp has them
			}
			t.Run(strings.TrimSpace(line), func(t *testing.T) {
				cmd := exec.Command("sh", "-c", line)
				cmd.Dir = dir
				out, err := cmd.CombinedOutput()
				var exit *exec.ExitError
				if err != nil && !errors.As(err, &exit) {
					t.Fatal(err)
				}
				assert.Equal(t, statusInComment(line), cmd.ProcessState.ExitCode(), "%s", out)
			})
		}
	}
}

var statusWord = regexp.MustCompile(`#.*status (\d)`)

func statusInComment(line string) int {
	if m := statusWord.FindStringSubmatch(line); m != nil {
		n, _ := strconv.Atoi(m[1])
		return n
	}
	return 0
}

// commands are vpcemu and all its commands, but for cobra's own.
func commands(t *testing.T) []*cobra.Command {
	t.Helper()
	root := new(app).root()
	list := append([]*cobra.Command{root}, root.Commands()...)
	return slices.DeleteFunc(list, func(c *cobra.Command) bool { return c.Name() == "completion" })
}

// TestHelpTeaches: every command has a long help with examples, in lines that fit
// a terminal.
func TestHelpTeaches(t *testing.T) {
	for _, c := range commands(t) {
		assert.NotEmpty(t, c.Short, c.Name())
		assert.NotEmpty(t, c.Long, c.Name())
		assert.Regexp(t, "^  (sudo )?vpcemu "+strings.TrimPrefix(c.Name(), "vpcemu"), c.Example)
		for line := range strings.SplitSeq(c.Long+"\n"+c.Example, "\n") {
			assert.LessOrEqual(t, len([]rune(line)), 90, line)
		}
	}
}
