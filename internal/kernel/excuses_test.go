//go:build linux

package kernel

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"time"

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
	{"SG-41", "both directions of a connection of an interface to its own public address are one flow there, if the ports are the same: none is sent", nil},
	{"SG-37", "Linux takes a connection that it picked up for established with the third segment, AWS with the second, and gives a FIN that nobody " +
		"acknowledges less time: established or not, connections have 60 s in random networks; testdata/times.txt has others", nil},
	{"SG-39", "Linux calls a UDP flow a stream after two seconds, AWS after more than one exchange: both have 60 s here", nil},
	{"SG-41", "Linux remembers a reset or closed connection: for no time here", nil},
	{"SG-53, ACL-26", "Linux puts fragments together, AWS gives later ones the fate of the first: whole packets are compared, sent with the first piece first", nil},
	{"TGW-18", "by which of several subnets a transit gateway enters a VPC: there is one in the zone, or one at all", nil},
	{"NAT-7, NAT-12", "Linux and AWS choose different ports: they are paired, for each flow, at first sight", nil},
	{"LNK-22", "the namespaces of the oracle tell each other by the Type of Service what AWS knows of a packet: packets here have none", nil},
	{"MTU-9, NAT-15, NAT-33", "of messages that gateways make, what the rules do not say: the rest of what they quote, DF and identification", nil},
	{"ENI-23", "what a guest sends to itself: it is not sent", nil},
	{"SG-26, SG-42, NAT-20", "Linux tracks no TCP segment or echo reply that none of its connections expects (INVALID), AWS every packet that a rule allows, " +
		"or that comes to a port of a NAT gateway from where it leads",
		func(g *game, s step, _ *disagreement) bool { return g.invalid(s) }},
	{"SG-41", "Linux ends a connection after two FINs, of one side or of both, and a segment with ACK, AWS once both are acknowledged by their numbers; errors about it get in for as long",
		func(g *game, s step, _ *disagreement) bool { return g.finished(s) }},
	{"NAT-13", "Linux may forget a connection that was reset, AWS not before it has been idle",
		func(g *game, s step, _ *disagreement) bool { return g.reset(s) }},
	{"SG-41", "Linux counts the minute of a connection that is not established from its first SYN, AWS from the last one",
		func(g *game, s step, _ *disagreement) bool { return g.resent(s) }},
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
		r.addSet(p.invalid[k])
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

// about are the flows that a step has to do with.
func (g *game) about(s step) map[ends]bool {
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
	return about
}

// invalid reports whether a step is about a flow that the kernel does not track as AWS does.
func (g *game) invalid(s step) bool {
	g.noteInvalid()
	for e := range g.about(s) {
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
				f := flowIn(e.Key)
				if p.nat == nil {
					g.strange[endsOf(f)] = true
					continue
				}
				port, known := g.ports[natFlowOf(p.name(), f.Reverse())]
				if !known || !p.owns(f.Dst) { // it answers nothing that went out
					continue
				}
				f.DstPort = port
				for _, a := range p.nat.Addresses {
					for _, f.Dst = range []netip.Addr{a.IP, a.Public} {
						g.strange[endsOf(f)] = true
					}
				}
			}
		}
	}
}

// flowIn is the flow of TCP, or of an echo, that a key is of.
func flowIn(key []byte) packet.Flow {
	n := (len(key) - 8) / 2
	src, _ := netip.AddrFromSlice(key[:n])
	dst, _ := netip.AddrFromSlice(key[n : 2*n])
	return packet.Flow{Proto: packet.TCP, Src: src, Dst: dst, SrcPort: binary.BigEndian.Uint16(key[2*n:]), DstPort: binary.BigEndian.Uint16(key[2*n+4:])}
}

// finished reports whether two FINs have been sent in the connection of a step.
func (g *game) finished(s step) bool { return g.countFlags(s, packet.FIN) > 1 }

// reset reports whether a step is about a connection through a NAT gateway in which an RST has been sent before.
func (g *game) reset(s step) bool {
	before := g.countFlags(s, packet.RST)
	if s.Spec.Flags.Has(packet.RST) {
		before--
	}
	if before <= 0 {
		return false
	}
	for e := range g.about(s) {
		if g.nat[e.a.Addr()] != "" || g.nat[e.b.Addr()] != "" {
			return true
		}
	}
	return false
}

// resent reports whether the connection of a step began a minute ago or more, and its last SYN is not as old.
func (g *game) resent(s step) bool {
	if !aboutTCP(s) {
		return false
	}
	about := g.about(s)
	var now, first, last time.Duration
	begun := false
	for _, o := range g.steps[:len(g.steps)-1] {
		if now += o.Wait; !o.Spec.Flags.Has(packet.SYN) || !about[endsOf(o.Spec.Flow)] {
			continue
		}
		if !begun || now-last >= time.Minute {
			begun, first = true, now
		}
		last = now
	}
	return begun && now-first >= time.Minute && now-last < time.Minute
}

// countFlags is how many segments with flags of TCP have been sent in the connection that a step belongs to, or is an error about, by
// whatever addresses it is known where they were sent.
func (g *game) countFlags(s step, flags packet.TCPFlags) (n int) {
	if !aboutTCP(s) {
		return 0
	}
	about := g.about(s)
	for _, s := range g.steps {
		if s.Spec.Flags.Has(flags) && about[endsOf(s.Spec.Flow)] {
			n++
		}
	}
	return n
}

// aboutTCP reports whether a step is a segment of TCP, or an error about one.
func aboutTCP(s step) bool {
	var p packet.Packet
	if p.Parse(s.Spec.Bytes()) != nil {
		return false
	}
	quoted, _ := p.EmbeddedFlow()
	return p.Flow.Proto == packet.TCP || p.IsICMPError() && quoted.Proto == packet.TCP
}
