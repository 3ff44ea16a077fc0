package vpc

import (
	"net/netip"
	"slices"
	"strings"
)

// loadBalancers checks load balancers and target groups. Their API has codes of its
// own; these are the EC2 API's with the same meaning. Of what is not understood only
// the ID is checked.
func (c *checker) loadBalancers(v *VPC) {
	seen := make(map[string]bool)
	for _, b := range v.LoadBalancers {
		s := subject{element: b, kind: "load balancer", name: b.ID, origin: b.Origin}
		c.add(s, uniqueID(seen, b.ID))
		if b.Unknown == "" {
			c.add(s, c.badNodes(v, b), c.badGroups(v, b), badListeners(v, b))
		}
	}
	clear(seen)
	for _, g := range v.TargetGroups {
		s := subject{element: g, kind: "target group", name: g.ID, origin: g.Origin}
		c.add(s, uniqueID(seen, g.ID))
		if g.Unknown == "" {
			c.add(s, badTargets(v, g))
		}
	}
}

func uniqueID(seen map[string]bool, id string) *mistake {
	defer func() { seen[id] = true }()
	switch {
	case id == "":
		return wrong(CodeMissing, "has no ID (ERR-4)")
	case seen[id]:
		return wrong(CodeInvalidValue, "there is another one with this ID (ERR-5)")
	}
	return nil
}

func (c *checker) badNodes(v *VPC, b *LoadBalancer) *mistake {
	if b.Kind > ApplicationLoadBalancer {
		return wrong(CodeInvalidValue, "its kind is the unknown %d (ERR-5)", b.Kind)
	}
	used := make(map[*Subnet]bool)
	for _, n := range b.Nodes {
		s := v.Subnet(n.Subnet)
		switch {
		case s == nil && !v.Partial:
			return wrong(CodeSubnetNotFound, "there is no subnet %s (ERR-9)", n.Subnet)
		case s == nil:
			continue
		case used[s]:
			return wrong(CodeInvalidValue, "has two nodes in subnet %s (ERR-5)", s.ID)
		}
		used[s] = true
		for _, a := range n.Addresses {
			if a.IP.IsValid() && !slices.ContainsFunc(s.CIDRs, func(p netip.Prefix) bool { return p.Contains(a.IP) }) {
				return wrong(CodeInvalidValue, "its address %s is not in subnet %s (ERR-5)", a.IP, s.ID)
			}
			if who := v.otherOwner(b, s, a.IP); who != "" {
				return wrong(CodeAddressInUse, "its address %s belongs to %s (ERR-39)", a.IP, who)
			}
		}
	}
	return nil
}

func (c *checker) badGroups(v *VPC, b *LoadBalancer) *mistake {
	for _, name := range b.Groups {
		if v.SecurityGroup(name) == nil && !v.Partial {
			return wrong(CodeGroupNotFound, "there is no security group %s in the VPC (ERR-31)", name)
		}
	}
	return nil
}

func badListeners(v *VPC, b *LoadBalancer) *mistake {
	for k, l := range b.Listeners {
		for _, o := range b.Listeners[:k] {
			if o.Port == l.Port && (o.Takes(protocolTCP) && l.Takes(protocolTCP) || o.Takes(protocolUDP) && l.Takes(protocolUDP)) {
				return wrong(CodeInvalidValue, "has two listeners at port %d (ERR-5)", l.Port)
			}
		}
		for _, f := range l.Forward {
			if v.TargetGroup(f.TargetGroup) == nil && !v.Partial {
				return wrong(CodeInvalidValue, "its listener at port %d forwards to %s, and there is no such target group (ERR-5)", l.Port, f.TargetGroup)
			}
			if f.Weight < 0 || f.Weight > 999 {
				return wrong(CodeInvalidValue, "the weight %d is not from 0 to 999 (ERR-5)", f.Weight)
			}
		}
	}
	return nil
}

func badTargets(v *VPC, g *TargetGroup) *mistake {
	if g.Type > FunctionTargets {
		return wrong(CodeInvalidValue, "its type of targets is the unknown %d (ERR-5)", g.Type)
	}
	for _, t := range g.Targets {
		_, err := netip.ParseAddr(t.ID)
		switch {
		case t.Port == 0 && g.Port == 0 && g.Type != FunctionTargets:
			return wrong(CodeMissing, "its target %s has no port, and neither has the group (ERR-4)", t.ID)
		case !slices.Contains(append(TargetHealth(), ""), t.Health):
			return wrong(CodeInvalidValue, "the state %q of its target %s is none of %s (ERR-5)", t.Health, t.ID, strings.Join(TargetHealth(), ", "))
		case g.Type == AddressTargets && err != nil:
			return wrong(CodeInvalidValue, "its target %q is not an address%s (ERR-5)", t.ID, otherType(v, t.ID))
		case g.Type == InstanceTargets && !v.Partial && v.Instance(t.ID) == nil && !v.hasInterface(t.ID):
			return wrong(CodeInstanceNotFound, "there is no instance %s (ERR-40)", t.ID)
		case g.Type == BalancerTargets && !v.hasApplicationBalancer(t.ID):
			return wrong(CodeInvalidValue, "there is no Application Load Balancer %s (ERR-5)", t.ID)
		}
	}
	return nil
}

// otherType asks about the type of target group that has targets of this name; it is
// empty if none has.
func otherType(v *VPC, name string) string {
	switch {
	case v.Instance(name) != nil || v.hasInterface(name):
		return ": did you mean type: instance?"
	case v.LoadBalancer(name) != nil:
		return ": did you mean type: alb?"
	}
	return ""
}

func (v *VPC) hasInterface(name string) bool {
	return slices.ContainsFunc(v.Subnets, func(s *Subnet) bool { return s.Interface(name) != nil })
}

// hasApplicationBalancer is also true of a partial listing that lacks the load
// balancer.
func (v *VPC) hasApplicationBalancer(name string) bool {
	b := v.LoadBalancer(name)
	return b == nil && v.Partial || b != nil && b.Kind == ApplicationLoadBalancer
}

// otherOwner is an instance or a load balancer that has an address which a node of b
// has too. The interface of the node itself may be described.
func (v *VPC) otherOwner(b *LoadBalancer, s *Subnet, ip netip.Addr) string {
	has := func(addresses []Address) bool {
		return ip.IsValid() && slices.ContainsFunc(addresses, func(a Address) bool { return a.IP == ip })
	}
	for _, i := range s.Interfaces {
		if i.Instance != "" && has(i.Addresses) {
			return "instance " + i.Instance
		}
	}
	for _, o := range v.LoadBalancers {
		for _, n := range o.Nodes {
			if o != b && has(n.Addresses) {
				return "load balancer " + o.ID
			}
		}
	}
	return ""
}
