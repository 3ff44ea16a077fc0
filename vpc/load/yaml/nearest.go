package yaml

import "strings"

// suggest is a clause that helps with a name that does not exist: the nearest
// one that does, else all of them if they are few, else nothing.
func suggest(name string, known []string) string {
	if best := nearest(name, known); best != "" {
		return `: did you mean "` + best + `"?`
	}
	if len(known) == 0 || len(known) > 30 {
		return ""
	}
	return ": known are " + strings.Join(known, ", ")
}

// nearest is the known name with the fewest edits from name, "" if all need more
// than a third of its letters: of a short one, one letter.
func nearest(name string, known []string) string {
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

// distance counts the letters to insert, delete or replace, or neighbours to
// swap, that turn a into b. Beyond the limit it may answer any larger number.
func distance(a, b string, limit int) int {
	if len(a)-len(b) > limit || len(b)-len(a) > limit {
		return limit + 1
	}
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := range a {
		row[0] = i + 1
		for j := range b {
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
