package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/firewall"
	"github.com/vpcemu/vpcemu/internal/findings"
	"github.com/vpcemu/vpcemu/reach"
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
    - app-* -> db-* only tcp/5432: reachable     # and nothing else
    - internet -> any except web-*: blocked      # whatever the service
    - any -> internet tcp/25, tcp/465: blocked
    - subnet:web -> private tcp/22: blocked

SRC and DST are ends as "vpcemu trace --help" has them, or patterns.

` + patternHelp + `

SERVICES are one or several with commas between them: tcp/443, tcp/8000-8099,
tcp, udp/53, icmp, icmp/3/4, ip/50, all. Without any it is all. With "only"
before them they get through and nothing else does. Where icmp is to be
reachable that is a ping, and where it is to be blocked all of ICMP.

"blocked" is proven for all packets: from every source port, between all
addresses of both ends, over IPv4 and IPv6, from every host of the internet.
"reachable" and "unknown" are proven for ordinary clients: those that ask from
the source ports 32768 to 65535, which Linux and Windows choose from, over IPv4
if both ends have it, and on the internet or on-premises from (or to) the host
that trace takes. A packet is blocked if it or its answer is.

A load balancer is reachable if it is at every node that its name leads to: those
with healthy targets. Of each the target is asked about that it chooses for the
client's ports; with --all-targets every one that it may choose.

A file of its own is the same, with or without the line "expect:", and holds
nothing else.

With -o sarif or github what does not hold is put at the line of the rule, the
route or the setting that opens or blocks, or at that of the expectation if
nothing was written about it; with -o junit each expectation is a test case.

