package emu

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

var answerPaint = [...]PaintKind{Blocked: Bad, Reachable: Good, Uncertain: Doubt}

// summary is the verdict in one line, then one line for everything in the way.
func (p *printer) summary(t *Trace) {
	verdict := fmt.Sprintf("%-9s", strings.ToUpper(t.Verdict.String()))
	p.printf("%s  %s\n", p.paint(answerPaint[t.Verdict], verdict), t.headline())
	for _, one := range t.Targets {
		p.target(&one)
	}
	if len(t.Targets) == 0 {
		p.inTheWay(t, "  ")
	}
	for _, note := range t.Notes {
		p.printf("  %-7s  %s\n", "note", note)
	}
}

// target is the answer for one target of several, and what is in the way to it.
func (p *printer) target(one *TargetTrace) {
	p.printf("  %-7s  %s: %s\n", "target", one, p.paint(answerPaint[one.Trace.Verdict], one.Trace.Verdict.String()))
	p.inTheWay(one.Trace, "    ")
}

// inTheWay is a line for each thing in the way, and for each that is not known.
func (p *printer) inTheWay(t *Trace, indent string) {
	where, origin := 0, 0
	for _, b := range slices.Concat(t.Blockers, t.Unknowns) {
		where = max(where, utf8.RuneCountInString(b.text()))
		origin = max(origin, len(b.Origin))
	}
	label := "at"
	for _, b := range t.Blockers {
		p.blocker(indent, label, b, where, origin)
		label = "also"
	}
	label = "unknown"
	if len(t.Blockers) > 0 {
		label = "unsure"
	}
	for _, b := range t.Unknowns {
		p.blocker(indent, label, b, where, origin)
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

func (p *printer) blocker(indent, label string, b Blocker, where, origin int) {
	line := fmt.Sprintf("%-*s  %-*s  %s", where, b.text(), origin, b.Origin, strings.Join(nonEmpty(b.Reason, b.Code), "  "))
	text, behind := line[:len(b.text())], strings.TrimRight(line[len(b.text()):], " ")
	p.printf("%s%-7s  %s%s\n", indent, label, text, p.faint(behind))
}

// text is "eni db-1, sg ingress: no rule of db matches tcp/22 from 10.0.2.4".
func (b *Blocker) text() string {
	where := component(b.Kind, b.Component) + ", " + b.Stage.words()
	if b.Direction != "request" {
		where += " of the " + b.Direction
	}
	if b.Hypothetical {
		where += " " + throughIt
	}
	return where + ": " + b.Detail
}
