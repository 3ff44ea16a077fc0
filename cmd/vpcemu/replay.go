package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/netip"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/emu/capture"
	"github.com/vpcemu/vpcemu/emu/replay"
	"github.com/vpcemu/vpcemu/vpc"
)

const replayHelp = `Replay sends the packets of a capture through the network, at their own times, and
tells what becomes of every flow: how many packets passed, how many were dropped, where
and why. CAPTURE is a pcap or pcapng file, also compressed by gzip, or - for standard
input, with Ethernet, VLAN tags, Linux's cooked headers, loopbacks or bare IP.

--map says which end of the network a captured address stands for, by any name that
"vpcemu trace" takes:

  --map 192.168.1.10=app-1 --map 192.168.1.20=db-1 --map 192.168.1.1=internet

An address without --map stands for who has it in the network, or for a host on the
internet: a capture taken in the network itself needs none. Packets get the addresses
of their ends; answers go to what the server has seen, behind NAT gateways too.

Who sends the first packet of a flow is its client. Answers to requests that did not
arrive are withheld: nobody would have sent them. Middleboxes forward. All packets are
accounted for; those that say nothing about the network (ARP, broadcasts) or cannot be
used (malformed, cut off within their headers, an address that is nobody's) are listed
with the reason. Of each flow it is said how many packets were cut short by the snap
length, and sent with zeros for the rest; and how many were larger than on the wire,
captured above the network card that cuts them up, and were cut like that.

What VPC Traffic Mirroring sends to its target is in VXLAN, and is taken out of it.

The exit status is 0 if all packets that were sent got through, 1 if some were dropped,
and 2 if that is unknown: something on the way is not modelled, packets could not be
used, or nothing was left to send.

--pcap writes what happened, as guests would have captured it. Each packet has a
comment that says what became of it. In Wireshark, frame.interface_name tells
where it was seen, and frame.comment contains "SG_INGRESS" finds drops.`

const replayExamples = `  vpcemu replay example:three-tier w.pcap                     # who is who? status 2
  vpcemu replay net.yaml w.pcap --map 192.168.1.10=app-1 --map 192.168.1.20=db-1
  vpcemu replay net.yaml w.pcap --map 192.168.1.10=app-1,192.168.1.20=internet -o json
  vpcemu replay net.yaml w.pcap --map 192.168.1.10=app-1,192.168.1.20=db-1 --pcap o.pcapng
  vpcemu replay net.yaml - --map 192.168.1.10=web-1,192.168.1.20=db-1 < w.pcap  # status 1`

// replayFlags are the flags of replay.
type replayFlags struct {
	output   choice
	maps     []string
	realTime bool
	vxlan    bool
	pcap     pcapFlags
	logs     logFlags
}

func (a *app) replayCommand() *cobra.Command {
	f := replayFlags{output: oneOf("text", "json")}
	c := &cobra.Command{
		Use:     "replay NETWORK CAPTURE",
		Short:   "Send captured packets through the network: what passes, what is dropped, why",
		Long:    replayHelp,
		Example: replayExamples,
		Args:    arguments("NETWORK", "CAPTURE"),
		ValidArgsFunction: func(c *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
			if len(args) == 0 {
				return completeNetwork(c, args, typed)
			}
			return []string{"pcap", "pcapng", "cap", "gz"}, cobra.ShellCompDirectiveFilterFileExt
		},
		RunE: func(c *cobra.Command, args []string) error { return a.replay(c, args[0], args[1], &f) },
	}
	outputFlag(c, &f.output, "form of the answer")
	c.Flags().StringSliceVar(&f.maps, "map", nil, "a captured address stands for an end: `ADDRESS=NAME`;\nrepeat it, or list several with commas between them")
	_ = c.RegisterFlagCompletionFunc("map", completeMap)
	c.Flags().BoolVar(&f.realTime, "real-time", false, "wait between packets as long as they did")
	c.Flags().BoolVar(&f.vxlan, "keep-vxlan", false, "send VXLAN packets as they are, not what is in them")
	f.pcap.add(c)
	f.logs.add(c)
	return c
}

func (a *app) replay(c *cobra.Command, network, file string, f *replayFlags) error {
	mapping, err := parseMap(c, f.maps)
	if err != nil {
		return err
	}
	n, rep, err := loadNetwork(network)
	if err != nil {
		return err
	}
	in, size, err := openCapture(file)
	if err != nil {
		return err
	}
	defer in.Close()
	run := replayRun{options: replay.Options{Map: mapping, KeepVXLAN: f.vxlan}}
	if f.realTime {
		run.options.Pace = pace()
	}
	if err := run.open(c, network, n, f, in); err != nil {
		return err
	}
	bar := a.readingBar(file, size)
	broken := run.read(in, bar)
	bar.done()
	v := replayView{Network: network, Capture: file, Report: run.replay.Report()}
	v.Verdict = v.Report.Verdict()
	if broken != nil {
		v.Verdict, v.Error = min(v.Verdict, replay.Unknown), broken.Error()
	}
	if v.FlowLogs, err = run.finish(); err != nil {
		return err
	}
	if err := a.writeReplay(&v, f.output.value); err != nil {
		return err
	}
	a.warn(network, rep)
	if broken != nil {
		return fmt.Errorf("%s: %w", file, broken)
	}
	return replayStatus(v.Verdict)
}

