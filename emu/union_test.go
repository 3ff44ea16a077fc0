package emu

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestUnion: a setting that is in the way on several ways is one thing to mend.
func TestUnion(t *testing.T) {
	acl := Blocker{Reason: "NACL_EGRESS", Stage: NACLOut, Kind: "acl", Component: "acl-1", Direction: "reply", Origin: "n.yaml:3"}
	guess, detailed := acl, acl
	guess.Hypothetical = true
	detailed.Detail = "rule * denies all"
	request, other := acl, acl
	request.Direction = "request"
	other.Component = "acl-2"
	assert.Equal(t, []Blocker{acl}, union([]Blocker{guess}, []Blocker{acl}))
	assert.Equal(t, []Blocker{acl}, union([]Blocker{acl}, []Blocker{guess, detailed}))
	assert.Equal(t, []Blocker{guess}, union([]Blocker{guess}, []Blocker{guess}))
	assert.Equal(t, []Blocker{acl, request, other}, union([]Blocker{acl}, []Blocker{request, other}))
}
