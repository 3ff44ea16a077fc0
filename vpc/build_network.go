package vpc

import (
	"fmt"
	"net/netip"
	"strings"
)

// AddVPC adds a VPC with its ranges; the first IPv4 one is the primary.
//
// Like all the Add… methods it takes text as people write it, returns what it
// added so that calls can be chained, and keeps the first mistakes for
// [Network.Validate] to report.
func (n *Network) AddVPC(name string, cidrs ...string) *VPC {
	v := &VPC{ID: name, Name: name, Origin: caller()}
	v.CIDRs = v.parsePrefixes("VPC "+name, cidrs, v.Origin)
	n.VPCs = append(n.VPCs, v)
	return v
}

// AddPrefixList adds a customer-managed prefix list.
func (n *Network) AddPrefixList(name string, cidrs ...string) *PrefixList {
	l := &PrefixList{ID: name, Name: name, MaxEntries: len(cidrs), Origin: caller()}
	l.Entries = n.parsePrefixes("prefix list "+name, cidrs, l.Origin)
	n.PrefixLists = append(n.PrefixLists, l)
	return l
}

// SecurityGroup finds a group in any VPC by ID, name or "vpc/name". If there is
// none, the mistake is kept for [Network.Validate] and a loose group returned.
func (n *Network) SecurityGroup(name string) *SecurityGroup {
	if g := lookup(n, name, (*VPC).SecurityGroup); g != nil {
		return g
	}
	n.fail(&Error{Code: CodeGroupNotFound, Resource: "security group " + name, Message: "no such group, or several (ERR-31)", Origin: caller()})
	return &SecurityGroup{ID: name}
}

// Subnet finds a subnet in any VPC; see [Network.SecurityGroup].
func (n *Network) Subnet(name string) *Subnet {
	if s := lookup(n, name, (*VPC).Subnet); s != nil {
		return s
	}
	n.fail(&Error{Code: CodeSubnetNotFound, Resource: "subnet " + name, Message: "no such subnet, or several (ERR-9)", Origin: caller()})
	return &Subnet{ID: name}
}

// RouteTable finds a route table in any VPC; see [Network.SecurityGroup].
func (n *Network) RouteTable(name string) *RouteTable {
	if t := lookup(n, name, (*VPC).RouteTable); t != nil {
		return t
	}
	n.fail(&Error{Code: CodeRouteTableNotFound, Resource: "route table " + name, Message: "no such table, or several (ERR-17)", Origin: caller()})
	return &RouteTable{ID: name}
}

// NetworkACL finds a network ACL in any VPC; see [Network.SecurityGroup].
func (n *Network) NetworkACL(name string) *NetworkACL {
	if a := lookup(n, name, (*VPC).NetworkACL); a != nil {
		return a
	}
	n.fail(&Error{Code: CodeNetworkACLNotFound, Resource: "network ACL " + name, Message: "no such ACL, or several (ERR-36)", Origin: caller()})
	return &NetworkACL{ID: name}
}

// Interface finds an interface in any VPC; see [Network.SecurityGroup].
func (n *Network) Interface(name string) *Interface {
	find := func(v *VPC, name string) *Interface {
		for _, s := range v.Subnets {
			if i := s.Interface(name); i != nil {
				return i
			}
		}
		return nil
	}
	if i := lookup(n, name, find); i != nil {
		return i
	}
	n.fail(&Error{Code: CodeInterfaceNotFound, Resource: "interface " + name, Message: "no such interface, or several (ERR-38)", Origin: caller()})
	return &Interface{ID: name}
}

// Instance finds an instance in any VPC; see [Network.SecurityGroup].
func (n *Network) Instance(name string) *Instance {
	if i := lookup(n, name, (*VPC).Instance); i != nil {
		return i
	}
	n.fail(&Error{Code: CodeInstanceNotFound, Resource: "instance " + name, Message: "no such instance, or several (ERR-40)", Origin: caller()})
	return &Instance{ID: name}
}

// lookup asks every VPC, or the one before the slash, for a name; it answers nil
// unless exactly one has it.
func lookup[T any](n *Network, name string, in func(*VPC, string) *T) *T {
	if owner, rest, ok := strings.Cut(name, "/"); ok {
		if v := n.VPC(owner); v != nil {
			return in(v, rest)
		}
	}
	var found *T
	for _, v := range n.VPCs {
		e := in(v, name)
		switch {
		case e == nil:
		case found != nil:
			return nil
		default:
			found = e
		}
	}
	return found
}

// parsePrefixes reads CIDRs and clears their host bits (VPC-2).
func (p *problems) parsePrefixes(what string, cidrs []string, origin string) []netip.Prefix {
	var prefixes []netip.Prefix
	for _, s := range cidrs {
		prefix, err := netip.ParsePrefix(s)
		if err != nil {
			p.fail(&Error{Code: CodeInvalidValue, Resource: what, Message: fmt.Sprintf("%q is not a CIDR block (ERR-5)", s), Origin: origin})
			continue
		}
		prefixes = append(prefixes, prefix.Masked())
	}
	return prefixes
}
