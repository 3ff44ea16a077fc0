package emu

import (
	"iter"
	"net/netip"
	"slices"

	"github.com/vpcemu/vpcemu/firewall"
	"github.com/vpcemu/vpcemu/internal/plan"
	"github.com/vpcemu/vpcemu/internal/space"
	"github.com/vpcemu/vpcemu/packet"
)

// alike are the packets that fare like the one that is walked. Stages decide about one
// packet; whatever of it they look at, they ask the walk for, which narrows alike to
// those packets that would have been answered the same:
//
//	w.in(linkLocal4, w.flow.Dst)   no: so all up to 169.253.255.255, or all from 169.255.0.0
//	w.follow(table, w.flow.Dst)    10.1.0.0/16: so all of it but what longer prefixes take
//	filter.Decide(…)               rule 3: so all of tcp/8000-8099 from 10.0.2.0/24
//
// At its end alike is a box of packets, around the one that was walked, that all have
// its answer; of all packets those outside of it are still to be asked about. Nothing
// is decided here, and whoever walks one packet for its own sake has none of it.
type alike struct {
	box space.Box
	v6  bool // the packets are IPv6 as they are sent

	origins                             // of the packet at hand
	before  map[*plan.Interface]origins // of a packet that a gateway has translated

	// maybe says on what else the answer may depend, "" for nothing. doubt means that
	// what the stage decides does, and doubtful is how many blockers do.
	maybe    string
	doubt    bool
	doubtful int
	sentFrom []*plan.Interface // that the packet of this leg has left

	// brief means that the first thing that is in the way for certain ends the walk: the
	// packet is blocked, whatever else there is.
	brief bool

	choices choices
	marks   *marks
	// internet says of which dimensions the packets have addresses of internet hosts
	// only: what the network itself has, or nobody may have, does not narrow them.
	internet [space.Dimensions]bool
}

// addrOrigin is where an address comes from: the dimension of the packet as sent, and
// how much larger it was there. The zero addrOrigin is an address that some gateway
// or host has put in.
type addrOrigin struct {
	dimension int // space.Sources or space.Destinations, else none
	larger    space.Num
}

// portOrigin is where a port comes from.
type portOrigin uint8

const (
	portFixed    portOrigin = iota // some gateway or the description
	portService                    // the port that the packet was sent to
	portSource                     // the port that it was sent from
	portAllotted                   // one of those that a gateway hands out
)

// origins is what the packet at hand has of the one that was sent.
type origins struct {
	src, dst     addrOrigin
	sport, dport portOrigin
	typed        bool // ICMP type and code are as sent
}

// depends notes that what a stage decides depends on more than the packet.
func (a *alike) depends(on string) { a.maybe, a.doubt = on, true }

// passes notes that the packet passes the groups of an interface. One that comes back to
// who has sent it is its own answer if its ports are the same.
func (w *walk) passes(i *plan.Interface, dir firewall.Direction) {
	a := w.alike
	switch {
	case a == nil || !w.flow.Proto.HasPorts():
	case dir == firewall.Egress:
		a.sentFrom = append(a.sentFrom, i)
	case slices.Contains(a.sentFrom, i):
		a.depends("whether its ports are the same")
	}
}

// begin begins a leg.
func (a *alike) begin(direction string) {
	a.sentFrom = a.sentFrom[:0]
	if direction == "reply" {
		a.answered()
	} else {
		a.sent()
	}
}

// sent begins a leg with the packet as the source sends it.
func (a *alike) sent() {
	a.src, a.dst = addrOrigin{dimension: space.Sources}, addrOrigin{dimension: space.Destinations}
	a.sport, a.dport, a.typed = portSource, portService, true
}

// answered begins a leg with the answer to the packet that has arrived.
func (a *alike) answered() {
	a.src, a.dst = a.dst, a.src
	a.sport, a.dport, a.typed = a.dport, a.sport, false
}

// beside narrows an address of the packet to those that are on the same side of a span:
// in it, before it or behind it. Which of its addresses it is says its value; if both have
// it, both are narrowed.
func (w *walk) beside(s space.Span, addr netip.Addr) {
	for from, now := range w.varying(addr) {
		if a := w.alike; !(a.outer(from) && a.marks.holds(addr.Is6(), s)) {
			a.narrow(from, beside(now, s, space.Address(addr)))
		}
	}
}

