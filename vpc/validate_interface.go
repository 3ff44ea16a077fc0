package vpc

import (
	"net/netip"
	"time"

	"github.com/vpcemu/vpcemu/routing"
)

// interfaces checks the interfaces of one VPC: each by itself, then what they
// may not share.
func (c *checker) interfaces(v *VPC, sc *scope) {
	owners := make(owners, v.interfaceCount())
	for _, s := range v.Subnets {
		for _, i := range s.Interfaces {
			about := interfaceSubject(i)
			c.kept(about, i.problems)
			if i.Unknown != "" {
				c.add(about, sc.interfaces.check(i.ID, i))
				continue
			}
			c.add(about, sc.interfaces.check(i.ID, i), malformedInterface(i), natInterface(i), c.unknownInstance(v, sc, i), c.unknownGroup(v, sc, i), c.elsewhereZone(sc, s, i))
			for k := range i.Addresses {
				c.address(owners, s, i, k)
			}
		}
	}
	managed := natAddresses(v)
	for _, g := range v.Gateways {
		for k := range g.Addresses {
			if managed[g.Addresses[k].IP] && g.Kind == routing.NATGateway {
				continue
			}
			a := &g.Addresses[k]
			about := gatewaySubject(g)
			about.element = a
			c.add(about, owners.take(a.IP, owner{about.kind, g.ID}))
		}
	}
	c.delegated(v, owners)
}

func interfaceSubject(i *Interface) subject {
	return subject{element: i, kind: "interface", name: i.ID, origin: i.Origin}
}

// malformedInterface checks the numbers of an interface.
func malformedInterface(i *Interface) *mistake {
	switch {
	case i.DeviceIndex < 0:
		return wrong(CodeInvalidValue, "its device index %d is negative (ERR-5)", i.DeviceIndex)
	case !inRange(i.Metadata.HopLimit, 0, 64):
		return wrong(CodeInvalidValue, "the hop limit %d of its metadata is not 1 to 64, or 0 for the default (LNK-12)", i.Metadata.HopLimit)
	}
	for _, t := range [...]struct {
		name       string
		value      time.Duration
		least, top time.Duration
		rule       string
	}{
		{"TCP established", i.Timeouts.TCPEstablished, 60 * time.Second, 432_000 * time.Second, "SG-37"},
		{"UDP", i.Timeouts.UDP, 30 * time.Second, 60 * time.Second, "SG-38"},
		{"UDP stream", i.Timeouts.UDPStream, 60 * time.Second, 180 * time.Second, "SG-39"},
	} {
		if t.value != 0 && (t.value < t.least || t.value > t.top) {
			return wrong(CodeInvalidValue, "its %s timeout %v is not %v to %v (%s)", t.name, t.value, t.least, t.top, t.rule)
		}
	}
	return nil
}

func (c *checker) unknownInstance(v *VPC, sc *scope, i *Interface) *mistake {
	if i.Instance == "" || v.Partial || sc.instances.get(i.Instance) != nil {
		return nil
	}
	return wrong(CodeInstanceNotFound, "is attached to %s, and there is no such instance (ERR-40)", i.Instance)
}

func (c *checker) unknownGroup(v *VPC, sc *scope, i *Interface) *mistake {
	if v.Partial {
		return nil
	}
	for _, name := range i.Groups {
		implicit := name == "default" && v.DefaultSecurityGroup == "" // SG-4
		if sc.groups.get(name) == nil && !implicit {
			return wrong(CodeGroupNotFound, "has the security group %s, which the VPC does not have (SG-60)", name)
		}
	}
	return nil
}

// elsewhereZone compares the zone of an interface with that of the first
// interface of its instance.
func (c *checker) elsewhereZone(sc *scope, s *Subnet, i *Interface) *mistake {
	if i.Instance == "" || i.Detached || s.Zone == "" {
		return nil
	}
	a := sc.attached[sc.instanceID(i.Instance)]
	if a.subnet.Zone == "" || a.subnet.Zone == s.Zone {
		return nil
	}
	return wrong(CodeInvalidValue, "is in zone %s, and the interface %s of the same instance in zone %s (SUB-4)", s.Zone, a.first.ID, a.subnet.Zone)
}

// owner is an interface or a gateway that has an address.
type owner struct{ kind, id string }

func (o owner) String() string { return o.kind + " " + o.id }

