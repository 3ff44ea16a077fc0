package main

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/vpcemu/vpcemu/emu"
)

// writeAccount writes a line for each expectation, the reasons below those that
// do not hold, and the total.
func (a *app) writeAccount(account *account, verbose bool) error {
	paint, width := a.paint(), 0
	for _, r := range account.Results {
		if !a.quiet || !r.Holds {
			width = max(width, utf8.RuneCountInString(r.line()))
		}
	}
	for _, r := range account.Results {
		if a.quiet && r.Holds {
			continue
		}
		if err := a.writeResult(r, width, verbose, paint); err != nil {
			return err
		}
	}
	if a.quiet {
		return nil
	}
	_, err := fmt.Fprintln(a.out, account.total(paint))
	return err
}

func (a *app) writeResult(r result, width int, verbose bool, paint emu.Paint) error {
	mark := paint(emu.Good, "✓")
	switch {
	case r.Holds:
	case r.Got == emu.Uncertain.String():
		mark = paint(emu.Doubt, "?")
	default:
		mark = paint(emu.Bad, "✗")
	}
	pad := strings.Repeat(" ", width-utf8.RuneCountInString(r.line()))
	fmt.Fprintf(a.out, "%s %s%s  %s\n", mark, r.line(), pad, paint(emu.Faint, r.Origin))
	var b strings.Builder
	switch {
	case r.Error != "":
		b.WriteString(r.Error + "\n")
	case verbose:
		r.Trace.WriteText(&b, paint)
		b.WriteString("\n")
	case !r.Holds:
		r.Trace.WriteSummary(&b, paint)
	}
	for line := range strings.Lines(b.String()) {
		if line != "\n" {
			line = "    " + line
		}
		if _, err := a.out.WriteString(line); err != nil {
			return err
		}
	}
	return nil
}

// line is the expectation, and what came out if that is something else.
func (r result) line() string {
	s := strings.Replace(r.Expectation, " -> ", " → ", 1) + ": "
	switch {
	case r.Error != "":
		return s + "cannot be asked"
	case r.Holds:
		return s + r.Got
	}
	return fmt.Sprintf("%s%s, not %s", s, r.Got, r.Want)
}

// total is the last line.
func (a *account) total(paint emu.Paint) string {
	parts := []string{paint(emu.Title, plural(a.Passed, "expectation holds", "expectations hold"))}
	if a.Failed > 0 {
		parts = append(parts, paint(emu.Bad, plural(a.Failed, "fails", "fail")))
	}
	if a.Unknown > 0 {
		parts = append(parts, paint(emu.Doubt, fmt.Sprintf("%d unknown", a.Unknown)))
	}
	return strings.Join(parts, ", ")
}
