package main

import (
	"fmt"
	"html"
	"io"

	"github.com/vpcemu/vpcemu/bench"
)

// writeBenchPage writes the curves and the tables as a page that needs nothing else.
func writeBenchPage(w io.Writer, r *bench.Report, peers *bench.Peers) error {
	fmt.Fprintf(w, `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>vpcemu bench</title>
<style>body{font-family:sans-serif;margin:2em}td,th{padding:.1em 1em;text-align:left}td:nth-child(2),td:nth-child(3){text-align:right}</style>
<h1>vpcemu bench</h1>
<p>%s; %d rounds: the median, and between what the middle half was.</p>
`, html.EscapeString(r.Machine.String()), r.Rounds)
	if peers != nil {
		fmt.Fprintf(w, "<p>Dashed, other projects: %s.</p>\n", html.EscapeString(peers.Machine.String()))
	}
	if err := writePlot(w, plotsOf(r, peers)); err != nil {
		return err
	}
	for _, g := range benchGrids(r) {
		fmt.Fprintf(w, "<h2>%s</h2>\n<p>%s</p>\n<table>\n", html.EscapeString(g.title), html.EscapeString(g.remark))
		writeHTMLRow(w, "th", g.header)
		for _, row := range g.rows {
			writeHTMLRow(w, "td", row)
		}
		fmt.Fprintln(w, "</table>")
	}
	_, err := fmt.Fprintln(w, "</html>")
	return err
}

func writeHTMLRow(w io.Writer, tag string, cells []string) {
	fmt.Fprint(w, "<tr>")
	for _, c := range cells {
		fmt.Fprintf(w, "<%s>%s</%s>", tag, html.EscapeString(c), tag)
	}
	fmt.Fprintln(w, "</tr>")
}
