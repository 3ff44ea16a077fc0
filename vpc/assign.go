package vpc

import (
	"fmt"
	"net/netip"
	"slices"

	"github.com/vpcemu/vpcemu/routing"
)

// publicPools are where addresses for [Address.AutoPublic] come from: ranges for
// documentation and benchmarks, which belong to nobody on the internet.
var publicPools = [...]netip.Prefix{
	netip.MustParsePrefix("198.51.100.0/24"), // TEST-NET-2
	netip.MustParsePrefix("198.18.0.0/16"),   // benchmarking, RFC 2544
}

// Assign fills in what the description leaves open, always in the same way:
//
//   - an interface without an address, or an [Address] without an IP, takes the
//     first free IPv4 address of its subnet (IPv6 in an IPv6-only subnet);
//   - transit gateways get their attachments, tables, subnets and addresses: see
//     [Transit];
//   - an interface or Gateway Load Balancer endpoint gets an interface in each of its
//     subnets in which it has none;
//   - an address with AutoPublic and no Public takes a free one of 198.51.100.0/24,
//     then of 198.18.0.0/16;
//   - a NAT gateway or a peering connection that names no state gets the one in
//     which making it would have ended (NAT-30, PCX-2).
//
// Addresses that are written down come first, wherever they stand; so do
// delegated prefixes. What has been assigned stays: a second call changes nothing.
// A subnet that is full is an Error with [CodeNoFreeAddress] (SUB-7).
func (n *Network) Assign() error {
	var errs Errors
	for _, v := range n.VPCs {
		v.endpointInterfaces()
	}
	transit := n.settleTransit()
	for _, v := range n.VPCs {
		errs = append(errs, v.assignPrivate(transit)...)
		v.assignZones()
	}
	n.assignStates()
	return append(errs, n.assignPublic()...).orNil()
}

// assignPrivate gives the interfaces of one VPC their private addresses.
func (v *VPC) assignPrivate(transit map[*Subnet][]transitAddress) Errors {
	var errs Errors
	taken := v.takenAddresses()
	v.takeTransit(transit, taken)
	for _, s := range v.Subnets {
		free := newFreeAddresses(s, taken)
		for _, i := range s.Interfaces {
			if len(i.Addresses) == 0 {
				i.Addresses = []Address{{}}
			}
			if err := i.assignFrom(free, s); err != nil {
				errs = append(errs, err)
			}
		}
		for _, g := range v.Gateways {
			if g.Kind != routing.NATGateway || g.Subnet == "" || v.Subnet(g.Subnet) != s || g.assignFrom(free) {
				continue
			}
			if g.State == "" {
				g.settle(CodeNoFreeAddress) // no mistake: its building fails (NAT-30)
			} else if g.State != "failed" {
				errs = append(errs, &Error{Code: CodeNoFreeAddress, Resource: "NAT gateway " + g.ID, Origin: g.Origin, Element: g,
					Message: fmt.Sprintf("no address of subnet %s is free (NAT-30)", s.ID)})
			}
		}
		for _, t := range transit[s] {
			if !t.assign(s, free) {
				errs = append(errs, &Error{Code: CodeNoFreeAddress, Resource: "transit gateway attachment " + t.attachment.ID, Origin: t.attachment.Origin,
					Element: t.gateway, Message: fmt.Sprintf("no address of subnet %s is free (TGW-1)", s.ID)})
			}
		}
		errs = append(errs, v.assignNodes(s, free)...)
	}
	return errs
}

func (i *Interface) assignFrom(free *freeAddresses, s *Subnet) *Error {
	if !free.fill(i.Addresses) {
		return &Error{Code: CodeNoFreeAddress, Resource: "interface " + i.ID, Origin: i.Origin, Element: i,
			Message: fmt.Sprintf("no address of subnet %s is free (SUB-7)", s.ID)}
	}
	return nil
}

