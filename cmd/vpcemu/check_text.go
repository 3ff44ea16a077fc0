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
	for line := range strings.Lines(r.detail(verbose, paint)) {
		if line != "\n" {
			line = "    " + line
		}
		if _, err := a.out.WriteString(line); err != nil {
			return err
		}
	}
	return nil
}

// mostWrong is how many things that are wrong with one expectation are shown in full.
const mostWrong = 10

// detail is what there is to say below the line of an expectation.
func (r *result) detail(verbose bool, paint emu.Paint) string {
	var b strings.Builder
	switch {
	case r.Error != "":
		b.WriteString(r.Error + "\n")
	case r.Trace == nil && len(r.Wrong) == 0:
	case verbose && len(r.Wrong) == 0:
		_ = r.Trace.WriteText(&b, paint)
		b.WriteString("\n")
	case !r.Holds && len(r.Wrong) == 0:
		_ = r.Trace.WriteSummary(&b, paint)
	}
	for k := range r.Wrong {
		if k == mostWrong && !verbose {
			fmt.Fprintf(&b, "… and %s (-v shows all)\n", plural(len(r.Wrong)-k, "other thing", "other things"))
			break
		}
		r.Wrong[k].write(&b, r.Pairs > 1 || len(r.Wrong) > 1, verbose, paint)
	}
	return b.String()
}

// write writes what is wrong: between which ends, if that is not clear, the trace of a
// packet, and what lets it through.
func (w *wrong) write(b *strings.Builder, several, verbose bool, paint emu.Paint) {
	if several {
		fmt.Fprintf(b, "%s: %s, not %s\n", w.ends(), w.Got, w.Want)
	}
	if w.trace != nil {
		if verbose {
			_ = w.trace.WriteText(b, paint)
		} else {
			_ = w.trace.WriteSummary(b, paint)
		}
	}
	row := func(label, text, origin string) {
		b.WriteString(strings.TrimRight(fmt.Sprintf("  %-7s  %s  %s", label, text, paint(emu.Faint, origin)), " ") + "\n")
	}
	if services := strings.Join(w.Traffic, "; "); w.trace == nil || services != w.trace.Service && !ping(services, w.trace.Service) {
		row("all", services, "")
	}
	if w.Got == emu.Reachable.String() && w.By != "" {
		row("by", w.By, w.Origin)
	}
	if w.Depends != "" {
		row("depends", w.Depends, "")
	}
}

// ping reports whether a service in words is that of a trace of an echo request.
func ping(services, traced string) bool {
	return strings.HasPrefix(services, traced+"/") && strings.HasPrefix(traced, "icmp") && !strings.Contains(services, ", ")
}

// ends are those between which it is so: "internet → db-1, db-2".
func (w *wrong) ends() string {
	sources, destinations := w.Sources, w.Destinations
	if sources == nil {
		sources, destinations = []string{w.Source}, []string{w.Destination}
	}
	return some(sources) + " → " + some(destinations)
}

// some is the first of some names.
func some(names []string) string {
	const most = 4
	if more := len(names) - most; more > 1 {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), more)
	}
	return strings.Join(names, ", ")
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
	if r.Got == r.Want { // "only"
		return s + "more gets through"
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
