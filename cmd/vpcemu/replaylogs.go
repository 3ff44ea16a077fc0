package main

import (
	"bytes"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/vpcemu/vpcemu/emu/flowlog"
	"github.com/vpcemu/vpcemu/vpc"
)

// replayLogs are the flow logs of a replay: those of the network or, if it has none or
// another format was asked for, one for each VPC.
type replayLogs struct {
	logs    *flowlog.Logs
	all     []*vpc.FlowLog
	lines   map[*vpc.FlowLog]*bytes.Buffer // by the description here
	byID    map[string]*vpc.FlowLog
	made    bool // none is the network's own
	flushed int64
}

// madeLog begins the IDs of flow logs that the network does not have.
const madeLog = "vpcemu-replay-"

// newReplayLogs makes the flow logs that were asked for, nil if none were, and the
// network that has them.
func newReplayLogs(c *cobra.Command, n *vpc.Network, f *logFlags) (*replayLogs, *vpc.Network, error) {
	if !f.wanted && f.format == "" {
		return nil, n, nil
	}
	if _, _, err := vpc.FlowFields(f.format); err != nil {
		return nil, nil, usage(c, "--flow-format: %v", err)
	}
	l := &replayLogs{lines: make(map[*vpc.FlowLog]*bytes.Buffer), byID: make(map[string]*vpc.FlowLog)}
	n = n.Clone()
	for _, v := range n.VPCs {
		l.all = append(l.all, v.FlowLogs...)
	}
	if l.made = f.format != "" || len(l.all) == 0; l.made {
		l.all = nil
		for _, v := range n.VPCs {
			log := v.AddFlowLog(madeLog + v.ID)
			log.Format = f.format
			l.all = append(l.all, log)
		}
	}
	for _, log := range l.all {
		l.lines[log], l.byID[log.ID] = new(bytes.Buffer), log
	}
	l.logs = flowlog.New(flowlog.Config{Writer: l.writer, FlowsOnly: true})
	return l, n, nil
}

// writer is where the lines of a log go.
func (l *replayLogs) writer(log *vpc.FlowLog) io.Writer {
	if own := l.byID[log.ID]; own != nil {
		return l.lines[own]
	}
	return nil
}

// minute writes the lines of the minutes that are over.
func (l *replayLogs) minute(now time.Time) error {
	if m := now.Unix() / 60; m != l.flushed {
		l.flushed = m
		return l.logs.Flush(now)
	}
	return nil
}

// finish writes the rest, and returns all lines.
func (l *replayLogs) finish(now time.Time) ([]traceLog, error) {
	if err := l.logs.Flush(now.Add(time.Minute)); err != nil {
		return nil, err
	}
	var all []traceLog
	for _, log := range l.all {
		fields, _, err := vpc.FlowFields(log.Format)
		if err != nil {
			return nil, err
		}
		w := flowlog.Written{Log: log.ID, Fields: fields, Lines: strings.Split(strings.TrimSuffix(l.lines[log].String(), "\n"), "\n")}
		if l.lines[log].Len() == 0 {
			w.Lines = nil
		}
		if l.made {
			w.Log = ""
		}
		if l.made && len(all) > 0 { // those of all VPCs are one list
			all[0].Lines = append(all[0].Lines, w.Lines...)
			continue
		}
		all = append(all, traceLog{Written: w})
	}
	return all, nil
}
