package lint_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vpcemu/vpcemu/reach/lint"
	"github.com/vpcemu/vpcemu/vpc/load/yaml"
)

// TestSound: nothing is found in networks as AWS's guides draw them, each of which once was
// thought to have a mistake, and nothing goes unjudged but what a comment here says.
func TestSound(t *testing.T) {
	unjudged := map[string]int{
		"default-vpc.yaml": 1, // interfaces of databases are not modelled
	}
	files, err := filepath.Glob("testdata/sound/*.yaml")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, name := range files {
		base := filepath.Base(name)
		t.Run(base, func(t *testing.T) {
			n, rep, err := yaml.Load(name)
			require.NoError(t, err, "%v", rep)
			list, gaps, err := lint.Run(n)
			require.NoError(t, err)
			for _, f := range list {
				assert.Fail(t, "found", "%v", f)
			}
			assert.Len(t, gaps, unjudged[base], "%v", gaps)
		})
	}
}

// TestUnsound: one change makes such a network one with a mistake, which is found, and nothing
// else.
func TestUnsound(t *testing.T) {
	for _, c := range []struct{ network, old, new, check string }{
		{"default-vpc", "main: {0.0.0.0/0: igw}", "main: {}", "public-address-stranded public-address-stranded"},
		{"default-vpc", "tcp/22 from 198.51.100.7/32", "tcp/22 from 0.0.0.0/0", "internet-administration"},
		{"three-tier", "140 allow tcp/1024-65535 to 10.0.0.0/16", "140 allow tcp/1024-65535 to 10.0.0.0/24", "acl-reply-blocked"},
		{"three-tier", "egress: [100 allow tcp/1024-65535 to 10.0.10.0/23]", "egress: [100 allow tcp/32768-65535 to 10.0.10.0/23]", "acl-reply-partly-blocked"},
		{"three-tier", "nat-b: {subnet: public-b}", "nat-b: {subnet: private-a}", "nat-stranded"},
		{"kubernetes", "10.9.0.0/16, 100.64.0.0/16", "10.9.0.0/16, 10.0.0.0/18", "vpc-overlap"},
		{"kubernetes", "tcp/443 from 10.0.0.0/8", "tcp/443 from 10.0.0.0/16", ""},
		{"central-egress", "public: {0.0.0.0/0: igw, 10.0.0.0/8: hub}", "public: {0.0.0.0/0: igw}", "reply-astray"},
		{"central-egress", "propagation: none}\n    route-tables", "propagation: egress}\n    route-tables", "vpc-overlap"},
		{"inspection", "appliance-mode: true, ", "", "asymmetric-path"},
		{"inspection", "routes: edge", "name: i", "subnet-not-public"},
		{"privatelink", "tcp/443 from 10.0.0.0/16", "tcp/443 from 10.1.0.0/16", "sg-rule-never"},
		{"dual-stack", "\"icmpv6 from ::/0\"", "\"icmp from ::/0\"", "sg-rule-never"},
		{"hybrid", "10.0.0.0/16: peer", "10.3.0.0/16: peer", "reply-astray"},
	} {
		t.Run(c.network+"/"+c.check, func(t *testing.T) {
			text, err := os.ReadFile(filepath.Join("testdata", "sound", c.network+".yaml"))
			require.NoError(t, err)
			require.Contains(t, string(text), c.old)
			list, _, err := lint.Run(parse(t, strings.ReplaceAll(string(text), c.old, c.new)))
			require.NoError(t, err)
			var found []string
			for _, f := range list {
				if f.Severity > lint.Note {
					found = append(found, f.ID)
				}
			}
			assert.Equal(t, c.check, strings.Join(found, " "), "%v", list)
		})
	}
}
