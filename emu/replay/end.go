package replay

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/vpcemu/vpcemu/emu"
	"github.com/vpcemu/vpcemu/firewall"
)

// end is what an address of the capture stands for.
type end struct {
	name     string    // as emu.Query takes it
	port     *emu.Port // nil if nobody has the address, so that nobody sends from it
	unmapped bool
}

// outside reports whether a port is that of the internet or of on-premises.
func outside(p *emu.Port) bool {
	return p != nil && (p.ID() == "internet" || strings.HasPrefix(p.ID(), "onprem:"))
}

// end is what a captured address stands for: what it is mapped to, else who has it in
// the network.
func (r *Replay) end(a netip.Addr) *end {
	e := r.ends[a]
	if e == nil {
		e = r.newEnd(a)
		r.ends[a] = e
	}
	return e
}

func (r *Replay) newEnd(a netip.Addr) *end {
	name, ok := r.names[a]
	if ok {
		name = r.hostOf(name, a)
	} else {
		name = a.String()
	}
	port, err := r.em.Port(name)
	if err == nil || ok || r.inside(a) {
		return &end{name: name, port: port}
	}
	return &end{name: name, unmapped: true}
}

// inside reports whether an address belongs to the network although no interface has
// it: packets to it meet what the network has for them.
func (r *Replay) inside(a netip.Addr) bool {
	if a.IsLinkLocalUnicast() {
		return true
	}
	for _, v := range r.net.VPCs {
		for _, p := range v.CIDRs {
			if p.Contains(a) {
				return true
			}
		}
	}
	return false
}

// hostOf gives every address that is mapped to "internet" or "onprem" as such a host of
// its own there. A public address stays what it is on the internet.
func (r *Replay) hostOf(name string, a netip.Addr) string {
	switch {
	case name == "internet":
		if p, err := r.em.Port(a.String()); err == nil && p == r.em.Internet() {
			return name + ":" + a.String()
		}
	case name == "onprem" || strings.HasPrefix(name, "onprem:") && !endsInAddress(name):
	default:
		return name
	}
	k := crowd{name, a.Is4()}
	n := r.crowds[k]
	r.crowds[k]++
	if n == 0 {
		return name // the host that a trace takes
	}
	host, ok := r.someHost(name, a.Is4())
	if !ok {
		return name
	}
	for ; n > 0; n-- {
		host = host.Next()
	}
	return name + ":" + host.String()
}

// crowd is a name that stands for many hosts of an IP version.
type crowd struct {
	name string
	v4   bool
}

// endsInAddress reports whether a name like onprem:GATEWAY:ADDRESS has an address.
func endsInAddress(name string) bool {
	for rest, found := name, true; found; {
		if _, rest, found = strings.Cut(rest, ":"); found {
			if _, err := netip.ParseAddr(rest); err == nil {
				return true
			}
		}
	}
	return false
}

// someHost is the host that a trace takes for a name.
func (r *Replay) someHost(name string, v4 bool) (netip.Addr, bool) {
	for _, v := range r.net.VPCs {
		for _, s := range v.Subnets {
			for _, i := range s.Interfaces {
				if p, err := r.between(&end{name: name}, &end{name: v.ID + "/" + i.ID}, v4); err == nil {
					return p.src, true
				}
			}
		}
	}
	return netip.Addr{}, false
}

// pair is what two ends call themselves and each other.
type pair struct {
	src, dst netip.Addr
	err      error
}

type pairKey struct {
	src, dst string
	v4       bool
}

// between is with which addresses one end sends to another: what a trace would.
func (r *Replay) between(src, dst *end, v4 bool) (pair, error) {
	k := pairKey{src.name, dst.name, v4}
	p, ok := r.pairs[k]
	if !ok {
		p = r.newPair(k)
		r.pairs[k] = p
	}
	return p, p.err
}

func (r *Replay) newPair(k pairKey) pair {
	t, err := r.em.Trace(emu.Query{
		Source: k.src, Destination: k.dst, IPv6: !k.v4, OneWay: true,
		Service: firewall.Service{Protocol: 6, From: 443, To: 443},
	})
	if err != nil {
		return pair{err: err}
	}
	p := pair{src: t.Sent().Src, dst: t.Sent().Dst}
	if p.src.Is4() != k.v4 {
		p.err = fmt.Errorf("%s and %s do not talk over IPv%d", k.src, k.dst, version(k.v4))
	}
	return p
}

func version(v4 bool) int {
	if v4 {
		return 4
	}
	return 6
}
