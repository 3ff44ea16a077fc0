package rooms

import (
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

// allowed says what each room may import besides the standard library: other
// rooms by folder, and modules by path. The order is the order of the layers.
var allowed = []struct {
	room    string
	imports []string
}{
	{"packet", nil},
	{"routing", []string{"github.com/gaissmai/bart"}},
	{"firewall", []string{"packet"}},
	{"vpc", []string{"routing", "firewall"}},
	{"internal/nearest", nil},
	{"vpc/load/report", nil},
	{"vpc/load/yaml", []string{"vpc", "routing", "firewall", "vpc/load/report", "internal/nearest", "go.yaml.in/yaml/v4"}},
	{"vpc/load/awsjson", []string{"vpc", "routing", "firewall", "vpc/load/report"}},
	{"vpc/load", []string{"vpc", "vpc/load/report", "vpc/load/yaml", "vpc/load/awsjson", "go.yaml.in/yaml/v4"}},
	{"internal/plan", []string{"vpc", "routing", "firewall"}},
	{"emu", []string{"packet", "routing", "firewall", "vpc", "internal/plan", "internal/nearest"}},
	{"emu/flowlog", []string{"emu", "packet", "firewall", "vpc"}},
	{"emu/emutest", []string{"emu", "firewall", "vpc"}},
	{"examples", nil},
	{"bench", []string{"packet", "routing", "firewall", "vpc", "internal/plan", "emu", "golang.org/x/sys"}},
	{"internal/random", []string{"packet", "routing", "firewall", "vpc"}},
	{"internal/conformance", nil},
	{"internal/rooms", nil},
	{"cmd/vpcemu", []string{
		"emu", "emu/flowlog", "internal/plan", "internal/nearest", "vpc", "routing", "firewall", "vpc/load", "vpc/load/report", "vpc/load/yaml", "vpc/load/awsjson", "examples", "bench",
		"github.com/spf13/cobra", "github.com/jedib0t/go-pretty/v6", "golang.org/x/term",
	}},
}

// testsToo may be imported by the tests of every room.
var testsToo = []string{"github.com/stretchr/testify", "pgregory.net/rapid"}

// testsOnly are the tests that may import more, because nobody imports their
// packages: a user of emu would have to download what its tests import.
var testsOnly = map[string][]string{
	"firewall":             {"github.com/gaissmai/bart"},
	"examples":             {"vpc/load/yaml", "emu"},
	"vpc/load":             {"examples", "emu", "firewall"},
	"vpc/load/yaml":        {"examples", "github.com/santhosh-tekuri/jsonschema/v6", "emu"},
	"vpc/load/awsjson":     {"emu", "vpc/load/yaml"},
	"internal/random":      {"emu", "vpc/load/yaml", "vpc/load/awsjson"},
	"internal/conformance": {"internal/random", "emu", "emu/flowlog", "packet", "firewall", "routing", "vpc", "vpc/load", "vpc/load/yaml", "vpc/load/awsjson", "github.com/rogpeppe/go-internal"},
	"cmd/vpcemu":           {"github.com/rogpeppe/go-internal", "packet", "github.com/google/gopacket"},
	"bench":                {"github.com/google/gopacket"},
}

func TestImportsPointOneWay(t *testing.T) {
	seen := make(map[string]bool)
	for _, file := range sources(t) {
		room := filepath.ToSlash(filepath.Dir(file))
		i := slices.IndexFunc(allowed, func(a struct {
			room    string
			imports []string
		}) bool {
			return a.room == room
		})
		if !assert.GreaterOrEqual(t, i, 0, "%s is in a room that has no place in the table", file) {
			continue
		}
		seen[room] = true
		may := allowed[i].imports
		if strings.HasSuffix(file, "_test.go") {
			may = slices.Concat(may, testsToo, testsOnly[room], []string{room})
		}
		for _, imp := range imports(t, file) {
			assert.True(t, permitted(imp, may), "%s imports %s", file, imp)
		}
	}
	for _, a := range allowed {
		assert.True(t, seen[a.room], "the table has a room %s that does not exist", a.room)
	}
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
