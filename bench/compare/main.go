package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/vpcemu/vpcemu/bench"
)

// families are the kinds of jobs, in the order they are measured.
var families = []struct {
	name  string
	cases func() ([]Case, error) // an error skips the family, loudly
}{
	{"lpm", lpmCases},
	{"filter", filterCases},
	{"forward", forwardCases},
	{"kernel", kernelCases},
}

func main() {
	only := flag.String("only", "", "comma-separated `families` of lpm, filter, forward, kernel (default all)")
	format := flag.String("o", "table", "output: table, json or markdown")
	rounds := flag.Int("rounds", 21, "how many turns each peer gets")
	kind := flag.String("time", "cpu", "cpu: what all threads of this process spend, in the system too; wall: what passes")
	flag.StringVar(&bgpFile, "bgp", "", "`file` of a BGP table, one prefix a line, gzipped or not (default: the one among bart's test data, else a generated one)")
	flag.Parse()
	if err := run(*only, *format, *kind, *rounds); err != nil {
		fmt.Fprintln(os.Stderr, "compare:", err)
		os.Exit(2)
	}
}

func run(only, format, kind string, rounds int) error {
	write, ok := formats[format]
	if !ok {
		return fmt.Errorf("-o %s: want table, json or markdown", format)
	}
	if rounds < 1 {
		return fmt.Errorf("-rounds %d: want 1 or more", rounds)
	}
	if now, ok = clocks[kind]; !ok {
		return fmt.Errorf("-time %s: want cpu or wall", kind)
	}
	wanted, err := parseOnly(only)
	if err != nil {
		return err
	}
	report := Report{Machine: bench.ThisMachine(), Rounds: rounds, Time: kind}
	for _, f := range families {
		if wanted[f.name] {
			report.measure(f.name, f.cases, rounds)
		}
	}
	report.Machine.Measured()
	if err := write(os.Stdout, &report); err != nil {
		return err
	}
	if report.failed {
		return fmt.Errorf("a case failed, see SKIPPED above")
	}
	return nil
}

// parseOnly reads -only.
func parseOnly(only string) (map[string]bool, error) {
	wanted := make(map[string]bool)
	for _, f := range families {
		wanted[f.name] = only == ""
	}
	if only == "" {
		return wanted, nil
	}
	for name := range strings.SplitSeq(only, ",") {
		if _, ok := wanted[name]; !ok {
			return nil, fmt.Errorf("-only %s: there is no such family", name)
		}
		wanted[name] = true
	}
	return wanted, nil
}

// errUnable is why something is skipped that this machine or this user cannot measure; any other reason is a failure.
var errUnable = errors.New("cannot be measured here")

// measure runs the cases of a family. What cannot be measured here stands in the report with the reason.
func (r *Report) measure(family string, list func() ([]Case, error), rounds int) {
	cases, err := list()
	if err != nil {
		r.skip(family, err)
	}
	for _, c := range cases {
		fmt.Fprintf(os.Stderr, "%s: %s …\n", c.Family, c.Name)
		rows, err := measure(c, rounds)
		if err != nil {
			r.skip(c.Family+": "+c.Name, err)
			continue
		}
		r.Results = append(r.Results, bench.PeerResult{Family: c.Family, Case: c.Name, Unit: c.Unit, Rows: rows})
		if c.Note != "" && !slices.Contains(r.Notes, c.Note) {
			r.Notes = append(r.Notes, c.Note)
		}
	}
}

// skip notes what was not measured.
func (r *Report) skip(what string, why error) {
	fmt.Fprintf(os.Stderr, "SKIPPED %s: %v\n", what, why)
	r.Skipped = append(r.Skipped, Skipped{what, why.Error()})
	r.failed = r.failed || !errors.Is(why, errUnable)
}
