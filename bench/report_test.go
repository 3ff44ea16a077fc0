package bench

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestSpreadOf(t *testing.T) {
	assert.Equal(t, Spread{Median: 3, P25: 2, P75: 4}, SpreadOf([]float64{5, 1, 4, 2, 3}))
	assert.Equal(t, Spread{Median: 7, P25: 7, P75: 7}, SpreadOf([]float64{7}))
}

func TestDimensions(t *testing.T) {
	r := Result{Name: "path=nat/rules=60/flows=1000/batch=32"}
	n, ok := r.Dimension("flows")
	assert.True(t, ok)
	assert.Equal(t, 1000.0, n)
	_, ok = r.Dimension("path")
	assert.False(t, ok, "no number")
	_, ok = r.Dimension("flow")
	assert.False(t, ok, "another name")
	assert.Equal(t, "path=nat rules=60 batch=32", r.Without("flows"))
}

func TestNumbersOfPeers(t *testing.T) {
	for _, c := range []struct {
		name, dimension string
		want            float64
		ok              bool
	}{
		{"60 rules, mixed", "rules", 60, true},
		{"1000 routes", "routes", 1000, true},
		{"BGP IPv4, 901899 routes, 1M hits", "routes", 901_899, true},
		{"established TCP, 100k flows", "flows", 100_000, true},
		{"established TCP, 1M flows", "flows", 1_000_000, true},
		{"first packet of a flow", "flows", 0, false},
		{"many rules", "rules", 0, false},
		{"", "rules", 0, false},
	} {
		r := PeerResult{Case: c.name}
		n, ok := r.Number(c.dimension)
		assert.Equal(t, c.ok, ok, c.name)
		assert.Equal(t, c.want, n, c.name)
	}
}

func TestReadPeers(t *testing.T) {
	file := filepath.Join(t.TempDir(), "peers.json")
	for text, mistake := range map[string]string{"{": "unexpected end", "{}": "no results of peers", `{"results": [{"case": "x"}]}`: "no results of peers"} {
		require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
		_, err := ReadPeers(file)
		require.ErrorContains(t, err, mistake)
	}
	require.NoError(t, os.WriteFile(file, []byte(`{"results": [{"family": "lpm", "case": "5 routes", "rows": [{"peer": "a", "ns": {"median": 3}}]}]}`), 0o600))
	p, err := ReadPeers(file)
	require.NoError(t, err)
	assert.Equal(t, 3.0, p.Results[0].Rows[0].NS.Median)
}

// TestMeasure measures a little of everything that small sizes allow.
func TestMeasure(t *testing.T) {
	groups := Select([]string{"forward", "cores", "compile", "memory"}, Sizes{Flows: []int{100}, Interfaces: []int{500}})
	r, err := Measure(groups, Settings{Rounds: 2, Time: 2 * time.Microsecond})
	require.NoError(t, err)
	seen := map[string]bool{}
	for _, res := range r.Results {
		seen[res.Family+" "+res.Unit] = true
		assert.Positive(t, res.Median, res.Name)
	}
	assert.Equal(t, map[string]bool{"forward ns/packet": true, "cores ns/packet": true, "compile ns/network": true,
		"memory B/flow": true, "memory B/interface": true}, seen)
	text, err := json.Marshal(r)
	require.NoError(t, err)
	assert.Contains(t, string(text), `"median":`)
}
