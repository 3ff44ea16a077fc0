package conformance

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A rule's id, as in "go test ./... -run RT-14".
var ruleID = regexp.MustCompile(`^\^?[A-Z]+-[0-9]+\$?$`)

// TestMain lets -run name a rule alone, although the tests of rules are subtests.
func TestMain(m *testing.M) {
	flag.Parse()
	if run := flag.Lookup("test.run"); ruleID.MatchString(run.Value.String()) {
		id := strings.Trim(run.Value.String(), "^$")
		_ = flag.Set("test.run", "TestRule/^"+id+"$")
	}
	os.Exit(m.Run())
}

// TestRule runs every file of testdata as the test of the rule it is named after.
func TestRule(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, f := range files {
		name := strings.TrimSuffix(filepath.Base(f), ".txt")
		t.Run(name, func(t *testing.T) {
			data, err := os.ReadFile(f)
			require.NoError(t, err)
			runScript(t, f, data)
		})
	}
}
