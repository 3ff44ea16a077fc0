package main

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
)

// app is one run of the tool: where it writes and what the flags say that all
// commands share.
type app struct {
	out    *bufio.Writer
	stderr io.Writer

	stdout io.Writer // what out writes to: is it a terminal?
	color  choice
	quiet  bool
}

// run is main without the process.
func run(args []string, stdout, stderr io.Writer) int {
	a := &app{out: bufio.NewWriter(stdout), stderr: stderr, stdout: stdout, color: oneOf("auto", "always", "never")}
	root := a.root()
	root.SetArgs(args)
	err := root.Execute()
	if broken := a.out.Flush(); broken != nil {
		err = broken // an answer that nobody can read is none
	}
	return statusOf(err, stderr)
}

const rootHelp = `vpcemu is a packet-level emulator of AWS VPCs. It reads a description of a
network and carries real packets through it: security groups, network ACLs,
route tables and gateways, on the way there and on the way back.

NETWORK is a YAML file, a folder (or file) of "aws ec2 describe-…" JSON, or
example:NAME for a network that comes with vpcemu ("vpcemu examples" lists them).

The exit status is 0 for yes (reachable, all expectations hold, nothing opened or
closed, nothing found), 1 for no (blocked, some fail, something changed, mistakes
found), and 2 if the question could not be answered: a mistake on the command
line, a file that cannot be read, or something on the way that is not described
or not modelled. Reach lists what gets through, and ends with 0 whatever that is.`

const rootExamples = `  vpcemu trace example:three-tier app-1 db-1 tcp/5432
  vpcemu reach example:three-tier
  vpcemu check example:three-tier
  vpcemu lint example:three-tier
  vpcemu show example:three-tier`

func (a *app) root() *cobra.Command {
	c := &cobra.Command{
		Use:           "vpcemu",
		Short:         "A packet-level emulator of AWS VPCs",
		Long:          rootHelp,
		Example:       rootExamples,
		SilenceErrors: true, // statusOf says them, once
		SilenceUsage:  true,
		Args:          cobra.ArbitraryArgs, // RunE knows better what to say
		RunE:          unknownCommand,
	}
	c.SetOut(a.out)
	c.SetErr(a.stderr)
	c.SetFlagErrorFunc(func(c *cobra.Command, err error) error { return usage(c, "%v", err) })
	flags := c.PersistentFlags()
	flags.BoolVarP(&a.quiet, "quiet", "q", false, "less text: the bare verdict, only what fails, no notes")
	flags.Var(&a.color, "color", "colour the text; auto is on a terminal without NO_COLOR")
	completeChoice(c, "color", a.color.allowed)
	c.AddCommand(a.traceCommand(), a.reachCommand(), a.checkCommand(), a.diffCommand(), a.lintCommand(), a.replayCommand(), a.showCommand(), a.convertCommand(),
		a.snapshotCommand(), a.benchCommand(), a.examplesCommand(), a.schemaCommand(), a.versionCommand())
	c.AddCommand(a.machineCommands()...)
	c.SetHelpCommand(helpCommand())
	c.InitDefaultCompletionCmd()
	if completion, _, err := c.Find([]string{"completion"}); err == nil {
		completion.Args, completion.RunE = cobra.ArbitraryArgs, unknownCommand
	}
	return c
}

// usage is the error for a command line that asks nothing.
func usage(c *cobra.Command, format string, args ...any) error {
	return &usageError{command: c.CommandPath(), text: fmt.Sprintf(format, args...)}
}

// unknownCommand is what vpcemu does without a command.
func unknownCommand(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		c.SetOut(c.ErrOrStderr()) // asked for nothing, so this is no answer
		_ = c.Help()
		return status(statusUnsure)
	}
	c.SuggestionsMinimumDistance = 2
	if near := c.SuggestionsFor(args[0]); len(near) > 0 {
		return usage(c, "there is no command %q; did you mean %q?", args[0], near[0])
	}
	return usage(c, "there is no command %q", args[0])
}

// helpCommand is "vpcemu help", which unlike cobra's own says no to what is not
// there.
func helpCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "help [COMMAND]",
		Short:   "Explain vpcemu or a command of it",
		Long:    "Help explains vpcemu, or a command, as --help behind the command does.",
		Example: "  vpcemu help trace",
		ValidArgsFunction: func(c *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
			var names []string
			for _, sub := range c.Root().Commands() {
				names = append(names, sub.Name()+"\t"+sub.Short)
			}
			return startingWith(names, typed), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(c *cobra.Command, args []string) error {
			about, rest, err := c.Root().Find(args)
			if err != nil || len(rest) > 0 {
				return unknownCommand(c.Root(), args)
			}
			about.InitDefaultHelpFlag()
			return about.Help()
		},
	}
}

// arguments checks the number of arguments against their names. A last name in
// brackets, as in "NETWORK [FILE…]", may be absent; with … it may repeat.
func arguments(names ...string) cobra.PositionalArgs {
	required, most := len(names), len(names)
	for i, name := range names {
		if strings.HasPrefix(name, "[") {
			required = min(required, i)
		}
		if strings.HasSuffix(name, "…]") {
			most = -1
		}
	}
	return func(c *cobra.Command, args []string) error {
		switch form := strings.Join(append([]string{c.CommandPath()}, names...), " "); {
		case len(args) < required:
			return usage(c, "%s missing: want %s", isAre(names[len(args):required]), form)
		case most >= 0 && len(args) > most:
			return usage(c, "%q is one argument too many: want %s", args[most], form)
		}
		return nil
	}
}

// isAre is "SERVICE is" or "DST and SERVICE are".
func isAre(names []string) string {
	last := len(names) - 1
	if last == 0 {
		return names[0] + " is"
	}
	return strings.Join(names[:last], ", ") + " and " + names[last] + " are"
}
