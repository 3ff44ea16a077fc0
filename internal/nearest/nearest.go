// Package nearest finds what somebody meant who mistyped a name, by the letters
// to change. It does not say it: the words "did you mean" are the caller's.
//
// Start with [Best].
package nearest

import "strings"

// Best is the known name with the fewest edits from name, whatever the case, and
// of several the first. It is "" if all need more than a third of the letters: of
// a name of up to four, more than one. An edit inserts, deletes or replaces a letter or
// swaps two neighbours. The name itself is never its own correction.
func Best(name string, known []string) string {
	limit := max(2, len(name)/3)
	if len(name) < 5 {
		limit = min(1, len(name)-1)
	}
	best := ""
	for _, k := range known {
		if d := distance(strings.ToLower(name), strings.ToLower(k), limit); d <= limit && k != name {
			best, limit = k, d-1
		}
	}
	return best
}

// distance counts the edits that turn a into b. Beyond the limit it may answer
// any larger number.
func distance(a, b string, limit int) int {
	if len(a)-len(b) > limit || len(b)-len(a) > limit {
		return limit + 1
	}
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := range len(a) {
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			row[j+1] = min(last[j+1]+1, row[j]+1, last[j]+cost)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
