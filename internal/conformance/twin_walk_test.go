package conformance

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/vpcemu/vpcemu/packet"
	"github.com/vpcemu/vpcemu/routing"
	"github.com/vpcemu/vpcemu/vpc"
)

// twin is the emulator once more: slow, without tables and tries, written from the
// rule book to be read beside it. It knows neither TCP's end (the tracker has a
// twin of its own) nor what is not modelled. It logs what becomes of each packet
// and what each port hears.
type twin struct {
	n     *vpc.Network
	hosts []*host
	now   time.Duration
	flows map[string]map[flowID]*flow // by interface (SG-47)
	first map[fragmentID]firstFragment
	log   []string
	heard []heard
}

// forget drops what an interface remembers.
func (t *twin) forget(key string) {
	delete(t.flows, key)
	for id := range t.first {
		if id.port == key {
			delete(t.first, id)
		}
	}
}

// fragmentID tells packets apart of which pieces are sent by one port.
type fragmentID struct {
	port     string
	src, dst netip.Addr
	id       uint32
}

type firstFragment struct {
	unit
	at time.Duration
}

// admit gives a later fragment the ports of its first one (SG-53, ACL-26).
func (t *twin) admit(port string, u *unit) {
	id := fragmentID{port, u.Src, u.Dst, u.id}
	switch first, ok := t.first[id]; {
	case u.off == 0 && u.more:
		t.first[id] = firstFragment{*u, t.now}
	case u.off != 0 && ok && t.now-first.at < 30*time.Second:
		u.Flow, u.kind, u.code = first.Flow, first.kind, first.code
	case u.off != 0:
		u.lost = true
	}
}

// bare is a packet as it is on the wire, where later fragments have no ports.
func (u unit) bare() unit {
	if u.lost = false; u.off != 0 {
		u.SrcPort, u.DstPort, u.kind, u.code = 0, 0, 0, 0
	}
	return u
}

// send is one packet that a host sends, or that comes from the internet.
func (t *twin) send(from *host, u unit) {
	name, fate := "internet", ""
	if from == nil {
		t.admit(name, &u)
		fate = t.enter(&u)
	} else {
		name = from.i.ID
		t.admit(from.key(), &u)
		fate = t.leave(from, &u)
	}
	t.log = append(t.log, fmt.Sprintf("%s: %s: %s", name, u.Flow, fate))
}

// leave is ORDER-3: ATT L2 SRC LL SG-OUT NACL-OUT RT.
func (t *twin) leave(from *host, u *unit) string {
	if !from.up() {
		return "ENI_NOT_ATTACHED"
	}
	if fate := t.fabric(from, u); fate != "" {
		return fate
	}
	var sender, receiver []string
	if from.owns(u.Src) {
		sender = from.i.Groups
	}
	if to := t.owner(from.v, u.Dst); to != nil {
		receiver = to.i.Groups
	}
	if !t.group(from, false, u, receiver) {
		return "SG_EGRESS"
	}
	if within(u.Dst, from.s.CIDRs) {
		return t.ingress(from.v, t.owner(from.v, u.Dst), u, sender, true) // RT-12, ACL-3
	}
	kind, next := t.route(from.v, from.s.RouteTable, u.Dst)
	inside := next != nil && next.s == from.s // ORDER-11
	switch {
	case !inside && !t.acl(from, false, u):
		return "NACL_EGRESS"
	case kind == "eni" && next.i == from.i:
		return "ROUTING_LOOP" // RT-52
	case kind == "eni":
		return t.ingress(from.v, next, u, sender, inside)
	case kind == "local":
		return t.ingress(from.v, t.owner(from.v, u.Dst), u, sender, false)
	case kind == "igw":
		return t.exit(from, u)
	}
	return kind
}

