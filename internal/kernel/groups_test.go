//go:build linux

package kernel

import (
	"net/netip"
	"slices"

	"github.com/google/nftables"
	"github.com/google/nftables/expr"

	"github.com/vpcemu/vpcemu/firewall"
	"github.com/vpcemu/vpcemu/packet"
	"github.com/vpcemu/vpcemu/vpc"
)

// interfaceRules are what stands between a guest and its subnet: the source/destination check and the security groups.
//
//	guest ─▶ SRC ─▶ SG-OUT ─▶ wire
//	guest ◀─ SG-IN ◀─ DST ◀── wire
//
// A connection that AWS tracks has the mark 1 in the kernel's table. Others stand there too, without it.
func (o *oracle) interfaceRules(p *station) {
	r := p.ns.rules("interface")
	r.silent()
	check := r.at("check", nftables.ChainHookPrerouting, beforeDefrag, nftables.ChainTypeFilter)
	if !p.up() {
		check.rule(drop)
	}
	check.both(func(v4 bool) []part { return []part{from("guest"), setTag(forwarded, v4)} })
	for _, a := range p.own() {
		check.rule(from("guest"), source(a), setTag(fresh, a.Addr().Is4()), accept)
		check.rule(from("wire"), destination(a), accept)
	}
	if !p.i.NoSourceDestCheck { // ENI-1
		check.rule(drop)
	}
	r.at("deliver", nftables.ChainHookPostrouting, 0, nftables.ChainTypeFilter).
		both(func(v4 bool) []part { return []part{to("guest"), setTag(fresh, v4)} })

	zones := r.at("zones", nftables.ChainHookPrerouting, -300, nftables.ChainTypeFilter)
	zones.both(func(v4 bool) []part { return []part{otherMessage(v4, 0), noTrack, accept} })
	for _, e := range icmpErrors { // they belong where what they quote does (SG-45)
		at := quoteAt(e.v4)
		zones.rule(from("guest"), e.part, zone(e.v4, at+16, at+24))
		zones.rule(from("wire"), e.part, zone(e.v4, at+12, at+8))
	} // the first zone that is set stays
	zones.both(func(v4 bool) []part { return []part{from("guest"), zone(v4, 12, 8)} })
	zones.both(func(v4 bool) []part { return []part{from("wire"), zone(v4, 16, 24)} })

	in, out := r.chain("ingress"), r.chain("egress")
	forward := r.at("forward", nftables.ChainHookForward, 0, nftables.ChainTypeFilter)
	forward.both(func(v4 bool) []part { return []part{from("wire"), tagged(fabric, v4), accept} }) // MTU-8
	forward.rule(marked(known), accept)
	p.noteInvalid(r, forward)
	forward.rule(tracked, accept) // SG-26, SG-45
	forward.rule(from("guest"), jump(out))
	forward.rule(from("wire"), jump(in))
	forward.rule(drop)

	in.both(func(v4 bool) []part { return []part{tagged(kept, v4), mark(1)} }) // SG-34
	for _, w := range o.ways(p.s, p.v) {
		keeps := uint32(0)
		if w.kind == "eigw" || w.next != nil && w.next.nat != nil { // SG-34
			keeps = 1
		}
		out.rule(destination(w.to), mark(keeps))
	}
	for _, c := range p.s.CIDRs {
		out.rule(destination(c), mark(0))
	}
	o.groups(p, in, true)
	o.groups(p, out, false)
}

// icmpErrors are the messages of SG-45.
var icmpErrors = func() (all []struct {
	v4 bool
	part
}) {
	add := func(v4 bool, p packet.Proto, kinds ...int) {
		for _, kind := range kinds {
			all = append(all, struct {
				v4 bool
				part
			}{v4, slices.Concat(version(v4), protocol(p), icmp(kind, -1))})
		}
	}
	add(true, packet.ICMP, packet.ICMPUnreachable, packet.ICMPTimeExceeded, packet.ICMPParamProblem)
	add(false, packet.ICMPv6, packet.ICMPv6Unreachable, packet.ICMPv6TooBig, packet.ICMPv6TimeExceeded, packet.ICMPv6ParamProblem)
	return all
}()

