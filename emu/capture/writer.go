package capture

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/firewall"
)

// Writer writes packets of an emulator as pcapng, in the order in which they were sent
// and arrived, with nanoseconds of the emulator's clock. Its methods may be called at
// once from several goroutines.
type Writer struct {
	filter Filter

	mu      sync.Mutex
	out     *bufio.Writer
	err     error
	ids     map[identity]uint32 // of interface blocks
	queue   []*entry            // what waits for the end of a packet, oldest first
	free    []*entry
	scratch []byte
}

// identity is what has an interface block of its own.
type identity struct {
	vpc, port string
	dropped   bool
}

// entry is a packet to be written. A packet as it was sent waits until it has ended;
// what comes after waits behind it.
type entry struct {
	waits   bool
	number  uint64
	view    View
	port    string
	place   emu.Place
	time    time.Time
	data    []byte
	comment string
	stage   emu.Stage
	reason  emu.Reason
}

// NewWriter writes to w what a filter takes. Give its [Writer.Observer] to the emulator,
// and call [Writer.Close] in the end:
//
//	capt := capture.NewWriter(file, capture.Filter{})
//	e, err := emu.New(n, emu.Options{Observer: capt.Observer()})
func NewWriter(w io.Writer, f Filter) *Writer {
	c := &Writer{filter: f, out: bufio.NewWriterSize(w, 1<<16), ids: make(map[identity]uint32)}
	c.write(appendSection(nil))
	return c
}

// Observer is what the emulator is to call. With [emu.Observer.And] it stands beside
// others.
func (c *Writer) Observer() emu.Observer { return emu.Observer{Port: c.port, Packet: c.ended} }

// port takes a packet at a port.
func (c *Writer) port(p emu.Passage) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.entry()
	e.number, e.port, e.place, e.time = p.Number, p.Port.ID(), p.Place, p.Time
	e.data = append(e.data, p.Bytes...)
	switch e.waits = p.Number != 0; {
	case p.Direction == firewall.Ingress:
		e.view, e.comment = Delivered, "delivered to "+e.port
	case !e.waits:
		e.comment = "made by " + e.port
	}
	c.add(e)
}

// ended writes down what became of a packet.
func (c *Writer) ended(ev emu.Event) {
	comment := verdict(ev.Result.Fate, ev.Result.At, ev.Step)
	c.mu.Lock()
	defer c.mu.Unlock()
	elsewhere := ev.At.Interface != ""
	for _, e := range c.queue {
		if e.number == ev.Number {
			e.waits, e.comment, e.stage, e.reason = false, comment, ev.Stage, ev.Result.Reason
			elsewhere = elsewhere && !here(e.place, ev.At, ev.Stage)
		}
	}
	if elsewhere {
		e := c.entry()
		e.view, e.port, e.place, e.time = Dropped, ev.At.Interface, ev.At, ev.Time
		e.data = append(e.data, ev.Bytes...)
		e.comment, e.stage, e.reason = comment, ev.Stage, ev.Result.Reason
		c.add(e)
	}
	c.advance()
}

// here reports whether a packet was dropped where it was sent.
func here(sent, dropped emu.Place, by emu.Stage) bool {
	return sent.Interface == dropped.Interface && sent.VPC == dropped.VPC && !by.AtReceiver()
}

// Trace writes the packets of a trace: those that are really sent, as they really arrive, or
// where they are dropped.
func (c *Writer) Trace(t *emu.Trace) {
	for _, one := range t.Targets {
		c.Trace(one.Trace)
	}
	if len(t.Targets) > 0 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, l := range []*emu.Leg{t.Request, t.Reply, t.Ack} {
		if l != nil {
			c.leg(l)
		}
	}
}

// leg writes one packet of a trace.
func (c *Writer) leg(l *emu.Leg) {
	step, _ := l.Ended()
	comment := verdict(l.Verdict, l.At, func() emu.Step { return step })
	lost := l.Lost
	if lost != nil && (lost.Interface == "" || l.Sent != nil && here(l.Sent.Place, lost.Place, step.Stage)) {
		lost = nil
	}
	for view, p := range [...]*emu.Passage{Sent: l.Sent, Delivered: l.Arrived, Dropped: lost} {
		if p == nil {
			continue
		}
		e := c.entry()
		e.view, e.port, e.place, e.comment = View(view), p.Port.ID(), p.Place, comment
		e.data, e.time, e.stage = append(e.data, p.Bytes...), p.Time, step.Stage
		if e.view == Delivered {
			e.comment = "delivered to " + e.port
		}
		e.reason.UnmarshalText([]byte(step.Reason))
		c.add(e)
	}
	c.advance()
}

