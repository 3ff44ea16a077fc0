//go:build linux

package kernel

import (
	"net/netip"
	"slices"

	"github.com/google/nftables"
	"github.com/google/nftables/expr"
	"golang.org/x/sys/unix"

	"github.com/vpcemu/vpcemu/packet"
	"github.com/vpcemu/vpcemu/vpc"
)

// bogons are what the internet does not know (IGW-10, IGW-12, IGW-19).
var bogons = func() (all []netip.Prefix) {
	for _, p := range []string{"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16", "224.0.0.0/4", "240.0.0.0/4",
		"fc00::/7", "fe80::/10", "ff00::/8"} {
		all = append(all, netip.MustParsePrefix(p))
	}
	return all
}()

// internetGatewayRules translate addresses, packet by packet.
//
//	subnets ── up… ─▶ NAT ─▶ internet
//	   core ◀──────── NAT ◀─ internet
func (o *oracle) internetGatewayRules(ns *namespace, v *vpc.VPC) {
	r := ns.rules("igw")
	r.silent()
	out, in, err, eout, ein := r.chain("out"), r.chain("in"), r.chain("quotes"), r.chain("egress-only-out"), r.chain("egress-only-in")
	translate := r.at("translate", nftables.ChainHookPrerouting, beforeRoute+10, nftables.ChainTypeFilter)
	translate.both(func(v4 bool) []part { return []part{not(tagged(kept, v4)), setTag(forwarded, v4)} })                // SG-16, SG-23
	for _, through := range []part{links(expr.MetaKeyIIFNAME, "eup"), slices.Concat(from("internet"), marked(known))} { // SG-34
		translate.rule(version(false), through, setTag(kept, false))
	}
	for _, kind := range []int{packet.ICMPUnreachable, packet.ICMPTimeExceeded, packet.ICMPParamProblem} {
		translate.rule(version(true), protocol(packet.ICMP), icmp(kind, -1), jump(err))
	}
	translate.rule(links(expr.MetaKeyIIFNAME, "eup"), jump(eout))
	translate.rule(from("internet"), marked(known), jump(ein))
	translate.rule(from("internet"), jump(in))
	translate.rule(not(from("internet")), jump(out))

	for _, b := range bogons { // IGW-10, IGW-11, IGW-19
		out.rule(destination(b), drop)
		in.rule(source(b), drop)
		if !b.Addr().Is4() {
			out.rule(source(b), drop)
			eout.rule(source(b), drop)
			eout.rule(destination(b), drop)
		}
	}
	for _, p := range o.stations {
		if p.v != v || !p.up() {
			continue
		}
		for _, a := range p.addresses() {
			if !a.Public.IsValid() {
				continue
			}
			err.rule(not(from("internet")), quoted(16, a.IP), writeQuoted(16, a.Public))
			err.rule(from("internet"), destination(host(a.Public)), quoted(12, a.Public), writeQuoted(12, a.IP))
			out.rule(source(host(a.IP)), write(12, a.Public), accept) // IGW-3, IGW-4
			in.rule(destination(host(a.Public)), write(16, a.IP), accept)
		}
		for _, a := range p.own() {
			if a.Addr().Is4() {
				continue
			}
			out.rule(source(a), accept)                // IGW-18, IGW-19
			eout.rule(source(a), accept)               // EIGW-6
			o.leadsBack(ein, p, a, "eigw", known)      // EIGW-3
			if p.i != nil && p.i.DenyInternetGateway { // IGW-21
				continue
			}
			o.leadsBack(in, p, a, "igw", 0) // IGW-20
		}
	}
	eout.rule(drop)
	out.rule(drop)
	in.rule(drop) // IGW-9
}

// leadsBack accepts, with a mark, what is for an address of a station whose subnet routes the sender to a kind of gateway.
func (o *oracle) leadsBack(c chain, p *station, a netip.Prefix, kind string, n uint32) {
	c.rule(destination(a), mark(0))
	for _, w := range o.ways(p.s, p.v) {
		back := uint32(0)
		if w.kind == kind {
			back = 1
		}
		c.rule(destination(a), source(w.to), mark(back))
	}
	c.rule(destination(a), marked(1), mark(n), accept)
}

// write sets an address of an IPv4 header, 12 the source, 16 the destination, and corrects the checksums.
func write(at uint32, a netip.Addr) part {
	return part{&expr.Immediate{Register: 1, Data: a.AsSlice()},
		&expr.Payload{OperationType: expr.PayloadWrite, SourceRegister: 1, Base: expr.PayloadBaseNetworkHeader, Offset: at, Len: 4,
			CsumType: expr.CsumTypeInet, CsumOffset: 10, CsumFlags: unix.NFT_PAYLOAD_L4CSUM_PSEUDOHDR}}
}

func quoted(at uint32, a netip.Addr) part {
	return part{load(expr.PayloadBaseNetworkHeader, quoteAt(true)+at, 4), equal(a.AsSlice())}
}

