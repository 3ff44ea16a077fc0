package conformance

import (
	"slices"
	"time"

	"github.com/vpcemu/vpcemu/packet"
	"github.com/vpcemu/vpcemu/routing"
	"github.com/vpcemu/vpcemu/vpc"
)

// gateway is what a name in a route of a VPC means: one of its own gateways first.
func (t *twin) gateway(v *vpc.VPC, name string) *vpc.Gateway {
	for _, g := range slices.Concat(v.Gateways, t.n.Gateways) {
		if g.ID == name {
			return g
		}
	}
	return nil
}

// leadsTo is where a route to a gateway leads (RT-33, RT-34, EIGW-8).
func (t *twin) leadsTo(v *vpc.VPC, g *vpc.Gateway) way {
	switch {
	case g.Kind == routing.TransitGateway:
		return transitWay(g, v)
	case g.Kind == routing.PeeringConnection && g.State == "active":
		return way{kind: "pcx", via: g}
	case g.Kind == routing.NATGateway && g.State != "deleted":
		return way{kind: "nat", via: g, next: t.find(func(h *host) bool { return h.nat == g })}
	case g.Kind == routing.EgressOnlyGateway && g.State == "":
		return way{kind: "eigw", via: g}
	}
	return way{kind: "BLACKHOLE", via: g}
}

// groups are the security groups of a host, told apart from those of the same name
// in other VPCs (VPC-19).
func (h *host) groups() (keys []string) {
	for _, name := range h.i.Groups {
		keys = append(keys, h.v.ID+"/"+name)
	}
	return keys
}

// groupKey is whom a rule of a VPC means: its own group of that name, else another
// VPC's (SG-20).
func (t *twin) groupKey(v *vpc.VPC, name string) string {
	for _, w := range append([]*vpc.VPC{v}, t.n.VPCs...) {
		if name != "" && w.SecurityGroup(name) != nil {
			return w.ID + "/" + name
		}
	}
	return "nobody"
}

// far is the VPC at the other end of a peering connection.
func (t *twin) far(v *vpc.VPC, g *vpc.Gateway) *vpc.VPC {
	if g.VPCs[0] == v.ID {
		return t.n.VPC(g.VPCs[1])
	}
	return t.n.VPC(g.VPCs[0])
}

// reaches is the VPC in which groups are looked for that a packet goes to: the
// sender's, or behind peering (SG-20, PCX-10).
func (t *twin) reaches(from *host, w way, u *unit) *vpc.VPC {
	if w.kind == "pcx" && !within(u.Dst, from.s.CIDRs) {
		return t.far(from.v, w.via)
	}
	return from.v
}

// peer is ORDER-25 steps 2 and 3.
func (t *twin) peer(from *host, g *vpc.Gateway, u *unit, sender []string) string {
	far := t.far(from.v, g)
	if t.owner(from.v, u.Src) == nil || !within(u.Dst, far.CIDRs) { // PCX-6
		return "PCX_ADDRESS"
	}
	return t.ingress(far, t.owner(far, u.Dst), u, sender, false)
}

// egressOnly is ORDER-33 steps 2 and 3.
func (t *twin) egressOnly(from *host, u *unit) string {
	sender := t.owner(from.v, u.Src)
	switch {
	case t.tooLarge(from, sender, u):
		return "MTU_EXCEEDED"
	case sender == nil || !sender.up() || within(u.Src, bogons): // EIGW-6
		return "SPOOFED_SRC"
	case within(u.Dst, bogons):
		return "IGW_PRIVATE_DST"
	}
	if t.went[from.v.ID] == nil {
		t.went[from.v.ID] = make(map[packet.Flow]time.Duration)
	}
	if !u.isError() { // ORDER-5: it is of no flow
		t.went[from.v.ID][u.Flow] = t.now
	}
	return t.outside(u, "eigw")
}

// admitted is ORDER-33 r1 and r2: what answers something that went out, and errors
// about it (EIGW-2, EIGW-5).
func (t *twin) admitted(to *host, u *unit) string {
	about := u.Flow.Reverse()
	if u.isError() {
		if u.about == nil {
			return "EIGW_UNSOLICITED"
		}
		about = *u.about
	}
	idle := 120 * time.Second
	if about.Proto == packet.TCP {
		idle = 350 * time.Second
	}
	at, ok := t.went[to.v.ID][about]
	if !ok || t.now-at >= idle {
		return "EIGW_UNSOLICITED"
	}
	t.went[to.v.ID][about], u.kept = t.now, true
	return t.ingress(to.v, to, u, nil, false)
}

// online reports whether a VPC has a gateway by which IPv6 comes in from the internet.
func (t *twin) online(v *vpc.VPC) bool {
	return v.InternetGateway != nil || slices.ContainsFunc(v.Gateways, func(g *vpc.Gateway) bool { return g.Kind == routing.EgressOnlyGateway })
}
