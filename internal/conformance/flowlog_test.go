package conformance

import (
	"bytes"
	"fmt"
	"io"
	"net/netip"
	"strings"
	"time"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/emu/flowlog"
	"github.com/vpcemu/vpcemu/vpc"
)

// logbook is what flow logs have written since a network was loaded.
type logbook struct {
	logs    *flowlog.Logs
	records []emu.Record
	written map[string]*bytes.Buffer // by log
}

// serviceRanges are AWS's, as far as scripts know them.
var serviceRanges = map[netip.Prefix]string{
	netip.MustParsePrefix("52.92.0.0/16"): "S3", netip.MustParsePrefix("52.0.0.0/8"): "AMAZON",
}

func newLogbook(e *emu.Emulator, now time.Time) logbook {
	b := logbook{written: make(map[string]*bytes.Buffer)}
	b.logs = flowlog.New(flowlog.Config{Services: serviceRanges, Writer: func(l *vpc.FlowLog) io.Writer {
		if b.written[l.ID] == nil {
			b.written[l.ID] = new(bytes.Buffer)
		}
		return b.written[l.ID]
	}})
	b.logs.Attach(e)
	_ = b.logs.Flush(now) // the first window begins
	return b
}

func (b *logbook) record(r emu.Record) {
	b.records = append(b.records, r)
	if b.logs != nil {
		b.logs.Flow(r)
	}
}

// flowLogs claims lines, with commas between them. "flow-logs FIELD…" has those
// that all packets since the last such line left at all interfaces, as if in one
// window; without a FIELD, the default ones. "flow-logs log=NAME" has what one log of
// the network has written in the windows that are over, and "flow-logs skip=V/NAME"
// claims nothing and makes the present window lose what the interface saw.
func (s *script) flowLogs(args, want []string) error {
	if len(args) == 1 {
		if name, ok := strings.CutPrefix(args[0], "log="); ok {
			return s.writtenBy(name, want)
		}
		if name, ok := strings.CutPrefix(args[0], "skip="); ok {
			v, i, _ := strings.Cut(name, "/")
			s.logs.logs.Skip(s.clock.Now(), v, i)
			return nil
		}
	}
	form := ""
	for _, field := range args {
		form += fmt.Sprintf("${%s} ", field)
	}
	lines, err := flowlog.Lines(form, s.logs.records)
	s.logs.records = nil
	if err != nil {
		return err
	}
	return same(strings.Fields(strings.Join(lines, ", ")), want)
}

func (s *script) writtenBy(name string, want []string) error {
	if err := s.logs.logs.Flush(s.clock.Now()); err != nil {
		return err
	}
	b := s.logs.written[name]
	if b == nil {
		return same(nil, want)
	}
	text := strings.TrimSpace(b.String())
	b.Reset()
	return same(strings.Fields(strings.ReplaceAll(text, "\n", ", ")), want)
}
