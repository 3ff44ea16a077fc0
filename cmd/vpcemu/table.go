package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/vpcemu/vpcemu/emu"
)

// grid is a table for people: words in columns, without boxes, so that it reads
// the same on a terminal, in a file and behind grep.
type grid struct {
	title  string
	remark string // behind the title
	header []string
	rows   [][]string
	count  int // of things, of which each may have several rows
}

// add adds a row; begins says that it is the first one of a thing.
func (g *grid) add(begins bool, cells ...string) {
	if begins {
		g.count++
	}
	g.rows = append(g.rows, cells)
}

// write writes the title and the table. Columns with nothing in them are left
// out. Lines longer than width, if it is not 0, end in "…": a table whose lines
// wrap cannot be read.
func (g *grid) write(out io.Writer, paint emu.Paint, width int) error {
	title := fmt.Sprintf("%s (%d)", g.title, g.count)
	if _, err := fmt.Fprintln(out, strings.TrimRight(paint(emu.Title, title)+"  "+paint(emu.Faint, g.remark), " ")); err != nil || len(g.rows) == 0 {
		return err
	}
	t := table.NewWriter()
	t.SetStyle(plainStyle())
	t.AppendHeader(g.row(g.header))
	for _, r := range g.rows {
		t.AppendRow(g.row(r))
	}
	for n, line := range strings.Split(t.Render(), "\n") {
		line = strings.TrimRight(line, " ")
		if width > indent {
			line = text.Snip(line, width-indent, "…")
		}
		if n == 0 {
			line = paint(emu.Faint, line)
		}
		if _, err := fmt.Fprintln(out, "  "+line); err != nil {
			return err
		}
	}
	return nil
}

// row is the cells of the columns that are not empty.
func (g *grid) row(cells []string) table.Row {
	var row table.Row
	for n, c := range cells {
		for _, r := range g.rows {
			if r[n] != "" {
				row = append(row, c)
				break
			}
		}
	}
	return row
}

// indent is how far a table stands to the right of its title.
const indent = 2

func plainStyle() table.Style {
	s := table.StyleDefault
	s.Options = table.OptionsNoBordersAndSeparators
	s.Box.PaddingLeft, s.Box.PaddingRight = "", "  "
	return s
}
