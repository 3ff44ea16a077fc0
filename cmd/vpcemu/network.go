package main

import (
	"fmt"
	"io/fs"
	"strings"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/examples"
	"github.com/vpcemu/vpcemu/vpc"
	"github.com/vpcemu/vpcemu/vpc/load"
	"github.com/vpcemu/vpcemu/vpc/load/report"
	"github.com/vpcemu/vpcemu/vpc/load/yaml"
)

// exampleScheme begins the NETWORK argument that names an example. A file of
// that name is still to be had, as ./example:NAME.
const exampleScheme = "example:"

// loadNetwork reads what the NETWORK argument names.
func loadNetwork(name string) (*vpc.Network, *report.Report, error) {
	if example, ok := strings.CutPrefix(name, exampleScheme); ok {
		b, err := exampleFile(example)
		if err != nil {
			return nil, nil, err
		}
		return yaml.Parse(example+".yaml", b)
	}
	n, rep, err := load.Load(name)
	if err != nil {
		if _, e := exampleFile(name); e == nil {
			return nil, nil, fmt.Errorf("%w (the example of that name is %s%s)", err, exampleScheme, name)
		}
		return nil, nil, err
	}
	return n, rep, nil
}

// openNetwork reads and compiles what the NETWORK argument names. What the
// reader had to leave out is announced on standard error, because it can turn a
// yes or a no into "unknown".
func (a *app) openNetwork(name string) (*emu.Emulator, *report.Report, error) {
	n, rep, err := loadNetwork(name)
	if err != nil {
		return nil, nil, err
	}
	e, err := emu.New(n, emu.Options{})
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", name, err)
	}
	return e, rep, nil
}

// warn says how much of the input packets will not meet as it stands there.
func (a *app) warn(name string, rep *report.Report) {
	count := 0
	for _, n := range rep.Notes {
		if n.Verdict != report.Ignored {
			count++
		}
	}
	if count > 0 && !a.quiet {
		_ = a.out.Flush() // the answer first; run notices an error
		fmt.Fprintf(a.stderr, "note: %s missing, left out or not modelled; \"vpcemu show %s --only report\" lists %s\n",
			plural(count, "thing is", "things are"), networkWord(name), itThem(count))
	}
}

// exampleFile is the text of an example.
func exampleFile(name string) ([]byte, error) {
	b, err := examples.FS.ReadFile(name + ".yaml")
	if err != nil {
		return nil, fmt.Errorf("there is no example %q: want %s", name, orList(exampleNames()))
	}
	return b, nil
}

// exampleNames are the names of the examples, without ".yaml".
func exampleNames() []string {
	files, _ := fs.Glob(examples.FS, "*.yaml") // the pattern is well-formed
	for i, f := range files {
		files[i] = strings.TrimSuffix(f, ".yaml")
	}
	return files
}

// plural is a count and the word for so many.
func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// itThem is the word for a count of things.
func itThem(n int) string {
	if n == 1 {
		return "it"
	}
	return "them"
}
