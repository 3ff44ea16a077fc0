package vpc

import (
	"net/netip"
	"slices"
)

// KeepAddresses fills in what n leaves open with what the same had in an earlier
// network: a running instance keeps its addresses, whatever is added beside it.
// [Network.Assign] does the rest. What is written down in n comes first. The
// interfaces of endpoints may get others.
func (n *Network) KeepAddresses(from *Network) {
	taken := make(map[netip.Addr]bool) // public ones
	n.eachAddress(func(a Address) { taken[a.Public] = true })
	keepers := make(map[*VPC]keeper)
	for _, v := range n.VPCs {
		was := byID(from.VPCs, v.ID, func(o *VPC) string { return o.ID })
		if was == nil {
			continue
		}
		k := keeper{vpc: v, private: v.takenAddresses(), public: taken}
		keepers[v] = k
		for _, s := range v.Subnets {
			old := byID(was.Subnets, s.ID, func(o *Subnet) string { return o.ID })
			for _, i := range s.Interfaces {
				if old == nil {
					continue
				}
				if o := byID(old.Interfaces, i.ID, func(o *Interface) string { return o.ID }); o != nil {
					i.Addresses = k.keep(s, false, i.Addresses, o.Addresses)
				}
			}
		}
		for _, g := range v.Gateways {
			if o := byID(was.Gateways, g.ID, func(o *Gateway) string { return o.ID }); o != nil && g.Kind == o.Kind {
				g.Addresses = k.keep(v.Subnet(g.Subnet), !g.Private, g.Addresses, o.Addresses)
			}
		}
		for _, b := range v.LoadBalancers {
			k.balancer(b, was)
		}
	}
	for _, g := range n.Gateways {
		if o := byID(from.Gateways, g.ID, func(o *Gateway) string { return o.ID }); o != nil && g.Transit != nil && o.Transit != nil {
			for _, a := range g.Transit.Attachments {
				keepers[n.VPC(a.VPC)].attachment(a, byID(o.Transit.Attachments, a.ID, func(o *TransitAttachment) string { return o.ID }))
			}
		}
	}
}

// keeper hands out the addresses that things of one VPC had.
type keeper struct {
	vpc             *VPC
	private, public map[netip.Addr]bool
}

func (k keeper) balancer(b *LoadBalancer, was *VPC) {
	o := byID(was.LoadBalancers, b.ID, func(o *LoadBalancer) string { return o.ID })
	if o == nil || o.Internal != b.Internal {
		return
	}
	for j := range b.Nodes {
		for _, before := range o.Nodes {
			if s := k.vpc.Subnet(b.Nodes[j].Subnet); s != nil && was.Subnet(before.Subnet) != nil && was.Subnet(before.Subnet).ID == s.ID {
				b.Nodes[j].Addresses = k.keep(s, !b.Internal, b.Nodes[j].Addresses, before.Addresses)
			}
		}
	}
}

// attachment gives the interfaces of a transit gateway's attachment the addresses that
// they had, if it names the same subnets.
func (k keeper) attachment(a, was *TransitAttachment) {
	if k.vpc == nil || was == nil || len(a.Addresses) > 0 || !slices.Equal(a.Subnets, was.Subnets) || len(was.Addresses) != len(a.Subnets) {
		return
	}
	a.Addresses = make([]netip.Addr, len(a.Subnets))
	for j, name := range a.Subnets {
		if s := k.vpc.Subnet(name); s != nil && k.fits(s, was.Addresses[j]) {
			a.Addresses[j] = was.Addresses[j]
			k.private[was.Addresses[j]] = true
		}
	}
}

// keep fills the open places of a list of addresses with those of an earlier one, as
// far as they are in the subnet and nobody else's. Public says that what has none
// written down gets a public one too.
func (k keeper) keep(s *Subnet, public bool, now, before []Address) []Address {
	if s == nil || len(before) == 0 {
		return now
	}
	if len(now) == 0 && k.fits(s, before[0].IP) {
		now = []Address{{AutoPublic: public}}
	}
	for j := range now {
		if j >= len(before) {
			break
		}
		if !now[j].IP.IsValid() && k.fits(s, before[j].IP) {
			now[j].IP = before[j].IP
			k.private[before[j].IP] = true
		}
		if public := before[j].Public; now[j].AutoPublic && !now[j].Public.IsValid() && before[j].AutoPublic && !k.public[public] {
			now[j].Public = public
			k.public[public] = true
		}
	}
	return now
}

func (k keeper) fits(s *Subnet, a netip.Addr) bool {
	if !a.IsValid() || k.private[a] {
		return false
	}
	for _, c := range s.CIDRs {
		if c.Contains(a) {
			return true
		}
	}
	return false
}

func byID[T any](list []*T, id string, of func(*T) string) *T {
	for _, e := range list {
		if of(e) == id {
			return e
		}
	}
	return nil
}
