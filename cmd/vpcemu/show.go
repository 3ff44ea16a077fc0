package main

import (
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/vpcemu/vpcemu/vpc/load/report"
)

const showHelp = `Show prints what was loaded, as tables, with what the description leaves to
defaults filled in: addresses, main route tables, default network ACLs. Its end
is the load report: what was read, what was left out, and why.

--only chooses tables:
  vpcs, subnets, interfaces, route-tables, security-groups, network-acls,
  gateways, transit-attachments, transit-route-tables, vpn-links, load-balancers,
  target-groups, flow-logs, block-public-access, prefix-lists, expectations, report

On a terminal, lines that are too long end in "…"; --wide leaves them long.`

const showExamples = `  vpcemu show example:three-tier
  vpcemu show net.yaml --only subnets,route-tables
  vpcemu show snapshot --only report                    # what is missing or not modelled?
  vpcemu show net.yaml --limits                         # use against quotas
  vpcemu show snapshot -o json`

// showFlags are the flags of show.
type showFlags struct {
	output choice
	only   choices
	wide   bool
	limits bool
}

func (a *app) showCommand() *cobra.Command {
	f := showFlags{output: oneOf("text", "json"), only: choices{allowed: sectionNames()}}
	c := &cobra.Command{
		Use:               "show NETWORK",
		Short:             "Tables of what was loaded, and what was left out",
		Long:              showHelp,
		Example:           showExamples,
		Args:              arguments("NETWORK"),
		ValidArgsFunction: completeNetwork,
		RunE: func(c *cobra.Command, args []string) error {
			if f.limits && len(f.only.values) > 0 {
				return usage(c, "--limits shows quotas instead of tables, so --only has nothing to choose from")
			}
			return a.show(args[0], f)
		},
	}
	outputFlag(c, &f.output, "form of the answer")
	c.Flags().Var(&f.only, "only", "the tables to show, with commas between them (default all)")
	completeList(c, "only", f.only.allowed)
	c.Flags().BoolVar(&f.limits, "limits", false, "show use against AWS's default quotas instead: of each the fullest, and all that are over")
	c.Flags().BoolVarP(&f.wide, "wide", "w", false, "do not cut lines to the width of the terminal")
	return c
}

func (a *app) show(network string, f showFlags) error {
	e, rep, err := a.openNetwork(network)
	if err != nil {
		return err
	}
	if f.limits {
		return a.showLimits(network, e.Network(), f)
	}
	v := newView(network, e.Network())
	v.Report = rep
	if f.output.value == "json" {
		v.keep(f.only)
		return writeJSON(a.out, v)
	}
	return a.writeView(v, f)
}

// writeView writes the tables that were asked for. Without --only, empty ones are
// left out.
func (a *app) writeView(v *view, f showFlags) error {
	width, first := 0, true
	if !f.wide {
		width = terminalWidth(a.stdout)
	}
	for _, s := range sections {
		g := s.grid(v)
		if !f.only.has(s.name) || g.count == 0 && len(f.only.values) == 0 && s.name != "report" {
			continue
		}
		if !first {
			fmt.Fprintln(a.out)
		}
		first = false
		if err := g.write(a.out, a.paint(), width); err != nil {
			return err
		}
	}
	return nil
}

// keep drops the lists that were not asked for.
func (v *view) keep(only choices) {
	for _, s := range sections {
		if !only.has(s.name) {
			s.drop(v)
		}
	}
}

// reportGrid is the load report: how much of each kind was read, and what was
// left out or taken with a reservation, the worst first.
func reportGrid(v *view) *grid {
	g := &grid{title: "Load report", header: []string{"VERDICT", "WHERE", "WHAT AND WHY"}, remark: "everything that the file says is in the network"}
	for _, verdict := range []report.Verdict{report.Skipped, report.Missing, report.Unmodelled, report.Ignored} {
		for _, n := range v.Report.Notes {
			if n.Verdict == verdict {
				g.add(true, string(n.Verdict), n.Where, n.What+": "+n.Why) // the longest last
				g.remark = "what is not in the network as it was written"
			}
		}
	}
	return g
}

// readGrid counts what was read.
func readGrid(v *view) *grid {
	g := &grid{title: "Read", remark: "format: " + v.Report.Format, header: []string{"KIND", "COUNT"}}
	for _, kind := range sortedKeys(v.Report.Read) {
		g.add(true, kind, strconv.Itoa(v.Report.Read[kind]))
	}
	return g
}
