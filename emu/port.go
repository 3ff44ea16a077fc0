package emu

import (
	"fmt"
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/vpcemu/vpcemu/firewall"
	"github.com/vpcemu/vpcemu/internal/plan"
	"github.com/vpcemu/vpcemu/packet"
	"github.com/vpcemu/vpcemu/vpc"
)

// Port is where bytes enter and leave the network: an interface, as its guest
// sees it, the internet, on-premises behind a gateway, or the service of a gateway
// endpoint. It carries IP packets, without Ethernet.
type Port struct {
	em   *Emulator
	id   string
	slot int // of the interface
	// enter is the way of a packet that comes in over the border of the network;
	// interfaces have none.
	enter   func(*walk)
	key     string             // of the gateway whose far side it is, across plans
	seen    firewall.Fragments // that came in there
	passing *firewall.Tracker  // notes what came in there and may take short cuts
	receive atomic.Pointer[receiver]
}

// receiver is what happens to packets that arrive: one of the two.
type receiver struct {
	one  func([]byte)
	many func([][]byte)
}

// Port is the port of an interface, by any name that [Emulator.Trace] takes; of
// "internet", also as "internet:ADDRESS" or by the address of a host there; of on-premises behind a gateway, as "onprem:GATEWAY"; of the service of
// a gateway endpoint, and of the appliance of a Gateway Load Balancer endpoint, by
// the endpoint's name. It serves the interface for as long as that is in the network:
// for one that was removed and added again, ask anew.
func (e *Emulator) Port(name string) (*Port, error) {
	g := e.current.Load()
	end, err := g.resolve(name)
	if err != nil {
		return nil, err
	}
	switch {
	case end.iface != nil:
		return g.slots.at(end.iface.Slot).port, nil
	case end.outer != nil:
		return g.outer[end.outer.Slot], nil
	case end.internet:
		return &e.internet, nil
	case end.service != nil:
		return g.services[serviceKey(end.service)].port, nil
	}
	return nil, fmt.Errorf("no interface has the address %s", end.addr)
}

// Internet is the port of everything outside: packets that leave through an
// internet gateway arrive here, and what it sends comes in through one.
func (e *Emulator) Internet() *Port { return &e.internet }

// Interfaces are the ports of all interfaces, those of gateways and load balancers
// too, and where each is.
func (e *Emulator) Interfaces() map[*Port]Place {
	g := e.current.Load()
	all := make(map[*Port]Place)
	for i := range g.plan.Interfaces() {
		all[g.slots.at(i.Slot).port] = placeOf(i)
	}
	return all
}

// ID is the ID of the interface or of the gateway endpoint, "onprem:GATEWAY", or
// "internet".
func (p *Port) ID() string { return p.id }

// Interface is a copy of what the port's interface is described as at the moment, with
// the addresses that were assigned; nil if the port is no interface's or the interface
// has gone.
func (p *Port) Interface() *vpc.Interface {
	if p.enter != nil {
		return nil
	}
	if i := p.em.current.Load().at(p); i != nil {
		return i.Desc.Clone()
	}
	return nil
}

// Resolver is where a host at the port that has the address a asks for names, as AWS's
// DHCP tells it ([vpc.VPC.ResolverFor]); the zero Addr if the port is no interface's or the
// interface has gone.
func (p *Port) Resolver(a netip.Addr) netip.Addr {
	if p.enter != nil {
		return netip.Addr{}
	}
	if i := p.em.current.Load().at(p); i != nil {
		return i.VPC.Desc.ResolverFor(a)
	}
	return netip.Addr{}
}

// Receive sets what happens to packets that arrive; nil drops them. Among them are
// the answers of link-local services and of routers to what the port sends, which
// arrive before [Port.Send] returns. The function
// runs on the sender's goroutine, may send packets itself, and must not keep the
// bytes.
func (p *Port) Receive(f func(b []byte)) {
	if f == nil {
		p.receive.Store(nil)
		return
	}
	p.receive.Store(&receiver{one: f})
}

// ReceiveBatch is [Port.Receive] for those who take packets together: what one call
// of [Port.SendBatch] delivers here one after the other arrives in one call of f, as
// far as it took the short cuts of established flows; other packets come by themselves.
func (p *Port) ReceiveBatch(f func(packets [][]byte)) {
	if f == nil {
		p.receive.Store(nil)
		return
	}
	p.receive.Store(&receiver{many: f})
}

