package main

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/emu/insights"
	"github.com/vpcemu/vpcemu/firewall"
	"github.com/vpcemu/vpcemu/internal/nearest"
	"github.com/vpcemu/vpcemu/reach"
)

const reachHelp = `Reach answers for all packets what trace answers for one: which traffic gets there
and is answered, and what is not known.

  vpcemu reach NETWORK             who reaches what, and what the internet reaches
  vpcemu reach NETWORK SRC         what SRC reaches
  vpcemu reach NETWORK --to DST    who reaches DST
  vpcemu reach NETWORK SRC DST     all traffic from SRC to DST, and of what does not get
                                   through everything that is in the way

SRC and DST are as for trace ("vpcemu help trace"), or patterns like 'app-*' and '*',
in which * and ? stand for any letters.

Interfaces that nothing tells apart are listed together: they have the same subnet,
groups and settings, and no rule or route is about the addresses of some of them only.
"Each other" are two of them.

Of an end that has several addresses of an IP version the first is asked, and of a load
balancer the first node that has targets. With SRC and DST both given, others are named
by their addresses.

Pairs that are not listed are blocked. "Source ports 1024-65535" are those from which
something is reached, where that matters.

-o aws, of one SRC and one DST, is like that of trace: an analysis for each part of the
answer, with the path of one packet and, in its headers, all packets that take the same.

The exit status is 0, whatever is reachable: this is a listing, and "vpcemu check"
judges. It is 2 if the question makes no sense.`

const reachExamples = `  vpcemu reach example:three-tier                     # all pairs
  vpcemu reach example:three-tier --to db-1           # who can reach the database?
  vpcemu reach example:hybrid internet                # what can the internet reach?
  vpcemu reach net.yaml 'web-*' 'db-*' --service tcp/22
  vpcemu reach example:three-tier app-1 db-1          # and what is in the way
  vpcemu reach net.yaml -o csv > reach.csv            # blocked pairs too
  vpcemu reach net.yaml -o dot > reach.dot            # for Graphviz
  vpcemu reach net.yaml -o html > reach.html          # a page that needs nothing else`

// reachFlags are the flags of reach, and what it is asked about.
type reachFlags struct {
	output  choice
	to      string
	service string

	src, dst string // patterns, "" for all
	only     *firewall.Service
}

func (a *app) reachCommand() *cobra.Command {
	f := reachFlags{output: oneOf("text", "json", "csv", "dot", "svg", "html", "aws")}
	c := &cobra.Command{
		Use:               "reach NETWORK [SRC [DST]]",
		Short:             "All traffic that gets from where to where",
		Long:              reachHelp,
		Example:           reachExamples,
		Args:              arguments("NETWORK", "[SRC]", "[DST]"),
		ValidArgsFunction: completeEnds,
		RunE:              func(c *cobra.Command, args []string) error { return a.reach(c, args, &f) },
	}
	outputFlag(c, &f.output, "form of the answer")
	c.Flags().StringVar(&f.to, "to", "", "only what gets to `DST`")
	_ = c.RegisterFlagCompletionFunc("to", completeTo)
	c.Flags().StringVar(&f.service, "service", "", "only traffic of a `SERVICE`: tcp/22, tcp/8000-8099, icmp, all")
	return c
}

// completeEnds completes the arguments of reach.
func completeEnds(c *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 2 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return completeTrace(c, args, typed)
}

// completeTo completes a DST behind --to.
func completeTo(c *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
	if len(args) == 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return completeTrace(c, args[:1], typed)
}

func (a *app) reach(c *cobra.Command, args []string, f *reachFlags) error {
	f.dst = f.to
	if len(args) > 1 {
		f.src = args[1]
	}
	if len(args) > 2 {
		if f.to != "" {
			return usage(c, "DST is there twice: %q and --to %q", args[2], f.to)
		}
		f.dst = args[2]
	}
	if f.service != "" {
		s, err := firewall.ParseService(f.service)
		if err != nil {
			return usage(c, "--service: %v", err)
		}
		f.only = &s
	}
	e, rep, err := a.openNetwork(args[0])
	if err != nil {
		return err
	}
	net := reach.Of(e)
	switch one := single(f.src) && single(f.dst); {
	case f.output.value == "aws" && !one:
		return usage(c, "-o aws: AWS knows one source and one destination: want SRC and DST without patterns")
	case one && (f.output.value == "text" || f.output.value == "json" || f.output.value == "aws"):
		err = a.reachBetween(net, e, f)
	default:
		err = a.reachMatrix(args[0], net, f)
	}
	if err == nil {
		a.warn(args[0], rep)
	}
	return err
}