// assignFrom gives a NAT gateway its private addresses, and asks for a public one
// if it has none at all. It is false if the subnet is full.
func (g *Gateway) assignFrom(free *freeAddresses) bool {
	if len(g.Addresses) == 0 {
		g.Addresses = []Address{{AutoPublic: !g.Private}}
	}
	for k := range g.Addresses {
		if g.Addresses[k].IP.IsValid() {
			continue
		}
		ip, ok := free.take()
		if !ok || !ip.Is4() { // a subnet without IPv4 has none for it (NAT-10)
			return false
		}
		g.Addresses[k].IP = ip
	}
	return true
}

// takenAddresses are the private addresses that are written down in the VPC.
func (v *VPC) takenAddresses() map[netip.Addr]bool {
	taken := make(map[netip.Addr]bool)
	v.eachAddress(func(a Address) {
		if a.IP.IsValid() {
			taken[a.IP] = true
		}
	})
	return taken
}

// freeAddresses hands out the free addresses of one subnet in order. It only
// moves forward, so that filling a subnet takes one pass:
//
//	base  +1 +2 +3 │ +4 … taken … delegated prefix … │ last
//	  reserved     │ next ──▶                        │ reserved
type freeAddresses struct {
	taken     map[netip.Addr]bool
	delegated []netip.Prefix // by first address; those before next are gone
	next      netip.Addr     // not yet looked at; the zero Addr if there is none
	last      netip.Addr     // reserved (SUB-5)
}

func newFreeAddresses(s *Subnet, taken map[netip.Addr]bool) *freeAddresses {
	f := &freeAddresses{taken: taken}
	cidr := s.assignable()
	if !cidr.IsValid() {
		return f
	}
	for _, i := range s.Interfaces {
		for _, p := range i.Prefixes {
			f.delegated = append(f.delegated, p.Masked())
		}
	}
	slices.SortFunc(f.delegated, netip.Prefix.Compare)
	f.next, f.last = cidr.Addr(), lastAddr(cidr)
	for range firstAssignable {
		f.next = f.next.Next()
	}
	return f
}

// assignable is the range that addresses are taken from: the IPv4 one, or the
// first IPv6 one of a subnet without IPv4.
func (s *Subnet) assignable() netip.Prefix {
	var six netip.Prefix
	for _, p := range s.CIDRs {
		switch {
		case p.Addr().Is4():
			return p.Masked()
		case p.IsValid() && !six.IsValid():
			six = p.Masked()
		}
	}
	return six
}

// fill gives those that have no address one; it is false if there were too few.
func (f *freeAddresses) fill(addresses []Address) bool {
	for k := range addresses {
		if addresses[k].IP.IsValid() {
			continue
		}
		ip, ok := f.take()
		if !ok {
			return false
		}
		addresses[k].IP = ip
	}
	return true
}

// take returns the next free address; ok is false if there is none left.
func (f *freeAddresses) take() (ip netip.Addr, ok bool) {
	for f.next.IsValid() && f.next.Less(f.last) {
		ip = f.next
		for len(f.delegated) > 0 && lastAddr(f.delegated[0]).Less(ip) {
			f.delegated = f.delegated[1:]
		}
		if len(f.delegated) > 0 && f.delegated[0].Contains(ip) {
			f.next = lastAddr(f.delegated[0]).Next()
			continue
		}
		f.next = ip.Next()
		if !f.taken[ip] {
			return ip, true
		}
	}
	return netip.Addr{}, false
}

// assignPublic gives every address that asks for one a public address.
func (n *Network) assignPublic() Errors {
	var errs Errors
	free := newFreePublic(n)
	for _, v := range n.VPCs {
		for _, s := range v.Subnets {
			for _, i := range s.Interfaces {
				if !assignPublic(i.Addresses, free) {
					errs = append(errs, &Error{Code: CodeAddressLimit, Resource: "interface " + i.ID, Origin: i.Origin, Element: i,
						Message: fmt.Sprintf("no public address of %s and %s is free", publicPools[0], publicPools[1])})
				}
			}
		}
		for _, g := range v.Gateways {
			if g.State != "failed" && !assignPublic(g.Addresses, free) {
				errs = append(errs, &Error{Code: CodeAddressLimit, Resource: "gateway " + g.ID, Origin: g.Origin, Element: g,
					Message: fmt.Sprintf("no public address of %s and %s is free", publicPools[0], publicPools[1])})
			}
		}
		v.nodeAddresses(func(addresses []Address) {
			if !assignPublic(addresses, free) {
				errs = append(errs, &Error{Code: CodeAddressLimit, Resource: "VPC " + v.ID, Origin: v.Origin, Element: v,
					Message: fmt.Sprintf("no public address of %s and %s is free for its load balancers", publicPools[0], publicPools[1])})
			}
		})
	}
	return errs
}