// Forward makes the port send on every packet that arrives, as a guest does that
// routes: with a TTL one lower, and with time exceeded back to the source when
// it has run out. What is for the guest itself ends there. It needs an interface
// without source/destination check (ENI-3).
func (p *Port) Forward() {
	p.Receive(func(b []byte) {
		var pkt packet.Packet
		if pkt.Parse(b) != nil || p.owns(pkt.Flow.Dst) {
			return
		}
		if pkt.TTL() > 1 {
			pkt.SetTTL(pkt.TTL() - 1)
			p.Send(pkt.Bytes())
			return
		}
		if own, ok := p.address(pkt.Version == 4); ok {
			if answer := packet.AppendTimeExceeded(nil, own, &pkt); answer != nil {
				p.Send(answer)
			}
		}
	})
}

// Answer hands the guest a packet of one of the fabric's services, past all filters
// (LNK-8); see [Options.LinkLocal].
func (p *Port) Answer(b []byte) { p.deliver(b) }

// Neighbor is the port of the interface that has an address in the subnet of this one,
// as the fabric answers ARP and neighbour discovery (SUB-13); nil if nobody has it
// (SUB-14), and for the router.
func (p *Port) Neighbor(a netip.Addr) *Port {
	g := p.em.current.Load()
	i := g.at(p)
	if i == nil {
		return nil
	}
	if o := g.plan.Owner(i.VPC, a); o != nil && o.Subnet == i.Subnet {
		return g.slots.at(o.Slot).port
	}
	return nil
}

// owns reports whether an address is the interface's own.
func (p *Port) owns(a netip.Addr) bool {
	i := p.em.current.Load().at(p)
	return i != nil && i.Owns(a)
}

// address is the interface's first address of an IP version.
func (p *Port) address(v4 bool) (netip.Addr, bool) {
	i := p.em.current.Load().at(p)
	if i == nil {
		return netip.Addr{}, false
	}
	for _, a := range i.Desc.Addresses {
		if a.IP.Is4() == v4 {
			return a.IP, true
		}
	}
	return netip.Addr{}, false
}

// Send puts one IP packet into the network and returns once it has ended. The
// bytes are rewritten on the way and belong to the network until then.
func (p *Port) Send(b []byte) Result { return p.em.send(p, nil, b) }

// SendVia is Send to the MAC address of another interface in the same subnet,
// past the router (SUB-21).
func (p *Port) SendVia(next *Port, b []byte) Result { return p.em.send(p, next, b) }

// send takes one packet through the network.
func (e *Emulator) send(p, via *Port, b []byte) Result {
	g, now := e.current.Load(), e.now().UnixNano()
	if tracker := g.tracker(p); tracker != nil && via == nil {
		var a attempt
		a.begin(tracker, b)
		if result, ok := a.shorten(g, p, b, now, nil); ok {
			return result
		}
	}
	return e.walk(p, via, b, now)
}

// walk takes one packet through the stages.
func (e *Emulator) walk(p, via *Port, b []byte, now int64) Result {
	w, _ := e.walks.Get().(*walk)
	if w == nil {
		w = new(walk)
	}
	w.net, w.now = e.current.Load(), now
	if via == nil && w.net.tracker(p) != nil {
		w.ends.begin(b)
	}
	if o := &e.opts.Observer; o.Packet != nil || o.Port != nil {
		w.watch(p, b)
	}
	result := w.carry(p, via, b)
	w.learn(p)
	for _, a := range w.answers {
		w.net.inject(a, w.now)
	}
	if e.opts.Observer.Packet != nil {
		e.opts.Observer.Packet(w.event(p, b, result))
	}
	*w = walk{own: w.own, spare: w.spare}
	e.walks.Put(w)
	return result
}

// watch makes the walk one that observers see, and shows them the packet as it is sent,
// unless it is at a gateway's interface: what passes there is seen at its flow log.
func (w *walk) watch(p *Port, b []byte) {
	w.explained = true
	if p.em.opts.Observer.Port == nil {
		return
	}
	if w.number = p.em.sent.Add(1); !goesThrough(w.net.at(p)) {
		p.see(firewall.Egress, w.number, b)
	}
}

// event is how the packet ended.
func (w *walk) event(p *Port, sent []byte, r Result) Event {
	ev := Event{Time: time.Unix(0, w.now), From: p.id, Flow: w.flow, Bytes: w.bytes(sent), Result: r, Number: w.number, walk: w}
	if w.ended != nil {
		ev.Stage, ev.At = w.ended.name, placeIn(w.endedBy(w.ended))
	}
	return ev
}

// endedBy is the interface where a stage has ended the packet, nil if it was none's.
func (w *walk) endedBy(s *stage) *plan.Interface {
	if s.name.AtReceiver() {
		return w.to
	}
	return w.from
}

// see shows a packet at the port to the observer, who wants to see it.
func (p *Port) see(dir firewall.Direction, number uint64, b []byte) {
	p.em.opts.Observer.Port(Passage{Time: p.em.now(), Port: p, Place: placeIn(p.em.current.Load().at(p)), Direction: dir, Number: number, Bytes: b})
}

