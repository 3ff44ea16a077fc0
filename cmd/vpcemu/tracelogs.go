package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/emu/flowlog"
	"github.com/vpcemu/vpcemu/vpc"
)

// logFlags are the flags of trace for flow logs.
type logFlags struct {
	wanted bool
	format string
}

func (f *logFlags) add(c *cobra.Command) {
	c.Flags().BoolVar(&f.wanted, "flow-logs", false,
		"print the lines that flow logs have of the packets: those\nof the network, or else the default ones of all interfaces")
	c.Flags().StringVar(&f.format, "flow-format", "", "the same in this `FORMAT`, at all interfaces:\n'${interface-id} ${srcaddr} …'")
}

// records are the lines that were asked for, nil for none.
func (f *logFlags) records(c *cobra.Command, n *vpc.Network, t *emu.Trace) ([]flowlog.Written, error) {
	if !f.wanted && f.format == "" {
		return nil, nil
	}
	if f.format == "" {
		logs, err := flowlog.Described(n, t.Records)
		if err != nil || len(logs) > 0 {
			return logs, err
		}
	}
	lines, err := flowlog.Lines(f.format, t.Records)
	if err != nil {
		return nil, usage(c, "--flow-format: %v", err)
	}
	return []flowlog.Written{{Lines: lines}}, nil
}

// loggedTrace is a trace with what flow logs have of it.
type loggedTrace struct {
	*emu.Trace
	FlowLogs []flowlog.Written `json:"flow_logs,omitempty"`
}

func (a *app) writeLogs(logs []flowlog.Written) error {
	for _, l := range logs {
		title := "flow log records"
		if l.Log != "" {
			title = "flow log " + l.Log
		}
		fmt.Fprintf(a.out, "\n%s\n", a.paint()(emu.Title, title))
		if len(l.Lines) == 0 {
			fmt.Fprintln(a.out, "  none")
		}
		for _, line := range l.Lines {
			fmt.Fprintln(a.out, "  "+line)
		}
	}
	return nil
}
