package emu

import (
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"unicode/utf8"
)

// Paint colours a piece of a trace; see [Trace.WriteText].
type Paint func(kind PaintKind, text string) string

// PaintKind is what a piece of text means.
type PaintKind uint8

// What text can mean.
const (
	Good  PaintKind = iota // reachable, passed
	Bad                    // blocked, dropped
	Doubt                  // unknown
	Faint                  // origins, remarks
	Title                  // headings
)

// String is the trace for people, without colour.
func (t *Trace) String() string {
	var b strings.Builder
	t.WriteText(&b, nil)
	return b.String()
}

// WriteText writes the trace for people: the verdict, everything in the way, and
// the steps both ways. Paint may be nil.
func (t *Trace) WriteText(out io.Writer, paint Paint) error {
	p := newPrinter(out, paint)
	p.summary(t)
	p.measure(t)
	to := ""
	if t.shown != "" {
		to = ", to " + t.shown
	}
	p.leg("request"+to, t.Request, "")
	reply := ""
	if t.Request.Verdict == Dropped {
		reply = throughIt + ": "
	}
	p.leg("reply"+to, t.Reply, reply)
	p.leg("third packet of the handshake"+to, t.Ack, "")
	return p.err
}

// throughIt is said of what there would be if nothing dropped the request.
const throughIt = "if the request got through"

// WriteSummary writes only the verdict and what is in the way.
func (t *Trace) WriteSummary(out io.Writer, paint Paint) error {
	p := newPrinter(out, paint)
	p.summary(t)
	return p.err
}

// WriteTargets writes the targets of a load balancer that are not certainly reached, if
// all were asked about, and what is in the way.
func (t *Trace) WriteTargets(out io.Writer, paint Paint) error {
	p := newPrinter(out, paint)
	for _, one := range t.Targets {
		if one.Trace.Verdict != Reachable {
			p.target(&one)
		}
	}
	return p.err
}

// printer writes until the first error.
type printer struct {
	w     io.Writer
	paint Paint
	err   error

	who, what int // widths of columns: what a step looked at, and what it found
}

// newPrinter: nil paints nothing.
func newPrinter(out io.Writer, paint Paint) *printer {
	if paint == nil {
		paint = func(_ PaintKind, text string) string { return text }
	}
	return &printer{w: out, paint: paint}
}

func (p *printer) printf(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.w, format, args...)
	}
}

// component is a kind and a name, unless they are the same word.
func component(kind, name string) string {
	if kind == name {
		return name
	}
	return kind + " " + name
}

// measure fits the columns to all the steps that are shown.
func (p *printer) measure(t *Trace) {
	for _, l := range []*Leg{t.Request, t.Reply, t.Ack} {
		for i := range l.shown() {
			p.who = max(p.who, utf8.RuneCountInString(component(i.Kind, i.Component)))
			if n := utf8.RuneCountInString(i.text()); i.hasOrigin() && n <= widest {
				p.what = max(p.what, n)
			}
			for _, m := range i.Misses {
				if n := utf8.RuneCountInString(m.text()); n <= widest {
					p.what = max(p.what, n)
				}
			}
		}
	}
}

// widest is how far longer texts do not push the column behind them.
const widest = 80

func (p *printer) leg(title string, l *Leg, condition string) {
	if l == nil {
		return
	}
	end := condition + l.Verdict.String()
	if l.At != "" {
		end += " at " + l.At
	}
	if shown := slices.Collect(l.shown()); l.Verdict == Dropped && len(shown) > 0 && shown[len(shown)-1].Verdict == Pass {
		end += "; the steps after that are what it would meet next"
	}
	p.printf("\n%s  %s\n", p.paint(Title, title), p.paint(Faint, end))
	for s := range l.shown() {
		p.step(s)
	}
}

// quietStages are those that say nothing new to people when they pass.
var quietStages = map[Stage]bool{ATT: true, L2: true, LL: true, FlowOut: true, FlowIn: true}

// shown are the steps that say something: not those that pass without a word.
func (l *Leg) shown() iter.Seq[*Step] {
	return func(yield func(*Step) bool) {
		if l == nil {
			return
		}
		for i := range l.Steps {
			s := &l.Steps[i]
			if s.Verdict == Pass && (quietStages[s.Stage] && s.Kind != "service" || s.text() == "") {
				continue
			}
			if !yield(s) {
				return
			}
		}
	}
}

func (p *printer) step(s *Step) {
	mark, kind, word := " ", Good, "pass"
	switch s.Verdict {
	case Drop:
		mark, kind, word = "✗", Bad, "drop"
	case Undecided:
		mark, kind, word = "?", Doubt, "unknown"
	}
	origin := ""
	if s.hasOrigin() {
		origin = s.Origin
	}
	if s.Verdict != Pass {
		mark = p.paint(kind, mark)
	}
	p.printf("%s %-*s  %-17s  %s  %s\n", mark, p.who, component(s.Kind, s.Component), s.Stage.words(),
		p.paint(kind, fmt.Sprintf("%-7s", word)), p.found(s.text(), origin))
	for _, m := range s.Misses {
		line := fmt.Sprintf("%-*s  %s", p.what, m.text(), m.Origin)
		p.printf("%*s%s\n", 2+p.who+2+17+2+7+2, "", p.paint(Faint, strings.TrimRight(line, " ")))
	}
}

// faint paints what is not empty.
func (p *printer) faint(text string) string {
	if text == "" {
		return ""
	}
	return p.paint(Faint, text)
}

// found is a text and, in a column of its own, where it was written.
func (p *printer) found(text, origin string) string {
	if origin == "" {
		return text
	}
	return fmt.Sprintf("%-*s  %s", p.what, text, p.paint(Faint, origin))
}

// hasOrigin reports whether the origin is that of a setting that decided, not
// only that of the thing it was found on.
func (s *Step) hasOrigin() bool {
	return s.Origin != "" && (s.Rule != "" || s.Route != "" || s.Verdict != Pass)
}

// String is a step on one line: what it looked at, and what it found or what is
// wrong: "eni db-1, sg ingress: no rule of db matches tcp/22 from 10.0.2.4".
func (s Step) String() string {
	where := component(s.Kind, s.Component)
	if s.Stage != "" {
		where += ", " + s.Stage.words()
	}
	found := s.Detail
	if s.Verdict == Pass {
		found = s.text()
	}
	return strings.TrimPrefix(strings.Join(nonEmpty(where, found), ": "), " ")
}

// text is what a step found: the rule, the route, the remark.
func (s *Step) text() string {
	return strings.Join(nonEmpty(s.Rule, s.Route, s.detailBesideRule()), "  ")
}

func (m *Miss) text() string { return m.Rule + "  " + m.Why }

// detailBesideRule is the detail, unless it only repeats the rule.
func (s *Step) detailBesideRule() string {
	if s.Rule != "" && s.Verdict == Drop && s.Stage != SGIn && s.Stage != SGOut {
		return ""
	}
	return s.Detail
}

func nonEmpty(list ...string) []string {
	var out []string
	for _, s := range list {
		if s != "" {
			out = append(out, s)
		}
	}
	return out
}
