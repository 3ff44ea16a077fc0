package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/emu/flowlog"
	"github.com/vpcemu/vpcemu/vpc"
)

// flowFieldHelp lists the fields of flow logs by their version, in lines of a help
// text.
func flowFieldHelp() string {
	var b strings.Builder
	for _, v := range vpc.FlowVersions() {
		line := fmt.Sprintf("  v%-2d ", v.Version)
		for _, name := range v.Fields {
			if len(line)+1+len(name) > 85 {
				b.WriteString(line + "\n")
				line = strings.Repeat(" ", 6)
			}
			line += " " + name
		}
		b.WriteString(line + "\n")
	}
	return strings.TrimRight(b.String(), "\n")
}

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

// traceLog is what a flow log has of a trace, or of that of one target of a load
// balancer.
type traceLog struct {
	flowlog.Written
	Target string `json:"target,omitempty"`
}

// asked reports whether lines were asked for.
func (f *logFlags) asked() bool { return f.wanted || f.format != "" }

// records are the lines that were asked for, nil for none.
func (f *logFlags) records(c *cobra.Command, n *vpc.Network, t *emu.Trace) ([]traceLog, error) {
	if !f.asked() {
		return nil, nil
	}
	var all []traceLog
	add := func(t *emu.Trace, target string) error {
		logs, err := f.written(c, n, t)
		for _, l := range logs {
			all = append(all, traceLog{l, target})
		}
		return err
	}
	if len(t.Targets) == 0 {
		err := add(t, "")
		return all, err
	}
	for _, one := range t.Targets {
		if err := add(one.Trace, one.String()); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// written are the lines of one trace.
func (f *logFlags) written(c *cobra.Command, n *vpc.Network, t *emu.Trace) ([]flowlog.Written, error) {
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
	fields, _, err := vpc.FlowFields(f.format)
	return []flowlog.Written{{Fields: fields, Lines: lines}}, err
}

// loggedTrace is a trace with what flow logs have of it.
type loggedTrace struct {
	*emu.Trace
	FlowLogs []traceLog `json:"flow_logs,omitempty"`
}

func (a *app) writeLogs(logs []traceLog) error {
	for _, l := range logs {
		title := "flow log records"
		if l.Log != "" {
			title = "flow log " + l.Log
		}
		if l.Target != "" {
			title += ", target " + l.Target
		}
		fmt.Fprintf(a.out, "\n%s\n", a.paint()(emu.Title, title))
		if len(l.Lines) == 0 {
			fmt.Fprintln(a.out, "  none")
		} else {
			fmt.Fprintln(a.out, "  "+a.paint()(emu.Faint, strings.Join(l.Fields, " ")))
		}
		for _, line := range l.Lines {
			fmt.Fprintln(a.out, "  "+line)
		}
	}
	return nil
}
