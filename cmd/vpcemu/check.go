package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/vpc"
	"github.com/vpcemu/vpcemu/vpc/load/yaml"
)

const checkHelp = `Check asks every question of a list and compares the answers with what the list
expects. The list stands in the network file under "expect:", in files of its
own, or in both; those of the network come first.

  expect:
    - app-1 -> db-1 tcp/5432: reachable
    - internet -> db-1 tcp/5432: blocked
    - app-1 -> internet tcp/443: unknown

Of a load balancer the target is asked about that it chooses for the client's ports;
with --all-targets every one that it may choose, and all must be as expected.

A file of its own is the same, with or without the line "expect:", and holds
nothing else.

The exit status is 0 if all expectations hold, 1 if one does not, and 2 if some
question could not be answered and no other failed, or if there is none.`

const checkExamples = `  vpcemu check example:three-tier
  vpcemu check net.yaml
  vpcemu check snapshot expect.yaml          # a snapshot of AWS, and what must hold in it
  vpcemu check net.yaml -q                   # only what does not hold
  vpcemu check example:hybrid --all-targets  # of load balancers
  vpcemu check net.yaml -v                   # every trace in full
  vpcemu check net.yaml -o json`

func (a *app) checkCommand() *cobra.Command {
	output, verbose, allTargets := oneOf("text", "json"), false, false
	c := &cobra.Command{
		Use:     "check NETWORK [FILE…]",
		Short:   "Do all expectations hold? For tests and pipelines",
		Long:    checkHelp,
		Example: checkExamples,
		Args:    arguments("NETWORK", "[FILE…]"),
		ValidArgsFunction: func(c *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
			if len(args) == 0 {
				return completeNetwork(c, args, typed)
			}
			return []string{"yaml", "yml", "json"}, cobra.ShellCompDirectiveFilterFileExt
		},
		RunE: func(_ *cobra.Command, args []string) error {
			return a.check(args[0], args[1:], output.value, verbose, allTargets)
		},
	}
	outputFlag(c, &output, "form of the answer")
	c.Flags().BoolVarP(&verbose, "verbose", "v", false, "show the whole trace of every expectation")
	c.Flags().BoolVar(&allTargets, "all-targets", false, "of load balancers: ask about every target that they would choose")
	return c
}

func (a *app) check(network string, files []string, output string, verbose, allTargets bool) error {
	e, rep, err := a.openNetwork(network)
	if err != nil {
		return err
	}
	list := e.Network().Expect
	for _, f := range files {
		more, err := yaml.LoadExpectations(f)
		if err != nil {
			return err
		}
		list = append(list, more...)
	}
	if len(list) == 0 {
		return fmt.Errorf("%s expects nothing: write a list under \"expect:\" in it, or into a file of its own "+
			"(see \"vpcemu check --help\")", strings.Join(append([]string{network}, files...), ", "))
	}
	account := ask(e, list, allTargets)
	if output == "json" {
		err = writeJSON(a.out, account.forJSON(verbose))
	} else {
		err = a.writeAccount(account, verbose)
	}
	if err != nil {
		return err
	}
	a.warn(network, rep)
	return account.status()
}

// account is what came out of a list of expectations. Its JSON form is stable.
type account struct {
	Passed  int      `json:"passed"`
	Failed  int      `json:"failed"`
	Unknown int      `json:"unknown"`
	Results []result `json:"results"`
}

// result is what came out of one.
type result struct {
	Expectation string `json:"expectation"`
	Want        string `json:"want"`
	// Got is "reachable", "blocked" or "unknown".
	Got   string `json:"got"`
	Holds bool   `json:"holds"`
	// Error says why the question could not even be asked; Got is "unknown" then.
	Error  string     `json:"error,omitempty"`
	Origin string     `json:"origin,omitempty"`
	Trace  *emu.Trace `json:"trace,omitempty"`
}

// ask asks about every expectation of a list.
func ask(e *emu.Emulator, list []vpc.Expectation, allTargets bool) *account {
	a := &account{Results: []result{}}
	n := e.Network()
	for _, x := range list {
		r := askOne(e, x, allTargets && isBalancer(n, x.Destination))
		switch {
		case r.Holds:
			a.Passed++
		case r.Got == emu.Uncertain.String():
			a.Unknown++
		default:
			a.Failed++
		}
		a.Results = append(a.Results, r)
	}
	return a
}

// isBalancer reports whether an end is a load balancer, by ID, by name or by
// "vpc/name".
func isBalancer(n *vpc.Network, end string) bool {
	owner, name, _ := strings.Cut(end, "/")
	return slices.ContainsFunc(n.VPCs, func(v *vpc.VPC) bool {
		return v.LoadBalancer(end) != nil || (owner == v.ID || owner == v.Name) && v.LoadBalancer(name) != nil
	})
}

func askOne(e *emu.Emulator, x vpc.Expectation, allTargets bool) result {
	r := result{
		Expectation: fmt.Sprintf("%s -> %s %s", x.Source, x.Destination, x.Service),
		Want:        x.Want, Got: emu.Uncertain.String(), Origin: x.Origin,
	}
	svc, err := oneService(x.Service)
	if err == nil {
		r.Trace, err = e.Trace(emu.Query{Source: x.Source, Destination: x.Destination, Service: svc, AllTargets: allTargets})
	}
	if err != nil {
		r.Error = err.Error() // holds never, not even if "unknown" is wanted
		return r
	}
	r.Got = r.Trace.Verdict.String()
	r.Holds = r.Got == r.Want
	return r
}

// status: a definite failure is a no, whatever else is not known.
func (a *account) status() error {
	switch {
	case a.Failed > 0:
		return status(statusNo)
	case a.Unknown > 0:
		return status(statusUnsure)
	}
	return nil
}

// forJSON leaves out the traces of what holds, unless all are wanted.
func (a *account) forJSON(verbose bool) *account {
	for i := range a.Results {
		if r := &a.Results[i]; r.Holds && !verbose {
			r.Trace = nil
		}
	}
	return a
}
