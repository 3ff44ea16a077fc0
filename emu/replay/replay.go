package replay

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/emu/capture"
	"github.com/vpcemu/vpcemu/firewall"
	"github.com/vpcemu/vpcemu/packet"
	"github.com/vpcemu/vpcemu/routing"
	"github.com/vpcemu/vpcemu/vpc"
)

// Options of a replay. The zero Options take every address for the one of the network.
type Options struct {
	// Map says which end of the network a captured address stands for, by a name that
	// [emu.Query] takes. An address that is not in it stands for who has it in the
	// network: an interface, a host on the internet, one on-premises. Several that are
	// mapped to "internet" or "onprem" are different hosts there.
	Map map[netip.Addr]string
	// KeepVXLAN sends VXLAN packets themselves. Else what is in them is sent: captures of what
	// VPC Traffic Mirroring has sent have everything in VXLAN.
	KeepVXLAN bool
	// Observer sees what happens in the emulator, as in [emu.Options].
	Observer emu.Observer
	// Pace, if it is not nil, is called before each packet with its time in the capture,
	// and may wait for it. Times go back where those of the capture do; the emulator's clock
	// stands still until they have caught up.
	Pace func(time.Time)
}

// Replay sends the packets of one capture through an emulator of its own.
type Replay struct {
	em    *emu.Emulator
	net   *vpc.Network
	clock emu.Clock
	pace  func(time.Time)
	keep  bool // VXLAN as it is

	names  map[netip.Addr]string
	ends   map[netip.Addr]*end
	crowds map[crowd]int
	pairs  map[pairKey]pair

	pkt       packet.Packet
	crossed   []byte // the packet in the other IP version
	filled    []byte // the packet, with zeros for what was not captured
	snapped   bool   // it is that one
	fragments firewall.Fragments
	flows     map[packet.Flow]*Flow // as captured, in the direction of the request
	sent      map[packet.Flow]*Flow // as sent
	known     map[string]bool       // gateways that lead to the internet, by ID

	number  int // of the packet, in the capture
	current sending
	report  Report
	reasons map[string]int
}

// New makes a replay for a network. An error is that of [emu.New], or names a mapping that
// means nothing.
func New(n *vpc.Network, o Options) (*Replay, error) {
	r := &Replay{
		pace: o.Pace, keep: o.KeepVXLAN, names: o.Map, ends: make(map[netip.Addr]*end), crowds: make(map[crowd]int), pairs: make(map[pairKey]pair),
		flows: make(map[packet.Flow]*Flow), sent: make(map[packet.Flow]*Flow), known: make(map[string]bool), reasons: make(map[string]int),
	}
	r.report.Flows, r.report.NotUsed = []*Flow{}, []NotUsed{}
	var err error
	own := emu.Observer{Port: r.passes, Packet: r.ended}
	if r.em, err = emu.New(n, emu.Options{Now: r.clock.Now, Observer: o.Observer.And(own)}); err != nil {
		return nil, err
	}
	r.net = r.em.Network()
	for a, name := range o.Map {
		if err := r.check(name); err != nil {
			return nil, fmt.Errorf("%s=%s: %w", a, name, err)
		}
	}
	return r, r.prepare()
}

// check refuses a name that nothing has. An address that nobody has can be sent to.
func (r *Replay) check(name string) error {
	_, err := r.em.Port(name)
	if err != nil {
		if _, notAddress := netip.ParseAddr(name); notAddress == nil {
			return nil
		}
	}
	return err
}

// prepare makes middleboxes forward, and notes which gateways lead to the internet.
func (r *Replay) prepare() error {
	for _, v := range r.net.VPCs {
		if v.InternetGateway != nil {
			r.known[v.InternetGateway.ID] = true
		}
		for _, g := range v.Gateways {
			r.known[g.ID] = g.Kind == routing.EgressOnlyGateway
		}
		for _, s := range v.Subnets {
			for _, i := range s.Interfaces {
				if !i.NoSourceDestCheck || i.Kind != "" { // a gateway's sends on by itself
					continue
				}
				p, err := r.em.Port(v.ID + "/" + i.ID)
				if err != nil {
					return err
				}
				p.Forward()
			}
		}
	}
	return nil
}

