package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/emu/insights"
	"github.com/vpcemu/vpcemu/firewall"
	"github.com/vpcemu/vpcemu/reach"
)

const reachHelp = `Reach answers for all packets what trace answers for one: which traffic gets there
and is answered, and what is not known.

  vpcemu reach NETWORK             who reaches what, and what the internet reaches
  vpcemu reach NETWORK SRC         what SRC reaches
  vpcemu reach NETWORK --to DST    who reaches DST
  vpcemu reach NETWORK SRC DST     all traffic from SRC to DST, and of what does not get
                                   through everything that is in the way

SRC and DST are as for trace ("vpcemu help trace"), or patterns. Who is named by an
address is asked about by that address.

` + patternHelp + `

Interfaces that nothing tells apart are listed together: they have the same subnet,
groups and settings, and no rule or route is about the addresses of some of them only.
"From each other" is from any of them to any other.

Packets go to all addresses of DST, of a load balancer to those of all its nodes. Where
the answer differs, it says for which: "tcp/443 to 10.0.2.5 (front-b)"; or, of interfaces
that are listed together, "to address 2", the second one of each.

The internet sends to public addresses. Whoever is inside may send to the private ones,
or to the public ones: out through an internet gateway, maybe behind a NAT gateway, and
in again from the public address of that. What is listed without an address gets to the
private ones. A public one is named where it leads further, "tcp/22 to 203.0.113.10", or
"to public address" of several that are listed together. Of one SRC and one DST the
answer says so too where it leads less far: what it does not name fares as the private
one. To ask about one address, name it: "vpcemu reach NETWORK SRC 203.0.113.10".

Pairs that are not listed are blocked, and so is what the fabric answers in place of
DST: IPv6 neighbour discovery, DHCPv6. "Source ports 1024-65535" are those from which
something is reached, where that matters.

-o csv has a row for each pair, blocked ones too, and goes by the first name of what is
listed together; like_source and like_destination are how many those are.

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
	to := c.Flags().Changed("to")
	if len(args) > 2 {
		if to {
			return usage(c, "DST is there twice: %q and --to %q", args[2], f.to)
		}
		f.dst, to = args[2], true
	}
	switch {
	case len(args) > 1 && strings.TrimSpace(f.src) == "":
		return usage(c, "SRC is empty: want the name of an end, or a pattern; any for all interfaces")
	case to && strings.TrimSpace(f.dst) == "":
		return usage(c, "DST is empty: want the name of an end, or a pattern; any for all interfaces")
	}
	if c.Flags().Changed("service") {
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
	one := f.src != "" && f.dst != "" && !net.IsPattern(f.src) && !net.IsPattern(f.dst)
	switch {
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
	src, err := matching(m, f.src, "source")
	if err != nil {
		return err
	}
	dst, err := matching(m, f.dst, "destination")
	if err != nil {
		return err
	}
	want := func(s, d *reach.Class) bool { return (src == nil || src[s]) && (dst == nil || dst[d]) }
	v := &reachView{Network: name, Classes: []reachClass{}, Rows: []reachRow{}, named: make(map[string]int), src: f.src, all: f.output.value == "csv"}
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

// matching are the classes that a pattern means, nil for all.
func matching(m *reach.Matrix, pattern, place string) (map[*reach.Class]bool, error) {
	if pattern == "" {
		return nil, nil
	}
	found, err := m.Find(pattern, place == "source")
	if err != nil {
		return nil, fmt.Errorf("%s: %w", place, err)
	}
	all := make(map[*reach.Class]bool, len(found))
	for _, c := range found {
		all[c] = true
	}
	return all, nil
}
