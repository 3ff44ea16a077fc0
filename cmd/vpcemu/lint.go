package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/vpcemu/vpcemu/internal/findings"
	"github.com/vpcemu/vpcemu/reach/lint"
	"github.com/vpcemu/vpcemu/vpc/load/report"
)

const lintHelp = `Lint looks for probable mistakes: replies that a network ACL blocks or that no
route brings back, rules that do nothing, routes into nothing, databases that
the internet reaches. --checks lists all it looks for.

It asks with packets, not with patterns: a rule that nothing can use yet is not
an open database. What the description does not tell is listed as not judged.

A comment in a YAML network silences a finding of its line, or, alone on a line,
of the next one; --ignore silences some of any network: sg-unused=web-*, in which *
stands for any letters and ? for one. An ignore that silences nothing is a finding
itself.

  ingress: [tcp/22 from 0.0.0.0/0] # vpcemu:ignore internet-administration: bastion

The exit status is 0 without findings as bad as --fail-on, 1 with some, and 2 if
the network could not be read.`

const lintExamples = `  vpcemu lint example:three-tier
  vpcemu lint net.yaml -o sarif          # for code scanning; github: annotations
  vpcemu lint snapshot --ignore sg-unused --fail-on error
  vpcemu lint --checks
  vpcemu lint net.yaml --checks          # and how much each finds there`

type lintFlags struct {
	output choice
	failOn choice
	ignore []string
	checks bool
}

func (a *app) lintCommand() *cobra.Command {
	f := lintFlags{output: oneOf(findings.Forms...), failOn: oneOf("warning", "error", "note", "never")}
	c := &cobra.Command{
		Use:     "lint NETWORK",
		Short:   "Probable mistakes: rules that do nothing, replies that cannot come back, open databases",
		Long:    lintHelp,
		Example: lintExamples,
		Args: func(c *cobra.Command, args []string) error {
			if f.checks {
				return arguments("[NETWORK]")(c, args)
			}
			return arguments("NETWORK")(c, args)
		},
		ValidArgsFunction: completeNetwork,
		RunE: func(c *cobra.Command, args []string) error {
			if f.checks && len(args) == 0 {
				return a.listChecks(nil, nil)
			}
			return a.lint(c, args[0], &f)
		},
	}
	outputFlag(c, &f.output, "form of the answer")
	c.Flags().Var(&f.failOn, "fail-on", "the least severity that makes the exit status 1")
	completeChoice(c, "fail-on", f.failOn.allowed)
	c.Flags().StringArrayVar(&f.ignore, "ignore", nil, "silence `CHECK[=COMPONENT]`, of all components or by ID, name or vpc/name, with * and ?")
	c.Flags().BoolVar(&f.checks, "checks", false, "list the checks, and how much each finds in NETWORK if there is one")
	return c
}

func (a *app) lint(c *cobra.Command, network string, f *lintFlags) error {
	ignores, err := a.ignores(c, f)
	if err != nil {
		return err
	}
	n, rep, err := loadNetwork(network)
	if err != nil {
		return err
	}
	list, unjudged, err := lint.Run(n)
	if err != nil {
		return fmt.Errorf("%s: %w", network, err)
	}
	comments, err := commentsOf(network, rep)
	if err != nil {
		return err
	}
	list, silenced := lint.Silence(list, append(ignores, comments...))
	r := lintReport(network, list, unjudged, f.failOn.value)
	if f.checks {
		err = a.listChecks(countIDs(list, unjudged))
	} else if err = r.Write(a.out, f.output.value); err == nil {
		a.lintRemarks(f, list, r.Unjudged, silenced)
	}
	if err != nil {
		return err
	}
	a.warn(network, rep)
	if slices.ContainsFunc(list, func(l lint.Finding) bool { return fails(&l, f.failOn.value) }) {
		return status(statusNo)
	}
	return nil
}

// ignores are those of the flags.
func (a *app) ignores(c *cobra.Command, f *lintFlags) ([]lint.Ignore, error) {
	var all []lint.Ignore
	for _, text := range f.ignore {
		ignore, err := lint.ParseIgnore(text)
		if err != nil {
			return nil, usage(c, "%v", err)
		}
		all = append(all, ignore)
	}
	return all, nil
}

// commentsOf are the ignores in the text of a network, if it is in YAML.
func commentsOf(network string, rep *report.Report) ([]lint.Ignore, error) {
	if rep.Format != "yaml" {
		return nil, nil
	}
	name, text, err := network, []byte(nil), error(nil)
	if example, ok := strings.CutPrefix(network, exampleScheme); ok {
		name = example + ".yaml"
		text, err = exampleFile(example)
	} else {
		text, err = os.ReadFile(network)
	}
	return lint.Comments(filepath.Base(name), text), err
}

// fails reports whether a finding makes the exit status 1.
func fails(f *lint.Finding, least string) bool {
	severity, err := lint.ParseSeverity(least)
	return err == nil && f.Severity >= severity // err: never
}

// severityOf are severities as reports have them.
var severityOf = [...]findings.Severity{lint.Note: findings.Note, lint.Warning: findings.Warning, lint.Error: findings.Error}

