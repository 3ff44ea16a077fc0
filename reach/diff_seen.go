package reach

import (
	"fmt"
	"net/netip"
	"slices"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/packet"
	"github.com/vpcemu/vpcemu/routing"
	"github.com/vpcemu/vpcemu/vpc"
)

// readdressed reports whether a packet that passes the same gateways as before comes from
// another public address, or is sent to another one, and notes which. It is no change if a
// network leaves the addresses open, or if a gateway takes another one of several that it
// had and has.
func (d *differ) readdressed(c *Change, several [2]bool) bool {
	for n, how := range [...]string{"comes from", "is sent to"} {
		was, is := d.before.public(c.Old, n), d.after.public(c.New, n)
		if was == nil || is == nil || was.open || is.open || slices.Equal(was.all, is.all) {
			continue
		}
		more := ""
		if several[n] && was.shared == is.shared && !is.shared {
			more = ", and others with others"
		}
		cause := func(h *holder) Cause {
			text := fmt.Sprintf("it %s %s", how, h.at)
			return Cause{Component: h.component, Rule: text, Text: h.component + ": " + text + more, Origin: h.origin}
		}
		c.By, c.Before = append(c.By, cause(is)), append(c.Before, cause(was))
	}
	return len(c.By) > 0
}

// holder is what has a public address.
type holder struct {
	at        netip.Addr
	component string
	origin    string
	all       []netip.Addr // its public addresses, in order
	open      bool         // some were not written down
	shared    bool         // a gateway, which has them for many
}

// public is what has the public address that the request of a trace comes from when it leaves
// the network, or the one that it is sent to from outside; nil if there is none.
func (s *side) public(t *emu.Trace, n int) *holder {
	var p packet.Packet
	if t == nil || t.Request == nil || t.Request.Arrived == nil || p.Parse(t.Request.Arrived.Bytes) != nil {
		return nil
	}
	at := t.Sent().Dst
	if n == 0 {
		if at = p.Flow.Src; at == t.Sent().Src {
			return nil
		}
	}
	if s.holders == nil {
		s.holders = holders(s.x.Network())
	}
	h := s.holders[at]
	if h == nil {
		return nil
	}
	one := *h
	one.at = at
	return &one
}

// holders are what has public addresses, by these.
func holders(n *vpc.Network) map[netip.Addr]*holder {
	all := make(map[netip.Addr]*holder)
	add := func(h *holder, list []vpc.Address) {
		for _, a := range list {
			if a.Public.IsValid() {
				h.all, h.open = append(h.all, a.Public), h.open || a.AutoPublic
				all[a.Public] = h
			}
		}
		slices.SortFunc(h.all, netip.Addr.Compare)
	}
	for _, v := range n.VPCs {
		for _, s := range v.Subnets {
			for _, i := range s.Interfaces {
				for _, a := range i.Addresses {
					add(&holder{component: "eni " + i.ID, origin: i.Origin}, []vpc.Address{a})
				}
			}
		}
		for _, b := range v.LoadBalancers {
			for _, node := range b.Nodes {
				for _, a := range node.Addresses {
					add(&holder{component: "lb " + b.ID, origin: b.Origin}, []vpc.Address{a})
				}
			}
		}
		for _, g := range v.Gateways {
			if g.Kind == routing.NATGateway {
				add(&holder{component: "nat " + g.ID, origin: g.Origin, shared: true}, g.Addresses)
			}
		}
	}
	return all
}
