package bench

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
)

// Report is what was measured, and where.
type Report struct {
	Machine Machine  `json:"machine"`
	Rounds  int      `json:"rounds"`
	Results []Result `json:"results"`
}

// Result is one case.
type Result struct {
	Family string `json:"family"`
	Name   string `json:"name"` // its dimensions
	Unit   string `json:"unit"` // "ns/packet", "B/flow"
	Spread
}

// Dimension is a number in the result's name: 60 for "rules" in "rules=60/flows=1000".
func (r *Result) Dimension(name string) (n float64, ok bool) {
	for part := range strings.SplitSeq(r.Name, "/") {
		if key, value, _ := strings.Cut(part, "="); key == name {
			n, err := strconv.ParseFloat(value, 64)
			return n, err == nil
		}
	}
	return 0, false
}

// Without is the result's name without a dimension.
func (r *Result) Without(name string) string {
	var parts []string
	for part := range strings.SplitSeq(r.Name, "/") {
		if !strings.HasPrefix(part, name+"=") {
			parts = append(parts, part)
		}
	}
	return strings.Join(parts, " ")
}

// Peers are the results that bench/compare wrote with -o json.
type Peers struct {
	Machine Machine      `json:"machine"`
	Results []PeerResult `json:"results"`
}

// PeerResult is one case, with a row for each peer.
type PeerResult struct {
	Family string    `json:"family"`
	Case   string    `json:"case"`
	Unit   string    `json:"unit"`
	Rows   []PeerRow `json:"rows"`
}

// PeerRow is what one peer reached in one case.
type PeerRow struct {
	Peer string `json:"peer"`
	NS   Spread `json:"ns"`       // for one job
	Rel  Spread `json:"relative"` // to the first peer, in the same round: above 1 is slower
}

// ReadPeers reads what bench/compare wrote.
func ReadPeers(file string) (*Peers, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var p Peers
	if err := json.Unmarshal(b, &p); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	if len(p.Results) == 0 || len(p.Results[0].Rows) == 0 {
		return nil, fmt.Errorf("%s: %w", file, errNoPeers)
	}
	return &p, nil
}

var errNoPeers = errors.New("no results of peers: want what \"go run . -o json\" in bench/compare writes")

// Number is the size in the name of a peer's case: 60 for rules in "60 rules, mixed",
// 100,000 for flows in "established TCP, 100k flows".
func (r *PeerResult) Number(name string) (n float64, ok bool) {
	words := strings.FieldsFunc(r.Case, func(c rune) bool { return c == ' ' || c == ',' })
	if i := slices.Index(words, name); i > 0 {
		return parseShort(words[i-1])
	}
	return 0, false
}

// parseShort reads 100k and 1M.
func parseShort(s string) (float64, bool) {
	factor := 1.0
	switch {
	case strings.HasSuffix(s, "k"):
		factor = 1e3
	case strings.HasSuffix(s, "M"):
		factor = 1e6
	}
	n, err := strconv.ParseFloat(strings.TrimRight(s, "kM"), 64)
	return n * factor, err == nil
}
