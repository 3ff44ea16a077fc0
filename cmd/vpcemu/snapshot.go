package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/vpcemu/vpcemu/vpc/load/awsjson"
)

const snapshotHelp = `Snapshot prints a shell script that takes a snapshot of one Region of an AWS account:
a folder with the output of every command of the AWS CLI that vpcemu reads. The
script only reads; its argument is the folder to make. Leave out what you may not
ask, or do not have: it is reported as missing where it matters.

Several Regions or accounts are one network if their folders stand in one folder, as
aws_configs/REGION or aws_configs/accounts/ACCOUNT/REGION.

The script:

`

func (a *app) snapshotCommand() *cobra.Command {
	return &cobra.Command{
		Use:               "snapshot",
		Short:             "A script that takes a snapshot of an AWS account",
		Long:              snapshotHelp + strings.TrimRight(snapshotScript(), "\n"),
		Example:           "  vpcemu snapshot > take.sh              # and then: sh take.sh snapshot",
		Args:              arguments(),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprint(a.out, snapshotScript())
			return err
		},
	}
}

// snapshotScript is made from the list of what is read: first the commands that ask
// once, then those that ask about one resource after the other.
func snapshotScript() string {
	var once, each strings.Builder
	lists := make(map[string][]awsjson.Command)
	var order []string
	for _, c := range awsjson.Commands() {
		switch {
		case c.Each == "":
			fmt.Fprintf(&once, "%s\n", c.Args)
		case lists[c.Each] == nil:
			order = append(order, c.Each)
			fallthrough
		default:
			lists[c.Each] = append(lists[c.Each], c)
		}
	}
	for _, list := range order {
		ask, query, _ := strings.Cut(list, " --query ")
		fmt.Fprintf(&each, "\nfor id in $(aws %s \\\n    --query '%s' --output text); do\n", ask, query)
		for _, c := range lists[list] {
			_, what, _ := strings.Cut(c.Args, " ")
			fmt.Fprintf(&each, "  aws %s \\\n    %s \\\n", c.Args, strings.TrimSpace(c.Flag+` "$id" `+c.More))
			fmt.Fprintf(&each, "    > \"$to/%s-${id##*/}.json\"\n", what)
		}
		each.WriteString("done\n")
	}
	return "to=${1:-snapshot}\nmkdir -p \"$to\"\nwhile read service what; do\n" +
		"  aws \"$service\" \"$what\" </dev/null > \"$to/$what.json\"\ndone <<END\n" + once.String() + "END\n" + each.String()
}
