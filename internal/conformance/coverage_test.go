package conformance

import (
	"bufio"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// sections of the rule book and the number of rules in each: VPC-1 to VPC-23 and
// so on. Rules are only ever appended.
var sections = []struct {
	name  string
	rules int
}{
	{"VPC", 23}, {"SUB", 25}, {"RT", 56}, {"SG", 60}, {"ACL", 27}, {"IGW", 31}, {"EIGW", 8}, {"NAT", 45}, {"ENI", 23}, {"PCX", 17},
	{"TGW", 36}, {"EP", 27}, {"VPN", 11}, {"DX", 6}, {"LNK", 22}, {"MTU", 15}, {"FLOW", 45}, {"ERR", 50}, {"ORDER", 42}, {"LIM", 60},
}

// TestCoverage accounts for every rule of the rule book: proven by a file here
// or by a Go test named after it, not modelled yet, or not applicable, the last
// two with a reason. Run it with -v to read the list.
func TestCoverage(t *testing.T) {
	proven := provenInGo(t)
	maps.Copy(proven, provenByFile(t))
	for id, other := range reasons(t, "sameas") {
		require.Contains(t, proven, other, "what proves %s", id)
		proven[id] = "as " + other
	}
	notYet, notApplicable := reasons(t, "notyet"), reasons(t, "notapplicable")
	for id := range proven {
		assert.NotContains(t, notYet, id, "proven, and said to be not modelled yet")
		assert.NotContains(t, notApplicable, id, "proven, and said to be not applicable")
	}
	counts := make(map[string]int)
	for _, s := range sections {
		for n := 1; n <= s.rules; n++ {
			id := fmt.Sprintf("%s-%d", s.name, n)
			status, detail := account(id, proven, notYet, notApplicable)
			counts[status]++
			t.Logf("%-9s %-14s %s", id, status, detail)
			delete(proven, id)
			delete(notYet, id)
			delete(notApplicable, id)
		}
	}
	assert.Empty(t, proven, "tests of rules that do not exist")
	assert.Empty(t, notYet, "rules that do not exist, said to be not modelled yet")
	assert.Empty(t, notApplicable, "rules that do not exist, said to be not applicable")
	assert.Zero(t, counts["unaccounted"], "rules that nobody speaks of; run with -v")
	fmt.Printf("rules: %d proven, %d not modelled yet, %d not applicable, %d unaccounted\n",
		counts["proven"], counts["not yet"], counts["not applicable"], counts["unaccounted"])
}

func account(id string, proven, notYet, notApplicable map[string]string) (status, detail string) {
	if by, ok := proven[id]; ok {
		return "proven", by
	}
	if why, ok := notYet[id]; ok {
		return "not yet", why
	}
	if why, ok := notApplicable[id]; ok {
		return "not applicable", why
	}
	return "unaccounted", ""
}

func provenByFile(t *testing.T) map[string]string {
	files, err := filepath.Glob("testdata/*.txt")
	require.NoError(t, err)
	proven := make(map[string]string)
	for _, f := range files {
		proven[strings.TrimSuffix(filepath.Base(f), ".txt")] = f
	}
	return proven
}

// A Go test of a rule is called TestSG28_UntrackedFlows, and one of several rules
// TestSG37_SG38_IdleTimes.
var (
	testFunction = regexp.MustCompile(`(?m)^func Test((?:[A-Z]+[0-9]+_)+)`)
	testOfRule   = regexp.MustCompile(`([A-Z]+)([0-9]+)_`)
)

func provenInGo(t *testing.T) map[string]string {
	proven := make(map[string]string)
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		data, err := os.ReadFile(path)
		for _, f := range testFunction.FindAllStringSubmatch(string(data), -1) {
			for _, id := range testOfRule.FindAllStringSubmatch(f[1], -1) {
				proven[id[1]+"-"+id[2]] = strings.TrimPrefix(filepath.ToSlash(path), "../../")
			}
		}
		return err
	})
	require.NoError(t, err)
	return proven
}

// reasons reads "ID reason" lines, of ids or of ranges like "NAT-1..45".
func reasons(t *testing.T, name string) map[string]string {
	f, err := os.Open(name + ".txt")
	require.NoError(t, err)
	defer f.Close()
	why := make(map[string]string)
	for lines := bufio.NewScanner(f); lines.Scan(); {
		ids, reason, _ := strings.Cut(lines.Text(), " ")
		if ids == "" || strings.HasPrefix(ids, "#") {
			continue
		}
		require.NotEmpty(t, reason, "%s: %s has no reason", name, ids)
		for _, id := range idRange(t, ids) {
			why[id] = reason
		}
	}
	return why
}

func idRange(t *testing.T, ids string) []string {
	section, numbers, _ := strings.Cut(ids, "-")
	var first, last int
	if _, err := fmt.Sscanf(numbers, "%d..%d", &first, &last); err != nil {
		_, err := fmt.Sscanf(numbers, "%d", &first)
		require.NoError(t, err, ids)
		last = first
	}
	var out []string
	for n := first; n <= last; n++ {
		out = append(out, fmt.Sprintf("%s-%d", section, n))
	}
	return out
}

// TestSectionsMatchTheRuleBook compares the sections with the rule book itself
// where it is at hand; it is not part of the project.
func TestSectionsMatchTheRuleBook(t *testing.T) {
	data, err := os.ReadFile(filepath.Join("..", "..", "..", "shared", "semantics.md"))
	if err != nil {
		t.Skip("the rule book is not here")
	}
	line := regexp.MustCompile(`(?m)^(?:\| )?([A-Z]+-[0-9]+) `)
	var want, got []string
	for _, m := range line.FindAllStringSubmatch(string(data), -1) {
		want = append(want, m[1])
	}
	for _, s := range sections {
		for n := 1; n <= s.rules; n++ {
			got = append(got, fmt.Sprintf("%s-%d", s.name, n))
		}
	}
	slices.Sort(want)
	slices.Sort(got)
	assert.Equal(t, want, got)
}