// varying is where an address of the packet comes from, and which others there may be in its
// place; nothing if it can be no other. It comes from two places if the packet has it twice.
func (w *walk) varying(addr netip.Addr) iter.Seq2[addrOrigin, space.Span] {
	return func(yield func(addrOrigin, space.Span) bool) {
		if w.alike == nil {
			return
		}
		if now := w.alike.span(w.alike.src, addr); addr == w.flow.Src && !now.Single() && !yield(w.alike.src, now) {
			return
		}
		if now := w.alike.span(w.alike.dst, addr); addr == w.flow.Dst && !now.Single() {
			yield(w.alike.dst, now)
		}
	}
}

// narrow narrows an address to some that it may be now.
func (a *alike) narrow(from addrOrigin, now space.Span) {
	a.box[from.dimension] = space.Span{First: now.First.Plus(from.larger), Last: now.Last.Plus(from.larger)}
}

// span is which addresses the packet at hand could have in place of its own.
func (a *alike) span(from addrOrigin, addr netip.Addr) space.Span {
	if from.dimension == 0 {
		return space.One(space.Address(addr))
	}
	s := a.box[from.dimension]
	return space.Span{First: s.First.Minus(from.larger), Last: s.Last.Minus(from.larger)}
}

// in reports whether a prefix contains an address of the packet.
func (w *walk) in(p netip.Prefix, addr netip.Addr) bool {
	in := p.Contains(addr)
	if w.alike != nil && p.IsValid() && p.Addr().BitLen() == addr.BitLen() {
		w.beside(space.Prefix(p), addr)
	}
	return in
}

// beside is what of a span is on the same side of another as one of its places: in it,
// before it or behind it.
func beside(now, other space.Span, at space.Num) space.Span {
	if other.Has(at) {
		return now.And(other)
	}
	return now.Beside(other, at)
}

// inAny reports whether one of some prefixes contains an address of the packet.
func (w *walk) inAny(list []netip.Prefix, addr netip.Addr) bool {
	for _, p := range list {
		if w.in(p, addr) {
			return true
		}
	}
	return false
}

// is reports whether an address of the packet is a certain one.
func (w *walk) is(addr, that netip.Addr) bool {
	if w.alike != nil {
		w.asIs(addr, that)
	}
	return addr == that
}

func (w *walk) asIs(addr, that netip.Addr) {
	if that.IsValid() && that.BitLen() == addr.BitLen() {
		w.beside(space.One(space.Address(that)), addr)
	}
}

// vpcHas reports whether an address lies in the VPC's ranges.
func (w *walk) vpcHas(v *plan.VPC, addr netip.Addr) bool {
	if w.alike == nil {
		return v.Contains(addr)
	}
	return w.inAny(v.Desc.CIDRs, addr)
}

// subnetHas reports whether an address lies in the subnet's ranges.
func (w *walk) subnetHas(s *plan.Subnet, addr netip.Addr) bool {
	if w.alike == nil {
		return s.Contains(addr)
	}
	return w.inAny(s.Desc.CIDRs, addr)
}

// owns reports whether the interface has an address.
func (w *walk) owns(i *plan.Interface, addr netip.Addr) bool {
	if w.alike != nil {
		w.among(addr)
	}
	return i.Owns(addr)
}

// owner is the interface that has an address in a VPC.
func (w *walk) owner(v *plan.VPC, addr netip.Addr) *plan.Interface {
	if w.alike != nil {
		w.among(addr)
	}
	return w.net.plan.Owner(v, addr)
}

// public is the interface that has a public address.
func (w *walk) public(addr netip.Addr) (plan.Binding, bool) {
	if w.alike != nil {
		w.among(addr)
	}
	return w.net.plan.Public(addr)
}

// isPublic reports whether an address belongs to this network as seen from the
// internet.
func (w *walk) isPublic(addr netip.Addr) bool {
	if w.alike != nil {
		w.asPublic(addr)
	}
	return w.net.plan.IsPublic(addr)
}

func (w *walk) asPublic(addr netip.Addr) {
	if addr.Is6() {
		w.isPrivate(addr)
		for _, v := range w.net.plan.VPCs {
			w.vpcHas(v, addr)
		}
	}
	w.among(addr)
}

// isPrivate reports whether an address cannot be that of an internet host.
func (w *walk) isPrivate(addr netip.Addr) bool {
	if w.alike != nil {
		w.inAny(notInternet[:], addr)
	}
	return isPrivate(addr)
}

// among narrows an address to itself if anything in the network has it, else to those
// between the two nearest that something has.
func (w *walk) among(addr netip.Addr) {
	for from, now := range w.varying(addr) {
		if a := w.alike; !a.outer(from) {
			a.narrow(from, now.And(a.marks.around(addr.Is6(), space.Address(addr))))
		}
	}
}