// writeQuoted corrects the quoted header's checksum, whereby that of the ICMP message stays right.
func writeQuoted(at uint32, a netip.Addr) part {
	return part{&expr.Immediate{Register: 1, Data: a.AsSlice()},
		&expr.Payload{OperationType: expr.PayloadWrite, SourceRegister: 1, Base: expr.PayloadBaseNetworkHeader, Offset: quoteAt(true) + at, Len: 4,
			CsumType: expr.CsumTypeInet, CsumOffset: quoteAt(true) + 10}}
}

// natRules are a NAT gateway: the kernel's own source translation, one namespace of its own, in and out by one wire. What middleboxes send
// back to it is translated once more, and so is what answers that.
func (o *oracle) natRules(p *station) {
	private := host(p.nat.Addresses[0].IP)
	r := p.ns.rules("nat")
	r.silent(append(protocol(packet.ICMP), icmp(packet.ICMPTimeExceeded, 0)...), append(protocol(packet.ICMP), icmp(packet.ICMPUnreachable, packet.ICMPCodeFragNeeded)...),
		append(protocol(packet.TCP), flags(packet.RST, packet.RST)...))
	p.ns.addTTL(nftables.TableFamilyIPv4, "TTL", tagged(fabric, true)) // ORDER-36: the router's message is no traffic
	enter := r.at("enter", nftables.ChainHookPrerouting, beforeDefrag, nftables.ChainTypeFilter)
	if !p.up() {
		enter.rule(drop) // NAT-29
	}
	enter.rule(version(false), drop) // NAT-39
	piece := part{load(expr.PayloadBaseNetworkHeader, 6, 2), &expr.Bitwise{SourceRegister: 1, DestRegister: 1, Len: 2, Mask: []byte{0x3f, 0xff}, Xor: []byte{0, 0}},
		&expr.Cmp{Op: expr.CmpOpNeq, Register: 1, Data: []byte{0, 0}}}
	for _, proto := range []packet.Proto{packet.TCP, packet.ICMP} { // NAT-21
		enter.rule(protocol(proto), piece, drop)
	}
	for _, kind := range []int{packet.ICMPEchoReply, packet.ICMPEchoRequest, packet.ICMPUnreachable, packet.ICMPTimeExceeded, packet.ICMPParamProblem} {
		enter.rule(protocol(packet.ICMP), icmp(kind, -1), accept)
	}
	enter.rule(protocol(packet.TCP), accept)
	enter.rule(protocol(packet.UDP), accept)
	enter.rule(drop) // NAT-6

	answers := r.at("answers", nftables.ChainHookPrerouting, beforeRoute, nftables.ChainTypeFilter)
	p.noteInvalid(r, answers)
	answers.rule(destination(private), neither(expr.CtStateBitESTABLISHED|expr.CtStateBitRELATED), drop) // NAT-18
	r.at("own", nftables.ChainHookOutput, -300, nftables.ChainTypeFilter).rule(noTrack)                  // what it says itself is not translated before it comes back
	forward := r.at("forward", nftables.ChainHookForward, 0, nftables.ChainTypeFilter)
	forward.rule(invalid, protocol(packet.TCP), not(flags(packet.RST, packet.RST)), reset) // NAT-15, NAT-16, NAT-24
	forward.rule(invalid, drop)
	r.at("translate", nftables.ChainHookPostrouting, 100, nftables.ChainTypeNAT).rule(version(true), // NAT-2, NAT-7
		part{&expr.Immediate{Register: 1, Data: private.Addr().AsSlice()}, &expr.Immediate{Register: 2, Data: []byte{4, 0}}, &expr.Immediate{Register: 3, Data: []byte{0xff, 0xff}},
			&expr.NAT{Type: expr.NATTypeSourceNAT, Family: unix.NFPROTO_IPV4, RegAddrMin: 1, RegProtoMin: 2, RegProtoMax: 3, Random: true}})
	stamp := r.at("stamp", nftables.ChainHookPostrouting, 200, nftables.ChainTypeFilter)
	for _, a := range o.addressesIn(p.v) { // what is for others comes from no router of theirs (MTU-14)
		stamp.rule(tagged(fabric, true), destination(a), accept)
	}
	stamp.rule(version(true), setTag(kept, true)) // SG-34
}

// peeringRules let in what one VPC sends to the other (PCX-4 to PCX-6).
func (o *oracle) peeringRules(r *ruleset, cross chain, link string, v, w *vpc.VPC) {
	c := r.chain(link)
	cross.rule(from(link), jump(c))
	ours := r.chain(link + "-to")
	for _, p := range o.stations {
		for _, a := range p.own() {
			if p.v == v {
				c.rule(source(a), jump(ours))
			}
		}
	}
	c.rule(drop)
	for _, to := range w.CIDRs {
		ours.rule(destination(to), accept)
	}
	ours.rule(drop)
}
