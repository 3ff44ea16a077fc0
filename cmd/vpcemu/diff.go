package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/internal/findings"
	"github.com/vpcemu/vpcemu/reach"
)

const diffHelp = `Diff tells what a change of a network opens and closes: for all packets between
all ends, which get through and are answered in NEW and not in OLD, and the
reverse, with the rule, the route or the setting that did it. What gets through
as before and passes other gateways is listed too, as rerouted, and so is what has
another public address: that of a NAT gateway, or of an end. Addresses that a file
leaves open are no change.

OLD and NEW may be of different forms, such as a snapshot of what is deployed and
the YAML file that is to replace it. Ends are matched by name, or else by ID, or
else by address. Ends that only one of the two has are listed as added or removed,
and what gets to or from them as opened or closed. All addresses of an end are
compared, and all nodes of a load balancer: those of both networks that are the same,
or else that stand at the same place. Addresses are those of NEW, and of what closed
those of OLD. Whoever is inside may ask public addresses too, "tcp/22 to 203.0.113.10",
which is left out where the same goes for the private one.

With -o sarif or github what changed is put at the line that did it.

The exit status is 0 if nothing opened or closed, 1 if something did, or if
something became unknown or ceased to be, and 2 if a network cannot be read.`

const diffExamples = `  vpcemu diff net.yaml new.yaml            # something opened: status 1
  vpcemu diff snapshot net.yaml            # what deploying the file would change
  vpcemu diff net.yaml new.yaml -v         # with a trace before and after: status 1
  vpcemu diff net.yaml new.yaml -q         # a line for each change: status 1
  vpcemu diff net.yaml new.yaml -o github  # annotations in GitHub Actions: status 1`