// single reports whether a pattern is the name of one end.
func single(pattern string) bool { return pattern != "" && !strings.ContainsAny(pattern, "*?[") }

// reachBetween answers about two ends, with everything that is in the way.
func (a *app) reachBetween(net *reach.Network, e *emu.Emulator, f *reachFlags) error {
	answer, err := net.Between(f.src, f.dst)
	if err != nil {
		return err
	}
	if f.only != nil {
		answer = answer.Of(*f.only)
	}
	switch f.output.value {
	case "json":
		return writeJSON(a.out, answer)
	case "aws":
		return a.writeInsights(e, answer)
	}
	if !a.quiet {
		fmt.Fprintf(a.out, "%s\n", a.paint()(emu.Title, f.src+" → "+f.dst))
	}
	return answer.WriteText(a.out)
}

// writeInsights writes an analysis of one packet of each part, and of those like it.
func (a *app) writeInsights(e *emu.Emulator, answer *reach.Answer) error {
	var all []insights.Case
	for i := range answer.Parts {
		t, alike, err := answer.Parts[i].Alike()
		if err != nil {
			return err
		}
		all = append(all, insights.Case{Trace: t, Alike: alike})
	}
	return writeJSON(a.out, insights.OfCases(e.Network(), all...))
}

// reachMatrix answers about all pairs that are asked about.
func (a *app) reachMatrix(name string, net *reach.Network, f *reachFlags) error {
	m := net.Matrix()
	src, err := matching(m, f.src)
	if err != nil {
		return err
	}
	dst, err := matching(m, f.dst)
	if err != nil {
		return err
	}
	want := func(s, d *reach.Class) bool { return (src == nil || src[s]) && (dst == nil || dst[d]) }
	v := &reachView{Network: name, Classes: []reachClass{}, Rows: []reachRow{}, named: make(map[string]int), all: f.output.value == "csv"}
	bar := a.countingBar(name, m.Len(want))
	defer bar.done()
	for r := range m.Rows(want) {
		bar.add()
		if err := v.add(r, f.only); err != nil {
			return err
		}
	}
	bar.done()
	v.sort(m.Classes)
	return a.writeReach(v, f)
}

func (a *app) writeReach(v *reachView, f *reachFlags) error {
	switch f.output.value {
	case "json":
		return writeJSON(a.out, v)
	case "csv":
		return v.writeCSV(a.out)
	case "dot":
		return v.writeDOT(a.out)
	case "svg":
		return v.writeSVG(a.out)
	case "html":
		return v.writeHTML(a.out)
	}
	return v.writeText(a.out, a.paint())
}

// matching are the classes with a member that a pattern means, nil for all.
func matching(m *reach.Matrix, pattern string) (map[*reach.Class]bool, error) {
	if pattern == "" {
		return nil, nil
	}
	found := make(map[*reach.Class]bool)
	var names []string
	for _, c := range m.Classes {
		for _, e := range c.Members {
			for _, name := range aliases(e) {
				if ok, err := path.Match(pattern, name); err != nil {
					return nil, fmt.Errorf("%q is not a pattern", pattern)
				} else if ok || name == pattern {
					found[c] = true
				}
				names = append(names, name)
			}
		}
	}
	if len(found) > 0 {
		return found, nil
	}
	text := fmt.Sprintf("nothing in the network is called %q", pattern)
	if near := nearest.Best(pattern, names); near != "" {
		text += fmt.Sprintf("; did you mean %q?", near)
	}
	return nil, fmt.Errorf("%s", text)
}

// aliases are the names that an end goes by.
func aliases(e *emu.End) []string {
	names := []string{e.Name, e.ID()}
	if e.VPC != nil {
		names = append(names, e.VPC.ID+"/"+e.ID(), e.VPC.ID+"/"+e.Name, nameOr(e.VPC.Name, e.VPC.ID)+"/"+e.Name)
	}
	if e.Instance != nil {
		names = append(names, e.Instance.ID, e.Instance.Name)
	}
	if e.Kind == emu.OnPremisesEnd {
		names = append(names, "onprem")
	}
	slices.Sort(names)
	return slices.DeleteFunc(slices.Compact(names), func(s string) bool { return s == "" })
}
