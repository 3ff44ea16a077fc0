package main

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/vpcemu/vpcemu/emu"
)

// writeText writes who reaches what, by destination, then what the internet reaches, and at
// last what is not known.
func (v *reachView) writeText(out io.Writer, paint emu.Paint) error {
	var text strings.Builder
	if len(v.Classes) == 0 {
		_, err := io.WriteString(out, "There is nothing to ask about: no two ends.\n")
		return err
	}
	reached := make(map[string]bool)
	for i := 0; i < len(v.Rows); {
		dst, lines := v.Rows[i].Destination, [][2]string(nil)
		for ; i < len(v.Rows) && v.Rows[i].Destination == dst; i++ {
			if r := &v.Rows[i]; len(r.Reachable) > 0 {
				lines = append(lines, [2]string{"from " + v.from(r), strings.Join(r.Reachable, "; ")})
			}
		}
		reached[dst] = len(lines) > 0
		section(&text, paint, "To "+v.of(dst).title, lines)
	}
	var nobody []string
	for _, c := range v.Classes {
		if c.asked && !reached[c.Name] {
			nobody = append(nobody, c.title)
		}
	}
	if len(nobody) > 0 {
		from := "from nobody"
		if v.src != "" {
			from = "not from " + v.src // others may
		}
		section(&text, paint, "To "+strings.Join(nobody, "; "), [][2]string{{from, ""}})
	}
	var open, unknown [][2]string
	for i := range v.Rows {
		r := &v.Rows[i]
		if v.of(r.Source).Kind == emu.InternetEnd.String() && len(r.Reachable) > 0 {
			open = append(open, [2]string{v.of(r.Destination).title, strings.Join(r.Reachable, "; ")})
		}
		if len(r.Unknown) > 0 {
			unknown = append(unknown, [2]string{v.of(r.Source).title + " → " + v.of(r.Destination).title, strings.Join(r.Unknown, "; ")})
			for _, why := range r.Why {
				unknown = append(unknown, [2]string{"  " + why, ""})
			}
		}
	}
	section(&text, paint, "The internet reaches", open)
	section(&text, paint, "Unknown", unknown)
	_, err := io.WriteString(out, strings.TrimPrefix(text.String(), "\n"))
	return err
}

// section writes a title and lines of two columns, and nothing if there are none.
func section(text *strings.Builder, paint emu.Paint, title string, lines [][2]string) {
	if len(lines) == 0 {
		return
	}
	width := 0
	for _, l := range lines {
		if n := utf8.RuneCountInString(l[0]); l[1] != "" && n <= 60 {
			width = max(width, n)
		}
	}
	fmt.Fprintf(text, "\n%s\n", paint(emu.Title, title))
	for _, l := range lines {
		pad := max(width-utf8.RuneCountInString(l[0]), 0)
		fmt.Fprintln(text, strings.TrimRight("  "+l[0]+strings.Repeat(" ", pad)+"  "+l[1], " "))
	}
}