// follow is where a route table sends an address of the packet.
func (w *walk) follow(t *plan.Table, addr netip.Addr) hop {
	w.followed(t, addr)
	return follow(t, addr)
}

// followed narrows an address to those that a route table sends the same way.
func (w *walk) followed(t *plan.Table, addr netip.Addr) {
	if w.alike != nil && t != nil {
		w.prefixed(t.FIB, addr)
	}
}

// toPort reports whether a port of the packet is a certain one.
func (w *walk) toPort(port uint16) bool {
	if w.alike != nil && w.flow.Proto.HasPorts() {
		w.alike.port(w.alike.dport, w.flow, space.Ports(port, port), w.flow.DstPort)
	}
	return w.flow.DstPort == port
}

// fromPort is toPort for the source port.
func (w *walk) fromPort(port uint16) bool {
	if w.alike != nil && w.flow.Proto.HasPorts() {
		w.alike.port(w.alike.sport, w.flow, space.Ports(port, port), w.flow.SrcPort)
	}
	return w.flow.SrcPort == port
}

// port narrows a port to those that are in some span like the packet's, or not like it.
func (a *alike) port(from portOrigin, f packet.Flow, ports space.Span, at uint16) {
	now, n := a.ports(from, at), space.Num{Lo: uint64(at)}
	a.setPorts(from, f.Proto, now, beside(now, ports, n))
}

// ports is which ports the packet at hand could have in place of its own.
func (a *alike) ports(from portOrigin, at uint16) space.Span {
	switch from {
	case portService:
		return portsOf(a.box[space.Services])
	case portSource:
		return a.box[space.SourcePorts]
	case portAllotted:
		return space.Ports(firewall.FirstAllotted, 65535)
	}
	return space.Ports(at, at)
}

// portsOf are the ports of services of one protocol.
func portsOf(services space.Span) space.Span {
	return space.Span{First: space.Num{Lo: services.First.Lo & 0xffff}, Last: space.Num{Lo: services.Last.Lo & 0xffff}}
}

// servicesAt are the services of a protocol at some ports.
func servicesAt(proto packet.Proto, ports space.Span) space.Span {
	first := space.Service(uint8(proto), 0)
	return space.Span{First: ports.First.Plus(first), Last: ports.Last.Plus(first)}
}

// setPorts narrows a port. Which one a gateway hands out is not up to the sender.
func (a *alike) setPorts(from portOrigin, proto packet.Proto, was, now space.Span) {
	switch {
	case from == portService:
		a.box[space.Services] = servicesAt(proto, now)
	case from == portSource:
		a.box[space.SourcePorts] = now
	case from == portAllotted && was != now:
		a.depends("which port a gateway takes for it")
	}
}

// decided narrows to the packets about which filters say the same as about the one at
// hand. The lists are those of all groups of an interface, or of one network ACL.
func (w *walk) decided(h firewall.Header, port portOrigin, addr netip.Addr, from addrOrigin, groups []firewall.GroupID, lists ...[]firewall.Area) {
	a := w.alike
	remote := a.span(from, addr)
	services, at := a.services(h, port)
	was := services
	firewall.Around(&services, &remote, at, space.Address(addr), groups, lists...)
	if from.dimension != 0 {
		a.narrow(from, remote)
	}
	if services == was {
		return
	}
	if proto := packet.Proto(h.Proto); proto.HasPorts() {
		a.setPorts(port, proto, portsOf(was), portsOf(services))
		return
	}
	a.box[space.Services] = services
}

// services is which services the packet at hand could be of in place of its own.
func (a *alike) services(h firewall.Header, port portOrigin) (now space.Span, at space.Num) {
	switch proto := packet.Proto(h.Proto); {
	case proto.HasPorts():
		return servicesAt(proto, a.ports(port, h.Port)), space.Service(h.Proto, h.Port)
	case proto.IsICMP():
		at = space.Service(h.Proto, uint16(h.ICMPType)<<8|uint16(h.ICMPCode))
		if !a.typed {
			return space.One(at), at
		}
	default:
		at = space.Service(h.Proto, 0)
	}
	return a.box[space.Services], at
}

// byRules narrows to what the groups of an interface decide as they do about the packet.
func (w *walk) byRules(i *plan.Interface, dir firewall.Direction, groups []firewall.GroupID) {
	if w.alike != nil {
		w.asRules(i, dir, groups)
	}
}

func (w *walk) asRules(i *plan.Interface, dir firewall.Direction, groups []firewall.GroupID) {
	addr, from := w.remote(dir)
	w.decided(w.header, w.alike.dport, addr, from, groups, w.alike.marks.groups(w.net.plan.Filters(i), dir, i.VPC, w.alike.kind(addr, from))...)
}

