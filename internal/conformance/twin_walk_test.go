package conformance

import (
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/vpcemu/vpcemu/internal/random"
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
	went  map[string]map[packet.Flow]time.Duration // out by egress-only gateways, by VPC
	nats  []*host                                  // the interfaces of NAT and transit gateways
	maps  map[string]map[packet.Flow]*mapping      // of NAT gateways, by key and inside flow
	made  int                                      // mappings since the latest packet was sent
	// chosen are the ports that a gateway of the emulator may have chosen for a flow.
	chosen func(sources []vpc.Address, inside packet.Flow) []uint16
	log    []string
	heard  []random.Heard
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
		u.Flow, u.kind, u.code, u.about = first.Flow, first.kind, first.code, first.about
	case u.off != 0:
		u.lost = true
	}
}

// bare is a packet as it is on the wire, where later fragments have no ports.
func (u unit) bare() unit {
	if u.lost, u.stray, u.kept = false, false, false; u.off != 0 {
		u.SrcPort, u.DstPort, u.kind, u.code, u.about = 0, 0, 0, 0, nil
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
		sender = from.groups()
	}
	w := t.route(from.v, from.s.RouteTable, u.Dst)
	u.kept = (w.kind == "eigw" || w.kind == "nat") && !within(u.Dst, from.s.CIDRs)
	if to := t.owner(t.reaches(from, w, u), u.Dst); to != nil {
		receiver = to.groups()
	}
	if !t.group(from, false, u, receiver) {
		return "SG_EGRESS"
	}
	return t.depart(from, u, sender)
}

// depart is ORDER-3 from step 6 on, for hosts and for what gateways send.
func (t *twin) depart(from *host, u *unit, sender []string) string {
	if within(u.Dst, from.s.CIDRs) {
		return t.ingress(from.v, t.owner(from.v, u.Dst), u, sender, true) // RT-12, ACL-3
	}
	w := t.route(from.v, from.s.RouteTable, u.Dst)
	inside := w.next != nil && w.next.s == from.s // ORDER-11
	switch {
	case !inside && !t.acl(from, false, u):
		return "NACL_EGRESS"
	case w.next != nil && w.kind != "BLACKHOLE" && w.next.i == from.i:
		return "ROUTING_LOOP" // RT-52
	case w.kind == "eni" || w.kind == "nat":
		return t.ingress(from.v, w.next, u, sender, inside)
	}
	return t.follow(from, w, u, sender)
}

// follow is ORDER-3 step 10, where the way leads out of the sender's hands.
func (t *twin) follow(from *host, w way, u *unit, sender []string) string {
	switch w.kind {
	case "local":
		return t.ingress(from.v, t.owner(from.v, u.Dst), u, sender, false)
	case "igw":
		return t.exit(from, u)
	case "eigw":
		return t.egressOnly(from, u)
	case "pcx":
		return t.peer(from, w.via, u, sender)
	case "tgw":
		return t.intoTransit(from, w.via, u, sender)
	}
	return w.kind
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
	dst, two := u.Dst.String(), from.v.CIDRs[0].Addr().Next().Next().String()
	resolver := slices.Contains([]string{two, "169.254.169.253", "fd00:ec2::253"}, dst)
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
	case dns && from.v.DisableDNS && resolver: // LNK-5
		return "NO_SUCH_ADDRESS"
	case !within(u.Dst, reserved) && (dst != two || !dns):
		return ""
	case !from.owns(u.Src): // LNK-10
		return "RESERVED_RANGE"
	case dns && resolver: // LNK-2, LNK-3
		return t.serve(from, u, "dns")
	case port(packet.TCP, 80) && dst == "169.254.169.254": // LNK-1
		return t.serve(from, u, "imds")
	}
	return "RESERVED_RANGE" // LNK-11
}

// serve is a link-local service: it answers what asks something, straight to the
// guest (ORDER-35).
func (t *twin) serve(from *host, u *unit, name string) string {
	headers := 40
	if !u.Src.Is4() {
		headers = 60
	}
	asks := u.Proto == packet.UDP || u.flags.Has(packet.SYN) || u.flags.Has(packet.FIN) || u.size > headers
	silent := u.Proto == packet.TCP && (u.flags.Has(packet.RST) || u.flags.Has(packet.SYN|packet.ACK))
	if asks && !silent && !u.more && u.off == 0 {
		t.arrive(from, unit{Flow: u.Reverse()})
	}
	return "delivered " + name
}

// route is the longest match of a table; its kind is a reason where it leads
// nowhere (RT-13 to RT-16, RT-37).
func (t *twin) route(v *vpc.VPC, table string, dst netip.Addr) way {
	w, bits := way{kind: "NO_ROUTE"}, -1
	for _, p := range v.CIDRs {
		if p.Contains(dst) {
			w.kind, bits = "local", p.Bits()
		}
	}
	if table == "" {
		return w
	}
	for _, r := range v.RouteTable(table).Routes {
		if r.PrefixList == "" && r.Destination.Contains(dst) && r.Destination.Bits() >= bits {
			bits = r.Destination.Bits()
			w = t.target(v, r)
		}
	}
	for _, r := range v.RouteTable(table).Routes { // RT-21; a static route of equal length wins
		for _, p := range t.entries(r.PrefixList) {
			if p.Contains(dst) && p.Bits() > bits {
				bits = p.Bits()
				w = t.target(v, r)
			}
		}
	}
	return w
}

func (t *twin) entries(list string) []netip.Prefix {
	if l := t.n.PrefixList(list); l != nil {
		return l.Entries
	}
	return nil
}

// way is where a route leads.
type way struct {
	kind string       // of the target, or the reason for a drop
	next *host        // the interface that is the target
	via  *vpc.Gateway // the gateway that is
}

func (t *twin) target(v *vpc.VPC, r routing.Route) way {
	switch {
	case r.Blackhole:
		return way{kind: "BLACKHOLE"}
	case r.Target.Kind == routing.InternetGateway:
		return way{kind: "igw"}
	}
	if g := t.gateway(v, r.Target.ID); g != nil {
		return t.leadsTo(v, g)
	}
	next := t.find(func(h *host) bool { return h.v == v && h.i.ID == r.Target.ID })
	if !next.up() {
		return way{kind: "BLACKHOLE", next: next}
	}
	return way{kind: "eni", next: next}
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
	case to.transit != nil: // ORDER-40
		return "NO_SUCH_ADDRESS"
	case to.nat != nil:
		return t.throughNAT(to, u)
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
		t.heard = append(t.heard, random.Heard{Port: name, Flow: u.Flow})
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