// Emulator is the one that the packets go through.
func (r *Replay) Emulator() *emu.Emulator { return r.em }

// Now is the time on the emulator's clock: that of the latest packet.
func (r *Replay) Now() time.Time { return r.clock.Now() }

// Send sends one packet of the capture, in the order of the capture. Its bytes are
// rewritten on the way.
func (r *Replay) Send(p *capture.Packet) {
	r.number = p.Number
	r.report.Read++
	if !p.Time.IsZero() {
		if r.pace != nil {
			r.pace(p.Time)
		}
		if ahead := p.Time.Sub(r.clock.Now()); ahead > 0 { // a clock does not go back
			r.clock.Advance(ahead)
		}
	}
	b, cut, err := r.unwrap(p)
	switch {
	case errors.Is(err, capture.ErrNotIP):
		r.unused(NotUsed{Because: err.Error()})
		return
	case err != nil:
		r.unused(NotUsed{Because: err.Error(), Matters: true})
		return
	}
	err = r.parse(b)
	if r.snapped = cut && errors.Is(err, packet.ErrTruncated); r.snapped {
		err = r.fill(b)
	}
	switch {
	case err != nil && r.snapped:
		r.unused(NotUsed{Because: "cut short when it was captured (snap length)", Matters: true})
	case err != nil:
		r.unused(NotUsed{Because: "malformed: " + err.Error(), Matters: true})
	default:
		r.packet()
	}
}

// packet places a packet in its flow and sends it.
func (r *Replay) packet() {
	p := &r.pkt
	now := r.clock.Now().UnixNano()
	r.fragments.Remember(p, now)
	flow, _, ok := r.fragments.Ports(p, now)
	switch {
	case !ok:
		r.unused(NotUsed{Because: "a fragment without its first one", Matters: true})
		return
	case amongNeighbours(p.Flow):
		r.unused(NotUsed{Because: "between neighbours: broadcast, multicast or IPv6 link-local"})
		return
	}
	if about, ok := p.EmbeddedFlow(); ok {
		r.message(about)
		return
	}
	f, d := r.find(flow)
	if f == nil {
		if f = r.open(flow); f == nil {
			return
		}
	}
	if r.snapped {
		f.Snapped++
	}
	f.hear(p, d)
	if d == Reply {
		r.reply(f)
		return
	}
	r.rewrite(f.sent)
	r.send(f, d, f.client.port)
}

// amongNeighbours reports whether a packet never leaves its link, so that it says nothing
// of a network that has none.
func amongNeighbours(f packet.Flow) bool {
	return f.Dst.IsMulticast() || f.Dst == netip.AddrFrom4([4]byte{255, 255, 255, 255}) || f.Src.IsUnspecified() ||
		f.Dst.Is6() && (f.Dst.IsLinkLocalUnicast() || f.Src.IsLinkLocalUnicast())
}

// find is the flow of a packet, nil if it begins one.
func (r *Replay) find(flow packet.Flow) (*Flow, Direction) {
	if f := r.flows[flow]; f != nil {
		return f, Request
	}
	f := r.flows[flow.Reverse()]
	if f == nil || flow.Proto == packet.TCP && r.pkt.Flags&(packet.SYN|packet.ACK) == packet.SYN {
		return nil, Request // who was asked now asks, from the same port
	}
	return f, Reply
}