// byEntries narrows to what a network ACL decides as it does about the packet.
func (w *walk) byEntries(acl *plan.ACL, dir firewall.Direction) {
	if w.alike != nil && acl.Desc != nil {
		w.asEntries(acl, dir)
	}
}

func (w *walk) asEntries(acl *plan.ACL, dir firewall.Direction) {
	addr, from := w.remote(dir)
	w.decided(w.header, w.alike.dport, addr, from, nil, w.alike.marks.acl(acl, dir, w.alike.kind(addr, from)))
}

// kind is that of an address which varies: one of the internet's, or any.
func (a *alike) kind(addr netip.Addr, from addrOrigin) addresses {
	return addresses{addr.Is6(), a.outer(from)}
}

// outer reports whether an address is an internet host's as it was sent. That of IPv4
// for which one of IPv6 stands may be anything.
func (a *alike) outer(from addrOrigin) bool {
	return a.internet[from.dimension] && from.larger == space.Num{}
}

// remote is the address that filters look at, and where it comes from.
func (w *walk) remote(dir firewall.Direction) (netip.Addr, addrOrigin) {
	if dir == firewall.Egress {
		return w.flow.Dst, w.alike.dst
	}
	return w.flow.Src, w.alike.src
}

// embeddedIn reports whether an address, for which the destination stands, lies in the
// subnet.
func (w *walk) embeddedIn(s *plan.Subnet, four netip.Addr) bool {
	if w.alike != nil {
		for _, p := range s.Desc.CIDRs {
			if p.Addr().Is4() {
				w.in(netip.PrefixFrom(packet.Embed(nat64, p.Addr()), nat64.Bits()+p.Bits()), w.flow.Dst)
			}
		}
	}
	return s.Contains(four)
}

// outside is the link over which a gateway sends packets to an address.
func (w *walk) outside(o *plan.Outside, addr netip.Addr) (*plan.Link, bool) {
	if w.alike != nil {
		for _, p := range o.Prefixes() { // all of them: the longest decides
			w.in(p, addr)
		}
	}
	return o.Lookup(addr)
}

// announced reports whether on-premises knows the way to an address.
func (w *walk) announced(o *plan.Outside, addr netip.Addr) bool {
	if w.alike != nil {
		for p := range o.Allowed() {
			w.in(p, addr)
		}
	}
	return o.Announced(addr)
}

// noteTranslation notes what the packet was before the gateway that it is in has translated
// it, which is what its answer gets back, and whether it has got a source port of the
// gateway's choice.
func (w *walk) noteTranslation(before origins, allotted bool) {
	a := w.alike
	if a == nil {
		return
	}
	a.before[w.from] = before
	if allotted {
		a.sport = portAllotted
	}
}

// origins is what the packet has of the one that was sent.
func (w *walk) origins() origins {
	if w.alike == nil {
		return origins{}
	}
	return w.alike.origins
}

// noteAnswer notes that the packet has got back what the gateway that it is in took from
// the one that it answers.
func (w *walk) noteAnswer() {
	if w.alike == nil {
		return
	}
	if o, ok := w.alike.before[w.from]; ok {
		w.alike.src, w.alike.dst, w.alike.sport, w.alike.dport = o.dst, o.src, o.dport, o.sport
	}
}

// crosses notes that the packet goes over to the other IP version: IPv4 addresses are
// the last bits of those that stand for them.
func (w *walk) crosses(n packet.NAT64) {
	a := w.alike
	if a == nil {
		return
	}
	base := space.Address(n.Prefix.Masked().Addr())
	if w.flow.Dst.Is6() { // the answer gets back what the gateway remembers
		a.src, a.dst.larger = addrOrigin{}, a.dst.larger.Plus(base)
	}
	a.typed = false
}

// isMulticast reports whether an address is that of a multicast group.
func (w *walk) isMulticast(addr netip.Addr) bool {
	if w.alike != nil {
		w.inAny([]netip.Prefix{multicast4, multicast6}, addr)
	}
	return addr.IsMulticast()
}

var (
	multicast4   = netip.MustParsePrefix("224.0.0.0/4")
	multicast6   = netip.MustParsePrefix("ff00::/8")
	uniqueLocal6 = netip.MustParsePrefix("fc00::/7")
)

// lastOf is the last address of a prefix.
func lastOf(p netip.Prefix) netip.Addr {
	return space.Prefix(p).Last.Addr(p.Addr().Is6())
}
