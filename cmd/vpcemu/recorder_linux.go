package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/emu/capture"
	"github.com/vpcemu/vpcemu/emu/flowlog"
	"github.com/vpcemu/vpcemu/vpc"
)

// recorder writes the capture and the flow logs of a network that is up. Files are whole
// whenever it has flushed, so that others can read them meanwhile, and after a kill -9.
type recorder struct {
	capture *capture.Writer // nil without --pcap
	pcap    *os.File
	logs    *flowlog.Logs // nil without --flow-logs
	file    *os.File
	lines   bytes.Buffer // of flow logs, on their way to the file
	head    string       // that of the last line
	minute  int64        // the last one in which flow logs were asked

	failed  error // the first one
	begun   bool
	done    chan struct{}
	running sync.WaitGroup
}

// filter reads --pcap-only by the names of the network as it is now.
func (f *upFlags) filter(c *cobra.Command, network string, n *vpc.Network) (capture.Filter, error) {
	if len(f.pcap.only) == 0 {
		return capture.Filter{}, nil
	}
	e, err := emu.New(n, emu.Options{})
	if err != nil {
		return capture.Filter{}, fmt.Errorf("%s: %w", network, err)
	}
	return f.pcap.filter(c, e)
}

// record opens the files that the flags ask for.
func (f *upFlags) record(network string, filter capture.Filter) (*recorder, error) {
	r := &recorder{done: make(chan struct{})}
	var used []os.FileInfo
	open := func(flag, name string) (*os.File, error) {
		file, err := create(flag, name, used...)
		if err != nil {
			return nil, err
		}
		info, err := file.Stat()
		used = append(used, info)
		return file, err
	}
	if info, err := os.Stat(network); err == nil {
		used = append(used, info)
	}
	var err error
	if f.pcap.file != "" {
		if r.pcap, err = open("--pcap", f.pcap.file); err != nil {
			return nil, err
		}
		r.capture = capture.NewWriter(r.pcap, filter)
	}
	if f.logs != "" {
		if r.file, err = open("--flow-logs", f.logs); err != nil {
			return nil, err
		}
		r.logs = flowlog.New(flowlog.Config{Writer: r.writer, FlowsOnly: true, Everywhere: true})
	}
	return r, nil
}

// recordUntil is record until ctx ends, and then nil: who opens a FIFO waits for somebody to read it.
func (f *upFlags) recordUntil(ctx context.Context, network string, filter capture.Filter) (*recorder, error) {
	opened := make(chan struct{})
	var rec *recorder
	var failed error
	go func() {
		defer close(opened)
		rec, failed = f.record(network, filter)
	}()
	select {
	case <-opened:
		return rec, failed
	case <-ctx.Done():
		return nil, nil
	}
}

// observer is what the emulator is to call: nothing, if nothing is written.
func (r *recorder) observer() (o emu.Observer) {
	if r.capture != nil {
		o = r.capture.Observer()
	}
	if r.logs != nil {
		o.Flow = r.logs.Flow
	}
	return o
}

// writer is where the lines of a flow log go: below one that names it and its fields, if
// that is not the last such line.
func (r *recorder) writer(log *vpc.FlowLog) io.Writer {
	fields, _, _ := vpc.FlowFields(log.Format) // a network has no log that cannot be written
	above := "# "
	if log.ID != "" {
		above += log.ID + ": "
	}
	return under{r, above + strings.Join(fields, " ") + "\n"}
}

// under writes lines below a head.
type under struct {
	*recorder
	above string
}

func (u under) Write(b []byte) (int, error) {
	if u.above != u.head {
		u.head = u.above
		u.lines.WriteString(u.above)
	}
	return u.lines.Write(b)
}

// start writes once a second what has passed, until close. An error is told at once, and
// again by close: the network stays up.
func (r *recorder) start(e *emu.Emulator, stderr io.Writer) {
	if r.logs != nil {
		r.logs.Attach(e)
	}
	r.begun = true
	if r.capture == nil && r.logs == nil {
		return
	}
	r.running.Go(func() {
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		for {
			select {
			case <-r.done:
				return
			case now := <-tick.C:
				r.tick(now, stderr)
			}
		}
	})
}

// tick flushes, and tells the first error.
func (r *recorder) tick(now time.Time, stderr io.Writer) {
	if err := r.flush(now); err != nil && r.failed == nil {
		r.failed = err
		fmt.Fprintf(stderr, "vpcemu: %v\n", err)
	}
}

// flush writes what has passed until now; of flow logs, the minutes that are over.
func (r *recorder) flush(now time.Time) error {
	var errs [2]error
	if r.capture != nil {
		if err := r.capture.Flush(); err != nil {
			errs[0] = fmt.Errorf("--pcap %s: %w", r.pcap.Name(), err)
		}
	}
	if m := now.Unix() / 60; r.logs != nil && m != r.minute {
		r.minute = m
		err := r.logs.Flush(now)
		if _, failed := r.lines.WriteTo(r.file); err == nil {
			err = failed
		}
		if err != nil {
			errs[1] = fmt.Errorf("--flow-logs %s: %w", r.file.Name(), err)
		}
	}
	return errors.Join(errs[:]...)
}

// close writes the rest, once nothing passes any more, and returns the first error.
func (r *recorder) close() error {
	close(r.done)
	r.running.Wait()
	errs := []error{r.failed}
	if r.begun {
		errs = append(errs, r.flush(time.Now().Add(time.Minute)))
	}
	if r.capture != nil {
		errs = append(errs, closeCapture(r.capture, r.pcap))
	}
	if r.file != nil {
		errs = append(errs, r.file.Close())
	}
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
