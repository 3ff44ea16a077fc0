package lint_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vpcemu/vpcemu/reach/lint"
)

func TestComments(t *testing.T) {
	text := `a: 1 # vpcemu:ignore sg-unused
# vpcemu:ignore acl-unused, route-blackhole: they are for tomorrow
# another remark

b: 2
c: "# not this"  #vpcemu:ignore sg-peer-empty # why
d: x#vpcemu:ignore sg-peer-empty
# vpcemu:ignore sg-rule-never
`
	assert.Equal(t, []lint.Ignore{
		{ID: "sg-unused", File: "n.yaml", Line: 1, Comment: 1},
		{ID: "acl-unused", File: "n.yaml", Line: 5, Comment: 2},
		{ID: "route-blackhole", File: "n.yaml", Line: 5, Comment: 2},
		{ID: "sg-peer-empty", File: "n.yaml", Line: 6, Comment: 6},
		{ID: "sg-rule-never", File: "n.yaml", Line: 9, Comment: 8},
	}, lint.Comments("n.yaml", []byte(text)))
}

func TestSilence(t *testing.T) {
	found := lint.Finding{ID: "sg-unused", Component: "sg-1", Name: "web", VPC: "v", File: "n.yaml", Line: 7}
	for _, c := range []struct {
		name   string
		ignore lint.Ignore
		silent bool
	}{
		{"all of a check", lint.Ignore{ID: "sg-unused"}, true},
		{"of another check", lint.Ignore{ID: "acl-unused"}, false},
		{"by ID", lint.Ignore{ID: "sg-unused", Component: "sg-1"}, true},
		{"by name", lint.Ignore{ID: "sg-unused", Component: "web"}, true},
		{"by VPC and name", lint.Ignore{ID: "sg-unused", Component: "v/web"}, true},
		{"of another VPC", lint.Ignore{ID: "sg-unused", Component: "w/web"}, false},
		{"by pattern", lint.Ignore{ID: "sg-unused", Component: "w?b"}, true},
		{"by VPC and pattern", lint.Ignore{ID: "sg-unused", Component: "*/w*"}, true},
		{"of another VPC, by pattern", lint.Ignore{ID: "sg-unused", Component: "w*/*"}, false},
		{"by the pattern of a VPC", lint.Ignore{ID: "sg-unused", Component: "v*"}, false},
		{"of another component", lint.Ignore{ID: "sg-unused", Component: "app"}, false},
		{"on its line", lint.Ignore{ID: "sg-unused", File: "n.yaml", Line: 7, Comment: 6}, true},
		{"on another line", lint.Ignore{ID: "sg-unused", File: "n.yaml", Line: 8, Comment: 8}, false},
		{"in another file", lint.Ignore{ID: "sg-unused", File: "m.yaml", Line: 7, Comment: 7}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			kept, silenced := lint.Silence([]lint.Finding{found}, []lint.Ignore{c.ignore})
			if c.silent {
				assert.Empty(t, kept)
				assert.Equal(t, 1, silenced)
				return
			}
			assert.Zero(t, silenced)
			require.Len(t, kept, 2)
			for _, f := range kept {
				if f.ID == lint.Unused {
					assert.Equal(t, c.ignore.Comment, f.Line)
					assert.Contains(t, f.Subject, c.ignore.ID)
				}
			}
		})
	}
}

func TestParseIgnore(t *testing.T) {
	got, err := lint.ParseIgnore("sg-unused=v/web")
	require.NoError(t, err)
	assert.Equal(t, lint.Ignore{ID: "sg-unused", Component: "v/web"}, got)
	_, err = lint.ParseIgnore("sg-unusd")
	assert.ErrorContains(t, err, `there is no check "sg-unusd"; did you mean "sg-unused"?`)
}

// TestUnknownComment: a comment that names no check says so.
func TestUnknownComment(t *testing.T) {
	kept, _ := lint.Silence(nil, []lint.Ignore{{ID: "sg-unusd", File: "n.yaml", Line: 2, Comment: 1}})
	require.Len(t, kept, 1)
	assert.Equal(t, lint.Unused, kept[0].ID)
	assert.Contains(t, kept[0].Reason, "did you mean")
}
