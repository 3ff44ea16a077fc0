package flowlog

import (
	"fmt"
	"io"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/vpc"
)

// window is the longest time that one line is about (FLOW-4).
const window = 60 // seconds

// Config of flow logs.
type Config struct {
	// Writer is where the lines of a log go; nil, or a nil writer, drops them. See
	// [To].
	Writer func(*vpc.FlowLog) io.Writer
	// Services are AWS's address ranges by the names that pkt-src-aws-service and
	// pkt-dst-aws-service have for them, like "S3"; none means that nothing is known
	// of public addresses (FLOW-38).
	Services map[netip.Prefix]string
	// FlowsOnly leaves out the lines of interfaces without flows, NODATA and SKIPDATA.
	FlowsOnly bool
	// Everywhere gives each VPC a log without an ID while the network has none: of all
	// its interfaces, in the default format.
	Everywhere bool
}

// To sends the lines of all logs to one writer.
func To(w io.Writer) func(*vpc.FlowLog) io.Writer { return func(*vpc.FlowLog) io.Writer { return w } }

// Logs are the flow logs of one emulator. Its methods may be called at once from
// several goroutines.
type Logs struct {
	cfg Config

	mu      sync.Mutex
	em      *emu.Emulator
	windows []*flows // those with records, oldest first
	next    int64    // the start of the first window that has not been written
	begun   bool
}

// New makes flow logs. Give their [Logs.Flow] to the emulator as its Observer's, and
// the emulator to [Logs.Attach]:
//
//	logs := flowlog.New(flowlog.Config{Writer: flowlog.To(os.Stdout)})
//	e, err := emu.New(n, emu.Options{Observer: emu.Observer{Flow: logs.Flow}})
//	logs.Attach(e)
func New(cfg Config) *Logs { return &Logs{cfg: cfg} }

// Attach says whose logs they are: which logs there are, and which interfaces they
// cover, is asked of the emulator whenever lines are written (FLOW-42).
func (l *Logs) Attach(e *emu.Emulator) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.em = e
}

// Flow takes one record.
func (l *Logs) Flow(r emu.Record) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.at(r.Time).add(r)
}

// Skip makes the window at a time lose records of an interface, by ID: its lines
// then say so (SKIPDATA, FLOW-27).
func (l *Logs) Skip(now time.Time, vpc, iface string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.at(now).skip(vpc, iface)
}

// start is the start of the window that a time falls into: a whole minute (FLOW-4).
func start(t time.Time) int64 {
	s := t.Unix()
	return s - ((s%window)+window)%window
}

// at is the window for a time; records of one that was written already count for
// the next.
func (l *Logs) at(t time.Time) *flows {
	s := start(t)
	if !l.begun {
		l.begun, l.next = true, s
	}
	s = max(s, l.next)
	for k := len(l.windows) - 1; k >= 0 && l.windows[k].start >= s; k-- {
		if l.windows[k].start == s {
			return l.windows[k]
		}
	}
	f := newFlows(s)
	k := len(l.windows)
	for k > 0 && l.windows[k-1].start > s {
		k--
	}
	l.windows = append(l.windows, nil)
	copy(l.windows[k+1:], l.windows[k:])
	l.windows[k] = f
	return f
}

// quiet is how many windows in a row without any record a [Logs.Flush] writes lines
// for: an hour of them. Without a limit a clock that jumps by years would write
// NODATA millions of times.
const quiet = 60

// Flush writes the lines of all windows that are over at a time. The first call, or
// the first record, is the start of time: windows before it have no lines. Of a
// longer stretch without any record only the first hour has its NODATA lines: call
// Flush more often to have them all.
func (l *Logs) Flush(now time.Time) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.em == nil {
		return fmt.Errorf("flow logs without an emulator: want a call of Attach")
	}
	end := start(now)
	if !l.begun {
		l.begun, l.next = true, end
	}
	n, places := l.em.Network(), l.em.Places()
	for still := 0; l.next < end; {
		f := l.take(end)
		if still++; f.busy() {
			still = 0
		}
		if still > quiet {
			l.next = l.busyFrom(end)
			continue
		}
		if err := l.writeAll(f, n, places); err != nil {
			return err
		}
	}
	return nil
}

// take takes out the oldest window, with or without records.
func (l *Logs) take(end int64) *flows {
	at := l.next
	l.next += window
	if l.busyFrom(end) != at {
		return newFlows(at)
	}
	f := l.windows[0]
	l.windows = l.windows[1:]
	return f
}

// busyFrom is the start of the oldest window with records, at most end.
func (l *Logs) busyFrom(end int64) int64 {
	if len(l.windows) == 0 {
		return end
	}
	return min(end, l.windows[0].start)
}

// writeAll writes what all logs have of one window.
func (l *Logs) writeAll(f *flows, n *vpc.Network, places []emu.Place) error {
	made := l.cfg.Everywhere && !slices.ContainsFunc(n.VPCs, func(v *vpc.VPC) bool { return len(v.FlowLogs) > 0 })
	for _, v := range n.VPCs {
		logs := v.FlowLogs
		if made {
			logs = []*vpc.FlowLog{{}}
		}
		for _, log := range logs {
			if err := l.write(f, v, log, places); err != nil {
				return fmt.Errorf("flow log %s: %w", log.ID, err)
			}
		}
	}
	return nil
}

// write writes what one log has of one window: the flows in the order in which they
// began, then the interfaces without any.
func (l *Logs) write(f *flows, v *vpc.VPC, log *vpc.FlowLog, places []emu.Place) error {
	if l.cfg.Writer == nil || l.cfg.Writer(log) == nil {
		return nil
	}
	form, err := newFormat(log.Format, l.cfg.Services)
	if err != nil {
		return err
	}
	covers := coverage(v, log)
	out := l.cfg.Writer(log)
	for _, s := range f.list {
		if covers(s.Place) && log.Writes(s.Accept) {
			if _, err := fmt.Fprintln(out, form.line(s)); err != nil {
				return err
			}
		}
	}
	if l.cfg.FlowsOnly {
		return nil
	}
	for _, p := range places {
		for _, status := range f.statuses(p) {
			if !covers(p) {
				continue
			}
			if _, err := fmt.Fprintln(out, form.empty(p, f.start, status)); err != nil {
				return err
			}
		}
	}
	return nil
}
