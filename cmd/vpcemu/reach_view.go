package main

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/firewall"
	"github.com/vpcemu/vpcemu/reach"
)

// reachView is a matrix in words.
type reachView struct {
	Network string       `json:"network"`
	Classes []reachClass `json:"classes"`
	Rows    []reachRow   `json:"rows"` // those with something reachable, or unknown

	named map[string]int // places in Classes
	all   bool           // blocked rows too
	src   string         // the sources that were asked about, "" for all
}

// reachClass is ends that nothing tells apart.
type reachClass struct {
	Name    string   `json:"name"`
	Kind    string   `json:"kind"`
	Members []string `json:"members"`

	title string
	asked bool // what reaches it
}

// reachRow is what gets from one class to another; of a class to itself, from each member
// to the others. Source and Destination are names of classes.
type reachRow struct {
	Source      string   `json:"source"`
	Destination string   `json:"destination"`
	Reachable   []string `json:"reachable"`
	Unknown     []string `json:"unknown"`
	Why         []string `json:"why_unknown"`
}

// add adds a row, or what of it is of a service.
func (v *reachView) add(r *reach.Row, only *firewall.Service) error {
	src, dst := v.class(r.Source), v.class(r.Destination)
	v.of(dst).asked = true
	a := r.Answer
	if only != nil {
		a = a.Of(*only)
	}
	row := reachRow{src, dst, []string{}, []string{}, []string{}}
	if a.Has(emu.Reachable) {
		row.Reachable = append(row.Reachable, a.Words(emu.Reachable)...)
	}
	if a.Has(emu.Uncertain) {
		row.Unknown = append(row.Unknown, a.Words(emu.Uncertain)...)
		why, err := a.Why()
		if err != nil {
			return err
		}
		row.Why = append(row.Why, why...)
	}
	if v.all || len(row.Reachable)+len(row.Unknown) > 0 {
		v.Rows = append(v.Rows, row)
	}
	return nil
}

// class is a class's name, which is its own; the class is then in the view.
func (v *reachView) class(c *reach.Class) string {
	name := c.Name()
	if _, ok := v.named[name]; !ok {
		v.named[name] = len(v.Classes)
		v.Classes = append(v.Classes, reachClass{Name: name, Kind: c.Kind.String(), Members: c.Names(), title: titleOf(c)})
	}
	return name
}

// sort puts the classes of the view in the order of the network.
func (v *reachView) sort(order []*reach.Class) {
	sorted := make([]reachClass, 0, len(v.Classes))
	for _, c := range order {
		if k, ok := v.named[c.Name()]; ok {
			v.named[c.Name()] = len(sorted)
			sorted = append(sorted, v.Classes[k])
		}
	}
	v.Classes = sorted
}

// titleOf is a class for people: "db-1, db-2", "app-1, app-2 and 40 more", or "old-1
// (stopped)".
func titleOf(c *reach.Class) string {
	names := make([]string, 0, 3)
	for _, m := range c.Members[:min(len(c.Members), 3)] {
		names = append(names, m.Name)
	}
	title := strings.Join(names, ", ")
	if more := len(c.Members) - 2; more > 1 {
		title = fmt.Sprintf("%s and %d more", strings.Join(names[:2], ", "), more)
	}
	if down := c.Members[0].Down(); down != "" {
		title += " (" + down + ")"
	}
	return title
}

// of is a class by its name.
func (v *reachView) of(name string) *reachClass { return &v.Classes[v.named[name]] }

// from is the source of a row for people.
func (v *reachView) from(r *reachRow) string {
	if r.Source == r.Destination {
		return "each other"
	}
	return v.of(r.Source).title
}

func (v *reachView) writeCSV(out io.Writer) error {
	w := csv.NewWriter(out)
	size := func(name string) string { return strconv.Itoa(len(v.of(name).Members)) }
	_ = w.Write([]string{"source", "like_source", "destination", "like_destination", "reachable", "unknown", "why_unknown"})
	for _, r := range v.Rows {
		_ = w.Write([]string{r.Source, size(r.Source), r.Destination, size(r.Destination),
			strings.Join(r.Reachable, "; "), strings.Join(r.Unknown, "; "), strings.Join(r.Why, "; ")})
	}
	w.Flush()
	return w.Error()
}
