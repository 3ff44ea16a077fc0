package findings

import (
	"fmt"
	"io"
	"strings"
)

// text is a line for each finding, as compilers write them and editors read them, with
// what more there is to say below it.
func (r *Report) text(out io.Writer) error {
	var b strings.Builder
	for i := range r.Findings {
		f := &r.Findings[i]
		if p := f.place(); p != "" {
			b.WriteString(p + ": ")
		}
		fmt.Fprintf(&b, "%s: %s [%s]\n", f.Severity, f.Message, f.ID)
		for _, more := range [...]string{f.Detail, f.Fix} {
			for line := range strings.Lines(more) {
				b.WriteString("    " + strings.TrimRight(line, "\n") + "\n")
			}
		}
	}
	_, err := io.WriteString(out, b.String())
	return err
}
