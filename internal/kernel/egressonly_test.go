//go:build linux

package kernel

import (
	"slices"
	"time"

	"github.com/google/nftables"
	"github.com/google/nftables/expr"
	"golang.org/x/sys/unix"

	"github.com/vpcemu/vpcemu/packet"
	"github.com/vpcemu/vpcemu/routing"
	"github.com/vpcemu/vpcemu/vpc"
)

// egressOnly is the egress-only internet gateway of a VPC, nil for none. It stands in the namespace of the internet gateway, to which the
// subnets that use it have wires of their own, "eup".
func egressOnly(v *vpc.VPC) *vpc.Gateway {
	for _, g := range v.Gateways {
		if g.Kind == routing.EgressOnlyGateway {
			return g
		}
	}
	return nil
}

// egressOnlyRules remember what goes out, and mark what answers (EIGW-2, EIGW-5). AWS knows such flows by addresses and ports alone, the
// kernel's connections have states: so they stand in a set.
func (o *oracle) egressOnlyRules(ns *namespace) {
	r := ns.rules("egress-only")
	set := r.timed(o, "flows", hostType(false), hostType(false), nftables.TypeInetProto, nftables.TypeInetService, nftables.TypeInetService)
	find := part{&expr.Lookup{SourceRegister: 8, SetName: set.Name, SetID: set.ID}}
	r.putTogether()
	out := r.at("out", nftables.ChainHookForward, 0, nftables.ChainTypeFilter)
	in := r.at("in", nftables.ChainHookPrerouting, beforeRoute+5, nftables.ChainTypeFilter)
	out.rule(not(links(expr.MetaKeyIIFNAME, "eup")), accept)
	in.rule(not(from("internet")), accept)
	about := r.chain("about")
	for _, e := range icmpErrors {
		if !e.v4 { // it is of no flow (ORDER-5)
			out.rule(e.part, accept)
			in.rule(e.part, jump(about))
			in.rule(e.part, accept)
		}
	}
	for _, k := range kinds {
		keep := part{&expr.Dynset{SrcRegKey: 8, SetName: set.Name, SetID: set.ID, Operation: unix.NFT_DYNSET_OP_UPDATE, Timeout: k.idle * scale}}
		out.rule(k.match(0), k.key(0, false), keep, accept)
		about.rule(k.match(quoteAt(false)), k.key(quoteAt(false), false), find, keep, mark(known), accept)
		about.rule(k.match(quoteAt(false)), accept)
		in.rule(k.match(0), k.key(0, true), find, keep, mark(known), accept)
		in.rule(k.match(0), accept)
	}
}

// kind is how IPv6 flows of some protocols are told apart.
type kind struct {
	match func(header uint32) part
	ports func(header uint32, back bool) part // to the registers after the protocol's
	idle  time.Duration
}

// kinds are all, in the order in which they are tried.
var kinds = func() []kind {
	at := func(register, at, length uint32) expr.Any {
		return &expr.Payload{DestRegister: register, Base: expr.PayloadBaseNetworkHeader, Offset: at, Len: length}
	}
	is := func(at uint32, b byte) part {
		return part{load(expr.PayloadBaseNetworkHeader, at, 1), equal([]byte{b})}
	}
	ports := func(h uint32, back bool) part {
		src, dst := h+40+sourcePort, h+40+destinationPort
		if back {
			src, dst = dst, src
		}
		return part{at(firstPort, src, 2), at(firstPort+1, dst, 2)}
	}
	identifier := func(h uint32, _ bool) part { return part{at(firstPort, h+44, 2), at(firstPort+1, h+44, 2)} }
	nothing := func(uint32, bool) part {
		return part{&expr.Immediate{Register: firstPort, Data: []byte{0, 0}}, &expr.Immediate{Register: firstPort + 1, Data: []byte{0, 0}}}
	}
	echo := func(kind byte) func(uint32) part {
		return func(h uint32) part { return slices.Concat(is(h+6, byte(packet.ICMPv6)), is(h+40, kind)) }
	}
	const idle = 120 * time.Second
	return []kind{
		{func(h uint32) part { return is(h+6, byte(packet.TCP)) }, ports, 350 * time.Second},
		{func(h uint32) part { return is(h+6, byte(packet.UDP)) }, ports, idle},
		{echo(packet.ICMPv6EchoRequest), identifier, idle},
		{echo(packet.ICMPv6EchoReply), identifier, idle},
		{func(uint32) part { return anything }, nothing, idle},
	}
}()

// Registers of a flow's key, after the addresses.
const (
	protocolOf = 16
	firstPort  = 17
)

// key loads what a flow is known by; back is for packets that answer one.
func (k kind) key(header uint32, back bool) part {
	proto := &expr.Payload{DestRegister: protocolOf, Base: expr.PayloadBaseNetworkHeader, Offset: header + 6, Len: 1}
	return slices.Concat(version(false), pairAt(false, header, !back), part{proto}, k.ports(header, back))
}
