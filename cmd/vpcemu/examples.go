package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/vpcemu/vpcemu/emu"
)

const examplesHelp = `Examples lists the networks that come with vpcemu, or writes the file of one of
them: a network to learn the format from, or to start your own with.

Wherever a NETWORK is asked for, example:NAME is the example of that name.`

const examplesExamples = `  vpcemu examples
  vpcemu examples three-tier
  vpcemu trace example:three-tier app-1 db-1 tcp/5432`

func (a *app) examplesCommand() *cobra.Command {
	return &cobra.Command{
		Use:               "examples [NAME]",
		Short:             "List the networks that come with vpcemu, or print one",
		Long:              examplesHelp,
		Example:           examplesExamples,
		Args:              arguments("[NAME]"),
		ValidArgsFunction: cobra.FixedCompletions(exampleNames(), cobra.ShellCompDirectiveNoFileComp),
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return a.listExamples()
			}
			b, err := exampleFile(strings.TrimPrefix(args[0], exampleScheme))
			if err != nil {
				return err
			}
			_, err = a.out.Write(b)
			return err
		},
	}
}

// listExamples lists the names, each with the beginning of the comment at the top
// of its file.
func (a *app) listExamples() error {
	for _, name := range exampleNames() {
		b, err := exampleFile(name)
		if err != nil {
			return err
		}
		about, _, _ := strings.Cut(strings.TrimPrefix(string(b), "# "), "\n")
		about, _, _ = strings.Cut(about, ". ")
		fmt.Fprintf(a.out, "%s%s  %s\n", a.paint()(emu.Title, exampleScheme+name),
			strings.Repeat(" ", max(0, 16-len(name))), strings.TrimRight(about, ".:"))
	}
	return nil
}