// open begins a flow, or says why it cannot be.
func (r *Replay) open(flow packet.Flow) *Flow {
	client, server := r.end(flow.Src), r.end(flow.Dst)
	switch {
	case client.unmapped || server.unmapped || outside(client.port) && server.port == client.port:
		r.strangers(flow, client, server)
		return nil
	case client.port != nil && client.port == server.port:
		r.unused(NotUsed{Because: "what " + client.port.ID() + " sends to itself stays in the guest"})
		return nil
	case r.answers():
		r.unused(NotUsed{Because: "an answer without its request", Matters: true})
		return nil
	case client.port == nil:
		r.unused(NotUsed{Because: fmt.Sprintf("nobody has the address %s, so nobody sends from it", client.name), Matters: true})
		return nil
	}
	p, err := r.between(client, server, flow.Src.Is4())
	if err != nil {
		r.unused(NotUsed{Because: err.Error(), Matters: true})
		return nil
	}
	sent := flow
	sent.Src, sent.Dst = p.src, p.dst
	if other := r.sent[sent]; other != nil && other.captured != flow && other.captured != flow.Reverse() {
		r.unused(NotUsed{Because: fmt.Sprintf("two hosts that are %s use the same ports", client.name), Matters: true})
		return nil
	}
	f := &Flow{
		Captured: flow.String(), Sent: sent.String(), Client: client.name, Server: server.name, First: r.number,
		captured: flow, sent: sent, client: client, server: server,
	}
	delete(r.flows, flow.Reverse())
	r.flows[flow], r.sent[sent] = f, f
	r.report.Flows = append(r.report.Flows, f)
	return f
}

// strangers counts a packet between ends of which one is nobody in the network, or both
// are outside of it.
func (r *Replay) strangers(flow packet.Flow, client, server *end) {
	u := NotUsed{Matters: true}
	switch a, b := flow.Src, flow.Dst; {
	case client.unmapped && !server.unmapped:
		u.Because, u.Unmapped = fmt.Sprintf("%s is nobody in the network", a), []netip.Addr{a}
	case server.unmapped && !client.unmapped:
		u.Because, u.Unmapped = fmt.Sprintf("%s is nobody in the network", b), []netip.Addr{b}
	default:
		if b.Less(a) {
			a, b = b, a // one reason for both directions
		}
		u.Because = fmt.Sprintf("neither %s nor %s is inside of the network", a, b)
		u.Unmapped = slices.DeleteFunc([]netip.Addr{a, b}, func(a netip.Addr) bool { return r.names[a] != "" })
	}
	r.unused(u)
}

// answers reports whether the packet cannot be the first of its flow.
func (r *Replay) answers() bool {
	p := &r.pkt
	switch p.Flow.Proto {
	case packet.TCP:
		return p.Flags.Has(packet.SYN|packet.ACK) || p.Flags.Has(packet.RST)
	case packet.ICMP, packet.ICMPv6:
		_, request, echo := p.ICMPEcho()
		return echo && !request
	}
	return false
}

// reply sends what the server says, to who it has seen.
func (r *Replay) reply(f *Flow) {
	switch {
	case f.answered:
		r.unused(NotUsed{Because: "the answer of a service that the network answers for by itself"})
	case f.at == nil:
		r.withhold(f, Reply)
	case !r.cross(f):
		r.unused(NotUsed{Because: otherVersion, Matters: true})
	default:
		r.rewrite(f.arrived.Reverse())
		r.send(f, Reply, f.at)
	}
}

const otherVersion = "an answer that the IP version in which its request arrives does not have"

// cross makes an answer one of the IP version in which the server has got the request,
// which NAT64 may have changed.
func (r *Replay) cross(f *Flow) bool {
	p := &r.pkt
	if f.arrived.Src.Is4() == (p.Version == 4) {
		return true
	}
	if p.Version == 4 {
		return false
	}
	prefix, _ := p.Flow.Src.Prefix(96)
	n := packet.NAT64{Prefix: prefix, Inside: p.Flow.Dst, Outside: f.arrived.Src}
	b, ok := n.Append(r.crossed[:0], p)
	r.crossed = b
	return ok && p.Parse(b) == nil
}

// withhold counts a packet that nobody would have sent.
func (r *Replay) withhold(f *Flow, d Direction) {
	f.tally(d).Withheld++
	r.report.Withheld++
}

// rewrite gives the packet the addresses and ports of a flow.
func (r *Replay) rewrite(f packet.Flow) {
	p := &r.pkt
	p.SetSrc(f.Src)
	p.SetDst(f.Dst)
	p.SetSrcPort(f.SrcPort)
	p.SetDstPort(f.DstPort)
}
