package main

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/emu/replay"
)

// replayView is what replay says. Its JSON form is stable.
type replayView struct {
	Network string         `json:"network"`
	Capture string         `json:"capture"`
	Verdict replay.Verdict `json:"verdict"`
	// Error says why the capture was not read to its end.
	Error string `json:"error,omitempty"`
	*replay.Report
	FlowLogs []traceLog `json:"flow_logs,omitempty"`
}

var verdictPaint = [...]emu.PaintKind{replay.Dropped: emu.Bad, replay.Unknown: emu.Doubt, replay.Passed: emu.Good}

func (a *app) writeReplay(v *replayView, form string) error {
	if form == "json" {
		return writeJSON(a.out, v)
	}
	a.replayHeadline(v)
	for _, f := range v.Flows {
		if !a.quiet || f.Verdict != replay.Passed {
			a.writeFlow(f)
		}
	}
	a.writeUnused(v.NotUsed)
	return a.writeLogs(v.FlowLogs)
}

// replayHeadline is the verdict and the sums.
func (a *app) replayHeadline(v *replayView) {
	word := a.paint()(verdictPaint[v.Verdict], fmt.Sprintf("%-9s", strings.ToUpper(v.Verdict.String())))
	fmt.Fprintf(a.out, "%s  %s in %s: %s\n", word, plural(v.Read, "packet", "packets"), plural(len(v.Flows), "flow", "flows"), sums(&v.Tally, v.Unused))
	if v.Unwrapped > 0 {
		fmt.Fprintf(a.out, "  in VXLAN %s, of which what is inside is meant (else --keep-vxlan)\n", plural(v.Unwrapped, "packet", "packets"))
	}
}

// sums are the counts that are not zero.
func sums(t *replay.Tally, unused int) string {
	var words []string
	for _, c := range []struct {
		n    int
		word string
	}{{t.Passed, "passed"}, {t.Dropped, "dropped"}, {t.Unknown, "unknown"}, {t.Withheld, "withheld"}, {unused, "not used"}} {
		if c.n > 0 {
			words = append(words, fmt.Sprintf("%d %s", c.n, c.word))
		}
	}
	if len(words) == 0 {
		return "none"
	}
	return strings.Join(words, ", ")
}

// writeFlow is one flow, then a line for each way in which packets of it were lost.
func (a *app) writeFlow(f *replay.Flow) {
	paint := a.paint()
	fmt.Fprintf(a.out, "\n%s  %s\n", paint(verdictPaint[f.Verdict], fmt.Sprintf("%-9s", strings.ToUpper(f.Verdict.String()))),
		ends(f.Sent, f.Client, f.Server))
	if f.Captured != f.Sent {
		fmt.Fprintf(a.out, "  %-8s %s\n", "captured", paint(emu.Faint, ends(f.Captured, "", "")))
	}
	if f.Arrived != "" && f.Arrived != f.Sent {
		fmt.Fprintf(a.out, "  %-8s %s\n", "arrives", paint(emu.Faint, ends(f.Arrived, "", "")))
	}
	if f.Offloaded > 0 {
		fmt.Fprintf(a.out, "  %-8s %s larger than on the wire, sent as the network card cuts them\n", "offload", plural(f.Offloaded, "packet", "packets"))
	}
	if f.Snapped > 0 {
		fmt.Fprintf(a.out, "  %-8s %s cut short when captured, sent with zeros for the rest\n", "snaplen", plural(f.Snapped, "packet", "packets"))
	}
	for _, d := range []struct {
		name  string
		tally *replay.Tally
	}{{"request", &f.Request}, {"reply", &f.Reply}} {
		if d.tally.Packets() > 0 {
			fmt.Fprintf(a.out, "  %-8s %s\n", d.name, sums(d.tally, 0))
		}
		for _, l := range f.Lost {
			if l.Direction.String() == d.name {
				a.writeLoss(l)
			}
		}
	}
}

// writeLoss is one way in which packets were lost.
func (a *app) writeLoss(l *replay.Loss) {
	where := l.Step.String()
	if l.Astray != "" {
		where = l.Astray
	}
	label := "at"
	if l.Verdict == replay.Unknown {
		label = "unknown"
	}
	behind := []string{plural(l.Packets, "packet", "packets") + fmt.Sprintf(", from %d on", l.First)}
	for _, w := range []string{l.Step.Origin, l.Step.Reason, l.Step.Code} {
		if w != "" {
			behind = append(behind, w)
		}
	}
	fmt.Fprintf(a.out, "    %-7s  %s  %s\n", label, where, a.paint()(emu.Faint, strings.Join(behind, "  ")))
}

// ends is a flow with the names of its ends before their addresses: "tcp  app-1
// 10.0.2.4:49152 → db-1 10.0.3.10:22".
func ends(flow, client, server string) string {
	proto, rest, _ := strings.Cut(flow, " ")
	src, dst, _ := strings.Cut(rest, " > ")
	return fmt.Sprintf("%s  %s → %s", proto, endNamed(client, src), endNamed(server, dst))
}

// endNamed puts a name before an address, unless it is the address.
func endNamed(name, addr string) string {
	if i := strings.Index(name, ":"); i > 0 && (strings.HasPrefix(name, "internet:") || strings.HasPrefix(name, "onprem:")) {
		name = name[:i]
	}
	if _, err := netip.ParseAddr(name); name == "" || err == nil {
		return addr
	}
	return name + " " + addr
}

// writeUnused lists the packets that were not sent, and how to say who hosts are.
func (a *app) writeUnused(all []replay.NotUsed) {
	var unmapped []netip.Addr
	for i, u := range all {
		if i == 0 {
			fmt.Fprintf(a.out, "\n%s\n", a.paint()(emu.Title, "not used"))
		}
		fmt.Fprintf(a.out, "  %s: %s  %s\n", plural(u.Packets, "packet", "packets"), u.Because, a.paint()(emu.Faint, fmt.Sprintf("from %d on", u.First)))
		for _, m := range u.Unmapped {
			if !slices.Contains(unmapped, m) {
				unmapped = append(unmapped, m)
			}
		}
	}
	if len(unmapped) > 0 {
		fmt.Fprintf(a.out, "  say who they are, by names that \"vpcemu trace\" takes:%s\n", suggestion(unmapped))
	}
}

// suggestion is the flags that would map addresses, for as many as fit a line or two.
func suggestion(unmapped []netip.Addr) string {
	const most = 6
	text := ""
	for i, a := range unmapped {
		if i == most {
			return text + fmt.Sprintf(" … and %d more", len(unmapped)-most)
		}
		text += " --map " + a.String() + "=NAME"
	}
	return text
}
