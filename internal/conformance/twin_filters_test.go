package conformance

import (
	"slices"
	"time"

	"github.com/vpcemu/vpcemu/firewall"
	"github.com/vpcemu/vpcemu/packet"
	"github.com/vpcemu/vpcemu/vpc"
)

// flowID is SG-36: the flow as the interface sends it, and whether it is an echo.
type flowID struct {
	packet.Flow
	echo bool
}

// flow is a tracked flow.
type flow struct {
	last        time.Duration
	sent        [2]bool // out, in
	latest      bool    // the direction of the latest packet
	turns       int     // changes of direction
	established bool
}

func identify(in bool, f packet.Flow, echo bool) flowID {
	if in {
		f = f.Reverse()
	}
	return flowID{f, echo && f.Proto.IsICMP()}
}

func (u *unit) isError() bool { // SG-45; a later fragment has the type of its first one (SG-53)
	if u.Src.Is4() {
		return u.Proto == packet.ICMP && (u.kind == 3 || u.kind == 11 || u.kind == 12)
	}
	return u.Proto == packet.ICMPv6 && u.kind >= 1 && u.kind <= 4
}

func (u *unit) isEcho() bool {
	if u.Proto == packet.ICMP {
		return u.kind == 0 || u.kind == 8
	}
	return u.kind == 128 || u.kind == 129
}

// idle is when a flow is forgotten (SG-37 to SG-41).
func (f *flow) idle(proto packet.Proto, limits vpc.Timeouts) time.Duration {
	limits = limits.OrDefault()
	switch {
	case proto == packet.TCP && !f.established:
		return time.Minute
	case proto == packet.TCP:
		return limits.TCPEstablished
	case proto == packet.UDP && f.turns >= 3:
		return limits.UDPStream
	case proto == packet.UDP:
		return limits.UDP
	case proto.IsICMP():
		return 30 * time.Second
	}
	return 10 * time.Minute
}

// tracked finds a flow that has not idled out.
func (t *twin) tracked(h *host, id flowID) *flow {
	f := t.flows[h.key()][id]
	if f != nil && t.now-f.last >= f.idle(id.Proto, h.i.Timeouts) {
		delete(t.flows[h.key()], id)
		return nil
	}
	return f
}

// expire forgets what has idled out, which longer timeouts do not bring back.
func (t *twin) expire(now time.Duration) {
	t.now = now
	for _, h := range t.hosts {
		for id := range t.flows[h.key()] {
			t.tracked(h, id)
		}
	}
}

// next is one more packet of a flow.
func (f *flow) next(in bool, u *unit, now time.Duration) {
	dir := 0
	if in {
		dir = 1
	}
	if f.sent != [2]bool{} && f.latest != in {
		f.turns++
	}
	f.last, f.latest, f.sent[dir] = now, in, true
	if f.sent[0] && f.sent[1] && u.flags.Has(packet.ACK) && !u.flags.Has(packet.SYN) {
		f.established = true
	}
}

// group is the security groups of a host, in the order of ORDER-5.
func (t *twin) group(h *host, in bool, u *unit, remote []string) bool {
	if u.lost { // SG-53
		return false
	}
	id, rst := identify(in, u.Flow, u.isEcho()), u.Proto == packet.TCP && u.flags.Has(packet.RST)
	if f := t.tracked(h, id); f != nil && !u.isError() { // SG-26
		if f.next(in, u, t.now); rst {
			delete(t.flows[h.key()], id) // SG-41
		}
		return true
	}
	if u.isError() && u.about != nil && !u.stray {
		if t.tracked(h, identify(!in, *u.about, true)) != nil || t.tracked(h, identify(!in, *u.about, false)) != nil {
			return true // SG-45
		}
	}
	allowed, open := t.allows(h, in, u, remote)
	if allowed && !rst && !u.isError() && !(open && !u.kept && t.untracked(h, in, u, remote)) {
		if t.flows[h.key()] == nil {
			t.flows[h.key()] = make(map[flowID]*flow)
		}
		t.flows[h.key()][id] = new(flow)
		t.flows[h.key()][id].next(in, u, t.now)
	}
	return allowed
}

func rulesOf(h *host, in bool) (all []firewall.Rule) {
	for _, name := range h.i.Groups {
		if g := h.v.SecurityGroup(name); in {
			all = append(all, g.Ingress...)
		} else {
			all = append(all, g.Egress...)
		}
	}
	return all
}

// allows says whether a rule allows a packet, and whether one for everybody does
// (SG-7, SG-28, SG-29).
func (t *twin) allows(h *host, in bool, u *unit, remote []string) (allowed, open bool) {
	addr := u.Dst
	if in {
		addr = u.Src
	}
	for _, r := range rulesOf(h, in) {
		if !matches(r.Service, u) {
			continue
		}
		allowed = allowed || slices.Contains(remote, t.groupKey(h.v, r.Peer.Group)) || within(addr, t.entries(r.Peer.PrefixList)) || r.Peer.Prefix.Contains(addr)
		open = open || r.Peer.Prefix.Bits() == 0 && r.Peer.Prefix.Contains(addr)
	}
	return allowed, open
}

// untracked reports whether a packet that an open rule allows leaves no flow: the
// other direction is open on all ports (SG-28), or the packet may be the answer to
// one that left none (SG-30).
func (t *twin) untracked(h *host, in bool, u *unit, remote []string) bool {
	if !u.Proto.HasPorts() { // SG-32
		return false
	}
	if t.openToAll(h, !in, u) {
		return true
	}
	asked := *u
	asked.DstPort = u.SrcPort
	asked.Src, asked.Dst = u.Dst, u.Src
	_, open := t.allows(h, !in, &asked, remote)
	starts := u.flags.Has(packet.SYN) && !u.flags.Has(packet.ACK)
	return !starts && open && t.openToAll(h, in, u)
}

func (t *twin) openToAll(h *host, in bool, u *unit) bool {
	return slices.ContainsFunc(rulesOf(h, in), func(r firewall.Rule) bool {
		p := r.Peer.Prefix
		ports := r.Service.Protocol == firewall.AllProtocols || r.Service.Protocol == int(u.Proto) && r.Service.From == 0 && r.Service.To == 65535
		return p.IsValid() && p.Bits() == 0 && p.Addr().Is4() == u.Src.Is4() && ports
	})
}

// acl is the network ACL of a host's subnet: the lowest number that matches
// decides, and no match denies (ACL-4, ACL-5).
func (t *twin) acl(h *host, in bool, u *unit) bool {
	if h.s.NetworkACL == "" || u.lost { // ACL-8; SG-53
		return true
	}
	entries, remote := h.v.NetworkACL(h.s.NetworkACL).Egress, u.Dst
	if in {
		entries, remote = h.v.NetworkACL(h.s.NetworkACL).Ingress, u.Src
	}
	number, allow := 1<<20, false
	for _, e := range entries {
		if e.Number < number && e.CIDR.Contains(remote) && matches(e.Service, u) {
			number, allow = e.Number, e.Action == firewall.Allow
		}
	}
	return allow
}

func matches(s firewall.Service, u *unit) bool {
	switch {
	case s.Protocol == firewall.AllProtocols:
		return true
	case s.Protocol != int(u.Proto):
		return false
	case u.Proto.HasPorts():
		return int(u.DstPort) >= s.From && int(u.DstPort) <= s.To
	case u.Proto.IsICMP():
		return s.From < 0 || s.From == int(u.kind) && (s.To < 0 || s.To == int(u.code))
	}
	return true
}
