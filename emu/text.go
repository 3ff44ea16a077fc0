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
	if paint == nil {
		paint = func(_ PaintKind, text string) string { return text }
	}
	p := printer{w: out, paint: paint}
	p.summary(t)
	p.measure(t)
	p.leg("request", t.Request, "")
	reply := ""
	if t.Request.Verdict == Dropped {
		reply = "if the request got through: "
	}
	p.leg("reply", t.Reply, reply)
	p.leg("third packet of the handshake", t.Ack, "")
	return p.err
}

// WriteSummary writes only the verdict and what is in the way.
func (t *Trace) WriteSummary(out io.Writer, paint Paint) error {
	if paint == nil {
		paint = func(_ PaintKind, text string) string { return text }
	}
	p := printer{w: out, paint: paint}
	p.summary(t)
	return p.err
}

// printer writes until the first error.
type printer struct {
	w     io.Writer
	paint Paint
	err   error

	who, what int // widths of columns: what a step looked at, and what it found
}

func (p *printer) printf(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.w, format, args...)
	}
}

var answerPaint = [...]PaintKind{Blocked: Bad, Reachable: Good, Uncertain: Doubt}

// summary is the verdict in one line, then one line for everything in the way.
func (p *printer) summary(t *Trace) {
	verdict := fmt.Sprintf("%-9s", strings.ToUpper(t.Verdict.String()))
	p.printf("%s  %s\n", p.paint(answerPaint[t.Verdict], verdict), t.headline())
	where, origin := 0, 0
	for _, b := range slices.Concat(t.Blockers, t.Unknowns) {
		where = max(where, utf8.RuneCountInString(b.text()))
		origin = max(origin, len(b.Origin))
	}
	label := "at"
	for _, b := range t.Blockers {
		p.blocker(label, b, where, origin)
		label = "also"
	}
	label = "unknown"
	if len(t.Blockers) > 0 {
		label = "unsure"
	}
	for _, b := range t.Unknowns {
		p.blocker(label, b, where, origin)
	}
	for _, one := range t.Targets {
		p.printf("  %-7s  %s by %s: %s\n", "target", strings.TrimSpace(one.Interface+" "+one.Target), one.Node,
			p.paint(answerPaint[one.Trace.Verdict], one.Trace.Verdict.String()))
	}
}

// headline is what was asked: "tcp  app-1 10.0.2.4:49152 → db-1 10.0.3.10:22".
func (t *Trace) headline() string {
	if len(t.Request.Steps) == 0 {
		return fmt.Sprintf("%s  %s → %s", t.Service, t.Source, t.Destination)
	}
	s := t.Request.Steps[0]
	src, dst := t.sent.Src.String(), t.sent.Dst.String()
	if t.sent.Proto.HasPorts() {
		src, dst = hostPort(src, t.sent.SrcPort), hostPort(dst, t.sent.DstPort)
	}
	return fmt.Sprintf("%s  %s → %s", strings.Split(s.Protocol, "/")[0], named(t.Source, src), named(t.Destination, dst))
}

func hostPort(host string, port uint16) string {
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	return fmt.Sprintf("%s:%d", host, port)
}

// named puts a name before an address, unless it is the address.
func named(name, addr string) string {
	if strings.HasPrefix(name, "internet:") {
		name = "internet"
	}
	if strings.HasPrefix(addr, name) || strings.HasPrefix(addr, "["+name) {
		return addr
	}
	return name + " " + addr
}

func (p *printer) blocker(label string, b Blocker, where, origin int) {
	line := fmt.Sprintf("%-*s  %-*s  %s", where, b.text(), origin, b.Origin, strings.Join(nonEmpty(b.Reason, b.Code), "  "))
	text, behind := line[:len(b.text())], strings.TrimRight(line[len(b.text()):], " ")
	p.printf("  %-7s  %s%s\n", label, text, p.faint(behind))
}

// text is "eni db-1, sg ingress: no rule of db matches tcp/22 from 10.0.2.4".
func (b *Blocker) text() string {
	where := component(b.Kind, b.Component) + ", " + stageNames[b.Stage]
	if b.Direction != "request" {
		where += " of the " + b.Direction
	}
	return where + ": " + b.Detail
}

// component is a kind and a name, unless they are the same word.
func component(kind, name string) string {
	if kind == name {
		return name
	}
	return kind + " " + name
}

// stageNames are the stages in words.
var stageNames = map[Stage]string{
	ATT: "attachment", L2: "packet check", SRC: "source check", LL: "link-local", SGOut: "sg egress", NACLOut: "nacl egress",
	FlowOut: "flow log", RT: "route", MTU: "packet size", IGW: "internet gateway", EIGW: "egress-only gateway", NAT: "NAT gateway", LB: "load balancer", PCX: "peering", EP: "endpoint", GWLB: "GWLB endpoint", TGW: "transit gateway", VGW: "VPN gateway", EdgeRT: "edge route", ADDR: "address",
	NACLIn: "nacl ingress", DST: "destination check", SGIn: "sg ingress", FlowIn: "flow log", Deliver: "deliver",
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
	p.printf("%s %-*s  %-17s  %s  %s\n", mark, p.who, component(s.Kind, s.Component), stageNames[s.Stage],
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
