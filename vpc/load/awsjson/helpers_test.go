package awsjson

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/vpcemu/vpcemu/vpc"
	"github.com/vpcemu/vpcemu/vpc/load/report"
)

// read loads one file and expects it to be readable.
func read(t *testing.T, json string) (*vpc.Network, *report.Report) {
	t.Helper()
	return readAll(t, map[string]string{"x.json": json})
}

func readAll(t *testing.T, files map[string]string) (*vpc.Network, *report.Report) {
	t.Helper()
	n, r, err := LoadFiles(contents(files))
	require.NoError(t, err)
	require.NoError(t, n.Validate())
	return n, r
}

func contents(files map[string]string) map[string][]byte {
	out := make(map[string][]byte)
	for name, text := range files {
		out[name] = []byte(text)
	}
	return out
}

// notes are the report's notes as lines.
func notes(r *report.Report) string {
	var b strings.Builder
	for _, n := range r.Notes {
		b.WriteString(n.String() + "\n")
	}
	return b.String()
}

// inputs is the folder shared/inputs beside the checkout; without it the test
// is skipped.
func inputs(t *testing.T) string {
	t.Helper()
	dir, err := os.Getwd()
	require.NoError(t, err)
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		require.NotEqual(t, dir, filepath.Dir(dir), "no go.mod above the package")
		dir = filepath.Dir(dir)
	}
	in := filepath.Join(filepath.Dir(dir), "shared", "inputs")
	if _, err := os.Stat(in); err != nil {
		t.Skipf("third-party snapshots are not here (%s): only our own fixtures are tested", in)
	}
	return in
}

// bare is a deep copy without what a snapshot does not hold: where things were
// written, the wording of Unknown texts, and Partial.
func bare(n *vpc.Network) *vpc.Network {
	c := n.Clone()
	strip(reflect.ValueOf(c).Elem())
	return c
}

func strip(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			strip(v.Elem())
		}
	case reflect.Slice:
		if v.Len() == 0 && v.CanSet() {
			v.SetZero()
		}
		for i := range v.Len() {
			strip(v.Index(i))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			f, name := v.Field(i), v.Type().Field(i).Name
			switch {
			case !f.CanSet():
			case name == "Origin" || name == "Partial" || name == "Unlisted":
				f.SetZero()
			case name == "Unknown" && f.String() != "":
				f.SetString("unknown")
			default:
				strip(f)
			}
		}
	}
}
