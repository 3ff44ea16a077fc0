package conformance

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/firewall"
	"github.com/vpcemu/vpcemu/vpc/load/awsjson"
)

// inputs is the folder of other projects' snapshots and of what those projects
// say about them. It is not part of this one.
func inputs(t *testing.T) string {
	dir := filepath.Join("..", "..", "..", "shared", "inputs")
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("the snapshots of other projects are not here (%s)", dir)
	}
	return dir
}

// foreignTrace is one answer of another tool.
type foreignTrace struct {
	ID, Snapshot string
	Source       string `json:"src"`
	SourceKind   string `json:"src_kind"`
	SourceIP     string `json:"src_ip"`
	Destination  string `json:"dst_ip"`
	Protocol     string
	Number       int    `json:"protocol_number"`
	SourcePort   int    `json:"src_port"`
	Port         int    `json:"dst_port"`
	Reachable    bool   // one way
	DeniedAt     string `json:"denied_at"`
	Artefact     string
}

// query asks the same of us; ok is false for what starts at a router of the
// other tool's own, or far away, where no packet can start in a VPC.
func (f *foreignTrace) query() (q emu.Query, ok bool) {
	q = emu.Query{Destination: f.Destination, OneWay: true, SourcePort: uint16(f.SourcePort),
		Service: firewall.Service{Protocol: f.Number, From: f.Port, To: f.Port}}
	switch f.SourceKind {
	case "instance":
		q.Source = f.Source
	case "internet":
		q.Source = "internet:" + f.SourceIP
	case "on-prem":
		q.Source = "onprem:" + f.SourceIP
	default:
		return q, false
	}
	return q, true
}

// other is what we say where the other tool's answer cannot be ours, and why.
var other = map[string]struct {
	answer emu.Answer
	why    string
}{
	"public-subnet-04": {emu.Blocked, "from one internet host to another: it never meets AWS, and the other tool's internet delivers it (IGW-9)"},
}

// TestSnapshotsOfOthers asks the questions that another project asks of its own
// snapshots. Where the path is modelled the answers agree; where it is not they
// are unknown, and never the opposite.
func TestSnapshotsOfOthers(t *testing.T) {
	dir := inputs(t)
	data, err := os.ReadFile(filepath.Join(dir, "aws-snapshots", "expected-traces.json"))
	require.NoError(t, err)
	var traces []foreignTrace
	require.NoError(t, json.Unmarshal(data, &traces))
	agreed, unknown, elsewhere := 0, 0, 0
	for _, f := range traces {
		t.Run(f.ID, func(t *testing.T) {
			n, _, err := awsjson.Load(filepath.Join(dir, f.Snapshot))
			require.NoError(t, err)
			e, err := emu.New(n, emu.Options{})
			require.NoError(t, err)
			q, ok := f.query()
			if !ok {
				elsewhere++
				return
			}
			trace, err := e.Trace(q)
			require.NoError(t, err)
			if trace.Verdict == emu.Uncertain {
				unknown++
				require.NotEmpty(t, trace.Unknowns, "an unknown answer says why")
				return
			}
			agreed++
			f.agree(t, trace)
		})
	}
	assert.Equal(t, []int{13, 8, 2}, []int{agreed, unknown, elsewhere}, "answered, unknown, starting where no packet of a VPC can start")
}

func (f *foreignTrace) agree(t *testing.T, trace *emu.Trace) {
	want := emu.Blocked
	if f.Reachable {
		want = emu.Reachable
	}
	if o, ok := other[f.ID]; ok {
		require.NotEqual(t, want, trace.Verdict, "no longer another answer: %s", o.why)
		want = o.answer
	}
	require.Equal(t, want, trace.Verdict, "%s", trace)
	if f.DeniedAt == "sg" {
		require.Equal(t, "SG_INGRESS", trace.Blockers[0].Reason, "%s", trace)
	}
}