// fabric is what happens to a packet before any filter sees it.
func (t *twin) fabric(from *host, u *unit) string {
	port := func(p packet.Proto, n uint16) bool { return u.Proto == p && u.DstPort == n }
	dns := port(packet.UDP, 53) || port(packet.TCP, 53)
	onLink := !u.Dst.Is4() && (u.Dst.IsMulticast() || u.Dst.IsLinkLocalUnicast() || within(u.Dst, from.s.CIDRs))
	router, ends := false, u.Dst == netip.MustParseAddr("255.255.255.255")
	for _, p := range from.s.CIDRs {
		router = router || u.Dst == p.Addr().Next()
		ends = ends || p.Addr().Is4() && p.Contains(u.Dst) && (u.Dst == p.Addr() || !p.Contains(u.Dst.Next()))
	}
	dst := u.Dst.String()
	switch {
	case port(packet.UDP, 67) && u.SrcPort == 68 && (router && u.Dst.Is4() || dst == "255.255.255.255"): // SUB-23
		return "delivered dhcp"
	case port(packet.UDP, 547) && u.SrcPort == 546 && onLink:
		return "delivered dhcpv6"
	case u.Proto == packet.ICMPv6 && u.off == 0 && u.kind >= 133 && u.kind <= 136 && onLink:
		return "delivered neighbour discovery"
	case u.size > 9001: // MTU-2
		return "MTU_EXCEEDED"
	case u.Dst.IsMulticast() || ends: // SUB-16, SUB-17
		return "L2_UNSUPPORTED"
	case !from.i.NoSourceDestCheck && !from.owns(u.Src): // ENI-1
		return "SRC_DST_CHECK"
	case router: // SUB-12
		return "NO_SUCH_ADDRESS"
	case dns && from.v.DisableDNS && slices.Contains([]string{"10.0.0.2", "169.254.169.253", "fd00:ec2::253"}, dst): // LNK-5
		return "NO_SUCH_ADDRESS"
	case !within(u.Dst, reserved) && (dst != "10.0.0.2" || !dns):
		return ""
	case !from.owns(u.Src): // LNK-10
		return "RESERVED_RANGE"
	case dns && slices.Contains([]string{"10.0.0.2", "169.254.169.253", "fd00:ec2::253"}, dst): // LNK-2, LNK-3
		return "delivered dns"
	case port(packet.TCP, 80) && dst == "169.254.169.254": // LNK-1
		return "delivered imds"
	}
	return "RESERVED_RANGE" // LNK-11
}

// route is the longest match of a table; its kind is a reason where it leads
// nowhere (RT-13 to RT-16, RT-37).
func (t *twin) route(v *vpc.VPC, table string, dst netip.Addr) (kind string, next *host) {
	kind, bits := "NO_ROUTE", -1
	for _, p := range v.CIDRs {
		if p.Contains(dst) {
			kind, bits = "local", p.Bits()
		}
	}
	if table == "" {
		return kind, nil
	}
	for _, r := range v.RouteTable(table).Routes {
		if r.PrefixList == "" && r.Destination.Contains(dst) && r.Destination.Bits() >= bits {
			bits = r.Destination.Bits()
			kind, next = t.target(v, r)
		}
	}
	for _, r := range v.RouteTable(table).Routes { // RT-21; a static route of equal length wins
		for _, p := range t.entries(r.PrefixList) {
			if p.Contains(dst) && p.Bits() > bits {
				bits = p.Bits()
				kind, next = t.target(v, r)
			}
		}
	}
	return kind, next
}

func (t *twin) entries(list string) []netip.Prefix {
	if l := t.n.PrefixList(list); l != nil {
		return l.Entries
	}
	return nil
}

func (t *twin) target(v *vpc.VPC, r routing.Route) (string, *host) {
	if r.Blackhole {
		return "BLACKHOLE", nil
	}
	if r.Target.Kind == routing.InternetGateway {
		return "igw", nil
	}
	next := t.find(func(h *host) bool { return h.v == v && h.i.ID == r.Target.ID })
	if !next.up() {
		return "BLACKHOLE", next
	}
	return "eni", next
}

