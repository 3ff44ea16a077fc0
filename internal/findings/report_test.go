package findings

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func sample() *Report {
	return &Report{
		Command: "check", Version: "v1.2.3", Subject: "infra/net.yaml",
		Rules: []Rule{{ID: "unexpected-reachable", Name: "UnexpectedReachable", Short: "Traffic gets through that is expected to be blocked.", Help: "Narrow the **rule**."}},
		Findings: []Finding{
			{ID: "unexpected-reachable", Message: "internet reaches db-1: 100%, at tcp/5432", Detail: "line one\nline two\n", Fix: "remove it", Component: "db-1", File: "infra/net.yaml", Line: 12, Column: 5},
			{ID: "unexpected-reachable", Message: "internet reaches db-1: 100%, at tcp/5432", Component: "db-1", File: "infra/net.yaml", Line: 40},
			{ID: "other", Severity: Note, Message: "has no place"},
			{ID: "other", Severity: Warning, Message: "elsewhere", File: "/elsewhere/a b/net.yaml"},
		},
		Cases: []Case{
			{Name: "a -> b", Group: "infra/net.yaml"},
			{Name: "internet -> db-1", Group: "infra/net.yaml", Failure: "is reachable", Detail: "a\x00b ü <&>", File: "infra/net.yaml", Line: 7},
			{Name: "a -> c", Group: "more.yaml", Error: "nothing is called c"},
		},
	}
}

func write(t *testing.T, r *Report, form string) string {
	var b bytes.Buffer
	require.NoError(t, r.Write(&b, form))
	return b.String()
}

func TestText(t *testing.T) {
	require.Equal(t, `infra/net.yaml:12:5: error: internet reaches db-1: 100%, at tcp/5432 [unexpected-reachable]
    line one
    line two
    remove it
infra/net.yaml:40: error: internet reaches db-1: 100%, at tcp/5432 [unexpected-reachable]
note: has no place [other]
/elsewhere/a b/net.yaml: warning: elsewhere [other]
`, write(t, sample(), "text"))
}

func TestJSON(t *testing.T) {
	require.Equal(t, `{
  "command": "lint",
  "subject": "net.yaml",
  "findings": [
    {
      "id": "x",
      "severity": "note",
      "message": "a -> b"
    }
  ]
}
`, write(t, &Report{Command: "lint", Subject: "net.yaml", Findings: []Finding{{ID: "x", Severity: Note, Message: "a -> b"}}}, "json"))
	require.Contains(t, write(t, &Report{}, "json"), `"findings": []`)
}

// TestGitHub: the percent sign and ends of lines are codes everywhere; colons and commas
// are in properties, where they end one, and not in the message.
func TestGitHub(t *testing.T) {
	r := sample()
	r.Command = "check: a,b"
	require.Equal(t, `::error file=infra/net.yaml,line=12,col=5,title=vpcemu check%3A a%2Cb%3A unexpected-reachable::internet reaches db-1: 100%25, at tcp/5432%0Aline one%0Aline two%0Aremove it
::error file=infra/net.yaml,line=40,title=vpcemu check%3A a%2Cb%3A unexpected-reachable::internet reaches db-1: 100%25, at tcp/5432
::notice title=vpcemu check%3A a%2Cb%3A other::has no place
::warning file=/elsewhere/a b/net.yaml,title=vpcemu check%3A a%2Cb%3A other::elsewhere
`, write(t, r, "github"))
}

func TestJUnit(t *testing.T) {
	text := write(t, sample(), "junit")
	var all junitSuites
	require.NoError(t, xml.Unmarshal([]byte(text), &all))
	require.Equal(t, [3]int{3, 1, 1}, [3]int{all.Tests, all.Failures, all.Errors})
	require.Len(t, all.Suites, 2)
	require.Equal(t, "a -> b", all.Suites[0].Cases[0].Name)
	require.Nil(t, all.Suites[0].Cases[0].Failure)
	require.Equal(t, &junitResult{"is reachable", "failure", "a?b ü <&>"}, all.Suites[0].Cases[1].Failure)
	require.Equal(t, 7, all.Suites[0].Cases[1].Line)
	require.Equal(t, "nothing is called c", all.Suites[1].Cases[0].Error.Message)

	r := sample()
	r.Cases = nil
	require.NoError(t, xml.Unmarshal([]byte(write(t, r, "junit")), &all))
	require.Equal(t, 4, all.Failures, "each finding is a case")
}

// object is JSON as it was written.
type object = map[string]any

