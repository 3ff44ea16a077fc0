package lint

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"

	"github.com/vpcemu/vpcemu/internal/nearest"
	"github.com/vpcemu/vpcemu/internal/pattern"
)

// Ignore silences findings.
type Ignore struct {
	// ID is that of a check.
	ID string
	// Component is the ID or the name of what findings are about, or "vpc/name", in which
	// * stands for any letters and ? for one; "" for all, if Line is 0.
	Component string
	// File and Line are those of findings, and Comment the line of the comment that says
	// so, for an ignore that a comment makes.
	File          string
	Line, Comment int
}

// ParseIgnore reads "ID" or "ID=component".
func ParseIgnore(s string) (Ignore, error) {
	id, component, _ := strings.Cut(s, "=")
	if why := unknownID(id); why != "" {
		return Ignore{}, fmt.Errorf("ignore %q: %s", s, why)
	}
	return Ignore{ID: id, Component: component}, nil
}

func unknownID(id string) string {
	if Find(id) != nil {
		return ""
	}
	text := fmt.Sprintf("there is no check %q", id)
	if near := nearest.Best(id, ids()); near != "" {
		text += fmt.Sprintf("; did you mean %q?", near)
	}
	return text
}

func ids() (all []string) {
	for _, c := range Checks {
		all = append(all, c.ID)
	}
	return all
}

// remark is a comment that silences: "# vpcemu:ignore ID, ID: why".
var remark = regexp.MustCompile(`(^|\s)#\s*vpcemu:ignore\s+([^:#]*)`)

// Comments are the ignores of a YAML file: comments that begin with "vpcemu:ignore" and
// name checks, of what stands on their line or, if nothing does, on the next one.
func Comments(file string, text []byte) (all []Ignore) {
	lines := bytes.Split(text, []byte("\n"))
	for k, line := range lines {
		at := remark.FindSubmatchIndex(line)
		if at == nil {
			continue
		}
		about := k
		if len(bytes.TrimSpace(line[:at[0]])) == 0 {
			for about++; about < len(lines)-1 && isComment(lines[about]); about++ {
			}
		}
		names := strings.FieldsFunc(string(line[at[4]:at[5]]), func(r rune) bool { return r == ',' || r == ' ' || r == '\t' || r == '\r' })
		for _, id := range names {
			all = append(all, Ignore{ID: id, File: file, Line: about + 1, Comment: k + 1})
		}
	}
	return all
}

func isComment(line []byte) bool {
	line = bytes.TrimSpace(line)
	return len(line) == 0 || line[0] == '#'
}

// silences reports whether the ignore is for a finding.
func (g *Ignore) silences(f *Finding) bool {
	switch {
	case g.ID != f.ID:
		return false
	case g.Line != 0:
		return g.File == f.File && g.Line == f.Line
	}
	return g.Component == "" || pattern.In(g.Component, []string{f.VPC}, []string{f.Component, f.Name})
}

// Silence takes out the findings that are to be ignored, and adds one for each ignore that
// silences nothing.
func Silence(list []Finding, ignores []Ignore) (kept []Finding, silenced int) {
	used := make([]bool, len(ignores))
	for i := range list {
		quiet := false
		for k := range ignores {
			if ignores[k].silences(&list[i]) {
				quiet, used[k] = true, true
			}
		}
		if quiet {
			silenced++
			continue
		}
		kept = append(kept, list[i])
	}
	for k := range ignores {
		if !used[k] {
			kept = append(kept, ignores[k].unused())
		}
	}
	Sort(kept)
	return kept, silenced
}

func (g *Ignore) unused() Finding {
	f := Finding{ID: Unused, Severity: Find(Unused).Severity, Subject: "ignore " + g.ID, Component: g.ID, Fix: "remove it",
		Reason: fmt.Sprintf("%s finds nothing there", g.ID), File: g.File, Line: g.Comment}
	if g.Component != "" {
		f.Subject += "=" + g.Component
	}
	if why := unknownID(g.ID); why != "" {
		f.Reason, f.Fix = why, "correct it"
	}
	return f
}