// placeIn is where an interface is, the zero Place if there is none in a subnet.
func placeIn(i *plan.Interface) Place {
	if i == nil || i.Regional() {
		return Place{}
	}
	return placeOf(i)
}

// bytes are the packet as it is now: as it was sent, unless it could be read.
func (w *walk) bytes(sent []byte) []byte {
	if w.pkt.Version == 0 {
		return sent
	}
	return w.pkt.Bytes()
}

// carry parses the packet and sends it from where the port is.
func (w *walk) carry(p, via *Port, b []byte) Result {
	if err := w.pkt.Parse(b); err != nil {
		return Result{Fate: Dropped, Reason: L2Unsupported}
	}
	if p.enter != nil {
		w.admit(&p.seen)
		p.enter(w)
		return w.result
	}
	if w.from = w.net.at(p); w.from == nil {
		return Result{Fate: Dropped, Reason: ENINotAttached}
	}
	if via != nil {
		if w.via = w.net.at(via); w.via == nil || w.via.Subnet != w.from.Subnet {
			return Result{Fate: Dropped, Reason: L2Unsupported}
		}
	}
	w.admit(&w.net.slots.at(p.slot).state.fragments)
	w.send()
	return w.result
}

// at is the interface that a port belongs to, nil if it is no longer in the
// network, or in another.
func (g *generation) at(p *Port) *plan.Interface {
	if s := g.slots.of(p); s != nil {
		return s.iface
	}
	return nil
}

// admit fills in what filters see. It is done once, where the packet enters.
func (w *walk) admit(seen *firewall.Fragments) {
	seen.Remember(&w.pkt, w.now)
	var ok bool
	if w.flow, w.header, ok = seen.Ports(&w.pkt, w.now); !ok {
		w.flow, w.header, w.portsLost = w.pkt.Flow, firewall.HeaderOf(&w.pkt, w.pkt.Flow), true
	}
	if w.pkt.IsLaterFragment() {
		if f, ok := seen.Quoted(&w.pkt, w.now); ok {
			w.quote(f)
		}
	}
}

// deliver hands a packet to the port of its interface.
func (g *generation) deliver(w *walk) {
	if w.tracer != nil {
		return
	}
	w.ends.arrive(g.slots.at(w.to.Slot).port, w.pkt.Bytes())
	g.slots.at(w.to.Slot).port.deliver(w.pkt.Bytes())
}

// emit hands a packet to the outside, in fragments if it must.
func (g *generation) emit(w *walk) {
	if w.tracer != nil {
		return
	}
	if w.fragments {
		packet.Fragment(&w.pkt, InternetMTU, g.em.internet.deliver)
		return
	}
	w.ends.arrive(&g.em.internet, w.pkt.Bytes())
	g.em.internet.deliver(w.pkt.Bytes())
}

func (p *Port) listening() bool { return p.receive.Load() != nil }

// deliver hands a packet over at the port.
func (p *Port) deliver(b []byte) {
	if p.em.opts.Observer.Port != nil {
		p.see(firewall.Ingress, 0, b)
	}
	p.hand(b)
}

// hand is deliver without an observer.
func (p *Port) hand(b []byte) {
	switch r := p.receive.Load(); {
	case r == nil:
	case r.one != nil:
		r.one(b)
	default:
		d := p.em.delivery()
		d.add(p, b)
		d.flush()
		p.em.deliveries.Put(d)
	}
}

// delivery is packets that wait to be delivered together.
type delivery struct {
	to       *Port
	packets  [][]byte
	attempts [batch]attempt // of those that are sent together; kept, as clearing them takes longer than filling them
}

func (e *Emulator) delivery() *delivery {
	if d, _ := e.deliveries.Get().(*delivery); d != nil {
		return d
	}
	return &delivery{packets: make([][]byte, 0, batch)}
}

// add delivers a packet, or lets it wait for others to the same port; nil does not
// wait.
func (d *delivery) add(to *Port, b []byte) {
	if d == nil {
		to.hand(b)
		return
	}
	r := to.receive.Load()
	if d.to != to || len(d.packets) == cap(d.packets) {
		d.flush()
	}
	switch {
	case r == nil:
	case r.one != nil:
		r.one(b)
	default:
		d.to, d.packets = to, append(d.packets, b)
	}
}

// flush delivers what waits.
func (d *delivery) flush() {
	if len(d.packets) == 0 {
		return
	}
	if r := d.to.receive.Load(); r != nil && r.many != nil {
		r.many(d.packets)
	}
	clear(d.packets)
	d.to, d.packets = nil, d.packets[:0]
}
