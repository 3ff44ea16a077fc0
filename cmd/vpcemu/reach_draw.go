package main

import (
	"fmt"
	"html"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/vpcemu/vpcemu/internal/findings"
)

// writeDOT writes the rows as a graph for Graphviz; what is unknown is dashed.
func (v *reachView) writeDOT(out io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "digraph %s {\n\trankdir=LR\n\tnode [shape=box]\n", dotQuote(v.Network))
	for _, c := range v.Classes {
		fmt.Fprintf(&b, "\t%s [label=%s]\n", dotQuote(c.Name), dotQuote(c.title))
	}
	for i := range v.Rows {
		r := &v.Rows[i]
		if len(r.Reachable) > 0 {
			fmt.Fprintf(&b, "\t%s -> %s [label=%s]\n", dotQuote(r.Source), dotQuote(r.Destination), dotQuote(strings.Join(r.Reachable, "\n")))
		}
		if len(r.Unknown) > 0 {
			fmt.Fprintf(&b, "\t%s -> %s [style=dashed label=%s]\n", dotQuote(r.Source), dotQuote(r.Destination), dotQuote("unknown: "+strings.Join(r.Unknown, "\n")))
		}
	}
	b.WriteString("}\n")
	_, err := io.WriteString(out, b.String())
	return err
}

// dotQuote is a string of Graphviz, in which a backslash begins more than in Go.
func dotQuote(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(s) + `"`
}

// Sizes of the drawing, in pixels.
const (
	drawLine   = 18  // a line of text
	drawGap    = 10  // between boxes
	drawLetter = 7   // about the width of a letter
	drawRoom   = 160 // for the lines between the sides
)

// writeSVG draws the rows: who asks on the left, what is asked on the right, and on each line
// the services where it ends.
func (v *reachView) writeSVG(out io.Writer) error {
	left, right := newSide(), newSide()
	from := make(map[string]int)
	for i := range v.Rows {
		r := &v.Rows[i]
		from[r.Source]++
		right.add(r.Destination, v.of(r.Destination).title, drawnServices(r))
	}
	for _, c := range v.Classes {
		for range from[c.Name] {
			left.add(c.Name, c.title, "")
		}
	}
	left.place()
	right.place()
	start := drawGap + left.width
	labels := start + drawRoom
	boxes := labels + right.labels
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" font-family="sans-serif" font-size="12">`+"\n",
		boxes+right.width+drawGap, max(left.height, right.height)+drawGap)
	fmt.Fprintf(&b, "<title>%s</title>\n", escape(v.Network))
	for i := range v.Rows {
		r := &v.Rows[i]
		from, to := left.next(r.Source), right.next(r.Destination)
		color, dash := "#4477aa", ""
		if len(r.Reachable) == 0 {
			color, dash = "#aa7744", ` stroke-dasharray="4 3"`
		}
		fmt.Fprintf(&b, `<path d="M%d %d C%d %d %d %d %d %d" fill="none" stroke="%s"%s/>`+"\n",
			start, from, start+drawRoom/2, from, labels-drawRoom/2, to, labels-4, to, color, dash)
		fmt.Fprintf(&b, `<text x="%d" y="%d" fill="%s">%s</text>`+"\n", labels, to+4, color, escape(drawnServices(r)))
	}
	left.draw(&b, drawGap)
	right.draw(&b, boxes)
	b.WriteString("</svg>\n")
	_, err := io.WriteString(out, b.String())
	return err
}

// drawnServices is the label of a row.
func drawnServices(r *reachRow) string {
	label := strings.Join(r.Reachable, "; ")
	if len(r.Unknown) > 0 {
		label = strings.TrimPrefix(label+"; unknown: "+strings.Join(r.Unknown, "; "), "; ")
	}
	if utf8.RuneCountInString(label) > 60 {
		label = string([]rune(label)[:59]) + "…"
	}
	return label
}

// side is the boxes on one side of a drawing, from top to bottom.
type side struct {
	boxes         map[string]*sideBox
	order         []*sideBox
	width, labels int // of boxes, and of the labels before them
	height        int
}

// sideBox is one box, with a line of text's height for each row.
type sideBox struct {
	title       string
	rows, drawn int
	top         int
}

func newSide() *side { return &side{boxes: make(map[string]*sideBox), height: drawGap} }