func (a *app) diffCommand() *cobra.Command {
	output, verbose := oneOf(findings.Forms...), false
	c := &cobra.Command{
		Use:     "diff OLD NEW",
		Short:   "What does a change open and close? For all packets, with the rule that did it",
		Long:    diffHelp,
		Example: diffExamples,
		Args:    arguments("OLD", "NEW"),
		ValidArgsFunction: func(c *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
			if len(args) < 2 {
				return completeNetwork(c, nil, typed)
			}
			return nil, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(_ *cobra.Command, args []string) error {
			return a.diff(args[0], args[1], output.value, verbose)
		},
	}
	outputFlag(c, &output, "form of the answer")
	c.Flags().BoolVarP(&verbose, "verbose", "v", false, "show the whole traces of a packet, before and after")
	return c
}

func (a *app) diff(old, now, output string, verbose bool) error {
	before, was, err := a.openNetwork(old)
	if err != nil {
		return err
	}
	after, is, err := a.openNetwork(now)
	if err != nil {
		return err
	}
	var comparison reach.Comparison
	done := a.watch(now, &comparison.Progress)
	d := comparison.Diff(before, after)
	done()
	switch output {
	case "json":
		err = writeJSON(a.out, newDiffView(old, now, d, verbose))
	case "text":
		err = a.writeDiff(d, verbose)
	default:
		err = diffReport(old, now, d).Write(a.out, output)
	}
	if err != nil {
		return err
	}
	a.warn(old, was)
	a.warn(now, is)
	if !d.Same() {
		return status(statusNo)
	}
	return nil
}

// diffView is the JSON form of a difference, which is stable.
type diffView struct {
	Old     string   `json:"old"`
	New     string   `json:"new"`
	Same    bool     `json:"same"`
	Added   []string `json:"added"`
	Removed []string `json:"removed"`
	// Renamed are ends that were matched by ID or address, each by its old and new name.
	Renamed [][2]string  `json:"renamed,omitempty"`
	Changes []changeView `json:"changes"`
}

// changeView is one change. Kind is "opened", "closed", "unclear" or "rerouted", and IP the
// IP versions: 4, 6 or both.
type changeView struct {
	Kind         reach.Kind  `json:"kind"`
	IP           []int       `json:"ip"`
	Sources      []string    `json:"sources"`
	Destinations []string    `json:"destinations"`
	Traffic      []string    `json:"traffic"`
	Was          emu.Answer  `json:"was"`
	Is           emu.Answer  `json:"is"`
	By           []causeView `json:"by"`
	Before       []causeView `json:"before"`
	Old          *emu.Trace  `json:"old_trace,omitempty"`
	New          *emu.Trace  `json:"new_trace,omitempty"`
}

type causeView struct {
	Component string `json:"component"`
	Text      string `json:"text"`
	Origin    string `json:"origin,omitempty"`
}

func newDiffView(old, now string, d *reach.Difference, verbose bool) *diffView {
	v := &diffView{Old: old, New: now, Same: d.Same(), Added: orEmpty(d.Added), Removed: orEmpty(d.Removed), Renamed: d.Renamed, Changes: []changeView{}}
	for k := range d.Changes {
		c := &d.Changes[k]
		one := changeView{
			Kind: c.Kind, IP: c.Versions(), Sources: c.Sources, Destinations: c.Destinations, Traffic: c.Words(), Was: c.Was, Is: c.Is,
			By: causeViews(c.By), Before: causeViews(c.Before),
		}
		if verbose {
			one.Old, one.New = c.Old, c.New
		}
		v.Changes = append(v.Changes, one)
	}
	return v
}

func orEmpty(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

func causeViews(list []reach.Cause) []causeView {
	all := []causeView{}
	for _, c := range list {
		all = append(all, causeView{c.Component, c.Text, c.Origin})
	}
	return all
}

// writeDiff writes the changes by kind, and the total.
func (a *app) writeDiff(d *reach.Difference, verbose bool) error {
	paint := a.paint()
	var b strings.Builder
	for _, list := range [...]struct {
		title string
		names []string
	}{{"added", d.Added}, {"removed", d.Removed}} {
		if len(list.names) > 0 && !a.quiet {
			fmt.Fprintf(&b, "%s  %s\n", paint(emu.Title, fmt.Sprintf("%-8s", list.title)), some(list.names))
		}
	}
	if len(d.Renamed) > 0 && !a.quiet {
		var names []string
		for _, r := range d.Renamed {
			names = append(names, r[0]+" is "+r[1])
		}
		fmt.Fprintf(&b, "%s  %s\n", paint(emu.Title, "renamed "), some(names))
	}
	for k := range d.Changes {
		c := &d.Changes[k]
		fmt.Fprintf(&b, "%s  %s\n", paint(changePaint[c.Kind], fmt.Sprintf("%-8s", c.Kind)), changeLine(c))
		if !a.quiet {
			writeCauses(&b, c, verbose, paint)
		}
	}
	if !a.quiet {
		b.WriteString(diffTotal(d, paint) + "\n")
	}
	_, err := a.out.WriteString(b.String())
	return err
}

var changePaint = [...]emu.PaintKind{reach.Opened: emu.Bad, reach.Closed: emu.Good, reach.Unclear: emu.Doubt, reach.Rerouted: emu.Title}

// changeLine is "internet → db-1, db-2  tcp/5432".
func changeLine(c *reach.Change) string {
	line := fmt.Sprintf("%s → %s  %s", some(c.Sources), some(c.Destinations), strings.Join(c.Words(), "; "))
	switch v := c.Versions(); {
	case len(v) == 2:
		line += "  (IPv4 and IPv6)"
	case v[0] == 6:
		line += "  (IPv6)"
	}
	if c.Kind == reach.Unclear || c.Was == emu.Uncertain || c.Is == emu.Uncertain {
		line += fmt.Sprintf("  (%s, was %s)", c.Is, c.Was)
	}
	return line
}

// writeCauses writes what did it, and what was there before.
func writeCauses(b *strings.Builder, c *reach.Change, verbose bool, paint emu.Paint) {
	for _, list := range [...]struct {
		label  string
		causes []reach.Cause
	}{{"by", c.By}, {"was", c.Before}} {
		for _, cause := range list.causes {
			line := fmt.Sprintf("  %-6s  %s  %s", list.label, cause.Text, paint(emu.Faint, cause.Origin))
			b.WriteString(strings.TrimRight(line, " ") + "\n")
		}
	}
	if !verbose {
		return
	}
	for _, one := range [...]struct {
		title string
		trace *emu.Trace
	}{{"before", c.Old}, {"after", c.New}} {
		if one.trace == nil {
			continue
		}
		b.WriteString("  " + one.title + "\n")
		var text strings.Builder
		_ = one.trace.WriteText(&text, paint)
		for line := range strings.Lines(text.String()) {
			if line != "\n" {
				line = "    " + line
			}
			b.WriteString(line)
		}
	}
}

// diffTotal is the last line.
func diffTotal(d *reach.Difference, paint emu.Paint) string {
	var count [4]int
	for k := range d.Changes {
		count[d.Changes[k].Kind]++
	}
	var parts []string
	for kind, n := range count {
		if n > 0 {
			parts = append(parts, paint(changePaint[kind], fmt.Sprintf("%d %s", n, reach.Kind(kind))))
		}
	}
	if d.Same() {
		parts = append([]string{paint(emu.Title, "nothing opened or closed")}, parts...)
	}
	return strings.Join(parts, ", ")
}

// The rules that findings of diff have, by kind.
var diffRules = []findings.Rule{
	reach.Opened: {
		ID: "opened", Name: "Opened", Short: "The change lets traffic through that was blocked.",
		Help: "In the new network this traffic gets through and is answered, and in the old one it was not. The place is the rule or the route that lets it pass. " +
			"If that is not wanted, narrow it; `vpcemu trace` shows the whole path.",
	},
	reach.Closed: {
		ID: "closed", Name: "Closed", Short: "The change blocks traffic that got through.", Severity: findings.Warning,
		Help: "In the old network this traffic got through and was answered, and in the new one it is not. The place is what is in the way now.",
	},
	reach.Unclear: {
		ID: "unclear", Name: "Unclear", Short: "The change makes traffic unknown that was blocked, or the reverse.", Severity: findings.Warning,
		Help: "In one of the networks the traffic meets something that is not described or not modelled.",
	},
	reach.Rerouted: {
		ID: "rerouted", Name: "Rerouted", Short: "The change sends traffic through other gateways, or from or to another public address.", Severity: findings.Note,
		Help: "The traffic gets through in both networks, and passes other gateways in the new one, or has another public address there. " +
			"Who has a list of the addresses that may come in has to know.",
	},
}

// diffReport is a finding for each change, at the first line that did it.
func diffReport(old, now string, d *reach.Difference) *findings.Report {
	r := &findings.Report{Command: "diff", Version: vpcemuVersion(), Subject: now, Rules: diffRules}
	newer, older := findings.NewPlaces(now), findings.NewPlaces(old)
	for k := range d.Changes {
		c := &d.Changes[k]
		rule := diffRules[c.Kind]
		f := findings.Finding{ID: rule.ID, Severity: rule.Severity, Message: fmt.Sprintf("%s: %s", c.Kind, changeLine(c))}
		var text strings.Builder
		writeCauses(&text, c, false, plain)
		f.Detail = text.String()
		for _, list := range [...]struct {
			causes []reach.Cause
			places *findings.Places
		}{{c.By, newer}, {c.Before, older}} {
			for _, cause := range list.causes {
				if file, line, column := list.places.At(cause.Origin); f.File == "" && file != "" {
					f.File, f.Line, f.Column, f.Component = file, line, column, cause.Component
				}
			}
		}
		r.Findings = append(r.Findings, f)
	}
	return r
}
