package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/emu/insights"
)

var traceHelp = `Trace sends the packets of a connection through the network and tells what they
meet: the request, and the reply on its way back. If something drops a packet it
is noted and the packet goes on, so that everything in the way is listed at once.

SRC and DST are one of
  app-1                    a name or an ID of an instance, a network interface,
                           an interface endpoint, a gateway endpoint, which stands
                           for the service behind it, or, as DST, a load balancer
  prod/app-1               the same, where several VPCs have one of that name
  10.0.2.4, 2001:db8::5    an address: whoever has it
  internet                 some host out there, behind an internet gateway: what goes
                           there and leaves for on-premises is unknown, and what ends
                           at a gateway endpoint's service is blocked
  internet:203.0.113.7     that host out there
  onprem                   some host on-premises: behind the only VPN connection or
                           Direct Connect of the network
  onprem:vgw-1             the same behind a gateway, or behind an attachment of a
                           transit gateway
  onprem:192.168.1.10, onprem:vgw-1:192.168.1.10
                           that host there

SERVICE is what the client asks for
  tcp/443, udp/53          a port
  icmp, icmp/3/4           a ping, or an ICMP type and code; icmpv6 alike
  ip/50                    another protocol, by number

What the fabric answers in place of DST, such as IPv6 neighbour discovery and DHCPv6,
has not got to it: blocked.

The exit status is 0 if the traffic gets through both ways, 1 if it is blocked,
and 2 if that is unknown or the question makes no sense.

-o aws has the form of "aws ec2 describe-network-insights-analyses", AWS's Reachability
Analyzer, for what reads its answers: with --all-targets an analysis for each target.
What is unknown has Status "failed" there, and flow-log lines have no place.

--flow-logs has one line for all packets of a flow at an interface: the first and the
third of a handshake are two packets of one.

--pcap writes the packets as they are sent, as they arrive and where they are dropped,
each with a comment that says what became of it.

--flow-format takes these fields, as '${srcaddr} ${dstaddr}':
` + flowFieldHelp()

const traceExamples = `  vpcemu trace example:three-tier app-1 db-1 tcp/5432       # reachable: status 0
  vpcemu trace example:three-tier app-1 db-1 tcp/22         # blocked: status 1
  vpcemu trace example:three-tier internet web-1 tcp/443
  vpcemu trace net.yaml web-1 internet:203.0.113.7 tcp/443 --src-port 40000
  vpcemu trace net.yaml app-1 10.0.3.10 icmp --one-way      # a ping: blocked, status 1
  vpcemu trace example:hybrid onprem:192.168.1.10 app-1 tcp/22
  vpcemu trace example:hybrid app-1 s3 tcp/443              # a gateway endpoint
  vpcemu trace example:hybrid internet front tcp/443 --all-targets
  vpcemu trace net.yaml app-1 db-1 tcp/5432 -o json         # for programs
  vpcemu trace net.yaml app-1 db-1 tcp/5432 -o aws          # in AWS's words
  vpcemu trace net.yaml app-1 db-1 tcp/5432 -q              # one word: REACHABLE
  vpcemu trace net.yaml app-1 db-1 tcp/5432 --flow-logs     # and its flow-log lines
  vpcemu trace net.yaml app-1 db-1 tcp/5432 --pcap t.pcapng # its packets, for Wireshark`

// traceFlags are the flags of trace, apart from the source port.
type traceFlags struct {
	output choice
	query  emu.Query
	logs   logFlags
	pcap   pcapFlags
}

func (a *app) traceCommand() *cobra.Command {
	f := traceFlags{output: oneOf("text", "json", "aws")}
	c := &cobra.Command{
		Use:               "trace NETWORK SRC DST SERVICE",
		Short:             "Can SRC reach DST? The path both ways, and everything in the way",
		Long:              traceHelp,
		Example:           traceExamples,
		Args:              arguments("NETWORK", "SRC", "DST", "SERVICE"),
		ValidArgsFunction: completeTrace,
		RunE:              func(c *cobra.Command, args []string) error { return a.trace(c, args, &f) },
	}
	outputFlag(c, &f.output, "form of the answer")
	c.Flags().Uint16Var(&f.query.SourcePort, "src-port", 0, "the client's `PORT` (default 49152)")
	c.Flags().BoolVar(&f.query.OneWay, "one-way", false, "ask about the request only, not about the reply")
	c.Flags().BoolVar(&f.query.AllTargets, "all-targets", false, "of a load balancer: ask about every target that it would choose")
	c.Flags().BoolVarP(&f.query.IPv6, "ipv6", "6", false, "use IPv6 where both ends have both versions")
	f.logs.add(c)
	f.pcap.add(c)
	return c
}

func (a *app) trace(c *cobra.Command, args []string, f *traceFlags) error {
	q := f.query
	q.Source, q.Destination = args[1], args[2]
	var err error
	if q.Service, err = oneService(args[3]); err != nil {
		return usage(c, "%v", err)
	}
	if c.Flags().Changed("src-port") && !q.Service.HasPorts() {
		return usage(c, "--src-port: %s has no ports", q.Service)
	}
	if f.output.value == "aws" && f.logs.asked() {
		return usage(c, "--flow-logs: -o aws has no place for them")
	}
	e, rep, err := a.openNetwork(args[0])
	if err != nil {
		return err
	}
	t, err := e.Trace(q)
	if err != nil {
		return err
	}
	records, err := f.logs.records(c, e.Network(), t)
	if err != nil {
		return err
	}
	if err := f.pcap.trace(c, e, t); err != nil {
		return err
	}
	if err := a.writeTrace(e, t, records, f.output.value); err != nil {
		return err
	}
	a.warn(args[0], rep)
	return answerStatus(t.Verdict)
}

func (a *app) writeTrace(e *emu.Emulator, t *emu.Trace, logs []traceLog, form string) error {
	switch {
	case form == "aws":
		return writeJSON(a.out, analyses(e, t))
	case form == "json":
		return writeJSON(a.out, loggedTrace{t, logs})
	case a.quiet:
		fmt.Fprintln(a.out, strings.ToUpper(t.Verdict.String()))
		if err := t.WriteTargets(a.out, a.paint()); err != nil {
			return err
		}
	default:
		if err := t.WriteText(a.out, a.paint()); err != nil {
			return err
		}
	}
	return a.writeLogs(logs)
}

// analyses are a trace in AWS's words: one analysis, or one for each target.
func analyses(e *emu.Emulator, t *emu.Trace) *insights.Analyses {
	all := []*emu.Trace{t}
	if len(t.Targets) > 0 {
		all = nil
	}
	for i := range t.Targets {
		all = append(all, t.Targets[i].Trace)
	}
	return insights.Of(e.Network(), all...)
}

// answerStatus is the exit status of one answer.
func answerStatus(v emu.Answer) error {
	switch v {
	case emu.Reachable:
		return nil
	case emu.Blocked:
		return status(statusNo)
	}
	return status(statusUnsure)
}

// writeJSON writes a value with two spaces of indentation, and leaves < and > in
// "a -> b" as they are.
func writeJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}
