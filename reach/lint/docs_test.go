package lint_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vpcemu/vpcemu/reach/lint"
)

var update = flag.Bool("update", false, "write docs/lint.md")

const page = "../../docs/lint.md"

// TestPage: docs/lint.md is made of the table of checks.
func TestPage(t *testing.T) {
	want := text()
	if *update {
		require.NoError(t, os.WriteFile(page, want, 0o644))
	}
	got, err := os.ReadFile(page)
	require.NoError(t, err)
	assert.Equal(t, string(want), string(got), "go test ./reach/lint -run TestPage -update")
}

func text() []byte {
	var b bytes.Buffer
	b.WriteString(`# What vpcemu lint looks for

` + "`vpcemu lint NETWORK`" + ` asks with packets wherever it can: a database is open if packets from the internet reach it and are answered, not
if some rule has 0.0.0.0/0 in it. A finding has what packets see, with a command that shows one, what would mend it, and the line where it was
written. What the description does not tell is *not judged*: it is listed below the findings, and does not change the exit status.

**Severities.** An *error* does not work, or is open to all; a *warning* is probably not what was meant; a *note* does nothing, or nothing
yet. The exit status is 1 from warnings on; ` + "`--fail-on error|warning|note|never`" + ` changes that.

**Silencing.** In a YAML network a comment silences findings of its line, or, if it stands alone, of the next line that says something:

` + "```yaml" + `
ssh: {ingress: [tcp/22 from 0.0.0.0/0]} # vpcemu:ignore internet-administration: the bastion
# vpcemu:ignore sg-unused, sg-rule-never: for next week
later: {ingress: [tcp/443 from 192.168.0.0/16]}
` + "```" + `

Of any network ` + "`--ignore CHECK`" + ` silences a check and ` + "`--ignore CHECK=COMPONENT`" + ` what it finds about some components, by ID, name or
VPC/name, in which * stands for any letters and ? for one. An ignore that silences nothing is a finding itself.

**One mistake, one finding.** A rule, an entry or a route is found by the check that says most about it, and of a group, an ACL or a route table
that nothing has only that is said; below each check stands which ones it yields to. A rule that opens a database and a port of administration is
two findings, for they are silenced apart, and so is what has two mistakes.

**Limits.** Of interfaces that the network treats alike one is asked about, and about no more than 4,000 pairs; if there are more, that is
said. Of two gateways to one office, each may answer for the other. What a target sends to its own load balancer is nobody's mistake. What a
subnet is called is its name: other tags are not read. It is public if its route table has a route to an internet gateway that is no blackhole,
as for the patterns of that name in ` + "`check`" + `.

| check | severity | |
| --- | --- | --- |
`)
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
	return b.Bytes()
}
