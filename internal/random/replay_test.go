package random

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/emu/capture"
	"github.com/vpcemu/vpcemu/emu/replay"
	"github.com/vpcemu/vpcemu/packet"
	"github.com/vpcemu/vpcemu/vpc"
)

// TestReplaysEndAsTraced: a captured connection whose ends are those of a query fares in
// a replay as the query's trace says.
func TestReplaysEndAsTraced(t *testing.T) {
	verdicts := make(map[string]int)
	property[emu.Query]{
		with: Everything, many: 40, change: unlimited,
		ask: (*Maker).Query,
		about: func(n *vpc.Network) (func(emu.Query) error, error) {
			e, err := emulator(n)
			return func(q emu.Query) error { return replayAndTrace(e, n, q, verdicts) }, err
		},
	}.try(t)
	t.Logf("%v", verdicts)
}

func replayAndTrace(e *emu.Emulator, n *vpc.Network, q emu.Query, verdicts map[string]int) error {
	q.OneWay, q.AllTargets = false, false
	trace, err := e.Trace(q)
	if err != nil {
		return nil
	}
	from, err := e.Port(q.Source)
	if to, e := e.Port(q.Destination); e != nil || err != nil || from == to || trace.Sent().Src == trace.Sent().Dst || looped(trace) || q.Service.From >= 0 && trace.Sent().Proto.IsICMP() {
		return nil // nobody is there to answer, or there is nothing to
	}
	f := captured(trace.Sent())
	r, err := replay.New(n, replay.Options{Map: map[netip.Addr]string{
		f.Src: sameHost(q.Source, trace.Sent().Src), f.Dst: sameHost(q.Destination, trace.Sent().Dst),
	}})
	if err != nil {
		return nil // a network address that is nobody's
	}
	for k, s := range conversation(f) {
		b := s.Bytes()
		r.Send(&capture.Packet{Number: k + 1, Time: time.Unix(1000, int64(k)), Link: capture.Raw, Data: b, Length: len(b)})
	}
	report := r.Report()
	want := firstVerdict(trace)
	verdicts[want.String()]++
	if got := report.Verdict(); got != want {
		why := ""
		for _, f := range report.Flows {
			for _, l := range f.Lost {
				why += fmt.Sprintf("%s %s %s; ", l.Direction, l.Step, l.Astray)
			}
		}
		return fmt.Errorf("the replay is %s (%s, not used %+v), the trace says %s %+v %+v", got, why, report.NotUsed, trace.Verdict, trace.Blockers, trace.Unknowns)
	}
	return nil
}

// firstVerdict is that of the first thing in the way: a trace goes on behind what is not
// known, and may find there what drops the packet.
func firstVerdict(t *emu.Trace) replay.Verdict {
	for _, l := range []*emu.Leg{t.Request, t.Reply, t.Ack} {
		if l == nil {
			continue
		}
		if step, ok := l.Ended(); ok {
			return map[emu.Outcome]replay.Verdict{emu.Drop: replay.Dropped, emu.Undecided: replay.Unknown}[step.Verdict]
		}
	}
	return map[emu.Answer]replay.Verdict{emu.Reachable: replay.Passed, emu.Blocked: replay.Dropped, emu.Uncertain: replay.Unknown}[t.Verdict]
}

// sameHost is the host on the internet that the trace takes: a replay leaves public
// addresses as they are.
func sameHost(name string, a netip.Addr) string {
	if name == "internet" {
		return "internet:" + a.String()
	}
	return name
}

// captured is a flow between hosts that are nowhere in the network.
func captured(f packet.Flow) packet.Flow {
	v4 := f.Src.Is4()
	f.Src, f.Dst = netip.MustParseAddr("2001:db8:dead::1"), netip.MustParseAddr("2001:db8:dead::2")
	if v4 {
		f.Src, f.Dst = netip.MustParseAddr("192.0.2.201"), netip.MustParseAddr("192.0.2.202")
	}
	return f
}

// conversation is what a trace sends: a handshake, or a request and its answer.
func conversation(f packet.Flow) []packet.Spec {
	there, back := packet.Spec{Flow: f}, packet.Spec{Flow: f.Reverse()}
	switch f.Proto {
	case packet.TCP:
		third := packet.Spec{Flow: f, Flags: packet.ACK}
		there.Flags, back.Flags = packet.SYN, packet.SYN|packet.ACK
		return []packet.Spec{there, back, third}
	case packet.ICMP:
		there.ICMPType, back.ICMPType = packet.ICMPEchoRequest, packet.ICMPEchoReply
	case packet.ICMPv6:
		there.ICMPType, back.ICMPType = packet.ICMPv6EchoRequest, packet.ICMPv6EchoReply
	}
	return []packet.Spec{there, back}
}
