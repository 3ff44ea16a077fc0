// Package pattern matches names against patterns, in one way wherever the command line or
// a file takes them: * stands for any letters, also for none, and ? for one. All else
// stands for itself, also [ and ]. What has names it does not know.
//
// Start with [Match].
package pattern

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// Is reports whether a text is more than a name.
func Is(text string) bool { return strings.ContainsAny(text, "*?") }

// Match reports whether a pattern is a name.
func Match(pattern, name string) bool {
	star, from := -1, 0 // behind the last *, and where in the name what it stands for ends
	p, n := 0, 0
	for n < len(name) {
		_, letter := utf8.DecodeRuneInString(name[n:])
		switch {
		case p < len(pattern) && pattern[p] == '*':
			p++
			star, from = p, n
		case p < len(pattern) && pattern[p] == '?':
			p, n = p+1, n+letter
		case p < len(pattern) && pattern[p] == name[n]:
			p, n = p+1, n+1
		case star < 0:
			return false
		default: // the * stands for one letter more
			_, letter = utf8.DecodeRuneInString(name[from:])
			from += letter
			p, n = star, from
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}

// In reports whether a pattern is one of the names of something, or an owner and one of
// them: "prod/app-*". Empty names are none. A * before the slash is about the owner alone,
// so that "p*" is nothing of prod's that does not begin so.
func In(pattern string, owners, names []string) bool {
	is := func(pattern string, list []string) bool {
		return slices.ContainsFunc(list, func(name string) bool { return name != "" && Match(pattern, name) })
	}
	if is(pattern, names) {
		return true
	}
	for k := range len(pattern) {
		if pattern[k] == '/' && is(pattern[:k], owners) && is(pattern[k+1:], names) {
			return true
		}
	}
	return false
}
