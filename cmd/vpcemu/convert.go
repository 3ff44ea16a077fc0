package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"github.com/vpcemu/vpcemu/vpc"
	"github.com/vpcemu/vpcemu/vpc/load/awsjson"
	"github.com/vpcemu/vpcemu/vpc/load/report"
	"github.com/vpcemu/vpcemu/vpc/load/yaml"
)

const convertHelp = `Convert reads a network in one form and writes it in another. Reading the result
gives the same network.

  -o yaml   the network file of vpcemu, on standard output
  -o aws    a folder of JSON as "aws ec2 describe-…" prints it

A folder that has something in it is left alone, unless --force is given; then
files of the same names are replaced, and others stay.`

const convertExamples = `  vpcemu convert snapshot                          # AWS to YAML
  vpcemu convert snapshot > snapshot.yaml
  vpcemu convert net.yaml out -o aws               # YAML to AWS
  vpcemu convert net.yaml --dir out -o aws --force`

// convertFlags are the flags of convert.
type convertFlags struct {
	output choice
	dir    string
	force  bool
}

func (a *app) convertCommand() *cobra.Command {
	f := convertFlags{output: oneOf("yaml", "aws")}
	c := &cobra.Command{
		Use:     "convert NETWORK [DIR]",
		Short:   "Write a network as YAML, or as JSON in the form of the AWS CLI",
		Long:    convertHelp,
		Example: convertExamples,
		Args:    arguments("NETWORK", "[DIR]"),
		ValidArgsFunction: func(c *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
			if len(args) == 1 {
				return nil, cobra.ShellCompDirectiveFilterDirs
			}
			return completeNetwork(c, args, typed)
		},
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) == 2 && f.dir != "" {
				return usage(c, "the folder is given twice, as %q and with --dir", args[1])
			}
			if len(args) == 2 {
				f.dir = args[1]
			}
			return a.convert(c, args[0], f)
		},
	}
	outputFlag(c, &f.output, "form of the result")
	c.Flags().StringVar(&f.dir, "dir", "", "the `FOLDER` to write to, another way to say DIR")
	c.Flags().BoolVar(&f.force, "force", false, "write into a folder that is not empty")
	_ = c.MarkFlagDirname("dir")
	return c
}

func (a *app) convert(c *cobra.Command, network string, f convertFlags) error {
	toFolder := f.output.value == "aws"
	switch {
	case toFolder && f.dir == "":
		return usage(c, "-o aws writes several files: name a folder for them")
	case !toFolder && f.dir != "":
		return usage(c, "-o yaml writes to standard output, not into the folder %q", f.dir)
	}
	n, rep, err := loadNetwork(network)
	if err != nil {
		return err
	}
	if toFolder {
		err = writeFolder(n, f.dir, f.force)
	} else {
		err = a.writeYAML(n)
	}
	if err != nil {
		return err
	}
	a.warnLost(network, rep)
	if toFolder && len(n.Expect) > 0 && !a.quiet {
		fmt.Fprintf(a.stderr, "note: %s no place in the form of AWS; keep them in a file for \"vpcemu check %s FILE\"\n",
			plural(len(n.Expect), "expectation has", "expectations have"), networkWord(f.dir))
	}
	return nil
}

func (a *app) writeYAML(n *vpc.Network) error {
	b, err := yaml.Write(n)
	if err != nil {
		return err
	}
	_, err = a.out.Write(b)
	return err
}

// writeFolder writes JSON listings into a folder of their own: the reader takes
// every file of a folder, so what else is there would become part of the network.
func writeFolder(n *vpc.Network, dir string, force bool) error {
	found, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if len(found) > 0 && !force {
		return fmt.Errorf("%s is not empty (it has %s in it): choose another folder, or use --force", dir, found[0].Name())
	}
	return awsjson.Write(n, dir)
}

// warnLost says what of the input cannot be in the output.
func (a *app) warnLost(network string, rep *report.Report) {
	lost := 0
	for _, n := range rep.Notes {
		if n.Verdict == report.Skipped || n.Verdict == report.Ignored {
			lost++
		}
	}
	if lost > 0 && !a.quiet {
		fmt.Fprintf(a.stderr, "note: %s not carried over; \"vpcemu show %s --only report\" lists %s\n",
			plural(lost, "thing was", "things were"), networkWord(network), itThem(lost))
	}
}
