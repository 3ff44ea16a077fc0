package emu

import (
	"fmt"
	"io"
	"strings"
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
	p.leg("request", t.Request)
	p.leg("reply", t.Reply)
	p.leg("third packet of the handshake", t.Ack)
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
	label := "at"
	for _, b := range t.Blockers {
		p.blocker(label, b)
		label = "also"
	}
	for _, b := range t.Unknowns {
		p.blocker("unknown", b)
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
	if strings.HasPrefix(addr, name) || strings.HasPrefix(addr, "["+name) {
		return addr
	}
	return name + " " + addr
}

func (p *printer) blocker(label string, b Blocker) {
	where := fmt.Sprintf("%s, %s", b.Component, stageNames[b.Stage])
	if b.Direction != "request" {
		where += " of the " + b.Direction
	}
	line := fmt.Sprintf("%-52s %s", where+": "+b.Detail, strings.TrimSpace(b.Reason+" "+codeText(b.Code)))
	p.printf("         %s: %s\n", label, strings.TrimRight(line, " "))
}

func codeText(code string) string {
	if code == "" {
		return ""
	}
	return "(" + code + ")"
}

// stageNames are the stages in words.
var stageNames = map[Stage]string{
	ATT: "attachment", L2: "packet check", SRC: "source check", LL: "link-local", SGOut: "sg egress", NACLOut: "nacl egress",
	FlowOut: "flow log", RT: "route", MTU: "packet size", IGW: "internet gateway", EdgeRT: "edge route", ADDR: "address",
	NACLIn: "nacl ingress", DST: "destination check", SGIn: "sg ingress", FlowIn: "flow log", Deliver: "deliver",
}

func (p *printer) leg(title string, l *Leg) {
	if l == nil {
		return
	}
	at := ""
	if l.At != "" {
		at = " at " + l.At
	}
	p.printf("\n%s %s\n", p.paint(Title, title), p.paint(Faint, "("+l.Verdict.String()+at+")"))
	for i := range l.Steps {
		p.step(&l.Steps[i])
	}
}

// quiet are the stages that say nothing new to people when they pass.
var quietStages = map[Stage]bool{ATT: true, L2: true, LL: true, FlowOut: true, FlowIn: true}

func (p *printer) step(s *Step) {
	if s.Verdict == Pass && quietStages[s.Stage] {
		return
	}
	mark, kind, word := " ", Good, "pass"
	switch s.Verdict {
	case Drop:
		mark, kind, word = "✗", Bad, "drop"
	case Undecided:
		mark, kind, word = "?", Doubt, "unknown"
	}
	what := strings.Join(nonEmpty(s.Rule, s.Route, s.detailBesideRule()), "  ")
	p.printf("%s %-18s %-17s %s  %s", p.paint(kind, mark), s.Kind+" "+s.Component, stageNames[s.Stage], p.paint(kind, fmt.Sprintf("%-7s", word)), what)
	if s.Origin != "" && (s.Rule != "" || s.Route != "" || s.Verdict != Pass) {
		p.printf("  %s", p.paint(Faint, s.Origin))
	}
	p.printf("\n")
	for _, m := range s.Misses {
		p.printf("%48s %s\n", "", p.paint(Faint, strings.Join(nonEmpty(m.Rule, m.Why, m.Origin), "  ")))
	}
}

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
