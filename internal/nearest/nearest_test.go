package nearest

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"pgregory.net/rapid"
)

func ExampleBest() {
	fmt.Println(Best("subnet", []string{"vpcs", "subnets", "gateways"}))
	// Output: subnets
}

func TestBest(t *testing.T) {
	for _, c := range []struct {
		name, typed string
		known       []string
		want        string
	}{
		{"a letter too many", "webb", []string{"web"}, "web"},
		{"a letter too few", "subnet", []string{"subnets"}, "subnets"},
		{"another letter", "nat-2", []string{"nat-1"}, "nat-1"},
		{"neighbours swapped are one edit", "wbe", []string{"web"}, "web"},
		{"two edits of a short name", "wbx", []string{"web"}, ""},
		{"two edits of five letters", "webxy", []string{"web"}, "web"},
		{"three edits of five letters", "abcde", []string{"abxyz"}, ""},
		{"a third of a long name", "elephants", []string{"elephxyzs"}, "elephxyzs"},
		{"more than a third", "elephants", []string{"elepwxyz"}, ""},
		{"the case of letters is free", "WEB", []string{"web"}, "web"},
		{"one letter is no hint", "a", []string{"b"}, ""},
		{"the nearest", "app-11", []string{"app-222", "app-12"}, "app-12"},
		{"the first of equals", "web-7", []string{"web-1", "web-2"}, "web-1"},
		{"itself is no correction", "web", []string{"web"}, ""},
		{"an empty name", "", []string{"a"}, ""},
		{"an empty known name", "ab", []string{""}, ""},
		{"nothing known", "web", nil, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			assert.Equal(t, c.want, Best(c.typed, c.known))
		})
	}
}

// slow is distance as its definition reads.
func slow(a, b string) int {
	if a == "" || b == "" {
		return len(a) + len(b)
	}
	cost := 1
	if a[0] == b[0] {
		cost = 0
	}
	d := min(slow(a[1:], b)+1, slow(a, b[1:])+1, slow(a[1:], b[1:])+cost)
	if len(a) > 1 && len(b) > 1 && a[0] == b[1] && a[1] == b[0] {
		d = min(d, slow(a[2:], b[2:])+1)
	}
	return d
}

func TestDistanceLikeItsTwin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		word := rapid.StringMatching("[abc]{0,5}")
		a, b, limit := word.Draw(t, "a"), word.Draw(t, "b"), rapid.IntRange(0, 5).Draw(t, "limit")
		if want := slow(a, b); want <= limit {
			assert.Equal(t, want, distance(a, b, limit))
		} else {
			assert.Greater(t, distance(a, b, limit), limit)
		}
	})
}