// lintReport is what was found. Its cases are the findings, and the checks without any.
func lintReport(network string, list []lint.Finding, unjudged []lint.Unjudged, failOn string) *findings.Report {
	r := &findings.Report{Command: "lint", Version: versionText(), Subject: network}
	places := findings.NewPlaces(network)
	for k := range lint.Checks {
		c := &lint.Checks[k]
		r.Rules = append(r.Rules, findings.Rule{ID: c.ID, Name: c.ID, Short: c.Title + ".", Help: c.About + "\n\n" + c.Fix, Severity: severityOf[c.Severity]})
		if !slices.ContainsFunc(list, func(f lint.Finding) bool { return f.ID == c.ID }) {
			r.Cases = append(r.Cases, findings.Case{Name: c.ID, Group: network})
		}
	}
	for k := range list {
		l := &list[k]
		f := findings.Finding{ID: l.ID, Severity: severityOf[l.Severity], Message: l.Subject + ": " + l.Reason, Fix: l.Fix, Component: component(l)}
		if w := l.Witness; w != nil {
			f.Detail = "try: " + traceCommand(network, w)
		}
		f.File, f.Line = lintPlace(places, l.File, l.Line)
		r.Findings = append(r.Findings, f)
		one := findings.Case{Name: l.ID + ": " + l.Subject, Group: network, File: f.File, Line: f.Line}
		if fails(l, failOn) {
			one.Failure, one.Detail = f.Message, strings.TrimSpace(f.Detail+"\n"+f.Fix)
		}
		r.Cases = append(r.Cases, one)
	}
	for _, u := range unjudged {
		more := findings.Unjudged{IDs: u.IDs, Subject: u.Subject, Why: u.Why}
		more.File, more.Line = lintPlace(places, u.File, u.Line)
		r.Unjudged = append(r.Unjudged, more)
	}
	return r
}

// lintPlace is a place as a path from here.
func lintPlace(places *findings.Places, file string, line int) (string, int) {
	if line == 0 {
		return file, 0
	}
	file, line, _ = places.At(fmt.Sprintf("%s:%d", file, line))
	return file, line
}

func component(l *lint.Finding) string {
	if l.VPC == "" || l.VPC == l.Component {
		return l.Component
	}
	return l.VPC + "/" + l.Component
}

// traceCommand is the command that shows a witness.
func traceCommand(network string, w *lint.Witness) string {
	text := fmt.Sprintf("vpcemu trace %s %s %s %s", networkWord(network), shellWord(w.Source), shellWord(w.Destination), w.Service)
	if w.SourcePort != 0 && w.SourcePort != 49152 {
		text += fmt.Sprintf(" --src-port %d", w.SourcePort)
	}
	if w.IPv6 {
		text += " -6"
	}
	return text
}

// lintRemarks say what was not judged, and how much was found: in text below the findings,
// else on standard error.
func (a *app) lintRemarks(f *lintFlags, list []lint.Finding, unjudged []findings.Unjudged, silenced int) {
	if a.quiet {
		return
	}
	if f.output.value != "text" {
		if len(unjudged) > 0 {
			_ = a.out.Flush() // the answer first; run notices an error
			fmt.Fprintf(a.stderr, "note: %s not be judged; -o json lists %s\n", plural(len(unjudged), "place could", "places could"), itThem(len(unjudged)))
		}
		return
	}
	for k, u := range unjudged {
		same := func(o findings.Unjudged) bool { return o.Why == u.Why && slices.Equal(o.IDs, u.IDs) }
		if slices.ContainsFunc(unjudged[:k], same) {
			continue
		}
		at := ""
		if u.File != "" && u.Line > 0 {
			at = fmt.Sprintf("%s:%d: ", u.File, u.Line)
		}
		fmt.Fprintf(a.out, "%snot judged: %s: %s [%s]\n", at, subjects(slices.DeleteFunc(slices.Clone(unjudged[k:]), func(o findings.Unjudged) bool { return !same(o) })), u.Why, strings.Join(u.IDs, ", "))
	}
	fmt.Fprintln(a.out, lintSummary(list, len(unjudged), silenced))
}

// subjects are what some that were not judged for one reason are about: three, and how many
// more.
func subjects(list []findings.Unjudged) string {
	var names []string
	for _, u := range list {
		if names = append(names, u.Subject); len(names) == 3 {
			break
		}
	}
	text := strings.Join(names, "; ")
	if more := len(list) - len(names); more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

// lintSummary is "1 error, 2 warnings, 1 note; 3 not judged, 1 ignored".
func lintSummary(list []lint.Finding, unjudged, silenced int) string {
	counts := make(map[lint.Severity]int)
	for _, f := range list {
		counts[f.Severity]++
	}
	text := strings.Join([]string{plural(counts[lint.Error], "error", "errors"), plural(counts[lint.Warning], "warning", "warnings"), plural(counts[lint.Note], "note", "notes")}, ", ")
	if len(list) == 0 {
		text = "nothing found"
	}
	var more []string
	if unjudged > 0 {
		more = append(more, fmt.Sprintf("%d not judged", unjudged))
	}
	if silenced > 0 {
		more = append(more, fmt.Sprintf("%d ignored", silenced))
	}
	if len(more) > 0 {
		text += "; " + strings.Join(more, ", ")
	}
	return text
}

// listChecks lists all checks, and what each has found, of a network, and could not judge.
func (a *app) listChecks(found map[string]int, unsure map[string]int) error {
	g := &grid{title: "Checks", header: []string{"ID", "SEVERITY", "FOUND", "NOT JUDGED", "WHAT"}}
	for _, c := range lint.Checks {
		g.add(true, c.ID, c.Severity.String(), number(found, c.ID), number(unsure, c.ID), c.Title)
	}
	return g.write(a.out, a.paint(), 0)
}

// number is one of some counts, "" if there are none at all.
func number(counts map[string]int, id string) string {
	if counts == nil {
		return ""
	}
	return strconv.Itoa(counts[id])
}

// countIDs are how many findings, and places that could not be judged, each check has.
func countIDs(list []lint.Finding, unjudged []lint.Unjudged) (found, unsure map[string]int) {
	found, unsure = make(map[string]int), make(map[string]int)
	for _, f := range list {
		found[f.ID]++
	}
	for _, u := range unjudged {
		for _, id := range u.IDs {
			unsure[id]++
		}
	}
	return found, unsure
}