// assignPublic is false if there was no address left. IPv6 addresses need no
// public one: they are public themselves (IGW-18).
func assignPublic(addresses []Address, free *freePublic) bool {
	for k := range addresses {
		a := &addresses[k]
		if !a.AutoPublic || a.Public.IsValid() || a.IP.Is6() {
			continue
		}
		ip, ok := free.take()
		if !ok {
			return false
		}
		a.Public = ip
	}
	return true
}

// freePublic hands out the free addresses of the public pools in order.
type freePublic struct {
	taken  func(netip.Addr) bool
	avoid  []netip.Prefix // VPC ranges that lie in a pool (VPC-3)
	pool   int
	cursor netip.Addr // the last one looked at
}

func newFreePublic(n *Network) *freePublic {
	taken := make(map[netip.Addr]bool)
	n.eachAddress(func(a Address) {
		if a.Public.IsValid() {
			taken[a.Public] = true
		}
	})
	return n.freePublic(func(a netip.Addr) bool { return taken[a] })
}

func (n *Network) freePublic(taken func(netip.Addr) bool) *freePublic {
	f := &freePublic{taken: taken, cursor: publicPools[0].Addr()}
	for _, v := range n.VPCs {
		for _, c := range v.CIDRs {
			if slices.ContainsFunc(publicPools[:], c.Overlaps) {
				f.avoid = append(f.avoid, c)
			}
		}
	}
	return f
}

// take leaves out the first and the last address of each pool, which look like
// network and broadcast addresses.
func (f *freePublic) take() (ip netip.Addr, ok bool) {
	for f.pool < len(publicPools) {
		f.cursor = f.cursor.Next()
		if f.cursor == lastAddr(publicPools[f.pool]) {
			if f.pool++; f.pool < len(publicPools) {
				f.cursor = publicPools[f.pool].Addr()
			}
			continue
		}
		within := func(p netip.Prefix) bool { return p.Contains(f.cursor) }
		if !f.taken(f.cursor) && !slices.ContainsFunc(f.avoid, within) {
			return f.cursor, true
		}
	}
	return netip.Addr{}, false
}

// eachAddress calls f for every address of every interface, gateway and load balancer.
func (n *Network) eachAddress(f func(Address)) {
	for _, v := range n.VPCs {
		v.eachAddress(f)
	}
	for _, g := range n.Gateways {
		for _, a := range g.Addresses {
			f(a)
		}
	}
}

func (v *VPC) eachAddress(f func(Address)) {
	each := func(addresses []Address) {
		for _, a := range addresses {
			f(a)
		}
	}
	for _, s := range v.Subnets {
		for _, i := range s.Interfaces {
			each(i.Addresses)
		}
	}
	for _, g := range v.Gateways {
		each(g.Addresses)
	}
	v.nodeAddresses(each)
}

// firstAssignable is how far after its base a subnet's first assignable address
// is; the four before it and the last one are reserved (SUB-5, SUB-9).
const firstAssignable = 4

// lastAddr is the last address of a range.
func lastAddr(p netip.Prefix) netip.Addr {
	bytes := p.Addr().As16()
	bits := p.Bits()
	if p.Addr().Is4() {
		bits += 96
	}
	for k := bits; k < 128; k++ {
		bytes[k/8] |= 1 << (7 - k%8)
	}
	if p.Addr().Is4() {
		return netip.AddrFrom16(bytes).Unmap()
	}
	return netip.AddrFrom16(bytes)
}
