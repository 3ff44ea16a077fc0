//go:build linux

package kernel

import (
	"encoding/binary"
	"fmt"
	"net/netip"

	"github.com/google/nftables"
	"github.com/google/nftables/expr"
	"golang.org/x/sys/unix"

	"github.com/vpcemu/vpcemu/packet"
)

// differences are where AWS and Linux differ by design. Nothing else is excused. Those without a function say how the kernel is set up,
// or asked, so that the difference does not come up, and with that what is not tried here.
var differences = []struct {
	rules, what string
	// excuses reports whether a disagreement on a step is of this kind.
	excuses func(g *game, s step, d *disagreement) bool
}{
	{"LNK-17", "Linux takes one from the TTL at each router, AWS only at NAT gateways: namespaces add it first", nil},
	{"SG-36", "Linux knows a flow by both ends, AWS by which of them is the interface's: each has a conntrack zone", nil},
	{"SG-36", "Linux takes an echo request against the direction of another for a flow of its own: each port has its identifiers, and does not ping its own public address", nil},
	{"SG-37", "Linux takes a connection that it picked up for established with the third segment, AWS with the second, and gives a FIN that nobody " +
		"acknowledges less time: established or not, connections have 60 s in random networks; testdata/times.txt has others", nil},
	{"SG-39", "Linux calls a UDP flow a stream after two seconds, AWS after more than one exchange: both have 60 s here", nil},
	{"SG-41", "Linux remembers a reset or closed connection: for no time here", nil},
	{"SG-53, ACL-26", "Linux puts fragments together, AWS gives later ones the fate of the first: whole packets are compared, sent in order", nil},
	{"NAT-7, NAT-12", "Linux and AWS choose different ports: they are paired, for each flow, at first sight", nil},
	{"NAT-20", "Linux lets nobody outside begin a connection that a mapping is for: no SYN is sent so", nil},
	{"LNK-22", "the namespaces of the oracle tell each other by the Type of Service what AWS knows of a packet: packets here have none", nil},
	{"MTU-9, NAT-15, NAT-33", "of messages that gateways make, what the rules do not say: the rest of what they quote, DF and identification", nil},
	{"ENI-23", "what a guest sends to itself: it is not sent", nil},
	{"SG-26, SG-42", "Linux tracks no TCP segment or echo reply that none of its connections expects (INVALID), AWS every packet that a rule allows",
		func(g *game, s step, _ *disagreement) bool { return g.invalid(s) }},
	{"SG-41", "Linux ends a connection after two FINs, of one side or of both, and a segment with ACK, AWS once both are acknowledged by their numbers",
		func(g *game, s step, _ *disagreement) bool { return g.finished(s) }},
	{"no rule", "a packet of a NAT gateway that comes back to it, by a middlebox: none is sent so, and routes that lead there are not compared",
		func(g *game, _ step, _ *disagreement) bool { return g.circles() }},
}

// excused is the first difference that explains a disagreement, "" if none does.
func (g *game) excused(s step, d *disagreement) string {
	for _, e := range differences {
		if e.excuses != nil && e.excuses(g, s, d) {
			return e.rules
		}
	}
	return ""
}

// invalids are the flows of an interface of which the kernel has called a packet INVALID, by IP version.
type invalids [2]*nftables.Set