// verdict is how a packet ended, and why: "dropped, SG_INGRESS: eni db-1, sg ingress: no
// rule of db matches tcp/22 from 10.0.2.4 (net.yaml:39)".
func verdict(f emu.Fate, at string, step func() emu.Step) string {
	switch f {
	case emu.Delivered:
		return "delivered to " + at
	case emu.Exited:
		return "left through " + at
	}
	s := step()
	text := f.String()
	if s.Reason != "" {
		text += ", " + s.Reason
	}
	text = strings.TrimSuffix(text+": "+s.String(), ": ")
	if s.Origin != "" {
		text += fmt.Sprintf(" (%s)", s.Origin)
	}
	return text
}

// entry is an empty one.
func (c *Writer) entry() *entry {
	n := len(c.free)
	if n == 0 {
		return new(entry)
	}
	e := c.free[n-1]
	c.free = c.free[:n-1]
	return e
}

// add puts a packet behind those that wait.
func (c *Writer) add(e *entry) {
	c.queue = append(c.queue, e)
	if !e.waits && len(c.queue) == 1 {
		c.advance()
	}
}

// advance writes what waits for nothing any more.
func (c *Writer) advance() {
	done := 0
	for done < len(c.queue) && !c.queue[done].waits {
		e := c.queue[done]
		c.packet(e)
		*e = entry{data: e.data[:0]}
		c.free = append(c.free, e)
		done++
	}
	c.queue = append(c.queue[:0], c.queue[done:]...)
}

// packet writes one packet, if the filter takes it.
func (c *Writer) packet(e *entry) {
	if !c.filter.takes(e) {
		return
	}
	id := c.iface(e)
	ns := uint64(max(0, e.time.UnixNano()))
	way := [...]Way{Sent: Outbound, Delivered: Inbound, Dropped: NoWay}[e.view]
	c.scratch = appendPacket(c.scratch[:0], id, ns, byte(way), e.comment, e.data)
	c.write(c.scratch)
}

// iface is the number of the interface block for a packet, which is written if it is the
// first one's.
func (c *Writer) iface(e *entry) uint32 {
	k := identity{e.place.VPC, e.port, e.view == Dropped}
	id, ok := c.ids[k]
	if !ok {
		id = uint32(len(c.ids))
		c.ids[k] = id
		name, about := e.port, describe(e.place)
		if k.dropped {
			name, about = name+" (dropped)", "dropped on the way to or behind "+e.port+"; "+about
		}
		c.scratch = appendInterface(c.scratch[:0], name, strings.TrimSuffix(about, "; "))
		c.write(c.scratch)
	}
	return id
}

// describe says where an interface is: "instance i-1, subnet db, VPC prod".
func describe(p emu.Place) string {
	var words []string
	for _, w := range []struct{ what, id string }{
		{"instance ", p.Instance}, {"of ", p.Gateway}, {"subnet ", p.Subnet}, {"VPC ", p.VPC},
	} {
		if w.id != "" {
			words = append(words, w.what+w.id)
		}
	}
	return strings.Join(words, ", ")
}

// write writes a block, until the first error. What reaches the underlying writer ends
// with a block, so that a file is whole at any time.
func (c *Writer) write(b []byte) {
	if len(b) > c.out.Available() {
		c.flush()
	}
	if c.err == nil {
		_, c.err = c.out.Write(b)
	}
}

func (c *Writer) flush() {
	if err := c.out.Flush(); c.err == nil {
		c.err = err
	}
}

// Flush hands all packets that have ended to the underlying writer, in whole blocks, and
// returns the first error that there was.
func (c *Writer) Flush() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.flush()
	return c.err
}

// Close writes what is left, and returns the first error that there was. It does not
// close the underlying writer.
func (c *Writer) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, e := range c.queue {
		e.waits = false
	}
	c.advance()
	c.flush()
	return c.err
}
