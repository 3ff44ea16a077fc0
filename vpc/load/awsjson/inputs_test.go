package awsjson

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vpcemu/vpcemu/vpc/load/report"
)

// corpora are the folders with AWS JSON, relative to shared/inputs.
var corpora = []string{"aws-snapshots", "aws-resources", "aws-cli-examples", "cloud-custodian", "cloudmapper", "localstack"}

// snapshots are all files of the corpora one by one, and all folders with JSON.
func snapshots(t *testing.T) []string {
	in := inputs(t)
	var names []string
	for _, c := range corpora {
		err := filepath.WalkDir(filepath.Join(in, c), func(name string, d fs.DirEntry, err error) error {
			if err == nil && (d.IsDir() || filepath.Ext(name) == ".json") {
				names = append(names, name)
			}
			return err
		})
		require.NoError(t, err)
	}
	return names
}

func TestInputsLoad(t *testing.T) {
	loaded := 0
	for _, name := range snapshots(t) {
		n, r, err := Load(name)
		if errors.Is(err, ErrNoResources) {
			continue
		}
		require.NoError(t, err, name)
		loaded++
		assert.NoError(t, n.Validate(), name)
		assert.Empty(t, unaccounted(t, name, r), name)
	}
	assert.Greater(t, loaded, 100)
}

// unaccounted lists the kinds of which the report neither counts all elements
// nor has a note at the place of each that it does not count.
func unaccounted(t *testing.T, name string, r *report.Report) []string {
	files, err := readFiles(name)
	require.NoError(t, err)
	noted := make(map[string]bool)
	for _, n := range r.Notes {
		noted[n.Where] = true
	}
	elements := make(map[string][]value)
	for _, file := range newLoader().choose(slices.Sorted(maps.Keys(files))) {
		root, err := newDocument(file, files[file]).root()
		if err != nil {
			continue
		}
		fields, _ := root.object()
		for _, f := range fields {
			items, _ := f.list()
			elements[f.name] = append(elements[f.name], items...)
		}
	}
	var lost []string
	for key, list := range elements {
		if k := kindOf(key); k == nil || k.load == nil {
			if len(list) > 0 && !strings.Contains(notes(r), key) {
				lost = append(lost, key)
			}
			continue
		}
		count(elements, key, list)
	}
	for key, list := range elements {
		k, places := kindOf(key), 0
		if k == nil || k.load == nil {
			continue
		}
		for _, e := range list {
			if noted[e.origin()] {
				places++
			}
		}
		if r.Read[k.name] > len(list) || r.Read[k.name]+places < len(list) {
			lost = append(lost, fmt.Sprintf("%s: %d elements, %d counted, %d places noted", key, len(list), r.Read[k.name], places))
		}
	}
	return lost
}

// count adds the instances of reservations and the interfaces of instances,
// each interface once, to the elements of their kinds.
func count(elements map[string][]value, key string, list []value) {
	if key != "Reservations" {
		return
	}
	known := make(map[string]bool)
	for _, i := range elements["NetworkInterfaces"] {
		known[string(i.get("NetworkInterfaceId").raw)] = true
	}
	for _, reservation := range list {
		instances, _ := reservation.get("Instances").list()
		elements["Instances"] = append(elements["Instances"], instances...)
		for _, instance := range instances {
			inner, _ := instance.get("NetworkInterfaces").list()
			for _, i := range inner {
				if !known[string(i.get("NetworkInterfaceId").raw)] {
					elements["NetworkInterfaces"] = append(elements["NetworkInterfaces"], i)
				}
			}
		}
	}
}

// TestInputsRoundTrip writes every snapshot and reads it again.
func TestInputsRoundTrip(t *testing.T) {
	for _, name := range snapshots(t) {
		n, _, err := Load(name)
		if err != nil {
			continue
		}
		t.Run(filepath.Base(name), func(t *testing.T) { same(t, n) })
	}
}