// ingress is ORDER-4: ADDR NACL-IN DST SG-IN DELIVER.
func (t *twin) ingress(v *vpc.VPC, to *host, u *unit, sender []string, inside bool) string {
	switch {
	case to == nil:
		return "NO_SUCH_ADDRESS"
	case !to.up():
		return "ENI_NOT_ATTACHED"
	case !inside && !t.acl(to, true, u):
		return "NACL_INGRESS"
	case !to.i.NoSourceDestCheck && !to.owns(u.Dst): // ENI-1
		return "SRC_DST_CHECK"
	case !t.group(to, true, u, sender):
		return "SG_INGRESS"
	}
	t.arrive(to, u.bare())
	return "delivered " + to.i.ID
}

// arrive hands a packet over; middleboxes send on what is not their own (ENI-3).
func (t *twin) arrive(at *host, u unit) {
	if at == nil || !at.i.NoSourceDestCheck {
		name := at.key()
		t.log = append(t.log, name+" hears "+u.String())
		t.heard = append(t.heard, heard{name, u.Flow})
		return
	}
	if at.owns(u.Dst) {
		return
	}
	if u.ttl > 1 {
		u.ttl--
		t.send(at, u)
		return
	}
	for _, a := range at.i.Addresses {
		if a.IP.Is4() == u.Src.Is4() {
			t.complain(a.IP, &u, 11, 3, func(answer unit) { t.send(at, answer) })
			return
		}
	}
}

// complain makes an ICMP error about a packet, if there may be one (RFC 1122
// section 3.2.2, RFC 4443 section 2.4).
func (t *twin) complain(router netip.Addr, u *unit, kind4, kind6 uint8, send func(unit)) {
	answer := unit{Flow: packet.Flow{Src: router, Dst: u.Src, Proto: packet.ICMP}, kind: kind4, ttl: 64, size: 100}
	if kind4 == 3 {
		answer.code = 4
	}
	if !u.Src.Is4() {
		answer.Proto, answer.kind, answer.code = packet.ICMPv6, kind6, 0
	}
	here := u.Proto.IsICMP() && u.off == 0
	switch {
	case u.Src.IsUnspecified() || u.Src.IsMulticast() || u.Src.String() == "255.255.255.255":
	case u.Src.Is4() && (u.off != 0 || here && (u.isError() || u.kind == 4 || u.kind == 5)):
	case !u.Src.Is4() && here && (u.kind < 128 || u.kind == 137):
	default:
		if u.off == 0 {
			about := u.Flow
			answer.about = &about
		}
		send(answer)
	}
}

// exit is the internet gateway on the way out: MTU IGW (ORDER-12).
func (t *twin) exit(from *host, u *unit) string {
	sender := t.owner(from.v, u.Src)
	if u.size > 1500 && (u.df || !u.Src.Is4()) { // MTU-5, MTU-7, to who the source is
		i := slices.IndexFunc(from.s.CIDRs, func(p netip.Prefix) bool { return p.Addr().Is4() == u.Src.Is4() })
		if i >= 0 && sender != nil && sender.up() {
			bare := u.bare()
			t.complain(from.s.CIDRs[i].Addr().Next(), &bare, 3, 2, func(answer unit) { t.arrive(sender, answer) })
		}
		return "MTU_EXCEEDED"
	}
	if g := from.v.InternetGateway; g.RouteTable != "" && within(u.Src, from.s.CIDRs) { // RT-48
		if kind, next := t.route(from.v, g.RouteTable, u.Src); kind == "BLACKHOLE" || kind == "eni" && next.i != from.i {
			return "IGW_INGRESS_REDIRECT"
		}
	}
	up := sender != nil && sender.up()
	switch {
	case u.Src.Is4() && (!up || !sender.public(u.Src).IsValid()): // IGW-4
		return "IGW_NO_PUBLIC_IP"
	case !u.Src.Is4() && (!up || within(u.Src, bogons)): // IGW-19
		return "SPOOFED_SRC"
	case within(u.Dst, bogons): // IGW-10
		return "IGW_PRIVATE_DST"
	}
	t.translate(from.v, u)
	return t.outside(u)
}

