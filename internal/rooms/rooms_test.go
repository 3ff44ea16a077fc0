package rooms

import (
	"bytes"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const module = "github.com/vpcemu/vpcemu/"

// rule is what a room, a folder of the module, may import besides the standard
// library: other rooms by folder, all of them if it says everything, and modules by
// path.
type rule struct {
	imports    []string
	everything bool
}

// rules reads the map of ARCHITECTURE.md.
func rules(t *testing.T) map[string]rule {
	text, err := os.ReadFile("../../ARCHITECTURE.md")
	require.NoError(t, err)
	_, text, found := bytes.Cut(text, []byte("\n| --- | --- | --- |\n"))
	require.True(t, found, "ARCHITECTURE.md has no table of three columns")
	table, _, _ := bytes.Cut(text, []byte("\n\n"))
	all := make(map[string]rule)
	for line := range strings.SplitSeq(string(table), "\n") {
		cells := strings.Split(strings.Trim(line, "| "), " | ")
		require.Len(t, cells, 3, line)
		room := strings.Trim(cells[0], "`")
		require.NotContains(t, all, room)
		all[room] = parse(t, cells[2])
	}
	return all
}

// parse reads the last cell of a row.
func parse(t *testing.T, cell string) (r rule) {
	if cell == "nothing" {
		return r
	}
	for word := range strings.SplitSeq(cell, ", ") {
		name, quoted := strings.CutPrefix(word, "`")
		if word == "everything" {
			r.everything = true
			continue
		}
		require.True(t, quoted && strings.HasSuffix(name, "`"), "%q in the table is no folder or module", word)
		r.imports = append(r.imports, strings.TrimSuffix(name, "`"))
	}
	return r
}

// testsToo may be imported by the tests of every room.
var testsToo = []string{"github.com/stretchr/testify", "pgregory.net/rapid"}

// testsOnly are the tests that may import more, because nobody imports their
// packages: a user of emu would have to download what its tests import.
var testsOnly = map[string][]string{
	"emu/netstack":         {"vpc", "routing", "internal/soak", "go.uber.org/goleak"},
	"firewall":             {"github.com/gaissmai/bart"},
	"emu/insights":         {"examples", "vpc/load/yaml"},
	"emu/tap":              {"go.uber.org/goleak", "vpc/load/yaml", "examples", "emu/capture"},
	"examples":             {"vpc/load/yaml", "emu"},
	"routing":              {"github.com/gaissmai/bart"},
	"vpc/load":             {"examples", "emu", "firewall"},
	"vpc/load/yaml":        {"examples", "github.com/santhosh-tekuri/jsonschema/v6", "emu"},
	"vpc/load/awsjson":     {"emu", "vpc/load/yaml"},
	"internal/random":      {"emu", "emu/insights", "reach", "emu/capture", "emu/replay", "vpc/load/yaml", "vpc/load/awsjson"},
	"internal/kernel":      {"internal/random", "emu", "packet", "firewall", "routing", "vpc", "vpc/load/yaml", "internal/netns", "github.com/vishvananda/netlink", "github.com/google/nftables", "github.com/rogpeppe/go-internal", "golang.org/x/sys"},
	"internal/conformance": {"internal/random", "emu", "emu/flowlog", "emu/insights", "packet", "firewall", "routing", "vpc", "vpc/load", "vpc/load/report", "vpc/load/yaml", "vpc/load/awsjson", "github.com/rogpeppe/go-internal", "golang.org/x/net"},
	"cmd/vpcemu":           {"github.com/rogpeppe/go-internal", "packet", "github.com/google/gopacket"},
	"emu/capture":          {"packet", "vpc"},
	"emu/replay":           {"emu/flowlog"},
	"reach/lint":           {"internal/random", "bench", "vpc/load", "vpc/load/yaml", "examples"},
	"bench":                {"github.com/google/gopacket"},
	"internal/space":       {"github.com/dalzilio/rudd"},
	"reach":                {"bench", "examples", "routing", "firewall", "vpc/load/yaml", "internal/random"},
}

func TestImportsPointOneWay(t *testing.T) {
	table := rules(t)
	used := make(map[string]map[string]bool) // room, import
	for _, file := range sources(t) {
		room := filepath.ToSlash(filepath.Dir(file))
		r, known := table[room]
		if !assert.True(t, known, "%s is in a room that has no place in the table", file) {
			continue
		}
		if used[room] == nil {
			used[room] = make(map[string]bool)
		}
		may := r.imports
		if strings.HasSuffix(file, "_test.go") {
			may = slices.Concat(may, testsToo, testsOnly[room], []string{room})
		}
		for _, imp := range imports(t, file) {
			if r.everything && strings.HasPrefix(imp, module) {
				continue
			}
			assert.True(t, permitted(imp, may), "%s imports %s", file, imp)
			used[room][imp] = true
		}
	}
	for room, r := range table {
		assert.NotNil(t, used[room], "the table has a room %s that does not exist", room)
		for _, m := range r.imports {
			assert.True(t, anyOf(used[room], m), "%s does not import %s", room, m)
		}
	}
}

// anyOf reports whether one of the imports is what the table calls so.
func anyOf(used map[string]bool, name string) bool {
	for imp := range used {
		if !permitted(imp, nil) && permitted(imp, []string{name}) { // not of the standard library
			return true
		}
	}
	return false
}

// permitted reports whether an import is in the standard library or in the list:
// a room by its folder, a module by the start of its path.
func permitted(imp string, may []string) bool {
	if room, ours := strings.CutPrefix(imp, module); ours {
		return slices.Contains(may, room)
	}
	first, _, _ := strings.Cut(imp, "/")
	return !strings.Contains(first, ".") || slices.ContainsFunc(may, func(m string) bool {
		return imp == m || strings.HasPrefix(imp, m+"/")
	})
}

func TestPermitted(t *testing.T) {
	may := []string{"packet", "github.com/gaissmai/bart"}
	assert.True(t, permitted("net/netip", may))
	assert.True(t, permitted(module+"packet", may))
	assert.False(t, permitted(module+"emu", may))
	assert.False(t, permitted(module+"packet/sub", may))
	assert.True(t, permitted("github.com/gaissmai/bart", may))
	assert.False(t, permitted("github.com/gaissmai/bartender", may))
}

// sources are the Go files of the module, relative to its root.
func sources(t *testing.T) []string {
	root := "../.."
	_, err := os.Stat(filepath.Join(root, "go.mod"))
	require.NoError(t, err)
	var files []string
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && path != root && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata" || d.Name() == "compare") {
			return filepath.SkipDir
		}
		if strings.HasSuffix(path, ".go") {
			rel, err := filepath.Rel(root, path)
			files = append(files, rel)
			return err
		}
		return nil
	})
	require.NoError(t, err)
	require.NotEmpty(t, files)
	return files
}

func imports(t *testing.T, file string) []string {
	f, err := parser.ParseFile(token.NewFileSet(), filepath.Join("../..", file), nil, parser.ImportsOnly)
	require.NoError(t, err)
	var paths []string
	for _, spec := range f.Imports {
		path, err := strconv.Unquote(spec.Path.Value)
		require.NoError(t, err)
		paths = append(paths, path)
	}
	return paths
}
