package tap

import (
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/packet"
)

// device is a TAP device and the port that it is joined to.
type device struct {
	net *Net
	link
	desc atomic.Pointer[Device]
	mac  MAC
	host string
	port *emu.Port
	seen traffic
}

// start carries frames until the device is closed.
func (d *device) start() {
	d.port.ReceiveBatch(d.deliver)
	s := sending{d: d}
	d.carry(func(frames []frame) {
		for _, f := range frames {
			s.take(f)
		}
		s.flush()
	})
}

// stop takes the device away and waits until it has sent its last packet.
func (d *device) stop() {
	d.port.Receive(nil)
	d.close()
}

// sending is packets that wait to be sent together.
type sending struct {
	d       *device
	packets [][]byte
	flows   []flowOf
	results []emu.Result
}

// take sends a frame on its way, if it is for the network.
func (s *sending) take(f frame) {
	d := s.d
	if addr, ok := f.asked(); ok {
		d.tell(f, addr)
		return
	}
	if k := f.kind(); k != typeIPv4 && k != typeIPv6 || f.from() != d.mac || f.isND() {
		return // SUB-18, SUB-23
	}
	var p packet.Packet
	flow := flowOf{length: len(f) - frameHeader}
	if p.Parse(f[frameHeader:]) == nil {
		flow.Flow, flow.flags, flow.length = p.Flow, p.Flags, p.Len()
	}
	if f.to() != d.desc.Load().Router && !f.to().multicast() {
		via := d.net.portOf(f.to())
		if via == nil || via != d.port.Neighbor(p.Flow.Dst) {
			s.flush()
			d.seen.sent([]flowOf{flow}, []emu.Result{d.past(via, f)}, time.Now())
			return
		}
	}
	s.packets, s.flows = append(s.packets, f[frameHeader:]), append(s.flows, flow)
}

// past sends a frame past the router, to an interface that is not the one that its
// packet is for (SUB-21). A MAC address that nobody has gets nothing.
func (d *device) past(via *emu.Port, f frame) emu.Result {
	if via == nil {
		return emu.Result{Reason: emu.L2Unsupported}
	}
	return d.port.SendVia(via, f[frameHeader:])
}

// flush sends what waits.
func (s *sending) flush() {
	if len(s.packets) == 0 {
		return
	}
	s.results = slices.Grow(s.results[:0], len(s.packets))[:len(s.packets)]
	s.d.port.SendBatch(s.packets, s.results)
	s.d.seen.sent(s.flows, s.results, time.Now())
	s.packets, s.flows = s.packets[:0], s.flows[:0]
}

// tell answers who asks for the MAC address of a neighbour: with the router's for the
// router and the reserved addresses (SUB-13), and beyond the network for everything.
func (d *device) tell(f frame, addr netip.Addr) {
	mac := d.desc.Load().Router
	if n := d.port.Neighbor(addr); n != nil {
		if n == d.port {
			return
		}
		mac = d.net.macOf(n)
	} else if !d.desc.Load().Beyond && !d.desc.Load().answersFor(addr) {
		return // SUB-14
	}
	d.write(wholeFrame[:], f.answer(nil, addr, mac))
}

// runs are at rest.
var runs = sync.Pool{New: func() any { return new(run) }}

// deliver hands packets to the guest, those that belong together in one piece.
func (d *device) deliver(packets [][]byte) {
	d.seen.received(packets, time.Now())
	r := runs.Get().(*run)
	for k, b := range packets {
		if k > 0 && r.join(b) {
			continue
		}
		if k > 0 {
			d.write(r.pieces()...)
		}
		r.begin(d.mac, d.sender(b), b)
	}
	d.write(r.pieces()...)
	clear(r.payloads)
	runs.Put(r)
}

// sender is the MAC address that a packet seems to come from: a neighbour's own, or
// the router's.
func (d *device) sender(b []byte) MAC {
	if d.desc.Load().Beyond || !d.desc.Load().beside(sourceOf(b)) {
		return d.desc.Load().Router
	}
	if n := d.port.Neighbor(sourceOf(b)); n != nil {
		return d.net.macOf(n)
	}
	return d.desc.Load().Router
}
