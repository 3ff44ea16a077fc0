package main

import (
	"encoding/json"
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/vpcemu/vpcemu/bench"
)

// Report is one run.
type Report struct {
	Machine bench.Machine      `json:"machine"`
	Rounds  int                `json:"rounds"`
	Time    string             `json:"time"` // cpu or wall
	Notes   []string           `json:"notes,omitempty"`
	Results []bench.PeerResult `json:"results"`
	Skipped []Skipped          `json:"skipped,omitempty"`

	failed bool
}

// Skipped is what was not measured, and why.
type Skipped struct {
	What string `json:"what"`
	Why  string `json:"why"`
}

// headline is what a reader must know of the machine, in one line.
func (r *Report) headline() string {
	return fmt.Sprintf("%v; %d rounds, peers in turn, %s time", r.Machine, r.Rounds, r.Time)
}

var formats = map[string]func(io.Writer, *Report) error{"table": table, "json": asJSON, "markdown": markdown}

const legend = "ns: median (p25–p75). × ours: time relative to the first row in the same round, median (p25–p75); above 1 is slower than ours."

func table(w io.Writer, r *Report) error {
	fmt.Fprintf(w, "%s\n%s\n", r.headline(), legend)
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, res := range r.Results {
		fmt.Fprintf(tw, "\n%s: %s\tns/%s\t\t× ours\t\n", res.Family, res.Case, res.Unit)
		for _, row := range res.Rows {
			fmt.Fprintf(tw, "  %s\t%s\t%s\t%.2f\t(%.2f–%.2f)\n", row.Peer, figure(row.NS.Median), between(row.NS), row.Rel.Median, row.Rel.P25, row.Rel.P75)
		}
	}
	if err := tw.Flush(); err != nil {
		return err
	}
	return remarks(w, r, "")
}

func markdown(w io.Writer, r *Report) error {
	fmt.Fprintf(w, "%s.\n%s\n", r.headline(), legend)
	for _, res := range r.Results {
		fmt.Fprintf(w, "\n**%s: %s**\n\n| peer | ns/%s | | × ours | |\n| --- | --: | --- | --: | --- |\n", res.Family, res.Case, res.Unit)
		for _, row := range res.Rows {
			fmt.Fprintf(w, "| %s | %s | %s | %.2f | (%.2f–%.2f) |\n", row.Peer, figure(row.NS.Median), between(row.NS), row.Rel.Median, row.Rel.P25, row.Rel.P75)
		}
	}
	return remarks(w, r, "- ")
}

// remarks are the notes and what was skipped.
func remarks(w io.Writer, r *Report, bullet string) error {
	fmt.Fprintln(w)
	for _, n := range r.Notes {
		fmt.Fprintf(w, "%s%s\n", bullet, n)
	}
	var err error
	for _, s := range r.Skipped {
		_, err = fmt.Fprintf(w, "%sSKIPPED %s: %s\n", bullet, s.What, s.Why)
	}
	return err
}

func asJSON(w io.Writer, r *Report) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(r)
}

// figure is a time in three digits or so.
func figure(ns float64) string {
	if ns < 100 {
		return fmt.Sprintf("%.1f", ns)
	}
	return fmt.Sprintf("%.0f", ns)
}

func between(s bench.Spread) string { return "(" + figure(s.P25) + "–" + figure(s.P75) + ")" }
