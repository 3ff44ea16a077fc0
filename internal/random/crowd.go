package random

import (
	"fmt"
	"net/netip"

	"github.com/vpcemu/vpcemu/vpc"
)

// Crowd adds interfaces that are much like those of the network: in the same subnets, with
// the same settings, and with addresses close by; some then differ in one thing.
func (m *Maker) Crowd(n *vpc.Network) {
	for _, v := range n.VPCs {
		m.about(v)
		for _, s := range v.Subnets {
			for _, i := range s.Interfaces[:len(s.Interfaces):len(s.Interfaces)] {
				if i.Kind == "" && len(i.Prefixes) == 0 {
					for range m.IntN(4) {
						m.like(v, s, i)
					}
				}
			}
		}
	}
}

// about adds rules about some addresses of a subnet only.
func (m *Maker) about(v *vpc.VPC) {
	for range m.IntN(4) {
		p := Pick(m, Pick(m, v.Subnets...).CIDRs...)
		b := p.Addr().AsSlice()
		b[len(b)-1] = byte(m.IntN(100))
		a, _ := netip.AddrFromSlice(b)
		some := netip.PrefixFrom(a, a.BitLen()-m.IntN(7)).Masked().String()
		g := v.SecurityGroup(Pick(m, "g0", "g1", "g2"))
		if m.One(2) {
			g.AllowIn(Pick(m, "tcp/7000", "all"), some)
		} else {
			g.AllowOut(Pick(m, "tcp/7000", "all"), some)
		}
	}
}

// like adds an interface that is like another.
func (m *Maker) like(v *vpc.VPC, s *vpc.Subnet, i *vpc.Interface) {
	added := *i
	added.ID = fmt.Sprintf("%s-%d", i.ID, len(s.Interfaces))
	added.Name = added.ID
	added.Addresses = nil
	for _, a := range i.Addresses {
		if a.IP.IsValid() {
			b := a.IP.AsSlice()
			b[len(b)-1] = byte(20 + m.IntN(80))
			a.IP, _ = netip.AddrFromSlice(b)
			if taken(v, a.IP) {
				return
			}
		}
		if a.Public.IsValid() {
			m.public++
			a.Public = netip.AddrFrom4([4]byte{198, 51, 100 + byte(m.public>>8), byte(m.public)})
		}
		added.Addresses = append(added.Addresses, a)
	}
	if i.Instance != "" {
		was := v.Instance(i.Instance)
		if was == nil {
			return
		}
		now := v.AddInstance("i-" + added.ID)
		now.State, now.TrackedFlows = was.State, was.TrackedFlows
		added.Instance = now.ID
	}
	switch m.IntN(12) {
	case 0:
		added.NoSourceDestCheck = !added.NoSourceDestCheck
	case 1:
		added.Groups = []string{Pick(m, "g0", "g1", "g2")}
	case 2:
		added.DenyInternetGateway = !added.DenyInternetGateway
	case 3:
		added.Detached = !added.Detached
	}
	s.Interfaces = append(s.Interfaces, &added)
}

// taken reports whether an interface of the VPC has an address, or whether a load balancer
// or gateway might.
func taken(v *vpc.VPC, a netip.Addr) bool {
	for _, s := range v.Subnets {
		for _, i := range s.Interfaces {
			for _, has := range i.Addresses {
				if has.IP == a {
					return true
				}
			}
			for _, p := range i.Prefixes {
				if p.Contains(a) {
					return true
				}
			}
		}
	}
	return false
}