// translate is the 1:1 NAT on the way out, also of what an ICMP error quotes
// (IGW-3).
func (t *twin) translate(v *vpc.VPC, u *unit) {
	if u.about != nil {
		if h := t.owner(v, u.about.Dst); h != nil && h.public(u.about.Dst).IsValid() {
			about := *u.about
			about.Dst = h.public(about.Dst)
			u.about = &about
		}
	}
	if u.Src.Is4() {
		u.Src = t.owner(v, u.Src).public(u.Src)
	}
}

// outside is a packet behind the gateway: to the internet, or back in (ORDER-16),
// in pieces if it is too large (IGW-22).
func (t *twin) outside(u *unit) (fate string) {
	inRange := func(h *host) bool { return within(u.Dst, h.v.CIDRs) && !u.Dst.Is4() && !u.Dst.IsPrivate() }
	ours := func(x vpc.Address) bool { return x.Public == u.Dst }
	back := t.find(func(h *host) bool { return inRange(h) || slices.ContainsFunc(h.i.Addresses, ours) }) != nil
	if back && u.size <= 1500 {
		return t.enter(u)
	}
	for _, piece := range u.pieces() {
		if !back {
			t.arrive(nil, piece.bare())
			fate = "exited igw"
		} else if f := t.enter(&piece); fate == "" || !strings.HasPrefix(f, "delivered") {
			fate = f
		}
	}
	return fate
}

// pieces cuts a packet into what fits into 1500 bytes.
func (u *unit) pieces() (all []unit) {
	for at, data := 0, u.size-20; u.size > 1500 && at < data; at += 1480 {
		p := *u
		p.off, p.size, p.more = u.off+uint16(at), min(1480, data-at)+20, u.more || at+1480 < data
		if at > 0 {
			p.flags = 0
		}
		all = append(all, p)
	}
	if all == nil {
		return []unit{*u}
	}
	return all
}

// enter is the internet gateway on the way in: IGW EDGE-RT (ORDER-12, ORDER-13).
func (t *twin) enter(u *unit) string {
	private := u.Dst
	to := t.find(func(h *host) bool {
		for _, x := range h.i.Addresses {
			if x.Public == u.Dst && h.public(x.IP).IsValid() {
				private = x.IP
				return true
			}
		}
		return !u.Dst.Is4() && !within(u.Dst, bogons) && h.v.InternetGateway != nil && h.owns(u.Dst) // IGW-18
	})
	switch {
	case within(u.Src, bogons): // IGW-11
		return "IGW_PRIVATE_SRC"
	case to == nil || !to.up(): // IGW-9
		return "IGW_UNKNOWN_DST"
	case !u.Dst.Is4() && to.i.DenyInternetGateway: // IGW-21
		return "IGW_UNKNOWN_DST"
	}
	if kind, _ := t.route(to.v, to.s.RouteTable, u.Src); !u.Dst.Is4() && kind != "igw" { // IGW-20
		return "EIGW_UNSOLICITED"
	}
	if u.about != nil && u.about.Src == u.Dst { // IGW-3
		about := *u.about
		about.Src = private
		u.about = &about
	}
	u.Dst = private
	return t.edge(to.v, u)
}

// edge is the gateway's own route table (RT-42 to RT-49).
func (t *twin) edge(v *vpc.VPC, u *unit) string {
	to := t.owner(v, u.Dst)
	if v.InternetGateway.RouteTable != "" {
		kind, next := t.route(v, v.InternetGateway.RouteTable, u.Dst)
		switch {
		case kind == "BLACKHOLE": // RT-47
			return kind
		case kind == "eni" && !next.owns(u.Dst): // RT-49
			if !slices.ContainsFunc(next.i.Addresses, func(x vpc.Address) bool { return next.public(x.IP).IsValid() }) {
				return "IGW_MIDDLEBOX_NO_PUBLIC_IP" // RT-47
			}
			to = next
		}
	}
	return t.ingress(v, to, u, nil, false)
}
