package random

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/packet"
	"github.com/vpcemu/vpcemu/vpc"
)

// TestPacketsEndAsTraced: the first packet of a query, sent through a port of a
// network without flows, ends as the trace says, for the same reason, and leaves the
// same flow-log records on its way, which are all that a packet tells of it. Nothing limits
// the flows: a trace does not ask how many others an instance tracks, and a packet that
// comes by several of its interfaces may be too many already.
func TestPacketsEndAsTraced(t *testing.T) {
	sent := 0
	property[emu.Query]{
		with: Everything, many: 40, change: unlimited,
		ask: (*Maker).Query,
		about: func(n *vpc.Network) (func(emu.Query) error, error) {
			_, err := emulator(n)
			return func(q emu.Query) error {
				for _, o := range variants {
					if err := sendAndTrace(n, o, q, &sent); err != nil {
						return err
					}
				}
				return nil
			}, err
		},
	}.try(t)
	t.Logf("%d packets were sent", sent)
}

func sendAndTrace(n *vpc.Network, o emu.Options, q emu.Query, sent *int) error {
	q.OneWay, q.AllTargets = true, false
	var ends []emu.Event
	var steps []emu.Step // why they ended so
	var records, passages []string
	o.Observer.Port = func(p emu.Passage) { passages = append(passages, passageText(p)) }
	o.Observer.Packet = func(e emu.Event) { ends, steps = append(ends, e), append(steps, e.Step()) }
	var accepted []string
	o.Observer.Flow = func(r emu.Record) {
		if records = append(records, recordText(r)); r.Accept {
			accepted = append(accepted, fmt.Sprint(r.VPC, "/", r.Interface, " ", r.Direction, " ", r.Flow))
		}
	}
	e, err := emu.New(n, o)
	if err != nil {
		return err
	}
	trace, err := e.Trace(q)
	if err != nil {
		return nil
	}
	port, err := e.Port(q.Source)
	if err != nil || trace.Request.Steps[0].Stage == emu.Deliver {
		return nil // what stays in the guest never gets to a port (ENI-23)
	}
	*sent++
	forwarders(e)
	port.Send(request(trace.Sent(), q).Bytes())
	if len(ends) == 0 {
		return fmt.Errorf("nobody saw the packet end")
	}
	if looped(trace) {
		return nil
	}
	got, want := fateText(ends[0].Result), traceFate(trace)
	if got != want {
		return fmt.Errorf("the packet is %s, the trace says %s %+v", got, want, trace.Blockers)
	}
	if step, ok := trace.Request.Ended(); ok {
		if err := same(whyText(steps[0]), whyText(step)); err != nil {
			return err
		}
	}
	for _, a := range accepted {
		if !slices.Contains(passages, a) {
			return fmt.Errorf("flow logs have %s, and nobody has seen it pass among %q", a, passages)
		}
	}
	var traced []string
	for _, r := range trace.Records {
		traced = append(traced, recordText(r))
	}
	return same(strings.Join(records, "\n"), strings.Join(traced, "\n"))
}

// whyText is what a step says of the end of a packet.
func whyText(s emu.Step) string {
	return fmt.Sprintf("%s %s %s, rule %q, route %q, at %s in %s %s, misses %v", s.Reason, s.Code, s, s.Rule, s.Route, s.Origin, s.VPC, s.Subnet, s.Misses)
}

// forwarders puts guests that send on behind all middleboxes.
func forwarders(e *emu.Emulator) {
	for _, v := range e.Network().VPCs {
		for _, s := range v.Subnets {
			for _, i := range s.Interfaces {
				if !i.NoSourceDestCheck || i.Kind != "" {
					continue
				}
				if p, err := e.Port(v.ID + "/" + i.ID); err == nil {
					p.Forward()
				}
			}
		}
	}
}

func request(f packet.Flow, q emu.Query) packet.Spec {
	s := packet.Spec{Flow: f}
	switch f.Proto {
	case packet.TCP:
		s.Flags = packet.SYN
	case packet.ICMP, packet.ICMPv6:
		s.ICMPType = map[packet.Proto]uint8{packet.ICMP: packet.ICMPEchoRequest, packet.ICMPv6: packet.ICMPv6EchoRequest}[f.Proto]
		if q.Service.From >= 0 {
			s.ICMPType, s.ICMPCode = uint8(q.Service.From), uint8(max(q.Service.To, 0))
		}
	}
	return s
}

func fateText(r emu.Result) string {
	if r.Fate == emu.Dropped {
		return "dropped " + r.Reason.String()
	}
	return fate(r.Fate, r.At)
}

func fate(f emu.Fate, at string) string {
	if f == emu.Unknown {
		at = ""
	}
	return strings.TrimSpace(f.String() + " " + at)
}

// traceFate is how the request of a trace ends: at the first stage that does not let
// it pass.
func traceFate(t *emu.Trace) string {
	for _, s := range t.Request.Steps {
		switch s.Verdict {
		case emu.Drop:
			return "dropped " + s.Reason
		case emu.Undecided:
			return "unknown"
		}
	}
	return fate(t.Request.Verdict, t.Request.At)
}

// looped reports whether interfaces forward the packet to each other, which a trace
// follows for some hops and a packet until its TTL has run out.
func looped(t *emu.Trace) bool {
	return slices.ContainsFunc(t.Blockers, func(b emu.Blocker) bool { return b.Reason == emu.RoutingLoop.String() && b.Kind == "eni" })
}

// passageText is a packet at a port, as far as records say the same.
func passageText(p emu.Passage) string {
	var pkt packet.Packet
	if pkt.Parse(p.Bytes) != nil {
		return "unreadable"
	}
	return fmt.Sprint(p.VPC, "/", p.Interface, " ", p.Direction, " ", pkt.Flow)
}

func recordText(r emu.Record) string {
	return fmt.Sprint(r.VPC, "/", r.Interface, " ", r.Direction, " ", r.Accept, " ", r.Flow, " ", r.Path, " ", r.Cause)
}
