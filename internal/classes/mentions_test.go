package classes

import (
	"maps"
	"net/netip"
	"reflect"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/vpcemu/vpcemu/vpc"
)

// TestMentions: names and prefixes are found wherever they stand, and however they are written.
func TestMentions(t *testing.T) {
	type inner struct {
		Address netip.Addr
		Ports   []uint16
		hidden  string
	}
	for _, c := range []struct {
		name              string
		in                any
		strings, prefixes []string
	}{
		{"nothing", struct{ Name string }{}, nil, nil},
		{"a name", "db-1", []string{"db-1"}, nil},
		{"one behind a VPC's", []string{"prod/db-1"}, []string{"db-1", "prod/db-1"}, nil},
		{"a prefix", netip.MustParsePrefix("10.0.0.9/24"), nil, []string{"10.0.0.0/24"}},
		{"none", netip.Prefix{}, nil, nil},
		{"an address", &inner{netip.MustParseAddr("2001:db8::1"), []uint16{80}, "x"}, nil, []string{"2001:db8::1/128"}},
		{"an address in writing", "10.0.0.9", []string{"10.0.0.9"}, []string{"10.0.0.9/32"}},
		{"a prefix in writing", "10.0.0.9/24", []string{"10.0.0.9/24", "24"}, []string{"10.0.0.0/24"}},
		{"in a map", map[string]any{"a": []*inner{nil, {Address: netip.MustParseAddr("10.0.0.9")}}}, []string{"a"}, []string{"10.0.0.9/32"}},
		{"where it was written", struct{ Origin, ID string }{"net.yaml:1", "i"}, []string{"i"}, nil},
		{"of an interface", &vpc.Interface{ID: "eni-1", Groups: []string{"g"}}, nil, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newMentions()
			f.walk(reflect.ValueOf(c.in))
			require.Equal(t, c.strings, slices.Sorted(maps.Keys(f.strings)))
			var got []string
			for p := range f.prefixes {
				got = append(got, p.String())
			}
			require.Equal(t, c.prefixes, got)
		})
	}
}
