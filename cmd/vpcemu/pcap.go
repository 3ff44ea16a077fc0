package main

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/emu/capture"
)

// pcapFlags are the flags of commands that write captures.
type pcapFlags struct {
	file string
	only []string
}

func (f *pcapFlags) add(c *cobra.Command) {
	c.Flags().StringVar(&f.file, "pcap", "", "write the packets and their verdicts to this `FILE`, as pcapng")
	c.Flags().StringSliceVar(&f.only, "pcap-only", nil,
		"of those only these: a `LIST` of interfaces, subnets, sent,\ndelivered, dropped, reasons (SG_INGRESS), stages (SG-IN)")
}

// filter reads --pcap-only.
func (f *pcapFlags) filter(c *cobra.Command, e *emu.Emulator) (capture.Filter, error) {
	var all capture.Filter
	if len(f.only) > 0 && f.file == "" {
		return all, usage(c, "--pcap-only: want --pcap as well")
	}
	for _, word := range f.only {
		if err := addWord(&all, e, word); err != nil {
			return all, usage(c, "--pcap-only: %q is no view of a packet (sent, delivered, dropped), no reason, stage, subnet or interface: %v", word, err)
		}
	}
	return all, nil
}

// addWord adds one word of --pcap-only to a filter.
func addWord(f *capture.Filter, e *emu.Emulator, word string) error {
	var v capture.View
	var r emu.Reason
	var s emu.Stage
	upper := []byte(strings.ToUpper(word))
	switch subnets := subnetsNamed(e, word); {
	case v.UnmarshalText([]byte(word)) == nil:
		f.Views = append(f.Views, v)
	case len(subnets) > 0:
		f.Subnets = append(f.Subnets, subnets...)
	case word != "" && r.UnmarshalText(upper) == nil:
		f.Reasons = append(f.Reasons, r)
	case s.UnmarshalText(upper) == nil:
		f.Stages = append(f.Stages, s)
	default:
		p, err := e.Port(word)
		if err != nil {
			return err
		}
		f.Interfaces = append(f.Interfaces, p.ID())
	}
	return nil
}

// subnetsNamed are the subnets of a name or an ID, by ID.
func subnetsNamed(e *emu.Emulator, name string) []string {
	var found []string
	for _, v := range e.Network().VPCs {
		for _, s := range v.Subnets {
			if name != "" && (s.ID == name || s.Name == name) {
				found = append(found, s.ID)
			}
		}
	}
	return found
}

// create opens the file of a flag to write to. It must not be one that is in use. A FIFO is
// not opened to read as well, as os.Create does: that its reader has left would not be noticed.
func create(flag, name string, used ...os.FileInfo) (*os.File, error) {
	if now, err := os.Stat(name); err == nil && slices.ContainsFunc(used, func(i os.FileInfo) bool { return os.SameFile(i, now) }) {
		return nil, fmt.Errorf("%s %s: the file is read or written already", flag, name)
	}
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o666)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", flag, err)
	}
	return file, nil
}

// trace writes the packets of a trace, if that was asked for.
func (f *pcapFlags) trace(c *cobra.Command, e *emu.Emulator, t *emu.Trace) error {
	filter, err := f.filter(c, e)
	if err != nil || f.file == "" {
		return err
	}
	file, err := create("--pcap", f.file)
	if err != nil {
		return err
	}
	w := capture.NewWriter(file, filter)
	w.Trace(t)
	return closeCapture(w, file)
}

// closeCapture ends a capture and its file.
func closeCapture(w *capture.Writer, file *os.File) error {
	err := w.Close()
	if e := file.Close(); err == nil {
		err = e
	}
	if err != nil {
		return fmt.Errorf("--pcap %s: %w", file.Name(), err)
	}
	return nil
}
