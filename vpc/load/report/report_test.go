package report

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func ExampleReport() {
	var r Report
	r.Count("subnet")
	r.Note(Skipped, "subnets.json:7", "subnet subnet-1", "%q is not a CIDR block", "10.0/24")
	fmt.Println(r.Read["subnet"], r.Has(Skipped))
	fmt.Println(r.Notes[0])
	// Output:
	// 1 true
	// subnets.json:7: skipped: subnet subnet-1: "10.0/24" is not a CIDR block
}

func TestMarshalJSON(t *testing.T) {
	full := Report{Format: "aws"}
	full.Count("vpc")
	full.Note(Ignored, "a:1", "Tags", "no part")
	for _, c := range []struct {
		name string
		r    Report
		want string
	}{
		{"empty, and not null", Report{}, `{"format":"","read":{},"notes":[]}`},
		{"full", full, `{"format":"aws","read":{"vpc":1},"notes":[{"verdict":"ignored","where":"a:1","what":"Tags","why":"no part"}]}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			b, err := json.Marshal(&c.r)
			require.NoError(t, err)
			assert.JSONEq(t, c.want, string(b))
			inside, err := json.Marshal(map[string]*Report{"r": &c.r})
			require.NoError(t, err)
			assert.JSONEq(t, `{"r":`+c.want+`}`, string(inside))
		})
	}
}