// add adds a row to the box of a name.
func (s *side) add(name, title, label string) {
	b := s.boxes[name]
	if b == nil {
		b = &sideBox{title: title}
		s.boxes[name], s.order = b, append(s.order, b)
	}
	b.rows++
	s.width = max(s.width, drawLetter*utf8.RuneCountInString(title)+2*drawGap)
	s.labels = max(s.labels, drawLetter*utf8.RuneCountInString(label)+drawGap)
}

// place says how high the boxes stand.
func (s *side) place() {
	for _, b := range s.order {
		b.top = s.height
		s.height += b.rows*drawLine + drawGap
	}
}

// next is how high the next row of a box is.
func (s *side) next(name string) int {
	b := s.boxes[name]
	b.drawn++
	return b.top + b.drawn*drawLine - drawLine/2
}

func (s *side) draw(out *strings.Builder, x int) {
	for _, b := range s.order {
		h := b.rows * drawLine
		fmt.Fprintf(out, `<rect x="%d" y="%d" width="%d" height="%d" fill="#eef2f7" stroke="#889"/>`+"\n", x, b.top, s.width, h)
		fmt.Fprintf(out, `<text x="%d" y="%d">%s</text>`+"\n", x+drawGap, b.top+h/2+4, escape(b.title))
	}
}

// mostDrawn is how many rows a page has a drawing of; of more nobody could follow the lines.
const mostDrawn = 200

// writeHTML writes the rows as a page that needs nothing else: a drawing, a table with a cell
// for each pair, and a list with the reasons of what is unknown.
func (v *reachView) writeHTML(w io.Writer) error {
	fmt.Fprintf(w, `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>%[1]s: who reaches what</title>
<style>body{font-family:sans-serif;margin:2em}table{border-collapse:collapse}td,th{border:1px solid #ccd;padding:.2em .6em;text-align:left;vertical-align:top}th{background:#eef2f7}tr:first-child th{position:sticky;top:0}.unknown{color:#aa7744}</style>
<h1>%[1]s: who reaches what</h1>
`, escape(v.Network))
	if len(v.Rows) > 0 && len(v.Rows) <= mostDrawn {
		if err := v.writeSVG(w); err != nil {
			return err
		}
	}
	v.writeTable(w)
	fmt.Fprint(w, "<h2>What is what</h2>\n<table>\n")
	writeHTMLRow(w, "th", []string{"name", "kind", "members"})
	for _, c := range v.Classes {
		writeHTMLRow(w, "td", []string{c.Name, c.Kind, strings.Join(c.Members, ", ")})
	}
	_, err := fmt.Fprint(w, "</table>\n</html>\n")
	return err
}

// writeTable writes a row for each source and a column for each destination.
func (v *reachView) writeTable(w io.Writer) {
	cells := make(map[[2]string]*reachRow)
	from, to := make(map[string]bool), make(map[string]bool)
	for i := range v.Rows {
		r := &v.Rows[i]
		cells[[2]string{r.Source, r.Destination}] = r
		from[r.Source], to[r.Destination] = true, true
	}
	fmt.Fprint(w, "<h2>From (rows) to (columns)</h2>\n<p>An empty cell is blocked, and so is all that has no row or column.</p>\n<table>\n<tr><th></th>")
	for _, dst := range v.Classes {
		if to[dst.Name] {
			fmt.Fprintf(w, "<th>%s</th>", escape(dst.title))
		}
	}
	fmt.Fprintln(w, "</tr>")
	for _, src := range v.Classes {
		if !from[src.Name] {
			continue
		}
		fmt.Fprintf(w, "<tr><th>%s</th>", escape(src.title))
		for _, dst := range v.Classes {
			if to[dst.Name] {
				fmt.Fprintf(w, "<td>%s</td>", cellOf(cells[[2]string{src.Name, dst.Name}]))
			}
		}
		fmt.Fprintln(w, "</tr>")
	}
	fmt.Fprint(w, "</table>\n")
}

// cellOf is a cell's HTML.
func cellOf(r *reachRow) string {
	if r == nil {
		return ""
	}
	cell := escape(strings.Join(r.Reachable, "; "))
	if len(r.Unknown) > 0 {
		cell += fmt.Sprintf(`<div class="unknown" title="%s">unknown: %s</div>`, escape(strings.Join(r.Why, "; ")), escape(strings.Join(r.Unknown, "; ")))
	}
	return cell
}

// escape is text as HTML and SVG have it.
func escape(s string) string { return html.EscapeString(findings.Printable(s)) }