// owners says whose each address is: the private ones of a VPC, or the public
// ones of the network.
type owners map[netip.Addr]owner

// take gives an address to an owner, unless it has one. The zero Addr, which is
// yet to be assigned, is nobody's.
func (o owners) take(ip netip.Addr, by owner) *mistake {
	if !ip.IsValid() {
		return nil
	}
	if other, taken := o[ip]; taken {
		return wrong(CodeAddressInUse, "%s is in use by %s (ENI-12)", ip, other)
	}
	o[ip] = by
	return nil
}

// address checks the k-th address of an interface.
func (c *checker) address(o owners, s *Subnet, i *Interface, k int) {
	a := &i.Addresses[k]
	about := interfaceSubject(i)
	about.element = a
	if !c.add(about, malformedPrivate(s, a.IP), malformedPublic(s, a), secondAuto(i, k)) {
		c.add(about, o.take(a.IP, owner{about.kind, i.ID}))
	}
}

// malformedPrivate checks that an address is one of those that its subnet has to
// give away.
func malformedPrivate(s *Subnet, ip netip.Addr) *mistake {
	if !ip.IsValid() {
		return nil
	}
	for _, p := range s.CIDRs {
		if !p.Contains(ip) {
			continue
		}
		if use := reserved(p, ip); use != "" {
			return wrong(CodeInvalidValue, "%s is reserved in %s for %s (SUB-5)", ip, p, use)
		}
		return nil
	}
	return wrong(CodeInvalidValue, "%s is not in subnet %s %v (ENI-12)", ip, s.ID, s.CIDRs)
}

func malformedPublic(s *Subnet, a *Address) *mistake {
	six := s.assignable() // what an address that is left open will be of
	switch {
	case !a.Public.IsValid():
		return nil
	case !a.Public.Is4():
		return wrong(CodeInvalidValue, "the public address %s is not IPv4 (ENI-17)", a.Public)
	case a.IP.Is6():
		return wrong(CodeInvalidValue, "the public address %s belongs to an IPv4 address, and not to %s (ENI-17)", a.Public, a.IP)
	case !a.IP.IsValid() && six.IsValid() && !is4(six):
		return wrong(CodeInvalidValue, "the public address %s belongs to an IPv4 address, and subnet %s has none (ENI-17)", a.Public, s.ID)
	}
	return nil
}

// secondAuto keeps assigned public addresses to the primary address; the others
// can have Elastic IPs.
func secondAuto(i *Interface, k int) *mistake {
	a := i.Addresses[k]
	if k == 0 || a.Elastic || !a.AutoPublic && !a.Public.IsValid() {
		return nil
	}
	return wrong(CodeInvalidValue, "its address %s is not the primary one and so can have only an Elastic public address (ENI-17)", a.IP)
}

// publicAddresses checks that every public address of the network is used once
// and that Elastic ones have a gateway to come in by.
func (c *checker) publicAddresses() {
	used := make(owners)
	check := func(v *VPC, about subject, addresses []Address) {
		for k := range addresses {
			a := &addresses[k]
			if !a.Public.IsValid() {
				continue
			}
			about.element = a
			var unattached, taken *mistake
			if other, ok := used[a.Public]; ok {
				taken = wrong(CodeAlreadyAssociated, "the public address %s belongs to %s already (IGW-25)", a.Public, other)
			}
			if a.Elastic && v != nil && v.InternetGateway == nil && !v.Partial {
				unattached = wrong(CodeGatewayNotAttached, "the Elastic IP %s is of no use: VPC %s has no internet gateway (IGW-26)", a.Public, v.ID)
			}
			c.add(about, unattached, taken)
			used[a.Public] = owner{about.kind, about.name}
		}
	}
	for _, v := range c.n.VPCs {
		for _, s := range v.Subnets {
			for _, i := range s.Interfaces {
				if i.Unknown == "" && i.Kind != natKind {
					check(v, interfaceSubject(i), i.Addresses)
				}
			}
		}
		for _, g := range v.Gateways {
			if g.Kind != routing.NATGateway || g.State != "" && g.State != "failed" && !g.Gone() { // else its state says it (NAT-30)
				check(v, gatewaySubject(g), g.Addresses)
			}
		}
	}
	for _, g := range c.n.Gateways {
		check(nil, gatewaySubject(g), g.Addresses)
	}
}
