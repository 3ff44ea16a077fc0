package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/emu/tap"
)

// board is one look at a running network, as people see it.
type board struct {
	name string
	look tap.Look
	// dropsFirst turns the two lists around, and skip leaves out the beginning of the
	// first.
	dropsFirst bool
	skip       int
}

// grids are the two lists, the first one first.
func (b *board) grids() [2]*grid {
	flows := &grid{title: "Flows", header: []string{"FROM", "TO", "SERVICE", "PACKETS", "BYTES", "RATE", "STATE"}}
	for _, f := range b.look.Flows {
		to := f.Destination
		if f.Peer != "" {
			to = f.Peer + " " + to
		}
		flows.add(true, f.Host+" "+f.Source, to, f.Service, fmt.Sprint(f.Packets), amount(float64(f.Bytes), "B"), amount(f.Rate, "bit/s"), f.State)
	}
	drops := &grid{title: "Drops", header: []string{"FROM", "TO", "SERVICE", "PACKETS", "REASON", "WHERE", "RULE"}}
	for _, d := range b.look.Drops {
		drops.add(true, d.Host+" "+d.Source, d.Destination, d.Service, fmt.Sprint(d.Packets), d.Reason, d.Origin, d.Detail) // the longest last
	}
	if b.dropsFirst {
		return [2]*grid{drops, flows}
	}
	return [2]*grid{flows, drops}
}

// write writes all of it.
func (b *board) write(out io.Writer, paint emu.Paint, width int) error {
	for k, g := range b.grids() {
		if k > 0 {
			fmt.Fprintln(out)
		}
		if err := g.write(out, paint, width); err != nil {
			return err
		}
	}
	return nil
}

// screen is as much of it as a screen has room for: the second list gets what the
// first leaves, and a third at the least.
func (b *board) screen(paint emu.Paint, width, height int) string {
	status := fmt.Sprintf("%s  %s  %s, %s", b.name, b.look.Time.Format(time.TimeOnly), plural(len(b.look.Flows), "flow", "flows"), plural(len(b.look.Drops), "kind of drop", "kinds of drops"))
	lines := []string{paint(emu.Title, text.Snip(status, width, "…")), ""}
	room := height - len(lines) - 2 // for the line between and the keys
	grids := b.grids()
	second := rendered(grids[1], paint, width)
	first := rendered(grids[0], paint, width)
	least := min(len(second), room/3)
	first = window(first, b.skip, room-least)
	second = window(second, 0, room-len(first))
	lines = append(append(append(lines, first...), ""), second...)
	for len(lines) < height-1 {
		lines = append(lines, "")
	}
	return strings.Join(append(lines, paint(emu.Faint, "q quit   tab flows/drops   ↑↓ scroll")), "\n")
}

// rendered is a grid in lines.
func rendered(g *grid, paint emu.Paint, width int) []string {
	var b strings.Builder
	_ = g.write(&b, paint, width)
	return strings.Split(strings.TrimRight(b.String(), "\n"), "\n")
}

// gridHead is the title and the header of a grid.
const gridHead = 2

// window leaves out the first rows of a grid, and what there is no room for; it never
// leaves out the last row for being told to skip.
func window(lines []string, skip, room int) []string {
	if len(lines) > gridHead {
		skip = max(0, min(skip, len(lines)-max(room, gridHead+1)))
		lines = append(lines[:gridHead:gridHead], lines[gridHead+skip:]...)
	}
	return lines[:min(len(lines), max(room, 0))]
}

// amount is a number of something with a prefix: "1.2 MB".
func amount(n float64, unit string) string {
	if n == 0 {
		return ""
	}
	for _, prefix := range []string{"", "k", "M", "G"} {
		if n < 1000 {
			if prefix == "" {
				return fmt.Sprintf("%.0f %s", n, unit)
			}
			return fmt.Sprintf("%.1f %s%s", n, prefix, unit)
		}
		n /= 1000
	}
	return fmt.Sprintf("%.1f T%s", n, unit)
}
