//go:build linux

package kernel

import (
	"fmt"
	"time"

	"github.com/google/nftables"
	"github.com/google/nftables/expr"
	"golang.org/x/sys/unix"

	"github.com/vpcemu/vpcemu/packet"
)

// messageTime is how long a pair is remembered (SG-41), by the kernel's clock.
const messageTime = 30 * time.Second * scale

// Marks of a packet.
const (
	known      = 2 // of something that is remembered
	fromRouter = 3 // a router's message
)

// messageRules remember between which addresses, local and remote, ICMP messages pass that are neither echo nor error. AWS tracks them
// whatever their types (SG-32, SG-36), the kernel's connections do not: so they stand in sets. They have a table of their own, so that
// new rules of groups forget nothing.
func (o *oracle) messageRules(p *station) {
	r := p.ns.rules("messages")
	before := r.at("before", nftables.ChainHookForward, -10, nftables.ChainTypeFilter)
	after := r.at("after", nftables.ChainHookForward, 10, nftables.ChainTypeFilter)
	for k, v4 := range []bool{true, false} {
		set := r.timed(o, fmt.Sprint("pairs", k), hostType(v4), hostType(v4))
		find := part{&expr.Lookup{SourceRegister: 8, SetName: set.Name, SetID: set.ID}}
		keep := part{&expr.Dynset{SrcRegKey: 8, SetName: set.Name, SetID: set.ID, Operation: unix.NFT_DYNSET_OP_UPDATE, Timeout: messageTime}}
		for _, link := range []string{"guest", "wire"} {
			pair := pairAt(v4, 0, link == "guest")
			before.rule(from(link), otherMessage(v4, 0), pair, find, mark(known))
			after.rule(from(link), otherMessage(v4, 0), pair, keep)
		}
		for _, e := range icmpErrors { // SG-45
			if e.v4 == v4 {
				at := quoteAt(v4)
				before.rule(from("wire"), e.part, otherMessage(v4, at), pairAt(v4, at, true), find, mark(known))
				before.rule(from("guest"), e.part, otherMessage(v4, at), pairAt(v4, at, false), find, mark(known))
			}
		}
	}
}

// quoteAt is where the IP header stands that an ICMP error quotes.
func quoteAt(v4 bool) uint32 {
	if v4 {
		return 20 + 8
	}
	return 40 + 8
}

// otherMessage is an ICMP message that is neither echo nor error, whose IP header stands at some byte of the packet's.
func otherMessage(v4 bool, header uint32) part {
	proto, at, kind, none := packet.ICMPv6, header+6, header+40, []uint8{packet.ICMPv6EchoRequest, packet.ICMPv6EchoReply, packet.ICMPv6Unreachable,
		packet.ICMPv6TooBig, packet.ICMPv6TimeExceeded, packet.ICMPv6ParamProblem}
	if v4 {
		proto, at, kind, none = packet.ICMP, header+9, header+20, []uint8{packet.ICMPEchoRequest, packet.ICMPEchoReply, packet.ICMPUnreachable,
			packet.ICMPTimeExceeded, packet.ICMPParamProblem}
	}
	all := append(version(v4), load(expr.PayloadBaseNetworkHeader, at, 1), equal([]byte{byte(proto)}), load(expr.PayloadBaseNetworkHeader, kind, 1))
	for _, n := range none {
		all = append(all, &expr.Cmp{Op: expr.CmpOpNeq, Register: 1, Data: []byte{n}})
	}
	return all
}

// pairAt loads both addresses of an IP header, the local one first: that is the source of what leaves.
func pairAt(v4 bool, header uint32, leaves bool) part {
	local, remote, length := header+8, header+24, uint32(16)
	if v4 {
		local, remote, length = header+12, header+16, 4
	}
	if !leaves {
		local, remote = remote, local
	}
	return part{&expr.Payload{DestRegister: 8, Base: expr.PayloadBaseNetworkHeader, Offset: local, Len: length},
		&expr.Payload{DestRegister: 8 + length/4, Base: expr.PayloadBaseNetworkHeader, Offset: remote, Len: length}}
}
