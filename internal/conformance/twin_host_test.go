package conformance

import (
	"fmt"
	"net/netip"
	"slices"

	"github.com/vpcemu/vpcemu/packet"
	"github.com/vpcemu/vpcemu/routing"
	"github.com/vpcemu/vpcemu/vpc"
)

// host is an interface and where it is; nil is the internet.
type host struct {
	v *vpc.VPC
	s *vpc.Subnet
	i *vpc.Interface
	// nat or transit is the gateway whose interface it is, nil for none.
	nat, transit *vpc.Gateway
}

// unit is a packet.
type unit struct {
	packet.Flow
	flags      packet.TCPFlags
	kind, code uint8
	about      *packet.Flow // what an ICMP error quotes
	size       int
	ttl        uint8
	df, more   bool
	id         uint32
	off        uint16
	lost       bool // a later fragment whose first one is not known
	kept       bool // it goes a way on which all flows are tracked (SG-34)
	stray      bool // an ICMP error that quotes a packet which its receiver cannot have sent
}

func unitOf(p *packet.Packet) unit {
	u := unit{Flow: p.Flow, flags: p.Flags, kind: p.ICMPType, code: p.ICMPCode, size: p.Len(), ttl: p.TTL(), df: p.DF(), more: p.MoreFragments, id: p.FragID, off: p.FragOffset}
	if about, ok := p.EmbeddedFlow(); ok {
		u.about = &about
	}
	return u
}

// String is the packet as a port hears it.
func (u unit) String() string {
	s := u.Flow.String()
	if u.Proto.IsICMP() {
		s += fmt.Sprintf(" type=%d/%d", u.kind, u.code)
	}
	if u.about != nil {
		s += " about {" + u.about.String() + "}"
	}
	return s
}

func (h *host) key() string {
	if h == nil {
		return "internet"
	}
	return h.v.ID + "/" + h.i.ID
}

// look takes the network as it stands.
func (t *twin) look(n *vpc.Network) {
	t.n, t.hosts, t.nats = n, nil, nil
	for _, v := range t.n.VPCs {
		for _, s := range v.Subnets {
			for _, i := range s.Interfaces {
				t.hosts = append(t.hosts, &host{v: v, s: s, i: i})
			}
		}
		for _, g := range v.Gateways {
			if g.Kind == routing.NATGateway && g.State != "deleted" {
				t.nats = append(t.nats, natHost(v, g))
			}
		}
	}
	for _, g := range t.n.Gateways {
		t.nats = append(t.nats, t.transitHosts(g)...)
	}
}

func (t *twin) find(ok func(*host) bool) *host {
	for _, h := range slices.Concat(t.hosts, t.nats) {
		if ok(h) {
			return h
		}
	}
	return nil
}

// owner is who has a private address in a VPC (VPC-19).
func (t *twin) owner(v *vpc.VPC, a netip.Addr) *host {
	return t.find(func(h *host) bool { return h.v == v && h.owns(a) })
}

func (h *host) owns(a netip.Addr) bool { // ENI-2, ENI-13
	return slices.ContainsFunc(h.i.Addresses, func(x vpc.Address) bool { return x.IP == a }) || within(a, h.i.Prefixes)
}

func (h *host) running() bool {
	return h.i.Instance == "" || h.v.Instance(h.i.Instance).State == vpc.Running
}
func (h *host) up() bool { return !h.i.Detached && h.running() } // ENI-8

// public is the public address of a private one, invalid if it has none (IGW-27).
func (h *host) public(private netip.Addr) netip.Addr {
	for _, x := range h.i.Addresses {
		if x.IP == private && (x.Elastic || h.running()) {
			return x.Public
		}
	}
	return netip.Addr{}
}

func within(a netip.Addr, ranges []netip.Prefix) bool {
	return slices.ContainsFunc(ranges, func(p netip.Prefix) bool { return p.Contains(a) })
}

func prefixes(list ...string) (out []netip.Prefix) {
	for _, s := range list {
		out = append(out, netip.MustParsePrefix(s))
	}
	return out
}

var (
	bogons = prefixes("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4", "240.0.0.0/4",
		"fc00::/7", "fe80::/10", "ff00::/8") // IGW-10 to IGW-12
	reserved = prefixes("169.254.0.0/16", "fe80::/10", "fd00:ec2::/32") // LNK-11, RT-30
)