The exit status is 0 if all expectations hold, 1 if one does not, and 2 if some
question could not be answered and no other failed, or if there is none.`

const checkExamples = `  vpcemu check example:three-tier
  vpcemu check net.yaml
  vpcemu check snapshot expect.yaml          # a snapshot of AWS, and what must hold in it
  vpcemu check net.yaml -q                   # only what does not hold
  vpcemu check example:hybrid --all-targets  # of load balancers
  vpcemu check net.yaml -v                   # every trace in full
  vpcemu check net.yaml -o json
  vpcemu check net.yaml -o github            # annotations in GitHub Actions
  vpcemu check net.yaml -o sarif > vpcemu.sarif`

func (a *app) checkCommand() *cobra.Command {
	output, verbose, allTargets := oneOf(findings.Forms...), false, false
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
	more, err := expectations(files, err)
	if err != nil {
		return err
	}
	list := append(e.Network().Expect, more...)
	if len(list) == 0 {
		return fmt.Errorf("%s expects nothing: write a list under \"expect:\" in it, or into a file of its own "+
			"(see \"vpcemu check --help\")", strings.Join(append([]string{network}, files...), ", "))
	}
	account := a.ask(e, list, allTargets)
	switch output {
	case "json":
		err = writeJSON(a.out, account.forJSON(verbose))
	case "text":
		err = a.writeAccount(account, verbose)
	default:
		err = account.report(network, findings.NewPlaces(append([]string{network}, files...)...)).Write(a.out, output)
	}
	if err != nil {
		return err
	}
	a.warn(network, rep)
	return account.status()
}

// expectations are those of files. An error has all mistakes of all files, and of the network
// if it has some.
func expectations(files []string, network error) ([]vpc.Expectation, error) {
	var list []vpc.Expectation
	var mistakes yaml.Errors
	if errors.As(network, &mistakes) {
		network = nil // it is among them
	}
	for _, f := range files {
		more, err := yaml.LoadExpectations(f)
		var some yaml.Errors
		if err != nil && !errors.As(err, &some) {
			return nil, err
		}
		list, mistakes = append(list, more...), append(mistakes, some...)
	}
	switch {
	case len(mistakes) > 0 && network != nil:
		return nil, errors.Join(network, mistakes)
	case len(mistakes) > 0:
		return nil, mistakes
	}
	return list, network
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
	Error  string `json:"error,omitempty"`
	Origin string `json:"origin,omitempty"`
	// Pairs is how many pairs of ends were asked about, if there were several.
	Pairs int `json:"pairs,omitempty"`
	// Wrong are those that are not as expected.
	Wrong []wrong    `json:"wrong,omitempty"`
	Trace *emu.Trace `json:"trace,omitempty"`
}

// ask asks about every expectation of a list.
func (a *app) ask(e *emu.Emulator, list []vpc.Expectation, allTargets bool) *account {
	all := &account{Results: []result{}}
	n := e.Network()
	c := reach.NewChecker(e)
	for _, x := range list {
		done := a.watch(x.String(), &c.Progress)
		r := askOne(e, c, x, isBalancer(n, x.Destination), allTargets)
		switch {
		case r.Holds:
			all.Passed++
		case r.Got == emu.Uncertain.String():
			all.Unknown++
		default:
			all.Failed++
		}
		all.Results = append(all.Results, r)
		done()
	}
	return all
}

// isBalancer reports whether an end is a load balancer, by ID, by name or by
// "vpc/name".
func isBalancer(n *vpc.Network, end string) bool {
	owner, name, _ := strings.Cut(end, "/")
	return slices.ContainsFunc(n.VPCs, func(v *vpc.VPC) bool {
		return v.LoadBalancer(end) != nil || (owner == v.ID || owner == v.Name) && v.LoadBalancer(name) != nil
	})
}

func askOne(e *emu.Emulator, c *reach.Checker, x vpc.Expectation, balancer, allTargets bool) result {
	r := result{Expectation: x.String(), Want: x.Want, Got: emu.Uncertain.String(), Origin: x.Origin}
	if svc, err := oneService(x.Service); err == nil && balancer && (allTargets || x.Want != emu.Blocked.String()) {
		if err = r.trace(e, c, x, svc, allTargets); err == nil {
			return r
		}
	}
	out, err := c.Check(&x)
	if err != nil {
		r.Error = err.Error() // holds never, not even if "unknown" is wanted
		return r
	}
	r.Got, r.Holds, r.Trace = out.Got.String(), out.Holds, out.Trace
	if out.Pairs > 1 {
		r.Pairs = out.Pairs
	}
	for k := range out.Wrong {
		r.Wrong = append(r.Wrong, newWrong(&out.Wrong[k]))
	}
	return r
}

// trace asks about a load balancer: about every target, or about the one that each node
// chooses which its name leads to. All must be as expected.
func (r *result) trace(e *emu.Emulator, c *reach.Checker, x vpc.Expectation, svc firewall.Service, allTargets bool) error {
	destinations := []string{x.Destination}
	if !allTargets {
		destinations = c.Nodes(x.Destination)
	}
	if len(destinations) == 0 {
		return fmt.Errorf("%s has no node", x.Destination)
	}
	for _, d := range destinations {
		t, err := e.Trace(emu.Query{Source: x.Source, Destination: d, Service: svc, AllTargets: allTargets})
		if err != nil {
			return err
		}
		t.Destination = x.Destination
		if got := t.Verdict.String(); r.Trace == nil || got != r.Want && (r.Holds || r.Got == emu.Uncertain.String()) {
			r.Trace, r.Got, r.Holds = t, got, got == r.Want
		}
	}
	return nil
}

// wrong is what is not as expected between two ends.
type wrong struct {
	Source      string `json:"source"`
	Destination string `json:"destination"`
	Got         string `json:"got"`
	Want        string `json:"want"`
	// Traffic are the services, of a part of the source ports or addresses maybe.
	Traffic []string `json:"traffic"`
	// Sources and Destinations are all ends between which it is the same, if there are more.
	Sources      []string `json:"sources,omitempty"`
	Destinations []string `json:"destinations,omitempty"`
	// By is the rule, the route or the setting that opens or blocks, and Origin where it
	// was written.
	By     string `json:"by,omitempty"`
	Origin string `json:"origin,omitempty"`
	// Depends says on what the answer depends beside the packet, if it does.
	Depends string `json:"depends,omitempty"`

	component string
	trace     *emu.Trace
}

// tracedWrong is what is wrong with an expectation of which one packet was asked about.
func tracedWrong(r *result) wrong {
	cause := reach.CauseOf(r.Trace)
	return wrong{
		Source: r.Trace.Source, Destination: r.Trace.Destination, Got: r.Got, Want: r.Want, Traffic: []string{r.Trace.Service},
		By: cause.Text, Origin: cause.Origin, component: cause.Component, trace: r.Trace,
	}
}

func newWrong(w *reach.Wrong) wrong {
	cause := w.Cause()
	n := wrong{
		Source: w.Source, Destination: w.Destination, Got: w.Got.String(), Want: w.Want.String(), Traffic: w.Words(),
		By: cause.Text, Origin: cause.Origin, Depends: w.Depends, component: cause.Component, trace: w.Trace,
	}
	if len(w.Sources) > 1 || len(w.Destinations) > 1 {
		n.Sources, n.Destinations = w.Sources, w.Destinations
	}
	return n
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
