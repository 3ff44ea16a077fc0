package yaml

import (
	"strings"

	"github.com/vpcemu/vpcemu/internal/nearest"
)

// suggest is a clause that helps with a name that does not exist: the nearest
// one that does, else all of them if they are few, else nothing.
func suggest(name string, known []string) string {
	if best := nearest.Best(name, known); best != "" {
		return `: did you mean "` + best + `"?`
	}
	if len(known) == 0 || len(known) > 30 {
		return ""
	}
	return ": known are " + strings.Join(known, ", ")
}
