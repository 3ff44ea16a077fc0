package replay

import (
	"fmt"
	"slices"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/firewall"
	"github.com/vpcemu/vpcemu/packet"
)

// sending is the packet that is on its way.
type sending struct {
	flow      *Flow
	direction Direction
	message   bool // it is an ICMP error itself
	arrivals  []arrival
	// Its end, once it is known. With middleboxes on the way it is that of the last
	// packet of several, which is the first to end.
	ended  bool
	result emu.Result
	loss   *Loss // what has lost it, if anything
}

// arrival is a packet at a port.
type arrival struct {
	port *emu.Port
	flow packet.Flow
	// later fragments have no ports
	later bool
}

// send sends the packet, in the segments in which its sender's network card does, and counts
// how it ends: as the worst of them.
func (r *Replay) send(f *Flow, d Direction, from *emu.Port) {
	worst, bytes, sent := Passed, 0, 0
	message, mute := r.pkt.IsICMPError(), r.pkt.IsICMPError() || r.pkt.IsLaterFragment()
	var losses []*Loss
	packet.Segment(&r.pkt, f.segment(&r.pkt, d), func(b []byte) {
		r.current = sending{flow: f, direction: d, message: message, arrivals: r.current.arrivals[:0]}
		bytes, sent = bytes+len(b), sent+1
		worst = min(worst, r.one(f, d, from, b, mute))
		if l := r.current.loss; l != nil && !slices.Contains(losses, l) {
			losses = append(losses, l)
			l.Packets++
		}
	})
	if sent > 1 {
		f.Offloaded++
	}
	f.tally(d).count(worst, bytes)
	r.report.Tally.count(worst, bytes)
}

// one sends what leaves a network card as one packet.
func (r *Replay) one(f *Flow, d Direction, from *emu.Port, b []byte, mute bool) Verdict {
	from.Send(b)
	c := &r.current
	switch lost := c.loss; {
	case lost != nil:
		return lost.Verdict
	case d == Request && c.result.Fate == emu.Delivered && f.server.port == nil:
		f.answered = true
		return Passed
	}
	return r.arrive(f, d, mute)
}

// arrive holds a packet that has ended well against where it was meant to end. Of a
// request it notes what the server has seen; mute means that the packet does not say.
func (r *Replay) arrive(f *Flow, d Direction, mute bool) Verdict {
	c := &r.current
	goal := f.client.port
	if d == Request {
		goal = f.server.port
	}
	met := goal == nil
	// What is for the internet may leave by on-premises, or through the endpoint of a
	// service there.
	for _, a := range c.arrivals {
		met = met || a.port == goal || goal == r.em.Internet() && c.result.Fate == emu.Exited
	}
	last, ok := c.last()
	switch {
	case !ok: // to a service of the fabric
		return Passed
	case !met:
		return r.stray(fmt.Sprintf("it ends at %s", last.port.ID()))
	case r.beyond(goal, last.port):
		r.lose(lossKey{result: c.result, direction: d}, Unknown, func() emu.Step {
			return emu.Step{Verdict: emu.Undecided, Component: c.result.At, Detail: "what is behind is not modelled"}
		})
		return Unknown
	case mute:
		return Passed
	case d == Request:
		f.at, f.arrived = last.port, last.flow
		return Passed
	case last.flow != f.sent.Reverse():
		return r.stray(fmt.Sprintf("it arrives as %s, which answers nothing", last.flow))
	}
	return Passed
}

// beyond reports whether a packet has left for where it is not known how it goes on: behind
// a gateway that is not modelled, or, if it is for the internet, on-premises.
func (r *Replay) beyond(goal, at *emu.Port) bool {
	if internet := r.em.Internet(); at != internet {
		return goal == internet && outside(at)
	}
	return !r.known[r.current.result.At]
}

// last is the last arrival on the packet's way, false if there is none. What gateways
// and services say to it arrives after that, at who has sent it; pieces of it arrive
// together, the first one first.
func (c *sending) last() (arrival, bool) {
	for i, a := range c.arrivals {
		if i+1 == len(c.arrivals) || c.arrivals[i+1].later {
			return a, true
		}
	}
	return arrival{}, false
}

// stray is the verdict on a packet that has arrived elsewhere.
func (r *Replay) stray(where string) Verdict {
	r.lose(lossKey{direction: r.current.direction, astray: where}, Dropped, func() emu.Step { return emu.Step{} })
	return Dropped
}

// passes notes where the packet arrives.
func (r *Replay) passes(p emu.Passage) {
	c := &r.current
	if c.flow == nil || p.Direction != firewall.Ingress {
		return
	}
	var pkt packet.Packet
	_ = pkt.Parse(p.Bytes) // the emulator delivers what can be read
	if !pkt.IsICMPError() || c.message {
		c.arrivals = append(c.arrivals, arrival{p.Port, pkt.Flow, pkt.IsLaterFragment()})
	}
}

// ended notes how the packet ends.
func (r *Replay) ended(ev emu.Event) {
	c := &r.current
	if c.flow == nil || c.ended || !c.message && isError(ev) {
		return // a router among the guests says something about it
	}
	c.ended, c.result = true, ev.Result
	switch ev.Result.Fate {
	case emu.Dropped:
		r.lose(lossKey{direction: c.direction, result: ev.Result, stage: ev.Stage, at: ev.At}, Dropped, ev.Step)
	case emu.Unknown:
		r.lose(lossKey{direction: c.direction, result: ev.Result, stage: ev.Stage, at: ev.At}, Unknown, ev.Step)
	}
}

// isError reports whether what has ended is an ICMP error.
func isError(ev emu.Event) bool {
	var pkt packet.Packet
	return ev.Flow.Proto.IsICMP() && pkt.Parse(ev.Bytes) == nil && pkt.IsICMPError()
}

// lose finds the way in which the packet was lost among those of its flow.
func (r *Replay) lose(k lossKey, v Verdict, step func() emu.Step) {
	c := &r.current
	for _, l := range c.flow.Lost {
		if l.key == k {
			c.loss = l
			return
		}
	}
	c.loss = &Loss{Direction: k.direction, Verdict: v, First: r.number, Astray: k.astray, Step: step(), key: k}
	c.flow.Lost = append(c.flow.Lost, c.loss)
}
