package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/vpcemu/vpcemu/bench"
)

const benchHelp = `Bench measures what packets, lookups and changes cost on this machine, on networks
that it makes up. It prints a table: the median of several rounds, and between what
the middle half of them was. Cases of one bed take turns, and time is that which the
processor spent on them; only what several cores do is timed by the clock on the wall.

--only chooses what to measure:
  forward  a packet of an established connection, all its way, over many flows
  newflow  the first packet of a connection
  filter   the decision of a security group, over many rules
  lpm      the longest-prefix match, over many routes
  cores    packets on one core and on two
  compile  a network compiled afresh, over many interfaces
  memory   what a tracked flow and a compiled interface take

A million flows take 200 MB, ten million 2 GB. -o svg and -o html draw curves;
--peers adds those of other projects, from what bench/compare wrote with -o json.`

const benchExamples = `  vpcemu bench --only filter --time 20ms
  vpcemu bench --only forward --flows 1000 --time 20ms
  vpcemu bench --only filter --time 20ms -o svg > filter.svg`

// benchFlags are the flags of bench.
type benchFlags struct {
	output choice
	only   choices
	sizes  bench.Sizes
	rounds int
	time   time.Duration
	peers  string
}

func (a *app) benchCommand() *cobra.Command {
	f := benchFlags{output: oneOf("text", "json", "svg", "html"), sizes: bench.Sizes{Flows: []int{1_000, 100_000, 1_000_000}, Interfaces: []int{1_000, 10_000, 100_000}}}
	for _, family := range bench.Families {
		f.only.allowed = append(f.only.allowed, family.Name)
	}
	c := &cobra.Command{
		Use:               "bench",
		Short:             "Measure what packets cost on this machine",
		Long:              benchHelp,
		Example:           benchExamples,
		Args:              arguments(),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE:              func(c *cobra.Command, _ []string) error { return a.bench(c, f) },
	}
	outputFlag(c, &f.output, "form of the answer")
	c.Flags().Var(&f.only, "only", "what to measure, with commas between (default all)")
	completeList(c, "only", f.only.allowed)
	c.Flags().Var((*counts)(&f.sizes.Flows), "flows", "numbers of established flows, with commas between")
	c.Flags().Var((*counts)(&f.sizes.Interfaces), "interfaces", "numbers of interfaces, with commas between")
	c.Flags().IntVar(&f.rounds, "rounds", 11, "how many turns each case gets")
	c.Flags().DurationVar(&f.time, "time", time.Second, "how long each case is measured, all turns together")
	c.Flags().StringVar(&f.peers, "peers", "", "draw the curves of other projects, from the `FILE` that bench/compare wrote with -o json")
	return c
}

func (a *app) bench(c *cobra.Command, f benchFlags) error {
	var peers *bench.Peers
	switch {
	case f.rounds < 1:
		return usage(c, "--rounds %d: want 1 or more", f.rounds)
	case f.time <= 0:
		return usage(c, "--time %s: want more than nothing", f.time)
	case f.peers != "" && f.output.value != "svg" && f.output.value != "html":
		return usage(c, "--peers draws curves, which -o svg and -o html have")
	case f.peers != "":
		var err error
		if peers, err = bench.ReadPeers(f.peers); err != nil {
			return err
		}
	}
	report, err := bench.Measure(bench.Select(f.only.values, f.sizes), bench.Settings{Rounds: f.rounds, Time: f.time, Progress: a.progress()})
	if err != nil {
		return err
	}
	switch f.output.value {
	case "json":
		return writeJSON(a.out, report)
	case "svg":
		return writePlot(a.out, plotsOf(report, peers))
	case "html":
		return writeBenchPage(a.out, report, peers)
	}
	return a.writeBench(report)
}

// progress says on a terminal what is being measured.
func (a *app) progress() func(string) {
	if !a.quiet && isTerminal(a.stderr) {
		return func(what string) { fmt.Fprintf(a.stderr, "%s …\n", what) }
	}
	return nil
}

// writeBench writes a table for each family.
func (a *app) writeBench(r *bench.Report) error {
	fmt.Fprintf(a.out, "%s; %d rounds\n", r.Machine, r.Rounds)
	for _, g := range benchGrids(r) {
		fmt.Fprintln(a.out)
		if err := g.write(a.out, a.paint(), 0); err != nil {
			return err
		}
	}
	return nil
}

// benchGrids are the results as tables.
func benchGrids(r *bench.Report) (grids []*grid) {
	for _, f := range bench.Families {
		g := &grid{title: f.Name, remark: f.What, header: []string{"CASE", "MEDIAN", "MIDDLE HALF", "PER"}}
		for i := range r.Results {
			if res := &r.Results[i]; res.Family == f.Name {
				per := res.Unit[strings.IndexByte(res.Unit, '/')+1:]
				g.add(true, strings.ReplaceAll(res.Name, "/", " "), quantity(res.Median, res.Unit), quantity(res.P25, res.Unit)+" – "+quantity(res.P75, res.Unit), per)
			}
		}
		if g.count > 0 {
			grids = append(grids, g)
		}
	}
	return grids
}

// quantity is a time or a size in three digits or so.
func quantity(v float64, unit string) string {
	if strings.HasPrefix(unit, "B/") {
		return fmt.Sprintf("%.0f B", v)
	}
	switch {
	case v < 100:
		return fmt.Sprintf("%.1f ns", v)
	case v < 10_000:
		return fmt.Sprintf("%.0f ns", v)
	case v < 10_000_000:
		return fmt.Sprintf("%.0f µs", v/1e3)
	}
	return fmt.Sprintf("%.0f ms", v/1e6)
}

// counts is a flag whose value is numbers with commas between them.
type counts []int

// String is the numbers.
func (c *counts) String() string {
	var words []string
	for _, n := range *c {
		words = append(words, strconv.Itoa(n))
	}
	return strings.Join(words, ",")
}

// Type is what the help shows as the flag's value.
func (c *counts) Type() string { return "LIST" }

// mostCounted is less than what a flow table has room for.
const mostCounted = 30_000_000

// Set replaces the numbers.
func (c *counts) Set(s string) error {
	var list counts
	for word := range strings.SplitSeq(s, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(word))
		if err != nil || n < 1 || n > mostCounted {
			return fmt.Errorf("%q: want numbers from 1 to %d", word, mostCounted)
		}
		list = append(list, n)
	}
	slices.Sort(list)
	*c = list
	return nil
}