// noteInvalid makes the kernel write them down.
func (p *station) noteInvalid(r *ruleset, c chain) {
	for k, v4 := range []bool{true, false} {
		key := concatenated(hostType(v4), hostType(v4), nftables.TypeInetService, nftables.TypeInetService)
		p.invalid[k] = &nftables.Set{Table: r.table, Name: fmt.Sprint("invalid", k), KeyType: key, Concatenation: true, Dynamic: true, Size: 1 << 16}
		if err := r.conn.AddSet(p.invalid[k], nil); err != nil {
			panic(err)
		}
		note := func(of part, first, second uint32) {
			next := 8 + uint32(hostType(v4).Bytes)/2
			c.rule(version(v4), invalid, of, pairAt(v4, 0, true), part{
				&expr.Payload{DestRegister: next, Base: expr.PayloadBaseTransportHeader, Offset: first, Len: 2},
				&expr.Payload{DestRegister: next + 1, Base: expr.PayloadBaseTransportHeader, Offset: second, Len: 2},
				&expr.Dynset{SrcRegKey: 8, SetName: p.invalid[k].Name, SetID: p.invalid[k].ID, Operation: unix.NFT_DYNSET_OP_ADD}})
		}
		note(protocol(packet.TCP), sourcePort, destinationPort)
		const identifier = 4
		note(append(protocol(packet.ICMP), icmp(packet.ICMPEchoReply, -1)...), identifier, identifier)
		note(append(protocol(packet.ICMPv6), icmp(packet.ICMPv6EchoReply, -1)...), identifier, identifier)
	}
}

// ends are the two ends of a flow, in no order.
type ends struct{ a, b netip.AddrPort }

func endsOf(f packet.Flow) ends {
	if f.Proto.IsICMP() {
		f.DstPort = f.SrcPort
	}
	e := ends{netip.AddrPortFrom(f.Src, f.SrcPort), netip.AddrPortFrom(f.Dst, f.DstPort)}
	if e.b.Compare(e.a) < 0 {
		e.a, e.b = e.b, e.a
	}
	return e
}

// invalid reports whether a step is about a flow that the kernel does not track as AWS does.
func (g *game) invalid(s step) bool {
	about := make(map[ends]bool)
	for _, a := range append([]arrival{{s.Port, s.Spec.Bytes()}}, append(g.latest, g.kernels...)...) {
		var p packet.Packet
		if p.Parse(a.b) != nil {
			continue
		}
		about[endsOf(p.Flow)] = true
		if e, ok := p.EmbeddedFlow(); ok {
			about[endsOf(e)] = true
		}
	}
	g.noteInvalid()
	for e := range about {
		if g.strange[e] {
			return true
		}
	}
	return false
}

// noteInvalid reads what the kernel has written down.
func (g *game) noteInvalid() {
	for _, p := range g.oracle.stations {
		for _, set := range p.invalid {
			if set == nil {
				continue
			}
			all, err := p.ns.nft.GetSetElements(set)
			if err != nil {
				panic(err)
			}
			for _, e := range all {
				g.strange[endsIn(e.Key)] = true
			}
		}
	}
}

func endsIn(key []byte) ends {
	n := (len(key) - 8) / 2
	src, _ := netip.AddrFromSlice(key[:n])
	dst, _ := netip.AddrFromSlice(key[n : 2*n])
	return endsOf(packet.Flow{Src: src, Dst: dst, SrcPort: binary.BigEndian.Uint16(key[2*n:]), DstPort: binary.BigEndian.Uint16(key[2*n+4:])})
}

// circles reports whether a guest has sent a packet of a NAT gateway back to it.
func (g *game) circles() bool {
	for _, a := range append(g.latest, g.kernels...) {
		var p packet.Packet
		at := g.stationOf(a.at)
		if at == nil || !at.i.NoSourceDestCheck || p.Parse(a.b) != nil {
			continue
		}
		if next := g.oracle.waysTo(at.s, at.v, p.Flow.Dst).next; next != nil && next.nat != nil && next.owns(p.Flow.Src) {
			return true
		}
	}
	return false
}

// finished reports whether two FINs have been sent in the connection of a step, by whatever addresses it is known where they were sent.
func (g *game) finished(s step) bool {
	about := map[ends]bool{endsOf(s.Spec.Flow): true}
	for _, a := range g.latest {
		var p packet.Packet
		if p.Parse(a.b) == nil {
			about[endsOf(p.Flow)] = true
		}
	}
	fins := 0
	for _, s := range g.steps {
		if s.Spec.Flags.Has(packet.FIN) && about[endsOf(s.Spec.Flow)] {
			fins++
		}
	}
	return s.Spec.Flow.Proto == packet.TCP && fins > 1
}