// replayStatus is the exit status of a replay.
func replayStatus(v replay.Verdict) error {
	switch v {
	case replay.Passed:
		return nil
	case replay.Dropped:
		return status(statusNo)
	}
	return status(statusUnsure)
}

// parseMap reads the flags --map.
func parseMap(c *cobra.Command, flags []string) (map[netip.Addr]string, error) {
	all := make(map[netip.Addr]string)
	for _, f := range flags {
		addr, name, ok := strings.Cut(f, "=")
		a, err := netip.ParseAddr(addr)
		switch a = a.Unmap(); {
		case !ok || err != nil || a.Zone() != "" || name == "":
			return nil, usage(c, "--map %q: want ADDRESS=NAME, like 192.168.1.10=app-1", f)
		case all[a] != "" && all[a] != name:
			return nil, usage(c, "--map: %s is both %s and %s", a, all[a], name)
		}
		all[a] = name
	}
	return all, nil
}

// openCapture opens a file, or standard input for "-". The size is 0 if nobody knows it.
func openCapture(name string) (*os.File, int64, error) {
	if name == "-" {
		return os.Stdin, 0, nil
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, 0, err
	}
	info, err := f.Stat()
	if err == nil && info.IsDir() {
		err = &fs.PathError{Op: "read", Path: name, Err: errors.New("it is a folder")}
	}
	if err != nil {
		f.Close()
		return nil, 0, err
	}
	return f, info.Size(), nil
}

// pace waits for the time of packets, counted from the first one.
func pace() func(time.Time) {
	var begin, first time.Time
	return func(t time.Time) {
		if first.IsZero() {
			begin, first = time.Now(), t
		}
		time.Sleep(time.Until(begin.Add(t.Sub(first))))
	}
}

// replayRun is a replay and who looks on.
type replayRun struct {
	options replay.Options
	replay  *replay.Replay
	logs    *replayLogs
	writer  *capture.Writer
	file    *os.File
}

// open makes the replay and its observers.
func (r *replayRun) open(c *cobra.Command, network string, n *vpc.Network, f *replayFlags, in *os.File) error {
	var err error
	if r.logs, n, err = newReplayLogs(c, n, &f.logs); err != nil {
		return err
	}
	if r.logs != nil {
		r.options.Observer.Flow = r.logs.logs.Flow
	}
	e, err := emu.New(n, emu.Options{}) // also to say what is wrong with it, by its name
	if err != nil {
		return fmt.Errorf("%s: %w", network, err)
	}
	filter, err := f.pcap.filter(c, e)
	if err != nil {
		return err
	}
	if f.pcap.file != "" {
		info, err := in.Stat()
		if err != nil {
			return err
		}
		if r.file, err = create("--pcap", f.pcap.file, info); err != nil {
			return err
		}
		r.writer = capture.NewWriter(r.file, filter)
		r.options.Observer = r.options.Observer.And(r.writer.Observer())
	}
	if r.replay, err = replay.New(n, r.options); err != nil {
		return usage(c, "--map %v", err)
	}
	if r.logs != nil {
		r.logs.logs.Attach(r.replay.Emulator())
	}
	return nil
}

// read sends all packets. An error is what is wrong with the capture; those before it
// have been sent.
func (r *replayRun) read(in io.Reader, bar *bar) error {
	c, err := capture.NewReader(in)
	if err != nil {
		return err
	}
	for {
		p, err := c.Next()
		switch {
		case err == io.EOF && c.Skipped() > 0:
			return fmt.Errorf("%s of another version than pcapng 1 left out", plural(c.Skipped(), "section", "sections"))
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		}
		r.replay.Send(&p)
		if bar.at(c.Offset()); r.logs != nil {
			if err := r.logs.minute(r.replay.Now()); err != nil {
				return err
			}
		}
	}
}

// finish ends the capture that is written, and returns the lines of flow logs.
func (r *replayRun) finish() ([]traceLog, error) {
	if r.writer != nil {
		if err := closeCapture(r.writer, r.file); err != nil {
			return nil, err
		}
	}
	if r.logs == nil {
		return nil, nil
	}
	return r.logs.finish(r.replay.Now())
}