// groups are the rules of one direction, once no flow is found.
func (o *oracle) groups(p *station, c chain, in bool) {
	ours, theirs := rulesOf(p, in), rulesOf(p, !in)
	enter := c.chain(c.Name + "-track")
	enter.rule(state(expr.CtStateBitRELATED), accept) // an error is no packet of the flow that it is about (ORDER-5)
	enter.rule(track, accept)
	for _, r := range ours {
		if !open(r) {
			continue
		}
		for _, proto := range []packet.Proto{packet.TCP, packet.UDP} {
			v4 := r.Peer.Prefix.Addr().Is4()
			matches := slices.Concat(marked(0), o.peer(p, r, in)[0], protocol(proto), service(r.Service))
			if openToAll(theirs, v4, proto) { // SG-28, SG-29
				c.rule(matches, accept)
				continue
			}
			if !openToAll(ours, v4, proto) {
				continue
			}
			for _, q := range theirs { // SG-30: what answers a packet of which nothing is kept
				if !open(q) || q.Peer.Prefix.Addr().Is4() != v4 {
					continue
				}
				answer := slices.Concat(matches, protocol(proto), serviceAt(q.Service, sourcePort))
				if proto == packet.TCP {
					answer = append(answer, not(flags(packet.SYN, packet.SYN|packet.ACK))...)
				}
				c.rule(answer, accept)
			}
		}
	}
	for _, r := range ours {
		for _, remote := range o.peer(p, r, in) {
			c.rule(remote, service(r.Service), jump(enter))
		}
	}
	c.rule(drop) // SG-1
}

func rulesOf(p *station, in bool) (all []firewall.Rule) {
	if len(p.i.Groups) == 0 { // SG-4, SG-5
		if in {
			return []firewall.Rule{{Service: firewall.MustParseService("all"), Peer: firewall.Peer{Group: defaultGroup}}}
		}
		for _, e := range everything {
			all = append(all, firewall.Rule{Service: firewall.MustParseService("all"), Peer: firewall.Peer{Prefix: e}})
		}
		return all
	}
	for _, name := range p.i.Groups {
		if g := p.v.SecurityGroup(name); in {
			all = append(all, g.Ingress...)
		} else {
			all = append(all, g.Egress...)
		}
	}
	return all
}

// defaultGroup is that of interfaces that name none.
const defaultGroup = "default"

// open reports whether a rule is for everybody.
func open(r firewall.Rule) bool { return r.Peer.Prefix.IsValid() && r.Peer.Prefix.Bits() == 0 }

// openToAll reports whether everybody may use all ports (SG-28).
func openToAll(rules []firewall.Rule, v4 bool, proto packet.Proto) bool {
	return slices.ContainsFunc(rules, func(r firewall.Rule) bool {
		ports := r.Service.Protocol == firewall.AllProtocols || r.Service.Protocol == int(proto) && r.Service.From == 0 && r.Service.To == 65535
		return open(r) && r.Peer.Prefix.Addr().Is4() == v4 && ports
	})
}

// peer is whom a rule is for, each with its conditions (SG-13 to SG-18).
func (o *oracle) peer(p *station, r firewall.Rule, in bool) (all []part) {
	remote := destination
	if in {
		remote = source
	}
	switch {
	case r.Peer.Prefix.IsValid():
		return []part{remote(r.Peer.Prefix)}
	case r.Peer.PrefixList != "":
		for _, e := range o.n.PrefixList(r.Peer.PrefixList).Entries {
			all = append(all, remote(e))
		}
		return all
	}
	v, name := o.group(p.v, r.Peer.Group)
	for _, m := range o.stations {
		member := m.i != nil && (slices.Contains(m.i.Groups, name) || len(m.i.Groups) == 0 && name == defaultGroup)
		if m.v != v || !member || r.Stale {
			continue
		}
		for _, a := range m.own() {
			switch {
			case in:
				all = append(all, append(remote(a), tagged(fresh, a.Addr().Is4())...))
			case o.direct(p, m, a.Addr()):
				all = append(all, remote(a))
			}
		}
	}
	return all
}