// TestSARIF asks for what SARIF 2.1.0 requires, and for what GitHub's code scanning
// requires beyond it.
func TestSARIF(t *testing.T) {
	for name, r := range map[string]*Report{"findings": sample(), "none": {Command: "lint"}} {
		t.Run(name, func(t *testing.T) {
			var log object
			require.NoError(t, json.Unmarshal([]byte(write(t, r, "sarif")), &log))
			require.Equal(t, "2.1.0", log["version"])
			require.NotEmpty(t, log["$schema"])
			run := log["runs"].([]any)[0].(object)
			require.Equal(t, "vpcemu/"+r.Command+"/", run["automationDetails"].(object)["id"], "one category for each command")
			driver := run["tool"].(object)["driver"].(object)
			require.Equal(t, "vpcemu", driver["name"])
			ids := make(map[string]bool)
			rules := driver["rules"].([]any)
			for _, one := range rules {
				rule := one.(object)
				require.False(t, ids[rule["id"].(string)], "the ID of a rule is unique")
				ids[rule["id"].(string)] = true
				for _, key := range []string{"shortDescription", "fullDescription", "help"} {
					require.NotEmpty(t, rule[key].(object)["text"], key)
				}
				require.Contains(t, []string{"error", "warning", "note", "none"}, rule["defaultConfiguration"].(object)["level"])
				require.LessOrEqual(t, len(rule["properties"].(object)["tags"].([]any)), 10)
			}
			prints := make(map[any]bool)
			results := run["results"].([]any)
			require.Len(t, results, len(r.Findings))
			for _, one := range results {
				result := one.(object)
				require.NotEmpty(t, result["message"].(object)["text"])
				require.Equal(t, result["ruleId"], rules[int(result["ruleIndex"].(float64))].(object)["id"])
				require.Contains(t, []string{"error", "warning", "note", "none"}, result["level"])
				places := result["locations"].([]any)
				require.NotEmpty(t, places)
				place := places[0].(object)["physicalLocation"].(object)
				uri := place["artifactLocation"].(object)["uri"].(string)
				require.NotEmpty(t, uri)
				require.NotContains(t, uri, " ")
				require.GreaterOrEqual(t, place["region"].(object)["startLine"].(float64), 1.0)
				print := result["partialFingerprints"].(object)["vpcemu/v1"]
				require.False(t, prints[print], "a fingerprint is of one result")
				prints[print] = true
			}
		})
	}
}

func TestSARIF_Places(t *testing.T) {
	for file, want := range map[string]sarifArtifact{
		"infra/net.yaml":          {"infra/net.yaml", "%SRCROOT%"},
		"./a b/net.yaml":          {"a%20b/net.yaml", "%SRCROOT%"},
		"/elsewhere/a b/net.yaml": {"file:///elsewhere/a%20b/net.yaml", ""},
		"example:x":               {"./example:x", "%SRCROOT%"},
	} {
		require.Equal(t, want, artifact(file), file)
	}
	f := Finding{ID: "x", Message: "moves", File: "a.yaml", Line: 3}
	moved := f
	moved.Line = 30
	require.Equal(t, f.fingerprints(map[string]int{}), moved.fingerprints(map[string]int{}), "a finding is the same on another line")
}

func TestPlaces(t *testing.T) {
	t.Chdir(t.TempDir())
	elsewhere := t.TempDir()
	for _, f := range []string{"infra/net.yaml", "infra/more.yaml", "snapshot/eu/groups.json", "twice/more.yaml"} {
		require.NoError(t, os.MkdirAll(filepath.Dir(f), 0o755))
		require.NoError(t, os.WriteFile(f, nil, 0o644))
	}
	far := filepath.Join(elsewhere, "far.yaml")
	wd, err := os.Getwd()
	require.NoError(t, err)
	p := NewPlaces(filepath.Join(wd, "infra/net.yaml"), "./infra/more.yaml", "twice/more.yaml", "snapshot", far, "./infra/net.yaml")
	for _, c := range []struct {
		origin, file string
		line, column int
	}{
		{"net.yaml:12", "infra/net.yaml", 12, 0},
		{"net.yaml:12:5", "infra/net.yaml", 12, 5},
		{"more.yaml:1", "", 0, 0}, // which of two?
		{"eu/groups.json:7", "snapshot/eu/groups.json", 7, 0},
		{"far.yaml:1", far, 1, 0},
		{"three-tier.yaml:30", "three-tier.yaml", 30, 0},
		{"", "", 0, 0},
		{"nowhere", "", 0, 0},
		{"net.yaml:x", "", 0, 0},
	} {
		file, line, column := p.At(c.origin)
		require.Equal(t, c.file, file, c.origin)
		require.Equal(t, [2]int{c.line, c.column}, [2]int{line, column}, c.origin)
	}
}

func TestSeverity(t *testing.T) {
	for _, s := range []Severity{Error, Warning, Note} {
		var read Severity
		require.NoError(t, read.UnmarshalText([]byte(s.String())))
		require.Equal(t, s, read)
	}
	require.ErrorContains(t, new(Severity).UnmarshalText([]byte("bad")), "want error, warning or note")
	require.Error(t, sample().Write(&strings.Builder{}, "html"))
}
