package conformance

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/vpcemu/vpcemu/vpc"
)

// exit is the internet gateway on the way out: MTU IGW (ORDER-12).
func (t *twin) exit(from *host, u *unit) string {
	sender := t.owner(from.v, u.Src)
	if t.tooLarge(from, sender, u) {
		return "MTU_EXCEEDED"
	}
	if g := from.v.InternetGateway; g.RouteTable != "" && within(u.Src, from.s.CIDRs) { // RT-48
		if w := t.route(from.v, g.RouteTable, u.Src); w.kind == "BLACKHOLE" || w.kind == "eni" && w.next.i != from.i {
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
	return t.outside(u, "igw")
}

// tooLarge is what may not be cut to the internet's size; whoever has its source is
// told (MTU-5, MTU-7).
func (t *twin) tooLarge(from, sender *host, u *unit) bool {
	if u.size <= 1500 || !u.df && u.Src.Is4() {
		return false
	}
	i := slices.IndexFunc(from.s.CIDRs, func(p netip.Prefix) bool { return p.Addr().Is4() == u.Src.Is4() })
	if i >= 0 && sender != nil && sender.nat != nil {
		t.tooLargeInside(sender, from.s.CIDRs[i].Addr().Next(), u)
	} else if i >= 0 && sender != nil && sender.up() {
		bare := u.bare()
		t.complain(from.s.CIDRs[i].Addr().Next(), &bare, 3, 2, func(answer unit) { t.arrive(sender, answer) })
	}
	return true
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
func (t *twin) outside(u *unit, gateway string) (fate string) {
	inRange := func(h *host) bool { return within(u.Dst, h.v.CIDRs) && !u.Dst.Is4() && !u.Dst.IsPrivate() }
	ours := func(x vpc.Address) bool { return x.Public == u.Dst }
	back := t.find(func(h *host) bool { return inRange(h) || slices.ContainsFunc(h.i.Addresses, ours) }) != nil
	if back && u.size <= 1500 {
		return t.enter(u)
	}
	for _, piece := range u.cut(1500) {
		if !back {
			t.arrive(nil, piece.bare())
			fate = "exited " + gateway
		} else if f := t.enter(&piece); fate == "" || !strings.HasPrefix(f, "delivered") {
			fate = f
		}
	}
	return fate
}

// cut cuts a packet into pieces of at most so many bytes.
func (u *unit) cut(room int) (all []unit) {
	most := (room - 20) &^ 7
	for at, data := 0, u.size-20; u.size > room && at < data; at += most {
		p := *u
		p.off, p.size, p.more = u.off+uint16(at), min(most, data-at)+20, u.more || at+most < data
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
		return !u.Dst.Is4() && !within(u.Dst, bogons) && t.online(h.v) && h.owns(u.Dst) // IGW-18
	})
	if to != nil && !u.Dst.Is4() && t.route(to.v, to.s.RouteTable, u.Src).kind == "eigw" {
		return t.admitted(to, u)
	}
	switch {
	case to != nil && to.v.InternetGateway == nil:
		return "IGW_NOT_ATTACHED"
	case within(u.Src, bogons): // IGW-11
		return "IGW_PRIVATE_SRC"
	case to == nil || !to.up(): // IGW-9
		return "IGW_UNKNOWN_DST"
	case !u.Dst.Is4() && to.i.DenyInternetGateway: // IGW-21
		return "IGW_UNKNOWN_DST"
	}
	if !u.Dst.Is4() && t.route(to.v, to.s.RouteTable, u.Src).kind != "igw" { // IGW-20
		return "EIGW_UNSOLICITED"
	}
	if u.about != nil && u.about.Src == u.Dst { // IGW-3
		about := *u.about
		about.Src = private
		u.about = &about
	} else if u.Dst != private {
		u.stray = true // SG-45: it is about no packet that went out here
	}
	u.Dst = private
	return t.edge(to.v, u)
}

// edge is the gateway's own route table (RT-42 to RT-49).
func (t *twin) edge(v *vpc.VPC, u *unit) string {
	to := t.owner(v, u.Dst)
	if v.InternetGateway.RouteTable != "" {
		w := t.route(v, v.InternetGateway.RouteTable, u.Dst)
		switch {
		case w.kind == "BLACKHOLE": // RT-47
			return w.kind
		case w.kind == "eni" && !w.next.owns(u.Dst): // RT-49
			if !slices.ContainsFunc(w.next.i.Addresses, func(x vpc.Address) bool { return w.next.public(x.IP).IsValid() }) {
				return "IGW_MIDDLEBOX_NO_PUBLIC_IP" // RT-47
			}
			to = w.next
		}
	}
	return t.ingress(v, to, u, nil, false)
}