// group is the one that a rule of a VPC means: its own of that name before others (SG-20).
func (o *oracle) group(v *vpc.VPC, name string) (*vpc.VPC, string) {
	if name == defaultGroup {
		return v, name
	}
	for _, w := range append([]*vpc.VPC{v}, o.n.VPCs...) {
		if w.SecurityGroup(name) != nil {
			return w, name
		}
	}
	return nil, ""
}

// direct reports whether a packet of an interface is for another's address as the groups of the sender see it: in the VPC, or behind the
// peering connection that the route names. What forwards it on the way has not seen it yet (SG-23).
func (o *oracle) direct(p, to *station, a netip.Addr) bool {
	w := o.waysTo(p.s, p.v, a)
	if w.kind == "pcx" && !within(a, p.s.CIDRs) {
		return o.far(p.v, w.via) == to.v
	}
	return to.v == p.v
}

// aclRules are the network ACL of a subnet, in its router, where packets come in from the interfaces or from elsewhere.
func (o *oracle) aclRules(ns *namespace, v *vpc.VPC, s *vpc.Subnet) {
	r := ns.rules("acl")
	r.silent(append(protocol(packet.ICMP), icmp(packet.ICMPUnreachable, packet.ICMPCodeFragNeeded)...), append(protocol(packet.ICMPv6), icmp(packet.ICMPv6TooBig, -1)...))
	stamp := r.at("stamp", nftables.ChainHookOutput, -10, nftables.ChainTypeFilter)
	stamp.both(func(v4 bool) []part { return []part{setTag(fabric, v4)} })
	// Whole packets are judged, so that the pieces of one share its fate (ACL-26); nothing is remembered of them.
	r.putTogether()
	in, out, leaves := r.chain("ingress"), r.chain("egress"), r.chain("leaves")
	cross := r.at("cross", nftables.ChainHookPrerouting, beforeRoute+10, nftables.ChainTypeFilter)
	cross.both(func(v4 bool) []part { return []part{tagged(fabric, v4), mark(fromRouter), accept} })
	cross.rule(links(expr.MetaKeyIIFNAME, "eni"), jump(leaves))
	cross.rule(not(links(expr.MetaKeyIIFNAME, "eni")), jump(in))

	leaves.rule(mark(1))
	for _, w := range o.ways(s, v) {
		crosses := uint32(1)
		if w.next != nil && w.next.s == s { // ORDER-11
			crosses = 0
		}
		leaves.rule(destination(w.to), mark(crosses))
	}
	for _, c := range s.CIDRs { // ACL-3, RT-12
		inside := anything
		if !o.isLocal(s, v, c) { // TGW-16
			inside = not(links(expr.MetaKeyIIFNAME, "enit"))
		}
		leaves.rule(inside, destination(c), mark(0))
	}
	leaves.rule(marked(1), mark(0), jump(out))

	acl := v.NetworkACL(s.NetworkACL)
	if acl == nil { // ACL-8
		return
	}
	aclEntries(in, acl.Ingress, source)
	aclEntries(out, acl.Egress, destination)
}

func aclEntries(c chain, entries []firewall.Entry, remote func(netip.Prefix) part) {
	entries = slices.SortedFunc(slices.Values(entries), func(a, b firewall.Entry) int { return a.Number - b.Number }) // ACL-6
	for _, e := range entries {
		verdict := drop
		if e.Action == firewall.Allow {
			verdict = leave
		}
		c.rule(remote(e.CIDR), service(e.Service), verdict)
	}
	c.rule(drop) // ACL-7
}
