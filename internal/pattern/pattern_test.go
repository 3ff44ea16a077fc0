package pattern

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"pgregory.net/rapid"
)

func TestMatch(t *testing.T) {
	for _, c := range []struct{ pattern, yes, no string }{
		{"app-1", "app-1", "app-10"},
		{"app-?", "app-1", "app-10"},
		{"app-?", "app-é", "app-"},
		{"app-*", "app-", "app"},
		{"*-1", "app-1", "app-10"},
		{"a*b*c", "a-b-b-c", "a-c-b"},
		{"*", "", ""},
		{"web[1]", "web[1]", "web1"},
		{"a*", "a/b", "b/a"},
		{"a?b", "a?b", "a??b"},
	} {
		assert.True(t, Match(c.pattern, c.yes), "%q of %q", c.pattern, c.yes)
		if c.no != "" {
			assert.False(t, Match(c.pattern, c.no), "%q of %q", c.pattern, c.no)
		}
	}
}

func TestIn(t *testing.T) {
	owners, names := []string{"vpc-1", "prod"}, []string{"eni-1", "app-1", "team/app", ""}
	for _, yes := range []string{"app-1", "app-*", "prod/app-1", "vpc-?/eni-1", "*/app-1", "team/app", "team/*", "prod/team/app", "p*/a*", "*"} {
		assert.True(t, In(yes, owners, names), yes)
	}
	for _, no := range []string{"p*", "prod", "prod/app-2", "dev/app-1", "app-1/", "/app-1", "prod*1", ""} {
		assert.False(t, In(no, owners, names), no)
	}
}

// TestMatch_Twin holds Match against a regular expression.
func TestMatch_Twin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pattern := rapid.StringOfN(rapid.SampledFrom([]rune("aé*?")), 0, 8, -1).Draw(t, "pattern")
		name := rapid.StringOfN(rapid.SampledFrom([]rune("aé")), 0, 8, -1).Draw(t, "name")
		quoted := regexp.QuoteMeta(pattern)
		twin := regexp.MustCompile(`(?s)^` + strings.NewReplacer(`\*`, `.*`, `\?`, `.`).Replace(quoted) + `$`)
		assert.Equal(t, twin.MatchString(name), Match(pattern, name), "%q of %q", pattern, name)
	})
}
