package main

import (
	"cmp"
	"os"
	"path/filepath"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/spf13/cobra"
)

const upHelp = `Up gives every instance of a network to Linux: each becomes a network namespace
with its interfaces, addresses, default route, resolver and MTU, and what it sends
goes through the emulator. Real programs then get through, or fail, as in AWS; what
is blocked times out.

  sudo vpcemu up example:three-tier                       # until Ctrl-C
  sudo vpcemu exec app-1 -- python3 -m http.server 8080   # in other terminals
  sudo vpcemu exec web-1 -- curl http://10.0.2.4:8080
  sudo vpcemu top

The internet is a namespace too, "internet". It has every address that the network
has not, and asks as 203.0.113.7: a server in it is a server on the internet, and
sees the public addresses of who asks. So are on-premises networks ("onprem") and
the services behind endpoints.

The metadata service answers at 169.254.169.254 (IMDSv2), the resolver knows the
names that AWS gives to addresses of the network, and no others.

The file is watched: a change takes effect while connections are under way, and Up
prints what changed and what that opened or closed. A file with a mistake changes
nothing.

--pcap writes what the hosts send and get, as they would capture it, with a comment on
each packet that says what became of it ("vpcemu replay --help" tells more). --flow-logs
writes what flow logs would have of it. The capture is a second behind at most, a line of
a flow log comes when its minute is over, and the rest when the network goes down.
Packets take longer then, since no flow has a short cut.

Nothing outside of the namespaces is touched, and they are gone when this process is,
however it ends. Programs that run in them are ended with it.`

const upExamples = `  sudo vpcemu up example:three-tier
  sudo vpcemu up net.yaml --name lab
  sudo vpcemu up net.yaml --pcap out.pcapng --pcap-only dropped --flow-logs flows.log
  sudo vpcemu up net.yaml -d && sudo vpcemu exec web-1 ./test.sh; sudo vpcemu down`

const execHelp = `Exec runs a program on a host of a network that is up: in its network namespace, with
its resolver and host name. Its files are those of this machine. The exit status is
the program's.

HOST is the name or ID of an instance, "internet", "onprem" or an endpoint;
"vpc/name" where several VPCs have one of that name.`

const execExamples = `  sudo vpcemu exec web-1 -- curl http://10.0.2.4:8080
  sudo vpcemu exec app-1 bash
  sudo vpcemu exec internet -- python3 -m http.server 80`

const downHelp = `Down takes a network down that is up, ends the programs that run in it, and says which.
Of one whose process has died it removes what is left.`

const downExamples = `  sudo vpcemu down
  sudo vpcemu down three-tier`

const topHelp = `Top shows what passes a network that is up: conversations with their rates, and what
was dropped, with the rule that did it. On a terminal it is a live view:

  q         quit
  tab       flows or drops first
  ↑ ↓       scroll

Elsewhere, or with --once, it prints the tables once.`

const topExamples = `  sudo vpcemu top
  sudo vpcemu top three-tier --once
  sudo vpcemu top -o json`

// detached tells a process that whoever started it leaves once the network is up.
const detached = "VPCEMU_DETACHED"

// machineCommands are those that need namespaces.
func (a *app) machineCommands() []*cobra.Command {
	return []*cobra.Command{a.upCommand(), a.execCommand(), a.downCommand(), a.topCommand()}
}

// upFlags are the flags of up.
type upFlags struct {
	name   string
	detach bool
	pcap   pcapFlags
	logs   string // the file of flow logs
}

func (a *app) upCommand() *cobra.Command {
	var f upFlags
	c := &cobra.Command{
		Use: "up NETWORK", Short: "Make instances network namespaces, for real programs (Linux, root)",
		Long: upHelp, Example: upExamples,
		Args: arguments("NETWORK"), ValidArgsFunction: completeNetwork,
		RunE: func(c *cobra.Command, args []string) error {
			if f.name == "" {
				f.name = runName(args[0])
			}
			if strings.ContainsFunc(f.name, noName) || strings.HasPrefix(f.name, ".") {
				return usage(c, "--name: %q is no name for a file", f.name)
			}
			if f.detach && os.Getenv(detached) == "" {
				return a.detach(f.name)
			}
			return a.up(c, args[0], &f)
		},
	}
	c.Flags().StringVar(&f.name, "name", "", "call the running network `NAME` (default: the file's)")
	c.Flags().BoolVarP(&f.detach, "detach", "d", false, "return once it is up; it tells /run/vpcemu/NAME/log the rest")
	f.pcap.add(c)
	c.Flags().StringVar(&f.logs, "flow-logs", "",
		"write the lines of flow logs to this `FILE`: of those of the\nnetwork, or else the default ones of all interfaces")
	return c
}

// noName reports whether a character cannot be in the name of a running network.
func noName(c rune) bool { return c == '/' || c == ' ' || c == utf8.RuneError || !unicode.IsPrint(c) }

// runName is what a running network is called: as its file or folder, without what is
// around.
func runName(network string) string {
	network = strings.TrimPrefix(network, exampleScheme)
	if path, err := filepath.Abs(network); err == nil {
		network = path // "." has a name too
	}
	base := filepath.Base(network)
	name := strings.Trim(strings.TrimSuffix(base, filepath.Ext(base)), "./")
	return strings.Map(func(c rune) rune {
		if noName(c) {
			return '-'
		}
		return c
	}, cmp.Or(name, "network"))
}

func (a *app) execCommand() *cobra.Command {
	name := ""
	c := &cobra.Command{
		Use: "exec HOST [--] PROGRAM [ARG…]", Short: "Run a program on a host of a network that is up",
		Long: execHelp, Example: execExamples,
		Args: arguments("HOST", "PROGRAM", "[ARG…]"),
		ValidArgsFunction: func(_ *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveDefault
			}
			return startingWith(runningHosts(name), typed), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(_ *cobra.Command, args []string) error { return a.exec(name, args[0], args[1:]) },
	}
	c.Flags().SetInterspersed(false) // the flags behind HOST are the program's
	c.Flags().StringVar(&name, "name", "", "the running `NETWORK`, if there are several")
	return c
}

func (a *app) downCommand() *cobra.Command {
	return &cobra.Command{
		Use: "down [NAME]", Short: "Take a network down that is up",
		Long: downHelp, Example: downExamples,
		Args: arguments("[NAME]"), ValidArgsFunction: completeRuns,
		RunE: func(_ *cobra.Command, args []string) error { return a.down(optional(args)) },
	}
}

func (a *app) topCommand() *cobra.Command {
	output, once := oneOf("text", "json"), false
	c := &cobra.Command{
		Use: "top [NAME]", Short: "What passes a network that is up, live",
		Long: topHelp, Example: topExamples,
		Args: arguments("[NAME]"), ValidArgsFunction: completeRuns,
		RunE: func(_ *cobra.Command, args []string) error {
			return a.top(optional(args), once, output.value)
		},
	}
	outputFlag(c, &output, "form of what is printed once")
	c.Flags().BoolVar(&once, "once", false, "print the tables once")
	return c
}

func completeRuns(_ *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return startingWith(runNames(), typed), cobra.ShellCompDirectiveNoFileComp
}

// optional is the argument, empty if there is none.
func optional(args []string) string {
	if len(args) == 0 {
		return ""
	}
	return args[0]
}
