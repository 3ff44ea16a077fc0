package findings

import (
	"fmt"
	"io"
	"strings"
)

// github is a workflow command for each finding, of which GitHub Actions makes an
// annotation at the line. It reads the percent sign and the ends of lines as codes
// everywhere, and in properties colons and commas too.
func (r *Report) github(out io.Writer) error {
	rules := r.rules()
	var b strings.Builder
	for i := range r.Findings {
		f := &r.Findings[i]
		props := "" // in the order of GitHub's documentation
		add := func(name string, value any) {
			if props != "" {
				props += ","
			}
			props += fmt.Sprintf("%s=%s", name, property.Replace(fmt.Sprint(value)))
		}
		if f.File != "" {
			add("file", f.File)
			if f.Line > 0 {
				add("line", f.Line)
			}
			if f.Column > 0 {
				add("col", f.Column)
			}
		}
		add("title", "vpcemu "+r.Command+": "+rules[ruleIndex(rules, f.ID)].ID)
		message := f.Message
		for _, more := range [...]string{f.Detail, f.Fix} {
			if more = strings.TrimRight(more, "\n"); more != "" {
				message += "\n" + more
			}
		}
		level := f.Severity.String()
		if f.Severity == Note {
			level = "notice"
		}
		fmt.Fprintf(&b, "::%s %s::%s\n", level, props, data.Replace(message))
	}
	_, err := io.WriteString(out, b.String())
	return err
}

var (
	data     = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	property = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
)
